/* SPDX-License-Identifier: MIT */
/* What tests share that have one client at a time, watched by its descriptor. */
#ifndef TESTS_SUPPORT_ONE_CLIENT_H
#define TESTS_SUPPORT_ONE_CLIENT_H

#include "support/stored.h"

#include <stdbool.h>

/* Both NULL at the beginning of a test, and freed at its end. */
extern hd_store *store;
extern hd_client *client;

/* Whether open_client() makes clients with a store. */
extern bool has_store;

/* For cmocka, with the directory and the receiver of support/stored.h. */
int begin_with_client(void **state);
int end_with_client(void **state);

/* Opens the client with these options, or NULL, and puts a webhook at a path of the receiver. */
void open_client(hd_options *options, const char *path);

/* The client's descriptor. */
int poll_fd(void);

/* Whether a descriptor becomes readable in time. */
bool is_readable(int fd, int timeout_ms);

#endif
