/* SPDX-License-Identifier: MIT */
/** @file slack_test.c The Slack body: the page's example to the byte, and what customers' text becomes in it. */
#include "support/bodies.h"
#include "support/support.h"

#include <jansson.h>

#define ELLIPSIS "\xE2\x80\xA6"
#define EM_DASH "\xE2\x80\x94"
#define EMOJI "\xF0\x9F\x98\x80"
#define INVISIBLE "\xE2\x80\x8B"
#define STAR "\xE2\x88\x97" /* these look like * _ ~ ` */
#define LINE "\xCB\x8D"
#define TILDE "\xE2\x88\xBC"
#define TICK "\xCB\x8B"
#define TEXT_MAX 3000
#define SUBJECT_CHARS 255
#define MESSAGE_CHARS 300
#define NO_LIMIT SIZE_MAX

#define BEFORE_TEXT "{\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":\""
#define BEHIND_TEXT "\"}}]}"

/** The text of an event's Slack body, decoded; what stands around it is checked to the byte. */
static char *slack_text(const hd_event *event) {
    char *body = rendered(event, HD_FORMAT_SLACK);
    size_t length = strlen(body);
    assert_true(length > strlen(BEFORE_TEXT) + strlen(BEHIND_TEXT));
    assert_memory_equal(body, BEFORE_TEXT, strlen(BEFORE_TEXT));
    assert_string_equal(body + length - strlen(BEHIND_TEXT), BEHIND_TEXT);
    json_error_t error;
    json_t *root = json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("%s in %s", error.text, body);
    const json_t *block = json_array_get(json_object_get(root, "blocks"), 0);
    const char *text = json_string_value(json_object_get(json_object_get(block, "text"), "text"));
    assert_non_null(text);
    char *copy = repeated(text, 1);
    json_decref(root);
    free(body);
    return copy;
}

/** An event with the page's values but this subject. */
static hd_event *event_about(int type, const char *subject) {
    hd_event *event = page_event(type);
    assert_int_equal(hd_event_set_ticket(event, "uuid", 42, subject, "open", "high"), HD_OK);
    return event;
}

static void assert_subject(const char *subject, const char *expected) {
    hd_event *event = event_about(HD_TICKET_CREATED, subject);
    char *text = slack_text(event);
    size_t size = strlen(expected) + 128;
    char *whole = must_malloc(size);
    (void)snprintf(whole, size,
                   "*New Ticket Created*\n> *Subject:* %s\n> *#42*\n> *Customer:* user@example.com\n> *Priority:* high",
                   expected);
    assert_string_equal(text, whole);
    free(whole);
    free(text);
    hd_event_free(event);
}

static void assert_email(const char *email, const char *expected) {
    hd_event *event = page_event(HD_TICKET_CREATED);
    assert_int_equal(hd_event_set_customer(event, email, "Jane Smith"), HD_OK);
    char *text = slack_text(event);
    size_t size = strlen(expected) + 128;
    char *whole = must_malloc(size);
    (void)snprintf(
        whole, size,
        "*New Ticket Created*\n> *Subject:* Can't reset password\n> *#42*\n> *Customer:* %s\n> *Priority:* high",
        expected);
    assert_string_equal(text, whole);
    free(whole);
    free(text);
    hd_event_free(event);
}

static void assert_message(const char *message, const char *expected) {
    hd_event *event = page_event(HD_MESSAGE_RECEIVED);
    assert_int_equal(hd_event_set_message(event, "msg-1", "customer", message), HD_OK);
    char *text = slack_text(event);
    size_t size = strlen(expected) + 192;
    char *whole = must_malloc(size);
    (void)snprintf(
        whole, size,
        "*New Message Received*\n> *Subject:* Can't reset password\n> *#42*\n> *Customer:* user@example.com\n"
        "> *Priority:* high\n> *Message:* %s",
        expected);
    assert_string_equal(text, whole);
    free(whole);
    free(text);
    hd_event_free(event);
}

/* The example on the product's page is what Slack gets, byte for byte. */
static void test_page_example(void **state) {
    (void)state;
    char *page = file_text("tests/data/page_slack.json");
    json_t *root = json_loads(page, 0, NULL);
    const json_t *block = json_array_get(json_object_get(root, "blocks"), 0);
    const char *documented = json_string_value(json_object_get(json_object_get(block, "text"), "text"));
    assert_non_null(documented);
    hd_event *event = page_event(HD_TICKET_CREATED);
    char *text = slack_text(event);
    assert_string_equal(text, documented);
    squeeze(page);
    char *body = rendered(event, HD_FORMAT_SLACK);
    assert_string_equal(body, page);
    free(body);
    free(text);
    json_decref(root);
    hd_event_free(event);
    free(page);
}

