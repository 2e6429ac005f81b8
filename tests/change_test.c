/* SPDX-License-Identifier: MIT */
/** @file change_test.c The record of who changed what, in memory and with a store: one entry for each change, none for
 * what was refused, over restarts and clients, within its bounds, and without secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/both.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static hd_client *as(hd_client *client, const char *by) {
    hd_client *made = NULL;
    assert_int_equal(hd_client_as(client, by, &made), HD_OK);
    return made;
}

/* Those of a webhook; all with NULL. */
static hd_change_list *changes_of(hd_client *client, const char *webhook_id) {
    hd_change_list *list = NULL;
    assert_int_equal(hd_client_changes(client, NULL, webhook_id, 0, 1000, &list), HD_OK);
    return list;
}

static size_t count_of(hd_client *client, const char *webhook_id) {
    hd_change_list *list = changes_of(client, webhook_id);
    size_t count = hd_change_list_count(list);
    hd_change_list_free(list);
    return count;
}

/* What the newest entry says, as "ann updated mode:on>held". */
static const char *newest_of(hd_client *client, const char *webhook_id) {
    static char text[2000];
    hd_change_list *list = changes_of(client, webhook_id);
    const hd_change *change = hd_change_list_at(list, 0);
    int length =
        snprintf(text, sizeof text, "%s %s", hd_change_by(change), hd_change_action_name(hd_change_action(change)));
    for (size_t i = 0; i < hd_change_field_count(change); i++)
        length += snprintf(text + length, sizeof text - (size_t)length, " %s:%s>%s", hd_change_field_name(change, i),
                           hd_change_field_before(change, i), hd_change_field_after(change, i));
    assert_null(hd_change_field_name(change, hd_change_field_count(change)));
    hd_change_list_free(list);
    return text;
}

static hd_webhook *get(hd_client *client, const char *id) {
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_client_get_webhook(client, id, &webhook), HD_OK);
    return webhook;
}

static void replace(hd_client *client, hd_webhook *webhook) {
    assert_int_equal(hd_client_replace_webhook(client, webhook), HD_OK);
    hd_webhook_free(webhook);
}

/* ---- What is written ---- */

static void settings_before_and_after(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_client *ann = as(both[i], "ann"), *bob = as(both[i], "bob");
        put_webhook(ann, webhook_for_tests(WEBHOOK, PROJECT, "https://example.com/hooks/T0K3N"));
        assert_memory_equal(newest_of(ann, WEBHOOK), "ann created project:>", 21);
        assert_non_null(strstr(newest_of(ann, WEBHOOK), " mode:>on"));
        hd_webhook *webhook = get(bob, WEBHOOK);
        assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
        assert_int_equal(hd_webhook_set_max_attempts(webhook, 4), HD_OK);
        assert_int_equal(hd_webhook_set_rate(webhook, 5, 1000, 2), HD_OK);
        replace(bob, webhook);
        assert_string_equal(newest_of(ann, WEBHOOK),
                            "bob updated mode:on>held max_attempts:1>4 rate:>5 in 1000 ms, burst 2");
        webhook = get(ann, WEBHOOK);
        assert_int_equal(hd_webhook_set_name(webhook, "CRM"), HD_OK);
        assert_int_equal(hd_webhook_set_project(webhook, "moved"), HD_OK);
        replace(ann, webhook);
        assert_string_equal(newest_of(ann, WEBHOOK), "ann updated project:" PROJECT ">moved name:>CRM");
        replace(ann, get(ann, WEBHOOK)); /* changes nothing */
        assert_int_equal(count_of(ann, WEBHOOK), 3);
        hd_client_unref(ann);
        hd_client_unref(bob);
    }
    end_both();
}

/* Of a URL, a header and a certificate, what must not be shown is only said to be different. */
static void what_is_masked_is_only_said_to_be_different(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        put_webhook(both[i], webhook_for_tests(WEBHOOK, PROJECT, "https://example.com/T0K3N-one/hook"));
        hd_webhook *webhook = get(both[i], WEBHOOK);
        assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/T0K3N-two/hook"), HD_OK);
        assert_int_equal(hd_webhook_set_header(webhook, "X-Key", "T0K3N-three"), HD_OK);
        replace(both[i], webhook);
        char wanted[300], masked[100];
        webhook = get(both[i], WEBHOOK);
        snprintf(masked, sizeof masked, "%s", hd_webhook_masked_url(webhook));
        snprintf(wanted, sizeof wanted, " updated url:%s>%s headers:>X-Key", masked, masked);
        assert_string_equal(newest_of(both[i], WEBHOOK), wanted);
        assert_int_equal(hd_webhook_set_header(webhook, "X-Key", "T0K3N-four"), HD_OK);
        replace(both[i], webhook);
        assert_string_equal(newest_of(both[i], WEBHOOK), " updated headers:X-Key>X-Key");
    }
    end_both();
}

