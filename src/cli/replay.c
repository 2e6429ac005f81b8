#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/post.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/request.h"
#include "cli/stop.h"
#include "cli/target.h"
#include "cli/text.h"
#include "helmdesk.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SIGNATURE_HEADER "X-Helmdesk-Signature"

struct replay {
    const struct args *args;
    hd_options *options;
    char *url, *shown_url;
    struct secrets secrets; /* the first one signs; none for signatures as they were */
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

static int by_name(const struct dirent **one, const struct dirent **other) {
    return strcmp((*one)->d_name, (*other)->d_name); /* in any locale */
}

static int add_directory(struct replay *replay, const char *path) {
    struct dirent **entries = NULL;
    int found = scandir(path, &entries, is_saved_request, by_name), code = CLI_OK;
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
        const char *path = cli_operand(replay->args, i);
        struct stat found;
        code = stat(path, &found) == 0 && S_ISDIR(found.st_mode) ? add_directory(replay, path) : add_file(replay, path);
    }
    return code;
}

/* Takes a file off the list if it holds no delivery, as of a browser that looked at the address. */
static int check_file(struct replay *replay, size_t *index) {
    struct request request = {0};
    char *path = replay->files[*index];
    int code = cli_request_read(path, &request);
    if (code == CLI_OK && strcmp(request.method, "POST") != 0) {
        cli_note("%s is left out: it is a %s, and no POST.", path, request.method);
        memmove(&replay->files[*index], &replay->files[*index + 1], (--replay->count - *index) * sizeof path);
        free(path);
    } else {
        ++*index;
    }
    cli_request_free(&request);
    return code;
}

/* All are read before the first is sent: nothing is half done because of one that cannot be. */
static int check_files(struct replay *replay) {
    int code = CLI_OK;
    for (size_t i = 0; i < replay->count && code == CLI_OK;)
        code = check_file(replay, &i);
    return code == CLI_OK && replay->count == 0 ? cli_fail(CLI_USAGE, "there is nothing to send") : code;
}

/* ---- When ---- */

/* When a saved request came; 0 if it does not say. */
static int64_t received_at_ms(const struct request *request) {
    const char *text = cli_request_header(request, REQUEST_RECEIVED_AT);
    int64_t ms;
    return text && hd_time_parse(text, strlen(text), &ms) == HD_OK ? ms : 0;
}

/* Keeps the pause since the first request, so many times as short. */
static void keep_pace(struct replay *replay, const struct request *request) {
    int64_t at_ms = received_at_ms(request);
    if (replay->speed <= 0 || at_ms == 0)
        return;
    if (!replay->first_at_ms)
        replay->first_at_ms = at_ms;
    cli_stop_wait(replay->began_us + (int64_t)((double)(at_ms - replay->first_at_ms) * 1000 / replay->speed));
}

/* ---- Signing ---- */

static void drop_header(struct request *request, size_t index) {
    free(request->headers[index].name);
    free(request->headers[index].value);
    request->header_count--;
    memmove(&request->headers[index], &request->headers[index + 1],
            (request->header_count - index) * sizeof *request->headers);
}

/* Those of Standard Webhooks go too: they sign a time that is over. */
static void drop_signatures(struct request *request) {
    for (size_t i = request->header_count; i > 0; i--)
        if (cli_equal_nocase(request->headers[i - 1].name, SIGNATURE_HEADER) ||
            cli_starts_nocase(request->headers[i - 1].name, "webhook-"))
            drop_header(request, i - 1);
}

static int sign_anew(const struct replay *replay, struct request *request) {
    char signature[HD_SIGNATURE_SIZE];
    const struct bytes *secret = &replay->secrets.items[0];
    if (replay->secrets.count == 0)
        return CLI_OK;
    drop_signatures(request);
    int status = hd_sign(request->body.data, request->body.len, secret->data, secret->len, signature, sizeof signature);
    if (status != HD_OK)
        return cli_fail_status(status, "replay");
    return cli_request_add(request, SIGNATURE_HEADER, strlen(SIGNATURE_HEADER), signature, strlen(signature))
               ? CLI_OK
               : cli_no_memory();
}

/* ---- Results ---- */

static json_t *times_json(const struct post_result *result) {
    const hd_report *report = result->report;
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "dns_ms", (json_int_t)hd_report_dns_ms(report), "connect_ms",
                     (json_int_t)hd_report_connect_ms(report), "tls_ms", (json_int_t)hd_report_tls_ms(report),
                     "first_byte_ms", (json_int_t)hd_report_wait_ms(report), "total_ms",
                     (json_int_t)hd_report_total_ms(report));
}

static void tell_json(const struct replay *replay, const char *file, const struct post_result *result) {
    json_t *object = json_object();
    int http_status = hd_report_http_status(result->report);
    size_t length;
    const char *body = hd_report_response_body(result->report, &length);
    json_object_set_new(object, "file", cli_json_string(file));
    json_object_set_new(object, "url_masked", cli_json_string(replay->shown_url));
    json_object_set_new(object, "outcome", json_string(cli_post_code(result) == CLI_OK ? "delivered" : "failed"));
    json_object_set_new(object, "reason", json_string(hd_reason_name(result->reason)));
    json_object_set_new(object, "explanation", json_string(cli_post_explanation(result)));
    json_object_set_new(object, "status", http_status ? json_integer(http_status) : json_null());
    json_object_set_new(object, "ms", times_json(result));
    json_object_set_new(object, "body", cli_json_text(body, length));
    (void)cli_json_print(object);
}

