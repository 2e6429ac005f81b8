#include "store/sqlite/lock.h"

#include "helmdesk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct hd__lock {
    struct hd__lock *next;
    dev_t device; /* of the directory */
    ino_t inode;
    int file;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hd__lock *locks;

static int is_taken(const struct stat *directory) {
    for (const struct hd__lock *lock = locks; lock; lock = lock->next)
        if (lock->device == directory->st_dev && lock->inode == directory->st_ino)
            return 1;
    return 0;
}

static int lock_file(int file) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_SETLK, &whole) == 0)
        return HD_OK;
    return errno == EACCES || errno == EAGAIN ? HD_E_STORE_BUSY : HD_E_STORE;
}

static int take(int directory, struct hd__lock *lock) {
    struct stat found;
    if (fstat(directory, &found) != 0)
        return HD_E_STORE;
    if (is_taken(&found))
        return HD_E_STORE_BUSY;
    lock->device = found.st_dev;
    lock->inode = found.st_ino;
    lock->file = openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->file < 0)
        return HD_E_STORE;
    int status = lock_file(lock->file);
    if (status != HD_OK)
        close(lock->file);
    return status;
}

int hd__lock_take(const char *directory, struct hd__lock **lock) {
    struct hd__lock *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pthread_mutex_lock(&mutex);
    int status = folder < 0 ? HD_E_STORE : take(folder, made);
    if (status == HD_OK) {
        made->next = locks;
        locks = made;
    }
    pthread_mutex_unlock(&mutex);
    if (folder >= 0)
        close(folder);
    if (status == HD_OK)
        *lock = made;
    else
        free(made);
    return status;
}

void hd__lock_release(struct hd__lock *lock) {
    if (!lock)
        return;
    pthread_mutex_lock(&mutex);
    struct hd__lock **at = &locks;
    while (*at != lock)
        at = &(*at)->next;
    *at = lock->next;
    close(lock->file);
    pthread_mutex_unlock(&mutex);
    free(lock);
}
