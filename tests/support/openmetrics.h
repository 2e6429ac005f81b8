/* SPDX-License-Identifier: MIT */
/* A strict reader of the text form of OpenMetrics 1.0 (specification/OpenMetrics.md in github.com/OpenObservability/
 * OpenMetrics: "ABNF", "Overall Structure", "Metric Types"). What breaks a rule fails the running test. */
#ifndef TESTS_SUPPORT_OPENMETRICS_H
#define TESTS_SUPPORT_OPENMETRICS_H

#include <stddef.h>

struct metrics;

/* Reads a whole text. */
struct metrics *metrics_read(const char *text, size_t len);
void metrics_free(struct metrics *metrics);

/* The value of the sample with this name and just these labels, each written name=value with the value unescaped, in
 * any order, up to a NULL; NULL for none. -1 if there is none. */
double metrics_value(const struct metrics *metrics, const char *name, const char *const *labels);

/* How many samples have this name. */
size_t metrics_count(const struct metrics *metrics, const char *name);

#endif
