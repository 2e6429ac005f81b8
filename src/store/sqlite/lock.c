#include "store/sqlite/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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

/* ---- All that are open, for the child of a fork ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hd__lock *locks;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void hold(void) {
    pthread_mutex_lock(&mutex);
}

static void let_go(void) {
    pthread_mutex_unlock(&mutex);
}

static void close_files(struct hd__lock *lock) {
    if (lock->turn >= 0)
        close(lock->turn);
    if (lock->write >= 0)
        close(lock->write);
    lock->turn = lock->write = -1;
}

/* The child has the same open files: as long as it had them, a lock would outlive the parent. */
static void close_all(void) {
    for (struct hd__lock *lock = locks; lock; lock = lock->next)
        close_files(lock);
    locks = NULL;
    pthread_mutex_unlock(&mutex);
}

static void watch_forks(void) {
    pthread_atfork(hold, let_go, close_all);
}

static void enlist(struct hd__lock *lock) {
    lock->previous = NULL;
    lock->next = locks;
    if (locks)
        locks->previous = lock;
    locks = lock;
}

static void strike(struct hd__lock *lock) {
    if (lock->previous)
        lock->previous->next = lock->next;
    else if (locks == lock)
        locks = lock->next;
    if (lock->next)
        lock->next->previous = lock->previous;
    lock->next = lock->previous = NULL;
}

/* ---- The files ---- */

void hd__lock_init(struct hd__lock *lock) {
    *lock = (struct hd__lock){.turn = -1, .write = -1};
    pthread_once(&once, watch_forks);
}

static int open_file(int folder, const char *name, int makes, int *file) {
    *file = openat(folder, name, (makes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *file >= 0 ? 0 : errno;
}

int hd__lock_open(struct hd__lock *lock, const char *directory, int makes) {
    int error, folder;
    pthread_mutex_lock(&mutex); /* no fork in between */
    folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = folder < 0 ? errno : open_file(folder, "turn.lock", makes, &lock->turn);
    if (!error)
        error = open_file(folder, "write.lock", makes, &lock->write);
    if (folder >= 0)
        close(folder);
    if (error)
        close_files(lock);
    else
        enlist(lock);
    pthread_mutex_unlock(&mutex);
    return error;
}

void hd__lock_close(struct hd__lock *lock) {
    pthread_mutex_lock(&mutex);
    strike(lock);
    close_files(lock);
    pthread_mutex_unlock(&mutex);
}

static int is_there(int file, const char *directory, const char *name) {
    char path[4096];
    struct stat open_one, found;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return fstat(file, &open_one) == 0 && stat(path, &found) == 0 && open_one.st_dev == found.st_dev &&
           open_one.st_ino == found.st_ino;
}

int hd__lock_check(struct hd__lock *lock, const char *directory) {
    if (lock->write >= 0 && is_there(lock->turn, directory, "turn.lock") &&
        is_there(lock->write, directory, "write.lock"))
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
    if (lock->write < 0)
        return EBADF;
    int error = wait_for(lock->turn, &until_ms, is_called_off);
    if (error)
        return error;
    error = wait_for(lock->write, &until_ms, is_called_off);
    flock(lock->turn, LOCK_UN);
    return error;
}

void hd__lock_drop(struct hd__lock *lock) {
    flock(lock->write, LOCK_UN);
}
