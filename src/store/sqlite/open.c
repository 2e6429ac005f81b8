/* How a store comes into being, and goes. */
#include "helmdesk/sqlite.h"

#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(HD_STORE_KEY_SIZE == HD__STORE_KEY_SIZE, "the public name of the same size");

#define MAX_BYTES_LEAST 1048576
#define PAGE_BYTES 4096

/* ---- The end ---- */

static void free_memory(struct hd__sqlite *store) {
    free(store->own_changes.items);
    free(store->others.items);
    free(store->feed.name);
    free(store->feed.webhooks.items);
    free(store->added);
    free(store->events);
    free(store->directory);
    free(store->database);
    free(store);
}

/* In a forked child, SQLite's files are the parent's, and so are the mutexes: only memory is freed. */
static void free_store(struct hd_store *base) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    if (hd__sqlite_check(store) == HD_OK) {
        int is_locked = hd__lock_take(&store->lock, NULL) == 0;
        hd__sqlite_unwatch(store);
        hd__sqlite_disconnect(store);
        if (is_locked)
            hd__lock_drop(&store->lock);
        hd__lock_close(&store->lock);
        pthread_mutex_destroy(&store->reader.mutex);
        pthread_mutex_destroy(&store->counter.mutex);
        pthread_mutex_destroy(&store->writing);
        pthread_mutex_destroy(&store->base.error_mutex);
    }
    free_memory(store);
}

static const struct hd__store_ops ops = {
    .join = hd__sqlite_join,
    .step = hd__sqlite_step,
    .look = hd__sqlite_look,
    .tend = hd__sqlite_tend,
    .watch = hd__sqlite_watch,
    .drain = hd__sqlite_drain,
    .put_webhook = hd__sqlite_put_webhook,
    .remove_webhook = hd__sqlite_remove_webhook,
    .discard = hd__sqlite_discard,
    .pass_test = hd__sqlite_pass_test,
    .waiting = hd__sqlite_waiting,
    .lane_state = hd__sqlite_lane_state,
    .survey = hd__sqlite_survey,
    .is_left = hd__sqlite_is_left,
    .query = hd__sqlite_query,
    .tally = hd__sqlite_tally,
    .ends = hd__sqlite_ends,
    .find_place = hd__sqlite_find_place,
    .move_place = hd__sqlite_move_place,
    .reseal = hd__sqlite_reseal,
    .add_job = hd__sqlite_add_job,
    .find_jobs = hd__sqlite_find_jobs,
    .set_job_state = hd__sqlite_set_job_state,
    .add_change = hd__sqlite_add_change,
    .find_changes = hd__sqlite_find_changes,
    .plan_job = hd__sqlite_plan_job,
    .step_job = hd__sqlite_step_job,
    .interrupt = hd__sqlite_interrupt,
    .leave = hd__sqlite_leave_store,
    .free = free_store,
};

int hd__sqlite_is_one(const struct hd_store *base) {
    return base && base->ops == &ops;
}

/* ---- The beginning ---- */

static int init_mutexes(struct hd__sqlite *store) {
    return pthread_mutex_init(&store->writing, NULL) == 0 && pthread_mutex_init(&store->reader.mutex, NULL) == 0 &&
           pthread_mutex_init(&store->counter.mutex, NULL) == 0 &&
           pthread_mutex_init(&store->base.error_mutex, NULL) == 0;
}

/* The path, wherever the process goes; NULL without memory. */
static char *make_absolute(const char *directory) {
    char here[PATH_MAX];
    if (*directory == '/' || !getcwd(here, sizeof here))
        return strdup(directory);
    size_t size = strlen(here) + 1 + strlen(directory) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", here, directory);
    return path;
}

