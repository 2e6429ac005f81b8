#include "cli/input.h"

#include "cli/output.h"
#include "cli/text.h"
#include "helmdesk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024 * 1024)
#define SECRET_MAX ((size_t)1024)

/* ---- Files ---- */

static int read_all(int file, const char *name, struct bytes *bytes) {
    size_t size = 0;
    for (;;) {
        if (size - bytes->len < 2) {
            size = size ? size * 2 : 4096;
            char *grown = size <= FILE_MAX ? realloc(bytes->data, size) : NULL;
            if (!grown)
                return size > FILE_MAX ? cli_fail(CLI_USAGE, "%s is larger than 64 MiB", name) : cli_no_memory();
            bytes->data = grown;
        }
        ssize_t got = read(file, bytes->data + bytes->len, size - bytes->len - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cli_fail_file(name, "read");
        bytes->len += (size_t)got;
        bytes->data[bytes->len] = '\0';
        if (got == 0)
            return CLI_OK;
    }
}

/* It can be only one of what a command reads: the second would find it empty, and an empty body has a signature too. */
static int take_stdin(void) {
    static int is_taken;
    if (!is_taken++)
        return CLI_OK;
    cli_error("standard input cannot be read twice");
    cli_hint("Name a file for all but one of what comes from there.");
    return CLI_USAGE;
}

int cli_read_file(const char *path, struct bytes *bytes) {
    int is_stdin = !path || strcmp(path, "-") == 0;
    *bytes = (struct bytes){0};
    if (is_stdin && take_stdin() != CLI_OK)
        return CLI_USAGE;
    if (is_stdin && isatty(STDIN_FILENO))
        cli_note("Reading from the terminal; Ctrl-D ends it.");
    int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return cli_fail_file(path, "open");
    int code = read_all(file, is_stdin ? "standard input" : path, bytes);
    if (!is_stdin)
        close(file);
    if (code != CLI_OK)
        cli_bytes_free(bytes);
    return code;
}

void cli_wipe(void *data, size_t len) {
    volatile unsigned char *byte = data;
    while (len-- > 0)
        *byte++ = 0;
}

void cli_bytes_free(struct bytes *bytes) {
    if (bytes->data)
        cli_wipe(bytes->data, bytes->len);
    free(bytes->data);
    *bytes = (struct bytes){0};
}

/* ---- Secrets ---- */

void cli_secrets_free(struct secrets *secrets) {
    for (size_t i = 0; i < secrets->count; i++)
        cli_bytes_free(&secrets->items[i]);
    secrets->count = 0;
}

/* Takes the bytes over. */
static int add(struct secrets *secrets, struct bytes *bytes, const char *where) {
    int code = CLI_OK;
    if (bytes->len == 0)
        code = cli_fail(CLI_USAGE, "the secret in %s is empty", where);
    else if (bytes->len > SECRET_MAX)
        code = cli_fail(CLI_USAGE, "the secret in %s is longer than %zu bytes", where, SECRET_MAX);
    else if (secrets->count == SECRETS_MAX)
        code = cli_fail(CLI_USAGE, "there are more than %d secrets", SECRETS_MAX);
    if (code == CLI_OK)
        secrets->items[secrets->count++] = *bytes;
    else
        cli_bytes_free(bytes);
    return code;
}

/* A file ends with a line break that the secret does not have. */
static void drop_line_break(struct bytes *bytes) {
    if (bytes->len > 0 && bytes->data[bytes->len - 1] == '\n')
        bytes->data[--bytes->len] = '\0';
    if (bytes->len > 0 && bytes->data[bytes->len - 1] == '\r')
        bytes->data[--bytes->len] = '\0';
}

static int add_file(struct secrets *secrets, const char *path) {
    struct bytes bytes;
    int code = cli_read_file(path, &bytes);
    if (code != CLI_OK)
        return code;
    drop_line_break(&bytes);
    return add(secrets, &bytes, path);
}

static int add_text(struct secrets *secrets, const char *text, const char *where) {
    struct bytes bytes = {strdup(text), strlen(text)};
    return bytes.data ? add(secrets, &bytes, where) : cli_no_memory();
}

int cli_read_secrets(const struct args *args, struct secrets *secrets) {
    const char *path, *variable = getenv("HELMDESK_SECRET");
    size_t index = 0;
    int code = CLI_OK;
    secrets->count = 0;
    while (code == CLI_OK && (path = cli_next_value(args, OPT_SECRET_FILE, &index)))
        code = add_file(secrets, path);
    if (code == CLI_OK && secrets->count == 0 && variable && *variable)
        code = add_text(secrets, variable, "HELMDESK_SECRET");
    if (code != CLI_OK)
        cli_secrets_free(secrets);
    return code;
}

/* ---- Questions ---- */

static int open_terminal(const struct args *args) {
    return cli_has(args, OPT_NO_INPUT) ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC);
}

