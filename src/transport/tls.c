#include "transport/tls.h"

#include "base/text.h"
#include "helmdesk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Causes ---- */

enum cause {
    UNKNOWN,
    NOT_YET_VALID,
    EXPIRED,
    SELF_SIGNED,
    OWN_AUTHORITY,
    UNKNOWN_ISSUER,
    NO_AUTHORITY,
    BAD_SIGNATURE,
    WRONG_NAME,
    WRONG_PURPOSE,
    WEAK_KEY,
    WEAK_ISSUER_KEY,
    WEAK_SIGNATURE,
    WEAK,
    REVOKED,
    WANTS_CERTIFICATE,
    REFUSES_CERTIFICATE,
    UNKNOWN_NAME,
    NO_COMMON_PROTOCOL,
    OLD_VERSION,
    NOTHING_IN_COMMON,
    REFUSED_HANDSHAKE,
    WEAK_EXCHANGE,
    SERVER_FAULT,
    NO_TLS,
    CLOSED
};

/* What has happened, and what to do. The functions below say it of dates. */
static const struct {
    enum cause cause;
    int reason;
    const char *text;
} causes[] = {
    {NOT_YET_VALID, HD_REASON_TLS_NOT_YET_VALID,
     "A certificate of the receiver is not valid yet; check the clock of this machine and the dates of the "
     "certificate."},
    {EXPIRED, HD_REASON_TLS_EXPIRED, "A certificate of the receiver has expired; renew it."},
    {SELF_SIGNED, HD_REASON_TLS_UNTRUSTED,
     "The receiver's certificate is signed by itself and by no authority; get one from an authority, or add this one "
     "to "
     "the file of authorities that are trusted."},
    {OWN_AUTHORITY, HD_REASON_TLS_UNTRUSTED,
     "The receiver's certificate comes from an authority that this machine does not know; get one from a known "
     "authority, or add that one to the file of authorities that are trusted."},
    {UNKNOWN_ISSUER, HD_REASON_TLS_UNTRUSTED,
     "The issuer of the receiver's certificate is not known; install the whole chain at the receiver, or add its "
     "authority to the file of authorities that are trusted."},
    {NO_AUTHORITY, HD_REASON_TLS_UNTRUSTED,
     "A certificate in the receiver's chain has signed another one and may not do so; install the chain of its "
     "authority."},
    {BAD_SIGNATURE, HD_REASON_TLS_UNTRUSTED,
     "A signature in the receiver's chain is wrong; install the chain that belongs to its certificate."},
    {WRONG_NAME, HD_REASON_TLS_NAME,
     "The receiver's certificate is for another host name; correct the certificate, or the host in the webhook's URL."},
    {WRONG_PURPOSE, HD_REASON_TLS_UNFIT,
     "The receiver's certificate is not made for servers (extended key usage); get one for server authentication."},
    {WEAK_KEY, HD_REASON_TLS_UNFIT,
     "The key of the receiver's certificate is too small; use RSA with 2048 bits or more, or ECDSA."},
    {WEAK_ISSUER_KEY, HD_REASON_TLS_UNFIT,
     "The key of an authority in the receiver's chain is too small; get a certificate from another authority."},
    {WEAK_SIGNATURE, HD_REASON_TLS_UNFIT,
     "A certificate in the receiver's chain is signed with a weak hash such as SHA-1; get one that is signed with "
     "SHA-256."},
    {WEAK, HD_REASON_TLS_UNFIT,
     "A certificate in the receiver's chain has a weak key or signature; use RSA with 2048 bits or more, and SHA-256."},
    {REVOKED, HD_REASON_TLS_UNFIT, "The receiver's certificate was revoked by its authority; get a new one."},
    {WANTS_CERTIFICATE, HD_REASON_TLS_CLIENT_CERTIFICATE,
     "The receiver wants a client certificate; give this program one that the receiver accepts."},
    {REFUSES_CERTIFICATE, HD_REASON_TLS_CLIENT_CERTIFICATE,
     "The receiver did not accept the client certificate, or the lack of one; give this program one that it accepts."},
    {UNKNOWN_NAME, HD_REASON_TLS_NAME,
     "The receiver knows no such host name; correct the host in the webhook's URL, or set the name up at the "
     "receiver."},
    {NO_COMMON_PROTOCOL, HD_REASON_TLS_PROTOCOL,
     "The receiver does not offer HTTP/1.1, perhaps only HTTP/2; let it accept HTTP/1.1 on this port."},
    {OLD_VERSION, HD_REASON_TLS_PROTOCOL,
     "The receiver and this program have no version of TLS in common; let the receiver speak TLS 1.2 or 1.3."},
    {NOTHING_IN_COMMON, HD_REASON_TLS_PROTOCOL,
     "The receiver found no cipher, curve or signature in common with this program; allow more of them at the "
     "receiver."},
    {REFUSED_HANDSHAKE, HD_REASON_TLS_PROTOCOL,
     "The receiver refused the handshake: it has no cipher in common with this program, or wants a client "
     "certificate."},
    {WEAK_EXCHANGE, HD_REASON_TLS_PROTOCOL,
     "The receiver's key exchange is too weak; use ECDHE, or Diffie-Hellman parameters of 2048 bits or more."},
    {SERVER_FAULT, HD_REASON_TLS_PROTOCOL,
     "The receiver had a fault of its own in the handshake; look at its log at this time."},
    {NO_TLS, HD_REASON_TLS_PROTOCOL,
     "The receiver does not speak TLS on this port, perhaps plain http; correct the port in the webhook's URL."},
    {CLOSED, HD_REASON_RESET,
     "The receiver closed the connection during the TLS handshake; look at its log, and whether this port speaks TLS."},
};

