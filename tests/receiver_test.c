/* SPDX-License-Identifier: MIT */
/** @file receiver_test.c hd_receiver: the vectors that others can use too, age, replay, rotation, corruption, threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/support.h"

#include "helmdesk.h"
#include "receiver.h"
#include "sign/base64.h"
#include "sign/hmac.h"
#include "sign/standard.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static hd_receiver *new_receiver(void) {
    hd_receiver *receiver = NULL;
    assert_int_equal(hd_receiver_new(&receiver), HD_OK);
    assert_int_equal(hd_receiver_add_secret(receiver, SECRET, strlen(SECRET)), HD_OK);
    return receiver;
}

/* Accepts a request with these headers and this body. The event is the acceptance's. */
static int accept_with(hd_receiver *receiver, const char *const *names, const char *const *values, size_t count,
                       const void *body, size_t body_len, hd_acceptance **acceptance) {
    hd_request *request = request_with(names, values, count, body, body_len);
    *acceptance = (hd_acceptance *)&acceptance;
    int status = hd_receiver_accept(receiver, request, acceptance);
    hd_request_free(request);
    assert_true((status == HD_OK) == (*acceptance != NULL));
    return status;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Vectors
 */

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

/* A number of the vector, or what is assumed without it. */
static int64_t number_of(const json_t *object, const char *key, int64_t otherwise) {
    const json_t *number = json_object_get(object, key);
    assert_true(number == NULL || json_is_integer(number));
    return number == NULL ? otherwise : json_integer_value(number);
}

/* The time at which the vector's request comes; of others, any will do. */
static int64_t vector_wall_ms(void *now_ms) {
    return *(int64_t *)now_ms;
}

static void apply_schemes(hd_receiver *receiver, const char *schemes) {
    if (strcmp(schemes, "either") != 0)
        assert_int_equal(hd_receiver_set_schemes(receiver, strcmp(schemes, "standard") == 0 ? HD_SCHEME_STANDARD
                                                                                            : HD_SCHEME_HELMDESK),
                         HD_OK);
}

/* Without a time of its own, a vector is about requests of any age. */
static hd_receiver *receiver_of(const json_t *vector, const struct hd__clock *clock) {
    hd_receiver *receiver = NULL;
    const json_t *secrets = json_object_get(vector, "secrets");
    assert_int_equal(hd_receiver_new(&receiver), HD_OK);
    hd__receiver_set_clock(receiver, clock);
    apply_schemes(receiver, text_of(vector, "schemes"));
    if (json_object_get(vector, "now_ms") == NULL)
        assert_int_equal(hd_receiver_set_max_age_ms(receiver, HD_SCHEME_STANDARD, 0), HD_OK);
    assert_int_equal(hd_receiver_set_max_age_ms(receiver, HD_SCHEME_HELMDESK, number_of(vector, "max_age_ms", 0)),
                     HD_OK);
    assert_int_equal(hd_receiver_set_replay_memory(receiver, (size_t)number_of(vector, "replay_memory", 0)), HD_OK);
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        const json_t *secret = json_array_get(secrets, i);
        assert_int_equal(hd_receiver_add_secret(receiver, json_string_value(secret), json_string_length(secret)),
                         HD_OK);
    }
    return receiver;
}

struct bytes {
    char *data;
    size_t len;
};

/* "body", and as many more of it as "body_times" says. */
static struct bytes body_of(const json_t *vector) {
    const json_t *body = json_object_get(vector, "body");
    size_t times = (size_t)number_of(vector, "body_times", 1), len = json_string_length(body);
    struct bytes bytes = {malloc(times * len + 1), times * len};
    assert_non_null(bytes.data);
    for (size_t i = 0; i < times; i++)
        memcpy(bytes.data + i * len, text_of(vector, "body"), len);
    return bytes;
}

/* What cannot be added is refused when the request is. */
static hd_request *request_of(const json_t *vector) {
    const json_t *headers = json_object_get(vector, "headers");
    struct bytes body = body_of(vector);
    hd_request *request = NULL;
    assert_int_equal(hd_request_new(&request), HD_OK);
    for (size_t i = 0; i < json_array_size(headers); i++)
        (void)hd_request_add_header(request, json_string_value(json_array_get(json_array_get(headers, i), 0)),
                                    HD_TEXT_NUL, json_string_value(json_array_get(json_array_get(headers, i), 1)),
                                    HD_TEXT_NUL);
    (void)hd_request_add_body(request, body.data, body.len);
    free(body.data);
    return request;
}

static void check_status(const json_t *vector, int status, const char *expected) {
    if (strcmp(hd_status_name(status), expected) != 0)
        fail_msg("%s: %s, not %s", text_of(vector, "name"), hd_status_name(status), expected);
}

