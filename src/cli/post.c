#include "cli/post.h"

#include "cli/output.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

static int mask(const char *url, char **masked) {
    hd_webhook *webhook = NULL;
    int status = hd_webhook_new(&webhook);
    if (status == HD_OK)
        status = hd_webhook_set_url(webhook, url);
    if (status == HD_OK && !(*masked = strdup(hd_webhook_masked_url(webhook))))
        status = HD_E_NO_MEMORY;
    hd_webhook_free(webhook);
    return status;
}

int cli_shown_url(const char *url, char **shown) {
    if (!cli_is_local(url)) {
        int status = mask(url, shown);
        return status == HD_OK ? CLI_OK : cli_fail_status(status, "the URL");
    }
    *shown = strdup(url);
    return *shown ? CLI_OK : cli_no_memory();
}

/* RFC 9110 section 7.6.1, and what the library says itself. */
static int belongs_to_connection(const char *name) {
    static const char *const names[] = {"Connection", "Content-Length",    "Expect", "Host", "Keep-Alive", "TE",
                                        "Trailer",    "Transfer-Encoding", "Upgrade"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cli_equal_nocase(name, names[i]))
            return 1;
    return cli_starts_nocase(name, "Proxy-") || cli_equal_nocase(name, REQUEST_RECEIVED_AT);
}

/* What a receiver of webhooks looks at. */
static int matters(const char *name) {
    return cli_starts_nocase(name, "X-Helmdesk-") || cli_starts_nocase(name, "webhook-") ||
           cli_equal_nocase(name, "Content-Type");
}

/* Lines of "name: value". */
struct lines {
    char *text;
    size_t len, count, left_out;
};

static void add(struct lines *lines, const char *name, const char *value) {
    lines->len += (size_t)sprintf(lines->text + lines->len, "%s: %s\r\n", name, value);
}

/* The library takes so many: what matters comes first. A User-Agent is not counted. */
static void take_some(const struct request *request, int these_matter, struct lines *lines) {
    for (size_t i = 0; i < request->header_count; i++) {
        const struct request_header *header = &request->headers[i];
        if (belongs_to_connection(header->name) || cli_equal_nocase(header->name, "User-Agent") ||
            matters(header->name) != these_matter)
            continue;
        if (lines->count == HD_POST_HEADERS_MAX) {
            lines->left_out++;
            continue;
        }
        add(lines, header->name, header->value);
        lines->count++;
    }
}

/* Returns 0 without memory. */
static int take_headers(const struct request *request, struct lines *lines) {
    const char *agent = cli_request_header(request, "User-Agent");
    size_t size = 64;
    for (size_t i = 0; i < request->header_count; i++)
        size += strlen(request->headers[i].name) + strlen(request->headers[i].value) + 4;
    *lines = (struct lines){.text = malloc(size)};
    if (!lines->text)
        return 0;
    *lines->text = '\0';
    if (agent && *agent)
        add(lines, "User-Agent", agent);
    if (!cli_request_header(request, "Content-Type")) {
        add(lines, "Content-Type", "application/octet-stream");
        lines->count++;
    }
    take_some(request, 1, lines);
    take_some(request, 0, lines);
    return 1;
}

int cli_post(const hd_options *options, const char *url, const struct request *request, struct post_result *result) {
    struct lines lines;
    *result = (struct post_result){.reason = HD_REASON_INTERNAL};
    int status = take_headers(request, &lines) ? HD_OK : HD_E_NO_MEMORY;
    if (status == HD_OK)
        status = hd_post(options, url, lines.text, request->body.data, request->body.len, &result->report);
    if (status == HD_OK)
        result->reason = hd_report_reason(result->report);
    result->left_out = lines.left_out;
    free(lines.text);
    return status;
}

void cli_post_free(struct post_result *result) {
    hd_report_free(result->report);
    result->report = NULL;
}

int cli_post_code(const struct post_result *result) {
    return cli_reason_code(result->reason);
}

/* HD_REASON_HTTP_5XX is the last of those that a status alone explains. */
int cli_post_is_answered(const struct post_result *result) {
    return hd_report_http_status(result->report) != 0 && result->reason <= HD_REASON_HTTP_5XX;
}

const char *cli_post_text(const struct post_result *result) {
    static char text[32];
    if (!cli_post_is_answered(result))
        return hd_reason_name(result->reason);
    snprintf(text, sizeof text, "%d", hd_report_http_status(result->report));
    return text;
}

const char *cli_post_explanation(const struct post_result *result) {
    return result->report ? hd_report_explanation(result->report) : hd_reason_text(result->reason);
}

/* The value of a line "name: value"; 0 if it is another. */
static int read_line(const char *line, size_t length, const char *name, char *value, size_t size) {
    size_t name_len = strlen(name);
    if (length <= name_len || line[name_len] != ':' || !cli_starts_nocase(line, name))
        return 0;
    const char *begin = line + name_len + 1, *end = line + length;
    begin += strspn(begin, " \t");
    if (begin >= end || (size_t)(end - begin) >= size)
        return 0;
    memcpy(value, begin, (size_t)(end - begin));
    value[end - begin] = '\0';
    return 1;
}

int cli_post_header(const struct post_result *result, const char *name, char *value, size_t size) {
    size_t headers_len;
    const char *at = hd_report_response_headers(result->report, &headers_len), *end = at ? at + headers_len : NULL;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        if (read_line(at, length > 0 && at[length - 1] == '\r' ? length - 1 : length, name, value, size))
            return 1;
        at = stop ? stop + 1 : end;
    }
    return 0;
}
