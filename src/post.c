/* Posts bytes as they are, with headers as text. */
#include "probe.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static int belongs_to_connection(const char *name) {
    static const char *const names[] = {"Connection", "Content-Length",    "Expect", "Host", "Keep-Alive", "TE",
                                        "Trailer",    "Transfer-Encoding", "Upgrade"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (hd__equal_nocase(name, names[i]))
            return 1;
    return hd__starts_nocase(name, "Proxy-");
}

/* Cuts a line, of which end is the last byte, into name and value (RFC 9110 section 5.5). */
static int read_line(char *line, char *end, struct hd__field *field) {
    char *colon = memchr(line, ':', (size_t)(end - line));
    if (end > line && end[-1] == '\r')
        end--;
    if (!colon || memchr(line, '\r', (size_t)(end - line)))
        return HD_E_HEADER;
    const char *value = colon + 1;
    size_t value_len = (size_t)(end - value);
    hd__trim_blanks(&value, &value_len);
    *colon = line[(size_t)(value - line) + value_len] = '\0';
    *field = (struct hd__field){line, value, 0};
    return hd__token_fits(line, 1, SIZE_MAX - 1) && !belongs_to_connection(line) ? HD_OK : HD_E_HEADER;
}

/* Takes a header of its own for each line of text, which is changed. */
static int read_lines(char *text, struct hd__exchange *exchange, const char **user_agent) {
    int status = HD_OK;
    for (char *end; *text && status == HD_OK; text = end + 1) {
        struct hd__field field = {NULL, NULL, 0};
        end = strchr(text, '\n');
        status = end ? read_line(text, end, &field) : HD_E_HEADER;
        if (status != HD_OK)
            return status;
        if (hd__equal_nocase(field.name, "User-Agent"))
            *user_agent = field.value;
        else if (exchange->field_count < HD_POST_HEADERS_MAX)
            exchange->fields[exchange->field_count++] = field;
        else
            status = HD_E_HEADER;
    }
    return status;
}

int hd_post(const hd_options *options, const char *url, const char *headers, const void *body, size_t body_len,
            hd_report **report) {
    _Static_assert(HD_POST_HEADERS_MAX <= HD__FIELDS_MAX, "there is room for them");
    struct hd__exchange exchange = {.body = body_len > 0 ? body : "", .body_len = body_len, .detail = ""};
    const char *user_agent = NULL;
    if (!report)
        return HD_E_INVALID;
    *report = NULL;
    if (!url || (!body && body_len > 0))
        return HD_E_INVALID;
    char *text = hd__copy_bytes(headers ? headers : "", headers ? strlen(headers) : 0);
    int status = text ? read_lines(text, &exchange, &user_agent) : HD_E_NO_MEMORY;
    if (status == HD_OK)
        status = hd__ask(options, url, user_agent, &exchange, report);
    if (text)
        hd__wipe(text, headers ? strlen(headers) : 0);
    free(text);
    return status;
}
