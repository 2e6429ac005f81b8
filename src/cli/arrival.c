#include "cli/arrival.h"

#include "cli/fields.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/slack.h"
#include "cli/text.h"

#include <string.h>

#define SUBJECT_SHOWN 100 /* bytes of it, in a line */

const char *cli_arrival_event(const struct arrival *arrival) {
    return arrival->event ? hd_event_name(arrival->event) : cli_request_header(arrival->request, "X-Helmdesk-Event");
}

/* ---- A line ---- */

static void print_string(const char *text) {
    cli_print_text(stdout, text, strlen(text));
}

/* Cut between two characters. */
static void print_cut(const char *text) {
    size_t length = strlen(text), shown = length;
    if (length > SUBJECT_SHOWN)
        for (shown = SUBJECT_SHOWN; shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80;)
            shown--;
    cli_print_text(stdout, text, shown);
    if (shown < length)
        fputs("...", stdout);
}

/* What it is that has no event in its body. */
static const char *kind_of(const struct arrival *arrival) {
    const char *named = cli_arrival_event(arrival);
    if (cli_is_slack_message(&arrival->request->body))
        return "slack message";
    if (arrival->is_signed)
        return "no event";
    return named ? named : "request";
}

static void print_subject(const struct arrival *arrival) {
    const char *subject = cli_subject(arrival->event);
    print_cut(arrival->event ? hd_event_name(arrival->event) : kind_of(arrival));
    if (subject) {
        printf(" #%lld ", (long long)hd_event_ticket_number(arrival->event));
        print_cut(subject);
    } else {
        fputs(", ", stdout);
        print_cut(arrival->request->method);
        if (arrival->status == HD_E_TOO_LARGE && !arrival->request->body.data)
            fputs(", a body that was too large", stdout);
        else
            printf(", %zu bytes", arrival->request->body.len);
    }
}

static void print_signature(const struct arrival *arrival) {
    if (arrival->is_as_slack)
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

/* Where there is one: most receivers have a single address. */
static void print_path(const struct arrival *arrival) {
    const char *target = arrival->request->target;
    if (arrival->is_as_slack || strcmp(target, "/") == 0)
        return;
    print_cut(target);
    putchar(' ');
}

static void print_line(const struct arrival *arrival) {
    printf("%s%s -->%s ", cli_color(stdout, COLOR_DIM), cli_clock(arrival->at_ms), cli_plain(stdout));
    print_path(arrival);
    print_subject(arrival);
    print_signature(arrival);
    print_reply(arrival);
    putchar('\n');
}

/* ---- The lines below it ---- */

/* Why the signature is wrong, or no event in the body; that a Slack message is none needs no words. */
static void print_reason(const struct arrival *arrival) {
    char text[EXPLANATION_SIZE];
    cli_explanation_text(&arrival->explanation, text, sizeof text);
    if (*text) {
        printf("    The signature %s.\n", text);
        return;
    }
    if (!arrival->is_as_slack && arrival->status != HD_OK &&
        !(arrival->is_signed && cli_is_slack_message(&arrival->request->body)))
        printf("    %s\n", hd_strerror(arrival->status));
    if (arrival->remark)
        printf("    %s\n", arrival->remark);
}

static void print_forward(const struct arrival *arrival) {
    const struct post_result *result = &arrival->forwarded;
    if (!arrival->forward_url)
        return;
    printf("         %s<--%s %s[%s]%s POST ", cli_color(stdout, COLOR_DIM), cli_plain(stdout),
           cli_color(stdout, result->reason == HD_REASON_DELIVERED ? COLOR_GOOD : COLOR_BAD), cli_post_text(result),
           cli_plain(stdout));
    print_string(arrival->forward_url);
    printf(" (%u ms)\n", hd_report_total_ms(result->report));
    if (!cli_post_is_answered(result))
        printf("    %s\n", cli_post_explanation(result));
    if (result->left_out)
        printf("    It was sent on without its last %zu headers: there are too many.\n", result->left_out);
}

/* Values that are credentials. */
static int is_private(const char *name) {
    return cli_equal_nocase(name, "Authorization") || cli_equal_nocase(name, "Cookie") ||
           cli_equal_nocase(name, "Proxy-Authorization");
}

static void print_head(const struct request *request) {
    fputs("    ", stdout);
    print_string(request->method);
    putchar(' ');
    print_string(request->target);
    putchar('\n');
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        fputs("    ", stdout);
        print_string(name);
        fputs(": ", stdout);
        print_string(is_private(name) ? "********" : request->headers[i].value);
        putchar('\n');
    }
}

