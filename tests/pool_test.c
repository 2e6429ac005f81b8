/* SPDX-License-Identifier: MIT */
/** @file pool_test.c Connections that are kept: which one is used again, and what is learned of how long a server keeps
 * them open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transport/connect_inside.h"
#include "transport/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS ((int64_t)1000)
#define MANY 40

static struct hd__connector connector;
static struct hd__pool_of_links pool;
static struct hd__url_parts parts = {.uses_tls = 0, .authority = (char *)"hooks.example:8080"};
static int servers[MANY]; /* the other ends */
static int count;

static int set_up(void **state) {
    (void)state;
    count = 0;
    connector.poller = hd__poller_new();
    return connector.poller && hd__links_init(&pool, MANY) == HD_OK ? 0 : 1;
}

static int tear_down(void **state) {
    (void)state;
    hd__links_destroy(&pool);
    hd__poller_free(connector.poller);
    while (count > 0)
        (void)close(servers[--count]);
    return 0;
}

/* A connection that is in use, to the server of this number. */
static struct hd__link *new_link(const struct hd__url_parts *to) {
    int ends[2];
    struct hd__link *link = calloc(1, sizeof *link);
    assert_non_null(link);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    *link = (struct hd__link){.state = HD__LINK_READY, .fd = ends[0], .connector = &connector};
    link->origin = hd__origin_of(&pool, to, NULL);
    assert_non_null(link->origin);
    servers[count++] = ends[1];
    return link;
}

/* What a request would get at that time. A reference is held, as an exchange does. */
static struct hd__link *take(int64_t now_us) {
    struct hd__origin *origin = hd__origin_of(&pool, &parts, NULL);
    assert_non_null(origin);
    struct hd__link *link = hd__links_take(&pool, origin, now_us);
    hd__origin_release(&pool, origin);
    return link;
}

/* Whether one that has idled for so long is used again. */
static int is_used_after(struct hd__link *link, int64_t idle_us) {
    hd__links_put(&pool, link, 0);
    struct hd__link *taken = take(idle_us);
    assert_true(taken == NULL || taken == link);
    if (taken)
        hd__links_put(&pool, taken, 0);
    return taken != NULL;
}

static void test_newest_is_used_first(void **state) {
    (void)state;
    struct hd__link *first = new_link(&parts), *second = new_link(&parts);
    hd__links_put(&pool, first, 0);
    hd__links_put(&pool, second, 10 * MS);
    assert_ptr_equal(take(20 * MS), second);
    assert_ptr_equal(take(20 * MS), first);
    assert_null(take(20 * MS));
    hd__links_put(&pool, first, 20 * MS);
    hd__links_put(&pool, second, 20 * MS);
}

static void test_origins_are_apart(void **state) {
    (void)state;
    const struct hd__url_parts others[] = {{.uses_tls = 1, .authority = (char *)"hooks.example:8080"},
                                           {.uses_tls = 0, .authority = (char *)"hooks.example"},
                                           {.uses_tls = 0, .authority = (char *)"hooks.example:8081"}};
    for (size_t i = 0; i < 3; i++)
        hd__links_put(&pool, new_link(&others[i]), 0);
    assert_null(take(0));
    assert_int_equal(pool.idle_count, 3);
    assert_int_equal(pool.origin_count, 3);
}

/* Of an unknown server, one that idled for close to a second is not used: many close after one. */
static void test_unknown_server(void **state) {
    (void)state;
    assert_true(is_used_after(new_link(&parts), 700 * MS));
    assert_false(is_used_after(new_link(&parts), 950 * MS));
}

static void test_server_says_for_how_long(void **state) {
    (void)state;
    struct hd__link *link = new_link(&parts);
    hd__origin_keeps(link->origin, 5);
    assert_true(is_used_after(link, 3500 * MS));
    assert_null(take(4500 * MS));
    link = new_link(&parts);
    hd__origin_keeps(link->origin, 1);
    assert_false(is_used_after(link, 800 * MS));
}

/* One that the server has closed, or over which it said something, is never used; and the next does not idle for so
 * long. */
