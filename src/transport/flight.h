/* An exchange under way, and the transport that has it. For the transport's own files: transport.c, what the engine
 * calls, and the loop; exchange.c, the way of an exchange; talk.c, what is said over its connection. */
#ifndef HD_TRANSPORT_FLIGHT_H
#define HD_TRANSPORT_FLIGHT_H

#include "transport/http1.h"
#include "transport/pool.h"
#include "transport/resolver.h"

struct hd__ways; /* the transport */

enum hd__stage {
    HD__STAGE_LOOKUP,
    HD__STAGE_CONNECT,
    HD__STAGE_TALK,
    HD__STAGE_ENDED
};

struct hd__flight {
    struct hd__ways *ways;
    struct hd__exchange *exchange;
    struct hd__flight *previous, *next; /* of the same stage, as far as that has a list */
    struct hd__flight *older, *newer;   /* among all that have started and not been given back */
    enum hd__stage stage;
    int64_t started_us;
    uint32_t looked_up_ms;
    struct hd__name *name; /* while it is looked up */
    struct hd__origin *origin;
    struct hd__link *link;
    int is_kept; /* the connection has had another request before */

    struct hd__buffer head;          /* of the request; a short body follows in it */
    size_t copied;                   /* of the body */
    size_t sent;                     /* of head and body */
    int64_t talking_us, answered_us; /* when the first byte was to leave, and when the first one came; 0 for not yet */
    int is_over; /* nothing is read any more: the answer is whole, or as much of it as there will be */
    int is_reusable;
    const char *said; /* what there is to say about the answer; "" for nothing */
    struct hd__http1 http;
};

struct hd__ways {
    struct hd__transport base;
    struct hd__poller *poller;
    struct hd__resolver *resolver;
    struct hd__connector *connector;
    struct hd__pool_of_links pool;
    struct hd__flight *looking; /* up a name */
    struct hd__flight *first_ended, *last_ended;
    struct hd__flight *unused;
    struct hd__flight *oldest, *newest; /* in the order of their deadlines, since all have the same time */
    int64_t now_us;                     /* as of the last look at the clock: each costs a hundredth of a delivery */
    int64_t busy_us;                    /* when something was under way last */
    uint32_t timeout_ms;
    const struct hd__pins *pins; /* NULL for none */
    const struct hd__policy *policy;
    const struct hd__proxy *proxy; /* NULL for none */
    char *user_agent;
};

/* ---- exchange.c ---- */

/* NULL without memory. */
struct hd__flight *hd__flight_new(struct hd__ways *ways, struct hd__exchange *exchange);

/* HD_OK; or HD_E_NO_MEMORY, and it is gone. */
int hd__flight_begin(struct hd__flight *flight);

/* Its connection has been made, or has failed. */
void hd__flight_take_link(struct hd__flight *flight);

/* Begins again with a new connection: over the kept one nothing has left. */
void hd__flight_reconnect(struct hd__flight *flight);

/* The exchange has ended. Its connection, if it has one, is kept if it may be. */
void hd__flight_end(struct hd__flight *flight, int reason, const char *detail);

/* Its time is over. */
int64_t hd__flight_deadline_us(const struct hd__flight *flight);
void hd__flight_end_late(struct hd__flight *flight);

/* It is not wanted any more, in whichever stage it is. */
void hd__flight_cancel(struct hd__flight *flight);

/* Looks at all names that are looked up. */
void hd__flights_follow_lookups(struct hd__ways *ways);

/* The exchange that ended first and was not taken yet; NULL if there is none. */
struct hd__exchange *hd__flights_take_ended(struct hd__ways *ways);

void hd__flights_free_unused(struct hd__ways *ways);

/* ---- talk.c ---- */

/* Writes the request. HD_OK or HD_E_NO_MEMORY. */
int hd__talk_prepare(struct hd__flight *flight);

/* The connection is there. */
void hd__talk_begin(struct hd__flight *flight);

/* Its time is over: ends it with what it has. */
void hd__talk_end_late(struct hd__flight *flight);

#endif
