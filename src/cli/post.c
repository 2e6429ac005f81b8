#include "cli/post.h"

#include "cli/output.h"
#include "cli/report.h"
#include "endpoint/url.h"
#include "options.h"
#include "transport/transport.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 section 7.6.1, and what the transport says itself. */
static int belongs_to_connection(const char *name) {
    static const char *const names[] = {"Connection", "Content-Length",    "Expect",  "Host",    "Keep-Alive",
                                        "TE",         "Transfer-Encoding", "Trailer", "Upgrade", "User-Agent"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return 1;
    return strncasecmp(name, "Proxy-", 6) == 0 || strcasecmp(name, REQUEST_RECEIVED_AT) == 0;
}

static void take_headers(const struct request *request, struct hd__exchange *exchange) {
    for (size_t i = 0; i < request->header_count && exchange->field_count < HD__FIELDS_MAX; i++)
        if (!belongs_to_connection(request->headers[i].name))
            exchange->fields[exchange->field_count++] =
                (struct hd__field){request->headers[i].name, request->headers[i].value};
}

static int has_agent(const struct request *request) {
    const char *agent = cli_request_header(request, "User-Agent");
    return agent && *agent;
}

static void run(struct hd__transport *transport) {
    while (!transport->finished(transport))
        transport->wait(transport, 1000);
}

static void take_result(struct hd__exchange *exchange, struct post_result *result) {
    *result = (struct post_result){
        .reason = exchange->reason,
        .http_status = exchange->http_status,
        .detail = exchange->detail,
        .dns_ms = exchange->dns_ms,
        .connect_ms = exchange->connect_ms,
        .tls_ms = exchange->tls_ms,
        .wait_ms = exchange->wait_ms,
        .total_ms = exchange->total_ms,
        .headers = {exchange->response_headers.data, exchange->response_headers.len},
        .body = {exchange->response_body.data, exchange->response_body.len},
    };
}

static int exchange_with(struct hd__transport *transport, struct hd__exchange *exchange, struct post_result *result) {
    exchange->parsed_url = hd__url_parse(exchange->url);
    char *name = NULL;
    int status = exchange->parsed_url ? hd__url_target(exchange->parsed_url, &name, &exchange->port) : HD_E_NO_MEMORY;
    exchange->host = name;
    if (status == HD_OK)
        status = transport->start(transport, exchange);
    if (status == HD_OK) {
        run(transport);
        take_result(exchange, result);
    }
    free(name);
    return status;
}

int cli_post(const hd_options *options, const char *url, const struct request *request, struct post_result *result) {
    struct hd__transport *transport = NULL;
    struct hd__exchange exchange = {
        .url = url, .body = request->body.data, .body_len = request->body.len, .detail = ""};
    struct hd__transport_config config = {
        .timeout_ms = options->timeout_ms,
        .max_connections = 1,
        .policy = &options->policy,
        .pins = &options->pins,
        .ca_file = options->ca_file,
        .user_agent = has_agent(request) ? cli_request_header(request, "User-Agent") : options->user_agent,
    };
    *result = (struct post_result){.detail = ""};
    take_headers(request, &exchange);
    int status = hd__curl_new(&config, &transport);
    if (status == HD_OK)
        status = exchange_with(transport, &exchange, result);
    if (transport)
        transport->free(transport);
    hd__url_free(exchange.parsed_url);
    return status;
}

void cli_post_free(struct post_result *result) {
    free(result->headers.data);
    free(result->body.data);
    *result = (struct post_result){.detail = ""};
}

int cli_post_code(const struct post_result *result) {
    return cli_reason_code(result->reason);
}

const char *cli_post_text(const struct post_result *result) {
    static char text[32];
    if (!result->http_status)
        return hd_reason_name(result->reason);
    snprintf(text, sizeof text, "%d", result->http_status);
    return text;
}
