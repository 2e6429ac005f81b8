/* The store that a command works on: --store, or HELMDESK_STORE. */
#ifndef HD_CLI_PLACE_H
#define HD_CLI_PLACE_H

#include "cli/args.h"
#include "cli/json.h"
#include "helmdesk.h"

/* Other processes may use the same store at the same time, whatever a command does with it. */
enum access {
    ACCESS_READ,   /* looks */
    ACCESS_CHANGE, /* changes webhooks, and adds deliveries, which servers make */
    ACCESS_MAKE,   /* the same, and makes a store that is not there */
    ACCESS_TEST,   /* the same as ACCESS_CHANGE, and sends tests, by the rules of the command line */
    ACCESS_SERVE,  /* makes a store that is not there, and deliveries, by the rules of the command line */
    ACCESS_DELIVER /* makes deliveries, by the rules of the command line: all that wait there */
};

struct place {
    char *directory;
    enum access access;
    int has_key; /* one was given */
    hd_store *store;
    hd_client *client; /* changes that are made through it are the user's */
    hd_client *whole;  /* the same, as it was opened */
};

/* Returns CLI_OK, or says what is wrong. To be closed in both cases. */
int cli_place_open(const struct args *args, enum access access, struct place *place);

/* The same; `more`, if it is not NULL, sets more of the client's options and of the store, which has no retention: each
 * client deletes by its own. It returns CLI_OK, or says what is wrong. */
int cli_place_open_with(const struct args *args, enum access access,
                        int (*more)(const struct args *args, hd_options *options, hd_store *store),
                        struct place *place);
void cli_place_close(struct place *place);

/* Opens the store alone; and adds a client to it. */
int cli_place_open_store(const struct args *args, struct place *place);
int cli_place_add_client(const struct args *args, enum access access, struct place *place);

#define HD_KEY_SIZE 32

/* Reads a key of a store from a file. Returns CLI_OK, or says what is wrong. */
int cli_read_key_file(const char *path, unsigned char key[HD_KEY_SIZE]);

/* What the kind of store can do. The first two return a status; the last an array, NULL without one. */
int cli_place_backup(const struct place *place, const char *directory);
int cli_place_check(const struct place *place);
json_t *cli_place_clients(const struct place *place);

/* The webhook that the first operand names; to be freed. Returns CLI_OK, or says that there is none. */
int cli_place_find(const struct args *args, const struct place *place, hd_webhook **webhook);

/* Opens the store, finds the webhook that the first operand names, has it acted on, and closes the store. Returns what
 * the act does, or says why it did not come to that. */
int cli_place_act(const struct args *args, enum access access,
                  int (*act)(const struct args *args, const struct place *place, const hd_webhook *webhook));

/* Writes a changed or new one, if nobody else has changed it meanwhile. Returns CLI_OK, or says why not. */
int cli_place_put(const struct place *place, const hd_webhook *webhook);

/* Says why it was not written, and returns the exit code. */
int cli_fail_put(const struct place *place, int status);

/* Says what went wrong with it, and returns the exit code. */
int cli_fail_place(const struct place *place, int status);

#endif
