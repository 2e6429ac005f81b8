#include "store/sqlite/index.h"

#include "base/buffer.h"
#include "store/sqlite/facts.h"
#include "store/sqlite/terms.h"

#include <stdlib.h>
#include <string.h>

#define LAST_TERM UINT32_MAX
#define PAUSE_US ((int64_t)60 * 1000 * 1000) /* after one that there was no room for */

/* A block that is made in memory, and put into the database when it is ready. */
struct block {
    int64_t after; /* the first unit that was not indexed then */
    int64_t number, units;
    struct hd__block_times times;
    struct hd__buffer facts;
    struct hd__postings postings;
};

/* ---- When reports ended ---- */

void hd__block_read_times(struct hd__bytes finished, int64_t earliest_ms, size_t offset,
                          struct hd__block_times *times) {
    const unsigned char *at = finished.data, *end = at + finished.len;
    uint64_t more;
    for (size_t place = offset; at < end && place < HD__BLOCK && (at = hd__varint_read(at, end, &more)); place++)
        times->ms[place] = more ? earliest_ms + (int64_t)more - 1 : 0;
}

static size_t write_times(const struct hd__block_times *times, int64_t earliest_ms, size_t count, unsigned char *out) {
    unsigned char *to = out;
    for (size_t i = 0; i < count; i++)
        to = hd__varint_write(to, times->ms[i] ? (uint64_t)(times->ms[i] - earliest_ms) + 1 : 0);
    return (size_t)(to - out);
}

/* ---- A unit ---- */

static struct hd__bytes bytes_of(sqlite3_stmt *row, int column) {
    return hd__sql_get_bytes(row, column);
}

static int add_uuid(struct hd__terms *terms, struct hd__bytes id) {
    static const char hex[] = "0123456789abcdef";
    const unsigned char *bytes = id.data;
    char text[36];
    size_t at = 0;
    for (size_t i = 0; i < HD__STORE_ID_SIZE && id.len == HD__STORE_ID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        text[at++] = hex[bytes[i] >> 4];
        text[at++] = hex[bytes[i] & 15];
    }
    return at == 0 || hd__terms_add(terms, hd__term_of_id(text, at));
}

static int add_key(struct hd__terms *terms, uint32_t family, int64_t key) {
    return hd__terms_add(terms, family | (uint32_t)(key % HD__TERM_KEYS));
}

/* The terms of a row of HD__SQL_INDEX_ROWS. Returns 0 without memory. */
static int add_terms(struct hd__terms *terms, sqlite3_stmt *row) {
    struct hd__sought sought = {.id_count = 0};
    struct hd__bytes body = bytes_of(row, 8), detail = bytes_of(row, 7), name = bytes_of(row, 12);
    hd__terms_begin(terms);
    hd__sought_add_event(&sought, hd__sql_get_text(row, 10));
    hd__sought_add_id(&sought, hd__sql_get_text(row, 11));
    hd__sought_add_text(&sought, name.data, name.len);
    hd__sought_add_text(&sought, detail.data, detail.len);
    hd__sought_add_text(&sought, body.data, body.len);
    return add_key(terms, HD__TERM_HISTORY, hd__sql_get_int(row, 2)) &&
           add_key(terms, HD__TERM_PROJECT, hd__sql_get_int(row, 3)) &&
           hd__terms_add(terms, HD__TERM_OUTCOME + (uint32_t)hd__sql_get_int(row, 4)) &&
           hd__terms_add(terms, HD__TERM_REASON + (uint32_t)hd__sql_get_int(row, 5)) &&
           add_uuid(terms, bytes_of(row, 6)) && add_uuid(terms, bytes_of(row, 9)) &&
           hd__terms_add_sought(terms, &sought);
}

static void add_facts(struct hd__buffer *to, sqlite3_stmt *row) {
    unsigned char bytes[HD__FACTS_MAX];
    struct hd__facts facts;
    hd__facts_of_row(row, 13, &facts);
    const unsigned char *end = hd__facts_write(bytes, &facts);
    hd__buffer_append(to, bytes, (size_t)(end - bytes));
}

/* Sorts by term; of one term, the order stays. */
static void sort(uint64_t *entries, uint64_t *other, size_t count) {
    for (int shift = 16; shift < 48; shift += 8) {
        size_t counts[256] = {0}, at = 0;
        for (size_t i = 0; i < count; i++)
            counts[entries[i] >> shift & 0xFF]++;
        for (size_t i = 0; i < 256; i++) {
            size_t here = counts[i];
            counts[i] = at;
            at += here;
        }
        for (size_t i = 0; i < count; i++)
            other[counts[entries[i] >> shift & 0xFF]++] = entries[i];
        uint64_t *swapped = entries;
        entries = other;
        other = swapped;
    }
}

