/* P7: each call with every one of its allocations failing in turn, once and from then on. Nothing crashes or leaks, the
 * status is HD_E_NO_MEMORY (or what mbedTLS makes of it), no out-parameter keeps a half-made thing, and the same call
 * works again afterwards. This program is linked with --wrap for the allocation functions, so that those of the
 * library's own files pass through here; the other libraries keep theirs, but for Jansson, which takes a function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/simulation.h"

#include "endpoint/webhook.h"
#include "store/job.h"
#include "store/report.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

typedef int operation(void);

static void try_operation(void *user) {
    operation *const *run = user;
    failing.armed = 1;
    int status = (*run)();
    failing.armed = 0;
    if (failing.failures > 0 && status != HD_OK)
        assert_int_equal(status, HD_E_NO_MEMORY);
    if (failing.failures == 0)
        assert_int_equal(status, HD_OK);
}

static void torture(operation *run) {
    assert_int_equal(run(), HD_OK);
    failing_in_turn(try_operation, &run, 1, 1);
    assert_int_equal(run(), HD_OK);
}

static hd_event *sample;
static hd_webhook *webhook;

static int make_sample_event(void) {
    hd_event *event;
    int status = hd_event_new_sample(HD_MESSAGE_RECEIVED, &event);
    assert_true((status == HD_OK) == (event != NULL));
    hd_event_free(event);
    return status;
}

/* With a text that is too long for the event's own memory. */
static int set_fields(void) {
    static char subject[1000];
    hd_event *event = sample;
    memset(subject, 'x', sizeof subject - 1);
    int status = hd_event_set_ticket(event, "id", 7, subject, "open", "low");
    if (status != HD_OK)
        return status;
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), subject);
    status = hd_event_set(event, HD_FIELD_TICKET_SUBJECT, subject, 300);
    if (status != HD_OK)
        return status;
    status = hd_event_set_customer(event, "a@b.c", "n");
    return status == HD_OK ? hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL) : status;
}

static int render(int format) {
    char body[4096];
    size_t len;
    int status = hd_event_render(sample, format, body, sizeof body, &len);
    if (status == HD_OK)
        assert_int_equal(strlen(body), len);
    return status;
}

static int render_json(void) {
    return render(HD_FORMAT_JSON);
}

static int render_slack(void) {
    return render(HD_FORMAT_SLACK);
}

static int parse_body(void) {
    static const char body[] =
        "{\"event\":\"ticket.merged\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{\"ticket\":{\"id\":\"1\","
        "\"number\":1234567,\"subject\":\"s\",\"status\":\"open\",\"priority\":\"low\"},\"customer\":{\"email\":\"e\","
        "\"name\":\"n\"}}}";
    hd_event *event;
    int status = hd_event_parse(body, sizeof body - 1, &event);
    assert_true((status == HD_OK) == (event != NULL));
    if (status == HD_OK) {
        assert_string_equal(hd_event_name(event), "ticket.merged");
        assert_int_equal(hd_event_ticket_number(event), 1234567);
    }
    hd_event_free(event);
    /* Jansson drops the bytes that it has no memory for and reads on, so that the fault shows as one of the text. */
    return status != HD_OK && failing.failures > 0 ? HD_E_NO_MEMORY : status;
}

/* In form, and no more: the smallest SEQUENCE that holds something. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\nMAIFAA==\n-----END CERTIFICATE-----\n"
                          "-----BEGIN PRIVATE KEY-----\nMAIFAA==\n-----END PRIVATE KEY-----\n";

static int make_webhook(void) {
    hd_webhook *made;
    int status = hd_webhook_new(&made);
    if (status == HD_OK)
        status = hd_webhook_set_project(made, "p");
    if (status == HD_OK)
        status = hd_webhook_set_header(made, "X-One", "1");
    if (status == HD_OK)
        status = hd_webhook_set_client_certificate(made, pem, sizeof pem - 1);
    if (status == HD_OK)
        status = hd_webhook_set_url(made, "https://example.com/a/long/enough/path");
    hd_webhook_free(made);
    return status;
}

static int copy_webhook(void) {
    hd_webhook *copy;
    int status = hd_webhook_copy(webhook, &copy);
    assert_true((status == HD_OK) == (copy != NULL));
    hd_webhook_free(copy);
    return status;
}

static int make_receiver(void) {
    hd_receiver *made;
    int status = hd_receiver_new(&made);
    if (status == HD_OK)
        status = hd_receiver_add_secret(made, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 38);
    if (status == HD_OK)
        status = hd_receiver_set_replay_memory(made, 10);
    hd_receiver_free(made);
    return status;
}

static hd_receiver *receiver;
static char signature[HD_SIGNATURE_SIZE];

static const char event_body[] =
    "{\"event\":\"ticket.merged\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{\"other\":{}}}";

/* A request with more headers than it has places for at first, and what a receiver makes of it. What is refused for
 * lack of memory is not remembered. */
