/* Things that are used again instead of being freed and made anew. For one thread. */
#ifndef HD_BASE_POOL_H
#define HD_BASE_POOL_H

#include <stddef.h>

struct hd__pool {
    void **items;
    size_t count, max;
};

/* An empty pool for up to max things. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__pool_init(struct hd__pool *pool, size_t max);

/* Frees what is in it by free_item. */
void hd__pool_destroy(struct hd__pool *pool, void (*free_item)(void *item));

/* One of the things in it; NULL if it is empty. */
void *hd__pool_take(struct hd__pool *pool);

/* Returns 0 if the pool is full, and the thing is still the caller's. */
int hd__pool_give(struct hd__pool *pool, void *item);

#endif
