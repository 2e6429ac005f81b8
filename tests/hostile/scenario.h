/* SPDX-License-Identifier: MIT */
/*
 * What could hurt a test runs in a process of its own: the same program again, with the name of a scenario. The
 * receivers, one of HTTP and one of HTTPS, are processes too, and scenarios are told where they are.
 */
#ifndef TESTS_HOSTILE_SCENARIO_H
#define TESTS_HOSTILE_SCENARIO_H

#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "support/support.h"

/* The exit status of a scenario that cannot run here. */
#define SCENARIO_SKIPPED 77

/* What wait_for_child() answers of a child that had to be killed; no wait status is negative. */
#define HUNG (-1)

/* Ends a scenario that saw what must not be. Not by exit(), which is one of the things under test. */
#define require(expression)                                                                                            \
    do {                                                                                                               \
        if (!(expression)) {                                                                                           \
            (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #expression);                           \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#define require_eventually(expression)                                                                                 \
    do {                                                                                                               \
        int64_t require_end_ = now_ms() + PATIENCE_MS;                                                                 \
        while (!(expression) && now_ms() < require_end_)                                                               \
            sleep_ms(2);                                                                                               \
        require(expression);                                                                                           \
    } while (0)

struct scenario {
    const char *name;
    int (*run)(void); /* returns the exit status */
};

/* Where the receivers are, and a number that means what the scenario wants. */
struct place {
    int http_port;
    int https_port;
    const char *ca_file;
    uint64_t number;
};

extern struct place place;

/* Set-up and tear-down of a group of tests: starts and stops the receivers. */
int start_receivers(void **state);
int stop_receivers(void **state);

/* How many requests the receivers got: that of HTTP, that of HTTPS. */
uint64_t http_requests(void);
uint64_t https_requests(void);

/* The exit status of the scenario that the program's arguments name. */
int run_scenario(char **arguments, const struct scenario *scenarios, size_t count);

/* Starts a scenario in a process of its own. */
pid_t start_scenario(const char *name, uint64_t number);

/* The wait status of a child; after patience_ms it is killed, and HUNG answered. */
int wait_for_child(pid_t child, int patience_ms);

/* Runs a scenario, and fails the test if it does not end well. */
void assert_scenario(const char *name, uint64_t number);

/* Runs a scenario with the numbers from 0 to runs - 1, prints how they ended, and fails the test if one did not. */
void assert_scenarios(const char *name, size_t runs);

/* Options for the receivers' addresses and certificate, with a shutdown timeout of 50 ms. */
hd_options *options_here(void);

/* Puts a webhook at a path of the receiver of a scheme. */
void put_here(hd_client *client, const char *id, const char *scheme, const char *path);

/* A client of options_here() with some webhooks at a path. */
hd_client *client_here(const char *scheme, const char *path, int webhooks);

/* Sends so many events of PROJECT. */
void send_tickets(hd_client *client, int count);

#endif
