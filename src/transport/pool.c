#include "transport/pool.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define MS ((int64_t)1000)
#define BUCKETS_AT_FIRST 64

/* Of a server of which nothing is known: some close after 1 s, gunicorn after 2 s, Node and Apache after 5 s. */
#define IDLE_UNKNOWN_US (800 * MS)
#define IDLE_LEAST_US (100 * MS)
#define IDLE_MOST_US (30000 * MS)
#define OPEN_US (3000 * MS) /* how long one stays open at least */

int hd__links_init(struct hd__pool_of_links *pool, size_t max_idle) {
    *pool = (struct hd__pool_of_links){.bucket_count = BUCKETS_AT_FIRST, .max_idle = max_idle};
    pool->buckets = calloc(pool->bucket_count, sizeof(struct hd__origin *));
    return pool->buckets ? HD_OK : HD_E_NO_MEMORY;
}

/* ---- Origins ---- */

static uint64_t hash_of(const struct hd__url_parts *parts, const struct hd__identity *identity) {
    uint64_t own = identity ? identity->hash : 0;
    uint64_t hash = hd__hash(HD__HASH_BEGIN ^ (uint64_t)parts->uses_tls ^ own, parts->authority);
    return hash ^ hash >> 32;
}

static struct hd__origin **bucket_of(const struct hd__pool_of_links *pool, uint64_t hash) {
    return &pool->buckets[hash & (pool->bucket_count - 1)];
}

static void insert(struct hd__pool_of_links *pool, struct hd__origin *origin) {
    struct hd__origin **bucket = bucket_of(pool, origin->hash);
    origin->next = *bucket;
    *bucket = origin;
}

/* Without memory the table stays as it is, and only gets slower. */
static void grow(struct hd__pool_of_links *pool) {
    struct hd__origin **old = pool->buckets;
    size_t old_count = pool->bucket_count;
    struct hd__origin **buckets = calloc(old_count * 2, sizeof(struct hd__origin *));
    if (!buckets)
        return;
    pool->buckets = buckets;
    pool->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct hd__origin *origin = old[i];
            old[i] = origin->next;
            insert(pool, origin);
        }
    }
    free(old);
}

static struct hd__origin *find(const struct hd__pool_of_links *pool, uint64_t hash, const struct hd__url_parts *parts,
                               const struct hd__identity *identity) {
    struct hd__origin *origin = *bucket_of(pool, hash);
    while (origin &&
           (origin->hash != hash || origin->uses_tls != parts->uses_tls ||
            strcmp(origin->authority, parts->authority) != 0 || !hd__identity_is_same(origin->identity, identity)))
        origin = origin->next;
    return origin;
}

static struct hd__origin *make(struct hd__pool_of_links *pool, uint64_t hash, const struct hd__url_parts *parts,
                               struct hd__identity *identity) {
    size_t size = strlen(parts->authority) + 1;
    struct hd__origin *origin = calloc(1, sizeof *origin + size);
    if (!origin)
        return NULL;
    origin->hash = hash;
    origin->idle_max_us = IDLE_UNKNOWN_US;
    origin->uses_tls = parts->uses_tls;
    origin->identity = hd__identity_ref(identity);
    memcpy(origin->authority, parts->authority, size);
    if (pool->origin_count >= pool->bucket_count)
        grow(pool);
    insert(pool, origin);
    pool->origin_count++;
    return origin;
}

/* ---- Those that nobody has a reference to ---- */

static void note_unused(struct hd__pool_of_links *pool, struct hd__origin *origin) {
    origin->newer = NULL;
    origin->older = pool->newest_unused;
    *(pool->newest_unused ? &pool->newest_unused->newer : &pool->oldest_unused) = origin;
    pool->newest_unused = origin;
    pool->unused_count++;
}

