/* SPDX-License-Identifier: MIT */
/** @file dashboard_oom_test.c Each request with every one of its allocations failing in turn, once and from then on: an
 * answer is whole, or says that it cannot be given, or there is none for want of memory. Linked as oom_test.c is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/server.h"
#include "support/support.h"

#include "helmdesk/dashboard.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API "/api/v1/"
#define BASE API "projects/" PROJECT

static hd_dashboard *dashboard;
static hd_client *asked; /* its client */

/* Jansson 2.14 ends the process when it has no memory to read with (an assertion in its lexer), so that its allocations
 * fail only where nothing is read. */
static int jansson_fails;

void *__real_malloc(size_t size); /* of the linker, where --wrap is given */

static void *malloc_for_jansson(size_t size) {
    return jansson_fails ? failing_malloc(size) : __real_malloc(size);
}

static hd_request *request_new(const char *method, const char *target, const char *body) {
    hd_request *request = request_to(method, target);
    assert_int_equal(hd_request_add_header(request, "Host", HD_TEXT_NUL, "localhost", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_add_header(request, "Content-Type", HD_TEXT_NUL, "application/json", HD_TEXT_NUL),
                     HD_OK);
    assert_int_equal(hd_request_add_body(request, body, body ? strlen(body) : 0), HD_OK);
    return request;
}

/* A request, and what it is answered when nothing fails. */
struct question {
    const char *method, *target, *sent;
    int status;
    char *body; /* NULL if it is another one each time */
};

/* Of the version of the webhook that is there now: a step may have been made although it could not be answered. */
static hd_request *present_request(const struct question *question) {
    hd_request *request = request_new(question->method, question->target, question->sent);
    hd_webhook *webhook = NULL;
    char tag[32];
    if (hd_client_get_webhook(asked, WEBHOOK, &webhook) == HD_OK) {
        (void)snprintf(tag, sizeof tag, "\"%u\"", (unsigned)hd_webhook_version(webhook));
        assert_int_equal(hd_request_add_header(request, "If-Match", HD_TEXT_NUL, tag, HD_TEXT_NUL), HD_OK);
    }
    hd_webhook_free(webhook);
    return request;
}

static void try_request(void *user) {
    const struct question *question = user;
    hd_dashboard_response *response = NULL;
    hd_request *request = present_request(question);
    failing.armed = 1;
    int status = hd_dashboard_handle(dashboard, request, "ann", HD_ROLE_ADMIN, &response);
    failing.armed = 0;
    hd_request_free(request);
    assert_true(status == HD_OK || (status == HD_E_NO_MEMORY && response == NULL));
    int answer = hd_dashboard_response_status(response);
    if (status == HD_OK && answer != question->status && answer != 503)
        fail_msg("allocation %ld: %d and not %d", failing.at, answer, question->status);
    if (answer == question->status && question->body)
        assert_string_equal(hd_dashboard_response_body(response, NULL), question->body);
    hd_dashboard_response_free(response);
}

static void torture(const char *method, const char *target, const char *body, int has_same_body) {
    struct question question = {.method = method, .target = target, .sent = body};
    hd_dashboard_response *response = NULL;
    hd_request *request = present_request(&question);
    assert_int_equal(hd_dashboard_handle(dashboard, request, "ann", HD_ROLE_ADMIN, &response), HD_OK);
    hd_request_free(request);
    question.status = hd_dashboard_response_status(response);
    if (has_same_body)
        question.body = strdup(hd_dashboard_response_body(response, NULL));
    hd_dashboard_response_free(response);
    jansson_fails = strcmp(method, "GET") == 0;
    failing_in_turn(try_request, &question, 1, 6);
    jansson_fails = 0;
    free(question.body);
}

static void test_every_answer(void **state) {
    (void)state;
    char target[256], url[128];
    struct server *server = server_start();
    hd_client *client = asked = client_for_tests(NULL);
    assert_int_equal(hd_dashboard_new(client, "/", &dashboard), HD_OK);
    hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, server_url(server, "/status/500", url, sizeof url));
    assert_int_equal(hd_webhook_set_header(webhook, "X-A", "b"), HD_OK);
    put_webhook(client, webhook);
    send_ticket(client, 1);
    flush(client);
    hd_report *report = next_report(client);
    torture("GET", BASE "/changes", NULL, 1); /* first, while it is short */
    torture("GET", "/", NULL, 1);
    torture("GET", API "me", NULL, 1);
    torture("GET", BASE "/events", NULL, 1);
    torture("GET", BASE "/stats?range=7d", NULL, 1);
    torture("GET", BASE "/webhooks", NULL, 1);
    torture("GET", BASE "/webhooks/" WEBHOOK, NULL, 1);
    torture("GET", BASE "/webhooks/none", NULL, 1);
    torture("POST", BASE "/webhooks", "{\"url\":\"ftp://x/\",\"events\":[],\"format\":\"x\"}", 1);
    torture("POST", BASE "/webhooks", "{\"url\":\"https://93.184.216.34/\",\"headers\":[[\"X-B\",\"c\"]]}", 0);
    torture("PATCH", BASE "/webhooks/" WEBHOOK, "{\"name\":\"n\",\"headers\":[[\"X-A\",null]]}", 0);
    torture("POST", BASE "/webhooks/" WEBHOOK "/secret/stage", "{}", 0);
    torture("POST", BASE "/webhooks/" WEBHOOK "/secret/reveal", "{}", 0);
    torture("POST", BASE "/preview", "{\"event\":\"message.received\",\"format\":\"slack\"}", 0);
    torture("POST", BASE "/check-url", "{\"url\":\"https://hooks.slack.com/x\"}", 1);
    torture("GET", BASE "/deliveries?outcome=failed&q=reset&status=5xx", NULL, 1);
    torture("GET", BASE "/deliveries/count", NULL, 1);
    torture("GET", BASE "/deliveries.ndjson", NULL, 1);
    (void)snprintf(target, sizeof target, BASE "/deliveries/%s", hd_report_delivery_id(report));
    torture("GET", target, NULL, 1);
    (void)snprintf(target, sizeof target, BASE "/deliveries/%s/request-body", hd_report_delivery_id(report));
    torture("GET", target, NULL, 1);
    torture("GET", BASE "/deliveries?outcome=x", NULL, 1);
    torture("GET", BASE "/stream", NULL, 0);
    hd_report_free(report);
    hd_dashboard_free(dashboard);
    end_client(client);
    server_stop(server);
}

int main(void) {
    json_set_alloc_funcs(malloc_for_jansson, free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