static int tell(struct hd__tls *tls, enum cause cause) {
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (causes[i].cause == cause) {
            (void)snprintf(tls->detail, sizeof tls->detail, "%s", causes[i].text);
            return causes[i].reason;
        }
    return HD_REASON_TLS_PROTOCOL;
}

/* They end up in logs and on pages: printable ASCII, and not too much of it. */
const char *hd__tls_words(const struct hd__tls *tls, char words[HD__TLS_WORDS_SIZE]) {
    size_t len = 0;
    for (const char *at = tls->said; *at && len < HD__TLS_WORDS_SIZE - 1; at++)
        words[len++] = *at == '"' ? '\'' : *at < ' ' || *at > '~' ? '?' : *at;
    words[len] = '\0';
    return words;
}

static int tell_unknown(struct hd__tls *tls, int reason, const char *what) {
    char words[HD__TLS_WORDS_SIZE];
    (void)snprintf(tls->detail, sizeof tls->detail,
                   *hd__tls_words(tls, words) ? "%s, for a cause that is not known here; libcurl says: \"%s\"."
                                              : "%s, for an unknown cause.",
                   what, words);
    return reason;
}

/* ---- Words ---- */

struct words {
    const char *text;
    enum cause cause;
};

static enum cause cause_in(const char *said, const struct words *known, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (hd__contains_nocase(said, known[i].text))
            return known[i].cause;
    return UNKNOWN;
}

#define CAUSE_IN(said, known) cause_in((said), (known), sizeof(known) / sizeof *(known))

/* ---- Certificates ---- */

/* X509_V_ERR_..., openssl/x509_vfy.h. libcurl checks the name itself, and then the number is 0, or 1 in 7.88. */
static enum cause cause_of_openssl(const struct hd__tls *tls, long result) {
    static const struct words names[] = {{"name", WRONG_NAME}};
    switch (result) {
    case 0:
    case 1:
        return CAUSE_IN(tls->said, names);
    case 7:
        return BAD_SIGNATURE;
    case 9:
        return NOT_YET_VALID;
    case 10:
        return EXPIRED;
    case 18:
        return SELF_SIGNED;
    case 19:
        return OWN_AUTHORITY;
    case 2:
    case 20:
    case 21:
        return UNKNOWN_ISSUER;
    case 23:
        return REVOKED;
    case 26:
        return WRONG_PURPOSE;
    case 25: /* path length */
    case 32: /* key usage without certificate signing */
    case 79: /* no CA; until OpenSSL 1.1 that was 24 */
        return NO_AUTHORITY;
    case 62:
    case 64:
        return WRONG_NAME;
    case 66:
        return WEAK_KEY;
    case 67:
        return WEAK_ISSUER_KEY;
    case 68:
        return WEAK_SIGNATURE;
    default:
        return UNKNOWN;
    }
}

/* GNUTLS_CERT_..., gnutls/gnutls.h: several bits may be set, and the first that is listed here says most. */
static enum cause cause_of_gnutls(const struct hd__tls *tls, long result) {
    static const struct words names[] = {{"name", WRONG_NAME}};
    static const struct {
        long bit;
        enum cause cause;
    } bits[] = {
        {1 << 5, REVOKED},        {1 << 9, NOT_YET_VALID},  {1 << 10, EXPIRED},
        {1 << 18, WRONG_PURPOSE}, {1 << 8, WEAK},           {1 << 7, NO_AUTHORITY},
        {1 << 6, UNKNOWN_ISSUER}, {1 << 11, BAD_SIGNATURE}, {1 << 14, WRONG_NAME},
    };
    for (size_t i = 0; result > 0 && i < sizeof bits / sizeof *bits; i++)
        if (result & bits[i].bit)
            return bits[i].cause;
    return result == 0 ? CAUSE_IN(tls->said, names) : UNKNOWN;
}

