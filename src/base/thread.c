#include "base/thread.h"

#include "base/clock.h"
#include "helmdesk.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

/* libcurl with TLS used 12 to 14 KiB of it; musl's default of 128 KiB has overflowed elsewhere (libuv#1507), and the
 * program's log function runs on it too. */
#define STACK_SIZE ((size_t)512 * 1024)

int hd__monitor_init(struct hd__monitor *monitor) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return HD_E_NO_MEMORY;
    int failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
                 pthread_cond_init(&monitor->changed, &attributes) != 0;
    pthread_condattr_destroy(&attributes);
    if (failed)
        return HD_E_NO_MEMORY;
    if (pthread_mutex_init(&monitor->mutex, NULL) != 0) {
        pthread_cond_destroy(&monitor->changed);
        return HD_E_NO_MEMORY;
    }
    return HD_OK;
}

void hd__monitor_destroy(struct hd__monitor *monitor) {
    pthread_cond_destroy(&monitor->changed);
    pthread_mutex_destroy(&monitor->mutex);
}

int hd__monitor_wait(struct hd__monitor *monitor, int64_t deadline_us) {
    struct timespec until = {.tv_sec = (time_t)(deadline_us / 1000000),
                             .tv_nsec = (long)(deadline_us % 1000000) * 1000};
    return pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &until) != ETIMEDOUT;
}

int hd__thread_start(pthread_t *thread, void *(*main)(void *), void *argument) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return HD_E_THREAD;
    sigset_t all, before;
    sigfillset(&all);
    int failed = pthread_attr_setstacksize(&attributes, STACK_SIZE) != 0;
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = failed || pthread_create(thread, &attributes, main, argument) != 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed ? HD_E_THREAD : HD_OK;
}

static atomic_uint fork_count;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static void count_fork(void) {
    atomic_fetch_add_explicit(&fork_count, 1, memory_order_relaxed);
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, count_fork);
}

unsigned hd__fork_count(void) {
    pthread_once(&watch_once, watch_forks);
    return atomic_load_explicit(&fork_count, memory_order_relaxed);
}