static int accept_request(void) {
    hd_request *request = NULL;
    hd_acceptance *acceptance = NULL;
    int status = hd_request_new(&request);
    assert_true((status == HD_OK) == (request != NULL));
    (void)hd_request_set_method(request, "POST", HD_TEXT_NUL);
    (void)hd_request_set_target(request, "/hook", HD_TEXT_NUL);
    for (int i = 0; i < 20; i++)
        (void)hd_request_add_header(request, "X-Other", HD_TEXT_NUL, "value", HD_TEXT_NUL);
    (void)hd_request_add_header(request, "X-Helmdesk-Signature", HD_TEXT_NUL, signature, HD_TEXT_NUL);
    (void)hd_request_add_body(request, event_body, sizeof event_body - 1);
    if (status == HD_OK)
        status = hd_receiver_accept(receiver, request, &acceptance);
    if (status == HD_OK)
        assert_string_equal(hd_event_json(hd_acceptance_event(acceptance), NULL), event_body);
    assert_true((status == HD_OK) == (acceptance != NULL));
    hd_acceptance_forget(acceptance);
    hd_acceptance_free(acceptance);
    hd_request_free(request);
    /* Jansson drops the bytes that it has no memory for and reads on, so that the fault shows as one of the text. */
    return status != HD_OK && failing.failures > 0 ? HD_E_NO_MEMORY : status;
}

/* A request that is used again needs no memory for one of the same size. */
static void test_reset_request(void **state) {
    (void)state;
    hd_request *request = NULL;
    assert_int_equal(hd_request_new(&request), HD_OK);
    for (int round = 0; round < 2; round++) {
        failing.armed = round == 1;
        failing.until_failure = 0;
        failing.only_once = failing.failures = 0;
        (void)hd_request_set_method(request, "POST", HD_TEXT_NUL);
        (void)hd_request_set_target(request, "/hook", HD_TEXT_NUL);
        for (int i = 0; i < 20; i++)
            (void)hd_request_add_header(request, "X-Other", HD_TEXT_NUL, "value", HD_TEXT_NUL);
        for (int i = 0; i < 20; i++)
            (void)hd_request_add_body(request, event_body, sizeof event_body - 1);
        failing.armed = 0;
        assert_int_equal(hd_request_status(request), HD_OK);
        hd_request_reset(request);
    }
    hd_request_free(request);
}

static int make_options(void) {
    hd_options *options;
    int status = hd_options_new(&options);
    if (status == HD_OK)
        status = hd_options_set_user_agent(options, "agent");
    if (status == HD_OK)
        status = hd_options_set_ca_file(options, "/dev/null");
    if (status == HD_OK)
        status = hd_options_set_proxy(options, "http://user:password@proxy.example:3128");
    if (status == HD_OK)
        status = hd_options_set_client_certificate(options, pem, sizeof pem - 1);
    if (status == HD_OK)
        status = hd_options_set_client_certificate_file(options, "/certificate.pem", "/key.pem");
    hd_options_free(options);
    return status;
}

static int make_filter(void) {
    hd_log_filter *filter;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_set_project(filter, "p");
    if (status == HD_OK)
        status = hd_log_filter_set_text(filter, "t");
    hd_log_filter_free(filter);
    return status;
}

