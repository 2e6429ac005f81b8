/* Reads a JSON body that a sender made: every rule here is for the input of strangers. */
#include "base/clock.h"
#include "base/text.h"
#include "event/event.h"
#include "event/json_adapt.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

/* Jansson's own limit of 2,048 levels takes 165 KB of stack, more than musl gives a thread. */
static int too_deep(const char *body, size_t len) {
    int depth = 0, in_string = 0;
    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (body[i] == '\\')
                i++;
            else if (body[i] == '"')
                in_string = 0;
        } else if (body[i] == '"') {
            in_string = 1;
        } else if (body[i] == '[' || body[i] == '{') {
            if (++depth > DEPTH_MAX)
                return 1;
        } else if ((body[i] == ']' || body[i] == '}') && depth > 0) {
            depth--;
        }
    }
    return 0;
}

/* What has been read: texts that live as long as the JSON does, and what a documented key is missing or wrong about;
 * the first finding stays. */
struct reader {
    int status;
    struct hd__text texts[HD__EVENT_TEXTS];
    size_t count;
    char digits[24];
};

static json_t *get(struct reader *reader, json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);
    if (!value && reader->status == HD_OK)
        reader->status = HD_E_JSON_KEY;
    return value;
}

static json_t *get_object(struct reader *reader, json_t *object, const char *key) {
    json_t *value = get(reader, object, key);
    if (value && !json_is_object(value) && reader->status == HD_OK)
        reader->status = HD_E_JSON_TYPE;
    return value;
}

/* The text lives as long as object; a NUL follows it. */
static const char *get_text(struct reader *reader, json_t *object, const char *key, size_t *len) {
    json_t *value = get(reader, object, key);
    if (value && !json_is_string(value) && reader->status == HD_OK)
        reader->status = HD_E_JSON_TYPE;
    *len = json_string_length(value);
    return json_string_value(value);
}

static void add_text(struct reader *reader, int which, const char *text, size_t len) {
    reader->texts[reader->count++] = (struct hd__text){which, text, len};
}

static void read_text(struct reader *reader, json_t *object, const char *key, int which) {
    size_t len;
    const char *text = get_text(reader, object, key, &len);
    if (text)
        add_text(reader, which, text, len);
}

static void read_number(struct reader *reader, json_t *ticket, hd_event *event) {
    json_t *value = get(reader, ticket, "number");
    if (value && !json_is_integer(value) && reader->status == HD_OK)
        reader->status = HD_E_JSON_TYPE;
    event->ticket_number = json_integer_value(value);
    event->has_number = value != NULL;
}

static void read_ticket(struct reader *reader, json_t *ticket, hd_event *event) {
    read_text(reader, ticket, "id", HD__EVENT_TICKET_ID);
    read_number(reader, ticket, event);
    read_text(reader, ticket, "subject", HD__EVENT_TICKET_SUBJECT);
    read_text(reader, ticket, "status", HD__EVENT_TICKET_STATUS);
    read_text(reader, ticket, "priority", HD__EVENT_TICKET_PRIORITY);
}

static void read_customer(struct reader *reader, json_t *customer) {
    read_text(reader, customer, "email", HD__EVENT_CUSTOMER_EMAIL);
    read_text(reader, customer, "name", HD__EVENT_CUSTOMER_NAME);
}

static void read_message(struct reader *reader, json_t *message) {
    read_text(reader, message, "id", HD__EVENT_MESSAGE_ID);
    read_text(reader, message, "sender", HD__EVENT_MESSAGE_SENDER);
    read_text(reader, message, "body", HD__EVENT_MESSAGE_BODY);
}

static void read_webhook(struct reader *reader, json_t *webhook) {
    read_text(reader, webhook, "id", HD__EVENT_WEBHOOK_ID);
    read_text(reader, webhook, "name", HD__EVENT_WEBHOOK_NAME);
}

/* The count stays with the reader, as the texts stay with the JSON. */
static void read_count(struct reader *reader, json_t *failure) {
    json_t *value = get(reader, failure, "count");
    if (value && !json_is_integer(value) && reader->status == HD_OK)
        reader->status = HD_E_JSON_TYPE;
    int len = snprintf(reader->digits, sizeof reader->digits, "%lld", (long long)json_integer_value(value));
    if (value)
        add_text(reader, HD__EVENT_FAILURE_COUNT, reader->digits, (size_t)len);
}

static void read_failure(struct reader *reader, json_t *failure) {
    read_text(reader, failure, "since", HD__EVENT_FAILURE_SINCE);
    read_count(reader, failure);
    read_text(reader, failure, "reason", HD__EVENT_FAILURE_REASON);
    read_text(reader, failure, "explanation", HD__EVENT_FAILURE_EXPLANATION);
}

