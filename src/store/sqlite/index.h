/* The index of the log by texts. Reports come into it HD__UNIT at a time, in the order of their ids; HD__UNITS of these
 * blocks become one. Block n begins with the report n * HD__UNIT, whether that is there or not. What was not indexed
 * yet is searched as it stands. A block is never changed, and goes when its last report has gone. */
#ifndef HD_STORE_SQLITE_INDEX_H
#define HD_STORE_SQLITE_INDEX_H

#include "store/sqlite/postings.h"
#include "store/sqlite/sqlite.h"

/* The key of the part of a block that begins with a term. */
#define HD__PART_KEY(block, term) ((int64_t)(block) << 32 | (int64_t)(term))

/* Reports that are not in the index and are all looked at; with more, it is of no use. */
#define HD__TAIL_MAX 16384

/* When the reports of a block ended, by their place; 0 for one that is not there. */
struct hd__block_times {
    int64_t ms[HD__BLOCK];
};

/* Reads what search_block.finished says, from a place on. */
void hd__block_read_times(struct hd__bytes finished, int64_t earliest_ms, size_t offset, struct hd__block_times *times);

#endif
