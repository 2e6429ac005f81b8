#include "engine/roster.h"

#include <stdlib.h>
#include <string.h>

/* Index of the first member that does not come before the key. */
static size_t bound(const struct hd__roster *roster, int64_t key) {
    size_t low = 0, high = roster->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (roster->members[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int reserve(struct hd__roster *roster) {
    if (roster->count < roster->capacity)
        return HD_OK;
    size_t capacity = roster->capacity ? roster->capacity * 2 : 64;
    struct hd__member *members = realloc(roster->members, capacity * sizeof members[0]);
    if (!members)
        return HD_E_NO_MEMORY;
    roster->members = members;
    roster->capacity = capacity;
    return HD_OK;
}

struct hd__member *hd__roster_member(struct hd__roster *roster, int64_t key) {
    size_t at = bound(roster, key);
    if (at < roster->count && roster->members[at].key == key)
        return &roster->members[at];
    if (reserve(roster) != HD_OK)
        return NULL;
    memmove(&roster->members[at + 1], &roster->members[at], (roster->count - at) * sizeof roster->members[0]);
    roster->members[at] = (struct hd__member){.key = key};
    roster->count++;
    return &roster->members[at];
}

void hd__roster_destroy(struct hd__roster *roster) {
    for (size_t i = 0; i < roster->count; i++)
        hd_webhook_free(roster->members[i].webhook);
    free(roster->members);
}
