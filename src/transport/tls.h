/* Why a TLS connection failed: from what libcurl and its TLS library say, and from the messages of the handshake. */
#ifndef HD_TRANSPORT_TLS_H
#define HD_TRANSPORT_TLS_H

#include "transport/handshake.h"
#include "transport/transport.h"

#define HD__TLS_SAID_SIZE 256 /* CURL_ERROR_SIZE */
#define HD__TLS_WORDS_SIZE 161

/* The TLS library whose error numbers and words these are; nothing is known of those of any other. */
enum hd__tls_library {
    HD__TLS_OTHER,
    HD__TLS_OPENSSL,
    HD__TLS_GNUTLS
};

/* What is kept of a connection with TLS. */
struct hd__tls {
    struct hd__handshake handshake;
    char said[HD__TLS_SAID_SIZE]; /* the last error in libcurl's words, with those of the TLS library; "" for none */
    char detail[HD__DETAIL_SIZE]; /* what the functions below say */
};

/* By the version text of libcurl ("OpenSSL/3.0.19", "GnuTLS/3.7.9"); NULL for none. */
enum hd__tls_library hd__tls_library_of(const char *version);

/* The HD_REASON_... for a certificate that was not accepted, and a sentence in tls->detail. result is what the library
 * said of it (CURLINFO_SSL_VERIFYRESULT), now_s the time in seconds since 1970. */
int hd__tls_reason_of_certificate(struct hd__tls *tls, enum hd__tls_library library, long result, int64_t now_s);

/* The same for any other end of a handshake. */
int hd__tls_reason_of_handshake(struct hd__tls *tls, enum hd__tls_library library);

/* The same for a connection that broke after the handshake. TLS has nothing to do with most of those: then
 * HD_REASON_RESET, and no sentence. */
int hd__tls_reason_of_break(struct hd__tls *tls, enum hd__tls_library library);

/* What libcurl and its TLS library said, fit to be quoted; "" for nothing. Returns words. */
const char *hd__tls_words(const struct hd__tls *tls, char words[HD__TLS_WORDS_SIZE]);

#endif
