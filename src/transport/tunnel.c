/* The way through a proxy: what libcurl is told of it, which addresses are the proxy's, and what went wrong there.
 * libcurl asks for the tunnel (CONNECT) itself, and reads the proxy's answer. */
#include "transport/connect_inside.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- What libcurl is told ---- */

/* The list is libcurl's form; the text stays the program's, so that libcurl has no copy of it but the request. */
void *hd__tunnel_header(const struct hd__proxy *proxy) {
    struct curl_slist *header = calloc(1, sizeof *header);
    if (header)
        header->data = proxy->credentials;
    return header;
}

static int set_tls(const struct hd__connector *connector, CURL *easy) {
    SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (connector->ca_file)
        SET(CURLOPT_PROXY_CAINFO, connector->ca_file);
    if (connector->clear_capath)
        SET(CURLOPT_PROXY_CAPATH, NULL); /* as CURLOPT_CAPATH */
    return 1;
}

/* A line of the proxy's answer: the tunnel is open when the last line has come, which is empty. The handshake with the
 * proxy is over by then, and was ignored: it says nothing about the receiver. */
static size_t take_line(char *line, size_t size, size_t count, void *user) {
    struct hd__link *link = user;
    link->has_proxy_head = line[0] == '\r' || line[0] == '\n';
    return hd__tunnel_stands(link) && !hd__secure_listen(link) ? 0 : size * count;
}

int hd__tunnel_set(struct hd__link *link) {
    const struct hd__connector *connector = link->connector;
    const struct hd__proxy *proxy = connector->proxy;
    CURL *easy = link->easy;
    SET(CURLOPT_PROXY,
        proxy ? proxy->url : "");           /* else the environment's: the address check would see its address (T8) */
    SET(CURLOPT_NOPROXY, proxy ? "" : "*"); /* the same */
    if (!proxy)
        return 1;
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_HEADERFUNCTION, take_line);
    SET(CURLOPT_HEADERDATA, link);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* the receiver gets none of the proxy's headers */
    if (connector->proxy_header)
        SET(CURLOPT_PROXYHEADER, (struct curl_slist *)connector->proxy_header);
    return !proxy->uses_tls || set_tls(connector, easy);
}

/* ---- Addresses ---- */

/* The next address of a list, without brackets. Returns what follows it; NULL if there is none that fits. */
static const char *next_address(const char *list, char address[INET6_ADDRSTRLEN]) {
    int is_v6 = list[0] == '[';
    size_t len = strcspn(list += is_v6, is_v6 ? "]" : ",:");
    if (len == 0 || len >= INET6_ADDRSTRLEN)
        return NULL;
    memcpy(address, list, len);
    address[len] = '\0';
    list += len + (size_t)is_v6;
    return list + (*list == ',');
}

static int is_same(const char *address, const struct sockaddr *other) {
    struct in6_addr v6;
    struct in_addr v4;
    if (other->sa_family == AF_INET)
        return inet_pton(AF_INET, address, &v4) == 1 &&
               memcmp(&v4, &((const struct sockaddr_in *)(const void *)other)->sin_addr, sizeof v4) == 0;
    return other->sa_family == AF_INET6 && inet_pton(AF_INET6, address, &v6) == 1 &&
           memcmp(&v6, &((const struct sockaddr_in6 *)(const void *)other)->sin6_addr, sizeof v6) == 0;
}

static unsigned port_of(const struct sockaddr *address) {
    return ntohs(address->sa_family == AF_INET ? ((const struct sockaddr_in *)(const void *)address)->sin_port
                                               : ((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}

/* Of those that were found for its name, or of the one in its URL. */
int hd__tunnel_leads_to(const struct hd__link *link, const struct sockaddr *address) {
    const struct hd__proxy *proxy = link->connector->proxy;
    const struct curl_slist *found = link->addresses;
    const char *list = found ? found->data + strlen("+:") + strlen(proxy->authority) : proxy->authority;
    char one[INET6_ADDRSTRLEN];
    if (port_of(address) != proxy->port)
        return 0;
    while ((list = next_address(list, one)))
        if (is_same(one, address))
            return 1;
    return 0;
}

/* ---- What went wrong ---- */

static long info_long(const struct hd__link *link, CURLINFO which) {
    long value = 0;
    curl_easy_getinfo(link->easy, which, &value);
    return value;
}

/* Nothing can be read before there is a connection; CURLINFO_CONNECT_TIME_T is 0 until the tunnel is open. */
void hd__tunnel_awaits(struct hd__link *link) {
    link->has_proxy = 1;
}

int hd__tunnel_stands(const struct hd__link *link) {
    return !link->connector->proxy || (link->has_proxy_head && info_long(link, CURLINFO_HTTP_CONNECTCODE) / 100 == 2);
}

static int reason_of_status(const struct hd__link *link, const char **detail) {
    switch (link->proxy_status) {
    case 407:
        *detail = link->connector->proxy_header ? "does not accept the user name and the password that it was given"
                                                : "wants a user name and a password";
        return HD_REASON_PROXY_REFUSED;
    case 502:
    case 503:
    case 504:
        *detail = "could not connect to the receiver";
        return HD_REASON_PROXY_GATEWAY;
    default:
        if (link->proxy_status / 100 == 4) {
            *detail = "forbids this connection";
            return HD_REASON_PROXY_REFUSED;
        }
        *detail = "makes no tunnel";
        return HD_REASON_PROXY_FAILED;
    }
}

static int reason_of_timeout(const struct hd__link *link, const char **detail) {
    if (link->has_proxy) {
        *detail = "has connected to no receiver in time";
        return HD_REASON_PROXY_GATEWAY;
    }
    *detail = "could not be connected to in time";
    return HD_REASON_PROXY_FAILED;
}

/* TLS with the proxy: in libcurl's words, as far as it has any. */
static const char *with_cause(const struct hd__link *link, const char *what) {
    char words[HD__TLS_WORDS_SIZE];
    if (!link->connector->proxy->uses_tls || !*hd__tls_words(link->tls, words))
        return what;
    (void)snprintf(link->tls->detail, sizeof link->tls->detail, "%s; libcurl says: \"%s\"", what, words);
    return link->tls->detail;
}

/* What libcurl reports of a proxy that has given no status. */
static const char *detail_of(const struct hd__link *link, CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "has a name for which no address was found";
    case CURLE_COULDNT_CONNECT:
        return info_long(link, CURLINFO_OS_ERRNO) == ECONNREFUSED ? "refuses connections: nothing listens on its port"
                                                                  : "cannot be reached: check routing and firewalls";
    case CURLE_PEER_FAILED_VERIFICATION:
        return with_cause(link, "has a certificate that is not valid or not trusted");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CLIENTCERT:
        return with_cause(link, "makes no secure connection");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return with_cause(link, "closed the connection without an answer that is whole");
    case CURLE_GOT_NOTHING:
        return "closed the connection without an answer that is whole";
    case CURLE_OUT_OF_MEMORY: /* also how libcurl calls a line that is too long */
        return "gave an answer for which there is no room";
    default:
        return "does not answer as a proxy does";
    }
}

int hd__tunnel_reason(struct hd__link *link, int code, const char **detail) {
    int status = (int)info_long(link, CURLINFO_HTTP_CONNECTCODE);
    link->proxy_status = status / 100 == 2 ? 0 : status; /* a head that did not end says nothing */
    if (link->proxy_status)
        return reason_of_status(link, detail);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return reason_of_timeout(link, detail);
    *detail = detail_of(link, (CURLcode)code);
    return HD_REASON_PROXY_FAILED;
}