static int add_sorted(struct hd__postings *postings, const uint64_t *entries, size_t count) {
    for (size_t i = 0; i < count;) {
        struct hd__places places = {{0}};
        uint32_t term = (uint32_t)(entries[i] >> 16);
        for (; i < count && entries[i] >> 16 == term; i++)
            places.words[(entries[i] & 0xFFFF) / 64] |= UINT64_C(1) << (entries[i] & 63);
        if (!hd__postings_add(postings, term, &places))
            return 0;
    }
    return 1;
}

/* From terms, report by report, to reports, term by term: ends has the count of terms up to each report. */
static int invert(struct hd__postings *postings, const struct hd__terms *terms, const size_t ends[HD__UNIT]) {
    uint64_t *entries = malloc(2 * terms->count * sizeof *entries + 1);
    int is_done = entries != NULL;
    for (size_t place = 0, i = 0; is_done && place < HD__UNIT; place++)
        for (; i < ends[place]; i++)
            entries[i] = (uint64_t)terms->items[i] << 16 | place;
    if (is_done) {
        sort(entries, entries + terms->count, terms->count);
        is_done = add_sorted(postings, entries, terms->count);
    }
    free(entries);
    return is_done;
}

static int read_unit(struct hd__sqlite *store, struct block *block, struct hd__terms *terms, size_t ends[HD__UNIT]) {
    int64_t first = block->number * HD__UNIT;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_INDEX_ROWS);
    size_t place = 0;
    int code;
    hd__sql_int(statement, 1, first);
    hd__sql_int(statement, 2, first + HD__UNIT - 1);
    while ((code = hd__sql_next(statement)) == SQLITE_ROW) {
        for (int64_t next = hd__sql_get_int(statement, 0) - first; (int64_t)place < next; place++)
            ends[place] = terms->count;
        block->times.ms[place] = hd__sql_get_int(statement, 1);
        add_facts(&block->facts, statement);
        if (!add_terms(terms, statement) || block->facts.failed) {
            code = SQLITE_NOMEM;
            break;
        }
        ends[place++] = terms->count;
    }
    for (; place < HD__UNIT; place++)
        ends[place] = terms->count;
    return hd__sql_end(statement, code);
}

static int make_unit(struct hd__sqlite *store, struct block *block) {
    struct hd__terms terms = {.count = 0};
    size_t ends[HD__UNIT];
    int code = read_unit(store, block, &terms, ends);
    if (code == SQLITE_OK && !invert(&block->postings, &terms, ends))
        code = SQLITE_NOMEM;
    hd__terms_free(&terms);
    return code;
}

/* ---- Many units become one block ---- */

/* One of them, which is read part by part. */
struct source {
    struct hd__posting_reader reader;
    int64_t after; /* the key of the part that is read */
    int is_there;
    unsigned char bytes[HD__PART_MAX];
};

static int read_part(struct hd__sqlite *store, struct source *source, int64_t number) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_NEXT_PART);
    hd__sql_int(statement, 1, source->after + 1);
    hd__sql_int(statement, 2, HD__PART_KEY(number, LAST_TERM));
    int code = hd__sql_next(statement);
    source->is_there = code == SQLITE_ROW;
    if (source->is_there) {
        struct hd__bytes part = hd__sql_get_bytes(statement, 1);
        size_t len = part.len < sizeof source->bytes ? part.len : sizeof source->bytes;
        source->after = hd__sql_get_int(statement, 0);
        memcpy(source->bytes, part.data, len);
        hd__posting_begin(&source->reader, (uint32_t)source->after, source->bytes, len);
    }
    return hd__sql_end(statement, code);
}

static int next_of(struct hd__sqlite *store, struct source *source, int64_t number) {
    int code = SQLITE_OK;
    while (source->is_there && !hd__posting_next(&source->reader) && code == SQLITE_OK)
        code = read_part(store, source, number);
    return code;
}

static int begin_sources(struct hd__sqlite *store, struct source *sources, int64_t number) {
    int code = SQLITE_OK;
    for (int64_t i = 0; i < HD__UNITS && code == SQLITE_OK; i++) {
        sources[i].after = HD__PART_KEY(number + i, 0) - 1;
        code = read_part(store, &sources[i], number + i);
        if (code == SQLITE_OK)
            code = next_of(store, &sources[i], number + i);
    }
    return code;
}

