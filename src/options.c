#include "options.h"

#include "endpoint/url.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 10000000
#define BYTES_MIN 65536
#define MESSAGES_MAX 10000
#define KEY_WINDOW_MAX_MS ((int64_t)24 * 3600 * 1000)

/* "libhelmdesk/" and the version; NULL without memory. */
static char *default_user_agent(void) {
    struct hd__buffer text = {0};
    hd__buffer_text(&text, "libhelmdesk/");
    hd__buffer_text(&text, hd_version());
    if (text.failed)
        hd__buffer_free(&text);
    return text.data;
}

int hd_options_new(hd_options **options) {
    if (!options)
        return HD_E_INVALID;
    *options = NULL;
    hd_options *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->max_events = 100000;
    made->max_bytes = (size_t)256 * 1024 * 1024;
    made->max_in_flight = 256;
    made->timeout_ms = 5000;
    made->shutdown_timeout_ms = 5000;
    made->rules.alert = (struct hd__alert_rule){.failures = 5, .window_ms = 600000};
    made->log_max_reports = 10000;
    made->log_max_bytes = (size_t)64 * 1024 * 1024;
    made->accept_mode = HD_ACCEPT_FAST;
    made->role = HD_CLIENT_DELIVER;
    made->key_window_ms = (int64_t)24 * 3600 * 1000;
    made->user_agent = default_user_agent();
    if (!made->user_agent) {
        free(made);
        return HD_E_NO_MEMORY;
    }
    *options = made;
    return HD_OK;
}

void hd_options_free(hd_options *options) {
    if (!options)
        return;
    free(options->ca_file);
    free(options->user_agent);
    hd__proxy_free(options->proxy);
    hd__identity_free(options->identity);
    free(options->certificate_file);
    free(options->key_file);
    hd_store_free(options->store);
    free(options);
}

int hd__options_copy(const hd_options *options, hd_options **copy) {
    int status = hd_options_new(copy);
    if (status != HD_OK || !options)
        return status;
    char *own_user_agent = (*copy)->user_agent;
    **copy = *options;
    (*copy)->ca_file = NULL;
    (*copy)->user_agent = own_user_agent;
    (*copy)->proxy = NULL;
    (*copy)->certificate_file = (*copy)->key_file = NULL;
    hd__identity_ref(options->identity);
    hd__store_ref(options->store);
    status = hd__replace_text(&(*copy)->ca_file, options->ca_file);
    if (status == HD_OK)
        status = hd__replace_text(&(*copy)->user_agent, options->user_agent);
    if (status == HD_OK)
        status = hd__replace_text(&(*copy)->certificate_file, options->certificate_file);
    if (status == HD_OK)
        status = hd__replace_text(&(*copy)->key_file, options->key_file);
    if (status == HD_OK && options->proxy && !((*copy)->proxy = hd__proxy_copy(options->proxy)))
        status = HD_E_NO_MEMORY;
    if (status != HD_OK) {
        hd_options_free(*copy);
        *copy = NULL;
    }
    return status;
}

struct hd__transport_config hd__options_for_transport(const hd_options *options) {
    return (struct hd__transport_config){
        .timeout_ms = options->timeout_ms,
        .max_connections = options->max_connections,
        .policy = &options->policy,
        .pins = &options->pins,
        .proxy = options->proxy,
        .ca_file = options->ca_file,
        .identity = options->identity,
        .certificate_file = options->certificate_file,
        .key_file = options->key_file,
        .user_agent = options->user_agent,
    };
}

int hd_options_set_queue_limits(hd_options *options, size_t max_events, size_t max_bytes) {
    if (!options || max_events < 1 || max_events > COUNT_MAX || max_bytes < BYTES_MIN)
        return HD_E_INVALID;
    options->max_events = max_events;
    options->max_bytes = max_bytes;
    return HD_OK;
}

int hd_options_set_max_in_flight(hd_options *options, uint32_t limit) {
    if (!options || limit < 1 || limit > 65536)
        return HD_E_INVALID;
    options->max_in_flight = limit;
    return HD_OK;
}

int hd_options_set_max_connections(hd_options *options, uint32_t limit) {
    if (!options || limit < 1 || limit > 65536)
        return HD_E_INVALID;
    options->max_connections = limit;
    return HD_OK;
}

int hd_options_set_timeout_ms(hd_options *options, uint32_t timeout_ms) {
    if (!options || timeout_ms < 1 || timeout_ms > 5000)
        return HD_E_INVALID;
    options->timeout_ms = timeout_ms;
    return HD_OK;
}

int hd_options_set_shutdown_timeout_ms(hd_options *options, uint32_t timeout_ms) {
    if (!options || timeout_ms > 3600000)
        return HD_E_INVALID;
    options->shutdown_timeout_ms = timeout_ms;
    return HD_OK;
}

int hd_options_set_log_limits(hd_options *options, size_t max_reports, size_t max_bytes) {
    if (!options || max_reports < 1 || max_reports > COUNT_MAX || max_bytes < BYTES_MIN)
        return HD_E_INVALID;
    options->log_max_reports = max_reports;
    options->log_max_bytes = max_bytes;
    return HD_OK;
}

int hd_options_allow_http(hd_options *options, int on) {
    if (!options || (on != 0 && on != 1))
        return HD_E_INVALID;
    options->policy.http = on;
    return HD_OK;
}

int hd_options_allow_network(hd_options *options, const char *cidr) {
    if (!options || !cidr)
        return HD_E_INVALID;
    if (options->policy.allowed_count == HD__NETWORKS_MAX)
        return HD_E_LIMIT;
    int status = hd__network_parse(cidr, &options->policy.allowed[options->policy.allowed_count]);
    if (status == HD_OK)
        options->policy.allowed_count++;
    return status;
}

