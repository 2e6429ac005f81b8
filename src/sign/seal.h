/* Encryption of what lies on a disk and must not be read there: AES-256-GCM (NIST SP 800-38D), with a random nonce for
 * each text. */
#ifndef HD_SIGN_SEAL_H
#define HD_SIGN_SEAL_H

#include "base/buffer.h"
#include "base/clock.h"

#define HD__SEAL_KEY_SIZE 32

/* The purpose that a text is sealed for. It cannot be opened for a different one. */
struct hd__seal_place {
    const char *owner, *name;
};

/* Appends the sealed text. Without key, the text as it is. A byte before it tells which. Returns a status. */
int hd__seal(const unsigned char *key, struct hd__seal_place place, const void *text, size_t len,
             struct hd__buffer *out);

/* Appends the text. HD_E_STORE_KEY if the key is missing or another one, or the text was changed; HD_E_STORE if it was
 * never sealed; HD_E_NO_MEMORY. */
int hd__unseal(const unsigned char *key, struct hd__seal_place place, const void *sealed, size_t len,
               struct hd__buffer *out);

#endif
