/* SPDX-License-Identifier: MIT */
/* Questions about the log, beside the same questions about a list of what was put into it. */
#include "store/check.h"

#include "base/text.h"
#include "base/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS 240
#define EVENTS 40
#define WEBHOOKS 4
#define PAGE 7

/* One record, and its number in all that can be searched for: queued_ms. */
struct entry {
    int event, webhook;
    struct hd__stored_report report;
};

struct log {
    struct client *client;
    struct hd__new_event events[EVENTS];
    unsigned char again[2][HD__STORE_ID_SIZE]; /* deliveries that were made again */
    int64_t keys[WEBHOOKS];
    struct entry entries[RECORDS];
    int64_t ids[RECORDS]; /* of the store */
};

static const char *const texts[] = {"t-1\037#17\037printer on fire", "t-2\037#170\037router",
                                    "t-3\037#3\037\xc3\xa4rger", "t-4\037#4\037100% printer_x"};
static const char *const webhook_ids[] = {"w0", "w1", "w2", "w3"};
static const char *const names[] = {"Billing", "", "router 5", "\xc3\x84rger"};

static uint64_t any_state;

static int any(int below) {
    any_state = any_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (int)((any_state >> 33) % (unsigned)below);
}

/* ---- Filling it ---- */

static void make_events(struct log *log) {
    memset(log->again, 0x11, sizeof log->again);
    log->again[1][3] = 5;
    for (int i = 0; i < EVENTS; i++) {
        log->events[i] = event_of(log->client->world, any(3) ? PROJECT : "another", 1 + any(3));
        log->events[i].event.search = texts[any(4)];
        if (any(4) == 0)
            log->events[i].event.redelivery_of = log->again[any(2)];
    }
}

static struct entry make_entry(const struct log *log, int number) {
    static const int outcomes[] = {HD_OUTCOME_DELIVERED, HD_OUTCOME_FAILED, HD_OUTCOME_CANCELED, HD_OUTCOME_RETRYING};
    static const int reasons[] = {HD_REASON_DELIVERED, HD_REASON_TIMEOUT_TOTAL, HD_REASON_DNS, HD_REASON_PAUSED};
    static const int statuses[] = {0, 200, 204, 404, 503};
    static const uint32_t totals[] = {0, 12, 12, 4999, 5000, 5001, 7000};
    struct entry entry = {.event = any(EVENTS)};
    entry.webhook = any(2) + (strcmp(log->events[entry.event].event.project, PROJECT) == 0 ? 0 : 2);
    struct hd__stored_report *report = &entry.report;
    *report = report_of(log->client->world, log->keys[entry.webhook], 0);
    int what = any(2) ? 0 : any(4); /* half of them are the common case */
    report->outcome = outcomes[what];
    report->reason = reasons[what ? any(4) : 0];
    report->http_status = what ? statuses[any(5)] : 200;
    report->is_test = any(5) == 0;
    report->attempts = (uint32_t)any(3);
    report->total_ms = totals[any(7)];
    report->finished_at_ms += INT64_C(1000) * any(20); /* many at the same time, and in no order */
    report->queued_ms = (uint32_t)number;
    report->detail = any(4) ? "" : "Access D\xc3\xa9nied";
    report->response_body = any(4) ? (struct hd__bytes){"", 0} : (struct hd__bytes){"It is GONE", 10};
    memset(report->delivery_id, number % (RECORDS / 3), HD__STORE_ID_SIZE);
    return entry;
}

static void store_entries(struct log *log) {
    struct hd__result results[RECORDS];
    for (int i = 0; i < RECORDS; i++) {
        const struct entry *entry = &log->entries[i];
        results[i] = (struct hd__result){.kind = HD__RESULT_ENDED,
                                         .webhook = log->keys[entry->webhook],
                                         .event = &log->events[entry->event].event,
                                         .report = &entry->report};
        memcpy(results[i].event_id, results[i].event->id, HD__STORE_ID_SIZE);
    }
    for (size_t i = 0; i < RECORDS; i += RECORDS / 4) {
        struct hd__step step = {.results = results + i, .result_count = RECORDS / 4};
        client_step(log->client, &step);
    }
}

