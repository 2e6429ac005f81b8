/* JSON out, for --json: names and units as in the API's own fields. */
#ifndef HD_CLI_JSON_H
#define HD_CLI_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A string of bytes that others have written: what is not UTF-8 becomes U+FFFD. */
json_t *cli_json_text(const char *text, size_t length);

/* A string, or null for NULL. */
json_t *cli_json_string(const char *text);

/* A time as in bodies; null for 0. */
json_t *cli_json_time(int64_t ms);

/* Writes a value on a line of its own on stdout, and frees it. Returns an exit code. */
int cli_json_print(json_t *value);

#endif