/* The first certificate of the chain that is not valid now, its own first; chain_len if they all are. */
static size_t first_invalid(const struct hd__handshake *handshake, int64_t now_s) {
    size_t i = 0;
    while (i < handshake->chain_len && (!handshake->chain[i].until_s ||
                                        (handshake->chain[i].from_s <= now_s && now_s <= handshake->chain[i].until_s)))
        i++;
    return i;
}

static const char *date_of(int64_t seconds, char *text, size_t size) {
    struct tm parts;
    time_t time = (time_t)seconds;
    if (!gmtime_r(&time, &parts) || strftime(text, size, "%Y-%m-%d", &parts) == 0)
        (void)snprintf(text, size, "?");
    return text;
}

/* Where the messages of the handshake were seen, they say which certificate it is, and the date. */
static int tell_dates(struct hd__tls *tls, int reason, int64_t now_s) {
    const struct hd__handshake *handshake = &tls->handshake;
    const size_t which = first_invalid(handshake, now_s);
    const char *whose =
        which == 0 ? "The receiver's certificate" : "An intermediate certificate in the receiver's chain";
    char date[24], today[24];
    if (handshake->chain_len == 0)
        return reason;
    (void)date_of(now_s, today, sizeof today);
    if (which == handshake->chain_len)
        (void)snprintf(tls->detail, sizeof tls->detail,
                       "The authority's certificate on this machine is not valid on %s, while those that the receiver "
                       "sends are; update this machine's authorities, and check its clock.",
                       today);
    else if (now_s < handshake->chain[which].from_s)
        (void)snprintf(tls->detail, sizeof tls->detail,
                       "%s is not valid before %s, and this machine's clock says %s; correct whichever is wrong.",
                       whose, date_of(handshake->chain[which].from_s, date, sizeof date), today);
    else
        (void)snprintf(tls->detail, sizeof tls->detail, "%s expired on %s; %s.", whose,
                       date_of(handshake->chain[which].until_s, date, sizeof date),
                       which == 0 ? "renew it" : "install the chain that its authority issues now");
    return reason;
}

int hd__tls_reason_of_certificate(struct hd__tls *tls, enum hd__tls_library library, long result, int64_t now_s) {
    enum cause cause = library == HD__TLS_OPENSSL  ? cause_of_openssl(tls, result)
                       : library == HD__TLS_GNUTLS ? cause_of_gnutls(tls, result)
                                                   : UNKNOWN;
    if (cause == UNKNOWN)
        return tell_unknown(tls, HD_REASON_TLS_UNTRUSTED, "The receiver's certificate was not accepted");
    int reason = tell(tls, cause);
    return cause == NOT_YET_VALID || cause == EXPIRED ? tell_dates(tls, reason, now_s) : reason;
}

/* ---- Alerts ---- */

/* RFC 8446 6.2, and RFC 5246 7.2.2. Those about certificates are about the client's: the server's own is not theirs to
 * judge. */
static enum cause cause_of_alert(const struct hd__tls *tls, int alert) {
    switch (alert) {
    case 40: /* handshake_failure: also what a server of TLS 1.2 says that wants a certificate and gets none */
        return tls->handshake.asks_certificate ? WANTS_CERTIFICATE
               : tls->handshake.messages       ? NOTHING_IN_COMMON
                                               : REFUSED_HANDSHAKE;
    case 41:  /* no_certificate */
    case 116: /* certificate_required */
        return WANTS_CERTIFICATE;
    case 42: /* bad_certificate: Go's servers say it to a client of TLS 1.2 without one */
    case 43:
    case 44:
    case 45:
    case 46: /* certificate_unknown */
    case 48: /* unknown_ca */
    case 49: /* access_denied */
        return REFUSES_CERTIFICATE;
    case 70:
        return OLD_VERSION;
    case 71:
        return NOTHING_IN_COMMON;
    case 80:
        return SERVER_FAULT;
    case 112:
        return UNKNOWN_NAME;
    case 120:
        return NO_COMMON_PROTOCOL;
    default:
        return UNKNOWN;
    }
}

#define DECODE_ERROR 50 /* the alert that OpenSSL 3.5 has for a connection that ends too early */
/* SSL_R_..., openssl/sslerr.h. */
static enum cause cause_of_error(const struct hd__tls *tls, unsigned long error) {
    switch (error) {
    case 252: /* unknown protocol */
    case 267: /* wrong version number */
    case 198: /* packet length too long */
        return tls->handshake.messages ? UNKNOWN : NO_TLS;
    case 258: /* unsupported protocol */
        return OLD_VERSION;
    case 294: /* unexpected EOF while reading */
        return CLOSED;
    case 394: /* DH key too small */
        return WEAK_EXCHANGE;
    case 399:
        return WEAK_KEY;
    case 397:
        return WEAK_ISSUER_KEY;
    case 398:
        return WEAK_SIGNATURE;
    default:
        return UNKNOWN;
    }
}