/* The next term of all, with its reports. */
static int merge_one(struct hd__sqlite *store, struct source *sources, struct block *block, int *is_more) {
    struct hd__places places = {{0}};
    uint32_t term = LAST_TERM;
    int code = SQLITE_OK;
    *is_more = 0;
    for (int i = 0; i < HD__UNITS; i++)
        if (sources[i].is_there && sources[i].reader.term <= term) {
            term = sources[i].reader.term;
            *is_more = 1;
        }
    for (int i = 0; i < HD__UNITS && code == SQLITE_OK && *is_more; i++)
        if (sources[i].is_there && sources[i].reader.term == term) {
            hd__posting_places(&sources[i].reader, (size_t)i * HD__UNIT, &places);
            code = next_of(store, &sources[i], block->number + i);
        }
    if (code == SQLITE_OK && *is_more && !hd__postings_add(&block->postings, term, &places))
        code = SQLITE_NOMEM;
    return code;
}

static int merge_reports(struct hd__sqlite *store, struct block *block) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_BLOCKS);
    int code;
    hd__sql_int(statement, 1, block->number);
    hd__sql_int(statement, 2, block->number + HD__UNITS - 1);
    while ((code = hd__sql_next(statement)) == SQLITE_ROW) {
        struct hd__bytes facts = hd__sql_get_bytes(statement, 3);
        hd__block_read_times(hd__sql_get_bytes(statement, 2), hd__sql_get_int(statement, 1),
                             (size_t)(hd__sql_get_int(statement, 0) - block->number) * HD__UNIT, &block->times);
        hd__buffer_append(&block->facts, facts.data, facts.len);
    }
    return hd__sql_end(statement, code == SQLITE_DONE && block->facts.failed ? SQLITE_NOMEM : code);
}

static int merge(struct hd__sqlite *store, struct block *block) {
    struct source *sources = calloc(HD__UNITS, sizeof *sources);
    int is_more = 1;
    int code = sources ? begin_sources(store, sources, block->number) : SQLITE_NOMEM;
    if (code == SQLITE_OK)
        code = merge_reports(store, block);
    while (code == SQLITE_OK && is_more)
        code = merge_one(store, sources, block, &is_more);
    free(sources);
    return code;
}

/* ---- What is to be done ---- */

/* The block that was indexed last, or the first one; *found says whether there is any. */
static int find_block(struct hd__sqlite *store, int which, int64_t *number, int64_t *units, int *found) {
    sqlite3_stmt *statement = hd__sql(store, which);
    int code = hd__sql_next(statement);
    *found = code == SQLITE_ROW;
    if (*found) {
        *number = hd__sql_get_int(statement, 0);
        *units = hd__sql_get_int(statement, 1);
    }
    return hd__sql_end(statement, code);
}

/* The first unit that is not indexed: that of the oldest report, if nothing is. */
static int find_next(struct hd__sqlite *store, int64_t *next, int *is_last_of_many) {
    int64_t number, units, oldest = store->state.next_log;
    int found;
    int code = find_block(store, HD__SQL_LAST_BLOCK, &number, &units, &found);
    *is_last_of_many = code == SQLITE_OK && found && units == 1 && number % HD__UNITS == HD__UNITS - 1;
    if (code == SQLITE_OK && !found)
        code = hd__sql_ask(hd__sql(store, HD__SQL_OLDEST_REPORT), &oldest);
    *next = found ? number + units : oldest / HD__UNIT;
    return code;
}

/* The one client that does it. */
static int is_in_charge(const struct hd__sqlite *store) {
    return (store->owned & 1) && hd__sqlite_now_us(store) >= store->index_at_us;
}

int hd__sqlite_index_wants(struct hd__sqlite *store, int *wants) {
    int64_t next, units;
    int is_last, found;
    *wants = 0;
    if (!is_in_charge(store))
        return SQLITE_OK;
    if (store->has_no_index)
        return find_block(store, HD__SQL_LAST_BLOCK, &next, &units, wants);
    int code = find_next(store, &next, &is_last);
    found = code == SQLITE_OK && (is_last || (next + 1) * HD__UNIT <= store->state.next_log);
    *wants = found;
    return code;
}

static int make_block(struct hd__sqlite *store, struct block *block) {
    int is_last_of_many = 0;
    int code = hd__sqlite_read_begin(store);
    if (code == SQLITE_OK)
        code = find_next(store, &block->after, &is_last_of_many);
    block->units = is_last_of_many ? HD__UNITS : 1;
    block->number = is_last_of_many ? block->after - HD__UNITS : block->after;
    if (code == SQLITE_OK)
        code = is_last_of_many ? merge(store, block) : make_unit(store, block);
    hd__sqlite_read_end(store);
    return code;
}

/* ---- Into the database ---- */

static int run_between(struct hd__sqlite *store, int which, int64_t first, int64_t last) {
    sqlite3_stmt *statement = hd__sql(store, which);
    hd__sql_int(statement, 1, first);
    hd__sql_int(statement, 2, last);
    return hd__sql_run(statement);
}