int hd_options_allow_ports(hd_options *options, uint16_t first, uint16_t last) {
    if (!options || first < 1 || last < first)
        return HD_E_INVALID;
    if (options->policy.ports_count == HD__PORTS_MAX)
        return HD_E_LIMIT;
    options->policy.ports[options->policy.ports_count++] = (struct hd__ports){first, last};
    return HD_OK;
}

int hd_options_allow_loopback(hd_options *options) {
    if (!options)
        return HD_E_INVALID;
    struct hd__policy before = options->policy;
    int status = hd_options_allow_network(options, "127.0.0.0/8");
    if (status == HD_OK)
        status = hd_options_allow_network(options, "::1/128");
    if (status == HD_OK)
        status = hd_options_allow_ports(options, 1024, 65535);
    if (status == HD_OK)
        status = hd_options_allow_http(options, 1);
    if (status != HD_OK)
        options->policy = before;
    return status;
}

int hd_options_resolve(hd_options *options, const char *host, uint16_t port, const char *address) {
    if (!options || !host || !address)
        return HD_E_INVALID;
    return hd__pins_add(&options->pins, host, port, address);
}

int hd_options_set_pause_rule(hd_options *options, uint32_t failures, uint32_t pause_ms) {
    if (!options || (failures > 0 && !hd__pause_rule_fits(failures, pause_ms)))
        return HD_E_INVALID;
    options->rules.pause = (struct hd__pause_rule){failures, pause_ms};
    return HD_OK;
}

int hd_options_set_alert_rule(hd_options *options, uint32_t failures, uint32_t window_ms) {
    if (!options || failures > 1000000 || window_ms > 86400000)
        return HD_E_INVALID;
    options->rules.alert = (struct hd__alert_rule){failures, window_ms};
    return HD_OK;
}

int hd_options_set_ca_file(hd_options *options, const char *path) {
    return options ? hd__replace_text(&options->ca_file, path) : HD_E_INVALID;
}

int hd_options_set_user_agent(hd_options *options, const char *user_agent) {
    if (!options || !user_agent)
        return HD_E_INVALID;
    if (!hd__header_value_fits(user_agent, 1, 256) || strchr(user_agent, '\t'))
        return HD_E_HEADER;
    return hd__replace_text(&options->user_agent, user_agent);
}

static void replace_certificate(hd_options *options, struct hd__identity *identity, char *certificate, char *key) {
    hd__identity_free(options->identity);
    free(options->certificate_file);
    free(options->key_file);
    options->identity = identity;
    options->certificate_file = certificate;
    options->key_file = key;
}

int hd_options_set_client_certificate(hd_options *options, const char *pem, size_t pem_len) {
    struct hd__identity *identity = NULL;
    if (!options || (!pem && pem_len))
        return HD_E_INVALID;
    int status = pem ? hd__identity_parse(pem, pem_len, &identity) : HD_OK;
    if (status == HD_OK)
        replace_certificate(options, identity, NULL, NULL);
    return status;
}

int hd_options_set_client_certificate_file(hd_options *options, const char *certificate, const char *key) {
    char *own_certificate = NULL, *own_key = NULL;
    if (!options || (key && !certificate))
        return HD_E_INVALID;
    int status = hd__replace_text(&own_certificate, certificate);
    if (status == HD_OK)
        status = hd__replace_text(&own_key, key);
    if (status == HD_OK)
        replace_certificate(options, NULL, own_certificate, own_key);
    else
        free(own_certificate);
    return status;
}

int hd_options_set_proxy(hd_options *options, const char *url) {
    struct hd__proxy *proxy = NULL;
    if (!options)
        return HD_E_INVALID;
    int status = url ? hd__proxy_parse(url, &proxy) : HD_OK;
    if (status != HD_OK)
        return status;
    hd__proxy_free(options->proxy);
    options->proxy = proxy;
    return HD_OK;
}

int hd_options_set_logger(hd_options *options, hd_logger function, void *user) {
    if (!options)
        return HD_E_INVALID;
    options->log = (struct hd__log){.function = function, .user = user};
    return HD_OK;
}

int hd_options_keep_messages(hd_options *options, size_t count) {
    if (!options || count > MESSAGES_MAX)
        return HD_E_INVALID;
    options->kept_messages = count;
    return HD_OK;
}

int hd_options_set_store(hd_options *options, hd_store *store) {
    int status = store ? hd__store_check(store) : HD_OK;
    if (!options)
        return HD_E_INVALID;
    if (status == HD_E_STORE_VERSION)
        return status;
    hd__store_ref(store);
    hd_store_free(options->store);
    options->store = store;
    return HD_OK;
}

int hd_options_set_accept_mode(hd_options *options, int mode) {
    if (!options || mode < HD_ACCEPT_FAST || mode > HD_ACCEPT_ASYNC)
        return HD_E_INVALID;
    options->accept_mode = mode;
    return HD_OK;
}

int hd_options_set_role(hd_options *options, int role) {
    if (!options || role < HD_CLIENT_DELIVER || role > HD_CLIENT_OPERATE)
        return HD_E_INVALID;
    options->role = role;
    return HD_OK;
}

int hd_options_set_idempotency_window_ms(hd_options *options, int64_t window_ms) {
    if (!options || window_ms < 1000 || window_ms > KEY_WINDOW_MAX_MS)
        return HD_E_INVALID;
    options->key_window_ms = window_ms;
    return HD_OK;
}

int hd_options_check_url(const hd_options *options, const char *url) {
    static const struct hd__policy only_public;
    int status = url ? hd__url_check(url) : HD_E_INVALID;
    return status == HD_OK ? hd__url_allowed(url, options ? &options->policy : &only_public) : status;
}
