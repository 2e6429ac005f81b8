/* What the messages of a TLS handshake say that libcurl does not tell: when certificates are valid, whether the server
 * has asked for one, and the alerts that it ended with. */
#ifndef HD_TRANSPORT_HANDSHAKE_H
#define HD_TRANSPORT_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#define HD__CHAIN_MAX 8 /* certificates that are looked at */

struct hd__validity {
    int64_t from_s, until_s; /* seconds since 1970-01-01T00:00:00Z */
};

struct hd__handshake {
    int messages;                             /* of the server, alerts too */
    int alert;                                /* the last fatal one of the server (RFC 8446 6.2); 0 for none */
    int own_alert;                            /* the last fatal one of this side; 0 for none */
    int asks_certificate;                     /* the server wants a certificate of the client */
    int is_whole;                             /* the server has said Finished */
    size_t chain_len;                         /* certificates of the server, its own first */
    struct hd__validity chain[HD__CHAIN_MAX]; /* 0 and 0 for one that cannot be read */
};

/* Takes in what the TLS library shows of the server: whole messages of the handshake and alerts in plain text, and
 * headers of records, which are passed over. Nothing in them is trusted. */
void hd__handshake_hear(struct hd__handshake *handshake, const void *bytes, size_t len);

/* The same of what this side sends: nothing but alerts count. */
void hd__handshake_say(struct hd__handshake *handshake, const void *bytes, size_t len);

#endif
