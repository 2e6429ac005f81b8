/* When a search of the log is to end although it has not found everything. */
#ifndef HD_STORE_DEADLINE_H
#define HD_STORE_DEADLINE_H

#include "store/store.h"

struct hd__deadline {
    const atomic_int *is_canceled; /* NULL for a search that nobody can cancel */
    int64_t until_us;              /* monotonic; 0 for none */
};

/* HD_OK while the search goes on; HD_E_CANCELED or HD_E_TIMEOUT. */
int hd__deadline_status(const struct hd__deadline *deadline);

/* The same for struct hd__log_search: the user is a deadline. */
int hd__deadline_is_over(const void *deadline);

#endif
