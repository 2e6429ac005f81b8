/* The seam to a durable store: webhooks, the outbox (what waits), and the delivery log. All that passes it is plain
 * data, so that a store needs nothing of the core. Without a store, what waits is in the engine's lanes and the log is
 * the ring of store/log.h.
 *
 * One client uses a store at a time. step, maintain and end are called by its worker only, put_webhook and
 * remove_webhook by any thread, query and figures by any thread at the same time as all others. Every function that
 * returns int returns HD_OK or an HD_E_STORE... status, and then nothing has changed. */
#ifndef HD_STORE_STORE_H
#define HD_STORE_STORE_H

#include "base/store_keys.h"
#include "helmdesk.h"

#include <stddef.h>
#include <stdint.h>

#define HD__STORE_ABI 2
#define HD__STORE_ID_SIZE 16 /* bytes of a delivery's UUID */
#define HD__STORE_KEY_SIZE 32
#define HD__STORE_MAX_REPORTS 1000000 /* retention, if the program says nothing else */
#define HD__STORE_MAX_AGE_MS ((int64_t)30 * 24 * 3600 * 1000)

struct hd__bytes {
    const void *data;
    size_t len;
};

/* A webhook. What may hold a key is sealed if the store has one (see sign/seal.h): bytes that mean nothing here. */
struct hd__stored_webhook {
    struct hd__store_keys keys;
    const char *id, *project, *name, *masked_url;
    struct hd__bytes url, secret, staged, previous, headers;
    unsigned events;
    int format, mode, ordered, standard_headers;
    uint32_t max_in_flight, max_attempts, retry_first_ms, retry_max_ms;
    uint64_t version;
    int is_removed;  /* and kept for what waits */
    int has_waiting; /* deliveries */
};

struct hd__stored_event {
    uint64_t id;
    int type;
    int64_t accepted_at_ms;
    const char *project;
    struct hd__bytes body;          /* as posted in JSON */
    struct hd__bytes redelivery_of; /* the id of the delivery that is made again with it, or nothing */
};

/* A record of the log. Texts are never NULL. */
struct hd__stored_report {
    struct hd__store_keys keys;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int format, is_test, may_be_repeated, outcome, reason;
    const char *detail;
    uint32_t attempts;
    int http_status;
    uint32_t retry_after_s;
    int64_t finished_at_ms, next_attempt_at_ms;
    uint32_t queued_ms, dns_ms, connect_ms, tls_ms, wait_ms, total_ms;
    const char *remote_address;
    struct hd__bytes response_headers, response_body;
    int response_truncated;
};

/* ---- One step of the worker ---- */

/* A new row of the outbox. */
struct hd__new_delivery {
    size_t event;    /* index in the step's events */
    int64_t webhook; /* key */
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int64_t row; /* out: larger than all before */
};

enum {
    HD__RESULT_ENDED,    /* the row goes */
    HD__RESULT_RETRY,    /* it stays, for a time to come */
    HD__RESULT_RELEASED, /* it stays: the attempt was given up, and may have arrived */
};

struct hd__result {
    int kind;
    int64_t row; /* 0 for what never was in the outbox */
    uint32_t tries;
    int64_t due_ms;                         /* of a retry; 0: before all that is new */
    uint64_t event_id;                      /* what it is about */
    const struct hd__stored_event *event;   /* the event itself, if it was never in the outbox */
    const struct hd__stored_report *report; /* for the log; NULL for none */
};

/* Rows of one webhook that are to come into memory: first those that were tried before and are due, in the order of
 * their time, then new ones, in the order of acceptance. The marks tell where the last claim ended. */
struct hd__claim {
    int64_t webhook; /* key */
    size_t max;
    int64_t after_row;                     /* of the new ones */
    int64_t after_due_ms, after_retry_row; /* of the others */
    int64_t next_due_ms;                   /* out: of the others, the first that is not due yet; INT64_MAX for none */
    int has_more;                          /* out: max was reached */
};

struct hd__claimed {
    int64_t row;
    int64_t due_ms; /* 0 for a new one */
    uint32_t tries;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int may_be_repeated;
    struct hd__stored_event event;
};

