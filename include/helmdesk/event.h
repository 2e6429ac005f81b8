/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/event.h
 * Events: what happened.
 */
#ifndef HELMDESK_EVENT_H
#define HELMDESK_EVENT_H

#include <helmdesk/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Something that happened to a ticket, or to a webhook. */
typedef struct hd_event hd_event;

/** Event types. Only received events can have HD_EVENT_UNKNOWN (see hd_event_parse()). Alerts are events about another
 * webhook of the project, which a client sends by itself (see hd_options_set_alert_rule()); a webhook gets only those
 * that it subscribes to by name, and never one about itself. */
enum hd_type {
    HD_EVENT_UNKNOWN = 0,
    HD_TICKET_CREATED = 1,
    HD_TICKET_RESOLVED = 2,
    HD_MESSAGE_RECEIVED = 3,
    HD_ALERT_FAILING = 4,  /**< "webhook.failing": several attempts in a row have failed */
    HD_ALERT_PAUSED = 5,   /**< "webhook.paused": the pause rule has paused it */
    HD_ALERT_RECOVERED = 6 /**< "webhook.recovered": it was told as failing or paused, and accepts deliveries again */
};

/** Body formats. */
enum hd_format {
    HD_FORMAT_JSON = 16,
    HD_FORMAT_SLACK = 17
};

/** The text fields of an event. HD_FIELD_PROJECT is required before sending; in an event about a ticket also those up
 * to HD_FIELD_CUSTOMER_NAME, in an alert those from HD_FIELD_WEBHOOK_ID on. */
enum hd_field {
    /** Whose webhooks get the event: 1 to 128 visible ASCII characters (no space). */
    HD_FIELD_PROJECT = 200,
    /** 1 to 128 visible ASCII characters (no space). */
    HD_FIELD_TICKET_ID = 201,
    /** Valid UTF-8, 0 to 65,536 bytes. */
    HD_FIELD_TICKET_SUBJECT = 202,
    /** 1 to 32 of a-z, 0-9, '_' and '-', such as "open". */
    HD_FIELD_TICKET_STATUS = 203,
    /** 1 to 32 of a-z, 0-9, '_' and '-', such as "high". */
    HD_FIELD_TICKET_PRIORITY = 204,
    /** Valid UTF-8 without control characters, 0 to 320 bytes. */
    HD_FIELD_CUSTOMER_EMAIL = 205,
    /** Valid UTF-8, 0 to 1,024 bytes. */
    HD_FIELD_CUSTOMER_NAME = 206,
    /** Only in HD_MESSAGE_RECEIVED events, optional: 1 to 128 visible ASCII characters (no space). A message needs all
     * three of its fields. Without a message, the body has exactly the documented shape. */
    HD_FIELD_MESSAGE_ID = 207,
    /** "customer" or "agent". */
    HD_FIELD_MESSAGE_SENDER = 208,
    /** Valid UTF-8, 0 to 262,144 bytes. */
    HD_FIELD_MESSAGE_BODY = 209,
    /** Optional, not in the body: a key that the program chooses, so that an event is sent only once even if the
     * program sends it twice. If the key was used in the same project within the last day
     * (hd_options_set_idempotency_window_ms()), nothing new is sent, and hd_webhook_send() gives the id of the first
     * event. The other fields are not compared. 1 to 255 visible ASCII characters (no space). */
    HD_FIELD_IDEMPOTENCY_KEY = 210,
    /** In alerts: the webhook that the alert is about. 1 to 128 visible ASCII characters (no space). */
    HD_FIELD_WEBHOOK_ID = 211,
    /** Valid UTF-8 without control characters, 0 to 320 bytes. */
    HD_FIELD_WEBHOOK_NAME = 212,
    /** When the first of the attempts that failed in a row has failed, as hd_time_format() writes it. */
    HD_FIELD_FAILURE_SINCE = 213,
    /** How many attempts failed in a row: 1 to 9 digits without leading zeros. */
    HD_FIELD_FAILURE_COUNT = 214,
    /** Why the last of them failed: the name of a reason, such as "refused" (hd_reason_name()). */
    HD_FIELD_FAILURE_REASON = 215,
    /** The same for people: valid UTF-8, 0 to 1,024 bytes. */
    HD_FIELD_FAILURE_EXPLANATION = 216,
    /** Only in HD_ALERT_PAUSED events: when the pause ends, as hd_time_format() writes it. */
    HD_FIELD_PAUSED_UNTIL = 217
};

