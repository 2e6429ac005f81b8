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
    else if (*end == '\0' && status >= 200 && status <= 599)
        response->status = (int)status;
    else
        return 0;
    return 1;
}

int cli_responses_read(const char *list, struct responses *responses) {
    while (*list) {
        char word[32];
        size_t length = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), list);
        if (responses->count == RESPONSES_MAX || !read_one(word, &responses->items[responses->count++])) {
            cli_error("--respond cannot be '%s'", word);
            cli_hint("It is a list, separated by commas, of: a status from 200 to 599, hang, reset, delay=3s.");
            return CLI_USAGE;
        }
        list += length + (list[length] == ',');
    }
    return CLI_OK;
}
