#include "sign/hmac.h"

#include "base/memory.h"
#include "helmdesk.h"

#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include <stdlib.h>

#if MBEDTLS_VERSION_MAJOR >= 4
#error "mbedTLS 4 has no public SHA-256: this version of libhelmdesk needs mbedTLS 2.28 or 3"
#elif MBEDTLS_VERSION_MAJOR < 3
#define sha256_starts mbedtls_sha256_starts_ret
#define sha256_update mbedtls_sha256_update_ret
#define sha256_finish mbedtls_sha256_finish_ret
#else
#define sha256_starts mbedtls_sha256_starts
#define sha256_update mbedtls_sha256_update
#define sha256_finish mbedtls_sha256_finish
#endif

#define BLOCK_SIZE 64

/* Two hashes that have seen the key already: mbedtls_md_hmac() begins both anew for each text, two blocks in nine for
 * the usual body. */
struct hd__hmac_key {
    mbedtls_sha256_context inner, outer;
};

/* Byte by byte: memcpy() would leave the key in vector registers, which the dynamic loader writes to the stack. */
static int begin(mbedtls_sha256_context *context, const unsigned char *key, size_t len, unsigned char pad) {
    unsigned char block[BLOCK_SIZE];
    for (size_t i = 0; i < BLOCK_SIZE; i++)
        block[i] = (unsigned char)((i < len ? key[i] : 0) ^ pad);
    int failed = sha256_starts(context, 0) != 0 || sha256_update(context, block, BLOCK_SIZE) != 0;
    hd__wipe(block, sizeof block);
    return failed ? HD_E_CRYPTO : HD_OK;
}

static int begin_both(struct hd__hmac_key *key, const unsigned char *data, size_t len) {
    int status = begin(&key->inner, data, len, 0x36);
    return status == HD_OK ? begin(&key->outer, data, len, 0x5c) : status;
}

/* RFC 2104 section 2: a key longer than a block counts as its hash. */
static int begin_long(struct hd__hmac_key *key, const unsigned char *data, size_t len) {
    mbedtls_sha256_context context;
    unsigned char digest[HD__HMAC_SIZE];
    mbedtls_sha256_init(&context);
    int failed = sha256_starts(&context, 0) != 0 || sha256_update(&context, data, len) != 0 ||
                 sha256_finish(&context, digest) != 0;
    mbedtls_sha256_free(&context);
    int status = failed ? HD_E_CRYPTO : begin_both(key, digest, sizeof digest);
    hd__wipe(digest, sizeof digest);
    return status;
}

static void wipe_key(struct hd__hmac_key *key) {
    mbedtls_sha256_free(&key->inner);
    mbedtls_sha256_free(&key->outer);
}

/* Call wipe_key() afterwards, also on failure. */
static int prepare(struct hd__hmac_key *key, const void *data, size_t len) {
    mbedtls_sha256_init(&key->inner);
    mbedtls_sha256_init(&key->outer);
    return len > BLOCK_SIZE ? begin_long(key, data, len) : begin_both(key, data, len);
}

struct hd__hmac_key *hd__hmac_key_new(const void *key, size_t key_len) {
    struct hd__hmac_key *made = malloc(sizeof *made);
    if (made && prepare(made, key, key_len) != HD_OK) {
        hd__hmac_key_free(made);
        return NULL;
    }
    return made;
}

void hd__hmac_key_free(struct hd__hmac_key *key) {
    if (key)
        wipe_key(key);
    free(key);
}

int hd__hmac_parts(const struct hd__hmac_key *key, const struct hd__hmac_part *parts, size_t count,
                   unsigned char out[HD__HMAC_SIZE]) {
    mbedtls_sha256_context context;
    unsigned char digest[HD__HMAC_SIZE];
    int failed = 0;
    mbedtls_sha256_init(&context);
    mbedtls_sha256_clone(&context, &key->inner);
    for (size_t i = 0; i < count; i++)
        failed = failed || (parts[i].len > 0 && sha256_update(&context, parts[i].data, parts[i].len) != 0);
    failed = failed || sha256_finish(&context, digest) != 0;
    mbedtls_sha256_clone(&context, &key->outer);
    failed = failed || sha256_update(&context, digest, sizeof digest) != 0 || sha256_finish(&context, out) != 0;
    mbedtls_sha256_free(&context);
    return failed ? HD_E_CRYPTO : HD_OK;
}

int hd__hmac_keyed(const struct hd__hmac_key *key, const void *data, size_t len, unsigned char out[HD__HMAC_SIZE]) {
    const struct hd__hmac_part part = {data, len};
    return hd__hmac_parts(key, &part, 1, out);
}

int hd__hmac(const void *key, size_t key_len, const void *data, size_t len, unsigned char out[HD__HMAC_SIZE]) {
    struct hd__hmac_key prepared;
    int status = prepare(&prepared, key, key_len);
    if (status == HD_OK)
        status = hd__hmac_keyed(&prepared, data, len, out);
    wipe_key(&prepared);
    return status;
}
