/* What makes connections, for the files that are its parts: connect.c, a connection; groups.c, the multi handles that
 * connections are in; secure.c, TLS; tunnel.c, the way through a proxy. */
#ifndef HD_TRANSPORT_CONNECT_INSIDE_H
#define HD_TRANSPORT_CONNECT_INSIDE_H

#include "transport/connect.h"

/* Sets an option of `easy`, or returns 0. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                                                         \
            return 0;                                                                                                  \
    } while (0)

#define HD__NO_DESCRIPTOR (-1)
#define HD__HOMES 1024

/* A multi handle for some connections: libcurl walks all of its connections each time that one sends, receives or ends,
 * and 10,000 of them in one made a delivery 50 times as expensive. */
struct hd__link_group {
    struct hd__watcher watcher;
    struct hd__connector *connector;
    struct hd__link_group *previous, *next;
    void *multi;             /* libcurl's CURLM */
    struct hd__link *making; /* of its connections, those that are being made */
    size_t count;            /* connections whose easy handles it has */
    uint32_t number;         /* of all that there have been, from 1 */
    unsigned launches;
    int64_t opened_us;
    int is_broken;  /* it makes no connection any more */
    int64_t due_us; /* when libcurl wants to look after its time limits; INT64_MAX for never */
};

struct hd__connector {
    struct hd__poller *poller;
    const struct hd__policy *policy;
    const struct hd__proxy *proxy; /* NULL for none */
    void *proxy_header;            /* libcurl's list with the proxy's credentials; NULL for none */
    char *ca_file;
    const struct hd__identity *identity; /* this and the next two as the configuration has them */
    const char *certificate_file, *key_file;
    struct hd__link_group *groups;
    struct hd__link *ended;        /* ready or failed, and not told yet */
    uint32_t group_count;          /* how many there have been */
    struct hd__link_group *latest; /* that had a new connection with TLS; NULL for none */
    uint32_t homes[HD__HOMES];     /* numbers of groups, by a hash of the origin */
    int64_t now_us;                /* as of the last look at the clock */
    int taken_over;                /* the descriptor that libcurl is not to close */
    int clear_capath, prunes_always, resumes, hurries;
    enum hd__tls_library tls_library;
};

/* ---- groups.c ---- */

void hd__link_to(struct hd__link **list, struct hd__link *link);
void hd__unlink_from(struct hd__link **list, struct hd__link *link);

/* Gives the easy handle of a connection to a multi handle, and so begins to make it. Returns 0 without memory. */
int hd__group_add(struct hd__link *link, const char *url);

/* Takes it away, which closes the connection. */
void hd__group_remove(struct hd__link *link);

/* ---- secure.c ---- */

/* Tells the easy handle of a connection with TLS whom to trust, and what to show: an identity, or the connector's for
 * NULL. Returns 0 without memory. */
int hd__secure_set(struct hd__link *link, const struct hd__identity *identity);

/* From now on, what the TLS library shows is of the receiver: the handshake, or an alert after it. Returns 0 without
 * memory. */
int hd__secure_listen(struct hd__link *link);

/* Why TLS with the receiver failed: HD_REASON_..., by libcurl's CURLcode. */
int hd__secure_reason(const struct hd__link *link, int code, const char **detail);

/* ---- tunnel.c ---- */

/* Tells the easy handle of the proxy, or that there is none, whatever the environment says. Returns 0 without memory.
 */
int hd__tunnel_set(struct hd__link *link);

/* libcurl's list with the header of the proxy's credentials, for connector->proxy_header; NULL without memory. free()
 * it.
 */
void *hd__tunnel_header(const struct hd__proxy *proxy);

/* Whether an address is one of the proxy's. */
int hd__tunnel_leads_to(const struct hd__link *link, const struct sockaddr *address);

/* libcurl waits for what the proxy says. */
void hd__tunnel_awaits(struct hd__link *link);

/* Whether the proxy, if there is one, has connected to the server. */
int hd__tunnel_stands(const struct hd__link *link);

/* Why it has not: HD_REASON_PROXY_..., by libcurl's CURLcode. Sets proxy_status too. */
int hd__tunnel_reason(struct hd__link *link, int code, const char **detail);

/* ---- connect.c ---- */

/* libcurl has ended the attempt, with this CURLcode. */
void hd__link_take_result(struct hd__link *link, int code);

/* There is no memory to go on. */
void hd__link_give_up(struct hd__link *link);

#endif
