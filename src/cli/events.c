#include "cli/events.h"

#include "cli/fields.h"
#include "cli/output.h"

#include <string.h>

#define COUNT_MAX 10000000

/* Goes on to a line that is not blank, and tells its length; 0 at the end. */
static size_t find_line(const struct events *events, const char **line) {
    const char *end = events->file.data + events->file.len;
    while (*line < end && strchr(" \t\r\n", **line))
        (*line)++;
    return (size_t)((const char *)memchr(*line, '\n', (size_t)(end - *line)) ? strchr(*line, '\n') - *line
                                                                             : end - *line);
}

/* Its line in the file, from 1. */
static size_t line_number(const struct events *events, const char *line) {
    size_t number = 1;
    for (const char *at = events->file.data; at < line; at++)
        number += *at == '\n';
    return number;
}

static int read_line(const struct args *args, const struct events *events, const char *line, size_t length,
                     hd_event **event) {
    hd_event *base;
    int status = hd_event_parse(line, length, &base);
    if (status != HD_OK) {
        cli_error("line %zu of %s: %s", line_number(events, line), cli_value(args, OPT_BATCH), hd_strerror(status));
        cli_hint("Each line is a body, as 'helmdesk payload EVENT' writes it. Nothing was sent.");
        return CLI_USAGE;
    }
    int code = cli_event_change(args, base, 0, event);
    hd_event_free(base);
    return code;
}

static int check_file(const struct args *args, struct events *events) {
    size_t length;
    int code = CLI_OK;
    for (const char *line = events->line; code == CLI_OK && (length = find_line(events, &line)) > 0; line += length) {
        hd_event *event = NULL;
        code = read_line(args, events, line, length, &event);
        hd_event_free(event);
        events->total++;
    }
    if (code == CLI_OK && events->total == 0)
        code = cli_fail(CLI_USAGE, "there is no event in %s", cli_value(args, OPT_BATCH));
    return code;
}

static int begin_file(const struct args *args, const char *path, struct events *events) {
    int code = cli_read_file(path, &events->file);
    if (code != CLI_OK)
        return code;
    if (memchr(events->file.data, '\0', events->file.len))
        return cli_fail(CLI_USAGE, "%s is not text", path);
    events->line = events->file.data;
    return check_file(args, events);
}

static int begin_count(const struct args *args, const char *name, struct events *events) {
    int64_t count = 1;
    int code = cli_number(args, OPT_COUNT_SENT, 1, COUNT_MAX, &count);
    if (code == CLI_OK)
        code = cli_event_new(args, name, &events->base);
    events->total = (size_t)count;
    return code;
}

int cli_events_begin(const struct args *args, const char *name, struct events *events) {
    const char *path = cli_value(args, OPT_BATCH);
    *events = (struct events){0};
    if (path && (name || cli_has(args, OPT_DATA) || cli_has(args, OPT_COUNT_SENT)))
        return cli_fail(CLI_USAGE, "--batch names all events: no EVENT, --data or --count beside it");
    return path ? begin_file(args, path, events) : begin_count(args, name, events);
}

int cli_events_next(const struct args *args, struct events *events, hd_event **event) {
    if (events->base)
        return cli_event_change(args, events->base, (int64_t)events->next++, event);
    size_t length = find_line(events, &events->line);
    int code = read_line(args, events, events->line, length, event);
    events->line += length;
    return code;
}

void cli_events_end(struct events *events) {
    hd_event_free(events->base);
    cli_bytes_free(&events->file);
}
