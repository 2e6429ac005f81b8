/* helmdesk webhooks changes */
#include "cli/changes.h"

#include "cli/csv.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOOKS 50
#define THE_PROGRAM "(program)" /* what no person did */

static const char *by_of(const hd_change *change) {
    return *hd_change_by(change) ? hd_change_by(change) : THE_PROGRAM;
}

static int is_of_version(const hd_change *change) {
    int action = hd_change_action(change);
    return (action >= HD_CHANGE_CREATED && action <= HD_CHANGE_SECRET_REPLACED) || action == HD_CHANGE_DELETED;
}

const char *cli_last_change(const struct place *place, const char *webhook_id, char text[CLI_LAST_CHANGE_SIZE]) {
    hd_change_list *list = NULL;
    *text = '\0';
    (void)hd_client_changes(place->client, NULL, webhook_id, 0, LOOKS, &list);
    for (size_t i = 0; i < hd_change_list_count(list) && !*text; i++) {
        const hd_change *change = hd_change_list_at(list, i);
        if (is_of_version(change))
            snprintf(text, CLI_LAST_CHANGE_SIZE, "by %s (%s) at %s", by_of(change),
                     hd_change_action_name(hd_change_action(change)), cli_date(hd_change_at_ms(change)));
    }
    hd_change_list_free(list);
    return text;
}

/* ---- One entry ---- */

static void print(const char *text) {
    cli_print_text(stdout, text, strlen(text));
}

static void print_field(const hd_change *change, size_t index) {
    const char *before = hd_change_field_before(change, index), *after = hd_change_field_after(change, index);
    printf("    %s%s%s ", cli_color(stdout, COLOR_DIM), hd_change_field_name(change, index), cli_plain(stdout));
    if (*before && strcmp(before, after) == 0) {
        print(after);
        fputs(" (a part that is not shown)\n", stdout);
        return;
    }
    print(*before ? before : "-");
    printf(" %s ", cli_arrow());
    print(*after ? after : "-");
    putchar('\n');
}

static void print_change(const hd_change *change) {
    printf("%s  ", cli_date(hd_change_at_ms(change)));
    print(by_of(change));
    printf("  %s  ", hd_change_action_name(hd_change_action(change)));
    print(*hd_change_webhook_name(change) ? hd_change_webhook_name(change) : hd_change_webhook_id(change));
    if (*hd_change_object(change)) {
        putchar(' ');
        print(hd_change_object(change));
    }
    if (hd_change_count(change) > 0)
        printf("  %" PRIu64, hd_change_count(change));
    putchar('\n');
    for (size_t i = 0; i < hd_change_field_count(change); i++)
        print_field(change, i);
}

static int tell(const hd_change *change, int is_csv) {
    if (is_csv)
        cli_csv_change(change);
    else if (cli_is_json())
        return cli_json_print_change(change);
    else
        print_change(change);
    return CLI_OK;
}

/* ---- The list ---- */

static int tell_all(const hd_change_list *list, int is_csv, size_t limit) {
    size_t count = hd_change_list_count(list);
    int code = CLI_OK;
    if (is_csv)
        cli_csv_change_heading();
    for (size_t i = 0; i < count && code == CLI_OK; i++)
        code = tell(hd_change_list_at(list, i), is_csv);
    if (count == 0 && !is_csv && !cli_is_json())
        cli_note("There are no changes.");
    if (count == limit && !cli_is_json())
        cli_note("There may be more: --before %" PRId64, hd_change_id(hd_change_list_at(list, count - 1)));
    return code;
}

/* A webhook that was deleted is known by its id alone. */
static int find_id(const struct args *args, const struct place *place, char id[WEBHOOK_ID_SIZE]) {
    const char *text = cli_operand(args, 0);
    hd_change_list *list = NULL;
    hd_webhook *webhook = NULL;
    int status = hd_client_changes(place->client, NULL, text, 0, 1, &list);
    int is_known = hd_change_list_count(list) > 0 && strlen(text) < WEBHOOK_ID_SIZE;
    hd_change_list_free(list);
    if (status != HD_OK)
        return cli_fail_place(place, status);
    int code = is_known ? CLI_OK : cli_place_find(args, place, &webhook);
    if (code == CLI_OK)
        snprintf(id, WEBHOOK_ID_SIZE, "%s", is_known ? text : hd_webhook_id(webhook));
    hd_webhook_free(webhook);
    return code;
}

static int list(const struct args *args, const struct place *place) {
    char id[WEBHOOK_ID_SIZE];
    hd_change_list *list = NULL;
    int64_t limit = 50, before = 0;
    const char *format = cli_value(args, OPT_CHANGES_FORMAT);
    int code = cli_number(args, OPT_LIMIT, 1, 1000, &limit);
    if (code == CLI_OK)
        code = cli_number(args, OPT_BEFORE, 1, INT64_MAX, &before);
    if (code == CLI_OK && cli_operand(args, 0))
        code = find_id(args, place, id);
    if (code != CLI_OK)
        return code;
    int status = hd_client_changes(place->client, cli_value(args, OPT_PROJECT), cli_operand(args, 0) ? id : NULL,
                                   before, (size_t)limit, &list);
    code = status == HD_OK ? tell_all(list, format && strcmp(format, "csv") == 0, (size_t)limit)
                           : cli_fail_place(place, status);
    hd_change_list_free(list);
    return code;
}

int cli_run_webhooks_changes(const struct args *args) {
    struct place place;
    int code = cli_place_open(args, ACCESS_READ, &place);
    if (code == CLI_OK)
        code = list(args, &place);
    cli_place_close(&place);
    return code;
}
