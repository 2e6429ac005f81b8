/* The record of one delivery. Its fields are filled by the engine; from the moment it is in the log nobody changes it
 * any more, and it is shared by counted references. */
#ifndef HD_STORE_REPORT_H
#define HD_STORE_REPORT_H

#include "base/buffer.h"
#include "base/uuid.h"
#include "helmdesk.h"

#include <stdatomic.h>

/* "[", the longest IPv6 address, "]:65535" and a NUL. */
#define HD__ADDRESS_SIZE 56

struct hd__label;

struct hd_report {
    atomic_uint references;
    uint64_t sequence; /* place in the log, from 1 */
    hd_event *event;
    struct hd__label *label; /* of the webhook */
    char event_id[HD__UUID_SIZE];
    char delivery_id[HD__UUID_SIZE];
    int format;
    int is_test;
    int may_be_repeated;
    char redelivery_of[HD__UUID_SIZE]; /* "" for none */
    int outcome;
    int reason;
    const char *detail; /* static text, or text stored after the response */
    uint32_t attempts;
    int http_status;
    uint32_t retry_after_s;
    int64_t accepted_at_ms, finished_at_ms, next_attempt_at_ms;
    uint32_t queued_ms, dns_ms, connect_ms, tls_ms, wait_ms, total_ms;
    char remote_address[HD__ADDRESS_SIZE];
    struct hd__buffer request; /* the head that was sent, masked; its memory too is kept */
    char *response; /* headers, a NUL, body, a NUL, the detail if it is not static, a NUL; kept for the next report
                       that this memory is used for */
    size_t response_size;
    size_t response_headers_len, response_body_len;
    int response_truncated;
    int64_t certificate_until_ms; /* of the receiver of a probe; 0 if not known */
};

/* An empty report of an event for a webhook, taking references of its own; NULL without memory. A probe has no event.
 * Uses the memory of a blank one, which may be NULL. */
hd_report *hd__report_new(hd_report *blank, hd_event *event, struct hd__label *label);

/* Clears a report for reuse and returns 1 if the caller has the only reference; otherwise releases the reference and
 * returns 0. */
int hd__report_blank(hd_report *report);

/* Frees a blank report. */
void hd__report_free_blank(void *report);

/* Names the webhook anew. */
void hd__report_set_label(hd_report *report, struct hd__label *label);

/* The delivery that this one makes again; NULL for none. */
void hd__report_set_redelivery_of(hd_report *report, const unsigned char *delivery_id);

/* Copies the head of the request, masked, as a store has it. Without memory the report has none. */
void hd__report_set_request(hd_report *report, const char *head, size_t len);

/* Copies what a receiver answered. Without memory the report has none of it, and says that it was cut. */
void hd__report_set_response(hd_report *report, const char *headers, size_t headers_len, const char *body,
                             size_t body_len);

/* Copies the detail, after the response was set. Returns HD_OK; or HD_E_NO_MEMORY, and there is none. */
int hd__report_set_detail(hd_report *report, const char *detail);

hd_report *hd__report_ref(hd_report *report);

/* Memory that the report and its event hold, in bytes. */
size_t hd__report_size(const hd_report *report);

#endif
