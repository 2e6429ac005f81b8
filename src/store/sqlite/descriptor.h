/* Descriptors that a forked child closes at once: it has the same open files, so that as long as it had them, their
 * locks and watches would outlive the parent. */
#ifndef HD_STORE_SQLITE_DESCRIPTOR_H
#define HD_STORE_SQLITE_DESCRIPTOR_H

struct hd__descriptor {
    struct hd__descriptor *next, *previous; /* of all that are open in this process */
    int fd;                                 /* -1 while it is not open, and in a forked child */
};

void hd__descriptor_init(struct hd__descriptor *descriptor);

/* Between these two no child is forked: to open descriptors, and to close them. */
void hd__descriptors_hold(void);
void hd__descriptors_let_go(void);

/* What was opened. Without a descriptor, -1, it does nothing. */
void hd__descriptor_set(struct hd__descriptor *descriptor, int fd);
void hd__descriptor_close(struct hd__descriptor *descriptor);

#endif
