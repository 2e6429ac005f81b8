/* SPDX-License-Identifier: MIT */
/** @file dashboard_test.c The dashboard without a port: who may do what, what each route answers, and what it does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dashboard/route.h"
#include "support/server.h"
#include "support/support.h"

#include "helmdesk/dashboard.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUNT "/admin/hooks/"
#define API MOUNT "api/v1/"
#define CHANGES API "projects/" PROJECT "/changes"
#define WEBHOOKS API "projects/" PROJECT "/webhooks"
#define DELIVERIES API "projects/" PROJECT "/deliveries"

static struct server *server;
static hd_client *client;
static hd_dashboard *dashboard;

static int64_t ahead_ms; /* of the dashboard's clock, for what took place in its past */
int64_t __real_hd__dash_now_ms(void);
int64_t __wrap_hd__dash_now_ms(void);
static int64_t all_finished_at_ms; /* all reports say so, unless it is 0 */
int64_t __real_hd_report_finished_at_ms(const hd_report *report);
int64_t __wrap_hd_report_finished_at_ms(const hd_report *report);

int64_t __wrap_hd__dash_now_ms(void) {
    return __real_hd__dash_now_ms() + ahead_ms;
}

int64_t __wrap_hd_report_finished_at_ms(const hd_report *report) {
    return all_finished_at_ms ? all_finished_at_ms : __real_hd_report_finished_at_ms(report);
}

static int set_up(void **state) {
    (void)state;
    server = server_start();
    client = client_for_tests(NULL);
    assert_int_equal(hd_dashboard_new(client, MOUNT, &dashboard), HD_OK);
    assert_int_equal(hd_dashboard_add_project(dashboard, PROJECT), HD_OK);
    assert_int_equal(hd_dashboard_add_host(dashboard, "desk.example.com"), HD_OK);
    return server == NULL;
}

static int tear_down(void **state) {
    (void)state;
    hd_dashboard_free(dashboard);
    end_client(client);
    server_stop(server);
    return 0;
}

/* ---- Calls ---- */

static void add_header(hd_request *request, const char *name, const char *value) {
    assert_int_equal(hd_request_add_header(request, name, HD_TEXT_NUL, value, HD_TEXT_NUL), HD_OK);
}

static hd_request *request_new(const char *method, const char *target) {
    hd_request *request = request_to(method, target);
    add_header(request, "Host", "localhost:8080");
    if (strcmp(method, "GET") != 0)
        add_header(request, "content-type", "application/json");
    return request;
}

static hd_dashboard_response *send_request(hd_request *request, int role) {
    hd_dashboard_response *response = NULL;
    assert_int_equal(hd_dashboard_handle(dashboard, request, "ann", role, &response), HD_OK);
    hd_request_free(request);
    return response;
}

static hd_dashboard_response *call_as(int role, const char *method, const char *target, const char *body) {
    hd_request *request = request_new(method, target);
    if (body)
        assert_int_equal(hd_request_add_body(request, body, strlen(body)), HD_OK);
    return send_request(request, role);
}

static const char *header_of(const hd_dashboard_response *response, const char *name) {
    for (size_t i = 0; i < hd_dashboard_response_header_count(response); i++)
        if (strcmp(hd_dashboard_response_header_name(response, i), name) == 0)
            return hd_dashboard_response_header_value(response, i);
    return NULL;
}

/* What an administrator is answered, which must have this status; to be released. NULL for no JSON. */
static json_t *answer_of(int status, const char *target, hd_dashboard_response *response) {
    size_t length;
    const char *text = hd_dashboard_response_body(response, &length);
    if (hd_dashboard_response_status(response) != status)
        fail_msg("%s: %d and not %d: %s", target, hd_dashboard_response_status(response), status, text);
    json_t *value = json_loadb(text, length, 0, NULL);
    hd_dashboard_response_free(response);
    return value;
}

static json_t *call(int status, const char *method, const char *target, const char *body) {
    return answer_of(status, target, call_as(HD_ROLE_ADMIN, method, target, body));
}

static void expect_status(int status, int role, const char *method, const char *target, const char *body) {
    hd_dashboard_response *response = call_as(role, method, target, body);
    if (hd_dashboard_response_status(response) != status)
        fail_msg("%s %s: %d and not %d: %s", method, target, hd_dashboard_response_status(response), status,
                 hd_dashboard_response_body(response, NULL));
    hd_dashboard_response_free(response);
}

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    if (!text)
        fail_msg("no text %s", name);
    return text;
}

static json_t *first_of(const json_t *answer) {
    return json_array_get(json_object_get(answer, "data"), 0);
}

/* Makes a webhook at a path of the server; its id is to be freed. */
static char *create(const char *path) {
    char url[256], body[512];
    (void)server_url(server, path, url, sizeof url);
    (void)snprintf(body, sizeof body, "{\"name\":\"CRM\",\"url\":\"%s\",\"events\":[\"ticket.created\"]}", url);
    json_t *webhook = call(201, "POST", WEBHOOKS, body);
    assert_true(strncmp(text_of(webhook, "secret"), "whsec_", 6) == 0);
    char *id = strdup(text_of(webhook, "id"));
    json_decref(webhook);
    return id;
}

/* The version that is there now. */
static void add_version(hd_request *request, const char *id) {
    hd_webhook *webhook = NULL;
    char tag[32];
    assert_int_equal(hd_client_get_webhook(client, id, &webhook), HD_OK);
    (void)snprintf(tag, sizeof tag, "\"%u\"", (unsigned)hd_webhook_version(webhook));
    hd_webhook_free(webhook);
    add_header(request, "If-Match", tag);
}

static json_t *on_webhook(int status, const char *method, const char *id, const char *rest, const char *body) {
    char target[512];
    (void)snprintf(target, sizeof target, WEBHOOKS "/%s%s", id, rest);
    hd_request *request = request_new(method, target);
    if (body)
        assert_int_equal(hd_request_add_body(request, body, strlen(body)), HD_OK);
    if (strncmp(rest, "/secret/", 8) == 0)
        add_version(request, id);
    return answer_of(status, target, send_request(request, HD_ROLE_ADMIN));
}

/* ---- The door ---- */

static void test_arguments(void **state) {
    (void)state;
    static const char *const bad_mounts[] = {"", "x/", "/x", "/x//y/", "/x y/", "/\"/"};
    hd_dashboard *made = NULL;
    char name[130];
    hd_dashboard_response *response = NULL;
    for (size_t i = 0; i < sizeof bad_mounts / sizeof *bad_mounts; i++)
        assert_int_equal(hd_dashboard_new(client, bad_mounts[i], &made), HD_E_INVALID);
    assert_int_equal(hd_dashboard_new(NULL, "/", &made), HD_E_INVALID);
    assert_int_equal(hd_dashboard_add_host(dashboard, "a/b"), HD_E_URL_HOST);
    assert_int_equal(hd_dashboard_add_project(dashboard, "a b"), HD_E_PROJECT);
    hd_request *request = request_new("GET", MOUNT);
    memset(name, 'n', sizeof name);
    name[129] = '\0';
    assert_int_equal(hd_dashboard_handle(dashboard, NULL, "x", HD_ROLE_ADMIN, &response), HD_E_INVALID);
    assert_int_equal(hd_dashboard_handle(NULL, request, "x", HD_ROLE_ADMIN, &response), HD_E_INVALID);
    assert_int_equal(hd_dashboard_handle(dashboard, request, "x", HD_ROLE_ADMIN, NULL), HD_E_INVALID);
    assert_int_equal(hd_dashboard_handle(dashboard, request, "x", -1, &response), HD_E_INVALID);
    assert_int_equal(hd_dashboard_handle(dashboard, request, name, HD_ROLE_ADMIN, &response), HD_E_INVALID);
    assert_null(response);
    name[128] = '\0';
    assert_int_equal(hd_dashboard_handle(dashboard, request, name, HD_ROLE_ADMIN, &response), HD_OK);
    assert_int_equal(hd_dashboard_response_status(response), 200);
    hd_dashboard_response_free(response);
    assert_int_equal(hd_dashboard_handle(dashboard, request, NULL, HD_ROLE_NONE, &response), HD_OK);
    assert_int_equal(hd_dashboard_response_status(response), 200);
    hd_dashboard_response_free(response);
    hd_request_free(request);
    hd_dashboard_response_free(NULL);
    hd_dashboard_free(NULL);
}

/* Every route there is: nobody gets 401, who may only look gets 403 where something changes. */
static void test_roles(void **state) {
    (void)state;
    for (size_t i = 0; i < hd__route_count; i++) {
        const struct hd__route *route = &hd__routes[i];
        char target[256] = API;
        for (const char *at = route->pattern; *at; at++)
            (void)snprintf(target + strlen(target), sizeof target - strlen(target), *at == '*' ? "nobody" : "%c", *at);
        expect_status(401, HD_ROLE_NONE, route->method, target, NULL);
        hd_dashboard_response *response = call_as(HD_ROLE_VIEWER, route->method, target, NULL);
        int status = hd_dashboard_response_status(response);
        if ((status == 403) != (route->role == HD_ROLE_ADMIN) || status == 401)
            fail_msg("%s %s answers %d to a viewer", route->method, target, status);
        assert_string_equal(header_of(response, "Cache-Control"), "no-store");
        assert_non_null(strstr(header_of(response, "Content-Security-Policy"), "require-trusted-types-for 'script'"));
        hd_dashboard_response_free(response);
        expect_status(405, HD_ROLE_ADMIN, "PUT", target, NULL);
    }
}

