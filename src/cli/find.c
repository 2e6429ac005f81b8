#include "cli/find.h"

#include "cli/output.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

#define PART_MIN 4
#define SHOWN_MAX 5
#define PAGE 1000
#define REPORTS_MAX 10000 /* the newest, in which the part of a delivery's id is looked for */

/* UUIDv7s that were made at about the same time begin alike: their ends tell them apart. */
static int is_part(const char *id, const char *text) {
    size_t length = strlen(text), whole = strlen(id);
    return length >= PART_MIN && length <= whole &&
           (strncmp(id, text, length) == 0 || strcmp(id + whole - length, text) == 0);
}

/* ---- Webhooks ---- */

static int by_name(const hd_webhook *webhook, const char *text) {
    return strcmp(hd_webhook_name(webhook), text) == 0;
}

static int by_part(const hd_webhook *webhook, const char *text) {
    return is_part(hd_webhook_id(webhook), text);
}

/* How many match; *found is the first of them. */
static size_t matching(const hd_webhook_list *list, const char *text, int (*matches)(const hd_webhook *, const char *),
                       const hd_webhook **found) {
    size_t count = 0;
    for (size_t i = 0; i < hd_webhook_list_count(list); i++) {
        const hd_webhook *webhook = hd_webhook_list_at(list, i);
        if (matches(webhook, text) && count++ == 0)
            *found = webhook;
    }
    return count;
}

static int fail_several(const hd_webhook_list *list, const char *text, size_t count,
                        int (*matches)(const hd_webhook *, const char *)) {
    size_t shown = 0;
    cli_error("'%s' may be any of %zu webhooks", text, count);
    for (size_t i = 0; i < hd_webhook_list_count(list) && shown < SHOWN_MAX; i++) {
        const hd_webhook *webhook = hd_webhook_list_at(list, i);
        if (matches(webhook, text) && shown++ < SHOWN_MAX)
            cli_hint("%s  %s, project %s", hd_webhook_id(webhook), hd_webhook_name(webhook),
                     hd_webhook_project(webhook));
    }
    cli_hint("Write more of its id; the end of an id is enough.");
    return CLI_USAGE;
}

static int find_none(const struct place *place, const char *text) {
    cli_error("there is no webhook '%s' in %s", text, place->directory);
    cli_error_status(HD_E_NOT_FOUND);
    cli_hint("'helmdesk webhooks list' lists them.");
    return CLI_NEGATIVE;
}

static int find_in(const struct place *place, const hd_webhook_list *list, const char *text, const hd_webhook **found) {
    size_t count = matching(list, text, by_name, found);
    if (count > 1)
        return fail_several(list, text, count, by_name);
    if (count == 0)
        count = matching(list, text, by_part, found);
    if (count > 1)
        return fail_several(list, text, count, by_part);
    return count == 1 ? CLI_OK : find_none(place, text);
}

int cli_find_webhook(const struct place *place, const char *text, hd_webhook **webhook) {
    hd_webhook_list *list = NULL;
    const hd_webhook *found = NULL;
    int status = hd_client_get_webhook(place->client, text, webhook);
    if (status != HD_E_NOT_FOUND)
        return status == HD_OK ? CLI_OK : cli_fail_place(place, status);
    status = hd_client_list_webhooks(place->client, NULL, &list);
    if (status != HD_OK)
        return cli_fail_place(place, status);
    int code = find_in(place, list, text, &found);
    if (code == CLI_OK)
        status = hd_client_get_webhook(place->client, hd_webhook_id(found), webhook);
    if (status == HD_E_NOT_FOUND) /* it was deleted at this moment */
        code = find_none(place, text);
    else if (status != HD_OK)
        code = cli_fail_place(place, status);
    hd_webhook_list_free(list);
    return code;
}

/* ---- Deliveries ---- */

struct search {
    const char *text;
    char ids[SHOWN_MAX][HD_ID_SIZE];
    char names[SHOWN_MAX][64]; /* of their webhooks */
    size_t count;
};

static void note(struct search *search, const hd_report *report) {
    const char *id = hd_report_delivery_id(report);
    if (!is_part(id, search->text) || search->count == SHOWN_MAX)
        return;
    for (size_t i = 0; i < search->count; i++)
        if (strcmp(search->ids[i], id) == 0)
            return; /* another attempt */
    snprintf(search->ids[search->count], HD_ID_SIZE, "%s", id);
    snprintf(search->names[search->count++], sizeof *search->names, "%s", hd_report_webhook_name(report));
}

static int search_log(const struct place *place, struct search *search) {
    char *cursor = NULL;
    size_t seen = 0;
    int status;
    do {
        hd_log_page *page = NULL;
        status = hd_log_query(place->client, NULL, cursor, PAGE, &page);
        for (size_t i = 0; i < hd_log_page_count(page); i++)
            note(search, hd_log_page_at(page, i));
        seen += hd_log_page_count(page);
        free(cursor);
        cursor = hd_log_page_cursor(page) ? strdup(hd_log_page_cursor(page)) : NULL;
        hd_log_page_free(page);
    } while (status == HD_OK && cursor && seen < REPORTS_MAX);
    free(cursor);
    return status;
}

static int is_id(const char *text) {
    hd_log_filter *filter = NULL;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_set_delivery(filter, text);
    hd_log_filter_free(filter);
    return status == HD_OK;
}

