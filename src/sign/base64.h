/* Base64 (RFC 4648 section 4), with padding. */
#ifndef HD_SIGN_BASE64_H
#define HD_SIGN_BASE64_H

#include <stddef.h>

/* Characters of len bytes, without a NUL. */
#define HD__BASE64_SIZE(len) (((len) + 2) / 3 * 4)

/* Writes the text and a NUL: HD__BASE64_SIZE(len) + 1 bytes. */
void hd__base64_encode(const unsigned char *in, size_t len, char *out);

/* Writes the bytes, at most len / 4 * 3, and their number. Returns 0 for a text that is not the canonical encoding: it
 * has characters that are not base64, lacks padding, or has bits after the last byte. */
int hd__base64_decode(const char *text, size_t len, unsigned char *out, size_t *out_len);

#endif
