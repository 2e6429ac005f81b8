/* SPDX-License-Identifier: MIT */
/* How many descriptors a program of the benchmark may open. */
#ifndef TESTS_BENCH_DESCRIPTORS_H
#define TESTS_BENCH_DESCRIPTORS_H

/* As many as the system allows. */
void raise_descriptors(void);

#endif
