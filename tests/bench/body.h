/* SPDX-License-Identifier: MIT */
/* What the floors of the benchmark send: fresh bodies, signed with OpenSSL, which uses the processor's SHA
 * instructions; the key's part of the work is done once. */
#ifndef TESTS_BENCH_BODY_H
#define TESTS_BENCH_BODY_H

#include <stddef.h>
#include <time.h>

#define BODY_SIZE 312
#define SIGNATURE_DIGITS 64

/* To be called first. */
void body_prepare(void);

/* Writes the next body and its signature, without a NUL behind either. */
void body_next(char body[BODY_SIZE], char signature[SIGNATURE_DIGITS]);

/* The time of a clock in microseconds. */
long long us_of(clockid_t clock);

#endif
