#include "store/sought.h"

#include "base/fold.h"

#include <string.h>

/* The parts of an event's `search`. The last one is a message, which may have the separator in it. */
#define EVENT_IDS 2
#define EVENT_PARTS 6

void hd__sought_add_id(struct hd__sought *sought, const char *id) {
    if (id)
        sought->ids[sought->id_count++] = (struct hd__bytes){id, strlen(id)};
}

void hd__sought_add_text(struct hd__sought *sought, const char *text, size_t len) {
    if (text && len > 0)
        sought->texts[sought->text_count++] = (struct hd__bytes){text, len};
}

void hd__sought_add_event(struct hd__sought *sought, const char *search) {
    for (int i = 0; i < EVENT_PARTS && *search; i++) {
        size_t len = i < EVENT_PARTS - 1 ? strcspn(search, HD__STORE_SEARCH_END) : strlen(search);
        if (i < EVENT_IDS)
            sought->ids[sought->id_count++] = (struct hd__bytes){search, len};
        else
            hd__sought_add_text(sought, search, len);
        search += len + (search[len] != '\0');
    }
}

int hd__sought_is_number(const char *text) {
    return text[0] == '#' && text[1] && !text[1 + strspn(text + 1, "0123456789")];
}

int hd__sought_has(const struct hd__sought *sought, const char *text) {
    for (size_t i = 0; i < sought->id_count; i++)
        if (hd__fold_equals(sought->ids[i].data, sought->ids[i].len, text))
            return 1;
    if (hd__sought_is_number(text))
        return 0;
    for (size_t i = 0; i < sought->text_count; i++)
        if (hd__fold_contains(sought->texts[i].data, sought->texts[i].len, text))
            return 1;
    return 0;
}
