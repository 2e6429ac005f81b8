#include "cli/place.h"

#include "cli/find.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/target.h"
#include "cli/text.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HELMDESK_HAS_SQLITE
#include "helmdesk/sqlite.h"
#endif

#define SCHEME "sqlite:"

/* Which file, and why: what the store says of its last failure, or of one that cannot be opened. */
static void hint_cause(const struct place *place) {
    char words[256] = "";
    if (place->store)
        (void)hd_store_error(place->store, words, sizeof words);
#ifdef HELMDESK_HAS_SQLITE
    else
        (void)hd_store_sqlite_explain(place->directory, words, sizeof words);
#endif
    if (*words)
        cli_hint("%s", words);
}

static int fail_missing(const struct place *place) {
    if (place->access == ACCESS_MAKE || place->access == ACCESS_SERVE)
        return cli_fail(CLI_STORE, "cannot make a store in %s: the directory above it is missing", place->directory);
    cli_error("there is no store in %s", place->directory);
    cli_hint("A server makes it, or 'helmdesk webhooks create'.");
    return CLI_STORE;
}

static int fail_place(const struct place *place, int status) {
    switch (status) {
    case HD_E_STORE_MISSING:
        return fail_missing(place);
    case HD_E_STORE_KEY:
        cli_error("the secrets in %s are encrypted, %s", place->directory,
                  place->has_key ? "with another key than the one given" : "and no key was given");
        cli_hint("Name the key with --store-key-file, or HELMDESK_STORE_KEY.");
        return CLI_STORE;
    case HD_E_CONFLICT:
        cli_error("somebody else changed the webhook at the same moment: nothing was changed");
        cli_hint("Look at it with 'helmdesk webhooks get WEBHOOK', then run this again.");
        return CLI_STORE;
    case HD_E_NO_MEMORY:
        return cli_no_memory();
    case HD_E_STORE_BUSY:
        cli_error("the store in %s is busy: another process has been writing to it for long", place->directory);
        cli_hint("Try again. What was asked for has not been done.");
        return CLI_STORE;
    case HD_E_STORE:
    case HD_E_STORE_FULL:
    case HD_E_STORE_LOST:
    case HD_E_STORE_ACCESS:
    case HD_E_STORE_DAMAGED:
        cli_error("%s: %s", place->directory, hd_strerror(status));
        hint_cause(place);
        return CLI_STORE;
    default:
        cli_error("%s: %s", place->directory, hd_strerror(status));
        return CLI_STORE;
    }
}

int cli_fail_place(const struct place *place, int status) {
    int code = fail_place(place, status);
    cli_error_status(status);
    return code;
}

#ifndef HELMDESK_HAS_SQLITE

int cli_place_open_with(const struct args *args, enum access access,
                        int (*more)(const struct args *args, hd_options *options, hd_store *store),
                        struct place *place) {
    (void)args, (void)access, (void)more;
    *place = (struct place){0};
    cli_error("this helmdesk knows no stores: it was built without SQLite");
    cli_hint("Install SQLite 3.35 or later (Debian: libsqlite3-dev), and build it again.");
    return CLI_NOT_BUILT;
}

int cli_place_open_store(const struct args *args, struct place *place) {
    return cli_place_open_with(args, ACCESS_READ, NULL, place);
}

/* What follows is for a store that was opened. */
int cli_place_add_client(const struct args *args, enum access access, struct place *place) {
    (void)args, (void)access, (void)place;
    return CLI_NOT_BUILT;
}

int cli_read_key_file(const char *path, unsigned char key[HD_KEY_SIZE]) {
    (void)path, (void)key;
    return CLI_NOT_BUILT;
}

int cli_place_backup(const struct place *place, const char *directory) {
    (void)place, (void)directory;
    return HD_E_INVALID;
}

int cli_place_check(const struct place *place) {
    (void)place;
    return HD_E_INVALID;
}

json_t *cli_place_clients(const struct place *place) {
    (void)place;
    return NULL;
}

#else

#include "helmdesk/sqlite.h"

/* ---- The directory ---- */

static int read_directory(const struct args *args, struct place *place) {
    const char *given = cli_value(args, OPT_STORE), *variable = getenv("HELMDESK_STORE");
    const char *name = given ? given : variable;
    if (!name || !*name) {
        cli_error("which store?");
        cli_hint("Name it with --store sqlite:DIR, or HELMDESK_STORE.");
        return CLI_USAGE;
    }
    if (strncmp(name, "postgres", 8) == 0)
        return cli_fail(CLI_NOT_BUILT, "this helmdesk knows no stores in PostgreSQL, only sqlite:DIR");
    if (strncmp(name, SCHEME, sizeof SCHEME - 1) != 0 || !name[sizeof SCHEME - 1]) {
        cli_error("--store cannot be '%s'", name);
        cli_hint("It is sqlite: and a directory, such as sqlite:/var/lib/helmdesk.");
        return CLI_USAGE;
    }
    place->directory = strdup(name + sizeof SCHEME - 1);
    return place->directory ? CLI_OK : cli_no_memory();
}

