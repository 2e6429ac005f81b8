/* SPDX-License-Identifier: MIT */
/* Safeguards of a store, each of which is taken out of the model in turn: what is to find faults in stores must notice.
 */
#ifndef TESTS_STORE_CONTROLS_H
#define TESTS_STORE_CONTROLS_H

#include "support/store_model.h"

struct control {
    const char *name; /* what is missing */
    struct store_model_faults faults;
    int is_not_explored; /* the explorer's clients have no jobs, and no record of changes: the
                            conformance suite alone notices it */
};

extern const struct control controls[];
extern const size_t control_count;

/* For store_model_set_faults(), of the control that is at hand. */
extern const struct control *control_at_hand;
void control_take_out(void *place);

#endif
