#include "store/sqlite/facts.h"

#include "store/sqlite/index.h"

#include <stdlib.h>

#define IS_TEST 1
#define HAS_ATTEMPTS 2

struct finding {
    const struct hd__log_search *search;
    int64_t project; /* 0 for all */
    int64_t *histories;
    size_t history_count;
    int64_t oldest; /* the first report that is still there */
    int64_t next;   /* the first unit that is not in the index */
    void (*tell)(void *user, int64_t finished_ms, const struct hd__facts *facts);
    void *user;
};

/* ---- As bytes ---- */

void hd__facts_of_row(sqlite3_stmt *row, int column, struct hd__facts *facts) {
    int64_t total_ms = hd__sql_get_int(row, column + 8);
    *facts = (struct hd__facts){
        .history = hd__sql_get_int(row, column),
        .project = hd__sql_get_int(row, column + 1),
        .type = (int)hd__sql_get_int(row, column + 2),
        .outcome = (int)hd__sql_get_int(row, column + 3),
        .reason = (int)hd__sql_get_int(row, column + 4),
        .http_status = (int)hd__sql_get_int(row, column + 5),
        .is_test = hd__sql_get_int(row, column + 6) != 0,
        .has_attempts = hd__sql_get_int(row, column + 7) != 0,
        .total_ms = (uint32_t)(total_ms < HD__FACTS_LONGEST_MS ? total_ms : HD__FACTS_LONGEST_MS),
    };
}

unsigned char *hd__facts_write(unsigned char *out, const struct hd__facts *facts) {
    *out++ = (unsigned char)((facts->is_test ? IS_TEST : 0) | (facts->has_attempts ? HAS_ATTEMPTS : 0));
    out = hd__varint_write(out, (uint64_t)facts->history);
    out = hd__varint_write(out, (uint64_t)facts->project);
    out = hd__varint_write(out, (uint64_t)facts->type);
    out = hd__varint_write(out, (uint64_t)facts->outcome);
    out = hd__varint_write(out, (uint64_t)facts->reason);
    out = hd__varint_write(out, (uint64_t)facts->http_status);
    return hd__varint_write(out, facts->total_ms);
}

/* Most numbers are one byte. */
static const unsigned char *read_number(const unsigned char *at, const unsigned char *end, uint64_t *number) {
    if (!at || at == end)
        return NULL;
    if (*at > 127)
        return hd__varint_read(at, end, number);
    *number = *at;
    return at + 1;
}

const unsigned char *hd__facts_read(const unsigned char *at, const unsigned char *end, struct hd__facts *facts) {
    uint64_t numbers[7];
    if (!at || at == end)
        return NULL;
    facts->is_test = *at & IS_TEST;
    facts->has_attempts = (*at++ & HAS_ATTEMPTS) != 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        at = read_number(at, end, &numbers[i]);
    if (!at)
        return NULL;
    facts->history = (int64_t)numbers[0];
    facts->project = (int64_t)numbers[1];
    facts->type = (int)numbers[2];
    facts->outcome = (int)numbers[3];
    facts->reason = (int)numbers[4];
    facts->http_status = (int)numbers[5];
    facts->total_ms = numbers[6] < HD__FACTS_LONGEST_MS ? (uint32_t)numbers[6] : HD__FACTS_LONGEST_MS;
    return at;
}

/* ---- What matches ---- */

int hd__facts_fit(const struct hd__log_search *search) {
    return !search->text && !search->delivery_id && !search->redelivery_of && !search->is_forward;
}

static int has_bit(uint64_t bits, int number) {
    return bits == 0 || (number >= 0 && number < 64 && (bits >> number & 1));
}

