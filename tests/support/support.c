/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif
#if !defined(IS_SANITIZED)
#define IS_SANITIZED 0
#endif

static int64_t read_clock_ms(clockid_t clock) {
    struct timespec now;
    assert_int_equal(clock_gettime(clock, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t now_ms(void) {
    return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t wall_ms(void) {
    return read_clock_ms(CLOCK_REALTIME);
}

void sleep_ms(long duration_ms) {
    struct timespec left = {.tv_sec = duration_ms / 1000, .tv_nsec = (duration_ms % 1000) * 1000000L};
    (void)nanosleep(&left, NULL);
}

bool runs_slowly(void) {
    const char *preloaded = getenv("LD_PRELOAD"); /* valgrind puts itself there */
    return IS_SANITIZED || (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL);
}

size_t volume(size_t full) {
    return runs_slowly() ? (full + 9) / 10 : full;
}

hd_options *options_for_tests(void) {
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_allow_http(options, 1), HD_OK);
    assert_int_equal(hd_options_allow_network(options, "127.0.0.0/8"), HD_OK);
    assert_int_equal(hd_options_allow_ports(options, 1024, 65535), HD_OK);
    return options;
}

hd_options *options_with_store(hd_store *store) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    return options;
}

hd_client *client_for_tests(hd_options *options) {
    hd_client *client = NULL;
    if (options == NULL)
        options = options_for_tests();
    int status = hd_client_new(options, &client);
    hd_options_free(options);
    assert_int_equal(status, HD_OK);
    assert_non_null(client);
    return client;
}

void end_client(hd_client *client) {
    if (client == NULL)
        return;
    (void)hd_client_close(client, 0);
    hd_client_free(client);
}

hd_event *event_for_tests(int type, const char *project, int64_t number) {
    hd_event *event = NULL;
    char id[32];
    (void)snprintf(id, sizeof id, "ticket-%lld", (long long)number);
    assert_int_equal(hd_event_new(type, &event), HD_OK);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, project, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set_ticket(event, id, number, "Can't reset password", "open", "high"), HD_OK);
    assert_int_equal(hd_event_set_customer(event, "user@example.com", "Jane Smith"), HD_OK);
    return event;
}

hd_event *message_for_tests(const char *project, int64_t number, size_t letters) {
    hd_event *event = event_for_tests(HD_MESSAGE_RECEIVED, project, number);
    char *text = malloc(letters + 1);
    assert_non_null(text);
    memset(text, 'm', letters);
    text[letters] = '\0';
    int status = hd_event_set_message(event, "message-1", "customer", text);
    free(text);
    assert_int_equal(status, HD_OK);
    return event;
}

hd_webhook *webhook_for_tests(const char *id, const char *project, const char *url) {
    hd_webhook *webhook = NULL;
    char secret[160];
    int length = snprintf(secret, sizeof secret, "secret of %s", id);
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, id), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, project), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, url), HD_OK);
    assert_int_equal(hd_webhook_set_secret(webhook, secret, (size_t)length), HD_OK);
    return webhook;
}

void put_webhook(hd_client *client, hd_webhook *webhook) {
    int status = hd_client_put_webhook(client, webhook);
    hd_webhook_free(webhook);
    assert_int_equal(status, HD_OK);
}

hd_request *request_with(const char *const *names, const char *const *values, size_t count, const void *body,
                         size_t body_len) {
    hd_request *request = NULL;
    assert_int_equal(hd_request_new(&request), HD_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(hd_request_add_header(request, names[i], HD_TEXT_NUL, values[i], HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_add_body(request, body, body_len), HD_OK);
    return request;
}

hd_request *request_to(const char *method, const char *target) {
    hd_request *request = NULL;
    assert_int_equal(hd_request_new(&request), HD_OK);
    assert_int_equal(hd_request_set_method(request, method, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_set_target(request, target, HD_TEXT_NUL), HD_OK);
    return request;
}

uint64_t number_of_id(const char *id) {
    uint64_t number = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *at = id; at && *at; at++)
        number = (number ^ (unsigned char)*at) * UINT64_C(1099511628211);
    return id ? number : 0;
}

uint64_t event_of(const hd_report *report) {
    return number_of_id(hd_report_event_id(report));
}

uint64_t send_event(hd_client *client, hd_event *event) {
    char id[HD_ID_SIZE] = "";
    int status = hd_webhook_send(client, event, id);
    hd_event_free(event);
    assert_int_equal(status, HD_OK);
    assert_int_equal(strlen(id), HD_ID_SIZE - 1);
    assert_int_equal(id[14], '7'); /* RFC 9562 5.7 */
    return number_of_id(id);
}

uint64_t send_ticket(hd_client *client, int64_t number) {
    return send_event(client, event_for_tests(HD_TICKET_CREATED, PROJECT, number));
}

hd_report *next_report(hd_client *client) {
    hd_report *report = NULL;
    assert_int_equal(hd_client_next_report(client, PATIENCE_MS, &report), HD_OK);
    assert_non_null(report);
    return report;
}

void flush(hd_client *client) {
    assert_int_equal(hd_client_flush(client, PATIENCE_MS), HD_OK);
}

uint64_t counter(hd_client *client, int which) {
    return hd_client_counter(client, which);
}

void make_directory(char path[64]) {
    strcpy(path, "/tmp/helmdesk-test.XXXXXX");
    assert_non_null(mkdtemp(path));
}

void make_fast_directory(char path[64]) {
    strcpy(path, "/dev/shm/helmdesk-test.XXXXXX");
    if (!mkdtemp(path))
        make_directory(path);
}

void remove_directory(const char *path) {
    char name[512];
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        (void)unlink(name);
    }
    if (folder != NULL)
        closedir(folder);
    (void)rmdir(path);
}
