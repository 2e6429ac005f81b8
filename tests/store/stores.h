/* SPDX-License-Identifier: MIT */
/* The list of stores that the conformance suite and the explorer run on. An engine of your own joins it with an entry
 * in stores.c; or a program of yours, linked with these files, calls check_store() with a kind of its own. */
#ifndef TESTS_STORE_STORES_H
#define TESTS_STORE_STORES_H

#include "store/store.h"

struct store_kind {
    const char *name;
    /* A new place, with an empty store in it; NULL if that fails. */
    void *(*make)(void);
    /* Another handle on what is at this place, as another process would have it; NULL if that fails. It is freed with
     * its ops->free. A client that did not leave before has died. */
    struct hd_store *(*open)(void *place);
    /* Removes it. All handles are freed. */
    void (*destroy)(void *place);
    /* A number for the state it is in at a (monotonic) time, so that the explorer need not go twice from the same one;
     * NULL if there is none. */
    uint64_t (*digest)(void *place, int64_t now_us);
};

extern const struct store_kind store_kinds[];
extern const size_t store_kind_count;

/* Runs the whole suite on one. Returns how many checks failed. */
int check_store(const struct store_kind *kind);

#endif
