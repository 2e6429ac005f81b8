#include "guard.h"

#include <string.h>
#include <strings.h>

/* Nothing runs or is loaded but our own files, and nobody shows the page in a frame. The referrer policy is not
 * "no-referrer", since browsers then send "Origin: null" with forms, which looks like another site. */
const char *const guard_headers[][2] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
     "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
     "trusted-types 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
    {NULL, NULL},
};

int guard_is_ambiguous(const struct http_request *request) {
    size_t lengths = http_header_count(request, "Content-Length");
    return lengths > 1 || (lengths == 1 && http_header_count(request, "Transfer-Encoding") > 0) ||
           http_header_count(request, "Host") != 1;
}

/* The host without its port. */
static size_t host_length(const char *host) {
    const char *end = *host == '[' ? strchr(host, ']') : NULL;
    return end ? (size_t)(end + 1 - host) : strcspn(host, ":");
}

static int is_host(const char *given, size_t length, const char *known) {
    return strlen(known) == length && strncasecmp(given, known, length) == 0;
}

int guard_knows_host(const struct guard *guard, const struct http_request *request) {
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = http_header(request, "Host");
    if (host == NULL)
        return 0;
    size_t length = host_length(host);
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (is_host(host, length, local[i]))
            return 1;
    for (size_t i = 0; i < guard->host_count; i++)
        if (is_host(host, length, guard->hosts[i]))
            return 1;
    return 0;
}

/* Browsers say it by Sec-Fetch-Site, over plain HTTP between machines only by Origin. What says neither is no browser,
 * and has no browser's cookies. */
int guard_is_cross_site(const struct http_request *request) {
    const char *site = http_header(request, "Sec-Fetch-Site"), *origin = http_header(request, "Origin");
    const char *host = http_header(request, "Host");
    if (http_is_read(request))
        return 0;
    if (site != NULL)
        return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    if (origin == NULL)
        return 0;
    const char *name = strstr(origin, "://");
    return name == NULL || host == NULL || strcasecmp(name + 3, host) != 0;
}