static int fail_delivery(const struct search *search) {
    if (search->count == 0) {
        cli_error("there is no delivery '%s' among the newest %d reports of the log", search->text, REPORTS_MAX);
        cli_error_status(HD_E_NO_DELIVERY);
        cli_hint("Write its whole id, as 'helmdesk deliveries list' shows it at the end of a line.");
        return CLI_NEGATIVE;
    }
    cli_error("'%s' may be any of several deliveries", search->text);
    for (size_t i = 0; i < search->count; i++)
        cli_hint("%s  to %s", search->ids[i], search->names[i]);
    cli_hint("Write more of its id; the end of an id is enough.");
    return CLI_USAGE;
}

int cli_find_delivery(const struct place *place, const char *text, char id[HD_ID_SIZE]) {
    struct search search = {.text = text};
    if (is_id(text)) {
        snprintf(id, HD_ID_SIZE, "%s", text);
        return CLI_OK;
    }
    if (strlen(text) < PART_MIN || text[strspn(text, "0123456789abcdef-")]) {
        cli_error("'%s' is no delivery's id", text);
        cli_hint(
            "It is a UUID, as 'helmdesk deliveries list' shows it at the end of a line, or its beginning or end, of "
            "at least %d characters.",
            PART_MIN);
        return CLI_USAGE;
    }
    int status = search_log(place, &search);
    if (status != HD_OK)
        return cli_fail_place(place, status);
    if (search.count != 1)
        return fail_delivery(&search);
    strcpy(id, search.ids[0]);
    return CLI_OK;
}

/* ---- Filters ---- */

/* The log has deliveries of webhooks that are not there any more: their whole ids are known from it. */
static int is_in_log(const struct place *place, const char *id) {
    hd_log_filter *filter = NULL;
    hd_log_page *page = NULL;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_add_webhook(filter, id);
    if (status == HD_OK)
        status = hd_log_query(place->client, filter, NULL, 1, &page);
    int is = status == HD_OK && hd_log_page_count(page) > 0;
    hd_log_page_free(page);
    hd_log_filter_free(filter);
    return is;
}

static int find_filter_webhook(const struct place *place, const char *text, char id[WEBHOOK_ID_SIZE]) {
    hd_webhook *webhook = NULL;
    snprintf(id, WEBHOOK_ID_SIZE, "%s", text);
    if (strlen(text) < WEBHOOK_ID_SIZE && is_in_log(place, text))
        return CLI_OK;
    int code = cli_find_webhook(place, text, &webhook);
    if (code == CLI_OK)
        snprintf(id, WEBHOOK_ID_SIZE, "%s", hd_webhook_id(webhook));
    hd_webhook_free(webhook);
    return code;
}

static int has_id(const struct wanted *wanted, const char *id) {
    size_t i = 0;
    while (i < wanted->count && strcmp(wanted->ids[i], id) != 0)
        i++;
    return i < wanted->count;
}

/* Of two names of one webhook, one is enough. */
int cli_find_wanted(const struct args *args, const struct place *place, struct wanted *wanted) {
    size_t count = 0, at = 0;
    *wanted = (struct wanted){.count = 0};
    while (cli_next_value(args, OPT_WEBHOOK, &at))
        count++;
    wanted->ids = calloc(count + 1, sizeof wanted->ids[0]);
    if (!wanted->ids)
        return cli_no_memory();
    int code = CLI_OK;
    const char *text;
    for (at = 0; code == CLI_OK && (text = cli_next_value(args, OPT_WEBHOOK, &at));) {
        code = find_filter_webhook(place, text, wanted->ids[wanted->count]);
        wanted->count += code == CLI_OK && !has_id(wanted, wanted->ids[wanted->count]);
    }
    return code;
}

int cli_is_wanted(const struct wanted *wanted, const char *id) {
    return wanted->count == 0 || has_id(wanted, id);
}

void cli_wanted_free(struct wanted *wanted) {
    free(wanted->ids);
}

static int narrow_to_webhooks(const struct place *place, const struct wanted *wanted, hd_log_filter *filter) {
    int code = CLI_OK;
    for (size_t i = 0; i < wanted->count && code == CLI_OK; i++) {
        int status = hd_log_filter_add_webhook(filter, wanted->ids[i]);
        code = status == HD_OK ? CLI_OK : status == HD_E_NO_MEMORY ? cli_no_memory() : cli_fail_place(place, status);
    }
    return code;
}

int cli_narrow_filter(const struct args *args, const struct place *place, const struct wanted *wanted,
                      hd_log_filter *filter) {
    const char *original = cli_value(args, OPT_REDELIVERY_OF);
    char id[HD_ID_SIZE];
    int code = narrow_to_webhooks(place, wanted, filter);
    if (code != CLI_OK || !original)
        return code;
    code = cli_find_delivery(place, original, id);
    if (code != CLI_OK)
        return code;
    return hd_log_filter_set_redelivery_of(filter, id) == HD_OK ? CLI_OK : cli_no_memory();
}

int cli_find_filter(const struct args *args, const struct place *place, hd_log_filter *filter) {
    struct wanted wanted;
    int code = cli_find_wanted(args, place, &wanted);
    if (code == CLI_OK)
        code = cli_narrow_filter(args, place, &wanted, filter);
    cli_wanted_free(&wanted);
    return code;
}