static int note_id(void *user, const struct hd__log_row *row) {
    struct log *log = user;
    log->ids[row->report.queued_ms] = row->id;
    return 1;
}

static struct log *fill(struct world *world, uint64_t seed) {
    struct log *log = test_calloc(1, sizeof *log);
    const struct hd__log_search all = {.is_forward = 1, .max = RECORDS};
    any_state = seed;
    log->client = client_join(world, HD__ROLE_DELIVER);
    for (int i = 0; i < WEBHOOKS; i++) {
        struct hd__stored_webhook webhook = webhook_of(webhook_ids[i]);
        webhook.project = i < 2 ? PROJECT : "another";
        webhook.name = names[i];
        log->keys[i] = client_put(log->client, &webhook);
    }
    make_events(log);
    for (int i = 0; i < RECORDS; i++)
        log->entries[i] = make_entry(log, i);
    store_entries(log);
    assert_int_equal(log->client->store->ops->query(log->client->store, &all, note_id, log), HD_OK);
    return log;
}

/* ---- The same by hand ---- */

static int is_id(const unsigned char *wanted, const unsigned char *id) {
    return !wanted || (id && memcmp(wanted, id, HD__STORE_ID_SIZE) == 0);
}

/* Without accents, in lower case: of all the texts here. */
static void plain(const char *text, char out[64]) {
    size_t len = 0;
    for (const char *at = text; *at; at++) {
        static const char *const accents[] = {"\xc3\xa4", "\xc3\x84", "\xc3\xa9"};
        char letter = (char)hd__ascii_lower((unsigned char)*at);
        for (size_t i = 0; i < sizeof accents / sizeof accents[0]; i++)
            letter = strncmp(at, accents[i], 2) == 0 ? "aae"[i] : letter;
        at += (unsigned char)*at >= 0x80;
        out[len++] = letter;
    }
    out[len] = '\0';
}

/* A part of a text, or an id as a whole; or a reason. */
static int has_words(const struct log *log, const struct entry *entry, const struct hd__log_search *search) {
    const struct hd__stored_event *event = &log->events[entry->event].event;
    const struct hd__stored_report *report = &entry->report;
    const char *first = strchr(event->search, '\037'), *rest = strchr(first + 1, '\037') + 1;
    const char *const has[] = {rest, names[entry->webhook], report->detail, report->response_body.data};
    char delivery[HD__UUID_SIZE], id[HD__UUID_SIZE], text[64];
    char *ticket = strndup(event->search, (size_t)(rest - 1 - event->search));
    int is_there = 0, is_number = search->text[0] == '#';
    assert_non_null(ticket);
    ticket[first - event->search] = '\0';
    hd__uuid_format(report->delivery_id, delivery);
    hd__uuid_format(event->id, id);
    const char *const is[] = {delivery, id, webhook_ids[entry->webhook], ticket, ticket + (first + 1 - event->search)};
    for (size_t i = 0; i < sizeof is / sizeof is[0]; i++)
        is_there |= strcmp(is[i], search->text) == 0;
    for (size_t i = 0; i < sizeof has / sizeof has[0] && !is_number; i++) {
        plain(has[i], text);
        is_there |= strstr(text, search->text) != NULL;
    }
    free(ticket);
    return is_there || (search->text_reasons >> (report->reason - HD_REASON_DELIVERED) & 1);
}

static int is_of_webhook(const struct hd__log_search *search, const char *id) {
    int is_there = search->webhook_count == 0;
    for (size_t i = 0; i < search->webhook_count; i++)
        is_there |= strcmp(search->webhook_ids[i], id) == 0;
    return is_there;
}

