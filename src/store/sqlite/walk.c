#include "store/sqlite/walk.h"

#include "base/fold.h"
#include "store/sqlite/index.h"
#include "store/sqlite/query.h"
#include "store/sqlite/terms.h"

#include <stdlib.h>
#include <string.h>

#define FEW 4 /* reports that are looked at rather than narrowed by more terms */

struct candidate {
    int64_t ms, id;
};

struct indexed {
    int64_t number, units, earliest_ms, latest_ms;
};

/* Reports with any of these terms. */
struct group {
    uint32_t *terms;
    size_t count;
};

struct walking {
    sqlite3 *reader;
    const struct hd__walk *walk;
    sqlite3_stmt *part, *times, *one;
    struct indexed *blocks; /* the latest first */
    size_t block_count, block_size, next_block;
    struct candidate *candidates; /* the latest last */
    size_t count, size;
    uint32_t grams[HD__FOLDED_MAX]; /* of the text: the one that excluded most is the first */
    size_t gram_count;
    uint32_t id_term; /* 0 without a text */
    struct group webhooks, project, outcomes;
    int64_t before_ms, before_id;
};

static size_t count_characters(const char *folded) {
    size_t count = 0;
    for (; *folded; folded++)
        count += ((unsigned char)*folded & 0xC0) != 0x80;
    return count;
}

int hd__walk_fits(const struct hd__log_search *search) {
    if (search->is_forward || search->delivery_id || search->redelivery_of)
        return 0;
    return search->text ? count_characters(search->text) >= 3 || hd__sought_is_number(search->text)
                        : search->webhook_count > 1;
}

/* ---- Terms ---- */

static int reserve(void **items, size_t item, size_t count, size_t *size) {
    if (count < *size)
        return 1;
    size_t wanted = *size ? 2 * *size : 256;
    void *grown = realloc(*items, wanted * item);
    if (!grown)
        return 0;
    *items = grown;
    *size = wanted;
    return 1;
}

static void find_grams(struct walking *walking, const char *text) {
    size_t len = strlen(text);
    walking->id_term = hd__term_of_id(text, len);
    if (!hd__sought_is_number(text))
        walking->gram_count = hd__terms_of_text(text, len, walking->grams);
}

/* The keys of these names, each as a term. */
static int find_keys(struct walking *walking, const char *sql, const char *const *names, size_t count, uint32_t family,
                     struct group *group) {
    int64_t *keys = calloc(count + 1, sizeof *keys);
    group->terms = calloc(count + 1, sizeof *group->terms);
    int code = keys && group->terms ? hd__question_keys(walking->reader, sql, names, count, keys, &group->count)
                                    : SQLITE_NOMEM;
    for (size_t i = 0; i < group->count; i++)
        group->terms[i] = family | (uint32_t)(keys[i] % HD__TERM_KEYS);
    free(keys);
    return code;
}

static int find_outcomes(struct walking *walking, unsigned outcomes) {
    struct group *group = &walking->outcomes;
    group->terms = calloc(sizeof outcomes * 8, sizeof *group->terms);
    for (uint32_t i = 0; group->terms && i < sizeof outcomes * 8; i++)
        if (outcomes >> i & 1)
            group->terms[group->count++] = HD__TERM_OUTCOME + i + HD_OUTCOME_DELIVERED - HD__SQL_OUTCOME;
    return group->terms ? SQLITE_OK : SQLITE_NOMEM;
}

static int find_terms(struct walking *walking) {
    const struct hd__log_search *search = walking->walk->search;
    int code = SQLITE_OK;
    if (search->text)
        find_grams(walking, search->text);
    if (search->webhook_count)
        code = find_keys(walking, HD__KEY_OF_HISTORY, search->webhook_ids, search->webhook_count, HD__TERM_HISTORY,
                         &walking->webhooks);
    if (code == SQLITE_OK && search->project)
        code = find_keys(walking, HD__KEY_OF_PROJECT, &search->project, 1, HD__TERM_PROJECT, &walking->project);
    return code == SQLITE_OK && search->outcomes ? find_outcomes(walking, search->outcomes) : code;
}

/* ---- A block ---- */

/* Adds the reports of a block that have a term. */
static int add_places(struct walking *walking, int64_t block, uint32_t term, struct hd__places *places) {
    struct hd__posting_reader reader;
    hd__sql_int(walking->part, 1, HD__PART_KEY(block, 0));
    hd__sql_int(walking->part, 2, HD__PART_KEY(block, term));
    int code = sqlite3_step(walking->part);
    if (code == SQLITE_ROW) {
        struct hd__bytes bytes = hd__sql_get_bytes(walking->part, 1);
        hd__posting_begin(&reader, (uint32_t)hd__sql_get_int(walking->part, 0), bytes.data, bytes.len);
        while (hd__posting_next(&reader) && reader.term <= term)
            if (reader.term == term)
                hd__posting_places(&reader, 0, places);
    }
    int ended = sqlite3_reset(walking->part);
    return code == SQLITE_ROW || code == SQLITE_DONE ? ended : code;
}