static int drop_blocks(struct hd__sqlite *store, int64_t first, int64_t last) {
    int code = run_between(store, HD__SQL_DROP_PARTS, HD__PART_KEY(first, 0), HD__PART_KEY(last, LAST_TERM));
    return code == SQLITE_OK ? run_between(store, HD__SQL_DROP_BLOCKS, first, last) : code;
}

static void find_bounds(const struct hd__block_times *times, int64_t *earliest_ms, int64_t *latest_ms) {
    *earliest_ms = INT64_MAX;
    *latest_ms = 0;
    for (size_t i = 0; i < HD__BLOCK; i++)
        if (times->ms[i]) {
            *earliest_ms = times->ms[i] < *earliest_ms ? times->ms[i] : *earliest_ms;
            *latest_ms = times->ms[i] > *latest_ms ? times->ms[i] : *latest_ms;
        }
}

static int add_block(struct hd__sqlite *store, const struct block *block) {
    size_t count = (size_t)block->units * HD__UNIT;
    unsigned char *finished = malloc(count * 10);
    int64_t earliest_ms, latest_ms;
    if (!finished)
        return SQLITE_NOMEM;
    find_bounds(&block->times, &earliest_ms, &latest_ms);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_BLOCK);
    hd__sql_int(statement, 1, block->number);
    hd__sql_int(statement, 2, block->units);
    hd__sql_int(statement, 3, earliest_ms);
    hd__sql_int(statement, 4, latest_ms);
    hd__sql_bytes(statement, 5, finished, write_times(&block->times, earliest_ms, count, finished));
    hd__sql_bytes(statement, 6, block->facts.data, block->facts.len);
    int code = hd__sql_run(statement);
    free(finished);
    return code;
}

static int add_parts(struct hd__sqlite *store, const struct block *block) {
    int code = SQLITE_OK;
    for (size_t i = 0; i < block->postings.count && code == SQLITE_OK; i++) {
        const struct hd__part *part = &block->postings.parts[i];
        sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_PART);
        hd__sql_int(statement, 1, HD__PART_KEY(block->number, part->first_term));
        hd__sql_bytes(statement, 2, part->bytes, part->len);
        code = hd__sql_run(statement);
    }
    return code;
}

/* Another client may have done it meanwhile. */
static int put_block(struct hd__sqlite *store, void *argument) {
    const struct block *block = argument;
    int64_t next;
    int is_last_of_many;
    int code = find_next(store, &next, &is_last_of_many);
    if (code != SQLITE_OK || next != block->after || (block->units > 1) != is_last_of_many)
        return code;
    if (block->units > 1)
        code = drop_blocks(store, block->number, block->number + block->units - 1);
    if (code == SQLITE_OK)
        code = add_block(store, block);
    return code == SQLITE_OK ? add_parts(store, block) : code;
}

static int drop_last(struct hd__sqlite *store, void *argument) {
    int64_t number, units;
    int found;
    int code = find_block(store, HD__SQL_LAST_BLOCK, &number, &units, &found);
    (void)argument;
    return code == SQLITE_OK && found ? drop_blocks(store, number, number + units - 1) : code;
}

/* What a loss of power undoes is done again, and no report is deleted to make room for it. */
static int write_index(struct hd__sqlite *store, int (*work)(struct hd__sqlite *store, void *argument),
                       void *argument) {
    store->may_be_undone = store->is_optional = 1;
    int status = hd__sqlite_write(store, work, argument, NULL);
    store->may_be_undone = store->is_optional = 0;
    return status;
}

static int index_more(struct hd__sqlite *store) {
    struct block *block = calloc(1, sizeof *block);
    if (!block)
        return HD_E_NO_MEMORY;
    int status = hd__sqlite_status(store, store->main, make_block(store, block));
    if (status == HD_OK)
        status = write_index(store, put_block, block);
    hd__postings_free(&block->postings);
    hd__buffer_free(&block->facts);
    free(block);
    return status;
}

int hd__sqlite_index(struct hd__sqlite *store) {
    int status = store->has_no_index ? write_index(store, drop_last, NULL) : index_more(store);
    if (status != HD_E_STORE_FULL && status != HD_E_NO_MEMORY && status != HD_E_STORE_BUSY)
        return status;
    store->index_at_us = hd__sqlite_now_us(store) + PAUSE_US;
    return HD_OK;
}

int hd__sqlite_index_forget(struct hd__sqlite *store, int64_t oldest) {
    int64_t number, units;
    int code = SQLITE_OK, found = 1;
    while (code == SQLITE_OK && found) {
        code = find_block(store, HD__SQL_FIRST_BLOCK, &number, &units, &found);
        found = found && (number + units) * HD__UNIT <= oldest;
        if (code == SQLITE_OK && found)
            code = drop_blocks(store, number, number + units - 1);
    }
    return code;
}
