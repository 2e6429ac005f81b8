/* SPDX-License-Identifier: MIT */
/** @file groups_test.c The multi handles of libcurl: which one a connection is in, which ones stay, and for how long.
 * Nothing is connected to. */
#include "transport/connect_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define MINUTE_US (INT64_C(60) * 1000 * 1000)
#define MANY 40 /* connections: all that one multi handle has, and some of a second one */
#define SHOP "https://192.0.2.1/"
#define OTHER "https://192.0.2.2/"
#define PLAIN "http://192.0.2.1/"

static const struct hd__policy policy = {.http = 1};
static struct hd__connector *connector;
static struct hd__poller *poller;

static int set_up(void **state) {
    (void)state;
    poller = hd__poller_new();
    if (!poller || hd__connect_prepare(NULL) != HD_OK)
        return -1;
    const struct hd__connector_config config = {.poller = poller, .policy = &policy};
    connector = hd__connector_new(&config);
    return connector ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    hd__connector_free(connector);
    hd__poller_free(poller);
    return 0;
}

static struct hd__link *open_link(const char *url) {
    const struct hd__place place = {.url = url, .left_ms = 5000};
    struct hd__link *link = hd__link_open(connector, &place);
    assert_non_null(link);
    return link;
}

/* The number of the group that a connection would be in now. */
static uint32_t group_of(const char *url) {
    struct hd__link *link = open_link(url);
    uint32_t number = link->group->number;
    hd__link_close(link);
    return number;
}

static size_t count_groups(void) {
    size_t count = 0;
    for (const struct hd__link_group *group = connector->groups; group; group = group->next)
        count++;
    return count;
}

static void open_and_close_many(const char *url) {
    struct hd__link *links[MANY];
    for (size_t i = 0; i < MANY; i++)
        links[i] = open_link(url);
    for (size_t i = 0; i < MANY; i++)
        hd__link_close(links[i]);
}

/* The second one is the first that is looked at; the session of the shop is in the first one. */
static void test_home(void **state) {
    (void)state;
    assert_int_equal(group_of(SHOP), 1);
    open_and_close_many(OTHER);
    assert_int_equal(count_groups(), 2);
    assert_int_equal(group_of(SHOP), 1);
    assert_int_equal(group_of(OTHER), 2);
    assert_int_equal(group_of(PLAIN), 2); /* has no session */
}

/* Where that one is full, any other will do, and is the one from then on. */
static void test_full_home(void **state) {
    struct hd__link *links[MANY];
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        links[i] = open_link(SHOP);
    assert_int_equal(links[0]->group->number, 1);
    assert_int_equal(links[MANY - 1]->group->number, 2);
    hd__link_close(links[0]);
    assert_int_equal(group_of(SHOP), 2);
    for (size_t i = 1; i < MANY; i++)
        hd__link_close(links[i]);
}

/* The authorities that the last one has read, and its sessions, are there for the next connection. */
static void test_rest(void **state) {
    (void)state;
    assert_int_equal(group_of(PLAIN), 1);
    hd__connector_rest(connector);
    assert_int_equal(count_groups(), 0);
    assert_int_equal(group_of(SHOP), 2);
    open_and_close_many(OTHER);
    assert_int_equal(group_of(SHOP), 2);
    hd__connector_rest(connector);
    assert_int_equal(count_groups(), 1);
    assert_int_equal(connector->groups->number, 2);
}

static void test_age(void **state) {
    (void)state;
    int64_t start_us = connector->now_us;
    struct hd__link *link = open_link(SHOP);
    assert_int_equal(link->group->number, 1);
    connector->now_us = start_us + 9 * MINUTE_US;
    assert_int_equal(group_of(SHOP), 1);
    connector->now_us = start_us + 10 * MINUTE_US;
    assert_int_equal(group_of(SHOP), 2); /* no new ones, but it has one */
    assert_int_equal(count_groups(), 2);
    hd__link_close(link);
    link = open_link(SHOP);
    hd__connector_run(connector, start_us + 11 * MINUTE_US);
    assert_int_equal(count_groups(), 1);
    hd__link_close(link);
    assert_true(hd__connector_due_us(connector) <= start_us + 20 * MINUTE_US);
    hd__connector_run(connector, start_us + 20 * MINUTE_US);
    assert_int_equal(count_groups(), 0);
    assert_int_equal(hd__connector_due_us(connector), INT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_home, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_home, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_age, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
