/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* accept4, strcasestr, MAP_ANONYMOUS */
#include "outside.h"

#include "support/bodies.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#define EVENTS_AT_ONCE 64
#define INPUT_MAX ((size_t)16 * 1024) /* what a test sends is far smaller */

/* What the receiver's process tells the test's. */
struct shared {
    atomic_uint_fast64_t requests;
};

/* The receiver's TLS: one key, one certificate, which is its own authority. */
struct tls {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate;
    mbedtls_ssl_config config;
};

struct outside {
    pid_t process;
    uint16_t ports[OUTSIDE_PORTS_MAX];
    struct shared *shared;
    char ca_file[64]; /* "" for HTTP */
};

struct connection {
    mbedtls_net_context net;
    mbedtls_ssl_context *ssl; /* NULL for HTTP */
    bool is_shaken;
    bool is_dead;
    int64_t due_ms; /* when the answer leaves */
    struct connection *next_due;
    char input[INPUT_MAX];
    size_t length;
};

/* The state of the receiver's process. */
struct loop {
    int epoll;
    int listeners[OUTSIDE_PORTS_MAX];
    size_t listener_count;
    struct tls *tls; /* NULL for HTTP */
    struct shared *shared;
    struct connection *due; /* answers that wait for their time */
};

/* ------------------------------------------------------------------------------------------------------------------
 * The certificate
 */

static void make_key(struct tls *tls) {
    mbedtls_entropy_init(&tls->entropy);
    mbedtls_ctr_drbg_init(&tls->random);
    mbedtls_pk_init(&tls->key);
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
    assert_int_equal(mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0), 0);
    assert_int_equal(mbedtls_pk_setup(&tls->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(
        mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(tls->key), mbedtls_ctr_drbg_random, &tls->random),
        0);
}

static void describe_certificate(mbedtls_x509write_cert *writer, struct tls *tls) {
    /* subjectAltName with one iPAddress, which mbedTLS 2.28 has no function for */
    static const unsigned char name[] = {0x30, 6, 0x87, 4, 127, 0, 0, 1};
    mbedtls_mpi serial;
    mbedtls_mpi_init(&serial);
    assert_int_equal(mbedtls_mpi_lset(&serial, 1), 0);
    mbedtls_x509write_crt_set_version(writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(writer, &tls->key);
    mbedtls_x509write_crt_set_issuer_key(writer, &tls->key);
    assert_int_equal(mbedtls_x509write_crt_set_serial(writer, &serial), 0);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(writer, "CN=outside"), 0);
    assert_int_equal(mbedtls_x509write_crt_set_issuer_name(writer, "CN=outside"), 0);
    assert_int_equal(mbedtls_x509write_crt_set_validity(writer, "20000101000000", "20991231235959"), 0);
    assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(writer, 1, -1), 0);
    assert_int_equal(mbedtls_x509write_crt_set_extension(writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                                         MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, name,
                                                         sizeof name),
                     0);
    mbedtls_mpi_free(&serial);
}

static void write_file(char *path, const char *text) {
    int fd = mkstemp(path);
    size_t length = strlen(text);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    assert_int_equal(close(fd), 0);
}

static void make_certificate(struct tls *tls, char *ca_file) {
    unsigned char pem[4096];
    mbedtls_x509write_cert writer;
    mbedtls_x509write_crt_init(&writer);
    describe_certificate(&writer, tls);
    assert_int_equal(mbedtls_x509write_crt_pem(&writer, pem, sizeof pem, mbedtls_ctr_drbg_random, &tls->random), 0);
    mbedtls_x509write_crt_free(&writer);
    mbedtls_x509_crt_init(&tls->certificate);
    assert_int_equal(mbedtls_x509_crt_parse(&tls->certificate, pem, strlen((char *)pem) + 1), 0);
    write_file(ca_file, (char *)pem);
}

static struct tls *new_tls(char *ca_file) {
    struct tls *tls = must_malloc(sizeof *tls);
    make_key(tls);
    make_certificate(tls, ca_file);
    mbedtls_ssl_config_init(&tls->config);
    assert_int_equal(mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
#if MBEDTLS_VERSION_MAJOR >= 3 /* whose TLS 1.3 depends on how it was built */
    mbedtls_ssl_conf_max_tls_version(&tls->config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &tls->random);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&tls->config, &tls->certificate, &tls->key), 0);
    return tls;
}

