/* What the programs of `make check-crash` share: clients with a store, events, and memory in use. */
#ifndef TESTS_CRASH_CRASH_H
#define TESTS_CRASH_CRASH_H

#include "helmdesk/sqlite.h"

#include <stddef.h>
#include <stdint.h>

/* Ends the program with a line if what must work does not. */
#define must(expression) must_be(expression, #expression, __FILE__, __LINE__)
void must_be(int holds, const char *what, const char *file, int line);

/* A client with a store in a directory, for http to 127.0.0.1. */
hd_client *client_with_store(const char *directory, int accept_mode, hd_store **store);

/* Puts a webhook of project "p". */
void put(hd_client *client, const char *id, const char *url, uint32_t max_in_flight);

/* An event of project "p" about a ticket with this number. */
hd_event *event_numbered(int64_t number);

/* The memory of this process that is in use, in KiB. */
size_t resident_kib(void);

#endif
