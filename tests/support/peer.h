/* SPDX-License-Identifier: MIT */
/* What libcurl's own HTTP makes of an answer: asked over a loopback socket, with the options that the library has. */
#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include "support/outcome.h"

#include <stdbool.h>
#include <stddef.h>

struct peer;

/* NULL if the system refuses. */
struct peer *peer_new(void);
void peer_free(struct peer *peer);

/* Makes a POST and answers it with these bytes. False if that does not work, which means nothing. */
bool peer_reads(struct peer *peer, const char *data, size_t len, struct outcome *outcome);

#endif
