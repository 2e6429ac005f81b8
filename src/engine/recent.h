/* Events that claims have read recently. An event for several webhooks is read for each of them at about the same time;
 * its JSON is parsed only once. */
#ifndef HD_ENGINE_RECENT_H
#define HD_ENGINE_RECENT_H

#include "event/event.h"
#include "store/store.h"

#define HD__RECENT_EVENTS 1024
#define HD__RECENT_SIZE 2048 /* larger ones are not kept */

struct hd__recent {
    struct hd__recent_event {
        unsigned char id[HD__STORE_ID_SIZE];
        hd_event *event; /* a reference; NULL for none */
    } events[HD__RECENT_EVENTS];
};

/* hd__durable_read_event() for what was not read lately. */
int hd__recent_read(struct hd__recent *recent, const struct hd__stored_event *stored, hd_event **event);

void hd__recent_forget(struct hd__recent *recent);

#endif
