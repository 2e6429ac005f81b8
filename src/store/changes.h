/* The record of changes in memory, of a client without a store. */
#ifndef HD_STORE_CHANGES_H
#define HD_STORE_CHANGES_H

#include "store/store.h"

struct hd__changes;
struct hd__kept_change;

/* NULL without memory. */
struct hd__changes *hd__changes_new(void);
void hd__changes_free(struct hd__changes *changes);

/* An entry that can be added after its change was made: adding it does not fail. NULL without memory. */
struct hd__kept_change *hd__changes_prepare(const struct hd__stored_change *stored);
void hd__changes_add(struct hd__changes *changes, struct hd__kept_change *prepared, uint64_t count);
void hd__changes_drop(struct hd__kept_change *prepared);

/* As that of a store. */
int hd__changes_find(struct hd__changes *changes, const struct hd__change_search *search,
                     void (*tell)(void *user, const struct hd__stored_change *change), void *user);

#endif
