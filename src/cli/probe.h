/* What a receiver's address leads to, by one HEAD request that delivers nothing; and what libcurl says of itself. */
#ifndef HD_CLI_PROBE_H
#define HD_CLI_PROBE_H

#include "helmdesk.h"

#include <stddef.h>

struct probe {
    char address[96]; /* and port */
    long dns_ms, connect_ms, tls_ms;
    long days_left; /* of the certificate; -1 without one */
    int has_date;
    long clock_off_s; /* the receiver's clock minus ours */
    char error[320];
};

/* Asks as a client with these options would. Returns CLI_OK if it was answered at all, whatever the answer; else
 * CLI_BLOCKED, CLI_UNREACHED or CLI_INTERNAL, and error says why. */
int probe_url(const char *url, const hd_options *options, struct probe *probe);

/* The versions of libcurl and what it uses, and of Jansson. */
void probe_versions(char *text, size_t size);

/* Where the certificate authorities are: own, or libcurl's. */
void probe_authorities(const char *own, char *text, size_t size);

#endif
