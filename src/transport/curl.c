/* HTTP by libcurl: one multi handle over a pool of easy handles. Facts named T1 to T8 were measured on libcurl 7.88.1
 * with OpenSSL 3.0. */
#include "base/text.h"
#include "helmdesk.h"
#include "transport/transport.h"

#include <curl/curl.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "libhelmdesk needs libcurl 7.85 or later (CURLOPT_PROTOCOLS_STR)"
#endif

#define HEADERS_MAX ((size_t)64 * 1024) /* libcurl's own cap leaves out chunked trailers: 617 MB in 5 s (T3) */
#define BODY_MAX ((size_t)64 * 1024)
#define INFORMATIONAL_MAX 32 /* 1xx answers before the real one */

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct hd__exchange *exchange;
    const struct hd__policy *policy;
    struct transfer *next_free;

    const char *blocked; /* the rule that forbade an address */
    int socket_opened;
    int socket_error; /* errno of a failed socket() */
    size_t header_bytes;
    size_t body_bytes;
    unsigned informational;
    int in_header;       /* between a status line and the empty line that ends its header */
    int header_complete; /* of the real answer, not of a 1xx */
};

struct curl_transport {
    struct hd__transport base;
    CURLM *multi;
    struct transfer *free_transfers;
    int running; /* transfers added and not yet reported as finished */
    uint32_t timeout_ms;
    const struct hd__policy *policy;
    char *ca_file;
    char *user_agent;
    int clear_capath;
};

/* ---- Callbacks of a transfer ---- */

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    struct transfer *transfer = user;
    (void)purpose;
    const char *blocked = hd__address_blocked(transfer->policy, &address->addr);
    if (blocked) {
        transfer->blocked = blocked;
        return CURL_SOCKET_BAD;
    }
    /* Close-on-exec, so that programs that the host starts do not inherit connections (T7). */
    curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd == CURL_SOCKET_BAD)
        transfer->socket_error = errno;
    else
        transfer->socket_opened = 1;
    return fd;
}

/* Appends what still fits below limit. */
static void keep(struct hd__exchange *exchange, struct hd__buffer *buffer, const char *data, size_t len, size_t limit) {
    size_t room = limit - buffer->len;
    if (len > room)
        exchange->response_truncated = 1;
    hd__buffer_append(buffer, data, len < room ? len : room);
    if (buffer->failed)
        exchange->response_truncated = 1;
}

/* The status of a line like "HTTP/1.1 200 OK"; 0 if it is none. */
static int status_of_line(const char *line, size_t len) {
    const char *space = len > 5 && memcmp(line, "HTTP/", 5) == 0 ? memchr(line, ' ', len) : NULL;
    if (!space || (size_t)(line + len - space) < 4)
        return 0;
    int status = 0;
    for (int i = 1; i <= 3; i++) {
        if (space[i] < '0' || space[i] > '9')
            return 0;
        status = status * 10 + (space[i] - '0');
    }
    return status;
}

/* Gets each header line, also of 1xx answers before the real one and of trailers after the body. */
static size_t take_header(char *line, size_t size, size_t count, void *user) {
    struct transfer *transfer = user;
    struct hd__exchange *exchange = transfer->exchange;
    size_t len = size * count;
    transfer->header_bytes += len;
    if (transfer->header_bytes > HEADERS_MAX)
        return 0;
    if (transfer->header_complete)
        return len;
    if (!transfer->in_header) {
        transfer->in_header = 1;
        exchange->http_status = status_of_line(line, len);
        exchange->response_headers.len = 0;
        if (exchange->http_status < 200 && ++transfer->informational > INFORMATIONAL_MAX)
            return 0;
    } else if (line[0] == '\r' || line[0] == '\n') {
        transfer->in_header = 0;
        transfer->header_complete = exchange->http_status >= 200;
    }
    keep(exchange, &exchange->response_headers, line, len, HD__RESPONSE_HEADERS_KEPT);
    return len;
}

static size_t take_body(char *data, size_t size, size_t count, void *user) {
    struct transfer *transfer = user;
    size_t len = size * count;
    keep(transfer->exchange, &transfer->exchange->response_body, data, len, HD__RESPONSE_BODY_KEPT);
    transfer->body_bytes += len;
    return transfer->body_bytes > BODY_MAX ? 0 : len;
}

/* ---- The pool of easy handles ---- */

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                                                         \
            return 0;                                                                                                  \
    } while (0)

/* What is the same for all transfers, set once: the defaults of today are set too where another one tomorrow would
 * break a promise. */
