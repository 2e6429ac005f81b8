#include "engine/timer.h"

#include "helmdesk.h"

#include <stdlib.h>

int hd__timers_reserve(struct hd__timers *timers, size_t count) {
    if (count <= timers->capacity)
        return HD_OK;
    size_t capacity = count < 64 ? 64 : count + count / 2;
    struct hd__timer **heap = realloc(timers->heap, capacity * sizeof heap[0]);
    if (!heap)
        return HD_E_NO_MEMORY;
    timers->heap = heap;
    timers->capacity = capacity;
    return HD_OK;
}

static struct hd__timer *at(const struct hd__timers *timers, size_t index) {
    return timers->heap[index - 1];
}

static void put(struct hd__timers *timers, struct hd__timer *timer, size_t index) {
    timers->heap[index - 1] = timer;
    timer->index = index;
}

static void rise(struct hd__timers *timers, struct hd__timer *timer) {
    size_t index = timer->index;
    for (; index > 1 && at(timers, index / 2)->due_us > timer->due_us; index /= 2)
        put(timers, at(timers, index / 2), index);
    put(timers, timer, index);
}

static size_t earlier_child(const struct hd__timers *timers, size_t index) {
    size_t child = 2 * index;
    return child < timers->count && at(timers, child + 1)->due_us < at(timers, child)->due_us ? child + 1 : child;
}

static void sink(struct hd__timers *timers, struct hd__timer *timer) {
    size_t index = timer->index;
    for (size_t child; (child = earlier_child(timers, index)) <= timers->count; index = child) {
        if (at(timers, child)->due_us >= timer->due_us)
            break;
        put(timers, at(timers, child), index);
    }
    put(timers, timer, index);
}

void hd__timers_set(struct hd__timers *timers, struct hd__timer *timer, int64_t due_us) {
    timer->due_us = due_us;
    if (!timer->index)
        put(timers, timer, ++timers->count);
    rise(timers, timer);
    sink(timers, timer);
}

void hd__timers_clear(struct hd__timers *timers, struct hd__timer *timer) {
    size_t index = timer->index;
    if (!index)
        return;
    struct hd__timer *last = at(timers, timers->count--);
    timer->index = 0;
    if (last == timer)
        return;
    put(timers, last, index);
    rise(timers, last);
    sink(timers, last);
}

struct hd__timer *hd__timers_first(const struct hd__timers *timers) {
    return timers->count ? at(timers, 1) : NULL;
}

void hd__timers_destroy(struct hd__timers *timers) {
    free(timers->heap);
}
