/* A world of a test's making: a clock that only moves when it is told to, and a transport that answers what it is told
 * to. A worker in it is driven turn by turn, without a thread. */
#ifndef TESTS_SUPPORT_SIMULATION_H
#define TESTS_SUPPORT_SIMULATION_H

#include "engine/worker.h"

#define SIMULATION_MAX 4096

/* What keeps the deliveries of the simulations that are made from now on. */
struct simulation_keeper {
    const char *name;
    struct hd_store *(*open)(void);       /* NULL: nothing but memory */
    struct hd_store *(*open_again)(void); /* another handle on the same store */
    void (*destroy)(void);                /* after the store was freed */
};

extern const struct simulation_keeper simulation_keepers[];
#define SIMULATION_KEEPERS 3 /* memory, the reference model of a store, SQLite */

void simulation_use(const struct simulation_keeper *keeper);

/* Another handle on the store of the newest simulation, as another process would have it. Free it before that
 * simulation. */
struct hd_store *simulation_open_again(void);

struct simulation {
    struct hd__clock clock;
    _Atomic int64_t now_us; /* other threads of a test look at it */
    uint64_t random_state;

    struct hd__transport transport;
    struct hd__exchange *under_way[SIMULATION_MAX]; /* in the order in which they were started */
    size_t under_way_count;
    struct hd__exchange *finished[SIMULATION_MAX];
    size_t finished_count;
    size_t started, canceled;
    int refuse_starts; /* answer HD_E_NO_MEMORY */
    int last_timeout_ms;

    struct hd__webhooks *webhooks;
    struct hd__log_ring *ring;
    struct hd__worker *worker;
    struct hd_store *store; /* its own; NULL for none */
};

/* A worker with these limits, nothing in it. */
struct simulation *simulation_new(size_t max_events, size_t max_bytes, uint32_t max_in_flight);
struct simulation *simulation_new_with(size_t max_events, size_t max_bytes, uint32_t max_in_flight,
                                       struct hd__pause_rule rule);
struct simulation *simulation_new_ruled(struct hd__rules rules);
struct simulation *simulation_new_ruled_on(struct hd_store *store, struct hd__rules rules);

/* The same, on a store that has begun. */
struct simulation *simulation_new_on(struct hd_store *store);
/* The same with HD_ACCEPT_ASYNC. */
struct simulation *simulation_new_async_on(struct hd_store *store);

void simulation_free(struct simulation *simulation);

/* Frees a simulation that knows of something that waits, and would go on until nothing does, and another one that has
 * the same store by a handle of its own. */
void simulation_free_both(struct simulation *first, struct simulation *second, struct hd_store *of_second);

/* Adds a webhook of project "p"; its secret is its id. */
void simulation_put(struct simulation *simulation, const char *id, uint32_t max_in_flight);

/* Puts a webhook, which is handed over. */
void simulation_put_webhook(struct simulation *simulation, hd_webhook *webhook);

/* Sends a ticket.created event of project "p" with this subject. Returns the status. */
int simulation_send(struct simulation *simulation, const char *subject);
int simulation_send_ticket(struct simulation *simulation, const char *ticket, const char *subject);

/* Whether something that was sent has not ended. */
int simulation_has_more(const struct simulation *simulation);

/* One turn that does not wait. */
void simulation_turn(struct simulation *simulation);

/* As many as what was asked for takes on any keeper; and the same so much later. */
void simulation_turns(struct simulation *simulation);
void simulation_pass(struct simulation *simulation, int64_t us);

/* Finishes the exchange at this place in under_way, with a 2xx answer or another reason. */
void simulation_finish(struct simulation *simulation, size_t index, int reason);

/* The webhook's id and the event's subject of the exchange at this place in under_way. */
const char *simulation_webhook_of(const struct simulation *simulation, size_t index);
const char *simulation_subject_of(const struct simulation *simulation, size_t index);

/* How many deliveries wait for a webhook, and since when; or has them discarded. */
void simulation_ask(struct simulation *simulation, const hd_webhook *webhook, int is_discard, uint64_t *count,
                    int64_t *since_ms);

/* The next report that was not taken yet; NULL if there is none. */
hd_report *simulation_report(struct simulation *simulation);

/* Takes all reports that were not taken yet. Returns how many. */
size_t simulation_drain_reports(struct simulation *simulation);

#endif