/* All three types have the same lines under titles of their own. */
static void test_titles(void **state) {
    (void)state;
    static const struct {
        int type;
        const char *title;
    } cases[] = {
        {HD_TICKET_CREATED, "*New Ticket Created*"},
        {HD_TICKET_RESOLVED, "*Ticket Resolved*"},
        {HD_MESSAGE_RECEIVED, "*New Message Received*"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_event *event = page_event(cases[i].type);
        char *text = slack_text(event);
        char expected[256];
        (void)snprintf(
            expected, sizeof expected,
            "%s\n> *Subject:* Can't reset password\n> *#42*\n> *Customer:* user@example.com\n> *Priority:* high",
            cases[i].title);
        assert_string_equal(text, expected);
        free(text);
        hd_event_free(event);
    }
}

/* The largest number is shown digit by digit. */
static void test_largest_number(void **state) {
    (void)state;
    hd_event *event = page_event(HD_TICKET_CREATED);
    assert_int_equal(hd_event_set_ticket(event, "uuid", INT64_C(9007199254740991), "s", "open", "high"), HD_OK);
    char *text = slack_text(event);
    assert_non_null(strstr(text, "\n> *#9007199254740991*\n"));
    free(text);
    hd_event_free(event);
}

/* A message is one more quoted line. */
static void test_message_line(void **state) {
    (void)state;
    assert_message("It works again.", "It works again.");
    assert_message("<b>one</b>\r\ntwo & three", "&lt;b&gt;one&lt;/b&gt; two &amp; three");
}

/* Nothing to show is shown as such, so that no line ever looks broken. */
static void test_placeholders(void **state) {
    (void)state;
    assert_subject("", EM_DASH);
    assert_email("", EM_DASH);
    assert_message("", EM_DASH);
}

/* The same where nothing is left of what there was. */
static void test_placeholder_for_invisible_text(void **state) {
    (void)state;
    assert_subject("\x01\x7F", EM_DASH);
    assert_subject("\xE2\x80\xAE", EM_DASH);
    assert_email("\xE2\x81\xA6\xE2\x81\xA9", EM_DASH);
    assert_message("\x1B", EM_DASH);
}

/* & < > are escaped, once, and nothing else is: what would be a mention or a link is plain text. */
static void test_escapes(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a & b", "a &amp; b"},
        {"<!here>", "&lt;!here&gt;"},
        {"<!channel> <@U123> <#C1>", "&lt;!channel&gt; &lt;@" INVISIBLE "U123&gt; &lt;#" INVISIBLE "C1&gt;"},
        {"<https://evil.example|https://bank.example>", "&lt;https://evil.example|https://bank.example&gt;"},
        {"&lt;!here&gt;", "&amp;lt;!here&amp;gt;"},
        {"&amp;", "&amp;amp;"},
        {"&&<<>>", "&amp;&amp;&lt;&lt;&gt;&gt;"},
        {"\"quoted\" 'text' \\n", "\"quoted\" 'text' \\n"},
        {"*bold* _it_ ~no~ `code`", STAR "bold" STAR " " LINE "it" LINE " " TILDE "no" TILDE " " TICK "code" TICK},
        {"```x```", TICK TICK TICK "x" TICK TICK TICK},
        {"#general @channel :x: https://example.com/?a=b",
         "#" INVISIBLE "general @" INVISIBLE "channel :x: https://example.com/?a=b"},
        {"2*3*4 snake_case_x 5 * 3 ~ 1 C# a@b.example", "2*3*4 snake_case_x 5 * 3 ~ 1 C# a@b.example"},
        {"x* *x (_x_) __x__", "x" STAR " " STAR "x (" LINE "x" LINE ") " LINE LINE "x" LINE LINE},
        {"a@ b# @ #", "a@ b# @ #"},
        {"-@here !#x", "-@" INVISIBLE "here !#" INVISIBLE "x"},
        {"\xC2\xA0\xE6\x97\xA5" EMOJI, "\xC2\xA0\xE6\x97\xA5" EMOJI},
        {"%s%n", "%s%n"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        assert_subject(cases[i][0], cases[i][1]);
        assert_email(cases[i][0], cases[i][1]);
        assert_message(cases[i][0], cases[i][1]);
    }
}

/* A line break of any kind becomes one space: customers' text cannot begin a line of its own, or leave the quote. */
static void test_line_breaks(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a\nb", "a b"},
        {"a\rb", "a b"},
        {"a\r\nb", "a b"},
        {"a\tb", "a b"},
        {"a\vb", "a b"},
        {"a\fb", "a b"},
        {"a\xC2\x85"
         "b",
         "a b"},
        {"a\xE2\x80\xA8"
         "b",
         "a b"},
        {"a\xE2\x80\xA9"
         "b",
         "a b"},
        {"a\n\nb", "a  b"},
        {"a\r\n\r\nb", "a  b"},
        {"a\n\rb", "a  b"},
        {"a\r\rb", "a  b"},
        {"a\r", "a "},
        {"a\n> *Priority:* urgent", "a &gt; " STAR "Priority:" STAR " urgent"},
        {"\r\n> *#99*", " &gt; " STAR "#" INVISIBLE "99" STAR},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        assert_subject(cases[i][0], cases[i][1]);
        assert_message(cases[i][0], cases[i][1]);
    }
    /* An e-mail address has no control characters, but these two are none. */
    assert_email("a\xE2\x80\xA8"
                 "b\xE2\x80\xA9"
                 "c",
                 "a b c");
}

