#include "base/notifier.h"

#include "helmdesk.h"

int hd__notifier_init(struct hd__notifier *notifier) {
    notifier->reasons = 0;
    atomic_init(&notifier->is_open, 0);
    return pthread_mutex_init(&notifier->mutex, NULL) == 0 ? HD_OK : HD_E_NO_MEMORY;
}

void hd__notifier_destroy(struct hd__notifier *notifier) {
    if (atomic_load(&notifier->is_open))
        hd__wakeup_close(&notifier->wakeup);
    pthread_mutex_destroy(&notifier->mutex);
}

int hd__notifier_open(struct hd__notifier *notifier) {
    pthread_mutex_lock(&notifier->mutex);
    int is_open = atomic_load(&notifier->is_open) || hd__wakeup_open(&notifier->wakeup);
    atomic_store(&notifier->is_open, is_open);
    pthread_mutex_unlock(&notifier->mutex);
    return is_open ? notifier->wakeup.read_fd : -1;
}

int hd__notifier_is_open(struct hd__notifier *notifier) {
    return notifier && atomic_load(&notifier->is_open);
}

void hd__notifier_set(struct hd__notifier *notifier, int reason, int is_there) {
    if (!hd__notifier_is_open(notifier))
        return;
    pthread_mutex_lock(&notifier->mutex);
    int before = notifier->reasons;
    notifier->reasons = is_there ? before | reason : before & ~reason;
    if (!before && notifier->reasons)
        hd__wakeup_set(&notifier->wakeup);
    else if (before && !notifier->reasons)
        hd__wakeup_clear(&notifier->wakeup);
    pthread_mutex_unlock(&notifier->mutex);
}
