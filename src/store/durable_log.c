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

/* Fills a page with what a search finds. */
static int fill(struct hd_store *store, const struct hd__log_search *search, hd_log_page *page, size_t *rows) {
    struct query query = {.page = page};
    int status = store->ops->query(store, search, take_row, &query);
    *rows = query.rows;
    return status == HD_OK ? query.status : status;
}

/* A place beyond the newest report is of another log. */
static int check_place(struct hd_store *store, int64_t id) {
    int64_t newest;
    int status = store->ops->newest(store, &newest);
    return status == HD_OK && id > newest ? HD_E_CURSOR : status;
}

int hd__durable_query(struct hd_store *store, const hd_log_filter *filter, const char *cursor, size_t limit,
                      hd_log_page **page) {
    struct hd__log_search search = {0};
    size_t rows;
    hd__log_filter_search(filter, &search);
    int status = hd__log_place_parse(cursor, &search.before_ms, &search.before_id);
    if (status == HD_OK && cursor)
        status = check_place(store, search.before_id);
    if (status != HD_OK)
        return status;
    search.max = limit + 1; /* which tells whether there is another page */
    hd_log_page *found = hd__log_page_new(limit, 1);
    if (!found)
        return HD_E_NO_MEMORY;
    status = fill(store, &search, found, &rows);
    if (status == HD_OK)
        *page = found;
    else
        hd_log_page_free(found);
    return status;
}

/* Where a follow goes on: behind the last report of a page that is full, and else behind the newest that there was
 * before the search, though it may not match. What came meanwhile is on the page, or is looked at once more. */
static int64_t end_of(const hd_log_page *page, size_t limit, int64_t newest) {
    size_t count = hd_log_page_count(page);
    int64_t last = count ? (int64_t)hd_log_page_at(page, count - 1)->sequence : 0;
    return count == limit || last > newest ? last : newest;
}

int hd__durable_follow(struct hd_store *store, const hd_log_filter *filter, const char *after, size_t limit,
                       hd_log_page **page) {
    struct hd__log_search search = {.is_forward = 1, .max = limit};
    size_t rows;
    int64_t newest;
    hd__log_filter_search(filter, &search);
    int status = store->ops->newest(store, &newest);
    if (status == HD_OK && after)
        status = hd__log_number_parse(after, newest, &search.after_id);
    if (status != HD_OK)
        return status;
    hd_log_page *found = hd__log_page_new(limit, 1);
    if (!found)
        return HD_E_NO_MEMORY;
    if (after && search.after_id < newest)
        status = fill(store, &search, found, &rows);
    hd__log_page_end_at(found, (uint64_t)end_of(found, limit, newest));
    if (status == HD_OK)
        *page = found;
    else
        hd_log_page_free(found);
    return status;
}

static void take_tally(void *stats, const struct hd__log_tally *tally) {
    hd__log_stats_add(stats, tally);
}

int hd__durable_summarize(struct hd_store *store, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats *stats) {
    struct hd__log_search search = {.before_ms = INT64_MAX, .before_id = INT64_MAX};
    hd__log_filter_search(filter, &search);
    return store->ops->tally(store, &search, bucket_ms, take_tally, stats);
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
