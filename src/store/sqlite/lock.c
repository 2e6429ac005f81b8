#include "store/sqlite/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000
#define FIRST_NAP_NS 50000
#define LAST_NAP_NS 1000000

/* ---- The files ---- */

void hd__lock_init(struct hd__lock *lock) {
    hd__descriptor_init(&lock->turn);
    hd__descriptor_init(&lock->write);
}

static void close_files(struct hd__lock *lock) {
    hd__descriptor_close(&lock->turn);
    hd__descriptor_close(&lock->write);
}

static int open_file(int folder, const char *name, int makes, struct hd__descriptor *file) {
    hd__descriptor_set(file,
                       openat(folder, name, (makes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW, 0600));
    return file->fd >= 0 ? 0 : errno;
}

/* With a byte to read. Without room for one, it is tried again by hd__lock_check(). */
static void fill(int file) {
    struct stat found;
    if (fstat(file, &found) == 0 && found.st_size == 0)
        (void)!pwrite(file, "\n", 1, 0);
}

int hd__lock_open(struct hd__lock *lock, const char *directory, int makes) {
    int error, folder;
    hd__descriptors_hold();
    folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = folder < 0 ? errno : open_file(folder, "turn.lock", makes, &lock->turn);
    if (!error)
        error = open_file(folder, "write.lock", makes, &lock->write);
    if (!error && makes)
        fill(lock->write.fd);
    if (folder >= 0)
        close(folder);
    if (error)
        close_files(lock);
    hd__descriptors_let_go();
    return error;
}

void hd__lock_close(struct hd__lock *lock) {
    hd__descriptors_hold();
    close_files(lock);
    hd__descriptors_let_go();
}

static int is_there(int file, const char *directory, const char *name, off_t size) {
    char path[4096];
    struct stat open_one, found;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return fstat(file, &open_one) == 0 && stat(path, &found) == 0 && open_one.st_dev == found.st_dev &&
           open_one.st_ino == found.st_ino && found.st_size >= size;
}

int hd__lock_check(struct hd__lock *lock, const char *directory) {
    if (lock->write.fd >= 0 && is_there(lock->turn.fd, directory, "turn.lock", 0) &&
        is_there(lock->write.fd, directory, "write.lock", 1))
        return 0;
    hd__lock_close(lock);
    return hd__lock_open(lock, directory, 1);
}

/* ---- Waiting ---- */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int try_file(int file) {
    int failed;
    do
        failed = flock(file, LOCK_EX | LOCK_NB) != 0;
    while (failed && errno == EINTR);
    return failed ? errno : 0;
}

static int wait_for(int file, int64_t *until_ms, const atomic_int *is_called_off) {
    struct timespec nap = {.tv_nsec = FIRST_NAP_NS};
    int error;
    while ((error = try_file(file)) == EWOULDBLOCK) {
        if (!*until_ms)
            *until_ms = now_ms() + PATIENCE_MS;
        if (is_called_off && atomic_load(is_called_off))
            return ECANCELED;
        if (now_ms() >= *until_ms)
            return EWOULDBLOCK;
        nanosleep(&nap, NULL);
        nap.tv_nsec = nap.tv_nsec * 3 / 2 < LAST_NAP_NS ? nap.tv_nsec * 3 / 2 : LAST_NAP_NS;
    }
    return error;
}

int hd__lock_take(struct hd__lock *lock, const atomic_int *is_called_off) {
    int64_t until_ms = 0;
    if (lock->write.fd < 0)
        return EBADF;
    int error = wait_for(lock->turn.fd, &until_ms, is_called_off);
    if (error)
        return error;
    error = wait_for(lock->write.fd, &until_ms, is_called_off);
    flock(lock->turn.fd, LOCK_UN);
    return error;
}

void hd__lock_drop(struct hd__lock *lock) {
    flock(lock->write.fd, LOCK_UN);
}

void hd__lock_tell(const struct hd__lock *lock) {
    char byte;
    (void)!pread(lock->write.fd, &byte, 1, 0);
}
