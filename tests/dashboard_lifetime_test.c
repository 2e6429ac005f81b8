/* SPDX-License-Identifier: MIT */
/** @file dashboard_lifetime_test.c Objects may be freed in any order, by any thread: each holds what it needs. A
 * garbage collector's finalizers promise no more than that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/child.h"
#include "support/stored.h"

#include "helmdesk/dashboard.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------------
 * A family of objects: one delivery, and everything that can be had of it
 */

struct family {
    hd_store *store;
    hd_options *options;
    hd_client *client, *client_ref, *client_as;
    hd_dashboard *dashboard;
    hd_dashboard_response *response, *stream;
    hd_event *event, *event_ref;
    hd_report *report, *report_ref;
    hd_log_filter *filter;
    hd_log_page *page;
    hd_log_stats *stats;
    hd_webhook_list *list;
    hd_webhook *webhook;
    char delivery_id[HD_ID_SIZE];
};

static hd_dashboard_response *ask_as_admin(hd_dashboard *dashboard, const char *method, const char *target,
                                           const char *body) {
    hd_request *request = NULL;
    hd_dashboard_response *response = NULL;
    assert_int_equal(hd_request_new(&request), HD_OK);
    assert_int_equal(hd_request_set_method(request, method, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_set_target(request, target, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_add_header(request, "Host", HD_TEXT_NUL, "localhost", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_add_header(request, "Content-Type", HD_TEXT_NUL, "application/json", HD_TEXT_NUL),
                     HD_OK);
    assert_int_equal(hd_request_add_body(request, body, strlen(body)), HD_OK);
    assert_int_equal(hd_dashboard_handle(dashboard, request, "ann", HD_ROLE_ADMIN, &response), HD_OK);
    hd_request_free(request);
    return response;
}

static hd_dashboard_response *get(hd_dashboard *dashboard, const char *what) {
    char target[128];
    (void)snprintf(target, sizeof target, "/api/v1/projects/" PROJECT "/%s", what);
    return ask_as_admin(dashboard, "GET", target, "");
}

/* With a new store, or without. */
static void make_family(struct family *family, int is_stored) {
    remove_directory(directory);
    make_fast_directory(directory);
    *family = (struct family){.store = is_stored ? open_store() : NULL};
    family->options = options_with_store(family->store);
    assert_int_equal(hd_client_new(family->options, &family->client), HD_OK);
    family->client_ref = hd_client_ref(family->client);
    assert_int_equal(hd_client_as(family->client, "ann", &family->client_as), HD_OK);
    put_webhook(family->client, webhook_at(WEBHOOK, "/ok"));
    family->event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    assert_int_equal(hd_webhook_send(family->client, family->event, NULL), HD_OK);
    family->report = next_report(family->client);
    strcpy(family->delivery_id, hd_report_delivery_id(family->report));
    family->event_ref = hd_event_ref(hd_report_event(family->report));
    assert_int_equal(hd_log_filter_new(&family->filter), HD_OK);
    assert_int_equal(hd_log_query(family->client, family->filter, NULL, 10, &family->page), HD_OK);
    family->report_ref = hd_report_ref(hd_log_page_at(family->page, 0));
    assert_int_equal(hd_log_summarize(family->client, family->filter, 0, &family->stats), HD_OK);
    assert_int_equal(hd_client_list_webhooks(family->client, PROJECT, &family->list), HD_OK);
    assert_int_equal(hd_webhook_copy(hd_webhook_list_at(family->list, 0), &family->webhook), HD_OK);
    assert_int_equal(hd_dashboard_new(family->client, "/", &family->dashboard), HD_OK);
    family->response = get(family->dashboard, "deliveries");
    family->stream = get(family->dashboard, "stream");
}

/* ---- What is done with each of them while it lives ---- */

static void use_event(const hd_event *event) {
    char body[1024];
    assert_int_equal(hd_event_type(event), HD_TICKET_CREATED);
    assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL), HD_OK);
    assert_non_null(strstr(body, "Can't reset password"));
}

static void use_report(const struct family *family, const hd_report *report) {
    assert_string_equal(hd_report_delivery_id(report), family->delivery_id);
    assert_string_equal(hd_report_webhook_id(report), WEBHOOK);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    use_event(hd_report_event(report));
}

/* Open or closed. */
static void use_client(const struct family *family, hd_client *client) {
    hd_log_page *page = NULL;
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_log_query(client, NULL, NULL, 10, &page), HD_OK);
    use_report(family, hd_log_page_at(page, 0));
    hd_log_page_free(page);
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    hd_webhook_free(webhook);
}

