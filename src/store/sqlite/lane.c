/* What keeps webhooks from being sent to, and how they do, which outlives their owner. */
#include "store/sqlite/sqlite.h"

int hd__sqlite_write_note(struct hd__sqlite *store, const struct hd__lane_note *note) {
    int is_empty = hd__note_is_empty(note);
    if (!(store->owned & HD__SHARD_BIT(note->webhook)))
        return SQLITE_OK;
    sqlite3_stmt *statement = hd__sql(store, is_empty ? HD__SQL_DROP_LANE : HD__SQL_PUT_LANE);
    hd__sql_int(statement, 1, note->webhook);
    if (!is_empty) {
        hd__sql_int(statement, 2, note->state - HD__SQL_STATE);
        hd__sql_int(statement, 3, store->now.ms + (note->left_ms > 0 ? note->left_ms : 0));
        hd__sql_int(statement, 4, store->now.ms + note->throttled_ms);
        hd__sql_int(statement, 5, note->health.failures);
        hd__sql_int(statement, 6, note->health.reason ? note->health.reason - HD__SQL_REASON : 0);
        hd__sql_int(statement, 7, note->health.since_ms);
        hd__sql_int(statement, 8, note->health.is_failing);
        hd__sql_int(statement, 9, note->health.told);
        hd__sql_int(statement, 10, note->health.alerted_ms);
    }
    return hd__sql_run(statement);
}

struct hd__health hd__sqlite_health_at(sqlite3_stmt *row, int column) {
    uint32_t failures = (uint32_t)hd__sql_get_int(row, column);
    return (struct hd__health){
        .failures = failures,
        .reason = failures ? HD__SQL_REASON + (int)hd__sql_get_int(row, column + 1) : 0,
        .since_ms = hd__sql_get_int(row, column + 2),
        .is_failing = (int)hd__sql_get_int(row, column + 3),
        .told = (int)hd__sql_get_int(row, column + 4),
        .alerted_ms = hd__sql_get_int(row, column + 5),
    };
}

static int64_t left_of(const struct hd__sqlite *store, int64_t until_ms) {
    return until_ms > store->now.ms ? until_ms - store->now.ms : 0;
}

int hd__sqlite_tell_lanes(struct hd__sqlite *store) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_LANES);
    int code;
    while ((code = hd__sql_next(statement)) == SQLITE_ROW) {
        const struct hd__lane_note note = {
            .webhook = hd__sql_get_int(statement, 0),
            .state = HD__SQL_STATE + (int)hd__sql_get_int(statement, 1),
            .left_ms = left_of(store, hd__sql_get_int(statement, 2)),
            .throttled_ms = left_of(store, hd__sql_get_int(statement, 3)),
            .health = hd__sqlite_health_at(statement, 4),
        };
        if (!hd__note_is_empty(&note) && (store->gained & HD__SHARD_BIT(note.webhook)))
            store->listener.lane(store->listener.user, &note);
    }
    return hd__sql_end(statement, code);
}
