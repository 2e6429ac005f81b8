/* SPDX-License-Identifier: MIT */
/*
 * A receiver in a process of its own, so that its processor time, threads, descriptors and clock are not those of the
 * test. It speaks HTTP or HTTPS on 127.0.0.1, keeps connections open, and knows nothing of libhelmdesk.
 *
 * What a path does (more may follow it after a '/'):
 *   /delay/MS   answers 200 after so many milliseconds
 *   /hang       reads the request and never answers
 *   /reset      reads the request and resets the connection (RST)
 *   /echo       answers 404 with a body that names the path, as web frameworks do
 *   any other   answers 200 with the body "ok"
 */
#ifndef TESTS_HOSTILE_OUTSIDE_H
#define TESTS_HOSTILE_OUTSIDE_H

#include <stddef.h>
#include <stdint.h>

#define OUTSIDE_PORTS_MAX 32

/* A running receiver. */
struct outside;

/* Starts a receiver of HTTP on so many free ports. It fails the running test if the system refuses. */
struct outside *outside_start(size_t ports);

/* Starts a receiver of HTTPS on one free port, with a certificate for 127.0.0.1. */
struct outside *outside_start_tls(void);

/* Ends the process. NULL does nothing. */
void outside_stop(struct outside *outside);

/* The file with the authority of its certificate; NULL for HTTP. Valid until outside_stop(). */
const char *outside_ca_file(const struct outside *outside);

/* One of the receiver's ports. */
uint16_t outside_port(const struct outside *outside, size_t index);

/* Writes the URL of a path at one of the receiver's ports into buf. Returns buf. */
const char *outside_url(const struct outside *outside, size_t index, const char *path, char *buf, size_t size);

/* How many complete requests arrived so far. */
uint64_t outside_requests(const struct outside *outside);

#endif
