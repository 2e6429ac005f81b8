#include "engine/recent.h"

#include "store/durable.h"

#include <string.h>

/* The end of an id is random. */
static struct hd__recent_event *place_of(struct hd__recent *recent, const unsigned char id[HD__STORE_ID_SIZE]) {
    size_t number = (size_t)id[HD__STORE_ID_SIZE - 2] << 8 | id[HD__STORE_ID_SIZE - 1];
    return &recent->events[number % HD__RECENT_EVENTS];
}

static void keep(struct hd__recent_event *at, const struct hd__stored_event *stored, hd_event *event) {
    if (event->size > HD__RECENT_SIZE)
        return;
    hd_event_free(at->event);
    at->event = hd__event_ref(event);
    memcpy(at->id, stored->id, sizeof at->id);
}

int hd__recent_read(struct hd__recent *recent, const struct hd__stored_event *stored, hd_event **event) {
    struct hd__recent_event *at = place_of(recent, stored->id);
    if (at->event && memcmp(at->id, stored->id, sizeof at->id) == 0) {
        *event = hd__event_ref(at->event);
        return HD_OK;
    }
    int status = hd__durable_read_event(stored, event);
    if (status == HD_OK)
        keep(at, stored, *event);
    return status;
}

void hd__recent_forget(struct hd__recent *recent) {
    for (size_t i = 0; i < HD__RECENT_EVENTS; i++) {
        hd_event_free(recent->events[i].event);
        recent->events[i].event = NULL;
    }
}