/* A whole client: its parts, its registry, its log. */
static int run_client(void) {
    hd_client *client = NULL;
    hd_options *options;
    int fd, status = hd_options_new(&options);
    if (status == HD_OK)
        status = hd_options_keep_messages(options, 10);
    if (status == HD_OK)
        status = hd_options_set_accept_mode(options, HD_ACCEPT_ASYNC);
    if (status == HD_OK)
        status = hd_client_new(options, &client);
    hd_options_free(options);
    if (status != HD_OK) {
        assert_null(client);
        return status == HD_E_TRANSPORT ? HD_E_NO_MEMORY : status;
    }
    hd_webhook *copy = NULL;
    hd_webhook_list *list = NULL;
    hd_log_page *page = NULL, *read = NULL;
    hd_log_stats *stats = NULL;
    char metrics[16384];
    size_t length;
    status = hd_client_put_webhook(client, webhook);
    if (status == HD_OK)
        status = hd_client_get_webhook(client, hd_webhook_id(webhook), &copy);
    if (status == HD_OK)
        status = hd_client_list_webhooks(client, NULL, &list);
    if (status == HD_OK)
        status = hd_log_query(client, NULL, NULL, 10, &page);
    if (status == HD_OK)
        status = hd_log_summarize(client, NULL, 0, &stats);
    if (status == HD_OK)
        status = hd_client_poll_fd(client, &fd);
    if (status == HD_OK)
        status = hd_client_metrics(client, metrics, sizeof metrics, &length);
    if (status == HD_OK)
        status = hd_log_read(client, "consumer", NULL, 10, &read);
    if (status == HD_OK)
        status = hd_log_commit(client, "consumer", read);
    hd_webhook_free(copy);
    hd_webhook_list_free(list);
    hd_log_page_free(page);
    hd_log_page_free(read);
    hd_log_stats_free(stats);
    failing.armed = 0; /* closing needs no memory, but its thread may be about to use some */
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    hd_client_free(client);
    return status;
}

/* Lets what was accepted be delivered, with memory lacking at first. Returns how many deliveries succeeded. */
static uint64_t deliver_without_memory(struct simulation *simulation, int was_armed) {
    uint64_t before = hd__worker_counter(simulation->worker, HD_COUNTER_DELIVERED);
    failing.armed = was_armed;
    for (int i = 0; i < 3; i++)
        simulation_turn(simulation);
    failing.armed = 0; /* memory is there again */
    simulation_turn(simulation);
    while (simulation->under_way_count > 0)
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    simulation_turn(simulation);
    assert_int_equal(hd__worker_counter(simulation->worker, HD_COUNTER_PENDING), 0);
    return hd__worker_counter(simulation->worker, HD_COUNTER_DELIVERED) - before;
}

/* Takes all reports that were not taken yet, and returns how many. Each has the whole head of its request; without
 * memory for it, it has none, and was delivered all the same. */
static size_t take_reports(struct simulation *simulation) {
    size_t count = 0, length;
    for (hd_report *report; (report = simulation_report(simulation)); count++) {
        const char *head = hd_report_request(report, &length);
        assert_int_equal(strlen(head), length);
        if (length > 0)
            assert_string_equal(head + length - 4, "\r\n\r\n");
        else
            assert_true(failing.failures > 0);
        hd_report_free(report);
    }
    return count;
}

/* What is counted of a webhook: all of its reports, whatever failed. */
static uint64_t measured(const struct simulation *simulation, const char *id) {
    hd_webhook *of = hd__webhooks_get(simulation->webhooks, id);
    uint64_t count =
        hd__meter_outcome(of->meter, HD_OUTCOME_DELIVERED) + hd__meter_outcome(of->meter, HD_OUTCOME_FAILED);
    hd_webhook_free(of);
    return count;
}

/* P2 under a lack of memory: the event is accepted; whatever allocation then fails, each of its two deliveries still
 * ends in exactly one report. */
static int deliver(void) {
    int was_armed = failing.armed;
    failing.armed = 0;
    struct simulation *simulation = simulation_new(10, 65536, 4);
    simulation_put(simulation, "a", 1);
    simulation_put(simulation, "b", 1);
    assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    uint64_t delivered = deliver_without_memory(simulation, was_armed);
    assert_int_equal(take_reports(simulation), 2);
    assert_int_equal(measured(simulation, "a"), 1);
    assert_int_equal(measured(simulation, "b"), 1);
    simulation_free(simulation);
    return delivered == 2 ? HD_OK : HD_E_NO_MEMORY;
}

