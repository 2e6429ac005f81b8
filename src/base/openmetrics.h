/* Writes the text form of OpenMetrics 1.0 (github.com/OpenObservability/OpenMetrics, specification/OpenMetrics.md; the
 * same is draft-richih-opsawg-openmetrics-00). Prometheus's older text form 0.0.4 reads the same: what it does not know
 * are comments there. */
#ifndef HD_BASE_OPENMETRICS_H
#define HD_BASE_OPENMETRICS_H

#include "base/buffer.h"

#include <stdint.h>

struct hd__label_pair {
    const char *name, *value;
};

/* The beginning of all samples of a set: a name, and labels, which end with one whose name is NULL. */
struct hd__sample {
    const char *name;
    const struct hd__label_pair *labels;
};

/* Begins a family. unit: NULL for none; then the name ends with it. */
void hd__openmetrics_family(struct hd__buffer *out, const char *name, const char *type, const char *unit,
                            const char *help);

/* One sample, with a suffix to its name, and one label more; NULL for none of either. */
void hd__openmetrics_sample(struct hd__buffer *out, const struct hd__sample *sample, const char *suffix,
                            const struct hd__label_pair *more, uint64_t value);

/* The same of milliseconds, as seconds. */
void hd__openmetrics_seconds(struct hd__buffer *out, const struct hd__sample *sample, const char *suffix, uint64_t ms);

/* Seconds as a decimal with at least one digit after the point, such as "0.25" and "5.0", as the specification's
 * canonical numbers have it. */
#define HD__SECONDS_SIZE 32
void hd__openmetrics_number(uint64_t ms, char text[HD__SECONDS_SIZE]);

void hd__openmetrics_end(struct hd__buffer *out);

#endif
