/* The inside of a client, for the files of the public API. */
#ifndef HD_CLIENT_H
#define HD_CLIENT_H

#include "base/exit.h"
#include "engine/direct.h"
#include "engine/worker.h"
#include "options.h"

#include <pthread.h>
#include <stdatomic.h>

struct hd_client {
    atomic_uint references;
    hd_client *whole; /* itself; of a handle of hd_client_as(), a reference to the client. Only that one's has what is
                         said to be of the whole; all else is the same in both */
    char *by;         /* who makes the changes */
    unsigned fork_count; /* of the process that made it */
    hd_options *options;
    struct hd__webhooks *webhooks;
    struct hd__log_ring *ring;
    struct hd__jobs *jobs;           /* in memory; NULL with a store */
    struct hd__changes *changes;     /* the same */
    struct hd__transport *transport; /* NULL, as the next, for a client without a loop */
    struct hd__worker *worker;
    struct hd__direct *direct;     /* of a client without a loop */
    struct hd__messages *messages; /* NULL if none are kept */
    hd_store *store; /* NULL for none; a reference. A closed client only reads from it, since another client may use it
                        by then */
    /* of the whole */
    struct hd__exit_hook exit_hook;
    struct hd__notifier notifier;
    int has_store;             /* it is this client that uses the store */
    pthread_mutex_t put_mutex; /* held while a webhook is changed, and while the store is left */
    atomic_int is_closed;      /* or about to be */
    int has_left;              /* with put_mutex held: it has ended */
};

/* Whether a call may use this client: HD_OK, HD_E_INVALID for NULL, HD_E_FORKED. */
int hd__client_check(hd_client *client);

/* The same for a call that changes something: also HD_E_STORE_READ_ONLY. */
int hd__client_check_writing(hd_client *client);

/* The same for a call that may wait for the worker: also HD_E_WRONG_THREAD on its thread. */
int hd__client_check_waiting(hd_client *client);

/* A reference to the webhook with this id as it is now; NULL if there is none. */
hd_webhook *hd__client_webhook(hd_client *client, const char *id);

#endif