/* An address stays as it is, so that it can be copied. */
static void test_addresses(void **state) {
    (void)state;
    static const char *const addresses[][2] = {
        {"user@example.com", "user@example.com"},
        {"first_last@example.com", "first_last@example.com"},
        {"a.b+c%d-e@mail-1.example.com", "a.b+c%d-e@mail-1.example.com"},
        {"_a__b@example.com", LINE "a" LINE LINE "b@example.com"},
        {"*a*@example.com", STAR "a" STAR "@" INVISIBLE "example.com"},
        {"_a_@example.com _b_", LINE "a" LINE "@" INVISIBLE "example.com " LINE "b" LINE},
        {"-@here", "-@" INVISIBLE "here"},
        {"@here", "@" INVISIBLE "here"},
        {"_a_", LINE "a" LINE},
    };
    for (size_t i = 0; i < LENGTH_OF(addresses); i++)
        assert_email(addresses[i][0], addresses[i][1]);
}

static size_t put_utf8(char *out, unsigned long c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (c >> 18));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/** The code point at text, which is valid UTF-8, and its length. */
static unsigned long get_utf8(const char *text, size_t *length) {
    const unsigned char *s = (const unsigned char *)text;
    *length = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    unsigned long c = *length == 1 ? s[0] : s[0] & (0x7FU >> *length);
    for (size_t i = 1; i < *length; i++)
        c = c << 6 | (s[i] & 0x3FU);
    return c;
}

/* The rules of the text, written down a second time. */
static int becomes_space(unsigned long c) {
    return (c >= 9 && c <= 13) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static int is_dropped(unsigned long c) {
    return !becomes_space(c) &&
           (c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069));
}

/* Controls that show nothing, and those that turn the direction of the line, are dropped; their neighbours stay. */
static void test_dropped_characters(void **state) {
    (void)state;
    static const unsigned long ranges[][2] = {{0x01, 0x1FF}, {0x2000, 0x20FF}, {0xFFF0, 0x1000F}};
    for (size_t i = 0; i < LENGTH_OF(ranges); i++) {
        for (unsigned long c = ranges[i][0]; c <= ranges[i][1]; c++) {
            if (becomes_space(c) || c == '&' || c == '<' || c == '>' || c == '`')
                continue;
            char subject[16] = "a";
            size_t length = 1 + put_utf8(subject + 1, c);
            memcpy(subject + length, "b", 2);
            assert_subject(subject, is_dropped(c) ? "ab" : subject);
        }
    }
}

