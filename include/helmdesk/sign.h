/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/sign.h
 * Signatures of request bodies, and secrets.
 */
#ifndef HELMDESK_SIGN_H
#define HELMDESK_SIGN_H

#include <helmdesk/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that hd_sign() writes: 64 hexadecimal digits and a NUL. Also as hd_signature_size(). */
#define HD_SIGNATURE_SIZE 65

/** Bytes that hd_generate_secret() writes: "whsec_", 44 base64 characters and a NUL. Also as hd_secret_size(). */
#define HD_SECRET_SIZE 51

/**
 * Signs a request body: HMAC-SHA256 as 64 lower-case hexadecimal digits, the value of `X-Helmdesk-Signature`.
 * @param body        the raw bytes of the request body; may be NULL if body_len is 0
 * @param body_len    its length in bytes
 * @param secret      the webhook's secret, used byte for byte, including any "whsec_"
 * @param secret_len  its length in bytes, 1 to 1,024
 * @param out         receives the digits and a NUL
 * @param out_size    size of out in bytes, at least HD_SIGNATURE_SIZE
 * Returns: HD_OK; HD_E_SECRET for an empty or too long secret; HD_E_BUFFER; HD_E_INVALID for a NULL pointer;
 * HD_E_CRYPTO if mbedTLS fails (out of memory). Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_sign(const void *body, size_t body_len, const void *secret, size_t secret_len, char *out,
                   size_t out_size);

/**
 * Checks the signature of a received request body, in constant time.
 * @param body           the raw bytes as they were received, before any decoding; may be NULL if body_len is 0
 * @param body_len       their length in bytes
 * @param signature      the value of the `X-Helmdesk-Signature` header; NULL counts as malformed
 * @param signature_len  its length in bytes; only 64 can be valid
 * @param secret         the webhook's secret, byte for byte
 * @param secret_len     its length in bytes, 1 to 1,024
 * Returns: HD_OK only if the signature is valid; HD_E_SIGNATURE_FORMAT if it is not 64 lower-case hexadecimal digits;
 * HD_E_SIGNATURE_MISMATCH if it belongs to another body or secret; HD_E_SECRET; HD_E_INVALID; HD_E_CRYPTO.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API HD_NODISCARD int hd_verify(const void *body, size_t body_len, const char *signature, size_t signature_len,
                                  const void *secret, size_t secret_len);

/**
 * HD_SIGNATURE_SIZE for callers that cannot read macros.
 * Returns: 65. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_signature_size(void);

/**
 * Makes a new secret: "whsec_" and the base64 form of 32 bytes from the system's random source.
 * @param out       receives the text and a NUL
 * @param out_size  size of out in bytes, at least HD_SECRET_SIZE
 * Returns: HD_OK; HD_E_BUFFER; HD_E_INVALID; HD_E_RANDOM if the system gives no randomness.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_generate_secret(char *out, size_t out_size);

/**
 * HD_SECRET_SIZE for callers that cannot read macros.
 * Returns: 51. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_secret_size(void);

#ifdef __cplusplus
}
#endif

#endif
