/* What a call of a client leaves in the record of changes. */
#ifndef HD_CLIENT_CHANGES_H
#define HD_CLIENT_CHANGES_H

#include "client.h"

#include "base/buffer.h"
#include "store/changes.h"

/* An entry, from before a change to its end. Its texts live until then. */
struct hd__noting {
    hd_client *client;
    struct hd__change_note note; /* goes with the change to the store */
    const hd_webhook *after;     /* of a put */
    hd_webhook *webhook;         /* a reference, or NULL */
    struct hd__buffer fields;
    struct hd__kept_change *kept; /* without a store: to be added when the change was made */
};

/* Begins an entry about the webhook with this id (NULL or "" for none). */
void hd__noting_begin(struct hd__noting *noting, hd_client *client, int action, const char *webhook_id);

/* The same of a put: what it changes is found out with the change. */
void hd__noting_begin_put(struct hd__noting *noting, hd_client *client, const hd_webhook *after);

/* Makes sure that the entry can be added. With a store, its transaction sees to that. HD_OK or HD_E_NO_MEMORY. */
int hd__noting_prepare(struct hd__noting *noting);

/* There was nothing to change. */
void hd__noting_drop(struct hd__noting *noting);

/* The change has been made, if status is HD_OK. */
void hd__noting_end(struct hd__noting *noting, int status);

/* All of it, for what changes nothing in the store but this entry. Returns a status. */
int hd__client_note(hd_client *client, int action, const char *webhook_id, const char *object);

#endif
