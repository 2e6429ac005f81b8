/* Name lookups, apart from everything else: getaddrinfo() cannot be interrupted and may take half a minute, so it runs
 * in threads of its own, whose number is bounded, and nobody ever waits for one of them. Lookups of the same name share
 * one thread. Of what is found, only the addresses that deliveries may reach are handed on. All calls come from one
 * thread. */
#ifndef HD_TRANSPORT_RESOLVER_H
#define HD_TRANSPORT_RESOLVER_H

#include "base/buffer.h"
#include "base/clock.h"
#include "endpoint/address.h"

struct hd__resolver;
struct hd__name;

enum {
    HD__NAME_PENDING,
    HD__NAME_FOUND,
    HD__NAME_BLOCKED, /* it has addresses, and the policy forbids all of them */
    HD__NAME_FAILED
};

/* The policy is copied: lookups may outlive its owner. NULL for every address. wake(user) is called from another thread
 * when an answer has come in. NULL without memory. */
struct hd__resolver *hd__resolver_new(const struct hd__policy *policy, const struct hd__clock *clock,
                                      void (*wake)(void *user), void *user);

/* Returns at once: lookups that are under way end on their own, unnoticed. Every name must have been released. */
void hd__resolver_free(struct hd__resolver *resolver);

/* Asks for the addresses of a host, and keeps what is known of it until it is released; NULL without memory. */
struct hd__name *hd__resolver_ask(struct hd__resolver *resolver, const char *host);

/* One of HD__NAME_...: appends the addresses ("192.0.2.1,[2001:db8::1]"), or tells in a few static words why there are
 * none: of a blocked name, the rule that forbids the first of them. */
int hd__resolver_answer(struct hd__resolver *resolver, struct hd__name *name, struct hd__buffer *addresses,
                        const char **failure);

void hd__resolver_release(struct hd__resolver *resolver, struct hd__name *name);

/* How many names it knows. */
size_t hd__resolver_name_count(struct hd__resolver *resolver);

#endif
