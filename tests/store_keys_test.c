/* SPDX-License-Identifier: MIT */
/** @file store_keys_test.c The directory of a durable store: keys that are sealed in it, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/stored.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t find_in_files(const char *needle, size_t needle_len) {
    size_t found = 0;
    char path[512];
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat info;
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
            continue;
        assert_int_equal(info.st_mode & 0777, 0600);
        FILE *file = fopen(path, "rb");
        char *data = malloc((size_t)info.st_size + 1);
        assert_non_null(file);
        assert_non_null(data);
        size_t len = fread(data, 1, (size_t)info.st_size, file);
        for (size_t i = 0; i + needle_len <= len; i++)
            found += memcmp(data + i, needle, needle_len) == 0;
        free(data);
        (void)fclose(file);
    }
    closedir(folder);
    return found;
}

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define KEY(text) {text, sizeof text - 1}
// clang-format on

static void test_sealed_secrets(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } keys[] = {KEY("whsec_Zmlyc3Q"), KEY("whsec_c2Vjb25k"), KEY("with\0NUL"), KEY("url-key"), KEY("header-key")};
    unsigned char key[HD_STORE_KEY_SIZE];
    hd_store *store = NULL;
    hd_client *client;
    hd_webhook *webhook = full_webhook(), *again;
    memset(key, 7, sizeof key);
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(find_in_files(keys[i].bytes, keys[i].len), 0);
    end(client, store);

    for (int wrong = 0; wrong < 2; wrong++) { /* none, and another */
        key[0] = 8;
        assert_int_equal(hd_store_sqlite_open(directory, wrong ? key : NULL, wrong ? sizeof key : 0, &store), HD_OK);
        assert_int_equal(refusal_of(HD_CLIENT_DELIVER, store), HD_E_STORE_KEY);
        hd_store_free(store);
    }

    key[0] = 7;
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    assert_int_equal(hd_client_get_webhook(client, "full", &again), HD_OK);
    assert_same_webhook(webhook, again);
    hd_webhook_free(again);
    end(client, store);
    hd_webhook_free(webhook);
}

/* Whoever tries the wrong key has sent nothing: nothing is in doubt by it. */
static void test_wrong_key_is_no_crash(void **state) {
    (void)state;
    unsigned char key[HD_STORE_KEY_SIZE] = {1};
    hd_store *store = NULL;
    hd_client *client = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 10; i++)
        send_ticket(client, i + 1);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    end_early(client, store);
    store = open_store();
    assert_int_equal(refusal_of(HD_CLIENT_DELIVER, store), HD_E_STORE_KEY);
    hd_store_free(store);
    server_open_gate(server);
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    flush(client);
    size_t marked = 0;
    for (int i = 0; i < 10; i++) {
        hd_report *report = next_report(client);
        marked += hd_report_may_be_repeated(report) != 0;
        hd_report_free(report);
    }
    assert_int_equal(marked, 1); /* the one that was under way at the close */
    end(client, store);
}

/* A store without key keeps secrets as they are; opened with one, it seals what is put from then on. */
static void test_key_comes_later(void **state) {
    (void)state;
    unsigned char key[HD_STORE_KEY_SIZE] = {1};
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = full_webhook(), *again;
    put_webhook(client, webhook);
    assert_true(find_in_files("url-key", 7) > 0);
    end(client, store);
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    assert_int_equal(hd_client_get_webhook(client, "full", &again), HD_OK);
    put_webhook(client, again);
    end(client, store);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_OK);
    assert_int_equal(refusal_of(HD_CLIENT_DELIVER, store), HD_E_STORE_KEY);
    hd_store_free(store);
}

static void write_file(const char *name, const char *text) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void test_refusals(void **state) {
    (void)state;
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(NULL, NULL, 0, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open("", NULL, 0, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, "short", 5, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 32, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, NULL), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open("/nonexistent/deeper", NULL, 0, &store), HD_E_STORE_MISSING);
    assert_int_equal(hd_store_sqlite_open("/dev/null", NULL, 0, &store), HD_E_STORE);
    assert_null(store);
    hd_store_free(NULL);
    write_file("helmdesk.db", "this is no database, and it is long enough to be taken for one: "
                              "0123456789012345678901234567890123456789012345678901234567890123456789");
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_E_STORE_DAMAGED);
    assert_null(store);
}

/* One hd_store serves one client at a time, one after the other; another hd_store of the same directory serves another
 * client at the same time. */
static void test_one_client_for_each_store(void **state) {
    (void)state;
    hd_store *store = open_store(), *second = open_store();
    hd_client *client = client_on(store), *other = client_on(second);
    assert_int_equal(refusal_of(HD_CLIENT_DELIVER, store), HD_E_IN_USE);
    assert_int_equal(refusal_of(HD_CLIENT_READ, store), HD_E_IN_USE);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_ticket(client, 1);
    flush(client);
    end_client(client);
    client = client_on(store);
    send_ticket(client, 2);
    flush(client);
    end(client, store);
    end(other, second);
    assert_int_equal(server_requests(server), 2);
}

/* The cause of a failure is told in words, and no more of them than there is room for. */
static void test_cause_in_words(void **state) {
    (void)state;
    char words[256] = "", few[8] = "";
    hd_store *store = open_store();
    assert_int_equal(refusal_of(HD_CLIENT_READ, store), HD_E_STORE_MISSING);
    size_t len = hd_store_error(store, words, sizeof words);
    assert_int_equal(len, strlen(words));
    assert_true(len > 0);
    assert_int_equal(hd_store_error(store, few, sizeof few), len);
    assert_memory_equal(few, words, sizeof few - 1);
    assert_int_equal(few[sizeof few - 1], '\0');
    assert_int_equal(hd_store_error(store, NULL, 0), len);
    assert_int_equal(hd_store_error(NULL, few, sizeof few), 0);
    hd_store_free(store);
}

/* What is not there yet is no failure. */
static void test_no_words_without_failure(void **state) {
    (void)state;
    hd_store *store = open_store();
    assert_int_equal(hd_store_error(store, NULL, 0), 0);
    hd_client *client = client_on(store);
    assert_int_equal(hd_store_error(store, NULL, 0), 0);
    end(client, store);
    store = open_store();
    assert_int_equal(hd_store_error(store, NULL, 0), 0);
    hd_store_free(store);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_sealed_secrets),
        TEST(test_wrong_key_is_no_crash),
        TEST(test_key_comes_later),
        TEST(test_refusals),
        TEST(test_one_client_for_each_store),
        TEST(test_cause_in_words),
        TEST(test_no_words_without_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
