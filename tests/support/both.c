/* SPDX-License-Identifier: MIT */
#include "both.h"

hd_client *both[2];

static hd_store *stored;

void open_both(void) {
    hd_store *store = open_store();
    take_both(client_for_tests(NULL), client_on(store), store);
}

void take_both(hd_client *without, hd_client *with, hd_store *store) {
    both[0] = without;
    both[1] = with;
    stored = store;
}

void end_both(void) {
    end_client(both[0]);
    end(both[1], stored);
}
