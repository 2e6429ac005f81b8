/* Waiting for sockets: epoll where there is one, poll() elsewhere. All calls but hd__poller_wake() come from one
 * thread.
 */
#ifndef HD_TRANSPORT_POLLER_H
#define HD_TRANSPORT_POLLER_H

#include <stddef.h>

enum {
    HD__POLLER_READ = 1,
    HD__POLLER_WRITE = 2
};

struct hd__poller;

/* A socket that can be read from or written to, or has failed, which is reported as the event that was waited for. */
struct hd__socket_event {
    int fd;
    int events; /* HD__POLLER_... */
};

/* NULL without memory or descriptors. */
struct hd__poller *hd__poller_new(void);

void hd__poller_free(struct hd__poller *poller);

/* Makes room for a socket, so that watching it cannot lack memory. Returns 0 without memory. */
int hd__poller_reserve(struct hd__poller *poller, int fd);

/* From now on waits for these events on a socket; 0 for none. */
void hd__poller_watch(struct hd__poller *poller, int fd, int events, void *user);

/* The user that waits for a socket now; NULL for none. Of several events, the first may have closed the socket of the
 * next. */
void *hd__poller_user(const struct hd__poller *poller, int fd);

/* Is called before a socket is closed that was ever watched. */
void hd__poller_forget(struct hd__poller *poller, int fd);

/* Waits until something has happened, or hd__poller_wake() was called, or timeout_ms is over. Returns how many events
 * it has written. */
size_t hd__poller_wait(struct hd__poller *poller, int timeout_ms, struct hd__socket_event *events, size_t max);

/* Makes hd__poller_wait() return, also if it has not begun yet. From any thread. */
void hd__poller_wake(struct hd__poller *poller);

#endif
