#include "store/sqlite/job_look.h"

#include "store/sqlite/query.h"

#include <stdlib.h>
#include <string.h>

/* ---- What is asked ---- */

/* In the order of take_record(). */
#define RECORD "SELECT l.id, l.event, l.delivery, l.outcome, l.is_test, l.history, l.project "

/* Events that the program has sent, and that the webhook subscribes to. */
#define EVENT                                                                                                          \
    "SELECT e.key, e.id FROM event e NOT INDEXED WHERE e.key > ?1 AND e.key <= ?2 AND e.redelivery_of IS NULL AND "    \
    "e.project = ?3 AND (?4 >> e.type) & 1 AND (?5 = 0 OR (?5 >> e.type) & 1) AND (?6 = 0 OR e.accepted_ms >= ?6) "    \
    "AND "                                                                                                             \
    "(?7 = 0 OR e.accepted_ms < ?7) ORDER BY e.key"

/* The webhook with this id, as it is now. */
#define WEBHOOK                                                                                                        \
    "SELECT key FROM webhook INDEXED BY webhook_id WHERE id = (SELECT webhook_id FROM history WHERE key = ?1) AND "    \
    "removed = 0 AND project = ?2"
#define NAMED_WEBHOOK                                                                                                  \
    "SELECT w.key, w.events, p.name FROM webhook w INDEXED BY webhook_id CROSS JOIN project p ON p.key = w.project "   \
    "WHERE w.id = ?1 AND w.removed = 0 AND (?2 IS NULL OR p.name = ?2)"

/* Deliveries that repeat the delivery ?1 of the event ?2, or one that it repeats: those that came after the record ?3
 * and were delivered, those after the record ?4, which the job may have made itself, and those under way. An event that
 * repeats something has one delivery. */
#define LATER                                                                                                          \
    "WITH RECURSIVE up(delivery, event) AS (VALUES(?1, ?2) UNION SELECT l.delivery, l.event FROM up CROSS JOIN event " \
    "e ON e.key = up.event CROSS JOIN log l INDEXED BY log_delivery ON l.delivery = e.redelivery_of), "                \
    "again(event) AS (SELECT e.key FROM up CROSS JOIN event e INDEXED BY event_redelivery ON e.redelivery_of = "       \
    "up.delivery UNION SELECT e.key FROM again CROSS JOIN log l INDEXED BY log_event ON l.event = again.event AND "    \
    "l.event_use = 2 CROSS JOIN event e INDEXED BY event_redelivery ON e.redelivery_of = l.delivery) "                 \
    "SELECT 1 FROM again CROSS JOIN log l INDEXED BY log_event ON l.event = again.event AND l.event_use = 2 "          \
    "WHERE l.id > ?3 AND (l.outcome = 1 OR l.id > ?4) UNION ALL "                                                      \
    "SELECT 1 FROM again CROSS JOIN event e ON e.key = again.event CROSS JOIN outbox o "                               \
    "ON o.id BETWEEN e.first_row AND e.first_row + e.rows - 1 AND o.event = e.key LIMIT 1"

/* Whether the webhook ?3 has got the event ?1 with the id ?2, or one that was made of it: its delivery would have the
 * id ?4. Or whether it is the event of a test. */
#define GOT                                                                                                            \
    "SELECT 1 FROM log l INDEXED BY log_delivery WHERE l.delivery = ?4 UNION ALL "                                     \
    "SELECT 1 FROM log l INDEXED BY log_event WHERE l.event = ?1 AND l.event_use = 2 AND (l.webhook = ?3 OR "          \
    "l.is_test) UNION ALL "                                                                                            \
    "SELECT 1 FROM event e CROSS JOIN outbox o ON o.id BETWEEN e.first_row AND e.first_row + e.rows - 1 AND "          \
    "o.event = e.key AND (o.webhook = ?3 OR o.due = -1) WHERE e.key = ?1 UNION ALL "                                   \
    "SELECT 1 FROM event e INDEXED BY event_redelivery CROSS JOIN outbox o ON o.id BETWEEN e.first_row AND "           \
    "e.first_row + e.rows - 1 AND o.event = e.key AND o.webhook = ?3 WHERE e.redelivery_of = ?2 UNION ALL "            \
    "SELECT 1 FROM event e INDEXED BY event_redelivery CROSS JOIN log l INDEXED BY log_event ON l.event = e.key AND "  \
    "l.event_use = 2 AND l.webhook = ?3 WHERE e.redelivery_of = ?2 LIMIT 1"

/* ---- Beginning, and the end ---- */

static int prepare(struct hd__job_look *look, int which, const char *text) {
    return sqlite3_prepare_v2(look->connection, text, -1, &look->statements[which], NULL);
}

static int begin_records(struct hd__job_look *look) {
    struct hd__log_search search = *look->search;
    search.is_forward = 1;
    search.after_id = look->after;
    search.up_to_id = look->up_to;
    search.max = INT32_MAX;
    int code =
        hd__question_prepare(look->connection, RECORD, &search, look->is_ordered ? HD__QUESTION_PAGE : HD__QUESTION_ALL,
                             0, &look->statements[HD__JOB_FIND]);
    if (code == SQLITE_OK)
        code = prepare(look, HD__JOB_FIND_WEBHOOK, WEBHOOK);
    return code == SQLITE_OK ? prepare(look, HD__JOB_FIND_OTHER, LATER) : code;
}