static void use_response(const struct family *family, const hd_dashboard_response *response) {
    assert_int_equal(hd_dashboard_response_status(response), 200);
    assert_non_null(strstr(hd_dashboard_response_body(response, NULL), family->delivery_id));
}

static void use_dashboard(const struct family *family) {
    hd_dashboard_response *response = get(family->dashboard, "deliveries");
    use_response(family, response);
    hd_dashboard_response_free(response);
}

static void use_stream(hd_dashboard_response *stream) {
    const char *data;
    size_t length;
    assert_int_equal(hd_dashboard_response_next(stream, 0, &data, &length), HD_OK);
    assert_true(length > 0);
}

/* ---- Their kinds, by number ---- */

enum kind {
    STORE,
    OPTIONS,
    CLIENT,
    CLIENT_REF,
    CLIENT_AS,
    DASHBOARD,
    RESPONSE,
    STREAM,
    EVENT,
    EVENT_REF,
    REPORT,
    REPORT_REF,
    FILTER,
    PAGE,
    STATS,
    LIST,
    WEBHOOK_COPY,
    KINDS
};

static void use(struct family *family, int kind) {
    switch (kind) {
    case STORE:
        assert_int_equal(hd_store_error(family->store, NULL, 0), 0);
        break;
    case OPTIONS:
        assert_int_equal(hd_options_set_user_agent(family->options, "agent"), HD_OK);
        break;
    case CLIENT:
        use_client(family, family->client);
        break;
    case CLIENT_REF:
        use_client(family, family->client_ref);
        break;
    case CLIENT_AS:
        use_client(family, family->client_as);
        break;
    case DASHBOARD:
        use_dashboard(family);
        break;
    case RESPONSE:
        use_response(family, family->response);
        break;
    case STREAM:
        use_stream(family->stream);
        break;
    case EVENT:
        use_event(family->event);
        break;
    case EVENT_REF:
        use_event(family->event_ref);
        break;
    case REPORT:
        use_report(family, family->report);
        break;
    case REPORT_REF:
        use_report(family, family->report_ref);
        break;
    case FILTER:
        assert_int_equal(hd_log_filter_set_project(family->filter, PROJECT), HD_OK);
        break;
    case PAGE:
        use_report(family, hd_log_page_at(family->page, 0));
        break;
    case STATS:
        assert_int_equal(hd_log_stats_outcome(family->stats, HD_OUTCOME_DELIVERED), 1);
        break;
    case LIST:
        assert_string_equal(hd_webhook_id(hd_webhook_list_at(family->list, 0)), WEBHOOK);
        break;
    default:
        assert_string_equal(hd_webhook_id(family->webhook), WEBHOOK);
        assert_int_equal(hd_webhook_version(family->webhook), 1);
    }
}

static void release(struct family *family, int kind) {
    switch (kind) {
    case STORE:
        hd_store_free(family->store);
        break;
    case OPTIONS:
        hd_options_free(family->options);
        break;
    case CLIENT:
        hd_client_free(family->client);
        break;
    case CLIENT_REF:
        hd_client_unref(family->client_ref);
        break;
    case CLIENT_AS:
        hd_client_unref(family->client_as);
        break;
    case DASHBOARD:
        hd_dashboard_free(family->dashboard);
        break;
    case RESPONSE:
        hd_dashboard_response_free(family->response);
        break;
    case STREAM:
        hd_dashboard_response_free(family->stream);
        break;
    case EVENT:
        hd_event_free(family->event);
        break;
    case EVENT_REF:
        hd_event_free(family->event_ref);
        break;
    case REPORT:
        hd_report_free(family->report);
        break;
    case REPORT_REF:
        hd_report_free(family->report_ref);
        break;
    case FILTER:
        hd_log_filter_free(family->filter);
        break;
    case PAGE:
        hd_log_page_free(family->page);
        break;
    case STATS:
        hd_log_stats_free(family->stats);
        break;
    case LIST:
        hd_webhook_list_free(family->list);
        break;
    default:
        hd_webhook_free(family->webhook);
    }
}

static void release_all(struct family *family) {
    for (int kind = 0; kind < KINDS; kind++)
        release(family, kind);
}

