/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <unistd.h>

void end_child(int status) {
    if (status == 0)
        (void)execlp("true", "true", (char *)0);
    _exit(status);
}
