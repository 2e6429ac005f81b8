/* SPDX-License-Identifier: MIT */
/* A look into the database of a store that nobody has open. Only programs that use it need SQLite. */
#ifndef TESTS_SUPPORT_DATABASE_H
#define TESTS_SUPPORT_DATABASE_H

#include <stdint.h>

/* The number that a question has for its answer. */
int64_t ask_database(const char *directory, const char *question);

/* Runs statements. */
void change_database(const char *directory, const char *statements);

#endif