/* Accepts it once, and a second time if the vector is about that. */
static void check_vector(const json_t *vector) {
    hd_acceptance *acceptance = NULL;
    int64_t now_ms = number_of(vector, "now_ms", 0);
    const struct hd__clock clock = {.wall_ms = vector_wall_ms, .random = hd__system_clock.random, .self = &now_ms};
    hd_receiver *receiver = receiver_of(vector, &clock);
    const json_t *again = json_object_get(vector, "again");
    hd_request *request = request_of(vector);
    int status = hd_receiver_accept(receiver, request, &acceptance);
    check_status(vector, status, text_of(vector, "expect"));
    assert_true((status == HD_OK) == (acceptance != NULL));
    if (status == HD_OK)
        assert_int_equal(hd_acceptance_secret(acceptance),
                         number_of(vector, "secret_index", (int64_t)hd_acceptance_secret(acceptance)));
    hd_acceptance_free(acceptance);
    if (again != NULL) {
        status = hd_receiver_accept(receiver, request, &acceptance);
        check_status(vector, status, json_string_value(again));
        hd_acceptance_free(acceptance);
    }
    hd_request_free(request);
    hd_receiver_free(receiver);
}

static void test_vectors(void **state) {
    (void)state;
    json_error_t error;
    json_t *root = json_load_file("tests/data/receiver_vectors.json", JSON_ALLOW_NUL, &error);
    if (root == NULL)
        fail_msg("tests/data/receiver_vectors.json: %s", error.text);
    const json_t *vectors = json_object_get(root, "vectors");
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check_vector(json_array_get(vectors, i));
    assert_true(json_array_size(vectors) > 110);
    json_decref(root);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Requests that are signed now
 */

struct signed_request {
    char body[1024];
    char signature[HD_SIGNATURE_SIZE];
    char id[64];
    char timestamp[32];
    char standard[HD__STANDARD_SIZE];
};

static void render(struct signed_request *request, int64_t event_ms) {
    hd_event *event = NULL;
    size_t len;
    assert_int_equal(hd_event_new_sample(HD_TICKET_CREATED, &event), HD_OK);
    assert_int_equal(hd_event_set_timestamp_ms(event, event_ms), HD_OK);
    assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, request->body, sizeof request->body, &len), HD_OK);
    hd_event_free(event);
}

static void sign_all(struct signed_request *request, const char *id, int64_t sent_s) {
    struct hd__hmac_key *key;
    assert_int_equal(hd__standard_key(SECRET, strlen(SECRET), &key), HD_OK);
    assert_int_equal(hd_sign(request->body, strlen(request->body), SECRET, strlen(SECRET), request->signature,
                             sizeof request->signature),
                     HD_OK);
    (void)snprintf(request->id, sizeof request->id, "%s", id);
    (void)snprintf(request->timestamp, sizeof request->timestamp, "%lld", (long long)sent_s);
    struct hd__signed_parts parts = {.id = request->id,
                                     .id_len = strlen(request->id),
                                     .timestamp = request->timestamp,
                                     .timestamp_len = strlen(request->timestamp),
                                     .body = request->body,
                                     .body_len = strlen(request->body)};
    assert_int_equal(hd__standard_sign(key, &parts, request->standard), HD_OK);
    hd__hmac_key_free(key);
}

/* The headers of one scheme, or of both. */
static int accept_standard_as(hd_receiver *receiver, const struct signed_request *request, hd_acceptance **acceptance) {
    const char *names[] = {"webhook-id", "webhook-timestamp", "webhook-signature"};
    const char *values[] = {request->id, request->timestamp, request->standard};
    return accept_with(receiver, names, values, 3, request->body, strlen(request->body), acceptance);
}

static int accept_helmdesk_as(hd_receiver *receiver, const struct signed_request *request, hd_acceptance **acceptance) {
    const char *names[] = {"X-Helmdesk-Signature"};
    const char *values[] = {request->signature};
    return accept_with(receiver, names, values, 1, request->body, strlen(request->body), acceptance);
}

static int accept_both_as(hd_receiver *receiver, const struct signed_request *request, hd_acceptance **acceptance) {
    const char *names[] = {"webhook-id", "webhook-timestamp", "webhook-signature", "x-helmdesk-signature"};
    const char *values[] = {request->id, request->timestamp, request->standard, request->signature};
    return accept_with(receiver, names, values, 4, request->body, strlen(request->body), acceptance);
}

static int accept_standard(hd_receiver *receiver, const struct signed_request *request) {
    hd_acceptance *acceptance;
    int status = accept_standard_as(receiver, request, &acceptance);
    hd_acceptance_free(acceptance);
    return status;
}

static int accept_helmdesk(hd_receiver *receiver, const struct signed_request *request) {
    hd_acceptance *acceptance;
    int status = accept_helmdesk_as(receiver, request, &acceptance);
    hd_acceptance_free(acceptance);
    return status;
}

