/* SPDX-License-Identifier: MIT */
#include "one_client.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <poll.h>

hd_store *store;
hd_client *client;
bool has_store;

int begin_with_client(void **state) {
    store = NULL;
    client = NULL;
    return set_up(state);
}

int end_with_client(void **state) {
    end(client, store);
    return tear_down(state);
}

void open_client(hd_options *options, const char *path) {
    options = options ? options : options_for_tests();
    if (has_store) {
        store = open_store();
        assert_int_equal(hd_options_set_store(options, store), HD_OK);
    }
    client = client_for_tests(options);
    put_webhook(client, webhook_at(WEBHOOK, path));
}

int poll_fd(void) {
    int fd = -1;
    assert_int_equal(hd_client_poll_fd(client, &fd), HD_OK);
    assert_true(fd >= 0);
    return fd;
}

bool is_readable(int fd, int timeout_ms) {
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    int count = poll(&watched, 1, timeout_ms);
    assert_true(count >= 0);
    assert_true(count == 0 || watched.revents == POLLIN);
    return count == 1;
}
