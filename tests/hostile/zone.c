/* SPDX-License-Identifier: MIT */
#include "zone.h"

#include "support/support.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ZONE_MAX 256

/* ------------------------------------------------------------------------------------------------------------------
 * The names
 */

struct record {
    char host[64];
    char *addresses; /* with commas between them; NULL for a failure */
    int code;        /* EAI_... */
    bool is_held;    /* the lookup does not end */
    long late_ms;    /* how long it takes */
    unsigned lookups;
};

static struct {
    pthread_mutex_t lock; /* guards all of this */
    pthread_cond_t changed;
    struct record records[ZONE_MAX];
    size_t count;
    unsigned strangers; /* lookups of names that no test has made */
    unsigned held;      /* lookups that are under way */
} zone = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* A test without memory has nothing to say. */
static char *copy_of(const char *text) {
    char *copy = strdup(text);
    if (copy == NULL)
        abort();
    return copy;
}

static struct record *find_record(const char *host) {
    for (size_t i = 0; i < zone.count; i++)
        if (strcmp(zone.records[i].host, host) == 0)
            return &zone.records[i];
    return NULL;
}

static struct record *find_or_add_record(const char *host) {
    struct record *record = find_record(host);
    if (record == NULL) {
        if (zone.count == ZONE_MAX || strlen(host) >= sizeof record->host)
            abort();
        record = &zone.records[zone.count++];
        *record = (struct record){.code = 0};
        (void)snprintf(record->host, sizeof record->host, "%s", host);
    }
    return record;
}

void zone_set(const char *host, const char *addresses) {
    (void)pthread_mutex_lock(&zone.lock);
    struct record *record = find_or_add_record(host);
    free(record->addresses);
    record->addresses = copy_of(addresses);
    record->code = 0;
    record->is_held = false;
    (void)pthread_cond_broadcast(&zone.changed);
    (void)pthread_mutex_unlock(&zone.lock);
}

void zone_fail(const char *host, int code) {
    (void)pthread_mutex_lock(&zone.lock);
    find_or_add_record(host)->code = code;
    (void)pthread_mutex_unlock(&zone.lock);
}

void zone_hold(const char *host) {
    (void)pthread_mutex_lock(&zone.lock);
    struct record *record = find_or_add_record(host);
    record->code = EAI_AGAIN;
    record->is_held = true;
    (void)pthread_mutex_unlock(&zone.lock);
}

void zone_delay(const char *host, long late_ms) {
    (void)pthread_mutex_lock(&zone.lock);
    find_or_add_record(host)->late_ms = late_ms;
    (void)pthread_mutex_unlock(&zone.lock);
}

/* Ends all lookups that are held, and waits for them. */
static void release(void) {
    (void)pthread_mutex_lock(&zone.lock);
    for (size_t i = 0; i < zone.count; i++)
        zone.records[i].is_held = false;
    (void)pthread_cond_broadcast(&zone.changed);
    while (zone.held > 0)
        (void)pthread_cond_wait(&zone.changed, &zone.lock);
    (void)pthread_mutex_unlock(&zone.lock);
}

void zone_forget(void) {
    release();
    (void)pthread_mutex_lock(&zone.lock);
    for (size_t i = 0; i < zone.count; i++)
        free(zone.records[i].addresses);
    zone.count = 0;
    zone.strangers = 0;
    (void)pthread_mutex_unlock(&zone.lock);
}

size_t zone_size(void) {
    (void)pthread_mutex_lock(&zone.lock);
    size_t count = zone.count;
    (void)pthread_mutex_unlock(&zone.lock);
    return count;
}

unsigned zone_lookups(const char *host) {
    (void)pthread_mutex_lock(&zone.lock);
    const struct record *record = find_record(host);
    unsigned lookups = record != NULL ? record->lookups : 0;
    (void)pthread_mutex_unlock(&zone.lock);
    return lookups;
}

unsigned zone_strangers(void) {
    (void)pthread_mutex_lock(&zone.lock);
    unsigned strangers = zone.strangers;
    (void)pthread_mutex_unlock(&zone.lock);
    return strangers;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Lookups
 */

/* One address that getaddrinfo() found. */
struct found {
    struct addrinfo info;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
};

static struct addrinfo *new_found(const char *text) {
    struct found *found = calloc(1, sizeof *found);
    if (found == NULL)
        abort();
    bool is_v4 = inet_pton(AF_INET, text, &found->address.v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, text, &found->address.v6.sin6_addr) != 1)
        abort();
    found->address.any.sa_family = is_v4 ? AF_INET : AF_INET6;
    found->info.ai_family = found->address.any.sa_family;
    found->info.ai_socktype = SOCK_STREAM;
    found->info.ai_addrlen = is_v4 ? sizeof found->address.v4 : sizeof found->address.v6;
    found->info.ai_addr = &found->address.any;
    return &found->info;
}

static struct addrinfo *read_addresses(const char *text) {
    struct addrinfo *first = NULL, **end = &first;
    char one[INET6_ADDRSTRLEN];
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        (void)snprintf(one, sizeof one, "%.*s", (int)length, text);
        *end = new_found(one);
        end = &(*end)->ai_next;
        text += length + (text[length] == ',' ? 1 : 0);
    }
    return first;
}

/* With the zone's lock held before and after, but not meanwhile. */
static void be_late(long late_ms) {
    if (late_ms == 0)
        return;
    (void)pthread_mutex_unlock(&zone.lock);
    sleep_ms(late_ms);
    (void)pthread_mutex_lock(&zone.lock);
}

/* With the zone's lock held. */
static int answer_lookup(const char *host, struct addrinfo **found) {
    struct record *record = find_record(host);
    if (record == NULL) {
        zone.strangers++;
        return EAI_NONAME;
    }
    record->lookups++;
    zone.held++;
    be_late(record->late_ms);
    while (record->is_held)
        (void)pthread_cond_wait(&zone.changed, &zone.lock);
    zone.held--;
    (void)pthread_cond_broadcast(&zone.changed);
    if (record->code == 0)
        *found = read_addresses(record->addresses);
    return record->code;
}

int zone_find(const char *host, struct addrinfo **found) {
    (void)pthread_mutex_lock(&zone.lock);
    int code = answer_lookup(host, found);
    (void)pthread_mutex_unlock(&zone.lock);
    return code;
}

void zone_free(struct addrinfo *found) {
    while (found != NULL) {
        struct addrinfo *next = found->ai_next;
        free(found);
        found = next;
    }
}