static int accept_both(hd_receiver *receiver, const struct signed_request *request) {
    hd_acceptance *acceptance;
    int status = accept_both_as(receiver, request, &acceptance);
    hd_acceptance_free(acceptance);
    return status;
}

/* Both sides of the tolerance by the real clock, some seconds apart from it; the vectors have the exact second. */
static void test_age_of_an_attempt(void **state) {
    (void)state;
    static const struct {
        int64_t age_s;
        int status;
    } cases[] = {{0, HD_OK}, {280, HD_OK}, {-280, HD_OK}, {400, HD_E_TOO_OLD}, {-400, HD_E_TOO_NEW}};
    struct signed_request request;
    hd_receiver *receiver = new_receiver();
    render(&request, wall_ms());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sign_all(&request, "msg_1", wall_ms() / 1000 - cases[i].age_s);
        assert_int_equal(accept_standard(receiver, &request), cases[i].status);
    }
    assert_int_equal(hd_receiver_set_max_age_ms(receiver, HD_SCHEME_STANDARD, 1000000), HD_OK);
    sign_all(&request, "msg_1", wall_ms() / 1000 - 400);
    assert_int_equal(accept_standard(receiver, &request), HD_OK);
    hd_receiver_free(receiver);
}

static void test_age_of_an_event(void **state) {
    (void)state;
    struct signed_request request;
    hd_receiver *receiver = new_receiver();
    render(&request, wall_ms() - 86400000);
    sign_all(&request, "msg_1", 0);
    assert_int_equal(accept_helmdesk(receiver, &request), HD_OK);
    assert_int_equal(hd_receiver_set_max_age_ms(receiver, HD_SCHEME_HELMDESK, 3600000), HD_OK);
    assert_int_equal(accept_helmdesk(receiver, &request), HD_E_TOO_OLD);
    render(&request, wall_ms() + 86400000);
    sign_all(&request, "msg_1", 0);
    assert_int_equal(accept_helmdesk(receiver, &request), HD_E_TOO_NEW);
    render(&request, wall_ms() - 60000);
    sign_all(&request, "msg_1", 0);
    assert_int_equal(accept_helmdesk(receiver, &request), HD_OK);
    hd_receiver_free(receiver);
}

/* Row 68: what was accepted is remembered, what was refused is not, and the memory is bounded. */
static void test_replay(void **state) {
    (void)state;
    struct signed_request request;
    char id[32];
    int remembered = 0;
    hd_receiver *receiver = new_receiver();
    assert_int_equal(hd_receiver_set_schemes(receiver, HD_SCHEME_STANDARD), HD_OK); /* the body is the same here */
    render(&request, wall_ms());
    sign_all(&request, "msg_0", wall_ms() / 1000);
    assert_int_equal(accept_standard(receiver, &request), HD_OK);
    assert_int_equal(accept_standard(receiver, &request), HD_OK); /* nothing is remembered unless asked for */
    assert_int_equal(hd_receiver_set_replay_memory(receiver, 10), HD_OK);
    sign_all(&request, "msg_0", wall_ms() / 1000 - 1000);
    assert_int_equal(accept_standard(receiver, &request), HD_E_TOO_OLD);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(id, sizeof id, "msg_%d", i);
        sign_all(&request, id, wall_ms() / 1000);
        assert_int_equal(accept_standard(receiver, &request), HD_OK);
        assert_int_equal(accept_standard(receiver, &request), HD_E_REPLAYED);
    }
    sign_all(&request, "msg_99", wall_ms() / 1000 - 1); /* a retry has a new timestamp and signature */
    assert_int_equal(accept_standard(receiver, &request), HD_E_REPLAYED);
    for (int i = 99; i >= 0; i--) { /* the newest first: what is accepted again pushes out what is looked at later */
        (void)snprintf(id, sizeof id, "msg_%d", i);
        sign_all(&request, id, wall_ms() / 1000);
        remembered += accept_standard(receiver, &request) == HD_E_REPLAYED;
    }
    assert_in_range(remembered, 10, 20);
    hd_receiver_free(receiver);
}

/* Whoever takes away the headers of one scheme has the same request still, in whatever order the forms come. */
static void test_replay_without_the_other_scheme(void **state) {
    (void)state;
    static int (*const forms[])(hd_receiver *, const struct signed_request *) = {accept_both, accept_helmdesk,
                                                                                 accept_standard};
    struct signed_request request;
    for (size_t first = 0; first < 3; first++) {
        hd_receiver *receiver = new_receiver();
        assert_int_equal(hd_receiver_set_replay_memory(receiver, 10), HD_OK);
        render(&request, wall_ms());
        sign_all(&request, "msg_0", wall_ms() / 1000);
        assert_int_equal(forms[first](receiver, &request), HD_OK);
        for (size_t i = 0; i < 6; i++)
            assert_int_equal(forms[i % 3](receiver, &request), HD_E_REPLAYED);
        hd_receiver_free(receiver);
    }
}

