#include "sign/seal.h"

#include "base/memory.h"
#include "helmdesk.h"

#include <mbedtls/gcm.h>

#include <stdlib.h>
#include <string.h>

#define NONCE_SIZE 12
#define TAG_SIZE 16
#define HEAD_SIZE (1 + NONCE_SIZE + TAG_SIZE)

enum {
    PLAIN,
    SEALED
};

/* Names the place, NUL included, so that no two places have the same bytes. */
static int write_place(struct hd__seal_place place, struct hd__buffer *out) {
    hd__buffer_append(out, place.owner, strlen(place.owner) + 1);
    hd__buffer_text(out, place.name);
    return out->failed ? HD_E_NO_MEMORY : HD_OK;
}

static int encrypt(mbedtls_gcm_context *gcm, const struct hd__buffer *place, const void *text, size_t len,
                   unsigned char *out) {
    unsigned char *nonce = out + 1, *tag = nonce + NONCE_SIZE;
    out[0] = SEALED;
    int status = hd__random(&hd__system_clock, nonce, NONCE_SIZE);
    if (status == HD_OK &&
        mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, len, nonce, NONCE_SIZE, (const unsigned char *)place->data,
                                  place->len, text, out + HEAD_SIZE, TAG_SIZE, tag) != 0)
        status = HD_E_CRYPTO;
    return status;
}

static int decrypt(mbedtls_gcm_context *gcm, const struct hd__buffer *place, const unsigned char *in, size_t len,
                   unsigned char *out) {
    const unsigned char *nonce = in + 1, *tag = nonce + NONCE_SIZE;
    return mbedtls_gcm_auth_decrypt(gcm, len - HEAD_SIZE, nonce, NONCE_SIZE, (const unsigned char *)place->data,
                                    place->len, tag, TAG_SIZE, in + HEAD_SIZE, out) == 0
               ? HD_OK
               : HD_E_STORE_KEY;
}

/* One of the two above, with what it needs: a context, the place, and memory for what comes out. */
static int convert(const unsigned char *key, struct hd__seal_place place, int seals, const void *in, size_t len,
                   struct hd__buffer *out) {
    struct hd__buffer named = {0};
    size_t out_len = seals ? len + HEAD_SIZE : len - HEAD_SIZE;
    unsigned char *bytes = malloc(out_len + 1);
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    int status = bytes ? write_place(place, &named) : HD_E_NO_MEMORY;
    if (status == HD_OK && mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, HD__SEAL_KEY_SIZE * 8) != 0)
        status = HD_E_CRYPTO;
    if (status == HD_OK)
        status = seals ? encrypt(&gcm, &named, in, len, bytes) : decrypt(&gcm, &named, in, len, bytes);
    if (status == HD_OK)
        hd__buffer_append(out, bytes, out_len);
    if (bytes)
        hd__wipe(bytes, out_len);
    mbedtls_gcm_free(&gcm);
    free(bytes);
    hd__buffer_free(&named);
    return status == HD_OK && out->failed ? HD_E_NO_MEMORY : status;
}

int hd__seal(const unsigned char *key, struct hd__seal_place place, const void *text, size_t len,
             struct hd__buffer *out) {
    static const char plain = PLAIN;
    if (key)
        return convert(key, place, 1, text, len, out);
    hd__buffer_append(out, &plain, 1);
    hd__buffer_append(out, text, len);
    return out->failed ? HD_E_NO_MEMORY : HD_OK;
}

int hd__unseal(const unsigned char *key, struct hd__seal_place place, const void *sealed, size_t len,
               struct hd__buffer *out) {
    const unsigned char *bytes = sealed;
    if (len < 1 || bytes[0] > SEALED || (bytes[0] == SEALED && len < HEAD_SIZE))
        return HD_E_STORE;
    if (bytes[0] == SEALED)
        return key ? convert(key, place, 0, sealed, len, out) : HD_E_STORE_KEY;
    hd__buffer_append(out, bytes + 1, len - 1);
    return out->failed ? HD_E_NO_MEMORY : HD_OK;
}
