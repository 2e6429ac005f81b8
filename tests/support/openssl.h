/* SPDX-License-Identifier: MIT */
/* Receivers with TLS that the openssl command plays (openssl s_server), and certificates that it makes. */
#ifndef TESTS_SUPPORT_OPENSSL_H
#define TESTS_SUPPORT_OPENSSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct openssl;

/* Makes the certificates of tests/support/certificates.sh in a directory. Returns false where there is no openssl
 * command. */
bool openssl_certify(const char *directory);

/* Starts a server on a free port of 127.0.0.1 with the certificate of a name in the directory. options: further ones of
 * s_server, with blanks between them. The certificates of a directory are NAME.pem and NAME.key. Fails the test if it
 * does not start. */
struct openssl *openssl_start(const char *directory, const char *name, const char *options);

uint16_t openssl_port(const struct openssl *server);

/* How often a text is in what it has printed. */
size_t openssl_says(const struct openssl *server, const char *text);

/* Sends bytes over the connection that it has, or over the next one. */
void openssl_send(struct openssl *server, const char *bytes, size_t len);

/* Kills it. NULL does nothing. */
void openssl_stop(struct openssl *server);

#endif
