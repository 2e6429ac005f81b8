/* SPDX-License-Identifier: MIT */
/*
 * What the name servers of a test's world say. A program that defines getaddrinfo() and freeaddrinfo() by zone_find()
 * and zone_free() lives in that world. They are not defined here, or every program that is linked with this would.
 */
#ifndef TESTS_HOSTILE_ZONE_H
#define TESTS_HOSTILE_ZONE_H

#include <stddef.h>

struct addrinfo;

/* Gives a name addresses, with commas between them. Lookups that are held get them too. */
void zone_set(const char *host, const char *addresses);

/* Has the lookup of a name fail with one of EAI_... */
void zone_fail(const char *host, int code);

/* Has the lookup of a name not end before zone_forget(). */
void zone_hold(const char *host);

/* Has the lookup of a name that there is take so long. */
void zone_delay(const char *host, long late_ms);

/* Ends all lookups that are held, waits for them and for those that are late, and forgets all names. */
void zone_forget(void);

/* How many names there are. */
size_t zone_size(void);

/* How often a name was looked up, and names that no test has made. */
unsigned zone_lookups(const char *host);
unsigned zone_strangers(void);

/* For getaddrinfo() and freeaddrinfo(). */
int zone_find(const char *host, struct addrinfo **found);
void zone_free(struct addrinfo *found);

#endif
