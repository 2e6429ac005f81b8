/* The descriptor that the event loop of a program watches: readable as long as there is a reason for it. Until somebody
 * asks for it there is none, and to keep it up to date costs one look at a flag. Any thread may call. */
#ifndef HD_BASE_NOTIFIER_H
#define HD_BASE_NOTIFIER_H

#include "base/wakeup.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    HD__NOTIFY_REPORT = 1,  /* there is a report to take */
    HD__NOTIFY_MESSAGE = 2, /* there is a message to take */
    HD__NOTIFY_COMMIT = 4,  /* there is the outcome of an event to take */
    HD__NOTIFY_END = 8      /* there will be no more of these but messages */
};

struct hd__notifier {
    pthread_mutex_t mutex;
    atomic_int is_open;
    struct hd__wakeup wakeup;
    int reasons; /* HD__NOTIFY_... */
};

int hd__notifier_init(struct hd__notifier *notifier); /* a status */
void hd__notifier_destroy(struct hd__notifier *notifier);

/* Makes the descriptor at the first call. Returns it, or -1 without descriptors. */
int hd__notifier_open(struct hd__notifier *notifier);

/* Whether there is a notifier (NULL for none) with a descriptor. If not, nobody needs to find out whether there is a
 * reason: after it was opened, all reasons are determined anew. */
int hd__notifier_is_open(struct hd__notifier *notifier);

/* From now on there is this reason, or not; nothing for NULL. For one reason, calls come one at a time. */
void hd__notifier_set(struct hd__notifier *notifier, int reason, int is_there);

#endif
