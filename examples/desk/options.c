#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE_ERROR 2

static const char help[] =
    "helmdesk-desk: a small helpdesk whose tickets fire webhooks, with the dashboard at /admin/\n"
    "\n"
    "  --port N             listen on this port (8080); 0 for any that is free\n"
    "  --host ADDRESS       listen on this address (127.0.0.1)\n"
    "  --public-host NAME   answer to this name too; may be given several times\n"
    "  --tls-cert FILE      the certificate, and --tls-key FILE its key (PEM): serve https\n"
    "  --behind-proxy       a web server in front does TLS, and passes the Host header on\n"
    "  --store DIR          keep webhooks and deliveries here (without it: in the state directory of your home);\n"
    "                       none for memory\n"
    "  --allow-private      let webhooks lead to this machine and private networks, over http, on every port\n"
    "  --demo               begin with webhooks, receivers of its own for them, and some hundred deliveries, in "
    "memory\n"
    "                       unless --store says otherwise\n"
    "  --viewer             make a second sign-in link, for somebody who may look only\n"
    "  --token-file FILE    write the sign-in links into this file, and not to the terminal\n"
    "  --help               print this\n";

enum {
    PORT = 256,
    HOST,
    PUBLIC_HOST,
    TLS_CERT,
    TLS_KEY,
    BEHIND_PROXY,
    STORE,
    ALLOW_PRIVATE,
    DEMO,
    VIEWER,
    TOKEN_FILE,
    HELP
};

static const struct option names[] = {{"port", required_argument, NULL, PORT},
                                      {"host", required_argument, NULL, HOST},
                                      {"public-host", required_argument, NULL, PUBLIC_HOST},
                                      {"tls-cert", required_argument, NULL, TLS_CERT},
                                      {"tls-key", required_argument, NULL, TLS_KEY},
                                      {"behind-proxy", no_argument, NULL, BEHIND_PROXY},
                                      {"store", required_argument, NULL, STORE},
                                      {"allow-private", no_argument, NULL, ALLOW_PRIVATE},
                                      {"demo", no_argument, NULL, DEMO},
                                      {"viewer", no_argument, NULL, VIEWER},
                                      {"token-file", required_argument, NULL, TOKEN_FILE},
                                      {"help", no_argument, NULL, HELP},
                                      {NULL, 0, NULL, 0}};

static int complain(const char *what, const char *value, const char *hint) {
    fprintf(stderr, "helmdesk-desk: %s%s%s%s\n%s\n", what, value ? " '" : "", value ? value : "", value ? "'" : "",
            hint);
    return USAGE_ERROR;
}

/* ---- Values ---- */

static int read_port(struct options *options, const char *text) {
    char *end;
    long port = strtol(text, &end, 10);
    if (end == text || *end != '\0' || port < 0 || port > 65535)
        return complain("--port cannot be", text, "It is a number from 0 (any that is free) to 65535.");
    options->port = (uint16_t)port;
    return -1;
}

static int add_public_host(struct options *options, const char *name) {
    if (options->public_host_count == sizeof options->public_hosts / sizeof *options->public_hosts)
        return complain("there are too many --public-host: this is one more:", name, "15 are the most.");
    options->public_hosts[options->public_host_count++] = name;
    return -1;
}

static int take(struct options *options, int option, const char *value) {
    switch (option) {
    case PORT:
        return read_port(options, value);
    case HOST:
        options->host = strcmp(value, "localhost") == 0 ? "127.0.0.1" : value;
        return -1;
    case PUBLIC_HOST:
        return add_public_host(options, value);
    case TLS_CERT:
        options->tls_cert = value;
        return -1;
    case TLS_KEY:
        options->tls_key = value;
        return -1;
    case BEHIND_PROXY:
        options->has_proxy = 1;
        return -1;
    case STORE:
        options->store = value;
        return -1;
    case ALLOW_PRIVATE:
        options->allow_private = 1;
        return -1;
    case DEMO:
        options->demo = 1;
        return -1;
    case VIEWER:
        options->has_viewer = 1;
        return -1;
    case TOKEN_FILE:
        options->token_file = value;
        return -1;
    case HELP:
        fputs(help, stdout);
        return 0;
    default: /* getopt_long() has said what is wrong */
        fputs("See --help.\n", stderr);
        return USAGE_ERROR;
    }
}

/* ---- Together ---- */

/* 1 for an address of this machine alone, 0 for any other, -1 for what is none. */
static int is_loopback(const char *address) {
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return -1;
}

static int check(const struct options *options) {
    int is_local = is_loopback(options->host);
    if (is_local < 0)
        return complain("--host cannot be", options->host,
                        "It is an address of this machine, such as 127.0.0.1 or ::1.");
    if (!options->tls_cert != !options->tls_key)
        return complain("--tls-cert and --tls-key belong together", NULL,
                        "Name the certificate's file, and its key's.");
    if (!is_local && options->tls_cert == NULL && !options->has_proxy)
        return complain("without TLS, the desk would be open to whoever listens on the way to", options->host,
                        "Add --tls-cert and --tls-key; or --behind-proxy, if a web server in front does TLS.");
    if (options->store != NULL && *options->store == '\0')
        return complain("--store is empty", NULL, "It is a directory; or none, to keep everything in memory.");
    return -1;
}

int options_read(struct options *options, int argc, char **argv) {
    int option, status = -1;
    *options = (struct options){.port = 8080, .host = "127.0.0.1"};
    while (status < 0 && (option = getopt_long(argc, argv, "", names, NULL)) != -1)
        status = take(options, option, optarg);
    if (status >= 0)
        return status;
    if (optind < argc)
        return complain("this is not understood:", argv[optind], "See --help.");
    return check(options);
}
