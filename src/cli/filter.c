#include "cli/filter.h"

#include "cli/date.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_filters(const struct args *args) {
    static const enum option_id ids[] = {OPT_PROJECT, OPT_WEBHOOK, OPT_EVENT, OPT_OUTCOME, OPT_REASON,       OPT_STATUS,
                                         OPT_SINCE,   OPT_UNTIL,   OPT_TESTS, OPT_TEXT,    OPT_REDELIVERY_OF};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (cli_has(args, ids[i]))
            return 1;
    return 0;
}

/* ---- Times ---- */

int cli_filter_time(const struct args *args, enum option_id id, int64_t *ms) {
    const char *text = cli_value(args, id);
    int64_t ago_ms;
    *ms = text ? cli_date_parse(text) : 0;
    if (*ms < 0 && cli_parse_duration(text, &ago_ms))
        *ms = cli_wall_ms() - ago_ms;
    if (!text || *ms > 0) /* 0 would be no bound */
        return CLI_OK;
    if (cli_is_number(text) && strlen(text) < 5) { /* more could be a date (20250115) or a time of Unix */
        cli_error("--%s cannot be '%s': the unit is missing", cli_options[id].name, text);
        cli_hint("Write %ss, %sm, %sh or %sd for seconds, minutes, hours or days ago, or a date (2025-01-15).", text,
                 text, text, text);
        return CLI_USAGE;
    }
    cli_error("--%s cannot be '%s'", cli_options[id].name, text);
    cli_hint("It is how long ago (90s, 5m, 24h, 30d), a date (2025-01-15), or date and time (2025-01-15 10:30, "
             "2025-01-15T10:30:00Z or 2025-01-15T12:30:00+02:00).");
    return CLI_USAGE;
}

/* ---- The rest ---- */

/* Each word of a list. */
static int add_words(hd_log_filter *filter, const char *list, int (*add)(hd_log_filter *filter, const char *word)) {
    int status = HD_OK;
    char word[64];
    for (size_t length; list && status == HD_OK; list = list[length] ? list + length + 1 : NULL) {
        length = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), list);
        status = add(filter, word);
    }
    return status;
}

static int add_event(hd_log_filter *filter, const char *name) {
    return hd_log_filter_add_event(filter, hd_event_type_from_name(name));
}

static int add_outcome(hd_log_filter *filter, const char *name) {
    return hd_log_filter_add_outcome(filter, hd_outcome_from_name(name));
}

static int add_reason(hd_log_filter *filter, const char *name) {
    char names[1024] = "";
    size_t used = 0;
    int found = hd_reason_from_name(name);
    if (found)
        return hd_log_filter_add_reason(filter, found);
    cli_error("--reason: there is no reason '%s'", name);
    for (int i = 0; i < hd_reason_count() && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, " %s", hd_reason_name(HD_REASON_DELIVERED + i));
    cli_hint("It is one of:%s.", names);
    return HD_E_INVALID;
}

static int set_status(hd_log_filter *filter, const char *list) {
    int status = hd_log_filter_set_http_statuses(filter, list);
    if (status == HD_OK)
        return HD_OK;
    cli_error("--status cannot be '%s'", list);
    cli_hint("%s.", hd_strerror(status));
    return status;
}

static int set_words(const struct args *args, hd_log_filter *filter) {
    const char *tests = cli_value(args, OPT_TESTS);
    int status = add_words(filter, cli_value(args, OPT_EVENT), add_event);
    if (status == HD_OK)
        status = add_words(filter, cli_value(args, OPT_OUTCOME), add_outcome);
    if (status == HD_OK && tests) /* the words are in the order of HD_TESTS_... */
        status =
            hd_log_filter_set_tests(filter, HD_TESTS_INCLUDED + cli_word_index(cli_options[OPT_TESTS].values, tests));
    return status;
}

static int set_texts(const struct args *args, hd_log_filter *filter) {
    int status = hd_log_filter_set_project(filter, cli_value(args, OPT_PROJECT));
    if (status == HD_OK)
        status = hd_log_filter_set_text(filter, cli_value(args, OPT_TEXT));
    return status;
}

static int set_times(const struct args *args, hd_log_filter *filter) {
    int64_t since_ms, until_ms;
    int code = cli_filter_time(args, OPT_SINCE, &since_ms);
    if (code == CLI_OK)
        code = cli_filter_time(args, OPT_UNTIL, &until_ms);
    if (code != CLI_OK)
        return code;
    if (since_ms && until_ms && since_ms >= until_ms)
        return cli_fail(CLI_USAGE, "--since is not before --until");
    return hd_log_filter_set_time(filter, since_ms, until_ms) == HD_OK ? CLI_OK : cli_no_memory();
}

static int fill(const struct args *args, hd_log_filter *filter) {
    const char *status_text = cli_value(args, OPT_STATUS);
    int status = set_words(args, filter);
    if (status == HD_OK)
        status = set_texts(args, filter);
    if (status != HD_OK)
        return cli_fail(CLI_USAGE, "the filters: %s", hd_strerror(status));
    if (add_words(filter, cli_value(args, OPT_REASON), add_reason) != HD_OK ||
        (status_text && set_status(filter, status_text) != HD_OK))
        return CLI_USAGE;
    return set_times(args, filter);
}

int cli_filter_new(const struct args *args, hd_log_filter **filter) {
    if (hd_log_filter_new(filter) != HD_OK)
        return cli_no_memory();
    int code = fill(args, *filter);
    if (code != CLI_OK) {
        hd_log_filter_free(*filter);
        *filter = NULL;
    }
    return code;
}
