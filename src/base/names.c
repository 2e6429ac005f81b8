/* The names of what the public enums number, in both directions. Each family has numbers of its own, without a gap, so
 * that a number of another family is known to be wrong; 0 is in none. */
#include "helmdesk.h"

#include <string.h>

struct family {
    int first;
    int count;
    const char *const *names;
};

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define FAMILY(first, names) {(first), (int)(sizeof(names) / sizeof(names)[0]), (names)}
// clang-format on

static const char *const types[] = {"ticket.created",  "ticket.resolved", "message.received",
                                    "webhook.failing", "webhook.paused",  "webhook.recovered"};
static const char *const formats[] = {"json", "slack"};
static const char *const modes[] = {"off", "on", "held"};
static const char *const levels[] = {"error", "warning", "info"};
static const char *const outcomes[] = {"delivered", "failed", "canceled", "retrying"};
static const char *const states[] = {"active", "paused", "probing", "forbidden", "throttled", "failing"};
static const char *const counters[] = {"accepted", "refused",  "pending",        "waiting", "in_flight", "delivered",
                                       "failed",   "canceled", "reports_missed", "retried", "dropped",   "stored"};
static const char *const reasons[] = {"delivered",
                                      "http_3xx",
                                      "http_400",
                                      "http_401_403",
                                      "http_404_410",
                                      "http_413",
                                      "http_429",
                                      "http_4xx",
                                      "http_5xx",
                                      "bad_response",
                                      "response_too_large",
                                      "timeout_connect",
                                      "timeout_total",
                                      "dns",
                                      "refused",
                                      "unreachable",
                                      "reset",
                                      "tls_untrusted",
                                      "tls_name",
                                      "tls_expired",
                                      "tls_protocol",
                                      "blocked",
                                      "canceled",
                                      "slack",
                                      "internal",
                                      "dropped",
                                      "paused",
                                      "discarded",
                                      "tls_not_yet_valid",
                                      "tls_unfit",
                                      "tls_client_certificate",
                                      "proxy_failed",
                                      "proxy_refused",
                                      "proxy_gateway"};

static const char *const fields[] = {
    "project",       "ticket_id",     "ticket_subject", "ticket_status",  "ticket_priority",     "customer_email",
    "customer_name", "message_id",    "message_sender", "message_body",   "idempotency_key",     "webhook_id",
    "webhook_name",  "failure_since", "failure_count",  "failure_reason", "failure_explanation", "paused_until"};

static const char *const job_sources[] = {"deliveries", "missed"};
static const char *const job_states[] = {"planned", "running", "stopped", "done"};
static const char *const job_counts[] = {
    "matching",      "webhooks",         "sent",           "delivered",        "failed",          "left", "left_out",
    "left_out_test", "left_out_removed", "left_out_later", "left_out_damaged", "left_out_deleted"};

static const char *const change_actions[] = {"created",          "updated",       "secret_staged",    "secret_unstaged",
                                             "secret_activated", "secret_undone", "secret_forgotten", "secret_replaced",
                                             "secret_revealed",  "discarded",     "tested",           "redelivered",
                                             "job_started",      "job_stopped",   "job_resumed",      "deleted"};

static const struct family type_family = FAMILY(HD_TICKET_CREATED, types);
static const struct family field_family = FAMILY(HD_FIELD_PROJECT, fields);
static const struct family format_family = FAMILY(HD_FORMAT_JSON, formats);
static const struct family mode_family = FAMILY(HD_MODE_OFF, modes);
static const struct family level_family = FAMILY(HD_LEVEL_ERROR, levels);
static const struct family outcome_family = FAMILY(HD_OUTCOME_DELIVERED, outcomes);
static const struct family state_family = FAMILY(HD_WEBHOOK_ACTIVE, states);
static const struct family counter_family = FAMILY(HD_COUNTER_ACCEPTED, counters);
static const struct family reason_family = FAMILY(HD_REASON_DELIVERED, reasons);
static const struct family job_source_family = FAMILY(HD_SOURCE_DELIVERIES, job_sources);
static const struct family job_state_family = FAMILY(HD_JOB_PLANNED, job_states);
static const struct family job_count_family = FAMILY(HD_COUNT_MATCHING, job_counts);
static const struct family change_action_family = FAMILY(HD_CHANGE_CREATED, change_actions);

static const char *name_in(const struct family *family, int number) {
    return number >= family->first && number - family->first < family->count ? family->names[number - family->first]
                                                                             : "unknown";
}

static int find_in(const struct family *family, const char *name) {
    for (int i = 0; name && i < family->count; i++)
        if (strcmp(name, family->names[i]) == 0)
            return family->first + i;
    return 0;
}

/* The three functions of a family. */
#define FUNCTIONS(word, family)                                                                                        \
    const char *hd_##word##_name(int number) {                                                                         \
        return name_in(&(family), number);                                                                             \
    }                                                                                                                  \
    int hd_##word##_from_name(const char *name) {                                                                      \
        return find_in(&(family), name);                                                                               \
    }                                                                                                                  \
    int hd_##word##_count(void) {                                                                                      \
        return (family).count;                                                                                         \
    }

FUNCTIONS(event_type, type_family)
FUNCTIONS(field, field_family)
FUNCTIONS(format, format_family)
FUNCTIONS(mode, mode_family)
FUNCTIONS(level, level_family)
FUNCTIONS(outcome, outcome_family)
FUNCTIONS(webhook_state, state_family)
FUNCTIONS(counter, counter_family)
FUNCTIONS(reason, reason_family)
FUNCTIONS(job_source, job_source_family)
FUNCTIONS(job_state, job_state_family)
FUNCTIONS(job_count, job_count_family)
FUNCTIONS(change_action, change_action_family)
