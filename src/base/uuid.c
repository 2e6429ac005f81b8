#include "base/uuid.h"

#include "base/digits.h"
#include "base/text.h"
#include "helmdesk.h"

#include <string.h>

#define RANDOM_SIZE 10

static int take_random(struct hd__uuid_source *source, const struct hd__clock *clock, unsigned char out[RANDOM_SIZE]) {
    if (source->left < RANDOM_SIZE) {
        int status = hd__random(clock, source->bytes, sizeof source->bytes);
        if (status != HD_OK)
            return status;
        source->left = sizeof source->bytes;
    }
    source->left -= RANDOM_SIZE;
    memcpy(out, source->bytes + source->left, RANDOM_SIZE);
    return HD_OK;
}

void hd__uuid_format(const unsigned char bytes[HD__UUID_BYTES], char out[HD__UUID_SIZE]) {
    char digits[2 * HD__UUID_BYTES];
    hd__hex(bytes, HD__UUID_BYTES, digits);
    memcpy(out, digits, 8);
    memcpy(out + 9, digits + 8, 4);
    memcpy(out + 14, digits + 12, 4);
    memcpy(out + 19, digits + 16, 4);
    memcpy(out + 24, digits + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    out[HD__UUID_SIZE - 1] = '\0';
}

int hd__uuid_parse(const char *text, unsigned char bytes[HD__UUID_BYTES]) {
    char again[HD__UUID_SIZE];
    const char *at = text;
    for (int i = 0; i < HD__UUID_BYTES; i++) {
        at += *at == '-';
        int high = hd__hex_digit(*at), low = high < 0 ? -1 : hd__hex_digit(at[1]);
        if (low < 0)
            return 0;
        bytes[i] = (unsigned char)(high << 4 | low);
        at += 2;
    }
    hd__uuid_format(bytes, again);
    return strcmp(again, text) == 0;
}

int hd__uuid_make(struct hd__uuid_source *source, const struct hd__clock *clock, unsigned char bytes[HD__UUID_BYTES]) {
    int status = take_random(source, clock, bytes + 6);
    if (status != HD_OK)
        return status;
    uint64_t ms = (uint64_t)hd__wall_ms(clock);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x70); /* version 7 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80); /* variant */
    return HD_OK;
}

int hd__uuid_new(struct hd__uuid_source *source, const struct hd__clock *clock, char out[HD__UUID_SIZE]) {
    unsigned char bytes[HD__UUID_BYTES];
    int status = hd__uuid_make(source, clock, bytes);
    if (status == HD_OK)
        hd__uuid_format(bytes, out);
    return status;
}

int hd__uuid_is_none(const unsigned char bytes[HD__UUID_BYTES]) {
    static const unsigned char none[HD__UUID_BYTES];
    return memcmp(bytes, none, sizeof none) == 0;
}