static int has_status(const struct hd__log_search *search, int status) {
    int is_there = search->status_count == 0;
    for (size_t i = 0; i < search->status_count; i++)
        is_there |= status >= search->statuses[i].first && status <= search->statuses[i].last;
    return is_there;
}

static int is_found(const struct log *log, const struct entry *entry, const struct hd__log_search *search) {
    const struct hd__stored_event *event = &log->events[entry->event].event;
    const struct hd__stored_report *report = &entry->report;
    int has_text = !search->text || has_words(log, entry, search);
    int is_of = (!search->project || strcmp(search->project, event->project) == 0) &&
                is_of_webhook(search, webhook_ids[entry->webhook]) && is_id(search->delivery_id, report->delivery_id) &&
                is_id(search->redelivery_of, event->redelivery_of) &&
                (!search->types || search->types >> event->type & 1);
    int has_result = (!search->outcomes || search->outcomes >> (report->outcome - HD_OUTCOME_DELIVERED) & 1) &&
                     (!search->reasons || search->reasons >> (report->reason - HD_REASON_DELIVERED) & 1) &&
                     has_status(search, report->http_status);
    int is_in_time = (!search->since_ms || report->finished_at_ms >= search->since_ms) &&
                     (!search->until_ms || report->finished_at_ms < search->until_ms);
    int is_wanted = search->tests <= HD_TESTS_INCLUDED || (search->tests == HD_TESTS_ONLY) == report->is_test;
    return has_text && is_of && has_result && is_in_time && is_wanted;
}

/* Whether the first stands before the second, newest first. */
static int is_before(const struct log *log, size_t a, size_t b) {
    int64_t x = log->entries[a].report.finished_at_ms, y = log->entries[b].report.finished_at_ms;
    return x != y ? x > y : a > b;
}

static size_t find_all(const struct log *log, const struct hd__log_search *search, size_t found[RECORDS]) {
    size_t count = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        if (!is_found(log, &log->entries[i], search))
            continue;
        size_t place = count++;
        for (; place > 0 && !search->is_forward && is_before(log, i, found[place - 1]); place--)
            found[place] = found[place - 1];
        found[place] = i;
    }
    return count;
}

/* ---- Searches ---- */

static struct hd__log_search any_search(const struct log *log) {
    static const char *const words[] = {"printer", "#17",     "arger",    "nothing", "100%",   "printer_", "%",
                                        "timeout", "billing", "router 5", "t-1",     "denied", "w1",       "gone"};
    static const struct hd__status_range statuses[] = {{400, 499}, {200, 299}, {503, 503}};
    static const char *const wanted_ids[][3] = {
        {"w0", "w1", "w2"}, {"w3", "gone", "w0"}, {"w1", "w3", "w0"}, {"gone", "w2", "w2"}};
    static const uint64_t reasons[] = {1, UINT64_C(1) << (HD_REASON_DNS - HD_REASON_DELIVERED),
                                       1 | UINT64_C(1) << (HD_REASON_PAUSED - HD_REASON_DELIVERED)};
    const int64_t start = hd__wall_ms(&log->client->world->clock);
    struct hd__log_search search = {.before_ms = INT64_MAX, .max = RECORDS, .is_forward = any(3) == 0};
    search.project = any(3) ? NULL : any(2) ? PROJECT : "another";
    search.webhook_count = (size_t)(any(3) ? 0 : 1 + any(3));
    search.webhook_ids = wanted_ids[any(4)];
    search.delivery_id = any(12) ? NULL : log->entries[any(RECORDS)].report.delivery_id;
    search.redelivery_of = any(8) ? NULL : log->again[any(2)];
    search.types = any(3) ? 0 : 2 * (unsigned)any(8);
    search.outcomes = any(2) ? 0 : any(2) ? 1U << any(4) : (unsigned)any(16);
    search.reasons = any(5) ? 0 : reasons[any(3)];
    if (any(4) == 0) {
        search.statuses = statuses + any(2);
        search.status_count = 1 + (size_t)any(2);
    }
    search.tests = any(2) ? HD_TESTS_INCLUDED : HD_TESTS_INCLUDED + any(3);
    search.since_ms = any(4) ? 0 : start + INT64_C(1000) * any(20);
    search.until_ms = any(4) ? 0 : start + INT64_C(1000) * any(20) + 1;
    search.text = any(4) ? NULL : words[any(14)];
    if (search.text && strcmp(search.text, "timeout") == 0)
        search.text_reasons = UINT64_C(1) << (HD_REASON_TIMEOUT_TOTAL - HD_REASON_DELIVERED) |
                              UINT64_C(1) << (HD_REASON_TIMEOUT_CONNECT - HD_REASON_DELIVERED);
    return search;
}

