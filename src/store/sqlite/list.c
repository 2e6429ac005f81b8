/* A growing list of numbers. */
#include "store/sqlite/sqlite.h"

#include <stdlib.h>

int hd__sqlite_list_add(struct hd__sqlite_list *list, int64_t item) {
    if (list->count == list->size) {
        size_t size = list->size ? list->size * 2 : 16;
        int64_t *items = realloc(list->items, size * sizeof *items);
        if (!items)
            return 0;
        list->items = items;
        list->size = size;
    }
    list->items[list->count++] = item;
    return 1;
}
