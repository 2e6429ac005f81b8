/* Events that are added, and the webhooks that get them. */
#include "store/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* ---- Ids of deliveries ---- */

#define RANDOM_MASK ((UINT64_C(1) << 62) - 1)

/* Each step of it has one result for one number, and 0 for 0. */
static uint64_t mix(uint64_t key) {
    key = (key * 0x9E3779B97F4A7C15U) & RANDOM_MASK;
    key ^= key >> 29;
    key = (key * 0x94D049BB133111EBU) & RANDOM_MASK;
    return key ^ key >> 31;
}

/* Made from the event's id, with different bits where that is random: for each webhook of an event the id is different,
 * and never the event's own. So a repeated step gives the same ids. */
void hd__sqlite_make_delivery_id(const unsigned char *event_id, int64_t webhook, unsigned char *id) {
    uint64_t low = 0;
    memcpy(id, event_id, HD__STORE_ID_SIZE);
    for (int i = 8; i < HD__STORE_ID_SIZE; i++)
        low = low << 8 | id[i];
    low = ((low ^ mix((uint64_t)webhook)) & RANDOM_MASK) | UINT64_C(1) << 63;
    for (int i = HD__STORE_ID_SIZE - 1; i >= 8; i--, low >>= 8)
        id[i] = (unsigned char)low;
}

/* ---- Events ---- */

int hd__sqlite_write_event(struct hd__sqlite *store, const struct hd__stored_event *event, int64_t first_row,
                           int64_t rows, int *is_new) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_EVENT);
    hd__sql_int(statement, 1, store->state.next_event);
    hd__sql_id(statement, 2, event->id);
    hd__sql_int(statement, 3, event->type);
    hd__sql_int(statement, 4, event->accepted_at_ms);
    hd__sql_text(statement, 5, event->project);
    hd__sql_int(statement, 6, first_row);
    hd__sql_int(statement, 7, rows);
    hd__sql_id(statement, 8, event->redelivery_of);
    hd__sql_text(statement, 9, event->search ? event->search : "");
    hd__sql_bytes(statement, 10, event->body.data, event->body.len);
    int code = hd__sql_run(statement);
    *is_new = code == SQLITE_OK && sqlite3_changes(store->main) == 1;
    store->state.next_event += *is_new;
    return code;
}

/* ---- The webhooks that get them ---- */

static int load_feed(struct hd__sqlite *store) {
    struct hd__sqlite_feed *feed = &store->feed;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FEED);
    int code;
    feed->webhooks.count = 0;
    hd__sql_int(statement, 1, feed->project);
    int is_short = 0;
    while (!is_short && (code = hd__sql_next(statement)) == SQLITE_ROW)
        is_short = !hd__sqlite_list_add(&feed->webhooks, hd__sql_get_int(statement, 0)) ||
                   !hd__sqlite_list_add(&feed->webhooks, hd__sql_get_int(statement, 1));
    return hd__sql_end(statement, is_short ? SQLITE_NOMEM : code);
}

/* The webhooks of the project of the event at hand: those of the last one are known as long as none has changed. */
static int find_feed(struct hd__sqlite *store, const char *project) {
    struct hd__sqlite_feed *feed = &store->feed;
    if (feed->name && feed->change == store->state.change && strcmp(feed->name, project) == 0)
        return SQLITE_OK;
    free(feed->name);
    feed->name = strdup(project);
    feed->project = 0;
    if (!feed->name)
        return SQLITE_NOMEM;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_PROJECT);
    hd__sql_text(statement, 1, project);
    int code = hd__sql_ask(statement, &feed->project);
    if (code == SQLITE_OK)
        code = load_feed(store);
    feed->change = code == SQLITE_OK ? store->state.change : -1;
    return code;
}

int hd__sqlite_has_webhook(struct hd__sqlite *store, int64_t webhook, const char *project, int64_t *has) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_HAS_WEBHOOK);
    hd__sql_int(statement, 1, webhook);
    hd__sql_text(statement, 2, project);
    *has = 0;
    return hd__sql_ask(statement, has);
}

/* Whether a webhook of the feed gets events of this type; `about` is the one that an alert is about, 0 for none. */
static int takes(const struct hd__sqlite *store, size_t place, int type, int64_t about) {
    const struct hd__sqlite_list *feed = &store->feed.webhooks;
    return (feed->items[place + 1] >> type & 1) != 0 && feed->items[place] != about;
}

