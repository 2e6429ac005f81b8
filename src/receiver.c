/* The receiving side: who sent a request, is it fresh, and what does it say? Nothing is parsed before a signature has
 * been verified, and a request that has headers of both schemes must satisfy both. */
#include "receiver.h"

#include "acceptance.h"
#include "base/memory.h"
#include "base/text.h"
#include "event/event.h"
#include "replay.h"
#include "sign/hmac.h"
#include "sign/secret.h"
#include "sign/signature.h"
#include "sign/standard.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECRETS_MAX 8
#define TIMESTAMP_DIGITS_MAX 11 /* seconds until the year 5138 */
#define SIGNATURES_MAX 4096     /* bytes of webhook-signature */
#define AGE_MAX_MS ((int64_t)366 * 24 * 3600 * 1000)
#define STANDARD_AGE_MS (300 * 1000) /* as in all reference libraries */
#define REPLAY_MAX 10000000
#define SCHEMES (HD_SCHEME_HELMDESK | HD_SCHEME_STANDARD)

struct secret {
    struct hd__hmac_key *key;
    struct hd__hmac_key *standard_key; /* NULL if the secret is not base64 */
};

struct hd_receiver {
    pthread_rwlock_t secrets_lock;      /* guards these */
    struct secret secrets[SECRETS_MAX]; /* without key where none is */
    unsigned schemes;
    size_t max_body;
    int64_t helmdesk_age_ms, standard_age_ms; /* 0 for any */
    struct hd__replay *replay;                /* NULL for none */
    struct hd__hmac_key *replay_key;          /* random, so that nobody can aim at collisions */
    const struct hd__clock *clock;
};

/* ---- Life ---- */

static int random_key(const struct hd__clock *clock, struct hd__hmac_key **key) {
    unsigned char bytes[HD__HMAC_SIZE];
    int status = hd__random(clock, bytes, sizeof bytes);
    if (status == HD_OK && !(*key = hd__hmac_key_new(bytes, sizeof bytes)))
        status = HD_E_NO_MEMORY;
    hd__wipe(bytes, sizeof bytes);
    return status;
}

int hd_receiver_new(hd_receiver **receiver) {
    if (!receiver)
        return HD_E_INVALID;
    *receiver = NULL;
    hd_receiver *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->schemes = SCHEMES;
    made->max_body = HD__EVENT_BODY_MAX;
    made->standard_age_ms = STANDARD_AGE_MS;
    made->clock = &hd__system_clock;
    if (pthread_rwlock_init(&made->secrets_lock, NULL) != 0) {
        free(made);
        return HD_E_NO_MEMORY;
    }
    *receiver = made;
    return HD_OK;
}

static void free_secret(struct secret *secret) {
    hd__hmac_key_free(secret->key);
    hd__hmac_key_free(secret->standard_key);
    *secret = (struct secret){0};
}

static void free_replay_memory(hd_receiver *receiver) {
    hd__replay_unref(receiver->replay);
    hd__hmac_key_free(receiver->replay_key);
}

void hd_receiver_free(hd_receiver *receiver) {
    if (!receiver)
        return;
    for (size_t i = 0; i < SECRETS_MAX; i++)
        free_secret(&receiver->secrets[i]);
    free_replay_memory(receiver);
    pthread_rwlock_destroy(&receiver->secrets_lock);
    free(receiver);
}

/* ---- Settings ---- */

static int is_there(const struct secret *secret) {
    return secret->key != NULL;
}

/* Puts it into the first place that is free. */
static int place_secret(hd_receiver *receiver, const struct secret *secret) {
    size_t at = 0;
    pthread_rwlock_wrlock(&receiver->secrets_lock);
    while (at < SECRETS_MAX && is_there(&receiver->secrets[at]))
        at++;
    if (at < SECRETS_MAX)
        receiver->secrets[at] = *secret;
    pthread_rwlock_unlock(&receiver->secrets_lock);
    return at < SECRETS_MAX ? HD_OK : HD_E_LIMIT;
}

int hd_receiver_add_secret(hd_receiver *receiver, const void *secret, size_t secret_len) {
    if (!receiver || (!secret && secret_len))
        return HD_E_INVALID;
    if (!hd__secret_fits(secret_len))
        return HD_E_SECRET;
    struct secret made = {.key = hd__hmac_key_new(secret, secret_len)};
    int status = made.key ? hd__standard_key(secret, secret_len, &made.standard_key) : HD_E_NO_MEMORY;
    if (status != HD_E_NO_MEMORY)
        status = place_secret(receiver, &made);
    if (status != HD_OK)
        free_secret(&made);
    return status;
}