static void test_closed_one_is_never_used(void **state) {
    (void)state;
    struct hd__link *stays = new_link(&parts); /* keeps what was learned */
    hd__links_put(&pool, new_link(&parts), 0);
    (void)shutdown(servers[1], SHUT_WR);
    assert_null(take(400 * MS));
    hd__links_put(&pool, new_link(&parts), 0);
    assert_int_equal(write(servers[2], "?", 1), 1);
    assert_null(take(400 * MS));
    assert_false(is_used_after(stays, 350 * MS));
}

/* Also at the very moment at which it is kept: what comes along with the end of an answer belongs to no request. */
static void test_readable_one_is_not_used_at_once(void **state) {
    (void)state;
    hd__links_put(&pool, new_link(&parts), 0);
    assert_int_equal(write(servers[0], "HTTP/1.1 200 OK\r\n", 17), 17);
    assert_null(take(0));
    hd__links_put(&pool, new_link(&parts), 0);
    (void)shutdown(servers[1], SHUT_WR);
    assert_null(take(0));
}

/* A server that says five seconds and closes after one, as one behind a proxy may: what was seen counts. */
static void test_server_breaks_its_word(void **state) {
    (void)state;
    struct hd__link *stays = new_link(&parts);
    hd__origin_keeps(stays->origin, 5);
    hd__links_put(&pool, new_link(&parts), 0);
    (void)shutdown(servers[1], SHUT_WR);
    assert_null(take(1000 * MS));
    hd__origin_keeps(stays->origin, 5);
    assert_true(is_used_after(stays, 700 * MS));
    assert_null(take(900 * MS));
}

/* What is too old to be used stays open: if the server keeps it, the next one may idle for longer. */
static void test_open_one_teaches(void **state) {
    (void)state;
    struct hd__link *stays = new_link(&parts);
    hd__links_put(&pool, new_link(&parts), 0);
    hd__links_expire(&pool, 2900 * MS);
    assert_int_equal(pool.idle_count, 1);
    hd__links_expire(&pool, 3000 * MS);
    assert_int_equal(pool.idle_count, 0);
    assert_true(is_used_after(stays, 2200 * MS));
    assert_null(take(2300 * MS));
}

/* The one that has idled for longest is asked first: then the newest may be used, although it is too old for what was
 * known before. */
static void test_oldest_one_is_asked_first(void **state) {
    (void)state;
    struct hd__link *oldest = new_link(&parts), *newest = new_link(&parts);
    hd__links_put(&pool, oldest, 0);
    assert_null(take(1000 * MS));
    hd__links_put(&pool, newest, 1000 * MS);
    assert_ptr_equal(take(2000 * MS), newest);
    hd__links_put(&pool, newest, 2000 * MS);
    (void)shutdown(servers[0], SHUT_WR);
    (void)shutdown(servers[1], SHUT_WR);
    assert_null(take(4000 * MS));
    assert_int_equal(pool.idle_count, 0);
}

/* Requests that come a little too late for the last connection, again and again: after a while they find it. */
static void test_steady_rhythm(void **state) {
    (void)state;
    int64_t now_us = 0, rhythm_us = 1200 * MS;
    int used = 0, made = 0;
    for (int i = 0; i < 20; i++, now_us += rhythm_us) {
        hd__links_expire(&pool, now_us);
        struct hd__link *link = take(now_us);
        used += link != NULL;
        made += link == NULL;
        hd__links_put(&pool, link ? link : new_link(&parts), now_us);
        assert_true(pool.idle_count <= 2);
    }
    assert_true(made <= 4);
    assert_int_equal(used + made, 20);
}

/* A server that does not say for how long it keeps them, and keeps them: each time one may idle for longer. */
static void test_open_ones_teach_more(void **state) {
    (void)state;
    struct hd__link *stays = new_link(&parts);
    int64_t before_us = 0;
    for (int i = 0; i < 10; i++) {
        hd__links_put(&pool, new_link(&parts), 0);
        int64_t due_us = hd__links_due_us(&pool);
        hd__links_expire(&pool, due_us);
        assert_int_equal(pool.idle_count, 0);
        assert_true(due_us > before_us || stays->origin->idle_max_us == 30000 * MS);
        before_us = due_us;
    }
    assert_int_equal(stays->origin->idle_max_us, 30000 * MS);
    assert_true(is_used_after(stays, 29000 * MS));
}

