/* SPDX-License-Identifier: MIT */
/* What a test of a client starts with and leaves behind. */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

#include "support/server.h"
#include "support/support.h"

struct scene {
    struct server *server;
    hd_client *client; /* set by the test that wants one; ended for it */
};

/* For cmocka; *state is the scene. */
int scene_set_up(void **state);
int scene_tear_down(void **state);

#endif
