/* helmdesk deliveries: list, get, export. */
#include "cli/csv.h"
#include "cli/fields.h"
#include "cli/filter.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/stop.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 200

/* ---- list ---- */

static int tell(const hd_report *report, int is_whole) {
    if (cli_is_json())
        return cli_json_print_report(report, is_whole ? HD_JSON_EXCHANGE : 0);
    cli_report_line(report);
    return CLI_OK;
}

static void tell_nothing(const struct args *args) {
    if (cli_filters(args) || cli_has(args, OPT_CURSOR))
        cli_note("No delivery matches.");
    else
        cli_note("There are no deliveries yet.");
}

static int tell_page(const struct args *args, const hd_log_page *page) {
    const char *cursor = hd_log_page_cursor(page);
    int code = CLI_OK;
    for (size_t i = 0; i < hd_log_page_count(page) && code == CLI_OK; i++)
        code = tell(hd_log_page_at(page, i), 0);
    if (code != CLI_OK)
        return code;
    if (hd_log_page_count(page) == 0)
        tell_nothing(args);
    if (cli_is_json())
        return cli_json_print(json_pack("{s:o}", "next_cursor", cli_json_string(cursor)));
    if (cursor)
        cli_note("There are more: --cursor %s", cursor);
    return CLI_OK;
}

static int fail_query(const struct place *place, int status) {
    return status == HD_E_CURSOR ? cli_fail(CLI_USAGE, "--cursor is none that a list of this store has told")
                                 : cli_fail_place(place, status);
}

static int list(const struct args *args, const struct place *place, hd_log_filter *filter) {
    hd_log_page *page = NULL;
    int64_t limit = 50;
    int code = cli_number(args, OPT_LIMIT, 1, 1000, &limit);
    if (code != CLI_OK)
        return code;
    int status = hd_log_query(place->client, filter, cli_value(args, OPT_CURSOR), (size_t)limit, &page);
    code = status == HD_OK ? tell_page(args, page) : fail_query(place, status);
    hd_log_page_free(page);
    return code;
}

/* Opens the store to read it, makes the filter, and has the command do its work. */
static int read_log(const struct args *args,
                    int (*run)(const struct args *args, const struct place *place, hd_log_filter *filter)) {
    struct place place = {0};
    hd_log_filter *filter = NULL;
    int code = cli_filter_new(args, &filter);
    if (code == CLI_OK)
        code = cli_place_open(args, ACCESS_READ, &place);
    if (code == CLI_OK)
        code = cli_find_filter(args, &place, filter);
    if (code == CLI_OK)
        code = run(args, &place, filter);
    hd_log_filter_free(filter);
    cli_place_close(&place);
    return code;
}

int cli_run_deliveries_list(const struct args *args) {
    return read_log(args, list);
}

/* ---- export ---- */

static int export_report(const hd_report *report, int is_csv) {
    if (!is_csv)
        return cli_json_print_report(report, HD_JSON_EXCHANGE);
    cli_csv_report(report);
    return CLI_OK;
}

static int export_page(const struct place *place, const hd_log_filter *filter, int is_csv, char **cursor) {
    hd_log_page *page = NULL;
    int status = hd_log_query(place->client, filter, *cursor, PAGE, &page);
    int code = status == HD_OK ? CLI_OK : cli_fail_place(place, status);
    for (size_t i = 0; i < hd_log_page_count(page) && code == CLI_OK && cli_output_works(); i++)
        code = export_report(hd_log_page_at(page, i), is_csv);
    const char *next = hd_log_page_cursor(page);
    free(*cursor);
    *cursor = next ? strdup(next) : NULL;
    int is_out_of_memory = next && !*cursor;
    hd_log_page_free(page);
    return code == CLI_OK && is_out_of_memory ? cli_no_memory() : code;
}

static int export_all(const struct args *args, const struct place *place, hd_log_filter *filter) {
    const char *format = cli_value(args, OPT_EXPORT_FORMAT);
    int code = CLI_OK, is_csv = format && strcmp(format, "csv") == 0;
    char *cursor = NULL;
    if (is_csv && cli_is_json())
        return cli_fail(CLI_USAGE, "--json and --format csv exclude each other");
    cli_stop_begin(2);
    if (is_csv)
        cli_csv_heading();
    do
        code = export_page(place, filter, is_csv, &cursor);
    while (code == CLI_OK && cursor && cli_output_works() && cli_stops() == 0);
    free(cursor);
    return cli_stops() ? cli_stop_code() : code;
}

int cli_run_deliveries_export(const struct args *args) {
    return read_log(args, export_all);
}

/* ---- get ---- */

static void print_answer(const hd_report *report) {
    size_t length;
    const char *headers = hd_report_response_headers(report, &length);
    if (length > 0) {
        printf("\n%sAnswer%s\n", cli_color(stdout, COLOR_BOLD), cli_plain(stdout));
        cli_print_lines(stdout, headers, length);
    }
    const char *body = hd_report_response_body(report, &length);
    if (length > 0) {
        putchar('\n');
        cli_print_lines(stdout, body, length);
        puts(hd_report_response_truncated(report) ? "\n(cut)" : "");
    }
}

