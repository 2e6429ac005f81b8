/* SPDX-License-Identifier: MIT */
/* What tests share that try the same with two clients: one without a store, and one with the store in the directory. */
#ifndef TESTS_SUPPORT_BOTH_H
#define TESTS_SUPPORT_BOTH_H

#include "support/stored.h"

extern hd_client *both[2]; /* without a store, with one */

/* Opens both; or takes those of a test, of which the second one has this store. */
void open_both(void);
void take_both(hd_client *without, hd_client *with, hd_store *store);

/* Ends both, and frees the store. */
void end_both(void);

#endif
