#include "dashboard/stream.h"

#include "dashboard/api.h"
#include "dashboard/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS 250   /* how often log and webhooks are looked at, which have no bell */
#define BURST_MAX 200 /* more at once, and the page reads the log itself */

struct hd__dash_stream {
    hd_dashboard *dashboard;
    hd_log_filter *filter;
    char *place; /* in the log, up to which all has been told; NULL before the log could be read */
    uint64_t changes;
    int has_begun;
    struct hd__json_text piece; /* the last one */
};

/* ---- Text ---- */

static int put(struct hd__dash_stream *stream, const char *text) {
    hd__json_write_bytes(text, strlen(text), &stream->piece);
    return !stream->piece.failed;
}

/* A position: the dashboard, the changes of webhooks and the place in its log up to which all has been told. */
static void write_position(const hd_dashboard *dashboard, uint64_t changes, const char *place,
                           struct hd__json_text *text) {
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%016llx-%llx-", (unsigned long long)dashboard->born,
             (unsigned long long)changes);
    hd__json_write_bytes(numbers, strlen(numbers), text);
    hd__json_write_bytes(place, strlen(place), text);
}

/* What stands before the data of an event. With a position as its id, a browser that was away continues after it. */
static void begin_event(struct hd__dash_stream *stream, const char *name, int has_id) {
    (void)(put(stream, "event: ") && put(stream, name));
    if (has_id && stream->place && put(stream, "\nid: "))
        write_position(stream->dashboard, stream->changes, stream->place, &stream->piece);
    (void)put(stream, "\ndata: ");
}

/* One without data. */
static int put_event(struct hd__dash_stream *stream, const char *name, int has_id) {
    begin_event(stream, name, has_id);
    return put(stream, "{}\n\n");
}

static int put_delivery(struct hd__dash_stream *stream, const hd_report *report, int has_id) {
    begin_event(stream, "delivery", has_id);
    hd__field_delivery(report, 0, &stream->piece);
    return put(stream, "\n\n");
}

/* ---- Deliveries ---- */

/* Reads what the log has after a place; for NULL, nothing, and the place of the newest report. */
static int read_log(struct hd__dash_stream *stream, const char *place, hd_log_page **page) {
    int status = hd_log_follow(stream->dashboard->client, stream->filter, place, BURST_MAX, page);
    char *next = status == HD_OK ? strdup(hd_log_page_cursor(*page)) : NULL;
    if (status == HD_OK && !next)
        status = HD_E_NO_MEMORY;
    if (status == HD_OK) {
        free(stream->place);
        stream->place = next;
    }
    return status;
}

static int tell_page(struct hd__dash_stream *stream, const hd_log_page *page) {
    size_t count = hd_log_page_count(page);
    for (size_t i = 0; i < count; i++)
        if (!put_delivery(stream, hd_log_page_at(page, i), i + 1 == count))
            return 0;
    return 1;
}

/* The page reads the log anew, and what is added from now on is told. */
static int begin_anew(struct hd__dash_stream *stream) {
    hd_log_page *page = NULL;
    int status = read_log(stream, NULL, &page);
    hd_log_page_free(page);
    return status == HD_OK ? put_event(stream, "reset", 1) : status != HD_E_NO_MEMORY;
}

/* What was added since the last look, in that order. A page that is full may not be all of it. */
static int look_at_log(struct hd__dash_stream *stream) {
    hd_log_page *page = NULL;
    int status = stream->place ? read_log(stream, stream->place, &page) : HD_E_CURSOR;
    int is_too_much = hd_log_page_count(page) == BURST_MAX;
    int ok = status == HD_OK && !is_too_much            ? tell_page(stream, page)
             : status == HD_OK || status == HD_E_CURSOR ? begin_anew(stream)
                                                        : status != HD_E_NO_MEMORY; /* the store may work again */
    hd_log_page_free(page);
    return ok;
}

/* ---- Webhooks ---- */

static uint64_t add_bytes(uint64_t sum, const void *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211U; /* FNV-1a */
    return sum;
}

/* A sum over all webhooks, which is another one after each change, by whichever process. */
static int sum_up(hd_client *client, uint64_t *sum) {
    hd_webhook_list *list = NULL;
    int status = hd_client_list_webhooks(client, NULL, &list);
    *sum = 14695981039346656037U;
    for (size_t i = 0; i < hd_webhook_list_count(list); i++) {
        const hd_webhook *webhook = hd_webhook_list_at(list, i);
        uint64_t version = hd_webhook_version(webhook);
        *sum = add_bytes(*sum, hd_webhook_id(webhook), strlen(hd_webhook_id(webhook)) + 1);
        *sum = add_bytes(*sum, &version, sizeof version);
    }
    hd_webhook_list_free(list);
    return status;
}

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One stream looks for all. Returns how often the webhooks have changed. */
static uint64_t count_changes(hd_dashboard *dashboard) {
    uint64_t sum;
    pthread_mutex_lock(&dashboard->lock);
    int is_due = monotonic_ms() - dashboard->looked_ms >= LOOK_MS;
    if (is_due)
        dashboard->looked_ms = monotonic_ms();
    pthread_mutex_unlock(&dashboard->lock);
    int is_known = is_due && sum_up(dashboard->client, &sum) == HD_OK;
    pthread_mutex_lock(&dashboard->lock);
    if (is_known && sum != dashboard->sum) {
        dashboard->sum = sum;
        dashboard->changes++;
    }
    uint64_t changes = dashboard->changes;
    pthread_mutex_unlock(&dashboard->lock);
    return changes;
}

