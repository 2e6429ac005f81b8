/* SPDX-License-Identifier: MIT */
/** @file sign_test.c Signatures and secrets: hd_sign(), hd_verify(), hd_generate_secret(). */
#include "support/bodies.h"

#include <pthread.h>

#define HELLO_SIGNED_WITH_K "406e4b43f87095aa86ca6299d25e875921fefa180f02043bb29bec5681c0c2d0"

/** Bytes given as a C string of known length, or as one byte repeated. */
typedef struct bytes {
    const char *text;
    size_t length;
    int repeated_byte; /* used if text is NULL */
} bytes;

static void *new_bytes(const bytes *what) {
    unsigned char *out = must_malloc(what->length);
    if (what->text != NULL)
        memcpy(out, what->text, what->length);
    else
        memset(out, what->repeated_byte, what->length);
    return out;
}

/* The signature is HMAC-SHA256 and nothing else: every receiver in the world computes it on its own. */
static void test_rfc_4231_vectors(void **state) {
    (void)state;
    static const struct {
        int number;
        bytes key;
        bytes data;
        const char *digits; /* case 5 of the RFC is truncated to 128 bits */
    } cases[] = {
        {1, {NULL, 20, 0x0b}, {"Hi There", 8, 0}, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {2,
         {"Jefe", 4, 0},
         {"what do ya want for nothing?", 28, 0},
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {3, {NULL, 20, 0xaa}, {NULL, 50, 0xdd}, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {4,
         {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19", 25,
          0},
         {NULL, 50, 0xcd},
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {5, {NULL, 20, 0x0c}, {"Test With Truncation", 20, 0}, "a3b6167473100ee06e0c796c2955552b"},
        {6,
         {NULL, 131, 0xaa},
         {"Test Using Larger Than Block-Size Key - Hash Key First", 54, 0},
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {7,
         {NULL, 131, 0xaa},
         {"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
          "hashed before being used by the HMAC algorithm.",
          152, 0},
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        void *key = new_bytes(&cases[i].key);
        void *data = new_bytes(&cases[i].data);
        char out[HD_SIGNATURE_SIZE];
        assert_int_equal(hd_sign(data, cases[i].data.length, key, cases[i].key.length, out, sizeof out), HD_OK);
        assert_int_equal(strlen(out), 64);
        if (strncmp(out, cases[i].digits, strlen(cases[i].digits)) != 0)
            fail_msg("case %d: %s is not %s", cases[i].number, out, cases[i].digits);
        assert_int_equal(hd_verify(data, cases[i].data.length, out, 64, key, cases[i].key.length), HD_OK);
        free(key);
        free(data);
    }
}

/* Secrets of 1 to 1,024 bytes are used as they stand, over the block size of SHA-256 too. */
static void test_secret_lengths(void **state) {
    (void)state;
    static const struct {
        size_t length;
        const char *digits;
    } cases[] = {
        {1, HELLO_SIGNED_WITH_K},
        {63, "6c2c19a752c3f34e892e5b41b3162c06ca1d9dc145076777da9ae1072efc92c4"},
        {64, "6d96ee5bc4b08a46dc2b771445f0353ff7b8fc08691b0491f4bcac9d184177b4"},
        {65, "edbbe32a95786f734ec02887a09a8814b83f71be6ed8ff8d5c6049bdc2d035cc"},
        {1024, "f108e7dd52ebd5a25da1724357e4ee863dc6a900d349c807dc1eb0b7edcd8f37"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char *secret = repeated("k", cases[i].length);
        char out[HD_SIGNATURE_SIZE];
        assert_int_equal(hd_sign("hello", 5, secret, cases[i].length, out, sizeof out), HD_OK);
        assert_string_equal(out, cases[i].digits);
        assert_int_equal(hd_verify("hello", 5, cases[i].digits, 64, secret, cases[i].length), HD_OK);
        free(secret);
    }
}

/* An empty secret would let anybody sign, and a giant one is a mistake: both are refused on both sides. */
static void test_secret_lengths_refused(void **state) {
    (void)state;
    char out[HD_SIGNATURE_SIZE] = "untouched";
    char *secret = repeated("k", 1025);
    assert_int_equal(hd_sign("hello", 5, secret, 1025, out, sizeof out), HD_E_SECRET);
    assert_int_equal(hd_sign("hello", 5, secret, 0, out, sizeof out), HD_E_SECRET);
    assert_int_equal(hd_sign("hello", 5, "", 0, out, sizeof out), HD_E_SECRET);
    assert_string_equal(out, "untouched");
    /* The very digits that HMAC-SHA256 gives for these two secrets must not be good enough. */
    assert_int_equal(
        hd_verify("hello", 5, "fe05cef75b3c777355e47f5b43b9fa2c634f94192aa89f2129e216f12492226b", 64, secret, 1025),
        HD_E_SECRET);
    assert_int_equal(
        hd_verify("hello", 5, "4352b26e33fe0d769a8922a6ba29004109f01688e26acc9e6cb347e5a5afc4da", 64, "", 0),
        HD_E_SECRET);
    free(secret);
}

/* A secret and a body may hold any byte; neither ends at a NUL. */
static void test_binary_secret_and_body(void **state) {
    (void)state;
    char out[HD_SIGNATURE_SIZE];
    assert_int_equal(hd_sign("hello", 5, "\x00\xFF\x00k\x80", 5, out, sizeof out), HD_OK);
    assert_string_equal(out, "e3601a582543be908ebb3fa78d4e91a315f539653b5abc5717ae3d349184f07b");
    assert_int_equal(hd_sign("a\0b", 3, "k", 1, out, sizeof out), HD_OK);
    assert_string_equal(out, "982872ff8422d2d84de2d26d7900850ff9f3b3275079b02813b572f9ff0ef0b2");
}

/* An empty body has a signature like any other, and may be given as NULL. */
static void test_empty_body(void **state) {
    (void)state;
    static const char digits[] = "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620";
    char out[HD_SIGNATURE_SIZE];
    assert_int_equal(hd_sign("", 0, "k", 1, out, sizeof out), HD_OK);
    assert_string_equal(out, digits);
    memset(out, 0, sizeof out);
    assert_int_equal(hd_sign(NULL, 0, "k", 1, out, sizeof out), HD_OK);
    assert_string_equal(out, digits);
    assert_int_equal(hd_verify(NULL, 0, digits, 64, "k", 1), HD_OK);
    assert_int_equal(hd_verify("", 0, digits, 64, "k", 1), HD_OK);
    assert_int_equal(hd_verify("x", 1, digits, 64, "k", 1), HD_E_SIGNATURE_MISMATCH);
}

/* 65 bytes are enough, 64 are not, and not one byte more is written. */
static void test_sign_buffer_size(void **state) {
    (void)state;
    char out[HD_SIGNATURE_SIZE + 1];
    static const size_t too_small[] = {0, 1, 64};
    for (size_t i = 0; i < LENGTH_OF(too_small); i++) {
        memset(out, '#', sizeof out);
        assert_int_equal(hd_sign("hello", 5, "k", 1, out, too_small[i]), HD_E_BUFFER);
        for (size_t j = 0; j < sizeof out; j++)
            assert_int_equal(out[j], '#');
    }
    assert_int_equal(hd_sign("hello", 5, "k", 1, out, 65), HD_OK);
    assert_string_equal(out, HELLO_SIGNED_WITH_K);
    assert_int_equal(out[65], '#');
}

/* A NULL pointer is answered, not followed. */
static void test_null_pointers(void **state) {
    (void)state;
    char out[HD_SIGNATURE_SIZE] = "untouched";
    assert_int_equal(hd_sign(NULL, 5, "k", 1, out, sizeof out), HD_E_INVALID);
    assert_int_equal(hd_sign("hello", 5, NULL, 1, out, sizeof out), HD_E_INVALID);
    assert_int_equal(hd_sign("hello", 5, "k", 1, NULL, sizeof out), HD_E_INVALID);
    assert_string_equal(out, "untouched");
    assert_int_equal(hd_verify(NULL, 5, HELLO_SIGNED_WITH_K, 64, "k", 1), HD_E_INVALID);
    assert_int_equal(hd_verify("hello", 5, HELLO_SIGNED_WITH_K, 64, NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_verify("hello", 5, HELLO_SIGNED_WITH_K, 64, NULL, 0), HD_E_SECRET); /* a variable not set */
    assert_int_equal(hd_generate_secret(NULL, HD_SECRET_SIZE), HD_E_INVALID);
}

/* The signature needs no NUL behind it: header values seldom have one. The block's size lets a sanitizer see that. */
static void test_signature_needs_no_nul(void **state) {
    (void)state;
    char *signature = must_malloc(64);
    memcpy(signature, HELLO_SIGNED_WITH_K, 64);
    assert_int_equal(hd_verify("hello", 5, signature, 64, "k", 1), HD_OK);
    free(signature);
}

/* Each of the 64 digits counts: any other digit at any place is a mismatch. */
static void test_every_nibble_counts(void **state) {
    (void)state;
    char signature[HD_SIGNATURE_SIZE] = HELLO_SIGNED_WITH_K;
    for (size_t i = 0; i < 64; i++) {
        char right = signature[i];
        for (const char *digit = "0123456789abcdef"; *digit != '\0'; digit++) {
            signature[i] = *digit;
            assert_int_equal(hd_verify("hello", 5, signature, 64, "k", 1),
                             *digit == right ? HD_OK : HD_E_SIGNATURE_MISMATCH);
        }
        signature[i] = right;
    }
}

/* Any byte but 0-9 and a-f, at any of the 64 places, is malformed. The page's receivers compare text, so upper case
 * too. */
static void test_every_other_byte_is_malformed(void **state) {
    (void)state;
    char signature[HD_SIGNATURE_SIZE] = HELLO_SIGNED_WITH_K;
    for (size_t i = 0; i < 64; i++) {
        char right = signature[i];
        for (int byte = 0; byte < 256; byte++) {
            if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f'))
                continue;
            signature[i] = (char)byte;
            assert_int_equal(hd_verify("hello", 5, signature, 64, "k", 1), HD_E_SIGNATURE_FORMAT);
        }
        signature[i] = right;
    }
}

/* What people send by mistake is malformed, and never taken for valid by leniency about its form. */
static void test_malformed_signatures(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        " ",
        "4",
        "406e4b43f87095aa86ca6299d25e875921fefa180f02043bb29bec5681c0c2d",   /* 63 digits */
        "406e4b43f87095aa86ca6299d25e875921fefa180f02043bb29bec5681c0c2d00", /* 65 digits */
        HELLO_SIGNED_WITH_K HELLO_SIGNED_WITH_K,
        HELLO_SIGNED_WITH_K "," HELLO_SIGNED_WITH_K,
        HELLO_SIGNED_WITH_K "\n",
        HELLO_SIGNED_WITH_K " ",
        " " HELLO_SIGNED_WITH_K,
        "sha256=" HELLO_SIGNED_WITH_K,
        "sha256=406e4b43f87095aa86ca6299d25e875921fefa180f02043bb29bec568", /* 64 bytes with the prefix */
        "v1=" HELLO_SIGNED_WITH_K,
        "0x" HELLO_SIGNED_WITH_K,
        "406E4B43F87095AA86CA6299D25E875921FEFA180F02043BB29BEC5681C0C2D0",
        "\"" HELLO_SIGNED_WITH_K "\"",
        "QG5LQ/hwlaqGymKZ0l6HWSH++hgPAgQ7spvsVoHAwtA=", /* the same bytes in base64 */
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        if (hd_verify("hello", 5, cases[i], strlen(cases[i]), "k", 1) != HD_E_SIGNATURE_FORMAT)
            fail_msg("\"%s\" is not malformed", cases[i]);
    assert_int_equal(hd_verify("hello", 5, NULL, 0, "k", 1), HD_E_SIGNATURE_FORMAT);
    assert_int_equal(hd_verify("hello", 5, NULL, 64, "k", 1), HD_E_SIGNATURE_FORMAT);
    assert_int_equal(hd_verify("hello", 5, HELLO_SIGNED_WITH_K, 0, "k", 1), HD_E_SIGNATURE_FORMAT);
    assert_int_equal(hd_verify("hello", 5, HELLO_SIGNED_WITH_K, 63, "k", 1), HD_E_SIGNATURE_FORMAT);
    assert_int_equal(hd_verify("hello", 5, HELLO_SIGNED_WITH_K, 65, "k", 1), HD_E_SIGNATURE_FORMAT);
    assert_int_equal(hd_verify("hello", 5, HELLO_SIGNED_WITH_K, SIZE_MAX, "k", 1), HD_E_SIGNATURE_FORMAT);
}

/* One flipped bit anywhere in the body or the secret, or one byte more or less, is a mismatch. */
static void test_every_bit_of_body_and_secret_counts(void **state) {
    (void)state;
    char body[] = PAGE_BODY;
    char secret[] = "whsec_a secret of 40 bytes for this test";
    size_t body_len = strlen(body);
    size_t secret_len = strlen(secret);
    char signature[HD_SIGNATURE_SIZE];
    assert_int_equal(hd_sign(body, body_len, secret, secret_len, signature, sizeof signature), HD_OK);
    assert_int_equal(hd_verify(body, body_len, signature, 64, secret, secret_len), HD_OK);
    for (size_t bit = 0; bit < body_len * 8; bit++) {
        body[bit / 8] = (char)(body[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(hd_verify(body, body_len, signature, 64, secret, secret_len), HD_E_SIGNATURE_MISMATCH);
        body[bit / 8] = (char)(body[bit / 8] ^ (1 << (bit % 8)));
    }
    for (size_t bit = 0; bit < secret_len * 8; bit++) {
        secret[bit / 8] = (char)(secret[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(hd_verify(body, body_len, signature, 64, secret, secret_len), HD_E_SIGNATURE_MISMATCH);
        secret[bit / 8] = (char)(secret[bit / 8] ^ (1 << (bit % 8)));
    }
    assert_int_equal(hd_verify(body, body_len - 1, signature, 64, secret, secret_len), HD_E_SIGNATURE_MISMATCH);
    assert_int_equal(hd_verify(body, body_len + 1, signature, 64, secret, secret_len), HD_E_SIGNATURE_MISMATCH);
    assert_int_equal(hd_verify(body, body_len, signature, 64, secret, secret_len - 1), HD_E_SIGNATURE_MISMATCH);
    assert_int_equal(hd_verify(body, body_len, signature, 64, secret, secret_len), HD_OK);
}

/* A body of several megabytes is signed whole. */
static void test_large_body(void **state) {
    (void)state;
    size_t length = (size_t)4 << 20;
    char *body = must_malloc(length);
    memset(body, 'x', length);
    char signature[HD_SIGNATURE_SIZE];
    assert_int_equal(hd_sign(body, length, "k", 1, signature, sizeof signature), HD_OK);
    assert_int_equal(hd_verify(body, length, signature, 64, "k", 1), HD_OK);
    body[length - 1] = 'y';
    assert_int_equal(hd_verify(body, length, signature, 64, "k", 1), HD_E_SIGNATURE_MISMATCH);
    free(body);
}

static int base64_value(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

static int compare_secrets(const void *a, const void *b) {
    return strcmp(a, b);
}

/* A generated secret is "whsec_" and the base64 form of 32 bytes; each one is new, and every place varies. */
static void test_generated_secrets(void **state) {
    (void)state;
    enum {
        COUNT = 1000
    };
    static char secrets[COUNT][HD_SECRET_SIZE];
    unsigned char seen[43][64] = {{0}};
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(hd_generate_secret(secrets[i], sizeof secrets[i]), HD_OK);
        assert_int_equal(strlen(secrets[i]), 50);
        assert_memory_equal(secrets[i], "whsec_", 6);
        assert_int_equal(secrets[i][49], '=');
        for (size_t j = 0; j < 43; j++) {
            int value = base64_value(secrets[i][6 + j]);
            assert_int_not_equal(value, -1);
            seen[j][value] = 1;
        }
        /* 43 digits hold 258 bits: in canonical base64 of 32 bytes the last two are zero. */
        assert_int_equal(base64_value(secrets[i][48]) % 4, 0);
    }
    for (size_t j = 0; j < 43; j++) {
        size_t values = 0;
        for (size_t k = 0; k < 64; k++)
            values += seen[j][k];
        assert_true(values >= 16); /* of 64 (of 16 at the last place) in 1,000 draws: less means stuck bits */
    }
    qsort(secrets, COUNT, sizeof secrets[0], compare_secrets);
    for (size_t i = 1; i < COUNT; i++)
        assert_string_not_equal(secrets[i - 1], secrets[i]);
}

/* A generated secret needs 51 bytes; in 50 nothing is written. */
static void test_generate_secret_buffer_size(void **state) {
    (void)state;
    char out[HD_SECRET_SIZE + 1];
    memset(out, '#', sizeof out);
    assert_int_equal(hd_generate_secret(out, 50), HD_E_BUFFER);
    assert_int_equal(hd_generate_secret(out, 0), HD_E_BUFFER);
    for (size_t i = 0; i < sizeof out; i++)
        assert_int_equal(out[i], '#');
    assert_int_equal(hd_generate_secret(out, 51), HD_OK);
    assert_int_equal(out[50], '\0');
    assert_int_equal(out[51], '#');
}

/* A generated secret is a working secret, byte for byte as it stands. */
static void test_generated_secret_signs(void **state) {
    (void)state;
    char secret[HD_SECRET_SIZE];
    char signature[HD_SIGNATURE_SIZE];
    assert_int_equal(hd_generate_secret(secret, sizeof secret), HD_OK);
    assert_int_equal(hd_sign("hello", 5, secret, strlen(secret), signature, sizeof signature), HD_OK);
    assert_int_equal(hd_verify("hello", 5, signature, 64, secret, strlen(secret)), HD_OK);
    assert_int_equal(hd_verify("hello", 5, signature, 64, secret + 6, strlen(secret) - 6), HD_E_SIGNATURE_MISMATCH);
}

/* Callers that cannot read macros get the same numbers. */
static void test_sizes(void **state) {
    (void)state;
    assert_int_equal(HD_SIGNATURE_SIZE, 65);
    assert_int_equal(hd_signature_size(), HD_SIGNATURE_SIZE);
    assert_int_equal(HD_SECRET_SIZE, 51);
    assert_int_equal(hd_secret_size(), HD_SECRET_SIZE);
}

static void *sign_and_verify(void *argument) {
    size_t *failures = argument;
    for (int i = 0; i < 300; i++) {
        char signature[HD_SIGNATURE_SIZE];
        char secret[HD_SECRET_SIZE];
        if (hd_sign("hello", 5, "k", 1, signature, sizeof signature) != HD_OK ||
            strcmp(signature, HELLO_SIGNED_WITH_K) != 0 || hd_verify("hello", 5, signature, 64, "k", 1) != HD_OK ||
            hd_verify("Hello", 5, signature, 64, "k", 1) != HD_E_SIGNATURE_MISMATCH ||
            hd_generate_secret(secret, sizeof secret) != HD_OK)
            (*failures)++;
    }
    return NULL;
}

/* Any number of threads may sign, verify and make secrets at once. */
static void test_threads(void **state) {
    (void)state;
    enum {
        THREADS = 4
    };
    pthread_t threads[THREADS];
    size_t failures[THREADS] = {0};
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, &failures[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(failures[i], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_4231_vectors),
        cmocka_unit_test(test_secret_lengths),
        cmocka_unit_test(test_secret_lengths_refused),
        cmocka_unit_test(test_binary_secret_and_body),
        cmocka_unit_test(test_empty_body),
        cmocka_unit_test(test_sign_buffer_size),
        cmocka_unit_test(test_null_pointers),
        cmocka_unit_test(test_signature_needs_no_nul),
        cmocka_unit_test(test_every_nibble_counts),
        cmocka_unit_test(test_every_other_byte_is_malformed),
        cmocka_unit_test(test_malformed_signatures),
        cmocka_unit_test(test_every_bit_of_body_and_secret_counts),
        cmocka_unit_test(test_large_body),
        cmocka_unit_test(test_generated_secrets),
        cmocka_unit_test(test_generate_secret_buffer_size),
        cmocka_unit_test(test_generated_secret_signs),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
