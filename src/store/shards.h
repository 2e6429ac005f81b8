/* Which shard a webhook is in. It needs nothing of the core, so that a store that is a library of its own can have it
 * built in. */
#ifndef HD_STORE_SHARDS_H
#define HD_STORE_SHARDS_H

#include "store/store.h"

/* The shard of a webhook, by its key. */
int hd__shard_of(int64_t webhook);

#endif
