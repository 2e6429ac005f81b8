/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <stdlib.h>

int scene_set_up(void **state) {
    struct scene *scene = calloc(1, sizeof *scene);
    *state = scene;
    if (scene != NULL)
        scene->server = server_start();
    return scene != NULL && scene->server != NULL ? 0 : -1;
}

int scene_tear_down(void **state) {
    struct scene *scene = *state;
    end_client(scene->client);
    server_stop(scene->server);
    free(scene);
    return 0;
}
