/* SPDX-License-Identifier: MIT */
/* The record of changes: an entry goes with its change, and only with it. */
#include "store/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was told, as "id by webhook project object count fields;", the numbers apart. */
struct told {
    char text[4000];
    size_t count;
    int64_t first_id, last_id;
};

static void take(void *user, const struct hd__stored_change *change) {
    struct told *told = user;
    size_t length = strlen(told->text);
    assert_true(told->count == 0 || change->id < told->last_id);
    told->first_id = told->count == 0 ? change->id : told->first_id;
    told->last_id = change->id;
    if (told->count++ < 20)
        snprintf(told->text + length, sizeof told->text - length, "%s %s %s %s %s %s %d %s;",
                 hd_change_action_name(change->action), change->by, change->webhook_id, change->webhook_name,
                 change->project, change->object, (int)change->count, change->fields_len ? change->fields : "");
}

static struct told find(struct client *client, struct hd__change_search search) {
    struct told told = {.count = 0};
    search.max = search.max ? search.max : 10000;
    assert_int_equal(client->store->ops->find_changes(client->store, &search, take, &told), HD_OK);
    return told;
}

static struct told all(struct client *client) {
    return find(client, (struct hd__change_search){.max = 0});
}

static struct hd__stored_change entry(int action, const char *webhook_id) {
    return (struct hd__stored_change){.at_ms = 1,
                                      .action = action,
                                      .by = "ann",
                                      .project = PROJECT,
                                      .webhook_id = webhook_id,
                                      .webhook_name = "given",
                                      .object = ""};
}

/* What before was is told by its name. */
static int describe(struct hd__change_note *note, const struct hd__stored_webhook *before) {
    static char name[100];
    const int *status = note->user;
    snprintf(name, sizeof name, "before:%s", before ? before->name : "nothing");
    note->it.fields = name;
    note->it.fields_len = strlen(name) + 1;
    return status ? *status : HD_OK;
}

static struct hd__change_note note_of(int action, const char *webhook_id) {
    return (struct hd__change_note){.it = entry(action, webhook_id), .describe = describe};
}

static int put(struct client *client, const char *name, uint64_t expected, struct hd__change_note *note) {
    struct hd__stored_webhook webhook = webhook_of("webhook");
    webhook.name = name;
    return client->store->ops->put_webhook(client->store, &webhook, expected, note);
}

static void an_entry_goes_with_a_put(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_ACCEPT), *b = client_join(world, HD__ROLE_READ);
    struct hd__change_note note = note_of(HD_CHANGE_CREATED, "webhook");
    assert_int_equal(put(a, "first", HD__ANY_VERSION, &note), HD_OK);
    note.it.action = HD_CHANGE_UPDATED;
    assert_int_equal(put(a, "second", HD__ANY_VERSION, &note), HD_OK);
    assert_string_equal(all(b).text, "updated ann webhook given " PROJECT "  0 before:first;"
                                     "created ann webhook given " PROJECT "  0 before:nothing;");
    note.it.action = 0; /* nothing to record */
    assert_int_equal(put(a, "second", HD__ANY_VERSION, &note), HD_OK);
    assert_int_equal(put(a, "third", HD__ANY_VERSION, NULL), HD_OK);
    assert_int_equal(all(b).count, 2);
}

/* Neither a conflict nor a note that fails changes anything, or leaves an entry. */
static void no_entry_without_its_change(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_ACCEPT);
    struct hd__change_note note = note_of(HD_CHANGE_CREATED, "webhook");
    int failure = HD_E_NO_MEMORY;
    uint64_t number = 0;
    assert_int_equal(put(client, "first", 5, &note), HD_E_CONFLICT);
    note.user = &failure;
    assert_int_equal(put(client, "first", 0, &note), HD_E_NO_MEMORY);
    note = note_of(HD_CHANGE_DELETED, "webhook");
    assert_int_equal(client->store->ops->remove_webhook(client->store, "webhook", &number, &note), HD_E_NOT_FOUND);
    assert_int_equal(all(client).count, 0);
    assert_int_equal(put(client, "first", 0, NULL), HD_OK); /* it is not there */
    note = note_of(HD_CHANGE_DISCARDED, "webhook");
    assert_int_equal(client->store->ops->discard(client->store, "webhook", &number, &note), HD_OK);
    assert_int_equal(all(client).count, 0); /* nothing waited */
}

static void what_is_removed_is_named_as_it_was(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__change_note note = note_of(HD_CHANGE_DISCARDED, "webhook");
    uint64_t number = 0;
    note.it.project = "";
    assert_int_equal(put(client, "stored", HD__ANY_VERSION, NULL), HD_OK);
    client_send(client);
    client_send(client);
    assert_int_equal(client->store->ops->discard(client->store, "webhook", &number, &note), HD_OK);
    note.it.action = HD_CHANGE_DELETED;
    note.it.count = 0;
    assert_int_equal(client->store->ops->remove_webhook(client->store, "webhook", &number, &note), HD_OK);
    assert_string_equal(all(client).text, "deleted ann webhook stored " PROJECT "  0 ;"
                                          "discarded ann webhook stored " PROJECT "  2 ;");
}

static void entries_are_found(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_ACCEPT), *reader = client_join(world, HD__ROLE_READ);
    for (int i = 0; i < 9; i++) {
        struct hd__stored_change change = entry(HD_CHANGE_TESTED, i % 2 ? "odd" : "even");
        change.project = i < 6 ? "p" : "q";
        assert_int_equal(client->store->ops->add_change(client->store, &change), HD_OK);
        assert_int_equal(reader->store->ops->add_change(reader->store, &change), HD_E_STORE_READ_ONLY);
    }
    assert_int_equal(all(reader).count, 9);
    assert_int_equal(find(reader, (struct hd__change_search){.webhook_id = "odd"}).count, 4);
    assert_int_equal(find(reader, (struct hd__change_search){.project = "q"}).count, 3);
    assert_int_equal(find(reader, (struct hd__change_search){.project = "q", .webhook_id = "odd"}).count, 1);
    assert_int_equal(find(reader, (struct hd__change_search){.webhook_id = "nobody"}).count, 0);
    struct told first = find(reader, (struct hd__change_search){.project = "p", .max = 4});
    assert_int_equal(first.count, 4);
    struct told rest = find(reader, (struct hd__change_search){.project = "p", .before_id = first.last_id});
    assert_int_equal(rest.count, 2);
}

static void entries_are_bounded(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_change quiet = entry(HD_CHANGE_TESTED, "quiet"), busy = entry(HD_CHANGE_TESTED, "busy");
    assert_int_equal(client->store->ops->add_change(client->store, &quiet), HD_OK);
    for (int i = 0; i < HD__CHANGES_OF_WEBHOOK + 5; i++)
        assert_int_equal(client->store->ops->add_change(client->store, &busy), HD_OK);
    struct told told = find(client, (struct hd__change_search){.webhook_id = "busy"});
    assert_int_equal(told.count, HD__CHANGES_OF_WEBHOOK);
    assert_int_equal(told.first_id - told.last_id, HD__CHANGES_OF_WEBHOOK - 1); /* the newest */
    assert_int_equal(find(client, (struct hd__change_search){.webhook_id = "quiet"}).count, 1);
}

static const struct check checks[] = {
    {"an entry goes with a put", an_entry_goes_with_a_put},
    {"there is no entry without its change", no_entry_without_its_change},
    {"what is removed is named as it was", what_is_removed_is_named_as_it_was},
    {"entries are found, the newest first", entries_are_found},
    {"entries are bounded", entries_are_bounded},
};
const struct check_list change_checks = CHECK_LIST("changes", checks);
