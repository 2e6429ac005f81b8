/* What the command line says. */
#ifndef DESK_OPTIONS_H
#define DESK_OPTIONS_H

#include "guard.h"

#include <stdint.h>

struct options {
    uint16_t port;
    const char *host;                              /* an address */
    const char *public_hosts[GUARD_HOSTS_MAX - 1]; /* one place is left for the address */
    size_t public_host_count;
    const char *tls_cert, *tls_key;
    const char *store; /* a directory, or "none"; NULL if nothing was said */
    const char *token_file;
    int has_proxy, allow_private, demo, has_viewer;
};

/* Returns -1 to go on; else the exit status, after it has printed the help or what is wrong. */
int options_read(struct options *options, int argc, char **argv);

#endif
