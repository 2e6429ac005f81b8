/* helmdesk webhooks secret: reveal, stage, activate, undo, forget, replace. */
#include "cli/changes.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/place.h"

#include <string.h>

/* Which secrets are shown: those that were asked for, or one that was made just now, since nobody has it yet. */
enum shown {
    SHOWN_ALL,
    SHOWN_NEXT,
    SHOWN_PRESENT,
    SHOWN_NONE
};

struct action {
    const char *name;
    int changes; /* the webhook */
    enum shown shown;
    /* Returns CLI_OK, or says what is wrong. */
    int (*apply)(const struct args *args, const struct place *place, hd_webhook *webhook);
    const char *then; /* what to do next */
};

/* Sets one by `set`: that of --secret-file, or a new one. */
static int set_secret(const struct args *args, hd_webhook *webhook,
                      int (*set)(hd_webhook *webhook, const void *secret, size_t secret_len)) {
    struct secrets secrets = {.count = 0};
    char fresh[HD_SECRET_SIZE];
    int code = cli_has(args, OPT_SECRET_FILE) ? cli_read_secrets(args, &secrets) : CLI_OK;
    int status = code == CLI_OK && secrets.count == 0 ? hd_generate_secret(fresh, sizeof fresh) : HD_OK;
    if (code == CLI_OK && status == HD_OK)
        status = secrets.count > 0 ? set(webhook, secrets.items[0].data, secrets.items[0].len)
                                   : set(webhook, fresh, strlen(fresh));
    cli_wipe(fresh, sizeof fresh);
    cli_secrets_free(&secrets);
    return code != CLI_OK || status == HD_OK ? code : cli_fail_status(status, "webhooks secret");
}

/* Nobody sees a secret without a record of it. */
static int reveal(const struct args *args, const struct place *place, hd_webhook *webhook) {
    (void)args;
    int status = hd_client_note_reveal(place->client, hd_webhook_id(webhook));
    return status == HD_OK ? CLI_OK : cli_fail_place(place, status);
}

/* The receiver may have the one that is staged. */
static int stage(const struct args *args, const struct place *place, hd_webhook *webhook) {
    char last[CLI_LAST_CHANGE_SIZE], question[CLI_LAST_CHANGE_SIZE + 200];
    snprintf(question, sizeof question,
             "A next secret is staged already; the last change was %s. Make another one in its place?",
             cli_last_change(place, hd_webhook_id(webhook), last));
    int code = hd_webhook_staged_secret(webhook, NULL) ? cli_confirm(args, question) : CLI_OK;
    return code != CLI_OK ? code : set_secret(args, webhook, hd_webhook_stage_secret);
}

static int activate(const struct args *args, const struct place *place, hd_webhook *webhook) {
    (void)args, (void)place;
    if (hd_webhook_activate_secret(webhook) == HD_OK)
        return CLI_OK;
    cli_error("no secret is staged");
    cli_hint("'helmdesk webhooks secret %s stage' makes the next one.", hd_webhook_id(webhook));
    return CLI_NEGATIVE;
}

static int undo(const struct args *args, const struct place *place, hd_webhook *webhook) {
    (void)args, (void)place;
    if (hd_webhook_undo_secret(webhook) == HD_OK)
        return CLI_OK;
    return cli_fail(CLI_NEGATIVE, "there is no previous secret to go back to");
}

static int unstage(const struct args *args, const struct place *place, hd_webhook *webhook) {
    (void)args, (void)place;
    if (!hd_webhook_staged_secret(webhook, NULL))
        return cli_fail(CLI_NEGATIVE, "no secret is staged");
    (void)hd_webhook_stage_secret(webhook, NULL, 0);
    return CLI_OK;
}

static int forget(const struct args *args, const struct place *place, hd_webhook *webhook) {
    (void)args, (void)place;
    (void)hd_webhook_forget_previous_secret(webhook);
    return CLI_OK;
}

static int replace(const struct args *args, const struct place *place, hd_webhook *webhook) {
    (void)place;
    int code = cli_confirm(args, "Replace the secret at once? Deliveries fail until the receiver has the new one.");
    return code == CLI_OK ? set_secret(args, webhook, hd_webhook_set_secret) : code;
}

static const struct action actions[] = {
    {"reveal", 0, SHOWN_ALL, reveal, NULL},
    {"stage", 1, SHOWN_NEXT, stage,
     "Deliveries are still signed with the present secret. Give the next one to the receiver beside it; then: "
     "activate."},
    {"unstage", 1, SHOWN_NONE, unstage, "The next secret is gone. The present one goes on."},
    {"activate", 1, SHOWN_NONE, activate,
     "Deliveries are signed with the new secret now. undo goes back; forget ends it, when no receiver needs the old "
     "one."},
    {"undo", 1, SHOWN_NONE, undo, "Deliveries are signed with the previous secret again. The other one is staged."},
    {"forget", 1, SHOWN_NONE, forget, "The previous secret is gone. Receivers need the present one only."},
    {"replace", 1, SHOWN_PRESENT, replace,
     "Deliveries are signed with the new secret now. Give it to the receiver: they fail until it has it."},
};

