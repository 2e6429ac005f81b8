/* SPDX-License-Identifier: MIT */
/* Figures of the store's benchmark: one a line, as "name value unit". */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>

int64_t now_ns(void);

/* Processor time of this process so far. */
int64_t cpu_us(void);

void say(const char *name, double value, const char *unit);

/* The value below which a part of them lies, 0.5 for the median. The values become sorted. */
int64_t percentile(int64_t *values, size_t count, double part);

#endif
