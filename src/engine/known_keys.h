/* The idempotency keys of the recent events of this client, each with the id of the first event that had it. */
#ifndef HD_ENGINE_KNOWN_KEYS_H
#define HD_ENGINE_KNOWN_KEYS_H

#include "base/uuid.h"
#include "helmdesk.h"

#include <pthread.h>

struct hd__known_key;

struct hd__known_keys {
    pthread_mutex_t mutex; /* held from the lookup of a key until the event is accepted */
    const struct hd__clock *clock;
    struct hd__known_key **buckets;
    size_t bucket_count, count;
    struct hd__known_key *oldest, *newest;
};

int hd__known_keys_init(struct hd__known_keys *keys, const struct hd__clock *clock);
void hd__known_keys_destroy(struct hd__known_keys *keys);

/* These two with the mutex held. Whether an event of this project had the key within the last window_ms; then, its id.
 */
int hd__known_keys_find(struct hd__known_keys *keys, const char *project, const char *key, int64_t window_ms,
                        unsigned char id[HD__UUID_BYTES]);

/* Remembers a key that was not found. HD_OK or HD_E_NO_MEMORY. */
int hd__known_keys_add(struct hd__known_keys *keys, const char *project, const char *key,
                       const unsigned char id[HD__UUID_BYTES]);

/* Forgets the key that was added last. */
void hd__known_keys_undo(struct hd__known_keys *keys);

#endif