/* A command that makes no store looks first, so that a store which may not be read is not said to be missing. */
static int need_store(const struct place *place) {
    char path[4200];
    struct stat found;
    if (snprintf(path, sizeof path, "%s/helmdesk.db", place->directory) >= (int)sizeof path)
        return fail_missing(place);
    if (stat(path, &found) == 0 && access(path, R_OK) == 0)
        return CLI_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        return cli_fail_place(place, HD_E_STORE_MISSING);
    int reason = errno;
    cli_error("cannot read %s: %s", path, strerror(reason));
    cli_error_status(reason == EACCES ? HD_E_STORE_ACCESS : HD_E_STORE);
    if (reason == EACCES)
        cli_hint("Run it as the user whom the server runs as.");
    return CLI_STORE;
}

/* ---- The key ---- */

static int read_hex(const char *text, size_t length, unsigned char key[HD_KEY_SIZE]) {
    if (length != (size_t)HD_KEY_SIZE * 2)
        return 0;
    for (size_t i = 0; i < HD_KEY_SIZE; i++) {
        int high = cli_hex_digit(text[2 * i]), low = cli_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return 0;
        key[i] = (unsigned char)(high << 4 | low);
    }
    return 1;
}

static int fail_key(const char *where) {
    return cli_fail(CLI_USAGE, "the key in %s is not 32 bytes, nor 64 hexadecimal digits", where);
}

int cli_read_key_file(const char *path, unsigned char key[HD_KEY_SIZE]) {
    struct bytes bytes;
    int code = cli_read_file(path, &bytes);
    if (code != CLI_OK)
        return code;
    if (bytes.len == HD_KEY_SIZE)
        memcpy(key, bytes.data, HD_KEY_SIZE);
    else if (!read_hex(bytes.data, strcspn(bytes.data, "\r\n"), key))
        code = fail_key(path);
    cli_bytes_free(&bytes);
    return code;
}

/* *has_key tells whether there is one. */
static int read_key(const struct args *args, unsigned char key[HD_KEY_SIZE], int *has_key) {
    const char *path = cli_value(args, OPT_STORE_KEY_FILE), *variable = getenv("HELMDESK_STORE_KEY");
    *has_key = path || (variable && *variable);
    if (path)
        return cli_read_key_file(path, key);
    return !*has_key || read_hex(variable, strlen(variable), key) ? CLI_OK : fail_key("HELMDESK_STORE_KEY");
}

/* ---- The store and its client ---- */

static int open_store(const struct args *args, struct place *place) {
    unsigned char key[HD_KEY_SIZE];
    int has_key;
    int code = read_key(args, key, &has_key);
    place->has_key = has_key;
    if (code != CLI_OK)
        return code;
    int status = hd_store_sqlite_open(place->directory, has_key ? key : NULL, has_key ? HD_KEY_SIZE : 0, &place->store);
    cli_wipe(key, sizeof key);
    if (status == HD_OK)
        status = hd_store_set_retention(place->store, 0, 0, 0); /* how much is kept is the server's to say */
    return status == HD_OK ? CLI_OK : cli_fail_place(place, status);
}

/* Which addresses are allowed is for the clients to say that deliver: here it is not known. */
static int allow_everything(hd_options *options) {
    int status = hd_options_allow_http(options, 1);
    if (status == HD_OK)
        status = hd_options_allow_network(options, "0.0.0.0/0");
    if (status == HD_OK)
        status = hd_options_allow_network(options, "::/0");
    return status == HD_OK ? hd_options_allow_ports(options, 1, 65535) : status;
}

static int role_of(enum access access) {
    switch (access) {
    case ACCESS_READ:
        return HD_CLIENT_READ;
    case ACCESS_TEST:
        return HD_CLIENT_OPERATE;
    case ACCESS_SERVE:
    case ACCESS_DELIVER:
        return HD_CLIENT_DELIVER;
    default:
        return HD_CLIENT_ACCEPT;
    }
}

static int goes_by_command_line(enum access access) {
    return access == ACCESS_TEST || access == ACCESS_DELIVER || access == ACCESS_SERVE;
}

