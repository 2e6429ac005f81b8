/* What libcurl is told of TLS, whom to trust and what this program shows of itself, and why it failed. Facts named T1
 * to T8 were measured on libcurl 7.88.1 with OpenSSL 3.0. */
#include "transport/connect_inside.h"

#include "base/clock.h"

#include <curl/curl.h>

#include <string.h>

/* ---- What libcurl is told ---- */

/* The defaults of today are set too where another one tomorrow would break a promise. */
static int set_trust(const struct hd__connector *connector, CURL *easy) {
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (connector->ca_file)
        SET(CURLOPT_CAINFO, connector->ca_file);
    if (connector->clear_capath)
        SET(CURLOPT_CAPATH, NULL); /* with it, each handle parses the bundle anew: 18 ms (T6) */
    return 1;
}

/* What is in memory stays ours: libcurl reads it while the connection is made, and has no copy of the key. */
static int set_blobs(CURL *easy, const struct hd__identity *identity) {
    struct curl_blob certificate = {identity->certificate, strlen(identity->certificate), CURL_BLOB_NOCOPY};
    struct curl_blob key = {identity->key, strlen(identity->key), CURL_BLOB_NOCOPY};
    SET(CURLOPT_SSLCERT_BLOB, &certificate);
    SET(CURLOPT_SSLKEY_BLOB, &key);
    return 1;
}

static int set_files(CURL *easy, const char *certificate, const char *key) {
    SET(CURLOPT_SSLCERT, certificate);
    SET(CURLOPT_SSLKEY, key ? key : certificate);
    return 1;
}

/* What the server is shown if it asks. A session may remember whom the server has seen: it is not resumed where
 * webhooks differ in that. Without a password, OpenSSL would ask for one at the terminal. */
static int set_identity(const struct hd__connector *connector, CURL *easy, const struct hd__identity *own) {
    const struct hd__identity *identity = own ? own : connector->identity;
    SET(CURLOPT_SSL_SESSIONID_CACHE, (long)(connector->resumes && !own));
    SET(CURLOPT_KEYPASSWD, "");
    if (identity)
        return set_blobs(easy, identity);
    return !connector->certificate_file || set_files(easy, connector->certificate_file, connector->key_file);
}

/* What the TLS library shows of a handshake is all that is wanted of libcurl's talk: then it is to be silent, since it
 * formats what it says of a certificate, and of each record later, until it is listened to again. */
static int hear(CURL *easy, curl_infotype type, char *bytes, size_t len, void *user) {
    struct hd__handshake *handshake = &((struct hd__link *)user)->tls->handshake;
    const int was_whole = handshake->is_whole;
    if (type == CURLINFO_SSL_DATA_OUT)
        hd__handshake_say(handshake, bytes, len);
    if (type != CURLINFO_SSL_DATA_IN)
        return 0;
    hd__handshake_hear(handshake, bytes, len);
    if (handshake->is_whole && !was_whole)
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 0L);
    return 0;
}

static int set_ear(struct hd__link *link) {
    CURL *easy = link->easy;
    SET(CURLOPT_ERRORBUFFER, link->tls->said);
    SET(CURLOPT_DEBUGFUNCTION, hear);
    SET(CURLOPT_DEBUGDATA, link);
    return 1;
}

int hd__secure_listen(struct hd__link *link) {
    return !link->tls || curl_easy_setopt(link->easy, CURLOPT_VERBOSE, 1L) == CURLE_OK;
}

int hd__secure_set(struct hd__link *link, const struct hd__identity *identity) {
    if (!link->tls)
        return 1;
    return set_trust(link->connector, link->easy) && set_identity(link->connector, link->easy, identity) &&
           set_ear(link) && (link->connector->proxy || hd__secure_listen(link));
}

/* ---- What went wrong ---- */

/* Inside of TLS with the proxy, libcurl does not see why a certificate was not accepted: to send the alert that says
 * so, it clears OpenSSL's errors (ossl_send() in lib/vtls/openssl.c). So OpenSSL's alert (ssl_x509err2alert() in
 * ssl/statem/statem_lib.c) is mapped back to its X509_V_ERR_..., or to one with the same alert; 0 for any other alert.
 */
static long result_of_alert(int alert) {
    switch (alert) {
    case 43: /* unsupported_certificate */
        return 26;
    case 44: /* certificate_revoked */
        return 23;
    case 45: /* certificate_expired */
        return 10;
    case 48: /* unknown_ca */
        return 20;
    default:
        return 0;
    }
}

int hd__secure_reason(const struct hd__link *link, int code, const char **detail) {
    const enum hd__tls_library library = link->connector->tls_library;
    long result = result_of_alert(link->tls->handshake.own_alert);
    *detail = link->tls->detail;
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        curl_easy_getinfo(link->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    else if (result == 0)
        return hd__tls_reason_of_handshake(link->tls, library);
    return hd__tls_reason_of_certificate(link->tls, library, result, hd__wall_ms(&hd__system_clock) / 1000);
}
