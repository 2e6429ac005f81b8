#include "file.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1024 * 1024)

static void read_all(FILE *file, struct text *text) {
    char buffer[4096];
    size_t got;
    text_add(text, "");
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0 && text->length <= FILE_MAX)
        text_add_bytes(text, buffer, got);
}

char *file_read(const char *path) {
    struct text text = {NULL, 0, 0};
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    read_all(file, &text);
    int reason = ferror(file) ? errno : text.failed ? ENOMEM : text.length > FILE_MAX ? EFBIG : 0;
    fclose(file);
    if (reason == 0)
        return text.data;
    text_free(&text);
    errno = reason;
    return NULL;
}

static int write_all(int descriptor, const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        ssize_t written = write(descriptor, text, left);
        if (written < 0 && errno != EINTR)
            return 0;
        text += written > 0 ? written : 0;
        left -= written > 0 ? (size_t)written : 0;
    }
    return 1;
}

static int write_and_rename(const char *path, const char *new_path, const char *text) {
    unlink(new_path);
    int descriptor = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return 0;
    int ok = write_all(descriptor, text);
    ok = close(descriptor) == 0 && ok && rename(new_path, path) == 0;
    int reason = errno;
    if (!ok)
        unlink(new_path);
    errno = reason;
    return ok;
}

int file_write_private(const char *path, const char *text) {
    struct text new_path = {NULL, 0, 0};
    text_add(&new_path, path);
    text_add(&new_path, ".new");
    errno = ENOMEM;
    int ok = !new_path.failed && write_and_rename(path, new_path.data, text);
    int reason = errno;
    text_free(&new_path);
    errno = reason;
    return ok;
}

void file_make_parents(const char *path) {
    char *copy = strdup(path);
    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(copy, 0700); /* opening a file in it fails with the reason */
        *slash = '/';
    }
    free(copy);
}
