/* For webhooks that want it: of the deliveries for one ticket, one at a time, in the order of acceptance, retries
 * included. */
#ifndef HD_ENGINE_ORDER_H
#define HD_ENGINE_ORDER_H

#include "engine/delivery.h"

struct hd__order {
    struct hd__delivery **buckets; /* the first delivery of each ticket of a lane; made when the first is needed */
};

/* Makes entering possible. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__order_prepare(struct hd__order *order);

/* Enters a delivery that has a lane. Returns 1 if it has to wait for older deliveries of its ticket, else 0. */
int hd__order_enter(struct hd__order *order, struct hd__delivery *delivery);

/* A delivery that was entered, and was the first of its ticket, has ended. Returns the next one of the ticket, if any.
 */
struct hd__delivery *hd__order_leave(struct hd__order *order, struct hd__delivery *delivery);

void hd__order_destroy(struct hd__order *order);

#endif
