#include "store/shards.h"

int hd__shard_of(int64_t webhook) {
    return (int)((uint64_t)webhook % HD__SHARDS);
}
