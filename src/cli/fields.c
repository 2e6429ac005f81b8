#include "cli/fields.h"

#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Every field that an event may have, as text. */
enum field {
    FIELD_TIMESTAMP,
    FIELD_TICKET_ID,
    FIELD_TICKET_NUMBER,
    FIELD_TICKET_SUBJECT,
    FIELD_TICKET_STATUS,
    FIELD_TICKET_PRIORITY,
    FIELD_CUSTOMER_EMAIL,
    FIELD_CUSTOMER_NAME,
    FIELD_MESSAGE_ID,
    FIELD_MESSAGE_SENDER,
    FIELD_MESSAGE_BODY,
    FIELD_COUNT
};

static const struct {
    const char *key, *meaning;
} fields[FIELD_COUNT] = {
    {"timestamp", "when it happened, such as 2025-01-15T10:30:00.000Z, or now"},
    {"data.ticket.id", "1 to 128 visible ASCII characters"},
    {"data.ticket.number", "the number that people see, from 1"},
    {"data.ticket.subject", "text"},
    {"data.ticket.status", "a word, such as open"},
    {"data.ticket.priority", "a word, such as high"},
    {"data.customer.email", "an address"},
    {"data.customer.name", "text"},
    {"data.message.id", "message.received only: 1 to 128 visible ASCII characters"},
    {"data.message.sender", "message.received only: customer or agent"},
    {"data.message.body", "message.received only: text"},
};

struct draft {
    int type;
    int64_t timestamp_ms;
    const char *values[FIELD_COUNT]; /* NULL for what is not there */
    int is_set[FIELD_COUNT];
    char number[24];
};

/* ---- Names ---- */

int cli_event_type(const char *name) {
    int type = hd_event_type_from_name(name);
    if (type == HD_EVENT_UNKNOWN) {
        cli_error("there is no event '%s'", name);
        cli_hint("It is one of: ticket.created, ticket.resolved, message.received.");
    }
    return type;
}

static json_t *fields_json(void) {
    json_t *list = json_array();
    for (size_t i = 0; i < FIELD_COUNT; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "key", fields[i].key, "meaning", fields[i].meaning));
    return list;
}

int cli_list_fields(void) {
    if (cli_is_json())
        return cli_json_print(json_pack("{s:[s,s,s], s:o}", "events", "ticket.created", "ticket.resolved",
                                        "message.received", "fields", fields_json()));
    puts("Events:\n  ticket.created\n  ticket.resolved\n  message.received\n\nFields for --set KEY=VALUE:");
    for (size_t i = 0; i < FIELD_COUNT; i++)
        printf("  %-22s %s\n", fields[i].key, fields[i].meaning);
    return CLI_OK;
}

/* ---- --set ---- */

static int find_field(const char *key, size_t length) {
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *whole = fields[i].key, *without_data = strncmp(whole, "data.", 5) == 0 ? whole + 5 : whole;
        if ((strlen(whole) == length && memcmp(whole, key, length) == 0) ||
            (strlen(without_data) == length && memcmp(without_data, key, length) == 0))
            return i;
    }
    return -1;
}

static int set_fields(const struct args *args, struct draft *draft) {
    const char *given;
    size_t index = 0;
    while ((given = cli_next_value(args, OPT_SET, &index))) {
        size_t length = strcspn(given, "=");
        int field = find_field(given, length);
        if (field < 0 || given[length] != '=') {
            cli_error(field < 0 ? "--set: there is no field '%.*s'" : "--set %.*s needs a value: %s=VALUE", (int)length,
                      given, field < 0 ? "" : fields[field].key);
            cli_hint("'helmdesk payload --list' lists the fields.");
            return CLI_USAGE;
        }
        draft->values[field] = given + length + 1;
        draft->is_set[field] = 1;
    }
    return CLI_OK;
}

/* ---- Drafts ---- */