struct door {
    const char *method, *headers[6];
    int status;
};

static void test_door(void **state) {
    (void)state;
    static const struct door doors[] = {
        {"GET", {"Host", "localhost"}, 200},
        {"GET", {"Host", "127.0.0.1:8080"}, 200},
        {"GET", {"Host", "[::1]:8080"}, 200},
        {"GET", {"Host", "DESK.example.com"}, 200},
        {"GET", {"Host", "evil.example.com"}, 421},
        {"GET", {"Host", "localhost.example.com"}, 421},
        {"GET", {NULL}, 400},
        {"GET", {"Host", "localhost", "Host", "localhost"}, 400},
        {"GET", {"Host", "localhost", "Content-Length", "0", "content-length", "0"}, 400},
        {"GET", {"Host", "localhost", "Content-Length", "0", "Transfer-Encoding", "chunked"}, 400},
        {"GET", {"Host", "localhost", "Sec-Fetch-Site", "cross-site"}, 200},
        {"POST", {"Host", "localhost", "Content-Type", "application/json"}, 404},
        {"POST", {"Host", "localhost", "Content-Type", "application/json; charset=utf-8"}, 404},
        {"POST", {"Host", "localhost", "Content-Type", "text/plain"}, 415},
        {"POST", {"Host", "localhost", "Content-Type", "application/jsonp"}, 415},
        {"POST", {"Host", "localhost"}, 415},
        {"POST", {"Host", "localhost", "Content-Type", "application/json", "Sec-Fetch-Site", "same-origin"}, 404},
        {"POST", {"Host", "localhost", "Content-Type", "application/json", "Sec-Fetch-Site", "none"}, 404},
        {"POST", {"Host", "localhost", "Content-Type", "application/json", "Sec-Fetch-Site", "same-site"}, 403},
        {"POST", {"Host", "localhost", "Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"}, 403},
        {"POST", {"Host", "localhost:1", "Content-Type", "application/json", "Origin", "http://localhost:1"}, 404},
        {"POST", {"Host", "localhost:1", "Content-Type", "application/json", "Origin", "http://localhost:2"}, 403},
        {"POST", {"Host", "localhost", "Content-Type", "application/json", "Origin", "null"}, 403},
        {"DELETE", {"Host", "localhost", "Origin", "https://evil.example.com"}, 403},
    };
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        const struct door *door = &doors[i];
        const char *target = strcmp(door->method, "GET") == 0 ? API "me" : WEBHOOKS "/none/hold";
        if (strcmp(door->method, "DELETE") == 0)
            target = WEBHOOKS "/none";
        hd_request *request = request_to(door->method, target);
        for (size_t j = 0; j < 6 && door->headers[j]; j += 2)
            add_header(request, door->headers[j], door->headers[j + 1]);
        hd_dashboard_response *response = send_request(request, HD_ROLE_ADMIN);
        if (hd_dashboard_response_status(response) != door->status)
            fail_msg("door %zu: %d and not %d", i, hd_dashboard_response_status(response), door->status);
        hd_dashboard_response_free(response);
    }
}

/* A request that could not be filled as it came is refused, whatever else is right about it. */
static void test_requests_that_failed(void **state) {
    (void)state;
    char *large = calloc(1, 3 * 1024 * 1024);
    hd_request *request = request_new("GET", API "me");
    assert_int_equal(hd_request_add_header(request, "X-A", HD_TEXT_NUL, "a\nb", HD_TEXT_NUL), HD_E_HEADER);
    hd_dashboard_response *response = send_request(request, HD_ROLE_ADMIN);
    assert_int_equal(hd_dashboard_response_status(response), 400);
    hd_dashboard_response_free(response);
    request = request_new("GET", API "me");
    for (int i = 1; i < 200; i++)
        add_header(request, "X", "y");
    assert_int_equal(hd_request_add_header(request, "X", HD_TEXT_NUL, "y", HD_TEXT_NUL), HD_E_LIMIT);
    response = send_request(request, HD_ROLE_ADMIN);
    assert_int_equal(hd_dashboard_response_status(response), 431);
    hd_dashboard_response_free(response);
    request = request_new("POST", WEBHOOKS);
    assert_non_null(large);
    assert_int_equal(hd_request_add_body(request, large, 3 * 1024 * 1024), HD_E_TOO_LARGE);
    response = send_request(request, HD_ROLE_ADMIN);
    assert_int_equal(hd_dashboard_response_status(response), 413);
    hd_dashboard_response_free(response);
    assert_int_equal(hd_request_new(&request), HD_OK); /* without a method and a target */
    response = send_request(request, HD_ROLE_ADMIN);
    assert_int_equal(hd_dashboard_response_status(response), 400);
    hd_dashboard_response_free(response);
    free(large);
}

static void test_malformed_requests(void **state) {
    (void)state;
    static const char *const bodies[] = {"", "[]", "{", "{\"a\":1,\"a\":2}", "\"x\"", "{}x", "\xff"};
    char *large = calloc(1, 262146);
    memset(large, ' ', 262145);
    expect_status(413, HD_ROLE_ADMIN, "POST", WEBHOOKS, large);
    free(large);
    for (size_t i = 1; i < sizeof bodies / sizeof *bodies; i++)
        expect_status(400, HD_ROLE_ADMIN, "POST", WEBHOOKS, bodies[i]);
    expect_status(404, HD_ROLE_ADMIN, "GET", "/elsewhere", NULL);
    expect_status(404, HD_ROLE_ADMIN, "GET", API "nothing", NULL);
    expect_status(404, HD_ROLE_ADMIN, "GET", MOUNT "nothing", NULL);
    expect_status(404, HD_ROLE_ADMIN, "GET", MOUNT "assets/../dashboard.c", NULL);
    expect_status(404, HD_ROLE_ADMIN, "GET", MOUNT "assets/%00", NULL);
    expect_status(404, HD_ROLE_ADMIN, "GET", API "me%zz", NULL);
    expect_status(405, HD_ROLE_ADMIN, "POST", MOUNT, "{}");
    static const char *const filters[] = {"outcome=x",
                                          "reason=x",
                                          "reason=unknown",
                                          "status=x",
                                          "status=404;5xx",
                                          "event=x",
                                          "event=ticket.created,",
                                          "outcome=failed,x",
                                          "status=200,",
                                          "test=x",
                                          "since=x",
                                          "until=2025-01-01",
                                          "since=2025-02-30T00:00:00Z",
                                          "until=2025-04-31T00:00:00.000Z",
                                          "until=2023-02-29T00:00:00Z",
                                          "since=2025-01-01T24:00:00Z",
                                          "since=2016-12-31T23:59:60Z",
                                          "since=2025-1-1T0:0:0Z",
                                          "since=2025-01-01T00:00:00.Z",
                                          "since=2025-01-01T00:00:00",
                                          "limit=0",
                                          "limit=201",
                                          "limit=x",
                                          "cursor=x",
                                          "since=2025-01-02T00:00:00Z&until=2025-01-01T00:00:00Z"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        char target[256];
        (void)snprintf(target, sizeof target, DELIVERIES "?%s", filters[i]);
        expect_status(400, HD_ROLE_ADMIN, "GET", target, NULL);
    }
    json_t *problem = call(400, "GET", DELIVERIES "?since=2025-02-30T00:00:00Z", NULL);
    assert_non_null(strstr(text_of(problem, "detail"), "'since'"));
    json_decref(problem);
    expect_status(400, HD_ROLE_ADMIN, "POST", API "projects/" PROJECT "/jobs",
                  "{\"filter\":{\"until\":\"2100-02-29T00:00:00Z\"}}");
    expect_status(400, HD_ROLE_ADMIN, "GET", API "projects/" PROJECT "/stats?range=1y", NULL);
    expect_status(404, HD_ROLE_ADMIN, "GET", DELIVERIES "/00000000-0000-7000-8000-000000000000", NULL);
    expect_status(404, HD_ROLE_ADMIN, "GET", DELIVERIES "/nonsense", NULL);
}

/* ---- The page's files ---- */

static void test_page(void **state) {
    (void)state;
    static const char *const pages[] = {MOUNT, MOUNT "projects/x/webhooks", MOUNT "projects/x/deliveries/1?a=b"};
    for (size_t i = 0; i < 3; i++) { /* also for who is not signed in: the page says so */
        hd_dashboard_response *response = call_as(HD_ROLE_NONE, "GET", pages[i], NULL);
        assert_int_equal(hd_dashboard_response_status(response), 200);
        const char *body = hd_dashboard_response_body(response, NULL);
        assert_non_null(strstr(body, MOUNT));
        assert_null(strstr(body, "{{"));
        assert_null(strstr(body, " style="));
        assert_string_equal(header_of(response, "X-Content-Type-Options"), "nosniff");
        hd_dashboard_response_free(response);
    }
}

