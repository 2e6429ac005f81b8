/* What a client does each second: it renews its lease, ends clients that are gone and takes what they had, and deletes
 * what is old, and puts what is new into the index of texts. While nobody writes it goes round like that only when its
 * lease is to be renewed, since all but the end of a process is in the database, or comes with time and can wait as
 * long. */
#include "store/sqlite/sqlite.h"

#include <errno.h>

struct chores {
    int gone, shards, reports, keys, webhooks, index;
    int more; /* there is more to delete */
};

static int find_chores(struct hd__sqlite *store, struct chores *chores) {
    int code = hd__sqlite_end_gone(store, 0, &chores->gone);
    if (code == SQLITE_OK)
        code = hd__sqlite_has_old_reports(store, &chores->reports);
    if (code == SQLITE_OK)
        code = hd__sqlite_has_old_keys(store, &chores->keys);
    if (code == SQLITE_OK)
        code = hd__sqlite_has_removed(store, &chores->webhooks);
    if (code == SQLITE_OK)
        code = hd__sqlite_index_wants(store, &chores->index);
    chores->shards = hd__sqlite_wants_shards(store);
    return code;
}

static int has_chores(const struct chores *chores) {
    return chores->gone || chores->shards || chores->reports || chores->keys || chores->webhooks || chores->index;
}

/* Ownership: other clients wait for it. */
static int keep_alive(struct hd__sqlite *store, void *argument) {
    struct chores *chores = argument;
    int code = SQLITE_OK, found;
    if (chores->gone)
        code = hd__sqlite_end_gone(store, 1, &found);
    if (code == SQLITE_OK && (store->client != 0 || store->role == HD__ROLE_DELIVER))
        code = hd__sqlite_ensure_client(store);
    if (code == SQLITE_OK && store->client != 0 && !store->renewing_us)
        code = hd__sqlite_renew(store);
    return code == SQLITE_OK && store->role == HD__ROLE_DELIVER ? hd__sqlite_take_shards(store) : code;
}

static int clean_up(struct hd__sqlite *store, void *argument) {
    struct chores *chores = argument;
    size_t count = 0;
    int code = SQLITE_OK;
    chores->more = 0;
    if (chores->reports) {
        code = hd__sqlite_forget_reports(store, 0, HD__SQLITE_SLICE, &count);
        if (code == SQLITE_OK)
            code = hd__sqlite_has_old_reports(store, &chores->more);
    }
    if (code == SQLITE_OK && chores->keys)
        code = hd__sqlite_forget_keys(store, &count);
    return code == SQLITE_OK && chores->webhooks ? hd__sqlite_clear_webhooks(store) : code;
}

/* Looks for chores, and tells the news. */
static int look_around(struct hd__sqlite *store, struct chores *chores) {
    int code = hd__sqlite_read_begin(store);
    if (code == SQLITE_OK && store->role != HD__ROLE_READ)
        code = find_chores(store, chores);
    if (code == SQLITE_OK)
        code = hd__sqlite_tell_news(store, 0, 0);
    hd__sqlite_read_end(store);
    return hd__sqlite_status(store, store->main, code);
}

static int do_chores(struct hd__sqlite *store, struct chores *chores) {
    struct chores none = {0};
    int status = HD_OK;
    if (chores->gone || chores->shards)
        status = hd__sqlite_write(store, keep_alive, chores, NULL);
    if (status == HD_OK && (chores->reports || chores->keys || chores->webhooks))
        status = hd__sqlite_write(store, clean_up, chores, NULL);
    if (status == HD_OK && chores->index)
        status = hd__sqlite_index(store);
    if (status == HD_OK && hd__sqlite_has_news(store))
        status = look_around(store, &none);
    return status;
}

static int check_lock(struct hd__sqlite *store) {
    errno = store->role != HD__ROLE_READ ? hd__lock_check(&store->lock, store->directory) : 0;
    if (errno == 0)
        return HD_OK;
    (void)hd__sqlite_errno(store, "cannot open its lock", store->directory);
    return HD_E_STORE;
}

/* ---- While nobody writes ---- */

static int is_quiet(const struct hd__sqlite *store) {
    struct hd__sqlite_commits commits;
    hd__sqlite_see_commits(store, &commits);
    return hd__sqlite_now_us(store) < store->quiet_until_us && !hd__sqlite_has_commits(&store->quiet, &commits) &&
           !store->frozen_pages && !hd__sqlite_is_other_gone(store);
}

/* No client lives longer than its machine has power. */
static int renew(struct hd__sqlite *store) {
    struct chores none = {0};
    if (!hd__sqlite_needs_renewal(store))
        return HD_OK;
    store->may_be_undone = 1;
    int status = hd__sqlite_write(store, keep_alive, &none, NULL);
    store->may_be_undone = 0;
    return status;
}

/* It is quiet from now on if there was nothing to do; what is committed after the look at the commits is a change. */
static int go_round(struct hd__sqlite *store, int *more) {
    struct chores chores = {0};
    store->quiet_until_us = 0;
    int status = check_lock(store);
    if (status == HD_OK)
        status = renew(store);
    hd__sqlite_see_commits(store, &store->quiet);
    if (status == HD_OK)
        status = look_around(store, &chores);
    if (status == HD_OK && has_chores(&chores))
        status = do_chores(store, &chores);
    else if (status == HD_OK)
        store->quiet_until_us = hd__sqlite_next_round_us(store);
    if (status == HD_OK && store->role != HD__ROLE_READ)
        hd__sqlite_make_ballast(store);
    *more = status != HD_OK ? HD__MORE_NONE
            : chores.more   ? HD__MORE_AT_ONCE
            : chores.index  ? HD__MORE_WHEN_IDLE
                            : HD__MORE_NONE;
    return status;
}

int hd__sqlite_tend(struct hd_store *base, struct hd__store_state *state, int *more) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    *more = 0;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    hd__sqlite_enter(store);
    status = store->role < 0 ? HD_E_CLOSED : hd__sqlite_check_file(store);
    if (status == HD_OK && !is_quiet(store))
        status = go_round(store, more);
    if (status == HD_OK)
        hd__sqlite_fill_state(store, state);
    hd__sqlite_leave(store);
    return status;
}