/* What is refused leaves no trace: the other id of a request that was refused for its body is not known. */
static void test_refused_is_not_remembered(void **state) {
    (void)state;
    struct signed_request first, second;
    hd_acceptance *acceptance;
    hd_receiver *receiver = new_receiver();
    assert_int_equal(hd_receiver_set_replay_memory(receiver, 10), HD_OK);
    render(&first, wall_ms());
    second = first;
    sign_all(&first, "msg_1", wall_ms() / 1000);
    sign_all(&second, "msg_2", wall_ms() / 1000);
    assert_int_equal(accept_both_as(receiver, &first, &acceptance), HD_OK);
    assert_int_equal(accept_both(receiver, &second), HD_E_REPLAYED);
    hd_acceptance_forget(acceptance);
    hd_acceptance_free(acceptance);
    assert_int_equal(accept_both(receiver, &second), HD_OK);
    hd_receiver_free(receiver);
}

/* A program that could not do what it accepted hears it again; what it forgets takes no room from the others. */
static void test_forget(void **state) {
    (void)state;
    enum {
        REMEMBERED = 4
    };
    struct signed_request seen[REMEMBERED], other;
    hd_acceptance *acceptance, *without_memory;
    hd_receiver *receiver = new_receiver();
    char id[32];
    render(&other, wall_ms() + 100);
    sign_all(&other, "msg_other", wall_ms() / 1000);
    assert_int_equal(accept_both_as(receiver, &other, &without_memory), HD_OK);
    assert_int_equal(hd_receiver_set_replay_memory(receiver, REMEMBERED), HD_OK);
    for (int i = 0; i < REMEMBERED - 1; i++) {
        (void)snprintf(id, sizeof id, "msg_%d", i);
        render(&seen[i], wall_ms() + i);
        sign_all(&seen[i], id, wall_ms() / 1000);
        assert_int_equal(accept_both(receiver, &seen[i]), HD_OK);
    }
    for (int round = 0; round < 20; round++) {
        assert_int_equal(accept_both_as(receiver, &other, &acceptance), HD_OK);
        hd_acceptance_forget(acceptance);
        hd_acceptance_free(acceptance);
    }
    assert_int_equal(accept_both(receiver, &other), HD_OK);
    hd_acceptance_forget(without_memory); /* it was accepted when nothing was remembered */
    hd_acceptance_free(without_memory);
    assert_int_equal(accept_both(receiver, &other), HD_E_REPLAYED);
    for (int i = 0; i < REMEMBERED - 1; i++)
        assert_int_equal(accept_both(receiver, &seen[i]), HD_E_REPLAYED);
    hd_acceptance_forget(NULL);
    hd_acceptance_free(NULL);
    hd_receiver_free(receiver);
}

/* The second call would forget what was accepted since. */
static void test_forget_once(void **state) {
    (void)state;
    struct signed_request request;
    hd_acceptance *acceptance;
    hd_receiver *receiver = new_receiver();
    assert_int_equal(hd_receiver_set_replay_memory(receiver, 4), HD_OK);
    render(&request, wall_ms());
    sign_all(&request, "msg_1", wall_ms() / 1000);
    assert_int_equal(accept_both_as(receiver, &request, &acceptance), HD_OK);
    hd_acceptance_forget(acceptance);
    assert_int_equal(accept_both(receiver, &request), HD_OK);
    hd_acceptance_forget(acceptance);
    assert_int_equal(accept_both(receiver, &request), HD_E_REPLAYED);
    hd_acceptance_free(acceptance);
    hd_receiver_free(receiver);
}

/* Any order of frees is right; and a memory that was replaced is no longer asked. */
static void test_acceptance_outlives(void **state) {
    (void)state;
    struct signed_request request;
    hd_acceptance *first, *second;
    hd_receiver *receiver = new_receiver();
    assert_int_equal(hd_receiver_set_replay_memory(receiver, 4), HD_OK);
    render(&request, wall_ms());
    sign_all(&request, "msg_1", wall_ms() / 1000);
    assert_int_equal(accept_both_as(receiver, &request, &first), HD_OK);
    assert_int_equal(hd_receiver_set_replay_memory(receiver, 4), HD_OK);
    assert_int_equal(accept_both_as(receiver, &request, &second), HD_OK);
    hd_acceptance_forget(first);
    assert_int_equal(accept_both(receiver, &request), HD_E_REPLAYED);
    hd_receiver_free(receiver);
    assert_string_equal(hd_event_name(hd_acceptance_event(first)), "ticket.created");
    hd_acceptance_forget(second);
    hd_acceptance_free(second);
    hd_acceptance_free(first);
}

