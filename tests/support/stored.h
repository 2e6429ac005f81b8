/* SPDX-License-Identifier: MIT */
/* What tests of clients with a durable store share: a directory for the store, and a receiver. */
#ifndef TESTS_SUPPORT_STORED_H
#define TESTS_SUPPORT_STORED_H

#include "support/server.h"
#include "support/support.h"

#include "helmdesk/sqlite.h"

extern char directory[64];
extern struct server *server;

/* For cmocka: both are made anew for each test. */
int set_up(void **state);
int tear_down(void **state);

/* The store in the directory, without a key. */
hd_store *open_store(void);

/* A client that delivers; one whose hd_webhook_send() waits for the disk; one with a role. */
hd_client *client_on(hd_store *store);
hd_client *committing_client_on(hd_store *store);
hd_client *client_as(int role, hd_store *store);

/* What hd_client_new() answers with this store and role, when it must not make a client. */
int refusal_of(int role, hd_store *store);

void end(hd_client *client, hd_store *store);

/* While something is still to be delivered. */
void end_early(hd_client *client, hd_store *store);

/* A webhook of PROJECT at a path of the receiver. */
hd_webhook *webhook_at(const char *id, const char *path);

/* A webhook of project "other" with every setting that there is, and one that must be equal to it. */
hd_webhook *full_webhook(void);
void assert_same_webhook(const hd_webhook *a, const hd_webhook *b);

/* The delivery id of the request with this index. */
const char *id_of(size_t index);

/* The log: a page of it; how many reports it has, up to 1,000. */
hd_log_page *page_of(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit);
size_t count_log(hd_client *client);

/* How many deliveries wait for a webhook. */
uint64_t waiting_for(hd_client *client, const char *webhook_id);

#endif
