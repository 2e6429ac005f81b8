#include "sign/secret.h"

#include "base/clock.h"
#include "base/memory.h"
#include "helmdesk.h"
#include "sign/base64.h"

#include <string.h>

#define RANDOM_SIZE 32

int hd__secret_fits(size_t len) {
    return len >= 1 && len <= HD__SECRET_MAX;
}

size_t hd_secret_size(void) {
    return HD_SECRET_SIZE;
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
    memcpy(out, HD__SECRET_PREFIX, sizeof HD__SECRET_PREFIX - 1);
    hd__base64_encode(bytes, sizeof bytes, out + sizeof HD__SECRET_PREFIX - 1);
    hd__wipe(bytes, sizeof bytes);
    return HD_OK;
}
