/* A directory that requests are kept in: 000001.http, 000002.http, ... */
#ifndef HD_CLI_SAVING_H
#define HD_CLI_SAVING_H

#include "cli/request.h"

#include <stddef.h>

struct saving {
    const char *directory; /* NULL for none: nothing is kept */
    size_t last;           /* the highest number that is taken */
};

/* Makes the directory if it is not there; numbers go on from those in it. Returns CLI_OK, or says what is wrong. */
int cli_saving_begin(struct saving *saving, const char *directory);

/* Keeps a request. path becomes the file's name, "" for none. Returns CLI_OK, or says what is wrong. */
int cli_saving_add(struct saving *saving, const struct request *request, int64_t at_ms, char *path, size_t path_size);

#endif
