#include "engine/order.h"

#include "base/hash.h"

#include "event/event.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096

int hd__order_prepare(struct hd__order *order) {
    if (!order->buckets)
        order->buckets = calloc(BUCKETS, sizeof order->buckets[0]);
    return order->buckets ? HD_OK : HD_E_NO_MEMORY;
}

/* Or the webhook that an alert is about. */
static const char *ticket_of(const struct hd__delivery *delivery) {
    return delivery->message->event->texts[HD__EVENT_TICKET_ID];
}

static struct hd__delivery **bucket_of(struct hd__order *order, const struct hd__delivery *delivery) {
    uint64_t hash = hd__hash(HD__HASH_BEGIN ^ (uint64_t)(uintptr_t)delivery->lane, ticket_of(delivery));
    return &order->buckets[(hash >> 32) % BUCKETS];
}

/* Where the first delivery of this one's ticket is in the table, or would be. */
static struct hd__delivery **find(struct hd__order *order, const struct hd__delivery *delivery) {
    struct hd__delivery **at = bucket_of(order, delivery);
    while (*at && ((*at)->lane != delivery->lane || strcmp(ticket_of(*at), ticket_of(delivery)) != 0))
        at = &(*at)->next_same_bucket;
    return at;
}

int hd__order_enter(struct hd__order *order, struct hd__delivery *delivery) {
    struct hd__delivery **at = find(order, delivery), *first = *at;
    delivery->is_ordered = 1;
    delivery->next_of_ticket = NULL;
    if (!first) {
        delivery->next_same_bucket = NULL;
        delivery->last_of_ticket = delivery;
        *at = delivery;
        return 0;
    }
    first->last_of_ticket->next_of_ticket = delivery;
    first->last_of_ticket = delivery;
    return 1;
}

struct hd__delivery *hd__order_leave(struct hd__order *order, struct hd__delivery *delivery) {
    struct hd__delivery **at = find(order, delivery), *next = delivery->next_of_ticket;
    if (next) {
        next->last_of_ticket = delivery->last_of_ticket;
        next->next_same_bucket = delivery->next_same_bucket;
    }
    *at = next ? next : delivery->next_same_bucket;
    return next;
}

void hd__order_destroy(struct hd__order *order) {
    free(order->buckets);
}
