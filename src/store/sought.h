/* What a search for a text looks at: the same for the log in memory and in a store. */
#ifndef HD_STORE_SOUGHT_H
#define HD_STORE_SOUGHT_H

#include "store/store.h"

#define HD__SOUGHT_MAX 8

struct hd__sought {
    struct hd__bytes ids[HD__SOUGHT_MAX];   /* are found as a whole */
    struct hd__bytes texts[HD__SOUGHT_MAX]; /* are found by any part of them */
    size_t id_count, text_count;
};

/* Add one. NULL adds nothing. */
void hd__sought_add_id(struct hd__sought *sought, const char *id);
void hd__sought_add_text(struct hd__sought *sought, const char *text, size_t len);

/* Adds the parts of struct hd__stored_event's `search`. */
void hd__sought_add_event(struct hd__sought *sought, const char *search);

/* Whether a text is the number of a ticket, such as "#42": that is found as an id only. */
int hd__sought_is_number(const char *text);

/* Whether what was added has the text, which is folded (see base/fold.h). */
int hd__sought_has(const struct hd__sought *sought, const char *text);

#endif