static void rotate(hd_webhook *webhook, int action) {
    switch (action) {
    case HD_CHANGE_SECRET_STAGED:
        assert_int_equal(hd_webhook_stage_secret(webhook, "next-secret-0123456789", 22), HD_OK);
        break;
    case HD_CHANGE_SECRET_UNSTAGED:
        assert_int_equal(hd_webhook_stage_secret(webhook, NULL, 0), HD_OK);
        break;
    case HD_CHANGE_SECRET_ACTIVATED:
        assert_int_equal(hd_webhook_activate_secret(webhook), HD_OK);
        break;
    case HD_CHANGE_SECRET_UNDONE:
        assert_int_equal(hd_webhook_undo_secret(webhook), HD_OK);
        break;
    case HD_CHANGE_SECRET_FORGOTTEN:
        assert_int_equal(hd_webhook_forget_previous_secret(webhook), HD_OK);
        break;
    default:
        assert_int_equal(hd_webhook_set_secret(webhook, "other-secret-0123456789", 23), HD_OK);
    }
}

static void each_step_of_a_secret(void **state) {
    static const int steps[] = {HD_CHANGE_SECRET_STAGED,    HD_CHANGE_SECRET_UNSTAGED, HD_CHANGE_SECRET_STAGED,
                                HD_CHANGE_SECRET_ACTIVATED, HD_CHANGE_SECRET_UNDONE,   HD_CHANGE_SECRET_ACTIVATED,
                                HD_CHANGE_SECRET_FORGOTTEN, HD_CHANGE_SECRET_REPLACED};
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_client *ann = as(both[i], "ann");
        put_webhook(ann, webhook_at(WEBHOOK, "/ok"));
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            char wanted[64];
            hd_webhook *webhook = get(ann, WEBHOOK);
            rotate(webhook, steps[k]);
            replace(ann, webhook);
            snprintf(wanted, sizeof wanted, "ann %s", hd_change_action_name(steps[k]));
            assert_string_equal(newest_of(ann, WEBHOOK), wanted);
        }
        assert_int_equal(hd_client_note_reveal(ann, WEBHOOK), HD_OK);
        assert_string_equal(newest_of(ann, WEBHOOK), "ann secret_revealed");
        assert_int_equal(hd_client_note_reveal(ann, "nobody"), HD_E_NOT_FOUND);
        hd_client_unref(ann);
    }
    end_both();
}