/* The page's address of this file. */
static void find_asset(const char *name, char path[128]) {
    hd_dashboard_response *page = call_as(HD_ROLE_NONE, "GET", MOUNT, NULL);
    const char *body = hd_dashboard_response_body(page, NULL);
    const char *end = strstr(body, name), *begin = end;
    assert_non_null(end);
    while (begin[-1] != '"')
        begin--;
    (void)snprintf(path, 128, "%.*s%s", (int)(end - begin), begin, name);
    hd_dashboard_response_free(page);
}

static hd_dashboard_response *ask_for_asset(const char *path, const char *encodings) {
    hd_request *request = request_new("GET", path);
    if (encodings)
        add_header(request, "Accept-Encoding", encodings);
    hd_dashboard_response *response = send_request(request, HD_ROLE_NONE);
    assert_int_equal(hd_dashboard_response_status(response), 200);
    assert_string_equal(header_of(response, "Vary"), "Accept-Encoding");
    return response;
}

static void test_assets(void **state) {
    (void)state;
    static const struct {
        const char *name, *type, *word;
    } assets[] = {{"app.css", "text/css; charset=utf-8", "font"},
                  {"app.js", "text/javascript; charset=utf-8", "helmdesk-mount"},
                  {"theme.js", "text/javascript; charset=utf-8", "theme"}};
    char path[128];
    for (size_t i = 0; i < 3; i++) {
        find_asset(assets[i].name, path);
        hd_dashboard_response *response = ask_for_asset(path, NULL);
        assert_string_equal(header_of(response, "Content-Type"), assets[i].type);
        assert_string_equal(header_of(response, "Cache-Control"), "public, max-age=31536000, immutable");
        assert_null(header_of(response, "Content-Encoding"));
        assert_non_null(strstr(hd_dashboard_response_body(response, NULL), assets[i].word));
        hd_dashboard_response_free(response);
    }
}

static void test_asset_compressed(void **state) {
    (void)state;
    static const struct {
        const char *accepted;
        int is_compressed;
    } cases[] = {{"gzip, deflate, br, zstd", 1}, {"br;q=1.0, gzip;q=0.8", 0}, {"gzip;q=0", 0}, {"br", 0}, {"", 0}};
    char path[128];
    size_t whole, len;
    find_asset("app.js", path);
    hd_dashboard_response *response = ask_for_asset(path, NULL);
    (void)hd_dashboard_response_body(response, &whole);
    hd_dashboard_response_free(response);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        response = ask_for_asset(path, cases[i].accepted);
        const char *body = hd_dashboard_response_body(response, &len),
                   *encoding = header_of(response, "Content-Encoding");
        assert_int_equal(encoding && strcmp(encoding, "gzip") == 0, cases[i].is_compressed);
        assert_int_equal(memcmp(body, "\x1f\x8b", 2) == 0, cases[i].is_compressed);
        assert_int_equal(len < whole / 2, cases[i].is_compressed);
        hd_dashboard_response_free(response);
    }
}

/* While a host is being updated, a page of one process may ask another one for its files. */
static void test_asset_of_another_version(void **state) {
    (void)state;
    hd_dashboard_response *response = ask_for_asset(MOUNT "assets/1-2/app.css", NULL);
    assert_string_equal(header_of(response, "Cache-Control"), "no-store");
    hd_dashboard_response_free(response);
    static const char *const others[] = {
        "assets/app.css", "assets/1-2/app.css.gz", "assets/1-2/index.html", "assets/1-2/",
        "assets/",        "assets/1-2/a/app.css",  "assets/1-2/app.css/"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, MOUNT "%s", others[i]);
        expect_status(404, HD_ROLE_ADMIN, "GET", path, NULL);
    }
}

static void expect_language(const char *language) {
    char wanted[64];
    hd_dashboard_response *response = call_as(HD_ROLE_NONE, "GET", MOUNT, NULL);
    snprintf(wanted, sizeof wanted, "<meta name=\"helmdesk-language\" content=\"%s\">", language);
    assert_non_null(strstr(hd_dashboard_response_body(response, NULL), wanted));
    hd_dashboard_response_free(response);
}

static void test_language(void **state) {
    (void)state;
    static const char *const none[] = {
        "", "fr", "DE", "de-AT", "en/", "../texts/de", "a name that is rather long for one"};
    expect_language("");
    assert_int_equal(hd_dashboard_set_language(dashboard, "de"), HD_OK);
    expect_language("de");
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(hd_dashboard_set_language(dashboard, none[i]), HD_E_INVALID);
    assert_int_equal(hd_dashboard_set_language(NULL, "de"), HD_E_INVALID);
    expect_language("de");
    assert_int_equal(hd_dashboard_set_language(dashboard, "en"), HD_OK);
    expect_language("en");
    assert_int_equal(hd_dashboard_set_language(dashboard, NULL), HD_OK);
    expect_language("");
}

/* ---- Webhooks ---- */

static void assert_error_at(const json_t *problem, const char *pointer) {
    const json_t *errors = json_object_get(problem, "errors");
    for (size_t i = 0; i < json_array_size(errors); i++)
        if (strcmp(text_of(json_array_get(errors, i), "pointer"), pointer) == 0)
            return;
    fail_msg("no error at %s", pointer);
}

static void test_validation(void **state) {
    (void)state;
    static const struct {
        const char *body, *pointer;
    } wrong[] = {
        {"{}", "/url"},
        {"{\"url\":\"ftp://x/\"}", "/url"},
        {"{\"url\":\"https://a:b@example.com/\"}", "/url"},
        {"{\"url\":\"http://93.184.216.34:1/\"}", "/url"},
        {"{\"url\":\"https://10.0.0.1/\"}", "/url"},
        {"{\"url\":7}", "/url"},
        {"{\"url\":\"https://example.com/\",\"events\":[]}", "/events"},
        {"{\"url\":\"https://example.com/\",\"events\":[\"ticket.opened\"]}", "/events"},
        {"{\"url\":\"https://example.com/\",\"format\":\"xml\"}", "/format"},
        {"{\"url\":\"https://example.com/\",\"name\":\"a\\u0007\"}", "/name"},
        {"{\"url\":\"https://example.com/\",\"mode\":1}", "/mode"},
        {"{\"url\":\"https://example.com/\",\"headers\":[[\"Host\",\"x\"]]}", "/headers"},
        {"{\"url\":\"https://example.com/\",\"headers\":{}}", "/headers"},
        {"{\"url\":\"https://example.com/\",\"max_attempts\":21}", "/max_attempts"},
        {"{\"url\":\"https://example.com/\",\"max_in_flight\":0}", "/max_in_flight"},
        {"{\"url\":\"https://example.com/\",\"rate\":\"10/s\"}", "/rate"},
        {"{\"url\":\"https://example.com/\",\"rate\":{}}", "/rate"},
        {"{\"url\":\"https://example.com/\",\"rate\":{\"count\":null,\"period_ms\":1000,\"burst\":1}}", "/rate"},
        {"{\"url\":\"https://example.com/\",\"rate\":{\"count\":1,\"period_ms\":60001,\"burst\":1}}", "/rate"},
        {"{\"url\":\"https://example.com/\",\"rate\":{\"count\":4294967297,\"period_ms\":1000,\"burst\":1}}", "/rate"},
        {"{\"url\":\"https://example.com/\",\"pause_rule\":5}", "/pause_rule"},
        {"{\"url\":\"https://example.com/\",\"pause_rule\":{}}", "/pause_rule"},
        {"{\"url\":\"https://example.com/\",\"pause_rule\":{\"failures\":-1,\"pause_ms\":60000}}", "/pause_rule"},
        {"{\"url\":\"https://example.com/\",\"pause_rule\":{\"failures\":4294967295,\"pause_ms\":0}}", "/pause_rule"},
        {"{\"url\":\"https://example.com/\",\"pause_rule\":{\"failures\":3,\"pause_ms\":999}}", "/pause_rule"},
        {"{\"url\":\"https://example.com/\",\"secret\":7}", "/secret"},
        {"{\"url\":\"https://example.com/\",\"secret\":\"short\",\"standard_headers\":true}", "/secret"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *problem = call(422, "POST", WEBHOOKS, wrong[i].body);
        assert_error_at(problem, wrong[i].pointer);
        json_decref(problem);
    }
    json_t *problem = call(422, "POST", WEBHOOKS, "{\"url\":\"ftp://x/\",\"events\":[],\"format\":\"xml\"}");
    assert_int_equal(json_array_size(json_object_get(problem, "errors")), 3); /* all of them at once */
    json_decref(problem);
    json_t *list = call(200, "GET", WEBHOOKS, NULL);
    assert_int_equal(json_array_size(json_object_get(list, "data")), 0);
    json_decref(list);
    json_t *checked = call(200, "POST", API "projects/" PROJECT "/check-url",
                           "{\"url\":\"https://hooks.slack.com/services/T/B/x\",\"format\":\"json\"}");
    assert_string_equal(text_of(json_array_get(json_object_get(checked, "warnings"), 0), "code"), "slack_format");
    json_decref(checked);
    /* What saving would refuse is refused before. */
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (strcmp(wrong[i].pointer, "/url") != 0)
            continue;
        json_t *refusal = call(422, "POST", API "projects/" PROJECT "/check-url", wrong[i].body);
        assert_error_at(refusal, "/url");
        json_decref(refusal);
    }
}

