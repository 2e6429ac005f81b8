#include "sign/standard.h"

#include "base/memory.h"
#include "helmdesk.h"
#include "sign/base64.h"
#include "sign/secret.h"

#include <string.h>

#define VERSION "v1,"
#define DIGITS HD__BASE64_SIZE(HD__HMAC_SIZE)

_Static_assert(sizeof VERSION - 1 + DIGITS + 1 == HD__STANDARD_SIZE, "an entry and a NUL");

/* HMAC fills keys up with zeros, so that a key of zeros is the same as none (RFC 2104 section 2). */
static int is_zero(const unsigned char *bytes, size_t len) {
    unsigned char any = 0;
    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return !any;
}

int hd__standard_key(const char *secret, size_t len, struct hd__hmac_key **key) {
    unsigned char bytes[HD__SECRET_MAX];
    size_t bytes_len;
    size_t prefix_len = sizeof HD__SECRET_PREFIX - 1;
    size_t prefix = len >= prefix_len && memcmp(secret, HD__SECRET_PREFIX, prefix_len) == 0 ? prefix_len : 0;
    *key = NULL;
    if (len > HD__SECRET_MAX)
        return HD_E_SECRET;
    int is_key = hd__base64_decode(secret + prefix, len - prefix, bytes, &bytes_len) && !is_zero(bytes, bytes_len);
    if (is_key)
        *key = hd__hmac_key_new(bytes, bytes_len);
    hd__wipe(bytes, sizeof bytes);
    return !is_key ? HD_E_SECRET : *key ? HD_OK : HD_E_NO_MEMORY;
}

static int mac_of(const struct hd__hmac_key *key, const struct hd__signed_parts *parts,
                  unsigned char mac[HD__HMAC_SIZE]) {
    const struct hd__hmac_part pieces[] = {
        {parts->id, parts->id_len},     {".", 1}, {parts->timestamp, parts->timestamp_len}, {".", 1},
        {parts->body, parts->body_len},
    };
    return hd__hmac_parts(key, pieces, sizeof pieces / sizeof pieces[0], mac);
}

int hd__standard_sign(const struct hd__hmac_key *key, const struct hd__signed_parts *parts,
                      char out[HD__STANDARD_SIZE]) {
    unsigned char mac[HD__HMAC_SIZE];
    int status = mac_of(key, parts, mac);
    if (status == HD_OK) {
        memcpy(out, VERSION, sizeof VERSION - 1);
        hd__base64_encode(mac, sizeof mac, out + sizeof VERSION - 1);
    }
    hd__wipe(mac, sizeof mac);
    return status;
}

/* The signature in an entry; 0 if the entry is of another version or malformed. */
static int read_entry(const char *entry, size_t len, unsigned char mac[HD__HMAC_SIZE]) {
    unsigned char bytes[DIGITS / 4 * 3];
    size_t bytes_len;
    if (len != sizeof VERSION - 1 + DIGITS || memcmp(entry, VERSION, sizeof VERSION - 1) != 0 ||
        !hd__base64_decode(entry + sizeof VERSION - 1, DIGITS, bytes, &bytes_len) || bytes_len != HD__HMAC_SIZE)
        return 0;
    memcpy(mac, bytes, HD__HMAC_SIZE);
    return 1;
}

int hd__standard_verify(const struct hd__hmac_key *key, const struct hd__signed_parts *parts, const char *signatures,
                        size_t len) {
    unsigned char expected[HD__HMAC_SIZE], given[HD__HMAC_SIZE];
    int differ = 1, entries = 0, status = mac_of(key, parts, expected);
    for (size_t at = 0; at <= len && status == HD_OK;) {
        const char *space = len > at ? memchr(signatures + at, ' ', len - at) : NULL;
        size_t entry_len = space ? (size_t)(space - signatures) - at : len - at;
        if (read_entry(signatures + at, entry_len, given)) {
            entries++;
            differ &= hd__differ(expected, given, HD__HMAC_SIZE);
        }
        at += entry_len + 1;
    }
    hd__wipe(expected, sizeof expected);
    if (status != HD_OK || !entries)
        return status != HD_OK ? status : HD_E_SIGNATURE_FORMAT;
    return HD_E_SIGNATURE_MISMATCH & -differ; /* without a branch */
}
