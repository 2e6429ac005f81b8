#include "cli/pending.h"

#include "cli/output.h"
#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>

int cli_pending_begin(const struct place *place, struct pending *pending) {
    *pending = (struct pending){.active_us = cli_now_us()};
    pending->all = calloc(PENDING_MAX, sizeof *pending->all);
    return pending->all ? cli_follow_begin(place, NULL, &pending->follow) : cli_no_memory();
}

void cli_pending_end(struct pending *pending) {
    cli_follow_end(&pending->follow);
    free(pending->all);
    pending->all = NULL;
}

static void take_out(struct pending *pending, size_t index) {
    pending->count--;
    memmove(&pending->all[index], &pending->all[index + 1], (pending->count - index) * sizeof *pending->all);
}

static void make_room(struct pending *pending) {
    size_t index = 0;
    while (index + 1 < pending->count && pending->all[index].is_awaited)
        index++;
    if (pending->count == PENDING_MAX)
        take_out(pending, index);
}

void cli_pending_add(struct pending *pending, const char *event_id, const char *webhook_id, int is_awaited) {
    make_room(pending);
    struct pending_one *one = &pending->all[pending->count++];
    *one = (struct pending_one){.is_awaited = is_awaited};
    strcpy(one->event_id, event_id);
    strncpy(one->webhook_id, webhook_id, sizeof one->webhook_id - 1);
    pending->awaited += is_awaited != 0;
    pending->left += is_awaited == 0;
    pending->active_us = cli_now_us();
}

static void give_up(struct pending *pending, struct pending_one *one) {
    if (!one->is_awaited)
        return;
    one->is_awaited = 0;
    pending->awaited--;
    pending->left++;
}

static size_t find(const struct pending *pending, const hd_report *report) {
    size_t index = 0;
    while (index < pending->count && strcmp(pending->all[index].event_id, hd_report_event_id(report)) != 0)
        index++;
    return index;
}

/* What their webhooks get before their turn is what they wait for. */
static int is_in_the_way(const struct pending *pending, const hd_report *report) {
    for (size_t i = 0; i < pending->count; i++)
        if (pending->all[i].is_awaited && strcmp(pending->all[i].webhook_id, hd_report_webhook_id(report)) == 0)
            return 1;
    return 0;
}

/* Returns whether it is about one of them; *was_awaited then tells which kind. */
static int take(struct pending *pending, const hd_report *report, int *was_awaited) {
    size_t index = find(pending, report);
    if (index < pending->count || is_in_the_way(pending, report))
        pending->active_us = cli_now_us();
    if (index == pending->count)
        return 0;
    *was_awaited = pending->all[index].is_awaited;
    give_up(pending, &pending->all[index]);
    if (hd_report_outcome(report) != HD_OUTCOME_RETRYING) {
        pending->left--;
        take_out(pending, index);
    }
    return 1;
}

int cli_pending_look(struct pending *pending, void (*tell)(void *user, const hd_report *report, int was_awaited),
                     void *user) {
    hd_log_page *page = NULL;
    int was_awaited, code = CLI_OK;
    size_t count = 1;
    while (code == CLI_OK && count > 0) {
        code = cli_follow_next(&pending->follow, &page);
        count = hd_log_page_count(page);
        for (size_t i = 0; i < count; i++)
            if (take(pending, hd_log_page_at(page, i), &was_awaited))
                tell(user, hd_log_page_at(page, i), was_awaited);
        hd_log_page_free(page);
    }
    return code;
}

void cli_pending_give_up(struct pending *pending) {
    for (size_t i = 0; i < pending->count; i++)
        give_up(pending, &pending->all[i]);
}
