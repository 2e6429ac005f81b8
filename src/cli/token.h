/* The token of `serve`: whoever has it may do everything. Browsers send it as a password (Basic, RFC 7617), programs as
 * it is (Bearer, RFC 6750). */
#ifndef HD_CLI_TOKEN_H
#define HD_CLI_TOKEN_H

#include "cli/args.h"
#include "cli/request.h"
#include "helmdesk.h"

#define TOKEN_USER_SIZE 129

/* Only a hash of it is kept. */
struct token {
    char key[HD_SECRET_SIZE], hash[HD_SIGNATURE_SIZE];
    char path[4096]; /* the file it is from; "" for HELMDESK_TOKEN */
};

/* The token in --token-file, which is made if it is not there; else HELMDESK_TOKEN; else the file "token" in the
 * directory. Returns CLI_OK, or says what is wrong. */
int cli_token_read(const struct args *args, const char *directory, struct token *token);

enum credentials {
    CREDENTIALS_WRONG, /* or none */
    CREDENTIALS_BASIC,
    CREDENTIALS_BEARER
};

/* How the request shows that it may be made; and the user's name, "" if it has none that is valid. */
enum credentials cli_token_check(const struct token *token, const struct request *request, char user[TOKEN_USER_SIZE]);

#endif