struct page {
    size_t numbers[RECORDS];
    size_t count;
    int64_t last_id, last_ms;
};

static int add_to_page(void *user, const struct hd__log_row *row) {
    struct page *page = user;
    page->numbers[page->count++] = row->report.queued_ms;
    page->last_id = row->id;
    page->last_ms = row->report.finished_at_ms;
    return 1;
}

static void query(const struct log *log, const struct hd__log_search *search, struct page *page) {
    assert_int_equal(log->client->store->ops->query(log->client->store, search, add_to_page, page), HD_OK);
}

static void searches_find_what_is_there(struct world *world) {
    struct log *log = fill(world, 1);
    size_t found_some = 0, expected[RECORDS];
    for (int i = 0; i < 400; i++) {
        struct page page = {.count = 0};
        const struct hd__log_search search = any_search(log);
        size_t count = find_all(log, &search, expected);
        query(log, &search, &page);
        assert_int_equal(page.count, count);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(page.numbers[j], expected[j]);
        found_some += count > 0;
    }
    assert_true(found_some > 100);
    test_free(log);
}

static void pages_follow_each_other(struct world *world) {
    struct log *log = fill(world, 2);
    size_t expected[RECORDS];
    for (int i = 0; i < 60; i++) {
        struct page page = {.count = 0};
        struct hd__log_search search = {.before_ms = INT64_MAX};
        if (i > 0)
            search = any_search(log);
        size_t count = find_all(log, &search, expected), before = 1;
        search.max = PAGE;
        while (page.count != before) {
            before = page.count;
            query(log, &search, &page);
            assert_true(page.count - before <= PAGE);
            search.before_ms = page.last_ms;
            search.before_id = search.after_id = page.last_id;
            before += page.count - before < PAGE ? page.count - before : 0; /* the last page was not full */
        }
        assert_int_equal(page.count, count);
        assert_memory_equal(page.numbers, expected, count * sizeof expected[0]);
    }
    test_free(log);
}

static int take_two(void *user, const struct hd__log_row *row) {
    size_t *count = user;
    (void)row;
    return ++*count < 2;
}

static void a_question_ends_when_told_to(struct world *world) {
    struct log *log = fill(world, 3);
    struct hd__log_search search = {.before_ms = INT64_MAX, .max = RECORDS};
    size_t count = 0;
    assert_int_equal(log->client->store->ops->query(log->client->store, &search, take_two, &count), HD_OK);
    assert_int_equal(count, 2);
    test_free(log);
}

/* Numbers grow in the order in which records were stored. */
static void ids_are_in_the_order_of_storing(struct world *world) {
    struct log *log = fill(world, 4);
    for (size_t i = 1; i < RECORDS; i++)
        assert_true(log->ids[i] > log->ids[i - 1]);
    int64_t last = log->ids[RECORDS - 1];
    struct page page = {.count = 0};
    struct hd__log_search later = {.is_forward = 1, .after_id = last, .max = 9};
    query(log, &later, &page);
    assert_int_equal(page.count, 0);
    int64_t row = client_send_to(log->client, log->keys[0]);
    assert_false(client_end(log->client, log->keys[0], row));
    query(log, &later, &page);
    assert_int_equal(page.count, 1);
    assert_true(page.last_id > last);
    test_free(log);
}

