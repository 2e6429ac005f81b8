/* The value of X-Helmdesk-Signature: HMAC-SHA256 of the raw body, keyed with the secret's bytes, in lower-case hex. */
#ifndef HD_SIGN_SIGNATURE_H
#define HD_SIGN_SIGNATURE_H

#include "helmdesk.h"
#include "sign/hmac.h"

/* Does the same as hd_sign(), with a key that was prepared before. Returns HD_OK or HD_E_CRYPTO. */
int hd__sign(const struct hd__hmac_key *key, const void *body, size_t body_len, char out[HD_SIGNATURE_SIZE]);

/* Does the same as hd_verify(), with such a key. Returns HD_OK, HD_E_SIGNATURE_FORMAT, HD_E_SIGNATURE_MISMATCH or
 * HD_E_CRYPTO. */
int hd__verify(const struct hd__hmac_key *key, const void *body, size_t body_len, const char *signature,
               size_t signature_len);

#endif