static int look_at_webhooks(struct hd__dash_stream *stream) {
    uint64_t changes = count_changes(stream->dashboard);
    if (changes == stream->changes)
        return 1;
    stream->changes = changes;
    return put_event(stream, "webhooks", 1);
}

/* ---- The stream ---- */

static void pause_ms(int64_t ms) {
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

int hd__dash_stream_next(struct hd__dash_stream *stream, uint32_t timeout_ms, const char **data, size_t *length) {
    int64_t ends_ms = monotonic_ms() + timeout_ms;
    if (hd__dash_check(stream->dashboard) != HD_OK)
        return HD_E_FORKED;
    stream->piece.len = 0;
    if (!stream->has_begun++ && !put(stream, "retry: 2000\n\n"))
        return HD_E_NO_MEMORY;
    for (;;) {
        if (!look_at_webhooks(stream) || !look_at_log(stream))
            return HD_E_NO_MEMORY;
        int64_t left_ms = ends_ms - monotonic_ms();
        if (stream->piece.len > 0 || left_ms <= 0)
            break;
        pause_ms(left_ms < LOOK_MS ? left_ms : LOOK_MS);
    }
    if (stream->piece.len == 0 && !put(stream, ": still here\n\n"))
        return HD_E_NO_MEMORY;
    *data = stream->piece.data;
    *length = stream->piece.len;
    return HD_OK;
}

/* Each holds a thread or a connection of the program. */
static void leave_place(hd_dashboard *dashboard) {
    atomic_fetch_sub(&dashboard->streams, 1);
}

static int take_place(hd_dashboard *dashboard) {
    if (atomic_fetch_add(&dashboard->streams, 1) < HD__STREAMS_MAX)
        return 1;
    leave_place(dashboard);
    return 0;
}

void hd__dash_stream_free(struct hd__dash_stream *stream) {
    if (!stream)
        return;
    leave_place(stream->dashboard);
    hd_dashboard_free(stream->dashboard);
    hd_log_filter_free(stream->filter);
    free(stream->place);
    free(stream->piece.data);
    free(stream);
}

/* Continues after a position. Returns 0 if it is not one of this dashboard, or memory ran out. */
static int begin_after(struct hd__dash_stream *stream, const char *position) {
    char *end;
    uint64_t born = strtoull(position, &end, 16);
    if (*end != '-' || born != stream->dashboard->born)
        return 0;
    uint64_t changes = strtoull(end + 1, &end, 16);
    if (*end != '-')
        return 0;
    stream->changes = changes;
    stream->place = strdup(end + 1);
    return stream->place != NULL;
}

/* A browser names the last position that it was told. One that names none reads the log itself. One whose position is
 * unknown here, since the program was started again, is told to read it. */
static int begin(struct hd__call *call, struct hd__dash_stream *stream) {
    const char *last = hd_request_header(call->request, "Last-Event-ID", 0), *since = hd__call_query(call, "since");
    const char *position = last ? last : since;
    hd_log_page *page = NULL;
    if (hd_log_filter_new(&stream->filter) != HD_OK ||
        hd_log_filter_set_project(stream->filter, call->params[0]) != HD_OK)
        return 0;
    stream->changes = count_changes(call->dashboard);
    if (position)
        return begin_after(stream, position) || !stream->place;
    int status = read_log(stream, NULL, &page);
    hd_log_page_free(page);
    return status != HD_E_NO_MEMORY;
}

void hd__api_stream(struct hd__call *call) {
    if (!take_place(call->dashboard)) {
        hd__call_refuse(call, 503, "Too many open pages", "Ask for the list every few seconds instead.", NULL);
        return;
    }
    struct hd__dash_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        leave_place(call->dashboard);
        call->response->failed = 1;
        return;
    }
    stream->dashboard = hd__dash_ref(call->dashboard);
    call->response->stream = stream;
    if (!begin(call, stream))
        call->response->failed = 1;
    hd__dash_set_body(call->response, 200, "text/event-stream", "", 0);
    hd__dash_set_header(call->response, "X-Accel-Buffering", "no");
}

json_t *hd__dash_position(hd_dashboard *dashboard) {
    hd_log_page *page = NULL;
    struct hd__json_text text = {0};
    uint64_t changes = count_changes(dashboard);
    int status = hd_log_follow(dashboard->client, NULL, NULL, 1, &page);
    if (status == HD_OK)
        write_position(dashboard, changes, hd_log_page_cursor(page), &text);
    json_t *position = status == HD_E_NO_MEMORY || text.failed ? NULL
                       : status == HD_OK                       ? json_stringn(text.data, text.len)
                                                               : json_null();
    hd_log_page_free(page);
    free(text.data);
    return position;
}
