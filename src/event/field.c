/* The fields of an event: what each may hold, and what is still missing. */
#include "base/clock.h"
#include "base/text.h"
#include "event/event.h"

#include <string.h>

#define IDENT_MAX 128
#define NUMBER_MAX INT64_C(9007199254740991) /* 2^53 - 1: beyond it JavaScript's numbers lose digits (RFC 8259 6) */
#define SUBJECT_MAX 65536
#define WORD_MAX 32
#define EMAIL_MAX 320 /* RFC 3696 erratum 1690: 64 + "@" + 255 */
#define NAME_MAX 1024
#define MESSAGE_MAX 262144
#define KEY_MAX 255
#define COUNT_MAX 9 /* digits */

/* ---- What a field may hold ---- */

/* The events that have a field: a bit for each type. */
enum {
    OF_MESSAGES = 1u << HD_MESSAGE_RECEIVED,
    OF_TICKETS = 1u << HD_EVENT_UNKNOWN | 1u << HD_TICKET_CREATED | 1u << HD_TICKET_RESOLVED | OF_MESSAGES,
    OF_PAUSES = 1u << HD_ALERT_PAUSED,
    OF_ALERTS = 1u << HD_ALERT_FAILING | OF_PAUSES | 1u << HD_ALERT_RECOVERED,
    OF_ALL = OF_TICKETS | OF_ALERTS
};

struct rule {
    int field, which; /* HD_FIELD_..., HD__EVENT_... */
    unsigned types;
    int status;      /* what a text is refused with */
    size_t min, max; /* bytes */
    int (*is_right)(const char *text, size_t len);
};

static int is_in_word(char c) {
    return (c >= 'a' && c <= 'z') || hd__is_digit(c) || c == '_' || c == '-';
}

/* Status and priority: lower-case words, since a Slack message contains them without quotes. */
static int is_word(const char *text, size_t len) {
    size_t count = 0;
    while (count < len && is_in_word(text[count]))
        count++;
    return count == len;
}

static int is_sender(const char *text, size_t len) {
    return (len == strlen("customer") && memcmp(text, "customer", len) == 0) ||
           (len == strlen("agent") && memcmp(text, "agent", len) == 0);
}

static int is_time(const char *text, size_t len) {
    char copy[HD__TIMESTAMP_SIZE];
    int64_t ms;
    if (len >= sizeof copy)
        return 0;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return hd__timestamp_parse(copy, &ms) == HD_OK;
}

static int is_count(const char *text, size_t len) {
    size_t digits = 0;
    while (digits < len && hd__is_digit(text[digits]))
        digits++;
    return digits == len && len > 0 && text[0] != '0';
}

