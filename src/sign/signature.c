#include "sign/signature.h"

#include "base/digits.h"
#include "base/memory.h"
#include "sign/secret.h"

#define DIGITS ((size_t)HD_SIGNATURE_SIZE - 1)

size_t hd_signature_size(void) {
    return HD_SIGNATURE_SIZE;
}

static void to_hex(const unsigned char mac[HD__HMAC_SIZE], char out[HD_SIGNATURE_SIZE]) {
    *hd__hex(mac, HD__HMAC_SIZE, out) = '\0';
}

int hd__sign(const struct hd__hmac_key *key, const void *body, size_t body_len, char out[HD_SIGNATURE_SIZE]) {
    unsigned char mac[HD__HMAC_SIZE];
    int status = hd__hmac_keyed(key, body, body_len, mac);
    if (status == HD_OK)
        to_hex(mac, out);
    hd__wipe(mac, sizeof mac);
    return status;
}

int hd_sign(const void *body, size_t body_len, const void *secret, size_t secret_len, char *out, size_t out_size) {
    if ((!body && body_len) || (!secret && secret_len) || !out)
        return HD_E_INVALID;
    if (!hd__secret_fits(secret_len))
        return HD_E_SECRET;
    if (out_size < HD_SIGNATURE_SIZE)
        return HD_E_BUFFER;
    unsigned char mac[HD__HMAC_SIZE];
    int status = hd__hmac(secret, secret_len, body, body_len, mac);
    if (status == HD_OK)
        to_hex(mac, out);
    hd__wipe(mac, sizeof mac);
    return status;
}

static int is_signature(const char *s, size_t len) {
    if (!s || len != DIGITS)
        return 0;
    for (size_t i = 0; i < len; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
            return 0;
    return 1;
}

/* Wipes the expected signature. */
static int compare(char expected[HD_SIGNATURE_SIZE], const char *signature) {
    int differ = hd__differ(expected, signature, DIGITS);
    hd__wipe(expected, HD_SIGNATURE_SIZE);
    return HD_E_SIGNATURE_MISMATCH & -differ; /* without a branch */
}

int hd__verify(const struct hd__hmac_key *key, const void *body, size_t body_len, const char *signature,
               size_t signature_len) {
    char expected[HD_SIGNATURE_SIZE];
    if (!is_signature(signature, signature_len))
        return HD_E_SIGNATURE_FORMAT;
    int status = hd__sign(key, body, body_len, expected);
    return status == HD_OK ? compare(expected, signature) : status;
}

int hd_verify(const void *body, size_t body_len, const char *signature, size_t signature_len, const void *secret,
              size_t secret_len) {
    char expected[HD_SIGNATURE_SIZE];
    if (!secret && secret_len)
        return HD_E_INVALID;
    if (!hd__secret_fits(secret_len))
        return HD_E_SECRET;
    if (!is_signature(signature, signature_len))
        return HD_E_SIGNATURE_FORMAT;
    int status = hd_sign(body, body_len, secret, secret_len, expected, sizeof expected);
    return status == HD_OK ? compare(expected, signature) : status;
}
