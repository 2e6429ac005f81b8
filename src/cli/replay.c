#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/post.h"
#include "cli/progress.h"
#include "cli/request.h"
#include "cli/stop.h"
#include "cli/target.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#define SIGNATURE_HEADER "X-Helmdesk-Signature"
#define LOOK_MS 50

struct replay {
    const struct args *args;
    hd_options *options;
    char *url, *masked_url;
    struct secrets secrets; /* to sign with; none for as it was */
    double speed;           /* 0 for no pauses */
    int64_t began_us, first_at_ms;
    char **files;
    size_t count, failed;
    int code; /* of the last one */
};

/* ---- Files ---- */

static int add_file(struct replay *replay, const char *path) {
    char **grown = realloc(replay->files, (replay->count + 1) * sizeof *grown);
    if (!grown)
        return cli_no_memory();
    replay->files = grown;
    grown[replay->count] = strdup(path);
    return grown[replay->count++] ? CLI_OK : cli_no_memory();
}

static int is_saved_request(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".http") == 0;
}

static int add_directory(struct replay *replay, const char *path) {
    struct dirent **entries = NULL;
    int found = scandir(path, &entries, is_saved_request, alphasort), code = CLI_OK;
    if (found < 0)
        return cli_fail_file(path, "read");
    for (int i = 0; i < found; i++) {
        char file[4200];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (code == CLI_OK)
            code = add_file(replay, file);
        free(entries[i]);
    }
    free(entries);
    return code == CLI_OK && found == 0 ? cli_fail(CLI_USAGE, "there is no *.http file in %s", path) : code;
}

static int list_files(struct replay *replay) {
    int code = CLI_OK;
    for (int i = 0; i < replay->args->operand_count && code == CLI_OK; i++) {
        const char *path = replay->args->operands[i];
        struct stat found;
        code = stat(path, &found) == 0 && S_ISDIR(found.st_mode) ? add_directory(replay, path) : add_file(replay, path);
    }
    return code;
}

static int read_request(const char *path, struct request *request) {
    struct bytes whole;
    int code = cli_read_file(path, &whole);
    if (code != CLI_OK)
        return code;
    code = cli_request_parse(&whole, path, request);
    cli_bytes_free(&whole);
    return code;
}

/* All are read once before the first is sent: nothing is half done for one that cannot be. */
static int check_files(const struct replay *replay) {
    int code = CLI_OK;
    for (size_t i = 0; i < replay->count && code == CLI_OK; i++) {
        struct request request = {0};
        code = read_request(replay->files[i], &request);
        cli_request_free(&request);
    }
    return code;
}

/* ---- When ---- */

/* When a saved request came; 0 if it does not say. */
static int64_t received_at_ms(const struct request *request) {
    const char *text = cli_request_header(request, REQUEST_RECEIVED_AT);
    struct tm parts = {0};
    int milliseconds = 0;
    if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                        &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &milliseconds) != 7)
        return 0;
    /* Only differences count: where midnight is, and which zone it is of, does not matter here. */
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return (int64_t)mktime(&parts) * 1000 + milliseconds;
}

/* Keeps the pause before this request, so many times as short. */
static void keep_pace(struct replay *replay, const struct request *request) {
    int64_t at_ms = received_at_ms(request);
    if (replay->speed <= 0 || at_ms == 0)
        return;
    if (!replay->first_at_ms)
        replay->first_at_ms = at_ms;
    int64_t due_us = replay->began_us + (int64_t)((double)(at_ms - replay->first_at_ms) * 1000 / replay->speed);
    while (cli_now_us() < due_us && cli_stops() == 0) {
        int64_t left_us = due_us - cli_now_us();
        int64_t slice_us = left_us < LOOK_MS * 1000 ? left_us : LOOK_MS * 1000;
        struct timespec slice = {.tv_nsec = slice_us > 0 ? (long)slice_us * 1000 : 0};
        nanosleep(&slice, NULL);
    }
}

/* ---- One ---- */

static void drop_header(struct request *request, size_t index) {
    free(request->headers[index].name);
    free(request->headers[index].value);
    request->header_count--;
    memmove(&request->headers[index], &request->headers[index + 1],
            (request->header_count - index) * sizeof *request->headers);
}

/* With a new signature. Those of Standard Webhooks count a time that is gone. */
static int sign_anew(const struct replay *replay, struct request *request) {
    char signature[HD_SIGNATURE_SIZE];
    const struct bytes *secret = &replay->secrets.items[0];
    if (replay->secrets.count == 0)
        return CLI_OK;
    for (size_t i = request->header_count; i > 0; i--)
        if (strcasecmp(request->headers[i - 1].name, SIGNATURE_HEADER) == 0 ||
            strncasecmp(request->headers[i - 1].name, "webhook-", 8) == 0)
            drop_header(request, i - 1);
    int status = hd_sign(request->body.data, request->body.len, secret->data, secret->len, signature, sizeof signature);
    if (status != HD_OK)
        return cli_fail_status(status, "replay");
    return cli_request_add(request, SIGNATURE_HEADER, strlen(SIGNATURE_HEADER), signature, strlen(signature))
               ? CLI_OK
               : cli_no_memory();
}