/* Waits for a byte, with these signals let through: one that came before is not missed. Returns what read() returns. */
static ssize_t read_byte(int terminal, const sigset_t *mask, char *byte) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(terminal, &set);
    return pselect(terminal + 1, &set, NULL, NULL, NULL, mask) == 1 ? read(terminal, byte, 1) : -1;
}

/* Reads a line. Returns its length, -1 if there is none. */
static ssize_t read_line(int terminal, const sigset_t *mask, char *line, size_t size) {
    size_t length = 0;
    ssize_t got;
    char byte = '\0';
    while ((got = read_byte(terminal, mask, &byte)) == 1 && byte != '\n')
        if (length + 1 < size)
            line[length++] = byte;
    line[length] = '\0';
    return got == 1 || length > 0 ? (ssize_t)length : -1;
}

static int write_text(int terminal, const char *text) {
    return write(terminal, text, strlen(text)) == (ssize_t)strlen(text);
}

/* What a signal interrupts is put in order before it has its effect. */
static const int interrupting[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define INTERRUPTING (sizeof interrupting / sizeof *interrupting)

static volatile sig_atomic_t interrupted_by;

static void note_signal(int number) {
    interrupted_by = number;
}

struct signals {
    struct sigaction actions[INTERRUPTING];
    sigset_t mask;
};

/* They are noted from now on, and come only where they are waited for. */
static void catch_signals(struct signals *before) {
    struct sigaction action = {.sa_handler = note_signal};
    sigset_t caught;
    sigemptyset(&action.sa_mask);
    sigemptyset(&caught);
    interrupted_by = 0;
    for (size_t i = 0; i < INTERRUPTING; i++) {
        (void)sigaddset(&caught, interrupting[i]);
        (void)sigaction(interrupting[i], &action, &before->actions[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &caught, &before->mask);
}

static void release_signals(const struct signals *before) {
    for (size_t i = 0; i < INTERRUPTING; i++)
        (void)sigaction(interrupting[i], &before->actions[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
    if (interrupted_by)
        (void)raise(interrupted_by);
}

/* The echo is turned off before the question is shown, so that an answer typed at once is neither shown nor lost. */
static ssize_t ask_once(int terminal, const char *question, const sigset_t *mask, char *answer, size_t size) {
    struct termios shown, hidden;
    ssize_t length = -1;
    if (tcgetattr(terminal, &shown) != 0)
        return -1;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(terminal, TCSAFLUSH, &hidden) != 0)
        return -1;
    if (write_text(terminal, question))
        length = read_line(terminal, mask, answer, size);
    (void)tcsetattr(terminal, TCSAFLUSH, &shown);
    (void)write_text(terminal, "\n");
    return interrupted_by ? -1 : length;
}

static int ask_hidden(int terminal, const char *question, char *answer, size_t size) {
    struct signals before;
    ssize_t length;
    do { /* again after Ctrl-Z and fg */
        catch_signals(&before);
        length = ask_once(terminal, question, &before.mask, answer, size);
        release_signals(&before);
    } while (interrupted_by == SIGTSTP);
    return length > 0;
}

int cli_ask_secret(const struct args *args, struct secrets *secrets) {
    char answer[SECRET_MAX + 2];
    int terminal = open_terminal(args);
    int code = CLI_USAGE;
    if (terminal >= 0 && ask_hidden(terminal, "Secret: ", answer, sizeof answer))
        code = add_text(secrets, answer, "your answer");
    else {
        cli_error("there is no secret");
        cli_hint("Use --secret-file FILE, or the environment variable HELMDESK_SECRET.");
    }
    cli_wipe(answer, sizeof answer);
    if (terminal >= 0)
        close(terminal);
    return code;
}

int cli_need_secrets(const struct args *args, struct secrets *secrets) {
    int code = cli_read_secrets(args, secrets);
    return code == CLI_OK && secrets->count == 0 ? cli_ask_secret(args, secrets) : code;
}

/* It may contain names that customers have chosen. */
static int write_question(int terminal, const char *question) {
    int copy = dup(terminal);
    FILE *stream = copy < 0 ? NULL : fdopen(copy, "w");
    if (!stream)
        return 0;
    cli_print_text(stream, question, strlen(question));
    fputs(" [y/N] ", stream);
    return fclose(stream) == 0;
}

int cli_confirm(const struct args *args, const char *question) {
    char answer[16] = "";
    if (cli_has(args, OPT_YES))
        return CLI_OK;
    int terminal = open_terminal(args);
    if (terminal < 0) {
        cli_error("%s", question);
        cli_hint("There is no terminal to answer at; --yes says yes.");
        return CLI_USAGE;
    }
    int is_asked = write_question(terminal, question) && read_line(terminal, NULL, answer, sizeof answer) >= 0;
    close(terminal);
    if (is_asked && (cli_equal_nocase(answer, "y") || cli_equal_nocase(answer, "yes")))
        return CLI_OK;
    cli_note("Nothing was done.");
    return CLI_NEGATIVE;
}

/* ---- The development secret ---- */

static int find_place(char *path, size_t size) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int length = state && *state == '/' ? snprintf(path, size, "%s/helmdesk/dev-secret", state)
                 : home && *home        ? snprintf(path, size, "%s/.local/state/helmdesk/dev-secret", home)
                                        : -1;
    return length > 0 && (size_t)length < size;
}

/* Makes the directories above a file. */
static int make_directories(const char *path) {
    char directory[4096];
    if (snprintf(directory, sizeof directory, "%s", path) >= (int)sizeof directory)
        return 0;
    for (char *slash = directory + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        if (mkdir(directory, 0700) != 0 && errno != EEXIST)
            return 0;
    }
    return 1;
}

/* Writes it under another name first, so that nobody ever reads half of it. */
int cli_make_secret(const char *path) {
    char secret[HD_SECRET_SIZE + 1], fresh[4200];
    if (!make_directories(path) || hd_generate_secret(secret, HD_SECRET_SIZE) != HD_OK)
        return 0;
    strcat(secret, "\n");
    snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int is_written = file >= 0 && write_text(file, secret);
    if (file >= 0)
        close(file);
    int is_there = is_written && (link(fresh, path) == 0 || errno == EEXIST); /* somebody else was first */
    if (file >= 0)
        unlink(fresh);
    cli_wipe(secret, sizeof secret);
    return is_there;
}

int cli_development_secret(int makes, struct secrets *secrets, char *path, size_t path_size) {
    if (!find_place(path, path_size))
        return makes ? cli_fail(CLI_USAGE, "there is no place for a development secret: HOME is not set") : CLI_OK;
    if (access(path, F_OK) != 0) {
        if (!makes)
            return CLI_OK;
        if (!cli_make_secret(path))
            return cli_fail_file(path, "make");
    }
    return add_file(secrets, path);
}
