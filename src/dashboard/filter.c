#include "dashboard/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_LIMIT_MS 10000 /* of a search: who waits longer has left the page */

struct reading {
    struct hd__call *call;
    const json_t *object;
    hd_log_filter *filter;
    int64_t until_ms;
};

static const char *value_of(const struct reading *reading, const char *name) {
    const char *value = reading->object ? json_string_value(json_object_get(reading->object, name))
                                        : hd__call_query(reading->call, name);
    return value && *value ? value : NULL;
}

/* Each word of a list. */
static int add_words(const struct reading *reading, const char *list,
                     int (*add)(const struct reading *reading, const char *word)) {
    int status = HD_OK;
    char word[64];
    for (size_t length; list && status == HD_OK; list = list[length] ? list + length + 1 : NULL) {
        length = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), list);
        status = add(reading, word);
    }
    return status;
}

static int add_event(const struct reading *reading, const char *value) {
    int type = hd_event_type_from_name(value);
    return type == HD_EVENT_UNKNOWN ? HD_E_INVALID : hd_log_filter_add_event(reading->filter, type);
}

static int add_outcome(const struct reading *reading, const char *value) {
    int outcome = hd_outcome_from_name(value);
    return outcome ? hd_log_filter_add_outcome(reading->filter, outcome) : HD_E_INVALID;
}

static int add_reason(const struct reading *reading, const char *value) {
    int reason = hd_reason_from_name(value);
    return reason ? hd_log_filter_add_reason(reading->filter, reason) : HD_E_INVALID;
}

static int set_events(const struct reading *reading, const char *list) {
    return add_words(reading, list, add_event);
}

static int set_outcomes(const struct reading *reading, const char *list) {
    return add_words(reading, list, add_outcome);
}

static int set_reasons(const struct reading *reading, const char *list) {
    return add_words(reading, list, add_reason);
}

static int set_statuses(const struct reading *reading, const char *list) {
    return hd_log_filter_set_http_statuses(reading->filter, list);
}

static int add_webhook(const struct reading *reading, const char *id) {
    return *id ? hd_log_filter_add_webhook(reading->filter, id) : HD_OK;
}

/* One id, or several: the parameter as often as there are, or an array in an object. Ids may have commas in them. */
static int add_webhooks(const struct reading *reading) {
    const json_t *given = reading->object ? json_object_get(reading->object, "webhook") : NULL;
    int status = json_is_string(given) ? add_webhook(reading, json_string_value(given)) : HD_OK;
    for (size_t i = 0; i < json_array_size(given) && status == HD_OK; i++) {
        const char *id = json_string_value(json_array_get(given, i));
        status = id ? add_webhook(reading, id) : HD_E_INVALID;
    }
    for (size_t i = 0; !reading->object && i < reading->call->query_count && status == HD_OK; i++)
        if (strcmp(reading->call->queries[i].name, "webhook") == 0)
            status = add_webhook(reading, reading->call->queries[i].value);
    return status;
}

static int set_test(const struct reading *reading, const char *value) {
    int which = strcmp(value, "no") == 0     ? HD_TESTS_EXCLUDED
                : strcmp(value, "only") == 0 ? HD_TESTS_ONLY
                : strcmp(value, "all") == 0  ? HD_TESTS_INCLUDED
                                             : -1;
    return which < 0 ? HD_E_INVALID : hd_log_filter_set_tests(reading->filter, which);
}

static int set_text(const struct reading *reading, const char *value) {
    return hd_log_filter_set_text(reading->filter, value);
}

static int set_redelivery(const struct reading *reading, const char *value) {
    return hd_log_filter_set_redelivery_of(reading->filter, value);
}

static const struct {
    const char *name;
    int (*set)(const struct reading *reading, const char *value);
} setters[] = {
    {"event", set_events}, {"outcome", set_outcomes}, {"reason", set_reasons},           {"status", set_statuses},
    {"test", set_test},    {"q", set_text},           {"redelivery_of", set_redelivery},
};

static void refuse(struct hd__call *call, const char *name, int status) {
    char text[256];
    if (status == HD_E_INVALID)
        snprintf(text, sizeof text, "The filter '%s' has a value that it cannot have.", name);
    else
        snprintf(text, sizeof text, "The filter '%s': %s.", name, hd_strerror(status));
    hd__call_refuse(call, 400, "The filter is malformed", text, NULL);
}

/* Whether it was set. */
static int check(const struct reading *reading, const char *name, int status) {
    if (status == HD_E_NO_MEMORY)
        reading->call->response->failed = 1;
    if (status != HD_OK)
        refuse(reading->call, name, status);
    return status == HD_OK;
}

static int set_all(const struct reading *reading) {
    for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
        const char *value = value_of(reading, setters[i].name);
        if (value && !check(reading, setters[i].name, setters[i].set(reading, value)))
            return 0;
    }
    return check(reading, "webhook", add_webhooks(reading));
}

static int set_times(const struct reading *reading) {
    static const char *const names[] = {"since", "until"};
    int64_t times[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        const char *value = value_of(reading, names[i]);
        if (value && hd_time_parse(value, strlen(value), &times[i]) != HD_OK) {
            refuse(reading->call, names[i], HD_E_INVALID);
            return 0;
        }
    }
    if (reading->until_ms && (!times[1] || reading->until_ms < times[1]))
        times[1] = reading->until_ms;
    if (times[0] && times[1] && times[0] >= times[1]) {
        refuse(reading->call, "until", HD_E_INVALID);
        return 0;
    }
    int is_set = hd_log_filter_set_time(reading->filter, times[0], times[1]) == HD_OK;
    reading->call->response->failed |= !is_set;
    return is_set;
}

int hd__filter_read(struct hd__call *call, const json_t *object, int64_t until_ms, hd_log_filter **filter) {
    struct reading reading = {.call = call, .object = object, .until_ms = until_ms};
    *filter = NULL;
    if (hd_log_filter_new(&reading.filter) != HD_OK ||
        hd_log_filter_set_time_limit_ms(reading.filter, TIME_LIMIT_MS) != HD_OK ||
        hd_log_filter_set_project(reading.filter, call->params[0]) != HD_OK) {
        hd_log_filter_free(reading.filter);
        call->response->failed = 1;
        return 0;
    }
    if (set_all(&reading) && set_times(&reading)) {
        *filter = reading.filter;
        return 1;
    }
    hd_log_filter_free(reading.filter);
    return 0;
}
