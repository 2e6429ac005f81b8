/* The webhooks of a store by their keys, as the loop knows them: those too that are gone and for which something waits.
 */
#ifndef HD_ENGINE_ROSTER_H
#define HD_ENGINE_ROSTER_H

#include "helmdesk.h"

#include <stddef.h>
#include <stdint.h>

struct hd__member {
    int64_t key;
    hd_webhook *webhook;     /* a reference; NULL while it is not known, or cannot be read */
    int64_t discarded_up_to; /* rows */
    int has_arrived;         /* something waits for it, and it was not known yet */
};

struct hd__roster {
    struct hd__member *members; /* by key */
    size_t count, capacity;
};

/* The member with this key, which is made if it is not there; NULL without memory. It stays until the next is made. */
struct hd__member *hd__roster_member(struct hd__roster *roster, int64_t key);

void hd__roster_destroy(struct hd__roster *roster);

#endif
