/* SPDX-License-Identifier: MIT */
/* Another process with a client on a store: the program of the test once more, which does what it is told line by line
 * and answers each line with one. A program that starts such processes begins its main() with
 *
 *     if (is_process(argc, argv))
 *         return process_main(argv);
 */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include "helmdesk.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    int to;
    FILE *from;
    char answer[512];
};

/* Whether this is such a process. Otherwise remembers how to start one. */
int is_process(int argc, char **argv);
int process_main(char **argv);

/* Starts a process with a client of this role on the store in a directory, and waits until it is there. With
 * HD_CLIENT_DELIVER its sends wait for the disk. options: letters, "" for none: r for a pause rule (3 failures, an
 * hour).
 */
void process_start(struct process *process, const char *path, int role, const char *options);

/* Tells it to do something, and returns what it answers. An answer begins with a status by its number.
 *   send PROJECT NUMBER [KEY]   sends an event; "STATUS ID"
 *   send-many PROJECT FIRST COUNT
 *   put ID PROJECT URL [SETTING=NUMBER]...
 *                               puts a webhook; settings: mode, in-flight, attempts, backoff, ordered
 *   remove ID, discard ID       the second: "STATUS COUNT"
 *   redeliver ID                of a delivery
 *   job ID PACE                 starts one that sends again what failed of a webhook; "STATUS JOB"
 *   test ID                     "STATUS OUTCOME"
 *   counter WHICH               "0 COUNT"
 *   status                      of the store
 *   state ID                    "STATUS STATE"
 *   waiting ID                  "STATUS COUNT"
 *   read NAME LIMIT             of the log; "STATUS COUNT"
 *   commit NAME                 what was read last
 *   flush MS
 *   cpu                         "0 MICROSECONDS" of processor time so far
 *   close MS                    closes the client, and stays
 */
const char *process_ask(struct process *process, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, and the number in the answer: the status, or what follows HD_OK. Fails the test if the status is another.
 */
int process_status(struct process *process, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t process_number(struct process *process, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* kill -9, and it is waited for. */
void process_kill(struct process *process);

/* It frees its client and its store, and ends. */
void process_end(struct process *process);

#endif
