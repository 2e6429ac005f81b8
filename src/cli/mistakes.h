/* Why a signature does not match: the mistakes that people make, tried one after the other, and two at once. */
#ifndef HD_CLI_MISTAKES_H
#define HD_CLI_MISTAKES_H

#include "cli/input.h"
#include "cli/json.h"

#define MISTAKES_MAX 3

struct explanation {
    const char *names[MISTAKES_MAX]; /* for --json, such as "final_newline" */
    const char *texts[MISTAKES_MAX]; /* "the final newline is removed" */
    size_t count;                    /* 0: none of them explains it */
};

/* Finds the fewest of them that make the signature match with this secret. */
int cli_explain_mismatch(const struct bytes *body, const char *signature, const struct bytes *secret,
                         struct explanation *explanation);

#define EXPLANATION_SIZE 1024

/* "matches if ..., and ..."; "" if nothing explains it. And the names, as an array. */
void cli_explanation_text(const struct explanation *explanation, char *text, size_t size);
json_t *cli_explanation_json(const struct explanation *explanation);

#endif
