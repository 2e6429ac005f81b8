#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add_bytes(struct text *text, const void *bytes, size_t length) {
    char *grown = text->failed ? NULL : realloc(text->data, text->length + length + 1);
    if (grown == NULL) {
        text->failed = 1;
        return;
    }
    if (length > 0)
        memcpy(grown + text->length, bytes, length);
    text->data = grown;
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *more) {
    text_add_bytes(text, more, strlen(more));
}

void text_add_number(struct text *text, long long number) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", number);
    text_add_bytes(text, digits, (size_t)length);
}

static const char *entity_of(char byte) {
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static int is_control(char byte) {
    unsigned char value = (unsigned char)byte;
    return (value < 0x20 && value != '\n' && value != '\r' && value != '\t') || value == 0x7f;
}

/* U+202A to U+202E and U+2066 to U+2069 turn the direction of the text that follows. */
static int is_turn(const char *place) {
    const unsigned char *bytes = (const unsigned char *)place;
    return bytes[0] == 0xe2 && ((bytes[1] == 0x80 && bytes[2] >= 0xaa && bytes[2] <= 0xae) ||
                                (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9));
}

/* U+2400 to U+241F, and U+2421 for DEL, are pictures of the control characters. */
static void draw_control(char byte, char picture[8]) {
    const char drawn[] = {'\xe2', '\x90', (char)(byte == 0x7f ? 0xa1 : 0x80 + byte), '\0'};
    strcpy(picture, drawn);
}

/* Finds the replacement for the first bytes of a text. Returns how many bytes it replaces; 0 if they are shown as they
 * are. */
static size_t replace(const char *place, char shown[8]) {
    if (entity_of(*place) != NULL)
        strcpy(shown, entity_of(*place));
    else if (is_control(*place))
        draw_control(*place, shown);
    else if (is_turn(place))
        strcpy(shown, "\xef\xbf\xbd");
    else
        return 0;
    return *place == '\xe2' ? 3 : 1;
}

void text_add_escaped(struct text *text, const char *more) {
    const char *plain = more;
    char shown[8];
    while (*more != '\0') {
        size_t length = replace(more, shown);
        if (length > 0) {
            text_add_bytes(text, plain, (size_t)(more - plain));
            text_add(text, shown);
            plain = more + length;
        }
        more += length > 0 ? length : 1;
    }
    text_add(text, plain);
}

void text_free(struct text *text) {
    free(text->data);
    *text = (struct text){NULL, 0, 0};
}