static size_t count_takers(const struct hd__sqlite *store, int type, int64_t about) {
    size_t takers = 0;
    for (size_t i = 0; i < store->feed.webhooks.count; i += 2)
        takers += (size_t)takes(store, i, type, about);
    return takers;
}

/* The key of the webhook that an alert is about; 0 if it is gone, and for other events. */
static int find_about(struct hd__sqlite *store, const char *id, int64_t *key) {
    *key = 0;
    if (!id)
        return SQLITE_OK;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_WEBHOOK);
    hd__sql_text(statement, 1, id);
    return hd__sql_ask(statement, key);
}

/* ---- Rows ---- */

static int note_added(struct hd__sqlite *store, const struct hd__added *added) {
    if (!(store->owned & HD__SHARD_BIT(added->webhook)))
        return SQLITE_OK;
    if (store->added_count == store->added_size) {
        size_t size = store->added_size ? store->added_size * 2 : 64;
        struct hd__added *grown = realloc(store->added, size * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        store->added = grown;
        store->added_size = size;
    }
    store->added[store->added_count++] = *added;
    return SQLITE_OK;
}

int hd__sqlite_add_row(struct hd__sqlite *store, const unsigned char *event_id, int64_t event, int64_t due,
                       struct hd__added *added) {
    added->row = store->state.next_row++;
    hd__sqlite_make_delivery_id(event_id, added->webhook, added->delivery_id);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_ROW);
    hd__sql_int(statement, 1, added->row);
    hd__sql_int(statement, 2, added->webhook);
    hd__sql_int(statement, 3, event);
    hd__sql_id(statement, 4, added->delivery_id);
    hd__sql_int(statement, 5, due);
    int code = hd__sql_run(statement);
    store->state.waiting++;
    return code == SQLITE_OK ? note_added(store, added) : code;
}

static int add_row(struct hd__sqlite *store, size_t index, const struct hd__stored_event *event, int64_t key,
                   int64_t webhook) {
    struct hd__added added = {.event = index, .webhook = webhook};
    return hd__sqlite_add_row(store, event->id, key, HD__DUE_NEW, &added);
}

static int add_rows(struct hd__sqlite *store, size_t index, const struct hd__new_event *event, int64_t key,
                    int64_t about) {
    const struct hd__sqlite_list *webhooks = &store->feed.webhooks;
    int code = SQLITE_OK;
    if (event->webhook)
        return add_row(store, index, &event->event, key, event->webhook);
    for (size_t i = 0; i < webhooks->count && code == SQLITE_OK; i += 2)
        if (takes(store, i, event->event.type, about))
            code = add_row(store, index, &event->event, key, webhooks->items[i]);
    return code;
}

int hd__sqlite_add_one(struct hd__sqlite *store, const struct hd__stored_event *event, int64_t webhook, int64_t *row) {
    int64_t key = store->state.next_event;
    int is_new;
    *row = store->state.next_row;
    int code = hd__sqlite_write_event(store, event, *row, 1, &is_new);
    if (code == SQLITE_OK)
        code = is_new ? add_row(store, 0, event, key, webhook) : SQLITE_CONSTRAINT;
    store->added_count = 0;
    return code;
}

/* ---- Keys that were used before ---- */

static int project_key(struct hd__sqlite *store, const char *project, int64_t *key) {
    struct hd__sqlite_feed *feed = &store->feed;
    int code = find_feed(store, project);
    if (code == SQLITE_OK && feed->project == 0)
        code = hd__sqlite_put_project(store, project, &feed->project);
    *key = feed->project;
    return code;
}

static int find_key(struct hd__sqlite *store, struct hd__new_event *event) {
    int64_t project;
    int code = project_key(store, event->event.project, &project);
    if (code != SQLITE_OK)
        return code;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_KEY);
    hd__sql_int(statement, 1, project);
    hd__sql_text(statement, 2, event->key);
    code = hd__sql_next(statement);
    if (code == SQLITE_ROW && hd__sql_get_int(statement, 1) > store->now.ms - store->key_window_ms) {
        hd__sql_get_id(statement, 0, event->known_id);
        event->is_known = memcmp(event->known_id, event->event.id, HD__STORE_ID_SIZE) != 0;
    }
    return hd__sql_end(statement, code);
}

