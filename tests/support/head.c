/* SPDX-License-Identifier: MIT */
#include "support/head.h"

#include "support/bodies.h"

#include <strings.h>

static int is_added(const hd_webhook *webhook, const char *line) {
    for (size_t i = 0; i < hd_webhook_header_count(webhook); i++) {
        const char *name = hd_webhook_header_name(webhook, i);
        if (strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            return 1;
    }
    return 0;
}

/* What stands for path and query in a masked URL. */
static const char *masked_target(const hd_report *report) {
    return strchr(strstr(hd_report_masked_url(report), "://") + 3, '/');
}

/* What a line of the received head becomes, with its end. */
static void mask_line(const hd_report *report, const hd_webhook *webhook, const char *line, size_t length, FILE *out) {
    if (strncmp(line, "POST ", 5) == 0)
        (void)fprintf(out, "POST %s HTTP/1.1\r\n", masked_target(report));
    else if (is_added(webhook, line))
        (void)fprintf(out, "%.*s: ***\r\n", (int)strcspn(line, ":"), line);
    else
        (void)fwrite(line, 1, length, out);
}

void assert_head_is(const hd_report *report, const hd_webhook *webhook, const char *received) {
    char *expected = NULL;
    size_t size = 0, length = 0;
    FILE *out = open_memstream(&expected, &size);
    assert_non_null(out);
    for (const char *end; (end = strstr(received, "\r\n")); received = end + 2)
        mask_line(report, webhook, received, (size_t)(end + 2 - received), out);
    assert_int_equal(fclose(out), 0);
    const char *head = hd_report_request(report, &length);
    assert_string_equal(head, expected);
    assert_int_equal(length, size);
    assert_string_equal(head + length - 4, "\r\n\r\n");
    free(expected);
}
