#include "cli/post.h"

#include "base/reason.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/target.h"
#include "endpoint/url.h"
#include "options.h"
#include "transport/transport.h"

#include <stdlib.h>
#include <string.h>

static int mask(const char *url, char **masked) {
    hd_webhook *webhook = NULL;
    int status = hd_webhook_new(&webhook);
    if (status == HD_OK)
        status = hd_webhook_set_url(webhook, url);
    if (status == HD_OK && !(*masked = strdup(hd_webhook_masked_url(webhook))))
        status = HD_E_NO_MEMORY;
    hd_webhook_free(webhook);
    return status;
}

int cli_shown_url(const char *url, char **shown) {
    if (!cli_is_local(url)) {
        int status = mask(url, shown);
        return status == HD_OK ? CLI_OK : cli_fail_status(status, "the URL");
    }
    *shown = strdup(url);
    return *shown ? CLI_OK : cli_no_memory();
}

/* RFC 9110 section 7.6.1, and what the transport says itself. */
static int belongs_to_connection(const char *name) {
    static const char *const names[] = {"Connection", "Content-Length",    "Expect",  "Host",    "Keep-Alive",
                                        "TE",         "Transfer-Encoding", "Trailer", "Upgrade", "User-Agent"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (hd__equal_nocase(name, names[i]))
            return 1;
    return hd__starts_nocase(name, "Proxy-") || hd__equal_nocase(name, REQUEST_RECEIVED_AT);
}

/* What a receiver of webhooks looks at. */
static int matters(const char *name) {
    return hd__starts_nocase(name, "X-Helmdesk-") || hd__starts_nocase(name, "webhook-") ||
           hd__equal_nocase(name, "Content-Type");
}

static void take_some(const struct request *request, int these_matter, struct hd__exchange *exchange,
                      size_t *left_out) {
    for (size_t i = 0; i < request->header_count; i++) {
        const struct request_header *header = &request->headers[i];
        if (belongs_to_connection(header->name) || matters(header->name) != these_matter)
            continue;
        if (exchange->field_count < HD__FIELDS_MAX)
            exchange->fields[exchange->field_count++] = (struct hd__field){header->name, header->value, 0};
        else
            ++*left_out;
    }
}

/* The transport has room for so many: what matters comes first. */
static size_t take_headers(const struct request *request, struct hd__exchange *exchange) {
    size_t left_out = 0;
    if (!cli_request_header(request, "Content-Type")) /* else libcurl says that it is a form */
        exchange->fields[exchange->field_count++] = (struct hd__field){"Content-Type", "application/octet-stream", 0};
    take_some(request, 1, exchange, &left_out);
    take_some(request, 0, exchange, &left_out);
    return left_out;
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
        .dns_ms = exchange->dns_ms,
        .connect_ms = exchange->connect_ms,
        .tls_ms = exchange->tls_ms,
        .wait_ms = exchange->wait_ms,
        .total_ms = exchange->total_ms,
        .headers = {exchange->response_headers.data, exchange->response_headers.len},
        .body = {exchange->response_body.data, exchange->response_body.len},
    };
    snprintf(result->detail, sizeof result->detail, "%s", exchange->detail);
}

static int exchange_with(struct hd__transport *transport, struct hd__exchange *exchange, struct post_result *result) {
    int status = transport->start(transport, exchange);
    if (status == HD_OK) {
        run(transport);
        take_result(exchange, result);
    }
    return status;
}

int cli_post(const hd_options *options, const char *url, const struct request *request, struct post_result *result) {
    struct hd__transport *transport = NULL;
    struct hd__url_parts parts;
    struct hd__exchange exchange = {
        .url = url,
        .parts = &parts,
        .body = request->body.data ? request->body.data : "",
        .body_len = request->body.len,
        .detail = "",
    };
    struct hd__transport_config config = hd__options_for_transport(options);
    config.max_connections = 1;
    if (has_agent(request))
        config.user_agent = cli_request_header(request, "User-Agent");
    *result = (struct post_result){.reason = 0};
    size_t left_out = take_headers(request, &exchange);
    int status = hd__url_split(url, &parts);
    if (status == HD_OK)
        status = hd__transport_new(&config, &transport);
    if (status == HD_OK)
        status = exchange_with(transport, &exchange, result);
    result->left_out = left_out;
    if (transport)
        transport->free(transport);
    hd__url_parts_free(&parts);
    return status;
}

void cli_post_free(struct post_result *result) {
    free(result->headers.data);
    free(result->body.data);
    *result = (struct post_result){.reason = 0};
}

int cli_post_code(const struct post_result *result) {
    return cli_reason_code(result->reason);
}

/* HD_REASON_HTTP_5XX is the last of those that a status alone explains. */
int cli_post_is_answered(const struct post_result *result) {
    return result->http_status != 0 && result->reason <= HD_REASON_HTTP_5XX;
}

const char *cli_post_text(const struct post_result *result) {
    static char text[32];
    if (!cli_post_is_answered(result))
        return hd_reason_name(result->reason);
    snprintf(text, sizeof text, "%d", result->http_status);
    return text;
}

const char *cli_post_explanation(const struct post_result *result) {
    return hd__explain(result->reason, result->detail);
}

/* The value of a line "name: value"; 0 if it is another. */
static int read_line(const char *line, size_t length, const char *name, char *value, size_t size) {
    size_t name_len = strlen(name);
    if (length <= name_len || line[name_len] != ':' || !hd__starts_nocase(line, name))
        return 0;
    const char *begin = line + name_len + 1, *end = line + length;
    begin += strspn(begin, " \t");
    if (begin >= end || (size_t)(end - begin) >= size)
        return 0;
    memcpy(value, begin, (size_t)(end - begin));
    value[end - begin] = '\0';
    return 1;
}

int cli_post_header(const struct post_result *result, const char *name, char *value, size_t size) {
    const char *at = result->headers.data, *end = at ? at + result->headers.len : NULL;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        if (read_line(at, length > 0 && at[length - 1] == '\r' ? length - 1 : length, name, value, size))
            return 1;
        at = stop ? stop + 1 : end;
    }
    return 0;
}
