#include "store/durable_log.h"

#include "store/durable.h"
#include "store/filter.h"
#include "store/page.h"
#include "store/stats.h"

/* A page that is being filled. */
struct query {
    hd_log_page *page;
    size_t rows;
    int status;
};

static int take_row(void *user, const struct hd__log_row *row) {
    struct query *query = user;
    hd_report *report;
    query->status = hd__durable_read_report(row, &report);
    if (query->status != HD_OK)
        return 0;
    query->rows++;
    int goes_on = hd__log_page_add(query->page, report);
    hd_report_free(report);
    return goes_on;
}

/* A search that was given up says why. */
static int ended_as(int status, const struct hd__log_search *search) {
    int why = search->over_user ? hd__deadline_status(search->over_user) : HD_OK;
    return status == HD_E_TIMEOUT && why != HD_OK ? why : status;
}

static void set_deadline(struct hd__log_search *search, const struct hd__deadline *deadline) {
    search->is_over = hd__deadline_is_over;
    search->over_user = deadline;
}

/* Fills a page with what a search finds. */
static int fill(struct hd_store *store, const struct hd__log_search *search, hd_log_page *page, size_t *rows) {
    struct query query = {.page = page};
    int status = store->ops->query(store, search, take_row, &query);
    *rows = query.rows;
    return status == HD_OK ? query.status : ended_as(status, search);
}

static int newest_of(struct hd_store *store, int64_t *newest) {
    int64_t deleted;
    return store->ops->ends(store, &deleted, newest);
}

/* A place beyond the newest report is of another log. */
static int check_place(struct hd_store *store, int64_t id) {
    int64_t newest;
    int status = newest_of(store, &newest);
    return status == HD_OK && id > newest ? HD_E_CURSOR : status;
}

int hd__durable_query(struct hd_store *store, const hd_log_filter *filter, const char *cursor, size_t limit,
                      hd_log_page **page) {
    const struct hd__deadline deadline = hd__log_filter_deadline(filter);
    struct hd__log_search search = {0};
    struct hd__log_rest rest = {0};
    size_t rows;
    hd__log_filter_search(filter, &search);
    set_deadline(&search, &deadline);
    int status = hd__log_place_parse(cursor, &search.before_ms, &search.before_id);
    if (status == HD_OK && cursor)
        status = check_place(store, search.before_id);
    if (status != HD_OK)
        return status;
    search.max = limit + 1; /* which tells whether there is another page */
    search.rest = &rest;
    hd_log_page *found = hd__log_page_new(limit, 1);
    if (!found)
        return HD_E_NO_MEMORY;
    status = fill(store, &search, found, &rows);
    if (status == HD_OK && rest.is_there)
        hd__log_page_go_on(found, rest.before_ms, rest.before_id);
    if (status == HD_OK)
        *page = found;
    else
        hd_log_page_free(found);
    return status;
}

/* Where a follow goes on: after the last report of a full page; otherwise after the newest report that there was before
 * the search, even if it does not match. Reports that came during the search are on the page, or are looked at again.
 */
static int64_t end_of(const hd_log_page *page, size_t limit, int64_t newest) {
    size_t count = hd_log_page_count(page);
    int64_t last = count ? (int64_t)hd_log_page_at(page, count - 1)->sequence : 0;
    return count == limit || last > newest ? last : newest;
}

/* How many reports after a place were deleted before the search came to them: at least those up to the first that it
 * found. It asks after the search, since they may have been deleted meanwhile. */
static int count_missed(struct hd_store *store, int64_t place, const hd_log_page *page, int64_t newest,
                        uint64_t *missed) {
    int64_t deleted, later;
    int status = store->ops->ends(store, &deleted, &later);
    int64_t seen = hd_log_page_count(page) ? (int64_t)hd_log_page_at(page, 0)->sequence - 1 : newest;
    int64_t last = deleted < seen ? deleted : seen;
    *missed = status == HD_OK && last > place ? (uint64_t)(last - place) : 0;
    return status;
}

/* Reads forwards from a place, up to the newest report that there was before. */
static int follow_from(struct hd_store *store, const hd_log_filter *filter, int64_t place, int64_t newest, size_t limit,
                       hd_log_page **page) {
    const struct hd__deadline deadline = hd__log_filter_deadline(filter);
    struct hd__log_search search = {.is_forward = 1, .max = limit, .after_id = place};
    size_t rows;
    uint64_t missed = 0;
    int status = HD_OK;
    hd__log_filter_search(filter, &search);
    set_deadline(&search, &deadline);
    hd_log_page *found = hd__log_page_new(limit, 1);
    if (!found)
        return HD_E_NO_MEMORY;
    if (place < newest)
        status = fill(store, &search, found, &rows);
    if (status == HD_OK && place < newest)
        status = count_missed(store, place, found, newest, &missed);
    hd__log_page_end_at(found, end_of(found, limit, newest), missed);
    if (status == HD_OK)
        *page = found;
    else
        hd_log_page_free(found);
    return status;
}

int hd__durable_follow(struct hd_store *store, const hd_log_filter *filter, const char *after, size_t limit,
                       hd_log_page **page) {
    int64_t newest, place;
    int status = newest_of(store, &newest);
    if (status != HD_OK)
        return status;
    place = newest;
    status = after ? hd__log_number_parse(after, newest, &place) : HD_OK;
    return status == HD_OK ? follow_from(store, filter, place, newest, limit, page) : status;
}

int hd__durable_read(struct hd_store *store, const char *name, const hd_log_filter *filter, size_t limit,
                     hd_log_page **page) {
    int64_t newest = 0, place;
    int status = store->ops->find_place(store, name, &place);
    if (status == HD_OK)
        status = newest_of(store, &newest);
    return status == HD_OK ? follow_from(store, filter, place, newest, limit, page) : status;
}

int hd__durable_commit(struct hd_store *store, const char *name, int64_t place) {
    int status = place == HD__NO_PLACE ? HD_OK : check_place(store, place);
    return status == HD_OK ? store->ops->move_place(store, name, place) : status;
}

static void take_tally(void *stats, const struct hd__log_tally *tally) {
    hd__log_stats_add(stats, tally);
}

int hd__durable_summarize(struct hd_store *store, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats *stats) {
    const struct hd__deadline deadline = hd__log_filter_deadline(filter);
    struct hd__log_search search = {.before_ms = INT64_MAX, .before_id = INT64_MAX};
    hd__log_filter_search(filter, &search);
    set_deadline(&search, &deadline);
    return ended_as(store->ops->tally(store, &search, bucket_ms, take_tally, stats), &search);
}

int hd__durable_find(struct hd_store *store, const char *delivery_id, hd_report **report) {
    unsigned char id[HD__UUID_BYTES];
    const struct hd__log_search search = {.delivery_id = id, .before_ms = INT64_MAX, .before_id = INT64_MAX, .max = 1};
    size_t rows = 0;
    if (!hd__uuid_parse(delivery_id, id))
        return HD_E_NO_DELIVERY;
    hd_log_page *page = hd__log_page_new(1, 1);
    if (!page)
        return HD_E_NO_MEMORY;
    int status = fill(store, &search, page, &rows);
    if (status == HD_OK && rows == 0)
        status = HD_E_NO_DELIVERY;
    if (status == HD_OK)
        *report = hd__report_ref((hd_report *)hd_log_page_at(page, 0));
    hd_log_page_free(page);
    return status;
}
