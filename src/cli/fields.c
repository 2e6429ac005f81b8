#include "cli/fields.h"

#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What --set sets, in the order of the body: texts, and two numbers. */
static const struct {
    int number; /* HD_FIELD_... of a text */
    const char *name, *meaning;
} fields[] = {
    {0, "timestamp", "when it happened, such as 2025-01-15T10:30:00.000Z, or now"},
    {HD_FIELD_TICKET_ID, "ticket.id", "1 to 128 visible ASCII characters"},
    {0, "ticket.number", "the number that people see, from 1"},
    {HD_FIELD_TICKET_SUBJECT, "ticket.subject", "text"},
    {HD_FIELD_TICKET_STATUS, "ticket.status", "a word, such as open"},
    {HD_FIELD_TICKET_PRIORITY, "ticket.priority", "a word, such as high"},
    {HD_FIELD_CUSTOMER_EMAIL, "customer.email", "an address"},
    {HD_FIELD_CUSTOMER_NAME, "customer.name", "text"},
    {HD_FIELD_MESSAGE_ID, "message.id", "message.received only: 1 to 128 visible ASCII characters"},
    {HD_FIELD_MESSAGE_SENDER, "message.sender", "message.received only: customer or agent"},
    {HD_FIELD_MESSAGE_BODY, "message.body", "message.received only: text"},
    {HD_FIELD_WEBHOOK_ID, "webhook.id", "alerts only: 1 to 128 visible ASCII characters"},
    {HD_FIELD_WEBHOOK_NAME, "webhook.name", "alerts only: text"},
    {HD_FIELD_FAILURE_SINCE, "failure.since",
     "alerts only: when the first attempt failed, such as 2025-01-15T10:30:00.000Z"},
    {HD_FIELD_FAILURE_COUNT, "failure.count", "alerts only: how many attempts failed in a row"},
    {HD_FIELD_FAILURE_REASON, "failure.reason", "alerts only: why, as in the log, such as refused"},
    {HD_FIELD_FAILURE_EXPLANATION, "failure.explanation", "alerts only: the same as text"},
    {HD_FIELD_PAUSED_UNTIL, "paused_until", "webhook.paused only: when the pause ends"},
};

enum {
    TIMESTAMP = 0,
    TICKET_NUMBER = 2,
    FIELDS = sizeof fields / sizeof *fields
};

/* ---- Names ---- */

static void hint_events(void) {
    char names[256] = "";
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++) {
        strcat(names, *names ? ", " : "");
        strcat(names, hd_event_type_name(type));
    }
    cli_hint("It is one of: %s.", names);
}

int cli_event_type(const char *name) {
    int type = hd_event_type_from_name(name);
    if (type == HD_EVENT_UNKNOWN) {
        cli_error("there is no event '%s'", name);
        hint_events();
    }
    return type;
}

const char *cli_subject(const hd_event *event) {
    const char *subject = hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL);
    return subject ? subject : hd_event_get(event, HD_FIELD_WEBHOOK_NAME, NULL);
}

/* As the body has it. */
static const char *key_of(int field) {
    static char key[64];
    snprintf(key, sizeof key, "%s%s", field == TIMESTAMP ? "" : "data.", fields[field].name);
    return key;
}

static json_t *events_json(void) {
    json_t *list = json_array();
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
        json_array_append_new(list, json_string(hd_event_type_name(type)));
    return list;
}

static json_t *fields_json(void) {
    json_t *list = json_array();
    for (int i = 0; i < FIELDS; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "key", key_of(i), "meaning", fields[i].meaning));
    return list;
}

int cli_list_fields(void) {
    if (cli_is_json())
        return cli_json_print(json_pack("{s:o, s:o}", "events", events_json(), "fields", fields_json()));
    puts("Events:");
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
        printf("  %s\n", hd_event_type_name(type));
    puts("\nFields for --set KEY=VALUE:");
    for (int i = 0; i < FIELDS; i++)
        printf("  %-22s %s\n", key_of(i), fields[i].meaning);
    return CLI_OK;
}

/* ---- Values ---- */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The library reads times only as part of bodies. */
static int parse_timestamp(const char *text, int64_t *ms) {
    static const char body[] =
        "{\"event\":\"-\",\"timestamp\":\"%s\",\"data\":{}}"; /* an unknown event needs no more than that */
    char whole[128];
    hd_event *event;
    if (strcmp(text, "now") == 0) {
        *ms = now_ms();
        return 1;
    }
    if (strcspn(text, "\"\\") != strlen(text) || strlen(text) > 40)
        return 0;
    int length = snprintf(whole, sizeof whole, body, text);
    if (hd_event_parse(whole, (size_t)length, &event) != HD_OK)
        return 0;
    *ms = hd_event_timestamp_ms(event);
    hd_event_free(event);
    return 1;
}

static int64_t parse_number(const char *text) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' ? value : 0; /* which no ticket has */
}

static int set_field(hd_event *event, int field, const char *text) {
    int64_t ms;
    if (field == TIMESTAMP)
        return parse_timestamp(text, &ms) ? hd_event_set_timestamp_ms(event, ms) : HD_E_TIMESTAMP;
    if (field == TICKET_NUMBER)
        return hd_event_set_ticket_number(event, parse_number(text));
    return hd_event_set(event, fields[field].number, text, HD_TEXT_NUL);
}

