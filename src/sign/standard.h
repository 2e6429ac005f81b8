/* Standard Webhooks (github.com/standard-webhooks, spec/standard-webhooks.md): webhook-id, webhook-timestamp and
 * webhook-signature. Version v1 only: v1a needs Ed25519, which mbedTLS does not have. */
#ifndef HD_SIGN_STANDARD_H
#define HD_SIGN_STANDARD_H

#include "sign/hmac.h"

#include <stddef.h>

/* "v1,", 44 characters of base64 and a NUL. */
#define HD__STANDARD_SIZE 48

/* The signed text is: id, a dot, timestamp, a dot, body. */
struct hd__signed_parts {
    const char *id, *timestamp;
    size_t id_len, timestamp_len;
    const void *body;
    size_t body_len;
};

/* The key of a secret, which is base64, with "whsec_" before it or not. Returns HD_OK, HD_E_SECRET if it is not, or
 * HD_E_NO_MEMORY. */
int hd__standard_key(const char *secret, size_t len, struct hd__hmac_key **key);

/* Writes an entry of webhook-signature. Returns HD_OK or HD_E_CRYPTO. */
int hd__standard_sign(const struct hd__hmac_key *key, const struct hd__signed_parts *parts,
                      char out[HD__STANDARD_SIZE]);

/* Whether one of the entries in a webhook-signature matches: HD_OK, HD_E_SIGNATURE_MISMATCH, HD_E_SIGNATURE_FORMAT if
 * none could, or HD_E_CRYPTO. Entries of unknown versions are ignored. */
int hd__standard_verify(const struct hd__hmac_key *key, const struct hd__signed_parts *parts, const char *signatures,
                        size_t len);

#endif