static int64_t newest(const struct client *client) {
    int64_t deleted = -1, id = -1;
    assert_int_equal(client->store->ops->ends(client->store, &deleted, &id), HD_OK);
    assert_true(deleted >= 0 && deleted <= id);
    return id;
}

/* Whoever asks, also when all records are deleted, and after all clients have left. */
static void the_newest_is_remembered(struct world *world) {
    struct log *log = fill(world, 8);
    struct client *reader = client_join(world, HD__ROLE_READ);
    int64_t last = log->ids[RECORDS - 1];
    assert_int_equal(newest(log->client), last);
    assert_int_equal(newest(reader), last);
    world_pass(world, HD__STORE_MAX_AGE_MS + 1000);
    client_tend(log->client);
    assert_int_equal(records(log->client), 0);
    assert_int_equal(newest(reader), last);
    client_leave(reader, 1);
    client_leave(log->client, 1);
    log->client = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(newest(log->client), last);
    int64_t row = client_send_to(log->client, log->keys[0]);
    assert_false(client_end(log->client, log->keys[0], row));
    assert_true(newest(log->client) > last);
    test_free(log);
}

static void nothing_has_no_newest(struct world *world) {
    assert_int_equal(newest(client_join(world, HD__ROLE_ACCEPT)), 0);
}

/* The whole id of an event finds what became of it; a part of one means nothing. */
static void an_id_of_an_event_is_found_whole(struct world *world) {
    struct log *log = fill(world, 9);
    char id[HD__UUID_SIZE];
    size_t expected[RECORDS];
    hd__uuid_format(log->events[log->entries[0].event].event.id, id);
    struct hd__log_search search = {.text = id, .before_ms = INT64_MAX, .max = RECORDS};
    struct page page = {.count = 0};
    size_t count = find_all(log, &search, expected);
    assert_true(count > 0);
    query(log, &search, &page);
    assert_int_equal(page.count, count);
    id[30] = '\0';
    page.count = 0;
    query(log, &search, &page);
    assert_int_equal(page.count, 0);
    test_free(log);
}

/* ---- Sums ---- */

struct sums {
    const struct log *log;
    const struct hd__log_search *search;
    int64_t bucket_ms;
    uint64_t all;
};

static int is_counted(const struct sums *sums, const struct entry *entry, const struct hd__log_tally *tally) {
    const struct hd__stored_report *report = &entry->report;
    return is_found(sums->log, entry, sums->search) && report->outcome == tally->outcome &&
           report->reason == tally->reason && (report->attempts != 0) == (tally->has_attempts != 0) &&
           (report->total_ms < 5000 ? report->total_ms : 5000) == tally->total_ms &&
           (sums->bucket_ms ? report->finished_at_ms / sums->bucket_ms : 0) == tally->bucket;
}

/* Each combination is told once, so its count is that of all such records. */
static void check_tally(void *user, const struct hd__log_tally *tally) {
    struct sums *sums = user;
    uint64_t count = 0;
    for (size_t i = 0; i < RECORDS; i++)
        count += (uint64_t)is_counted(sums, &sums->log->entries[i], tally);
    assert_int_equal(tally->count, count);
    sums->all += count;
}

