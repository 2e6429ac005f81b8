/* SPDX-License-Identifier: MIT */
/* What a reader of answers makes of one: to compare ours with others. */
#ifndef TESTS_SUPPORT_OUTCOME_H
#define TESTS_SUPPORT_OUTCOME_H

#include "support/answer_reading.h"

#include <stdbool.h>
#include <stddef.h>

struct outcome {
    bool waits;    /* when all of it has come, for more or for the end of the connection */
    int status;    /* 0 if it is refused */
    bool is_whole; /* when the connection has ended */
    bool is_kept;  /* the connection, where that is not needed */
    struct hd__buffer body;
    bool is_refused, is_coded; /* of ours alone: at some byte; with a transfer coding that is not chunked */
};

/* What our parser makes of it. */
void we_read(const char *data, size_t len, struct outcome *outcome);

/* The first thing that two outcomes do not agree about; NULL for none. Of what both refuse, nothing else matters. */
const char *differing_outcome(const struct outcome *ours, const struct outcome *theirs);

#endif
