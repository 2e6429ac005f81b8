/* SPDX-License-Identifier: MIT */
/* A reader of answers that is as simple as can be, to hold the parser against. It has the whole answer before it, pulls
 * one byte after the other out of it, and leaves in the middle when there is none left: it knows of no pieces and has
 * no states. */
#ifndef TESTS_SUPPORT_ANSWER_MODEL_H
#define TESTS_SUPPORT_ANSWER_MODEL_H

#include "support/answer_reading.h"

/* What the parser has said and the model says otherwise; NULL for nothing. */
const char *differing_from_model(const char *data, size_t len, const struct reading *reading);

#endif
