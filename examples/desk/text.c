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
    text_add_bytes(text, digits, (size_t)snprintf(digits, sizeof digits, "%lld", number));
}

/* What stands for a byte in HTML; NULL if it stands for itself. */
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

/* U+2400 to U+241F, and U+2421 for DEL, are pictures of the control characters. */
static void add_picture(struct text *text, unsigned char control) {
    unsigned char picture[] = {0xe2, 0x90, control == 0x7f ? 0xa1 : (unsigned char)(0x80 + control)};
    text_add_bytes(text, picture, sizeof picture);
}

static int is_control(char byte) {
    unsigned char value = (unsigned char)byte;
    return (value < 0x20 && value != '\n' && value != '\r' && value != '\t') || value == 0x7f;
}

void text_add_escaped(struct text *text, const char *more) {
    for (const char *plain = more; *more != '\0'; plain = more) {
        while (*more != '\0' && entity_of(*more) == NULL && !is_control(*more))
            more++;
        text_add_bytes(text, plain, (size_t)(more - plain));
        if (*more == '\0')
            return;
        if (is_control(*more))
            add_picture(text, (unsigned char)*more);
        else
            text_add(text, entity_of(*more));
        more++;
    }
}

void text_free(struct text *text) {
    free(text->data);
    *text = (struct text){NULL, 0, 0};
}
