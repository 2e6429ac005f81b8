/* SPDX-License-Identifier: MIT */
/** @file conformance_test.c What src/store/store.h asks of a store, of each store that there is; and that the same
 * checks notice each safeguard that is taken out of the model. STORE=name: that store alone. */
#include "store/controls.h"
#include "store/stores.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- A model without a safeguard ---- */

static void *make_without(void) {
    void *place = store_kinds[0].make();
    control_take_out(place);
    return place;
}

/* The checks that fail are not to be seen: in a process of its own, whose words go nowhere. */
static int is_noticed(const struct control *control) {
    struct store_kind kind = store_kinds[0];
    kind.make = make_without;
    control_at_hand = control;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        (void)dup2(nowhere, 1);
        (void)dup2(nowhere, 2);
        _exit(check_store(&kind) > 0 ? 0 : 1);
    }
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int check_controls(void) {
    int failed = 0;
    for (size_t i = 0; i < control_count; i++) {
        int noticed = is_noticed(&controls[i]);
        printf("# without a safeguard: %s: %s\n", controls[i].name, noticed ? "noticed" : "NOT NOTICED");
        failed += !noticed;
    }
    return failed;
}

int main(void) {
    const char *only = getenv("STORE");
    int failed = 0;
    for (size_t i = 0; i < store_kind_count; i++)
        if (!only || strcmp(only, store_kinds[i].name) == 0)
            failed += check_store(&store_kinds[i]);
    if (!only || strcmp(only, store_kinds[0].name) == 0)
        failed += check_controls();
    return failed ? 1 : 0;
}
