#include "cli/answer.h"

#include "cli/slack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without memory the answer has no body. */
static void set_body(struct reply *reply, int status, const char *type, const char *body, size_t length) {
    free(reply->body.data);
    reply->body.data = malloc(length + 1);
    reply->body.len = reply->body.data ? length : 0;
    if (reply->body.data)
        memcpy(reply->body.data, body, length);
    reply->status = status;
    snprintf(reply->type, sizeof reply->type, "%s", type);
}

static void set_text(struct reply *reply, int status, const char *text) {
    set_body(reply, status, "text/plain", text, strlen(text));
}

static void set_header(struct reply *reply, const char *name, const char *value) {
    reply->name = name;
    snprintf(reply->value, sizeof reply->value, "%s", value);
}

void cli_answer_as_receiver(const struct arrival *arrival, struct reply *reply) {
    if (strcmp(arrival->request->method, "POST") != 0) {
        set_text(reply, 405, "Only POST\n");
        set_header(reply, "Allow", "POST");
    } else if (!arrival->is_signed || arrival->status == HD_E_EVENT_MISMATCH) {
        set_text(reply, hd_receiver_http_status(arrival->status), hd_strerror(arrival->status));
    } else {
        set_text(reply, 200, "OK\n");
    }
}

void cli_answer_as_slack(struct arrival *arrival, struct reply *reply) {
    struct slack_answer answer;
    cli_slack_answer(arrival->request, &answer);
    arrival->remark = answer.remark;
    set_body(reply, answer.status, "text/html", answer.word, strlen(answer.word));
}

void cli_answer_as_forwarded(const struct arrival *arrival, struct reply *reply) {
    const struct post_result *result = &arrival->forwarded;
    char type[sizeof reply->type], retry[sizeof reply->value];
    if (!cli_post_is_answered(result)) {
        set_text(reply, 502, cli_post_explanation(result));
        return;
    }
    if (!cli_post_header(result, "Content-Type", type, sizeof type))
        *type = '\0';
    size_t length;
    const char *body = hd_report_response_body(result->report, &length);
    set_body(reply, hd_report_http_status(result->report), type, body, length);
    if (cli_post_header(result, "Retry-After", retry, sizeof retry))
        set_header(reply, "Retry-After", retry);
}

/* RFC 9110 sections 15.3.5 and 15.4.5. */
static int has_no_body(int status) {
    return status == 204 || status == 304;
}

void cli_answer_as_told(const struct response *told, int is_as_slack, struct reply *reply) {
    const char *word = cli_slack_word(told->status);
    reply->kind = told->kind;
    reply->delay_ms = told->delay_ms;
    if (!told->status || (is_as_slack && told->status == 200)) /* Slack's 200 is for messages that it takes */
        return;
    reply->name = NULL;
    if (is_as_slack)
        set_body(reply, told->status, "text/html", word, strlen(word));
    else
        set_text(reply, told->status, "As told by --respond\n");
    if (has_no_body(told->status))
        set_body(reply, told->status, "", "", 0);
    if (told->status == 429)
        set_header(reply, "Retry-After", "1");
}

void cli_answer_too_late(struct reply *reply) {
    set_text(reply, 503, "The listener has ended\n");
}
