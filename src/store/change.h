/* Entries of the record of changes. */
#ifndef HD_STORE_CHANGE_H
#define HD_STORE_CHANGE_H

#include "base/buffer.h"
#include "endpoint/webhook.h"
#include "store/store.h"

/* What a put makes of a webhook, of which before (NULL for none) was there: appends the settings to fields, as stored.
 * Returns the action; 0 if nothing is different. */
int hd__change_describe(const hd_webhook *before, const hd_webhook *after, struct hd__buffer *fields);

/* NULL without memory. */
hd_change_list *hd__change_list_new(void);

/* Appends a copy. HD_OK or HD_E_NO_MEMORY. */
int hd__change_list_add(hd_change_list *list, const struct hd__stored_change *stored);

/* The first entry as it is stored; its texts are the list's. */
void hd__change_list_stored(const hd_change_list *list, struct hd__stored_change *stored);

#endif