int hd_receiver_remove_secret(hd_receiver *receiver, size_t secret_index) {
    struct secret removed = {0};
    if (!receiver)
        return HD_E_INVALID;
    if (secret_index < SECRETS_MAX) {
        pthread_rwlock_wrlock(&receiver->secrets_lock);
        removed = receiver->secrets[secret_index];
        receiver->secrets[secret_index] = (struct secret){0};
        pthread_rwlock_unlock(&receiver->secrets_lock);
    }
    int status = is_there(&removed) ? HD_OK : HD_E_NO_SECRET;
    free_secret(&removed);
    return status;
}

int hd_receiver_set_schemes(hd_receiver *receiver, unsigned schemes) {
    if (!receiver || schemes == 0 || (schemes & ~(unsigned)SCHEMES))
        return HD_E_INVALID;
    receiver->schemes = schemes;
    return HD_OK;
}

int hd_receiver_set_max_age_ms(hd_receiver *receiver, int scheme, int64_t max_age_ms) {
    if (!receiver || max_age_ms < 0 || max_age_ms > AGE_MAX_MS)
        return HD_E_INVALID;
    if (scheme == HD_SCHEME_HELMDESK)
        receiver->helmdesk_age_ms = max_age_ms;
    else if (scheme == HD_SCHEME_STANDARD)
        receiver->standard_age_ms = max_age_ms;
    else
        return HD_E_INVALID;
    return HD_OK;
}

int hd_receiver_set_max_body(hd_receiver *receiver, size_t bytes) {
    if (!receiver || bytes < 1 || bytes > HD__EVENT_BODY_MAX)
        return HD_E_INVALID;
    receiver->max_body = bytes;
    return HD_OK;
}

int hd_receiver_set_replay_memory(hd_receiver *receiver, size_t requests) {
    if (!receiver || requests > REPLAY_MAX)
        return HD_E_INVALID;
    struct hd__hmac_key *key = NULL;
    struct hd__replay *replay = NULL;
    int status = requests ? random_key(receiver->clock, &key) : HD_OK;
    if (status == HD_OK && requests && !(replay = hd__replay_new(requests * HD__MARKS_MAX)))
        status = HD_E_NO_MEMORY;
    if (status != HD_OK) {
        hd__hmac_key_free(key);
        return status;
    }
    free_replay_memory(receiver);
    receiver->replay_key = key;
    receiver->replay = replay;
    return HD_OK;
}

void hd__receiver_set_clock(hd_receiver *receiver, const struct hd__clock *clock) {
    receiver->clock = clock;
}

/* ---- The headers of a request ---- */

struct text {
    const char *data; /* NULL if there is none */
    size_t len;
};

/* What the headers of a request say. */
struct claim {
    const char *body;
    size_t body_len;
    struct text event, signature;          /* of Helmdesk's scheme */
    struct text id, timestamp, signatures; /* of Standard Webhooks */
    struct text delivery;                  /* signed by neither */
    int64_t sent_s;                        /* timestamp as a number */
};

/* Returns HD_E_HEADER_DUPLICATE if the header is there twice. */
static int read_header(const hd_request *request, const char *name, struct text *text) {
    text->data = hd_request_header(request, name, 0);
    text->len = text->data ? strlen(text->data) : 0;
    return text->data && hd_request_header(request, name, 1) ? HD_E_HEADER_DUPLICATE : HD_OK;
}

static int read_headers(const hd_request *request, struct claim *claim) {
    const struct {
        const char *name;
        struct text *text;
    } headers[] = {
        {"X-Helmdesk-Signature", &claim->signature}, {"X-Helmdesk-Event", &claim->event},
        {"X-Helmdesk-Delivery", &claim->delivery},   {"webhook-signature", &claim->signatures},
        {"webhook-timestamp", &claim->timestamp},    {"webhook-id", &claim->id},
    };
    int status = HD_OK;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0] && status == HD_OK; i++)
        status = read_header(request, headers[i].name, headers[i].text);
    return status;
}

/* A dot would let a part of the id pass for the timestamp. */
static int is_id(struct text id) {
    if (id.len < 1 || id.len > HD__REQUEST_ID_MAX)
        return 0;
    for (size_t i = 0; i < id.len; i++)
        if (id.data[i] < 0x21 || id.data[i] > 0x7E || id.data[i] == '.')
            return 0;
    return 1;
}

/* Digits and nothing else: some libraries accept "0x", a sign or trailing characters, and some do not. */
static int read_seconds(struct text text, int64_t *seconds) {
    *seconds = 0;
    if (text.len < 1 || text.len > TIMESTAMP_DIGITS_MAX)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        *seconds = *seconds * 10 + (text.data[i] - '0');
    }
    return 1;
}

