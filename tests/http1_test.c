/* SPDX-License-Identifier: MIT */
/** @file http1_test.c An answer is read right, however it is cut into pieces: the table of answers, the limits, and
 * what fields say. */
#include "support/answer_reading.h"
#include "support/answers.h"
#include "support/bodies.h"

#define OK11 "HTTP/1.1 200 OK\r\n"
#define OUTSIDE HD__HTTP1_OUTSIDE_MAX

/* ---- The table ---- */

static char *whole_of(const struct answer *answer, size_t *len) {
    *len = answer->taken_len + answer->left_len;
    char *bytes = must_malloc(*len + 1);
    memcpy(bytes, answer->taken, answer->taken_len);
    if (answer->left_len > 0)
        memcpy(bytes + answer->taken_len, answer->left, answer->left_len);
    return bytes;
}

static void check_reading(const struct answer *answer, const struct reading *reading) {
    const char *body = answer->body ? answer->body : "";
    const struct hd__http1 *http = &reading->http;
    if (reading->broken)
        fail_msg("%s: %s", answer->name, reading->broken);
    if (reading->open != answer->open || reading->ended != answer->ended)
        fail_msg("%s: %s, %s", answer->name, result_name(reading->open), result_name(reading->ended));
    if (http->status != answer->status || http->is_reusable != answer->is_reusable)
        fail_msg("%s: status %d, %d", answer->name, http->status, http->is_reusable);
    if (reading->used != answer->taken_len)
        fail_msg("%s: %zu bytes of %zu", answer->name, reading->used, answer->taken_len);
    if (reading->body.len != strlen(body) ||
        memcmp(reading->body.data ? reading->body.data : "", body, strlen(body)) != 0)
        fail_msg("%s: a body of %zu bytes", answer->name, reading->body.len);
    if (reading->heads.len > 0 && memcmp(reading->heads.data, answer->taken, reading->heads.len) != 0)
        fail_msg("%s: another head", answer->name);
    if (answer->status == 0 && reading->heads.len != answer->taken_len)
        fail_msg("%s: a head of %zu bytes", answer->name, reading->heads.len);
}

/* At once, each byte alone, and cut in two and three at every place. */
static void check_answer(const struct answer *answer) {
    size_t len;
    char *bytes = whole_of(answer, &len);
    for (size_t first = 0; first <= len; first++)
        for (size_t size = 0; size <= 1; size++) {
            struct reading reading;
            read_answer(&reading, bytes, len, first, size);
            check_reading(answer, &reading);
            reading_free(&reading);
        }
    free(bytes);
}

static void check_all(const struct answer *answers, size_t count) {
    for (size_t i = 0; i < count; i++)
        check_answer(&answers[i]);
}

static void test_good_answers(void **state) {
    (void)state;
    check_all(good_answers, good_answers_count);
}

static void test_bad_answers(void **state) {
    (void)state;
    check_all(bad_answers, bad_answers_count);
}

/* The status of such an answer counts all the same. */
static void test_bad_bodies(void **state) {
    (void)state;
    check_all(bad_bodies, bad_bodies_count);
}

/* Before its last byte no answer is whole. */
static void test_nothing_is_whole_too_early(void **state) {
    (void)state;
    for (size_t i = 0; i < good_answers_count; i++)
        for (size_t len = 0; len < good_answers[i].taken_len; len++) {
            struct reading reading;
            read_answer(&reading, good_answers[i].taken, len, 0, 0);
            if (reading.open != HD__HTTP1_MORE || reading.broken)
                fail_msg("%s: %s after %zu bytes", good_answers[i].name, result_name(reading.open), len);
            reading_free(&reading);
        }
}

/* ---- What is handed on ---- */

static void test_the_last_head_is_that_of_the_answer(void **state) {
    (void)state;
    static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
    static const char head[] = OK11 "Content-Length: 2\nX:  \t y \r\n\r\n";
    struct reading reading;
    char *bytes = must_malloc(sizeof interim + sizeof head + 2);
    size_t len = (size_t)sprintf(bytes, "%s%sok", interim, head);
    read_answer(&reading, bytes, len, 0, 0);
    assert_int_equal(reading.begins, 2);
    assert_string_equal(reading.head.data, head);
    assert_int_equal(reading.heads.len, sizeof interim - 1 + sizeof head - 1);
    assert_int_equal(reading.http.interim, 1);
    reading_free(&reading);
    free(bytes);
}

/* ---- Limits ---- */

