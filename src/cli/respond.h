/* What listen is told to answer: --respond. */
#ifndef HD_CLI_RESPOND_H
#define HD_CLI_RESPOND_H

#include "cli/server.h"

#define RESPONSES_MAX 64

struct response {
    enum reply_kind kind;
    int status; /* 0: as without being told */
    int64_t delay_ms;
};

/* They take turns; none, if count is 0. */
struct responses {
    struct response items[RESPONSES_MAX];
    size_t count;
};

/* Reads "200,401,hang,reset,delay=3s". Returns CLI_OK, or says what is wrong. */
int cli_responses_read(const char *list, struct responses *responses);

#endif
