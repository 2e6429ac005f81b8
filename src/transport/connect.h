/* Connections to servers. libcurl makes them: the sockets, under the rule of addresses, TLS, the check of certificates.
 * What is said over them is not its business: a plain connection is ours alone when it has been made, and one with TLS
 * is libcurl's for as long as it is open, which sends and receives for us.
 *
 * All calls come from one thread, between hd__connect_enter() and hd__connect_leave(). */
#ifndef HD_TRANSPORT_CONNECT_H
#define HD_TRANSPORT_CONNECT_H

#include "transport/poller.h"
#include "transport/tls.h"
#include "transport/transport.h"

struct hd__connector;
struct hd__origin;

/* What the poller reports events on a socket to. */
struct hd__watcher {
    void (*ready)(struct hd__watcher *watcher, int fd, int events);
};

enum hd__link_state {
    HD__LINK_MAKING,
    HD__LINK_READY,
    HD__LINK_FAILED
};

/* A connection, or the attempt to make one. */
struct hd__link {
    struct hd__watcher watcher; /* for whoever has it, when it is ready */
    enum hd__link_state state;
    int fd;             /* when it is ready */
    int reason;         /* HD_REASON_..., of a failure */
    const char *detail; /* static text, or in tls; "" for none; of a proxy's failure what "the proxy" does */
    int has_proxy;      /* the proxy is connected to */
    int has_proxy_head; /* all of the proxy's answer to CONNECT has come */
    int proxy_status;   /* what the proxy answered, if it is that; else 0 */
    uint32_t connect_ms, tls_ms;
    char remote_address[HD__REMOTE_SIZE]; /* "" for none */
    void *owner;                          /* for whoever has it */

    /* the pool's */
    struct hd__origin *origin;
    struct hd__link *next_idle, *previous_idle; /* of its origin */
    struct hd__link *older, *newer;             /* of all */
    int64_t idle_since_us;

    /* the connector's */
    struct hd__connector *connector;
    struct hd__link_group *group; /* whose multi handle has the easy handle */
    void *easy;                   /* NULL when libcurl has nothing to do with it any more */
    void *addresses;              /* what libcurl was told instead of looking them up */
    struct hd__link *previous, *next;
    struct hd__tls *tls; /* NULL for one that is plain, to the proxy too */
    const char *blocked; /* the rule that forbade an address */
    int socket_error;    /* errno of a failed socket() */
    int socket_count;    /* opened */
    int watched_count;   /* of them, those that libcurl waits for */
    int hurried_at;      /* the number that was opened when libcurl was last told to go on */
};

/* Where a connection is to lead. */
struct hd__place {
    const char *url;       /* "https://host:port/", no more: libcurl keeps a copy */
    const char *addresses; /* "+host:port:address,address", of the proxy if there is one; NULL if its URL holds one */
    struct hd__identity *identity; /* in place of the connector's; NULL for that. Must outlive the connection */
    int64_t left_ms;               /* until the attempt is given up */
};

struct hd__connector_config {
    struct hd__poller *poller;
    const struct hd__policy *policy;
    const struct hd__proxy *proxy;       /* NULL for none; must outlive the connector */
    const char *ca_file;                 /* copied; NULL for the system's */
    const struct hd__identity *identity; /* this and the next two as in struct hd__transport_config; must outlive it */
    const char *certificate_file, *key_file;
};

/* Held around all work in libcurl, so that the process does not fork in the middle of it. */
void hd__connect_enter(void);
void hd__connect_leave(void);

/* Before anything else, not between enter and leave. HD_OK, or HD_E_TRANSPORT if libcurl cannot be used, or not with
 * this proxy, which may be NULL. */
int hd__connect_prepare(const struct hd__proxy *proxy);

/* The versions of libcurl and of what it uses; static text. After hd__connect_prepare(). */
const char *hd__connect_versions(void);

/* Where libcurl has the certificate authorities, a file or a directory; NULL if it does not say. Static text. */
const char *hd__connect_authorities(void);

/* NULL without memory. */
struct hd__connector *hd__connector_new(const struct hd__connector_config *config);

/* Every connection must have been closed. */
void hd__connector_free(struct hd__connector *connector);

/* Begins to make a connection; NULL without memory. It ends in hd__connector_next(). */
struct hd__link *hd__link_open(struct hd__connector *connector, const struct hd__place *place);

/* The next connection that is ready or has failed, each once; NULL if there is none at the moment. */
struct hd__link *hd__connector_next(struct hd__connector *connector);

/* Lets libcurl do what is due. */
void hd__connector_run(struct hd__connector *connector, int64_t now_us);

/* When something is due; INT64_MAX for never. */
int64_t hd__connector_due_us(const struct hd__connector *connector);

/* Nothing has been used for a while: gives back what is kept for the next connection. */
void hd__connector_rest(struct hd__connector *connector);

/* Why an attempt that is under way has taken so long: HD_REASON_..., and *detail as of a failure. */
int hd__link_late_reason(struct hd__link *link, const char **detail);

/* Closes a connection, or ends the attempt, in any state. */
void hd__link_close(struct hd__link *link);

enum hd__link_result {
    HD__LINK_DONE,  /* some bytes */
    HD__LINK_AGAIN, /* none now: wait for the socket */
    HD__LINK_ENDED, /* received: the peer has closed in good order */
    HD__LINK_DEAD   /* it is broken: over TLS, hd__link_explain() may know why */
};

/* Sends some of the bytes in two pieces, one after the other. Sets *sent to how many. */
enum hd__link_result hd__link_send(struct hd__link *link, const char *first, size_t first_len, const char *second,
                                   size_t second_len, size_t *sent);

/* Receives some bytes. Sets *received to how many. */
enum hd__link_result hd__link_receive(struct hd__link *link, char *bytes, size_t size, size_t *received);

/* Until when the server's certificate is valid, in seconds since 1970; 0 if that is not known. */
int64_t hd__link_certificate_until_s(const struct hd__link *link);

/* Sets reason and detail of a connection that proved dead: HD_REASON_RESET and "", unless TLS says more. */
void hd__link_explain(struct hd__link *link);

/* Whether nothing waits to be received over a connection that is not used, and it is still good. */
int hd__link_is_quiet(struct hd__link *link);

#endif
