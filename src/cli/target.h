/* Where deliveries go and what they may reach: clients and webhooks from the options of the command line. */
#ifndef HD_CLI_TARGET_H
#define HD_CLI_TARGET_H

#include "cli/args.h"
#include "helmdesk.h"

/* The client's options: --allow-private, --timeout, --resolve, --ca-file, --proxy, --client-certificate. Returns
 * CLI_OK, or says what is wrong. *options is to be freed with hd_options_free(). */
int cli_options_new(const struct args *args, hd_options **options);

/* The same, with this machine and private networks allowed whatever the command line says, and without a proxy. */
int cli_options_private(const struct args *args, hd_options **options);

/* The proxy's URL, which may hold a password: --proxy, or HELMDESK_PROXY; NULL for none. */
const char *cli_proxy(const struct args *args);

/* Its host and port, without the user name and password that may come before. */
const char *cli_proxy_host(const char *proxy);

/* Whether deliveries with these options may go to a URL at all. Returns CLI_OK, or says why not, and returns the exit
 * code. The address that its name leads to is looked at when it is connected to. args: NULL where private addresses are
 * allowed without being asked for. */
int cli_check_url(const struct args *args, const hd_options *options, const char *url);

/* The same, by the rules of the command line. */
int cli_check_url_of(const struct args *args, const char *url);

/* Says why a URL cannot be used, and returns the exit code. */
int cli_fail_url(int allows_private, int status, const char *url);

/* What to do about an address that is forbidden, with or without --allow-private. */
void cli_hint_blocked(int allows_private);

/* Sets what the options say of a webhook: --header, --standard, --attempts and, if it has them, --no-standard,
 * --name, --format, --events, --in-flight, --ordered. */
int cli_set_webhook(const struct args *args, hd_webhook *webhook);

/* The URL of an operand or option: "-" is read from standard input. To be freed. */
int cli_read_url(const char *given, char **url);

/* A URL with the path and the query of a request's target added to its own; "/" adds nothing. To be freed; NULL without
 * memory. */
char *cli_url_with(const char *url, const char *target);

/* The port of a URL. */
unsigned cli_port_of(const char *url);

/* Whether a URL is of this machine: localhost, 127.0.0.1 or [::1]. */
int cli_is_local(const char *url);

#endif
