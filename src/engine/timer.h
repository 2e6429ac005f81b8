/* When things are due: a binary heap of timers, each of which is part of the object that waits. */
#ifndef HD_ENGINE_TIMER_H
#define HD_ENGINE_TIMER_H

#include <stddef.h>
#include <stdint.h>

struct hd__timer {
    int64_t due_us;
    size_t index; /* in the heap, from 1; 0 if it is not set */
    void *owner;
    int kind; /* what the owner is */
};

struct hd__timers {
    struct hd__timer **heap;
    size_t count, capacity;
};

/* Makes room for so many timers in all, so that setting them cannot fail. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__timers_reserve(struct hd__timers *timers, size_t count);

/* Sets a timer, or changes when it is due. */
void hd__timers_set(struct hd__timers *timers, struct hd__timer *timer, int64_t due_us);

/* Does nothing if it is not set. */
void hd__timers_clear(struct hd__timers *timers, struct hd__timer *timer);

/* The one that is due first; NULL if none is set. */
struct hd__timer *hd__timers_first(const struct hd__timers *timers);

void hd__timers_destroy(struct hd__timers *timers);

#endif
