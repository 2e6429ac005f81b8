#include "store/sqlite/postings.h"

#include <stdlib.h>
#include <string.h>

/* An entry: how much larger the term is than the last one; the length of the rest and whether it is a map; the reports,
 * as a map of bits, or how far each is from the last one. */

unsigned char *hd__varint_write(unsigned char *out, uint64_t number) {
    for (; number >= 0x80; number >>= 7)
        *out++ = (unsigned char)(number | 0x80);
    *out++ = (unsigned char)number;
    return out;
}

const unsigned char *hd__varint_read(const unsigned char *at, const unsigned char *end, uint64_t *number) {
    *number = 0;
    for (int shift = 0; at < end && shift < 64; shift += 7) {
        *number |= (uint64_t)(*at & 0x7F) << shift;
        if (!(*at++ & 0x80))
            return at;
    }
    return NULL;
}

/* ---- Writing ---- */

static struct hd__part *begin_part(struct hd__postings *postings, uint32_t term) {
    if (postings->count == postings->size) {
        size_t size = postings->size ? 2 * postings->size : 64;
        struct hd__part *grown = realloc(postings->parts, size * sizeof *grown);
        if (!grown)
            return NULL;
        postings->parts = grown;
        postings->size = size;
    }
    struct hd__part *part = &postings->parts[postings->count];
    *part = (struct hd__part){.first_term = term, .bytes = malloc(HD__PART_MAX)};
    postings->count += part->bytes != NULL;
    postings->last_term = term;
    return part->bytes ? part : NULL;
}

/* Up to the last bit that is set. */
static size_t map_length(const struct hd__places *places) {
    size_t word = HD__BLOCK_WORDS, len;
    while (places->words[--word] == 0 && word > 0)
        ;
    for (len = 8; len > 1 && !(places->words[word] >> 8 * (len - 1)); len--)
        ;
    return word * 8 + len;
}

static size_t write_map(const struct hd__places *places, unsigned char *out) {
    size_t len = map_length(places);
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)(places->words[i / 8] >> 8 * (i % 8));
    return len;
}

/* Returns 0 if it would not be shorter than the map. */
static size_t write_list(const struct hd__places *places, unsigned char *out, size_t room) {
    unsigned char *to = out;
    size_t last = 0;
    for (size_t word = 0; word < HD__BLOCK_WORDS; word++)
        for (uint64_t bits = places->words[word]; bits; bits &= bits - 1) {
            size_t place = word * 64 + (size_t)__builtin_ctzll(bits);
            if ((size_t)(to - out) + 2 >= room)
                return 0;
            to = hd__varint_write(to, place - last);
            last = place;
        }
    return (size_t)(to - out);
}

int hd__postings_add(struct hd__postings *postings, uint32_t term, const struct hd__places *places) {
    unsigned char bytes[HD__BLOCK / 8];
    struct hd__part *part = postings->count ? &postings->parts[postings->count - 1] : NULL;
    size_t len = write_list(places, bytes, map_length(places));
    int is_map = len == 0;
    if (is_map)
        len = write_map(places, bytes);
    if (!part || part->len > HD__PART_FULL - len / 2)
        part = begin_part(postings, term);
    if (!part)
        return 0;
    unsigned char *to = hd__varint_write(part->bytes + part->len, term - postings->last_term);
    to = hd__varint_write(to, len << 1 | (uint64_t)is_map);
    memcpy(to, bytes, len);
    part->len = (size_t)(to - part->bytes) + len;
    postings->last_term = term;
    return 1;
}

void hd__postings_free(struct hd__postings *postings) {
    for (size_t i = 0; i < postings->count; i++)
        free(postings->parts[i].bytes);
    free(postings->parts);
}

/* ---- Reading ---- */

void hd__posting_begin(struct hd__posting_reader *reader, uint32_t first_term, const void *bytes, size_t len) {
    const unsigned char *first = bytes;
    *reader = (struct hd__posting_reader){.at = first, .end = first + len, .term = first_term};
}

int hd__posting_next(struct hd__posting_reader *reader) {
    uint64_t more, len;
    const unsigned char *at = hd__varint_read(reader->at, reader->end, &more);
    at = at ? hd__varint_read(at, reader->end, &len) : NULL;
    if (!at || (uint64_t)(reader->end - at) < len >> 1)
        return 0;
    reader->term += (uint32_t)more;
    reader->bytes = at;
    reader->len = (size_t)(len >> 1);
    reader->is_map = (int)(len & 1);
    reader->at = at + reader->len;
    return 1;
}

static void set(struct hd__places *places, uint64_t place) {
    if (place < HD__BLOCK)
        places->words[place / 64] |= UINT64_C(1) << place % 64;
}

void hd__posting_places(const struct hd__posting_reader *reader, size_t offset, struct hd__places *places) {
    const unsigned char *at = reader->bytes, *end = at + reader->len;
    uint64_t place = offset, more;
    for (size_t i = 0; reader->is_map && i < reader->len; i++)
        for (unsigned bits = at[i]; bits; bits &= bits - 1)
            set(places, offset + 8 * i + (size_t)__builtin_ctz(bits));
    while (!reader->is_map && at && at < end && (at = hd__varint_read(at, end, &more)))
        set(places, place += more);
}