/* In the order in which hd_event_missing() names them. */
static const struct rule rules[] = {
    {HD_FIELD_PROJECT, HD__EVENT_PROJECT, OF_ALL, HD_E_PROJECT, 1, IDENT_MAX, hd__is_ident},
    {HD_FIELD_TICKET_ID, HD__EVENT_TICKET_ID, OF_TICKETS, HD_E_TICKET_ID, 1, IDENT_MAX, hd__is_ident},
    {HD_FIELD_TICKET_SUBJECT, HD__EVENT_TICKET_SUBJECT, OF_TICKETS, HD_E_TICKET_SUBJECT, 0, SUBJECT_MAX,
     hd__utf8_valid},
    {HD_FIELD_TICKET_STATUS, HD__EVENT_TICKET_STATUS, OF_TICKETS, HD_E_TICKET_STATUS, 1, WORD_MAX, is_word},
    {HD_FIELD_TICKET_PRIORITY, HD__EVENT_TICKET_PRIORITY, OF_TICKETS, HD_E_TICKET_PRIORITY, 1, WORD_MAX, is_word},
    {HD_FIELD_CUSTOMER_EMAIL, HD__EVENT_CUSTOMER_EMAIL, OF_TICKETS, HD_E_CUSTOMER_EMAIL, 0, EMAIL_MAX, hd__is_line},
    {HD_FIELD_CUSTOMER_NAME, HD__EVENT_CUSTOMER_NAME, OF_TICKETS, HD_E_CUSTOMER_NAME, 0, NAME_MAX, hd__utf8_valid},
    {HD_FIELD_MESSAGE_ID, HD__EVENT_MESSAGE_ID, OF_MESSAGES, HD_E_MESSAGE_ID, 1, IDENT_MAX, hd__is_ident},
    {HD_FIELD_MESSAGE_SENDER, HD__EVENT_MESSAGE_SENDER, OF_MESSAGES, HD_E_MESSAGE_SENDER, 1, WORD_MAX, is_sender},
    {HD_FIELD_MESSAGE_BODY, HD__EVENT_MESSAGE_BODY, OF_MESSAGES, HD_E_MESSAGE_BODY, 0, MESSAGE_MAX, hd__utf8_valid},
    {HD_FIELD_IDEMPOTENCY_KEY, HD__EVENT_KEY, OF_ALL, HD_E_IDEMPOTENCY_KEY, 1, KEY_MAX, hd__is_ident},
    {HD_FIELD_WEBHOOK_ID, HD__EVENT_WEBHOOK_ID, OF_ALERTS, HD_E_WEBHOOK_ID, 1, IDENT_MAX, hd__is_ident},
    {HD_FIELD_WEBHOOK_NAME, HD__EVENT_WEBHOOK_NAME, OF_ALERTS, HD_E_WEBHOOK_NAME, 0, EMAIL_MAX, hd__is_line},
    {HD_FIELD_FAILURE_SINCE, HD__EVENT_FAILURE_SINCE, OF_ALERTS, HD_E_TIMESTAMP, 24, 24, is_time},
    {HD_FIELD_FAILURE_COUNT, HD__EVENT_FAILURE_COUNT, OF_ALERTS, HD_E_FAILURE_COUNT, 1, COUNT_MAX, is_count},
    {HD_FIELD_FAILURE_REASON, HD__EVENT_FAILURE_REASON, OF_ALERTS, HD_E_FAILURE_REASON, 1, WORD_MAX, is_word},
    {HD_FIELD_FAILURE_EXPLANATION, HD__EVENT_FAILURE_EXPLANATION, OF_ALERTS, HD_E_FAILURE_EXPLANATION, 0, NAME_MAX,
     hd__utf8_valid},
    {HD_FIELD_PAUSED_UNTIL, HD__EVENT_PAUSED_UNTIL, OF_PAUSES, HD_E_TIMESTAMP, 24, 24, is_time},
};

#define RULES (sizeof rules / sizeof *rules)

static const struct rule *rule_of(int field) {
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].field == field)
            return &rules[i];
    return NULL;
}

static int has_field(const hd_event *event, const struct rule *rule) {
    return (rule->types >> event->type & 1) != 0;
}

/* ---- Setting ---- */

/* Checks what is given, and makes the texts of it that are to be set. Returns a status. */
static int take(const hd_event *event, const struct hd__given *given, size_t count, struct hd__text *texts) {
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = rule_of(given[i].field);
        if (!rule)
            return HD_E_INVALID;
        if (!has_field(event, rule))
            return HD_E_FIELD;
        struct hd__text *text = &texts[i];
        text->which = rule->which;
        text->data = given[i].text;
        if (!hd__text_measure(text->data, given[i].len, rule->max, &text->len) || text->len < rule->min ||
            !rule->is_right(text->data, text->len))
            return rule->status;
    }
    return HD_OK;
}

static int may_set(hd_event *event) {
    return !event ? HD_E_INVALID : hd__event_is_frozen(event) ? HD_E_SENT : HD_OK;
}

int hd__event_set_given(hd_event *event, const struct hd__given *given, size_t count) {
    struct hd__text texts[HD__GIVEN_MAX];
    int status = may_set(event);
    if (status == HD_OK)
        status = take(event, given, count, texts);
    return status == HD_OK ? hd__event_set_texts(event, texts, count) : status;
}