/* Reads an answer that has text, so many letters, and more text; at once and in pieces. */
static void check_limit(const char *before, size_t letters, const char *behind, enum hd__http1_result open,
                        size_t used) {
    char *bytes = must_malloc(strlen(before) + letters + strlen(behind) + 1);
    size_t len = strlen(before) + letters + strlen(behind);
    memset(bytes, 'a', len);
    memcpy(bytes, before, strlen(before));
    memcpy(bytes + len - strlen(behind), behind, strlen(behind));
    static const size_t sizes[] = {0, 1, 2, 255, 256, 257, 1024, 16384, 65535, 65536, 65537};
    for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
        struct reading reading;
        read_answer(&reading, bytes, len, sizes[i], sizes[i]);
        if (reading.open != open || reading.used != used || reading.broken)
            fail_msg("%zu letters, by %zu: %s after %zu bytes, %s", letters, sizes[i], result_name(reading.open),
                     reading.used, reading.broken ? reading.broken : "");
        reading_free(&reading);
    }
    free(bytes);
}

#define FILL(before, behind) (OUTSIDE - (sizeof(before) - 1) - (sizeof(behind) - 1))

/* A head of exactly so many bytes that it may have, and of one more. */
static void test_limit_of_the_head(void **state) {
    (void)state;
    static const char *const befores[] = {"HTTP/1.1 204 ", "HTTP/1.1 204\r\nA: ", "HTTP/1.1 100\r\n\r\nHTTP/1.1 204 "};
    static const char *const behinds[] = {"\r\n\r\n", "\r\nB: c\r\n\r\n", "\n\n"};
    for (size_t i = 0; i < LENGTH_OF(befores); i++)
        for (size_t j = 0; j < LENGTH_OF(behinds); j++) {
            size_t fill = OUTSIDE - strlen(befores[i]) - strlen(behinds[j]);
            check_limit(befores[i], fill, behinds[j], HD__HTTP1_WHOLE, OUTSIDE);
            check_limit(befores[i], fill + 1, behinds[j], HD__HTTP1_TOO_LARGE, OUTSIDE);
        }
    check_limit("HTTP/1.1 204\r\n", OUTSIDE, "", HD__HTTP1_TOO_LARGE, OUTSIDE); /* a name without end */
}

#define CHUNKED OK11 "Transfer-Encoding: chunked\r\n\r\n"

/* Extensions and trailers count to it, and what is body does not. */
static void test_limit_of_chunks(void **state) {
    (void)state;
    static const char *const befores[] = {CHUNKED "0;", CHUNKED "0\r\nA:", CHUNKED "2\r\nok\r\n0;"};
    for (size_t i = 0; i < LENGTH_OF(befores); i++) {
        size_t body = i == 2 ? 2 : 0, fill = OUTSIDE + body - strlen(befores[i]) - 4;
        check_limit(befores[i], fill, "\r\n\r\n", HD__HTTP1_WHOLE, OUTSIDE + body);
        check_limit(befores[i], fill + 1, "\r\n\r\n", HD__HTTP1_TOO_LARGE, OUTSIDE + body);
    }
}

/* Chunks of one byte: their lines are more than their bytes. */
static void test_limit_of_small_chunks(void **state) {
    (void)state;
    static const size_t lines = sizeof "1\r\n\r\n" - 1;
    size_t fitting = (OUTSIDE - (sizeof CHUNKED - 1) - (sizeof "0\r\n\r\n" - 1)) / lines;
    for (size_t more = 0; more <= 2; more++) {
        char *chunks = repeated("1\r\na\r\n", fitting + more), *bytes = must_malloc(strlen(chunks) + 100);
        struct reading reading;
        size_t len = (size_t)sprintf(bytes, CHUNKED "%s0\r\n\r\n", chunks);
        read_answer(&reading, bytes, len, 0, 0);
        assert_int_equal(reading.open, more < 1 ? HD__HTTP1_WHOLE : HD__HTTP1_TOO_LARGE);
        assert_int_equal(reading.http.status, 200);
        reading_free(&reading);
        free(chunks);
        free(bytes);
    }
}

/* A body of exactly so many bytes, and of one more, by each way to say where it ends. */
static void test_limit_of_the_body(void **state) {
    (void)state;
    static const char length[] = OK11 "Content-Length: 65536\r\n\r\n", longer[] = OK11 "Content-Length: 65537\r\n\r\n";
    static const char chunk[] = CHUNKED "10000\r\n", larger[] = CHUNKED "10001\r\n", open[] = OK11 "\r\n";
    check_limit(length, 65536, "", HD__HTTP1_WHOLE, sizeof length - 1 + 65536);
    check_limit(longer, 65537, "", HD__HTTP1_TOO_LARGE, sizeof longer - 1 + 65536);
    check_limit(longer, 65536, "", HD__HTTP1_MORE, sizeof longer - 1 + 65536);
    check_limit(chunk, 65536, "\r\n0\r\n\r\n", HD__HTTP1_WHOLE, sizeof chunk - 1 + 65536 + 7);
    check_limit(larger, 65537, "\r\n0\r\n\r\n", HD__HTTP1_TOO_LARGE, sizeof larger - 1 + 65536);
    check_limit(open, 65536, "", HD__HTTP1_MORE, sizeof open - 1 + 65536);
    check_limit(open, 65537, "", HD__HTTP1_TOO_LARGE, sizeof open - 1 + 65536);
}

