/* The receiving side: who sent a request, is it fresh, and what does it say? Nothing is parsed before a signature has
 * been verified, and a request that has headers of both schemes must satisfy both. */
#include "receiver.h"

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
#define ID_MAX 256
#define TIMESTAMP_DIGITS_MAX 11 /* seconds until the year 5138 */
#define SIGNATURES_MAX 4096     /* bytes of webhook-signature */
#define AGE_MAX_MS ((int64_t)366 * 24 * 3600 * 1000)
#define STANDARD_AGE_MS (300 * 1000) /* as in all reference libraries */
#define REPLAY_MAX 10000000
#define MARKS_MAX 2 /* of a request */
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
    hd__replay_free(receiver->replay);
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
    if (!receiver || !secret)
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
    if (status == HD_OK && requests && !(replay = hd__replay_new(requests * MARKS_MAX)))
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

struct request {
    const void *body;
    size_t body_len;
    struct text event, signature;          /* of Helmdesk's scheme */
    struct text id, timestamp, signatures; /* of Standard Webhooks */
    int64_t sent_s;                        /* timestamp as a number */
};

static struct text text_of(const char *data, const size_t *lens, size_t index) {
    return (struct text){data, !data ? 0 : lens ? lens[index] : strlen(data)};
}

static int is_named(struct text name, const char *wanted) {
    if (!name.data || name.len != strlen(wanted))
        return 0;
    for (size_t i = 0; i < name.len; i++)
        if (hd__ascii_lower(name.data[i]) != wanted[i])
            return 0;
    return 1;
}

static struct text *slot_of(struct request *request, struct text name) {
    return is_named(name, "x-helmdesk-signature") ? &request->signature
           : is_named(name, "x-helmdesk-event")   ? &request->event
           : is_named(name, "webhook-signature")  ? &request->signatures
           : is_named(name, "webhook-timestamp")  ? &request->timestamp
           : is_named(name, "webhook-id")         ? &request->id
                                                  : NULL;
}

static int read_headers(struct request *request, const char *const *names, const size_t *name_lens,
                        const char *const *values, const size_t *value_lens, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct text *slot = slot_of(request, text_of(names[i], name_lens, i));
        if (slot && slot->data)
            return HD_E_HEADER_DUPLICATE;
        if (slot)
            *slot = text_of(values[i], value_lens, i);
    }
    return HD_OK;
}

/* A dot would let a part of the id pass for the timestamp. */
static int is_id(struct text id) {
    if (id.len < 1 || id.len > ID_MAX)
        return 0;
    for (size_t i = 0; i < id.len; i++)
        if (id.data[i] < 0x21 || id.data[i] > 0x7E || id.data[i] == '.')
            return 0;
    return 1;
}

/* Digits and nothing else: some libraries take "0x", a sign or what follows, and others do not. */
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
static int find_schemes(const hd_receiver *receiver, struct request *request, unsigned *schemes) {
    *schemes = 0;
    if (receiver->schemes & HD_SCHEME_HELMDESK && request->signature.data)
        *schemes |= HD_SCHEME_HELMDESK;
    if (receiver->schemes & HD_SCHEME_STANDARD &&
        (request->signatures.data || request->timestamp.data || request->id.data))
        *schemes |= HD_SCHEME_STANDARD;
    if (!*schemes)
        return HD_E_HEADER_MISSING;
    if (!(*schemes & HD_SCHEME_STANDARD))
        return HD_OK;
    if (!request->signatures.data || !request->timestamp.data || !request->id.data)
        return HD_E_HEADER_MISSING;
    return is_id(request->id) && read_seconds(request->timestamp, &request->sent_s) &&
                   request->signatures.len <= SIGNATURES_MAX
               ? HD_OK
               : HD_E_HEADER_FORMAT;
}

/* ---- Verifying ---- */

static int verify_standard(const struct secret *secret, const struct request *request) {
    const struct hd__signed_parts parts = {
        .id = request->id.data,
        .id_len = request->id.len,
        .timestamp = request->timestamp.data,
        .timestamp_len = request->timestamp.len,
        .body = request->body,
        .body_len = request->body_len,
    };
    if (!secret->standard_key)
        return HD_E_SIGNATURE_MISMATCH;
    return hd__standard_verify(secret->standard_key, &parts, request->signatures.data, request->signatures.len);
}

static int verify_with(const struct secret *secret, const struct request *request, unsigned schemes) {
    int status = HD_OK;
    if (schemes & HD_SCHEME_HELMDESK)
        status =
            hd__verify(secret->key, request->body, request->body_len, request->signature.data, request->signature.len);
    if (status == HD_OK && schemes & HD_SCHEME_STANDARD)
        status = verify_standard(secret, request);
    return status;
}