static void release_all_but_client(struct family *family) {
    for (int kind = 0; kind < KINDS; kind++)
        if (kind != CLIENT)
            release(family, kind);
}

/* How many files of the store's directory this process has open; 0 where that cannot be found out. */
static int open_files(void) {
    int count = 0;
    DIR *own = opendir("/proc/self/fd");
    for (struct dirent *entry; own && (entry = readdir(own));) {
        char link[512], path[512];
        (void)snprintf(link, sizeof link, "/proc/self/fd/%s", entry->d_name);
        ssize_t len = readlink(link, path, sizeof path);
        count += len > 0 && (size_t)len > strlen(directory) && memcmp(path, directory, strlen(directory)) == 0;
    }
    if (own)
        (void)closedir(own);
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Any order
 */

/* Frees the two in this order, then all others, and uses what is left after each. */
static void try_order(int first, int second, int is_stored) {
    struct family family;
    int order[KINDS] = {first, second};
    size_t count = 2;
    for (int kind = 0; kind < KINDS; kind++)
        if (kind != first && kind != second)
            order[count++] = kind;
    make_family(&family, is_stored);
    for (size_t done = 0; done < KINDS; done++) {
        release(&family, order[done]);
        for (size_t left = done + 1; left < KINDS && done < 2; left++)
            if (order[left] != STORE || is_stored)
                use(&family, order[left]);
    }
    assert_int_equal(open_files(), 0);
}

static void try_all_orders(int is_stored) {
    for (int first = 0; first < KINDS; first++)
        for (int second = 0; second < KINDS; second++)
            if (first != second)
                try_order(first, second, is_stored);
}

static void test_pairs_in_memory(void **state) {
    (void)state;
    try_all_orders(0);
}

static void test_pairs_with_a_store(void **state) {
    (void)state;
    try_all_orders(1);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Any thread
 */

struct finalizer {
    pthread_t thread;
    pthread_barrier_t *start;
    struct family *family;
    int kind;
};

static void *finalize(void *argument) {
    struct finalizer *finalizer = argument;
    struct family *family = finalizer->family;
    int kind = finalizer->kind;
    (void)pthread_barrier_wait(finalizer->start);
    if (kind != STORE || family->store)
        use(family, kind);
    release(family, kind);
    return NULL;
}

/* All at once. A page is closed by another thread than the ones that still look at its report. */
static void test_each_in_its_thread(void **state) {
    (void)state;
    for (size_t round = 0; round < volume(60); round++) {
        struct family family;
        struct finalizer finalizers[KINDS];
        pthread_barrier_t start;
        make_family(&family, round % 2 == 0);
        assert_int_equal(pthread_barrier_init(&start, NULL, KINDS), 0);
        for (int kind = 0; kind < KINDS; kind++) {
            finalizers[kind] = (struct finalizer){.start = &start, .family = &family, .kind = kind};
            assert_int_equal(pthread_create(&finalizers[kind].thread, NULL, finalize, &finalizers[kind]), 0);
        }
        for (int kind = 0; kind < KINDS; kind++)
            assert_int_equal(pthread_join(finalizers[kind].thread, NULL), 0);
        (void)pthread_barrier_destroy(&start);
        assert_int_equal(open_files(), 0);
    }
}

struct sharer {
    pthread_t thread;
    const hd_report *report;
};

static void *share(void *argument) {
    const struct sharer *sharer = argument;
    for (int i = 0; i < 2000; i++) {
        hd_report *report = hd_report_ref(sharer->report);
        hd_event *event = hd_event_ref(hd_report_event(report));
        hd_report_free(report);
        assert_int_equal(hd_event_type(event), HD_TICKET_CREATED);
        hd_event_free(event);
    }
    return NULL;
}

static void test_references_from_many_threads(void **state) {
    (void)state;
    struct family family;
    struct sharer sharers[4];
    make_family(&family, 0);
    for (size_t i = 0; i < 4; i++) {
        sharers[i].report = family.report;
        assert_int_equal(pthread_create(&sharers[i].thread, NULL, share, &sharers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(sharers[i].thread, NULL), 0);
    release_all(&family);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What a holder has when its owner has gone
 */

/* The client goes on to use a store that the program has freed, and closes it when it goes itself. */
static void test_store_freed_first(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_options *options = options_with_store(store);
    hd_client *client = NULL;
    hd_store_free(store);
    assert_int_equal(hd_client_new(options, &client), HD_OK);
    hd_options_free(options);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_ticket(client, 1);
    hd_report_free(next_report(client));
    assert_true(open_files() > 0 || access("/proc/self/fd", F_OK) != 0);
    hd_client_free(client);
    assert_int_equal(open_files(), 0);
    store = open_store();
    client = client_on(store);
    assert_int_equal(count_log(client), 1);
    end(client, store);
}

/* The last store that options were given is the one that they hold. */
static void test_store_of_options_replaced(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_options *options = options_with_store(store);
    hd_store_free(store);
    assert_int_equal(hd_options_set_store(options, NULL), HD_OK);
    assert_int_equal(open_files(), 0);
    store = open_store();
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    hd_store_free(store);
    hd_options_free(options);
    assert_int_equal(open_files(), 0);
}

static void assert_status(hd_dashboard *dashboard, const char *method, const char *target, const char *body,
                          int expected) {
    hd_dashboard_response *response = ask_as_admin(dashboard, method, target, body);
    if (hd_dashboard_response_status(response) != expected)
        fail_msg("%s %s: %d: %s", method, target, hd_dashboard_response_status(response),
                 hd_dashboard_response_body(response, NULL));
    hd_dashboard_response_free(response);
}

/* A client that was freed accepts and changes nothing, whoever holds it, and is quiet: its log can be read. */
static void test_closed_client_on_a_page(void **state) {
    (void)state;
    struct family family;
    char webhooks[] = "/api/v1/projects/" PROJECT "/webhooks", url[128], body[256], again[256];
    (void)snprintf(body, sizeof body, "{\"name\":\"CRM\",\"url\":\"%s\"}", server_url(server, "/ok", url, sizeof url));
    for (int is_stored = 0; is_stored < 2; is_stored++) {
        make_family(&family, is_stored);
        release(&family, CLIENT);
        hd_dashboard *dashboard = family.dashboard;
        (void)snprintf(again, sizeof again, "/api/v1/projects/" PROJECT "/deliveries/%s/redeliver", family.delivery_id);
        assert_status(dashboard, "GET", webhooks, "", 200);
        assert_status(dashboard, "POST", webhooks, body, 503);
        assert_status(dashboard, "DELETE", "/api/v1/projects/" PROJECT "/webhooks/" WEBHOOK, "{}", 503);
        assert_status(dashboard, "POST", "/api/v1/projects/" PROJECT "/webhooks/" WEBHOOK "/discard", "{}", 503);
        assert_status(dashboard, "POST", again, "{}", 503);
        assert_int_equal(hd_webhook_send(family.client_ref, family.event_ref, NULL), HD_E_CLOSED);
        assert_int_equal(hd_client_put_webhook(family.client_ref, family.webhook), HD_E_CLOSED);
        assert_int_equal(hd_client_replace_webhook(family.client_ref, family.webhook), HD_E_CLOSED);
        release_all_but_client(&family);
    }
}

/* The same for clients without a loop, of which one only reads. */
static void test_closed_client_without_a_loop(void **state) {
    (void)state;
    static const int roles[] = {HD_CLIENT_ACCEPT, HD_CLIENT_READ};
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    end_client(client);
    for (size_t i = 0; i < 2; i++) {
        hd_dashboard *dashboard = NULL;
        hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
        client = client_as(roles[i], store);
        hd_client *held = hd_client_ref(client);
        assert_int_equal(hd_dashboard_new(client, "/", &dashboard), HD_OK);
        hd_client_free(client);
        assert_status(dashboard, "GET", "/api/v1/projects/" PROJECT "/webhooks", "", 200);
        assert_int_equal(hd_webhook_send(held, event, NULL),
                         roles[i] == HD_CLIENT_READ ? HD_E_STORE_READ_ONLY : HD_E_CLOSED);
        hd_client_unref(held);
        hd_dashboard_free(dashboard);
        hd_event_free(event);
    }
    hd_store_free(store);
    assert_int_equal(open_files(), 0);
}

/* A page that nobody has collected yet does not keep the store from the next client. */
static void test_next_client_beside_a_held_one(void **state) {
    (void)state;
    struct family family;
    make_family(&family, 1);
    release(&family, CLIENT);
    hd_client *next = client_on(family.store);
    send_ticket(next, 2);
    hd_report_free(next_report(next));
    use_dashboard(&family);
    put_webhook(next, webhook_at("another", "/ok"));
    use_dashboard(&family);
    end_client(next);
    release_all_but_client(&family);
    assert_int_equal(open_files(), 0);
}

/* Whoever goes last closes a client that nobody has closed. */
static void test_last_reference_closes(void **state) {
    (void)state;
    hd_client *client = client_for_tests(NULL);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    assert_ptr_equal(hd_client_ref(client), client);
    send_ticket(client, 1);
    hd_client_unref(client);
    hd_client_unref(client);
    assert_int_equal(server_requests(server), 1);
    assert_null(hd_client_ref(NULL));
    hd_client_unref(NULL);
}

/* ---- Borrowed and kept ---- */

/* An event of the log can be sent again, and cannot be changed. */
static void test_event_of_a_report(void **state) {
    (void)state;
    for (int is_stored = 0; is_stored < 2; is_stored++) {
        struct family family;
        make_family(&family, is_stored);
        hd_event *kept = hd_event_ref(hd_report_event(family.report_ref));
        assert_ptr_equal(kept, hd_report_event(family.report_ref));
        assert_int_equal(hd_event_set_timestamp_ms(kept, 1), HD_E_SENT);
        assert_int_equal(hd_webhook_send(family.client, kept, NULL), HD_OK);
        hd_report *report = next_report(family.client);
        assert_string_not_equal(hd_report_delivery_id(report), family.delivery_id);
        hd_report_free(report);
        hd_event_free(kept);
        release_all(&family);
    }
}

/* One that is shared is changed by nobody, sent or not. */
static void test_shared_event_is_frozen(void **state) {
    (void)state;
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    assert_int_equal(hd_event_set_timestamp_ms(event, 1), HD_OK);
    hd_event *shared = hd_event_ref(event);
    assert_int_equal(hd_event_set_timestamp_ms(event, 2), HD_E_SENT);
    hd_event_free(event);
    assert_int_equal(hd_event_timestamp_ms(shared), 1);
    hd_event_free(shared);
    assert_null(hd_event_ref(NULL));
    assert_null(hd_report_ref(NULL));
}

/* A copy has all that the webhook has, and is another one. */
static void test_copy_of_a_webhook(void **state) {
    (void)state;
    hd_webhook *webhook = full_webhook(), *copy = NULL;
    assert_int_equal(hd_webhook_copy(webhook, &copy), HD_OK);
    assert_same_webhook(copy, webhook);
    assert_int_equal(hd_webhook_set_name(copy, "changed"), HD_OK);
    assert_string_not_equal(hd_webhook_name(webhook), "changed");
    hd_webhook_free(webhook);
    assert_string_equal(hd_webhook_name(copy), "changed");
    hd_webhook_free(copy);
}

/* ---- In a forked child ---- */

/* Frees everything there, from this one on and around. What is not memory is the parent's. */
static int free_in_child(struct family *family, int first) {
    const char *data;
    size_t length;
    hd_request *request = NULL;
    hd_dashboard_response *response = family->response;
    int is_right = hd_request_new(&request) == HD_OK &&
                   hd_dashboard_handle(family->dashboard, request, NULL, HD_ROLE_NONE, &response) == HD_E_FORKED &&
                   !response && hd_dashboard_response_next(family->stream, 0, &data, &length) == HD_E_FORKED &&
                   hd_options_set_store(family->options, NULL) == HD_OK;
    hd_request_free(request);
    for (int i = 0; i < KINDS; i++)
        release(family, (first + i) % KINDS);
    return is_right ? 0 : 1;
}

static void test_forked_child(void **state) {
    (void)state;
    for (int first = 0; first < KINDS; first++) {
        struct family family;
        int status = -1;
        make_family(&family, first % 2);
        pid_t child = fork();
        if (child == 0)
            end_child(free_in_child(&family, first));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        send_ticket(family.client, 2);
        hd_report_free(next_report(family.client));
        release_all(&family);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_pairs_in_memory),
        TEST(test_pairs_with_a_store),
        TEST(test_each_in_its_thread),
        TEST(test_references_from_many_threads),
        TEST(test_store_freed_first),
        TEST(test_store_of_options_replaced),
        TEST(test_closed_client_on_a_page),
        TEST(test_closed_client_without_a_loop),
        TEST(test_next_client_beside_a_held_one),
        TEST(test_last_reference_closes),
        TEST(test_event_of_a_report),
        TEST(test_shared_event_is_frozen),
        TEST(test_copy_of_a_webhook),
        TEST(test_forked_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