static const char *why_no_head(const hd_report *report) {
    if (hd_report_has_attempt(report))
        return "The headers that were sent are not known.";
    if (hd_report_attempt(report) == 0)
        return "No attempt was begun: nothing was sent.";
    return "It ended while it waited for its next attempt: there was no request. This would have been its body.";
}

static void print_request(const hd_report *report) {
    const hd_event *event = hd_report_event(report);
    int format = hd_report_format(report);
    size_t length;
    const char *head = hd_report_request(report, &length);
    printf("\n%sRequest%s\n", cli_color(stdout, COLOR_BOLD), cli_plain(stdout));
    if (length > 0)
        cli_print_lines(stdout, head, length);
    else
        printf("(%s)\n\n", why_no_head(report));
    length = 0;
    (void)hd_event_render(event, format, NULL, 0, &length);
    char *body = malloc(length + 1);
    if (body && hd_event_render(event, format, body, length + 1, NULL) == HD_OK)
        cli_print_lines(stdout, body, length);
    putchar('\n');
    free(body);
}

static void print_times(const hd_report *report) {
    const char *address = hd_report_remote_address(report);
    printf(" in %u ms (queued %u, dns %u, connect %u, tls %u, wait %u)%s%s\n", hd_report_total_ms(report),
           hd_report_queued_ms(report), hd_report_dns_ms(report), hd_report_connect_ms(report),
           hd_report_tls_ms(report), hd_report_wait_ms(report), *address ? "  " : "", address);
}

static void print_attempt(const hd_report *report) {
    int is_good = hd_report_outcome(report) == HD_OUTCOME_DELIVERED, has_attempt = hd_report_has_attempt(report);
    printf("%s  ", cli_date(hd_report_finished_at_ms(report)));
    if (has_attempt)
        printf("attempt %u", hd_report_attempt(report));
    else
        fputs("no attempt", stdout);
    printf("  %s%s %s%s", cli_color(stdout, is_good ? COLOR_GOOD : COLOR_BAD),
           hd_outcome_name(hd_report_outcome(report)), cli_report_result(report), cli_plain(stdout));
    if (has_attempt)
        print_times(report);
    else
        printf(" (queued %u)\n", hd_report_queued_ms(report));
    if (is_good)
        return;
    const char *explanation = hd_report_explanation(report), *detail = hd_report_detail(report);
    printf("  %s\n", explanation);
    if (cli_report_says_more(hd_report_reason(report), explanation, detail))
        printf("  In detail: %s%s\n", detail, cli_report_stop(detail));
}

static void print_delivery(const hd_log_page *page) {
    const hd_report *last = hd_log_page_at(page, 0);
    const hd_event *event = hd_report_event(last);
    const char *subject = cli_subject(event), *name = hd_report_webhook_name(last);
    printf("%s%s%s to ", cli_color(stdout, COLOR_BOLD), hd_event_name(event), cli_plain(stdout));
    cli_print_text(stdout, name, strlen(name));
    putchar(' ');
    cli_print_text(stdout, hd_report_masked_url(last), strlen(hd_report_masked_url(last)));
    printf(" (webhook %s)%s%s\n#%lld ", hd_report_webhook_id(last), hd_report_is_test(last) ? ", a test" : "",
           hd_report_may_be_repeated(last) ? ", which the receiver may have had before" : "",
           (long long)hd_event_ticket_number(event));
    cli_print_text(stdout, subject ? subject : "", subject ? strlen(subject) : 0);
    if (hd_report_redelivery_of(last))
        printf("\nA redelivery of %s", hd_report_redelivery_of(last));
    puts("\n");
    for (size_t i = hd_log_page_count(page); i > 0; i--)
        print_attempt(hd_log_page_at(page, i - 1));
    print_request(last);
    print_answer(last);
}

static int tell_delivery(const char *id, const hd_log_page *page) {
    if (hd_log_page_count(page) == 0) {
        cli_error("there is no delivery %s in the log", id);
        cli_hint("Logs have limits: it may have been deleted. 'helmdesk deliveries list' lists what is there.");
        return CLI_NEGATIVE;
    }
    int code = CLI_OK;
    if (!cli_is_json())
        print_delivery(page);
    for (size_t i = hd_log_page_count(page); i > 0 && cli_is_json() && code == CLI_OK; i--)
        code = cli_json_print_report(hd_log_page_at(page, i - 1), HD_JSON_EXCHANGE);
    return code;
}

static int get(const struct args *args, const struct place *place, hd_log_filter *filter) {
    hd_log_page *page = NULL;
    char id[HD_ID_SIZE];
    int code = cli_find_delivery(place, cli_operand(args, 0), id);
    if (code != CLI_OK)
        return code;
    int status = hd_log_filter_set_delivery(filter, id);
    if (status == HD_OK)
        status = hd_log_query(place->client, filter, NULL, 100, &page);
    code = status == HD_OK ? tell_delivery(id, page) : cli_fail_place(place, status);
    hd_log_page_free(page);
    return code;
}

int cli_run_deliveries_get(const struct args *args) {
    return read_log(args, get);
}