static void test_acceptance(void **state) {
    (void)state;
    struct signed_request request;
    hd_acceptance *acceptance;
    hd_receiver *receiver = new_receiver();
    size_t length;
    render(&request, wall_ms());
    sign_all(&request, "msg_1", wall_ms() / 1000);
    assert_int_equal(accept_both_as(receiver, &request, &acceptance), HD_OK);
    assert_int_equal(hd_acceptance_schemes(acceptance), HD_SCHEME_HELMDESK | HD_SCHEME_STANDARD);
    assert_int_equal(hd_acceptance_secret(acceptance), 0);
    assert_string_equal(hd_acceptance_delivery_id(acceptance), "msg_1");
    assert_string_equal(hd_event_json(hd_acceptance_event(acceptance), &length), request.body);
    assert_int_equal(length, strlen(request.body));
    hd_acceptance_free(acceptance);
    assert_int_equal(accept_helmdesk_as(receiver, &request, &acceptance), HD_OK);
    assert_int_equal(hd_acceptance_schemes(acceptance), HD_SCHEME_HELMDESK);
    assert_null(hd_acceptance_delivery_id(acceptance));
    hd_acceptance_free(acceptance);
    assert_null(hd_acceptance_event(NULL));
    assert_null(hd_acceptance_delivery_id(NULL));
    assert_int_equal(hd_acceptance_secret(NULL), 0);
    assert_int_equal(hd_acceptance_schemes(NULL), 0);
    hd_receiver_free(receiver);
}

/* X-Helmdesk-Delivery is not signed: it counts only where no signed id is, and only if it looks like one. */
static void test_delivery_id(void **state) {
    (void)state;
    static const struct {
        const char *given, *told;
    } cases[] = {{"0190c0de-7a1f-7cc3-98c4-dc0c0c07398f", "0190c0de-7a1f-7cc3-98c4-dc0c0c07398f"},
                 {"", NULL},
                 {"a b", NULL},
                 {"a.b", NULL}};
    struct signed_request request;
    hd_acceptance *acceptance;
    hd_receiver *receiver = new_receiver();
    render(&request, wall_ms());
    sign_all(&request, "msg_1", wall_ms() / 1000);
    const char *names[] = {"x-helmdesk-delivery", "X-Helmdesk-Signature", "webhook-id", "webhook-timestamp",
                           "webhook-signature"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *values[] = {cases[i].given, request.signature, request.id, request.timestamp, request.standard};
        assert_int_equal(accept_with(receiver, names, values, 2, request.body, strlen(request.body), &acceptance),
                         HD_OK);
        if (cases[i].told)
            assert_string_equal(hd_acceptance_delivery_id(acceptance), cases[i].told);
        else
            assert_null(hd_acceptance_delivery_id(acceptance));
        hd_acceptance_free(acceptance);
        assert_int_equal(accept_with(receiver, names, values, 5, request.body, strlen(request.body), &acceptance),
                         HD_OK);
        assert_string_equal(hd_acceptance_delivery_id(acceptance), "msg_1");
        hd_acceptance_free(acceptance);
    }
    const char *twice[] = {"X-Helmdesk-Delivery", "X-Helmdesk-Signature", "x-helmdesk-delivery"};
    const char *values[] = {"a", request.signature, "b"};
    assert_int_equal(accept_with(receiver, twice, values, 3, request.body, strlen(request.body), &acceptance),
                     HD_E_HEADER_DUPLICATE);
    hd_receiver_free(receiver);
}

static void test_http_status(void **state) {
    (void)state;
    static const struct {
        int status, http;
    } cases[] = {{HD_OK, 200},
                 {HD_E_REPLAYED, 200},
                 {HD_E_HEADER_MISSING, 401},
                 {HD_E_SIGNATURE_FORMAT, 401},
                 {HD_E_SIGNATURE_MISMATCH, 401},
                 {HD_E_TOO_OLD, 401},
                 {HD_E_TOO_NEW, 401},
                 {HD_E_TOO_LARGE, 413},
                 {HD_E_LIMIT, 431},
                 {HD_E_HEADER, 400},
                 {HD_E_HEADER_DUPLICATE, 400},
                 {HD_E_HEADER_FORMAT, 400},
                 {HD_E_EVENT_MISMATCH, 400},
                 {HD_E_UTF8, 400},
                 {HD_E_JSON, 400},
                 {HD_E_JSON_DEPTH, 400},
                 {HD_E_JSON_DUPLICATE, 400},
                 {HD_E_JSON_KEY, 400},
                 {HD_E_JSON_TYPE, 400},
                 {HD_E_TIMESTAMP, 400},
                 {HD_E_NO_MEMORY, 503},
                 {HD_E_SECRET, 500},
                 {HD_E_CRYPTO, 500},
                 {HD_E_INVALID, 500},
                 {1, 500},
                 {-9999, 500}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(hd_receiver_http_status(cases[i].status), cases[i].http);
}

/* ------------------------------------------------------------------------------------------------------------------
 * A million corruptions
 */

static uint64_t seed = 88172645463325252;

static size_t any(size_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed >> 11) % below;
}

