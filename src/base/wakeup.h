/* A descriptor that one thread makes readable for another one: an eventfd on Linux, a pipe elsewhere. It never blocks,
 * and no program that this one starts inherits it. */
#ifndef HD_BASE_WAKEUP_H
#define HD_BASE_WAKEUP_H

struct hd__wakeup {
    int read_fd, write_fd; /* the same for an eventfd */
};

/* Returns 0 without descriptors. */
int hd__wakeup_open(struct hd__wakeup *wakeup);
void hd__wakeup_close(struct hd__wakeup *wakeup);

/* Makes read_fd readable, until the next clear. Any thread may call both. */
void hd__wakeup_set(const struct hd__wakeup *wakeup);
void hd__wakeup_clear(const struct hd__wakeup *wakeup);

#endif
