#include "endpoint/proxy.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "endpoint/url.h"
#include "helmdesk.h"
#include "sign/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_MAX 2048
#define CREDENTIALS_MAX 512 /* bytes of user name, colon and password */

void hd__proxy_free(struct hd__proxy *proxy) {
    if (!proxy)
        return;
    free(proxy->url);
    free(proxy->host);
    hd__free_key(proxy->credentials);
    free(proxy);
}

/* "user:password", percent-encoded. Neither may have control characters, nor the user name a colon (RFC 7617 2).
 * Returns the length, 0 for what is malformed. */
static size_t decode(const char *text, size_t len, char out[CREDENTIALS_MAX]) {
    size_t to = 0, colon = len;
    for (size_t at = 0; at < len; at++) {
        int c = (unsigned char)text[at];
        if (c == ':' && colon == len)
            colon = at;
        if (c == '%') {
            if (len - at < 3 || hd__hex_digit(text[at + 1]) < 0 || hd__hex_digit(text[at + 2]) < 0)
                return 0;
            c = hd__hex_digit(text[at + 1]) << 4 | hd__hex_digit(text[at + 2]);
            at += 2;
        }
        if (c < ' ' || c == 127 || to == CREDENTIALS_MAX || (c == ':' && at < colon))
            return 0;
        out[to++] = (char)c;
    }
    return colon > 0 && colon < len ? to : 0;
}

static int read_credentials(const char *text, size_t len, char **header) {
    static const char name[] = "Proxy-Authorization: Basic ";
    char plain[CREDENTIALS_MAX];
    size_t plain_len = decode(text, len, plain);
    int status = plain_len ? HD_OK : HD_E_PROXY;
    if (status == HD_OK && !(*header = malloc(sizeof name + HD__BASE64_SIZE(plain_len))))
        status = HD_E_NO_MEMORY;
    if (status == HD_OK) {
        memcpy(*header, name, sizeof name);
        hd__base64_encode((const unsigned char *)plain, plain_len, *header + sizeof name - 1);
    }
    hd__wipe(plain, sizeof plain);
    return status;
}

/* With its port, whichever that is: libcurl has another one for proxies where none is named. */
static int write_url(struct hd__proxy *proxy, const struct hd__url_parts *parts) {
    const char *authority = parts->authority, *after = authority[0] == '[' ? strchr(authority, ']') : authority;
    size_t host_len = (size_t)(after - authority) + strcspn(after, ":");
    size_t size = host_len + sizeof "https://:65535";
    proxy->url = malloc(size);
    if (!proxy->url)
        return HD_E_NO_MEMORY;
    (void)snprintf(proxy->url, size, "%s%.*s:%u", proxy->uses_tls ? "https://" : "http://", (int)host_len, authority,
                   (unsigned)parts->port);
    proxy->authority = strchr(proxy->url, '/') + 2;
    return HD_OK;
}

static int take_parts(struct hd__proxy *proxy, const char *url) {
    struct hd__url_parts parts;
    int status = hd__url_split(url, &parts);
    if (status != HD_OK)
        return status;
    proxy->uses_tls = parts.uses_tls;
    proxy->port = parts.port;
    status = hd__replace_text(&proxy->host, parts.host);
    if (status == HD_OK)
        status = write_url(proxy, &parts);
    hd__url_parts_free(&parts);
    return status;
}

/* The scheme and what follows the user name and the password. */
static int read_place(struct hd__proxy *proxy, const char *url, size_t scheme_len, const char *host) {
    struct hd__buffer plain = {0};
    hd__buffer_append(&plain, url, scheme_len);
    hd__buffer_text(&plain, host);
    int status = plain.failed ? HD_E_NO_MEMORY : hd__url_check(plain.data);
    if (status == HD_OK)
        status = take_parts(proxy, plain.data);
    else if (status != HD_E_NO_MEMORY)
        status = HD_E_PROXY;
    hd__buffer_free(&plain);
    return status;
}

static int read_all(struct hd__proxy *proxy, const char *url) {
    const char *scheme = strstr(url, "://");
    if (!scheme)
        return HD_E_PROXY;
    const char *authority = scheme + 3;
    size_t len = strcspn(authority, "/?#");
    const char *at = memchr(authority, '@', len), *host = at ? at + 1 : authority;
    const char *rest = authority + len;
    if (*rest && strcmp(rest, "/") != 0)
        return HD_E_PROXY;
    int status = at ? read_credentials(authority, (size_t)(at - authority), &proxy->credentials) : HD_OK;
    return status == HD_OK ? read_place(proxy, url, (size_t)(authority - url), host) : status;
}

int hd__proxy_parse(const char *url, struct hd__proxy **proxy) {
    if (!hd__ident_fits(url, 1, URL_MAX))
        return HD_E_PROXY;
    struct hd__proxy *made = calloc(1, sizeof *made);
    int status = made ? read_all(made, url) : HD_E_NO_MEMORY;
    if (status == HD_OK)
        *proxy = made;
    else
        hd__proxy_free(made);
    return status;
}

struct hd__proxy *hd__proxy_copy(const struct hd__proxy *proxy) {
    struct hd__proxy *copy = calloc(1, sizeof *copy);
    if (!copy)
        return NULL;
    copy->uses_tls = proxy->uses_tls;
    copy->port = proxy->port;
    if (hd__replace_text(&copy->url, proxy->url) == HD_OK && hd__replace_text(&copy->host, proxy->host) == HD_OK &&
        hd__replace_key(&copy->credentials, proxy->credentials) == HD_OK) {
        copy->authority = strchr(copy->url, '/') + 2;
        return copy;
    }
    hd__proxy_free(copy);
    return NULL;
}