static int has_status(const struct hd__log_search *search, int status) {
    size_t i = 0;
    while (i < search->status_count && (status < search->statuses[i].first || status > search->statuses[i].last))
        i++;
    return search->status_count == 0 || i < search->status_count;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int has_webhook(const struct finding *finding, int64_t history) {
    return finding->search->webhook_count == 0 ||
           bsearch(&history, finding->histories, finding->history_count, sizeof history, compare) != NULL;
}

static int is_in_time(const struct hd__log_search *search, int64_t finished_ms) {
    return finished_ms >= search->since_ms && (!search->until_ms || finished_ms < search->until_ms);
}

static int matches(const struct finding *finding, const struct hd__facts *facts) {
    const struct hd__log_search *search = finding->search;
    int outcome = facts->outcome + HD__SQL_OUTCOME - HD_OUTCOME_DELIVERED;
    int tests = search->tests;
    return (!finding->project || finding->project == facts->project) && has_webhook(finding, facts->history) &&
           has_bit(search->types, facts->type) && has_bit(search->outcomes, outcome) &&
           has_bit(search->reasons, facts->reason) && has_status(search, facts->http_status) &&
           (tests != HD_TESTS_EXCLUDED || !facts->is_test) && (tests != HD_TESTS_ONLY || facts->is_test);
}

/* ---- The keys of what is asked for ---- */

static int find_keys(sqlite3 *reader, struct finding *finding) {
    const struct hd__log_search *search = finding->search;
    size_t found;
    int code = SQLITE_OK;
    finding->histories = calloc(search->webhook_count + 1, sizeof finding->histories[0]);
    if (!finding->histories)
        return SQLITE_NOMEM;
    if (search->project)
        code = hd__question_keys(reader, HD__KEY_OF_PROJECT, &search->project, 1, &finding->project, &found);
    if (search->project && code == SQLITE_OK && found == 0)
        finding->project = -1; /* no report has it */
    if (code == SQLITE_OK)
        code = hd__question_keys(reader, HD__KEY_OF_HISTORY, search->webhook_ids, search->webhook_count,
                                 finding->histories, &finding->history_count);
    qsort(finding->histories, finding->history_count, sizeof finding->histories[0], compare);
    return code;
}

/* ---- All of it ---- */

/* Reports that have gone are in their block still. */
static int tell_block(const struct finding *finding, sqlite3_stmt *row) {
    struct hd__bytes finished = hd__sql_get_bytes(row, 4), bytes = hd__sql_get_bytes(row, 5);
    const unsigned char *at = finished.data, *end = at + finished.len, *from = bytes.data, *last = from + bytes.len;
    int64_t id = hd__sql_get_int(row, 0) * HD__UNIT, earliest_ms = hd__sql_get_int(row, 2);
    struct hd__facts facts;
    for (uint64_t more; (at = read_number(at, end, &more)) != NULL; id++) {
        if (more == 0)
            continue;
        if (!(from = hd__facts_read(from, last, &facts)))
            return SQLITE_CORRUPT;
        int64_t finished_ms = earliest_ms + (int64_t)more - 1;
        if (id >= finding->oldest && is_in_time(finding->search, finished_ms) && matches(finding, &facts))
            finding->tell(finding->user, finished_ms, &facts);
    }
    return SQLITE_OK;
}

static int may_have(const struct hd__log_search *search, sqlite3_stmt *row) {
    return hd__sql_get_int(row, 3) >= search->since_ms &&
           (!search->until_ms || hd__sql_get_int(row, 2) < search->until_ms);
}

static int tell_blocks(sqlite3 *reader, struct finding *finding) {
    const struct hd__log_search *search = finding->search;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(reader,
                                  "SELECT number, units, earliest_ms, latest_ms, finished, facts FROM search_block "
                                  "ORDER BY number",
                                  -1, &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        code = search->is_over && search->is_over(search->over_user) ? SQLITE_INTERRUPT : SQLITE_OK;
        finding->next = hd__sql_get_int(statement, 0) + hd__sql_get_int(statement, 1);
        if (code == SQLITE_OK && may_have(search, statement))
            code = tell_block(finding, statement);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* What is not in the index yet. */
static int tell_tail(sqlite3 *reader, const struct finding *finding) {
    sqlite3_stmt *statement = NULL;
    struct hd__facts facts;
    int code = sqlite3_prepare_v2(reader,
                                  "SELECT l.finished_ms, " HD__FACTS_COLUMNS " FROM log l NOT INDEXED WHERE l.id >= ?1",
                                  -1, &statement, NULL);
    if (code == SQLITE_OK)
        hd__sql_int(statement, 1, finding->next * HD__UNIT);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        code = SQLITE_OK;
        hd__facts_of_row(statement, 1, &facts);
        if (is_in_time(finding->search, hd__sql_get_int(statement, 0)) && matches(finding, &facts))
            finding->tell(finding->user, hd__sql_get_int(statement, 0), &facts);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The oldest report, and whether there is an index that has most of the log. Of an empty log none is left, whatever
 * blocks have. */
static int find_index(sqlite3 *reader, int64_t *oldest, int *has_index) {
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(reader,
                           "SELECT max(number + units), (SELECT max(id) FROM log NOT INDEXED), "
                           "(SELECT ifnull(min(id), 9223372036854775807) FROM log NOT INDEXED) FROM search_block",
                           -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    *has_index = code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL &&
                 hd__sql_get_int(statement, 1) - hd__sql_get_int(statement, 0) * HD__UNIT < HD__TAIL_MAX;
    if (code == SQLITE_ROW)
        *oldest = hd__sql_get_int(statement, 2);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

int hd__facts_find(sqlite3 *reader, const struct hd__log_search *search,
                   void (*tell)(void *user, int64_t finished_ms, const struct hd__facts *facts), void *user,
                   int *is_done) {
    struct finding finding = {.search = search, .tell = tell, .user = user};
    int code = find_index(reader, &finding.oldest, is_done);
    if (code != SQLITE_OK || !*is_done)
        return code;
    code = find_keys(reader, &finding);
    if (code == SQLITE_OK)
        code = tell_blocks(reader, &finding);
    if (code == SQLITE_OK)
        code = tell_tail(reader, &finding);
    free(finding.histories);
    return code;
}
