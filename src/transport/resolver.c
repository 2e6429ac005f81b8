#include "transport/resolver.h"

#include "base/hash.h"
#include "base/thread.h"
#include "helmdesk.h"
#include "transport/lookup.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 32                       /* of one resolver */
#define SLOW_THREADS_MAX 16                  /* of them, for names that were slow the last time */
#define PROCESS_THREADS_MAX 96               /* of all resolvers, those of closed clients included */
#define SLOW_US ((int64_t)1000 * 1000)       /* from when on a lookup counts as slow */
#define FRESH_US ((int64_t)60 * 1000 * 1000) /* how long an answer is not asked for again, as libcurl does */
#define USABLE_US                                                                                                      \
    ((int64_t)300 * 1000 * 1000) /* how long it serves while it is, so that a name that was found once                 \
                                    never waits for a name server */
#define NAMES_MAX 4096
#define BUCKETS 1024

enum state {
    IDLE,
    QUEUED,
    RUNNING
};

struct hd__name {
    struct hd__name *next_same_hash;
    struct hd__name *next_queued;
    char *host;
    size_t references;
    enum state state;
    int was_slow;
    int runs_as_slow;
    int64_t fresh_until_us, usable_until_us;
    char *addresses;     /* that may be reached; NULL if there are none */
    const char *blocked; /* the rule, if there are addresses and all of them are forbidden */
    const char *failure; /* why nothing is known */
};

struct hd__resolver {
    pthread_mutex_t mutex; /* guards all of this and the names */
    struct hd__name *buckets[BUCKETS];
    size_t name_count;
    struct hd__name *first_queued, *last_queued;
    unsigned threads, slow_threads;
    int closed;
    int has_policy;
    struct hd__policy policy; /* never changes, so that lookups need no lock for it */
    const struct hd__clock *clock;
    void (*wake)(void *user);
    void *user;
};

/* ---- The process's threads ---- */

static atomic_uint process_threads;
static atomic_uint counted_in; /* the fork count for which that number holds: threads do not follow into a child */

static int take_thread(void) {
    if (atomic_exchange(&counted_in, hd__fork_count()) != hd__fork_count())
        atomic_store(&process_threads, 0);
    if (atomic_fetch_add(&process_threads, 1) < PROCESS_THREADS_MAX)
        return 1;
    atomic_fetch_sub(&process_threads, 1);
    return 0;
}

static void give_thread_back(void) {
    atomic_fetch_sub(&process_threads, 1);
}

/* ---- Names ---- */

static struct hd__name **bucket_of(struct hd__resolver *resolver, const char *host) {
    return &resolver->buckets[(hd__hash(HD__HASH_BEGIN, host) >> 32) % BUCKETS];
}

static void free_name(struct hd__name *name) {
    free(name->host);
    free(name->addresses);
    free(name);
}

/* Forgets what nobody asks for. */
static void sweep(struct hd__resolver *resolver) {
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct hd__name **at = &resolver->buckets[i]; *at;) {
            struct hd__name *name = *at;
            if (name->references > 0 || name->state != IDLE) {
                at = &name->next_same_hash;
                continue;
            }
            *at = name->next_same_hash;
            free_name(name);
            resolver->name_count--;
        }
}

static struct hd__name *find_or_add(struct hd__resolver *resolver, const char *host) {
    struct hd__name **bucket = bucket_of(resolver, host);
    for (struct hd__name *name = *bucket; name; name = name->next_same_hash)
        if (strcmp(name->host, host) == 0)
            return name;
    if (resolver->name_count >= NAMES_MAX)
        sweep(resolver);
    struct hd__name *name = calloc(1, sizeof *name);
    if (!name)
        return NULL;
    name->host = strdup(host);
    if (!name->host) {
        free(name);
        return NULL;
    }
    name->next_same_hash = *bucket;
    *bucket = name;
    resolver->name_count++;
    return name;
}

/* ---- The queue, and the threads that work on it ---- */

static void enqueue(struct hd__resolver *resolver, struct hd__name *name) {
    name->state = QUEUED;
    name->next_queued = NULL;
    if (resolver->last_queued)
        resolver->last_queued->next_queued = name;
    else
        resolver->first_queued = name;
    resolver->last_queued = name;
}

/* The next name that may be looked up, and the one queued before it. Names that were slow the last time cannot take all
 * the threads, so that some silent name servers do not keep the names of others from being found. */
static struct hd__name *next_to_run(struct hd__resolver *resolver, struct hd__name **previous) {
    struct hd__name *name = resolver->first_queued;
    *previous = NULL;
    while (name && name->was_slow && resolver->slow_threads >= SLOW_THREADS_MAX) {
        *previous = name;
        name = name->next_queued;
    }
    return name;
}

static struct hd__name *dequeue(struct hd__resolver *resolver) {
    struct hd__name *previous, *name = next_to_run(resolver, &previous);
    if (!name)
        return NULL;
    *(previous ? &previous->next_queued : &resolver->first_queued) = name->next_queued;
    if (resolver->last_queued == name)
        resolver->last_queued = previous;
    return name;
}

static void begin(struct hd__resolver *resolver, struct hd__name *name) {
    name->state = RUNNING;
    name->runs_as_slow = name->was_slow;
    resolver->slow_threads += name->runs_as_slow ? 1 : 0;
}

static void end(struct hd__resolver *resolver, struct hd__name *name, int64_t began_us) {
    name->was_slow = hd__monotonic_us(resolver->clock) - began_us > SLOW_US;
    name->state = IDLE;
    resolver->slow_threads -= name->runs_as_slow ? 1 : 0;
}