/* Subjects are shown up to 255 characters, of whatever size; longer ones end in an ellipsis. */
static void test_subject_is_cut(void **state) {
    (void)state;
    static const char *const pieces[][2] = {
        {"x", "x"},  {EMOJI, EMOJI}, {"\xE6\x97\xA5", "\xE6\x97\xA5"}, {"&", "&amp;"}, {"<", "&lt;"},
        {"\n", " "}, {"\r\n", " "},  {"\xC3\xA9", "\xC3\xA9"},
    };
    for (size_t i = 0; i < LENGTH_OF(pieces); i++) {
        char *most = repeated(pieces[i][0], SUBJECT_CHARS);
        char *more = repeated(pieces[i][0], SUBJECT_CHARS + 1);
        char *shown = repeated(pieces[i][1], SUBJECT_CHARS);
        char *cut = must_malloc(strlen(shown) + sizeof ELLIPSIS);
        (void)snprintf(cut, strlen(shown) + sizeof ELLIPSIS, "%s" ELLIPSIS, shown);
        assert_subject(most, shown);
        assert_subject(more, cut);
        free(most);
        free(more);
        free(shown);
        free(cut);
    }
}

/* Characters that are dropped do not count, so that nobody can push the subject out of sight. */
static void test_dropped_characters_do_not_count(void **state) {
    (void)state;
    char *hidden = repeated("\xE2\x80\xAE\x01", 1000);
    size_t size = strlen(hidden) * 2 + 16;
    char *subject = must_malloc(size);
    (void)snprintf(subject, size, "%sseen%s", hidden, hidden);
    assert_subject(subject, "seen");
    free(subject);
    free(hidden);
}

/* The first 300 characters of a message are shown, with an ellipsis if that is not all. */
static void test_message_is_cut(void **state) {
    (void)state;
    static const char *const pieces[][2] = {{"x", "x"}, {EMOJI, EMOJI}, {"&", "&amp;"}, {"\r\n", " "}};
    for (size_t i = 0; i < LENGTH_OF(pieces); i++) {
        char *most = repeated(pieces[i][0], MESSAGE_CHARS);
        char *more = repeated(pieces[i][0], MESSAGE_CHARS + 1);
        char *shown = repeated(pieces[i][1], MESSAGE_CHARS);
        char *cut = must_malloc(strlen(shown) + sizeof ELLIPSIS);
        (void)snprintf(cut, strlen(shown) + sizeof ELLIPSIS, "%s" ELLIPSIS, shown);
        assert_message(most, shown);
        assert_message(more, cut);
        free(most);
        free(more);
        free(shown);
        free(cut);
    }
}

/* An e-mail address of the longest kind is shown whole, and one of 480 bytes once escaped; longer ones are cut. */
static void test_long_emails(void **state) {
    (void)state;
    char *longest = repeated("x", 320);
    assert_email(longest, longest);
    char *most = repeated("&", 96);
    char *most_shown = repeated("&amp;", 96);
    assert_email(most, most_shown);
    char *more = repeated("&", 97);
    (void)snprintf(most_shown + 95 * 5, 6, ELLIPSIS);
    assert_email(more, most_shown);
    free(longest);
    free(most);
    free(most_shown);
    free(more);
}

/* The longest priority is shown whole. */
static void test_longest_priority(void **state) {
    (void)state;
    char *priority = repeated("p", 32);
    hd_event *event = page_event(HD_TICKET_CREATED);
    assert_int_equal(hd_event_set_ticket(event, "uuid", 42, "s", "open", priority), HD_OK);
    char *text = slack_text(event);
    const char *at = strstr(text, "\n> *Priority:* ");
    assert_non_null(at);
    assert_string_equal(at + strlen("\n> *Priority:* "), priority);
    free(text);
    free(priority);
    hd_event_free(event);
}

/** What a line should show of raw, in a new string: at most max_chars characters; *cut tells whether that is not all.
 * *ends becomes a new array that has 1 at each offset where a character or entity ends. */
static char *model(const char *raw, size_t max_chars, int *cut, char **ends) {
    size_t size = strlen(raw) * 5 + 8;
    char *out = must_malloc(size);
    char *marks = must_malloc(size);
    memset(marks, 0, size);
    size_t at = 0;
    size_t chars = 0;
    *cut = 0;
    while (*raw != '\0' && !*cut) {
        size_t length = 0;
        unsigned long c = get_utf8(raw, &length);
        const char *piece = raw;
        size_t piece_length = length;
        if (becomes_space(c)) {
            length += c == '\r' && raw[1] == '\n';
            piece = " ";
            piece_length = 1;
        } else if (c == '&' || c == '<' || c == '>') {
            piece = c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;";
            piece_length = strlen(piece);
        } else if (is_dropped(c)) {
            raw += length;
            continue;
        }
        if (chars == max_chars) {
            *cut = 1;
            continue;
        }
        memcpy(out + at, piece, piece_length);
        at += piece_length;
        marks[at] = 1;
        chars++;
        raw += length;
    }
    if (at == 0) {
        memcpy(out, EM_DASH, 3);
        at = 3;
        marks[at] = 1;
    }
    out[at] = '\0';
    *ends = marks;
    return out;
}

