/* SPDX-License-Identifier: MIT */
#include "store/controls.h"

const struct control controls[] = {
    {"no fence", {.no_fence = 1}, 0},
    {"steps are applied again", {.no_applied_once = 1}, 0},
    {"steps of those who lost their lease are applied again", {.no_memory = 1}, 0},
    {"repeated steps tell of rows that others may have begun", {.no_doubt = 1}, 0},
    {"several jobs for one webhook", {.no_jobs_apart = 1}, 1},
    {"jobs run by whoever wants to", {.no_job_owner = 1}, 1},
    {"no hints of rows of others", {.no_hints = 1}, 0},
    {"no marks on what may be repeated", {.no_marks = 1}, 0},
    {"no leases", {.no_lease = 1}, 0},
    {"nobody hears of losses", {.no_lost = 1}, 0},
    {"a removal leaves no entry", {.no_notes = 1}, 1},
    {"what was refused leaves an entry", {.notes_conflicts = 1}, 1},
    {"entries are kept for ever", {.unbounded_changes = 1}, 1},
    {"any version may be replaced", {.no_versions = 1}, 0},
    {"nobody hears of changes of webhooks", {.no_changes = 1}, 0},
};
const size_t control_count = sizeof controls / sizeof controls[0];

const struct control *control_at_hand;

void control_take_out(void *place) {
    store_model_set_faults(place, control_at_hand->faults);
}
