#include "engine/alerts.h"

#include "base/clock.h"
#include "base/digits.h"
#include "base/reason.h"
#include "endpoint/webhook.h"
#include "engine/naming.h"
#include "event/event.h"
#include "store/report.h"

static int set_end_of_pause(const struct hd__ledger *ledger, const struct hd__lane *lane, hd_event *event) {
    char until[HD__TIMESTAMP_SIZE];
    if (hd_event_type(event) != HD_ALERT_PAUSED)
        return HD_OK;
    hd__timestamp_format(ledger->now_ms + (lane->paused_until_us - ledger->now_us) / 1000, until);
    return hd_event_set(event, HD_FIELD_PAUSED_UNTIL, until, HD_TEXT_NUL);
}

/* The health is that of the run of failures, which is over when a webhook has recovered. */
static int fill(const struct hd__ledger *ledger, const struct hd__delivery *delivery, const struct hd__health *health,
                hd_event *event) {
    const struct hd__lane *lane = delivery->lane;
    const char *detail = delivery->report->reason == health->reason ? delivery->report->detail : "";
    char since[HD__TIMESTAMP_SIZE], count[HD__DIGITS_SIZE];
    hd__timestamp_format(health->since_ms, since);
    const struct hd__given fields[] = {
        {HD_FIELD_PROJECT, lane->project, HD_TEXT_NUL},
        {HD_FIELD_WEBHOOK_ID, lane->webhook_id, HD_TEXT_NUL},
        {HD_FIELD_WEBHOOK_NAME, lane->webhook->name, HD_TEXT_NUL},
        {HD_FIELD_FAILURE_SINCE, since, HD_TEXT_NUL},
        {HD_FIELD_FAILURE_COUNT, hd__digits(health->failures, count), HD_TEXT_NUL},
        {HD_FIELD_FAILURE_REASON, hd_reason_name(health->reason), HD_TEXT_NUL},
        {HD_FIELD_FAILURE_EXPLANATION, hd__explain(health->reason, detail), HD_TEXT_NUL},
    };
    int status = hd__event_set_given(event, fields, sizeof fields / sizeof fields[0]);
    return status == HD_OK ? set_end_of_pause(ledger, lane, event) : status;
}

/* Without a webhook that gets it, an alert is no event: it would be counted as one. */
static int is_wanted(struct hd__ledger *ledger, const hd_event *event) {
    struct hd_webhook_list *list = &ledger->subscribers;
    int status = hd__webhooks_subscribers(ledger->webhooks, event, hd__inbox_next(&ledger->inbox), list);
    int is_wanted = status != HD_OK || list->count > 0;
    hd__webhook_list_clear(list);
    return is_wanted;
}

static int accept(struct hd__ledger *ledger, hd_event *event) {
    if (!is_wanted(ledger, event))
        return HD_OK;
    struct hd__accepted accepted = {.event = event, .at_us = ledger->now_us};
    int must_wake; /* it is awake */
    return hd__inbox_push(&ledger->inbox, &accepted, &must_wake);
}

static int send(struct hd__ledger *ledger, const struct hd__delivery *delivery, const struct hd__health *health,
                int alert) {
    hd_event *event = NULL;
    int status = hd_event_new(alert, &event);
    if (status == HD_OK)
        status = hd_event_set_timestamp_ms(event, ledger->now_ms);
    if (status == HD_OK)
        status = fill(ledger, delivery, health, event);
    if (status == HD_OK)
        status = accept(ledger, event);
    hd_event_free(event);
    return status;
}

static void log_loss(const struct hd__ledger *ledger, const struct hd__lane *lane, int alert, int status) {
    char naming[HD__NAMING_SIZE];
    hd__log(&ledger->log, HD_LEVEL_WARNING, "the alert %s about webhook %s could not be sent (%s)",
            hd_event_type_name(alert), hd__name_webhook(lane->webhook_id, lane->webhook->name, naming),
            hd_strerror(status));
}

void hd__alerts_send(struct hd__ledger *ledger, const struct hd__delivery *delivery, const struct hd__health *before) {
    struct hd__lane *lane = delivery->lane;
    struct hd__health health = lane->health;
    int is_paused = lane->state == HD_WEBHOOK_PAUSED;
    int alert = hd__health_alert(&health, is_paused, &ledger->schedule.rules.alert, ledger->now_ms);
    if (!alert)
        return;
    int status = send(ledger, delivery, alert == HD_ALERT_RECOVERED ? before : &health, alert);
    if (status != HD_OK)
        log_loss(ledger, lane, alert, status);
    if (status != HD_OK && alert != HD_ALERT_RECOVERED)
        return;
    hd__health_told(&health, alert, ledger->now_ms);
    hd__lanes_set_health(&ledger->schedule.lanes, lane, &health);
}
