#include "store/sqlite/terms.h"

#include "base/fold.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 16384 /* a power of two, more than twice HD__TERMS_MAX and the few others */

static uint64_t mix(uint64_t value) {
    value *= 0x9E3779B97F4A7C15U;
    return value ^ value >> 29;
}

uint32_t hd__term_of_id(const char *folded, size_t len) {
    uint64_t hash = len;
    for (size_t i = 0; i < len; i++)
        hash = mix(hash ^ (unsigned char)folded[i]);
    return HD__TERM_ID | (uint32_t)(mix(hash) >> 36);
}

static uint32_t term_of(const unsigned long c[3]) {
    return (uint32_t)(mix((uint64_t)c[0] << 42 | (uint64_t)c[1] << 21 | c[2]) >> 40);
}

/* Calls add with each. Returns 0 if that did. */
static int each_term(const char *folded, size_t len, int (*add)(void *user, uint32_t term), void *user) {
    unsigned long c[3] = {0};
    size_t known = 0;
    for (size_t at = 0, bytes; at < len; at += bytes) {
        c[0] = c[1];
        c[1] = c[2];
        bytes = hd__utf8_char(folded + at, len - at, &c[2]);
        if (++known >= 3 && !add(user, term_of(c)))
            return 0;
    }
    return 1;
}

static int append(void *user, uint32_t term) {
    uint32_t **end = user;
    *(*end)++ = term;
    return 1;
}

size_t hd__terms_of_text(const char *folded, size_t len, uint32_t *terms) {
    uint32_t *end = terms;
    (void)each_term(folded, len, append, &end);
    return (size_t)(end - terms);
}

/* ---- Of a report ---- */

void hd__terms_begin(struct hd__terms *terms) {
    terms->first = terms->count;
    if (terms->slots)
        memset(terms->slots, 0, SLOTS * sizeof *terms->slots);
}

static int grow(struct hd__terms *terms) {
    size_t size = terms->size ? 2 * terms->size : 65536;
    uint32_t *grown = realloc(terms->items, size * sizeof *grown);
    if (!terms->slots)
        terms->slots = calloc(SLOTS, sizeof *terms->slots);
    if (grown) {
        terms->items = grown;
        terms->size = size;
    }
    return grown && terms->slots;
}

int hd__terms_add(struct hd__terms *terms, uint32_t term) {
    if ((terms->count == terms->size || !terms->slots) && !grow(terms))
        return 0;
    size_t at = (size_t)(mix(term) >> 40) & (SLOTS - 1);
    while (terms->slots[at] && terms->items[terms->slots[at] - 1] != term)
        at = (at + 1) & (SLOTS - 1);
    if (!terms->slots[at]) {
        terms->items[terms->count++] = term;
        terms->slots[at] = (uint32_t)terms->count;
    }
    return 1;
}

static int add_some(void *user, uint32_t term) {
    struct hd__terms *terms = user;
    return terms->count - terms->first < HD__TERMS_MAX && hd__terms_add(terms, term);
}

/* Makes room for a folded text. */
static int reserve(struct hd__terms *terms, size_t len) {
    if (len <= terms->folded_size)
        return 1;
    free(terms->folded);
    terms->folded = malloc(len);
    terms->folded_size = terms->folded ? len : 0;
    return terms->folded != NULL;
}

/* Returns 0 without memory, or when there are too many. */
static int add_text(struct hd__terms *terms, const struct hd__bytes *text) {
    if (!reserve(terms, text->len))
        return 0;
    return each_term(terms->folded, hd__fold(text->data, text->len, terms->folded), add_some, terms);
}

static int add_id(struct hd__terms *terms, const struct hd__bytes *id) {
    return reserve(terms, id->len) &&
           hd__terms_add(terms, hd__term_of_id(terms->folded, hd__fold(id->data, id->len, terms->folded)));
}

int hd__terms_add_sought(struct hd__terms *terms, const struct hd__sought *sought) {
    int is_whole = 1;
    for (size_t i = 0; i < sought->id_count; i++)
        if (!add_id(terms, &sought->ids[i]))
            return 0;
    for (size_t i = 0; i < sought->text_count && is_whole; i++)
        is_whole = add_text(terms, &sought->texts[i]);
    return is_whole || (terms->count - terms->first >= HD__TERMS_MAX && hd__terms_add(terms, HD__TERM_LONG));
}

void hd__terms_free(struct hd__terms *terms) {
    free(terms->items);
    free(terms->slots);
    free(terms->folded);
}
