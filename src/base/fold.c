/* Text without regard to case and accents. The tables are made from the decompositions and lower-case letters of
 * Unicode 15.1 (UnicodeData.txt). Letters of Latin that have none, such as "\xC3\xB8", stand for the one that they are
 * typed as where they are missing. */
#include "base/fold.h"

#include "base/text.h"

#include <string.h>

/* A letter of ASCII, a digit for one of `pairs`, or "-" for a character that stays as it is. */
static const char latin[] = /* U+00C0 to U+017F */
    "aaaaaa2ceeeeiiiidnooooo-ouuuuy41aaaaaa2ceeeeiiiidnooooo-ouuuuy4y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii55jjkkklllllll"
    "lllnnnnnnnnnoooooo33rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static const char latin_more[] = /* U+01C4 to U+0233 */
    "666777888aaiioouuuuuuuuuu-aaaa22--ggkkoooo--j666gg--nnaa22ooaaaa"
    "eeeeiiiioooorrrruuuusstt--hh------aaeeooooooooyy";
static const char latin_additional[] = /* U+1E00 to U+1EFF */
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
    "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
    "wwwwwwwwwwxxxxyyzzzzzzhtwyasss1-aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy------";
static const char *const pairs[] = {"ss", "ae", "oe", "th", "ij", "dz", "lj", "nj"};

/* "A" for alpha, U+03B1, and so on; "-" as above. */
static const char greek[] = /* U+0386 to U+03CE */
    "A-EGI-O-UYIABCDEFGHIJKLMNOPQ-STUVWXYIUAEGIUABCDEFGHIJKLMNOPQSSTU"
    "VWXYIUOUY";
static const char greek_extended[] = /* U+1F00 to U+1FFF */
    "AAAAAAAAAAAAAAAAEEEEEE--EEEEEE--GGGGGGGGGGGGGGGGIIIIIIIIIIIIIIII"
    "OOOOOO--OOOOOO--UUUUUUUU-U-U-U-UYYYYYYYYYYYYYYYYAAEEGGIIOOUUYY--"
    "AAAAAAAAAAAAAAAAGGGGGGGGGGGGGGGGYYYYYYYYYYYYYYYYAAAAA-AAAAAAA-I-"
    "--GGG-GGEEGGG---IIII--IIIIII----UUUUQQUUUUUUQ-----YYY-YYOOYYY---";

#define ALPHA 0x3B1

struct range {
    unsigned long first;
    size_t count;
    const char *letters;
    int is_greek;
};

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define RANGE(first, letters, is_greek) {(first), sizeof(letters) - 1, (letters), (is_greek)}
// clang-format on

static const struct range ranges[] = {
    RANGE(0xC0, latin, 0),
    RANGE(0x1C4, latin_more, 0),
    RANGE(0x386, greek, 1),
    RANGE(0x1E00, latin_additional, 0),
    RANGE(0x1F00, greek_extended, 1),
};

static char *put_two_bytes(char *out, unsigned long c) {
    *out++ = (char)(0xC0 | c >> 6);
    *out++ = (char)(0x80 | (c & 0x3F));
    return out;
}

static char *put_letter(char *out, char letter, int is_greek) {
    if (is_greek)
        return put_two_bytes(out, ALPHA + (unsigned long)(letter - 'A'));
    if (letter < '1' || letter > '8') {
        *out++ = letter;
        return out;
    }
    memcpy(out, pairs[letter - '1'], 2);
    return out + 2;
}

/* U+0400 to U+052F, where upper and lower case mostly stand side by side. */
static unsigned long fold_cyrillic(unsigned long c) {
    unsigned long lower = c < 0x410                               ? c + 0x50
                          : c < 0x430                             ? c + 0x20
                          : c < 0x460 || (c > 0x481 && c < 0x48A) ? c
                          : c == 0x4C0                            ? 0x4CF
                          : c > 0x4C0 && c < 0x4CF                ? c + (c & 1)
                                                                  : c | 1;
    return lower == 0x450 || lower == 0x451 ? 0x435 : lower == 0x45D ? 0x438 : lower; /* ie and i with accents */
}

/* A character of two bytes or more; its own bytes are at s. */
static char *put_folded(char *out, unsigned long c, const char *s, size_t bytes) {
    if (c >= 0x300 && c <= 0x36F) /* a combining accent */
        return out;
    if (c < 0xA0) { /* C1 */
        *out++ = ' ';
        return out;
    }
    if (c >= 0x400 && c <= 0x52F)
        return put_two_bytes(out, fold_cyrillic(c));
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const struct range *range = &ranges[i];
        if (c >= range->first && c - range->first < range->count && range->letters[c - range->first] != '-')
            return put_letter(out, range->letters[c - range->first], range->is_greek);
    }
    memcpy(out, s, bytes);
    return out + bytes;
}

size_t hd__fold(const char *text, size_t len, char *out) {
    char *to = out;
    for (size_t at = 0, bytes; at < len; at += bytes) {
        unsigned char first = (unsigned char)text[at];
        unsigned long c;
        bytes = 1;
        if (first < 0x80)
            *to++ = (char)(first >= 'A' && first <= 'Z'   ? first + ('a' - 'A')
                           : first < ' ' || first == 0x7F ? ' '
                                                          : first);
        else if ((bytes = hd__utf8_char(text + at, len - at, &c)) > 0)
            to = put_folded(to, c, text + at, bytes);
        else
            bytes = 1, *to++ = HD__FOLD_INVALID;
    }
    return (size_t)(to - out);
}

/* ---- Searching ---- */

#define CHUNK 2048

/* As many bytes as fit, without the beginning of a character that does not. */
static size_t chunk_of(const char *text, size_t len) {
    size_t take = len < CHUNK ? len : CHUNK;
    for (int back = 0; take < len && back < 3 && ((unsigned char)text[take] & 0xC0) == 0x80; back++)
        take--;
    return take;
}

static int has(const char *text, size_t len, const char *wanted, size_t wanted_len) {
    const char *end = text + len;
    for (const char *at = text; (size_t)(end - at) >= wanted_len; at++) {
        at = memchr(at, *wanted, (size_t)(end - at) - wanted_len + 1);
        if (!at)
            return 0;
        if (memcmp(at, wanted, wanted_len) == 0)
            return 1;
    }
    return 0;
}

int hd__fold_contains(const char *text, size_t len, const char *wanted) {
    char folded[HD__FOLDED_MAX + CHUNK];
    size_t wanted_len = strlen(wanted), kept = 0;
    if (wanted_len == 0)
        return 1;
    for (size_t at = 0, take; at < len; at += take) {
        take = chunk_of(text + at, len - at);
        size_t count = kept + hd__fold(text + at, take, folded + kept);
        if (has(folded, count, wanted, wanted_len))
            return 1;
        kept = count < wanted_len ? count : wanted_len - 1;
        memmove(folded, folded + count - kept, kept);
    }
    return 0;
}

int hd__fold_equals(const char *text, size_t len, const char *wanted) {
    char folded[CHUNK];
    return len <= sizeof folded && hd__fold(text, len, folded) == strlen(wanted) &&
           memcmp(folded, wanted, strlen(wanted)) == 0;
}