/** @name Names of event types
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_TICKET_CREATED without a
 * gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "ticket.created"; NULL and unknown names give HD_EVENT_UNKNOWN
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_event_type_name(int number);
HD_API int hd_event_type_from_name(const char *name);
HD_API int hd_event_type_count(void);
/** @} */

/** @name Names of fields
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_FIELD_PROJECT without a
 * gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "ticket_subject"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_field_name(int number);
HD_API int hd_field_from_name(const char *name);
HD_API int hd_field_count(void);
/** @} */

/** @name Names of body formats
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_FORMAT_JSON without a
 * gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "json"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_format_name(int number);
HD_API int hd_format_from_name(const char *name);
HD_API int hd_format_count(void);
/** @} */

/**
 * Makes an event whose time is now and whose other fields are not set.
 * @param type   any type but HD_EVENT_UNKNOWN
 * @param event  receives the event; free it with hd_event_free()
 * Returns: HD_OK; HD_E_EVENT_TYPE; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_event_new(int type, hd_event **event);

/**
 * Makes an event filled with sample data, that of the product's documentation for a ticket, for previews and tests.
 * @param type   any type but HD_EVENT_UNKNOWN
 * @param event  receives the event (its project is not set); free it with hd_event_free()
 * Returns: HD_OK; HD_E_EVENT_TYPE; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_event_new_sample(int type, hd_event **event);

/**
 * Adds a reference to an event, to keep one that belongs to a report, to send it again, or to share it. The event can
 * then no longer be changed, as if it had been sent.
 * @param event  the event; may be NULL
 * Returns: the same event; free it with hd_event_free(). NULL for NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API hd_event *hd_event_ref(const hd_event *event);

/**
 * Releases a reference to an event. Releasing the last one frees it; deliveries and reports hold references of their
 * own.
 * @param event  the event; NULL does nothing
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API void hd_event_free(hd_event *event);

/**
 * Sets when the event happened. The default is the time of hd_event_new().
 * @param event         the event
 * @param timestamp_ms  milliseconds since 1970-01-01T00:00:00Z, up to the end of the year 9999
 * Returns: HD_OK; HD_E_TIMESTAMP; HD_E_SENT if the event was sent already or is shared; HD_E_INVALID.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_timestamp_ms(hd_event *event, int64_t timestamp_ms);

/**
 * Sets one field.
 * @param event  the event
 * @param field  one of HD_FIELD_...; their comments say what each may contain
 * @param text   the text; copied
 * @param len    its length in bytes, or HD_TEXT_NUL
 * Returns: HD_OK; the field's own status, such as HD_E_TICKET_SUBJECT, for a text that is not allowed in it or contains
 * a NUL; HD_E_SENT if the event was sent already or is shared; HD_E_FIELD for a field that events of this type do not
 * have; HD_E_INVALID; HD_E_NO_MEMORY. On failure nothing is changed. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set(hd_event *event, int field, const char *text, size_t len);

/**
 * Sets the ticket's number, the one that people see.
 * @param event   the event
 * @param number  1 to 9,007,199,254,740,991 (the largest integer that every JSON reader can represent)
 * Returns: HD_OK; HD_E_TICKET_NUMBER; HD_E_SENT as from hd_event_set(); HD_E_INVALID.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_ticket_number(hd_event *event, int64_t number);

/** @name Several fields at once
 * Each sets several fields, as hd_event_set() and hd_event_set_ticket_number() do; the texts are NUL-terminated.
 * @param event  the event
 * Returns: as they do, for the first field that is wrong or NULL. On failure nothing is changed.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
HD_API int hd_event_set_ticket(hd_event *event, const char *id, int64_t number, const char *subject, const char *status,
                               const char *priority);
HD_API int hd_event_set_customer(hd_event *event, const char *email, const char *name);
HD_API int hd_event_set_message(hd_event *event, const char *id, const char *sender, const char *body);
/** @} */

