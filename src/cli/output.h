/* What people see: results on stdout, everything else on stderr; colour, and text that cannot harm a terminal. */
#ifndef HD_CLI_OUTPUT_H
#define HD_CLI_OUTPUT_H

#include "cli/args.h"

#include <stdint.h>
#include <stdio.h>

enum color {
    COLOR_GOOD,
    COLOR_BAD,
    COLOR_WARN,
    COLOR_DIM,
    COLOR_BOLD
};

/* Whether errors of the command line itself are to be JSON, before it is read. */
void cli_output_take_json(int argc, char **argv);

/* Reads --color, --json, --quiet, --verbose and the environment (NO_COLOR, TERM, the character set). */
void cli_output_begin(const struct args *args);

/* Flushes stdout. Returns code, or CLI_INTERNAL if what was written did not arrive; a reader that left (EPIPE) is no
 * reason to complain. */
int cli_output_end(int code);

/* Whether stdout still takes what is written: a stream of results ends when its reader has left. */
int cli_output_works(void);

int cli_is_json(void);
int cli_is_quiet(void);
int cli_is_verbose(void);
int cli_is_terminal(FILE *file); /* where people look, and lines can be written over */

/* A mark in the terminal's character set: "->" for "→" where that is not UTF-8. */
const char *cli_arrow(void);
const char *cli_tick(void);
const char *cli_cross(void);
const char *cli_bullet(void);
int cli_is_utf8(void);

/* The sequence that begins a colour on this stream, and the one that ends it; "" where there is none. */
const char *cli_color(FILE *file, enum color color);
const char *cli_plain(FILE *file);

/* Prints untrusted text: control characters, and those that reverse its direction, become visible. The second function
 * keeps line breaks. */
void cli_print_text(FILE *file, const char *text, size_t length);
void cli_print_lines(FILE *file, const char *text, size_t length);

/* "helmdesk: " and a line on stderr; then, on a line of its own, what to do. Not for --quiet: those are errors. With
 * --json each error is an object with "error", a name for programs; "message"; and "hint", which may be null. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Which HD_E_... the last error is: its name for programs. */
void cli_error_status(int status);

/* A remark on stderr, which --quiet leaves out. With --json it is an object with "note". */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of the library's log, or with --json an object with "log", its level, and "message". */
void cli_log(const char *level, const char *line);

/* Writes the last error with --json. An error without a status is named by the exit code. */
void cli_errors_end(int code);

/* The errors that can be everywhere. Each returns the exit code. */
int cli_no_memory(void);
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_fail_status(int status, const char *what);     /* an HD_E_... */
int cli_fail_file(const char *path, const char *what); /* errno */

/* The time of day, or day and time, where this machine is; static memory. */
const char *cli_clock(int64_t ms);
const char *cli_date(int64_t ms);

/* As in JSON: "2025-01-15T10:30:00.000Z"; "" for what is not in the years 1970 to 9999; static memory. */
const char *cli_rfc3339(int64_t ms);

#endif
