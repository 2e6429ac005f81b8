/* The attempts under way: what the transport has. */
#ifndef HD_ENGINE_ATTEMPTS_H
#define HD_ENGINE_ATTEMPTS_H

#include "engine/ledger.h"

struct hd__attempts {
    struct hd__ledger *ledger;
    struct hd__transport *transport;
    struct hd__attempt *first;
    struct hd__pool unused;
};

/* Returns HD_OK or HD_E_NO_MEMORY. */
int hd__attempts_init(struct hd__attempts *attempts, struct hd__ledger *ledger, struct hd__transport *transport);

/* None may be under way. */
void hd__attempts_destroy(struct hd__attempts *attempts);

/* Begins an attempt for each delivery whose turn it is. */
void hd__attempts_begin(struct hd__attempts *attempts);

/* Settles the deliveries whose attempts are over. */
void hd__attempts_collect(struct hd__attempts *attempts);

/* Gives up all that are under way. */
void hd__attempts_abandon(struct hd__attempts *attempts);

#endif
