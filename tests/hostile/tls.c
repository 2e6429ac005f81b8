/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include "door.h"
#include "raw.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

#define PEM_MAX 4096
#define HEAD_MAX 4096
#define AUTHORITY_NAME "CN=hostile tests"

/* mbedTLS's random numbers. Each thread has its own, since how mbedTLS was built says whether they may share one. */
struct random {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context generator;
};

struct tls_authority {
    struct random random;
    mbedtls_pk_context key;
    char file[64];
};

struct tls {
    enum tls_manners manners;
    struct raw *raw;   /* for manners that need no TLS */
    struct door *door; /* for the others */
    atomic_uint posts;
    char head[HEAD_MAX + 1]; /* of the newest; written before it is counted */
    unsigned char certificate_pem[PEM_MAX];
    unsigned char key_pem[PEM_MAX];
};

/* One connection. What it needs of mbedTLS it has for itself, for the same reason. */
struct session {
    int fd;
    char request[HEAD_MAX + 1]; /* how the one that is read begins */
    size_t request_length;
    struct random random;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
};

/* ------------------------------------------------------------------------------------------------------------------
 * Keys and random numbers
 */

static bool random_init(struct random *random) {
    mbedtls_entropy_init(&random->entropy);
    mbedtls_ctr_drbg_init(&random->generator);
    return mbedtls_ctr_drbg_seed(&random->generator, mbedtls_entropy_func, &random->entropy, NULL, 0) == 0;
}

static void random_free(struct random *random) {
    mbedtls_ctr_drbg_free(&random->generator);
    mbedtls_entropy_free(&random->entropy);
}

static bool make_key(mbedtls_pk_context *key, struct random *random) {
    mbedtls_pk_init(key);
    return mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0 &&
           mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbedtls_ctr_drbg_random,
                               &random->generator) == 0;
}

static int parse_key(mbedtls_pk_context *key, const unsigned char *pem, struct random *random) {
    size_t length = strlen((const char *)pem) + 1;
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_parse_key(key, pem, length, NULL, 0, mbedtls_ctr_drbg_random, &random->generator);
#else
    (void)random;
    return mbedtls_pk_parse_key(key, pem, length, NULL, 0);
#endif
}

/* ------------------------------------------------------------------------------------------------------------------
 * Certificates
 */

struct certificate {
    const char *subject, *issuer;
    const char *from, *until;
    const unsigned char *names; /* the extension subjectAltName, in DER: mbedTLS 2.28 has no function for it */
    size_t names_length;
    bool is_authority;
};

static const unsigned char names_here[] = {0x30, 17,  0x82, 9,    'l', 'o', 'c', 'a', 'l', 'h',
                                           'o',  's', 't',  0x87, 4,   127, 0,   0,   1};
static const unsigned char names_elsewhere[] = {0x30, 19,  0x82, 17,  'o', 't', 'h', 'e', 'r', '.', 'e',
                                                'x',  'a', 'm',  'p', 'l', 'e', '.', 'c', 'o', 'm'};

