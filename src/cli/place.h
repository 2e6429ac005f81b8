/* The store that a command works on: --store, or HELMDESK_STORE. */
#ifndef HD_CLI_PLACE_H
#define HD_CLI_PLACE_H

#include "cli/args.h"
#include "helmdesk.h"

enum access {
    ACCESS_READ,   /* beside a server that has it open */
    ACCESS_CHANGE, /* webhooks; nothing is sent. The store is for this command alone, as for the next ones */
    ACCESS_MAKE,   /* the same, and a store that is not there is made */
    ACCESS_SEND    /* by the rules of the command line; what waits in the store is left there */
};

struct place {
    char *directory;
    hd_store *store;
    hd_client *client;
};

/* Returns CLI_OK, or says what is wrong. To be closed in both cases. */
int cli_place_open(const struct args *args, enum access access, struct place *place);
void cli_place_close(struct place *place);

/* The webhook that the first operand names; to be freed. Returns CLI_OK, or says that there is none. */
int cli_place_find(const struct args *args, const struct place *place, hd_webhook **webhook);

/* Writes a changed or new one, if nobody else has changed it meanwhile. */
int cli_place_put(const struct place *place, const hd_webhook *webhook);

/* Says what went wrong with it, and returns the exit code. */
int cli_fail_place(const struct place *place, int status);

#endif
