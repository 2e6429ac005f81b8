/* SPDX-License-Identifier: MIT */
/* What must be so, whatever happens: checked when a POST arrives, and when all has come to rest. */
#include "store/explorer.h"

#include <string.h>

/* ---- What the log says of one delivery ---- */

struct story {
    const struct stage *stage;
    int has_final, is_recorded[POSTS_MAX];
};

static int read_story(void *user, const struct hd__log_row *row) {
    struct story *story = user;
    story->has_final |= row->report.outcome != HD_OUTCOME_RETRYING;
    if (row->report.wait_ms < POSTS_MAX)
        story->is_recorded[row->report.wait_ms] = 1;
    return 1;
}

/* ---- A POST arrives ---- */

/* By others, at the same time, in the same lane: a limit of one is one for all clients together. */
static void check_alone(struct stage *stage, const struct post *post) {
    for (int i = 0; i < stage->post_count; i++) {
        const struct post *other = &stage->posts[i];
        if (other->lane == post->lane && other->sender != post->sender && !other->has_ended &&
            stage->now_us < other->began_us + POST_US)
            stage_break(stage, "%c and %c are both under way in lane %d", sender_name(other->sender),
                        sender_name(post->sender), post->lane);
    }
}

/* Of deliveries that come for the first time, the older one comes first. */
static void check_order(struct stage *stage, const struct post *post) {
    for (int i = 0; i < stage->post_count; i++)
        if (stage->posts[i].lane == post->lane && stage->posts[i].row > post->row && stage->scenario->is_ordered) {
            for (int j = 0; j < i; j++)
                if (stage->posts[j].row == post->row)
                    return;
            stage_break(stage, "row %lld comes after row %lld", (long long)post->row, (long long)stage->posts[i].row);
        }
}

/* One that may have come before says so; one that has ended does not come again. */
static void check_repeated(struct stage *stage, const struct post *post, struct hd_store *store) {
    struct story story = {.stage = stage};
    const struct hd__log_search search = {.delivery_id = post->delivery_id, .before_ms = INT64_MAX, .max = POSTS_MAX};
    if (store->ops->query(store, &search, read_story, &story) != HD_OK)
        stage_break(stage, "the log cannot be read");
    if (story.has_final)
        stage_break(stage, "row %lld is sent after it has ended", (long long)post->row);
    for (int i = 0; i < stage->post_count; i++) {
        const struct post *other = &stage->posts[i];
        if (memcmp(other->delivery_id, post->delivery_id, HD__STORE_ID_SIZE) == 0 && other->sender != post->sender &&
            !post->is_marked && (!story.is_recorded[i] || other->was_delivered))
            stage_break(stage, "row %lld was sent by %c, and %c does not say that it may be repeated",
                        (long long)post->row, sender_name(other->sender), sender_name(post->sender));
    }
}

int receive(struct sender *sender, int lane, const struct row *row) {
    struct stage *stage = sender->stage;
    struct post post = {.sender = sender->index,
                        .event = row->event,
                        .lane = lane,
                        .row = row->row,
                        .began_us = stage->now_us,
                        .is_marked = row->is_marked};
    memcpy(post.delivery_id, row->delivery_id, HD__STORE_ID_SIZE);
    check_alone(stage, &post);
    check_order(stage, &post);
    check_repeated(stage, &post, sender->store);
    if (stage->post_count == POSTS_MAX) {
        stage_break(stage, "too many POSTs");
        return 0;
    }
    stage->posts[stage->post_count] = post;
    return stage->post_count++;
}

/* ---- The end ---- */

struct ending {
    struct stage *stage;
    int finals[EVENTS_MAX][LANES_MAX];
    unsigned char delivery_ids[EVENTS_MAX][LANES_MAX][HD__STORE_ID_SIZE];
    int is_known[EVENTS_MAX][LANES_MAX];
    int records[POSTS_MAX];
};