static void sums_are_those_of_the_rows(struct world *world) {
    static const int64_t buckets[] = {0, 1000, 5000, 3600000};
    size_t expected[RECORDS];
    for (uint64_t seed = 5; seed < 8; seed++) {
        struct log *log = fill(world, seed);
        for (int i = 0; i < 100; i++) {
            struct hd__log_search search = any_search(log);
            search.max = (size_t)any(3); /* counts all, whatever its max and its place */
            search.before_ms = any(2) ? 0 : INT64_MAX;
            search.after_id = any(2) ? INT64_MAX / 2 : 0;
            struct sums sums = {log, &search, buckets[any(4)], 0};
            const struct hd_store *store = log->client->store;
            assert_int_equal(store->ops->tally(log->client->store, &search, sums.bucket_ms, check_tally, &sums), HD_OK);
            assert_int_equal(sums.all, find_all(log, &search, expected));
        }
        client_leave(log->client, 1);
        test_free(log);
        world->kind->destroy(world->place);
        world->place = world->kind->make();
        assert_non_null(world->place);
    }
}

/* ---- Ends ---- */

static int is_over(const void *asked) {
    return ++*(int *)(uintptr_t)asked > 0;
}

static void a_question_that_is_over_ends(struct world *world) {
    struct log *log = fill(world, 10);
    struct page page = {.count = 0};
    struct sums sums = {.log = log};
    int asked = 0;
    const struct hd__log_search search = {
        .before_ms = INT64_MAX, .max = RECORDS, .is_over = is_over, .over_user = &asked};
    const struct hd__store_ops *ops = log->client->store->ops;
    assert_int_equal(ops->query(log->client->store, &search, add_to_page, &page), HD_E_TIMEOUT);
    assert_true(asked > 0);
    asked = 0;
    assert_int_equal(ops->tally(log->client->store, &search, 0, check_tally, &sums), HD_E_TIMEOUT);
    assert_true(asked > 0);
    asked = -1000000; /* it goes on */
    assert_int_equal(ops->query(log->client->store, &search, add_to_page, &page), HD_OK);
    assert_int_equal(page.count, RECORDS);
    test_free(log);
}

/* ---- Projects and moves ---- */

/* The log of a webhook goes by its id; that of a project by the project of the event. */
static void a_moved_webhook_keeps_its_log(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(client, &webhook), row = client_send(client);
    assert_false(client_end(client, key, row));
    webhook.project = "another";
    key = client_put(client, &webhook);
    struct hd__new_event event = event_of(world, "another", HD_TICKET_CREATED);
    struct hd__step step = {.events = &event, .event_count = 1};
    client_step(client, &step);
    assert_false(client_end(client, key, heard(client, HEARD_ADDED, 0)->row));
    struct hd__log_search search = {
        .webhook_ids = (const char *const[]){"webhook"}, .webhook_count = 1, .before_ms = INT64_MAX, .max = 9};
    size_t count = 0;
    const struct hd__store_ops *ops = client->store->ops;
    search.max = 2;
    assert_int_equal(ops->query(client->store, &search, take_two, &count), HD_OK);
    assert_int_equal(count, 2);
    count = 0;
    search.project = PROJECT;
    assert_int_equal(ops->query(client->store, &search, take_two, &count), HD_OK);
    assert_int_equal(count, 1);
    count = 0;
    search.project = "another";
    assert_int_equal(ops->query(client->store, &search, take_two, &count), HD_OK);
    assert_int_equal(count, 1);
}

static const struct check checks[] = {
    {"searches find what is there", searches_find_what_is_there},
    {"pages follow each other", pages_follow_each_other},
    {"a question ends when it is told to", a_question_ends_when_told_to},
    {"a question that is over ends", a_question_that_is_over_ends},
    {"records have numbers in the order of storing", ids_are_in_the_order_of_storing},
    {"the newest record is remembered", the_newest_is_remembered},
    {"an empty log has no newest record", nothing_has_no_newest},
    {"sums are those of the rows", sums_are_those_of_the_rows},
    {"an event's id is found as a whole", an_id_of_an_event_is_found_whole},
    {"a webhook that moved keeps its log", a_moved_webhook_keeps_its_log},
};
const struct check_list log_checks = CHECK_LIST("log", checks);
