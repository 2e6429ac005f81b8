#include "cli/arrival.h"

#include "cli/json.h"
#include "cli/output.h"

#include <string.h>
#include <strings.h>

const char *cli_arrival_event(const struct arrival *arrival) {
    const char *named = cli_request_header(arrival->request, "X-Helmdesk-Event");
    return arrival->event ? hd_event_name(arrival->event) : named ? named : "request";
}

/* ---- Text ---- */

static void print_subject(const struct arrival *arrival) {
    const char *subject = arrival->event ? hd_event_ticket_subject(arrival->event) : NULL;
    const char *name = cli_arrival_event(arrival);
    cli_print_text(stdout, name, strlen(name));
    if (subject) {
        printf(" #%lld ", (long long)hd_event_ticket_number(arrival->event));
        cli_print_text(stdout, subject, strlen(subject));
    } else {
        printf(" %s, %zu bytes", arrival->request->method, arrival->request->body.len);
    }
}

static void print_signature(const struct arrival *arrival) {
    if (arrival->is_slack)
        return;
    printf("  %s%s signature%s", cli_color(stdout, arrival->is_signed ? COLOR_GOOD : COLOR_BAD),
           arrival->is_signed ? cli_tick() : cli_cross(), cli_plain(stdout));
}

static void print_reply(const struct arrival *arrival) {
    const struct reply *reply = arrival->reply;
    int is_good = reply->kind == REPLY_ANSWERS && reply->status < 300;
    printf("  %s[", cli_color(stdout, is_good ? COLOR_GOOD : COLOR_BAD));
    if (reply->kind == REPLY_ANSWERS)
        printf("%d", reply->status);
    else
        fputs(reply->kind == REPLY_HANGS ? "hangs" : "resets", stdout);
    printf("]%s", cli_plain(stdout));
    if (reply->delay_ms)
        printf(" after %lld ms", (long long)reply->delay_ms);
    else
        printf(" %lld ms", (long long)(arrival->took_us / 1000));
}

/* Values that open other doors. */
static int is_private(const char *name) {
    return strcasecmp(name, "Authorization") == 0 || strcasecmp(name, "Cookie") == 0 ||
           strcasecmp(name, "Proxy-Authorization") == 0;
}

static void print_whole(const struct arrival *arrival) {
    const struct request *request = arrival->request;
    printf("    %s ", request->method);
    cli_print_text(stdout, request->target, strlen(request->target));
    putchar('\n');
    for (size_t i = 0; i < request->header_count; i++) {
        const char *value = is_private(request->headers[i].name) ? "********" : request->headers[i].value;
        fputs("    ", stdout);
        cli_print_text(stdout, request->headers[i].name, strlen(request->headers[i].name));
        fputs(": ", stdout);
        cli_print_text(stdout, value, strlen(value));
        putchar('\n');
    }
    fputs("\n    ", stdout);
    cli_print_lines(stdout, request->body.data ? request->body.data : "", request->body.len);
    fputs("\n\n", stdout);
}

void cli_arrival_print(const struct arrival *arrival, int is_whole) {
    printf("%s%s -->%s ", cli_color(stdout, COLOR_DIM), cli_clock(arrival->at_ms), cli_plain(stdout));
    print_subject(arrival);
    print_signature(arrival);
    print_reply(arrival);
    putchar('\n');
    if (!arrival->is_slack && arrival->status != HD_OK)
        printf("    %s\n", hd_strerror(arrival->status));
    if (arrival->warning)
        printf("    %s\n", arrival->warning);
    if (arrival->forward_url)
        printf("    <-- [%s] POST %s (%u ms)\n", cli_post_text(&arrival->forwarded), arrival->forward_url,
               arrival->forwarded.total_ms);
    if (is_whole)
        print_whole(arrival);
}

/* ---- JSON ---- */

static json_t *headers_json(const struct request *request) {
    json_t *list = json_array();
    for (size_t i = 0; i < request->header_count; i++)
        json_array_append_new(list, json_pack("[o, o]", cli_json_string(request->headers[i].name),
                                              cli_json_string(request->headers[i].value)));
    return list;
}

static json_t *reply_json(const struct reply *reply) {
    static const char *const kinds[] = {"answers", "hangs", "resets"};
    return json_pack("{s:s, s:o, s:I}", "kind", kinds[reply->kind], "status",
                     reply->kind == REPLY_ANSWERS ? json_integer(reply->status) : json_null(), "delay_ms",
                     (json_int_t)reply->delay_ms);
}

static json_t *forward_json(const struct arrival *arrival) {
    const struct post_result *result = &arrival->forwarded;
    if (!arrival->forward_url)
        return json_null();
    return json_pack("{s:o, s:s, s:i}", "status", result->http_status ? json_integer(result->http_status) : json_null(),
                     "reason", hd_reason_name(result->reason), "ms", (int)result->total_ms);
}

static const char *signature_word(const struct arrival *arrival) {
    return arrival->is_slack                        ? "none"
           : arrival->is_signed                     ? "valid"
           : arrival->status == HD_E_HEADER_MISSING ? "missing"
                                                    : "invalid";
}

int cli_arrival_print_json(const struct arrival *arrival) {
    const struct request *request = arrival->request;
    json_t *object = json_object();
    json_object_set_new(object, "received_at", cli_json_time(arrival->at_ms));
    json_object_set_new(object, "event", cli_json_string(cli_arrival_event(arrival)));
    json_object_set_new(object, "delivery_id", cli_json_string(cli_request_header(request, "X-Helmdesk-Delivery")));
    json_object_set_new(object, "signature", json_string(signature_word(arrival)));
    json_object_set_new(object, "reason",
                        cli_json_string(arrival->status == HD_OK ? NULL : hd_status_name(arrival->status)));
    json_object_set_new(object, "ticket_number",
                        arrival->event ? json_integer(hd_event_ticket_number(arrival->event)) : json_null());
    json_object_set_new(object, "subject", cli_json_string(hd_event_ticket_subject(arrival->event)));
    json_object_set_new(object, "method", cli_json_string(request->method));
    json_object_set_new(object, "target", cli_json_string(request->target));
    json_object_set_new(object, "headers", headers_json(request));
    json_object_set_new(object, "body", cli_json_text(request->body.data, request->body.len));
    json_object_set_new(object, "reply", reply_json(arrival->reply));
    json_object_set_new(object, "warning", cli_json_string(arrival->warning));
    json_object_set_new(object, "forwarded", forward_json(arrival));
    json_object_set_new(object, "saved", cli_json_string(arrival->saved));
    return cli_json_print(object);
}