/* What the receiver said, when it said no. */
static void tell_answer(const struct post_result *result, int is_good) {
    size_t length;
    const char *body = hd_report_response_body(result->report, &length);
    if (length == 0 || (is_good && !cli_is_verbose()) || cli_is_quiet())
        return;
    fputs("  The answer: ", stderr);
    cli_print_text(stderr, body, length < 200 ? length : 200);
    fputs(length > 200 ? "...\n" : "\n", stderr);
}

static void tell_line(const struct replay *replay, const struct post_result *result, int is_good) {
    const hd_report *report = result->report;
    printf("POST %s %s %s%s%s in %u ms %s(dns %u, connect %u, tls %u, wait %u)%s\n", replay->shown_url, cli_arrow(),
           cli_color(stdout, is_good ? COLOR_GOOD : COLOR_BAD), cli_post_text(result), cli_plain(stdout),
           hd_report_total_ms(report), cli_color(stdout, COLOR_DIM), hd_report_dns_ms(report),
           hd_report_connect_ms(report), hd_report_tls_ms(report), hd_report_wait_ms(report), cli_plain(stdout));
    fflush(stdout);
}

static void hint(const struct replay *replay, const struct post_result *result) {
    cli_report_hint(result->reason, cli_post_explanation(result), hd_report_detail(result->report));
    if (result->reason == HD_REASON_REFUSED && cli_is_local(replay->url))
        cli_hint("Is the receiver running? Try: helmdesk listen --port %u", cli_port_of(replay->url));
    if (result->reason == HD_REASON_BLOCKED && !cli_has(replay->args, OPT_ALLOW_PRIVATE))
        cli_hint_blocked(cli_has(replay->args, OPT_ALLOW_PRIVATE));
}

static void tell(const struct replay *replay, const char *file, const struct post_result *result) {
    int is_good = cli_post_code(result) == CLI_OK;
    if (cli_is_json()) {
        tell_json(replay, file, result);
        return;
    }
    tell_line(replay, result, is_good);
    if (replay->count > 1 && (cli_is_verbose() || !is_good))
        cli_note("  It was %s.", file);
    if (result->left_out)
        cli_note("  It was sent without its last %zu headers: there are too many.", result->left_out);
    if (!is_good && !cli_is_quiet())
        hint(replay, result);
    tell_answer(result, is_good);
}

/* ---- Sending ---- */

static int post(struct replay *replay, const char *file, const struct request *request) {
    struct post_result result;
    int status = cli_post(replay->options, replay->url, request, &result);
    if (status == HD_OK) {
        replay->code = cli_post_code(&result);
        replay->failed += replay->code != CLI_OK;
        tell(replay, file, &result);
    }
    cli_post_free(&result);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "replay");
}

static int send_one(struct replay *replay, const char *file) {
    struct request request = {0};
    int code = cli_request_read(file, &request);
    if (code == CLI_OK)
        code = sign_anew(replay, &request);
    if (code == CLI_OK) {
        keep_pace(replay, &request);
        if (cli_stops() == 0)
            code = post(replay, file, &request);
    }
    cli_request_free(&request);
    return code;
}

static int send_all(struct replay *replay) {
    int code = CLI_OK;
    cli_stop_begin(2);
    replay->began_us = cli_now_us();
    for (size_t i = 0; i < replay->count && code == CLI_OK && cli_stops() == 0 && cli_output_works(); i++)
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
    if (end == text || *end || !(replay->speed >= 1e-6 && replay->speed <= 1e6)) {
        cli_error("--speed cannot be '%s'", text);
        cli_hint("It is a number above 0: 1 keeps the pauses, 10 makes them ten times as short.");
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int read_target(struct replay *replay) {
    const char *to = cli_value(replay->args, OPT_TO);
    if (!to) {
        cli_error("replay does not know where to send them: --to URL is missing");
        cli_hint("Such as: helmdesk replay requests --to http://127.0.0.1:3000/webhooks --allow-private");
        return CLI_USAGE;
    }
    int code = cli_read_url(to, &replay->url);
    if (code == CLI_OK)
        code = cli_options_new(replay->args, &replay->options);
    if (code == CLI_OK)
        code = cli_check_url(replay->args, replay->options, replay->url);
    return code == CLI_OK ? cli_shown_url(replay->url, &replay->shown_url) : code;
}

/* What goes to this machine is signed with what listen expects there. */
static int find_secret(struct replay *replay) {
    char path[4096];
    int code = cli_read_secrets(replay->args, &replay->secrets);
    if (code == CLI_OK && replay->secrets.count == 0 && cli_is_local(replay->url))
        code = cli_development_secret(0, &replay->secrets, path, sizeof path);
    if (code == CLI_OK && replay->secrets.count == 0)
        code = cli_ask_secret(replay->args, &replay->secrets);
    return code == CLI_OK && replay->secrets.count > 1
               ? cli_fail(CLI_USAGE, "one secret signs; there are %zu", replay->secrets.count)
               : code;
}

static int read_secret(struct replay *replay) {
    if (cli_has(replay->args, OPT_RESIGN))
        return find_secret(replay);
    return cli_has(replay->args, OPT_SECRET_FILE)
               ? cli_fail(CLI_USAGE, "--secret-file is for --resign: without that, signatures stay as they were")
               : CLI_OK;
}

static int prepare(struct replay *replay) {
    int code = read_target(replay);
    if (code == CLI_OK)
        code = read_speed(replay);
    if (code == CLI_OK)
        code = read_secret(replay);
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
    free(replay.shown_url);
    hd_options_free(replay.options);
    cli_secrets_free(&replay.secrets);
    return code;
}