static void note_used(struct hd__pool_of_links *pool, struct hd__origin *origin) {
    *(origin->older ? &origin->older->newer : &pool->oldest_unused) = origin->newer;
    *(origin->newer ? &origin->newer->older : &pool->newest_unused) = origin->older;
    pool->unused_count--;
}

static void forget(struct hd__pool_of_links *pool, struct hd__origin *origin) {
    struct hd__origin **at = bucket_of(pool, origin->hash);
    while (*at != origin)
        at = &(*at)->next;
    *at = origin->next;
    pool->origin_count--;
    hd__identity_free(origin->identity);
    free(origin);
}

static void forget_unused(struct hd__pool_of_links *pool, size_t kept) {
    while (pool->unused_count > kept) {
        struct hd__origin *origin = pool->oldest_unused;
        note_used(pool, origin);
        forget(pool, origin);
    }
}

struct hd__origin *hd__origin_of(struct hd__pool_of_links *pool, const struct hd__url_parts *parts,
                                 struct hd__identity *identity) {
    if (!parts->uses_tls)
        identity = NULL;
    uint64_t hash = hash_of(parts, identity);
    struct hd__origin *origin = find(pool, hash, parts, identity);
    if (origin && origin->users == 0)
        note_used(pool, origin);
    if (!origin)
        origin = make(pool, hash, parts, identity);
    if (origin)
        origin->users++;
    return origin;
}

void hd__origin_release(struct hd__pool_of_links *pool, struct hd__origin *origin) {
    if (--origin->users > 0)
        return;
    if (origin->idle_max_us == IDLE_UNKNOWN_US || origin->identity) { /* a key is not kept for what was learned */
        forget(pool, origin);
        return;
    }
    note_unused(pool, origin);
    forget_unused(pool, pool->max_idle);
}

/* ---- How long one may idle ---- */

static void set_limit(struct hd__origin *origin, int64_t us) {
    origin->idle_max_us = us < IDLE_LEAST_US ? IDLE_LEAST_US : us > IDLE_MOST_US ? IDLE_MOST_US : us;
}

/* With some time left for what is under way. */
static int64_t limit_of(int64_t idle_us) {
    return idle_us / 4 * 3;
}

/* A proxy may close a connection that the server keeps open. */
void hd__origin_keeps(struct hd__origin *origin, uint32_t seconds) {
    int64_t limit_us = limit_of((int64_t)seconds * 1000 * MS);
    origin->has_said = 1;
    if (!origin->closes_early || limit_us < origin->idle_max_us)
        set_limit(origin, limit_us);
}

/* The server had not closed one that had idled for so long. */
static void learn_open(struct hd__origin *origin, int64_t idle_us) {
    if (limit_of(idle_us) > origin->idle_max_us)
        set_limit(origin, limit_of(idle_us));
}

/* ---- What idles ---- */

static void take_out(struct hd__pool_of_links *pool, struct hd__link *link) {
    *(link->previous_idle ? &link->previous_idle->next_idle : &link->origin->idle) = link->next_idle;
    if (link->next_idle)
        link->next_idle->previous_idle = link->previous_idle;
    *(link->older ? &link->older->newer : &pool->oldest) = link->newer;
    *(link->newer ? &link->newer->older : &pool->newest) = link->older;
    pool->idle_count--;
}

static void drop(struct hd__pool_of_links *pool, struct hd__link *link) {
    struct hd__origin *origin = link->origin;
    take_out(pool, link);
    hd__link_close(link);
    hd__origin_release(pool, origin);
}

static int64_t age_us(const struct hd__link *link, int64_t now_us) {
    return now_us - link->idle_since_us;
}

/* Closes one that has idled for long enough. */
static void retire(struct hd__pool_of_links *pool, struct hd__link *link, int64_t now_us) {
    if (hd__link_is_quiet(link))
        learn_open(link->origin, age_us(link, now_us));
    drop(pool, link);
}

