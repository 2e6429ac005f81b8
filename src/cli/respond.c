#include "cli/respond.h"

#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

#define DELAY_MAX_MS 600000

static int read_one(const char *word, struct response *response) {
    char *end;
    long status = strtol(word, &end, 10);
    *response = (struct response){.kind = REPLY_ANSWERS};
    if (strcmp(word, "hang") == 0)
        response->kind = REPLY_HANGS;
    else if (strcmp(word, "reset") == 0)
        response->kind = REPLY_RESETS;
    else if (strncmp(word, "delay=", 6) == 0)
        return cli_parse_duration(word + 6, &response->delay_ms) && response->delay_ms <= DELAY_MAX_MS;
    else if (*word >= '2' && *word <= '5' && *end == '\0' && status >= 200 && status <= 599)
        response->status = (int)status;
    else
        return 0;
    return 1;
}

static int refuse(const char *word, int length) {
    cli_error("--respond cannot be '%.*s'", length, word);
    cli_hint("It is a list, separated by commas, of: a status from 200 to 599, hang, reset, delay=3s.");
    return CLI_USAGE;
}

int cli_responses_read(const char *list, struct responses *responses) {
    for (const char *at = list;; at++) {
        char word[32];
        size_t length = strcspn(at, ",");
        if (length >= sizeof word)
            return refuse(at, (int)sizeof word);
        if (responses->count == RESPONSES_MAX)
            return cli_fail(CLI_USAGE, "--respond can have %d answers and no more", RESPONSES_MAX);
        memcpy(word, at, length);
        word[length] = '\0';
        if (!read_one(word, &responses->items[responses->count++]))
            return refuse(word, (int)length);
        at += length;
        if (!*at)
            return CLI_OK;
    }
}
