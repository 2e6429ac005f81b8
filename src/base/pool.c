#include "base/pool.h"

#include "helmdesk.h"

#include <stdlib.h>

int hd__pool_init(struct hd__pool *pool, size_t max) {
    *pool = (struct hd__pool){.items = calloc(max, sizeof pool->items[0]), .max = max};
    return pool->items ? HD_OK : HD_E_NO_MEMORY;
}

void hd__pool_destroy(struct hd__pool *pool, void (*free_item)(void *item)) {
    while (pool->count > 0)
        free_item(hd__pool_take(pool));
    free(pool->items);
}

void *hd__pool_take(struct hd__pool *pool) {
    return pool->count > 0 ? pool->items[--pool->count] : NULL;
}

int hd__pool_give(struct hd__pool *pool, void *item) {
    if (pool->count == pool->max)
        return 0;
    pool->items[pool->count++] = item;
    return 1;
}
