#include "cli/csv.h"

#include "cli/fields.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A spreadsheet takes a field that begins like this for a formula, which could send what is beside it elsewhere: such a
 * field gets a quote before it (OWASP, "CSV Injection"). */
static int is_formula(const char *text) {
    return *text && strchr("=+-@\t\r", *text);
}

static void put_text(const char *text) {
    text = text ? text : "";
    putchar('"');
    if (is_formula(text))
        putchar('\'');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    fputs("\",", stdout);
}

static void put_time(int64_t ms) {
    printf("%s,", ms ? cli_rfc3339(ms) : "");
}

static void put_number(int64_t number) {
    printf("%" PRId64 ",", number);
}

void cli_csv_heading(void) {
    fputs("finished_at,delivery,event_id,event,project,webhook,webhook_name,url,ticket,subject,customer,outcome,reason,"
          "http_status,attempt,total_ms,next_attempt_at,redelivery_of,test\r\n",
          stdout);
}

void cli_csv_report(const hd_report *report) {
    const hd_event *event = hd_report_event(report);
    put_time(hd_report_finished_at_ms(report));
    put_text(hd_report_delivery_id(report));
    put_text(hd_report_event_id(report));
    put_text(hd_event_name(event));
    put_text(hd_event_get(event, HD_FIELD_PROJECT, NULL));
    put_text(hd_report_webhook_id(report));
    put_text(hd_report_webhook_name(report));
    put_text(hd_report_masked_url(report));
    put_number(hd_event_ticket_number(event));
    put_text(cli_subject(event));
    put_text(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL));
    put_text(hd_outcome_name(hd_report_outcome(report)));
    put_text(hd_reason_name(hd_report_reason(report)));
    if (hd_report_http_status(report))
        printf("%d", hd_report_http_status(report));
    putchar(',');
    put_number(hd_report_attempt(report));
    put_number(hd_report_total_ms(report));
    put_time(hd_report_next_attempt_at_ms(report));
    put_text(hd_report_redelivery_of(report));
    fputs(hd_report_is_test(report) ? "yes\r\n" : "no\r\n", stdout);
}

void cli_csv_change_heading(void) {
    fputs("at,by,action,project,webhook,webhook_name,object,count,setting,before,after,id\r\n", stdout);
}

static void put_change_line(const hd_change *change, const char *setting, const char *before, const char *after) {
    put_time(hd_change_at_ms(change));
    put_text(hd_change_by(change));
    put_text(hd_change_action_name(hd_change_action(change)));
    put_text(hd_change_project(change));
    put_text(hd_change_webhook_id(change));
    put_text(hd_change_webhook_name(change));
    put_text(hd_change_object(change));
    put_number((int64_t)hd_change_count(change));
    put_text(setting);
    put_text(before);
    put_text(after);
    printf("%" PRId64 "\r\n", hd_change_id(change));
}

void cli_csv_change(const hd_change *change) {
    size_t count = hd_change_field_count(change);
    for (size_t i = 0; i < count; i++)
        put_change_line(change, hd_change_field_name(change, i), hd_change_field_before(change, i),
                        hd_change_field_after(change, i));
    if (count == 0)
        put_change_line(change, "", "", "");
}