static void what_is_done_with_a_webhook(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_client *ann = as(both[i], "ann");
        hd_report *report = NULL;
        uint64_t count = 0;
        put_webhook(ann, webhook_at(WEBHOOK, "/ok"));
        assert_int_equal(hd_client_test(ann, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
        hd_report_free(report);
        assert_string_equal(newest_of(ann, WEBHOOK), "ann tested");
        assert_int_equal(hd_client_discard(ann, WEBHOOK, &count), HD_OK);
        assert_string_equal(newest_of(ann, WEBHOOK), "ann tested"); /* nothing waited */
        hd_webhook *webhook = get(ann, WEBHOOK);
        assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
        replace(ann, webhook);
        for (int k = 0; k < 3; k++)
            send_ticket(ann, 7);
        while (waiting_for(ann, WEBHOOK) < 3)
            sleep_ms(5);
        assert_int_equal(hd_client_discard(ann, WEBHOOK, &count), HD_OK);
        hd_change_list *list = changes_of(ann, WEBHOOK);
        assert_int_equal(hd_change_action(hd_change_list_at(list, 0)), HD_CHANGE_DISCARDED);
        assert_int_equal(hd_change_count(hd_change_list_at(list, 0)), 3);
        hd_change_list_free(list);
        assert_int_equal(hd_client_remove_webhook(ann, WEBHOOK), HD_OK);
        assert_string_equal(newest_of(ann, WEBHOOK), "ann deleted");
        list = changes_of(ann, WEBHOOK);
        assert_string_equal(hd_change_project(hd_change_list_at(list, 0)), PROJECT);
        hd_change_list_free(list);
        assert_int_equal(hd_client_remove_webhook(ann, WEBHOOK), HD_E_NOT_FOUND);
        assert_int_equal(count_of(ann, WEBHOOK), 5);
        hd_client_unref(ann);
    }
    end_both();
}

static void jobs_and_redeliveries(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_client *ann = as(both[i], "ann");
        hd_log_filter *filter;
        hd_job *job = NULL;
        put_webhook(ann, webhook_at(WEBHOOK, "/ok"));
        send_ticket(ann, 7);
        assert_int_equal(hd_client_flush(ann, PATIENCE_MS), HD_OK);
        hd_log_page *page = page_of(ann, NULL, NULL, 1);
        const char *delivery = hd_report_delivery_id(hd_log_page_at(page, 0));
        assert_int_equal(hd_client_redeliver(ann, delivery, NULL), HD_OK);
        hd_change_list *list = changes_of(ann, WEBHOOK);
        assert_int_equal(hd_change_action(hd_change_list_at(list, 0)), HD_CHANGE_REDELIVERED);
        assert_string_equal(hd_change_object(hd_change_list_at(list, 0)), delivery);
        hd_change_list_free(list);
        hd_log_page_free(page);
        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_add_webhook(filter, WEBHOOK), HD_OK);
        assert_int_equal(hd_job_new(HD_SOURCE_DELIVERIES, filter, &job), HD_OK);
        assert_int_equal(hd_job_set_pace(job, 1), HD_OK);
        assert_int_equal(hd_job_start(ann, job), HD_OK);
        assert_string_equal(newest_of(ann, WEBHOOK), "ann job_started");
        list = changes_of(ann, WEBHOOK);
        assert_string_equal(hd_change_object(hd_change_list_at(list, 0)), hd_job_id(job));
        hd_change_list_free(list);
        hd_log_filter_free(filter);
        hd_job_free(job);
        hd_client_unref(ann);
    }
    end_both();
}

/* ---- What is refused ---- */

/* Of two who have seen the same version, the second is refused, and leaves no entry. */
static void the_second_of_two_leaves_no_entry(void **state) {
    (void)state;
    open_both();
    hd_store *second_store = open_store();
    hd_client *second = client_as(HD_CLIENT_OPERATE, second_store);
    for (int i = 0; i < 2; i++) {
        hd_client *ann = as(both[i], "ann"), *bob = as(i ? second : both[i], "bob");
        put_webhook(ann, webhook_at(WEBHOOK, "/ok"));
        hd_webhook *of_bob = NULL;
        while (hd_client_get_webhook(bob, WEBHOOK, &of_bob) != HD_OK)
            sleep_ms(5);
        hd_webhook *of_ann = get(ann, WEBHOOK);
        assert_int_equal(hd_webhook_stage_secret(of_ann, "ann's next secret", 17), HD_OK);
        assert_int_equal(hd_webhook_stage_secret(of_bob, "bob's next secret", 17), HD_OK);
        replace(ann, of_ann);
        assert_int_equal(hd_client_replace_webhook(bob, of_bob), HD_E_CONFLICT);
        hd_webhook_free(of_bob);
        assert_int_equal(count_of(bob, WEBHOOK), 2); /* the other client sees it too */
        assert_string_equal(newest_of(bob, WEBHOOK), "ann secret_staged");
        hd_client_unref(ann);
        hd_client_unref(bob);
    }
    end(second, second_store);
    end_both();
}

static void what_is_no_request(void **state) {
    char longest[HD_BY_MAX + 2];
    hd_client *made = NULL;
    hd_change_list *list = NULL;
    (void)state;
    open_both();
    memset(longest, 'x', sizeof longest);
    longest[HD_BY_MAX + 1] = '\0';
    assert_int_equal(hd_client_as(both[0], longest, &made), HD_E_INVALID);
    assert_null(made);
    longest[HD_BY_MAX] = '\0';
    hd_client_unref(as(both[0], longest));
    assert_int_equal(hd_client_as(NULL, "ann", &made), HD_E_INVALID);
    assert_int_equal(hd_client_as(both[0], "ann", NULL), HD_E_INVALID);
    assert_int_equal(hd_client_changes(both[0], NULL, NULL, 0, 0, &list), HD_E_INVALID);
    assert_int_equal(hd_client_changes(both[0], NULL, NULL, 0, 1001, &list), HD_E_INVALID);
    assert_int_equal(hd_client_changes(both[0], NULL, NULL, -1, 10, &list), HD_E_INVALID);
    assert_null(list);
    hd_client *odd = as(both[0], "a\nb\xff");
    put_webhook(odd, webhook_at(WEBHOOK, "/ok"));
    assert_memory_equal(newest_of(odd, WEBHOOK), "a?b? created", 12);
    assert_int_equal(hd_change_list_count(NULL), 0);
    assert_null(hd_change_list_at(NULL, 0));
    assert_string_equal(hd_change_by(NULL), "");
    assert_int_equal(hd_change_json(NULL, NULL, 0, NULL), HD_E_INVALID);
    hd_client_unref(odd);
    end_both();
}

