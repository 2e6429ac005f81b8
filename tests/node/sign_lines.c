/* SPDX-License-Identifier: MIT */
/**
 * @file sign_lines.c The library's side of tests/node_test.sh.
 *
 *   sign_lines emit SEED COUNT   writes COUNT lines with a right signature and as many with a wrong one
 *   sign_lines verify            reads such lines and ends with 1 if the library is of another opinion on one of them
 *
 * A line is: right|wrong text|bytes BODY SECRET SIGNATURE, the last three in hexadecimal digits and "-" if empty. The
 * second word tells whether the secret is UTF-8 text. Everything that is random follows from SEED.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/types.h>

#include "helmdesk.h"

#define TEXT_MAX 4096
#define BODY_MAX 65536
#define SECRET_MAX 1024

static uint64_t random_state;

/* splitmix64 */
static uint64_t next_random(void) {
    uint64_t z = (random_state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static size_t random_below(size_t bound) {
    return (size_t)(next_random() % bound);
}

static void give_up(const char *why) {
    (void)fprintf(stderr, "sign_lines: %s\n", why);
    exit(2);
}

static void must(int status, const char *what) {
    if (status != HD_OK) {
        (void)fprintf(stderr, "sign_lines: %s: %s\n", what, hd_status_name(status));
        exit(2);
    }
}

/** A character of any kind but surrogates: mostly ASCII, controls included. */
static unsigned long random_character(void) {
    static const unsigned long ranges[][2] = {{0x20, 0x7E},    {0x20, 0x7E},     {0x00, 0x7F},        {0x80, 0x7FF},
                                              {0x800, 0xD7FF}, {0xE000, 0xFFFF}, {0x10000, 0x10FFFF}, {0x2000, 0x206F}};
    const unsigned long *range = ranges[random_below(sizeof ranges / sizeof ranges[0])];
    return range[0] + (unsigned long)random_below((size_t)(range[1] - range[0] + 1));
}

static size_t put_utf8(char *out, unsigned long c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)((length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0) | c);
    return length;
}

/** Valid UTF-8 of up to max_bytes bytes, with a NUL behind it; inside there is one only if nul is 1. A receiver that
 * decodes its body drops a byte order mark at the beginning, so there is none. */
static size_t random_text(char *out, size_t max_bytes, int nul) {
    size_t want = random_below(max_bytes + 1);
    size_t at = 0;
    for (;;) {
        char piece[4];
        unsigned long c = random_character();
        if ((c == 0 && !nul) || (c == 0xFEFF && at == 0))
            continue;
        size_t length = put_utf8(piece, c);
        if (at + length > want)
            break;
        memcpy(out + at, piece, length);
        at += length;
    }
    out[at] = '\0';
    return at;
}

static void random_word(char *out, size_t max_length, const char *letters) {
    size_t length = 1 + random_below(max_length);
    for (size_t i = 0; i < length; i++)
        out[i] = letters[random_below(strlen(letters))];
    out[length] = '\0';
}

/** The body of a random event of one type; every eighth is a Slack message. */
static size_t random_event_body(int type, char *body) {
    static char subject[TEXT_MAX + 1];
    static char text[TEXT_MAX + 1];
    static char name[1025];
    char id[129];
    char status[33];
    char priority[33];
    char email[64];
    hd_event *event = NULL;
    (void)random_text(subject, TEXT_MAX, 0);
    (void)random_text(name, 1024, 0);
    random_word(id, 128, "abcdefghijklmnopqrstuvwxyz0123456789-\"\\/<>&'{}");
    random_word(status, 32, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    random_word(priority, 32, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    random_word(email, 63, "abcdefghijklmnopqrstuvwxyz0123456789@.+\"\\<>&' ");
    must(hd_event_new(type, &event), "hd_event_new");
    must(hd_event_set_timestamp_ms(event, (int64_t)(next_random() % UINT64_C(253402300800000))), "timestamp");
    must(hd_event_set_ticket(event, id, 1 + (int64_t)(next_random() % UINT64_C(9007199254740991)), subject, status,
                             priority),
         "ticket");
    must(hd_event_set_customer(event, email, name), "customer");
    if (type == HD_MESSAGE_RECEIVED && random_below(4) > 0) {
        (void)random_text(text, TEXT_MAX, 0);
        must(hd_event_set_message(event, id, random_below(2) ? "agent" : "customer", text), "message");
    }
    size_t length = 0;
    must(hd_event_render(event, random_below(8) == 0 ? HD_FORMAT_SLACK : HD_FORMAT_JSON, body, BODY_MAX, &length),
         "hd_event_render");
    hd_event_free(event);
    return length;
}

static size_t random_body(size_t round, char *body) {
    static const int types[] = {HD_TICKET_CREATED, HD_TICKET_RESOLVED, HD_MESSAGE_RECEIVED};
    if (round == 0)
        return 0; /* an empty body is a body */
    return round % 4 < 3 ? random_event_body(types[round % 4], body) : random_text(body, TEXT_MAX, 1);
}

/** Text or any bytes, short ones and long ones. Returns the length. */
static size_t random_secret(size_t round, char *secret, int *is_text) {
    size_t max = round % 3 == 0 ? SECRET_MAX : round % 3 == 1 ? 80 : 8;
    *is_text = round % 2 == 0;
    if (*is_text) {
        size_t length = random_text(secret, max, 1);
        if (length == 0)
            secret[length++] = 's';
        return length;
    }
    size_t length = 1 + random_below(max);
    for (size_t i = 0; i < length; i++)
        secret[i] = (char)random_below(256);
    secret[0] = round % 4 == 1 ? '\0' : '\xFF';
    return length;
}

static void put_hex(const char *bytes, size_t length) {
    (void)putchar(' ');
    if (length == 0)
        (void)putchar('-');
    for (size_t i = 0; i < length; i++)
        (void)printf("%02x", (unsigned)(unsigned char)bytes[i]);
}

static void put_line(const char *verdict, int is_text, const char *body, size_t body_len, const char *secret,
                     size_t secret_len, const char *signature) {
    (void)printf("%s %s", verdict, is_text ? "text" : "bytes");
    put_hex(body, body_len);
    put_hex(secret, secret_len);
    put_hex(signature, strlen(signature));
    (void)putchar('\n');
}

/** A signature that is wrong for this body and secret, of one of several kinds. */
static void wrong_signature(size_t round, const char *right, char *body, size_t body_len, char *secret,
                            size_t secret_len, char *out, size_t size) {
    (void)snprintf(out, size, "%s", right);
    size_t at = random_below(64);
    switch (round % 8) {
    case 0: /* one digit */
        out[at] = out[at] == '0' ? '1' : '0';
        return;
    case 1: /* of another body, or of one byte less */
    case 2: {
        char other = '\0';
        size_t place = body_len == 0 ? 0 : random_below(body_len);
        if (body_len == 0 || round % 8 == 1) {
            must(hd_sign(body_len == 0 ? "x" : body, body_len == 0 ? 1 : body_len - 1, secret, secret_len, out, size),
                 "hd_sign");
            return;
        }
        other = body[place];
        body[place] = (char)(other ^ 1);
        must(hd_sign(body, body_len, secret, secret_len, out, size), "hd_sign");
        body[place] = other;
        return;
    }
    case 3: /* of another secret */
        secret[secret_len - 1] = (char)(secret[secret_len - 1] ^ 1);
        must(hd_sign(body, body_len, secret, secret_len, out, size), "hd_sign");
        secret[secret_len - 1] = (char)(secret[secret_len - 1] ^ 1);
        return;
    case 4: /* in upper case */
        for (char *c = out; *c != '\0'; c++)
            *c = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
        return;
    case 5:
        (void)snprintf(out, size, "sha256=%s", right);
        return;
    case 6: /* cut */
        out[at] = '\0';
        return;
    default: /* with a line's end */
        (void)snprintf(out, size, "%s\n", right);
        return;
    }
}

static int emit(size_t count) {
    static char body[BODY_MAX];
    static char secret[SECRET_MAX + 1];
    for (size_t i = 0; i < count; i++) {
        char signature[HD_SIGNATURE_SIZE];
        char wrong[HD_SIGNATURE_SIZE + 16];
        int is_text = 0;
        size_t body_len = random_body(i, body);
        size_t secret_len = random_secret(i, secret, &is_text);
        must(hd_sign(body, body_len, secret, secret_len, signature, sizeof signature), "hd_sign");
        must(hd_verify(body, body_len, signature, strlen(signature), secret, secret_len), "hd_verify");
        put_line("right", is_text, body, body_len, secret, secret_len, signature);
        wrong_signature(i, signature, body, body_len, secret, secret_len, wrong, sizeof wrong);
        if (hd_verify(body, body_len, wrong, strlen(wrong), secret, secret_len) == HD_OK)
            give_up("hd_verify took a wrong signature");
        put_line("wrong", is_text, body, body_len, secret, secret_len, wrong);
    }
    return 0;
}

static unsigned hex_value(char c) {
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    if (at == NULL)
        give_up("a line holds what is no hexadecimal digit");
    return (unsigned)(at - digits);
}

/** Turns a word of digits into bytes, in place. Returns how many. */
static size_t get_hex(char *word) {
    if (strcmp(word, "-") == 0)
        return 0;
    size_t length = strlen(word) / 2;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)(hex_value(word[2 * i]) << 4 | hex_value(word[2 * i + 1]));
    return length;
}

static int verify(void) {
    size_t right = 0;
    size_t wrong = 0;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        char *words[5];
        char *rest = NULL;
        for (size_t i = 0; i < 5; i++) {
            words[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
            if (words[i] == NULL)
                give_up("a line has fewer than five words");
        }
        size_t body_len = get_hex(words[2]);
        size_t secret_len = get_hex(words[3]);
        size_t signature_len = get_hex(words[4]);
        int expected = strcmp(words[0], "right") == 0;
        int status = hd_verify(words[2], body_len, words[4], signature_len, words[3], secret_len);
        if ((status == HD_OK) != expected) {
            (void)fprintf(stderr, "sign_lines: line %zu should be %s: %s\n", right + wrong + 1, words[0],
                          hd_status_name(status));
            free(line);
            return 1;
        }
        *(expected ? &right : &wrong) += 1;
    }
    free(line);
    (void)printf("the library took %zu of Node's signatures and refused %zu wrong ones\n", right, wrong);
    return right == 0 || wrong == 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "emit") == 0) {
        random_state = strtoull(argv[2], NULL, 10);
        return emit((size_t)strtoull(argv[3], NULL, 10));
    }
    if (argc == 2 && strcmp(argv[1], "verify") == 0)
        return verify();
    (void)fprintf(stderr, "usage: sign_lines emit SEED COUNT | sign_lines verify\n");
    return 2;
}
