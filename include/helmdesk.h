/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk.h
 * libhelmdesk: send and receive Helmdesk webhooks. This header is the whole API of the core library.
 *
 * Conventions, true for every function unless its comment says otherwise:
 * - A function that returns `int` returns HD_OK (0) or a negative status; hd_strerror() explains each.
 * - Strings are NUL-terminated UTF-8. Bodies, secrets and signatures are pointer and length, and may hold any byte.
 * - What you pass in is copied, never kept; what you get as `const char *` stays the object's and lives as long as it.
 * - An out-parameter is untouched on failure, except that a handle is set to NULL.
 * - Every `_free` accepts NULL. Every getter accepts NULL and answers NULL or 0.
 * - "Threads: any" means that several threads may call it at once, on the same object too; "Threads: one per object"
 *   means that calls on one object must not overlap.
 * - No function may be called from a signal handler, except hd_strerror, hd_status_name and hd_version.
 */
#ifndef HELMDESK_H
#define HELMDESK_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header. hd_version_number() tells that of the library that runs. */
#define HD_VERSION_MAJOR 0
#define HD_VERSION_MINOR 1
#define HD_VERSION_PATCH 0

/** Bytes that hd_sign() writes: 64 hexadecimal digits and a NUL. Also as hd_signature_size(). */
#define HD_SIGNATURE_SIZE 65

/** Bytes that hd_generate_secret() writes: "whsec_", 44 base64 characters and a NUL. Also as hd_secret_size(). */
#define HD_SECRET_SIZE 51

#if defined(__GNUC__)
#define HD_API __attribute__((visibility("default")))
#define HD_NODISCARD __attribute__((warn_unused_result))
#else
#define HD_API
#define HD_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Library
 */

/** Status codes. New ones are only ever appended; a number never changes its meaning. */
enum {
    HD_OK = 0,
    HD_E_INVALID = -1,
    HD_E_NO_MEMORY = -2,
    HD_E_STATE = -3,
    HD_E_QUEUE_FULL = -4,
    HD_E_TIMEOUT = -5,
    HD_E_CLOSED = -6,
    HD_E_FORKED = -7,
    HD_E_BUFFER = -8,
    HD_E_NOT_FOUND = -9,
    HD_E_THREAD = -10,
    HD_E_CRYPTO = -11,
    HD_E_RANDOM = -12,
    HD_E_TRANSPORT = -13,
    HD_E_SECRET = -14,
    HD_E_SIGNATURE_FORMAT = -15,
    HD_E_SIGNATURE_MISMATCH = -16,
    HD_E_UTF8 = -17,
    HD_E_TOO_LARGE = -18,
    HD_E_FIELD_MISSING = -19,
    HD_E_EVENT_TYPE = -20,
    HD_E_PROJECT = -21,
    HD_E_TIMESTAMP = -22,
    HD_E_TICKET_ID = -23,
    HD_E_TICKET_NUMBER = -24,
    HD_E_TICKET_SUBJECT = -25,
    HD_E_TICKET_STATUS = -26,
    HD_E_TICKET_PRIORITY = -27,
    HD_E_CUSTOMER_EMAIL = -28,
    HD_E_CUSTOMER_NAME = -29,
    HD_E_MESSAGE_ID = -30,
    HD_E_MESSAGE_SENDER = -31,
    HD_E_MESSAGE_BODY = -32,
    HD_E_JSON = -33,
    HD_E_JSON_DEPTH = -34,
    HD_E_JSON_DUPLICATE = -35,
    HD_E_JSON_KEY = -36,
    HD_E_JSON_TYPE = -37,
    HD_E_WEBHOOK_ID = -38,
    HD_E_WEBHOOK_NAME = -39,
    HD_E_HEADER = -40,
    HD_E_URL = -41,
    HD_E_URL_SCHEME = -42,
    HD_E_URL_USERINFO = -43,
    HD_E_URL_HOST = -44,
    HD_E_URL_PORT = -45,
    HD_E_URL_ADDRESS = -46,
    HD_E_NETWORK = -47,
    HD_E_CURSOR = -48,
    HD_E_HEADER_MISSING = -49,
    HD_E_HEADER_DUPLICATE = -50,
    HD_E_HEADER_FORMAT = -51,
    HD_E_TOO_OLD = -52,
    HD_E_TOO_NEW = -53,
    HD_E_REPLAYED = -54,
    HD_E_EVENT_MISMATCH = -55,
    HD_E_STORE = -56,
    HD_E_STORE_FULL = -57,
    HD_E_STORE_BUSY = -58,
    HD_E_STORE_VERSION = -59,
    HD_E_STORE_KEY = -60,
    HD_E_CONFLICT = -61,
    HD_E_NO_DELIVERY = -62,
    HD_E_STORE_READ_ONLY = -63,
    HD_E_STORE_LOST = -64,
    HD_E_STORE_ACCESS = -65,
    HD_E_STORE_MISSING = -66,
    HD_E_STORE_DAMAGED = -67,
    HD_E_IDEMPOTENCY_KEY = -68,
    HD_E_RATE = -69,
    HD_E_PROXY = -70,
    HD_E_CLIENT_CERTIFICATE = -71,
    HD_E_CLIENT_KEY = -72
};

/** Bytes of an id as text, with the NUL: a UUID such as "0190c0de-7a1f-7cc3-98c4-dc0c0c07398f". */
#define HD_ID_SIZE 37

/**
 * The version of the running library, as "major.minor.patch".
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_version(void);

/**
 * The version of the running library as one number: major * 65536 + minor * 256 + patch.
 * Returns: the number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API uint32_t hd_version_number(void);

/**
 * A phrase for people that says what a status means and what to do.
 * @param status  a status that a function of this library returned; any other number is answered too
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_strerror(int status);

/**
 * The name of a status as it stands in this header, such as "HD_E_QUEUE_FULL".
 * @param status  a status that a function of this library returned; any other number is answered too
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_status_name(int status);

/* ------------------------------------------------------------------------------------------------------------------
 * Signatures
 */

/**
 * Signs a request body: HMAC-SHA256 as 64 lower-case hexadecimal digits, the value of `X-Helmdesk-Signature`.
 * @param body        the raw bytes of the request body; may be NULL if body_len is 0
 * @param body_len    its length in bytes
 * @param secret      the webhook's secret, used byte for byte as it stands
 * @param secret_len  its length in bytes, 1 to 1,024
 * @param out         receives the digits and a NUL
 * @param out_size    size of out in bytes, at least HD_SIGNATURE_SIZE
 * Returns: HD_OK; HD_E_SECRET for an empty or too long secret; HD_E_BUFFER; HD_E_INVALID for a NULL pointer;
 * HD_E_CRYPTO if mbedTLS fails (out of memory). Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_sign(const void *body, size_t body_len, const void *secret, size_t secret_len, char *out,
                   size_t out_size);

/**
 * Checks the signature of a received request body, in constant time.
 * @param body           the raw bytes as they were received, before any decoding; may be NULL if body_len is 0
 * @param body_len       their length in bytes
 * @param signature      the value of the `X-Helmdesk-Signature` header; NULL counts as malformed
 * @param signature_len  its length in bytes; only 64 can be valid
 * @param secret         the webhook's secret, byte for byte
 * @param secret_len     its length in bytes, 1 to 1,024
 * Returns: HD_OK only if the signature is valid; HD_E_SIGNATURE_FORMAT if it is not 64 lower-case hexadecimal digits;
 * HD_E_SIGNATURE_MISMATCH if it belongs to another body or secret; HD_E_SECRET; HD_E_INVALID; HD_E_CRYPTO.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API HD_NODISCARD int hd_verify(const void *body, size_t body_len, const char *signature, size_t signature_len,
                                  const void *secret, size_t secret_len);

/**
 * HD_SIGNATURE_SIZE for callers that cannot read macros.
 * Returns: 65. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_signature_size(void);

/**
 * Makes a new secret: "whsec_" and the base64 form of 32 bytes from the system's random source.
 * @param out       receives the text and a NUL
 * @param out_size  size of out in bytes, at least HD_SECRET_SIZE
 * Returns: HD_OK; HD_E_BUFFER; HD_E_INVALID; HD_E_RANDOM if the system gives no randomness.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_generate_secret(char *out, size_t out_size);

/**
 * HD_SECRET_SIZE for callers that cannot read macros.
 * Returns: 51. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_secret_size(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Events: what happened
 */

/** Something that happened to a ticket. */
typedef struct hd_event hd_event;

/** Event types. HD_EVENT_UNKNOWN is only ever seen in an event that hd_event_parse() made. */
enum {
    HD_EVENT_UNKNOWN = 0,
    HD_TICKET_CREATED = 1,
    HD_TICKET_RESOLVED = 2,
    HD_MESSAGE_RECEIVED = 3
};

/** Body formats. */
enum {
    HD_FORMAT_JSON = 0,
    HD_FORMAT_SLACK = 1
};

