/* SPDX-License-Identifier: MIT */
#include "no_client.h"

hd_options *options;

int begin_without_client(void **state) {
    options = options_for_tests();
    return set_up(state);
}

int end_without_client(void **state) {
    hd_options_free(options);
    return tear_down(state);
}
