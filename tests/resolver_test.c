/* SPDX-License-Identifier: MIT */
/** @file resolver_test.c Name lookups that hang, fail or come in thousands. The system's getaddrinfo() is this test's.
 */
#include "support/support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "helmdesk.h"
#include "transport/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static atomic_uint calls, running, most_running, wakes;
static atomic_int gate_is_open;          /* names with "hang" in them wait for it */
static atomic_int answer;                /* the code for names with "moody" in them */
static atomic_int_fast64_t now_us;       /* of this test's clock */
static struct sockaddr_in addresses[64]; /* 192.0.2.1 and so on, of names with "many" in them */
static struct addrinfo infos[64];
static struct hd__policy policy; /* allows these, and 127.0.0.1 */

/* Of names with "forbidden" in them, and of those with "v6". */
static struct {
    struct sockaddr_in addresses[64];
    struct addrinfo infos[64];
    struct sockaddr_in6 v6;
    struct addrinfo v6_info;
} forbidden;

static int code_of(const char *node) {
    return strstr(node, "missing") != NULL  ? EAI_NONAME
           : strstr(node, "silent") != NULL ? EAI_AGAIN
           : strstr(node, "moody") != NULL  ? atomic_load(&answer)
                                            : 0;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    (void)service, (void)hints;
    (void)atomic_fetch_add(&calls, 1);
    unsigned now = atomic_fetch_add(&running, 1) + 1;
    unsigned most = atomic_load(&most_running);
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now))
        ;
    while (strstr(node, "hang") != NULL && !atomic_load(&gate_is_open))
        sleep_ms(1);
    (void)atomic_fetch_sub(&running, 1);
    *result = strstr(node, "many") != NULL        ? infos
              : strstr(node, "forbidden") != NULL ? forbidden.infos
              : strstr(node, "v6") != NULL        ? &forbidden.v6_info
                                                  : &infos[63];
    return code_of(node);
}

void freeaddrinfo(struct addrinfo *result) {
    (void)result;
}

static int64_t monotonic_us(void *self) {
    (void)self;
    return atomic_load(&now_us);
}

static const struct hd__clock test_clock = {.monotonic_us = monotonic_us};

static void count_wake(void *user) {
    (void)user;
    (void)atomic_fetch_add(&wakes, 1);
}

/* A list of 64 addresses from the first on. */
static void make_list(struct addrinfo *list, struct sockaddr_in *of, uint32_t first) {
    for (size_t i = 0; i < 64; i++) {
        of[i].sin_family = AF_INET;
        of[i].sin_addr.s_addr = htonl(first + (uint32_t)i);
        list[i] = (struct addrinfo){
            .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&of[i], .ai_next = i + 1 < 64 ? &list[i + 1] : NULL};
    }
}

static int make_addresses(void **state) {
    (void)state;
    make_list(infos, addresses, 0xC0000201);
    make_list(forbidden.infos, forbidden.addresses, 0x0A000001); /* 10.0.0.1 and so on */
    forbidden.v6.sin6_family = AF_INET6;
    forbidden.v6_info = (struct addrinfo){.ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&forbidden.v6};
    policy.allowed_count = 2;
    return hd__network_parse("192.0.2.0/24", &policy.allowed[0]) == HD_OK &&
                   hd__network_parse("127.0.0.1/32", &policy.allowed[1]) == HD_OK
               ? 0
               : -1;
}

static int set_up(void **state) {
    atomic_store(&calls, 0);
    atomic_store(&most_running, 0);
    atomic_store(&wakes, 0);
    atomic_store(&gate_is_open, 0);
    atomic_store(&answer, 0);
    atomic_store(&now_us, 1000000);
    *state = hd__resolver_new(&policy, &test_clock, count_wake, NULL);
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    if (*state != NULL)
        hd__resolver_free(*state);
    atomic_store(&gate_is_open, 1);
    for (int64_t end = now_ms() + PATIENCE_MS; atomic_load(&running) > 0 && now_ms() < end;)
        sleep_ms(1);
    return 0;
}

/* The answer for a name, waited for, and its text. */
static int answer_for(struct hd__resolver *resolver, struct hd__name *name, char text[1024]) {
    struct hd__buffer found = {0};
    const char *failure = NULL;
    int result;
    int64_t end = now_ms() + PATIENCE_MS;
    while ((result = hd__resolver_answer(resolver, name, &found, &failure)) == HD__NAME_PENDING && now_ms() < end)
        sleep_ms(1);
    assert_true(result == HD__NAME_FOUND || found.data == NULL);
    (void)snprintf(text, 1024, "%s", result == HD__NAME_FOUND ? found.data : failure == NULL ? "" : failure);
    hd__buffer_free(&found);
    return result;
}

static void assert_answer(struct hd__resolver *resolver, const char *host, int expected, const char *expected_text) {
    char text[1024];
    struct hd__name *name = hd__resolver_ask(resolver, host);
    assert_non_null(name);
    assert_int_equal(answer_for(resolver, name, text), expected);
    assert_string_equal(text, expected_text);
    hd__resolver_release(resolver, name);
}

