/* SPDX-License-Identifier: MIT */
#include "store/stores.h"

#include "support/store_model.h"

/* ---- The model ---- */

static void *make_model(void) {
    return store_model_new();
}

static struct hd_store *open_model(void *place) {
    return store_model_open(place);
}

static void destroy_model(void *place) {
    store_model_free(place);
}

static uint64_t digest_model(void *place, int64_t now_us) {
    return store_model_digest(place, now_us);
}

/* ---- SQLite ---- */

#include "helmdesk/sqlite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In memory if there is a file system of that kind: what is checked here is not whether a disk keeps its word. */
static void *make_directory(void) {
    char *path = malloc(64);
    if (!path)
        return NULL;
    strcpy(path, access("/dev/shm", W_OK) == 0 ? "/dev/shm/helmdesk-XXXXXX" : "/tmp/helmdesk-XXXXXX");
    if (mkdtemp(path))
        return path;
    free(path);
    return NULL;
}

static struct hd_store *open_directory(void *place) {
    hd_store *store = NULL;
    return hd_store_sqlite_open(place, NULL, 0, &store) == HD_OK ? store : NULL;
}

static void remove_directory(void *place) {
    char path[512];
    DIR *directory = opendir(place);
    for (const struct dirent *entry = NULL; directory && (entry = readdir(directory));) {
        (void)snprintf(path, sizeof path, "%s/%s", (const char *)place, entry->d_name);
        (void)unlink(path);
    }
    if (directory)
        (void)closedir(directory);
    (void)rmdir(place);
    free(place);
}

/* ---- All ---- */

const struct store_kind store_kinds[] = {
    {"model", make_model, open_model, destroy_model, digest_model},
    {"sqlite", make_directory, open_directory, remove_directory, NULL},
};

const size_t store_kind_count = sizeof store_kinds / sizeof store_kinds[0];