static int set_fixed_options(const struct curl_transport *transport, struct transfer *transfer) {
    CURL *easy = transfer->easy;
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_USERAGENT, transport->user_agent);
    /* Five seconds for everything. */
    SET(CURLOPT_TIMEOUT_MS, (long)transport->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)transport->timeout_ms);
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a stalled resolver (T2); older ones lack it */
#endif
    /* Only there, only by HTTP, never on behalf of somebody else. */
    SET(CURLOPT_PROTOCOLS_STR, transport->policy->http ? "http,https" : "https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_MAXREDIRS, 0L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_PROXY, ""); /* whatever the environment says: the address check would see the proxy's address (T8) */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE);
    SET(CURLOPT_COOKIEFILE, NULL);
    SET(CURLOPT_UNIX_SOCKET_PATH, NULL);
    SET(CURLOPT_DOH_URL, NULL);
    /* libcurl repeats a POST silently when a kept connection dies under it (T4). */
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L); /* it corrupts the heap when memory runs out (T5) */
    if (transport->ca_file)
        SET(CURLOPT_CAINFO, transport->ca_file);
    if (transport->clear_capath)
        SET(CURLOPT_CAPATH, NULL);      /* with it, each handle parses the bundle anew: 18 ms (T6) */
    SET(CURLOPT_ACCEPT_ENCODING, NULL); /* a compressed bomb stays compressed */
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, transfer);
    return 1;
}

static void free_transfer(struct transfer *transfer) {
    curl_easy_cleanup(transfer->easy);
    free(transfer);
}

static struct transfer *new_transfer(const struct curl_transport *transport) {
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return NULL;
    transfer->policy = transport->policy;
    transfer->easy = curl_easy_init();
    if (!transfer->easy || !set_fixed_options(transport, transfer)) {
        free_transfer(transfer);
        return NULL;
    }
    return transfer;
}

static struct transfer *take_transfer(struct curl_transport *transport) {
    struct transfer *transfer = transport->free_transfers;
    if (!transfer)
        return new_transfer(transport);
    transport->free_transfers = transfer->next_free;
    return transfer;
}

/* Also forgets what it was used for. */
static void give_back(struct curl_transport *transport, struct transfer *transfer) {
    CURL *easy = transfer->easy;
    curl_slist_free_all(transfer->headers);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(easy, CURLOPT_URL, NULL);
    *transfer = (struct transfer){.easy = easy, .policy = transport->policy, .next_free = transport->free_transfers};
    transport->free_transfers = transfer;
}

/* ---- Starting ---- */

static int add_line(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return 0;
    *list = longer;
    return 1;
}

static int add_field(struct curl_slist **list, const struct hd__field *field) {
    struct hd__buffer line = {0};
    hd__buffer_text(&line, field->name);
    if (field->value[strspn(field->value, " \t")]) {
        hd__buffer_text(&line, ": ");
        hd__buffer_text(&line, field->value);
    } else {
        hd__buffer_text(&line, ";"); /* to send a header without a value; "Name: " would mean not to send one */
    }
    int added = !line.failed && add_line(list, line.data);
    hd__buffer_free(&line);
    return added;
}

static int set_request(struct transfer *transfer, struct hd__exchange *exchange) {
    CURL *easy = transfer->easy;
    transfer->exchange = exchange;
    exchange->transfer = transfer;
    for (size_t i = 0; i < exchange->field_count; i++)
        if (!add_field(&transfer->headers, &exchange->fields[i]))
            return 0;
    if (!add_line(&transfer->headers, "Expect:")) /* libcurl would ask before it sends more than 1 MiB */
        return 0;
    SET(CURLOPT_URL, exchange->url);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_len);
    SET(CURLOPT_POSTFIELDS, exchange->body);
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    return 1;
}

static int start(struct hd__transport *base, struct hd__exchange *exchange) {
    struct curl_transport *transport = (struct curl_transport *)base;
    struct transfer *transfer = take_transfer(transport);
    if (!transfer)
        return HD_E_NO_MEMORY;
    if (!set_request(transfer, exchange) || curl_multi_add_handle(transport->multi, transfer->easy) != CURLM_OK) {
        give_back(transport, transfer);
        return HD_E_NO_MEMORY;
    }
    transport->running++;
    return HD_OK;
}

/* ---- Finishing ---- */

