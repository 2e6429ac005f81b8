#include "cli/target.h"

#include "cli/backoff.h"
#include "cli/fields.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/pause.h"
#include "cli/rate.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

/* What --allow-private allows. Link-local addresses are always forbidden. */
static const char *const private_networks[] = {"127.0.0.0/8",   "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                               "100.64.0.0/10", "::1/128",    "fc00::/7"};

static int allow_private(hd_options *options) {
    int status = hd_options_allow_http(options, 1);
    for (size_t i = 0; i < sizeof private_networks / sizeof *private_networks && status == HD_OK; i++)
        status = hd_options_allow_network(options, private_networks[i]);
    return status == HD_OK ? hd_options_allow_ports(options, 1, 65535) : status;
}

/* HOST:PORT:ADDRESS, as curl has it; the address may be in brackets. */
static int resolve(hd_options *options, const char *given) {
    char host[256], address[64];
    const char *first = strchr(given, ':'), *second = first ? strchr(first + 1, ':') : NULL;
    char *end;
    if (!second || (size_t)(first - given) >= sizeof host || strlen(second + 1) >= sizeof address)
        return HD_E_INVALID;
    memcpy(host, given, (size_t)(first - given));
    host[first - given] = '\0';
    long port = strtol(first + 1, &end, 10);
    if (end != second || port < 1 || port > 65535)
        return HD_E_INVALID;
    strcpy(address, second[1] == '[' ? second + 2 : second + 1);
    if (second[1] == '[' && strlen(address) > 0 && address[strlen(address) - 1] == ']')
        address[strlen(address) - 1] = '\0';
    return hd_options_resolve(options, host, (uint16_t)port, address);
}

static int resolve_all(const struct args *args, hd_options *options) {
    const char *given;
    size_t index = 0;
    while ((given = cli_next_value(args, OPT_RESOLVE, &index)))
        if (resolve(options, given) != HD_OK) {
            cli_error("--resolve cannot be '%s'", given);
            cli_hint("It is a host, a port and an address: example.com:443:203.0.113.7.");
            return CLI_USAGE;
        }
    return CLI_OK;
}

/* The variable is for URLs with a password, which other users could read on a command line. */
const char *cli_proxy(const struct args *args) {
    const char *given = cli_value(args, OPT_PROXY), *variable = getenv("HELMDESK_PROXY");
    return given ? given : variable && *variable ? variable : NULL;
}

const char *cli_proxy_host(const char *proxy) {
    const char *begin = strstr(proxy, "://"), *host = begin ? begin + 3 : proxy;
    for (const char *at = strchr(host, '@'); at; at = strchr(host, '@'))
        host = at + 1;
    return host;
}

static int set_proxy(const struct args *args, hd_options *options) {
    int status = hd_options_set_proxy(options, cli_proxy(args));
    return status == HD_OK ? CLI_OK : cli_fail_status(status, cli_has(args, OPT_PROXY) ? "--proxy" : "HELMDESK_PROXY");
}

static int set_client_certificate(const struct args *args, hd_options *options) {
    const char *path = cli_value(args, OPT_CLIENT_CERTIFICATE);
    struct bytes pem = {0};
    if (!path)
        return CLI_OK;
    int code = cli_read_file(path, &pem);
    int status = code == CLI_OK ? hd_options_set_client_certificate(options, pem.data, pem.len) : HD_OK;
    cli_bytes_free(&pem);
    return status == HD_OK ? code : cli_fail_status(status, "--client-certificate");
}

static int make_options(const struct args *args, int is_private, hd_options **options) {
    int64_t timeout_ms = 5000;
    int code = cli_duration(args, OPT_TIMEOUT, 5000, &timeout_ms);
    if (code != CLI_OK)
        return code;
    int status = hd_options_new(options);
    if (status == HD_OK)
        status = hd_options_set_timeout_ms(*options, timeout_ms < 1 ? 1 : (uint32_t)timeout_ms);
    if (status == HD_OK && is_private)
        status = allow_private(*options);
    if (status == HD_OK)
        status = hd_options_set_ca_file(*options, cli_value(args, OPT_CA_FILE));
    code = status == HD_OK ? resolve_all(args, *options) : cli_fail_status(status, "options");
    if (code != CLI_OK) {
        hd_options_free(*options);
        *options = NULL;
    }
    return code;
}

int cli_options_new(const struct args *args, hd_options **options) {
    int code = make_options(args, cli_has(args, OPT_ALLOW_PRIVATE), options);
    if (code == CLI_OK)
        code = set_proxy(args, *options);
    if (code == CLI_OK)
        code = set_client_certificate(args, *options);
    if (code != CLI_OK) {
        hd_options_free(*options);
        *options = NULL;
    }
    return code;
}

int cli_options_private(const struct args *args, hd_options **options) {
    return make_options(args, 1, options);
}

void cli_hint_blocked(int allows_private) {
    if (allows_private)
        cli_hint("Link-local addresses and those of cloud metadata are never allowed.");
    else
        cli_hint("Is it a receiver of your own? Then try again with --allow-private.");
}

int cli_fail_url(int allows_private, int status, const char *url) {
    const char *why = status == HD_E_URL_SCHEME    ? "only https is allowed"
                      : status == HD_E_URL_PORT    ? "only port 443 is allowed"
                      : status == HD_E_URL_HOST    ? "its host is no public name"
                      : status == HD_E_URL_ADDRESS ? "it is not a public address"
                                                   : NULL;
    if (!why)
        return cli_fail_status(status, "the URL");
    cli_error("the URL is refused: %s", why);
    if (cli_starts_nocase(url, "http:") || cli_is_local(url) || status != HD_E_URL_SCHEME)
        cli_hint_blocked(allows_private);
    return CLI_BLOCKED;
}

/* Whether any client could take it. */
static int check_form(const char *url) {
    hd_webhook *webhook = NULL;
    int status = hd_webhook_new(&webhook);
    if (status == HD_OK)
        status = hd_webhook_set_url(webhook, url);
    hd_webhook_free(webhook);
    return status;
}

int cli_check_url(const struct args *args, const hd_options *options, const char *url) {
    int status = check_form(url);
    if (status != HD_OK)
        return cli_fail_status(status, "the URL");
    status = hd_options_check_url(options, url);
    return status == HD_OK ? CLI_OK : cli_fail_url(!args || cli_has(args, OPT_ALLOW_PRIVATE), status, url);
}

int cli_check_url_of(const struct args *args, const char *url) {
    hd_options *options = NULL;
    int code = make_options(args, cli_has(args, OPT_ALLOW_PRIVATE), &options);
    if (code == CLI_OK)
        code = cli_check_url(args, options, url);
    hd_options_free(options);
    return code;
}

/* ---- Webhooks ---- */

static int set_header(hd_webhook *webhook, const char *line) {
    char name[130];
    size_t length = strcspn(line, ":");
    const char *value = line + length + 1;
    if (line[length] != ':' || length >= sizeof name) {
        cli_error("--header cannot be '%.*s'", (int)length, line);
        cli_hint("It is a name, a colon and a value: 'X-Tenant: acme'.");
        return CLI_USAGE;
    }
    memcpy(name, line, length);
    name[length] = '\0';
    value += strspn(value, " \t");
    int status = hd_webhook_set_header(webhook, name, *value ? value : NULL);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, name);
}