int cli_place_open_store(const struct args *args, struct place *place) {
    *place = (struct place){.access = ACCESS_READ};
    int code = read_directory(args, place);
    if (code == CLI_OK)
        code = need_store(place);
    return code == CLI_OK ? open_store(args, place) : code;
}

/* Whom changes are recorded of: the one who is named, else the user whom the system knows. */
static int act_as_user(const struct args *args, struct place *place) {
    const char *given = cli_value(args, OPT_BY), *variable = getenv("HELMDESK_USER");
    const struct passwd *user = getpwuid(geteuid());
    char number[32], name[HD_BY_MAX + 1];
    snprintf(number, sizeof number, "uid %lu", (unsigned long)geteuid());
    const char *by = given ? given : variable && *variable ? variable : user ? user->pw_name : number;
    snprintf(name, sizeof name, "%s", by);
    return hd_client_as(place->whole, name, &place->client);
}

static int open_client(const struct args *args, enum access access,
                       int (*more)(const struct args *args, hd_options *options, hd_store *store),
                       struct place *place) {
    hd_options *options = NULL;
    int code = cli_options_new(args, &options);
    if (code == CLI_OK && more)
        code = more(args, options, place->store);
    if (code != CLI_OK) {
        hd_options_free(options);
        return code;
    }
    int status = goes_by_command_line(access) ? HD_OK : allow_everything(options);
    if (status == HD_OK)
        status = hd_options_set_role(options, role_of(access));
    if (status == HD_OK)
        status = hd_options_set_store(options, place->store);
    if (status == HD_OK)
        status = hd_client_new(options, &place->whole);
    if (status == HD_OK)
        status = act_as_user(args, place);
    hd_options_free(options);
    return status == HD_OK ? CLI_OK : cli_fail_place(place, status);
}

int cli_place_open_with(const struct args *args, enum access access,
                        int (*more)(const struct args *args, hd_options *options, hd_store *store),
                        struct place *place) {
    *place = (struct place){.access = access};
    int code = read_directory(args, place);
    if (code == CLI_OK && access != ACCESS_MAKE && access != ACCESS_SERVE)
        code = need_store(place);
    if (code == CLI_OK)
        code = open_store(args, place);
    return code == CLI_OK ? open_client(args, access, more, place) : code;
}

int cli_place_add_client(const struct args *args, enum access access, struct place *place) {
    place->access = access;
    return open_client(args, access, NULL, place);
}

int cli_place_backup(const struct place *place, const char *directory) {
    return hd_store_sqlite_backup(place->store, directory);
}

int cli_place_check(const struct place *place) {
    return hd_store_sqlite_check(place->store);
}

json_t *cli_place_clients(const struct place *place) {
    size_t length = 0;
    (void)hd_store_sqlite_clients(place->store, NULL, 0, &length);
    size_t size = length + 1024; /* others may join meanwhile */
    char *text = malloc(size);
    json_t *list =
        text && hd_store_sqlite_clients(place->store, text, size, NULL) == HD_OK ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return list;
}

#endif

int cli_place_open(const struct args *args, enum access access, struct place *place) {
    return cli_place_open_with(args, access, NULL, place);
}

int cli_place_find(const struct args *args, const struct place *place, hd_webhook **webhook) {
    return cli_find_webhook(place, cli_operand(args, 0), webhook);
}

int cli_fail_put(const struct place *place, int status) {
    if (status == HD_E_SECRET)
        return cli_fail(CLI_USAGE, "--standard needs a secret that is whsec_ and base64");
    return cli_fail_place(place, status);
}

int cli_place_put(const struct place *place, const hd_webhook *webhook) {
    int status = hd_client_replace_webhook(place->client, webhook);
    return status == HD_OK ? CLI_OK : cli_fail_put(place, status);
}

/* At once: what was wanted has been waited for. */
void cli_place_close(struct place *place) {
    if (place->whole)
        (void)hd_client_close(place->whole, 0);
    hd_client_unref(place->client);
    hd_client_free(place->whole);
    hd_store_free(place->store);
    free(place->directory);
    *place = (struct place){0};
}

int cli_place_act(const struct args *args, enum access access,
                  int (*act)(const struct args *args, const struct place *place, const hd_webhook *webhook)) {
    struct place place;
    hd_webhook *webhook = NULL;
    int code = cli_place_open(args, access, &place);
    if (code == CLI_OK)
        code = cli_place_find(args, &place, &webhook);
    if (code == CLI_OK)
        code = act(args, &place, webhook);
    hd_webhook_free(webhook);
    cli_place_close(&place);
    return code;
}