static size_t count_places(const struct hd__places *places) {
    size_t count = 0;
    for (size_t i = 0; i < HD__BLOCK_WORDS; i++)
        count += (size_t)__builtin_popcountll(places->words[i]);
    return count;
}

static void keep_common(struct hd__places *places, const struct hd__places *others) {
    for (size_t i = 0; i < HD__BLOCK_WORDS; i++)
        places->words[i] &= others->words[i];
}

/* Reports with all parts of the text, as far as it takes to find few. */
static int narrow_by_text(struct walking *walking, int64_t block, struct hd__places *places) {
    int code = SQLITE_OK;
    size_t left = HD__BLOCK;
    for (size_t i = 0; i < walking->gram_count && left > FEW && code == SQLITE_OK; i++) {
        struct hd__places have = {{0}};
        uint32_t gram = walking->grams[i];
        code = add_places(walking, block, gram, &have);
        keep_common(places, &have);
        left = count_places(places);
        if (left <= FEW) {
            memmove(walking->grams + 1, walking->grams, i * sizeof gram);
            walking->grams[0] = gram;
        }
    }
    return code;
}

static int narrow_by_group(struct walking *walking, int64_t block, const struct group *group,
                           struct hd__places *places) {
    struct hd__places have = {{0}};
    int code = SQLITE_OK;
    if (!group->terms || count_places(places) == 0)
        return code;
    for (size_t i = 0; i < group->count && code == SQLITE_OK; i++)
        code = add_places(walking, block, group->terms[i], &have);
    keep_common(places, &have);
    return code;
}

static int find_text(struct walking *walking, int64_t block, struct hd__places *places) {
    const uint64_t reasons = walking->walk->search->text_reasons;
    int code = SQLITE_OK;
    if (walking->gram_count > 0)
        code = narrow_by_text(walking, block, places);
    else
        memset(places, 0, sizeof *places);
    if (code == SQLITE_OK && walking->gram_count > 0)
        code = add_places(walking, block, HD__TERM_LONG, places);
    if (code == SQLITE_OK)
        code = add_places(walking, block, walking->id_term, places);
    for (uint32_t i = 0; i < 64 && code == SQLITE_OK; i++)
        if (reasons >> i & 1)
            code = add_places(walking, block, HD__TERM_REASON + i, places);
    return code;
}

static int find_places(struct walking *walking, int64_t block, struct hd__places *places) {
    int code = SQLITE_OK;
    memset(places, 0xFF, sizeof *places);
    if (walking->walk->search->text)
        code = find_text(walking, block, places);
    if (code == SQLITE_OK)
        code = narrow_by_group(walking, block, &walking->webhooks, places);
    if (code == SQLITE_OK)
        code = narrow_by_group(walking, block, &walking->outcomes, places);
    return code == SQLITE_OK ? narrow_by_group(walking, block, &walking->project, places) : code;
}

/* ---- Candidates ---- */

static int is_before(int64_t ms, int64_t id, int64_t before_ms, int64_t before_id) {
    return ms < before_ms || (ms == before_ms && id < before_id);
}

/* Returns 0 without memory. */
static int add_candidate(struct walking *walking, int64_t ms, int64_t id) {
    if (ms < walking->walk->search->since_ms || !is_before(ms, id, walking->before_ms, walking->before_id))
        return 1;
    if (!reserve((void **)&walking->candidates, sizeof walking->candidates[0], walking->count, &walking->size))
        return 0;
    walking->candidates[walking->count++] = (struct candidate){ms, id};
    return 1;
}

static int compare(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    return is_before(x->ms, x->id, y->ms, y->id) ? -1 : 1;
}

static int add_found(struct walking *walking, const struct indexed *block, const struct hd__places *places) {
    struct hd__block_times *times = calloc(1, sizeof *times);
    hd__sql_int(walking->times, 1, block->number);
    int code = times ? sqlite3_step(walking->times) : SQLITE_NOMEM;
    if (code == SQLITE_ROW)
        hd__block_read_times(hd__sql_get_bytes(walking->times, 0), block->earliest_ms, 0, times);
    for (size_t i = 0; i < HD__BLOCK && code == SQLITE_ROW; i++)
        if ((places->words[i / 64] >> i % 64 & 1) && times->ms[i] &&
            !add_candidate(walking, times->ms[i], block->number * HD__UNIT + (int64_t)i))
            code = SQLITE_NOMEM;
    free(times);
    int ended = sqlite3_reset(walking->times);
    return code == SQLITE_ROW || code == SQLITE_DONE ? ended : code;
}

static int open_block(struct walking *walking, const struct indexed *block) {
    struct hd__places places;
    if (block->earliest_ms > walking->before_ms || block->latest_ms < walking->walk->search->since_ms)
        return SQLITE_OK;
    int code = find_places(walking, block->number, &places);
    if (code == SQLITE_OK && count_places(&places) > 0)
        code = add_found(walking, block, &places);
    if (code == SQLITE_OK && walking->count > 0)
        qsort(walking->candidates, walking->count, sizeof walking->candidates[0], compare);
    return code;
}

