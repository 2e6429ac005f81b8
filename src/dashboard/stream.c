#include "dashboard/stream.h"

#include "base/clock.h"
#include "dashboard/api.h"
#include "dashboard/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS 250   /* how often the log is looked at, which has no bell */
#define BURST_MAX 200 /* more at once, and the page reads the log itself */

/* A place in the log: the time of the last delivery that was told, and which of that millisecond were. A page has at
 * most BURST_MAX of them. */
struct hd__dash_stream {
    hd_dashboard *dashboard;
    hd_log_filter *filter;
    int64_t since_ms;
    struct hd__json_text told; /* ids and attempts of since_ms */
    uint64_t changes;
    int has_begun;
    struct hd__json_text piece; /* the last one */
};

/* ---- Text ---- */

static int put(struct hd__dash_stream *stream, const char *text) {
    hd__json_write_bytes(text, strlen(text), &stream->piece);
    return !stream->piece.failed;
}

static int put_event(struct hd__dash_stream *stream, const char *name, json_t *value) {
    char head[96];
    snprintf(head, sizeof head, "event: %s\nid: %lld\ndata: ", name, (long long)stream->since_ms);
    (void)put(stream, head);
    hd__json_write(value, &stream->piece);
    json_decref(value);
    return put(stream, "\n\n");
}

/* ---- Deliveries ---- */

static void name_of(const hd_report *report, char text[64]) {
    snprintf(text, 64, " %s/%u/%d", hd_report_delivery_id(report), hd_report_attempts(report),
             hd_report_outcome(report));
}

static int was_told(const struct hd__dash_stream *stream, const hd_report *report) {
    char name[64];
    name_of(report, name);
    return hd_report_finished_at_ms(report) == stream->since_ms && stream->told.data && strstr(stream->told.data, name);
}

static int note_told(struct hd__dash_stream *stream, const hd_report *report) {
    char name[64];
    name_of(report, name);
    if (hd_report_finished_at_ms(report) > stream->since_ms) {
        stream->since_ms = hd_report_finished_at_ms(report);
        stream->told.len = 0;
    }
    hd__json_write_bytes(name, strlen(name), &stream->told);
    return !stream->told.failed;
}

static int tell_page(struct hd__dash_stream *stream, const hd_log_page *page) {
    for (size_t i = hd_log_page_count(page); i > 0; i--) {
        const hd_report *report = hd_log_page_at(page, i - 1);
        if (was_told(stream, report))
            continue;
        if (!note_told(stream, report) || !put_event(stream, "delivery", hd__field_delivery(report)))
            return 0;
    }
    return 1;
}

/* What is in the log by now is read by the page itself; what joins it later is news, though it may have ended before: a
 * store takes some at once. They join in the order in which they ended. */
static int begin_at_newest(struct hd__dash_stream *stream) {
    hd_log_page *page = NULL;
    int status = hd_log_query(stream->dashboard->client, stream->filter, NULL, BURST_MAX, &page);
    if (status != HD_OK)
        return status != HD_E_NO_MEMORY; /* all is told when the store works again */
    stream->since_ms = 1;
    int ok = 1;
    for (size_t i = 0; ok && i < hd_log_page_count(page); i++) {
        const hd_report *report = hd_log_page_at(page, i);
        if (hd_report_finished_at_ms(report) < stream->since_ms)
            break;
        ok = note_told(stream, report);
    }
    hd_log_page_free(page);
    return ok;
}

/* What has ended since the last look, the oldest first. More than a page of it is not told: the page reads it anew. */
static int look_at_log(struct hd__dash_stream *stream) {
    hd_log_page *page = NULL;
    int status = hd_log_filter_set_time(stream->filter, stream->since_ms, 0);
    if (status == HD_OK)
        status = hd_log_query(stream->dashboard->client, stream->filter, NULL, BURST_MAX, &page);
    if (status != HD_OK)
        return status != HD_E_NO_MEMORY; /* the store may work again */
    int ok;
    if (hd_log_page_cursor(page)) {
        const hd_report *newest = hd_log_page_at(page, 0); /* may have been told if more are of one millisecond */
        ok = was_told(stream, newest) || (note_told(stream, newest) && put_event(stream, "reset", json_object()));
    } else {
        ok = tell_page(stream, page);
    }
    hd_log_page_free(page);
    return ok;
}

/* ---- Webhooks ---- */

static int look_at_webhooks(struct hd__dash_stream *stream) {
    pthread_mutex_lock(&stream->dashboard->lock);
    uint64_t changes = stream->dashboard->changes;
    pthread_mutex_unlock(&stream->dashboard->lock);
    if (changes == stream->changes)
        return 1;
    stream->changes = changes;
    return put_event(stream, "webhooks", json_object());
}

/* ---- The stream ---- */

static int64_t monotonic_ms(void) {
    return hd__monotonic_us(&hd__system_clock) / 1000;
}

static void pause_ms(int64_t ms) {
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

int hd__dash_stream_next(struct hd__dash_stream *stream, uint32_t timeout_ms, const char **data, size_t *length) {
    int64_t ends_ms = monotonic_ms() + timeout_ms;
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

void hd__dash_stream_free(struct hd__dash_stream *stream) {
    if (!stream)
        return;
    pthread_mutex_lock(&stream->dashboard->lock);
    stream->dashboard->streams--;
    pthread_mutex_unlock(&stream->dashboard->lock);
    hd_log_filter_free(stream->filter);
    free(stream->told.data);
    free(stream->piece.data);
    free(stream);
}

/* Each holds a thread or a connection of the program. */
static int take_place(hd_dashboard *dashboard, uint64_t *changes) {
    pthread_mutex_lock(&dashboard->lock);
    int has_room = dashboard->streams < HD__STREAMS_MAX;
    dashboard->streams += (size_t)has_room;
    *changes = dashboard->changes;
    pthread_mutex_unlock(&dashboard->lock);
    return has_room;
}

/* Where a browser that was away goes on: the last id that it has; 0 without one of the past. */
static int64_t place_of(struct hd__call *call) {
    const char *last = hd__dash_header(call->request, "Last-Event-ID"), *since = hd__call_query(call, "since");
    const char *text = last ? last : since;
    char *end = NULL;
    long long ms = text ? strtoll(text, &end, 10) : 0;
    return text && end != text && *end == '\0' && ms > 0 && ms <= hd__dash_now_ms() ? ms : 0;
}

static int begin(struct hd__call *call, struct hd__dash_stream *stream) {
    if (hd_log_filter_new(&stream->filter) != HD_OK ||
        hd_log_filter_set_project(stream->filter, call->params[0]) != HD_OK)
        return 0;
    stream->since_ms = place_of(call);
    return stream->since_ms > 0 || begin_at_newest(stream);
}

void hd__api_stream(struct hd__call *call) {
    uint64_t changes;
    if (!take_place(call->dashboard, &changes)) {
        hd__call_refuse(call, 503, "Too many pages watch", "Ask for the list every few seconds instead.", NULL);
        return;
    }
    struct hd__dash_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        pthread_mutex_lock(&call->dashboard->lock);
        call->dashboard->streams--;
        pthread_mutex_unlock(&call->dashboard->lock);
        call->response->failed = 1;
        return;
    }
    stream->dashboard = call->dashboard;
    stream->changes = changes;
    call->response->stream = stream;
    if (!begin(call, stream))
        call->response->failed = 1;
    hd__dash_set_body(call->response, 200, "text/event-stream", "", 0);
    hd__dash_set_header(call->response, "X-Accel-Buffering", "no");
}