static void free_tls(struct tls *tls) {
    if (tls == NULL)
        return;
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_x509_crt_free(&tls->certificate);
    mbedtls_pk_free(&tls->key);
    mbedtls_ctr_drbg_free(&tls->random);
    mbedtls_entropy_free(&tls->entropy);
    free(tls);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Connections. From here on all runs in the receiver's process, where what goes wrong ends the connection.
 */

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static mbedtls_ssl_context *new_ssl(struct loop *loop, struct connection *connection) {
    mbedtls_ssl_context *ssl = malloc(sizeof *ssl);
    if (ssl == NULL)
        return NULL;
    mbedtls_ssl_init(ssl);
    if (mbedtls_ssl_setup(ssl, &loop->tls->config) != 0)
        connection->is_dead = true;
    mbedtls_ssl_set_bio(ssl, &connection->net, mbedtls_net_send, mbedtls_net_recv, NULL);
    return ssl;
}

static void open_connection(struct loop *loop, int fd) {
    int on = 1;
    struct connection *connection = malloc(sizeof *connection);
    if (connection == NULL)
        abort();
    *connection = (struct connection){.net = {.fd = fd}};
    if (loop->tls != NULL)
        connection->ssl = new_ssl(loop, connection);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void forget_due(struct loop *loop, struct connection *connection) {
    struct connection **at = &loop->due;
    while (*at != NULL && *at != connection)
        at = &(*at)->next_due;
    if (*at != NULL)
        *at = connection->next_due;
}

static void close_connection(struct loop *loop, struct connection *connection) {
    if (connection->due_ms != 0)
        forget_due(loop, connection);
    (void)close(connection->net.fd);
    if (connection->ssl != NULL)
        mbedtls_ssl_free(connection->ssl);
    free(connection->ssl);
    free(connection);
}

/* Bytes read into what is left of the input; 0 if there are none now. Sets is_dead at the end. */
static size_t receive(struct connection *connection) {
    char *to = connection->input + connection->length;
    size_t room = INPUT_MAX - 1 - connection->length;
    ssize_t got;
    bool is_later;
    if (connection->ssl != NULL) {
        got = mbedtls_ssl_read(connection->ssl, (unsigned char *)to, room);
        is_later = got == MBEDTLS_ERR_SSL_WANT_READ || got == MBEDTLS_ERR_SSL_WANT_WRITE;
    } else {
        got = recv(connection->net.fd, to, room, 0);
        is_later = got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    connection->is_dead = got <= 0 && !is_later;
    return got > 0 ? (size_t)got : 0;
}

/* Answers are so short that a socket always takes them whole. */
static void transmit(struct connection *connection, const char *text, size_t length) {
    ssize_t sent = connection->ssl != NULL ? mbedtls_ssl_write(connection->ssl, (const unsigned char *)text, length)
                                           : send(connection->net.fd, text, length, MSG_NOSIGNAL);
    if (sent != (ssize_t)length)
        connection->is_dead = true;
}

static bool shake_hands(struct connection *connection) {
    if (connection->ssl == NULL || connection->is_shaken)
        return true;
    int status = mbedtls_ssl_handshake(connection->ssl);
    connection->is_shaken = status == 0;
    connection->is_dead = status != 0 && status != MBEDTLS_ERR_SSL_WANT_READ && status != MBEDTLS_ERR_SSL_WANT_WRITE;
    return connection->is_shaken;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Requests
 */

/* The length of the request that the input begins with; 0 if it is not complete. */
static size_t request_length(struct connection *connection) {
    connection->input[connection->length] = '\0';
    char *end = strstr(connection->input, "\r\n\r\n");
    if (end == NULL)
        return 0;
    const char *field = strcasestr(connection->input, "\r\ncontent-length:");
    size_t body = field != NULL && field < end ? strtoul(field + 17, NULL, 10) : 0;
    size_t whole = (size_t)(end - connection->input) + 4 + body;
    return whole <= connection->length ? whole : 0;
}

static void answer(struct connection *connection) {
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
    transmit(connection, ok, sizeof ok - 1);
}

static void answer_echo(struct connection *connection) {
    char text[1024];
    char body[512];
    int length = snprintf(body, sizeof body, "Cannot POST %.*s", (int)strcspn(connection->input + 5, " "),
                          connection->input + 5);
    length = snprintf(text, sizeof text, "HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s", length, body);
    transmit(connection, text, (size_t)length);
}

static void reset(struct connection *connection) {
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(connection->net.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    connection->is_dead = true;
}

static void answer_later(struct loop *loop, struct connection *connection, long delay_ms) {
    connection->due_ms = monotonic_ms() + delay_ms;
    connection->next_due = loop->due;
    loop->due = connection;
}

static void serve(struct loop *loop, struct connection *connection) {
    const char *path = connection->input + 5; /* behind "POST " */
    atomic_fetch_add(&loop->shared->requests, 1);
    if (strncmp(path, "/hang", 5) == 0)
        return;
    if (strncmp(path, "/reset", 6) == 0)
        reset(connection);
    else if (strncmp(path, "/echo", 5) == 0)
        answer_echo(connection);
    else if (strncmp(path, "/delay/", 7) == 0)
        answer_later(loop, connection, strtol(path + 7, NULL, 10));
    else
        answer(connection);
}

static void take_requests(struct loop *loop, struct connection *connection) {
    size_t length;
    while (!connection->is_dead && connection->due_ms == 0 && (length = request_length(connection)) > 0) {
        serve(loop, connection);
        connection->length -= length;
        memmove(connection->input, connection->input + length, connection->length);
    }
}

static void on_readable(struct loop *loop, struct connection *connection) {
    size_t got;
    if (shake_hands(connection)) {
        while (!connection->is_dead && (got = receive(connection)) > 0) {
            connection->length += got;
            take_requests(loop, connection);
        }
    }
    if (connection->is_dead)
        close_connection(loop, connection);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The receiver's process
 */

static void accept_all(struct loop *loop, int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        open_connection(loop, fd);
}

static void answer_due(struct loop *loop) {
    int64_t now = monotonic_ms();
    struct connection **at = &loop->due;
    while (*at != NULL) {
        struct connection *connection = *at;
        if (connection->due_ms > now) {
            at = &connection->next_due;
            continue;
        }
        *at = connection->next_due;
        connection->due_ms = 0;
        answer(connection);
    }
}

/* Listeners are told from connections by a pointer into the table of listeners. */
static int *as_listener(struct loop *loop, void *pointer) {
    for (size_t i = 0; i < loop->listener_count; i++)
        if (pointer == &loop->listeners[i])
            return &loop->listeners[i];
    return NULL;
}

static void turn(struct loop *loop) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, loop->due != NULL ? 1 : -1);
    for (int i = 0; i < count; i++) {
        const int *listener = as_listener(loop, events[i].data.ptr);
        if (listener != NULL)
            accept_all(loop, *listener);
        else
            on_readable(loop, events[i].data.ptr);
    }
    answer_due(loop);
}

/* Ends by a signal: that of outside_stop(), or that of the kernel when the test's process is gone. */
static _Noreturn void run(struct loop *loop, pid_t parent) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN); /* mbedTLS writes to connections that are gone */
    if (getppid() != parent)
        _exit(0);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < loop->listener_count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &loop->listeners[i]}};
        (void)epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->listeners[i], &event);
    }
    for (;;)
        turn(loop);
}

