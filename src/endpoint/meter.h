/* The figures of one webhook since the client has known it. The loop counts, any thread reads. All snapshots of a
 * webhook share one meter; memory for the figures is allocated at its first delivery. */
#ifndef HD_ENDPOINT_METER_H
#define HD_ENDPOINT_METER_H

#include <stddef.h>
#include <stdint.h>

struct hd__meter;

#define HD__METER_BOUNDS 9

/* A histogram of the reports of attempts, by how long something took. */
struct hd__histogram {
    uint64_t buckets[HD__METER_BOUNDS + 1]; /* how many took as long as this bound allows, and longer than the one
                                               before; the last has no bound */
    uint64_t count, sum_ms;
};

enum hd__meter_time {
    HD__METER_DURATION, /* of attempts */
    HD__METER_QUEUEING, /* from the acceptance of an event to its first attempt */
};

/* A report, as far as it is counted. */
struct hd__measured {
    int outcome, reason;
    int is_attempt; /* an attempt came to a result; the first one, if is_first */
    int is_first;
    uint32_t total_ms, queued_ms;
};

struct hd__meter *hd__meter_new(void); /* NULL without memory */
struct hd__meter *hd__meter_ref(struct hd__meter *meter);
void hd__meter_free(struct hd__meter *meter);

/* Makes the figures, so that counting does not fail. HD_OK or HD_E_NO_MEMORY. For the loop, as the next one. */
int hd__meter_prepare(struct hd__meter *meter);
void hd__meter_count(struct hd__meter *meter, const struct hd__measured *measured);

/* Reports with this outcome; of failures, and of attempts that another one follows, those with this reason. */
uint64_t hd__meter_outcome(const struct hd__meter *meter, int outcome);
uint64_t hd__meter_failures(const struct hd__meter *meter, int reason);

void hd__meter_histogram(const struct hd__meter *meter, enum hd__meter_time time, struct hd__histogram *histogram);

/* The longest time that counts into a bucket, in milliseconds; of the last one there is none. */
uint32_t hd__meter_bound_ms(enum hd__meter_time time, size_t bucket);

#endif