/* One that says for how long, or has closed one, is not asked for more. */
static void test_no_more_is_asked_for(void **state) {
    (void)state;
    struct hd__link *stays = new_link(&parts);
    hd__origin_keeps(stays->origin, 8);
    hd__links_put(&pool, new_link(&parts), 0);
    assert_int_equal(hd__links_due_us(&pool), 6000 * MS);
    (void)shutdown(servers[1], SHUT_WR);
    hd__links_lost(&pool, pool.oldest, 5000 * MS);
    hd__links_put(&pool, stays, 0);
    assert_int_equal(hd__links_due_us(&pool), 3750 * MS);
}

/* What was learned outlives the last connection. */
static void test_origin_is_remembered(void **state) {
    (void)state;
    hd__links_put(&pool, new_link(&parts), 0);
    hd__links_expire(&pool, 3000 * MS);
    assert_int_equal(pool.idle_count, 0);
    assert_int_equal(pool.origin_count, 1);
    assert_true(is_used_after(new_link(&parts), 2200 * MS));
}

/* As many origins as connections may be kept: the one that was used last stays longest. */
static void test_no_more_origins_than_allowed(void **state) {
    (void)state;
    char authority[32];
    const struct hd__url_parts other = {.authority = authority};
    pool.max_idle = 3;
    for (int i = 0; i < 10; i++) {
        (void)snprintf(authority, sizeof authority, "host-%d", i);
        struct hd__origin *origin = hd__origin_of(&pool, &other, NULL);
        hd__origin_keeps(origin, 60);
        hd__origin_release(&pool, origin);
        (void)snprintf(authority, sizeof authority, "host-%d", 0);
        origin = hd__origin_of(&pool, &other, NULL);
        assert_int_equal(origin->idle_max_us, 30000 * MS);
        hd__origin_release(&pool, origin);
    }
    assert_int_equal(pool.origin_count, 3);
    assert_int_equal(pool.unused_count, 3);
}

static void test_no_more_than_allowed(void **state) {
    (void)state;
    pool.max_idle = 2;
    for (int i = 0; i < 5; i++)
        hd__links_put(&pool, new_link(&parts), i * MS);
    assert_int_equal(pool.idle_count, 2);
    assert_int_equal(pool.oldest->idle_since_us, 3 * MS);
    assert_int_equal(hd__links_due_us(&pool), 3003 * MS);
}

/* One that has to go for another has told something as well. */
static void test_one_too_many_teaches(void **state) {
    (void)state;
    const struct hd__url_parts other = {.authority = (char *)"other.example"};
    pool.max_idle = 1;
    hd__links_put(&pool, new_link(&parts), 0);
    hd__links_put(&pool, new_link(&other), 2000 * MS);
    assert_true(is_used_after(new_link(&parts), 1400 * MS));
}

/* As many origins as connections may be kept, and each is needed a little too rarely: what is learned of them is enough
 * after a while. Before, each new connection closed the one from which most could have been learned. */
static void test_all_places_taken(void **state) {
    enum {
        ORIGINS = 8,
        ROUNDS = 5
    };
    (void)state;
    const int64_t pause_us = 1050 * MS;
    char authority[32];
    const struct hd__url_parts other = {.authority = authority};
    int made = 0;
    pool.max_idle = ORIGINS;
    for (int i = 0; i < ORIGINS * ROUNDS; i++) {
        int64_t now_us = i * pause_us / ORIGINS;
        (void)snprintf(authority, sizeof authority, "host-%d", i % ORIGINS);
        struct hd__origin *origin = hd__origin_of(&pool, &other, NULL);
        struct hd__link *link = hd__links_take(&pool, origin, now_us);
        made += link == NULL;
        hd__links_put(&pool, link ? link : new_link(&other), now_us);
        hd__origin_release(&pool, origin);
        assert_true(pool.idle_count <= ORIGINS);
    }
    assert_int_equal(made, 3 * ORIGINS);
}