static int add_events(hd_webhook *webhook, const char *name) {
    if (strcmp(name, "all") == 0) {
        for (int type = HD_TICKET_CREATED; type < HD_ALERT_FAILING; type++)
            (void)hd_webhook_set_subscribed(webhook, type, 1);
        return CLI_OK;
    }
    int type = cli_event_type(name);
    if (type == HD_EVENT_UNKNOWN)
        return CLI_USAGE;
    (void)hd_webhook_set_subscribed(webhook, type, 1);
    return CLI_OK;
}

static int set_events(hd_webhook *webhook, const char *list) {
    int code = CLI_OK;
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
        (void)hd_webhook_set_subscribed(webhook, type, 0);
    while (*list && code == CLI_OK) {
        char name[64];
        size_t length = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), list);
        code = add_events(webhook, name);
        list += length + (list[length] == ',');
    }
    return code;
}

static int set_numbers(const struct args *args, hd_webhook *webhook) {
    int64_t attempts = hd_webhook_max_attempts(webhook), in_flight = hd_webhook_max_in_flight(webhook);
    int code = cli_number(args, OPT_ATTEMPTS, 1, 20, &attempts);
    if (code == CLI_OK)
        code = cli_number(args, OPT_IN_FLIGHT, 1, 64, &in_flight);
    if (code == CLI_OK)
        code = cli_rate_set(args, webhook);
    if (code == CLI_OK)
        code = cli_backoff_set(args, webhook);
    if (code == CLI_OK)
        code = cli_pause_set(args, webhook);
    if (code != CLI_OK)
        return code;
    (void)hd_webhook_set_max_attempts(webhook, (uint32_t)attempts);
    (void)hd_webhook_set_max_in_flight(webhook, (uint32_t)in_flight);
    return CLI_OK;
}

