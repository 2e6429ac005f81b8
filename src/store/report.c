#include "store/report.h"

#include "base/reason.h"
#include "endpoint/webhook.h"
#include "event/event.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_KEPT 1024 /* more is given back when a report becomes blank */
#define RESPONSE_KEPT 1024

hd_report *hd__report_new(hd_report *blank, hd_event *event, struct hd__label *label) {
    hd_report *report = blank ? blank : calloc(1, sizeof *report);
    if (!report)
        return NULL;
    *report =
        (hd_report){.request = report->request, .response = report->response, .response_size = report->response_size};
    atomic_init(&report->references, 1);
    report->event = event ? hd__event_ref(event) : NULL;
    report->label = hd__label_ref(label);
    report->format = HD_FORMAT_JSON;
    report->detail = "";
    return report;
}

hd_report *hd__report_ref(hd_report *report) {
    atomic_fetch_add_explicit(&report->references, 1, memory_order_relaxed);
    return report;
}

hd_report *hd_report_ref(const hd_report *report) {
    return report ? hd__report_ref((hd_report *)(uintptr_t)report) : NULL;
}

static void release(hd_report *report) {
    hd_event_free(report->event);
    hd__label_free(report->label);
}

void hd__report_free_blank(void *report) {
    hd__buffer_free(&((hd_report *)report)->request);
    free(((hd_report *)report)->response);
    free(report);
}

void hd_report_free(hd_report *report) {
    if (!report || atomic_fetch_sub_explicit(&report->references, 1, memory_order_acq_rel) != 1)
        return;
    release(report);
    hd__report_free_blank(report);
}

int hd__report_blank(hd_report *report) {
    if (atomic_load_explicit(&report->references, memory_order_acquire) != 1) {
        hd_report_free(report);
        return 0;
    }
    release(report);
    hd__buffer_clear(&report->request, REQUEST_KEPT);
    if (report->response_size > RESPONSE_KEPT) {
        free(report->response);
        report->response = NULL;
        report->response_size = 0;
    }
    return 1;
}

void hd__report_set_label(hd_report *report, struct hd__label *label) {
    hd__label_free(report->label);
    report->label = hd__label_ref(label);
}

void hd__report_set_redelivery_of(hd_report *report, const unsigned char *delivery_id) {
    if (delivery_id)
        hd__uuid_format(delivery_id, report->redelivery_of);
}

void hd__report_set_request(hd_report *report, const char *head, size_t len) {
    if (len == 0)
        return;
    hd__buffer_renew(&report->request, len);
    hd__buffer_append(&report->request, head, len);
}

void hd__report_set_response(hd_report *report, const char *headers, size_t headers_len, const char *body,
                             size_t body_len) {
    size_t size = headers_len + 1 + body_len + 1;
    if (headers_len + body_len == 0)
        return;
    if (size > report->response_size) {
        free(report->response);
        report->response = malloc(size);
        report->response_size = report->response ? size : 0;
    }
    if (!report->response) {
        report->response_truncated = 1;
        return;
    }
    if (headers_len)
        memcpy(report->response, headers, headers_len);
    report->response[headers_len] = '\0';
    if (body_len)
        memcpy(report->response + headers_len + 1, body, body_len);
    report->response[headers_len + 1 + body_len] = '\0';
    report->response_headers_len = headers_len;
    report->response_body_len = body_len;
}

int hd__report_set_detail(hd_report *report, const char *detail) {
    size_t at = report->response_headers_len + report->response_body_len + 2, len = strlen(detail);
    report->detail = "";
    if (len == 0)
        return HD_OK;
    if (at + len + 1 > report->response_size) {
        char *grown = realloc(report->response, at + len + 1);
        if (!grown)
            return HD_E_NO_MEMORY;
        report->response = grown;
        report->response_size = at + len + 1;
    }
    report->detail = memcpy(report->response + at, detail, len + 1);
    return HD_OK;
}

size_t hd__report_size(const hd_report *report) {
    return sizeof *report + report->request.size + report->response_size + report->event->size;
}

const char *hd_report_delivery_id(const hd_report *report) {
    return report ? report->delivery_id : NULL;
}

