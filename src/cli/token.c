#include "cli/token.h"

#include "cli/input.h"
#include "cli/output.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_MIN 16 /* shorter ones can be guessed */
#define TOKEN_MAX 256

/* ---- Which ---- */

static int keep(struct token *token, const char *text, size_t length, const char *where) {
    if (length < TOKEN_MIN || length > TOKEN_MAX) {
        cli_error("the token in %s has %zu characters", where, length);
        cli_hint("It has %d to %d: whoever guesses it may do everything. Without the file, serve makes a good one.",
                 TOKEN_MIN, TOKEN_MAX);
        return CLI_USAGE;
    }
    int status = hd_generate_secret(token->key, sizeof token->key);
    if (status == HD_OK)
        status = hd_sign(text, length, token->key, strlen(token->key), token->hash, sizeof token->hash);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "serve");
}

static void warn_of_readers(const char *path) {
    struct stat found;
    if (stat(path, &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & (S_IRGRP | S_IROTH)))
        cli_note("Others can read the token in %s: chmod 600 %s", path, path);
}

static int read_file(struct token *token) {
    struct bytes bytes = {0};
    if (access(token->path, F_OK) != 0 && !cli_make_secret(token->path))
        return cli_fail_file(token->path, "make");
    int code = cli_read_file(token->path, &bytes);
    if (code == CLI_OK)
        code = keep(token, bytes.data, strcspn(bytes.data, "\r\n"), token->path);
    if (code == CLI_OK)
        warn_of_readers(token->path);
    cli_wipe(bytes.data, bytes.len);
    cli_bytes_free(&bytes);
    return code;
}

int cli_token_read(const struct args *args, const char *directory, struct token *token) {
    const char *file = cli_value(args, OPT_TOKEN_FILE), *variable = getenv("HELMDESK_TOKEN");
    *token = (struct token){.path = ""};
    if (!file && variable && *variable)
        return keep(token, variable, strlen(variable), "HELMDESK_TOKEN");
    int length = file ? snprintf(token->path, sizeof token->path, "%s", file)
                      : snprintf(token->path, sizeof token->path, "%s/token", directory);
    if (length < 0 || (size_t)length >= sizeof token->path)
        return cli_fail(CLI_USAGE, "the name of the token's file is too long");
    return read_file(token);
}

/* ---- Whether it was shown ---- */

/* In constant time, as hd_verify() compares. */
static int is_it(const struct token *token, const char *text, size_t length) {
    return hd_verify(text, length, token->hash, strlen(token->hash), token->key, strlen(token->key)) == HD_OK;
}

/* Names stand in the list of changes: one that is not UTF-8, or too long, is none. */
static void take_user(const char *text, size_t length, char user[TOKEN_USER_SIZE]) {
    unsigned long point;
    size_t at = 0, step;
    if (length >= TOKEN_USER_SIZE)
        return;
    while (at < length && (step = cli_character(text + at, length - at, &point)) > 0)
        at += step;
    if (at == length)
        snprintf(user, TOKEN_USER_SIZE, "%.*s", (int)length, text);
}

/* "user:password" in base64; the name is not asked for, and may be anything. */
static enum credentials check_basic(const struct token *token, const char *encoded, char user[TOKEN_USER_SIZE]) {
    unsigned char decoded[1024];
    size_t length = strlen(encoded), size = 0;
    if (length / 4 * 3 + 3 > sizeof decoded || !cli_base64_decode(encoded, length, decoded, &size))
        return CREDENTIALS_WRONG;
    const char *text = (const char *)decoded, *colon = memchr(decoded, ':', size);
    int is_right = colon && is_it(token, colon + 1, size - (size_t)(colon + 1 - text));
    if (is_right)
        take_user(text, (size_t)(colon - text), user);
    cli_wipe(decoded, sizeof decoded);
    return is_right ? CREDENTIALS_BASIC : CREDENTIALS_WRONG;
}

enum credentials cli_token_check(const struct token *token, const struct request *request, char user[TOKEN_USER_SIZE]) {
    const char *value = cli_request_header(request, "Authorization");
    *user = '\0';
    if (!value)
        return CREDENTIALS_WRONG;
    size_t scheme = strcspn(value, " ");
    const char *rest = value + scheme + strspn(value + scheme, " ");
    if (scheme == 5 && cli_starts_nocase(value, "basic"))
        return check_basic(token, rest, user);
    if (scheme == 6 && cli_starts_nocase(value, "bearer") && is_it(token, rest, strlen(rest)))
        return CREDENTIALS_BEARER;
    return CREDENTIALS_WRONG;
}
