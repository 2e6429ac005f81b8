/* Which reports of a block of the log have a term, as bytes: parts of a few thousand bytes, each with terms in their
 * order. The reports are bits, by their place in the block. */
#ifndef HD_STORE_SQLITE_POSTINGS_H
#define HD_STORE_SQLITE_POSTINGS_H

#include <stddef.h>
#include <stdint.h>

#define HD__UNIT 512 /* reports that come into the index at once */
#define HD__UNITS 16 /* that become one block in the end */
#define HD__BLOCK (HD__UNIT * HD__UNITS)
#define HD__BLOCK_WORDS (HD__BLOCK / 64)
#define HD__PART_FULL 3000 /* bytes, after which another part begins: SQLite then needs one page for each */
#define HD__PART_MAX (HD__PART_FULL + 12 + HD__BLOCK / 8)

/* A block's reports, a bit each. */
struct hd__places {
    uint64_t words[HD__BLOCK_WORDS];
};

struct hd__part {
    uint32_t first_term;
    size_t len;
    unsigned char *bytes;
};

/* What is written; all zero at first. */
struct hd__postings {
    struct hd__part *parts;
    size_t count, size;
    uint32_t last_term;
};

/* Adds a term after those before it, with its reports, at least one. Returns 0 without memory. */
int hd__postings_add(struct hd__postings *postings, uint32_t term, const struct hd__places *places);

void hd__postings_free(struct hd__postings *postings);

/* A part that is read. */
struct hd__posting_reader {
    const unsigned char *at, *end;
    uint32_t term; /* of the one that was read last */
    const unsigned char *bytes;
    size_t len; /* its reports, for hd__posting_places() */
    int is_map;
};

void hd__posting_begin(struct hd__posting_reader *reader, uint32_t first_term, const void *bytes, size_t len);

/* Goes on to the next term. Returns 0 at the end, or at bytes that are none. */
int hd__posting_next(struct hd__posting_reader *reader);

/* Adds the term's reports, moved up by so many. */
void hd__posting_places(const struct hd__posting_reader *reader, size_t offset, struct hd__places *places);

/* A number in seven bits a byte. Returns what comes after it; out has room for 10 bytes, and NULL is the end of the
 * bytes. */
unsigned char *hd__varint_write(unsigned char *out, uint64_t number);
const unsigned char *hd__varint_read(const unsigned char *at, const unsigned char *end, uint64_t *number);

#endif
