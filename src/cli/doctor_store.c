/* doctor on a store: who uses it, what waits in it, whether it is whole, and who may read it. */
#include "cli/condition.h"
#include "cli/doctor.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "helmdesk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define OLD_MS ((int64_t)600 * 1000) /* what waits for longer is worth a look */
#define FREE_FEW ((uint64_t)256 << 20)

/* ---- Files ---- */

static int path_of(const struct place *place, const char *name, char path[4200]) {
    return snprintf(path, 4200, "%s/%s", place->directory, name) < 4200;
}

static int64_t size_of(const struct place *place, const char *name) {
    char path[4200];
    struct stat found;
    return path_of(place, name, path) && stat(path, &found) == 0 ? (int64_t)found.st_size : 0;
}

static void check_mode(struct findings *findings, const char *path) {
    struct stat found;
    if (stat(path, &found) != 0)
        cli_find(findings, BAD, "permissions", "cannot look at %s: %s", path, strerror(errno));
    else if (found.st_mode & 077)
        cli_find(findings, DOUBTFUL, "permissions", "others can use %s: chmod go= %s", path, path);
    else if (geteuid() != 0 && found.st_uid != geteuid())
        cli_find(findings, DOUBTFUL, "permissions", "%s is of user %ld, and this is user %ld", path, (long)found.st_uid,
                 (long)geteuid());
    else
        cli_find(findings, GOOD, "permissions", "%s is its owner's alone", path);
}

static void check_files(struct findings *findings, const struct place *place) {
    char database[4200];
    struct statvfs disk;
    check_mode(findings, place->directory);
    if (path_of(place, "helmdesk.db", database))
        check_mode(findings, database);
    cli_find(findings, GOOD, "size", "database %.1f MiB, not yet moved into it %.1f MiB",
             (double)size_of(place, "helmdesk.db") / 1048576, (double)size_of(place, "helmdesk.db-wal") / 1048576);
    if (statvfs(place->directory, &disk) != 0)
        return;
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    cli_find(findings, free_bytes < FREE_FEW ? DOUBTFUL : GOOD, "disk", "%.1f MiB free%s", (double)free_bytes / 1048576,
             free_bytes < FREE_FEW ? ": make room before the log is shortened for it" : "");
}

/* ---- Who has joined ---- */

static void tell_client(struct findings *findings, const json_t *client, int *delivering) {
    int is_gone = json_is_true(json_object_get(client, "gone")),
        is_here = json_is_true(json_object_get(client, "here"));
    const char *role = json_string_value(json_object_get(client, "role"));
    *delivering += !is_gone && role && strcmp(role, "deliver") == 0;
    cli_find(findings, is_gone ? DOUBTFUL : GOOD, "client", "process %lld%s, %s, %lld of 64 parts%s",
             (long long)json_integer_value(json_object_get(client, "pid")), is_here ? "" : " of another system",
             role ? role : "?", (long long)json_integer_value(json_object_get(client, "shards")),
             is_gone ? "; it is gone, and another one takes over what it had" : "");
}

/* Returns how many deliver. */
static int check_clients(struct findings *findings, const struct place *place) {
    int delivering = 0;
    json_t *list = cli_place_clients(place);
    for (size_t i = 0; i < json_array_size(list); i++)
        tell_client(findings, json_array_get(list, i), &delivering);
    json_decref(list);
    if (delivering == 0)
        cli_find(findings, DOUBTFUL, "client", "nobody delivers: start a server, or 'helmdesk serve'");
    return delivering;
}

/* ---- What waits ---- */