/* Opens blocks until no other can have a later candidate. */
static int look_further(struct walking *walking) {
    int code = SQLITE_OK;
    while (code == SQLITE_OK && walking->next_block < walking->block_count &&
           (walking->count == 0 ||
            walking->blocks[walking->next_block].latest_ms >= walking->candidates[walking->count - 1].ms))
        code = open_block(walking, &walking->blocks[walking->next_block++]);
    return code;
}

/* ---- All of it ---- */

static int list_blocks(struct walking *walking, int64_t *next) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(walking->reader,
                                  "SELECT number, units, earliest_ms, latest_ms FROM search_block ORDER BY latest_ms "
                                  "DESC",
                                  -1, &statement, NULL);
    *next = 0;
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct indexed block = {hd__sql_get_int(statement, 0), hd__sql_get_int(statement, 1),
                                hd__sql_get_int(statement, 2), hd__sql_get_int(statement, 3)};
        code = reserve((void **)&walking->blocks, sizeof block, walking->block_count, &walking->block_size)
                   ? SQLITE_OK
                   : SQLITE_NOMEM;
        if (code == SQLITE_OK)
            walking->blocks[walking->block_count++] = block;
        *next = block.number + block.units > *next ? block.number + block.units : *next;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* What is not in the index yet is looked at, all of it. *fits is 0 if that is too much. */
static int add_tail(struct walking *walking, int64_t first, int *fits) {
    sqlite3_stmt *statement = NULL;
    size_t count = 0;
    int code = sqlite3_prepare_v2(
        walking->reader, "SELECT finished_ms, id FROM log NOT INDEXED WHERE id >= ?1 LIMIT ?2", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        hd__sql_int(statement, 1, first);
        hd__sql_int(statement, 2, HD__TAIL_MAX);
    }
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        count++;
        code = add_candidate(walking, hd__sql_get_int(statement, 0), hd__sql_get_int(statement, 1)) ? SQLITE_OK
                                                                                                    : SQLITE_NOMEM;
    }
    sqlite3_finalize(statement);
    *fits = count < HD__TAIL_MAX;
    if (walking->count > 0)
        qsort(walking->candidates, walking->count, sizeof walking->candidates[0], compare);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int begin(struct walking *walking, int *fits) {
    int64_t next;
    int code = list_blocks(walking, &next);
    *fits = walking->block_count > 0;
    if (code == SQLITE_OK && *fits)
        code = add_tail(walking, next * HD__UNIT, fits);
    if (code != SQLITE_OK || !*fits)
        return code;
    code = find_terms(walking);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(walking->reader,
                                  "SELECT id, postings FROM search_part WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC "
                                  "LIMIT 1",
                                  -1, &walking->part, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(walking->reader, "SELECT finished FROM search_block WHERE number = ?1", -1,
                                  &walking->times, NULL);
    return code == SQLITE_OK ? hd__question_prepare(walking->reader, walking->walk->columns, walking->walk->search,
                                                    HD__QUESTION_ONE, walking->walk->has_joins, &walking->one)
                             : code;
}

/* Looks at the latest candidate, and tells it if it matches. */
static int look_at(struct walking *walking, int *goes_on) {
    const struct candidate *candidate = &walking->candidates[--walking->count];
    hd__sql_int(walking->one, HD__QUESTION_ID, candidate->id);
    int code = sqlite3_step(walking->one);
    if (code == SQLITE_ROW)
        *goes_on = walking->walk->tell(walking->walk->user, walking->one);
    int ended = sqlite3_reset(walking->one);
    return code == SQLITE_ROW || code == SQLITE_DONE ? ended : code;
}

static void end(struct walking *walking) {
    sqlite3_finalize(walking->part);
    sqlite3_finalize(walking->times);
    sqlite3_finalize(walking->one);
    free(walking->blocks);
    free(walking->candidates);
    free(walking->webhooks.terms);
    free(walking->project.terms);
    free(walking->outcomes.terms);
}

static void set_bounds(struct walking *walking) {
    const struct hd__log_search *search = walking->walk->search;
    walking->before_ms = walking->walk->is_page ? search->before_ms : INT64_MAX;
    walking->before_id = walking->walk->is_page ? search->before_id : INT64_MAX;
    if (search->until_ms && search->until_ms <= walking->before_ms) {
        walking->before_ms = search->until_ms;
        walking->before_id = 0;
    }
}

int hd__walk(sqlite3 *reader, const struct hd__walk *walk, int *is_done) {
    struct walking walking = {.reader = reader, .walk = walk};
    int goes_on = 1;
    *is_done = 0;
    set_bounds(&walking);
    int code = sqlite3_exec(reader, "BEGIN", NULL, NULL, NULL); /* blocks are put together meanwhile */
    if (code == SQLITE_OK)
        code = begin(&walking, is_done);
    while (code == SQLITE_OK && *is_done && goes_on) {
        code = look_further(&walking);
        goes_on = walking.count > 0;
        if (code == SQLITE_OK && goes_on)
            code = look_at(&walking, &goes_on);
    }
    end(&walking);
    (void)sqlite3_exec(reader, "ROLLBACK", NULL, NULL, NULL);
    return code;
}