void hd__links_lost(struct hd__pool_of_links *pool, struct hd__link *link, int64_t now_us) {
    int64_t limit_us = limit_of(age_us(link, now_us));
    if (limit_us < link->origin->idle_max_us) {
        set_limit(link->origin, limit_us);
        link->origin->closes_early = 1;
    }
    drop(pool, link);
}

/* The one that has idled for longest tells most of the server. */
static void ask_oldest(struct hd__pool_of_links *pool, struct hd__origin *origin, int64_t now_us) {
    struct hd__link *link = origin->idle;
    while (link->next_idle)
        link = link->next_idle;
    if (hd__link_is_quiet(link))
        learn_open(origin, age_us(link, now_us));
    else
        hd__links_lost(pool, link, now_us);
}

/* Of those that have idled for too long, the oldest is left. */
struct hd__link *hd__links_take(struct hd__pool_of_links *pool, struct hd__origin *origin, int64_t now_us) {
    struct hd__link *link = origin->idle;
    origin->pause_us = now_us - origin->used_us;
    if (link && link->next_idle && age_us(link, now_us) >= origin->idle_max_us)
        ask_oldest(pool, origin, now_us);
    while ((link = origin->idle)) {
        if (!hd__link_is_quiet(link)) {
            hd__links_lost(pool, link, now_us);
        } else if (age_us(link, now_us) < origin->idle_max_us) {
            take_out(pool, link);
            return link;
        } else {
            learn_open(origin, age_us(link, now_us));
            if (!link->next_idle)
                break; /* it stays open, to learn more of it */
            drop(pool, link);
        }
    }
    return NULL;
}

/* The one that has idled for longest; but if the last one has come beside one that stays open to be learned from, one
 * of these two: until one may idle for as long as the origin was not needed, the last one would not be used again. */
static struct hd__link *one_too_many(const struct hd__pool_of_links *pool, struct hd__link *last, int64_t now_us) {
    const struct hd__origin *origin = last->origin;
    struct hd__link *before = last->next_idle;
    if (!before || age_us(before, now_us) < origin->idle_max_us)
        return pool->oldest;
    return origin->pause_us < origin->idle_max_us ? before : last;
}

void hd__links_put(struct hd__pool_of_links *pool, struct hd__link *link, int64_t now_us) {
    struct hd__origin *origin = link->origin;
    link->idle_since_us = origin->used_us = now_us;
    link->previous_idle = NULL;
    link->next_idle = origin->idle;
    if (link->next_idle)
        link->next_idle->previous_idle = link;
    origin->idle = link;
    link->newer = NULL;
    link->older = pool->newest;
    *(pool->newest ? &pool->newest->newer : &pool->oldest) = link;
    pool->newest = link;
    pool->idle_count++;
    if (pool->idle_count > pool->max_idle)
        retire(pool, one_too_many(pool, link, now_us), now_us);
}

/* Of a server that keeps them, and does not say for how long, one may idle for half as long again each time. */
static int64_t closes_at_us(const struct hd__link *link) {
    const struct hd__origin *origin = link->origin;
    int64_t open_us = origin->idle_max_us * (origin->has_said || origin->closes_early ? 1 : 2);
    return link->idle_since_us + (open_us > OPEN_US ? open_us : OPEN_US);
}

/* A connection that may be idle for long comes before newer ones in the list for a while: these are then closed a
 * little late. */
void hd__links_expire(struct hd__pool_of_links *pool, int64_t now_us) {
    while (pool->oldest && closes_at_us(pool->oldest) <= now_us)
        retire(pool, pool->oldest, now_us);
}

int64_t hd__links_due_us(const struct hd__pool_of_links *pool) {
    return pool->oldest ? closes_at_us(pool->oldest) : INT64_MAX;
}

void hd__links_destroy(struct hd__pool_of_links *pool) {
    while (pool->oldest)
        drop(pool, pool->oldest);
    forget_unused(pool, 0);
    free(pool->buckets);
}