/* What fills the room for a value, and one byte more, of a field that would frame and of one that would not. */
static void test_limit_of_a_value(void **state) {
    (void)state;
    static const struct {
        const char *field, *value;
        enum hd__http1_result fits, exceeds;
    } cases[] = {
        {"Content-Length", "0", HD__HTTP1_WHOLE, HD__HTTP1_BAD},
        {"Transfer-Encoding", "chunked", HD__HTTP1_WHOLE, HD__HTTP1_BAD},
        {"Keep-Alive", "timeout=7", HD__HTTP1_WHOLE, HD__HTTP1_WHOLE},
        {"Retry-After", "7", HD__HTTP1_WHOLE, HD__HTTP1_WHOLE},
        {"Connection", "x", HD__HTTP1_WHOLE, HD__HTTP1_WHOLE},
        {"X", "y", HD__HTTP1_WHOLE, HD__HTTP1_WHOLE},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        for (int more = 0; more <= 1; more++) {
            char bytes[512];
            const char *rest = i <= 1 ? "" : "Content-Length: 0\r\n";
            int len = sprintf(bytes, OK11 "%s:%*s\r\n%s\r\n%s", cases[i].field, (int)HD__HTTP1_VALUE_MAX + more,
                              cases[i].value, rest, i == 1 ? "0\r\n\r\n" : "");
            struct reading reading;
            read_answer(&reading, bytes, (size_t)len, 0, 1);
            assert_int_equal(reading.open, more ? cases[i].exceeds : cases[i].fits);
            assert_int_equal(reading.http.idle_s, i == 2 && !more ? 7 : -1);
            assert_int_equal(hd__http1_retry_after_s(&reading.http, 0), i == 3 && !more ? 7 : 0);
            assert_int_equal(reading.http.is_reusable, reading.open == HD__HTTP1_WHOLE && !(i == 4 && more));
            assert_null(reading.broken);
            reading_free(&reading);
        }
}

/* ---- Bytes ---- */

static enum hd__http1_result result_with(const char *before, char byte, const char *behind) {
    char bytes[128];
    size_t at = strlen(before), len = at + 1 + strlen(behind);
    struct reading reading;
    (void)snprintf(bytes, sizeof bytes, "%s?%s", before, behind);
    bytes[at] = byte;
    read_answer(&reading, bytes, len, 0, 0);
    enum hd__http1_result result = reading.broken ? HD__HTTP1_NOTHING : reading.open;
    reading_free(&reading);
    return result;
}

/* Every byte at its place, also where eight bytes are looked at together. */
static void test_every_byte(void **state) {
    (void)state;
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char blanks[] = "        ";
    for (int i = 0; i < 256; i++) {
        char byte = (char)i;
        int ends = byte == '\r' || byte == '\n' || byte == '\0';
        int names = byte != '\0' && strchr(token, byte) != NULL;
        assert_int_equal(result_with("HTTP/1.1 204\r\nA", byte, ": b\r\n\r\n"),
                         names || byte == ':' ? HD__HTTP1_WHOLE : HD__HTTP1_BAD);
        assert_int_equal(result_with("HTTP/1.1 204\r\n", byte, ": b\r\n\r\n"),
                         names || byte == '\n' ? HD__HTTP1_WHOLE : HD__HTTP1_BAD);
        for (size_t j = 0; j < sizeof blanks; j++) {
            char before[64];
            (void)snprintf(before, sizeof before, "HTTP/1.1 204\r\nA:%s", blanks + j);
            assert_int_equal(result_with(before, byte, "12345678\r\n\r\n"), ends ? HD__HTTP1_BAD : HD__HTTP1_WHOLE);
            (void)snprintf(before, sizeof before, "HTTP/1.1 204 %s", blanks + j);
            assert_int_equal(result_with(before, byte, "12345678\r\n\r\n"), ends ? HD__HTTP1_BAD : HD__HTTP1_WHOLE);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_answers),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_bad_bodies),
        cmocka_unit_test(test_nothing_is_whole_too_early),
        cmocka_unit_test(test_the_last_head_is_that_of_the_answer),
        cmocka_unit_test(test_limit_of_the_head),
        cmocka_unit_test(test_limit_of_chunks),
        cmocka_unit_test(test_limit_of_small_chunks),
        cmocka_unit_test(test_limit_of_the_body),
        cmocka_unit_test(test_limit_of_a_value),
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests_name("http1", tests, NULL, NULL);
}
