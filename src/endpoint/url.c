#include "endpoint/url.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "endpoint/host.h"
#include "helmdesk.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_MAX 2048

static int status_of(CURLUcode code) {
    switch (code) {
    case CURLUE_OK:
        return HD_OK;
    case CURLUE_OUT_OF_MEMORY:
        return HD_E_NO_MEMORY;
    case CURLUE_UNSUPPORTED_SCHEME:
        return HD_E_URL_SCHEME;
    case CURLUE_USER_NOT_ALLOWED:
        return HD_E_URL_USERINFO;
    case CURLUE_BAD_PORT_NUMBER:
        return HD_E_URL_PORT;
    case CURLUE_BAD_HOSTNAME:
    case CURLUE_BAD_IPV6:
    case CURLUE_NO_HOST:
        return HD_E_URL_HOST;
    default:
        return HD_E_URL;
    }
}

/* libcurl also takes "https:/host" and "https:///host" for "https://host". */
static int check_scheme(const char *url, const char **authority) {
    size_t name = strspn(url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");
    if (name == 0 || url[name] != ':')
        return HD_E_URL;
    if (!hd__starts_nocase(url, "https:") && !hd__starts_nocase(url, "http:"))
        return HD_E_URL_SCHEME;
    if (strncmp(url + name, "://", 3) != 0 || url[name + 3] == '/')
        return HD_E_URL;
    *authority = url + name + 3;
    return HD_OK;
}

/* The host, up to the port. */
static int check_host(const char *authority, size_t len) {
    const char *from = authority[0] == '[' ? memchr(authority, ']', len) : authority;
    const char *colon = from ? memchr(from, ':', len - (size_t)(from - authority)) : NULL;
    return hd__host_check(authority, colon ? (size_t)(colon - authority) : len);
}

/* What libcurl would accept, or would read differently from people and other parsers. */
static int check_authority(const char *authority) {
    size_t len = strcspn(authority, "/?#");
    if (memchr(authority, '@', len))
        return HD_E_URL_USERINFO;
    if (len == 0 || memchr(authority, '\\', len))
        return HD_E_URL_HOST;
    const char *colon = authority[0] == '[' ? NULL : memchr(authority, ':', len);
    if (colon && memchr(colon + 1, ':', len - (size_t)(colon + 1 - authority)))
        return HD_E_URL_HOST; /* an IPv6 address without its brackets */
    if (authority[len - 1] == ':')
        return HD_E_URL_PORT;
    return check_host(authority, len);
}

/* Whether a host of a parsed URL is an IP address: one in brackets is. */
static int is_address(const char *host) {
    static const struct hd__policy any = {0};
    int answer = host[0] == '[';
    if (!answer)
        hd__address_text_blocked(&any, host, &answer);
    return answer;
}

/* A part of a parsed URL; NULL if it has none. curl_free() it. */
static char *get(CURLU *parsed, CURLUPart part, unsigned flags) {
    char *text = NULL;
    return curl_url_get(parsed, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static int check_port(CURLU *parsed) {
    char *port = get(parsed, CURLUPART_PORT, 0);
    int status = port && strtoul(port, NULL, 10) == 0 ? HD_E_URL_PORT : HD_OK;
    curl_free(port);
    return status;
}

/* Writes an IPv4 address in four decimal numbers, whether libcurl has taken it for an address or for a name. */
static int settle_host(CURLU *parsed) {
    char *host = get(parsed, CURLUPART_HOST, 0), dotted[HD__DOTTED_SIZE];
    int status = host ? HD_OK : HD_E_NO_MEMORY;
    if (host && hd__host_dotted(host, dotted) && strcmp(host, dotted) != 0)
        status = status_of(curl_url_set(parsed, CURLUPART_HOST, dotted, 0));
    curl_free(host);
    return status;
}

static int parse(const char *url, CURLU **parsed) {
    *parsed = curl_url();
    if (!*parsed)
        return HD_E_NO_MEMORY;
    int status = status_of(curl_url_set(*parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER));
    if (status == HD_OK)
        status = settle_host(*parsed);
    if (status != HD_OK) {
        curl_url_cleanup(*parsed);
        *parsed = NULL;
    }
    return status;
}

int hd__url_check(const char *url) {
    const char *authority;
    CURLU *parsed;
    if (!hd__ident_fits(url, 1, URL_MAX) || strchr(url, '#'))
        return HD_E_URL;
    int status = check_scheme(url, &authority);
    if (status == HD_OK)
        status = check_authority(authority);
    if (status == HD_OK)
        status = parse(url, &parsed);
    if (status != HD_OK)
        return status;
    status = check_port(parsed);
    curl_url_cleanup(parsed);
    return status;
}

static int has_private_name(const char *host) {
    return !strchr(host, '.') || hd__host_is_localhost(host);
}

/* host may have brackets, which are taken off. */
static int check_host_allowed(char *host, const struct hd__policy *policy) {
    size_t len = strlen(host);
    int is_address;
    if (host[0] == '[') {
        host[len - 1] = '\0';
        host++;
    }
    if (hd__address_text_blocked(policy, host, &is_address))
        return HD_E_URL_ADDRESS;
    return is_address || policy->allowed_count > 0 || !has_private_name(host) ? HD_OK : HD_E_URL_HOST;
}

static int is_port_allowed(unsigned long port, const struct hd__policy *policy) {
    if (port == 443 || (policy->http && (port == 80 || port == 8080 || port == 8443)))
        return 1;
    for (size_t i = 0; i < policy->ports_count; i++)
        if (port >= policy->ports[i].first && port <= policy->ports[i].last)
            return 1;
    return 0;
}

int hd__url_allowed(const char *url, const struct hd__policy *policy) {
    CURLU *parsed;
    if (!policy->http && !hd__starts_nocase(url, "https:"))
        return HD_E_URL_SCHEME;
    int status = parse(url, &parsed);
    if (status != HD_OK)
        return status;
    char *host = get(parsed, CURLUPART_HOST, 0), *port = get(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    status = !host || !port                                      ? HD_E_NO_MEMORY
             : !is_port_allowed(strtoul(port, NULL, 10), policy) ? HD_E_URL_PORT
                                                                 : check_host_allowed(host, policy);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
    return status;
}

static int split_host(CURLU *parsed, struct hd__url_parts *parts) {
    char *host = get(parsed, CURLUPART_HOST, 0), *number = get(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    int status = host && number ? HD_OK : HD_E_NO_MEMORY;
    if (status == HD_OK) {
        parts->port = (uint16_t)strtoul(number, NULL, 10);
        if (!is_address(host))
            status = hd__replace_text(&parts->host, host);
    }
    curl_free(host);
    curl_free(number);
    return status;
}

/* The same; *failed is set if it cannot be told whether there is one. */
static char *get_if_any(CURLU *parsed, CURLUPart part, unsigned flags, int *failed) {
    char *text = NULL;
    *failed |= curl_url_get(parsed, part, &text, flags) == CURLUE_OUT_OF_MEMORY;
    return text;
}

static void free_wiped(char *text) {
    if (text)
        hd__wipe(text, strlen(text));
    curl_free(text);
}

static char *text_or_nothing(struct hd__buffer *out) {
    if (!out->failed)
        return out->data;
    hd__buffer_free(out);
    return NULL;
}

/* As libcurl asks itself for it: from 8.8.0 on, it leaves an empty query out. */
static char *target_of(CURLU *parsed) {
    struct hd__buffer out = {0};
    int failed = 0;
    char *path = get(parsed, CURLUPART_PATH, CURLU_URLENCODE);
    char *query = get_if_any(parsed, CURLUPART_QUERY, 0, &failed);
    if (path && !failed) {
        hd__buffer_renew(&out, strlen(path) + 1 +
                                   (query ? strlen(query) : 0)); /* growing would leave a copy in freed memory */
        hd__buffer_text(&out, path);
        hd__buffer_text(&out, query ? "?" : "");
        hd__buffer_text(&out, query ? query : "");
    } else
        out.failed = 1;
    free_wiped(path);
    free_wiped(query);
    return text_or_nothing(&out);
}

/* The host, and the port unless it is the scheme's own. */
static char *authority_of(CURLU *parsed) {
    struct hd__buffer out = {0};
    int failed = 0;
    char *host = get(parsed, CURLUPART_HOST, 0);
    char *port = get_if_any(parsed, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, &failed);
    if (host && !failed) {
        hd__buffer_renew(&out, strlen(host) + 1 + (port ? strlen(port) : 0));
        hd__buffer_text(&out, host);
        hd__buffer_text(&out, port ? ":" : "");
        hd__buffer_text(&out, port ? port : "");
    } else
        out.failed = 1;
    curl_free(host);
    curl_free(port);
    return text_or_nothing(&out);
}

const char *hd__url_parts_blocked(const struct hd__url_parts *parts, const struct hd__policy *policy) {
    char address[INET6_ADDRSTRLEN];
    int is_address, is_v6 = parts->authority[0] == '[';
    if (parts->host && !hd__host_is_localhost(parts->host))
        return NULL;
    if (parts->host) {
        const char *rule = hd__address_text_blocked(policy, "127.0.0.1", &is_address);
        return rule && hd__address_text_blocked(policy, "::1", &is_address) ? rule : NULL;
    }
    size_t len = strcspn(parts->authority + is_v6, is_v6 ? "]" : ":");
    (void)snprintf(address, sizeof address, "%.*s", (int)len, parts->authority + is_v6);
    return hd__address_text_blocked(policy, address, &is_address);
}

void hd__url_parts_free(struct hd__url_parts *parts) {
    free(parts->host);
    hd__free_key(parts->target);
    free(parts->authority);
    *parts = (struct hd__url_parts){.host = NULL};
}

int hd__url_split(const char *url, struct hd__url_parts *parts) {
    CURLU *parsed;
    *parts = (struct hd__url_parts){.uses_tls = hd__starts_nocase(url, "https:")};
    if (parse(url, &parsed) != HD_OK)
        return HD_E_NO_MEMORY;
    int status = split_host(parsed, parts);
    parts->target = target_of(parsed);
    parts->authority = authority_of(parsed);
    curl_url_cleanup(parsed);
    if (status == HD_OK && parts->target && parts->authority)
        return HD_OK;
    hd__url_parts_free(parts);
    return HD_E_NO_MEMORY;
}

char *hd__url_mask(const char *url) {
    struct hd__buffer out = {0};
    const char *authority = strstr(url, "://") + 3;
    const char *rest = authority + strcspn(authority, "/?");
    size_t rest_len = strlen(rest);
    hd__buffer_append(&out, url, (size_t)(rest - url));
    hd__buffer_text(&out, "/");
    if (rest_len > 1)
        hd__buffer_text(&out, "\xE2\x80\xA6"); /* an ellipsis */
    if (rest_len >= 12)                        /* of a shorter one, 4 characters would be too large a part */
        hd__buffer_text(&out, rest + rest_len - 4);
    if (out.failed) {
        hd__buffer_free(&out);
        return NULL;
    }
    return out.data;
}

const char *hd__url_masked_target(const char *masked_url) {
    return strchr(strstr(masked_url, "://") + 3, '/');
}
