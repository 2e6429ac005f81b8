#include "event/mrkdwn.h"

#include "base/text.h"

#include <string.h>

#define PLACEHOLDER "\xE2\x80\x94" /* an em dash */
#define ELLIPSIS "\xE2\x80\xA6"
#define INVISIBLE "\xE2\x80\x8B" /* zero width space: no name begins with it */

static int is_line_break(unsigned long c) {
    return (c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* Controls that show nothing, and those that turn the direction of what follows them. */
static int is_dropped(unsigned long c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static int is_word(unsigned long c) {
    return c < 0x80 && hd__is_letter_or_digit((int)c);
}

static int is_space(unsigned long c) {
    return c == ' ' || is_line_break(c);
}

/* ---- What a character becomes ---- */

/* Slack wants these three escaped and nothing else. */
static const char *entity(unsigned long c) {
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
}

/* A character that looks like a mark of mrkdwn. */
static const char *lookalike(unsigned long c) {
    return c == '*'   ? "\xE2\x88\x97" /* asterisk operator */
           : c == '_' ? "\xCB\x8D"     /* modifier letter low macron */
           : c == '~' ? "\xE2\x88\xBC" /* tilde operator */
           : c == '`' ? "\xCB\x8B"     /* modifier letter grave accent */
                      : NULL;
}

/* A span begins with a mark that text follows, and ends with one that follows text; inside a word, there is none. */
static int marks_nothing(unsigned long before, unsigned long c, unsigned long after) {
    return c != '`' && ((is_word(before) && is_word(after)) || (is_space(before) && is_space(after)));
}

static int may_name(unsigned long before, unsigned long c, unsigned long after) {
    return (c == '@' || c == '#') && !is_word(before) && !is_space(after);
}

/* One character of the text and its neighbours; before the first and after the last one there is a space. */
struct character {
    unsigned long before, c, after;
    const char *bytes;
    size_t len;
};

/* Writes what it becomes to piece; "" if it is dropped. */
static void write_piece(const struct character *at, char piece[8]) {
    const char *other = entity(at->c);
    if (!other && !marks_nothing(at->before, at->c, at->after))
        other = lookalike(at->c);
    if (is_line_break(at->c))
        other = " ";
    else if (is_dropped(at->c))
        other = "";
    size_t len = other ? strlen(other) : at->len;
    memcpy(piece, other ? other : at->bytes, len);
    piece[len] = '\0';
    if (may_name(at->before, at->c, at->after))
        strcat(piece, INVISIBLE);
}

/* ---- The whole text ---- */

static size_t next_character(const char *text, size_t len, struct character *at) {
    at->before = at->c;
    at->bytes = text;
    at->len = hd__utf8_char(text, len, &at->c);
    if (at->c == '\r' && len > 1 && text[1] == '\n') { /* one line break */
        at->len = 2;
        at->c = '\n';
    }
    if (len == at->len || hd__utf8_char(text + at->len, len - at->len, &at->after) == 0)
        at->after = ' ';
    return at->len;
}

void hd__mrkdwn_text(struct hd__buffer *out, const char *text, size_t max_chars, size_t max_bytes) {
    struct character at = {.c = ' '};
    size_t begin = out->len, len = strlen(text), chars = 0;
    size_t cut = begin; /* up to here there is still room for the ellipsis */
    for (size_t done = 0; done < len;) {
        char piece[8];
        done += next_character(text + done, len - done, &at);
        write_piece(&at, piece);
        if (!*piece)
            continue;
        if (++chars > max_chars || out->len - begin + strlen(piece) > max_bytes) {
            out->len = out->failed ? out->len : cut;
            hd__buffer_text(out, ELLIPSIS);
            return;
        }
        hd__buffer_text(out, piece);
        if (out->len - begin + sizeof ELLIPSIS - 1 <= max_bytes)
            cut = out->len;
    }
    if (chars == 0)
        hd__buffer_text(out, PLACEHOLDER);
}
