/* The `helmdesk` command: what its parts share. Each command is a function cli_run_...() in a file of its own; table.c
 * says which there are and what they take, and is where help, completion and the man page come from.
 *
 * stdout is for results, stderr for people. Exit codes are part of the interface. */
#ifndef HD_CLI_CLI_H
#define HD_CLI_CLI_H

#include <stddef.h>

/* How a command ends. */
enum {
    CLI_OK = 0,
    CLI_NEGATIVE = 1,   /* it was checked, and is not so: a bad signature, a failed delivery */
    CLI_USAGE = 2,      /* what was asked for makes no sense */
    CLI_UNREACHED = 3,  /* the receiver: name, connection, TLS, time */
    CLI_BLOCKED = 4,    /* our own rules forbid the address */
    CLI_STORE = 5,      /* the store */
    CLI_NOT_BUILT = 69, /* EX_UNAVAILABLE: this helmdesk was built without it */
    CLI_INTERNAL = 70,  /* EX_SOFTWARE: memory, the system */
    CLI_SIGNALED = 128, /* and the signal's number */
};

struct args;

int cli_run_sign(const struct args *args);
int cli_run_verify(const struct args *args);
int cli_run_payload(const struct args *args);
int cli_run_send(const struct args *args);
int cli_run_listen(const struct args *args);
int cli_run_replay(const struct args *args);
int cli_run_webhooks_list(const struct args *args);
int cli_run_webhooks_get(const struct args *args);
int cli_run_webhooks_create(const struct args *args);
int cli_run_webhooks_update(const struct args *args);
int cli_run_webhooks_delete(const struct args *args);
int cli_run_webhooks_hold(const struct args *args);
int cli_run_webhooks_on(const struct args *args);
int cli_run_webhooks_off(const struct args *args);
int cli_run_webhooks_discard(const struct args *args);
int cli_run_webhooks_test(const struct args *args);
int cli_run_webhooks_changes(const struct args *args);
int cli_run_webhooks_secret(const struct args *args);
int cli_run_deliveries_list(const struct args *args);
int cli_run_deliveries_get(const struct args *args);
int cli_run_deliveries_tail(const struct args *args);
int cli_run_deliveries_redeliver(const struct args *args);
int cli_run_deliveries_missed(const struct args *args);
int cli_run_jobs_list(const struct args *args);
int cli_run_jobs_get(const struct args *args);
int cli_run_jobs_stop(const struct args *args);
int cli_run_jobs_resume(const struct args *args);
int cli_run_deliveries_export(const struct args *args);
int cli_run_serve(const struct args *args);
int cli_run_store_backup(const struct args *args);
int cli_run_store_check(const struct args *args);
int cli_run_store_prune(const struct args *args);
int cli_run_store_rekey(const struct args *args);
int cli_run_stats(const struct args *args);
int cli_run_doctor(const struct args *args);
int cli_run_completion(const struct args *args);
int cli_run_help(const struct args *args);
int cli_run_version(const struct args *args);

#endif
