/* What a job looks for, as text: a line for each property that its filter has, with a name, a blank and the value, in
 * which bytes up to 0x20, 0x7F and "%" are written as in URLs. */
#include "base/buffer.h"
#include "store/filter.h"
#include "store/job.h"
#include "store/statuses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Writing ---- */

static void write_text(struct hd__buffer *out, const char *name, const char *value) {
    char escape[4];
    if (!value)
        return;
    hd__buffer_text(out, name);
    hd__buffer_text(out, " ");
    for (const char *at = value; *at; at++) {
        if ((unsigned char)*at > 0x20 && *at != 0x7F && *at != '%') {
            hd__buffer_append(out, at, 1);
            continue;
        }
        snprintf(escape, sizeof escape, "%%%02X", (unsigned)(unsigned char)*at);
        hd__buffer_text(out, escape);
    }
    hd__buffer_text(out, "\n");
}

static void write_number(struct hd__buffer *out, const char *name, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    write_text(out, name, value ? text : NULL);
}

/* A line for each bit that is set: its number, from that of the first bit on. */
static void write_bits(struct hd__buffer *out, const char *name, uint64_t bits, int first) {
    for (int i = 0; i < 64; i++)
        if (bits >> i & 1)
            write_number(out, name, first + i);
}

static void write_statuses(struct hd__buffer *out, const struct hd__log_search *search) {
    char text[HD__STATUSES_MAX * sizeof "500-599,"] = "";
    size_t len = 0;
    for (size_t i = 0; i < search->status_count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%d-%d", i ? "," : "", search->statuses[i].first,
                                search->statuses[i].last);
    write_text(out, "statuses", len > 0 ? text : NULL);
}

static void write_id(struct hd__buffer *out, const char *name, const unsigned char *id) {
    char text[HD__UUID_SIZE];
    if (id)
        hd__uuid_format(id, text);
    write_text(out, name, id ? text : NULL);
}

char *hd__job_query_write(const hd_log_filter *filter) {
    struct hd__log_search search = {.tests = HD_TESTS_INCLUDED};
    struct hd__buffer out = {0};
    hd__log_filter_search(filter, &search);
    hd__buffer_append(&out, "", 0);
    write_text(&out, "project", search.project);
    for (size_t i = 0; i < search.webhook_count; i++)
        write_text(&out, "webhook", search.webhook_ids[i]);
    write_bits(&out, "event", search.types, 0);
    write_bits(&out, "outcome", search.outcomes, HD_OUTCOME_DELIVERED);
    write_bits(&out, "reason", search.reasons, HD_REASON_DELIVERED);
    write_statuses(&out, &search);
    write_id(&out, "delivery", search.delivery_id);
    write_id(&out, "redelivery_of", search.redelivery_of);
    write_number(&out, "tests", search.tests == HD_TESTS_INCLUDED ? 0 : search.tests);
    write_number(&out, "since", search.since_ms);
    write_number(&out, "until", search.until_ms);
    write_text(&out, "text", search.text);
    if (!out.failed)
        return out.data;
    hd__buffer_free(&out);
    return NULL;
}

/* ---- Reading ---- */

/* Two values that one setter takes. */
struct period {
    int64_t since_ms, until_ms;
};

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 0;
}

/* In place: it becomes shorter, if anything. */
static void unescape(char *text) {
    char *out = text;
    for (const char *at = text; *at; at++) {
        if (*at == '%' && at[1] && at[2]) {
            *out++ = (char)(digit(at[1]) * 16 + digit(at[2]));
            at += 2;
        } else {
            *out++ = *at;
        }
    }
    *out = '\0';
}

static int read_one(hd_log_filter *filter, struct period *period, const char *name, const char *value) {
    int64_t number = strtoll(value, NULL, 10);
    if (strcmp(name, "project") == 0)
        return hd_log_filter_set_project(filter, value);
    if (strcmp(name, "webhook") == 0)
        return hd_log_filter_add_webhook(filter, value);
    if (strcmp(name, "event") == 0)
        return hd_log_filter_add_event(filter, (int)number);
    if (strcmp(name, "outcome") == 0)
        return hd_log_filter_add_outcome(filter, (int)number);
    if (strcmp(name, "reason") == 0)
        return hd_log_filter_add_reason(filter, (int)number);
    if (strcmp(name, "statuses") == 0)
        return hd_log_filter_set_http_statuses(filter, value);
    if (strcmp(name, "delivery") == 0)
        return hd_log_filter_set_delivery(filter, value);
    if (strcmp(name, "redelivery_of") == 0)
        return hd_log_filter_set_redelivery_of(filter, value);
    if (strcmp(name, "tests") == 0)
        return hd_log_filter_set_tests(filter, (int)number);
    if (strcmp(name, "text") == 0)
        return hd_log_filter_set_text(filter, value);
    int64_t *bound = strcmp(name, "since") == 0   ? &period->since_ms
                     : strcmp(name, "until") == 0 ? &period->until_ms
                                                  : NULL;
    if (bound)
        *bound = number;
    return bound ? HD_OK : HD_E_STORE;
}

static int read_lines(char *text, hd_log_filter *filter) {
    struct period period = {0};
    int status = HD_OK;
    for (char *line = text, *end; status == HD_OK && (end = strchr(line, '\n')); line = end + 1) {
        char *value = strchr(line, ' ');
        *end = '\0';
        if (!value || value > end)
            return HD_E_STORE;
        *value++ = '\0';
        unescape(value);
        status = read_one(filter, &period, line, value);
    }
    if (status == HD_OK)
        status = hd_log_filter_set_time(filter, period.since_ms, period.until_ms);
    return status == HD_OK || status == HD_E_NO_MEMORY ? status : HD_E_STORE;
}

int hd__job_query_read(const char *text, hd_log_filter **filter) {
    char *copy = strdup(text);
    *filter = NULL;
    int status = copy ? hd_log_filter_new(filter) : HD_E_NO_MEMORY;
    if (status == HD_OK)
        status = read_lines(copy, *filter);
    free(copy);
    if (status == HD_OK)
        return HD_OK;
    hd_log_filter_free(*filter);
    *filter = NULL;
    return status;
}