/** Checks what a line shows of raw. Returns 1 if less was shown than the number of characters allows, else 0. */
static int shown_too_little(const char *shown, const char *raw, size_t max_chars) {
    int cut = 0;
    char *ends = NULL;
    char *full = model(raw, max_chars, &cut, &ends);
    size_t full_length = strlen(full);
    size_t length = strlen(shown);
    int result = 0;
    if (cut || length != full_length || strcmp(shown, full) != 0) {
        /* It must be the beginning of the full form, up to the end of a character or entity, and an ellipsis. */
        assert_true(length >= strlen(ELLIPSIS));
        length -= strlen(ELLIPSIS);
        assert_string_equal(shown + length, ELLIPSIS);
        assert_true(length <= full_length);
        assert_memory_equal(shown, full, length);
        assert_true(length == 0 || ends[length] == 1);
        result = length < full_length;
    }
    free(full);
    free(ends);
    return result;
}

static char *next_line(char **rest, const char *prefix) {
    char *line = *rest;
    assert_non_null(line);
    char *end = strchr(line, '\n');
    if (end != NULL) {
        *end = '\0';
        *rest = end + 1;
    } else {
        *rest = NULL;
    }
    if (strncmp(line, prefix, strlen(prefix)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", line, prefix);
    return line + strlen(prefix);
}

static size_t escaped_length(const char *raw) {
    int cut = 0;
    char *ends = NULL;
    char *full = model(raw, NO_LIMIT, &cut, &ends);
    size_t length = strlen(full);
    free(full);
    free(ends);
    return length;
}

/** Checks the whole text of a message.received event: every line, its length, and what may be cut for its length. */
static void assert_text_of(const hd_event *event) {
    char *text = slack_text(event);
    size_t length = strlen(text);
    assert_true(length <= TEXT_MAX);
    const char *message = hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL);
    char *rest = text;
    assert_string_equal(next_line(&rest, ""), "*New Message Received*");
    /* 255 characters of any kind fit, and so does every e-mail address that people have. */
    assert_int_equal(shown_too_little(next_line(&rest, "> *Subject:* "),
                                      hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), SUBJECT_CHARS),
                     0);
    assert_string_equal(next_line(&rest, "> *#"), "42*");
    if (shown_too_little(next_line(&rest, "> *Customer:* "), hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL),
                         NO_LIMIT))
        assert_true(escaped_length(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL)) > 480);
    assert_string_equal(next_line(&rest, "> *Priority:* "), "high");
    if (message != NULL && shown_too_little(next_line(&rest, "> *Message:* "), message, MESSAGE_CHARS)) {
        /* Only for lack of room: neither another entity nor the ellipsis would have fitted twice. */
        assert_true(length > TEXT_MAX - 5 - strlen(ELLIPSIS));
    }
    assert_null(rest);
    free(text);
}

/* The longest that there is still fits: at most 3,000 bytes, which is Slack's limit however it counts. */
static void test_longest_text(void **state) {
    (void)state;
    static const char *const pieces[] = {"&", "<", "x", EMOJI, "\xE6\x97\xA5", "&x", EMOJI "&"};
    for (size_t i = 0; i < LENGTH_OF(pieces); i++) {
        char *subject = repeated(pieces[i], 600);
        char *email = repeated(pieces[i], 320 / strlen(pieces[i]));
        char *message = repeated(pieces[i], 600);
        for (size_t shift = 0; shift < 6; shift++) { /* so that the limit is met at every place of a character */
            char *shifted = must_malloc(strlen(subject) + 8);
            (void)snprintf(shifted, strlen(subject) + 8, "%.*s%s", (int)shift, "abcdef", subject);
            hd_event *event = event_about(HD_MESSAGE_RECEIVED, shifted);
            assert_int_equal(hd_event_set_customer(event, email, ""), HD_OK);
            assert_int_equal(hd_event_set_message(event, "m", "agent", message), HD_OK);
            assert_text_of(event);
            hd_event_free(event);
            free(shifted);
        }
        free(subject);
        free(email);
        free(message);
    }
}

