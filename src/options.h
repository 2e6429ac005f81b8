/* What hd_client_new() copies from the program's options. */
#ifndef HD_OPTIONS_H
#define HD_OPTIONS_H

#include "base/log.h"
#include "endpoint/address.h"
#include "endpoint/identity.h"
#include "endpoint/pin.h"
#include "endpoint/proxy.h"
#include "engine/lane.h"
#include "helmdesk.h"
#include "transport/transport.h"

struct hd_options {
    size_t max_events, max_bytes;
    uint32_t max_in_flight;
    uint32_t max_connections; /* 0 for the default */
    uint32_t timeout_ms;
    uint32_t shutdown_timeout_ms;
    size_t log_max_reports, log_max_bytes;
    struct hd__policy policy;
    struct hd__pins pins;
    struct hd__rules rules;
    char *ca_file; /* NULL for the system's */
    char *user_agent;
    struct hd__proxy *proxy;           /* NULL for none */
    struct hd__identity *identity;     /* what receivers are shown that ask for a certificate; NULL for none, */
    char *certificate_file, *key_file; /* or for that of a file: the key is in the same one if it is NULL */
    struct hd__log log;                /* of which the client makes what keeps messages */
    size_t kept_messages;              /* how many; 0 for none */
    hd_store *store;                   /* NULL for none; a reference */
    int accept_mode;
    int role;
    int64_t key_window_ms;
};

/* The options that the transport needs. */
struct hd__transport_config hd__options_for_transport(const hd_options *options);

/* A copy of options, or all defaults for NULL. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__options_copy(const hd_options *options, hd_options **copy);

#endif