static int reason_of_status(int status) {
    switch (status) {
    case 400:
        return HD_REASON_HTTP_400;
    case 401:
    case 403:
        return HD_REASON_HTTP_401_403;
    case 404:
    case 410:
        return HD_REASON_HTTP_404_410;
    case 413:
        return HD_REASON_HTTP_413;
    case 429:
        return HD_REASON_HTTP_429;
    default:
        return status >= 200 && status < 300   ? HD_REASON_DELIVERED
               : status >= 300 && status < 400 ? HD_REASON_HTTP_3XX
               : status >= 400 && status < 500 ? HD_REASON_HTTP_4XX
               : status >= 500 && status < 600 ? HD_REASON_HTTP_5XX
                                               : HD_REASON_BAD_RESPONSE;
    }
}

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

static int reason_of_connect(const struct transfer *transfer, const char **detail) {
    if (transfer->socket_error) {
        *detail =
            transfer->socket_error == EMFILE || transfer->socket_error == ENFILE ? "too many open files" : "no socket";
        return HD_REASON_INTERNAL;
    }
    if (transfer->blocked && !transfer->socket_opened) {
        *detail = transfer->blocked;
        return HD_REASON_BLOCKED;
    }
    switch (info_long(transfer->easy, CURLINFO_OS_ERRNO)) {
    case ECONNREFUSED:
        return HD_REASON_REFUSED;
    case ECONNRESET: /* by a server that had accepted: libcurl 8 sees it before it sends */
        return HD_REASON_RESET;
    default:
        return HD_REASON_UNREACHABLE;
    }
}

/* libcurl hands on OpenSSL's numbers (X509_V_ERR_..., openssl/x509_vfy.h); it checks the name itself, and then there is
 * no such number. */
static int reason_of_certificate(CURL *easy) {
    switch (info_long(easy, CURLINFO_SSL_VERIFYRESULT)) {
    case 0:
    case 62: /* X509_V_ERR_HOSTNAME_MISMATCH */
        return HD_REASON_TLS_NAME;
    case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
        return HD_REASON_TLS_EXPIRED;
    default:
        return HD_REASON_TLS_UNTRUSTED;
    }
}

/* Whether the request has begun to leave. Not by libcurl's times: of a transfer that ended early, its versions disagree
 * about them. */
static int has_sent(CURL *easy) {
    return info_long(easy, CURLINFO_REQUEST_SIZE) > 0;
}

static int reason_of_error(const struct transfer *transfer, CURLcode code, const char **detail) {
    CURL *easy = transfer->easy;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return HD_REASON_DNS;
    case CURLE_COULDNT_CONNECT:
        return reason_of_connect(transfer, detail);
    case CURLE_OPERATION_TIMEDOUT:
        return has_sent(easy) ? HD_REASON_TIMEOUT_TOTAL : HD_REASON_TIMEOUT_CONNECT;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return HD_REASON_RESET;
    case CURLE_PEER_FAILED_VERIFICATION:
        return reason_of_certificate(easy);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        return HD_REASON_TLS_PROTOCOL;
    case CURLE_SSL_CACERT_BADFILE:
        *detail = "the certificate authorities' file cannot be read";
        return HD_REASON_INTERNAL;
    case CURLE_WRITE_ERROR: /* take_header refused more */
        return HD_REASON_RESPONSE_TOO_LARGE;
    case CURLE_OUT_OF_MEMORY: /* also what libcurl says of one huge header line */
        return has_sent(easy) ? HD_REASON_RESPONSE_TOO_LARGE : HD_REASON_INTERNAL;
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
        return HD_REASON_RESPONSE_TOO_LARGE;
#endif
    default:
        return has_sent(easy) ? HD_REASON_BAD_RESPONSE : HD_REASON_INTERNAL;
    }
}

static uint32_t to_ms(int64_t us) {
    return us > 0 ? (uint32_t)((us + 500) / 1000) : 0;
}

/* libcurl counts each of its times from the start; a phase that was not reached has 0. */
static void take_times(CURL *easy, struct hd__exchange *exchange) {
    int64_t dns = info_us(easy, CURLINFO_NAMELOOKUP_TIME_T), connect = info_us(easy, CURLINFO_CONNECT_TIME_T);
    int64_t tls = info_us(easy, CURLINFO_APPCONNECT_TIME_T), ready = info_us(easy, CURLINFO_PRETRANSFER_TIME_T);
    int64_t answer = info_us(easy, CURLINFO_STARTTRANSFER_TIME_T);
    exchange->dns_ms = to_ms(dns);
    exchange->connect_ms = to_ms(connect - dns);
    exchange->tls_ms = to_ms(tls - connect);
    exchange->wait_ms = to_ms(answer - ready);
    exchange->total_ms = to_ms(info_us(easy, CURLINFO_TOTAL_TIME_T));
}

