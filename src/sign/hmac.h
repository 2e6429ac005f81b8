/* HMAC-SHA256 (RFC 2104, FIPS 180-4): the only way to mbedTLS. Keys must not be empty: anybody could forge then. */
#ifndef HD_SIGN_HMAC_H
#define HD_SIGN_HMAC_H

#include <stddef.h>

#define HD__HMAC_SIZE 32

/* A key that is used again and again, with the part of the work done that is the same each time. */
struct hd__hmac_key;

/* Returns HD_OK or HD_E_CRYPTO. */
int hd__hmac(const void *key, size_t key_len, const void *data, size_t len, unsigned char out[HD__HMAC_SIZE]);

/* NULL without memory. */
struct hd__hmac_key *hd__hmac_key_new(const void *key, size_t key_len);

/* Also wipes it. NULL does nothing. */
void hd__hmac_key_free(struct hd__hmac_key *key);

/* A piece of what is signed. */
struct hd__hmac_part {
    const void *data;
    size_t len;
};

/* The same as hd__hmac() of all pieces, concatenated. Any number of threads may call it at once. */
int hd__hmac_parts(const struct hd__hmac_key *key, const struct hd__hmac_part *parts, size_t count,
                   unsigned char out[HD__HMAC_SIZE]);
int hd__hmac_keyed(const struct hd__hmac_key *key, const void *data, size_t len, unsigned char out[HD__HMAC_SIZE]);

#endif
