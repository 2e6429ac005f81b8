/* SPDX-License-Identifier: MIT */
/** @file sqlite_maintain_test.c What an operator does with a store, while others use it or not: a backup, a check,
 * pruning, a new key, and the list of its clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/database.h"
#include "support/process.h"
#include "support/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned char first_key[HD_STORE_KEY_SIZE] = {1}, second_key[HD_STORE_KEY_SIZE] = {2};

static hd_store *open_with(const char *path, const unsigned char *key) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(path, key, key ? HD_STORE_KEY_SIZE : 0, &store), HD_OK);
    return store;
}

static const char *words_of(hd_store *store) {
    static char words[512];
    (void)hd_store_error(store, words, sizeof words);
    return words;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Backup
 */

static void path_in(const char *name, char path[512]) {
    (void)snprintf(path, 512, "%s/%s", directory, name);
}

static void test_backup_of_a_store_in_use(void **state) {
    char copy[512];
    struct process writer;
    (void)state;
    path_in("copy", copy);
    hd_store *store = open_store();
    hd_client *client = committing_client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/ok");
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    put_webhook(client, webhook);
    process_start(&writer, directory, HD_CLIENT_ACCEPT, "");
    assert_int_equal(process_status(&writer, "send-many %s 1 100", PROJECT), HD_OK);

    /* from a handle that a client uses */
    assert_int_equal(hd_store_sqlite_backup(store, copy), HD_OK);
    assert_int_equal(process_status(&writer, "send-many %s 101 50", PROJECT), HD_OK);
    assert_int_equal(waiting_for(client, WEBHOOK), 150);
    process_end(&writer);
    end_early(client, store);

    struct stat found;
    char file[600];
    (void)snprintf(file, sizeof file, "%s/helmdesk.db", copy);
    assert_int_equal(stat(copy, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    assert_int_equal(stat(file, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);

    /* the copy is a store of its own, as it was then */
    store = open_with(copy, NULL);
    assert_int_equal(hd_store_sqlite_check(store), HD_OK);
    client = client_on(store);
    assert_int_equal(waiting_for(client, WEBHOOK), 100);
    hd_webhook *again = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &again), HD_OK);
    assert_int_equal(hd_webhook_set_mode(again, HD_MODE_ON), HD_OK);
    assert_int_equal(hd_client_put_webhook(client, again), HD_OK);
    hd_webhook_free(again);
    assert_true(server_wait_requests(server, 100, PATIENCE_MS * 10)); /* when the leases that were copied are over */
    end(client, store);
}

static void test_backup_refused(void **state) {
    char copy[512], deep[600];
    hd_store *none = NULL;
    (void)state;
    path_in("copy", copy);
    (void)snprintf(deep, sizeof deep, "%s/missing/copy", directory);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &none), HD_OK);
    assert_int_equal(hd_store_sqlite_backup(none, copy), HD_E_STORE_MISSING);
    hd_store_free(none);
    hd_store *store = open_store();
    end(client_on(store), store);
    store = open_store();
    assert_int_equal(hd_store_sqlite_backup(NULL, copy), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_backup(store, NULL), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_backup(store, ""), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_backup(store, deep), HD_E_STORE_MISSING);
    assert_int_equal(hd_store_sqlite_backup(store, directory), HD_E_STORE);
    assert_non_null(strstr(words_of(store), "never replaces a store"));
    assert_int_equal(hd_store_sqlite_backup(store, copy), HD_OK);
    assert_int_equal(hd_store_sqlite_backup(store, copy), HD_E_STORE);

    /* one that fails leaves nothing */
    if (geteuid() != 0) {
        char locked[512];
        path_in("locked", locked);
        assert_int_equal(mkdir(locked, 0500), 0);
        assert_int_equal(hd_store_sqlite_backup(store, locked), HD_E_STORE_ACCESS);
    }
    hd_store_free(store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Check
 */

static void fill_log(size_t count) {
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (size_t i = 0; i < count; i++)
        send_ticket(client, (int64_t)i + 1);
    flush(client);
    end(client, store);
}

/* Every page but the first ones is overwritten in its middle. */
static void damage(void) {
    char path[512], noise[64];
    struct stat found;
    path_in("helmdesk.db", path);
    assert_int_equal(stat(path, &found), 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    memset(noise, 0x5a, sizeof noise);
    for (long at = 20L * 4096 + 8; at + 64 < (long)found.st_size; at += 4096) {
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(noise, 1, sizeof noise, file), sizeof noise);
    }
    (void)fclose(file);
}

static void test_check(void **state) {
    (void)state;
    fill_log(300);
    hd_store *store = open_store();
    assert_int_equal(hd_store_sqlite_check(store), HD_OK);
    assert_int_equal(hd_store_sqlite_check(NULL), HD_E_INVALID);
    hd_store_free(store);
    damage();
    store = open_store();
    assert_int_equal(hd_store_sqlite_check(store), HD_E_STORE_DAMAGED);
    assert_true(strlen(words_of(store)) > 10);
    hd_store_free(store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Prune
 */

static void test_prune(void **state) {
    (void)state;
    fill_log(200);
    hd_store *store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 0, 0), HD_OK);
    assert_int_equal(hd_store_prune(store), HD_OK);
    assert_int_equal(ask_database(directory, "SELECT count(*) FROM log"), 200);
    assert_int_equal(hd_store_set_retention(store, 7, 0, 0), HD_OK);
    assert_int_equal(hd_store_prune(store), HD_OK);
    hd_client *client = client_as(HD_CLIENT_READ, store);
    assert_int_equal(count_log(client), 7);
    assert_int_equal(hd_store_prune(store), HD_E_IN_USE);
    end(client, store);
    assert_int_equal(ask_database(directory, "SELECT count(*) FROM event"), 7);
    assert_int_equal(ask_database(directory, "SELECT count(*) FROM client WHERE role <> 3"), 0);
    assert_int_equal(hd_store_prune(NULL), HD_E_INVALID);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rekey
 */

/* The full webhook, in a store with this key. */
static void make_sealed(const unsigned char *key) {
    hd_store *store = open_with(directory, key);
    hd_client *client = client_on(store);
    put_webhook(client, full_webhook());
    end(client, store);
}

static void assert_key_is(const unsigned char *key) {
    hd_store *store = open_with(directory, key);
    hd_client *client = client_as(HD_CLIENT_READ, store);
    hd_webhook *expected = full_webhook(), *webhook = NULL;
    assert_int_equal(hd_client_get_webhook(client, "full", &webhook), HD_OK);
    assert_same_webhook(expected, webhook);
    hd_webhook_free(webhook);
    hd_webhook_free(expected);
    end(client, store);
}

static void assert_key_is_not(const unsigned char *key) {
    hd_store *store = open_with(directory, key);
    assert_int_equal(refusal_of(HD_CLIENT_READ, store), HD_E_STORE_KEY);
    hd_store_free(store);
}

/* While this process has the store closed. */
static int is_in_file(const char *name, const char *needle) {
    char path[512];
    struct stat found;
    path_in(name, path);
    if (stat(path, &found) != 0)
        return 0;
    FILE *file = fopen(path, "rb");
    char *data = malloc((size_t)found.st_size + 1);
    assert_non_null(file);
    assert_non_null(data);
    size_t length = fread(data, 1, (size_t)found.st_size, file), needle_length = strlen(needle);
    int is = 0;
    for (size_t i = 0; i + needle_length <= length; i++)
        is |= memcmp(data + i, needle, needle_length) == 0;
    free(data);
    (void)fclose(file);
    return is;
}

static void test_rekey(void **state) {
    (void)state;
    make_sealed(first_key);
    hd_store *store = open_with(directory, first_key);
    assert_int_equal(hd_store_rekey(store, second_key, HD_STORE_KEY_SIZE), HD_OK);
    hd_client *client = client_as(HD_CLIENT_READ, store); /* the handle has the new key */
    end(client, store);
    assert_key_is(second_key);
    assert_key_is_not(first_key);
    assert_key_is_not(NULL);

    store = open_with(directory, second_key);
    assert_int_equal(hd_store_rekey(store, NULL, 0), HD_OK);
    hd_store_free(store);
    assert_key_is(NULL);
    assert_true(is_in_file("helmdesk.db", "whsec_c2Vjb25k"));

    /* and back: what stood there in the clear does not any more */
    store = open_store();
    assert_int_equal(hd_store_rekey(store, first_key, HD_STORE_KEY_SIZE), HD_OK);
    hd_store_free(store);
    assert_key_is(first_key);
    static const char *const clear[] = {"whsec_Zmlyc3Q", "whsec_c2Vjb25k", "url-key", "header-key"};
    for (size_t i = 0; i < sizeof clear / sizeof *clear; i++) {
        assert_false(is_in_file("helmdesk.db", clear[i]));
        assert_false(is_in_file("helmdesk.db-wal", clear[i]));
    }
}

static void test_rekey_refused(void **state) {
    struct process other;
    (void)state;
    make_sealed(first_key);
    assert_int_equal(hd_store_rekey(NULL, first_key, HD_STORE_KEY_SIZE), HD_E_INVALID);
    hd_store *store = open_with(directory, second_key);
    assert_int_equal(hd_store_rekey(store, first_key, 5), HD_E_INVALID);
    assert_int_equal(hd_store_rekey(store, NULL, HD_STORE_KEY_SIZE), HD_E_INVALID);
    assert_int_equal(hd_store_rekey(store, first_key, HD_STORE_KEY_SIZE), HD_E_STORE_KEY);
    hd_store_free(store);
    assert_key_is(first_key);

    store = open_with(directory, first_key);
    hd_client *client = client_on(store);
    assert_int_equal(hd_store_rekey(store, second_key, HD_STORE_KEY_SIZE), HD_E_IN_USE);
    hd_store *second = open_with(directory, first_key);
    assert_int_equal(hd_store_rekey(second, second_key, HD_STORE_KEY_SIZE), HD_E_STORE_BUSY);
    assert_non_null(strstr(words_of(second), "stop it first"));
    end(client, store);
    hd_store_free(second);
    assert_key_is(first_key);

    /* one that was killed holds nothing up */
    change_database(directory, "DELETE FROM webhook");
    process_start(&other, directory, HD_CLIENT_DELIVER, "");
    store = open_store();
    assert_int_equal(hd_store_rekey(store, second_key, HD_STORE_KEY_SIZE), HD_E_STORE_BUSY);
    process_kill(&other);
    assert_int_equal(hd_store_rekey(store, second_key, HD_STORE_KEY_SIZE), HD_OK);
    hd_store_free(store);
}

/* What cannot be read in the middle of it: nothing has changed. */
static void test_rekey_is_all_or_nothing(void **state) {
    (void)state;
    make_sealed(first_key);
    hd_store *store = open_with(directory, first_key);
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at("zzz", "/ok"));
    end(client, store);
    change_database(directory, "UPDATE webhook SET headers = x'0102030405' WHERE id = 'zzz'");
    store = open_with(directory, first_key);
    assert_int_not_equal(hd_store_rekey(store, second_key, HD_STORE_KEY_SIZE), HD_OK);
    hd_store_free(store);
    change_database(directory, "DELETE FROM webhook WHERE id = 'zzz'");
    assert_key_is(first_key);
    assert_key_is_not(second_key);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Clients
 */

static void list(hd_store *store, char text[1024]) {
    size_t length = 0;
    assert_int_equal(hd_store_sqlite_clients(store, text, 1024, &length), HD_OK);
    assert_int_equal(length, strlen(text));
}

static void test_clients(void **state) {
    char text[1024], expected[128];
    struct process other;
    size_t length = 0;
    (void)state;
    hd_store *store = open_store();
    assert_int_equal(hd_store_sqlite_clients(store, text, sizeof text, &length), HD_E_STORE_MISSING);
    hd_client *client = client_on(store);
    process_start(&other, directory, HD_CLIENT_DELIVER, "");
    assert_eventually((list(store, text), strstr(text, "\"shards\":32},{") && strstr(text, "\"shards\":32}]")));
    (void)snprintf(expected, sizeof expected, "[{\"role\":\"deliver\",\"pid\":%ld,\"here\":true,\"gone\":false,",
                   (long)getpid());
    assert_memory_equal(text, expected, strlen(expected));
    (void)snprintf(expected, sizeof expected, "{\"role\":\"deliver\",\"pid\":%ld,\"here\":true,\"gone\":false,",
                   (long)other.pid);
    assert_non_null(strstr(text, expected));
    assert_int_equal(hd_store_sqlite_clients(store, NULL, 0, &length), HD_E_BUFFER);
    assert_int_equal(length, strlen(text));
    assert_int_equal(hd_store_sqlite_clients(store, text, length, NULL), HD_E_BUFFER);
    assert_int_equal(hd_store_sqlite_clients(store, NULL, 5, NULL), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_clients(NULL, text, sizeof text, NULL), HD_E_INVALID);
    end(client, store);
    store = open_store();
    assert_eventually((list(store, text), strstr(text, "\"gone\":false,\"shards\":64}]") != NULL));
    process_kill(&other);
    list(store, text);
    assert_non_null(strstr(text, "\"gone\":true,\"shards\":64}]"));
    hd_store_free(store);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        TEST(test_backup_of_a_store_in_use),
        TEST(test_backup_refused),
        TEST(test_check),
        TEST(test_prune),
        TEST(test_rekey),
        TEST(test_rekey_refused),
        TEST(test_rekey_is_all_or_nothing),
        TEST(test_clients),
    };
    if (is_process(argc, argv))
        return process_main(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
