/* The bounded queue between callers and worker: order and limits, also when its ring grows in the middle of a turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/inbox.h"

static hd_event *event;

static int make_event(void **state) {
    (void)state;
    return hd_event_new_sample(HD_TICKET_CREATED, &event) != HD_OK;
}

static int free_event(void **state) {
    (void)state;
    hd_event_free(event);
    return 0;
}

static void push(struct hd__inbox *inbox, size_t count) {
    int wake;
    for (size_t i = 0; i < count; i++) {
        struct hd__accepted accepted = {.event = event};
        assert_int_equal(hd__inbox_push(inbox, &accepted, &wake), HD_OK);
    }
}

/* Takes entries out, which must be those that follow *last. */
static void take(struct hd__inbox *inbox, size_t count, uint64_t *last) {
    struct hd__accepted entry;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(hd__inbox_peek(inbox, &entry, 1), 1);
        assert_int_equal(entry.sequence, ++*last);
        hd__inbox_drop(inbox, 1);
        hd__inbox_release(inbox, 0);
        hd_event_free(entry.event);
    }
}

static void test_order_survives_growth(void **state) {
    (void)state;
    static const size_t heads[] = {0, 1, 512, 700, 1023};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct hd__inbox inbox;
        struct hd__accepted one_more = {.event = event};
        uint64_t last = 0;
        int wake;
        assert_int_equal(hd__inbox_init(&inbox, 1500, (size_t)1 << 30, &hd__system_clock), HD_OK);
        push(&inbox, 1024);
        take(&inbox, heads[i], &last);
        push(&inbox, 1500 - (1024 - heads[i]));
        assert_int_equal(hd__inbox_push(&inbox, &one_more, &wake), HD_E_QUEUE_FULL);
        take(&inbox, 100, &last);
        push(&inbox, 100);
        take(&inbox, 1500, &last);
        assert_int_equal(hd__inbox_counter(&inbox, HD_COUNTER_PENDING), 0);
        hd__inbox_destroy(&inbox);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_survives_growth),
    };
    return cmocka_run_group_tests(tests, make_event, free_event);
}
