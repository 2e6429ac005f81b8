/* What keeps webhooks from being sent to, which outlives their owner. */
#include "store/sqlite/sqlite.h"

int hd__sqlite_write_note(struct hd__sqlite *store, const struct hd__lane_note *note) {
    int is_active = note->state == HD_WEBHOOK_ACTIVE && note->throttled_ms == 0;
    if (!(store->owned & HD__SHARD_BIT(note->webhook)))
        return SQLITE_OK;
    sqlite3_stmt *statement = hd__sql(store, is_active ? HD__SQL_DROP_LANE : HD__SQL_PUT_LANE);
    hd__sql_int(statement, 1, note->webhook);
    if (!is_active) {
        hd__sql_int(statement, 2, note->state - HD__SQL_STATE);
        hd__sql_int(statement, 3, store->now.ms + (note->left_ms > 0 ? note->left_ms : 0));
        hd__sql_int(statement, 4, store->now.ms + note->throttled_ms);
    }
    return hd__sql_run(statement);
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
        };
        int is_active = note.state == HD_WEBHOOK_ACTIVE && note.throttled_ms == 0;
        if (!is_active && (store->gained & HD__SHARD_BIT(note.webhook)))
            store->listener.lane(store->listener.user, &note);
    }
    return hd__sql_end(statement, code);
}
