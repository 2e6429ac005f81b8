/* Events that reports are about. Those that a step added or a claim brought are remembered, some thousand of them,
 * since their reports come soon. */
#include "store/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#define KNOWN 4096 /* a power of two */

/* Some bytes of the id that are random, unless the id was not made by this library. */
static size_t place_of(const unsigned char *id) {
    uint64_t bits;
    memcpy(&bits, id + 8, sizeof bits);
    return (size_t)(bits * 0x9E3779B97F4A7C15U >> 52) & (KNOWN - 1);
}

void hd__sqlite_know_event(struct hd__sqlite *store, const unsigned char *id, const struct hd__sqlite_event *event) {
    if (!store->events && !(store->events = calloc(KNOWN, sizeof *store->events)))
        return; /* it is looked up then */
    struct hd__sqlite_event *known = &store->events[place_of(id)];
    *known = *event;
    memcpy(known->id, id, HD__STORE_ID_SIZE);
}

void hd__sqlite_forget_known(struct hd__sqlite *store) {
    if (store->events)
        memset(store->events, 0, KNOWN * sizeof *store->events);
}

static int look_up(struct hd__sqlite *store, const unsigned char *id, struct hd__sqlite_event *event) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_EVENT);
    hd__sql_id(statement, 1, id);
    int code = hd__sql_next(statement);
    *event = (struct hd__sqlite_event){0};
    if (code == SQLITE_ROW)
        *event = (struct hd__sqlite_event){
            .key = hd__sql_get_int(statement, 0),
            .type = (int)hd__sql_get_int(statement, 1),
            .share = hd__sql_get_int(statement, 2),
            .is_shared = (int)hd__sql_get_int(statement, 3),
        };
    memcpy(event->id, id, HD__STORE_ID_SIZE);
    return hd__sql_end(statement, code);
}

int hd__sqlite_find_event(struct hd__sqlite *store, const unsigned char *id, int is_there,
                          struct hd__sqlite_event *event) {
    const struct hd__sqlite_event *known = store->events && is_there ? &store->events[place_of(id)] : NULL;
    if (!known || !known->key || memcmp(known->id, id, HD__STORE_ID_SIZE) != 0)
        return look_up(store, id, event);
    *event = *known;
    return SQLITE_OK;
}
