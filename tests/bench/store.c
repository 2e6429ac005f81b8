/* SPDX-License-Identifier: MIT */
/* What a durable store costs, beside none: one figure a line, as "name value unit". Receivers are the benchmark's.
 *
 *   store PORT [PART...]      all parts without any: life rates bare sends million search idle others */
#include "store_parts.h"

#include <stdio.h>
#include <string.h>

struct part {
    const char *name;
    void (*measure)(const struct urls *urls);
};

static const struct part parts[] = {
    {"life", measure_life},       {"rates", measure_rates},   {"bare", measure_bare}, {"sends", measure_sends},
    {"million", measure_million}, {"search", measure_search}, {"idle", measure_idle}, {"others", measure_others},
};

static int is_wanted(const char *name, int count, char **names) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return 1;
    return count == 0;
}

int main(int argc, char **argv) {
    struct urls urls;
    if (argc == 4 && strcmp(argv[1], "memory") == 0) {
        measure_memory(argv[2], argv[3]);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "others") == 0) {
        send_as_other(argv[2]);
        return 0;
    }
    if (argc < 2) {
        (void)fputs("usage: store PORT [PART...]\n", stderr);
        return 2;
    }
    (void)snprintf(urls.ok, sizeof urls.ok, "http://127.0.0.1:%s/ok", argv[1]);
    (void)snprintf(urls.hang, sizeof urls.hang, "http://127.0.0.1:%s/hang", argv[1]);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (is_wanted(parts[i].name, argc - 2, argv + 2))
            parts[i].measure(&urls);
    return 0;
}
