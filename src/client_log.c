/* A client's reports and its log. */
#include "client.h"

#include "base/text.h"
#include "store/durable_log.h"
#include "store/page.h"
#include "store/stats.h"

#define PAGE_MAX 1000

int hd_client_next_report(hd_client *client, uint32_t timeout_ms, hd_report **report) {
    if (!report)
        return HD_E_INVALID;
    *report = NULL;
    int status = timeout_ms > 0 ? hd__client_check_waiting(client) : hd__client_check(client);
    if (status != HD_OK)
        return status;
    return client->worker ? hd__worker_next_report(client->worker, timeout_ms, report) : HD_E_CLOSED;
}

static int check_page(hd_client *client, size_t limit, hd_log_page **page) {
    if (!page)
        return HD_E_INVALID;
    *page = NULL;
    int status = hd__client_check(client);
    return status == HD_OK && (limit < 1 || limit > PAGE_MAX) ? HD_E_INVALID : status;
}

int hd_log_query(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit, hd_log_page **page) {
    int status = check_page(client, limit, page);
    if (status != HD_OK)
        return status;
    if (client->store)
        return hd__durable_query(client->store, filter, cursor, limit, page);
    return hd__log_ring_query(client->ring, filter, cursor, limit, page);
}

int hd_log_follow(hd_client *client, const hd_log_filter *filter, const char *after, size_t limit, hd_log_page **page) {
    int status = check_page(client, limit, page);
    if (status != HD_OK)
        return status;
    if (client->store)
        return hd__durable_follow(client->store, filter, after, limit, page);
    return hd__log_ring_follow(client->ring, filter, after, limit, page);
}

/* ---- By name ---- */

#define CONSUMER_MAX 64

int hd_log_read(hd_client *client, const char *name, const hd_log_filter *filter, size_t limit, hd_log_page **page) {
    int status = check_page(client, limit, page);
    if (status == HD_OK)
        status = hd__client_check_writing(client);
    if (status != HD_OK)
        return status;
    if (!hd__ident_fits(name, 1, CONSUMER_MAX))
        return HD_E_INVALID;
    if (client->store)
        return hd__durable_read(client->store, name, filter, limit, page);
    return hd__log_ring_read(client->ring, name, filter, limit, page);
}

int hd_log_commit(hd_client *client, const char *name, const hd_log_page *page) {
    int64_t place = HD__NO_PLACE;
    int status = hd__client_check_writing(client);
    if (status != HD_OK)
        return status;
    if (!hd__ident_fits(name, 1, CONSUMER_MAX) || (page && !hd__log_page_place(page, &place)))
        return HD_E_INVALID;
    if (client->store)
        return hd__durable_commit(client->store, name, place);
    return hd__log_ring_commit(client->ring, name, place);
}

/* ---- Sums ---- */

static int fill_stats(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats *stats) {
    if (client->store)
        return hd__durable_summarize(client->store, filter, bucket_ms, stats);
    return hd__log_ring_summarize(client->ring, filter, stats);
}

int hd_log_summarize(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats **stats) {
    hd_log_stats *made = NULL;
    if (!stats)
        return HD_E_INVALID;
    *stats = NULL;
    int status = hd__client_check(client);
    if (status == HD_OK)
        status = hd__log_stats_new(filter, bucket_ms, &made);
    if (status == HD_OK)
        status = fill_stats(client, filter, bucket_ms, made);
    if (status == HD_OK)
        *stats = made;
    else
        hd_log_stats_free(made);
    return status;
}
