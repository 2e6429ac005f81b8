/* What makes connections, for the files that are its parts: connect.c, a connection; groups.c, the multi handles that
 * connections are in. */
#ifndef HD_TRANSPORT_CONNECT_INSIDE_H
#define HD_TRANSPORT_CONNECT_INSIDE_H

#include "transport/connect.h"

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
    char *ca_file;
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

/* ---- connect.c ---- */

/* libcurl has ended the attempt, with this CURLcode. */
void hd__link_take_result(struct hd__link *link, int code);

/* There is no memory to go on. */
void hd__link_give_up(struct hd__link *link);

#endif
