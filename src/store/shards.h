/* Which shard a webhook is in, and how shards are divided among the clients that deliver. Each client has its share of
 * the shards; and, since there may be few webhooks, whose keys follow each other, it has them spread over all shards.
 * This file uses nothing of the core, so that the shared library of a store can contain a copy. */
#ifndef HD_STORE_SHARDS_H
#define HD_STORE_SHARDS_H

#include "store/store.h"

/* The shard of a webhook, by its key. */
int hd__shard_of(int64_t webhook);

/* The owners of the shards. */
struct hd__shards {
    int64_t owners[HD__SHARDS];  /* clients; 0 for none */
    int64_t clients[HD__SHARDS]; /* that deliver, in an order that is the same for all of them. If there are more, the
                                    first ones */
    int64_t client_count;
};

/* Adds a client that delivers. */
void hd__shards_add_client(struct hd__shards *shards, int64_t client);

/* What a client owns: a bit for each shard, as in the next two. */
uint64_t hd__shards_owned(const struct hd__shards *shards, int64_t client);

/* What it is to take now of what has no owner. Each shard is taken by somebody, as long as all look again after each
 * change. */
uint64_t hd__shards_to_take(const struct hd__shards *shards, int64_t client);

/* What it is to leave. What it is leaving already stays among that, as far as it has too many. */
uint64_t hd__shards_to_leave(const struct hd__shards *shards, int64_t client, uint64_t leaving);

#endif
