#include "cli/json.h"

#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

/* How long the UTF-8 sequence here is; 0 if there is none. Jansson checks the rest of it. */
static size_t sequence(const char *at, size_t left) {
    for (size_t length = 1; length <= 4 && length <= left; length++) {
        json_t *one = json_stringn(at, length);
        if (one) {
            json_decref(one);
            return length;
        }
    }
    return 0;
}

static json_t *repaired(const char *text, size_t length) {
    char *copy = malloc(3 * length + 1);
    size_t used = 0;
    if (!copy)
        return NULL;
    while (length > 0) {
        size_t here = sequence(text, length);
        memcpy(copy + used, here ? text : "\xef\xbf\xbd", here ? here : 3);
        used += here ? here : 3;
        text += here ? here : 1;
        length -= here ? here : 1;
    }
    json_t *value = json_stringn(copy, used);
    free(copy);
    return value;
}

json_t *cli_json_text(const char *text, size_t length) {
    json_t *value = json_stringn(text ? text : "", text ? length : 0);
    return value ? value : repaired(text, length);
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