/**
 * Gets one field.
 * @param event  the event; NULL gives NULL
 * @param field  one of HD_FIELD_...; NULL is returned for any other number
 * @param len    receives the length of the text in bytes, 0 if there is none; may be NULL
 * Returns: what was set or parsed, followed by a NUL; it belongs to the event and is valid until this field is set.
 * NULL if there is none, and for a field that events of this type do not have. Blocks: no. Threads: any, as long as
 * nobody changes the event. Since: 0.1.0
 */
HD_API const char *hd_event_get(const hd_event *event, int field, size_t *len);

/**
 * The first required field that is not set yet, by its name (hd_field_name()), or "ticket_number".
 * @param event  the event; may be NULL
 * Returns: static text; NULL if the event is ready to be sent. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API const char *hd_event_missing(const hd_event *event);

/** @name Event getters
 * @param event  the event; NULL gives NULL or 0
 * Returns: what was set or parsed; NULL or 0 if it was not. hd_event_name() is the name in the body, also for an
 * unknown event. Blocks: no. Threads: any, as long as nobody changes the event. Since: 0.1.0
 * @{ */
HD_API int hd_event_type(const hd_event *event);
HD_API const char *hd_event_name(const hd_event *event);
HD_API int64_t hd_event_timestamp_ms(const hd_event *event);
HD_API int64_t hd_event_ticket_number(const hd_event *event);
/** @} */

/**
 * Writes the exact bytes that a webhook of this format gets as its request body.
 * @param event   the event; all required fields must be set, but not the project
 * @param format  HD_FORMAT_JSON or HD_FORMAT_SLACK
 * @param buf     receives the body and a NUL; may be NULL if size is 0
 * @param size    size of buf in bytes
 * @param length  receives the body's length in bytes without the NUL, also with HD_E_BUFFER; may be NULL
 * Returns: HD_OK; HD_E_BUFFER if size is not greater than that length; HD_E_FIELD_MISSING; HD_E_EVENT_TYPE for an
 * unknown event in HD_FORMAT_SLACK; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: any, as long as nobody changes the event. Since: 0.1.0
 */
HD_API int hd_event_render(const hd_event *event, int format, char *buf, size_t size, size_t *length);

/**
 * Parses a JSON body of the documented form. Call it only after hd_verify() has returned HD_OK. Unknown keys are
 * ignored, whatever their values. An unknown event name gives an event of type HD_EVENT_UNKNOWN with that name, which
 * may have no ticket or customer. Values are taken as the sender wrote them: the setters' limits on length and
 * characters do not apply. In a text, an escaped NUL or half of a surrogate pair is read as U+FFFD.
 * @param body      the raw bytes of the request body
 * @param body_len  their length in bytes, at most 2,097,152; the setters' limits always give a smaller body
 * @param event     receives the event; free it with hd_event_free()
 * Returns: HD_OK; HD_E_TOO_LARGE; HD_E_UTF8; HD_E_JSON if it is not JSON; HD_E_JSON_DEPTH over 32 levels;
 * HD_E_JSON_DUPLICATE for a key that occurs twice; HD_E_JSON_KEY if a documented key is missing; HD_E_JSON_TYPE if one
 * has a different type (neither 42.0 nor an integer beyond 64 bits is a ticket number), or if the body is not an
 * object; HD_E_TIMESTAMP; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_event_parse(const void *body, size_t body_len, hd_event **event);

/**
 * The body that an event was parsed from, byte for byte as it was received, including what this version of the library
 * does not know, such as the data of an event of type HD_EVENT_UNKNOWN. Setters do not change it.
 * @param event   the event; NULL returns NULL
 * @param length  receives the number of bytes, 0 with NULL; may be NULL
 * Returns: JSON, with a NUL after it, which belongs to the event; NULL for an event that does not come from
 * hd_event_parse() or hd_receiver_accept(): use hd_event_render() for that. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_event_json(const hd_event *event, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
