/* Connections that are kept for the next request, by origin: scheme, host, port, and what the server was shown of us. A
 * server that closes one at the moment at which it is used again loses a request: for how long it may have idled is
 * learned of each origin. Those that have idled for longer stay open for a while, to see what the server does with
 * them. What was learned of an origin is remembered when it has no connection any more, unless it has a key. */
#ifndef HD_TRANSPORT_POOL_H
#define HD_TRANSPORT_POOL_H

#include "transport/connect.h"

struct hd__origin {
    struct hd__origin *next;          /* of the same hash */
    struct hd__origin *older, *newer; /* of those without references */
    uint64_t hash;
    size_t users;          /* references: of its connections and of exchanges */
    struct hd__link *idle; /* the one that has idled for the shortest time first */
    int64_t idle_max_us;   /* for how long one may, if it is to be used */
    int64_t used_us;       /* when one was last put back */
    int64_t pause_us;      /* how long after that the next was asked for */
    int closes_early;      /* one was closed before that: what was seen counts more than what the server says */
    int has_said;          /* the server has said for how long it keeps them */
    int uses_tls;
    struct hd__identity *identity; /* NULL for the transport's, and without TLS */
    char authority[];              /* "host:port"; the port is left out if it is the scheme's own */
};

struct hd__pool_of_links {
    struct hd__origin **buckets;
    size_t bucket_count, origin_count;
    struct hd__link *oldest, *newest; /* of all that idle */
    size_t idle_count, max_idle;
    struct hd__origin *oldest_unused, *newest_unused; /* origins without references, of which something was learned */
    size_t unused_count;                              /* at most max_idle */
};

/* HD_OK or HD_E_NO_MEMORY. */
int hd__links_init(struct hd__pool_of_links *pool, size_t max_idle);
void hd__links_destroy(struct hd__pool_of_links *pool); /* closes what idles */

/* A reference to the origin of a URL, for those who show this identity, which may be NULL; NULL without memory. */
struct hd__origin *hd__origin_of(struct hd__pool_of_links *pool, const struct hd__url_parts *parts,
                                 struct hd__identity *identity);
void hd__origin_release(struct hd__pool_of_links *pool, struct hd__origin *origin);

/* Takes the connection to an origin that has idled for the shortest time, if it may be used; NULL if there is none. */
struct hd__link *hd__links_take(struct hd__pool_of_links *pool, struct hd__origin *origin, int64_t now_us);

/* Keeps a connection, whose origin is set; closes another one if those are too many. */
void hd__links_put(struct hd__pool_of_links *pool, struct hd__link *link, int64_t now_us);

/* Closes a connection that idles: the server has closed it, or said something that nobody asked for. */
void hd__links_lost(struct hd__pool_of_links *pool, struct hd__link *link, int64_t now_us);

/* A server says for how long it keeps connections, in seconds. It is believed until it closes one earlier. */
void hd__origin_keeps(struct hd__origin *origin, uint32_t seconds);

/* Closes what has idled for so long that there is nothing to be learned of it. */
void hd__links_expire(struct hd__pool_of_links *pool, int64_t now_us);

/* When the next one will have; INT64_MAX for none. */
int64_t hd__links_due_us(const struct hd__pool_of_links *pool);

#endif