/* The same for what is sent again: whatever fails, each of the two still says what it repeats. */
static int redeliver(void) {
    int was_armed = failing.armed;
    failing.armed = 0;
    struct simulation *simulation = simulation_new(10, 65536, 4);
    simulation_put(simulation, "a", 2);
    assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    assert_int_equal(deliver_without_memory(simulation, 0), 1);
    hd_report *first = simulation_report(simulation);
    hd_webhook *target = hd__webhooks_get(simulation->webhooks, "a");
    unsigned char id[HD__UUID_BYTES];
    for (int i = 0; i < 2; i++)
        assert_int_equal(hd__worker_redeliver(simulation->worker, first, target, id), HD_OK);
    hd_webhook_free(target);
    uint64_t delivered = deliver_without_memory(simulation, was_armed);
    for (int i = 0; i < 2; i++) {
        hd_report *again = simulation_report(simulation);
        assert_string_equal(hd_report_redelivery_of(again), hd_report_delivery_id(first));
        hd_report_free(again);
    }
    assert_int_equal(simulation_drain_reports(simulation), 0);
    hd_report_free(first);
    simulation_free(simulation);
    return delivered == 2 ? HD_OK : HD_E_NO_MEMORY;
}

#define LEFT 50

/* P2 at the close: one allocation that fails costs no record. Without any memory there cannot be one, and nothing
 * leaks. */
static int cancel(void) {
    int was_armed = failing.armed;
    failing.armed = 0;
    struct simulation *simulation = simulation_new(1000, (size_t)1 << 20, 4);
    simulation_put(simulation, "a", 1);
    for (int i = 0; i < LEFT; i++)
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    simulation_turn(simulation);
    failing.armed = was_armed;
    hd__worker_cancel_all(simulation->worker);
    failing.armed = 0;
    uint64_t canceled = hd__worker_counter(simulation->worker, HD_COUNTER_CANCELED);
    if (failing.only_once)
        assert_int_equal(canceled, LEFT);
    assert_int_equal(simulation_drain_reports(simulation), canceled);
    simulation_free(simulation);
    return canceled == LEFT ? HD_OK : HD_E_NO_MEMORY;
}

/* Nobody listens there. */
static int ask_nobody(int (*ask)(const hd_options *options, hd_report **report)) {
    hd_options *options = NULL;
    hd_report *report = NULL;
    int status = hd_options_new(&options);
    if (status == HD_OK)
        status = hd_options_allow_http(options, 1);
    if (status == HD_OK)
        status = hd_options_allow_ports(options, 1, 65535);
    if (status == HD_OK)
        status = hd_options_allow_network(options, "127.0.0.0/8");
    if (status == HD_OK)
        status = ask(options, &report);
    assert_true((status == HD_OK) == (report != NULL));
    int reason = hd_report_reason(report);
    if (status == HD_E_TRANSPORT || (report && reason == HD_REASON_INTERNAL))
        status = HD_E_NO_MEMORY;
    if (status == HD_OK)
        assert_int_equal(reason, HD_REASON_REFUSED);
    hd_report_free(report);
    hd_options_free(options);
    return status;
}

static int probe_nobody(const hd_options *options, hd_report **report) {
    return hd_probe(options, "http://127.0.0.1:1/", report);
}

static int probe(void) {
    return ask_nobody(probe_nobody);
}

static int post_to_nobody(const hd_options *options, hd_report **report) {
    return hd_post(options, "http://127.0.0.1:1/", "User-Agent: a/1\r\nX: y\r\n", "body", 4, report);
}

static int post(void) {
    return ask_nobody(post_to_nobody);
}

/* What a store has of a request. */
static int read_request(void) {
    static char head[3000];
    size_t length = 0;
    memset(head, 'x', sizeof head - 1);
    struct hd__label *label = hd__label_new("w", "", "https://example.com/");
    hd_report *report = label ? hd__report_new(NULL, sample, label) : NULL;
    if (report) {
        hd__report_set_request(report, "", 0);
        assert_string_equal(hd_report_request(report, NULL), "");
        hd__report_set_request(report, head, 100);
        hd__report_set_request(report, head, sizeof head - 1);
        const char *kept = hd_report_request(report, &length);
        assert_string_equal(kept, length > 0 ? head : "");
        assert_true(hd__report_size(report) > length);
    }
    int status = report && length > 0 ? HD_OK : HD_E_NO_MEMORY;
    hd__label_free(label);
    hd_report_free(report);
    return status;
}

