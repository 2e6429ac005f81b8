/* A connection: how it is to be made, what became of that, and what is said over it. Facts named T1 to T8 were measured
 * on libcurl 7.88.1 with OpenSSL 3.0. */
#include "transport/connect_inside.h"

#include <curl/curl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define LATER_MS 100 /* than the deadline: when libcurl would end a connect itself */

/* ---- Sockets ---- */

/* Close-on-exec, so that programs that the host starts do not inherit connections (T7). Returns -1 with errno. */
static int make_socket(struct hd__connector *connector, const struct curl_sockaddr *address) {
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return -1;
    if (hd__poller_reserve(connector->poller, fd))
        return fd;
    close(fd);
    errno = ENOMEM;
    return -1;
}

/* Through a proxy, which addresses may be reached is its rule, and nothing but the proxy is connected to. */
static const char *blocked_address(const struct hd__link *link, const struct sockaddr *address) {
    if (!link->connector->proxy)
        return hd__address_blocked(link->connector->policy, address);
    return hd__tunnel_leads_to(link, address) ? NULL : "it is not the proxy's address";
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    struct hd__link *link = user;
    const char *blocked = blocked_address(link, &address->addr);
    (void)purpose;
    if (blocked) {
        link->blocked = blocked;
        return CURL_SOCKET_BAD;
    }
    int fd = make_socket(link->connector, address);
    if (fd < 0) {
        link->socket_error = errno;
        return CURL_SOCKET_BAD;
    }
    link->socket_count++;
    return fd;
}

static int close_socket(void *user, curl_socket_t fd) {
    struct hd__connector *connector = user;
    hd__poller_forget(connector->poller, fd);
    return fd == connector->taken_over ? 0 : close(fd);
}

/* ---- Easy handles ---- */

static int set_way(const struct hd__connector *connector, struct hd__link *link) {
    CURL *easy = link->easy;
    SET(CURLOPT_PRIVATE, link);
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* else TLS would offer HTTP/2 */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_BUFFERSIZE, 1024L);
    SET(CURLOPT_PROTOCOLS_STR, connector->policy->http ? "http,https" : "https");
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, link);
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, connector);
    SET(CURLOPT_UNIX_SOCKET_PATH, NULL);
    SET(CURLOPT_DOH_URL, NULL);
    return hd__tunnel_set(link);
}

/* libcurl gives an address half of the time that is left for connecting, as long as there are others to try
 * (github.com/curl/curl/commit/b3e7c2c44be2): that is all it needs to know of the deadline, which the owner of the
 * connection enforces. Its own limit comes a little later, so that the reason does not depend on which of the two is
 * noticed first. It is at least 1, since 0 would mean 300 s (CURLOPT_CONNECTTIMEOUT_MS). */
static long connect_limit_ms(const struct hd__place *place) {
    int64_t limit_ms = place->left_ms + LATER_MS;
    return limit_ms < 1 ? 1L : (long)limit_ms;
}

static int set_place(struct hd__link *link, const struct hd__place *place) {
    CURL *easy = link->easy;
    if (place->addresses) {
        link->addresses = curl_slist_append(NULL, place->addresses);
        if (!link->addresses)
            return 0;
        SET(CURLOPT_RESOLVE, (struct curl_slist *)link->addresses);
    }
    SET(CURLOPT_URL, place->url);
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms(place));
    return 1;
}

/* ---- It begins ---- */

/* libcurl has nothing to do with it any more. That closes the connection, unless its descriptor was taken over. */
static void part(struct hd__link *link) {
    if (link->group)
        hd__group_remove(link);
    curl_easy_cleanup(link->easy);
    curl_slist_free_all(link->addresses);
    link->easy = link->addresses = NULL;
}

static int begin(struct hd__link *link, const struct hd__place *place) {
    link->easy = curl_easy_init();
    return link->easy && set_way(link->connector, link) && hd__secure_set(link, place->identity) &&
           set_place(link, place) && hd__group_add(link, place->url);
}

struct hd__link *hd__link_open(struct hd__connector *connector, const struct hd__place *place) {
    struct hd__link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->connector = connector;
    link->fd = HD__NO_DESCRIPTOR;
    link->detail = "";
    const int uses_tls = strncmp(place->url, "https:", 6) == 0 || (connector->proxy && connector->proxy->uses_tls);
    link->tls = uses_tls ? calloc(1, sizeof *link->tls) : NULL;
    if ((link->tls || !uses_tls) && begin(link, place))
        return link;
    part(link);
    free(link->tls);
    free(link);
    return NULL;
}

