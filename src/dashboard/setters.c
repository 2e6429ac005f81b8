#include "dashboard/setters.h"

#include "dashboard/fields.h"
#include "dashboard/text.h"

#include <stdlib.h>
#include <string.h>

#define SLACK_HOST "https://hooks.slack.com/"

/* ---- One field ---- */

static int set_name(hd_webhook *webhook, const json_t *value) {
    return json_is_string(value) ? hd_webhook_set_name(webhook, json_string_value(value)) : HD_E_WEBHOOK_NAME;
}

static int set_url(hd_webhook *webhook, const json_t *value) {
    return json_is_string(value) ? hd_webhook_set_url(webhook, json_string_value(value)) : HD_E_URL;
}

static int set_format(hd_webhook *webhook, const json_t *value) {
    const char *name = json_string_value(value);
    if (!name || (strcmp(name, "json") != 0 && strcmp(name, "slack") != 0))
        return HD_E_INVALID;
    return hd_webhook_set_format(webhook, *name == 's' ? HD_FORMAT_SLACK : HD_FORMAT_JSON);
}

static int set_events(hd_webhook *webhook, const json_t *value) {
    if (!json_is_array(value) || json_array_size(value) == 0)
        return HD_E_EVENT_TYPE;
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
        (void)hd_webhook_set_subscribed(webhook, type, 0);
    for (size_t i = 0; i < json_array_size(value); i++) {
        int type = hd_event_type_from_name(json_string_value(json_array_get(value, i)));
        if (hd_webhook_set_subscribed(webhook, type, 1) != HD_OK)
            return HD_E_EVENT_TYPE;
    }
    return HD_OK;
}

static int set_mode(hd_webhook *webhook, const json_t *value) {
    return hd_webhook_set_mode(webhook, hd_mode_from_name(json_string_value(value)));
}

static int set_secret(hd_webhook *webhook, const json_t *value) {
    if (json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0))
        return HD_OK; /* the one that it has */
    return json_is_string(value) ? hd_webhook_set_secret(webhook, json_string_value(value), json_string_length(value))
                                 : HD_E_SECRET;
}

/* With its key; null takes it away. */
static int set_client_certificate(hd_webhook *webhook, const json_t *value) {
    if (!json_is_string(value) && !json_is_null(value))
        return HD_E_CLIENT_CERTIFICATE;
    return hd_webhook_set_client_certificate(webhook, json_string_value(value), json_string_length(value));
}

static int set_ordered(hd_webhook *webhook, const json_t *value) {
    return json_is_boolean(value) ? hd_webhook_set_ordered(webhook, json_is_true(value)) : HD_E_INVALID;
}

static int set_standard(hd_webhook *webhook, const json_t *value) {
    return json_is_boolean(value) ? hd_webhook_set_standard_headers(webhook, json_is_true(value)) : HD_E_INVALID;
}

static int is_number(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) > 0 && json_integer_value(value) < 1000;
}

static int set_attempts(hd_webhook *webhook, const json_t *value) {
    return is_number(value) ? hd_webhook_set_max_attempts(webhook, (uint32_t)json_integer_value(value)) : HD_E_INVALID;
}

static int set_in_flight(hd_webhook *webhook, const json_t *value) {
    return is_number(value) ? hd_webhook_set_max_in_flight(webhook, (uint32_t)json_integer_value(value)) : HD_E_INVALID;
}

static uint32_t number_in(const json_t *rate, const char *name) {
    json_int_t value = json_integer_value(json_object_get(rate, name));
    return value > 0 && value <= UINT32_MAX ? (uint32_t)value : 0;
}

static int set_rate(hd_webhook *webhook, const json_t *value) {
    if (json_is_null(value))
        return hd_webhook_set_rate(webhook, 0, 0, 0);
    uint32_t count = number_in(value, "count");
    return count == 0 ? HD_E_RATE
                      : hd_webhook_set_rate(webhook, count, number_in(value, "period_ms"), number_in(value, "burst"));
}

/* With 0 failures never; null: as the rule of the server says. */
static int set_pause_rule(hd_webhook *webhook, const json_t *value) {
    const json_t *failures = json_object_get(value, "failures");
    if (json_is_null(value))
        return hd_webhook_set_pause_rule(webhook, 0, 0);
    if (!json_is_integer(failures))
        return HD_E_PAUSE_RULE;
    if (json_integer_value(failures) == 0)
        return hd_webhook_set_pause_rule(webhook, HD_PAUSE_NEVER, 0);
    uint32_t count = number_in(value, "failures");
    return count == 0 || count == HD_PAUSE_NEVER
               ? HD_E_PAUSE_RULE
               : hd_webhook_set_pause_rule(webhook, count, number_in(value, "pause_ms"));
}