static void test_life_of_a_webhook(void **state) {
    (void)state;
    char *id = create("/ok");
    json_decref(on_webhook(200, "PATCH", id, "", "{\"headers\":[[\"X-One\",\"1\"],[\"X-Two\",\"2\"]]}"));
    json_t *webhook = on_webhook(200, "GET", id, "", NULL);
    assert_string_equal(text_of(webhook, "name"), "CRM");
    assert_string_equal(text_of(webhook, "state"), "on");
    assert_int_equal(json_array_size(json_object_get(webhook, "headers")), 2);
    assert_true(json_is_null(json_array_get(json_array_get(json_object_get(webhook, "headers"), 0), 1)));
    json_decref(webhook);
    /* null keeps a header's value, what is left out goes, and a clash is told */
    json_decref(on_webhook(200, "PATCH", id, "", "{\"name\":\"new\",\"headers\":[[\"X-Two\",null]]}"));
    hd_webhook *present = NULL;
    assert_int_equal(hd_client_get_webhook(client, id, &present), HD_OK);
    assert_int_equal(hd_webhook_header_count(present), 1);
    assert_string_equal(hd_webhook_header_value(present, 0), "2");
    hd_webhook_free(present);
    json_t *renamed = on_webhook(422, "PATCH", id, "", "{\"headers\":[[\"X-Renamed\",null]]}");
    assert_error_at(renamed, "/headers");
    json_decref(renamed);
    char target[256];
    (void)snprintf(target, sizeof target, WEBHOOKS "/%s", id);
    hd_request *request = request_new("PATCH", target);
    add_header(request, "If-Match", "\"1\"");
    hd_dashboard_response *response = send_request(request, HD_ROLE_ADMIN);
    assert_int_equal(hd_dashboard_response_status(response), 412);
    hd_dashboard_response_free(response);
    static const char *const modes[][2] = {{"/hold", "held"}, {"/off", "off"}, {"/on", "on"}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        json_t *changed = on_webhook(200, "POST", id, modes[i][0], "{}");
        assert_string_equal(text_of(changed, "mode"), modes[i][1]);
        assert_string_equal(text_of(changed, "state"), modes[i][1]);
        json_decref(changed);
    }
    json_decref(on_webhook(422, "PATCH", id, "", "{\"mode\":\"paused\"}"));
    json_t *changed = on_webhook(200, "PATCH", id, "", "{\"mode\":\"held\"}");
    assert_string_equal(text_of(changed, "mode"), "held");
    json_decref(changed);
    json_decref(on_webhook(200, "POST", id, "/on", "{}"));
    /* a viewer sees no address and no secret */
    response = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    assert_null(strstr(hd_dashboard_response_body(response, NULL), "/ok"));
    assert_null(strstr(hd_dashboard_response_body(response, NULL), "whsec_"));
    hd_dashboard_response_free(response);
    /* another project does not have it */
    (void)snprintf(target, sizeof target, API "projects/other/webhooks/%s", id);
    expect_status(404, HD_ROLE_ADMIN, "GET", target, NULL);
    expect_status(404, HD_ROLE_ADMIN, "DELETE", target, NULL);
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    json_decref(on_webhook(404, "GET", id, "", NULL));
    (void)snprintf(target, sizeof target, CHANGES "?webhook=%s&limit=3", id);
    json_t *changes = call(200, "GET", target, NULL);
    assert_string_equal(text_of(first_of(changes), "action"), "deleted");
    assert_string_equal(text_of(first_of(changes), "by"), "ann");
    json_t *on = json_object_get(json_array_get(json_object_get(changes, "data"), 1), "fields");
    assert_string_equal(text_of(json_array_get(on, 0), "name"), "mode");
    assert_string_equal(text_of(json_array_get(on, 0), "before"), "held");
    assert_string_equal(text_of(json_array_get(on, 0), "after"), "on");
    (void)snprintf(target, sizeof target, CHANGES "?before=%d",
                   (int)json_integer_value(json_object_get(changes, "next")));
    json_t *rest = call(200, "GET", target, NULL);
    assert_int_equal(json_array_size(json_object_get(changes, "data")), 3);
    assert_int_equal(json_array_size(json_object_get(rest, "data")), 6);
    assert_true(json_is_null(json_object_get(rest, "next")));
    json_decref(changes);
    json_decref(rest);
    static const char *const wrong[] = {"?limit=0", "?limit=201", "?limit=x", "?before=-1", "?before=0", "?before="};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(target, sizeof target, CHANGES "%s", wrong[i]);
        expect_status(400, HD_ROLE_ADMIN, "GET", target, NULL);
    }
    expect_status(403, HD_ROLE_VIEWER, "GET", CHANGES, NULL);
    free(id);
}

static size_t listed(const char *query) {
    char target[256];
    (void)snprintf(target, sizeof target, DELIVERIES "?%s", query);
    json_t *answer = call(200, "GET", target, NULL);
    size_t count = json_array_size(json_object_get(answer, "data"));
    json_decref(answer);
    return count;
}

static size_t counted(const char *query) {
    char target[256];
    (void)snprintf(target, sizeof target, DELIVERIES "/count?%s", query);
    json_t *answer = call(200, "GET", target, NULL);
    size_t count = (size_t)json_integer_value(json_object_get(answer, "count"));
    json_decref(answer);
    return count;
}

/* What is listed is what is counted, unless something has come between the two. */
static size_t count_of(const char *query) {
    size_t before, count;
    do {
        before = listed(query);
        count = counted(query);
    } while (listed(query) != before);
    assert_int_equal(count, before);
    return count;
}

static json_int_t number_of(const json_t *object, const char *name) {
    assert_true(json_is_integer(json_object_get(object, name)));
    return json_integer_value(json_object_get(object, name));
}

/* What waits is told with the webhook and in the sums, and can be discarded. */
static void test_what_waits(void **state) {
    (void)state;
    char *id = create("/ok");
    json_decref(on_webhook(200, "POST", id, "/hold", "{}"));
    for (int i = 0; i < 3; i++)
        send_ticket(client, 1);
    json_t *webhook = on_webhook(200, "GET", id, "", NULL);
    assert_int_equal(number_of(webhook, "waiting"), 3);
    assert_int_equal(strlen(text_of(webhook, "waiting_since")), strlen("2025-01-15T10:30:00.000Z"));
    assert_true(json_is_null(json_object_get(webhook, "paused_until")));
    json_decref(webhook);
    json_t *stats = call(200, "GET", API "projects/" PROJECT "/stats", NULL);
    assert_int_equal(number_of(stats, "waiting"), 3);
    json_decref(stats);
    stats = call(200, "GET", API "projects/" PROJECT "/stats?webhook=other", NULL);
    assert_int_equal(number_of(stats, "waiting"), 0);
    json_decref(stats);
    char target[256];
    (void)snprintf(target, sizeof target, WEBHOOKS "/%s/discard", id);
    expect_status(403, HD_ROLE_VIEWER, "POST", target, "{}");
    json_t *discarded = on_webhook(200, "POST", id, "/discard", "{}");
    assert_int_equal(number_of(discarded, "discarded"), 3);
    json_decref(discarded);
    flush(client);
    webhook = on_webhook(200, "GET", id, "", NULL);
    assert_int_equal(number_of(webhook, "waiting"), 0);
    assert_true(json_is_null(json_object_get(webhook, "waiting_since")));
    json_decref(webhook);
    assert_int_equal(count_of("outcome=canceled&reason=discarded"), 3);
    json_decref(on_webhook(404, "POST", "none", "/discard", "{}"));
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    free(id);
}

static void assert_host(const char *attribute) {
    char wanted[512];
    snprintf(wanted, sizeof wanted, "<meta name=\"helmdesk-host\" content=\"%s\">", attribute);
    hd_dashboard_response *response = call_as(HD_ROLE_NONE, "GET", MOUNT, NULL);
    assert_int_equal(hd_dashboard_response_status(response), 200);
    if (!strstr(hd_dashboard_response_body(response, NULL), wanted))
        fail_msg("%s is not in the page", wanted);
    hd_dashboard_response_free(response);
}

#define HOST(name, home, sign_in, ticket)                                                                              \
    "{&quot;name&quot;:" name ",&quot;home&quot;:" home ",&quot;sign_in&quot;:" sign_in ",&quot;ticket&quot;:" ticket  \
    "}"