/* ---- It has been made, or not ---- */

static long info_long(CURL *easy, CURLINFO which) {
    long value = 0;
    curl_easy_getinfo(easy, which, &value);
    return value;
}

static int64_t info_us(CURL *easy, CURLINFO which) {
    curl_off_t value = 0;
    curl_easy_getinfo(easy, which, &value);
    return (int64_t)value;
}

static uint32_t to_ms(int64_t us) {
    return us > 0 ? (uint32_t)((us + 500) / 1000) : 0;
}

/* libcurl counts each of its times from the start; a phase that was not reached has 0. */
static void take_times(struct hd__link *link) {
    int64_t begun = info_us(link->easy, CURLINFO_NAMELOOKUP_TIME_T);
    int64_t connected = info_us(link->easy, CURLINFO_CONNECT_TIME_T);
    link->connect_ms = to_ms(connected - begun);
    link->tls_ms = to_ms(info_us(link->easy, CURLINFO_APPCONNECT_TIME_T) - connected);
}

static void take_address(struct hd__link *link) {
    char *ip = NULL;
    curl_easy_getinfo(link->easy, CURLINFO_PRIMARY_IP, &ip);
    if (ip && *ip)
        (void)snprintf(link->remote_address, sizeof link->remote_address, strchr(ip, ':') ? "[%.45s]:%ld" : "%.45s:%ld",
                       ip, info_long(link->easy, CURLINFO_PRIMARY_PORT));
}

static int reason_of_socket(const struct hd__link *link, const char **detail) {
    if (link->blocked && link->socket_count == 0) {
        *detail = link->blocked;
        return HD_REASON_BLOCKED;
    }
    switch (info_long(link->easy, CURLINFO_OS_ERRNO)) {
    case ECONNREFUSED:
        return HD_REASON_REFUSED;
    case ECONNRESET: /* by a server that had accepted: libcurl 8 sees it before anything is sent */
        return HD_REASON_RESET;
    default:
        return HD_REASON_UNREACHABLE;
    }
}

/* Of a connection to the receiver. */
static int reason_of_connection(const struct hd__link *link, CURLcode code, const char **detail) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return HD_REASON_DNS;
    case CURLE_COULDNT_CONNECT:
        return reason_of_socket(link, detail);
    case CURLE_OPERATION_TIMEDOUT:
        return HD_REASON_TIMEOUT_CONNECT;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        return HD_REASON_RESET;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CLIENTCERT:
        return hd__secure_reason(link, (int)code, detail);
    case CURLE_OUT_OF_MEMORY:
        *detail = "out of memory";
        return HD_REASON_INTERNAL;
    default:
        return HD_REASON_INTERNAL;
    }
}

static int reason_of_error(struct hd__link *link, CURLcode code, const char **detail) {
    if (code == CURLE_UNSUPPORTED_PROTOCOL) {
        *detail = "http is not allowed"; /* a webhook from a store: what may be put is checked before */
        return HD_REASON_BLOCKED;
    }
    if (code == CURLE_SSL_CERTPROBLEM) {
        *detail = "the client certificate and its key cannot be read, or do not belong together";
        return HD_REASON_INTERNAL;
    }
    if (code == CURLE_SSL_CACERT_BADFILE) {
        *detail = "the certificate authorities' file cannot be read";
        return HD_REASON_INTERNAL;
    }
    if (code == CURLE_COULDNT_CONNECT && link->socket_error) {
        *detail = link->socket_error == EMFILE || link->socket_error == ENFILE ? "too many open files" : "no socket";
        return HD_REASON_INTERNAL;
    }
    return hd__tunnel_stands(link) ? reason_of_connection(link, code, detail)
                                   : hd__tunnel_reason(link, (int)code, detail);
}

int hd__link_late_reason(struct hd__link *link, const char **detail) {
    return reason_of_error(link, CURLE_OPERATION_TIMEDOUT, detail);
}

static void fail(struct hd__link *link, int reason, const char *detail) {
    link->state = HD__LINK_FAILED;
    link->reason = reason;
    link->detail = detail;
}

