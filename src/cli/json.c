#include "cli/json.h"

#include "cli/output.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

static json_t *repaired(const char *text, size_t length) {
    char *copy = malloc(3 * length + 1);
    json_t *value = copy ? json_stringn(copy, cli_repair(text, length, copy)) : NULL;
    free(copy);
    return value;
}

json_t *cli_json_text(const char *text, size_t length) {
    json_t *value = json_stringn(text ? text : "", text ? length : 0);
    return value || !text ? value : repaired(text, length);
}

json_t *cli_json_string(const char *text) {
    return text ? cli_json_text(text, strlen(text)) : json_null();
}

json_t *cli_json_time(int64_t ms) {
    return ms ? json_string(cli_rfc3339(ms)) : json_null();
}

int cli_json_print(json_t *value) {
    if (!value)
        return cli_no_memory();
    int failed = json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) != 0;
    putchar('\n');
    json_decref(value);
    fflush(stdout);
    return failed && !ferror(stdout) ? cli_no_memory() : CLI_OK;
}

/* ---- What the library writes ---- */

static int write_report(const void *report, int flags, char *buf, size_t size, size_t *length) {
    return hd_report_json(report, flags, buf, size, length);
}

static int write_webhook(const void *webhook, int flags, char *buf, size_t size, size_t *length) {
    return hd_webhook_json(webhook, flags, buf, size, length);
}

static int write_stats(const void *stats, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_log_stats_json(stats, buf, size, length);
}

static int write_change(const void *change, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_change_json(change, buf, size, length);
}

static int write_job(const void *job, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_job_json(job, buf, size, length);
}

/* The members of both objects, in one. */
static int print_both(char *text, size_t length, const char *more) {
    if (more) {
        text[length - 1] = ',';
        fputs(text, stdout);
        puts(more + 1);
    } else {
        puts(text);
    }
    fflush(stdout);
    return CLI_OK;
}

static int print_object(int (*write)(const void *, int, char *, size_t, size_t *), const void *object, int flags,
                        const char *more) {
    size_t length = 0;
    char *text = write(object, flags, NULL, 0, &length) == HD_E_BUFFER ? malloc(length + 1) : NULL;
    int is_written = text && write(object, flags, text, length + 1, NULL) == HD_OK;
    int code = is_written ? print_both(text, length, more) : cli_no_memory();
    free(text);
    return code;
}

static int print_with(int (*write)(const void *, int, char *, size_t, size_t *), const void *object, int flags,
                      json_t *more) {
    char *members = json_dumps(more, JSON_COMPACT);
    int code = members ? print_object(write, object, flags, members) : cli_no_memory();
    free(members);
    json_decref(more);
    return code;
}

int cli_json_print_report(const hd_report *report, int flags) {
    return print_object(write_report, report, flags, NULL);
}

int cli_json_print_webhook(const hd_webhook *webhook, int flags, json_t *more) {
    return print_with(write_webhook, webhook, flags, more);
}

int cli_json_print_stats(const hd_log_stats *stats, json_t *more) {
    return print_with(write_stats, stats, 0, more);
}

int cli_json_print_job(const hd_job *job) {
    return print_object(write_job, job, 0, NULL);
}

int cli_json_print_change(const hd_change *change) {
    return print_object(write_change, change, 0, NULL);
}
