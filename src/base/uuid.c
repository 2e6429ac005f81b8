#include "base/uuid.h"

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

int hd__uuid_new(struct hd__uuid_source *source, const struct hd__clock *clock, char out[HD__UUID_SIZE]) {
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    int status = take_random(source, clock, bytes + 6);
    if (status != HD_OK)
        return status;
    uint64_t ms = (uint64_t)hd__wall_ms(clock);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x70); /* version 7 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80); /* variant */
    char *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 15];
    }
    *at = '\0';
    return HD_OK;
}