const char *hd_report_event_id(const hd_report *report) {
    return report ? report->event_id : NULL;
}

const hd_event *hd_report_event(const hd_report *report) {
    return report ? report->event : NULL;
}

const char *hd_report_webhook_id(const hd_report *report) {
    return report ? report->label->webhook_id : NULL;
}

const char *hd_report_webhook_name(const hd_report *report) {
    return report ? report->label->webhook_name : NULL;
}

const char *hd_report_masked_url(const hd_report *report) {
    return report ? report->label->masked_url : NULL;
}

int hd_report_format(const hd_report *report) {
    return report ? report->format : 0;
}

int hd_report_is_test(const hd_report *report) {
    return report ? report->is_test : 0;
}

int hd_report_may_be_repeated(const hd_report *report) {
    return report ? report->may_be_repeated : 0;
}

const char *hd_report_redelivery_of(const hd_report *report) {
    return report && *report->redelivery_of ? report->redelivery_of : NULL;
}

int hd_report_outcome(const hd_report *report) {
    return report ? report->outcome : 0;
}

int hd_report_reason(const hd_report *report) {
    return report ? report->reason : 0;
}

const char *hd_report_detail(const hd_report *report) {
    return report ? report->detail : NULL;
}

const char *hd_report_explanation(const hd_report *report) {
    return report ? hd__explain(report->reason, report->detail) : NULL;
}

uint32_t hd_report_attempt(const hd_report *report) {
    return report ? report->attempts : 0;
}

int hd_report_has_attempt(const hd_report *report) {
    switch (report ? report->reason : HD_REASON_DISCARDED) {
    case HD_REASON_DROPPED:
    case HD_REASON_PAUSED:
    case HD_REASON_DISCARDED:
        return 0;
    default:
        return report->attempts > 0;
    }
}

int hd_report_http_status(const hd_report *report) {
    return report ? report->http_status : 0;
}

uint32_t hd_report_retry_after_ms(const hd_report *report) {
    return report ? report->retry_after_s * 1000 : 0;
}

int64_t hd_report_next_attempt_at_ms(const hd_report *report) {
    return report ? report->next_attempt_at_ms : 0;
}

int64_t hd_report_accepted_at_ms(const hd_report *report) {
    return report ? report->accepted_at_ms : 0;
}

int64_t hd_report_finished_at_ms(const hd_report *report) {
    return report ? report->finished_at_ms : 0;
}

uint32_t hd_report_queued_ms(const hd_report *report) {
    return report ? report->queued_ms : 0;
}

uint32_t hd_report_dns_ms(const hd_report *report) {
    return report ? report->dns_ms : 0;
}

uint32_t hd_report_connect_ms(const hd_report *report) {
    return report ? report->connect_ms : 0;
}

uint32_t hd_report_tls_ms(const hd_report *report) {
    return report ? report->tls_ms : 0;
}

uint32_t hd_report_wait_ms(const hd_report *report) {
    return report ? report->wait_ms : 0;
}

uint32_t hd_report_total_ms(const hd_report *report) {
    return report ? report->total_ms : 0;
}

const char *hd_report_remote_address(const hd_report *report) {
    return report ? report->remote_address : NULL;
}

const char *hd_report_request(const hd_report *report, size_t *length) {
    size_t len = report ? report->request.len : 0;
    if (length)
        *length = len;
    return !report ? NULL : len > 0 ? report->request.data : "";
}

static int has_response(const hd_report *report) {
    return report->response_headers_len + report->response_body_len > 0;
}

const char *hd_report_response_headers(const hd_report *report, size_t *length) {
    if (length)
        *length = report ? report->response_headers_len : 0;
    return !report ? NULL : has_response(report) ? report->response : "";
}

const char *hd_report_response_body(const hd_report *report, size_t *length) {
    if (length)
        *length = report ? report->response_body_len : 0;
    return !report ? NULL : has_response(report) ? report->response + report->response_headers_len + 1 : "";
}

int64_t hd_report_certificate_until_ms(const hd_report *report) {
    return report ? report->certificate_until_ms : 0;
}

int hd_report_response_truncated(const hd_report *report) {
    return report ? report->response_truncated : 0;
}
