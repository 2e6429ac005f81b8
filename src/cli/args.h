/* The command line: which commands and options there are (table.c), and what was given (args.c). */
#ifndef HD_CLI_ARGS_H
#define HD_CLI_ARGS_H

#include "cli/cli.h"

#include <stdint.h>

/* Every option there is. Two commands may have options of one name that mean different things. */
enum option_id {
    OPT_END, /* ends a list */
    /* everywhere */
    OPT_COLOR,
    OPT_HELP,
    OPT_JSON,
    OPT_NO_INPUT,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_VERSION,
    /* secrets and signatures */
    OPT_SECRET_FILE,
    OPT_HEADER_LINE,
    OPT_SIGNATURE,
    OPT_REQUEST,
    OPT_MAX_AGE,
    /* events */
    OPT_SET,
    OPT_DATA,
    OPT_SLACK,
    OPT_LIST,
    /* sending */
    OPT_HEADER,
    OPT_STANDARD,
    OPT_NO_STANDARD,
    OPT_ATTEMPTS,
    OPT_TIMEOUT,
    OPT_ALLOW_PRIVATE,
    OPT_RESOLVE,
    OPT_CA_FILE,
    OPT_PROXY,
    OPT_CLIENT_CERTIFICATE,
    OPT_COUNT_SENT,
    OPT_CONCURRENCY,
    OPT_RATE,
    OPT_BATCH,
    OPT_DRY_RUN,
    OPT_CURL,
    OPT_REVEAL,
    /* listening */
    OPT_PORT,
    OPT_HOST,
    OPT_FORWARD_TO,
    OPT_EVENTS_SHOWN,
    OPT_RESPOND,
    OPT_AS,
    OPT_SAVE,
    OPT_COUNT_RECEIVED,
    OPT_TIMEOUT_LISTEN,
    OPT_PRINT_SECRET,
    OPT_OUTPUT,
    /* replaying */
    OPT_TO,
    OPT_RESIGN,
    OPT_SPEED,
    /* stores */
    OPT_STORE,
    OPT_STORE_KEY_FILE,
    OPT_PROJECT,
    OPT_WEBHOOK_PROJECT,
    OPT_NAME,
    OPT_URL,
    OPT_FORMAT,
    OPT_EVENTS,
    OPT_MODE,
    OPT_IN_FLIGHT,
    OPT_WEBHOOK_RATE,
    OPT_BURST,
    OPT_BACKOFF,
    OPT_WEBHOOK_CERTIFICATE,
    OPT_ORDERED,
    OPT_YES,
    OPT_WEBHOOK,
    OPT_EVENT,
    OPT_OUTCOME,
    OPT_REASON,
    OPT_STATUS,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_TESTS,
    OPT_TEXT,
    OPT_REDELIVERY_OF,
    OPT_LIMIT,
    OPT_LIMIT_TAIL,
    OPT_CURSOR,
    OPT_EXPORT_FORMAT,
    OPT_ALL,
    OPT_AGAIN,
    OPT_DELIVER,
    OPT_BUCKET,
    /* serving */
    OPT_SERVE_PORT,
    OPT_SERVE_PROJECT,
    OPT_PUBLIC_HOST,
    OPT_TOKEN_FILE,
    OPT_PAUSE_AFTER,
    OPT_WEBHOOK_PAUSE,
    OPT_PAUSE_FOR,
    OPT_ALERT_AFTER,
    OPT_ALERT_EVERY,
    OPT_KEEP,
    OPT_KEEP_REPORTS,
    OPT_SHUTDOWN,
    OPT_NEW_KEY_FILE,
    OPT_NO_KEY,
    OPT_BY,
    OPT_IF_VERSION,
    OPT_BEFORE,
    OPT_CHANGES_FORMAT,
    OPT_MDOC,
    OPT_COUNT
};

struct option_spec {
    const char *name;     /* without the dashes */
    char letter;          /* '\0' for none */
    const char *argument; /* its name; NULL for a flag */
    const char *values; /* "always auto never": all that it may be; "FILE", "DIR": what the shell completes; or NULL */
    const char *help;   /* one sentence without a full stop */
};

extern const struct option_spec cli_options[OPT_COUNT];

struct command {
    const char *name;               /* "sign", or "webhooks list" */
    const char *operands;           /* as in the synopsis; "" for none */
    const char *operand_values;     /* what the shell completes for them: words, "FILE", "DIR", or NULL */
    int min_operands, max_operands; /* -1 for any number */
    const char *summary;            /* a line */
    const char *text;               /* paragraphs for help and the man page */
    const char *example;            /* lines; or NULL */
    const unsigned char *options;   /* its own, up to OPT_END */
    int (*run)(const struct args *args);
};

extern const struct command cli_commands[];
extern const size_t cli_command_count;
extern const unsigned char cli_common_options[]; /* those of every command */

struct given {
    enum option_id id;
    const char *value; /* NULL for a flag */
};

struct args {
    const struct command *command;
    struct given *given;
    size_t given_count;
    char **operands;
    int operand_count;
};

/* Reads the command line. Returns CLI_OK, or says what is wrong and returns CLI_USAGE. *args is to be freed in both
 * cases; its command is NULL if there is none: then help is wanted. */
int cli_args_read(int argc, char **argv, struct args *args);
void cli_args_free(struct args *args);

/* The command of this name, NULL for none; and a group's ("webhooks") first one. */
const struct command *cli_command_find(const char *name);
const struct command *cli_command_group(const char *group);

/* Whether the option was given; its last value, NULL if it was not; each value in turn: *index is 0 at first. */
int cli_has(const struct args *args, enum option_id id);
const char *cli_value(const struct args *args, enum option_id id);
const char *cli_next_value(const struct args *args, enum option_id id, size_t *index);

/* The operand of this index, NULL if there is none. */
const char *cli_operand(const struct args *args, int index);

/* The value as a number, a duration ("500ms", "3s", "5m", "24h", "30d") in milliseconds, at least 1. Without the option
 * *number stays as it is. Returns CLI_OK, or says what is wrong and returns CLI_USAGE. */
int cli_number(const struct args *args, enum option_id id, int64_t least, int64_t most, int64_t *number);
int cli_duration(const struct args *args, enum option_id id, int64_t most_ms, int64_t *milliseconds);

/* Reads a duration. Returns 0 if it is none. */
int cli_parse_duration(const char *text, int64_t *milliseconds);

/* Whether a word is one of those in a list that spaces separate; the index of the word, -1 if it is not. */
int cli_word_index(const char *words, const char *word);

#endif
