#include "sign/hmac.h"

#include "helmdesk.h"

#include <mbedtls/md.h>
#include <mbedtls/version.h>

#if MBEDTLS_VERSION_MAJOR >= 4
#error "mbedTLS 4 has no HMAC in md.h: this version of libhelmdesk needs mbedTLS 2.28 or 3"
#endif

int hd__hmac(const void *key, size_t key_len, const void *data, size_t len, unsigned char out[HD__HMAC_SIZE]) {
    static const unsigned char nothing[1] = {0};
    const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    return mbedtls_md_hmac(sha256, key, key_len, len ? data : nothing, len, out) == 0 ? HD_OK : HD_E_CRYPTO;
}
