/* What a command reads: files, standard input, secrets. */
#ifndef HD_CLI_INPUT_H
#define HD_CLI_INPUT_H

#include "cli/args.h"

struct bytes {
    char *data; /* a NUL follows it */
    size_t len;
};

/* Reads a whole file; "-" or NULL for standard input, once. Returns CLI_OK, or says what is wrong and returns another
 * code. */
int cli_read_file(const char *path, struct bytes *bytes);
void cli_bytes_free(struct bytes *bytes);

/* Overwrites what was a secret. */
void cli_wipe(void *data, size_t len);

#define SECRETS_MAX 8

/* The secrets that were given: those of each --secret-file; else that of HELMDESK_SECRET. */
struct secrets {
    struct bytes items[SECRETS_MAX];
    size_t count;
};

/* Reads them; none is no error. */
int cli_read_secrets(const struct args *args, struct secrets *secrets);

/* Asks for one at the terminal, without showing it. Says what is missing if that cannot be done. */
int cli_ask_secret(const struct args *args, struct secrets *secrets);

/* The first, then the second if there are none. */
int cli_need_secrets(const struct args *args, struct secrets *secrets);
void cli_secrets_free(struct secrets *secrets);

/* Makes a file with a new secret that only its owner can read, and the directories above it, unless it is there.
 * Returns 0 if that failed, with errno. */
int cli_make_secret(const char *path);

/* The development secret: of listen, and of what is sent to this machine. Makes it if makes says so; without that and
 * without one, none is given, and that is no error. */
int cli_development_secret(int makes, struct secrets *secrets, char *path, size_t path_size);

/* Asks a question that is answered with y or n. Returns CLI_OK for yes; without a terminal says that --yes is needed.
 */
int cli_confirm(const struct args *args, const char *question);

#endif