/* What the host says of itself is in the page as data, whatever characters it has; and leads nowhere but to pages. */
static void test_host(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",     "tickets", "//other.example/", "/\\other.example/", "javascript:alert(1)", "ftp://a.b/",
        "/a b", "/\x7f",   "/\xC3\xA4"};
    assert_host(HOST("null", "null", "null", "null"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(hd_dashboard_set_home_url(dashboard, bad[i]), HD_E_URL);
        assert_int_equal(hd_dashboard_set_sign_in_url(dashboard, bad[i]), HD_E_URL);
    }
    assert_int_equal(hd_dashboard_set_ticket_url(dashboard, "/tickets/"), HD_E_URL);
    assert_int_equal(hd_dashboard_set_ticket_url(dashboard, "javascript:{id}"), HD_E_URL);
    assert_int_equal(hd_dashboard_set_name(dashboard, ""), HD_E_INVALID);
    assert_int_equal(hd_dashboard_set_name(dashboard, "a\nb"), HD_E_INVALID);
    assert_host(HOST("null", "null", "null", "null"));
    assert_int_equal(hd_dashboard_set_name(dashboard, "A & <b> \"C\""), HD_OK);
    assert_int_equal(hd_dashboard_set_home_url(dashboard, "/"), HD_OK);
    assert_int_equal(hd_dashboard_set_sign_in_url(dashboard, "https://id.example.com/in?a=1&b=%22"), HD_OK);
    assert_int_equal(hd_dashboard_set_ticket_url(dashboard, "/tickets/{number}?id={id}"), HD_OK);
    assert_host(HOST("&quot;A &amp; &lt;b> \\&quot;C\\&quot;&quot;", "&quot;/&quot;",
                     "&quot;https://id.example.com/in?a=1&amp;b=%22&quot;", "&quot;/tickets/{number}?id={id}&quot;"));
    assert_int_equal(hd_dashboard_set_name(dashboard, NULL), HD_OK);
    assert_int_equal(hd_dashboard_set_home_url(dashboard, NULL), HD_OK);
    assert_int_equal(hd_dashboard_set_sign_in_url(dashboard, NULL), HD_OK);
    assert_int_equal(hd_dashboard_set_ticket_url(dashboard, NULL), HD_OK);
    assert_host(HOST("null", "null", "null", "null"));
    assert_int_equal(hd_dashboard_set_name(NULL, "a"), HD_E_INVALID);
    assert_int_equal(hd_dashboard_set_home_url(NULL, "/"), HD_E_INVALID);
    assert_int_equal(hd_dashboard_set_sign_in_url(NULL, "/"), HD_E_INVALID);
    assert_int_equal(hd_dashboard_set_ticket_url(NULL, "/{id}"), HD_E_INVALID);
}

/* A rate is told as it was put, and one whose receiver asks for patience says so, and until when. */
static void test_rate_and_patience(void **state) {
    (void)state;
    char *id = create("/busy/200");
    json_t *webhook = on_webhook(200, "GET", id, "", NULL);
    assert_true(json_is_null(json_object_get(webhook, "rate")));
    json_decref(webhook);
    webhook = on_webhook(200, "PATCH", id, "", "{\"rate\":{\"count\":30,\"period_ms\":60000,\"burst\":2}}");
    json_t *rate = json_object_get(webhook, "rate");
    assert_int_equal(number_of(rate, "count"), 30);
    assert_int_equal(number_of(rate, "period_ms"), 60000);
    assert_int_equal(number_of(rate, "burst"), 2);
    json_decref(webhook);
    send_ticket(client, 1);
    flush(client);
    webhook = on_webhook(200, "GET", id, "", NULL);
    assert_string_equal(text_of(webhook, "state"), "throttled");
    assert_int_equal(strlen(text_of(webhook, "throttled_until")), strlen("2025-01-15T10:30:00.000Z"));
    assert_true(json_is_null(json_object_get(webhook, "paused_until")));
    json_decref(webhook);
    webhook = on_webhook(200, "PATCH", id, "", "{\"pause_rule\":{\"failures\":0}}");
    assert_int_equal(number_of(json_object_get(webhook, "pause_rule"), "failures"), 0);
    json_decref(webhook);
    webhook = on_webhook(200, "PATCH", id, "", "{\"pause_rule\":{\"failures\":3,\"pause_ms\":60000}}");
    assert_int_equal(number_of(json_object_get(webhook, "pause_rule"), "failures"), 3);
    assert_int_equal(number_of(json_object_get(webhook, "pause_rule"), "pause_ms"), 60000);
    json_decref(webhook);
    webhook = on_webhook(200, "PATCH", id, "", "{\"pause_rule\":null}");
    assert_true(json_is_null(json_object_get(webhook, "pause_rule")));
    json_decref(webhook);
    webhook = on_webhook(200, "PATCH", id, "", "{\"rate\":null}");
    assert_true(json_is_null(json_object_get(webhook, "rate")));
    json_decref(webhook);
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    free(id);
}

/* What is discarded while it waits for its second attempt ends without one: the first has a record of its own. */
static void test_discarded_retry_is_no_attempt(void **state) {
    (void)state;
    char *id = create("/status/500"), query[128], target[256];
    json_decref(on_webhook(200, "PATCH", id, "", "{\"max_attempts\":2}"));
    send_ticket(client, 1);
    (void)snprintf(query, sizeof query, "webhook=%s&outcome=retrying", id);
    assert_eventually(count_of(query) == 1);
    json_decref(on_webhook(200, "POST", id, "/discard", "{}"));
    flush(client);
    (void)snprintf(target, sizeof target, DELIVERIES "?webhook=%s", id);
    json_t *answer = call(200, "GET", target, NULL), *list = json_object_get(answer, "data");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(json_array_get(list, 0), "reason"), "discarded");
    assert_int_equal(number_of(json_array_get(list, 0), "attempt"), 0);
    assert_string_equal(text_of(json_array_get(list, 1), "outcome"), "retrying");
    assert_int_equal(number_of(json_array_get(list, 1), "attempt"), 1);
    json_decref(answer);
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    free(id);
}

/* A webhook that the rule has paused says so, and until when. */
static void test_pause(void **state) {
    (void)state;
    tear_down(NULL);
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_pause_rule(options, 1, 3600000), HD_OK);
    server = server_start();
    client = client_for_tests(options);
    assert_int_equal(hd_dashboard_new(client, MOUNT, &dashboard), HD_OK);
    char *id = create("/status/500");
    send_ticket(client, 1);
    flush(client);
    json_t *webhook = on_webhook(200, "GET", id, "", NULL);
    assert_string_equal(text_of(webhook, "state"), "paused");
    assert_int_equal(strlen(text_of(webhook, "paused_until")), strlen("2025-01-15T10:30:00.000Z"));
    json_decref(webhook);
    webhook = on_webhook(200, "POST", id, "/hold", "{}"); /* what a person has chosen comes before */
    assert_string_equal(text_of(webhook, "state"), "held");
    json_decref(webhook);
    free(id);
}

/* What is made says where it is, and each version which one it is. */
static void test_headers_of_a_webhook(void **state) {
    (void)state;
    char place[256];
    hd_dashboard_response *response = call_as(HD_ROLE_ADMIN, "POST", WEBHOOKS, "{\"url\":\"https://93.184.216.34/\"}");
    assert_int_equal(hd_dashboard_response_status(response), 201);
    assert_non_null(strstr(hd_dashboard_response_body(response, NULL), "whsec_"));
    assert_string_equal(header_of(response, "ETag"), "\"1\"");
    (void)snprintf(place, sizeof place, "%s", header_of(response, "Location"));
    hd_dashboard_response_free(response);
    response = call_as(HD_ROLE_ADMIN, "GET", place, NULL);
    assert_int_equal(hd_dashboard_response_status(response), 200);
    assert_string_equal(header_of(response, "ETag"), "\"1\"");
    hd_request *request = request_new("PATCH", place);
    add_header(request, "If-Match", header_of(response, "ETag"));
    hd_dashboard_response_free(response);
    response = send_request(request, HD_ROLE_ADMIN);
    assert_int_equal(hd_dashboard_response_status(response), 200);
    assert_string_equal(header_of(response, "ETag"), "\"2\"");
    assert_null(header_of(response, "Location"));
    assert_null(strstr(hd_dashboard_response_body(response, NULL), "whsec_"));
    hd_dashboard_response_free(response);
}

static void test_secret_rotation(void **state) {
    (void)state;
    char *id = create("/ok");
    json_t *first = on_webhook(200, "POST", id, "/secret/reveal", "{}");
    json_decref(on_webhook(409, "POST", id, "/secret/activate", "{}"));
    json_t *staged = on_webhook(200, "POST", id, "/secret/stage", "{\"secret\":\"the next secret\"}");
    assert_string_equal(text_of(staged, "secret"), text_of(first, "secret"));
    assert_string_equal(text_of(staged, "next"), "the next secret");
    json_decref(on_webhook(200, "POST", id, "/secret/unstage", "{}"));
    json_decref(on_webhook(409, "POST", id, "/secret/unstage", "{}"));
    json_decref(on_webhook(200, "POST", id, "/secret/stage", "{\"secret\":\"the next secret\"}"));
    json_t *active = on_webhook(200, "POST", id, "/secret/activate", "{}");
    assert_string_equal(text_of(active, "secret"), "the next secret");
    assert_string_equal(text_of(active, "previous"), text_of(first, "secret"));
    json_t *undone = on_webhook(200, "POST", id, "/secret/undo", "{}");
    assert_string_equal(text_of(undone, "secret"), text_of(first, "secret"));
    json_t *replaced = on_webhook(200, "POST", id, "/secret/replace", "{}");
    assert_string_not_equal(text_of(replaced, "secret"), text_of(first, "secret"));
    assert_true(json_is_null(json_object_get(replaced, "previous")));
    json_decref(on_webhook(200, "POST", id, "/secret/forget", "{}"));
    json_decref(first);
    json_decref(staged);
    json_decref(active);
    json_decref(undone);
    json_decref(replaced);
    free(id);
}