static const char *why_waiting(const hd_webhook *webhook, const struct condition *condition, int delivering) {
    if (hd_webhook_mode(webhook) == HD_MODE_HELD)
        return "it is held: 'helmdesk webhooks on' sends it";
    if (hd_webhook_mode(webhook) == HD_MODE_OFF)
        return "it is off: 'webhooks on' sends it, 'webhooks discard' ends it";
    if (condition->state == HD_WEBHOOK_PAUSED)
        return "it is paused, since its deliveries kept failing: 'helmdesk deliveries list --outcome failed' says why";
    if (condition->state == HD_WEBHOOK_FAILING)
        return "the last attempts failed: 'helmdesk deliveries list --outcome failed,retrying' says why";
    if (condition->state == HD_WEBHOOK_FORBIDDEN)
        return "no server that runs may send to its address";
    if (condition->state == HD_WEBHOOK_THROTTLED)
        return "its receiver asked for patience (429 or 503)";
    return delivering ? "'helmdesk deliveries list' says how the last attempts went" : "nobody delivers";
}

static int check_webhook(struct findings *findings, const struct place *place, const hd_webhook *webhook,
                         int delivering, uint64_t *waiting) {
    struct condition condition;
    int code = cli_condition_read(place, webhook, &condition);
    if (code != CLI_OK)
        return code;
    *waiting += condition.waiting;
    if (condition.waiting > 0 && (!delivering || cli_wall_ms() - condition.since_ms > OLD_MS ||
                                  condition.state != HD_WEBHOOK_ACTIVE || hd_webhook_mode(webhook) != HD_MODE_ON))
        cli_find(findings, DOUBTFUL, "waiting", "%" PRIu64 " for %s (%s), the oldest since %s: %s", condition.waiting,
                 hd_webhook_name(webhook), hd_webhook_id(webhook), cli_date(condition.since_ms),
                 why_waiting(webhook, &condition, delivering));
    if (condition.state == HD_WEBHOOK_FAILING || condition.state == HD_WEBHOOK_PAUSED)
        cli_find(findings, DOUBTFUL, "failing",
                 "%s (%s): %" PRIu32 " attempts failed in a row since %s, the last one: %s", hd_webhook_name(webhook),
                 hd_webhook_id(webhook), condition.failures, cli_date(condition.failing_since_ms),
                 hd_reason_name(condition.reason));
    return CLI_OK;
}

static int check_waiting(struct findings *findings, const struct place *place, int delivering) {
    hd_webhook_list *list = NULL;
    uint64_t waiting = 0;
    int status = hd_client_list_webhooks(place->client, NULL, &list);
    int code = status == HD_OK ? CLI_OK : cli_fail_place(place, status);
    size_t count = hd_webhook_list_count(list);
    for (size_t i = 0; i < count && code == CLI_OK; i++)
        code = check_webhook(findings, place, hd_webhook_list_at(list, i), delivering, &waiting);
    hd_webhook_list_free(list);
    if (code == CLI_OK)
        cli_find(findings, GOOD, "waiting", "%" PRIu64 " deliveries for %zu webhooks", waiting, count);
    return code;
}

/* ---- All of it ---- */

static int check_damage(struct findings *findings, const struct place *place) {
    char words[512] = "";
    int status = cli_place_check(place);
    if (status == HD_OK) {
        cli_find(findings, GOOD, "database", "no page, row or index of it is damaged");
        return CLI_OK;
    }
    (void)hd_store_error(place->store, words, sizeof words);
    cli_find(findings, BAD, "database", "%s: %s", hd_status_name(status), words);
    if (status == HD_E_STORE_DAMAGED)
        cli_find(findings, BAD, "database",
                 "stop what uses it, keep a copy, and restore a backup (store backup), or save "
                 "what can be read with sqlite3 helmdesk.db .recover");
    return CLI_STORE;
}

void cli_doctor_store(struct findings *findings, const struct args *args) {
    struct place place;
    int code = cli_place_open_store(args, &place);
    if (code == CLI_OK)
        code = check_damage(findings, &place);
    if (code == CLI_OK) {
        int delivering;
        check_files(findings, &place);
        delivering = check_clients(findings, &place);
        code = cli_place_add_client(args, ACCESS_READ, &place);
        if (code == CLI_OK)
            code = check_waiting(findings, &place, delivering);
    } else {
        cli_find(findings, BAD, "store", "it cannot be used; what was said above is why");
    }
    cli_worsen(findings, code);
    cli_place_close(&place);
}