/* A handle is the same client, and outlives the program's own. */
static void a_handle_is_the_client(void **state) {
    (void)state;
    open_both();
    hd_client *ann = as(both[0], "ann"), *again = as(ann, "bob");
    put_webhook(again, webhook_at(WEBHOOK, "/ok"));
    hd_client_free(ann); /* closes nothing */
    send_ticket(both[0], 7);
    assert_int_equal(hd_client_close(again, PATIENCE_MS), HD_OK);
    assert_int_equal(hd_client_remove_webhook(both[0], WEBHOOK), HD_E_CLOSED);
    assert_int_equal(hd_client_note_reveal(again, WEBHOOK), HD_E_CLOSED);
    hd_client_free(both[0]);
    both[0] = NULL;
    assert_memory_equal(newest_of(again, WEBHOOK), "bob created", 11);
    hd_client_unref(again);
    end_both();
}

/* ---- What is read ---- */

static void pages_of_a_project(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 7; k++) {
            char id[8];
            snprintf(id, sizeof id, "w%d", k);
            put_webhook(both[i], webhook_for_tests(id, k % 2 ? "odd" : "even", "https://example.com/"));
        }
        int64_t before = 0;
        size_t seen = 0, pages = 0, count;
        do {
            hd_change_list *list = NULL;
            assert_int_equal(hd_client_changes(both[i], "even", NULL, before, 3, &list), HD_OK);
            count = hd_change_list_count(list);
            for (size_t k = 0; k < count; k++, seen++) {
                char id[8];
                snprintf(id, sizeof id, "w%zu", 6 - 2 * seen);
                assert_string_equal(hd_change_webhook_id(hd_change_list_at(list, k)), id);
                assert_true(before == 0 || hd_change_id(hd_change_list_at(list, k)) < before);
                before = hd_change_id(hd_change_list_at(list, k));
            }
            pages++;
            hd_change_list_free(list);
        } while (count == 3);
        assert_int_equal(seen, 4);
        assert_int_equal(pages, 2);
    }
    end_both();
}

/* 500 of a webhook: those of another one stay. */
static void a_busy_webhook_pushes_no_other_out(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        put_webhook(both[i], webhook_at("quiet", "/ok"));
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok"));
        for (int k = 0; k < 510; k++)
            assert_int_equal(hd_client_note_reveal(both[i], WEBHOOK), HD_OK);
        assert_int_equal(count_of(both[i], WEBHOOK), 500);
        assert_string_equal(newest_of(both[i], WEBHOOK), " secret_revealed");
        assert_int_equal(count_of(both[i], "quiet"), 1);
    }
    end_both();
}

static void it_survives_a_restart(void **state) {
    (void)state;
    open_both();
    hd_client *ann = as(both[1], "ann");
    put_webhook(ann, webhook_at(WEBHOOK, "/ok"));
    assert_int_equal(hd_client_remove_webhook(ann, WEBHOOK), HD_OK);
    hd_client_unref(ann);
    end_both();
    open_both();
    assert_string_equal(newest_of(both[1], WEBHOOK), "ann deleted");
    assert_int_equal(count_of(both[1], WEBHOOK), 2);
    put_webhook(both[1], webhook_at(WEBHOOK, "/ok"));
    assert_int_equal(count_of(both[1], WEBHOOK), 3);
    assert_int_equal(hd_client_close(both[1], PATIENCE_MS), HD_OK); /* which can still be read */
    assert_int_equal(count_of(both[1], WEBHOOK), 3);
    end_both();
}

/* Puts the webhook again and again, each time with another name, until it is killed. */
static void rename_for_ever(void) {
    hd_store *own = open_store();
    hd_client *client = client_as(HD_CLIENT_ACCEPT, own);
    for (unsigned i = 0;; i++) {
        hd_webhook *webhook = get(client, WEBHOOK);
        char name[40];
        snprintf(name, sizeof name, "%d of %ld", (int)i, (long)getpid());
        assert_int_equal(hd_webhook_set_name(webhook, name), HD_OK);
        (void)hd_client_replace_webhook(client, webhook);
        hd_webhook_free(webhook);
    }
}

