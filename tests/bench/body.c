/* SPDX-License-Identifier: MIT */
#include "body.h"

#include <openssl/sha.h>

#include <string.h>

#define SECRET "benchmark secret"
#define BLOCK_SIZE 64

static const char before[] = "{\"event\":\"ticket.created\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{"
                             "\"ticket\":{\"id\":\"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10\",\"number\":";
static const char after[] =
    ",\"subject\":\"Can't reset passwordxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"status\":\"open\","
    "\"priority\":\"high\"},\"customer\":{\"email\":\"user@example.com\",\"name\":\"Jane "
    "Smith\"}}}";

_Static_assert(sizeof before - 1 + 8 + sizeof after - 1 == BODY_SIZE, "a number of 8 digits fills it");

static SHA256_CTX inner, outer;
static long number = 10000000;

static void begin(SHA256_CTX *context, unsigned char pad) {
    unsigned char block[BLOCK_SIZE];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < sizeof SECRET - 1; i++)
        block[i] ^= (unsigned char)SECRET[i];
    SHA256_Init(context);
    SHA256_Update(context, block, sizeof block);
}

void body_prepare(void) {
    begin(&inner, 0x36);
    begin(&outer, 0x5c);
}

static void sign(const char *body, char *hex) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX context = inner;
    SHA256_Update(&context, body, BODY_SIZE);
    SHA256_Final(digest, &context);
    context = outer;
    SHA256_Update(&context, digest, sizeof digest);
    SHA256_Final(digest, &context);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
}

void body_next(char body[BODY_SIZE], char signature[SIGNATURE_DIGITS]) {
    char *digits = body + sizeof before - 1;
    long left = number++;
    memcpy(body, before, sizeof before - 1);
    for (size_t i = 8; i-- > 0; left /= 10)
        digits[i] = (char)('0' + left % 10);
    memcpy(digits + 8, after, sizeof after - 1);
    sign(body, signature);
}

long long us_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
