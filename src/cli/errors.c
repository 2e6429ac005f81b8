/* What is written to stderr: errors with what to do, and remarks. With --json each is an object on a line of its own.
 */
#include "cli/json.h"
#include "cli/output.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* With --json: the last error, which is written when its hints are known. */
struct pending {
    char *name, *message, *hint;
};

static struct pending pending;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void write_json(json_t *object) {
    char *line = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    fflush(stdout);
    if (line)
        fprintf(stderr, "%s\n", line);
    free(line);
}

/* With the lock. */
static void flush_pending(const char *name) {
    if (!pending.message)
        return;
    write_json(json_pack("{s:o, s:o, s:o}", "error", cli_json_string(pending.name ? pending.name : name), "message",
                         cli_json_string(pending.message), "hint", cli_json_string(pending.hint)));
    free(pending.name);
    free(pending.message);
    free(pending.hint);
    pending.name = pending.message = pending.hint = NULL;
}

/* With the lock. An error has one hint: several are joined. */
static void add_hint(const char *text) {
    size_t length = pending.hint ? strlen(pending.hint) : 0;
    char *grown = realloc(pending.hint, length + strlen(text) + 2);
    if (!grown)
        return;
    if (length > 0)
        grown[length++] = ' ';
    strcpy(grown + length, text);
    pending.hint = grown;
}

enum kind {
    ERROR,
    HINT,
    NOTE
};

static void say_json(enum kind kind, const char *text) {
    pthread_mutex_lock(&lock);
    if (kind == HINT && pending.message) {
        add_hint(text);
    } else {
        flush_pending("error");
        if (kind == ERROR)
            pending.message = strdup(text);
        else
            write_json(json_pack("{s:o}", "note", cli_json_string(text)));
    }
    pthread_mutex_unlock(&lock);
}

static void say_text(enum kind kind, const char *text) {
    const char *color = kind == ERROR ? cli_color(stderr, COLOR_BAD) : "";
    fflush(stdout);
    fprintf(stderr, "%s%s%s", color,
            kind == ERROR  ? "helmdesk: "
            : kind == HINT ? "  "
                           : "",
            *color ? cli_plain(stderr) : "");
    cli_print_lines(stderr, text, strlen(text));
    fputc('\n', stderr);
}

__attribute__((format(printf, 2, 0))) static void say(enum kind kind, const char *format, va_list values) {
    char text[2048];
    vsnprintf(text, sizeof text, format, values);
    if (cli_is_json())
        say_json(kind, text);
    else
        say_text(kind, text);
}

void cli_errors_end(int code) {
    const char *name = code == CLI_USAGE       ? "usage"
                       : code == CLI_UNREACHED ? "unreached"
                       : code == CLI_BLOCKED   ? "blocked"
                       : code == CLI_STORE     ? "store"
                       : code == CLI_NOT_BUILT ? "not_built"
                       : code == CLI_INTERNAL  ? "internal"
                                               : "negative";
    pthread_mutex_lock(&lock);
    flush_pending(name);
    pthread_mutex_unlock(&lock);
}

/* ---- What is said ---- */

void cli_error(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(ERROR, format, values);
    va_end(values);
}

void cli_error_status(int status) {
    pthread_mutex_lock(&lock);
    if (pending.message && !pending.name)
        pending.name = strdup(hd_status_name(status));
    pthread_mutex_unlock(&lock);
}

void cli_hint(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(HINT, format, values);
    va_end(values);
}

void cli_note(const char *format, ...) {
    va_list values;
    if (cli_is_quiet())
        return;
    va_start(values, format);
    say(NOTE, format, values);
    va_end(values);
}

void cli_log(const char *level, const char *line) {
    pthread_mutex_lock(&lock);
    if (cli_is_json())
        write_json(json_pack("{s:s, s:o}", "log", level, "message", cli_json_string(line)));
    else
        fprintf(stderr, "%s: %s\n", level, line);
    pthread_mutex_unlock(&lock);
}

/* ---- Errors that can be everywhere ---- */

int cli_no_memory(void) {
    cli_error("there is not enough memory");
    cli_error_status(HD_E_NO_MEMORY);
    return CLI_INTERNAL;
}

int cli_fail(int code, const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(ERROR, format, values);
    va_end(values);
    return code;
}

static int code_of(int status) {
    switch (status) {
    case HD_E_NO_MEMORY:
    case HD_E_THREAD:
    case HD_E_CRYPTO:
    case HD_E_RANDOM:
    case HD_E_TRANSPORT:
        return CLI_INTERNAL;
    case HD_E_STORE:
    case HD_E_STORE_FULL:
    case HD_E_STORE_BUSY:
    case HD_E_STORE_VERSION:
    case HD_E_STORE_KEY:
    case HD_E_STORE_LOST:
    case HD_E_STORE_ACCESS:
    case HD_E_STORE_MISSING:
    case HD_E_STORE_DAMAGED:
    case HD_E_CONFLICT:
        return CLI_STORE;
    case HD_E_NOT_FOUND:
    case HD_E_NO_DELIVERY:
        return CLI_NEGATIVE;
    default:
        return CLI_USAGE;
    }
}

int cli_fail_status(int status, const char *what) {
    cli_error("%s: %s", what, hd_strerror(status));
    cli_error_status(status);
    return code_of(status);
}

int cli_fail_file(const char *path, const char *what) {
    cli_error("cannot %s %s: %s", what, path, strerror(errno));
    return CLI_USAGE;
}