/* What a lookup can say; a name is looked up once for all that ask within a minute. */
static void test_answers(void **state) {
    struct hd__resolver *resolver = *state;
    assert_answer(resolver, "good.example", HD__NAME_FOUND, "192.0.2.64");
    assert_answer(resolver, "good.example", HD__NAME_FOUND, "192.0.2.64");
    assert_int_equal(atomic_load(&calls), 1);
    assert_answer(resolver, "missing.example", HD__NAME_FAILED, "no such name");
    assert_answer(resolver, "silent.example", HD__NAME_FAILED, "the name server does not answer");
    assert_answer(resolver, "localhost", HD__NAME_FOUND, "127.0.0.1");
    assert_answer(resolver, "some.LOCALHOST", HD__NAME_FOUND, "127.0.0.1");
    assert_int_equal(atomic_load(&calls), 3); /* of these two, no name server is asked */
    assert_int_equal(atomic_load(&wakes), 5);
}

/* Row 35: of a name with very many addresses, the first ones are enough. */
static void test_many_addresses(void **state) {
    struct hd__resolver *resolver = *state;
    char text[1024];
    struct hd__name *name = hd__resolver_ask(resolver, "many.example");
    assert_int_equal(answer_for(resolver, name, text), HD__NAME_FOUND);
    unsigned commas = 0;
    for (const char *at = text; *at != '\0'; at++)
        commas += *at == ',' ? 1 : 0;
    assert_int_equal(commas, 31);
    assert_memory_equal(text, "192.0.2.1,192.0.2.2,", 20);
    hd__resolver_release(resolver, name);
}

/* Addresses that the policy forbids are not handed on, wherever they stand and however many they are. */
static void test_forbidden_addresses_are_left_out(void **state) {
    struct hd__resolver *resolver = *state;
    forbidden.addresses[40].sin_addr.s_addr = htonl(0xC0000207); /* 192.0.2.7 */
    forbidden.addresses[63].sin_addr.s_addr = htonl(0xC0000208);
    assert_answer(resolver, "forbidden.example", HD__NAME_FOUND, "192.0.2.7,192.0.2.8");
    forbidden.addresses[40].sin_addr.s_addr = htonl(0x0A000029);
    forbidden.addresses[63].sin_addr.s_addr = htonl(0x7F000002); /* another rule than that of the first one */
    assert_answer(resolver, "all.forbidden.example", HD__NAME_BLOCKED, "private, 10.0.0.0/8");
    assert_answer(resolver, "v6.example", HD__NAME_BLOCKED, "not public, outside 2000::/3");
    assert_int_equal(atomic_load(&calls), 3);
}

/* That a name is blocked holds as long as any other answer, and no longer. */
static void test_blocked_names_are_asked_for_again(void **state) {
    struct hd__resolver *resolver = *state;
    assert_answer(resolver, "moody.forbidden.example", HD__NAME_BLOCKED, "private, 10.0.0.0/8");
    assert_answer(resolver, "moody.forbidden.example", HD__NAME_BLOCKED, "private, 10.0.0.0/8");
    assert_int_equal(atomic_load(&calls), 1);
    (void)atomic_fetch_add(&now_us, 61 * 1000000);
    atomic_store(&answer, EAI_AGAIN);
    assert_answer(resolver, "moody.forbidden.example", HD__NAME_BLOCKED, "private, 10.0.0.0/8");
    assert_eventually(atomic_load(&wakes) == 2);
    atomic_store(&answer, 0);
    forbidden.addresses[0].sin_addr.s_addr = htonl(0xC0000201);
    hd__resolver_release(resolver, hd__resolver_ask(resolver, "moody.forbidden.example"));
    assert_eventually(atomic_load(&wakes) == 3);
    assert_answer(resolver, "moody.forbidden.example", HD__NAME_FOUND, "192.0.2.1");
    forbidden.addresses[0].sin_addr.s_addr = htonl(0x0A000001);
}

/* A name that was found once is used while it is looked up again, also if the name server is silent by then. */
static void test_found_names_do_not_wait(void **state) {
    struct hd__resolver *resolver = *state;
    assert_answer(resolver, "moody.example", HD__NAME_FOUND, "192.0.2.64");
    (void)atomic_fetch_add(&now_us, 61 * 1000000);
    atomic_store(&answer, EAI_AGAIN);
    assert_answer(resolver, "moody.example", HD__NAME_FOUND, "192.0.2.64");
    assert_eventually(atomic_load(&wakes) == 2);
    assert_answer(resolver, "moody.example", HD__NAME_FOUND, "192.0.2.64");
    assert_eventually(atomic_load(&wakes) == 3);
    (void)atomic_fetch_add(&now_us, 301 * 1000000);
    assert_answer(resolver, "moody.example", HD__NAME_FAILED, "the name server does not answer");
    atomic_store(&answer, 0);
    assert_answer(resolver, "moody.example", HD__NAME_FOUND, "192.0.2.64");
    atomic_store(&answer, EAI_NONAME); /* and what is said to be gone is gone */
    (void)atomic_fetch_add(&now_us, 61 * 1000000);
    unsigned before = atomic_load(&wakes);
    hd__resolver_release(resolver, hd__resolver_ask(resolver, "moody.example"));
    assert_eventually(atomic_load(&wakes) == before + 1);
    assert_answer(resolver, "moody.example", HD__NAME_FAILED, "no such name");
}

