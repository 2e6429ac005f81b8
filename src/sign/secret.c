#include "sign/secret.h"

#include "base/clock.h"
#include "base/memory.h"
#include "helmdesk.h"

#include <string.h>

#define PREFIX "whsec_"
#define RANDOM_SIZE 32

int hd__secret_fits(size_t len) {
    return len >= 1 && len <= HD__SECRET_MAX;
}

size_t hd_secret_size(void) {
    return HD_SECRET_SIZE;
}

/* RFC 4648 section 4, with padding. */
static void base64(const unsigned char *in, size_t len, char *out) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        unsigned group = (unsigned)in[i] << 16;
        group |= i + 1 < len ? (unsigned)in[i + 1] << 8 : 0;
        group |= i + 2 < len ? (unsigned)in[i + 2] : 0;
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = i + 1 < len ? alphabet[group >> 6 & 63] : '=';
        *out++ = i + 2 < len ? alphabet[group & 63] : '=';
    }
    *out = '\0';
}

int hd_generate_secret(char *out, size_t out_size) {
    unsigned char bytes[RANDOM_SIZE];
    if (!out)
        return HD_E_INVALID;
    if (out_size < HD_SECRET_SIZE)
        return HD_E_BUFFER;
    int status = hd__random(&hd__system_clock, bytes, sizeof bytes);
    if (status != HD_OK)
        return status;
    memcpy(out, PREFIX, sizeof PREFIX - 1);
    base64(bytes, sizeof bytes, out + sizeof PREFIX - 1);
    hd__wipe(bytes, sizeof bytes);
    return HD_OK;
}
