/* What happened. An event is changed by one thread until it is sent; from then on it is frozen, and the threads that
 * need it share it by counted references. */
#ifndef HD_EVENT_EVENT_H
#define HD_EVENT_EVENT_H

#include "helmdesk.h"

#include <stdatomic.h>

struct hd_event {
    atomic_uint references;
    atomic_int frozen;
    int type;
    char *name; /* of an unknown event; else NULL */
    char *project;
    int64_t timestamp_ms;
    char *ticket_id, *ticket_subject, *ticket_status, *ticket_priority;
    int64_t ticket_number;
    char *customer_email, *customer_name;
    char *message_id, *message_sender, *message_body;
    size_t size; /* memory that all this and its JSON body take, as of the last hd__event_measure */
};

int hd__event_type_known(int type);

/* An empty event of any type, HD_EVENT_UNKNOWN too; NULL without memory. */
hd_event *hd__event_alloc(int type);

hd_event *hd__event_ref(hd_event *event);

/* From now on the setters answer HD_E_STATE. */
void hd__event_freeze(hd_event *event);

/* Brings event->size up to date, after its fields were changed. */
void hd__event_measure(hd_event *event);

#endif
