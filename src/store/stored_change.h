/* An entry of the record of changes as it passes the seam to a store (store.h), and what is asked of it. */
#ifndef HD_STORE_STORED_CHANGE_H
#define HD_STORE_STORED_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#define HD__CHANGES_OF_WEBHOOK 500 /* kept, of those with one id; the newest */
#define HD__CHANGES_OF_PROJECT 10000
#define HD__CHANGES_KEPT 100000 /* in all, by their numbers */

struct hd__stored_webhook;

/* Texts are never NULL. webhook_id is "" for none. */
struct hd__stored_change {
    int64_t id; /* larger than those before */
    int64_t at_ms;
    int action; /* HD_CHANGE_... */
    const char *by, *project, *webhook_id, *webhook_name, *object;
    uint64_t count;
    const char *fields; /* of each setting: name, NUL, before, NUL, after, NUL; NULL for none */
    size_t fields_len;
};

/* An entry that is to be written in the transaction of a change, if that is made. */
struct hd__change_note {
    struct hd__stored_change it; /* id is the store's. Of put_webhook, the next sets action and fields. Of
                                    remove_webhook and discard, project and name are the webhook's, as it is stored, and
                                    count is the store's too */
    /* Of put_webhook: what it changes of what there was before (NULL for none); sets it.action to 0 for nothing that is
     * to be recorded. May be called again. Returns a status, which ends the put. */
    int (*describe)(struct hd__change_note *note, const struct hd__stored_webhook *before);
    void *user;
};

struct hd__change_search {
    const char *project, *webhook_id; /* NULL for all */
    int64_t before_id;                /* 0 for the newest */
    size_t max;
};

#endif
