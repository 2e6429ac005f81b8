/* A client certificate and its key, for servers that ask for one (mutual TLS). It is never changed once it is made, and
 * is shared by counted references. */
#ifndef HD_ENDPOINT_IDENTITY_H
#define HD_ENDPOINT_IDENTITY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct hd__identity {
    atomic_uint references;
    uint64_t hash;     /* of both texts */
    char *certificate; /* PEM: the program's own, and those that lead to its authority */
    char *key;         /* PEM */
};

/* Reads PEM text with certificates and one private key, in any order. Returns HD_OK; HD_E_CLIENT_CERTIFICATE;
 * HD_E_CLIENT_KEY; HD_E_NO_MEMORY. */
int hd__identity_parse(const char *pem, size_t len, struct hd__identity **identity);

/* With NULL they return NULL, or do nothing. */
struct hd__identity *hd__identity_ref(struct hd__identity *identity);
void hd__identity_free(struct hd__identity *identity);

/* Whether both are the same, or none. */
int hd__identity_is_same(const struct hd__identity *a, const struct hd__identity *b);

#endif
