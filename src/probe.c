/* Asks a receiver without delivering anything; and what connections are made with. */
#include "probe.h"

#include "store/report.h"
#include "transport/connect.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_MS 1000

/* As an attempt of a delivery is reported. */
static int make_report(const hd_webhook *webhook, struct hd__exchange *exchange, hd_report **report) {
    hd_report *made = hd__report_new(NULL, NULL, webhook->label);
    if (!made)
        return HD_E_NO_MEMORY;
    made->outcome = exchange->reason == HD_REASON_DELIVERED ? HD_OUTCOME_DELIVERED : HD_OUTCOME_FAILED;
    made->reason = exchange->reason;
    made->attempts = 1;
    made->http_status = exchange->http_status;
    made->dns_ms = exchange->dns_ms;
    made->connect_ms = exchange->connect_ms;
    made->tls_ms = exchange->tls_ms;
    made->wait_ms = exchange->wait_ms;
    made->total_ms = exchange->total_ms;
    made->certificate_until_ms = exchange->certificate_until_s * 1000;
    memcpy(made->remote_address, exchange->remote_address, sizeof made->remote_address);
    made->response_truncated = exchange->response_truncated;
    hd__report_set_response(made, exchange->response_headers.data, exchange->response_headers.len,
                            exchange->response_body.data, exchange->response_body.len);
    (void)hd__report_set_detail(made, exchange->detail);
    *report = made;
    return HD_OK;
}

static int ask(struct hd__transport *transport, const hd_webhook *webhook, struct hd__exchange *exchange,
               hd_report **report) {
    exchange->url = webhook->url;
    exchange->parts = &webhook->parts;
    exchange->masked_target = webhook->masked_target;
    int status = transport->start(transport, exchange);
    if (status != HD_OK)
        return status;
    while (!transport->finished(transport))
        transport->wait(transport, WAIT_MS);
    status = make_report(webhook, exchange, report);
    hd__buffer_free(&exchange->response_headers);
    hd__buffer_free(&exchange->response_body);
    return status;
}

static int connect_and_ask(const hd_options *options, const char *user_agent, const hd_webhook *webhook,
                           struct hd__exchange *exchange, hd_report **report) {
    struct hd__transport_config config = hd__options_for_transport(options);
    struct hd__transport *transport = NULL;
    config.user_agent = user_agent ? user_agent : config.user_agent;
    int status = hd__transport_new(&config, &transport);
    if (status == HD_OK) {
        status = ask(transport, webhook, exchange, report);
        transport->free(transport);
    }
    return status;
}

int hd__ask(const hd_options *options, const char *url, const char *user_agent, struct hd__exchange *exchange,
            hd_report **report) {
    hd_options *own = NULL;
    hd_webhook *webhook = NULL, *snapshot = NULL;
    int status = hd__options_copy(options, &own);
    if (status == HD_OK)
        status = hd_options_check_url(own, url);
    if (status == HD_OK)
        status = hd_webhook_new(&webhook);
    if (status == HD_OK)
        status = hd_webhook_set_url(webhook, url);
    if (status == HD_OK)
        status = hd__webhook_snapshot(webhook, &snapshot);
    if (status == HD_OK)
        status = connect_and_ask(own, user_agent, snapshot, exchange, report);
    hd_webhook_free(snapshot);
    hd_webhook_free(webhook);
    hd_options_free(own);
    return status;
}

int hd_probe(const hd_options *options, const char *url, hd_report **report) {
    struct hd__exchange exchange = {.is_probe = 1, .body = "", .detail = ""};
    if (!report)
        return HD_E_INVALID;
    *report = NULL;
    return url ? hd__ask(options, url, NULL, &exchange, report) : HD_E_INVALID;
}

const char *hd_transport_libraries(void) {
    return hd__connect_prepare(NULL) == HD_OK ? hd__connect_versions() : "";
}

const char *hd_transport_authorities(void) {
    const char *place = hd__connect_prepare(NULL) == HD_OK ? hd__connect_authorities() : NULL;
    return place ? place : "";
}