/* OpenSSL's "error:0A000410:SSL routines::...": the last three digits are the error, of alerts their number and 1000.
 */
static enum cause cause_of_openssl_words(const struct hd__tls *tls) {
    static const struct words known[] = {
        {"reset by peer", CLOSED}, {"SSL_ERROR_SYSCALL", CLOSED}, {"broken pipe", CLOSED}};
    const char *at = strstr(tls->said, "error:0A");
    if (!at)
        at = strstr(tls->said, "error:14"); /* until OpenSSL 1.1 */
    unsigned long error = at ? strtoul(at + strlen("error:"), NULL, 16) & 0xFFF : 0;
    if (error > 1000)
        return cause_of_alert(tls, (int)error - 1000);
    return error ? cause_of_error(tls, error) : CAUSE_IN(tls->said, known);
}

/* What gnutls_alert_get_name() and gnutls_strerror() say. */
static enum cause cause_of_gnutls_words(const struct hd__tls *tls) {
    static const struct words known[] = {
        {"certificate is required", WANTS_CERTIFICATE},
        {"no certificate", WANTS_CERTIFICATE},
        {"certificate is bad", REFUSES_CERTIFICATE},
        {"certificate is not supported", REFUSES_CERTIFICATE},
        {"certificate was revoked", REFUSES_CERTIFICATE},
        {"certificate is expired", REFUSES_CERTIFICATE},
        {"unknown certificate", REFUSES_CERTIFICATE},
        {"ca is unknown", REFUSES_CERTIFICATE},
        {"access was denied", REFUSES_CERTIFICATE},
        {"handshake failed", REFUSED_HANDSHAKE},
        {"protocol version", OLD_VERSION},
        {"illegal or unsupported version", OLD_VERSION},
        {"insufficient security", NOTHING_IN_COMMON},
        {"internal error", SERVER_FAULT},
        {"server name sent was not recognized", UNKNOWN_NAME},
        {"application protocol", NO_COMMON_PROTOCOL},
        {"unexpected tls packet", NO_TLS},
        {"non-properly terminated", CLOSED},
        {"pull function", CLOSED},
        {"push function", CLOSED},
        {"not long enough", WEAK_EXCHANGE},
    };
    return CAUSE_IN(tls->said, known);
}

static enum cause cause_of_words(const struct hd__tls *tls, enum hd__tls_library library) {
    return library == HD__TLS_OPENSSL  ? cause_of_openssl_words(tls)
           : library == HD__TLS_GNUTLS ? cause_of_gnutls_words(tls)
                                       : UNKNOWN;
}

int hd__tls_reason_of_handshake(struct hd__tls *tls, enum hd__tls_library library) {
    const int alert = tls->handshake.alert;
    enum cause cause = alert ? cause_of_alert(tls, alert) : cause_of_words(tls, library);
    if (cause == CLOSED && tls->handshake.own_alert && tls->handshake.own_alert != DECODE_ERROR)
        cause = UNKNOWN; /* it was this side that did not go on */
    return cause == UNKNOWN ? tell_unknown(tls, HD_REASON_TLS_PROTOCOL, "The TLS handshake failed") : tell(tls, cause);
}

/* Servers of TLS 1.3 look at the client's certificate when the handshake is over for the client. */
int hd__tls_reason_of_break(struct hd__tls *tls, enum hd__tls_library library) {
    const int alert = tls->handshake.alert;
    enum cause cause = alert ? cause_of_alert(tls, alert) : cause_of_words(tls, library);
    if (cause == WANTS_CERTIFICATE || cause == REFUSES_CERTIFICATE)
        return tell(tls, cause);
    if (library == HD__TLS_GNUTLS && hd__contains_nocase(tls->said, "fatal alert"))
        return tell_unknown(tls, HD_REASON_RESET,
                            "The receiver ended the TLS connection, as one does that wants a client certificate");
    return HD_REASON_RESET;
}

enum hd__tls_library hd__tls_library_of(const char *version) {
    return !version                                 ? HD__TLS_OTHER
           : hd__starts_nocase(version, "OpenSSL/") ? HD__TLS_OPENSSL
           : hd__starts_nocase(version, "GnuTLS/")  ? HD__TLS_GNUTLS
                                                    : HD__TLS_OTHER;
}
