/* The inside of a storer, for its three files: storer.c, the thread and its steps; storer_news.c, what the store
 * reports; storer_jobs.c, jobs. */
#ifndef HD_ENGINE_STORER_INSIDE_H
#define HD_ENGINE_STORER_INSIDE_H

#include "engine/storer.h"

/* Waits for memory if there is none; NULL after a while. */
void *hd__storer_realloc(struct hd__storer *storer, void *memory, size_t size);

/* The listener that gets what the store reports. */
struct hd__store_listener hd__storer_listener(struct hd__storer *storer);

/* The store is this for the client now. */
void hd__storer_take_state(struct hd__storer *storer, const struct hd__store_state *state);

/* Whether jobs run; has those that are this client's make their next steps; and has that be soon. */
int hd__storer_has_jobs(struct hd__storer *storer);
void hd__storer_run_jobs(struct hd__storer *storer);
void hd__storer_wake_jobs(struct hd__storer *storer);

#endif