/**
 * The documented name of an event type, such as "ticket.created".
 * @param type  HD_TICKET_CREATED, HD_TICKET_RESOLVED or HD_MESSAGE_RECEIVED
 * Returns: static text; NULL for any other number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_event_type_name(int type);

/**
 * The event type of a documented name.
 * @param name  for example the value of the `X-Helmdesk-Event` header; may be NULL
 * Returns: the type; HD_EVENT_UNKNOWN for NULL and any other name. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_event_type_from_name(const char *name);

/**
 * Makes an event whose time is now and whose other fields are not set.
 * @param type   HD_TICKET_CREATED, HD_TICKET_RESOLVED or HD_MESSAGE_RECEIVED
 * @param event  receives the event; free it with hd_event_free()
 * Returns: HD_OK; HD_E_EVENT_TYPE; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_event_new(int type, hd_event **event);

/**
 * Makes an event filled with the sample data of the product's documentation, for previews and tests.
 * @param type   HD_TICKET_CREATED, HD_TICKET_RESOLVED or HD_MESSAGE_RECEIVED
 * @param event  receives the event (its project is not set); free it with hd_event_free()
 * Returns: HD_OK; HD_E_EVENT_TYPE; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_event_new_sample(int type, hd_event **event);

/**
 * Gives up the caller's reference to an event. An event that was sent lives on until its deliveries have ended.
 * @param event  the event; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_event_free(hd_event *event);

/**
 * Sets the project whose webhooks get the event. Required before sending.
 * @param event    the event
 * @param project  1 to 128 visible ASCII characters (no space); copied
 * Returns: HD_OK; HD_E_PROJECT; HD_E_STATE if the event was sent already; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_project(hd_event *event, const char *project);

/**
 * Sets when it happened. Without this call it is the time of hd_event_new().
 * @param event         the event
 * @param timestamp_ms  milliseconds since 1970-01-01T00:00:00Z, up to the end of the year 9999
 * Returns: HD_OK; HD_E_TIMESTAMP; HD_E_STATE if the event was sent already; HD_E_INVALID.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_timestamp_ms(hd_event *event, int64_t timestamp_ms);

/**
 * Sets the ticket. Required before sending. On failure nothing is changed.
 * @param event     the event
 * @param id        1 to 128 visible ASCII characters (no space); copied
 * @param number    the number that people see, 1 to 9,007,199,254,740,991 (what every JSON reader can hold)
 * @param subject   valid UTF-8, 0 to 65,536 bytes; copied
 * @param status    1 to 32 of a-z, 0-9, '_' and '-', such as "open"; copied
 * @param priority  1 to 32 of a-z, 0-9, '_' and '-', such as "high"; copied
 * Returns: HD_OK; HD_E_TICKET_ID, HD_E_TICKET_NUMBER, HD_E_TICKET_SUBJECT, HD_E_TICKET_STATUS or HD_E_TICKET_PRIORITY
 * for the first field that is wrong or NULL; HD_E_STATE if the event was sent already; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_ticket(hd_event *event, const char *id, int64_t number, const char *subject, const char *status,
                               const char *priority);

/**
 * Sets the customer. Required before sending. On failure nothing is changed.
 * @param event  the event
 * @param email  valid UTF-8 without control characters, 0 to 320 bytes; copied
 * @param name   valid UTF-8, 0 to 1,024 bytes; copied
 * Returns: HD_OK; HD_E_CUSTOMER_EMAIL or HD_E_CUSTOMER_NAME for the first that is wrong or NULL; HD_E_STATE if the
 * event was sent already; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_customer(hd_event *event, const char *email, const char *name);

/**
 * Adds the message to a HD_MESSAGE_RECEIVED event. Optional: without it the body has the documented shape exactly.
 * @param event   the event
 * @param id      1 to 128 visible ASCII characters (no space); copied
 * @param sender  "customer" or "agent"; copied
 * @param body    valid UTF-8, 0 to 262,144 bytes; copied
 * Returns: HD_OK; HD_E_MESSAGE_ID, HD_E_MESSAGE_SENDER or HD_E_MESSAGE_BODY for the first that is wrong or NULL;
 * HD_E_STATE if the event is of another type or was sent already; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_message(hd_event *event, const char *id, const char *sender, const char *body);

/**
 * Names an event by a key of the program's own, so that it is sent once although the program asks for it twice: an
 * event of the same project whose key was used within the last day (hd_options_set_idempotency_window_ms()) is that
 * event, and hd_webhook_send() tells the id of the first. What else is in the event is not compared.
 * @param event  the event
 * @param key    1 to 255 characters without control characters; copied
 * Returns: HD_OK; HD_E_IDEMPOTENCY_KEY; HD_E_STATE if the event was sent already; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_event_set_idempotency_key(hd_event *event, const char *key);

/**
 * The key that hd_event_set_idempotency_key() has set.
 * @param event  the event; NULL answers NULL
 * Returns: the key, which stays the event's; NULL if there is none. Blocks: no.
 * Threads: any, as long as nobody changes the event. Since: 0.1.0
 */
HD_API const char *hd_event_idempotency_key(const hd_event *event);

/**
 * The first required field that is not set yet: "project", "ticket" or "customer".
 * @param event  the event; may be NULL
 * Returns: static text; NULL if the event is ready to be sent. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API const char *hd_event_missing(const hd_event *event);

/** @name Event getters
 * @param event  the event; NULL answers NULL or 0
 * Returns: what was set or parsed; NULL or 0 if it was not. hd_event_name() is the name in the body, of an unknown
 * event too. Blocks: no. Threads: any, as long as nobody changes the event. Since: 0.1.0
 * @{ */
HD_API int hd_event_type(const hd_event *event);
HD_API const char *hd_event_name(const hd_event *event);
HD_API const char *hd_event_project(const hd_event *event);
HD_API int64_t hd_event_timestamp_ms(const hd_event *event);
HD_API const char *hd_event_ticket_id(const hd_event *event);
HD_API int64_t hd_event_ticket_number(const hd_event *event);
HD_API const char *hd_event_ticket_subject(const hd_event *event);
HD_API const char *hd_event_ticket_status(const hd_event *event);
HD_API const char *hd_event_ticket_priority(const hd_event *event);
HD_API const char *hd_event_customer_email(const hd_event *event);
HD_API const char *hd_event_customer_name(const hd_event *event);
HD_API const char *hd_event_message_id(const hd_event *event);
HD_API const char *hd_event_message_sender(const hd_event *event);
HD_API const char *hd_event_message_body(const hd_event *event);
/** @} */

/**
 * Writes the exact bytes that a webhook of this format gets as its request body.
 * @param event   the event; ticket and customer must be set, the project need not be
 * @param format  HD_FORMAT_JSON or HD_FORMAT_SLACK
 * @param buf     receives the body and a NUL; may be NULL if size is 0
 * @param size    size of buf in bytes
 * @param length  receives the body's length in bytes without the NUL, also with HD_E_BUFFER; may be NULL
 * Returns: HD_OK; HD_E_BUFFER if size is not greater than that length; HD_E_FIELD_MISSING; HD_E_EVENT_TYPE for an
 * unknown event as Slack message; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: any, as long as nobody changes the event. Since: 0.1.0
 */
HD_API int hd_event_render(const hd_event *event, int format, char *buf, size_t size, size_t *length);

/**
 * Reads a JSON body as documented. Call it after hd_verify() said HD_OK, never before.
 * Unknown keys are ignored, whatever their value is; an unknown event name gives an event of type HD_EVENT_UNKNOWN with
 * that name, which may be without ticket or customer. Values are those of the sender: the setters' limits of length and
 * characters are not applied to them. In a text, an escaped NUL or half of a surrogate pair is read as U+FFFD.
 * @param body      the raw bytes of the request body
 * @param body_len  their length in bytes, at most 2,097,152: whatever the setters take makes a smaller body
 * @param event     receives the event; free it with hd_event_free()
 * Returns: HD_OK; HD_E_TOO_LARGE; HD_E_UTF8; HD_E_JSON if it is not JSON; HD_E_JSON_DEPTH over 32 levels;
 * HD_E_JSON_DUPLICATE for a key that stands twice; HD_E_JSON_KEY if a documented key is missing; HD_E_JSON_TYPE if one
 * has a different type (neither 42.0 nor an integer beyond 64 bits is a ticket number), or if the body is not an
 * object; HD_E_TIMESTAMP; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_event_parse(const void *body, size_t body_len, hd_event **event);

/* ------------------------------------------------------------------------------------------------------------------
 * Receiving: who sent it, is it fresh, what does it say?
 */

/**
 * What a receiver knows: secrets, prepared once, and what it accepts. Set it up, then share it between threads. Its
 * replay memory is this process's: make it after fork(), and where several processes receive, have them remember ids in
 * a place of their own.
 */
typedef struct hd_receiver hd_receiver;

/** How requests are signed. */
enum {
    HD_SCHEME_HELMDESK = 1, /**< X-Helmdesk-Signature: over the body */
    HD_SCHEME_STANDARD = 2  /**< Standard Webhooks, v1: webhook-id, webhook-timestamp and webhook-signature */
};

/**
 * Makes a receiver without secrets. It accepts both schemes, requests of Standard Webhooks up to 300 s old, those of
 * Helmdesk of any age, and remembers none.
 * @param receiver  receives the receiver; free it with hd_receiver_free()
 * Returns: HD_OK; HD_E_NO_MEMORY; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_new(hd_receiver **receiver);

/**
 * Frees a receiver, and wipes what is left of its secrets.
 * @param receiver  the receiver; NULL does nothing
 * Blocks: no. Threads: one, when no other uses it. Since: 0.1.0
 */
HD_API void hd_receiver_free(hd_receiver *receiver);

/**
 * Adds a secret. To rotate: add the new one beside the old one, and when hd_receiver_accept() has not named the old one
 * for a while, hd_receiver_remove_secret(). Requests may be accepted meanwhile.
 * @param receiver    the receiver, which holds at most 8
 * @param secret      the secret as it was given to you, "whsec_" included; copied in another form. If the rest is
 *                    base64, with padding, it also serves for Standard Webhooks; if not, no request of those fits it
 * @param secret_len  its length in bytes, 1 to 1,024
 * Returns: HD_OK; HD_E_SECRET; HD_E_STATE if there are 8 already; HD_E_NO_MEMORY; HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_add_secret(hd_receiver *receiver, const void *secret, size_t secret_len);

/**
 * Removes a secret, and wipes it. The others keep their numbers; the next one that is added takes the lowest free one.
 * @param receiver      the receiver
 * @param secret_index  its number: secrets are numbered from 0 in the order in which they were added
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_remove_secret(hd_receiver *receiver, size_t secret_index);

/**
 * Sets which schemes are accepted. A request must satisfy each accepted scheme that it has headers of, and one at
 * least. Whoever holds a request with the headers of both can take away those of one: if the sender has Standard
 * Webhooks' headers and their time limit is what you rely on, accept HD_SCHEME_STANDARD alone.
 * @param receiver  the receiver
 * @param schemes   HD_SCHEME_HELMDESK, HD_SCHEME_STANDARD, or both by |
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_schemes(hd_receiver *receiver, unsigned schemes);

/**
 * Sets how far from now a request may have been sent, before or after. For Standard Webhooks it is the time of the
 * attempt, and whole seconds count; for Helmdesk the event's own, which stays the same when a delivery is retried:
 * allow for as long as the sender retries.
 * @param receiver    the receiver
 * @param scheme      HD_SCHEME_HELMDESK or HD_SCHEME_STANDARD
 * @param max_age_ms  milliseconds, up to a year; 0 for any age
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_max_age_ms(hd_receiver *receiver, int scheme, int64_t max_age_ms);

/**
 * Sets how large a body may be. A larger one is refused before anything is computed.
 * @param receiver  the receiver
 * @param bytes     1 to 2,097,152, which is what it is without this call
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_max_body(hd_receiver *receiver, size_t bytes);

/**
 * Has the receiver remember at least the last requests that it accepted, and answer HD_E_REPLAYED when one comes again:
 * requests are known by their webhook-id, and, if Helmdesk's scheme is accepted, by their body. Set a time limit too:
 * what came before these, or before the program was started, is not remembered.
 * @param receiver  the receiver; what it remembers is forgotten
 * @param requests  how many, up to 10,000,000, at 64 bytes each; 0 for none
 * Returns: HD_OK; HD_E_NO_MEMORY; HD_E_RANDOM; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_replay_memory(hd_receiver *receiver, size_t requests);

/**
 * Verifies a request, and reads its event if it is genuine. Nothing is parsed before.
 * @param receiver      the receiver, with at least one secret
 * @param body          the raw bytes of the request's body, as they came; NULL if body_len is 0
 * @param body_len      their number, at most that of hd_receiver_set_max_body()
 * @param names         the names of the request's headers, in any case; all of them, or those that matter
 * @param name_lens     their lengths; NULL if each ends in a NUL
 * @param values        their values, in the same order, without the blanks around them
 * @param value_lens    their lengths; NULL if each ends in a NUL
 * @param count         how many headers; 0 if there are none
 * @param secret_index  receives the number of the secret that matched (see hd_receiver_remove_secret()); may be NULL
 * @param event         receives the event; free it with hd_event_free()
 * Returns: HD_OK; HD_E_HEADER_MISSING without a signature; HD_E_HEADER_DUPLICATE; HD_E_HEADER_FORMAT;
 * HD_E_SIGNATURE_FORMAT; HD_E_SIGNATURE_MISMATCH; HD_E_TOO_OLD; HD_E_TOO_NEW; HD_E_REPLAYED; HD_E_EVENT_MISMATCH if
 * X-Helmdesk-Event is not the body's; HD_E_TOO_LARGE; what hd_event_parse() answers to a body that is no event;
 * HD_E_SECRET without secrets; HD_E_CRYPTO; HD_E_NO_MEMORY; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API HD_NODISCARD int hd_receiver_accept(hd_receiver *receiver, const void *body, size_t body_len,
                                           const char *const *names, const size_t *name_lens, const char *const *values,
                                           const size_t *value_lens, size_t count, size_t *secret_index,
                                           hd_event **event);

/**
 * Takes back that a request was accepted, so that it is accepted when it comes again: for a program that answers the
 * sender with an error after all. Without a replay memory it does nothing. The signature is not checked again: call it
 * only with what hd_receiver_accept() has accepted.
 * @param receiver    the receiver; the others are those of the call of hd_receiver_accept()
 * @param body        NULL if body_len is 0
 * @param body_len    bytes
 * @param names       NULL if count is 0
 * @param name_lens   NULL if each ends in a NUL
 * @param values      NULL if count is 0
 * @param value_lens  NULL if each ends in a NUL
 * @param count       how many headers
 * Returns: HD_OK, also if it was not remembered; HD_E_HEADER_MISSING; HD_E_HEADER_DUPLICATE; HD_E_HEADER_FORMAT;
 * HD_E_CRYPTO; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_forget(hd_receiver *receiver, const void *body, size_t body_len, const char *const *names,
                              const size_t *name_lens, const char *const *values, const size_t *value_lens,
                              size_t count);

/* ------------------------------------------------------------------------------------------------------------------
 * Webhooks: who wants to know
 */

