#include "base/wakeup.h"

#include <errno.h>
#include <unistd.h>

#if defined(__linux__) && !defined(HD_USE_POLL)

#include <stdint.h>
#include <sys/eventfd.h>

int hd__wakeup_open(struct hd__wakeup *wakeup) {
    wakeup->read_fd = wakeup->write_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return wakeup->read_fd >= 0;
}

void hd__wakeup_close(struct hd__wakeup *wakeup) {
    close(wakeup->read_fd);
}

void hd__wakeup_set(const struct hd__wakeup *wakeup) {
    uint64_t one = 1;
    while (write(wakeup->write_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void hd__wakeup_clear(const struct hd__wakeup *wakeup) {
    uint64_t count;
    while (read(wakeup->read_fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
}

#else

#include <fcntl.h>

static int make_quiet(int fd) {
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int hd__wakeup_open(struct hd__wakeup *wakeup) {
    int ends[2];
    if (pipe(ends) != 0)
        return 0;
    *wakeup = (struct hd__wakeup){ends[0], ends[1]};
    if (make_quiet(ends[0]) && make_quiet(ends[1]))
        return 1;
    hd__wakeup_close(wakeup);
    return 0;
}

void hd__wakeup_close(struct hd__wakeup *wakeup) {
    close(wakeup->read_fd);
    close(wakeup->write_fd);
}

void hd__wakeup_set(const struct hd__wakeup *wakeup) {
    while (write(wakeup->write_fd, "", 1) < 0 && errno == EINTR)
        ; /* a full pipe is readable, too */
}

void hd__wakeup_clear(const struct hd__wakeup *wakeup) {
    char bytes[64];
    ssize_t count;
    do
        count = read(wakeup->read_fd, bytes, sizeof bytes);
    while (count > 0 || (count < 0 && errno == EINTR));
}

#endif