/* ---- Headers: those that are left out go, those with null stay as they are ---- */

static int is_listed(const json_t *list, const char *name) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *listed = json_string_value(json_array_get(json_array_get(list, i), 0));
        if (listed && hd__dash_equal_nocase(listed, name))
            return 1;
    }
    return 0;
}

static int drop_headers(hd_webhook *webhook, const json_t *list) {
    for (size_t i = hd_webhook_header_count(webhook); i > 0; i--) {
        char name[130];
        const char *present = hd_webhook_header_name(webhook, i - 1);
        if (is_listed(list, present))
            continue;
        strncpy(name, present, sizeof name - 1);
        name[sizeof name - 1] = '\0';
        int status = hd_webhook_set_header(webhook, name, NULL);
        if (status != HD_OK)
            return status;
    }
    return HD_OK;
}

static int has_header(const hd_webhook *webhook, const char *name) {
    for (size_t i = 0; i < hd_webhook_header_count(webhook); i++)
        if (hd__dash_equal_nocase(hd_webhook_header_name(webhook, i), name))
            return 1;
    return 0;
}

static int set_headers(hd_webhook *webhook, const json_t *list) {
    if (!json_is_array(list))
        return HD_E_HEADER;
    int status = drop_headers(webhook, list);
    for (size_t i = 0; i < json_array_size(list) && status == HD_OK; i++) {
        const json_t *pair = json_array_get(list, i), *value = json_array_get(pair, 1);
        const char *name = json_string_value(json_array_get(pair, 0));
        if (!name || (!json_is_string(value) && !json_is_null(value)))
            return HD_E_HEADER;
        if (json_is_string(value))
            status = hd_webhook_set_header(webhook, name, json_string_value(value));
        else if (!has_header(webhook, name))
            status = HD_E_HEADER; /* there is no value that could stay */
    }
    return status;
}

/* ---- All fields ---- */

static const struct {
    const char *name;
    int (*set)(hd_webhook *webhook, const json_t *value);
} setters[] = {
    {"name", set_name},
    {"url", set_url},
    {"format", set_format},
    {"events", set_events},
    {"mode", set_mode},
    {"secret", set_secret},
    {"headers", set_headers},
    {"client_certificate", set_client_certificate},
    {"ordered", set_ordered},
    {"standard_headers", set_standard},
    {"max_attempts", set_attempts},
    {"max_in_flight", set_in_flight},
    {"rate", set_rate},
    {"pause_rule", set_pause_rule},
};

static json_t *error_of(const char *name, int status, const char *message) {
    return json_pack("{s:s+, s:s, s:s}", "pointer", "/", name, "code", hd_status_name(status), "message", message);
}

static const char *message_of(int status) {
    return status == HD_E_EVENT_TYPE ? "Choose at least one event."
           : status == HD_E_INVALID  ? "This value is out of its range."
                                     : hd_strerror(status);
}

/* Everything that is wrong; NULL without memory. */
static json_t *collect_errors(struct hd__call *call, hd_webhook *webhook, int is_new) {
    json_t *errors = json_array();
    int failed = errors == NULL;
    for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
        const json_t *value = hd__call_member(call, setters[i].name);
        int status = value ? setters[i].set(webhook, value) : HD_OK;
        failed |= status == HD_E_NO_MEMORY;
        if (status != HD_OK)
            hd__json_add(errors, error_of(setters[i].name, status, message_of(status)), &failed);
    }
    if (is_new && !hd__call_member(call, "url"))
        hd__json_add(errors, error_of("url", HD_E_FIELD_MISSING, "Enter the URL that deliveries are sent to."),
                     &failed);
    return hd__json_or_nothing(errors, failed);
}

int hd__setters_apply(struct hd__call *call, hd_webhook *webhook, int is_new) {
    json_t *errors = collect_errors(call, webhook, is_new);
    if (!errors) {
        call->response->failed = 1;
        return 0;
    }
    if (json_array_size(errors) > 0) {
        hd__call_refuse(call, 422, "Check the highlighted fields", NULL, errors);
        return 0;
    }
    json_decref(errors);
    return 1;
}

json_t *hd__setters_warnings(const hd_webhook *webhook) {
    int is_slack = hd_webhook_format(webhook) == HD_FORMAT_SLACK;
    int is_slack_host = hd__dash_starts_nocase(hd_webhook_url(webhook), SLACK_HOST);
    if (is_slack_host != is_slack)
        return json_pack("[{s:s}]", "code", "slack_format");
    return json_array();
}