static int fail_field(const hd_event *event, int status, int field) {
    return status == HD_E_FIELD ? cli_fail(CLI_USAGE, "a %s has no %s", hd_event_name(event), key_of(field))
                                : cli_fail_status(status, key_of(field));
}

/* ---- --set ---- */

static int is_key(const char *key, size_t length, const char *name) {
    return strlen(name) == length && memcmp(key, name, length) == 0;
}

/* With or without the "data." that the body has before it. */
static int find_field(const char *key, size_t length) {
    for (int i = 0; i < FIELDS; i++)
        if (is_key(key, length, key_of(i)) || is_key(key, length, fields[i].name))
            return i;
    return -1;
}

/* Sets what --set says, and notes it. */
static int set_fields(const struct args *args, hd_event *event, int is_set[FIELDS]) {
    const char *given;
    size_t index = 0;
    while ((given = cli_next_value(args, OPT_SET, &index))) {
        size_t length = strcspn(given, "=");
        int field = find_field(given, length);
        if (field < 0 || given[length] != '=') {
            cli_error(field < 0 ? "--set: there is no field '%.*s'" : "--set %.*s needs a value: %s=VALUE", (int)length,
                      given, field < 0 ? "" : key_of(field));
            cli_hint("'helmdesk payload --list' lists the fields.");
            return CLI_USAGE;
        }
        int status = set_field(event, field, given + length + 1);
        if (status != HD_OK)
            return fail_field(event, status, field);
        is_set[field] = 1;
    }
    return CLI_OK;
}

/* ---- The rest ---- */

static const char *text_of(const hd_event *event, int field) {
    return hd_event_get(event, fields[field].number, NULL);
}

/* Of a message that is set in part: what stands in for the rest. */
static const char *default_of(const hd_event *event, int field) {
    int has_message = hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL) ||
                      hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL) ||
                      hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL);
    switch (has_message ? fields[field].number : 0) {
    case HD_FIELD_MESSAGE_ID:
        return "message-1";
    case HD_FIELD_MESSAGE_SENDER:
        return "customer";
    case HD_FIELD_MESSAGE_BODY:
        return "";
    default:
        return NULL;
    }
}

static int is_about_ticket(const hd_event *event) {
    return hd_event_type(event) < HD_ALERT_FAILING;
}

static int take_over(hd_event *event, const hd_event *base, int64_t offset, int field) {
    if (field == TIMESTAMP)
        return hd_event_set_timestamp_ms(event, hd_event_timestamp_ms(base));
    if (field == TICKET_NUMBER)
        return is_about_ticket(base) ? hd_event_set_ticket_number(event, hd_event_ticket_number(base) + offset) : HD_OK;
    const char *text = text_of(base, field) ? text_of(base, field) : default_of(event, field);
    return text ? set_field(event, field, text) : HD_OK;
}

/* What --set has not set is as in the base. */
static int fill(const struct args *args, const hd_event *base, int64_t offset, hd_event *event) {
    int is_set[FIELDS] = {0};
    int code = set_fields(args, event, is_set);
    for (int field = 0; field < FIELDS && code == CLI_OK; field++) {
        int status = is_set[field] ? HD_OK : take_over(event, base, offset, field);
        if (status != HD_OK)
            code = fail_field(event, status, field);
    }
    return code;
}

int cli_event_change(const struct args *args, const hd_event *base, int64_t offset, hd_event **event) {
    hd_event *made = NULL;
    if (hd_event_type(base) == HD_EVENT_UNKNOWN)
        return cli_fail(CLI_USAGE, "'%s' is not an event that this helmdesk knows", hd_event_name(base));
    if (hd_event_new(hd_event_type(base), &made) != HD_OK)
        return cli_no_memory();
    int code = fill(args, base, offset, made);
    if (code == CLI_OK)
        *event = made;
    else
        hd_event_free(made);
    return code;
}

/* ---- The event to begin with ---- */

static int read_data(const char *path, const char *name, hd_event **event) {
    struct bytes body;
    int code = cli_read_file(path, &body);
    if (code != CLI_OK)
        return code;
    int status = hd_event_parse(body.data, body.len, event);
    cli_bytes_free(&body);
    if (status != HD_OK)
        return cli_fail_status(status, path);
    if (name && strcmp(name, hd_event_name(*event)) != 0) {
        code = cli_fail(CLI_USAGE, "%s has a %s, and not a %s", path, hd_event_name(*event), name);
        hd_event_free(*event);
    }
    return code;
}

int cli_event_new(const struct args *args, const char *name, hd_event **event) {
    const char *path = cli_value(args, OPT_DATA);
    hd_event *base = NULL;
    int code = CLI_OK;
    if (!name && !path) {
        cli_error("which event?");
        hint_events();
        return CLI_USAGE;
    }
    int type = name ? cli_event_type(name) : HD_EVENT_UNKNOWN;
    if (name && type == HD_EVENT_UNKNOWN)
        return CLI_USAGE;
    if (path)
        code = read_data(path, name, &base);
    else if (hd_event_new_sample(type, &base) != HD_OK)
        code = cli_no_memory();
    if (code == CLI_OK) {
        code = cli_event_change(args, base, 0, event);
        hd_event_free(base);
    }
    return code;
}
