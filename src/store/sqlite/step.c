/* A step: one transaction that writes, then one that reads. */
#include "store/sqlite/sqlite.h"

struct stepping {
    struct hd__step *step;
    int64_t first_own; /* the first row that is its own */
    int is_applied;    /* it was committed before, and is told again */
};

static int writes(const struct hd__step *step) {
    return step->event_count + step->result_count + step->note_count > 0 || step->left;
}

/* ---- Writing ---- */

static int write_results(struct hd__sqlite *store, struct hd__step *step) {
    int code = SQLITE_OK;
    store->report_count = 0;
    for (size_t i = 0; i < step->result_count && code == SQLITE_OK; i++)
        code = hd__sqlite_write_result(store, &step->results[i]);
    if (code == SQLITE_OK)
        code = hd__sqlite_flush_reports(store);
    return code == SQLITE_OK ? hd__sqlite_note_lost(store, step) : code;
}

static int write_all(struct hd__sqlite *store, struct hd__step *step) {
    store->kept_since = store->owned;
    int code = write_results(store, step);
    for (size_t i = 0; i < step->note_count && code == SQLITE_OK; i++)
        code = hd__sqlite_write_note(store, &step->notes[i]);
    for (size_t i = 0; i < step->event_count && code == SQLITE_OK; i++)
        code = hd__sqlite_add_event(store, step, i);
    if (code == SQLITE_OK)
        code = hd__sqlite_leave_shards(store, step->left);
    if (code == SQLITE_OK && hd__sqlite_needs_renewal(store) && !store->renewing_us)
        code = hd__sqlite_renew(store);
    return code == SQLITE_OK ? hd__sqlite_note_step(store, step->number) : code;
}

static int tell_again(struct hd__sqlite *store, struct hd__step *step) {
    int code = hd__sqlite_recall_lost(store, step);
    for (size_t i = 0; i < step->event_count && code == SQLITE_OK; i++)
        code = hd__sqlite_recall_event(store, step, i);
    return code;
}

static int step_work(struct hd__sqlite *store, void *argument) {
    struct stepping *stepping = argument;
    uint64_t last = 0;
    store->added_count = 0;
    int code = hd__sqlite_ensure_client(store);
    if (code == SQLITE_OK)
        code = hd__sqlite_last_step(store, &last);
    stepping->first_own = store->state.next_row;
    stepping->is_applied = code == SQLITE_OK && last == stepping->step->number;
    if (code != SQLITE_OK)
        return code;
    return stepping->is_applied ? tell_again(store, stepping->step) : write_all(store, stepping->step);
}

/* ---- Telling ---- */

static void tell_added(struct hd__sqlite *store, struct hd__step *step) {
    for (size_t i = 0; i < store->added_count; i++)
        step->added(step->user, &store->added[i]);
    store->added_count = 0;
}

/* Whether the transaction that wrote has seen all there is to tell. */
static int is_all_told(const struct hd__sqlite *store, const struct stepping *stepping) {
    return store->state.change == store->known_change && !store->gained && store->known_row >= stepping->first_own;
}

static int read_all(struct hd__sqlite *store, struct stepping *stepping, int64_t end_own) {
    struct hd__step *step = stepping->step;
    int code = hd__sqlite_read_begin(store);
    if (code == SQLITE_OK && hd__sqlite_has_news(store))
        code = hd__sqlite_tell_news(store, stepping->first_own, end_own);
    if (code == SQLITE_OK)
        tell_added(store, step);
    for (size_t i = 0; i < step->claim_count && code == SQLITE_OK; i++)
        hd__sqlite_claim(store, step, i);
    hd__sqlite_read_end(store);
    return hd__sqlite_status(store, store->main, code);
}

static int do_step(struct hd__sqlite *store, struct hd__step *step) {
    struct stepping stepping = {.step = step};
    int status = HD_OK;
    store->added_count = 0;
    step->undone = 1;
    store->may_exceed = step->event_count == 0;
    if (writes(step))
        status = hd__sqlite_write(store, step_work, &stepping, &step->undone);
    store->may_exceed = 0;
    if (status != HD_OK)
        return status;
    step->undone = 0;
    if (writes(step) && step->claim_count == 0 && is_all_told(store, &stepping)) {
        tell_added(store, step);
        store->known_row = store->state.next_row;
        return HD_OK;
    }
    int64_t end_own = writes(step) && !stepping.is_applied ? store->state.next_row : 0;
    status = read_all(store, &stepping, end_own);
    step->undone = status != HD_OK && !writes(step);
    return status;
}

int hd__sqlite_step(struct hd_store *base, struct hd__step *step, struct hd__store_state *state) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    step->undone = 1;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    hd__sqlite_enter(store);
    status = store->role < 0 ? HD_E_CLOSED : store->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY : do_step(store, step);
    if (status == HD_OK)
        hd__sqlite_fill_state(store, state);
    hd__sqlite_leave(store);
    return status;
}