/* Of two people who have looked at the same version, the second is told. */
static void test_secret_steps_of_a_version(void **state) {
    (void)state;
    static const char *const steps[] = {"stage", "unstage", "activate", "undo", "forget", "replace"};
    char *id = create("/ok");
    json_decref(on_webhook(200, "POST", id, "/secret/stage", "{\"secret\":\"the next secret\"}"));
    json_decref(on_webhook(200, "POST", id, "/secret/activate", "{}"));
    json_decref(on_webhook(200, "POST", id, "/secret/stage", "{\"secret\":\"another secret\"}"));
    json_t *before = on_webhook(200, "POST", id, "/secret/reveal", "{}");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char target[256];
        (void)snprintf(target, sizeof target, WEBHOOKS "/%s/secret/%s", id, steps[i]);
        hd_request *request = request_new("POST", target);
        add_header(request, "If-Match", "\"3\""); /* the present one is 4 */
        hd_dashboard_response *response = send_request(request, HD_ROLE_ADMIN);
        json_t *told = answer_of(412, steps[i], response), *change = json_object_get(told, "change");
        assert_string_equal(text_of(change, "by"), "ann");
        assert_string_equal(text_of(change, "action"), "secret_staged");
        assert_memory_equal(text_of(told, "detail"), "ann changed it at 20", 20);
        json_decref(told);
        expect_status(428, HD_ROLE_ADMIN, "POST", target, "{}"); /* which says no version */
    }
    json_t *after = on_webhook(200, "POST", id, "/secret/reveal", "{}");
    assert_true(json_equal(before, after));
    char target[256];
    (void)snprintf(target, sizeof target, WEBHOOKS "/%s/secret/activate", id);
    hd_request *request = request_new("POST", target);
    add_header(request, "If-Match", "\"4\"");
    hd_dashboard_response *response = send_request(request, HD_ROLE_ADMIN);
    assert_int_equal(hd_dashboard_response_status(response), 200);
    hd_dashboard_response_free(response);
    json_decref(before);
    json_decref(after);
    free(id);
}

/* ---- Deliveries ---- */

/* Header for header as they arrived, but for those of the webhook, which may be keys. */
static void assert_request_is(json_t *shown, const struct request *request) {
    json_t *headers = json_object_get(shown, "headers"), *header;
    size_t i;
    assert_string_equal(text_of(shown, "line"), "POST /\xE2\x80\xA6 HTTP/1.1");
    assert_int_equal(json_array_size(headers), request->header_count);
    json_array_foreach(headers, i, header) {
        const char *name = request->header_names[i];
        assert_string_equal(json_string_value(json_array_get(header, 0)), name);
        if (strcmp(name, "X-Tenant") == 0)
            assert_true(json_is_null(json_array_get(header, 1)));
        else
            assert_string_equal(json_string_value(json_array_get(header, 1)), request->header_values[i]);
    }
}

static void test_test_is_the_real_thing(void **state) {
    (void)state;
    char *good = create("/ok"), *bad = create("/status/500");
    json_decref(on_webhook(200, "PATCH", good, "", "{\"headers\":[[\"X-Tenant\",\"acme\"]]}"));
    json_t *delivered = on_webhook(200, "POST", good, "/test", "{\"event\":\"ticket.created\"}");
    assert_string_equal(text_of(delivered, "outcome"), "delivered");
    assert_true(json_is_true(json_object_get(delivered, "test")));
    const struct request *request = server_request(server, 0);
    assert_string_equal(request->body, text_of(json_object_get(delivered, "request"), "body"));
    assert_request_is(json_object_get(delivered, "request"), request);
    json_decref(delivered);
    json_t *failed = on_webhook(200, "POST", bad, "/test", "{\"event\":\"ticket.resolved\"}");
    assert_string_equal(text_of(failed, "reason"), "http_5xx");
    assert_string_equal(text_of(failed, "result"), "500");
    assert_string_equal(text_of(json_object_get(failed, "response"), "body"), "status 500");
    json_decref(failed);
    json_decref(on_webhook(422, "POST", bad, "/test", "{\"event\":\"x\"}"));
    for (int i = 0; i < 4; i++)
        json_decref(on_webhook(200, "POST", bad, "/test", "{\"event\":\"ticket.created\"}"));
    json_t *webhook = on_webhook(200, "GET", bad, "", NULL); /* tests count as tests only */
    assert_string_equal(text_of(webhook, "state"), "on");
    assert_true(json_is_null(json_object_get(webhook, "last_delivery")));
    assert_true(json_is_null(json_object_get(webhook, "failures")));
    json_decref(webhook);
    for (int i = 1; i <= 5; i++)
        send_ticket(client, i);
    flush(client);
    webhook = on_webhook(200, "GET", bad, "", NULL);
    assert_string_equal(text_of(webhook, "state"), "failing");
    json_t *failures = json_object_get(webhook, "failures");
    assert_int_equal(json_integer_value(json_object_get(failures, "count")), 5);
    assert_string_equal(text_of(failures, "reason"), "http_5xx");
    assert_string_equal(text_of(failures, "explanation"), hd_reason_text(HD_REASON_HTTP_5XX));
    assert_int_equal(strlen(text_of(failures, "since")), strlen("2025-01-15T10:30:00.000Z"));
    assert_string_equal(text_of(json_object_get(webhook, "last_delivery"), "result"), "500");
    json_decref(webhook);
    free(good);
    free(bad);
}

static void test_log(void **state) {
    (void)state;
    char *good = create("/ok"), *bad = create("/status/404"), query[128];
    for (int i = 1; i <= 5; i++)
        send_ticket(client, i);
    flush(client);
    json_decref(on_webhook(200, "POST", good, "/test", "{\"event\":\"message.received\"}"));
    assert_int_equal(count_of(""), 11);
    assert_int_equal(count_of("outcome=failed"), 5);
    assert_int_equal(count_of("status=4xx"), 5);
    assert_int_equal(count_of("status=200"), 6);
    assert_int_equal(count_of("status=400-404&reason=http_404_410"), 5);
    assert_int_equal(count_of("test=only"), 1);
    assert_int_equal(count_of("test=no&event=ticket.created"), 10);
    assert_int_equal(count_of("test=no&event=message.received,ticket.created"), 10);
    assert_int_equal(count_of("status=200,4xx"), 11);
    assert_int_equal(count_of("outcome=failed,canceled"), 5);
    assert_int_equal(count_of("reason=dns,http_404_410"), 5);
    assert_int_equal(count_of("webhook=none&webhook=neither"), 0);
    assert_int_equal(count_of("webhook=none&webhook="), 0);
    assert_int_equal(count_of("q=%233"), 2);
    assert_int_equal(count_of("since=2100-01-01T00:00:00Z"), 0);
    assert_int_equal(count_of("since=2024-02-29T23:59:59Z&until=2096-02-29T12:00:00.500Z"), 11);
    (void)snprintf(query, sizeof query, "webhook=%s", bad);
    assert_int_equal(count_of(query), 5);
    json_t *page = call(200, "GET", DELIVERIES "?limit=4", NULL);
    char target[512];
    (void)snprintf(target, sizeof target, DELIVERIES "?limit=200&cursor=%s", text_of(page, "next_cursor"));
    json_t *rest = call(200, "GET", target, NULL);
    assert_int_equal(json_array_size(json_object_get(rest, "data")), 7);
    assert_true(json_is_null(json_object_get(rest, "next_cursor")));
    json_decref(rest);
    (void)snprintf(target, sizeof target, DELIVERIES "/%s", text_of(first_of(page), "id"));
    json_t *whole = call(200, "GET", target, NULL);
    assert_non_null(json_object_get(json_object_get(first_of(whole), "request"), "headers"));
    json_decref(whole);
    strcat(target, "/request-body");
    hd_dashboard_response *response = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    assert_string_equal(header_of(response, "Content-Type"), "text/plain; charset=utf-8");
    assert_non_null(strstr(header_of(response, "Content-Disposition"), "attachment"));
    assert_non_null(strstr(hd_dashboard_response_body(response, NULL), "message.received"));
    hd_dashboard_response_free(response);
    response = call_as(HD_ROLE_VIEWER, "GET", API "projects/" PROJECT "/deliveries.ndjson", NULL);
    size_t lines = 0;
    for (const char *at = hd_dashboard_response_body(response, NULL); (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 11);
    hd_dashboard_response_free(response);
    json_t *stats = call(200, "GET", API "projects/" PROJECT "/stats?range=1h", NULL);
    assert_int_equal(json_integer_value(json_object_get(stats, "delivered")), 5); /* without the test */
    assert_int_equal(json_integer_value(json_object_get(stats, "failed")), 5);
    assert_int_equal(json_integer_value(json_object_get(stats, "deliveries")), 10);
    assert_int_equal(json_array_size(json_object_get(stats, "buckets")), 12);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(stats, "reasons"), "http_404_410")), 5);
    json_decref(stats);
    json_decref(page);
    free(good);
    free(bad);
}