int hd_event_set(hd_event *event, int field, const char *text, size_t len) {
    const struct hd__given given = {field, text, len};
    return hd__event_set_given(event, &given, 1);
}

static int number_fits(int64_t number) {
    return number >= 1 && number <= NUMBER_MAX;
}

static void set_number(hd_event *event, int64_t number) {
    event->ticket_number = number;
    event->has_number = 1;
}

int hd_event_set_ticket_number(hd_event *event, int64_t number) {
    int status = may_set(event);
    if (status != HD_OK)
        return status;
    if (!number_fits(number))
        return HD_E_TICKET_NUMBER;
    set_number(event, number);
    return HD_OK;
}

int hd_event_set_ticket(hd_event *event, const char *id, int64_t number, const char *subject, const char *status,
                        const char *priority) {
    const struct hd__given given[] = {{HD_FIELD_TICKET_ID, id, HD_TEXT_NUL},
                                      {HD_FIELD_TICKET_SUBJECT, subject, HD_TEXT_NUL},
                                      {HD_FIELD_TICKET_STATUS, status, HD_TEXT_NUL},
                                      {HD_FIELD_TICKET_PRIORITY, priority, HD_TEXT_NUL}};
    struct hd__text texts[HD__GIVEN_MAX];
    int result = may_set(event);
    if (result == HD_OK)
        result = take(event, given, 1, texts);
    if (result == HD_OK && !number_fits(number))
        result = HD_E_TICKET_NUMBER;
    if (result == HD_OK)
        result = take(event, given + 1, 3, texts + 1);
    if (result == HD_OK)
        result = hd__event_set_texts(event, texts, 4);
    if (result == HD_OK)
        set_number(event, number);
    return result;
}

int hd_event_set_customer(hd_event *event, const char *email, const char *name) {
    const struct hd__given given[] = {{HD_FIELD_CUSTOMER_EMAIL, email, HD_TEXT_NUL},
                                      {HD_FIELD_CUSTOMER_NAME, name, HD_TEXT_NUL}};
    return hd__event_set_given(event, given, 2);
}

int hd_event_set_message(hd_event *event, const char *id, const char *sender, const char *body) {
    const struct hd__given given[] = {{HD_FIELD_MESSAGE_ID, id, HD_TEXT_NUL},
                                      {HD_FIELD_MESSAGE_SENDER, sender, HD_TEXT_NUL},
                                      {HD_FIELD_MESSAGE_BODY, body, HD_TEXT_NUL}};
    return hd__event_set_given(event, given, 3);
}

/* ---- Reading ---- */

const char *hd_event_get(const hd_event *event, int field, size_t *len) {
    const struct rule *rule = rule_of(field);
    const char *text = event && rule && has_field(event, rule) ? event->texts[rule->which] : NULL;
    if (len)
        *len = text ? strlen(text) : 0;
    return text;
}

/* ---- What is missing ---- */

static int has_message(const hd_event *event) {
    return event->texts[HD__EVENT_MESSAGE_ID] || event->texts[HD__EVENT_MESSAGE_SENDER] ||
           event->texts[HD__EVENT_MESSAGE_BODY];
}

static int is_required(const hd_event *event, const struct rule *rule) {
    if (!has_field(event, rule) || rule->field == HD_FIELD_IDEMPOTENCY_KEY)
        return 0;
    return rule->types == OF_MESSAGES ? has_message(event) : 1;
}

const char *hd__event_missing_in_body(const hd_event *event) {
    for (size_t i = 0; i < RULES; i++) {
        if (rules[i].field == HD_FIELD_PROJECT)
            continue;
        if (is_required(event, &rules[i]) && !event->texts[rules[i].which])
            return hd_field_name(rules[i].field);
        if (rules[i].field == HD_FIELD_TICKET_ID && has_field(event, &rules[i]) && !event->has_number)
            return "ticket_number";
    }
    return NULL;
}

const char *hd_event_missing(const hd_event *event) {
    return hd_event_get(event, HD_FIELD_PROJECT, NULL) ? hd__event_missing_in_body(event)
                                                       : hd_field_name(HD_FIELD_PROJECT);
}