static int write_report(void) {
    static char text[8192];
    struct hd__label *label = hd__label_new("w", "", "https://example.com/");
    hd_report *report = label ? hd__report_new(NULL, sample, label) : NULL;
    int status = report ? hd_report_json(report, HD_JSON_EXCHANGE, text, sizeof text, NULL) : HD_E_NO_MEMORY;
    hd__label_free(label);
    hd_report_free(report);
    return status;
}

/* A job, its copy and its JSON; what it looks for is kept as text, and read again. */
static int make_job(void) {
    char text[2048];
    hd_log_filter *filter = NULL, *again = NULL;
    hd_job *job = NULL, *copy = NULL;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_set_text(filter, "some text");
    if (status == HD_OK)
        status = hd_job_new(HD_SOURCE_DELIVERIES, filter, &job);
    if (status == HD_OK)
        status = hd__job_query_read(job->query, &again);
    if (status == HD_OK && !(copy = hd__job_copy(&job->it)))
        status = HD_E_NO_MEMORY;
    if (status == HD_OK)
        status = hd_job_json(copy, text, sizeof text, NULL);
    hd_job_free(copy);
    hd_job_free(job);
    hd_log_filter_free(again);
    hd_log_filter_free(filter);
    return status;
}

#define TORTURE(name)                                                                                                  \
    static void test_##name(void **state) {                                                                            \
        (void)state;                                                                                                   \
        torture(name);                                                                                                 \
    }

TORTURE(make_sample_event)
TORTURE(set_fields)
TORTURE(render_json)
TORTURE(render_slack)
TORTURE(parse_body)
TORTURE(make_webhook)
TORTURE(copy_webhook)
TORTURE(make_receiver)
TORTURE(accept_request)
TORTURE(make_options)
TORTURE(make_filter)
TORTURE(make_job)
TORTURE(run_client)
TORTURE(probe)
TORTURE(post)
TORTURE(read_request)
TORTURE(write_report)
TORTURE(deliver)
TORTURE(redeliver)
TORTURE(cancel)

static int set_up(void **state) {
    (void)state;
    json_set_alloc_funcs(failing_malloc, free);
    if (hd_event_new_sample(HD_MESSAGE_RECEIVED, &sample) != HD_OK || hd_webhook_new(&webhook) != HD_OK)
        return -1;
    if (hd_receiver_new(&receiver) != HD_OK || hd_receiver_add_secret(receiver, "s", 1) != HD_OK ||
        hd_receiver_set_replay_memory(receiver, 10) != HD_OK ||
        hd_sign(event_body, sizeof event_body - 1, "s", 1, signature, sizeof signature) != HD_OK)
        return -1;
    hd_webhook_set_project(webhook, "p");
    return hd_webhook_set_url(webhook, "https://example.com/");
}

static int tear_down(void **state) {
    (void)state;
    hd_event_free(sample);
    hd_webhook_free(webhook);
    hd_receiver_free(receiver);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_sample_event),
        cmocka_unit_test(test_set_fields),
        cmocka_unit_test(test_render_json),
        cmocka_unit_test(test_render_slack),
        cmocka_unit_test(test_parse_body),
        cmocka_unit_test(test_make_webhook),
        cmocka_unit_test(test_copy_webhook),
        cmocka_unit_test(test_make_options),
        cmocka_unit_test(test_make_receiver),
        cmocka_unit_test(test_accept_request),
        cmocka_unit_test(test_reset_request),
        cmocka_unit_test(test_make_filter),
        cmocka_unit_test(test_make_job),
        cmocka_unit_test(test_run_client),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_write_report),
        cmocka_unit_test(test_read_request), /* and those with a worker: */
        cmocka_unit_test(test_deliver),
        cmocka_unit_test(test_redeliver),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests_name("oom", tests, set_up, tear_down);
}