static void test_redelivery(void **state) {
    (void)state;
    char *id = create("/status/503"), target[256], body[256];
    for (int i = 1; i <= 5; i++)
        send_ticket(client, i);
    flush(client);
    json_t *page = call(200, "GET", DELIVERIES "?outcome=failed", NULL);
    (void)snprintf(target, sizeof target, DELIVERIES "/%s/redeliver", text_of(first_of(page), "id"));
    json_t *again = call(202, "POST", target, "{}");
    flush(client);
    assert_int_equal(count_of("outcome=failed"), 6);
    (void)snprintf(body, sizeof body, "q=%s", text_of(again, "event_id")); /* where the page leads to */
    assert_int_equal(count_of(body), 1);
    json_decref(again);
    (void)snprintf(target, sizeof target, DELIVERIES "?redelivery_of=%s", text_of(first_of(page), "id"));
    again = call(200, "GET", target, NULL);
    assert_int_equal(json_array_size(json_object_get(again, "data")), 1);
    assert_string_equal(text_of(first_of(again), "redelivery_of"), text_of(first_of(page), "id"));
    assert_true(json_is_null(json_object_get(first_of(page), "redelivery_of")));
    json_decref(again);
    json_decref(call(400, "GET", DELIVERIES "?redelivery_of=none", NULL));
    json_decref(page);
    free(id);
}

/* ---- Jobs ---- */

#define JOBS API "projects/" PROJECT "/jobs"

static int has_state(const char *target, const char *wanted) {
    json_t *job = call(200, "GET", target, NULL);
    int has = strcmp(text_of(job, "state"), wanted) == 0;
    json_decref(job);
    return has;
}

static json_int_t number_in(const json_t *job, const char *key) {
    return json_integer_value(json_object_get(job, key));
}

static void test_jobs(void **state) {
    (void)state;
    static const char failed[] = "{\"filter\":{\"outcome\":\"failed\"},\"plan\":true}";
    char *id = create("/status/503"), target[256], body[256];
    for (int i = 1; i <= 5; i++)
        send_ticket(client, i);
    flush(client);
    json_t *job = call(200, "POST", JOBS, failed);
    assert_string_equal(text_of(job, "state"), "planned");
    assert_int_equal(number_in(job, "left"), 5);
    assert_true(json_is_null(json_object_get(job, "id")));
    json_decref(job);
    json_decref(call(409, "POST", JOBS, "{\"filter\":{\"outcome\":\"failed\"},\"confirm_count\":4}"));
    job = call(201, "POST", JOBS, "{\"filter\":{\"outcome\":\"failed\"},\"confirm_count\":5,\"pace\":1000}");
    assert_string_equal(text_of(job, "project"), PROJECT);
    (void)snprintf(target, sizeof target, JOBS "/%s", text_of(job, "id"));
    json_decref(job);
    assert_eventually(has_state(target, "done"));
    job = call(200, "GET", target, NULL);
    assert_int_equal(number_in(job, "sent"), 5);
    assert_int_equal(number_in(job, "failed"), 5);
    assert_int_equal(number_in(job, "left"), 0);
    json_decref(job);
    assert_int_equal(count_of("outcome=failed"), 10);

    job = call(201, "POST", JOBS, "{\"filter\":{\"outcome\":\"failed\"},\"pace\":1}");
    (void)snprintf(target, sizeof target, JOBS "/%s", text_of(job, "id"));
    json_decref(job);
    json_decref(call(409, "POST", JOBS, "{\"filter\":{}}")); /* one at a time */
    char act[300];
    (void)snprintf(act, sizeof act, "%s/stop", target);
    job = call(200, "POST", act, "{}");
    assert_string_equal(text_of(job, "state"), "stopped");
    json_decref(job);
    (void)snprintf(act, sizeof act, "%s/resume", target);
    job = call(200, "POST", act, "{}");
    assert_string_equal(text_of(job, "state"), "running");
    json_decref(job);
    (void)snprintf(act, sizeof act, "%s/stop", target);
    json_decref(call(200, "POST", act, "{}"));
    job = call(200, "GET", JOBS, NULL);
    assert_int_equal(json_array_size(json_object_get(job, "data")), 2);
    json_decref(job);

    /* Another project's are not there, and who only looks starts none. */
    (void)snprintf(body, sizeof body, API "projects/other/jobs/%s", strrchr(target, '/') + 1);
    expect_status(404, HD_ROLE_ADMIN, "GET", body, NULL);
    expect_status(403, HD_ROLE_VIEWER, "POST", JOBS, failed);
    expect_status(200, HD_ROLE_VIEWER, "GET", target, NULL);
    expect_status(403, HD_ROLE_VIEWER, "POST", act, "{}");
    expect_status(404, HD_ROLE_ADMIN, "GET", JOBS "/nonsense", NULL);
    expect_status(400, HD_ROLE_ADMIN, "POST", JOBS, "{}");
    expect_status(400, HD_ROLE_ADMIN, "POST", JOBS, "{\"filter\":{},\"source\":\"all\"}");
    expect_status(400, HD_ROLE_ADMIN, "POST", JOBS, "{\"filter\":{},\"source\":\"missed\"}");
    expect_status(400, HD_ROLE_ADMIN, "POST", JOBS, "{\"filter\":{},\"pace\":1001}");
    expect_status(400, HD_ROLE_ADMIN, "POST", JOBS, "{\"filter\":{},\"with_later\":1}");
    expect_status(400, HD_ROLE_ADMIN, "POST", JOBS, "{\"filter\":{\"outcome\":\"lost\"}}");
    expect_status(404, HD_ROLE_ADMIN, "POST", JOBS, "{\"filter\":{\"webhook\":\"none\"},\"source\":\"missed\"}");

    /* What a webhook has missed. */
    char *late = create("/ok");
    (void)snprintf(body, sizeof body, "{\"source\":\"missed\",\"filter\":{\"webhook\":\"%s\"}}", late);
    job = call(201, "POST", JOBS, body);
    (void)snprintf(target, sizeof target, JOBS "/%s", text_of(job, "id"));
    json_decref(job);
    assert_eventually(has_state(target, "done"));
    job = call(200, "GET", target, NULL);
    assert_string_equal(text_of(job, "source"), "missed");
    assert_int_equal(number_in(job, "delivered"), 5);
    json_decref(job);
    free(late);
    free(id);
}

/* ---- The rest ---- */

static void test_me_events_preview(void **state) {
    (void)state;
    json_t *me = call(200, "GET", API "me", NULL);
    assert_string_equal(text_of(me, "role"), "admin");
    assert_string_equal(json_string_value(json_array_get(json_object_get(me, "projects"), 0)), PROJECT);
    json_decref(me);
    json_t *events = call(200, "GET", API "projects/" PROJECT "/events", NULL);
    assert_int_equal(json_array_size(json_object_get(events, "data")), hd_event_type_count());
    assert_non_null(json_object_get(json_object_get(first_of(events), "sample"), "ticket"));
    json_t *alert = json_array_get(json_object_get(events, "data"), HD_ALERT_PAUSED - HD_TICKET_CREATED);
    assert_string_equal(text_of(alert, "name"), "webhook.paused");
    assert_non_null(json_object_get(json_object_get(alert, "sample"), "paused_until"));
    json_decref(events);
    char signature[HD_SIGNATURE_SIZE];
    json_t *preview = call(200, "POST", API "projects/" PROJECT "/preview",
                           "{\"event\":\"ticket.created\",\"format\":\"json\",\"secret\":\"s\"}");
    const char *body = text_of(preview, "body");
    assert_int_equal(hd_sign(body, strlen(body), "s", 1, signature, sizeof signature), HD_OK);
    const json_t *last = json_array_get(json_object_get(preview, "headers"), 2);
    assert_string_equal(json_string_value(json_array_get(last, 1)), signature);
    json_decref(preview);
    preview =
        call(200, "POST", API "projects/" PROJECT "/preview", "{\"event\":\"ticket.created\",\"format\":\"slack\"}");
    assert_non_null(strstr(text_of(preview, "slack_text"), "*New Ticket Created*"));
    json_decref(preview);
    json_decref(call(422, "POST", API "projects/" PROJECT "/preview", "{\"event\":\"x\"}"));
}

static const char *next_piece(hd_dashboard_response *response, uint32_t timeout_ms) {
    const char *data = NULL;
    size_t length = 0;
    assert_int_equal(hd_dashboard_response_next(response, timeout_ms, &data, &length), HD_OK);
    assert_int_equal(strlen(data), length);
    return data;
}

/* The next piece that has this in it. */
static const char *wait_for_piece(hd_dashboard_response *response, const char *wanted) {
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (now_ms() < end_ms) {
        const char *piece = next_piece(response, 1000);
        if (strstr(piece, wanted))
            return piece;
    }
    fail_msg("%s never came", wanted);
    return NULL;
}

#define STREAM API "projects/" PROJECT "/stream"

/* The stream that goes on behind a piece. */
static void set_place(const char *piece, char *target, size_t size) {
    const char *place = strstr(piece, "\nid: ");
    assert_non_null(place);
    place += 5;
    (void)snprintf(target, size, STREAM "?since=%.*s", (int)strcspn(place, "\n"), place);
}

