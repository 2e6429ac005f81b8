#include "cli/json.h"

#include "cli/output.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

static json_t *repaired(const char *text, size_t length) {
    char *copy = malloc(3 * length + 1);
    json_t *value = copy ? json_stringn(copy, cli_repair(text, length, copy)) : NULL;
    free(copy);
    return value;
}

json_t *cli_json_text(const char *text, size_t length) {
    json_t *value = json_stringn(text ? text : "", text ? length : 0);
    return value || !text ? value : repaired(text, length);
}

json_t *cli_json_string(const char *text) {
    return text ? cli_json_text(text, strlen(text)) : json_null();
}

json_t *cli_json_time(int64_t ms) {
    return ms ? json_string(cli_rfc3339(ms)) : json_null();
}

int cli_json_print(json_t *value) {
    if (!value)
        return cli_no_memory();
    int failed = json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY) != 0;
    putchar('\n');
    json_decref(value);
    fflush(stdout);
    return failed && !ferror(stdout) ? cli_no_memory() : CLI_OK;
}
