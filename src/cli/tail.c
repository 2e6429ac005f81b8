/* helmdesk deliveries tail */
#include "cli/filter.h"
#include "cli/find.h"
#include "cli/follow.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/stop.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 250
#define FIRST 10
#define FIRST_MAX 1000
#define NAME_SIZE 64

struct tail {
    struct place place;
    hd_log_filter *filter;
    struct follow follow;
    char (*shown)[NAME_SIZE]; /* of the first ones, which may be read again by the first look at what follows */
    size_t shown_count;
};

static int tell(const hd_report *report) {
    if (cli_is_json())
        return cli_json_print_report(report, 0);
    cli_report_line(report);
    return CLI_OK;
}

/* Attempts of one delivery differ in their number. */
static void name_of(const hd_report *report, char name[NAME_SIZE]) {
    snprintf(name, NAME_SIZE, "%s/%u/%d", hd_report_delivery_id(report), hd_report_attempt(report),
             hd_report_outcome(report));
}

static int was_shown(const struct tail *tail, const hd_report *report) {
    char name[NAME_SIZE];
    name_of(report, name);
    for (size_t i = 0; i < tail->shown_count; i++)
        if (strcmp(tail->shown[i], name) == 0)
            return 1;
    return 0;
}

/* The newest ones, the oldest of them first. */
static int tell_first(struct tail *tail, size_t limit) {
    hd_log_page *page = NULL;
    int status = hd_log_query(tail->place.client, tail->filter, NULL, limit, &page);
    int code = status == HD_OK ? CLI_OK : cli_fail_place(&tail->place, status);
    tail->shown = calloc(limit, sizeof *tail->shown);
    if (code == CLI_OK && !tail->shown)
        code = cli_no_memory();
    for (size_t i = hd_log_page_count(page); i > 0 && code == CLI_OK; i--) {
        name_of(hd_log_page_at(page, i - 1), tail->shown[tail->shown_count++]);
        code = tell(hd_log_page_at(page, i - 1));
    }
    hd_log_page_free(page);
    return code;
}

/* All that has been added since the last look. */
static int tell_new(struct tail *tail) {
    size_t count = 1;
    int code = CLI_OK;
    while (code == CLI_OK && count > 0 && cli_stops() == 0 && cli_output_works()) {
        hd_log_page *page;
        code = cli_follow_next(&tail->follow, &page);
        count = hd_log_page_count(page);
        for (size_t i = 0; i < count && code == CLI_OK; i++)
            if (!was_shown(tail, hd_log_page_at(page, i)))
                code = tell(hd_log_page_at(page, i));
        hd_log_page_free(page);
    }
    tail->shown_count = 0;
    return code;
}

/* The place to go on from is taken before the first ones are read, so that none falls between. */
static int watch(const struct args *args, struct tail *tail) {
    int64_t limit = FIRST, until_ms = 0;
    (void)cli_filter_time(args, OPT_UNTIL, &until_ms); /* it was read before */
    if (until_ms && until_ms <= cli_wall_ms())
        return cli_fail(CLI_USAGE, "deliveries tail: --until is past, and nothing that is to come would be shown");
    int code = cli_number(args, OPT_LIMIT_TAIL, 1, FIRST_MAX, &limit);
    if (code != CLI_OK)
        return code;
    cli_stop_begin(2);
    code = cli_follow_begin(&tail->place, tail->filter, &tail->follow);
    if (code == CLI_OK)
        code = tell_first(tail, (size_t)limit);
    while (code == CLI_OK && cli_stops() == 0 && cli_output_works()) {
        code = tell_new(tail);
        cli_stop_wait(cli_now_us() + LOOK_MS * 1000);
    }
    return cli_stops() ? cli_stop_code() : code;
}

int cli_run_deliveries_tail(const struct args *args) {
    struct tail tail = {.shown = NULL};
    int code = cli_filter_new(args, &tail.filter);
    if (code == CLI_OK)
        code = cli_place_open(args, ACCESS_READ, &tail.place);
    if (code == CLI_OK)
        code = cli_find_filter(args, &tail.place, tail.filter);
    if (code == CLI_OK)
        code = watch(args, &tail);
    free(tail.shown);
    cli_follow_end(&tail.follow);
    hd_log_filter_free(tail.filter);
    cli_place_close(&tail.place);
    return code;
}