static int add_key(struct hd__sqlite *store, const struct hd__new_event *event) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_KEY);
    hd__sql_int(statement, 1, store->feed.project);
    hd__sql_text(statement, 2, event->key);
    hd__sql_id(statement, 3, event->event.id);
    hd__sql_int(statement, 4, store->now.ms);
    return hd__sql_run(statement);
}

/* ---- An event of a step ---- */

/* Its rows that are still there, and that nobody else can have begun. */
static int recall_rows(struct hd__sqlite *store, size_t index, int64_t key, int64_t first_row, int64_t rows) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ROWS_OF_EVENT);
    int code;
    hd__sql_int(statement, 1, first_row);
    hd__sql_int(statement, 2, first_row + rows - 1);
    hd__sql_int(statement, 3, key);
    while ((code = hd__sql_next(statement)) == SQLITE_ROW) {
        struct hd__added added = {
            .event = index, .webhook = hd__sql_get_int(statement, 1), .row = hd__sql_get_int(statement, 0)};
        hd__sql_get_id(statement, 2, added.delivery_id);
        if ((store->kept_since & HD__SHARD_BIT(added.webhook)) && note_added(store, &added) != SQLITE_OK)
            code = SQLITE_NOMEM;
        if (code == SQLITE_NOMEM)
            break;
    }
    return hd__sql_end(statement, code);
}

static int recall_event(struct hd__sqlite *store, struct hd__step *step, size_t index) {
    struct hd__new_event *event = &step->events[index];
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_EVENT_ROWS);
    hd__sql_id(statement, 1, event->event.id);
    int code = hd__sql_next(statement), is_there = code == SQLITE_ROW;
    int64_t key = is_there ? hd__sql_get_int(statement, 0) : 0;
    int64_t first_row = is_there ? hd__sql_get_int(statement, 1) : 0;
    int64_t rows = is_there ? hd__sql_get_int(statement, 2) : 0;
    event->added = (size_t)rows;
    code = hd__sql_end(statement, code);
    return code == SQLITE_OK && rows > 0 ? recall_rows(store, index, key, first_row, rows) : code;
}

int hd__sqlite_recall_event(struct hd__sqlite *store, struct hd__step *step, size_t index) {
    struct hd__new_event *event = &step->events[index];
    event->added = 0;
    event->is_known = 0;
    int code = event->key ? find_key(store, event) : SQLITE_OK;
    return code == SQLITE_OK && !event->is_known ? recall_event(store, step, index) : code;
}

static int add_deliveries(struct hd__sqlite *store, struct hd__step *step, size_t index, size_t count, int64_t about) {
    struct hd__new_event *event = &step->events[index];
    int64_t key = store->state.next_event;
    int is_new;
    int code = hd__sqlite_write_event(store, &event->event, store->state.next_row, (int64_t)count, &is_new);
    if (code != SQLITE_OK)
        return code;
    if (!is_new)
        return recall_event(store, step, index); /* it came before, in a step of another client */
    event->added = count;
    hd__sqlite_know_event(store, event->event.id,
                          &(struct hd__sqlite_event){.key = key,
                                                     .type = event->event.type,
                                                     .share = (int64_t)(event->event.body.len / count),
                                                     .is_shared = count != 1 || event->event.redelivery_of});
    return add_rows(store, index, event, key, about);
}

int hd__sqlite_add_event(struct hd__sqlite *store, struct hd__step *step, size_t index) {
    struct hd__new_event *event = &step->events[index];
    int64_t count = 0, about = 0;
    event->added = 0;
    event->is_known = 0;
    int code = event->key ? find_key(store, event) : SQLITE_OK;
    if (code != SQLITE_OK || event->is_known)
        return code;
    if (event->key)
        code = add_key(store, event);
    if (code == SQLITE_OK)
        code = event->webhook ? hd__sqlite_has_webhook(store, event->webhook, event->event.project, &count)
                              : find_feed(store, event->event.project);
    if (code == SQLITE_OK)
        code = find_about(store, event->about, &about);
    if (code == SQLITE_OK && !event->webhook)
        count = (int64_t)count_takers(store, event->event.type, about);
    return code == SQLITE_OK && count > 0 ? add_deliveries(store, step, index, (size_t)count, about) : code;
}
