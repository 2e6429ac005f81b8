/* The keeper in memory: what it is given is kept at once, and ends with the process. */
#ifndef HD_ENGINE_KEEP_MEMORY_H
#define HD_ENGINE_KEEP_MEMORY_H

#include "engine/ledger.h"

/* Returns HD_OK or HD_E_NO_MEMORY. */
int hd__keep_memory_new(struct hd__ledger *ledger, struct hd__keeper **keeper);

#endif
