/* What is known of kept connections: by descriptor and by port, whatever the order in which they come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transport/sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#define PAIRS 3

/* Two ends of a connection each; what is sent to the one end is read at the other. */
static void connect_pairs(int ends[PAIRS][2]) {
    for (size_t i = 0; i < PAIRS; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
}

static void close_pairs(int ends[PAIRS][2]) {
    for (size_t i = 0; i < PAIRS; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

static void test_quiet(void **state) {
    (void)state;
    static struct hd__sockets sockets;
    static const uint16_t ports[PAIRS] = {40000, 40000, 40000 + HD__SOCKET_PORTS}; /* all in one list */
    int ends[PAIRS][2];
    connect_pairs(ends);
    for (size_t i = 0; i < PAIRS; i++) {
        assert_true(hd__sockets_add(&sockets, ends[i][0]));
        hd__sockets_connected(&sockets, ends[i][0], ports[i]);
    }
    assert_int_equal(sockets.count, PAIRS);
    assert_true(hd__sockets_are_quiet(&sockets, 40000));
    assert_int_equal(write(ends[2][1], "x", 1), 1);
    assert_true(hd__sockets_are_quiet(&sockets, 40000));
    assert_false(hd__sockets_are_quiet(&sockets, ports[2]));
    assert_int_equal(write(ends[0][1], "x", 1), 1);
    assert_false(hd__sockets_are_quiet(&sockets, 40000));
    hd__sockets_remove(&sockets, ends[0][0]);
    assert_true(hd__sockets_are_quiet(&sockets, 40000));
    assert_false(hd__sockets_has(&sockets, ends[0][0]));
    hd__sockets_remove(&sockets, ends[1][0]);
    hd__sockets_remove(&sockets, ends[2][0]);
    assert_int_equal(sockets.count, 0);
    assert_true(hd__sockets_are_quiet(&sockets, ports[2]));
    hd__sockets_free(&sockets);
    close_pairs(ends);
}

/* A number that was used for the first address of a host and again for the second is told of twice. */
static void test_connected_twice(void **state) {
    (void)state;
    static struct hd__sockets sockets;
    int ends[PAIRS][2];
    connect_pairs(ends);
    assert_true(hd__sockets_add(&sockets, ends[0][0]));
    hd__sockets_connected(&sockets, ends[0][0], 40000);
    hd__sockets_connected(&sockets, ends[0][0], 40000);
    assert_true(hd__sockets_are_quiet(&sockets, 40000));
    hd__sockets_remove(&sockets, ends[0][0]);
    assert_true(hd__sockets_add(&sockets, ends[0][0]));
    assert_true(hd__sockets_are_quiet(&sockets, 40000));
    hd__sockets_remove(&sockets, ends[0][0]);
    hd__sockets_free(&sockets);
    close_pairs(ends);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_connected_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
