/* What went wrong with a certificate. */
#ifndef HD_TRANSPORT_TLS_H
#define HD_TRANSPORT_TLS_H

/* The HD_REASON_... for what OpenSSL's check of a certificate said (X509_V_ERR_..., openssl/x509_vfy.h), as libcurl
 * hands it on. */
int hd__tls_reason(long verify_result);

#endif
