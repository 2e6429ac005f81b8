/* SPDX-License-Identifier: MIT */
/* Ways to write URLs that lead to this machine or to a private network, and what is to become of each. */
#ifndef TESTS_HOSTILE_NOTATIONS_H
#define TESTS_HOSTILE_NOTATIONS_H

#include <stddef.h>

/* The port stands between the two parts. */
struct notation {
    const char *before, *behind;
    int status; /* of hd_webhook_set_url() or hd_client_put_webhook() */
};

extern const struct notation notations[];
extern const size_t notations_count;

/* Gives their addresses to the names among them, in zone.h's zone. */
void notations_name(void);

#endif