static void read_event(const hd_event *event, struct draft *draft) {
    draft->type = hd_event_type(event);
    draft->timestamp_ms = hd_event_timestamp_ms(event);
    snprintf(draft->number, sizeof draft->number, "%lld", (long long)hd_event_ticket_number(event));
    draft->values[FIELD_TICKET_ID] = hd_event_ticket_id(event);
    draft->values[FIELD_TICKET_NUMBER] = draft->number;
    draft->values[FIELD_TICKET_SUBJECT] = hd_event_ticket_subject(event);
    draft->values[FIELD_TICKET_STATUS] = hd_event_ticket_status(event);
    draft->values[FIELD_TICKET_PRIORITY] = hd_event_ticket_priority(event);
    draft->values[FIELD_CUSTOMER_EMAIL] = hd_event_customer_email(event);
    draft->values[FIELD_CUSTOMER_NAME] = hd_event_customer_name(event);
    draft->values[FIELD_MESSAGE_ID] = hd_event_message_id(event);
    draft->values[FIELD_MESSAGE_SENDER] = hd_event_message_sender(event);
    draft->values[FIELD_MESSAGE_BODY] = hd_event_message_body(event);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The library reads times where they stand, in bodies. */
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

static int fail_field(int status) {
    static const struct {
        int status;
        enum field field;
    } by_status[] = {
        {HD_E_TIMESTAMP, FIELD_TIMESTAMP},           {HD_E_TICKET_ID, FIELD_TICKET_ID},
        {HD_E_TICKET_NUMBER, FIELD_TICKET_NUMBER},   {HD_E_TICKET_SUBJECT, FIELD_TICKET_SUBJECT},
        {HD_E_TICKET_STATUS, FIELD_TICKET_STATUS},   {HD_E_TICKET_PRIORITY, FIELD_TICKET_PRIORITY},
        {HD_E_CUSTOMER_EMAIL, FIELD_CUSTOMER_EMAIL}, {HD_E_CUSTOMER_NAME, FIELD_CUSTOMER_NAME},
        {HD_E_MESSAGE_ID, FIELD_MESSAGE_ID},         {HD_E_MESSAGE_SENDER, FIELD_MESSAGE_SENDER},
        {HD_E_MESSAGE_BODY, FIELD_MESSAGE_BODY},
    };
    for (size_t i = 0; i < sizeof by_status / sizeof *by_status; i++)
        if (by_status[i].status == status)
            return cli_fail_status(status, fields[by_status[i].field].key);
    return cli_fail_status(status, "event");
}

static int parse_number(const char *text, int64_t *number) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *number = errno == 0 && end != text && *end == '\0' ? value : 0; /* which no ticket has */
    return *number > 0;
}

static int build_times(const struct draft *draft, hd_event *event) {
    int64_t ms = draft->timestamp_ms;
    const char *text = draft->values[FIELD_TIMESTAMP];
    if (text && !parse_timestamp(text, &ms))
        return HD_E_TIMESTAMP;
    return hd_event_set_timestamp_ms(event, ms);
}

static int build_message(const struct draft *draft, hd_event *event) {
    const char *id = draft->values[FIELD_MESSAGE_ID], *sender = draft->values[FIELD_MESSAGE_SENDER];
    const char *body = draft->values[FIELD_MESSAGE_BODY];
    if (!id && !sender && !body)
        return HD_OK;
    return hd_event_set_message(event, id ? id : "message-1", sender ? sender : "customer", body ? body : "");
}

static int build(const struct draft *draft, hd_event **event) {
    int64_t number;
    hd_event *made = NULL;
    int status = hd_event_new(draft->type, &made);
    if (status == HD_OK)
        status = build_times(draft, made);
    if (status == HD_OK) {
        parse_number(draft->values[FIELD_TICKET_NUMBER], &number);
        status = hd_event_set_ticket(made, draft->values[FIELD_TICKET_ID], number, draft->values[FIELD_TICKET_SUBJECT],
                                     draft->values[FIELD_TICKET_STATUS], draft->values[FIELD_TICKET_PRIORITY]);
    }
    if (status == HD_OK)
        status = hd_event_set_customer(made, draft->values[FIELD_CUSTOMER_EMAIL], draft->values[FIELD_CUSTOMER_NAME]);
    if (status == HD_OK) {
        status = build_message(draft, made);
        if (status == HD_E_FIELD) {
            hd_event_free(made);
            return cli_fail(CLI_USAGE, "data.message is for message.received only");
        }
    }
    if (status == HD_OK) {
        *event = made;
        return CLI_OK;
    }
    hd_event_free(made);
    return fail_field(status);
}

int cli_event_change(const struct args *args, const hd_event *base, int64_t offset, hd_event **event) {
    struct draft draft = {0};
    read_event(base, &draft);
    if (draft.type == HD_EVENT_UNKNOWN)
        return cli_fail(CLI_USAGE, "'%s' is not an event that this helmdesk knows", hd_event_name(base));
    int code = set_fields(args, &draft);
    if (code != CLI_OK)
        return code;
    if (!draft.is_set[FIELD_TICKET_NUMBER])
        snprintf(draft.number, sizeof draft.number, "%lld", (long long)(hd_event_ticket_number(base) + offset));
    return build(&draft, event);
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
        cli_hint("It is one of: ticket.created, ticket.resolved, message.received.");
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
