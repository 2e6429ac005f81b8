/* SPDX-License-Identifier: MIT */
/** @file slack_grammar_test.c What a reader of Slack's mrkdwn finds in a message: our own labels in bold, and nothing
 * of the customer's but text. The grammar is that of docs.slack.dev/messaging/formatting-message-text, read generously:
 * whatever some reader of it could take for a span, a mention or a link is one here. */
#include "event/slack.h"
#include "support/bodies.h"
#include "support/support.h"

#include <ctype.h>

#define LABELS "[*New Message Received*][*Subject:*][*#1*][*Customer:*][*Priority:*][*Message:*]"
#define FOUND_MAX 4096

struct found {
    char text[FOUND_MAX];
    size_t len;
};

static void note(struct found *found, const char *begin, const char *end) {
    int written =
        snprintf(found->text + found->len, sizeof found->text - found->len, "[%.*s]", (int)(end - begin), begin);
    assert_true(written > 0 && (size_t)written < sizeof found->text - found->len);
    found->len += (size_t)written;
}

static int is_word(char c) {
    return isalnum((unsigned char)c);
}

static int is_edge(char c) {
    return !is_word(c);
}

static int is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\0';
}

/* The end of a span that begins at a mark, behind its closing mark; NULL if none begins there. */
static const char *span_at(const char *text, const char *at) {
    char before = at > text ? at[-1] : '\n';
    if (!is_edge(before) || is_blank(at[1]))
        return NULL;
    for (const char *end = at + 2; *end && *end != '\n'; end++)
        if (*end == *at && !is_blank(end[-1]) && is_edge(end[1]))
            return end + 1;
    return NULL;
}

/* A backtick needs no edge: the next one ends the code, three of them on any line. */
static const char *code_at(const char *at) {
    const char *end = strncmp(at, "```", 3) == 0 ? strstr(at + 3, "```") : strchr(at + 1, '`');
    return end ? end + (at[1] == '`' ? 3 : 1) : NULL;
}

/* <...>, or a name behind @ or # that nothing before makes a part of a word. */
static const char *mention_at(const char *text, const char *at) {
    char before = at > text ? at[-1] : '\n';
    if (*at == '<')
        return strchr(at, '>') ? strchr(at, '>') + 1 : NULL;
    if (!is_edge(before) || !(is_word(at[1]) || at[1] == '_' || at[1] == '-' || at[1] == '.'))
        return NULL;
    const char *end = at + 1;
    while (is_word(*end) || *end == '_' || *end == '-' || *end == '.')
        end++;
    return end;
}

/* Everything that is not plain text, in the order in which it begins. */
static void find_all(const char *text, struct found *found) {
    found->len = 0;
    found->text[0] = '\0';
    for (const char *at = text; *at;) {
        const char *end = strchr("*_~", *at)   ? span_at(text, at)
                          : *at == '`'         ? code_at(at)
                          : strchr("<@#", *at) ? mention_at(text, at)
                                               : NULL;
        if (end)
            note(found, at, end);
        at = end ? end : at + 1;
    }
}

static void expect_labels_only(const char *subject, const char *email, const char *message) {
    hd_event *event = page_event(HD_MESSAGE_RECEIVED);
    struct hd__buffer text = {0};
    struct found found;
    assert_int_equal(hd_event_set_ticket(event, "uuid", 1, subject, "open", "high"), HD_OK);
    assert_int_equal(hd_event_set_customer(event, email, ""), HD_OK);
    assert_int_equal(hd_event_set_message(event, "m", "customer", message), HD_OK);
    hd__slack_text_of(event, &text);
    assert_false(text.failed);
    find_all(text.data, &found);
    if (strcmp(found.text, LABELS) != 0)
        fail_msg("%s in\n%s\nfor %s | %s | %s", found.text, text.data, subject, email, message);
    hd__buffer_free(&text);
    hd_event_free(event);
}

/* The reader would find what it is to find. */
static void test_reader(void **state) {
    (void)state;
    static const char *const texts[][2] = {
        {"*b* _i_ ~s~ `c`", "[*b*][_i_][~s~][`c`]"},
        {"a *b c* d, (_e_)", "[*b c*][_e_]"},
        {"2*3*4 snake_case_x 5 * 3", ""},
        {"x ```a\nb``` y", "[```a\nb```]"},
        {"<!here> <@U1> <http://a|b>", "[<!here>][<@U1>][<http://a|b>]"},
        {"@channel #general user@example.com C#", "[@channel][#general]"},
        {"*Priority:* low   *#1*", "[*Priority:*][*#1*]"},
    };
    for (size_t i = 0; i < LENGTH_OF(texts); i++) {
        struct found found;
        find_all(texts[i][0], &found);
        assert_string_equal(found.text, texts[i][1]);
    }
}

static void test_known_tricks(void **state) {
    (void)state;
    static const char *const tricks[] = {
        "ok*   *Priority:* low   *#1*",
        "``` and",
        "*",
        "_",
        "~",
        "`",
        "x*",
        "*x",
        "* x*",
        "<!channel>",
        "<@U123|x>",
        "@channel",
        "@here",
        "!@everyone",
        "(#general)",
        "<https://evil.example|https://bank.example>",
        "&lt;!here&gt;",
        "a\n*Priority:* low",
        "*\x01Priority:*",
        "@\x01here",
        "\x01*x*\x01",
        "_*x*_",
        "**x**",
        "`a`b`",
        "a`b`c",
        "\xE2\x80\xAE@here",
        "*\xE2\x80\xAEx*",
        "x\r\n> *Customer:* me",
    };
    for (size_t i = 0; i < LENGTH_OF(tricks); i++)
        for (size_t j = 0; j < LENGTH_OF(tricks); j++)
            expect_labels_only(tricks[i], "user@example.com", tricks[j]);
}

static const char *any_text(uint64_t *random, char *out, const char *const *pieces, size_t count, size_t most) {
    size_t at = 0;
    for (uint64_t left = random_below(random, most); left > 0; left--) {
        const char *piece = pieces[random_below(random, count)];
        memcpy(out + at, piece, strlen(piece));
        at += strlen(piece);
    }
    out[at] = '\0';
    return out;
}

static void test_random_texts(void **state) {
    (void)state;
    static const char *const pieces[] = {"*",
                                         "_",
                                         "~",
                                         "`",
                                         "@",
                                         "#",
                                         "<",
                                         ">",
                                         "&",
                                         " ",
                                         "a",
                                         "B",
                                         "1",
                                         "-",
                                         ".",
                                         "!",
                                         "|",
                                         "here",
                                         "\xC3\xA9",
                                         "\n",
                                         "\r",
                                         "\x01",
                                         "\xE2\x80\xAE",
                                         "\xF0\x9F\x98\x80"};
    static const char *const in_address[] = {"*", "_", "~", "`", "@", "#", "<", ">",
                                             "&", "a", "B", "1", "-", ".", "+", "%"};
    uint64_t random = 11;
    for (size_t i = 0; i < volume(100000); i++) {
        char subject[128], email[64], message[128];
        expect_labels_only(any_text(&random, subject, pieces, LENGTH_OF(pieces), 20),
                           any_text(&random, email, in_address, LENGTH_OF(in_address), 12),
                           any_text(&random, message, pieces, LENGTH_OF(pieces), 20));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader),
        cmocka_unit_test(test_known_tricks),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
