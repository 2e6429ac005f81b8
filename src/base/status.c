/* Every status in one table: its name and what it tells people. */
#include "helmdesk.h"

#define STATUS_MAP(X)                                                                                                  \
    X(HD_OK, "success")                                                                                                \
    X(HD_E_INVALID, "an argument is NULL or out of its documented range")                                              \
    X(HD_E_NO_MEMORY, "out of memory: nothing was changed; try again later")                                           \
    X(HD_E_SENT, "the event was sent already, or is shared, and cannot be changed any more: make a new one")           \
    X(HD_E_QUEUE_FULL, "the queue is full: receivers are slower than events; try again later or raise the limits")     \
    X(HD_E_TIMEOUT, "not done within the given time")                                                                  \
    X(HD_E_CLOSED, "the client is closed")                                                                             \
    X(HD_E_FORKED, "it was made before fork(): make a new one in the child process")                                   \
    X(HD_E_BUFFER, "the buffer is too small: the function's comment says how large it must be")                        \
    X(HD_E_NOT_FOUND, "there is no webhook with this id")                                                              \
    X(HD_E_THREAD, "no thread could be started: check the process's limits")                                           \
    X(HD_E_CRYPTO, "mbedTLS could not compute the signature: it is out of memory")                                     \
    X(HD_E_RANDOM, "the system gave no random bytes")                                                                  \
    X(HD_E_TRANSPORT, "libcurl could not be started: no memory or descriptor is left, or it lacks TLS")                \
    X(HD_E_SECRET, "the secret must have 1 to 1,024 bytes; 32 random ones are a good one")                             \
    X(HD_E_SIGNATURE_FORMAT, "the signature is malformed (64 lower-case hexadecimal digits, or v1 and base64): pass "  \
                             "the header's value as it is")                                                            \
    X(HD_E_SIGNATURE_MISMATCH,                                                                                         \
      "the signature is of another body or secret: compare the secret, and verify the raw body before decoding it")    \
    X(HD_E_UTF8, "the body is not valid UTF-8")                                                                        \
    X(HD_E_TOO_LARGE, "the body is too large: at most 2,097,152 bytes are read, or fewer if a lower limit is set")     \
    X(HD_E_FIELD_MISSING,                                                                                              \
      "a required field is not set: an event needs project, ticket and customer, a webhook project and URL")           \
    X(HD_E_EVENT_TYPE, "the event type must be ticket.created, ticket.resolved or message.received")                   \
    X(HD_E_PROJECT, "the project must have 1 to 128 visible ASCII characters (no space)")                              \
    X(HD_E_TIMESTAMP, "the timestamp must be from 1970 to 9999, in a body as YYYY-MM-DDTHH:MM:SS.mmmZ")                \
    X(HD_E_TICKET_ID, "the ticket's id must have 1 to 128 visible ASCII characters (no space)")                        \
    X(HD_E_TICKET_NUMBER, "the ticket's number must be 1 to 9,007,199,254,740,991")                                    \
    X(HD_E_TICKET_SUBJECT, "the ticket's subject must be valid UTF-8 of at most 65,536 bytes")                         \
    X(HD_E_TICKET_STATUS, "the ticket's status must have 1 to 32 characters of a-z, 0-9, '_' and '-'")                 \
    X(HD_E_TICKET_PRIORITY, "the ticket's priority must have 1 to 32 characters of a-z, 0-9, '_' and '-'")             \
    X(HD_E_CUSTOMER_EMAIL,                                                                                             \
      "the customer's e-mail must be valid UTF-8 of at most 320 bytes without control characters")                     \
    X(HD_E_CUSTOMER_NAME, "the customer's name must be valid UTF-8 of at most 1,024 bytes")                            \
    X(HD_E_MESSAGE_ID, "the message's id must have 1 to 128 visible ASCII characters (no space)")                      \
    X(HD_E_MESSAGE_SENDER, "the message's sender must be \"customer\" or \"agent\"")                                   \
    X(HD_E_MESSAGE_BODY, "the message's body must be valid UTF-8 of at most 262,144 bytes")                            \
    X(HD_E_JSON, "the body is not JSON (RFC 8259)")                                                                    \
    X(HD_E_JSON_DEPTH, "the body is nested deeper than 32 levels")                                                     \
    X(HD_E_JSON_DUPLICATE, "an object of the body has the same key twice")                                             \
    X(HD_E_JSON_KEY, "a documented key is missing in the body")                                                        \
    X(HD_E_JSON_TYPE, "a documented key of the body has the wrong type; a ticket number is a whole number")            \
    X(HD_E_WEBHOOK_ID, "the webhook's id must have 1 to 128 visible ASCII characters (no space)")                      \
    X(HD_E_WEBHOOK_NAME, "the webhook's name must be valid UTF-8 of at most 256 bytes without control characters")     \
    X(HD_E_HEADER, "the header's name or value is malformed, or its name is reserved")                                 \
    X(HD_E_URL, "the URL must be like https://host/path: 1 to 2,048 visible ASCII characters, without a fragment")     \
    X(HD_E_URL_SCHEME, "the URL must begin with https://; this program does not allow http://")                        \
    X(HD_E_URL_USERINFO, "the URL must not have a user name or password; use a header instead")                        \
    X(HD_E_URL_HOST, "the URL's host must be a public name with a dot, in ASCII (punycode), or an address; this "      \
                     "program allows no other")                                                                        \
    X(HD_E_URL_PORT, "the URL's port must be 443 or another one that this program allows")                             \
    X(HD_E_URL_ADDRESS, "the URL's address is not public, and this program does not allow its network (link-local "    \
                        "and cloud metadata never)")                                                                   \
    X(HD_E_NETWORK, "the network must be like 10.0.0.0/8 or fd00::/8, without bits after the prefix")                  \
    X(HD_E_CURSOR, "the cursor is not one that a page of this log gave")                                               \
    X(HD_E_HEADER_MISSING, "the request has no signature: X-Helmdesk-Signature, or webhook-id, webhook-timestamp and " \
                           "webhook-signature together")                                                               \
    X(HD_E_HEADER_DUPLICATE, "a header that must be there once is there twice: the request is refused")                \
    X(HD_E_HEADER_FORMAT, "webhook-id must have 1 to 256 visible ASCII characters without a dot, webhook-timestamp "   \
                          "1 to 11 digits, webhook-signature at most 4,096 bytes")                                     \
    X(HD_E_TOO_OLD, "the request was sent too long ago: it may be a replay, or a clock is wrong")                      \
    X(HD_E_TOO_NEW, "the request was sent in the future: a clock is wrong")                                            \
    X(HD_E_REPLAYED, "the same request was accepted before: answer 200, and do nothing")                               \
    X(HD_E_EVENT_MISMATCH, "X-Helmdesk-Event and the body name different events: the body is what is signed")          \
    X(HD_E_STORE, "the store cannot be read or written: is its directory there, writable, and on a working disk?")     \
    X(HD_E_STORE_FULL, "the store's disk is full, or its limit is reached: make room, and it goes on by itself")       \
    X(HD_E_STORE_BUSY,                                                                                                 \
      "others are writing to the store for too long, or an older version of the library has it open: try again")       \
    X(HD_E_STORE_VERSION, "the store is of another version of the library: use that one, or a newer one to update it") \
    X(HD_E_STORE_KEY, "the store's secrets are encrypted with another key than the one given")                         \
    X(HD_E_CONFLICT, "the webhook was changed meanwhile: get it again, and repeat your change")                        \
    X(HD_E_NO_DELIVERY, "there is no delivery with this id in the log")                                                \
    X(HD_E_STORE_READ_ONLY, "this client may only read the store: nothing can be changed or sent")                     \
    X(HD_E_STORE_LOST, "the connection to the store was interrupted: it is tried again until it is known what was "    \
                       "done")                                                                                         \
    X(HD_E_STORE_ACCESS, "this process may not read or write the store: check the owner and the mode of its files")    \
    X(HD_E_STORE_MISSING, "there is no store in this directory")                                                       \
    X(HD_E_STORE_DAMAGED,                                                                                              \
      "the store's database is damaged: restore it from a backup, or repair it with SQLite's tool")                    \
    X(HD_E_IDEMPOTENCY_KEY, "the idempotency key must have 1 to 255 visible ASCII characters (no space)")              \
    X(HD_E_RATE,                                                                                                       \
      "the rate must be from 1 a minute to 1,000 a second, its period at most a day, and its burst 1 to 1,000")        \
    X(HD_E_PROXY, "the proxy's URL must be like http://proxy.example:3128 or http://user:password@proxy.example:3128 " \
                  "(http or https, no path); user and password are percent-encoded")                                   \
    X(HD_E_CLIENT_CERTIFICATE,                                                                                         \
      "the client certificate must be PEM text of at most 32,768 bytes: the certificate, those that lead to its "      \
      "authority, if any, and one private key")                                                                        \
    X(HD_E_CLIENT_KEY, "the client certificate's private key is encrypted, and no password can be given: decrypt it "  \
                       "first (openssl pkey -in key.pem -out plain.pem)")                                              \
    X(HD_E_LIMIT, "there are as many of these as there can be")                                                        \
    X(HD_E_IN_USE, "another client uses this store handle already: open the store once more for this one")             \
    X(HD_E_WRONG_THREAD, "this call would wait for the very thread that makes it: make it outside of the logger")      \
    X(HD_E_NO_SECRET, "there is no such secret")                                                                       \
    X(HD_E_FIELD, "an event of this type has no such field")                                                           \
    X(HD_E_ADDRESS, "the address must be an IPv4 or IPv6 address such as 192.0.2.7 or 2001:db8::7")                    \
    X(HD_E_ROLE, "this client cannot do that in its role: it has no thread that delivers")                             \
    X(HD_E_NO_JOB, "there is no job with this id")                                                                     \
    X(HD_E_JOB_RUNNING, "a running job may send to the same webhook: wait until it is done, or stop it")               \
    X(HD_E_HTTP_STATUSES, "HTTP statuses are written as statuses (404), classes (5xx) and ranges (500-503), at most "  \
                          "32, with commas between them")                                                              \
    X(HD_E_CANCELED, "the search was canceled")                                                                        \
    X(HD_E_FAILURE_COUNT, "the count of failures must be a number of 1 to 9 digits without leading zeros")             \
    X(HD_E_FAILURE_REASON, "the failure's reason must have 1 to 32 of a-z, 0-9, '_' and '-'")                          \
    X(HD_E_FAILURE_EXPLANATION, "the failure's explanation must be valid UTF-8 of at most 1,024 bytes")                \
    X(HD_E_PAUSE_RULE,                                                                                                 \
      "a pause begins after 1 to 1,000,000 failed attempts in a row, and lasts from 1 second to 24 hours")

const char *hd_status_name(int status) {
    switch (status) {
#define NAME(code, text)                                                                                               \
    case code:                                                                                                         \
        return #code;
        STATUS_MAP(NAME)
#undef NAME
    default:
        return "unknown status";
    }
}

const char *hd_strerror(int status) {
    switch (status) {
#define EXPLAIN(code, text)                                                                                            \
    case code:                                                                                                         \
        return text;
        STATUS_MAP(EXPLAIN)
#undef EXPLAIN
    default:
        return "this version of the library knows no such status";
    }
}