/* What happens at once or not at all: events and deliveries are added, results are written, then rows are claimed.
 * Claiming changes nothing: one worker owns the store, and knows what it has in memory. */
struct hd__step {
    int64_t now_ms; /* never less than in the step before */
    const struct hd__stored_event *events;
    size_t event_count;
    struct hd__new_delivery *deliveries;
    size_t delivery_count;
    const struct hd__result *results;
    size_t result_count;
    struct hd__claim *claims;
    size_t claim_count;
    /* Gets each row when the rest is committed. Returns 0 if it cannot take it; then the rest of this claim is left. */
    int (*claimed)(void *user, size_t claim, const struct hd__claimed *row);
    void *user;
};

/* What the outbox holds now. */
struct hd__store_state {
    uint64_t oldest_event; /* that something waits for; UINT64_MAX for none */
    uint64_t waiting;      /* rows */
    uint64_t newest_event; /* of all that are there; only begin tells it */
};

/* ---- The log ---- */

struct hd__log_search {
    const char *project, *webhook_id;   /* NULL for all */
    const unsigned char *delivery_id;   /* NULL for all */
    const unsigned char *redelivery_of; /* NULL for all */
    int type, outcome;                  /* 0 for all */
    int has_reason, reason;             /* only this one, if it has one */
    int first_status, last_status;      /* of HTTP; 0 for all */
    int tests;                          /* one of HD_TESTS_... */
    int64_t since_ms, until_ms;         /* 0 for no bound */
    int64_t before_ms;                  /* with the next: the place to go on from; INT64_MAX for the newest */
    int64_t before_id;
    size_t max;
};

struct hd__log_row {
    int64_t id;
    const char *webhook_id, *webhook_name, *masked_url;
    struct hd__stored_event event;
    struct hd__stored_report report;
};

/* What statistics need of a record. */
struct hd__log_figures {
    int64_t id;
    int64_t finished_at_ms;
    int outcome, reason;
    uint32_t attempts, total_ms;
};

/* ---- The functions ---- */

struct hd__store_ops {
    /* A client takes the store. Tells all webhooks, those too that were removed and have something waiting. */
    int (*begin)(struct hd_store *store, void (*webhook)(void *user, const struct hd__stored_webhook *webhook),
                 void *user, struct hd__store_state *state);
    /* Adds or replaces the webhook with this id, and writes its keys. */
    int (*put_webhook)(struct hd_store *store, const struct hd__stored_webhook *webhook, struct hd__store_keys *keys);
    int (*remove_webhook)(struct hd_store *store, int64_t webhook);
    int (*step)(struct hd_store *store, struct hd__step *step, struct hd__store_state *state);
    /* The newest first. The row lives as long as the call. row returns 0 to end. */
    int (*query)(struct hd_store *store, const struct hd__log_search *search,
                 int (*row)(void *user, const struct hd__log_row *row), void *user);
    /* The same records in the same order, without what is large in them. */
    int (*figures)(struct hd_store *store, const struct hd__log_search *search,
                   void (*tell)(void *user, const struct hd__log_figures *figures), void *user);
    /* A slice of retention. Sets *more if there is more to do. */
    int (*maintain)(struct hd_store *store, int64_t now_ms, int *more);
    /* The client leaves it; clean if the outbox tells the whole truth. */
    int (*end)(struct hd_store *store, int is_clean);
    void (*free)(struct hd_store *store);
};

struct hd_store;

/* A client takes a store, and leaves it. HD_OK; HD_E_STATE if another one has it; HD_E_STORE_VERSION if it was made for
 * another version of this seam. */
int hd__store_take(struct hd_store *store);
void hd__store_release(struct hd_store *store);

/* The beginning of every store. */
struct hd_store {
    int abi; /* HD__STORE_ABI */
    const struct hd__store_ops *ops;
    int has_key;
    unsigned char key[HD__STORE_KEY_SIZE];
    uint64_t max_reports; /* retention; 0 for any number */
    int64_t max_age_ms;   /* 0 for any age */
    int is_reader;        /* another process may write: put_webhook, remove_webhook and step are missing */
    int in_use;           /* by a client; guarded by the core */
    char error[160];      /* what the worker's last call failed of, in words; no secret is in it */
};

#endif