/* Changes a byte, takes one away, or doubles one. */
static void corrupt(char *text, size_t *len) {
    size_t at = any(*len);
    switch (any(3)) {
    case 0:
        text[at] = (char)(text[at] ^ (1 << any(8)));
        break;
    case 1:
        memmove(text + at, text + at + 1, *len - at - 1);
        --*len;
        break;
    default:
        memmove(text + at + 1, text + at, *len - at);
        ++*len;
    }
}

static void test_corruptions(void **state) {
    (void)state;
    struct signed_request request;
    hd_receiver *receiver = new_receiver();
    size_t count = volume(1000000);
    render(&request, wall_ms());
    sign_all(&request, "msg_1", wall_ms() / 1000);
    assert_int_equal(hd_receiver_set_max_age_ms(receiver, HD_SCHEME_STANDARD, 0), HD_OK);
    const char *names[] = {"x-helmdesk-signature", "webhook-id", "webhook-timestamp", "webhook-signature"};
    const char *originals[] = {request.signature, request.id, request.timestamp, request.standard, request.body};
    for (size_t i = 0; i < count; i++) {
        char copies[5][1100];
        size_t lens[5];
        hd_acceptance *acceptance = NULL;
        hd_request *changed = NULL;
        int is_standard = (int)any(2);
        for (size_t k = 0; k < 5; k++) {
            lens[k] = strlen(originals[k]);
            memcpy(copies[k], originals[k], lens[k]);
        }
        size_t victim = is_standard ? 1 + any(4) : any(2) * 4;
        corrupt(copies[victim], &lens[victim]);
        if (lens[victim] == strlen(originals[victim]) && memcmp(copies[victim], originals[victim], lens[victim]) == 0)
            continue; /* a byte like its neighbour was doubled or taken: not here, but in the same place */
        size_t first = is_standard ? 1 : 0, end = is_standard ? 4 : 1;
        assert_int_equal(hd_request_new(&changed), HD_OK);
        for (size_t k = first; k < end; k++)
            (void)hd_request_add_header(changed, names[k], HD_TEXT_NUL, copies[k], lens[k]);
        (void)hd_request_add_body(changed, copies[4], lens[4]);
        int status = hd_receiver_accept(receiver, changed, &acceptance);
        hd_request_free(changed);
        assert_int_not_equal(status, HD_OK);
        assert_null(acceptance);
    }
    assert_int_equal(accept_standard(receiver, &request), HD_OK);
    assert_int_equal(accept_helmdesk(receiver, &request), HD_OK);
    hd_receiver_free(receiver);
}

/* Any bytes are a secret. Those that are base64, and no others, are one for Standard Webhooks: what they stand for,
 * made into base64 again, is what they were. */