static void read_about_webhook(struct reader *reader, json_t *data, int type) {
    read_webhook(reader, get_object(reader, data, "webhook"));
    read_failure(reader, get_object(reader, data, "failure"));
    if (type == HD_ALERT_PAUSED)
        read_text(reader, data, "paused_until", HD__EVENT_PAUSED_UNTIL);
}

static void read_about_ticket(struct reader *reader, json_t *data, int type, hd_event *event) {
    int is_known = type != HD_EVENT_UNKNOWN; /* what is newer than this library may be about something else */
    if (is_known || json_object_get(data, "ticket"))
        read_ticket(reader, get_object(reader, data, "ticket"), event);
    if (is_known || json_object_get(data, "customer"))
        read_customer(reader, get_object(reader, data, "customer"));
    if (type == HD_MESSAGE_RECEIVED && json_object_get(data, "message")) /* optional there, unknown elsewhere */
        read_message(reader, get_object(reader, data, "message"));
}

static int read_event(json_t *root, hd_event *event) {
    struct reader reader = {.status = HD_OK};
    if (!json_is_object(root))
        return HD_E_JSON_TYPE;
    size_t name_len, timestamp_len;
    const char *name = get_text(&reader, root, "event", &name_len);
    const char *timestamp = get_text(&reader, root, "timestamp", &timestamp_len);
    json_t *data = get_object(&reader, root, "data");
    int type = hd_event_type_from_name(name);
    if (hd__event_is_alert(type))
        read_about_webhook(&reader, data, type);
    else
        read_about_ticket(&reader, data, type, event);
    if (reader.status != HD_OK)
        return reader.status;
    event->type = type;
    if (type == HD_EVENT_UNKNOWN)
        add_text(&reader, HD__EVENT_NAME, name, name_len);
    int status = hd__event_set_texts(event, reader.texts, reader.count);
    return status == HD_OK ? hd__timestamp_parse(timestamp, &event->timestamp_ms) : status;
}

/* Jansson takes a NUL after a number for the end of the text. */
static int load(const char *body, size_t len, json_t **root) {
    json_error_t error = {0}; /* Jansson sets no code when it has no memory to begin with */
    if (memchr(body, '\0', len))
        return HD_E_JSON;
    char *copy = malloc(len);
    if (!copy)
        return HD_E_NO_MEMORY;
    memcpy(copy, body, len);
    hd__json_adapt(copy, len);
    *root = json_loadb(copy, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    free(copy);
    if (*root)
        return HD_OK;
    switch (json_error_code(&error)) {
    case json_error_duplicate_key:
        return HD_E_JSON_DUPLICATE;
    case json_error_unknown:
    case json_error_out_of_memory:
        return HD_E_NO_MEMORY;
    default:
        return HD_E_JSON;
    }
}

int hd__event_read(const void *body, size_t body_len, hd_event **event) {
    if (body_len == 0)
        return HD_E_JSON;
    if (!hd__utf8_valid(body, body_len))
        return HD_E_UTF8;
    if (too_deep(body, body_len))
        return HD_E_JSON_DEPTH;
    json_t *root;
    int status = load(body, body_len, &root);
    if (status != HD_OK)
        return status;
    hd_event *parsed = hd__event_alloc(HD_EVENT_UNKNOWN);
    status = parsed ? read_event(root, parsed) : HD_E_NO_MEMORY;
    json_decref(root);
    if (status == HD_OK)
        *event = parsed;
    else
        hd_event_free(parsed);
    return status;
}

/* The body has no NUL (see load()), and can be told as a C string. */
static int keep_json(hd_event *event, const void *body, size_t body_len) {
    event->json = malloc(body_len + 1);
    if (!event->json)
        return HD_E_NO_MEMORY;
    memcpy(event->json, body, body_len);
    event->json[body_len] = '\0';
    event->json_len = body_len;
    event->size += body_len + 1;
    return HD_OK;
}

int hd_event_parse(const void *body, size_t body_len, hd_event **event) {
    if (!event)
        return HD_E_INVALID;
    *event = NULL;
    if (!body && body_len)
        return HD_E_INVALID;
    if (body_len > HD__EVENT_BODY_MAX)
        return HD_E_TOO_LARGE;
    hd_event *parsed;
    int status = hd__event_read(body, body_len, &parsed);
    if (status != HD_OK)
        return status;
    status = keep_json(parsed, body, body_len);
    if (status == HD_OK)
        *event = parsed;
    else
        hd_event_free(parsed);
    return status;
}