int cli_set_webhook(const struct args *args, hd_webhook *webhook) {
    const char *name = cli_value(args, OPT_NAME), *format = cli_value(args, OPT_FORMAT);
    const char *events = cli_value(args, OPT_EVENTS), *ordered = cli_value(args, OPT_ORDERED);
    const char *mode = cli_value(args, OPT_MODE), *header;
    size_t index = 0;
    int status = name ? hd_webhook_set_name(webhook, name) : HD_OK;
    if (status != HD_OK)
        return cli_fail_status(status, "--name");
    if (format || cli_has(args, OPT_SLACK))
        (void)hd_webhook_set_format(webhook,
                                    !format || strcmp(format, "slack") == 0 ? HD_FORMAT_SLACK : HD_FORMAT_JSON);
    if (mode)
        (void)hd_webhook_set_mode(webhook, hd_mode_from_name(mode));
    if (ordered)
        (void)hd_webhook_set_ordered(webhook, strcmp(ordered, "yes") == 0);
    if (cli_has(args, OPT_STANDARD) || cli_has(args, OPT_NO_STANDARD))
        (void)hd_webhook_set_standard_headers(webhook, !cli_has(args, OPT_NO_STANDARD));
    int code = events ? set_events(webhook, events) : CLI_OK;
    while (code == CLI_OK && (header = cli_next_value(args, OPT_HEADER, &index)))
        code = set_header(webhook, header);
    return code == CLI_OK ? set_numbers(args, webhook) : code;
}

/* ---- URLs ---- */

int cli_read_url(const char *given, char **url) {
    struct bytes bytes;
    if (strcmp(given, "-") != 0) {
        *url = strdup(given);
        return *url ? CLI_OK : cli_no_memory();
    }
    int code = cli_read_file("-", &bytes);
    if (code != CLI_OK)
        return code;
    *url = bytes.data;
    (*url)[strcspn(*url, "\r\n")] = '\0';
    return CLI_OK;
}

char *cli_url_with(const char *url, const char *target) {
    size_t path = strcspn(target, "?"), own = strcspn(url, "?"), size = strlen(url) + strlen(target) + 2;
    const char *query = target + path, *own_query = url + own;
    int has_slash = own > 0 && url[own - 1] == '/', is_root = path == 1, has_both = *query && *own_query;
    char *whole = malloc(size);
    if (whole && *target != '/') /* such as "*", which is no path */
        snprintf(whole, size, "%s", url);
    else if (whole)
        snprintf(whole, size, "%.*s%.*s%s%s%s", (int)own - (has_slash && !is_root), url, is_root ? 0 : (int)path,
                 target, own_query, has_both ? "&" : "", has_both ? query + 1 : query);
    return whole;
}

int cli_is_local(const char *url) {
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = strstr(url, "://");
    for (size_t i = 0; host && i < sizeof hosts / sizeof *hosts; i++) {
        size_t length = strlen(hosts[i]);
        if (cli_starts_nocase(host + 3, hosts[i]) && strchr(":/?", host[3 + length]))
            return 1;
    }
    return 0;
}

unsigned cli_port_of(const char *url) {
    const char *host = strstr(url, "://"), *after = host && host[3] == '[' ? strchr(host, ']') : host ? host + 3 : url;
    const char *colon = after ? after + strcspn(after, ":/?") : "";
    unsigned long port = *colon == ':' ? strtoul(colon + 1, NULL, 10) : 0;
    return port ? (unsigned)port : cli_starts_nocase(url, "http:") ? 80 : 443;
}
