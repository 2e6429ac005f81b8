#include "transport/tls.h"

#include "helmdesk.h"

/* libcurl checks the name itself, and then there is no such number. */
int hd__tls_reason(long verify_result) {
    switch (verify_result) {
    case 0:
    case 1:  /* X509_V_ERR_UNSPECIFIED: what libcurl 7.88 says then */
    case 62: /* X509_V_ERR_HOSTNAME_MISMATCH */
        return HD_REASON_TLS_NAME;
    case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
        return HD_REASON_TLS_EXPIRED;
    default:
        return HD_REASON_TLS_UNTRUSTED;
    }
}
