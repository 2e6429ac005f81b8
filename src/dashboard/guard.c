#include "dashboard/guard.h"

#include "dashboard/text.h"

#include <string.h>

#define BODY_MAX 262144

/* Nothing runs but our own files; nothing is made of text; nobody frames it (W3C Content Security Policy 3, Trusted
 * Types). */
#define CONTENT_SECURITY_POLICY                                                                                        \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "              \
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "                \
    "trusted-types 'none'"

void hd__guard_set_headers(hd_dashboard_response *response) {
    hd__dash_set_header(response, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
    hd__dash_set_header(response, "X-Content-Type-Options", "nosniff");
    hd__dash_set_header(response, "Referrer-Policy", "no-referrer");
    hd__dash_set_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    hd__dash_set_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

/* Two servers in a row could read these in two ways (request smuggling). */
static int is_ambiguous(const hd_request *request) {
    int has_length = hd_request_header(request, "Content-Length", 0) != NULL;
    return hd_request_header(request, "Content-Length", 1) ||
           (has_length && hd_request_header(request, "Transfer-Encoding", 0)) ||
           !hd_request_header(request, "Host", 0) || hd_request_header(request, "Host", 1);
}

/* The host without its port. */
static size_t host_length(const char *host) {
    const char *end = *host == '[' ? strchr(host, ']') : NULL;
    return end ? (size_t)(end + 1 - host) : strcspn(host, ":");
}

static int is_known_host(const hd_dashboard *dashboard, const char *host) {
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t length = host_length(host);
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (strlen(local[i]) == length && hd__dash_starts_nocase(host, local[i]))
            return 1;
    for (size_t i = 0; i < dashboard->host_count; i++)
        if (strlen(dashboard->hosts[i]) == length && hd__dash_starts_nocase(host, dashboard->hosts[i]))
            return 1;
    return 0;
}

static int is_safe(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* Whether another site may have made a browser send this. Browsers say so by Sec-Fetch-Site (W3C Fetch Metadata), over
 * plain HTTP outside of the machine only by Origin; what says neither is no browser, and has no cookies of one. */
static int is_cross_site(const struct hd__call *call) {
    const char *site = hd_request_header(call->request, "Sec-Fetch-Site", 0);
    const char *origin = hd_request_header(call->request, "Origin", 0);
    if (is_safe(call->method))
        return 0;
    if (site)
        return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    if (!origin)
        return 0;
    const char *host = strstr(origin, "://");
    return !host || !hd__dash_equal_nocase(host + 3, hd_request_header(call->request, "Host", 0));
}

static int has_json(const hd_request *request) {
    const char *type = hd_request_header(request, "Content-Type", 0);
    return type && hd__dash_starts_nocase(type, "application/json") && strchr(" ;", type[16]);
}

int hd__guard_pass(struct hd__call *call) {
    const hd_request *request = call->request;
    int status = hd_request_status(request);
    size_t length;
    (void)hd_request_body(request, &length);
    if (status == HD_E_TOO_LARGE || length > BODY_MAX) {
        hd__call_refuse(call, 413, "The request is too large", "Its body may have at most 262,144 bytes.", NULL);
    } else if (status != HD_OK || !call->method || !hd_request_target(request)) {
        hd__call_refuse(call, status == HD_E_LIMIT ? 431 : 400, "The request is malformed",
                        "Its method, its target or a header is missing or malformed, or there are too many headers.",
                        NULL);
    } else if (is_ambiguous(request)) {
        hd__dash_set_header(call->response, "Connection", "close");
        hd__call_refuse(call, 400, "The request is ambiguous", "It has no Host header or two of them, or two lengths.",
                        NULL);
    } else if (!is_known_host(call->dashboard, hd_request_header(request, "Host", 0))) {
        hd__call_refuse(call, 421, "Unknown host",
                        "The page does not know this host name. Add it in the server that shows the page.", NULL);
    } else if (is_cross_site(call)) {
        hd__call_refuse(call, 403, "Cross-site request refused", "Make changes on the page itself.", NULL);
    } else if (!is_safe(call->method) && strcmp(call->method, "DELETE") != 0 && !has_json(request)) {
        hd__call_refuse(call, 415, "The request is not JSON", "Its Content-Type must be application/json.", NULL);
    } else {
        return 1;
    }
    return 0;
}
