/* SPDX-License-Identifier: MIT */
/* Where a schedule plays: a store, its senders, and time. */
#include "store/explorer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROJECT "project"
#define ROUNDS 90 /* seconds in which all must have ended */

void stage_break(struct stage *stage, const char *format, ...) {
    va_list arguments;
    if (*stage->broken)
        return;
    va_start(arguments, format);
    (void)vsnprintf(stage->broken, sizeof stage->broken, format, arguments);
    va_end(arguments);
}

char sender_name(int index) {
    return (char)('A' + index);
}

/* ---- Time and chance ---- */

static int64_t monotonic_us(void *self) {
    return ((struct stage *)self)->now_us;
}

static int64_t wall_ms(void *self) {
    return INT64_C(1750000000000) + ((struct stage *)self)->now_us / 1000;
}

static int random_bytes(void *self, void *out, size_t len) {
    struct stage *stage = self;
    unsigned char *bytes = out;
    for (size_t i = 0; i < len; i++) {
        stage->random_state = stage->random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
        bytes[i] = (unsigned char)(stage->random_state >> 33);
    }
    return HD_OK;
}

/* ---- Which is which ---- */

int stage_lane(const struct stage *stage, int64_t webhook) {
    for (int i = 0; i < stage->scenario->lanes; i++)
        if (stage->webhooks[i].keys.webhook == webhook)
            return i;
    return -1;
}

int stage_event(const struct stage *stage, const unsigned char *id) {
    for (int i = 0; i < EVENTS_MAX; i++)
        if (memcmp(stage->events[i].id, id, HD__STORE_ID_SIZE) == 0)
            return i;
    return 0;
}

/* ---- Beginning ---- */

static void make_events(struct stage *stage) {
    char text[HD__UUID_SIZE];
    for (int i = 0; i < EVENTS_MAX; i++) {
        stage->events[i] = (struct hd__stored_event){
            .type = HD_TICKET_CREATED, .accepted_at_ms = 1, .project = PROJECT, .body = {"{}", 2}, .search = ""};
        if (hd__uuid_new(&stage->uuids, &stage->clock, text) != HD_OK || !hd__uuid_parse(text, stage->events[i].id))
            abort();
    }
}

static void put_webhooks(struct stage *stage, struct hd_store *store) {
    for (int i = 0; i < stage->scenario->lanes; i++) {
        (void)snprintf(stage->ids[i], sizeof stage->ids[i], "w%d", i);
        stage->webhooks[i] = (struct hd__stored_webhook){.id = stage->ids[i],
                                                         .project = PROJECT,
                                                         .name = "",
                                                         .masked_url = "",
                                                         .events = 1U << HD_TICKET_CREATED,
                                                         .mode = HD_MODE_ON,
                                                         .max_in_flight = 1,
                                                         .max_attempts = 2,
                                                         .ordered = 1};
        if (store->ops->put_webhook(store, &stage->webhooks[i], 0, NULL) != HD_OK)
            stage_break(stage, "a webhook cannot be put: %s", store->error);
    }
}

static int cut_next(void *user, int call) {
    (void)call;
    return ((struct sender *)user)->cut;
}

struct sender *stage_join(struct stage *stage, int role, int events, int puts) {
    struct sender *sender = &stage->senders[stage->sender_count];
    struct hd_store *inner = stage->kind->open(stage->place);
    if (!inner)
        abort();
    *sender = (struct sender){.stage = stage, .index = stage->sender_count++, .is_alive = 1, .puts_left = puts};
    sender->listener = sender_listener;
    sender->listener.user = sender;
    sender->store = store_cut_new(inner, (struct store_cut){.before = cut_next, .user = sender});
    for (int i = 0; i < LANES_MAX; i++)
        sender->lanes[i] = (struct lane){.next_due_us = INT64_MAX, .hint = INT64_MAX};
    sender->next_event = sender->index ? stage->senders[sender->index - 1].last_event : 0;
    sender->last_event = sender->next_event + events;
    const struct hd__join join = {.role = role, .clock = &stage->clock, .listener = &sender->listener};
    if (sender->store->ops->join(sender->store, &join, &sender->state) != HD_OK)
        stage_break(stage, "a client cannot join: %s", sender->store->error);
    sender_look(sender, STORE_CUT_NOT); /* takes in what join has told */
    return sender;
}

struct stage *stage_new(const struct store_kind *kind, const struct scenario *scenario, void (*prepare)(void *place)) {
    struct stage *stage = calloc(1, sizeof *stage);
    if (!stage)
        abort();
    stage->kind = kind;
    stage->scenario = scenario;
    stage->now_us = INT64_C(3600) * 1000000;
    stage->clock = (struct hd__clock){monotonic_us, wall_ms, random_bytes, stage};
    stage->place = kind->make();
    if (!stage->place)
        abort();
    if (prepare)
        prepare(stage->place);
    make_events(stage);
    struct sender *first = stage_join(stage, scenario->roles[0], scenario->events[0], scenario->puts[0]);
    put_webhooks(stage, first->store);
    first->counter_version = stage->webhooks[0].version;
    stage->pass_us = first->state.safe_until_us - stage->now_us + 1000000; /* as long as nobody is safe any more */
    if (scenario->is_hot) {
        while (first->next_event < first->last_event)
            sender_step(first, STORE_CUT_NOT);
        sender_begin(first);
    }
    for (int i = 1; i < scenario->senders; i++)
        stage_join(stage, scenario->roles[i], scenario->events[i], scenario->puts[i]);
    return stage;
}

void stage_free(struct stage *stage) {
    for (int i = 0; i < stage->sender_count; i++)
        if (stage->senders[i].is_alive)
            stage->senders[i].store->ops->free(stage->senders[i].store);
    stage->kind->destroy(stage->place);
    free(stage);
}

/* ---- The end ---- */

static void go_on(struct sender *sender) {
    sender->is_paused = 0;
    sender_tend(sender, STORE_CUT_NOT);
    sender_look(sender, STORE_CUT_NOT);
    if (sender->puts_left)
        sender_put(sender);
    sender_run(sender);
}

static int is_at_rest(const struct stage *stage) {
    for (int i = 0; i < stage->sender_count; i++) {
        const struct sender *sender = &stage->senders[i];
        if (sender->is_alive && (sender_has_work(sender) || sender_flies(sender) || sender->puts_left ||
                                 sender->state.waiting || sender->state.leaving))
            return 0;
    }
    return 1;
}

static int is_anybody_left(const struct stage *stage) {
    for (int i = 0; i < stage->sender_count; i++)
        if (stage->senders[i].is_alive && stage->scenario->roles[i % SENDERS_MAX] == HD__ROLE_DELIVER)
            return 1;
    return 0;
}

void stage_finish(struct stage *stage) {
    if (!is_anybody_left(stage) && stage->sender_count <= SENDERS_MAX)
        stage_join(stage, HD__ROLE_DELIVER, 0, 0);
    for (int round = 0; round < ROUNDS && !*stage->broken; round++) {
        for (int i = 0; i < stage->sender_count; i++)
            if (stage->senders[i].is_alive)
                go_on(&stage->senders[i]);
        for (int i = 0; i < stage->sender_count; i++) /* what others have done since */
            if (stage->senders[i].is_alive)
                sender_look(&stage->senders[i], STORE_CUT_NOT);
        if (is_at_rest(stage)) {
            check_laws(stage);
            return;
        }
        stage->now_us += 1000000;
    }
    stage_break(stage, "it does not come to rest");
}