/* Row 70: lookups that hang are few threads, however many names hang, and one for each name. */
static void test_hanging_lookups_are_bounded(void **state) {
    struct hd__resolver *resolver = *state;
    struct hd__name *names[200];
    char text[1024];
    char host[32];
    for (int i = 0; i < 200; i++) {
        (void)snprintf(host, sizeof host, "hang-%d.example", i / 2);
        names[i] = hd__resolver_ask(resolver, host);
        assert_non_null(names[i]);
    }
    assert_ptr_equal(names[0], names[1]);
    assert_eventually(atomic_load(&running) == 32);
    for (int i = 0; i < 200; i++) {
        struct hd__buffer nothing = {0};
        const char *failure;
        assert_int_equal(hd__resolver_answer(resolver, names[i], &nothing, &failure), HD__NAME_PENDING);
        assert_null(nothing.data);
    }
    atomic_store(&gate_is_open, 1);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(answer_for(resolver, names[i], text), HD__NAME_FOUND);
        hd__resolver_release(resolver, names[i]);
    }
    assert_int_equal(atomic_load(&most_running), 32);
    assert_int_equal(atomic_load(&calls), 100);
}

/* P4: names that are known to be slow leave half of the threads to others. */
static void test_slow_names_leave_room(void **state) {
    struct hd__resolver *resolver = *state;
    struct hd__name *names[32];
    char text[1024];
    char host[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 32; i++) {
            (void)snprintf(host, sizeof host, "hang-silent-%d.example", i);
            names[i] = hd__resolver_ask(resolver, host);
        }
        if (round == 1)
            break;
        assert_eventually(atomic_load(&running) == 32);
        (void)atomic_fetch_add(&now_us, 2 * 1000000);
        atomic_store(&gate_is_open, 1);
        for (int i = 0; i < 32; i++) {
            assert_int_equal(answer_for(resolver, names[i], text), HD__NAME_FAILED);
            hd__resolver_release(resolver, names[i]);
        }
        atomic_store(&gate_is_open, 0);
    }
    assert_eventually(atomic_load(&running) == 16);
    assert_answer(resolver, "good.example", HD__NAME_FOUND, "192.0.2.64");
    assert_int_equal(atomic_load(&running), 16);
    for (int i = 0; i < 32; i++)
        hd__resolver_release(resolver, names[i]);
}

/* P9: nobody waits for lookups that hang, and what is left of them ends on its own. */
static void test_free_does_not_wait(void **state) {
    for (int i = 0; i < 20; i++) {
        struct hd__resolver *resolver = hd__resolver_new(&policy, &test_clock, count_wake, NULL);
        assert_non_null(resolver);
        char host[32];
        for (int k = 0; k < 10; k++) {
            (void)snprintf(host, sizeof host, "hang-%d.example", k);
            hd__resolver_release(resolver, hd__resolver_ask(resolver, host));
        }
        hd__resolver_free(resolver);
    }
    assert_true(atomic_load(&most_running) <= 96); /* of all clients together */
    struct hd__resolver *resolver = *state;
    struct hd__name *name = hd__resolver_ask(resolver, "good.example");
    atomic_store(&gate_is_open, 1);
    char text[1024];
    assert_int_equal(answer_for(resolver, name, text), HD__NAME_FOUND);
    hd__resolver_release(resolver, name);
}

/* Names that nobody asks for any more do not pile up. */
static void test_names_are_forgotten(void **state) {
    struct hd__resolver *resolver = *state;
    char host[32];
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(host, sizeof host, "n%d.localhost", i);
        assert_answer(resolver, host, HD__NAME_FOUND, "127.0.0.1");
    }
    assert_true(hd__resolver_name_count(resolver) <= 4096);
}

#define RESOLVER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        RESOLVER_TEST(test_answers),
        RESOLVER_TEST(test_many_addresses),
        RESOLVER_TEST(test_forbidden_addresses_are_left_out),
        RESOLVER_TEST(test_blocked_names_are_asked_for_again),
        RESOLVER_TEST(test_found_names_do_not_wait),
        RESOLVER_TEST(test_hanging_lookups_are_bounded),
        RESOLVER_TEST(test_slow_names_leave_room),
        RESOLVER_TEST(test_free_does_not_wait),
        RESOLVER_TEST(test_names_are_forgotten),
    };
    return cmocka_run_group_tests_name("resolver", tests, make_addresses, NULL);
}