/* A plain connection is ours alone from now on; of one with TLS only the waiting is. */
static void take_over(struct hd__link *link) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (fd == CURL_SOCKET_BAD) {
        fail(link, HD_REASON_RESET, "");
        return;
    }
    link->state = HD__LINK_READY;
    link->fd = fd;
    if (link->tls)
        return;
    link->connector->taken_over = fd;
    part(link);
    link->connector->taken_over = HD__NO_DESCRIPTOR;
}

static void end_making(struct hd__link *link) {
    hd__unlink_from(&link->group->making, link);
    hd__link_to(&link->connector->ended, link);
}

void hd__link_take_result(struct hd__link *link, int code) {
    const char *detail = "";
    int reason = code == CURLE_OK ? HD_REASON_DELIVERED : reason_of_error(link, (CURLcode)code, &detail);
    take_times(link);
    take_address(link);
    end_making(link);
    if (code == CURLE_OK)
        take_over(link);
    else
        fail(link, reason, detail);
}

void hd__link_give_up(struct hd__link *link) {
    end_making(link);
    fail(link, HD_REASON_INTERNAL, "out of memory");
}

void hd__link_close(struct hd__link *link) {
    if (link->easy) {
        part(link);
    } else if (link->fd != HD__NO_DESCRIPTOR) {
        hd__poller_forget(link->connector->poller, link->fd);
        close(link->fd);
    }
    free(link->tls);
    free(link);
}

/* ---- What is said over it ---- */

static enum hd__link_result result_of(CURLcode code, size_t count) {
    return code == CURLE_AGAIN ? HD__LINK_AGAIN
           : code != CURLE_OK  ? HD__LINK_DEAD
           : count             ? HD__LINK_DONE
                               : HD__LINK_ENDED;
}

static enum hd__link_result result_of_errno(void) {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? HD__LINK_AGAIN : HD__LINK_DEAD;
}

/* A record at a time. */
static enum hd__link_result send_sealed(struct hd__link *link, const char *bytes, size_t len, size_t *sent) {
    CURLcode code = curl_easy_send(link->easy, bytes, len, sent);
    if (code != CURLE_OK && code != CURLE_AGAIN)
        (void)hd__secure_listen(
            link); /* what may be read yet is why; libcurl keeps the words of its first error only */
    return code == CURLE_OK && *sent == 0 ? HD__LINK_AGAIN : result_of(code, *sent);
}

static enum hd__link_result send_plain(const struct hd__link *link, struct iovec *pieces, size_t count, size_t *sent) {
    const struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    ssize_t result = sendmsg(link->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (result < 0)
        return result_of_errno();
    *sent = (size_t)result;
    return HD__LINK_DONE;
}

enum hd__link_result hd__link_send(struct hd__link *link, const char *first, size_t first_len, const char *second,
                                   size_t second_len, size_t *sent) {
    struct iovec pieces[2] = {{(void *)(uintptr_t)first, first_len}, {(void *)(uintptr_t)second, second_len}};
    *sent = 0;
    if (!link->easy)
        return send_plain(link, first_len ? pieces : pieces + 1, first_len && second_len ? 2 : 1, sent);
    return first_len ? send_sealed(link, first, first_len, sent) : send_sealed(link, second, second_len, sent);
}

enum hd__link_result hd__link_receive(struct hd__link *link, char *bytes, size_t size, size_t *received) {
    *received = 0;
    if (link->easy) {
        CURLcode code = curl_easy_recv(link->easy, bytes, size, received);
        return result_of(code, *received);
    }
    ssize_t result = recv(link->fd, bytes, size, MSG_DONTWAIT);
    if (result < 0)
        return result_of_errno();
    *received = (size_t)result;
    return result > 0 ? HD__LINK_DONE : HD__LINK_ENDED;
}

void hd__link_explain(struct hd__link *link) {
    link->reason = link->tls ? hd__tls_reason_of_break(link->tls, link->connector->tls_library) : HD_REASON_RESET;
    link->detail = link->tls ? link->tls->detail : "";
}

int64_t hd__link_certificate_until_s(const struct hd__link *link) {
    return link->tls && link->tls->handshake.chain_len > 0 ? link->tls->handshake.chain[0].until_s : 0;
}

int hd__link_is_quiet(struct hd__link *link) {
    char byte;
    size_t received;
    if (link->easy) /* tickets of TLS 1.3 are for libcurl */
        return hd__link_receive(link, &byte, 1, &received) == HD__LINK_AGAIN;
    return recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && result_of_errno() == HD__LINK_AGAIN;
}
