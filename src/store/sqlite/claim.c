/* Rows that come into memory. */
#include "store/sqlite/sqlite.h"

static void read_claimed(const struct hd__sqlite *store, const struct hd__claim *claim, sqlite3_stmt *row,
                         unsigned char redelivery_of[HD__STORE_ID_SIZE], struct hd__claimed *claimed) {
    int64_t number = hd__sql_get_int(row, 0), due = hd__sql_get_int(row, 1);
    *claimed = (struct hd__claimed){
        .row = number,
        .is_test = due == HD__DUE_TEST,
        .due_ms = due > 0 ? due : 0,
        .tries = (uint32_t)hd__sql_get_int(row, 2),
        .may_be_repeated = hd__sql_get_int(row, 4) || number <= store->repeated_up_to[hd__shard_of(claim->webhook)],
        .event = {.type = (int)hd__sql_get_int(row, 6),
                  .accepted_at_ms = hd__sql_get_int(row, 7),
                  .project = hd__sql_get_text(row, 8),
                  .search = hd__sql_get_text(row, 10),
                  .body = hd__sql_get_bytes(row, 11)},
    };
    hd__sql_get_id(row, 3, claimed->delivery_id);
    hd__sql_get_id(row, 5, claimed->event.id);
    if (hd__sql_get_bytes(row, 9).len == HD__STORE_ID_SIZE) {
        hd__sql_get_id(row, 9, redelivery_of);
        claimed->event.redelivery_of = redelivery_of;
    }
}

/* Its reports will come. */
static void know(struct hd__sqlite *store, sqlite3_stmt *row, const struct hd__claimed *claimed) {
    int64_t rows = hd__sql_get_int(row, 13);
    const struct hd__sqlite_event event = {
        .key = hd__sql_get_int(row, 12),
        .share = (int64_t)claimed->event.body.len / (rows > 0 ? rows : 1),
        .type = claimed->event.type,
        .is_shared = rows != 1 || claimed->event.redelivery_of,
    };
    hd__sqlite_know_event(store, claimed->event.id, &event);
}

/* Hands out the rows that a statement finds, *left at the most. Sets *left to 0 if a row was not taken. */
static int hand_out(struct hd__sqlite *store, struct hd__step *step, size_t index, sqlite3_stmt *statement,
                    size_t *left) {
    int code = statement ? SQLITE_DONE : SQLITE_NOMEM;
    while (*left > 0 && (code = hd__sql_next(statement)) == SQLITE_ROW) {
        unsigned char redelivery_of[HD__STORE_ID_SIZE];
        struct hd__claimed claimed;
        read_claimed(store, &step->claims[index], statement, redelivery_of, &claimed);
        know(store, statement, &claimed);
        *left = step->claimed(step->user, index, &claimed) ? *left - 1 : 0;
    }
    return hd__sql_end(statement, code);
}

static int claim_tried(struct hd__sqlite *store, struct hd__step *step, size_t index, size_t *left) {
    const struct hd__claim *claim = &step->claims[index];
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_CLAIM_TRIED);
    hd__sql_int(statement, 1, claim->webhook);
    hd__sql_int(statement, 2, claim->after_due_ms > 0 ? claim->after_due_ms : 1);
    hd__sql_int(statement, 3, claim->after_due_ms > 0 ? claim->after_retry_row : 0);
    hd__sql_int(statement, 4, store->now.ms);
    hd__sql_int(statement, 5, claim->after_row);
    hd__sql_int(statement, 6, (int64_t)*left);
    return hand_out(store, step, index, statement, left);
}

/* Those that wait for no time: new ones, or tests. */
static int claim_at_once(struct hd__sqlite *store, struct hd__step *step, size_t index, int64_t due, size_t *left) {
    const struct hd__claim *claim = &step->claims[index];
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_CLAIM_AT_ONCE);
    hd__sql_int(statement, 1, claim->webhook);
    hd__sql_int(statement, 2, due == HD__DUE_TEST ? claim->after_test : claim->after_row);
    hd__sql_int(statement, 3, (int64_t)*left);
    hd__sql_int(statement, 4, due);
    return hand_out(store, step, index, statement, left);
}

static int find_next_due(struct hd__sqlite *store, struct hd__claim *claim) {
    int64_t due_ms = INT64_MAX;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_NEXT_DUE);
    hd__sql_int(statement, 1, claim->webhook);
    hd__sql_int(statement, 2, store->now.ms);
    int code = hd__sql_ask(statement, &due_ms);
    if (due_ms != INT64_MAX)
        claim->next_due_in_ms = due_ms - store->now.ms;
    return code;
}

/* One that fails leaves what it has handed out, and is made again by who wants the rest; the others go on. */
static int claim_others(struct hd__sqlite *store, struct hd__step *step, size_t index) {
    struct hd__claim *claim = &step->claims[index];
    size_t left = claim->max;
    int code = claim_tried(store, step, index, &left);
    if (code == SQLITE_OK && left > 0)
        code = claim_at_once(store, step, index, HD__DUE_NEW, &left);
    claim->has_more = left == 0;
    if (claim->has_more)
        claim->next_due_in_ms = 0;
    else if (code == SQLITE_OK)
        code = find_next_due(store, claim);
    return code;
}

void hd__sqlite_claim(struct hd__sqlite *store, struct hd__step *step, size_t index) {
    struct hd__claim *claim = &step->claims[index];
    size_t tests_left = claim->max_tests;
    int code = SQLITE_OK;
    claim->next_due_in_ms = INT64_MAX;
    claim->has_more = claim->has_more_tests = 0;
    claim->status = HD_OK;
    if (!(store->owned & HD__SHARD_BIT(claim->webhook)))
        return;
    if (claim->max_tests > 0)
        code = claim_at_once(store, step, index, HD__DUE_TEST, &tests_left);
    claim->has_more_tests = claim->max_tests > 0 && tests_left == 0;
    if (code == SQLITE_OK && claim->max > 0)
        code = claim_others(store, step, index);
    claim->status = hd__sqlite_status(store, store->main, code);
}