static struct hd__sqlite *make(const char *directory) {
    struct hd__sqlite *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->base = (struct hd_store){
        .abi = HD__STORE_ABI,
        .ops = &ops,
        .pid = (long)getpid(),
        .max_reports = HD__STORE_MAX_REPORTS,
        .max_age_ms = HD__STORE_MAX_AGE_MS,
        .max_log_bytes = HD__STORE_MAX_LOG_BYTES,
    };
    store->directory = make_absolute(directory);
    store->database = store->directory ? hd__sqlite_path(store, HD__SQLITE_DATABASE) : NULL;
    store->role = -1;
    hd__lock_init(&store->lock);
    hd__descriptor_init(&store->watched);
    hd__process_find(&store->self);
    if (store->database && init_mutexes(store))
        return store;
    free_memory(store);
    return NULL;
}

/* A directory that is missing is made by the first client that writes; where it is to be must be there. */
static int look_for_parent(struct hd__sqlite *store) {
    struct stat found;
    char *path = strdup(store->directory);
    if (!path)
        return HD_E_NO_MEMORY;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = '\0';
    const char *parent = slash ? path : "."; /* of one whose place is not known */
    int status = stat(parent, &found) == 0 ? HD_OK : hd__sqlite_errno(store, "cannot look at it", parent);
    free(path);
    return status;
}

/* What is there is opened to be read; the rest comes with the role of the client. */
static int look_at(struct hd__sqlite *store) {
    struct stat found;
    if (stat(store->directory, &found) != 0)
        return errno == ENOENT ? look_for_parent(store)
                               : hd__sqlite_errno(store, "cannot look at it", store->directory);
    errno = ENOTDIR;
    if (!S_ISDIR(found.st_mode))
        return hd__sqlite_errno(store, "cannot use it", store->directory);
    int status = hd__sqlite_look_for_database(store);
    if (status == HD_E_STORE_MISSING)
        return hd__sqlite_say(store, HD_OK, ""); /* which is no failure */
    if (status == HD_OK) {
        (void)hd__lock_open(&store->lock, store->directory, 0);
        status = hd__sqlite_connect(store, &store->main);
    }
    return status == HD_OK ? hd__sqlite_check_version(store, 1) : status;
}

int hd_store_sqlite_open(const char *directory, const void *key, size_t key_len, hd_store **store) {
    if (!store)
        return HD_E_INVALID;
    *store = NULL;
    if (!directory || !*directory || key_len != (key ? HD_STORE_KEY_SIZE : 0))
        return HD_E_INVALID;
    struct hd__sqlite *made = make(directory);
    if (!made)
        return HD_E_NO_MEMORY;
    int status = look_at(made);
    if (status != HD_OK) {
        free_store(&made->base);
        return status;
    }
    made->base.has_key = key != NULL;
    if (key)
        memcpy(made->base.key, key, key_len);
    *store = &made->base;
    return HD_OK;
}

size_t hd_store_sqlite_explain(const char *directory, char *text, size_t size) {
    if (text && size > 0)
        *text = '\0';
    struct hd__sqlite *looked = directory && *directory && (text || size == 0) ? make(directory) : NULL;
    if (!looked)
        return 0;
    int len = look_at(looked) == HD_OK ? 0 : snprintf(text, size, "%s", looked->base.error);
    free_store(&looked->base);
    return len > 0 ? (size_t)len : 0;
}

int hd_store_sqlite_set_search_index(hd_store *base, int enabled) {
    if (!base || base->ops != &ops)
        return HD_E_INVALID;
    if (base->in_use)
        return HD_E_IN_USE;
    ((struct hd__sqlite *)base)->has_no_index = !enabled;
    return HD_OK;
}

int hd_store_sqlite_set_max_bytes(hd_store *base, uint64_t bytes) {
    if (!hd__sqlite_is_one(base) || (bytes && bytes < MAX_BYTES_LEAST))
        return HD_E_INVALID;
    if (base->in_use)
        return HD_E_IN_USE;
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    store->max_pages = bytes && bytes / PAGE_BYTES < UINT32_MAX - 1 ? bytes / PAGE_BYTES : 0;
    return HD_OK;
}