static int tell_json(const struct replay *replay, const char *file, const struct post_result *result) {
    return cli_json_print(
        json_pack("{s:o, s:s, s:o, s:s, s:{s:i, s:i, s:i, s:i, s:i}, s:o}", "file", cli_json_string(file), "url_masked",
                  replay->masked_url, "status", result->http_status ? json_integer(result->http_status) : json_null(),
                  "reason", hd_reason_name(result->reason), "ms", "dns_ms", (int)result->dns_ms, "connect_ms",
                  (int)result->connect_ms, "tls_ms", (int)result->tls_ms, "first_byte_ms", (int)result->wait_ms,
                  "total_ms", (int)result->total_ms, "body", cli_json_text(result->body.data, result->body.len)));
}

static void tell(const struct replay *replay, const char *file, const struct post_result *result) {
    int is_good = cli_post_code(result) == CLI_OK;
    printf("%s: POST %s %s %s%s%s in %u ms %s(dns %u, connect %u, tls %u, wait %u)%s\n", file, replay->masked_url,
           cli_arrow(), cli_color(stdout, is_good ? COLOR_GOOD : COLOR_BAD), cli_post_text(result), cli_plain(stdout),
           result->total_ms, cli_color(stdout, COLOR_DIM), result->dns_ms, result->connect_ms, result->tls_ms,
           result->wait_ms, cli_plain(stdout));
    fflush(stdout);
    if (!is_good && !cli_is_quiet())
        cli_hint("%s", hd_reason_text(result->reason));
}

static int send_one(struct replay *replay, const char *file) {
    struct request request = {0};
    struct post_result result = {.detail = ""};
    int code = read_request(file, &request);
    if (code == CLI_OK)
        code = sign_anew(replay, &request);
    if (code == CLI_OK) {
        keep_pace(replay, &request);
        int status = cli_post(replay->options, replay->url, &request, &result);
        code = status == HD_OK ? CLI_OK : cli_fail_status(status, "replay");
    }
    if (code == CLI_OK) {
        replay->code = cli_post_code(&result);
        replay->failed += replay->code != CLI_OK;
        if (cli_is_json())
            tell_json(replay, file, &result);
        else
            tell(replay, file, &result);
    }
    cli_post_free(&result);
    cli_request_free(&request);
    return code;
}

static int send_all(struct replay *replay) {
    int code = CLI_OK;
    cli_stop_begin(2);
    replay->began_us = cli_now_us();
    for (size_t i = 0; i < replay->count && code == CLI_OK && cli_stops() == 0; i++)
        code = send_one(replay, replay->files[i]);
    if (code != CLI_OK || cli_stops())
        return code != CLI_OK ? code : cli_stop_code();
    return replay->count == 1 ? replay->code : replay->failed ? CLI_NEGATIVE : CLI_OK;
}

/* ---- The command ---- */

static int read_speed(struct replay *replay) {
    const char *text = cli_value(replay->args, OPT_SPEED);
    char *end;
    if (!text)
        return CLI_OK;
    replay->speed = strtod(text, &end);
    if (end == text || *end || !(replay->speed > 0 && replay->speed <= 1e6))
        return cli_fail(CLI_USAGE, "--speed cannot be '%s': it is a number above 0, such as 10", text);
    return CLI_OK;
}

/* As reports name it: it may be a secret. */
static int mask(struct replay *replay) {
    hd_webhook *webhook = NULL;
    int status = hd_webhook_new(&webhook);
    if (status == HD_OK)
        status = hd_webhook_set_url(webhook, replay->url);
    if (status == HD_OK)
        replay->masked_url = strdup(hd_webhook_masked_url(webhook));
    hd_webhook_free(webhook);
    if (status != HD_OK)
        return cli_fail_status(status, "the URL");
    return replay->masked_url ? CLI_OK : cli_no_memory();
}

static int prepare(struct replay *replay) {
    const char *to = cli_value(replay->args, OPT_TO);
    if (!to) {
        cli_error("replay: where to? --to URL is missing");
        return CLI_USAGE;
    }
    int code = cli_read_url(to, &replay->url);
    if (code == CLI_OK)
        code = mask(replay);
    if (code == CLI_OK)
        code = read_speed(replay);
    if (code == CLI_OK)
        code = cli_options_new(replay->args, &replay->options);
    if (code == CLI_OK)
        code = cli_check_url(replay->options, replay->url);
    if (code == CLI_OK && cli_has(replay->args, OPT_RESIGN))
        code = cli_need_secrets(replay->args, &replay->secrets);
    if (code == CLI_OK)
        code = list_files(replay);
    return code == CLI_OK ? check_files(replay) : code;
}

int cli_run_replay(const struct args *args) {
    struct replay replay = {.args = args};
    int code = prepare(&replay);
    if (code == CLI_OK)
        code = send_all(&replay);
    for (size_t i = 0; i < replay.count; i++)
        free(replay.files[i]);
    free(replay.files);
    free(replay.url);
    free(replay.masked_url);
    hd_options_free(replay.options);
    cli_secrets_free(&replay.secrets);
    return code;
}
