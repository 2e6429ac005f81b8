#include "endpoint/meter.h"

#include "base/reason.h"
#include "helmdesk.h"

#include <stdatomic.h>
#include <stdlib.h>

#define TIMES (HD__METER_QUEUEING + 1)
#define OUTCOMES (HD_OUTCOME_RETRYING - HD_OUTCOME_DELIVERED + 1)

static const uint32_t bounds_ms[TIMES][HD__METER_BOUNDS] = {
    [HD__METER_DURATION] = {10, 25, 50, 100, 250, 500, 1000, 2500, 5000}, /* no attempt is given more time */
    [HD__METER_QUEUEING] = {10, 50, 250, 1000, 5000, 30000, 120000, 600000, 3600000},
};

struct times {
    atomic_uint_fast64_t buckets[HD__METER_BOUNDS + 1], sum_ms;
};

struct figures {
    atomic_uint_fast64_t outcomes[OUTCOMES]; /* from HD_OUTCOME_DELIVERED, and the next from HD_REASON_DELIVERED */
    atomic_uint_fast64_t failures[HD__REASON_COUNT];
    struct times times[TIMES];
};

struct hd__meter {
    atomic_uint references;
    struct figures *_Atomic figures; /* NULL before the first delivery */
};

/* ---- Life ---- */

struct hd__meter *hd__meter_new(void) {
    struct hd__meter *meter = calloc(1, sizeof *meter);
    if (meter)
        atomic_init(&meter->references, 1);
    return meter;
}

struct hd__meter *hd__meter_ref(struct hd__meter *meter) {
    atomic_fetch_add_explicit(&meter->references, 1, memory_order_relaxed);
    return meter;
}

void hd__meter_free(struct hd__meter *meter) {
    if (!meter || atomic_fetch_sub_explicit(&meter->references, 1, memory_order_acq_rel) != 1)
        return;
    free(atomic_load(&meter->figures));
    free(meter);
}

static struct figures *figures_of(const struct hd__meter *meter) {
    return atomic_load_explicit(&meter->figures, memory_order_acquire);
}

int hd__meter_prepare(struct hd__meter *meter) {
    if (figures_of(meter))
        return HD_OK;
    struct figures *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    atomic_store_explicit(&meter->figures, made, memory_order_release);
    return HD_OK;
}

/* ---- Counting ---- */

/* Only one thread counts, so no other has written in between. */
static void add(atomic_uint_fast64_t *number, uint64_t value) {
    uint64_t before = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, before + value, memory_order_release);
}

static void count_time(struct figures *figures, enum hd__meter_time time, uint32_t ms) {
    struct times *times = &figures->times[time];
    size_t bucket = 0;
    while (bucket < HD__METER_BOUNDS && ms > bounds_ms[time][bucket])
        bucket++;
    add(&times->buckets[bucket], 1);
    add(&times->sum_ms, ms);
}

void hd__meter_count(struct hd__meter *meter, const struct hd__measured *measured) {
    if (hd__meter_prepare(meter) != HD_OK) /* of a webhook that came anew, in the place of a removed one */
        return;
    struct figures *figures = figures_of(meter);
    if (measured->is_attempt)
        count_time(figures, HD__METER_DURATION, measured->total_ms);
    if (measured->is_attempt && measured->is_first)
        count_time(figures, HD__METER_QUEUEING, measured->queued_ms);
    if (measured->outcome == HD_OUTCOME_FAILED || measured->outcome == HD_OUTCOME_RETRYING)
        add(&figures->failures[measured->reason - HD_REASON_DELIVERED], 1);
    add(&figures->outcomes[measured->outcome - HD_OUTCOME_DELIVERED],
        1); /* written last: a thread that sees it sees the values before it */
}

/* ---- Reading ---- */

static uint64_t read(const atomic_uint_fast64_t *number) {
    return atomic_load_explicit(number, memory_order_acquire);
}

uint64_t hd__meter_outcome(const struct hd__meter *meter, int outcome) {
    const struct figures *figures = figures_of(meter);
    return figures ? read(&figures->outcomes[outcome - HD_OUTCOME_DELIVERED]) : 0;
}

uint64_t hd__meter_failures(const struct hd__meter *meter, int reason) {
    const struct figures *figures = figures_of(meter);
    return figures ? read(&figures->failures[reason - HD_REASON_DELIVERED]) : 0;
}

void hd__meter_histogram(const struct hd__meter *meter, enum hd__meter_time time, struct hd__histogram *histogram) {
    const struct figures *figures = figures_of(meter);
    *histogram = (struct hd__histogram){.count = 0};
    for (size_t i = 0; figures && i <= HD__METER_BOUNDS; i++)
        histogram->count += histogram->buckets[i] = read(&figures->times[time].buckets[i]);
    if (figures)
        histogram->sum_ms = read(&figures->times[time].sum_ms);
}

uint32_t hd__meter_bound_ms(enum hd__meter_time time, size_t bucket) {
    return bounds_ms[time][bucket];
}