/* After a long pause requests come close together: the second connection is kept for the third request. */
static void test_burst_when_all_places_are_taken(void **state) {
    (void)state;
    pool.max_idle = 1;
    hd__links_put(&pool, new_link(&parts), 0);
    assert_null(take(900 * MS));
    hd__links_put(&pool, new_link(&parts), 901 * MS); /* closed */
    assert_null(take(910 * MS));
    struct hd__link *link = new_link(&parts);
    hd__links_put(&pool, link, 911 * MS);
    assert_ptr_equal(take(920 * MS), link);
    hd__links_put(&pool, link, 921 * MS);
}

static void test_many_origins(void **state) {
    (void)state;
    enum {
        ORIGINS = 1000
    };
    static struct hd__origin *origins[ORIGINS];
    char authority[32];
    for (int i = 0; i < ORIGINS; i++) {
        (void)snprintf(authority, sizeof authority, "host-%d", i);
        origins[i] = hd__origin_of(&pool, &(struct hd__url_parts){.authority = authority}, NULL);
        assert_non_null(origins[i]);
        assert_ptr_equal(hd__origin_of(&pool, &(struct hd__url_parts){.authority = authority}, NULL), origins[i]);
    }
    assert_int_equal(pool.origin_count, ORIGINS);
    for (int i = 0; i < ORIGINS; i++) {
        hd__origin_release(&pool, origins[i]);
        hd__origin_release(&pool, origins[i]);
    }
    assert_int_equal(pool.origin_count, 0);
}

/* A server must not meet one webhook over a connection on which it has seen the certificate of another. Without TLS
 * none is shown. */
static void test_identities_are_apart(void **state) {
    (void)state;
    struct hd__identity one = {.references = 1, .hash = 1, .certificate = (char *)"c", .key = (char *)"k"};
    struct hd__identity again = one, other = one;
    const struct hd__url_parts sealed = {.uses_tls = 1, .authority = (char *)"hooks.example"};
    const struct hd__url_parts plain = {.uses_tls = 0, .authority = (char *)"hooks.example"};
    again.references = other.references = 1;
    other.key = (char *)"l";
    struct hd__origin *origins[] = {hd__origin_of(&pool, &sealed, NULL),   hd__origin_of(&pool, &sealed, &one),
                                    hd__origin_of(&pool, &sealed, &other), hd__origin_of(&pool, &sealed, &again),
                                    hd__origin_of(&pool, &plain, &one),    hd__origin_of(&pool, &plain, NULL)};
    assert_int_equal(pool.origin_count, 4);
    assert_ptr_equal(origins[1], origins[3]);
    assert_ptr_equal(origins[4], origins[5]);
    hd__origin_keeps(origins[1], 60);
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
        hd__origin_release(&pool, origins[i]);
    assert_int_equal(pool.origin_count, 0); /* also the one of which something is known: it has a key */
    assert_int_equal(one.references + other.references + again.references, 3);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_newest_is_used_first),
        TEST(test_origins_are_apart),
        TEST(test_unknown_server),
        TEST(test_server_says_for_how_long),
        TEST(test_closed_one_is_never_used),
        TEST(test_readable_one_is_not_used_at_once),
        TEST(test_server_breaks_its_word),
        TEST(test_open_one_teaches),
        TEST(test_oldest_one_is_asked_first),
        TEST(test_steady_rhythm),
        TEST(test_open_ones_teach_more),
        TEST(test_no_more_is_asked_for),
        TEST(test_origin_is_remembered),
        TEST(test_no_more_origins_than_allowed),
        TEST(test_no_more_than_allowed),
        TEST(test_one_too_many_teaches),
        TEST(test_all_places_taken),
        TEST(test_burst_when_all_places_are_taken),
        TEST(test_many_origins),
        TEST(test_identities_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
