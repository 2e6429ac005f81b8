#include "endpoint/identity.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/memory.h"
#include "endpoint/webhook.h"
#include "helmdesk.h"
#include "sign/base64.h"

#include <stdlib.h>
#include <string.h>

#define PEM_MAX 32768 /* bytes */

/* ---- Life ---- */

struct hd__identity *hd__identity_ref(struct hd__identity *identity) {
    if (identity)
        atomic_fetch_add_explicit(&identity->references, 1, memory_order_relaxed);
    return identity;
}

void hd__identity_free(struct hd__identity *identity) {
    if (!identity || atomic_fetch_sub_explicit(&identity->references, 1, memory_order_acq_rel) != 1)
        return;
    free(identity->certificate);
    hd__free_key(identity->key);
    free(identity);
}

int hd__identity_is_same(const struct hd__identity *a, const struct hd__identity *b) {
    return a == b || (a && b && a->hash == b->hash && strcmp(a->certificate, b->certificate) == 0 &&
                      strlen(a->key) == strlen(b->key) && !hd__differ(a->key, b->key, strlen(a->key)));
}

/* ---- PEM (RFC 7468) ---- */

/* From "-----BEGIN label-----" to the end of the line "-----END label-----". */
struct block {
    const char *from, *label, *text, *end, *after;
    size_t label_len;
};

static const char *find(const char *at, const char *end, const char *what) {
    size_t len = strlen(what);
    for (; at + len <= end; at++)
        if (memcmp(at, what, len) == 0)
            return at;
    return NULL;
}

/* The next block. Returns 1; 0 if there is none; -1 if it does not end, or ends as something else. */
static int next_block(const char *at, const char *end, struct block *block) {
    static const char begin[] = "-----BEGIN ", close[] = "-----END ", dashes[] = "-----";
    block->from = find(at, end, begin);
    if (!block->from)
        return 0;
    block->label = block->from + strlen(begin);
    const char *label_end = find(block->label, end, dashes);
    if (!label_end)
        return -1;
    block->label_len = (size_t)(label_end - block->label);
    block->text = label_end + strlen(dashes);
    block->end = find(block->text, end, close);
    size_t left = block->end ? (size_t)(end - block->end) : 0, size = strlen(close) + block->label_len + strlen(dashes);
    if (left < size || memcmp(block->end + strlen(close), block->label, block->label_len) != 0 ||
        memcmp(block->end + size - strlen(dashes), dashes, strlen(dashes)) != 0)
        return -1;
    block->after = block->end + size;
    return 1;
}

static int is_labeled(const struct block *block, const char *label) {
    return block->label_len == strlen(label) && memcmp(block->label, label, block->label_len) == 0;
}

static int is_key(const struct block *block) {
    return is_labeled(block, "PRIVATE KEY") || is_labeled(block, "RSA PRIVATE KEY") ||
           is_labeled(block, "EC PRIVATE KEY");
}

/* RFC 5958, and what OpenSSL wrote before that. */
static int is_encrypted(const struct block *block) {
    return is_labeled(block, "ENCRYPTED PRIVATE KEY") || (is_key(block) && find(block->text, block->end, "ENCRYPTED"));
}

/* Whether bytes are one SEQUENCE of ASN.1 in DER (X.690 8.1.3), as certificates and keys are. */
static int is_sequence(const unsigned char *bytes, size_t len) {
    size_t count = len > 1 && bytes[1] & 0x80 ? bytes[1] & 0x7F : 0, said = len > 1 ? bytes[1] & 0x7F : 0;
    if (len < 4 || bytes[0] != 0x30 || count > 3 || (bytes[1] == 0x80) || len < 2 + count)
        return 0;
    if (count > 0)
        said = 0;
    for (size_t i = 0; i < count; i++)
        said = said << 8 | bytes[2 + i];
    return said == len - 2 - count;
}

/* Decodes the text into memory of the same size. */
static int is_good_text(const struct block *block, char *plain, unsigned char *bytes) {
    size_t len = 0, count = 0;
    for (const char *at = block->text; at < block->end; at++)
        if (!strchr(" \t\r\n", *at))
            plain[len++] = *at;
    return hd__base64_decode(plain, len, bytes, &count) && is_sequence(bytes, count);
}

static int check_text(const struct block *block) {
    size_t size = (size_t)(block->end - block->text) + 1;
    char *memory = malloc(2 * size);
    if (!memory)
        return HD_E_NO_MEMORY;
    int status = is_good_text(block, memory, (unsigned char *)memory + size) ? HD_OK : HD_E_CLIENT_CERTIFICATE;
    hd__wipe(memory, 2 * size);
    free(memory);
    return status;
}

/* The block as it is, and a line break. */
static int append(char **text, const struct block *block) {
    size_t had = *text ? strlen(*text) : 0, len = (size_t)(block->after - block->from);
    char *longer = realloc(*text, had + len + 2);
    if (!longer)
        return HD_E_NO_MEMORY;
    memcpy(longer + had, block->from, len);
    memcpy(longer + had + len, "\n", 2);
    *text = longer;
    return HD_OK;
}

/* Anything else there, such as parameters of a curve, is not needed. */
static int take_block(struct hd__identity *identity, const struct block *block) {
    int is_certificate = is_labeled(block, "CERTIFICATE");
    if (is_encrypted(block))
        return HD_E_CLIENT_KEY;
    if (!is_certificate && !is_key(block))
        return HD_OK;
    if (!is_certificate && identity->key)
        return HD_E_CLIENT_CERTIFICATE;
    int status = check_text(block);
    return status == HD_OK ? append(is_certificate ? &identity->certificate : &identity->key, block) : status;
}

static int take_all(struct hd__identity *identity, const char *pem, size_t len) {
    struct block block = {.after = pem};
    int found, status = HD_OK;
    while (status == HD_OK && (found = next_block(block.after, pem + len, &block)) != 0)
        status = found > 0 ? take_block(identity, &block) : HD_E_CLIENT_CERTIFICATE;
    return status == HD_OK && !(identity->certificate && identity->key) ? HD_E_CLIENT_CERTIFICATE : status;
}

int hd__identity_parse(const char *pem, size_t len, struct hd__identity **identity) {
    if (len > PEM_MAX || memchr(pem, '\0', len))
        return HD_E_CLIENT_CERTIFICATE;
    struct hd__identity *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    atomic_init(&made->references, 1);
    int status = take_all(made, pem, len);
    if (status != HD_OK) {
        hd__identity_free(made);
        return status;
    }
    made->hash = hd__hash(hd__hash(HD__HASH_BEGIN, made->certificate), made->key);
    *identity = made;
    return HD_OK;
}

/* ---- Of a webhook ---- */

int hd_webhook_set_client_certificate(hd_webhook *webhook, const char *pem, size_t pem_len) {
    struct hd__identity *identity = NULL;
    if (!webhook || (!pem && pem_len))
        return HD_E_INVALID;
    int status = pem ? hd__identity_parse(pem, pem_len, &identity) : HD_OK;
    if (status != HD_OK)
        return status;
    hd__identity_free(webhook->identity);
    webhook->identity = identity;
    return HD_OK;
}

const char *hd_webhook_client_certificate(const hd_webhook *webhook) {
    return webhook && webhook->identity ? webhook->identity->certificate : NULL;
}