/** Fills out with at most max_bytes bytes of random text of one of several moods. */
static void random_text(uint64_t *random, char *out, size_t max_bytes, int controls) {
    static const char *const moods[][8] = {
        {"a", "b", " ", "Z", "0", ".", "'", "\""},
        {"&", "<", ">", "&", "<", ">", "&", "&"},
        {EMOJI, "\xF0\x9F\x8E\x89", "\xF4\x8F\xBF\xBF", EMOJI, EMOJI, EMOJI, EMOJI, "\xF0\x90\x80\x80"},
        {"\xE6\x97\xA5", "\xE6\x9C\xAC", "\xE8\xAA\x9E", "\xE3\x80\x82", "\xEF\xBF\xBF", "\xE0\xA0\x80", "\xE2\x80\x94",
         "\xE2\x80\xA6"},
        {"&", EMOJI, "x", "\xE6\x97\xA5", "\xC3\xA9", "<", ">", "amp;"},
        {"&", EMOJI, "x", "\xE6\x97\xA5", "\xE2\x80\xA8", "\xE2\x80\xAE", "\xE2\x81\xA9", "lt;"},
        {"\r", "\n", "\r\n", "\t", "\x01", "\x7F", "\xC2\x85", "&"},
    };
    size_t mood = random_below(random, LENGTH_OF(moods) - (controls ? 0 : 1));
    size_t want = random_below(random, 8) == 0 ? random_below(random, 4) : random_below(random, max_bytes + 1);
    size_t at = 0;
    for (;;) {
        const char *piece = moods[mood][random_below(random, 8)];
        if (at + strlen(piece) > want)
            break;
        memcpy(out + at, piece, strlen(piece));
        at += strlen(piece);
    }
    out[at] = '\0';
}

/* 2,000 random subjects, addresses and messages, each line compared with the rules written down a second time. */
static void test_random_texts(void **state) {
    (void)state;
    uint64_t random = 3000;
    size_t rounds = volume(2000);
    for (size_t i = 0; i < rounds; i++) {
        char subject[1301];
        char email[321];
        char message[1601];
        random_text(&random, subject, sizeof subject - 1, 1);
        random_text(&random, email, sizeof email - 1, 0);
        random_text(&random, message, sizeof message - 1, 1);
        hd_event *event = event_about(HD_MESSAGE_RECEIVED, subject);
        assert_int_equal(hd_event_set_customer(event, email, ""), HD_OK);
        if (i % 4 != 0)
            assert_int_equal(hd_event_set_message(event, "m", "agent", message), HD_OK);
        assert_text_of(event);
        hd_event_free(event);
    }
}

/* Text from a parsed body has passed no setter: whatever its length, Slack's limit holds. */
static void test_parsed_event(void **state) {
    (void)state;
    char *much = repeated("&" EMOJI "\\n", 30000);
    static const char *const places[] = {"Can't reset password", "user@example.com", "high", "It works again."};
    for (size_t i = 0; i < (1U << LENGTH_OF(places)); i++) {
        char *body = replaced(MESSAGE_BODY, "\"number\":42", "\"number\":-9223372036854775808");
        for (size_t j = 0; j < LENGTH_OF(places); j++) {
            if (i & (1U << j)) {
                char *next = replaced(body, places[j], much);
                free(body);
                body = next;
            }
        }
        hd_event *event = NULL;
        assert_int_equal(hd_event_parse(body, strlen(body), &event), HD_OK);
        char *text = slack_text(event);
        assert_true(strlen(text) <= TEXT_MAX);
        size_t lines = 1;
        for (const char *c = text; *c != '\0'; c++)
            lines += *c == '\n';
        assert_int_equal(lines, 6);
        free(text);
        free(body);
        hd_event_free(event);
    }
    free(much);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_example),     cmocka_unit_test(test_titles),
        cmocka_unit_test(test_largest_number),   cmocka_unit_test(test_message_line),
        cmocka_unit_test(test_placeholders),     cmocka_unit_test(test_placeholder_for_invisible_text),
        cmocka_unit_test(test_escapes),          cmocka_unit_test(test_line_breaks),
        cmocka_unit_test(test_addresses),        cmocka_unit_test(test_dropped_characters),
        cmocka_unit_test(test_subject_is_cut),   cmocka_unit_test(test_dropped_characters_do_not_count),
        cmocka_unit_test(test_message_is_cut),   cmocka_unit_test(test_long_emails),
        cmocka_unit_test(test_longest_priority), cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_random_texts),     cmocka_unit_test(test_parsed_event),
    };
    return cmocka_run_group_tests_name("slack", tests, NULL, NULL);
}
