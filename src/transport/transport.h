/* "POST these bytes there, and tell me how it went." The engine knows no more about HTTP than this. All calls but wake
 * come from one thread. */
#ifndef HD_TRANSPORT_TRANSPORT_H
#define HD_TRANSPORT_TRANSPORT_H

#include "base/buffer.h"
#include "endpoint/address.h"
#include "endpoint/identity.h"
#include "endpoint/pin.h"
#include "endpoint/proxy.h"
#include "endpoint/url.h"
#include "endpoint/webhook.h"

#include <stdint.h>

#define HD__RESPONSE_HEADERS_KEPT ((size_t)8 * 1024)
#define HD__RESPONSE_BODY_KEPT ((size_t)16 * 1024)
#define HD__RETRY_AFTER_MAX_S 86400 /* a receiver cannot put a delivery off for longer than a day */
#define HD__REMOTE_SIZE 56          /* "[", the longest IPv6 address, "]:65535" and a NUL */
#define HD__DETAIL_SIZE 320
#define HD__FIELDS_MAX (7 + HD__HEADERS_MAX)

struct hd__field {
    const char *name, *value;
    int is_secret; /* where the head is shown, the value is not */
};

/* One POST, or a probe. What goes in must live until the exchange has finished or is canceled. */
struct hd__exchange {
    const char *url;
    const struct hd__url_parts *parts; /* of it */
    struct hd__identity *identity;     /* what the server is shown if it asks; NULL for the transport's */
    const char *masked_target;         /* how path and query are shown */
    int fresh;                         /* over a connection of its own */
    int is_probe;                      /* a HEAD without a body in the place of the POST */
    struct hd__buffer *head;           /* is given the head that is sent, masked; NULL if nobody wants it */
    const char *body;
    size_t body_len;
    struct hd__field fields[HD__FIELDS_MAX];
    size_t field_count;
    void *owner;    /* for the caller */
    void *transfer; /* for the transport */

    int reason;                 /* HD_REASON_... */
    const char *detail;         /* static text, or what is in said; "" for none */
    char said[HD__DETAIL_SIZE]; /* what is known of this attempt alone */
    int http_status;            /* 0 without an answer */
    int kept_connection_died;
    uint32_t retry_after_s; /* what the receiver asked for, at most a day; 0 if nothing */
    uint32_t dns_ms, connect_ms, tls_ms, wait_ms, total_ms;
    char remote_address[HD__REMOTE_SIZE];
    int64_t certificate_until_s; /* of the receiver, seconds since 1970; 0 if it is not known, or none was sent */
    struct hd__buffer response_headers, response_body; /* the caller's to free */
    int response_truncated;
};

struct hd__transport {
    /* Begins an exchange, and writes its head for who wants it. Returns HD_OK, or HD_E_NO_MEMORY with nothing begun. A
     * head that there is no memory for is no reason. */
    int (*start)(struct hd__transport *transport, struct hd__exchange *exchange);

    /* An exchange that has finished, each once; NULL if there is none at the moment. */
    struct hd__exchange *(*finished)(struct hd__transport *transport);

    /* Works on the exchanges until one has finished, wake was called or timeout_ms is over. */
    void (*wait)(struct hd__transport *transport, int timeout_ms);

    /* Makes wait return, also if it has not begun yet. From any thread. */
    void (*wake)(struct hd__transport *transport);

    /* Ends an exchange that has not finished; its outgoing part is not filled. */
    void (*cancel)(struct hd__transport *transport, struct hd__exchange *exchange);

    void (*free)(struct hd__transport *transport);
};

struct hd__transport_config {
    uint32_t timeout_ms;                     /* after that an exchange has finished, name lookup included */
    uint32_t max_connections;                /* that are kept, at the most; 0 for what the system's limits suggest */
    const struct hd__policy *policy;         /* must outlive the transport, as the next */
    const struct hd__pins *pins;             /* NULL for none */
    const struct hd__proxy *proxy;           /* NULL for none; must outlive it too */
    const char *ca_file;                     /* NULL for the system's */
    struct hd__identity *identity;           /* NULL for none, */
    const char *certificate_file, *key_file; /* or for that of a file, with its key if there is no other file */
    const char *user_agent;
};

/* The transport: connections by libcurl, HTTP/1.1 by our own. Returns a status. */
int hd__transport_new(const struct hd__transport_config *config, struct hd__transport **transport);

#endif