/* Each change and its entry are there, or neither is, whenever the process is killed. */
static void killed_in_the_middle_of_a_change(void **state) {
    (void)state;
    open_both();
    put_webhook(both[1], webhook_at(WEBHOOK, "/ok"));
    end_both();
    size_t before = 1;
    for (int i = 0; i < 8; i++) {
        pid_t child = fork();
        if (child == 0)
            rename_for_ever();
        hd_store *own = open_store();
        hd_client *client = client_as(HD_CLIENT_READ, own);
        assert_eventually(count_of(client, WEBHOOK) > before + 2);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        hd_webhook *webhook = get(client, WEBHOOK);
        before = count_of(client, WEBHOOK);
        assert_true(before < 500);
        assert_int_equal(hd_webhook_version(webhook), before);
        hd_webhook_free(webhook);
        end(client, own);
    }
}

/* ---- Secrets ---- */

#define NEEDLE "N33DLE"

static int has_needle(const char *bytes, size_t length) {
    for (size_t i = 0; i + sizeof NEEDLE - 1 <= length; i++)
        if (memcmp(bytes + i, NEEDLE, sizeof NEEDLE - 1) == 0)
            return 1;
    return 0;
}

static void no_needle_in_json(hd_client *client) {
    hd_change_list *list = changes_of(client, NULL);
    assert_true(hd_change_list_count(list) > 5);
    for (size_t i = 0; i < hd_change_list_count(list); i++) {
        char text[4000];
        size_t length;
        assert_int_equal(hd_change_json(hd_change_list_at(list, i), text, sizeof text, &length), HD_OK);
        assert_false(has_needle(text, length));
    }
    hd_change_list_free(list);
}

/* With a key, all else that holds secrets is sealed: what is found in the clear would stand in an entry. */
static void no_secret_is_in_an_entry(void **state) {
    static const unsigned char key[32] = {1};
    hd_store *store = NULL;
    (void)state;
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    take_both(client_for_tests(NULL), client_on(store), store);
    for (int i = 0; i < 2; i++) {
        hd_client *ann = as(both[i], "ann");
        hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, "https://example.com/hooks/" NEEDLE "-url");
        assert_int_equal(hd_webhook_set_secret(webhook, NEEDLE "-first-secret", 19), HD_OK);
        assert_int_equal(hd_webhook_set_header(webhook, "X-Key", NEEDLE "-value"), HD_OK);
        put_webhook(ann, webhook);
        webhook = get(ann, WEBHOOK);
        assert_int_equal(hd_webhook_stage_secret(webhook, NEEDLE "-next-secret", 18), HD_OK);
        replace(ann, webhook);
        webhook = get(ann, WEBHOOK);
        assert_int_equal(hd_webhook_activate_secret(webhook), HD_OK);
        replace(ann, webhook);
        webhook = get(ann, WEBHOOK);
        assert_int_equal(hd_webhook_undo_secret(webhook), HD_OK);
        assert_int_equal(hd_webhook_set_header(webhook, "X-Key", NEEDLE "-other"), HD_OK);
        assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/hooks/" NEEDLE "-moved"), HD_OK);
        replace(ann, webhook);
        assert_int_equal(hd_client_note_reveal(ann, WEBHOOK), HD_OK);
        assert_int_equal(hd_client_remove_webhook(ann, WEBHOOK), HD_OK);
        no_needle_in_json(both[i]);
        hd_client_unref(ann);
    }
    end_both();
    static const char *const names[] = {"helmdesk.db", "helmdesk.db-wal"};
    for (size_t i = 0; i < 2; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        FILE *file = fopen(path, "rb");
        if (!file)
            continue;
        static char bytes[8 << 20];
        size_t length = fread(bytes, 1, sizeof bytes, file);
        assert_true(length < sizeof bytes);
        assert_false(has_needle(bytes, length));
        fclose(file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settings_before_and_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_masked_is_only_said_to_be_different, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_step_of_a_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_done_with_a_webhook, set_up, tear_down),
        cmocka_unit_test_setup_teardown(jobs_and_redeliveries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_second_of_two_leaves_no_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_handle_is_the_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_of_a_project, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_busy_webhook_pushes_no_other_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_survives_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_in_the_middle_of_a_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_secret_is_in_an_entry, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
