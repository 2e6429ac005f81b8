#include "cli/output.h"

#include "cli/text.h"
#include "helmdesk.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct output {
    int is_json, is_quiet, is_verbose, is_utf8, color_out, color_err;
};

static struct output output;

/* ---- Settings ---- */

static volatile sig_atomic_t reader_has_left;

/* Of a pipe; the write that did not arrive fails as well. */
static void note_reader(int number) {
    (void)number;
    reader_has_left = 1;
}

/* no-color.org; a terminal that is "dumb" has none. */
static int wants_color(const struct args *args, FILE *file) {
    const char *when = cli_value(args, OPT_COLOR), *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (when && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(fileno(file)) && !(no_color && *no_color) && !(terminal && strcmp(terminal, "dumb") == 0);
}

void cli_output_take_json(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        output.is_json |= strcmp(argv[i], "--json") == 0;
}

void cli_output_begin(const struct args *args) {
    struct sigaction on_pipe = {.sa_handler = note_reader, .sa_flags = SA_RESTART};
    sigemptyset(&on_pipe.sa_mask);
    sigaction(SIGPIPE, &on_pipe, NULL);
    setlocale(LC_CTYPE, "");
    output.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    output.is_json |= cli_has(args, OPT_JSON);
    output.is_quiet = cli_has(args, OPT_QUIET);
    output.is_verbose = cli_has(args, OPT_VERBOSE);
    output.color_out = wants_color(args, stdout);
    output.color_err = wants_color(args, stderr);
}

int cli_output_end(int code) {
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && !reader_has_left) {
        cli_error("what was to be written did not arrive%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
        code = CLI_INTERNAL;
    }
    cli_errors_end(code);
    return code;
}

/* Asks the pipe itself, since nothing may be written for long. */
static int has_reader(void) {
    struct pollfd pipe = {.fd = STDOUT_FILENO};
    return poll(&pipe, 1, 0) <= 0 || !(pipe.revents & (POLLERR | POLLHUP));
}

int cli_output_works(void) {
    return fflush(stdout) == 0 && !ferror(stdout) && has_reader();
}

int cli_is_json(void) {
    return output.is_json;
}

int cli_is_quiet(void) {
    return output.is_quiet;
}

int cli_is_verbose(void) {
    return output.is_verbose;
}

int cli_is_utf8(void) {
    return output.is_utf8;
}

int cli_is_terminal(FILE *file) {
    const char *terminal = getenv("TERM");
    return isatty(fileno(file)) && !(terminal && strcmp(terminal, "dumb") == 0);
}

/* ---- Marks and colours ---- */

const char *cli_arrow(void) {
    return output.is_utf8 ? "\xe2\x86\x92" : "->";
}

const char *cli_tick(void) {
    return output.is_utf8 ? "\xe2\x9c\x93" : "ok";
}

const char *cli_cross(void) {
    return output.is_utf8 ? "\xe2\x9c\x95" : "X";
}

const char *cli_bullet(void) {
    return output.is_utf8 ? "\xe2\x80\xa2" : "*";
}

static int is_colored(const FILE *file) {
    return file == stdout ? output.color_out : output.color_err;
}

const char *cli_color(FILE *file, enum color color) {
    static const char *const sequences[] = {
        [COLOR_GOOD] = "\033[32m", [COLOR_BAD] = "\033[31m", [COLOR_WARN] = "\033[33m",
        [COLOR_DIM] = "\033[2m",   [COLOR_BOLD] = "\033[1m",
    };
    return is_colored(file) ? sequences[color] : "";
}

const char *cli_plain(FILE *file) {
    return is_colored(file) ? "\033[0m" : "";
}

/* ---- Untrusted text ---- */

/* C0, DEL and C1 control a terminal; the rest reverse text (Unicode bidirectional controls) or break lines. */
static int is_harmful(unsigned long point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xfffd || point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0x61c ||
           point == 0xfeff;
}

static void print_harmless(FILE *file, const char *text, size_t length, int keeps_lines) {
    const char *at = text, *end = at + length;
    while (at < end) {
        unsigned long point = 0xfffd; /* of a byte that is no character */
        size_t size = cli_character(at, (size_t)(end - at), &point);
        if (point == '\r' && at + 1 < end && at[1] == '\n')
            ; /* the LF that follows ends the line */
        else if (keeps_lines && (point == '\n' || point == '\t'))
            fputc((int)point, file);
        else if (point == '\n' || point == '\t')
            fputc(' ', file);
        else if (point == 0xfffd)
            fputs(output.is_utf8 ? "\xef\xbf\xbd" : "?", file);
        else if (is_harmful(point))
            fprintf(file, "\\u%04lx", point);
        else if (point >= 0x80 && !output.is_utf8)
            fputc('?', file);
        else
            fwrite(at, 1, size, file);
        at += size ? size : 1;
    }
}

void cli_print_text(FILE *file, const char *text, size_t length) {
    print_harmless(file, text, length, 0);
}

void cli_print_lines(FILE *file, const char *text, size_t length) {
    print_harmless(file, text, length, 1);
}

/* ---- Times ---- */

const char *cli_date(int64_t ms) {
    static char text[64];
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    if (!localtime_r(&seconds, &parts) || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return "?";
    return text;
}

const char *cli_clock(int64_t ms) {
    const char *date = cli_date(ms), *time_of_day = strchr(date, ' ');
    return time_of_day ? time_of_day + 1 : date;
}

const char *cli_rfc3339(int64_t ms) {
    static char text[HD_TIME_SIZE];
    return hd_time_format(ms, text, sizeof text) == HD_OK ? text : "";
}