/* ------------------------------------------------------------------------------------------------------------------
 * From the test's process
 */

static int listen_anywhere(uint16_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 4096), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct outside *new_outside(void) {
    struct outside *outside = must_malloc(sizeof *outside);
    memset(outside, 0, sizeof *outside);
    outside->shared = mmap(NULL, sizeof *outside->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(outside->shared != MAP_FAILED);
    return outside;
}

static void start(struct outside *outside, struct tls *tls, size_t ports) {
    struct loop loop = {.listener_count = ports, .tls = tls, .shared = outside->shared};
    pid_t parent = getpid();
    assert_in_range(ports, 1, OUTSIDE_PORTS_MAX);
    for (size_t i = 0; i < ports; i++)
        loop.listeners[i] = listen_anywhere(&outside->ports[i]);
    (void)fflush(NULL);
    outside->process = fork();
    assert_true(outside->process >= 0);
    if (outside->process == 0)
        run(&loop, parent);
    for (size_t i = 0; i < ports; i++)
        assert_int_equal(close(loop.listeners[i]), 0);
    free_tls(tls);
}

struct outside *outside_start(size_t ports) {
    struct outside *outside = new_outside();
    start(outside, NULL, ports);
    return outside;
}

struct outside *outside_start_tls(void) {
    struct outside *outside = new_outside();
    (void)snprintf(outside->ca_file, sizeof outside->ca_file, "/tmp/helmdesk-outside-XXXXXX");
    start(outside, new_tls(outside->ca_file), 1);
    return outside;
}

void outside_stop(struct outside *outside) {
    if (outside == NULL)
        return;
    (void)kill(outside->process, SIGKILL);
    (void)waitpid(outside->process, NULL, 0);
    if (outside->ca_file[0] != '\0')
        (void)unlink(outside->ca_file);
    (void)munmap(outside->shared, sizeof *outside->shared);
    free(outside);
}

const char *outside_ca_file(const struct outside *outside) {
    return outside->ca_file[0] != '\0' ? outside->ca_file : NULL;
}

uint16_t outside_port(const struct outside *outside, size_t index) {
    return outside->ports[index];
}

const char *outside_url(const struct outside *outside, size_t index, const char *path, char *buf, size_t size) {
    const char *scheme = outside->ca_file[0] != '\0' ? "https" : "http";
    int length = snprintf(buf, size, "%s://127.0.0.1:%d%s", scheme, outside->ports[index], path);
    assert_true(length > 0 && (size_t)length < size);
    return buf;
}

uint64_t outside_requests(const struct outside *outside) {
    return atomic_load(&outside->shared->requests);
}