static void print_body(const struct bytes *body) {
    const char *at = body->data, *end = at ? at + body->len : NULL;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        fputs("    ", stdout);
        cli_print_text(stdout, at, length);
        putchar('\n');
        at = stop ? stop + 1 : end;
    }
}

void cli_arrival_print(const struct arrival *arrival, int is_whole) {
    print_line(arrival);
    print_reason(arrival);
    print_forward(arrival);
    if (*arrival->saved && (is_whole || cli_is_verbose())) {
        fputs("    Saved as ", stdout);
        print_string(arrival->saved);
        putchar('\n');
    }
    if (is_whole) {
        print_head(arrival->request);
        putchar('\n');
        print_body(&arrival->request->body);
        putchar('\n');
    }
}

/* ---- JSON ---- */

static json_t *headers_json(const struct request *request) {
    json_t *list = json_array();
    for (size_t i = 0; i < request->header_count; i++)
        json_array_append_new(list, json_pack("[o, o]", cli_json_string(request->headers[i].name),
                                              cli_json_string(request->headers[i].value)));
    return list;
}

static json_t *answer_json(const struct reply *reply) {
    static const char *const kinds[] = {
        [REPLY_ANSWERS] = "answers", [REPLY_HANGS] = "hangs", [REPLY_RESETS] = "resets"};
    return json_pack("{s:s, s:o, s:I}", "kind", kinds[reply->kind], "status",
                     reply->kind == REPLY_ANSWERS ? json_integer(reply->status) : json_null(), "delay_ms",
                     (json_int_t)reply->delay_ms);
}

static json_t *forward_json(const struct arrival *arrival) {
    const struct post_result *result = &arrival->forwarded;
    if (!arrival->forward_url)
        return json_null();
    int http_status = hd_report_http_status(result->report);
    return json_pack("{s:o, s:o, s:s, s:I}", "url", cli_json_string(arrival->forward_url), "status",
                     http_status ? json_integer(http_status) : json_null(), "reason", hd_reason_name(result->reason),
                     "ms", (json_int_t)hd_report_total_ms(result->report));
}

static const char *signature_word(const struct arrival *arrival) {
    return arrival->is_as_slack                     ? "none"
           : arrival->is_signed                     ? "valid"
           : arrival->status == HD_E_HEADER_MISSING ? "missing"
           : arrival->status == HD_E_TOO_LARGE      ? "unchecked"
                                                    : "invalid";
}

/* What an event says of its ticket; null without one. */
static void set_ticket(json_t *object, const hd_event *event) {
    const char *subject = cli_subject(event);
    json_object_set_new(object, "ticket_number", subject ? json_integer(hd_event_ticket_number(event)) : json_null());
    json_object_set_new(object, "subject", cli_json_string(subject));
}

void cli_arrival_print_json(const struct arrival *arrival) {
    const struct request *request = arrival->request;
    json_t *object = json_object();
    json_object_set_new(object, "received_at", cli_json_time(arrival->at_ms));
    json_object_set_new(object, "event", cli_json_string(cli_arrival_event(arrival)));
    json_object_set_new(object, "delivery_id", cli_json_string(cli_request_header(request, "X-Helmdesk-Delivery")));
    json_object_set_new(object, "signature", json_string(signature_word(arrival)));
    json_object_set_new(object, "reason",
                        cli_json_string(arrival->status == HD_OK ? NULL : hd_status_name(arrival->status)));
    json_object_set_new(object, "mistakes", cli_explanation_json(&arrival->explanation));
    set_ticket(object, arrival->event);
    json_object_set_new(object, "method", cli_json_string(request->method));
    json_object_set_new(object, "target", cli_json_string(request->target));
    json_object_set_new(object, "headers", headers_json(request));
    json_object_set_new(object, "body", cli_json_text(request->body.data, request->body.len));
    json_object_set_new(object, "answer", answer_json(arrival->reply));
    json_object_set_new(object, "remark", cli_json_string(arrival->remark));
    json_object_set_new(object, "forward", forward_json(arrival));
    json_object_set_new(object, "saved", cli_json_string(*arrival->saved ? arrival->saved : NULL));
    (void)cli_json_print(object);
}