/* With the first secret that fits all of them. */
static int verify(hd_receiver *receiver, const struct request *request, unsigned schemes, size_t *secret_index) {
    int status = HD_E_SECRET;
    pthread_rwlock_rdlock(&receiver->secrets_lock);
    for (size_t i = 0; i < SECRETS_MAX && (status == HD_E_SECRET || status == HD_E_SIGNATURE_MISMATCH); i++) {
        if (is_there(&receiver->secrets[i]))
            status = verify_with(&receiver->secrets[i], request, schemes);
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
static int check_standard_age(const hd_receiver *receiver, const struct request *request, int64_t now_ms) {
    return check_age(request->sent_s * 1000, now_ms / 1000 * 1000, receiver->standard_age_ms);
}

/* What a request is known by: for Standard Webhooks its id, for Helmdesk's scheme its body. Where both are accepted, a
 * request is known by its body whichever it has, since the headers of one can be taken away. */
static int mark(const hd_receiver *receiver, const struct request *request, unsigned schemes,
                struct hd__mark marks[MARKS_MAX], size_t *count) {
    const struct hd__hmac_part id[] = {{"i", 1}, {request->id.data, request->id.len}};
    const struct hd__hmac_part body[] = {{"b", 1}, {request->body, request->body_len}};
    unsigned char digest[HD__HMAC_SIZE];
    int status = HD_OK;
    *count = 0;
    if (schemes & HD_SCHEME_STANDARD) {
        status = hd__hmac_parts(receiver->replay_key, id, 2, digest);
        memcpy(&marks[(*count)++], digest, HD__MARK_SIZE);
    }
    if (status == HD_OK && receiver->schemes & HD_SCHEME_HELMDESK) {
        status = hd__hmac_parts(receiver->replay_key, body, 2, digest);
        memcpy(&marks[(*count)++], digest, HD__MARK_SIZE);
    }
    return status;
}

static int check_replay(const hd_receiver *receiver, const struct request *request, unsigned schemes) {
    struct hd__mark marks[MARKS_MAX];
    size_t count;
    if (!receiver->replay)
        return HD_OK;
    int status = mark(receiver, request, schemes, marks, &count);
    return status == HD_OK && !hd__replay_admit(receiver->replay, marks, count) ? HD_E_REPLAYED : status;
}

/* The header is not signed: whoever goes by it must not be told something else than the body says. */
static int check_event(const struct request *request, const hd_event *event) {
    const char *name = hd_event_name(event);
    int is_same = !request->event.data ||
                  (request->event.len == strlen(name) && memcmp(request->event.data, name, request->event.len) == 0);
    return is_same ? HD_OK : HD_E_EVENT_MISMATCH;
}

/* ---- All of it ---- */

/* What comes after the signature. */
static int admit(const hd_receiver *receiver, const struct request *request, unsigned schemes, hd_event **event) {
    int64_t now_ms = hd__wall_ms(receiver->clock);
    int status = schemes & HD_SCHEME_STANDARD ? check_standard_age(receiver, request, now_ms) : HD_OK;
    if (status == HD_OK)
        status = hd_event_parse(request->body, request->body_len, event);
    if (status == HD_OK && schemes & HD_SCHEME_HELMDESK)
        status = check_age(hd_event_timestamp_ms(*event), now_ms, receiver->helmdesk_age_ms);
    if (status == HD_OK)
        status = check_event(request, *event);
    if (status == HD_OK)
        status = check_replay(receiver, request, schemes);
    return status;
}

int hd_receiver_accept(hd_receiver *receiver, const void *body, size_t body_len, const char *const *names,
                       const size_t *name_lens, const char *const *values, const size_t *value_lens, size_t count,
                       size_t *secret_index, hd_event **event) {
    struct request request = {.body = body, .body_len = body_len};
    unsigned schemes;
    size_t index = 0;
    if (!event)
        return HD_E_INVALID;
    *event = NULL;
    if (!receiver || (!body && body_len) || (count && (!names || !values)))
        return HD_E_INVALID;
    if (body_len > receiver->max_body)
        return HD_E_TOO_LARGE;
    int status = read_headers(&request, names, name_lens, values, value_lens, count);
    if (status == HD_OK)
        status = find_schemes(receiver, &request, &schemes);
    if (status == HD_OK)
        status = verify(receiver, &request, schemes, &index);
    if (status == HD_OK)
        status = admit(receiver, &request, schemes, event);
    if (status != HD_OK) {
        hd_event_free(*event);
        *event = NULL;
    } else if (secret_index) {
        *secret_index = index;
    }
    return status;
}

int hd_receiver_forget(hd_receiver *receiver, const void *body, size_t body_len, const char *const *names,
                       const size_t *name_lens, const char *const *values, const size_t *value_lens, size_t count) {
    struct request request = {.body = body, .body_len = body_len};
    struct hd__mark marks[MARKS_MAX];
    size_t marked;
    unsigned schemes;
    if (!receiver || (!body && body_len) || (count && (!names || !values)))
        return HD_E_INVALID;
    if (!receiver->replay)
        return HD_OK;
    int status = read_headers(&request, names, name_lens, values, value_lens, count);
    if (status == HD_OK)
        status = find_schemes(receiver, &request, &schemes);
    if (status == HD_OK)
        status = mark(receiver, &request, schemes, marks, &marked);
    if (status == HD_OK)
        hd__replay_forget(receiver->replay, marks, marked);
    return status;
}
