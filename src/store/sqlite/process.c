#include "store/sqlite/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGAN_FIELD 22 /* of /proc/PID/stat, from 1 (proc(5)) */
#define STATE_FIELD 3
#define THREADS_FIELD 20

/* A file of /proc as a text; returns 0, or errno. */
static int read_text(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    ssize_t got = read(file, text, size - 1);
    int error = got < 0 ? errno : 0;
    close(file);
    text[got > 0 ? got : 0] = '\0';
    return error;
}

/* Where a field begins. The second one is the program's name in parentheses, and may have anything in it. */
static const char *find_field(const char *stat, int field) {
    const char *at = strrchr(stat, ')');
    for (int i = 2; at && i < field; i++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at;
}

static int64_t number_at(const char *stat, int field) {
    const char *at = find_field(stat, field);
    return at ? strtoll(at, NULL, 10) : 0;
}

static int read_stat(int64_t pid, char *stat, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    return read_text(path, stat, size);
}

/* FNV-1a, positive. */
static int64_t number_of(const char *text) {
    uint64_t hash = 14695981039346656037U;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211U;
    return (int64_t)(hash >> 2) + 1;
}

void hd__process_find(struct hd__process *self) {
    char stat_text[1024], boot[48];
    struct stat space;
    *self = (struct hd__process){.pid = (int64_t)getpid()};
    if (read_text("/proc/sys/kernel/random/boot_id", boot, sizeof boot) != 0)
        return;
    boot[strcspn(boot, "\n")] = '\0';
    self->boot = number_of(boot);
    if (read_stat(self->pid, stat_text, sizeof stat_text) != 0 || stat("/proc/self/ns/pid", &space) != 0)
        return;
    self->began = number_at(stat_text, BEGAN_FIELD);
    snprintf(self->place, sizeof self->place, "%s/%llu", boot, (unsigned long long)space.st_ino);
}

/* A zombie counts as gone; a process whose first thread has ended, but not all threads, counts as running. */
static int is_dead(const char *stat) {
    const char *state = find_field(stat, STATE_FIELD);
    return state && (*state == 'Z' || *state == 'X') && number_at(stat, THREADS_FIELD) <= 1;
}

int hd__process_is_gone(const struct hd__process *self, int64_t pid, int64_t began, const char *place) {
    char stat_text[1024];
    if (!*self->place || began == 0 || strcmp(self->place, place) != 0)
        return 0;
    int error = read_stat(pid, stat_text, sizeof stat_text);
    if (error)
        return error == ENOENT || error == ESRCH;
    return number_at(stat_text, BEGAN_FIELD) != began || is_dead(stat_text);
}