/* If the name server does not answer, its last answer is used for a while. */
static void set_answer(struct hd__resolver *resolver, struct hd__name *name, const struct hd__lookup *answer) {
    int64_t now_us = hd__monotonic_us(resolver->clock);
    name->failure = answer->failure;
    if (!answer->is_known)
        return;
    free(name->addresses);
    name->addresses = answer->addresses;
    name->blocked = answer->blocked;
    name->fresh_until_us = now_us + FRESH_US;
    name->usable_until_us = now_us + FRESH_US + USABLE_US;
}

static void destroy(struct hd__resolver *resolver) {
    for (size_t i = 0; i < BUCKETS; i++)
        while (resolver->buckets[i]) {
            struct hd__name *name = resolver->buckets[i];
            resolver->buckets[i] = name->next_same_hash;
            free_name(name);
        }
    pthread_mutex_destroy(&resolver->mutex);
    free(resolver);
}

/* Works until the queue is empty. The last thread of a resolver that was freed in the meantime clears it away. */
static void *run(void *argument) {
    struct hd__resolver *resolver = argument;
    struct hd__name *name;
    pthread_mutex_lock(&resolver->mutex);
    while (!resolver->closed && (name = dequeue(resolver))) {
        begin(resolver, name);
        pthread_mutex_unlock(&resolver->mutex);
        int64_t began_us = hd__monotonic_us(resolver->clock);
        struct hd__lookup answer = hd__look_up(resolver->has_policy ? &resolver->policy : NULL, name->host);
        pthread_mutex_lock(&resolver->mutex);
        set_answer(resolver, name, &answer);
        end(resolver, name, began_us);
        if (!resolver->closed)
            resolver->wake(resolver->user);
    }
    resolver->threads--;
    int is_last = resolver->closed && resolver->threads == 0;
    pthread_mutex_unlock(&resolver->mutex);
    if (is_last)
        destroy(resolver);
    give_thread_back();
    return NULL;
}

/* Starts another thread if there is work for it and the limits allow it. Returns whether somebody will work. */
static int staff(struct hd__resolver *resolver) {
    struct hd__name *previous;
    pthread_t thread;
    if (!next_to_run(resolver, &previous) || resolver->threads >= THREADS_MAX || !take_thread())
        return 1;
    if (hd__thread_start(&thread, run, resolver) != HD_OK) {
        give_thread_back();
        return resolver->threads > 0;
    }
    pthread_detach(thread); /* joining it could take as long as the lookup */
    resolver->threads++;
    return 1;
}

/* ---- For the transport ---- */

struct hd__resolver *hd__resolver_new(const struct hd__policy *policy, const struct hd__clock *clock,
                                      void (*wake)(void *user), void *user) {
    struct hd__resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver)
        return NULL;
    if (pthread_mutex_init(&resolver->mutex, NULL) != 0) {
        free(resolver);
        return NULL;
    }
    resolver->has_policy = policy != NULL;
    if (policy)
        resolver->policy = *policy;
    resolver->clock = clock;
    resolver->wake = wake;
    resolver->user = user;
    return resolver;
}

void hd__resolver_free(struct hd__resolver *resolver) {
    pthread_mutex_lock(&resolver->mutex);
    resolver->closed = 1;
    int is_last = resolver->threads == 0;
    pthread_mutex_unlock(&resolver->mutex);
    if (is_last)
        destroy(resolver);
}

static int holds_until(const struct hd__resolver *resolver, const struct hd__name *name, int64_t until_us) {
    return (name->addresses || name->blocked) && hd__monotonic_us(resolver->clock) < until_us;
}

static void refresh(struct hd__resolver *resolver, struct hd__name *name) {
    if (name->state == IDLE && !holds_until(resolver, name, name->fresh_until_us))
        enqueue(resolver, name);
    if (staff(resolver))
        return;
    while ((name = dequeue(resolver))) {
        name->state = IDLE;
        name->failure = "no thread could be started for the lookup";
    }
}

struct hd__name *hd__resolver_ask(struct hd__resolver *resolver, const char *host) {
    pthread_mutex_lock(&resolver->mutex);
    struct hd__name *name = find_or_add(resolver, host);
    if (name) {
        name->references++;
        refresh(resolver, name);
    }
    pthread_mutex_unlock(&resolver->mutex);
    return name;
}

int hd__resolver_answer(struct hd__resolver *resolver, struct hd__name *name, struct hd__buffer *addresses,
                        const char **failure) {
    pthread_mutex_lock(&resolver->mutex);
    staff(resolver); /* threads of closed clients may have ended since */
    int is_usable = holds_until(resolver, name, name->usable_until_us), is_blocked = is_usable && name->blocked;
    if (is_usable && !is_blocked)
        hd__buffer_text(addresses, name->addresses);
    *failure = is_blocked ? name->blocked : name->failure;
    int answer = is_blocked            ? HD__NAME_BLOCKED
                 : is_usable           ? HD__NAME_FOUND
                 : name->state == IDLE ? HD__NAME_FAILED
                                       : HD__NAME_PENDING;
    pthread_mutex_unlock(&resolver->mutex);
    return answer;
}

void hd__resolver_release(struct hd__resolver *resolver, struct hd__name *name) {
    pthread_mutex_lock(&resolver->mutex);
    name->references--;
    pthread_mutex_unlock(&resolver->mutex);
}

size_t hd__resolver_name_count(struct hd__resolver *resolver) {
    pthread_mutex_lock(&resolver->mutex);
    size_t count = resolver->name_count;
    pthread_mutex_unlock(&resolver->mutex);
    return count;
}