static int find_named(struct hd__job_look *look) {
    sqlite3_stmt *named = NULL;
    int code = sqlite3_prepare_v2(look->connection, NAMED_WEBHOOK, -1, &named, NULL);
    if (code != SQLITE_OK)
        return code;
    hd__sql_text(named, 1, look->search->webhook_ids[0]);
    if (look->search->project)
        hd__sql_text(named, 2, look->search->project);
    code = sqlite3_step(named);
    if (code == SQLITE_ROW) {
        look->webhook = hd__sql_get_int(named, 0);
        look->events = hd__sql_get_int(named, 1);
        look->project = strdup(hd__sql_get_text(named, 2));
        code = look->project ? SQLITE_OK : SQLITE_NOMEM;
    }
    sqlite3_finalize(named);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int begin_events(struct hd__job_look *look) {
    int code = find_named(look);
    if (code == SQLITE_OK)
        code = prepare(look, HD__JOB_FIND, EVENT);
    if (code == SQLITE_OK)
        code = prepare(look, HD__JOB_FIND_OTHER, GOT);
    if (code != SQLITE_OK)
        return code;
    sqlite3_stmt *find = look->statements[HD__JOB_FIND];
    hd__sql_int(find, 1, look->after);
    hd__sql_int(find, 2, look->up_to);
    hd__sql_text(find, 3, look->project); /* NULL finds nothing */
    hd__sql_int(find, 4, look->events & HD__JOB_MISSED_TYPES);
    hd__sql_int(find, 5, look->search->types);
    hd__sql_int(find, 6, look->search->since_ms);
    hd__sql_int(find, 7, look->search->until_ms);
    return SQLITE_OK;
}

int hd__job_look_begin(struct hd__job_look *look) {
    return look->source == HD_SOURCE_MISSED ? begin_events(look) : begin_records(look);
}

void hd__job_look_end(struct hd__job_look *look) {
    for (int i = 0; i < HD__JOB_STATEMENTS; i++)
        sqlite3_finalize(look->statements[i]);
    free(look->project);
}

/* ---- One after the other ---- */

/* Asks for one number; 0 without a row. */
static int ask(sqlite3_stmt *statement, int64_t *number) {
    *number = 0;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *number = hd__sql_get_int(statement, 0);
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int find_webhook(struct hd__job_look *look, sqlite3_stmt *record, struct hd__job_found *found) {
    sqlite3_stmt *statement = look->statements[HD__JOB_FIND_WEBHOOK];
    hd__sql_int(statement, 1, hd__sql_get_int(record, 5));
    hd__sql_int(statement, 2, hd__sql_get_int(record, 6));
    return ask(statement, &found->webhook);
}

static int is_later(struct hd__job_look *look, const struct hd__job_found *found, int64_t *is) {
    sqlite3_stmt *statement = look->statements[HD__JOB_FIND_OTHER];
    hd__sql_id(statement, 1, found->link);
    hd__sql_int(statement, 2, found->event);
    hd__sql_int(statement, 3, found->place);
    hd__sql_int(statement, 4, look->end);
    return ask(statement, is);
}

static int take_record(struct hd__job_look *look, sqlite3_stmt *record, struct hd__job_found *found) {
    int64_t is = 0;
    *found = (struct hd__job_found){.place = hd__sql_get_int(record, 0), .event = hd__sql_get_int(record, 1)};
    hd__sql_get_id(record, 2, found->link);
    found->what = HD__JOB_TESTS;
    if (hd__sql_get_int(record, 4))
        return SQLITE_OK;
    int code = find_webhook(look, record, found);
    found->what = HD__JOB_REMOVED;
    if (code != SQLITE_OK || !found->webhook)
        return code;
    if (!look->with_later)
        code = is_later(look, found, &is);
    found->what = is ? HD__JOB_LATER : HD__JOB_SENT;
    return code;
}

/* Of each delivery, its end. */
static int next_record(struct hd__job_look *look, struct hd__job_found *found) {
    sqlite3_stmt *record = look->statements[HD__JOB_FIND];
    int code;
    do
        code = sqlite3_step(record);
    while (code == SQLITE_ROW && HD__SQL_OUTCOME + hd__sql_get_int(record, 3) == HD_OUTCOME_RETRYING);
    int taken = code == SQLITE_ROW ? take_record(look, record, found) : SQLITE_OK;
    return taken == SQLITE_OK ? code : taken;
}

static int has_got(struct hd__job_look *look, const struct hd__job_found *found, int64_t *has) {
    unsigned char id[HD__STORE_ID_SIZE];
    sqlite3_stmt *statement = look->statements[HD__JOB_FIND_OTHER];
    hd__sqlite_make_delivery_id(found->link, look->webhook, id);
    hd__sql_int(statement, 1, found->event);
    hd__sql_id(statement, 2, found->link);
    hd__sql_int(statement, 3, look->webhook);
    hd__sql_id(statement, 4, id);
    return ask(statement, has);
}

static int next_event(struct hd__job_look *look, struct hd__job_found *found) {
    sqlite3_stmt *event = look->statements[HD__JOB_FIND];
    int64_t has = 1;
    int code = SQLITE_ROW, asked = SQLITE_OK;
    while (has && asked == SQLITE_OK && (code = sqlite3_step(event)) == SQLITE_ROW) {
        *found = (struct hd__job_found){
            .place = hd__sql_get_int(event, 0), .event = hd__sql_get_int(event, 0), .webhook = look->webhook};
        hd__sql_get_id(event, 1, found->link);
        found->what = HD__JOB_SENT;
        asked = has_got(look, found, &has);
    }
    return asked == SQLITE_OK ? code : asked;
}

int hd__job_look_next(struct hd__job_look *look, struct hd__job_found *found) {
    return look->source == HD_SOURCE_MISSED ? next_event(look, found) : next_record(look, found);
}