static void test_stream(void **state) {
    (void)state;
    static hd_dashboard_response *streams[64];
    char *id = create("/ok");
    streams[0] = call_as(HD_ROLE_VIEWER, "GET", API "projects/" PROJECT "/stream", NULL);
    assert_int_equal(hd_dashboard_response_is_stream(streams[0]), 1);
    assert_string_equal(header_of(streams[0], "Content-Type"), "text/event-stream");
    assert_string_equal(next_piece(streams[0], 0), "retry: 2000\n\n");
    assert_string_equal(next_piece(streams[0], 0), ": still here\n\n");
    send_ticket(client, 77);
    const char *piece = wait_for_piece(streams[0], "event: delivery\n");
    assert_non_null(strstr(piece, "\"ticket_number\":77"));
    char target[256];
    set_place(piece, target, sizeof target);
    assert_string_equal(next_piece(streams[0], 0), ": still here\n\n"); /* once */
    send_ticket(client, 78);
    flush(client);
    json_decref(on_webhook(200, "POST", id, "/hold", "{}"));
    (void)wait_for_piece(streams[0], "event: webhooks\n");
    /* who was away goes on where it was */
    streams[1] = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    (void)wait_for_piece(streams[1], "\"ticket_number\":78");
    /* there is an end to how many may watch, and room again when one leaves */
    for (size_t i = 2; i < 64; i++)
        streams[i] = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    expect_status(503, HD_ROLE_VIEWER, "GET", target, NULL);
    for (size_t i = 0; i < 64; i++)
        hd_dashboard_response_free(streams[i]);
    streams[0] = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    assert_int_equal(hd_dashboard_response_is_stream(streams[0]), 1);
    hd_dashboard_response_free(streams[0]);
    hd_dashboard_response *response = call_as(HD_ROLE_VIEWER, "GET", API "me", NULL);
    const char *data;
    size_t length;
    assert_int_equal(hd_dashboard_response_next(response, 0, &data, &length), HD_E_INVALID);
    hd_dashboard_response_free(response);
    free(id);
}

/* Deliveries that a piece tells of. */
static size_t count_told(const char *piece) {
    size_t count = 0;
    for (const char *at = piece; (at = strstr(at, "event: delivery\n")); at++)
        count++;
    return count;
}

/* Every report is told once, in the order in which it was added, whatever the wall clock says meanwhile. */
static void test_stream_whatever_the_clock_says(void **state) {
    (void)state;
    static const int64_t times[] = {1, 4102444800000, 1, 1764500000000, 2};
    char wanted[64];
    char *id = create("/ok");
    hd_dashboard_response *stream = call_as(HD_ROLE_VIEWER, "GET", STREAM, NULL);
    for (int i = 0; i < 5; i++) {
        all_finished_at_ms = times[i];
        ahead_ms = i % 2 ? -315576000000 : 315576000000;
        send_ticket(client, 90 + i);
        (void)snprintf(wanted, sizeof wanted, "\"ticket_number\":%d", 90 + i);
        assert_int_equal(count_told(wait_for_piece(stream, wanted)), 1);
    }
    assert_string_equal(next_piece(stream, 0), ": still here\n\n");
    hd_dashboard_response_free(stream);
    all_finished_at_ms = ahead_ms = 0;
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    free(id);
}

/* More at once than are told: the page reads them itself, and is told so once. The stream goes on behind them. */
static void test_stream_of_a_burst(void **state) {
    (void)state;
    char *id = create("/ok");
    hd_dashboard_response *stream = call_as(HD_ROLE_VIEWER, "GET", STREAM, NULL);
    (void)next_piece(stream, 0);
    for (int i = 0; i < 201; i++)
        send_ticket(client, 80);
    flush(client);
    const char *piece = wait_for_piece(stream, "event: reset\n");
    assert_int_equal(count_told(piece), 0);
    assert_string_equal(next_piece(stream, 0), ": still here\n\n");
    send_ticket(client, 81);
    assert_int_equal(count_told(wait_for_piece(stream, "\"ticket_number\":81")), 1);
    hd_dashboard_response_free(stream);
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    free(id);
}

/* A page that is loaded hears of all that happens after the position that it was given, however late it listens. */
static void test_stream_from_a_position(void **state) {
    (void)state;
    char target[256];
    char *id = create("/ok");
    json_t *me = call(200, "GET", API "me", NULL);
    (void)snprintf(target, sizeof target, STREAM "?since=%s", text_of(me, "position"));
    hd_dashboard_response *stream = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    assert_string_equal(next_piece(stream, 0), "retry: 2000\n\n");
    assert_string_equal(next_piece(stream, 0), ": still here\n\n");
    hd_dashboard_response_free(stream);
    send_ticket(client, 83);
    flush(client);
    json_decref(on_webhook(200, "POST", id, "/hold", "{}"));
    stream = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    const char *piece = wait_for_piece(stream, "\"ticket_number\":83");
    if (!strstr(piece, "event: webhooks\n"))
        (void)wait_for_piece(stream, "event: webhooks\n");
    hd_dashboard_response_free(stream);
    json_decref(me);
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    free(id);
}

/* The position of a browser that comes back. One that is unknown, as all are after a restart, makes the page read
 * everything again; without one, the page has just done so. */
static void test_positions(void **state) {
    (void)state;
    static const char *const places[] = {"x", "12", "1-7", "-1", "%20", "ffffffffffffffff-1-1", "1--"};
    char target[256], place[256];
    char *id = create("/ok");
    hd_dashboard_response *stream = call_as(HD_ROLE_VIEWER, "GET", STREAM, NULL);
    send_ticket(client, 82);
    flush(client);
    set_place(wait_for_piece(stream, "event: delivery\n"), target, sizeof target);
    hd_dashboard_response_free(stream);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        (void)snprintf(place, sizeof place, STREAM "?since=%s", places[i]);
        stream = call_as(HD_ROLE_VIEWER, "GET", place, NULL);
        (void)wait_for_piece(stream, "event: reset\n");
        assert_string_equal(next_piece(stream, 0), ": still here\n\n");
        hd_dashboard_response_free(stream);
    }
    /* a place that the log does not know */
    strcpy(strrchr(target, '-') + 1, "x");
    stream = call_as(HD_ROLE_VIEWER, "GET", target, NULL);
    (void)wait_for_piece(stream, "event: reset\n");
    hd_dashboard_response_free(stream);
    json_decref(on_webhook(204, "DELETE", id, "", NULL));
    free(id);
}

/* Each connection of a server has a thread of its own. */
static void *ask_much(void *user) {
    static const char *const targets[] = {WEBHOOKS, DELIVERIES, API "me", API "projects/" PROJECT "/stats", CHANGES};
    const char *id = user;
    char target[256];
    (void)snprintf(target, sizeof target, WEBHOOKS "/%s/secret/reveal", id);
    for (size_t i = 0; i < 50; i++) {
        for (size_t j = 0; j < sizeof targets / sizeof *targets; j++)
            hd_dashboard_response_free(call_as(HD_ROLE_ADMIN, "GET", targets[j], NULL));
        hd_dashboard_response_free(call_as(HD_ROLE_ADMIN, "POST", target, "{}"));
        hd_dashboard_response *stream = call_as(HD_ROLE_VIEWER, "GET", API "projects/" PROJECT "/stream", NULL);
        (void)next_piece(stream, 0);
        hd_dashboard_response_free(stream);
    }
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    pthread_t threads[6];
    char *id = create("/ok");
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_much, id), 0);
    for (int i = 0; i < 20; i++) {
        send_ticket(client, i + 1);
        json_decref(on_webhook(200, "PATCH", id, "", "{\"name\":\"another\"}"));
    }
    for (size_t i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    flush(client);
    hd_change_list *changes = NULL; /* the name was changed once */
    assert_int_equal(hd_client_changes(client, PROJECT, id, 0, 1000, &changes), HD_OK);
    assert_int_equal(hd_change_list_count(changes), 1 + 6 * 50 + 1);
    hd_change_list_free(changes);
    free(id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_arguments),
        TEST(test_roles),
        TEST(test_door),
        TEST(test_malformed_requests),
        TEST(test_requests_that_failed),
        TEST(test_page),
        TEST(test_assets),
        TEST(test_asset_compressed),
        TEST(test_asset_of_another_version),
        TEST(test_language),
        TEST(test_validation),
        TEST(test_life_of_a_webhook),
        TEST(test_what_waits),
        TEST(test_rate_and_patience),
        TEST(test_host),
        TEST(test_discarded_retry_is_no_attempt),
        TEST(test_pause),
        TEST(test_headers_of_a_webhook),
        TEST(test_secret_rotation),
        TEST(test_secret_steps_of_a_version),
        TEST(test_test_is_the_real_thing),
        TEST(test_log),
        TEST(test_redelivery),
        TEST(test_jobs),
        TEST(test_me_events_preview),
        TEST(test_stream),
        TEST(test_stream_whatever_the_clock_says),
        TEST(test_stream_of_a_burst),
        TEST(test_stream_from_a_position),
        TEST(test_positions),
        TEST(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
