/* A table in columns as wide as what is in them. */
#ifndef HD_CLI_COLUMNS_H
#define HD_CLI_COLUMNS_H

#include <stddef.h>

#define COLUMNS_MAX 8

/* Rows of columns texts each, the first of which is the heading. The texts are written so that they cannot harm a
 * terminal. */
void cli_print_columns(const char *const *texts, size_t rows, size_t columns);

#endif
