#include "store/sqlite/sqlite.h"

/* ---- Events and deliveries come ---- */

static int add_event(struct hd__sqlite *store, const struct hd__stored_event *event) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_EVENT);
    hd__sql_int(statement, 1, (int64_t)event->id);
    hd__sql_int(statement, 2, event->type);
    hd__sql_int(statement, 3, event->accepted_at_ms);
    hd__sql_text(statement, 4, event->project);
    hd__sql_bytes(statement, 5, event->body.data, event->body.len);
    if (event->redelivery_of.len)
        hd__sql_bytes(statement, 6, event->redelivery_of.data, event->redelivery_of.len);
    else
        sqlite3_bind_null(statement, 6);
    return hd__sql_run(statement);
}

static int add_delivery(struct hd__sqlite *store, const struct hd__new_delivery *delivery, uint64_t event_id) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_DELIVERY);
    hd__sql_int(statement, 1, delivery->row);
    hd__sql_int(statement, 2, delivery->webhook);
    hd__sql_int(statement, 3, (int64_t)event_id);
    hd__sql_bytes(statement, 4, delivery->delivery_id, HD__STORE_ID_SIZE);
    return hd__sql_run(statement);
}

static int add_all(struct hd__sqlite *store, struct hd__step *step) {
    int code = SQLITE_OK;
    for (size_t i = 0; i < step->event_count && code == SQLITE_OK; i++)
        code = add_event(store, &step->events[i]);
    for (size_t i = 0; i < step->delivery_count && code == SQLITE_OK; i++) {
        step->deliveries[i].row = store->next_row + (int64_t)i;
        code = add_delivery(store, &step->deliveries[i], step->events[step->deliveries[i].event].id);
    }
    return code;
}

/* ---- Results ---- */

static int add_report(struct hd__sqlite *store, const struct hd__stored_report *report, uint64_t event_id) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_REPORT);
    hd__sql_int(statement, 1, report->finished_at_ms);
    hd__sql_int(statement, 2, report->keys.webhook);
    hd__sql_int(statement, 3, report->keys.project);
    hd__sql_int(statement, 4, report->keys.label);
    hd__sql_int(statement, 5, (int64_t)event_id);
    hd__sql_bytes(statement, 6, report->delivery_id, HD__STORE_ID_SIZE);
    hd__sql_int(statement, 7, report->format);
    hd__sql_int(statement, 8, report->is_test);
    hd__sql_int(statement, 9, report->may_be_repeated);
    hd__sql_int(statement, 10, report->outcome);
    hd__sql_int(statement, 11, report->reason);
    hd__sql_text(statement, 12, report->detail);
    hd__sql_int(statement, 13, report->attempts);
    hd__sql_int(statement, 14, report->http_status);
    hd__sql_int(statement, 15, report->retry_after_s);
    hd__sql_int(statement, 16, report->next_attempt_at_ms);
    hd__sql_int(statement, 17, report->queued_ms);
    hd__sql_int(statement, 18, report->dns_ms);
    hd__sql_int(statement, 19, report->connect_ms);
    hd__sql_int(statement, 20, report->tls_ms);
    hd__sql_int(statement, 21, report->wait_ms);
    hd__sql_int(statement, 22, report->total_ms);
    hd__sql_text(statement, 23, report->remote_address);
    hd__sql_bytes(statement, 24, report->response_headers.data, report->response_headers.len);
    hd__sql_bytes(statement, 25, report->response_body.data, report->response_body.len);
    hd__sql_int(statement, 26, report->response_truncated);
    return hd__sql_run(statement);
}

static int change_row(struct hd__sqlite *store, const struct hd__result *result) {
    static const int statements[] = {
        [HD__RESULT_ENDED] = HD__SQL_END_DELIVERY,
        [HD__RESULT_RETRY] = HD__SQL_RETRY_DELIVERY,
        [HD__RESULT_RELEASED] = HD__SQL_RELEASE_DELIVERY,
    };
    sqlite3_stmt *statement = hd__sql(store, statements[result->kind]);
    hd__sql_int(statement, 1, result->row);
    if (result->kind == HD__RESULT_RETRY) {
        hd__sql_int(statement, 2, result->due_ms);
        hd__sql_int(statement, 3, result->tries);
    }
    return hd__sql_run(statement);
}

static int write_result(struct hd__sqlite *store, const struct hd__result *result) {
    int code = result->event ? add_event(store, result->event) : SQLITE_OK;
    if (code == SQLITE_OK && result->report)
        code = add_report(store, result->report, result->event_id);
    if (code == SQLITE_OK && result->row)
        code = change_row(store, result);
    return code;
}

static size_t count_ended(const struct hd__step *step) {
    size_t ended = 0;
    for (size_t i = 0; i < step->result_count; i++)
        ended += step->results[i].row && step->results[i].kind == HD__RESULT_ENDED;
    return ended;
}