/** One configured webhook. The object is yours; hd_client_put_webhook() takes a copy. */
typedef struct hd_webhook hd_webhook;

/** What a webhook does with events. hd_webhook_test() works in every mode. */
enum hd_mode {
    HD_MODE_OFF = 0, /**< accepts no events; what waits stays, unsent, until it is on again or is discarded */
    HD_MODE_ON = 1,  /**< accepts events and sends them */
    HD_MODE_HELD = 2 /**< accepts events and sends nothing until it is on again; nothing is lost */
};

/**
 * The name of a mode: "off", "on" or "held".
 * @param mode  one of HD_MODE_...
 * Returns: static text; "unknown" for any other number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_mode_name(int mode);

/**
 * The mode with a name.
 * @param name  "off", "on" or "held"; may be NULL
 * Returns: one of HD_MODE_...; -1 for NULL and any other name. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_mode_from_name(const char *name);

/**
 * Makes a webhook: on, JSON format, all events, a new id, a new secret, the name "", at most 4 deliveries at once.
 * @param webhook  receives the webhook; free it with hd_webhook_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY; HD_E_RANDOM. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_webhook_new(hd_webhook **webhook);

/**
 * Frees a webhook and wipes its secret.
 * @param webhook  the webhook; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_webhook_free(hd_webhook *webhook);

/**
 * Sets the id by which the client knows the webhook.
 * @param webhook  the webhook
 * @param id       1 to 128 visible ASCII characters (no space), unique in the client; copied
 * Returns: HD_OK; HD_E_WEBHOOK_ID; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_id(hd_webhook *webhook, const char *id);

/**
 * Sets the project whose events the webhook gets. Required.
 * @param webhook  the webhook
 * @param project  1 to 128 visible ASCII characters (no space); copied
 * Returns: HD_OK; HD_E_PROJECT; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_project(hd_webhook *webhook, const char *project);

/**
 * Sets the name that people see.
 * @param webhook  the webhook
 * @param name     valid UTF-8 without control characters, 0 to 256 bytes; copied
 * Returns: HD_OK; HD_E_WEBHOOK_NAME; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_name(hd_webhook *webhook, const char *name);

/**
 * Sets the address that deliveries are posted to. Required. Whether the client may go there is checked by
 * hd_client_put_webhook() and again for each connection.
 * @param webhook  the webhook
 * @param url      an absolute http or https URL of at most 2,048 visible ASCII characters, without user name,
 *                 password and fragment; international host names in punycode; copied
 * Returns: HD_OK; HD_E_URL, HD_E_URL_SCHEME, HD_E_URL_USERINFO, HD_E_URL_HOST or HD_E_URL_PORT says what is wrong;
 * HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_url(hd_webhook *webhook, const char *url);

/**
 * Sets the secret that signs the deliveries. Without this call it is one that hd_generate_secret() made. It takes the
 * place of the old one at once, as after a leak; a staged and a previous one are wiped.
 * @param webhook     the webhook
 * @param secret      any bytes; copied
 * @param secret_len  1 to 1,024; below 16 it is easily guessed, 32 random bytes are recommended
 * Returns: HD_OK; HD_E_SECRET; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_secret(hd_webhook *webhook, const void *secret, size_t secret_len);

/**
 * First step of a rotation that no delivery fails by: sets the secret that comes next, while deliveries are still
 * signed with the present one. Give it to the receiver beside the present one (hd_receiver_add_secret()); then go on
 * with hd_webhook_activate_secret(). Helmdesk's header holds one signature, so that the receiver has to be first.
 * @param webhook     the webhook
 * @param secret      any bytes; copied. NULL takes a staged secret back
 * @param secret_len  1 to 1,024; 0 with NULL
 * Returns: HD_OK; HD_E_SECRET; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_stage_secret(hd_webhook *webhook, const void *secret, size_t secret_len);

/**
 * Second step: the staged secret signs from now on, for a client from the next hd_client_put_webhook() on. The one
 * before is kept, for hd_webhook_undo_secret(), until hd_webhook_forget_previous_secret().
 * @param webhook  the webhook
 * Returns: HD_OK; HD_E_STATE if none is staged; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_activate_secret(hd_webhook *webhook);

/**
 * Takes the second step back: the previous secret signs again, and the present one is staged.
 * @param webhook  the webhook
 * Returns: HD_OK; HD_E_STATE if there is no previous one; HD_E_INVALID. Blocks: no. Threads: one per object. Since:
 * 0.1.0
 */
HD_API int hd_webhook_undo_secret(hd_webhook *webhook);

/**
 * Ends a rotation: wipes the previous secret.
 * @param webhook  the webhook
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_forget_previous_secret(hd_webhook *webhook);

/**
 * Subscribes the webhook to an event type, or ends the subscription. A new webhook has all of them.
 * @param webhook  the webhook
 * @param type     HD_TICKET_CREATED, HD_TICKET_RESOLVED or HD_MESSAGE_RECEIVED
 * @param on       0 or 1
 * Returns: HD_OK; HD_E_EVENT_TYPE; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_event(hd_webhook *webhook, int type, int on);

/**
 * Sets the body format. Use HD_FORMAT_SLACK for the URL of a Slack incoming webhook.
 * @param webhook  the webhook
 * @param format   HD_FORMAT_JSON or HD_FORMAT_SLACK
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_format(hd_webhook *webhook, int format);

/**
 * Sets whether the webhook accepts events, and whether it sends them. A new webhook is on. The mode takes effect when
 * the webhook is put into a client, and then applies to what already waits for it too.
 * @param webhook  the webhook
 * @param mode     HD_MODE_OFF, HD_MODE_ON or HD_MODE_HELD
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_mode(hd_webhook *webhook, int mode);

/**
 * Adds a header to every delivery, or replaces the one of the same name.
 * @param webhook  the webhook, which holds at most 16 of them
 * @param name     an RFC 9110 token of 1 to 128 characters; not one that libhelmdesk or HTTP itself sets (Host,
 *                 Content-*, Transfer-Encoding, Connection, Expect, Upgrade, TE, Trailer, Keep-Alive, User-Agent,
 *                 X-Helmdesk-*, Webhook-*, Proxy-*); copied
 * @param value    0 to 1,024 visible ASCII characters, spaces and tabs; NULL removes the header; copied
 * Returns: HD_OK; HD_E_HEADER; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_header(hd_webhook *webhook, const char *name, const char *value);

/**
 * Sets the certificate that this webhook's receiver is shown when it asks for one (mutual TLS), in place of the one of
 * hd_options_set_client_certificate(). A store keeps it as it keeps secrets.
 * @param webhook  the webhook
 * @param pem      PEM text: the certificate, then those that lead to its authority, if any, and the private key, which
 *                 is not encrypted and may also stand first; copied, and the key is wiped when it is not needed any
 *                 more. NULL for that of the client. Whether key and certificate belong together is seen when a
 *                 connection is made: HD_REASON_INTERNAL
 * @param pem_len  its length in bytes, at most 32,768
 * Returns: HD_OK; HD_E_CLIENT_CERTIFICATE; HD_E_CLIENT_KEY if the key is encrypted; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_client_certificate(hd_webhook *webhook, const char *pem, size_t pem_len);

/**
 * Sets how many deliveries to this webhook may be under way at once. At first and after a timeout it is one, and each
 * success doubles it.
 * @param webhook  the webhook
 * @param limit    1 to 64; a new webhook has 4
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_max_in_flight(hd_webhook *webhook, uint32_t limit);

/**
 * Sets how often a delivery is tried. A new webhook has one attempt, as the product promises; with more, attempts that
 * failed are followed by others after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h (a fifth more or less, by chance), or
 * later if the receiver's Retry-After says so (at most a day). An answer 410 ends the delivery. What Slack may have
 * taken is not sent to it again. A receiver can tell repetitions by the `X-Helmdesk-Delivery` header.
 * @param webhook   the webhook
 * @param attempts  1 to 20
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_max_attempts(hd_webhook *webhook, uint32_t attempts);

/**
 * Sets how long to wait after a failed attempt: first_ms, then twice as long each time, up to max_ms; a fifth more or
 * less, by chance.
 * @param webhook   the webhook
 * @param first_ms  1 to 86,400,000 milliseconds; 0, with max_ms 0 too, for the schedule of
 * hd_webhook_set_max_attempts()
 * @param max_ms    first_ms to 86,400,000 milliseconds
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_retry_backoff(hd_webhook *webhook, uint32_t first_ms, uint32_t max_ms);

/**
 * Sets how often requests to this webhook may start: as many at once as the burst, and then one each period_ms / count
 * milliseconds; what has to wait for that stays in the webhook's queue and costs other webhooks nothing. It counts for
 * first attempts and retries alike. A test (hd_webhook_test()) does not wait for it, but counts as one. A new webhook
 * has no rate of its own: with HD_FORMAT_JSON there is no limit then, and with HD_FORMAT_SLACK it is Slack's, one a
 * second with a burst of 5. When the webhook is put into a client again, the new rate counts for what waits already.
 * With a store, the rate is that of all its clients together; where a client begins to deliver to a webhook, as after a
 * start or in the place of another one, it takes the burst as used up, and the first request starts period_ms / count
 * milliseconds later.
 * @param webhook    the webhook
 * @param count      how many a period, so that there is at least one a minute, and at most one a millisecond; 0, with
 *                   the others 0 too, for no rate of its own
 * @param period_ms  the period in milliseconds, 1 to 86,400,000: 10 a second are 10 and 1,000, 30 a minute 30 and
 *                   60,000
 * @param burst      how many may start at once after a quiet time, 1 to 1,000; with 1 they never come closer together
 *                   than period_ms / count
 * Returns: HD_OK; HD_E_RATE; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_rate(hd_webhook *webhook, uint32_t count, uint32_t period_ms, uint32_t burst);

/**
 * Has the deliveries for one ticket made one after the other, in the order in which their events were accepted: the
 * next one begins when the one before has ended, retries included. Those for other tickets go on meanwhile; with a
 * store, as long as not more than 512 wait for one before them.
 * @param webhook  the webhook
 * @param on       1 or 0; a new webhook has 0
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_ordered(hd_webhook *webhook, int on);

/**
 * Has deliveries carry the headers of Standard Webhooks (v1) beside Helmdesk's own: webhook-id (that of the delivery),
 * webhook-timestamp (of the attempt, so that a receiver can refuse what is old) and webhook-signature. One secret
 * serves for both: Helmdesk's signature is keyed with its bytes as they stand, this one with those that its base64
 * stands for.
 * @param webhook  the webhook; its secret must be "whsec_" and base64, as hd_generate_secret() makes it, or
 *                 hd_client_put_webhook() answers HD_E_SECRET
 * @param on       1 or 0; a new webhook has 0
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_standard_headers(hd_webhook *webhook, int on);

/**
 * The first required field that is not set yet: "project" or "url".
 * @param webhook  the webhook; may be NULL
 * Returns: static text; NULL if the webhook is complete. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API const char *hd_webhook_missing(const hd_webhook *webhook);

/** @name Webhook getters
 * @param webhook  the webhook; NULL answers NULL or 0
 * Returns: what was set; NULL or 0 if it was not. hd_webhook_masked_url() is the form for lists and logs, since a
 * URL may itself be a secret (Slack's is): scheme, host and, if 12 or more characters follow, the last 4 of them.
 * Blocks: no.
 * Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 * @{ */
