/* SPDX-License-Identifier: MIT */
#include "support/answer_mutations.h"

#include "support/answers.h"
#include "support/bodies.h"

#define CHANGES_MAX 6

static const char *const fragments[] = {"\r\n",
                                        "\n",
                                        "\r",
                                        "\r\n\r\n",
                                        " ",
                                        "\t",
                                        ":",
                                        ",",
                                        ";",
                                        "0",
                                        "1",
                                        "HTTP/1.1 ",
                                        "HTTP/1.0 200 OK\r\n",
                                        "HTTP/1.1 100 Continue\r\n\r\n",
                                        "HTTP/1.1 204 No Content\r\n",
                                        "Content-Length: 2\r\n",
                                        "Content-Length: 0\r\n",
                                        "Content-Length:",
                                        "Transfer-Encoding: chunked\r\n",
                                        "Transfer-Encoding:",
                                        "chunked",
                                        "gzip",
                                        "Connection: close\r\n",
                                        "Connection: keep-alive\r\n",
                                        "Keep-Alive: timeout=5\r\n",
                                        "Retry-After: 7\r\n",
                                        "0\r\n\r\n",
                                        "1\r\na\r\n",
                                        "2;a=b\r\nok\r\n",
                                        "ffffffffffffffff",
                                        "999999999999999999"};

size_t answers_count(void) {
    return good_answers_count + bad_answers_count + bad_bodies_count;
}

const struct answer *answer_at(size_t index) {
    if (index < good_answers_count)
        return &good_answers[index];
    index -= good_answers_count;
    return index < bad_answers_count ? &bad_answers[index] : &bad_bodies[index - bad_answers_count];
}

static void put_in(struct mutation *bytes, size_t at, const char *data, size_t len) {
    if (bytes->len + len > MUTATION_MAX)
        return;
    memmove(bytes->data + at + len, bytes->data + at, bytes->len - at);
    memcpy(bytes->data + at, data, len);
    bytes->len += len;
}

static void take_out(struct mutation *bytes, size_t at, size_t len) {
    if (len > bytes->len - at)
        len = bytes->len - at;
    memmove(bytes->data + at, bytes->data + at + len, bytes->len - at - len);
    bytes->len -= len;
}

static void append_answer(struct mutation *bytes, const struct answer *answer) {
    put_in(bytes, bytes->len, answer->taken, answer->taken_len);
    if (answer->left_len > 0)
        put_in(bytes, bytes->len, answer->left, answer->left_len);
}

static void change(struct mutation *bytes, uint64_t *seed) {
    size_t at = random_below(seed, bytes->len + 1);
    const char *fragment = fragments[random_below(seed, LENGTH_OF(fragments))];
    char byte = (char)random_below(seed, 256), copy[64];
    size_t some = random_below(seed, sizeof copy) + 1;
    switch (random_below(seed, 6)) {
    case 0:
        put_in(bytes, at, &byte, 1);
        break;
    case 1:
        if (at < bytes->len)
            bytes->data[at] = byte;
        break;
    case 2:
        take_out(bytes, at, 1 + random_below(seed, 4));
        break;
    case 3: /* again what is there */
        if (some > bytes->len - at)
            some = bytes->len - at;
        memcpy(copy, bytes->data + at, some);
        put_in(bytes, random_below(seed, bytes->len + 1), copy, some);
        break;
    default:
        put_in(bytes, at, fragment, strlen(fragment));
    }
}

void whole_answer(struct mutation *bytes, const struct answer *answer) {
    bytes->len = 0;
    append_answer(bytes, answer);
}

void mutated_answer(struct mutation *bytes, uint64_t *seed) {
    whole_answer(bytes, answer_at(random_below(seed, answers_count())));
    if (random_below(seed, 8) == 0)
        append_answer(bytes, answer_at(random_below(seed, answers_count())));
    for (size_t changes = random_below(seed, CHANGES_MAX + 1); changes > 0; changes--)
        change(bytes, seed);
}