static void test_random_secrets(void **state) {
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=whsec_-\n ";
    size_t count = volume(200000), usable = 0;
    for (size_t i = 0; i < count; i++) {
        char secret[1024], copy[1100];
        unsigned char bytes[1024];
        size_t bytes_len, len = 1 + any(i % 100 == 0 ? sizeof secret : 48);
        int is_base64;
        struct hd__hmac_key *key = NULL;
        for (size_t k = 0; k < len; k++)
            secret[k] = i % 3 ? digits[any(i % 3 == 1 ? 64 : sizeof digits - 1)] : (char)any(256);
        is_base64 = hd__base64_decode(secret, len, bytes, &bytes_len);
        if (is_base64) {
            hd__base64_encode(bytes, bytes_len, copy);
            assert_int_equal(strlen(copy), len);
            assert_memory_equal(copy, secret, len);
        }
        int status = hd__standard_key(secret, len, &key);
        if ((len < 6 || memcmp(secret, "whsec_", 6) != 0) && secret[0] != 'A') /* that may stand for zeros */
            assert_int_equal(status, is_base64 ? HD_OK : HD_E_SECRET);
        assert_true((status == HD_OK) == (key != NULL));
        usable += status == HD_OK;
        hd__hmac_key_free(key);
        hd_receiver *receiver = NULL;
        assert_int_equal(hd_receiver_new(&receiver), HD_OK);
        assert_int_equal(hd_receiver_add_secret(receiver, secret, len), HD_OK);
        hd_receiver_free(receiver);
    }
    assert_true(usable > 0 && usable < count);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Settings, arguments, threads
 */

static void test_settings(void **state) {
    (void)state;
    char long_secret[1025];
    hd_receiver *receiver = NULL;
    memset(long_secret, 'x', sizeof long_secret);
    assert_int_equal(hd_receiver_new(NULL), HD_E_INVALID);
    assert_int_equal(hd_receiver_new(&receiver), HD_OK);
    assert_int_equal(hd_receiver_add_secret(NULL, "s", 1), HD_E_INVALID);
    assert_int_equal(hd_receiver_add_secret(receiver, NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_receiver_add_secret(receiver, "", 0), HD_E_SECRET);
    assert_int_equal(hd_receiver_add_secret(receiver, long_secret, 1025), HD_E_SECRET);
    assert_int_equal(hd_receiver_add_secret(receiver, long_secret, 1024), HD_OK);
    for (int i = 1; i < 8; i++)
        assert_int_equal(hd_receiver_add_secret(receiver, "secret", 6), HD_OK);
    assert_int_equal(hd_receiver_add_secret(receiver, "secret", 6), HD_E_LIMIT);
    assert_int_equal(hd_receiver_set_schemes(NULL, HD_SCHEME_HELMDESK), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_schemes(receiver, 0), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_schemes(receiver, 4), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_schemes(receiver, HD_SCHEME_HELMDESK | HD_SCHEME_STANDARD), HD_OK);
    assert_int_equal(hd_receiver_set_max_age_ms(NULL, HD_SCHEME_HELMDESK, 0), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_max_age_ms(receiver, 3, 0), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_max_age_ms(receiver, HD_SCHEME_HELMDESK, -1), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_max_age_ms(receiver, HD_SCHEME_HELMDESK, INT64_MAX), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_max_body(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_max_body(receiver, 0), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_max_body(receiver, 2097153), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_max_body(receiver, 2097152), HD_OK);
    assert_int_equal(hd_receiver_set_replay_memory(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_replay_memory(receiver, SIZE_MAX), HD_E_INVALID);
    assert_int_equal(hd_receiver_set_replay_memory(receiver, 5), HD_OK);
    assert_int_equal(hd_receiver_set_replay_memory(receiver, 0), HD_OK);
    hd_receiver_free(receiver);
    hd_receiver_free(NULL);
}

static void test_arguments(void **state) {
    (void)state;
    static const char *const names[] = {"X-Helmdesk-Signature"};
    static const char *const any_signature[] = {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
    hd_acceptance *acceptance = (hd_acceptance *)&acceptance;
    hd_receiver *receiver = NULL;
    hd_request *request = request_with(names, any_signature, 1, "x", 1);
    assert_int_equal(hd_receiver_accept(NULL, request, &acceptance), HD_E_INVALID);
    assert_null(acceptance);
    assert_int_equal(hd_receiver_new(&receiver), HD_OK);
    assert_int_equal(hd_receiver_accept(receiver, request, &acceptance), HD_E_SECRET);
    assert_int_equal(hd_receiver_add_secret(receiver, "s", 1), HD_OK);
    assert_int_equal(hd_receiver_accept(receiver, request, NULL), HD_E_INVALID);
    assert_int_equal(hd_receiver_accept(receiver, NULL, &acceptance), HD_E_INVALID);
    hd_request_reset(request);
    assert_int_equal(hd_receiver_accept(receiver, request, &acceptance), HD_E_HEADER_MISSING);
    assert_int_equal(hd_receiver_set_max_body(receiver, 3), HD_OK);
    assert_int_equal(hd_request_add_body(request, "six", 3), HD_OK);
    assert_int_equal(hd_receiver_accept(receiver, request, &acceptance), HD_E_HEADER_MISSING);
    assert_int_equal(hd_request_add_body(request, "!", 1), HD_OK);
    assert_int_equal(hd_receiver_accept(receiver, request, &acceptance), HD_E_TOO_LARGE);
    hd_request_free(request);
    hd_receiver_free(receiver);
}

/* What could not be added to a request might have contradicted the rest: it is refused with that status. */
static void test_request_that_failed(void **state) {
    (void)state;
    struct signed_request signed_one;
    hd_acceptance *acceptance;
    hd_receiver *receiver = new_receiver();
    render(&signed_one, wall_ms());
    sign_all(&signed_one, "msg_1", wall_ms() / 1000);
    const char *names[] = {"X-Helmdesk-Signature"};
    const char *values[] = {signed_one.signature};
    hd_request *request = request_with(names, values, 1, signed_one.body, strlen(signed_one.body));
    assert_int_equal(hd_receiver_accept(receiver, request, &acceptance), HD_OK);
    hd_acceptance_free(acceptance);
    assert_int_equal(hd_request_add_header(request, "X-A", HD_TEXT_NUL, "a\nb", HD_TEXT_NUL), HD_E_HEADER);
    assert_int_equal(hd_receiver_accept(receiver, request, &acceptance), HD_E_HEADER);
    assert_null(acceptance);
    hd_request_free(request);
    hd_receiver_free(receiver);
}

/* Each number stays its secret's own. */
static void test_remove_secret(void **state) {
    (void)state;
    struct signed_request request;
    hd_receiver *receiver = NULL;
    hd_acceptance *acceptance;
    render(&request, wall_ms());
    sign_all(&request, "msg_1", 0);
    assert_int_equal(hd_receiver_new(&receiver), HD_OK);
    assert_int_equal(hd_receiver_remove_secret(receiver, 0), HD_E_NO_SECRET);
    assert_int_equal(hd_receiver_remove_secret(receiver, SIZE_MAX), HD_E_NO_SECRET);
    assert_int_equal(hd_receiver_remove_secret(NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_receiver_add_secret(receiver, "old", 3), HD_OK);
    assert_int_equal(hd_receiver_add_secret(receiver, SECRET, strlen(SECRET)), HD_OK);
    assert_int_equal(hd_receiver_remove_secret(receiver, 0), HD_OK);
    assert_int_equal(hd_receiver_remove_secret(receiver, 0), HD_E_NO_SECRET);
    assert_int_equal(accept_helmdesk_as(receiver, &request, &acceptance), HD_OK);
    assert_int_equal(hd_acceptance_secret(acceptance), 1);
    hd_acceptance_free(acceptance);
    assert_int_equal(hd_receiver_add_secret(receiver, SECRET, strlen(SECRET)), HD_OK);
    assert_int_equal(hd_receiver_remove_secret(receiver, 1), HD_OK);
    assert_int_equal(accept_helmdesk_as(receiver, &request, &acceptance), HD_OK);
    assert_int_equal(hd_acceptance_secret(acceptance), 0);
    hd_acceptance_free(acceptance);
    hd_receiver_free(receiver);
}

#define THREADS 8
#define REQUESTS 200

static hd_receiver *shared;
static struct signed_request requests[REQUESTS];

/* With one request of its own, which is used again. Every third is forgotten, and then accepted again by one of them.
 * What was accepted is freed when the receiver may be gone. */
static void *accept_all(void *accepted) {
    hd_acceptance **next = accepted;
    hd_request *request = NULL;
    if (hd_request_new(&request) != HD_OK)
        return NULL;
    for (size_t i = 0; i < REQUESTS; i++) {
        hd_request_reset(request);
        hd_request_add_header(request, "webhook-id", HD_TEXT_NUL, requests[i].id, HD_TEXT_NUL);
        hd_request_add_header(request, "webhook-timestamp", HD_TEXT_NUL, requests[i].timestamp, HD_TEXT_NUL);
        hd_request_add_header(request, "webhook-signature", HD_TEXT_NUL, requests[i].standard, HD_TEXT_NUL);
        hd_request_add_body(request, requests[i].body, strlen(requests[i].body));
        if (hd_receiver_accept(shared, request, next) == HD_OK && i % 3 == 0) {
            hd_acceptance_forget(*next);
            hd_acceptance_free(*next);
            while (hd_receiver_accept(shared, request, next) == HD_OK) /* unless another thread has it already */
                next++;
        } else if (*next) {
            next++;
        }
    }
    hd_request_free(request);
    return (void *)(uintptr_t)(next - (hd_acceptance **)accepted);
}

/* Many threads with one receiver: each request is accepted by exactly one of them. */
static void test_threads(void **state) {
    (void)state;
    static hd_acceptance *acceptances[THREADS][REQUESTS + 1];
    pthread_t threads[THREADS];
    uintptr_t accepted = 0, counts[THREADS];
    char id[32];
    shared = new_receiver();
    assert_int_equal(hd_receiver_set_replay_memory(shared, REQUESTS), HD_OK);
    for (size_t i = 0; i < REQUESTS; i++) {
        (void)snprintf(id, sizeof id, "msg_%zu", i);
        render(&requests[i], wall_ms() + (int64_t)i);
        sign_all(&requests[i], id, wall_ms() / 1000);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, accept_all, acceptances[i]), 0);
    for (int i = 0; i < 100; i++) { /* the secret is rotated meanwhile */
        assert_int_equal(hd_receiver_add_secret(shared, SECRET, strlen(SECRET)), HD_OK);
        assert_int_equal(hd_receiver_remove_secret(shared, (size_t)(i % 2)), HD_OK);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        counts[i] = (uintptr_t)result;
        accepted += counts[i];
    }
    assert_int_equal(accepted, REQUESTS);
    hd_receiver_free(shared);
    for (size_t i = 0; i < THREADS; i++)
        for (size_t j = 0; j < counts[i]; j++)
            hd_acceptance_free(acceptances[i][j]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_age_of_an_attempt),
        cmocka_unit_test(test_age_of_an_event),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_corruptions),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_replay_without_the_other_scheme),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_forget_once),
        cmocka_unit_test(test_acceptance),
        cmocka_unit_test(test_acceptance_outlives),
        cmocka_unit_test(test_delivery_id),
        cmocka_unit_test(test_http_status),
        cmocka_unit_test(test_request_that_failed),
        cmocka_unit_test(test_refused_is_not_remembered),
        cmocka_unit_test(test_remove_secret),
        cmocka_unit_test(test_random_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