HD_API const char *hd_webhook_id(const hd_webhook *webhook);
HD_API const char *hd_webhook_project(const hd_webhook *webhook);
HD_API const char *hd_webhook_name(const hd_webhook *webhook);
HD_API const char *hd_webhook_url(const hd_webhook *webhook);
HD_API const char *hd_webhook_masked_url(const hd_webhook *webhook);
HD_API int hd_webhook_event(const hd_webhook *webhook, int type);
HD_API int hd_webhook_format(const hd_webhook *webhook);
HD_API int hd_webhook_mode(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_max_in_flight(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_max_attempts(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_retry_first_ms(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_retry_max_ms(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_rate_count(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_rate_period_ms(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_rate_burst(const hd_webhook *webhook);
HD_API int hd_webhook_ordered(const hd_webhook *webhook);
HD_API int hd_webhook_standard_headers(const hd_webhook *webhook);
/** @} */

/**
 * The webhook's secret, the staged one, and the previous one.
 * @param webhook     the webhook; NULL answers NULL
 * @param secret_len  receives its length in bytes; may be NULL
 * Returns: the bytes, which stay the webhook's; a NUL follows them. NULL if there is none. Blocks: no.
 * Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API const void *hd_webhook_secret(const hd_webhook *webhook, size_t *secret_len);
HD_API const void *hd_webhook_staged_secret(const hd_webhook *webhook, size_t *secret_len);
HD_API const void *hd_webhook_previous_secret(const hd_webhook *webhook, size_t *secret_len);

/**
 * How many headers hd_webhook_set_header() has added.
 * @param webhook  the webhook; NULL answers 0
 * Returns: the number. Blocks: no. Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API size_t hd_webhook_header_count(const hd_webhook *webhook);

/**
 * The name or value of an added header.
 * @param webhook  the webhook
 * @param index    0 to hd_webhook_header_count() - 1
 * Returns: the text; NULL if there is none at that index. Blocks: no.
 * Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API const char *hd_webhook_header_name(const hd_webhook *webhook, size_t index);
HD_API const char *hd_webhook_header_value(const hd_webhook *webhook, size_t index);

/**
 * The certificate of hd_webhook_set_client_certificate(). No function gives its key.
 * @param webhook  the webhook; NULL answers NULL
 * Returns: PEM text of the certificate and those after it, which stays the webhook's; NULL if there is none.
 * Blocks: no. Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API const char *hd_webhook_client_certificate(const hd_webhook *webhook);

/* ------------------------------------------------------------------------------------------------------------------
 * Options
 */

/** How a client is to work. hd_client_new() takes a copy. */
typedef struct hd_options hd_options;

/** Levels of the log function. */
enum {
    HD_LOG_ERROR = 1,
    HD_LOG_WARNING = 2,
    HD_LOG_INFO = 3
};

/**
 * Gets one line of the library's own log. No secret, body or full URL is ever in it.
 * It runs on the client's worker thread or on a thread that calls the library, with no lock held. It may call
 * hd_webhook_send(); hd_client_close() and hd_client_free() refuse there. C and C++ only: other runtimes should pull
 * reports instead.
 */
typedef void (*hd_log_function)(void *user, int level, const char *line);

/**
 * Makes options with the defaults that the setters name.
 * @param options  receives the options; free them with hd_options_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_options_new(hd_options **options);

/**
 * Frees options. Clients made from them are not touched.
 * @param options  the options; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_options_free(hd_options *options);

/**
 * Bounds what is accepted and not yet finished. Beyond either limit hd_webhook_send() answers HD_E_QUEUE_FULL; only
 * when nothing is pending does it take an event that alone is larger than max_bytes. A webhook that has delivered
 * nothing for 5 s may hold as much of both as it leaves free; deliveries beyond that end at once, with
 * HD_REASON_DROPPED.
 * @param options     the options
 * @param max_events  1 to 10,000,000 events; default 100,000
 * @param max_bytes   65,536 or more: memory for those events, their bodies and deliveries, in bytes; default
 *                    268,435,456
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_queue_limits(hd_options *options, size_t max_events, size_t max_bytes);

/**
 * Bounds how many deliveries are under way at once, over all webhooks. Those that take longer than 500 ms do not count,
 * up to twice the limit of them, so that receivers that hang do not keep the others waiting.
 * @param options  the options
 * @param limit    1 to 65,536; default 256
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_max_in_flight(hd_options *options, uint32_t limit);

/**
 * Bounds how many connections are kept for the next delivery: each for 3 s at first, and for up to a minute if its
 * server is seen to keep it. As many more are open as deliveries are under way over new ones. The more receivers there
 * are, the more of them make deliveries cheap.
 * @param options  the options
 * @param limit    1 to 65,536; default half of the descriptors that the process may have open when the client is made
 *                 (RLIMIT_NOFILE), 16,384 at the most
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_max_connections(hd_options *options, uint32_t limit);

/**
 * Sets the time that one attempt may take, name lookup included.
 * @param options     the options
 * @param timeout_ms  1 to 5,000 milliseconds; default 5,000, which is what the product documents
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_timeout_ms(hd_options *options, uint32_t timeout_ms);

/**
 * Sets how long hd_client_free() waits for what is still to be delivered.
 * @param options     the options
 * @param timeout_ms  0 to 3,600,000 milliseconds; default 5,000
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_shutdown_timeout_ms(hd_options *options, uint32_t timeout_ms);

/**
 * Bounds the delivery log that is kept in memory. Beyond either limit the oldest reports are forgotten.
 * @param options      the options
 * @param max_reports  1 to 10,000,000; default 10,000
 * @param max_bytes    65,536 or more: memory for those reports and their events, in bytes; default 67,108,864
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_log_limits(hd_options *options, size_t max_reports, size_t max_bytes);

/**
 * Allows webhooks with http URLs. The default is https only.
 * @param options  the options
 * @param on       0 or 1
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_allow_http(hd_options *options, int on);

/**
 * Allows deliveries into a network that is not public. By default only public addresses are reached. Link-local and
 * cloud-metadata addresses stay forbidden whatever is allowed. May be called up to 64 times. Where an IPv6 address has
 * an IPv4 address inside, for a translator or a tunnel (NAT64, SIIT, 6to4, Teredo, ISATAP), both are checked: to reach
 * a private network through a translator, allow the translator's prefix and the private network. In 64:ff9b:1::/48
 * (RFC 8215) the prefix has to be the translator's own, of 48, 56, 64 or 96 bits.
 * @param options  the options
 * @param cidr     an IPv4 or IPv6 network such as "127.0.0.0/8" or "fd12:3456::/32"; copied
 * Returns: HD_OK; HD_E_NETWORK if it is no network in this form or the 65th; HD_E_INVALID.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_allow_network(hd_options *options, const char *cidr);

/**
 * Allows URLs with these ports too. By default only 443 may be used, and 80, 8080 and 8443 once http is allowed, so
 * that nobody can make deliveries speak to other services. May be called up to 32 times.
 * @param options  the options
 * @param first    the first port, 1 or more
 * @param last     the last port, at least first
 * Returns: HD_OK; HD_E_INVALID, also for the 33rd. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_allow_ports(hd_options *options, uint16_t first, uint16_t last);

/**
 * Names the address of a host, in the place of a name lookup: for tests, and before a name is there. Certificates are
 * checked against the host's name as ever, and whether the address may be reached as well. May be called up to 32
 * times; the first one that fits counts.
 * @param options  the options
 * @param host     a host name as in URLs, in any case; copied
 * @param port     the port of the URL that it is for; 0 for every port
 * @param address  an IPv4 or IPv6 address, without brackets; copied
 * Returns: HD_OK; HD_E_URL_HOST; HD_E_NETWORK if it is no address or the 33rd; HD_E_INVALID.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_resolve(hd_options *options, const char *host, uint16_t port, const char *address);

/**
 * Sets when a webhook is paused: after so many failed attempts in a row, or one answer 410. While it is paused no
 * request is made: what is due waits, and uses up no attempt. Then one delivery at a time is tried: a success ends the
 * matter, a failure pauses it again. With a store a pause outlives the client, and holds for all clients.
 * hd_webhook_test() is not held up, and its result counts. By default nothing is paused.
 * @param options   the options
 * @param failures  1 to 1,000,000; 0 for never
 * @param pause_ms  1,000 to 86,400,000 milliseconds; ignored with 0 failures
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_pause_rule(hd_options *options, uint32_t failures, uint32_t pause_ms);

/**
 * Sets the file of certificate authorities that receivers' certificates are checked against, in place of the system's.
 * @param options  the options
 * @param path     a PEM file, read when a delivery needs it; NULL for the system's; copied
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_ca_file(hd_options *options, const char *path);

/**
 * Sets the certificate that receivers are shown when they ask for one (mutual TLS), for webhooks that have none of
 * their own. It replaces that of hd_options_set_client_certificate_file().
 * @param options  the options
 * @param pem      as for hd_webhook_set_client_certificate(); NULL for none
 * @param pem_len  its length in bytes, at most 32,768
 * Returns: HD_OK; HD_E_CLIENT_CERTIFICATE; HD_E_CLIENT_KEY if the key is encrypted; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_client_certificate(hd_options *options, const char *pem, size_t pem_len);

/**
 * The same from files, which are read for each connection: they may be renewed while the client runs. It replaces that
 * of hd_options_set_client_certificate(). A file that cannot be used then is HD_REASON_INTERNAL.
 * @param options      the options
 * @param certificate  a PEM file with the certificate, and those that lead to its authority, if any; NULL for none;
 *                     copied
 * @param key          a PEM file with the private key, which is not encrypted; NULL if it is in the same file; copied
 * Returns: HD_OK; HD_E_INVALID, also for a key without a certificate; HD_E_NO_MEMORY. Blocks: no. Threads: one per
 * object. Since: 0.1.0
 */
HD_API int hd_options_set_client_certificate_file(hd_options *options, const char *certificate, const char *key);

/**
 * Sets the `User-Agent` header of deliveries. The default is "libhelmdesk/" and the version.
 * @param options     the options
 * @param user_agent  1 to 256 visible ASCII characters and spaces; copied
 * Returns: HD_OK; HD_E_HEADER; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_user_agent(hd_options *options, const char *user_agent);

/**
 * Sets the proxy that all deliveries go through, also those to http:// receivers, by CONNECT (RFC 9110 9.3.6). By
 * default there is none; the environment's (http_proxy, https_proxy and so on) never counts.
 *
 * Which URLs webhooks may have is checked as without one: scheme, port, addresses in URLs, localhost. The proxy looks
 * up receivers' names itself: which addresses these may have is its rule, and hd_options_resolve() is about the proxy's
 * own name alone. The proxy's address needs no hd_options_allow_network(), and no other address is connected to.
 * HD_REASON_PROXY_FAILED, HD_REASON_PROXY_REFUSED and HD_REASON_PROXY_GATEWAY tell its faults from a receiver's.
 * @param options  the options
 * @param url      "http://proxy.example:3128", or https:// to speak TLS with the proxy, whose certificate is then
 *                 checked as receivers' are; the port is 80 or 443 if it is left out. "user:password@" before the host
 *                 is sent to the proxy as Basic (RFC 7617), percent-encoded in the URL, and shown nowhere; libcurl has
 *                 it in the request for a tunnel, in memory that it does not wipe. NULL for no proxy; copied
 * Returns: HD_OK; HD_E_PROXY; HD_E_INVALID; HD_E_NO_MEMORY. hd_client_new() returns HD_E_TRANSPORT for an https://
 * proxy if libcurl was built without. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_proxy(hd_options *options, const char *url);

/**
 * Sets the function that gets the library's own log lines. By default nothing is logged.
 * @param options   the options
 * @param function  see hd_log_function; NULL for none
 * @param user      handed to the function as it is; must live until hd_client_free() has returned
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_log(hd_options *options, hd_log_function function, void *user);

/* ------------------------------------------------------------------------------------------------------------------
 * Stores: where webhooks, what is not delivered yet and the log outlive the process
 */

/** A durable store, as hd_store_sqlite_open() (helmdesk/sqlite.h) gives it. */
typedef struct hd_store hd_store;

/**
 * Closes a store.
 * @param store  the store, after the client that used it was freed; NULL does nothing
 * Blocks: disk. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_store_free(hd_store *store);

/**
 * Bounds the delivery log in a store. Beyond any limit the oldest reports are deleted, in small slices, and with them
 * the events that nothing else needs. Without this call: 1,000,000 reports of the last 30 days, and 4 GiB.
 * @param store        a store that no client uses yet
 * @param max_reports  how many reports are kept; 0 for any number
 * @param max_age_ms   how long, in milliseconds; 0 for ever
 * @param max_bytes    what they and their events take, in bytes, about; 0 for any size
 * Returns: HD_OK; HD_E_STATE while a client uses it; HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_store_set_retention(hd_store *store, uint64_t max_reports, int64_t max_age_ms, uint64_t max_bytes);

/**
 * Says in words what the last failure of a store was, such as which file could not be read and why.
 * @param store  the store; NULL answers 0
 * @param text   receives the words and a NUL, cut if there is not enough room; "" if nothing has failed; may be NULL if
 *               size is 0
 * @param size   bytes at text
 * Returns: how long the words are, without the NUL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_store_error(hd_store *store, char *text, size_t size);

/**
 * Has a client keep its webhooks, its undelivered events and its log in a store. Several clients, in several processes,
 * may use the same store at the same time, each with a hd_store of its own: they divide the webhooks among themselves,
 * each is delivered to by one client at a time, and what a client leaves behind, in whatever way it ends, the others
 * deliver. At least once, everything that was accepted is delivered. hd_options_set_queue_limits() then bounds only
 * what is not in the store yet, hd_options_set_log_limits() only what hd_client_next_report() has not given.
 * @param options  the options
 * @param store    the store, which stays yours: free it after the client. One client uses it at a time. NULL for none,
 * as without this call Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_store(hd_options *options, hd_store *store);

/** When hd_webhook_send() returns, with a store. */
enum {
    HD_ACCEPT_FAST = 0,     /**< at once; the worker's next step stores the event, within milliseconds as a rule */
    HD_ACCEPT_COMMITTED = 1 /**< when the event is on disk; all callers at that moment share one commit */
};

/**
 * Sets when hd_webhook_send() returns. Until an event is stored, the end of the process loses it: with HD_ACCEPT_FAST
 * that are those of the last milliseconds, or more while the disk is full; with HD_ACCEPT_COMMITTED none for which
 * hd_webhook_send() has answered HD_OK.
 * @param options  the options; without a store the mode means nothing
 * @param mode     HD_ACCEPT_FAST, which is so without this call, or HD_ACCEPT_COMMITTED
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_accept_mode(hd_options *options, int mode);

/** What a client does with a store. */
enum hd_client_role {
    HD_CLIENT_DELIVER = 0, /**< all of it: it accepts, and delivers its share of what waits in the store */
    HD_CLIENT_ACCEPT = 1,  /**< accepts events and changes webhooks; others deliver. It has no thread and opens no
                              connection: for programs that end soon, and for servers that fork */
    HD_CLIENT_READ = 2,    /**< reads webhooks and log, and changes nothing */
    HD_CLIENT_OPERATE =
        3 /**< as HD_CLIENT_ACCEPT, with a thread, so that hd_webhook_test() works: for an operator's tool */
};

/**
 * Sets what a client does with its store. With HD_CLIENT_ACCEPT hd_webhook_send() returns when the event is on disk,
 * whatever hd_options_set_accept_mode() says, and all callers at that moment share one commit.
 * @param options  the options; without a store only HD_CLIENT_DELIVER makes sense
 * @param role     HD_CLIENT_DELIVER, which is so without this call, HD_CLIENT_ACCEPT, HD_CLIENT_READ or
 * HD_CLIENT_OPERATE Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_role(hd_options *options, int role);

/**
 * Sets how long the key of hd_event_set_idempotency_key() is remembered.
 * @param options    the options
 * @param window_ms  1,000 to 86,400,000 milliseconds; default 86,400,000: a day
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_idempotency_window_ms(hd_options *options, int64_t window_ms);

/* ------------------------------------------------------------------------------------------------------------------
 * Client: the webhooks, the worker thread that delivers, and the log
 */

/** A set of webhooks and the worker thread that delivers to them. */
typedef struct hd_client hd_client;

/** The record of one delivery: one event for one webhook. */
typedef struct hd_report hd_report;

/** Which reports hd_log_query() and hd_log_summarize() are to find. */
typedef struct hd_log_filter hd_log_filter;

/** Some reports that hd_log_query() found. */
typedef struct hd_log_page hd_log_page;

/** What the reports that a filter matches add up to, as hd_log_summarize() counted them. */
typedef struct hd_log_stats hd_log_stats;

/** Several webhooks, as hd_client_list_webhooks() found them. */
typedef struct hd_webhook_list hd_webhook_list;

/** What hd_client_counter() can tell. */
enum {
    HD_COUNTER_ACCEPTED = 0,       /**< events that hd_webhook_send() and hd_webhook_test() took */
    HD_COUNTER_REFUSED = 1,        /**< events refused with HD_E_QUEUE_FULL */
    HD_COUNTER_PENDING = 2,        /**< events accepted whose deliveries have not all ended, or, with a store, that
                                        are not in it yet */
    HD_COUNTER_WAITING = 3,        /**< deliveries that wait for their turn */
    HD_COUNTER_IN_FLIGHT = 4,      /**< deliveries under way */
    HD_COUNTER_DELIVERED = 5,      /**< deliveries that a receiver confirmed */
    HD_COUNTER_FAILED = 6,         /**< deliveries that failed */
    HD_COUNTER_CANCELED = 7,       /**< deliveries that hd_client_close() ended */
    HD_COUNTER_REPORTS_MISSED = 8, /**< reports forgotten before hd_client_next_report() came to them */
    HD_COUNTER_RETRIED = 9,        /**< failed attempts that another one follows */
    HD_COUNTER_DROPPED = 10,       /**< of the failed deliveries, those with HD_REASON_DROPPED */
    HD_COUNTER_STORED = 11         /**< deliveries in the store that have not ended; 0 without one */
};

/**
 * Makes a client and starts its worker thread, which blocks all signals. After fork() make the client in the child.
 * @param options  how to work; NULL for all defaults; copied
 * @param client   receives the client; free it with hd_client_free()
 * Returns: HD_OK; HD_E_THREAD if no thread could be started; HD_E_TRANSPORT if libcurl could not; with a store
 * HD_E_STATE if another client uses this hd_store, HD_E_STORE_KEY if its secrets are sealed with another key,
 * HD_E_STORE, HD_E_STORE_FULL, HD_E_STORE_ACCESS, HD_E_STORE_MISSING, HD_E_STORE_DAMAGED or HD_E_STORE_VERSION if it
 * cannot be read or written (hd_store_error() says why); HD_E_INVALID, also for a role without a store; HD_E_NO_MEMORY.
 * Blocks: briefly; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_new(const hd_options *options, hd_client **client);

/**
 * Adds a webhook, or replaces the one with the same id. Who gets an event is decided by the webhooks that there were
 * when it was accepted; URL, secret, limits and all other settings are those that there are when an attempt begins. In
 * another project than before, it is a webhook of its own there: what waits stays the old project's, with the old
 * settings.
 * @param client   the client
 * @param webhook  the webhook; copied
 * Returns: HD_OK; HD_E_FIELD_MISSING (see hd_webhook_missing()); HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or
 * HD_E_URL_ADDRESS if the client's options do not allow its URL; HD_E_STORE or HD_E_STORE_FULL if it cannot be stored;
 * HD_E_STORE_READ_ONLY; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_put_webhook(hd_client *client, const hd_webhook *webhook);

/**
 * As hd_client_put_webhook(), but only if the webhook is still as hd_client_get_webhook() or hd_client_list_webhooks()
 * gave it, so that of two people who change the same webhook neither undoes the other's change unseen.
 * @param client   the client
 * @param webhook  a changed copy; a new one answers HD_E_CONFLICT if there is one with its id
 * Returns: as hd_client_put_webhook(); HD_E_CONFLICT if it was changed, removed or added meanwhile: get it again.
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_replace_webhook(hd_client *client, const hd_webhook *webhook);

/**
 * How often a client's webhook has been put, which tells one state from the next.
 * @param webhook  the webhook; NULL answers 0
 * Returns: the number; 0 for one that did not come from a client. Blocks: no.
 * Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API uint64_t hd_webhook_version(const hd_webhook *webhook);

/**
 * Whether hd_client_put_webhook() would take a URL: for a form that says so before anything is stored. Names are not
 * looked up; what they lead to is checked for each connection.
 * @param client  the client
 * @param url     the URL, as for hd_webhook_set_url()
 * Returns: HD_OK; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or HD_E_URL_ADDRESS;
 * HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_check_url(hd_client *client, const char *url);

/**
 * Asks a receiver whether deliveries would arrive, without delivering anything: connects to a URL as a client with
 * these options does, with its rules, its name lookup, its check of certificates and its time limit, and asks for the
 * head of the page there (HEAD). Most receivers answer that with some status that is not 2xx: that they answer is what
 * counts.
 * @param options  as for hd_client_new(); NULL for defaults
 * @param url      the URL, as for hd_webhook_set_url()
 * @param report   receives what came of it, as for a delivery, but without an event, a webhook and ids; free it with
 *                 hd_report_free()
 * Returns: HD_OK if there is a report, whatever it says; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT,
 * HD_E_URL_HOST or HD_E_URL_ADDRESS if a client would not take the URL; HD_E_TRANSPORT; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: up to the options' time limit; not for the log function, in which the worker would wait. Threads: any.
 * Since: 0.1.0
 */
HD_API int hd_probe(const hd_options *options, const char *url, hd_report **report);

/**
 * Tells which libraries connections are made with: libcurl, its TLS library and others, with their versions.
 * Returns: static text, "" if libcurl cannot be used. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_transport_libraries(void);

/**
 * Tells where the certificate authorities are that receivers are checked with, unless hd_options_set_ca_file() names
 * others: a file or a directory.
 * Returns: static text, "" if libcurl does not say. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_transport_authorities(void);

/**
 * Gives a copy of a webhook, to read or to change and put again.
 * @param client   the client
 * @param id       the webhook's id
 * @param webhook  receives the copy; free it with hd_webhook_free()
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_get_webhook(hd_client *client, const char *id, hd_webhook **webhook);

/**
 * Removes a webhook. Deliveries that were accepted before are still made, with its last settings.
 * @param client  the client
 * @param id      the webhook's id
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE or HD_E_STORE_FULL if that cannot be stored; HD_E_STORE_READ_ONLY;
 * HD_E_FORKED; HD_E_INVALID. Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_remove_webhook(hd_client *client, const char *id);

/**
 * Lists the webhooks of a project, or all of them, ordered by project and id.
 * @param client   the client
 * @param project  the project; NULL for all
 * @param list     receives the list; free it with hd_webhook_list_free()
 * Returns: HD_OK, also for an empty list; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_list_webhooks(hd_client *client, const char *project, hd_webhook_list **list);

/**
 * The number of webhooks in a list.
 * @param list  the list; NULL answers 0
 * Returns: the number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_webhook_list_count(const hd_webhook_list *list);

/**
 * One webhook of a list.
 * @param list   the list
 * @param index  0 to hd_webhook_list_count() - 1
 * Returns: the webhook, which stays the list's; NULL if there is none at that index.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const hd_webhook *hd_webhook_list_at(const hd_webhook_list *list, size_t index);

/**
 * Frees a list and its webhooks.
 * @param list  the list; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_webhook_list_free(hd_webhook_list *list);

/**
 * Reports an event to every webhook of its project that subscribes to it, and returns at once: a worker thread
 * delivers. An event that no webhook subscribes to is accepted too, and leaves no report. On failure nothing was
 * queued. From now on the event cannot be changed; it may be sent again.
 * @param client    the client
 * @param event     the event, with project, ticket and customer set; the library takes a reference of its own
 * @param event_id  receives the id by which reports name this event: a UUID (version 7) as text, HD_ID_SIZE bytes with
 *                  the NUL; of an event whose idempotency key was used before, the id of the first event with it; may
 *                  be NULL
 * Returns: HD_OK; HD_E_QUEUE_FULL beyond the limits of hd_options_set_queue_limits(); HD_E_FIELD_MISSING (see
 * hd_event_missing()); HD_E_EVENT_TYPE for an unknown event; HD_E_CLOSED; HD_E_STORE_READ_ONLY; HD_E_FORKED;
 * HD_E_INVALID. With HD_ACCEPT_COMMITTED also HD_E_STORE_FULL, HD_E_STORE or HD_E_NO_MEMORY if the event could not be
 * stored, and is not accepted; HD_E_STATE in the log function. Blocks: no I/O; takes one short lock. With
 * HD_ACCEPT_COMMITTED until the event is on disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_webhook_send(hd_client *client, hd_event *event, char event_id[HD_ID_SIZE]);

/**
 * Sends the event of a delivery in the log again, to the same webhook as it is now: a new delivery through the very
 * path of all others, with an id of its own; its report names the old one (hd_report_redelivery_of()). Whether the
 * webhook subscribes to such events is not asked.
 * @param client       the client
 * @param delivery_id  what hd_report_delivery_id() gives
 * @param event_id     receives an id as from hd_webhook_send(); may be NULL
 * Returns: as hd_webhook_send(); HD_E_NO_DELIVERY if the log has none with this id; HD_E_NOT_FOUND if its webhook is
 * not there any more; HD_E_STORE if the log cannot be read; HD_E_STORE_DAMAGED if the event is damaged there (see
 * hd_report_event()), or the whole store. Blocks: as hd_webhook_send(); disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_webhook_redeliver(hd_client *client, const char *delivery_id, char event_id[HD_ID_SIZE]);

/**
 * Sends all events of a page of the log again, as hd_webhook_redeliver() does one. Reports of tests, of attempts that
 * another one followed, of webhooks that are not there any more, and of events that are damaged in the store are left
 * out. For all that match a filter, begin with a filter that ends now (hd_log_filter_set_time()), so that the new
 * deliveries do not match, and go on with the cursor.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param cursor  NULL for the first page, then hd_log_page_cursor() of the page before
 * @param limit   how many reports to look at, 1 to 1,000
 * @param sent    receives how many were sent; may be NULL
 * @param page    receives the reports that were looked at; free it with hd_log_page_free(). If an event cannot be sent
 *                (HD_E_QUEUE_FULL), those before it, and its cursor goes on with that event
 * Returns: as hd_log_query() and hd_webhook_send(); an error only if the first event of the page cannot be sent.
 * Blocks: as they do. Threads: any. Since: 0.1.0
 */
HD_API int hd_webhook_redeliver_page(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit,
                                     size_t *sent, hd_log_page **page);

/**
 * Sends a sample event to one webhook through the very path of real events, ahead of what waits there, and returns the
 * real result. The webhook's subscriptions and mode do not matter. The report is in the log too, marked as test.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param type        HD_TICKET_CREATED, HD_TICKET_RESOLVED or HD_MESSAGE_RECEIVED
 * @param timeout_ms  how long to wait for the result, in milliseconds; 6,000 covers the delivery's own 5,000
 * @param report      receives the report, whatever its outcome; free it with hd_report_free()
 * Returns: HD_OK if there is a result; HD_E_TIMEOUT if there is none yet; HD_E_NOT_FOUND; HD_E_EVENT_TYPE;
 * HD_E_QUEUE_FULL; HD_E_CLOSED; HD_E_STORE_READ_ONLY; HD_E_FORKED; HD_E_STATE on the worker thread; HD_E_INVALID;
 * HD_E_NO_MEMORY; what hd_client_store_status() answers, while the store fails. Blocks: up to timeout_ms. Threads: any.
 * Since: 0.1.0
 */
HD_API int hd_webhook_test(hd_client *client, const char *webhook_id, int type, uint32_t timeout_ms,
                           hd_report **report);

/** Whether deliveries to a webhook are made. */
enum {
    HD_WEBHOOK_ACTIVE = 0,
    HD_WEBHOOK_PAUSED = 1,    /**< by the rule of hd_options_set_pause_rule() */
    HD_WEBHOOK_PROBING = 2,   /**< the pause is over; the next delivery decides */
    HD_WEBHOOK_FORBIDDEN = 3, /**< its URL is not allowed by this client's options: what waits for it is kept */
    HD_WEBHOOK_THROTTLED = 4  /**< its receiver answered 429 or 503, and asked for patience */
};

/**
 * Tells whether deliveries to a webhook are made, and if not, until when. A receiver that answers 429, or 503 with a
 * Retry-After, gets nothing more for as long as its Retry-After says, at most 5 minutes; the delivery itself, if it is
 * tried again, waits for the whole Retry-After (see hd_webhook_set_max_attempts()). A 429 without Retry-After, or with
 * 0, asks for 1 second, and for twice as long with each that follows before a success, up to 64 seconds. A 503 without
 * it is a failure as any other. Of several answers the one counts that asks for the latest time. With a store it counts
 * for all clients, and for the one that takes the webhook over. Tests (hd_webhook_test()) do not wait for it.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param state       receives one of HD_WEBHOOK_...
 * @param until_ms    receives when that ends, in milliseconds since 1970-01-01T00:00:00Z, 0 if it is neither paused nor
 *                    throttled; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_webhook_state(hd_client *client, const char *webhook_id, int *state, int64_t *until_ms);

/**
 * Tells how many deliveries wait for a webhook, and since when.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param count       receives how many; with a store those of all its clients
 * @param since_ms    receives when the event of the oldest was accepted, in milliseconds since 1970-01-01T00:00:00Z; 0
 * if none waits; may be NULL Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE if it cannot be read; HD_E_STATE on the worker
 * thread; HD_E_FORKED; HD_E_INVALID. Blocks: for a turn of the worker; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_waiting(hd_client *client, const char *webhook_id, uint64_t *count, int64_t *since_ms);

/**
 * Discards what waits for a webhook: each of these deliveries ends without another attempt, with HD_OUTCOME_CANCELED
 * and HD_REASON_DISCARDED, whether the webhook is on, held or off. What is under way is not touched, and what comes
 * later is delivered.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param count       receives how many waited; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE or HD_E_STORE_FULL if that cannot be stored; HD_E_STORE_READ_ONLY;
 * HD_E_STATE on the worker thread; HD_E_FORKED; HD_E_INVALID. Blocks: for a turn of the worker; disk with a store.
 * Threads: any. Since: 0.1.0
 */
HD_API int hd_client_discard(hd_client *client, const char *webhook_id, uint64_t *count);

/**
 * Tells whether the store takes what the worker writes. While it does not, no attempt is begun, so that nothing is sent
 * whose result could not be kept; the worker tries again by itself.
 * @param client  the client
 * Returns: HD_OK, also without a store; HD_E_STORE_FULL; HD_E_STORE; HD_E_STORE_BUSY; HD_E_STORE_LOST; HD_E_NO_MEMORY;
 * HD_E_STORE_DAMAGED if a part of it cannot be read: other webhooks go on then; HD_E_FORKED; HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_store_status(hd_client *client);

/**
 * Waits until all deliveries of the events accepted before this call have ended. Drops nothing. With a store, it counts
 * the deliveries of all its clients that wait there, whichever of them accepted the event and whichever delivers it.
 * @param client      the client
 * @param timeout_ms  how long to wait, in milliseconds; 0 only asks
 * Returns: HD_OK; HD_E_TIMEOUT; HD_E_FORKED; HD_E_STATE on the worker thread; HD_E_INVALID.
 * Blocks: up to timeout_ms. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_flush(hd_client *client, uint32_t timeout_ms);

/**
 * Ends the client's work: accepts no more events, delivers what was accepted for up to timeout_ms, then cancels and
 * records what is left, and stops the worker thread. Webhooks, log and reports stay readable until hd_client_free().
 * With a store nothing is canceled: what is left stays there for the next client.
 * @param client      the client
 * @param timeout_ms  how long to deliver, in milliseconds; 0 cancels at once
 * Returns: HD_OK if nothing was canceled or left; HD_E_TIMEOUT if something was; HD_E_FORKED; HD_E_STATE on the worker
 * thread; HD_E_INVALID. A second call returns what the first did. Blocks: up to timeout_ms and one step of the worker.
 * Threads: any; one closes, the others wait for it. Since: 0.1.0
 */
HD_API int hd_client_close(hd_client *client, uint32_t timeout_ms);

/**
 * Closes the client if it is open, as hd_client_close() with the options' shutdown timeout, and frees it. In a forked
 * child it stops nothing and waits for nothing: it releases the handle, and leaves what the worker may have been
 * changing at the moment of the fork. On the worker thread (in the log function) it does nothing but log an error.
 * @param client  the client, which no other call may be using; NULL does nothing
 * Blocks: up to the shutdown timeout. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_client_free(hd_client *client);

/**
 * Tells one of the client's numbers.
 * @param client  the client; NULL answers 0
 * @param which   one of HD_COUNTER_...
 * Returns: the number; 0 for an unknown one and in a forked child. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API uint64_t hd_client_counter(hd_client *client, int which);

/**
 * Gives the next report that this function has not given yet, in the order in which deliveries ended. Reports that the
 * log's limits pushed out before are skipped and counted in HD_COUNTER_REPORTS_MISSED.
 * @param client      the client
 * @param timeout_ms  how long to wait for one, in milliseconds; 0 only asks
 * @param report      receives the report; free it with hd_report_free()
 * Returns: HD_OK; HD_E_TIMEOUT; HD_E_CLOSED if the client is closed and all were given; HD_E_FORKED; HD_E_STATE if it
 * would have to wait on the worker thread; HD_E_INVALID.
 * Blocks: up to timeout_ms. Threads: any; each report is given once. Since: 0.1.0
 */
HD_API int hd_client_next_report(hd_client *client, uint32_t timeout_ms, hd_report **report);

/* ------------------------------------------------------------------------------------------------------------------
 * Reports and the delivery log
 */

/** How a delivery ended. */
enum {
    HD_OUTCOME_DELIVERED = 1, /**< the receiver answered with a 2xx status */
    HD_OUTCOME_FAILED = 2,    /**< it did not; the reason says why */
    HD_OUTCOME_CANCELED = 3,  /**< the client was closed first, or somebody discarded it */
    HD_OUTCOME_RETRYING = 4   /**< not the end yet: an attempt failed, and another one follows */
};

/** Why. New ones are only ever appended; a number never changes its meaning. */
enum {
    HD_REASON_DELIVERED = 0,
    HD_REASON_HTTP_3XX = 1,
    HD_REASON_HTTP_400 = 2,
    HD_REASON_HTTP_401_403 = 3,
    HD_REASON_HTTP_404_410 = 4,
    HD_REASON_HTTP_413 = 5,
    HD_REASON_HTTP_429 = 6,
    HD_REASON_HTTP_4XX = 7,
    HD_REASON_HTTP_5XX = 8,
    HD_REASON_BAD_RESPONSE = 9,
    HD_REASON_RESPONSE_TOO_LARGE = 10,
    HD_REASON_TIMEOUT_CONNECT = 11,
    HD_REASON_TIMEOUT_TOTAL = 12,
    HD_REASON_DNS = 13,
    HD_REASON_REFUSED = 14,
    HD_REASON_UNREACHABLE = 15,
    HD_REASON_RESET = 16,
    HD_REASON_TLS_UNTRUSTED = 17,
    HD_REASON_TLS_NAME = 18,
    HD_REASON_TLS_EXPIRED = 19,
    HD_REASON_TLS_PROTOCOL = 20,
    HD_REASON_BLOCKED = 21,
    HD_REASON_CANCELED = 22,
    HD_REASON_SLACK = 23,
    HD_REASON_INTERNAL = 24,
    HD_REASON_DROPPED = 25,
    HD_REASON_PAUSED = 26, /**< only in logs that 0.1.0 wrote: a pause postpones */
    HD_REASON_DISCARDED = 27,
    HD_REASON_TLS_NOT_YET_VALID = 28,
    HD_REASON_TLS_UNFIT = 29,              /**< a certificate for another purpose, too weak, or revoked */
    HD_REASON_TLS_CLIENT_CERTIFICATE = 30, /**< the receiver wants one of this program */
    HD_REASON_PROXY_FAILED = 31,           /**< the proxy cannot be reached, or is none */
    HD_REASON_PROXY_REFUSED = 32,          /**< the proxy wants other credentials, or forbids the connection */
    HD_REASON_PROXY_GATEWAY = 33           /**< the proxy made no connection to the receiver */
};

/**
 * The short name of an outcome ("delivered", "failed", "canceled").
 * @param outcome  one of HD_OUTCOME_...
 * Returns: static text; "unknown" for any other number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_outcome_name(int outcome);

/**
 * The short name of a reason, such as "timeout_total".
 * @param reason  one of HD_REASON_...
 * Returns: static text; "unknown" for any other number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_reason_name(int reason);

/**
 * A sentence for people that says what happened and what to do.
 * @param reason  one of HD_REASON_...
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_reason_text(int reason);

/** @name Report getters
 * @param report  the report; NULL answers NULL or 0
 * Returns: a value as described below. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
/** The id of the delivery, a UUID: the value of the `X-Helmdesk-Delivery` header. */
HD_API const char *hd_report_delivery_id(const hd_report *report);
/** The id that hd_webhook_send() gave, a UUID. */
HD_API const char *hd_report_event_id(const hd_report *report);
/** The event, which stays the report's. hd_event_render() gives the body that was posted. In the place of one that is
 * damaged in the store is one of the same type and project, with the ticket's id "unreadable" and number 0: it did not
 * happen, and is not sent again. */
HD_API const hd_event *hd_report_event(const hd_report *report);
HD_API const char *hd_report_webhook_id(const hd_report *report);
HD_API const char *hd_report_webhook_name(const hd_report *report);
/** The webhook's URL, masked as by hd_webhook_masked_url(). */
HD_API const char *hd_report_masked_url(const hd_report *report);
HD_API int hd_report_format(const hd_report *report);
/** 1 for a delivery of hd_webhook_test(), else 0. */
HD_API int hd_report_is_test(const hd_report *report);
/** 1 if the receiver may have had this delivery before, under the same id: a process ended while it was in the store,
 * and nobody knows whether it was under way. */
HD_API int hd_report_may_be_repeated(const hd_report *report);
/** The id of the delivery that this one repeats, by hd_webhook_redeliver(); NULL for any other. */
HD_API const char *hd_report_redelivery_of(const hd_report *report);
/** One of HD_OUTCOME_... */
HD_API int hd_report_outcome(const hd_report *report);
/** One of HD_REASON_... */
HD_API int hd_report_reason(const hd_report *report);
/** What this report adds to the reason: Slack's error word, the network that is blocked, a sentence about what is wrong
 * with TLS and what to do, what a proxy did; "" if nothing. */
HD_API const char *hd_report_detail(const hd_report *report);
/** A sentence for people that says what happened and what to do; more precise than hd_reason_text() for Slack, and
 * for TLS, whose detail is such a sentence. */
HD_API const char *hd_report_explanation(const hd_report *report);
/** Which attempt this is about, from 1: the first, or a later one of a webhook with retries. If the delivery ended
 * before its next attempt was begun, as one that waits for a retry does when it is discarded, the number of the one
 * before. 0 if none was begun. */
HD_API uint32_t hd_report_attempts(const hd_report *report);
/** 1 if it is about an attempt that was begun; 0 if the delivery ended before one, the first or a later one, as when it
 * was discarded while it waited. Since: 0.1.0 */
HD_API int hd_report_has_attempt(const hd_report *report);
/** The receiver's HTTP status; 0 if no answer arrived. */
HD_API int hd_report_http_status(const hd_report *report);
/** What the answer's Retry-After asks for, in seconds, at most a day; 0 if nothing. */
HD_API uint32_t hd_report_retry_after_s(const hd_report *report);
/** With HD_OUTCOME_RETRYING: when the next attempt is due, in milliseconds since 1970-01-01T00:00:00Z; else 0. */
HD_API int64_t hd_report_next_attempt_at_ms(const hd_report *report);
/** When hd_webhook_send() took the event, in milliseconds since 1970-01-01T00:00:00Z. */
HD_API int64_t hd_report_accepted_at_ms(const hd_report *report);
/** When the delivery ended, in milliseconds since 1970-01-01T00:00:00Z. */
HD_API int64_t hd_report_finished_at_ms(const hd_report *report);
/** From hd_webhook_send() to the start of the attempt. */
HD_API uint32_t hd_report_queued_ms(const hd_report *report);
/** The parts of the attempt: name lookup, TCP connect, TLS handshake, from the request to the first byte of the
 * answer. With hd_options_set_proxy() the first two are about the proxy, and the third one begins when it is connected
 * to. */
HD_API uint32_t hd_report_dns_ms(const hd_report *report);
HD_API uint32_t hd_report_connect_ms(const hd_report *report);
HD_API uint32_t hd_report_tls_ms(const hd_report *report);
HD_API uint32_t hd_report_wait_ms(const hd_report *report);
/** The whole attempt. */
HD_API uint32_t hd_report_total_ms(const hd_report *report);
/** The address that was connected to, such as "203.0.113.7:443" or "[2001:db8::1]:443"; "" if none was. With
 * hd_options_set_proxy() it is the proxy's: which address the proxy connected to is not known. */
HD_API const char *hd_report_remote_address(const hd_report *report);
/** The head of the attempt's request as it was sent: the request line and every header in their order, each line with
 * CR LF, and an empty line; a NUL follows. If no connection came about, it is what would have been sent. Secrets are
 * masked: the target as by hd_webhook_masked_url(), the value of each header of hd_webhook_set_header() as "***".
 * Signatures are shown. "" if no attempt was begun, or if there was no memory for it. length receives the number of
 * bytes; NULL is allowed. */
HD_API const char *hd_report_request(const hd_report *report, size_t *length);
/** Status line and headers of the answer as received, at most 8 KiB; untrusted bytes; a NUL follows them. */
HD_API const char *hd_report_response_headers(const hd_report *report, size_t *length);
/** Body of the answer as received, at most 16 KiB; untrusted bytes; a NUL follows them. */
HD_API const char *hd_report_response_body(const hd_report *report, size_t *length);
/** 1 if headers or body were cut, or the body did not arrive whole; else 0. */
HD_API int hd_report_response_truncated(const hd_report *report);
/** Of a report of hd_probe(): when the receiver's certificate expires, in milliseconds since 1970-01-01T00:00:00Z; 0 if
 * there is none, it is not known (libcurl has GnuTLS), and for deliveries. Since: 0.1.0 */
HD_API int64_t hd_report_certificate_until_ms(const hd_report *report);
/** @} */

/**
 * Gives up the caller's reference to a report.
 * @param report  the report; NULL does nothing
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API void hd_report_free(hd_report *report);

/**
 * Makes a filter that matches every report.
 * @param filter  receives the filter; free it with hd_log_filter_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_filter_new(hd_log_filter **filter);

/**
 * Frees a filter.
 * @param filter  the filter; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_log_filter_free(hd_log_filter *filter);

/** Whether a filter finds deliveries of hd_webhook_test(). */
enum {
    HD_TESTS_INCLUDED = 0,
    HD_TESTS_EXCLUDED = 1,
    HD_TESTS_ONLY = 2
};

/** @name Filter setters
 * Each narrows the filter; what was set before for the same property is replaced.
 * @param filter  the filter
 * Returns: HD_OK; HD_E_INVALID for a value that cannot match; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
/** Only this project; NULL for all; copied. */
HD_API int hd_log_filter_set_project(hd_log_filter *filter, const char *project);
/** Only the webhook with this id; NULL for all; copied. */
HD_API int hd_log_filter_set_webhook(hd_log_filter *filter, const char *webhook_id);
/** Only this event type; HD_EVENT_UNKNOWN for all. */
HD_API int hd_log_filter_set_event(hd_log_filter *filter, int type);
/** Only this outcome; 0 for all. */
HD_API int hd_log_filter_set_outcome(hd_log_filter *filter, int outcome);
/** Only this reason, one of HD_REASON_...; -1 for all, since HD_REASON_DELIVERED is 0. */
HD_API int hd_log_filter_set_reason(hd_log_filter *filter, int reason);
/** Only answers with an HTTP status from first to last, both 100 to 999; 0 and 0 for all, and for no answer too. */
HD_API int hd_log_filter_set_http_status(hd_log_filter *filter, int first, int last);
/** Only the reports of this delivery, one for each attempt; NULL for all; copied. HD_E_INVALID if it is no UUID as
 * hd_report_delivery_id() gives it. */
HD_API int hd_log_filter_set_delivery(hd_log_filter *filter, const char *delivery_id);
/** Only redeliveries of this delivery (see hd_report_redelivery_of()); NULL for all; copied. HD_E_INVALID as above. */
HD_API int hd_log_filter_set_redelivery_of(hd_log_filter *filter, const char *delivery_id);
/** With deliveries of hd_webhook_test(), without them, or these alone: one of HD_TESTS_... */
HD_API int hd_log_filter_set_tests(hd_log_filter *filter, int which);
/** Only deliveries that ended at since_ms or later and before until_ms (milliseconds since 1970); 0 for no bound. */
HD_API int hd_log_filter_set_time(hd_log_filter *filter, int64_t since_ms, int64_t until_ms);
/** Only reports with this text of at most 256 bytes, whatever its ASCII case, in the ticket's id, its subject, "#" and
 * its number, the customer's e-mail or name, the delivery id, the webhook's name or the reason, or with this event id,
 * whole; NULL or "" for all; copied. */
HD_API int hd_log_filter_set_text(hd_log_filter *filter, const char *text);
/** @} */

/**
 * Reads the delivery log, newest first. New reports never shift the pages that follow.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param cursor  NULL for the first page, then hd_log_page_cursor() of the page before
 * @param limit   how many reports at the most, 1 to 1,000
 * @param page    receives the page; free it with hd_log_page_free()
 * Returns: HD_OK, also for an empty page; HD_E_CURSOR if it is not one of hd_log_page_cursor(); HD_E_STORE if the store
 * cannot be read; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no I/O; looks at what the log holds, on the
 * calling thread; disk with a store, where a search for text reads all that the rest of the filter leaves. Threads:
 * any. Since: 0.1.0
 */
HD_API int hd_log_query(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit,
                        hd_log_page **page);

/**
 * Reads the delivery log forwards: the reports that were added after a place, the oldest first, in the order in which
 * they were added. It misses none and gives none twice, whatever the clocks say.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param after   hd_log_page_cursor() of the page that this function gave before; NULL to begin with what comes from
 * now on: the page is empty, and its cursor is the place
 * @param limit   how many reports at the most, 1 to 1,000
 * @param page    receives the page, which always has a cursor; free it with hd_log_page_free()
 * Returns: HD_OK, also for an empty page; HD_E_CURSOR; HD_E_STORE if the store cannot be read; HD_E_FORKED;
 * HD_E_INVALID; HD_E_NO_MEMORY. Blocks: as hd_log_query(). Threads: any. Since: 0.1.0
 */
HD_API int hd_log_follow(hd_client *client, const hd_log_filter *filter, const char *after, size_t limit,
                         hd_log_page **page);

/**
 * The number of reports on a page.
 * @param page  the page; NULL answers 0
 * Returns: the number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_log_page_count(const hd_log_page *page);

/**
 * One report of a page.
 * @param page   the page
 * @param index  0 to hd_log_page_count() - 1
 * Returns: the report, which stays the page's; NULL if there is none at that index.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const hd_report *hd_log_page_at(const hd_log_page *page, size_t index);

/**
 * Where the next page begins.
 * @param page  the page; may be NULL
 * Returns: the cursor, which stays the page's; NULL if no older report matches.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_log_page_cursor(const hd_log_page *page);

/**
 * Frees a page.
 * @param page  the page; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_log_page_free(hd_log_page *page);

/**
 * Counts what a filter matches, without giving the reports: for figures and charts. A filter for one webhook tells how
 * well that one does: of the deliveries that have ended, those with HD_OUTCOME_DELIVERED have succeeded.
 * @param client     the client
 * @param filter     which reports; NULL for all; not kept
 * @param bucket_ms  0; or cuts the filter's time, which then needs both bounds, into at most 10,000 buckets of so many
 *                   milliseconds, which begin at multiples of that since 1970-01-01T00:00:00Z
 * @param stats      receives the statistics; free them with hd_log_stats_free()
 * Returns: HD_OK, also if nothing matches; HD_E_STORE if the store cannot be read; HD_E_FORKED; HD_E_INVALID, also for
 * buckets without both bounds, and for too many; HD_E_NO_MEMORY. Blocks: no I/O; looks at what the log holds, on the
 * calling thread; disk with a store, where it reads a few numbers of each report that matches, and all of what the rest
 * of the filter leaves for a text. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_summarize(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats **stats);

/** @name Statistics getters
 * @param stats  the statistics; NULL answers 0
 * Returns: a number as described below. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
/** Reports that match. There is one for each attempt: a delivery that was tried three times has two with
 * HD_OUTCOME_RETRYING and then the one of its end. */
HD_API uint64_t hd_log_stats_count(const hd_log_stats *stats);
/** Those with this outcome, one of HD_OUTCOME_...; 0 for any other number. What has ended is the sum over all but
 * HD_OUTCOME_RETRYING. */
HD_API uint64_t hd_log_stats_outcome(const hd_log_stats *stats, int outcome);
/** Those with this reason, one of HD_REASON_...; 0 for any other number. */
HD_API uint64_t hd_log_stats_reason(const hd_log_stats *stats, int reason);
/** Those that tell of an attempt that came to a result, whichever it was, HD_OUTCOME_RETRYING too: hd_report_attempts()
 * is not 0, and the reason is none of HD_REASON_CANCELED, HD_REASON_INTERNAL, HD_REASON_DROPPED, HD_REASON_PAUSED,
 * HD_REASON_DISCARDED. */
HD_API uint64_t hd_log_stats_attempts(const hd_log_stats *stats);
/** How long these attempts took, as hd_report_total_ms() tells it: the least time that so many permille of them did not
 * exceed, such as 500 for the median, 990, or 1000 for the longest; 0 gives the shortest. Times above 5,000 ms count as
 * 5,000. 0 if there was no attempt, and for a permille that is not 0 to 1000. */
HD_API uint32_t hd_log_stats_total_ms(const hd_log_stats *stats, int permille);
/** Buckets, the empty ones too; 0 if none were asked for. */
HD_API size_t hd_log_stats_bucket_count(const hd_log_stats *stats);
/** When a bucket begins, in milliseconds since 1970-01-01T00:00:00Z; 0 if there is none at that index. The first may
 * begin before the filter's time, and the last end after it; what is outside of that time is not counted. */
HD_API int64_t hd_log_stats_bucket_start_ms(const hd_log_stats *stats, size_t index);
/** Reports with this outcome that ended in a bucket; 0 if there is none at that index. */
HD_API uint64_t hd_log_stats_bucket_outcome(const hd_log_stats *stats, size_t index, int outcome);
/** @} */

/**
 * Frees statistics.
 * @param stats  the statistics; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_log_stats_free(hd_log_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
