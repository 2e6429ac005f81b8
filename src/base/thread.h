/* Threads: what POSIX gives, with the settings that this library always wants. */
#ifndef HD_BASE_THREAD_H
#define HD_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* A condition whose waits are measured on the monotonic clock, with the mutex that guards what it is about. */
struct hd__monitor {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

int hd__monitor_init(struct hd__monitor *monitor); /* a status */
void hd__monitor_destroy(struct hd__monitor *monitor);

/* Waits, with the mutex held, for a broadcast or until the time deadline_us of hd__system_clock. Returns 0 after the
 * deadline, else 1; the caller looks again at what it waits for. */
int hd__monitor_wait(struct hd__monitor *monitor, int64_t deadline_us);

/* Starts a thread that blocks every signal, so that the program's handlers never run on it and SIGPIPE cannot end the
 * program (librdkafka does the same; sentry-native#806 shows what happens otherwise). Returns a status. */
int hd__thread_start(pthread_t *thread, void *(*main)(void *), void *argument);

/* How many times this process is the child of a fork(), as far as it has been watched. Objects with threads remember
 * the number at their birth; another one later means that their threads stayed in the parent. */
unsigned hd__fork_count(void);

#endif
