/* How the library's messages name a webhook: by its id, and by the name that its owner gave it. */
#ifndef HD_ENGINE_NAMING_H
#define HD_ENGINE_NAMING_H

#define HD__NAMING_SIZE 656 /* the longest id, a blank, the longest name with all of it escaped, quotes, a NUL */

/* Writes: webhook-1 "Sales". Customers choose the name, so it is quoted and escaped: it cannot be mistaken for another
 * part of the message. Without a name, which may be NULL too, only the id. Returns naming. */
const char *hd__name_webhook(const char *id, const char *name, char naming[HD__NAMING_SIZE]);

#endif