/* Which schemes the request has to satisfy: those of its headers, of those that the receiver accepts. */
static int find_schemes(const hd_receiver *receiver, struct claim *claim, unsigned *schemes) {
    *schemes = 0;
    if (receiver->schemes & HD_SCHEME_HELMDESK && claim->signature.data)
        *schemes |= HD_SCHEME_HELMDESK;
    if (receiver->schemes & HD_SCHEME_STANDARD && (claim->signatures.data || claim->timestamp.data || claim->id.data))
        *schemes |= HD_SCHEME_STANDARD;
    if (!*schemes)
        return HD_E_HEADER_MISSING;
    if (!(*schemes & HD_SCHEME_STANDARD))
        return HD_OK;
    if (!claim->signatures.data || !claim->timestamp.data || !claim->id.data)
        return HD_E_HEADER_MISSING;
    return is_id(claim->id) && read_seconds(claim->timestamp, &claim->sent_s) && claim->signatures.len <= SIGNATURES_MAX
               ? HD_OK
               : HD_E_HEADER_FORMAT;
}

/* ---- Verifying ---- */

static int verify_standard(const struct secret *secret, const struct claim *claim) {
    const struct hd__signed_parts parts = {
        .id = claim->id.data,
        .id_len = claim->id.len,
        .timestamp = claim->timestamp.data,
        .timestamp_len = claim->timestamp.len,
        .body = claim->body,
        .body_len = claim->body_len,
    };
    if (!secret->standard_key)
        return HD_E_SIGNATURE_MISMATCH;
    return hd__standard_verify(secret->standard_key, &parts, claim->signatures.data, claim->signatures.len);
}

static int verify_with(const struct secret *secret, const struct claim *claim, unsigned schemes) {
    int status = HD_OK;
    if (schemes & HD_SCHEME_HELMDESK)
        status = hd__verify(secret->key, claim->body, claim->body_len, claim->signature.data, claim->signature.len);
    if (status == HD_OK && schemes & HD_SCHEME_STANDARD)
        status = verify_standard(secret, claim);
    return status;
}

/* With the first secret that fits all of them. */
static int verify(hd_receiver *receiver, const struct claim *claim, unsigned schemes, size_t *secret_index) {
    int status = HD_E_SECRET;
    pthread_rwlock_rdlock(&receiver->secrets_lock);
    for (size_t i = 0; i < SECRETS_MAX && (status == HD_E_SECRET || status == HD_E_SIGNATURE_MISMATCH); i++) {
        if (is_there(&receiver->secrets[i]))
            status = verify_with(&receiver->secrets[i], claim, schemes);
        if (status == HD_OK)
            *secret_index = i;
    }
    pthread_rwlock_unlock(&receiver->secrets_lock);
    return status;
}

/* ---- Freshness ---- */

static int check_age(int64_t sent_ms, int64_t now_ms, int64_t max_age_ms) {
    return max_age_ms == 0                 ? HD_OK
           : now_ms - sent_ms > max_age_ms ? HD_E_TOO_OLD
           : sent_ms - now_ms > max_age_ms ? HD_E_TOO_NEW
                                           : HD_OK;
}

/* In whole seconds, as most of the reference libraries do it: with 300 s, a request is refused at 301. */
static int check_standard_age(const hd_receiver *receiver, const struct claim *claim, int64_t now_ms) {
    return check_age(claim->sent_s * 1000, now_ms / 1000 * 1000, receiver->standard_age_ms);
}

/* What identifies a request in the replay memory: for Standard Webhooks its id, for Helmdesk's scheme its body. If both
 * schemes are accepted, it is always the body, since an attacker can remove the headers of one scheme. */
static int mark(const hd_receiver *receiver, const struct claim *claim, hd_acceptance *acceptance) {
    const struct hd__hmac_part id[] = {{"i", 1}, {claim->id.data, claim->id.len}};
    const struct hd__hmac_part body[] = {{"b", 1}, {claim->body, claim->body_len}};
    unsigned char digest[HD__HMAC_SIZE];
    int status = HD_OK;
    if (acceptance->schemes & HD_SCHEME_STANDARD) {
        status = hd__hmac_parts(receiver->replay_key, id, 2, digest);
        memcpy(&acceptance->marks[acceptance->mark_count++], digest, HD__MARK_SIZE);
    }
    if (status == HD_OK && receiver->schemes & HD_SCHEME_HELMDESK) {
        status = hd__hmac_parts(receiver->replay_key, body, 2, digest);
        memcpy(&acceptance->marks[acceptance->mark_count++], digest, HD__MARK_SIZE);
    }
    return status;
}

