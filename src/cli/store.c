/* helmdesk store: backup, check, prune, rekey. */
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define YEAR_MS ((int64_t)365 * 24 * 3600 * 1000)

/* ---- backup ---- */

int cli_run_store_backup(const struct args *args) {
    const char *directory = cli_operand(args, 0);
    struct place place;
    int code = cli_place_open_store(args, &place);
    if (code == CLI_OK) {
        int status = cli_place_backup(&place, directory);
        code = status == HD_OK ? CLI_OK : cli_fail_place(&place, status);
    }
    if (code == CLI_OK && cli_is_json())
        code = cli_json_print(json_pack("{s:o}", "backup", cli_json_string(directory)));
    else if (code == CLI_OK)
        cli_note("Copied to %s, which is a store as well: --store sqlite:%s", directory, directory);
    cli_place_close(&place);
    return code;
}

/* ---- check ---- */

/* The webhooks are read too: whether their secrets can be, only that tells. */
static int check_webhooks(const struct args *args, struct place *place, size_t *count) {
    hd_webhook_list *list = NULL;
    int code = cli_place_add_client(args, ACCESS_READ, place);
    if (code != CLI_OK)
        return code;
    int status = hd_client_list_webhooks(place->client, NULL, &list);
    *count = hd_webhook_list_count(list);
    hd_webhook_list_free(list);
    return status == HD_OK ? CLI_OK : cli_fail_place(place, status);
}

int cli_run_store_check(const struct args *args) {
    struct place place;
    size_t count = 0;
    int code = cli_place_open_store(args, &place);
    if (code == CLI_OK) {
        int status = cli_place_check(&place);
        code = status == HD_OK ? CLI_OK : cli_fail_place(&place, status);
    }
    if (code == CLI_OK)
        code = check_webhooks(args, &place, &count);
    if (code == CLI_OK && cli_is_json())
        code = cli_json_print(json_pack("{s:b, s:I}", "ok", 1, "webhooks", (json_int_t)count));
    else if (code == CLI_OK)
        printf("ok: nothing is damaged, and the key fits (%zu webhooks)\n", count);
    cli_place_close(&place);
    return code;
}

/* ---- prune ---- */

static int count_reports(const struct args *args, uint64_t *count) {
    struct place place;
    hd_log_stats *stats = NULL;
    int code = cli_place_open(args, ACCESS_READ, &place);
    if (code == CLI_OK) {
        int status = hd_log_summarize(place.client, NULL, 0, &stats);
        code = status == HD_OK ? CLI_OK : cli_fail_place(&place, status);
    }
    *count = code == CLI_OK ? hd_log_stats_count(stats) : 0;
    hd_log_stats_free(stats);
    cli_place_close(&place);
    return code;
}

static int prune(const struct args *args, uint64_t reports, int64_t keep_ms) {
    struct place place;
    int code = cli_place_open_store(args, &place);
    int status = code == CLI_OK ? hd_store_set_retention(place.store, reports, keep_ms, 0) : HD_OK;
    if (code == CLI_OK && status == HD_OK)
        status = hd_store_prune(place.store);
    if (status != HD_OK)
        code = cli_fail_place(&place, status);
    cli_place_close(&place);
    return code;
}

static int tell_pruned(uint64_t before, uint64_t after) {
    uint64_t deleted = before > after ? before - after : 0; /* servers may have added some meanwhile */
    if (cli_is_json())
        return cli_json_print(json_pack("{s:I, s:I}", "deleted", (json_int_t)deleted, "left", (json_int_t)after));
    cli_note("Deleted: %" PRIu64 " reports. Left: %" PRIu64 ".", deleted, after);
    return CLI_OK;
}

int cli_run_store_prune(const struct args *args) {
    int64_t keep_ms = 0, reports = 0;
    uint64_t before, after;
    if (!cli_has(args, OPT_KEEP) && !cli_has(args, OPT_KEEP_REPORTS))
        return cli_fail(CLI_USAGE, "store prune: how much is to be kept? --keep TIME, --keep-reports N, or both");
    int code = cli_duration(args, OPT_KEEP, 10 * YEAR_MS, &keep_ms);
    if (code == CLI_OK)
        code = cli_number(args, OPT_KEEP_REPORTS, 1, INT64_C(1000000000000), &reports);
    if (code == CLI_OK)
        code = count_reports(args, &before);
    if (code == CLI_OK)
        code = cli_confirm(args, "Delete what is beyond that from the log for good?");
    if (code == CLI_OK)
        code = prune(args, (uint64_t)reports, keep_ms);
    if (code == CLI_OK)
        code = count_reports(args, &after);
    return code == CLI_OK ? tell_pruned(before, after) : code;
}

/* ---- rekey ---- */

/* 64 random hexadecimal digits, on the disk before anything is sealed with them. Returns 0 with errno. */
static int make_key_file(const char *path) {
    char random[HD_SECRET_SIZE], key[HD_SIGNATURE_SIZE];
    errno = EIO;
    if (hd_generate_secret(random, sizeof random) != HD_OK ||
        hd_sign("", 0, random, strlen(random), key, sizeof key) != HD_OK)
        return 0;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int is_written = file >= 0 && write(file, key, strlen(key)) == (ssize_t)strlen(key) && write(file, "\n", 1) == 1 &&
                     fsync(file) == 0;
    if (file >= 0)
        close(file);
    cli_wipe(random, sizeof random);
    cli_wipe(key, sizeof key);
    return is_written;
}

static int read_new_key(const struct args *args, unsigned char key[HD_KEY_SIZE], int *has_key) {
    const char *path = cli_value(args, OPT_NEW_KEY_FILE);
    *has_key = path != NULL;
    if (!path == !cli_has(args, OPT_NO_KEY))
        return cli_fail(CLI_USAGE, "store rekey: which key? --new-key-file FILE, or --no-key for none");
    if (!path)
        return CLI_OK;
    if (access(path, F_OK) != 0 && !make_key_file(path))
        return cli_fail_file(path, "make");
    return cli_read_key_file(path, key);
}

static int fail_rekey(const struct place *place, int status) {
    if (status != HD_E_STORE_BUSY)
        return cli_fail_place(place, status);
    cli_error("a process has the store in %s open, and would go on with the old key", place->directory);
    cli_error_status(status);
    cli_hint("Stop what uses it ('helmdesk doctor' says which processes), then run this again.");
    return CLI_STORE;
}

int cli_run_store_rekey(const struct args *args) {
    unsigned char key[HD_KEY_SIZE];
    struct place place = {0};
    int has_key = 0, code = read_new_key(args, key, &has_key);
    if (code == CLI_OK)
        code = cli_place_open_store(args, &place);
    if (code == CLI_OK)
        code = cli_confirm(args, has_key ? "Encrypt the secrets in the store with the new key?"
                                         : "Store the secrets unencrypted?");
    if (code == CLI_OK) {
        int status = hd_store_rekey(place.store, has_key ? key : NULL, has_key ? sizeof key : 0);
        code = status == HD_OK ? CLI_OK : fail_rekey(&place, status);
    }
    if (code == CLI_OK && cli_is_json())
        code = cli_json_print(json_pack("{s:b}", "encrypted", has_key));
    else if (code == CLI_OK)
        cli_note(has_key
                     ? "Done. Start what uses the store with the new key, and keep it: without it, secrets are lost."
                     : "Done. Start what uses the store without a key.");
    cli_wipe(key, sizeof key);
    cli_place_close(&place);
    return code;
}
