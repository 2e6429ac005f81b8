/* What doctor finds: lines with a mark, or objects; and the worst exit code. */
#ifndef HD_CLI_DOCTOR_H
#define HD_CLI_DOCTOR_H

#include "cli/args.h"
#include "cli/json.h"

struct findings {
    json_t *json; /* NULL for text */
    int code;     /* the first that was not CLI_OK */
};

enum verdict {
    GOOD,
    DOUBTFUL,
    BAD
};

/* One finding. A bad one gives the exit code. */
void cli_find(struct findings *findings, enum verdict verdict, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cli_worsen(struct findings *findings, int code);

/* Looks at the store of --store or HELMDESK_STORE. */
void cli_doctor_store(struct findings *findings, const struct args *args);

#endif