/* Remembers the request, unless it was accepted before. */
static int check_replay(const hd_receiver *receiver, const struct claim *claim, hd_acceptance *acceptance) {
    if (!receiver->replay)
        return HD_OK;
    int status = mark(receiver, claim, acceptance);
    if (status != HD_OK)
        return status;
    if (!hd__replay_admit(receiver->replay, acceptance->marks, acceptance->mark_count))
        return HD_E_REPLAYED;
    acceptance->replay = hd__replay_ref(receiver->replay);
    return HD_OK;
}

/* The header is not signed: a program that relies on it must not see anything that differs from the body. */
static int check_event(const struct claim *claim, const hd_event *event) {
    const char *name = hd_event_name(event);
    int is_same = !claim->event.data ||
                  (claim->event.len == strlen(name) && memcmp(claim->event.data, name, claim->event.len) == 0);
    return is_same ? HD_OK : HD_E_EVENT_MISMATCH;
}

/* ---- All of it ---- */

/* Both ids are the same on every attempt. That of Standard Webhooks is signed. */
static void keep_delivery_id(const struct claim *claim, hd_acceptance *acceptance) {
    const struct text *id = acceptance->schemes & HD_SCHEME_STANDARD ? &claim->id : &claim->delivery;
    if (id->data && is_id(*id))
        memcpy(acceptance->delivery_id, id->data, id->len + 1);
}

/* The checks after the signature. The request is remembered last, so that a refused request leaves no trace. */
static int admit(const hd_receiver *receiver, const struct claim *claim, hd_acceptance *acceptance) {
    int64_t now_ms = hd__wall_ms(receiver->clock);
    int status = acceptance->schemes & HD_SCHEME_STANDARD ? check_standard_age(receiver, claim, now_ms) : HD_OK;
    if (status == HD_OK)
        status = hd_event_parse(claim->body, claim->body_len, &acceptance->event);
    if (status == HD_OK && acceptance->schemes & HD_SCHEME_HELMDESK)
        status = check_age(hd_event_timestamp_ms(acceptance->event), now_ms, receiver->helmdesk_age_ms);
    if (status == HD_OK)
        status = check_event(claim, acceptance->event);
    if (status == HD_OK)
        status = check_replay(receiver, claim, acceptance);
    if (status == HD_OK)
        keep_delivery_id(claim, acceptance);
    return status;
}

static int read_claim(const hd_receiver *receiver, const hd_request *request, struct claim *claim, unsigned *schemes) {
    int status = hd_request_status(request);
    claim->body = hd_request_body(request, &claim->body_len);
    if (status == HD_OK && claim->body_len > receiver->max_body)
        status = HD_E_TOO_LARGE;
    if (status == HD_OK)
        status = read_headers(request, claim);
    return status == HD_OK ? find_schemes(receiver, claim, schemes) : status;
}

int hd_receiver_accept(hd_receiver *receiver, const hd_request *request, hd_acceptance **acceptance) {
    struct claim claim = {.body = NULL};
    unsigned schemes;
    size_t secret = 0;
    if (!acceptance)
        return HD_E_INVALID;
    *acceptance = NULL;
    if (!receiver)
        return HD_E_INVALID;
    int status = read_claim(receiver, request, &claim, &schemes);
    if (status == HD_OK)
        status = verify(receiver, &claim, schemes, &secret);
    if (status != HD_OK)
        return status;
    hd_acceptance *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->secret = secret;
    made->schemes = schemes;
    status = admit(receiver, &claim, made);
    if (status == HD_OK)
        *acceptance = made;
    else
        hd_acceptance_free(made);
    return status;
}

/* ---- What the sender is told ---- */

int hd_receiver_http_status(int status) {
    switch (status) {
    case HD_OK:
    case HD_E_REPLAYED: /* it is here already: an error would have the sender try on */
        return 200;
    case HD_E_HEADER_MISSING:
    case HD_E_SIGNATURE_FORMAT:
    case HD_E_SIGNATURE_MISMATCH:
    case HD_E_TOO_OLD:
    case HD_E_TOO_NEW:
        return 401;
    case HD_E_TOO_LARGE:
        return 413;
    case HD_E_LIMIT: /* RFC 6585 section 5 */
        return 431;
    case HD_E_HEADER:
    case HD_E_HEADER_DUPLICATE:
    case HD_E_HEADER_FORMAT:
    case HD_E_EVENT_MISMATCH:
    case HD_E_UTF8:
    case HD_E_JSON:
    case HD_E_JSON_DEPTH:
    case HD_E_JSON_DUPLICATE:
    case HD_E_JSON_KEY:
    case HD_E_JSON_TYPE:
    case HD_E_TIMESTAMP:
        return 400;
    case HD_E_NO_MEMORY:
        return 503;
    default: /* the receiver's own fault: no secret, say */
        return 500;
    }
}
