/* SPDX-License-Identifier: MIT */
/*
 * Addresses of this machine at which connecting never ends: somebody listens, the backlog is full, and the system drops
 * what comes.
 */
#ifndef TESTS_HOSTILE_SILENT_H
#define TESTS_HOSTILE_SILENT_H

#include <stddef.h>
#include <stdint.h>

struct silent;

/* Makes 127.2.0.1, 127.2.0.2 and so on silent at a port; at most 64 of them. NULL if this system cannot do that. */
struct silent *silent_start(size_t count, uint16_t port);

/* NULL does nothing. */
void silent_stop(struct silent *silent);

#endif