static void take_address(CURL *easy, struct hd__exchange *exchange) {
    char *ip = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    if (!ip || !*ip)
        return;
    int is_v6 = strchr(ip, ':') != NULL;
    snprintf(exchange->remote_address, sizeof exchange->remote_address, is_v6 ? "[%s]:%ld" : "%s:%ld", ip,
             info_long(easy, CURLINFO_PRIMARY_PORT));
}

/* A complete header decides, whatever becomes of the body behind it. */
static void take_result(struct transfer *transfer, CURLcode code) {
    struct hd__exchange *exchange = transfer->exchange;
    exchange->detail = "";
    if (transfer->header_complete) {
        exchange->reason = reason_of_status(exchange->http_status);
        if (code != CURLE_OK)
            exchange->response_truncated = 1;
    } else {
        exchange->reason =
            code == CURLE_OK ? HD_REASON_BAD_RESPONSE : reason_of_error(transfer, code, &exchange->detail);
        exchange->http_status = 0;
    }
    take_times(transfer->easy, exchange);
    take_address(transfer->easy, exchange);
}

static struct hd__exchange *finished(struct hd__transport *base) {
    struct curl_transport *transport = (struct curl_transport *)base;
    int more;
    CURLMsg *message = curl_multi_info_read(transport->multi, &more);
    if (!message)
        return NULL;
    CURLcode code = message->data.result; /* the message does not outlive the removal */
    struct transfer *transfer;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    struct hd__exchange *exchange = transfer->exchange;
    take_result(transfer, code);
    curl_multi_remove_handle(transport->multi, transfer->easy);
    give_back(transport, transfer);
    transport->running--;
    return exchange;
}

static void cancel(struct hd__transport *base, struct hd__exchange *exchange) {
    struct curl_transport *transport = (struct curl_transport *)base;
    struct transfer *transfer = exchange->transfer;
    curl_multi_remove_handle(transport->multi, transfer->easy);
    give_back(transport, transfer);
    transport->running--;
}

/* ---- The loop's part ---- */

/* Whether a transfer has finished. */
static int perform(struct curl_transport *transport) {
    int running = transport->running;
    curl_multi_perform(transport->multi, &running);
    return running < transport->running;
}

static void wait_for(struct hd__transport *base, int timeout_ms) {
    struct curl_transport *transport = (struct curl_transport *)base;
    if (perform(transport))
        timeout_ms = 0;
    curl_multi_poll(transport->multi, NULL, 0, timeout_ms, NULL);
    perform(transport);
}

static void wake(struct hd__transport *base) {
    curl_multi_wakeup(((struct curl_transport *)base)->multi);
}

static void free_transport(struct hd__transport *base) {
    struct curl_transport *transport = (struct curl_transport *)base;
    while (transport->free_transfers) {
        struct transfer *transfer = transport->free_transfers;
        transport->free_transfers = transfer->next_free;
        free_transfer(transfer);
    }
    curl_multi_cleanup(transport->multi);
    free(transport->ca_file);
    free(transport->user_agent);
    free(transport);
}

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

/* Never undone: the program may use libcurl too. */
static void init_global(void) {
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int is_usable(const curl_version_info_data *info) {
    int needed = CURL_VERSION_SSL | CURL_VERSION_ASYNCHDNS; /* without the second, name lookups would stop the worker */
    return global_result == CURLE_OK && (info->features & needed) == needed;
}

int hd__curl_new(const struct hd__transport_config *config, struct hd__transport **transport) {
    pthread_once(&global_once, init_global);
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (!is_usable(info))
        return HD_E_TRANSPORT;
    struct curl_transport *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->base = (struct hd__transport){start, finished, wait_for, wake, cancel, free_transport};
    made->timeout_ms = config->timeout_ms;
    made->policy = config->policy;
    made->user_agent = strdup(config->user_agent);
    made->ca_file = config->ca_file ? strdup(config->ca_file) : NULL;
    made->clear_capath = config->ca_file || info->cainfo; /* else the directory is all there is */
    made->multi = curl_multi_init();
    if (!made->multi || !made->user_agent || (config->ca_file && !made->ca_file)) {
        free_transport(&made->base);
        return HD_E_NO_MEMORY;
    }
    /* Without a free descriptor libcurl 7.88 makes a handle that cannot be woken. */
    if (curl_multi_wakeup(made->multi) != CURLM_OK) {
        free_transport(&made->base);
        return HD_E_TRANSPORT;
    }
    *transport = &made->base;
    return HD_OK;
}