static int write_all(struct hd__sqlite *store, struct hd__step *step) {
    if (step->event_count + step->delivery_count + step->result_count == 0)
        return SQLITE_OK;
    int code = hd__sqlite_begin(store);
    if (code == SQLITE_OK)
        code = add_all(store, step);
    for (size_t i = 0; i < step->result_count && code == SQLITE_OK; i++)
        code = write_result(store, &step->results[i]);
    code = hd__sqlite_end(store, code);
    if (code == SQLITE_OK) {
        store->next_row += (int64_t)step->delivery_count;
        store->waiting += step->delivery_count;
        store->waiting -= count_ended(step);
    }
    return code;
}

/* ---- Claims ---- */

static void read_claimed(const struct hd__sqlite *store, sqlite3_stmt *row, struct hd__claimed *claimed) {
    *claimed = (struct hd__claimed){
        .row = sqlite3_column_int64(row, 0),
        .due_ms = sqlite3_column_int64(row, 1),
        .tries = (uint32_t)sqlite3_column_int64(row, 2),
        .may_be_repeated = sqlite3_column_int(row, 4) || sqlite3_column_int64(row, 0) <= store->repeated_up_to,
        .event = {.id = (uint64_t)sqlite3_column_int64(row, 5),
                  .type = sqlite3_column_int(row, 6),
                  .accepted_at_ms = sqlite3_column_int64(row, 7),
                  .project = hd__sql_get_text(row, 8),
                  .body = hd__sql_get_bytes(row, 9),
                  .redelivery_of = hd__sql_get_bytes(row, 10)},
    };
    hd__sql_get_id(row, 3, claimed->delivery_id);
}

/* Hands out the rows that a statement finds, *left at the most. Sets *left to 0 if a row was not taken. */
static int hand_out(struct hd__sqlite *store, struct hd__step *step, size_t claim, sqlite3_stmt *statement,
                    size_t *left) {
    int code = statement ? SQLITE_DONE : SQLITE_NOMEM;
    while (*left > 0 && statement && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct hd__claimed claimed;
        read_claimed(store, statement, &claimed);
        *left = step->claimed(step->user, claim, &claimed) ? *left - 1 : 0;
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int claim_retries(struct hd__sqlite *store, struct hd__step *step, size_t index, size_t *left) {
    const struct hd__claim *claim = &step->claims[index];
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_CLAIM_RETRIES);
    hd__sql_int(statement, 1, claim->webhook);
    hd__sql_int(statement, 2, claim->after_due_ms > 0 ? claim->after_due_ms : 1);
    hd__sql_int(statement, 3, claim->after_retry_row);
    hd__sql_int(statement, 4, step->now_ms);
    hd__sql_int(statement, 5, (int64_t)*left);
    return hand_out(store, step, index, statement, left);
}

static int claim_new(struct hd__sqlite *store, struct hd__step *step, size_t index, size_t *left) {
    const struct hd__claim *claim = &step->claims[index];
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_CLAIM_NEW);
    hd__sql_int(statement, 1, claim->webhook);
    hd__sql_int(statement, 2, claim->after_row);
    hd__sql_int(statement, 3, (int64_t)*left);
    return hand_out(store, step, index, statement, left);
}

static int find_next_due(struct hd__sqlite *store, const struct hd__step *step, struct hd__claim *claim) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_NEXT_DUE);
    hd__sql_int(statement, 1, claim->webhook);
    hd__sql_int(statement, 2, step->now_ms);
    int code = statement ? sqlite3_step(statement) : SQLITE_NOMEM;
    claim->next_due_ms = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : INT64_MAX;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int claim(struct hd__sqlite *store, struct hd__step *step, size_t index) {
    struct hd__claim *claim = &step->claims[index];
    size_t left = claim->max;
    int code = claim_retries(store, step, index, &left);
    if (code == SQLITE_OK && left > 0)
        code = claim_new(store, step, index, &left);
    claim->has_more = left == 0;
    claim->next_due_ms = claim->has_more ? step->now_ms : INT64_MAX;
    return code == SQLITE_OK && !claim->has_more ? find_next_due(store, step, claim) : code;
}

/* ---- All of it ---- */

void hd__sqlite_tell_state(struct hd__sqlite *store, struct hd__store_state *state) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_OLDEST);
    int code = statement ? sqlite3_step(statement) : SQLITE_NOMEM;
    if (code == SQLITE_ROW)
        state->oldest_event = (uint64_t)sqlite3_column_int64(statement, 0);
    else if (code == SQLITE_DONE)
        state->oldest_event = UINT64_MAX;
    state->waiting = store->waiting;
    sqlite3_reset(statement);
}

/* A claim that fails claims nothing, and is made again. */
int hd__sqlite_step(struct hd_store *base, struct hd__step *step, struct hd__store_state *state) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    pthread_mutex_lock(&store->writing);
    int code = write_all(store, step);
    int status = hd__sqlite_status(store, store->writer, code);
    if (status == HD_E_STORE_FULL)
        hd__sqlite_drop_ballast(store);
    for (size_t i = 0; i < step->claim_count && status == HD_OK; i++)
        if (claim(store, step, i) != SQLITE_OK) {
            step->claims[i].has_more = 1;
            step->claims[i].next_due_ms = step->now_ms;
        }
    if (status == HD_OK)
        hd__sqlite_tell_state(store, state);
    pthread_mutex_unlock(&store->writing);
    return status;
}