static int read_ending(void *user, const struct hd__log_row *row) {
    struct ending *ending = user;
    int event = stage_event(ending->stage, row->event.id), lane = row->webhook_id[1] - '0';
    const struct hd__stored_report *report = &row->report;
    ending->finals[event][lane] += report->outcome != HD_OUTCOME_RETRYING;
    if (ending->is_known[event][lane] &&
        memcmp(ending->delivery_ids[event][lane], report->delivery_id, HD__STORE_ID_SIZE) != 0)
        stage_break(ending->stage, "event %d was accepted twice", event);
    ending->is_known[event][lane] = 1;
    memcpy(ending->delivery_ids[event][lane], report->delivery_id, HD__STORE_ID_SIZE);
    const struct post *post = &ending->stage->posts[report->wait_ms];
    if ((int)report->wait_ms >= ending->stage->post_count ||
        memcmp(post->delivery_id, report->delivery_id, HD__STORE_ID_SIZE) != 0)
        stage_break(ending->stage, "there is a record of a POST that never was");
    else
        ending->records[report->wait_ms]++;
    if (report->may_be_repeated != post->is_marked)
        stage_break(ending->stage, "a mark got lost on the way to the log");
    return 1;
}

static void check_ends(struct stage *stage, const struct ending *ending) {
    for (int event = 0; event < EVENTS_MAX; event++)
        for (int lane = 0; lane < stage->scenario->lanes; lane++) {
            int finals = ending->finals[event][lane];
            if (finals > 1)
                stage_break(stage, "event %d has ended %d times in lane %d", event, finals, lane);
            if (finals == 0 && (stage->is_accepted[event] || ending->is_known[event][lane]))
                stage_break(stage, "event %d is lost in lane %d", event, lane);
        }
}

/* Each POST has its record, unless its sender is dead or has taken it back. */
static void check_records(struct stage *stage, const struct ending *ending) {
    for (int i = 0; i < stage->post_count; i++) {
        const struct post *post = &stage->posts[i];
        int has_left = !stage->senders[post->sender].is_alive;
        if (ending->records[i] > 1)
            stage_break(stage, "POST %d of %c has %d records", i, sender_name(post->sender), ending->records[i]);
        if (ending->records[i] == 0 && !has_left && !post->is_released)
            stage_break(stage, "POST %d of %c has no record", i, sender_name(post->sender));
    }
}

struct counter {
    int64_t value;
};

static void read_counter(void *user, const struct hd__stored_webhook *webhook) {
    if (strcmp(webhook->id, "w0") == 0)
        ((struct counter *)user)->value = (int64_t)webhook->retry_max_ms;
}

static void check_puts(struct stage *stage) {
    struct counter counter = {-1};
    struct hd_store *store = stage->kind->open(stage->place);
    const struct hd__store_listener listener = {.webhook = read_counter, .user = &counter};
    const struct hd__join join = {.role = HD__ROLE_READ, .clock = &stage->clock, .listener = &listener};
    struct hd__store_state state;
    if (!store || store->ops->join(store, &join, &state) != HD_OK)
        stage_break(stage, "a reader cannot join");
    if (counter.value != stage->puts_made)
        stage_break(stage, "of %d changes of a webhook, %d are there", stage->puts_made, (int)counter.value);
    if (store) {
        (void)store->ops->leave(store, 1);
        store->ops->free(store);
    }
}

void check_laws(struct stage *stage) {
    struct ending ending = {.stage = stage};
    const struct hd__log_search search = {.is_forward = 1, .max = 1000};
    struct hd_store *store = NULL;
    for (int i = 0; i < stage->sender_count && !store; i++)
        if (stage->senders[i].is_alive)
            store = stage->senders[i].store;
    if (store->ops->query(store, &search, read_ending, &ending) != HD_OK)
        stage_break(stage, "the log cannot be read");
    check_ends(stage, &ending);
    check_records(stage, &ending);
    if (stage->puts_made)
        check_puts(stage);
}
