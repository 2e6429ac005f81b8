#include "dashboard/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int set_event(const struct reading *reading, const char *value) {
    int type = hd_event_type_from_name(value);
    return type == HD_EVENT_UNKNOWN ? HD_E_INVALID : hd_log_filter_set_event(reading->filter, type);
}

static int set_outcome(const struct reading *reading, const char *value) {
    int outcome = hd_outcome_from_name(value);
    return outcome ? hd_log_filter_set_outcome(reading->filter, outcome) : HD_E_INVALID;
}

static int set_reason(const struct reading *reading, const char *value) {
    int reason = hd_reason_from_name(value);
    return reason ? hd_log_filter_set_reason(reading->filter, reason) : HD_E_INVALID;
}

/* "404", "5xx", "500-503" */
static int set_status(const struct reading *reading, const char *value) {
    int first = 0, last = 0;
    char rest = '\0';
    if (strlen(value) == 3 && value[0] >= '1' && value[0] <= '5' && strcmp(value + 1, "xx") == 0)
        return hd_log_filter_set_http_status(reading->filter, (value[0] - '0') * 100, (value[0] - '0') * 100 + 99);
    if (sscanf(value, "%3d-%3d%c", &first, &last, &rest) == 2)
        return hd_log_filter_set_http_status(reading->filter, first, last);
    if (sscanf(value, "%3d%c", &first, &rest) == 1 && first > 0)
        return hd_log_filter_set_http_status(reading->filter, first, first);
    return HD_E_INVALID;
}

static int set_webhook(const struct reading *reading, const char *value) {
    return hd_log_filter_set_webhook(reading->filter, value);
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
    {"event", set_event},     {"outcome", set_outcome}, {"reason", set_reason}, {"status", set_status},
    {"webhook", set_webhook}, {"test", set_test},       {"q", set_text},        {"redelivery_of", set_redelivery},
};

static void refuse(struct hd__call *call, const char *name) {
    char text[96];
    snprintf(text, sizeof text, "The filter '%s' has a value that it cannot have.", name);
    hd__call_refuse(call, 400, "The filter is malformed", text, NULL);
}

static int set_all(const struct reading *reading) {
    for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
        const char *value = value_of(reading, setters[i].name);
        int status = value ? setters[i].set(reading, value) : HD_OK;
        if (status == HD_E_NO_MEMORY)
            reading->call->response->failed = 1;
        if (status != HD_OK) {
            refuse(reading->call, setters[i].name);
            return 0;
        }
    }
    return 1;
}

static int set_times(const struct reading *reading) {
    static const char *const names[] = {"since", "until"};
    int64_t times[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        const char *value = value_of(reading, names[i]);
        if (value && hd_time_parse(value, strlen(value), &times[i]) != HD_OK) {
            refuse(reading->call, names[i]);
            return 0;
        }
    }
    if (reading->until_ms && (!times[1] || reading->until_ms < times[1]))
        times[1] = reading->until_ms;
    if (times[0] && times[1] && times[0] >= times[1]) {
        refuse(reading->call, "until");
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