static const struct action *find_action(const char *name) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    cli_error("webhooks secret: '%s' is none of its actions", name);
    cli_hint("It is one of: reveal, stage, unstage, activate, undo, forget, replace.");
    return NULL;
}

static void print_line(const char *name, const char *secret, size_t length) {
    if (!secret)
        return;
    printf("%s%-10s%s", cli_color(stdout, COLOR_DIM), name, cli_plain(stdout));
    fwrite(secret, 1, length, stdout);
    putchar('\n');
}

static json_t *secret_json(const char *secret, size_t length) {
    return secret ? cli_json_text(secret, length) : json_null();
}

static int tell(const hd_webhook *webhook, enum shown shown) {
    size_t present_len, next_len, previous_len;
    const char *present = hd_webhook_secret(webhook, &present_len);
    const char *next = hd_webhook_staged_secret(webhook, &next_len);
    const char *previous = hd_webhook_previous_secret(webhook, &previous_len);
    int shows_present = shown == SHOWN_ALL || shown == SHOWN_PRESENT,
        shows_next = shown == SHOWN_ALL || shown == SHOWN_NEXT;
    if (!cli_is_json()) {
        print_line("present", shows_present ? present : NULL, present_len);
        print_line("next", shows_next ? next : NULL, next_len);
        print_line("previous", shown == SHOWN_ALL ? previous : NULL, previous_len);
        return CLI_OK;
    }
    json_t *object = json_pack("{s:s, s:b, s:b}", "id", hd_webhook_id(webhook), "secret_staged", next != NULL,
                               "previous_kept", previous != NULL);
    if (shows_present)
        json_object_set_new(object, "secret", secret_json(present, present_len));
    if (shows_next)
        json_object_set_new(object, "next", secret_json(next, next_len));
    if (shown == SHOWN_ALL)
        json_object_set_new(object, "previous", secret_json(previous, previous_len));
    return cli_json_print(object);
}

/* One that came from a file is known. */
static enum shown shown_by(const struct args *args, const struct action *action) {
    return action->changes && cli_has(args, OPT_SECRET_FILE) ? SHOWN_NONE : action->shown;
}

/* Somebody else was faster: says who, and returns the exit code. */
static int fail_changed(const struct place *place, const hd_webhook *webhook) {
    char last[CLI_LAST_CHANGE_SIZE];
    cli_last_change(place, hd_webhook_id(webhook), last);
    cli_error("the webhook was changed meanwhile%s%s", *last ? " " : "", last);
    cli_error_status(HD_E_CONFLICT);
    cli_hint("Nothing was done. 'helmdesk webhooks changes %s' shows what has happened to it.", hd_webhook_id(webhook));
    return CLI_NEGATIVE;
}

static int check_version(const struct args *args, const struct place *place, const hd_webhook *webhook) {
    int64_t version = (int64_t)hd_webhook_version(webhook);
    int code = cli_number(args, OPT_IF_VERSION, 1, INT64_MAX, &version);
    return code == CLI_OK && version != (int64_t)hd_webhook_version(webhook) ? fail_changed(place, webhook) : code;
}

static int put(const struct place *place, const hd_webhook *webhook) {
    int status = hd_client_replace_webhook(place->client, webhook);
    return status == HD_OK           ? CLI_OK
           : status == HD_E_CONFLICT ? fail_changed(place, webhook)
                                     : cli_fail_put(place, status);
}

int cli_run_webhooks_secret(const struct args *args) {
    struct place place = {0};
    hd_webhook *webhook = NULL;
    const struct action *action = find_action(cli_operand(args, 1));
    if (!action)
        return CLI_USAGE;
    int code = cli_place_open(args, ACCESS_CHANGE, &place);
    if (code == CLI_OK)
        code = cli_place_find(args, &place, &webhook);
    if (code == CLI_OK)
        code = check_version(args, &place, webhook);
    if (code == CLI_OK)
        code = action->apply(args, &place, webhook);
    if (code == CLI_OK && action->changes)
        code = put(&place, webhook);
    if (code == CLI_OK)
        code = tell(webhook, shown_by(args, action));
    if (code == CLI_OK && action->then)
        cli_note("%s", action->then);
    hd_webhook_free(webhook);
    cli_place_close(&place);
    return code;
}
