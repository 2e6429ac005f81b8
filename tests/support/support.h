/* SPDX-License-Identifier: MIT */
/* Small helpers for tests of a whole client. They fail the running test if the library refuses what must work. */
#ifndef TESTS_SUPPORT_SUPPORT_H
#define TESTS_SUPPORT_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helmdesk.h"

/* How long a test waits for what must happen. Nothing is ever that slow unless it is broken. */
#define PATIENCE_MS (runs_slowly() ? 120000 : 30000)

/* The project and the webhook of tests that need just one. */
#define PROJECT "project-1"
#define WEBHOOK "webhook-1"

/* Waits until an expression holds, and fails the test if it does not. Needs <cmocka.h>. */
#define assert_eventually(expression)                                                                                  \
    do {                                                                                                               \
        int64_t assert_end_ = now_ms() + PATIENCE_MS;                                                                  \
        while (!(expression) && now_ms() < assert_end_)                                                                \
            sleep_ms(2);                                                                                               \
        assert_true(expression);                                                                                       \
    } while (0)

/* Milliseconds of CLOCK_MONOTONIC, and of the wall clock since 1970. */
int64_t now_ms(void);
int64_t wall_ms(void);

void sleep_ms(long duration_ms);

/* Makes a new directory under /tmp; and removes one with the files in it. */
void make_directory(char path[64]);
void make_fast_directory(
    char path[64]); /* where syncs cost nothing, if there is such a place: for thousands of stores */
void remove_directory(const char *path);

/* Whether the test runs under valgrind or a sanitizer. */
bool runs_slowly(void);

/* How many times to do something: full, or a tenth of it where the test runs slowly. */
size_t volume(size_t full);

/* Options that allow http to 127.0.0.0/8, to any port that a server of a test can have. */
hd_options *options_for_tests(void);

/* The same, with a store. */
hd_options *options_with_store(hd_store *store);

/* A client made from options, which are freed; NULL stands for options_for_tests(). */
hd_client *client_for_tests(hd_options *options);

/* Cancels what is left and frees the client. NULL does nothing. */
void end_client(hd_client *client);

/* An event with ticket and customer; its ticket has the number given. */
hd_event *event_for_tests(int type, const char *project, int64_t number);

/* An event of type HD_MESSAGE_RECEIVED with a message of so many letters. */
hd_event *message_for_tests(const char *project, int64_t number, size_t letters);

/* A webhook with the secret "secret of " and its id. */
hd_webhook *webhook_for_tests(const char *id, const char *project, const char *url);

/* Puts a webhook, which is freed. */
void put_webhook(hd_client *client, hd_webhook *webhook);

/* A request with these headers and this body, as a server hands it over. */
hd_request *request_with(const char *const *names, const char *const *values, size_t count, const void *body,
                         size_t body_len);

/* The same, with a method and a target and nothing else. */
hd_request *request_to(const char *method, const char *target);

/* An id of an event as a number, so that tests compare and sort it like one; 0 for NULL. */
uint64_t number_of_id(const char *id);

/* The same of a report's event. */
uint64_t event_of(const hd_report *report);

/* Sends an event, which is freed. Returns its id, as number_of_id() tells it. */
uint64_t send_event(hd_client *client, hd_event *event);

/* Sends a HD_TICKET_CREATED event of PROJECT. Returns the same. */
uint64_t send_ticket(hd_client *client, int64_t number);

/* The next report, waited for. */
hd_report *next_report(hd_client *client);

/* Waits until all that was sent has ended. */
void flush(hd_client *client);

/* The number that a counter shows. */
uint64_t counter(hd_client *client, int which);

#endif