static bool describe(mbedtls_x509write_cert *writer, const struct certificate *certificate) {
    mbedtls_mpi serial;
    mbedtls_mpi_init(&serial);
    mbedtls_x509write_crt_set_version(writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(writer, MBEDTLS_MD_SHA256);
    bool is_done = mbedtls_mpi_lset(&serial, 1) == 0 && mbedtls_x509write_crt_set_serial(writer, &serial) == 0 &&
                   mbedtls_x509write_crt_set_subject_name(writer, certificate->subject) == 0 &&
                   mbedtls_x509write_crt_set_issuer_name(writer, certificate->issuer) == 0 &&
                   mbedtls_x509write_crt_set_validity(writer, certificate->from, certificate->until) == 0 &&
                   mbedtls_x509write_crt_set_basic_constraints(writer, certificate->is_authority, -1) == 0 &&
                   (certificate->names == NULL ||
                    mbedtls_x509write_crt_set_extension(writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                                        MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0,
                                                        certificate->names, certificate->names_length) == 0);
    mbedtls_mpi_free(&serial);
    return is_done;
}

static bool write_certificate(const struct certificate *certificate, mbedtls_pk_context *key,
                              mbedtls_pk_context *issuer_key, struct random *random, unsigned char *pem) {
    mbedtls_x509write_cert writer;
    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_subject_key(&writer, key);
    mbedtls_x509write_crt_set_issuer_key(&writer, issuer_key);
    bool is_done = describe(&writer, certificate) &&
                   mbedtls_x509write_crt_pem(&writer, pem, PEM_MAX, mbedtls_ctr_drbg_random, &random->generator) == 0;
    mbedtls_x509write_crt_free(&writer);
    return is_done;
}

static struct certificate certificate_of(enum tls_certificate kind) {
    struct certificate certificate = {"CN=receiver",     AUTHORITY_NAME, "20000101000000", "20991231235959", names_here,
                                      sizeof names_here, false};
    switch (kind) {
    case TLS_EXPIRED:
        certificate.until = "20010101000000";
        break;
    case TLS_NOT_YET_VALID:
        certificate.from = "20990101000000";
        break;
    case TLS_SELF_SIGNED:
        certificate.issuer = certificate.subject;
        break;
    case TLS_UNKNOWN_ISSUER:
        certificate.issuer = "CN=nobody";
        break;
    case TLS_OTHER_HOST:
        certificate.names = names_elsewhere;
        certificate.names_length = sizeof names_elsewhere;
        break;
    case TLS_GOOD:
        break;
    }
    return certificate;
}

/* Makes the receiver's key and certificate. */
static bool make_identity(struct tls *tls, struct tls_authority *authority, enum tls_certificate kind) {
    mbedtls_pk_context key, nobodys_key;
    struct certificate certificate = certificate_of(kind);
    mbedtls_pk_init(&nobodys_key);
    bool is_done = make_key(&key, &authority->random) &&
                   (kind != TLS_UNKNOWN_ISSUER || make_key(&nobodys_key, &authority->random));
    mbedtls_pk_context *issuer_key = kind == TLS_SELF_SIGNED      ? &key
                                     : kind == TLS_UNKNOWN_ISSUER ? &nobodys_key
                                                                  : &authority->key;
    is_done = is_done && mbedtls_pk_write_key_pem(&key, tls->key_pem, sizeof tls->key_pem) == 0 &&
              write_certificate(&certificate, &key, issuer_key, &authority->random, tls->certificate_pem);
    mbedtls_pk_free(&key);
    mbedtls_pk_free(&nobodys_key);
    return is_done;
}

static bool write_file(char *path, const unsigned char *pem) {
    size_t length = strlen((const char *)pem);
    int fd = mkstemp(path);
    if (fd < 0) {
        path[0] = '\0';
        return false;
    }
    bool is_done = write(fd, pem, length) == (ssize_t)length;
    return close(fd) == 0 && is_done;
}

static bool init_mbedtls(void) {
#if MBEDTLS_VERSION_MAJOR >= 3 /* some ways to build it have all cryptography pass through PSA */
    return psa_crypto_init() == PSA_SUCCESS;
#else
    return true;
#endif
}

struct tls_authority *tls_authority_new(void) {
    static const struct certificate certificate = {
        AUTHORITY_NAME, AUTHORITY_NAME, "20000101000000", "20991231235959", NULL, 0, true};
    unsigned char pem[PEM_MAX];
    struct tls_authority *authority = calloc(1, sizeof *authority);
    if (authority == NULL)
        return NULL;
    bool is_done = init_mbedtls() && random_init(&authority->random) && make_key(&authority->key, &authority->random) &&
                   write_certificate(&certificate, &authority->key, &authority->key, &authority->random, pem);
    (void)snprintf(authority->file, sizeof authority->file, "/tmp/helmdesk-hostile-XXXXXX");
    if (is_done && write_file(authority->file, pem))
        return authority;
    tls_authority_free(authority);
    return NULL;
}

void tls_authority_free(struct tls_authority *authority) {
    if (authority == NULL)
        return;
    (void)unlink(authority->file);
    mbedtls_pk_free(&authority->key);
    random_free(&authority->random);
    free(authority);
}

const char *tls_authority_file(const struct tls_authority *authority) {
    return authority->file;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sessions
 */

static int send_bytes(void *user, const unsigned char *bytes, size_t length) {
    const struct session *session = user;
    return door_say(session->fd, bytes, length) ? (int)length : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int receive_bytes(void *user, unsigned char *bytes, size_t size) {
    struct session *session = user;
    ssize_t got = door_read(&session->fd, bytes, size);
    return got >= 0 ? (int)got : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static bool begin(struct session *session, const struct tls *tls, int fd) {
    session->fd = fd;
    mbedtls_x509_crt_init(&session->certificate);
    mbedtls_pk_init(&session->key);
    mbedtls_ssl_config_init(&session->config);
    mbedtls_ssl_init(&session->ssl);
    size_t pem_size = strlen((const char *)tls->certificate_pem) + 1;
    if (!random_init(&session->random) ||
        mbedtls_x509_crt_parse(&session->certificate, tls->certificate_pem, pem_size) != 0 ||
        parse_key(&session->key, tls->key_pem, &session->random) != 0 ||
        mbedtls_ssl_config_defaults(&session->config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_own_cert(&session->config, &session->certificate, &session->key) != 0)
        return false;
#if MBEDTLS_VERSION_MAJOR >= 3 /* whose TLS 1.3 keeps keys where all threads share them */
    mbedtls_ssl_conf_max_tls_version(&session->config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    mbedtls_ssl_conf_rng(&session->config, mbedtls_ctr_drbg_random, &session->random.generator);
    mbedtls_ssl_set_bio(&session->ssl, session, send_bytes, receive_bytes, NULL);
    return mbedtls_ssl_setup(&session->ssl, &session->config) == 0 && mbedtls_ssl_handshake(&session->ssl) == 0;
}

static void end(struct session *session) {
    mbedtls_ssl_free(&session->ssl);
    mbedtls_ssl_config_free(&session->config);
    mbedtls_pk_free(&session->key);
    mbedtls_x509_crt_free(&session->certificate);
    random_free(&session->random);
}

static ssize_t read_session(void *from, void *bytes, size_t size) {
    struct session *session = from;
    ssize_t got = mbedtls_ssl_read(&session->ssl, bytes, size);
    size_t room = HEAD_MAX - session->request_length, length = got > 0 ? (size_t)got : 0;
    memcpy(session->request + session->request_length, bytes, length < room ? length : room);
    session->request_length += length < room ? length : room;
    return got;
}

/* Reads a request, and keeps its head. */
static bool read_request(struct tls *tls, struct session *session) {
    session->request_length = 0;
    if (!door_read_request(read_session, session))
        return false;
    session->request[session->request_length] = '\0';
    const char *end = strstr(session->request, "\r\n\r\n");
    (void)snprintf(tls->head, sizeof tls->head, "%.*s", end ? (int)(end + 4 - session->request) : 0, session->request);
    atomic_fetch_add(&tls->posts, 1);
    return true;
}

static bool say(struct session *session, const char *text) {
    size_t length = strlen(text); /* far less than a record holds, and so sent in one */
    return mbedtls_ssl_write(&session->ssl, (const unsigned char *)text, length) == (int)length;
}

/* Whether the connection can take another request. */
static bool answer(enum tls_manners manners, struct door *door, struct session *session) {
    static const char ok[] = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
    switch (manners) {
    case TLS_ANSWERS:
        return say(session, ok);
    case TLS_HANGS:
        (void)door_wait(door, -1);
        return false;
    case TLS_CLOSES_IDLE:
        (void)say(session, ok);
        (void)mbedtls_ssl_close_notify(&session->ssl);
        return false;
    case TLS_RESETS_UNANSWERED:
        door_reset_at_close(session->fd);
        return false;
    case TLS_CUT_OFF_AFTER_HEADER:
        (void)say(session, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789");
        return false;
    default:
        (void)mbedtls_ssl_close_notify(&session->ssl);
        return false;
    }
}

static void serve(struct door *door, void *user, int fd) {
    struct tls *tls = user;
    struct session session;
    bool goes_on = begin(&session, tls, fd);
    while (goes_on && read_request(tls, &session))
        goes_on = answer(tls->manners, door, &session);
    end(&session);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Receivers
 */

#define HALF_A_HELLO "\x16\x03\x03\x00\x5A\x02\x00\x00\x56\x03\x03half of a ServerHello"

/* What needs no TLS, since it goes wrong before. */
static const struct raw_script *script_of(enum tls_manners manners) {
    static const struct raw_script
        stalls = {.reads = RAW_READS_NOTHING, .ends = RAW_STAYS},
        stops = {RAW_READS_SOME, HALF_A_HELLO, sizeof HALF_A_HELLO - 1, NULL, 0, RAW_STAYS},
        closes = {RAW_READS_SOME, HALF_A_HELLO, sizeof HALF_A_HELLO - 1, NULL, 0, RAW_CLOSES},
        resets = {RAW_READS_SOME, HALF_A_HELLO, sizeof HALF_A_HELLO - 1, NULL, 0, RAW_RESETS},
        refuses = {RAW_READS_SOME, "\x15\x03\x01\x00\x02\x02\x46", 7, NULL, 0, RAW_CLOSES},
        plain = {RAW_READS_SOME, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 0, NULL, 0, RAW_CLOSES};
    switch (manners) {
    case TLS_STALLS:
        return &stalls;
    case TLS_STOPS_IN_HELLO:
        return &stops;
    case TLS_CLOSES_IN_HELLO:
        return &closes;
    case TLS_RESETS_IN_HELLO:
        return &resets;
    case TLS_REFUSES_VERSION:
        return &refuses;
    case TLS_SPEAKS_PLAIN_HTTP:
        return &plain;
    default:
        return NULL;
    }
}

static struct tls *start_at(struct tls_authority *authority, enum tls_certificate certificate, enum tls_manners manners,
                            const char *address, uint16_t port) {
    const struct raw_script *script = script_of(manners);
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return NULL;
    tls->manners = manners;
    if (script != NULL)
        tls->raw = raw_start(address, port, script);
    else if (make_identity(tls, authority, certificate))
        tls->door = door_open(address, port, serve, tls);
    if (tls->raw != NULL || tls->door != NULL)
        return tls;
    free(tls);
    return NULL;
}

struct tls *tls_start(struct tls_authority *authority, enum tls_certificate certificate, enum tls_manners manners) {
    return start_at(authority, certificate, manners, "127.0.0.1", 0);
}

struct tls *tls_start_at(struct tls_authority *authority, const char *address, uint16_t port) {
    return start_at(authority, TLS_GOOD, TLS_ANSWERS, address, port);
}

void tls_stop(struct tls *tls) {
    if (tls == NULL)
        return;
    raw_stop(tls->raw);
    door_shut(tls->door);
    free(tls);
}

uint16_t tls_port(const struct tls *tls) {
    return tls->raw != NULL ? raw_port(tls->raw) : door_port(tls->door);
}

unsigned tls_posts(struct tls *tls) {
    return tls->raw != NULL ? raw_posts(tls->raw) : atomic_load(&tls->posts);
}

const char *tls_head(const struct tls *tls) {
    return tls->head;
}

unsigned tls_connections(struct tls *tls) {
    if (tls->raw != NULL)
        return raw_connections(tls->raw);
    return door_settle(tls->door) ? door_connections(tls->door) : 0;
}
