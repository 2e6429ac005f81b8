/* HMAC-SHA256 (RFC 2104, FIPS 180-4): the only way to mbedTLS. */
#ifndef HD_SIGN_HMAC_H
#define HD_SIGN_HMAC_H

#include <stddef.h>

#define HD__HMAC_SIZE 32

/* Returns HD_OK or HD_E_CRYPTO. The key must not be empty: mbedTLS would take it, and anybody could forge. */
int hd__hmac(const void *key, size_t key_len, const void *data, size_t len, unsigned char out[HD__HMAC_SIZE]);

#endif
