/* One configured webhook. The program's own object is changed by one thread; the client's is a copy that nobody changes
 * any more, shared by counted references, so that deliveries under way end with the settings they began with. */
#ifndef HD_ENDPOINT_WEBHOOK_H
#define HD_ENDPOINT_WEBHOOK_H

#include "base/store_keys.h"
#include "endpoint/identity.h"
#include "endpoint/meter.h"
#include "endpoint/url.h"
#include "helmdesk.h"
#include "sign/hmac.h"

#include <stdatomic.h>

#define HD__HEADERS_MAX 16

/* What a report says about its webhook. It outlives the webhook, and contains no secret. */
struct hd__label {
    atomic_uint references;
    char *webhook_id, *webhook_name, *masked_url;
    struct hd__store_keys keys;
};

/* Takes copies of the texts; NULL without memory. */
struct hd__label *hd__label_new(const char *webhook_id, const char *webhook_name, const char *masked_url);

struct hd__header {
    char *name, *value;
};

/* So many requests in so many milliseconds, and so many at once; count 0 for no limit. */
struct hd__rate {
    uint32_t count, period_ms, burst;
};

/* When a webhook that keeps failing is left alone for a while. */
struct hd__pause_rule {
    uint32_t failures; /* in a row; 0 for never, or of a webhook for the rule of the client */
    uint32_t pause_ms;
};

/* Whether failures and milliseconds make a rule. */
int hd__pause_rule_fits(uint32_t failures, uint32_t pause_ms);

struct hd_webhook {
    atomic_uint references;
    char *id, *project, *name, *url, *masked_url;
    char *secret; /* a NUL follows it, as the next two */
    size_t secret_len;
    char *staged, *previous; /* the secrets before and after it; NULL for none */
    size_t staged_len, previous_len;
    unsigned events; /* bit 1 << type for each subscribed one */
    int format;
    int mode;
    uint32_t max_in_flight;
    uint32_t max_attempts;
    uint32_t retry_first_ms, retry_max_ms; /* 0 for the default schedule */
    struct hd__rate rate;                  /* its own */
    struct hd__pause_rule pause;           /* its own; HD_PAUSE_NEVER failures for never */
    int ordered;
    int standard_headers;
    uint64_t version; /* how often it was put; 0 if it does not come from a client */
    struct hd__header headers[HD__HEADERS_MAX];
    size_t header_count;
    struct hd__identity *identity; /* NULL for the client's */
    atomic_int is_removed;         /* of a client's copy: it is only there for what waits for it */
    /* of a client's copy; else NULL */
    struct hd__label *label;
    struct hd__meter *meter;
    uint64_t id_hash;
    int forbidden; /* why the program's rules do not allow its URL; HD_OK if they do */
    struct hd__url_parts parts;
    const char *masked_target;
    struct hd__hmac_key *key;
    struct hd__hmac_key *standard_key; /* NULL without standard_headers */
};

/* A copy for the program, without label; NULL without memory. */
hd_webhook *hd__webhook_copy(const hd_webhook *webhook);

/* A copy for the client, with label, host, parsed URL and keys. Returns HD_OK, HD_E_NO_MEMORY, or HD_E_SECRET if the
 * webhook has standard_headers, and a secret that does not serve for them. */
int hd__webhook_snapshot(const hd_webhook *webhook, hd_webhook **snapshot);

/* A snapshot that nobody else has yet goes on with the meter of the one that it replaces. */
void hd__webhook_share_meter(hd_webhook *snapshot, const hd_webhook *replaced);

/* Its own rate, or that of its format. */
struct hd__rate hd__webhook_rate(const hd_webhook *webhook);

/* Its own rule, or that of the client. */
struct hd__pause_rule hd__webhook_pause_rule(const hd_webhook *webhook, const struct hd__pause_rule *of_client);

hd_webhook *hd__webhook_ref(hd_webhook *webhook);

struct hd__label *hd__label_ref(struct hd__label *label);
void hd__label_free(struct hd__label *label);

#endif
