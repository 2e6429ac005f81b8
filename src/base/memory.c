#include "base/memory.h"

#include "helmdesk.h"

#include <stdlib.h>
#include <string.h>

/* Through a pointer that the compiler cannot know, so that it does not leave out what nobody reads any more. */
void hd__wipe(void *data, size_t len) {
    static void *(*const volatile set)(void *, int, size_t) = memset;
    set(data, 0, len);
}

int hd__differ(const void *a, const void *b, size_t len) {
    const unsigned char *left = a, *right = b;
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < len; i++)
        difference = (unsigned char)(difference | (left[i] ^ right[i]));
    return difference != 0;
}

int hd__replace_text(char **slot, const char *text) {
    char *copy = NULL;
    if (text) {
        copy = hd__copy_bytes(text, strlen(text));
        if (!copy)
            return HD_E_NO_MEMORY;
    }
    free(*slot);
    *slot = copy;
    return HD_OK;
}

void hd__free_key(char *text) {
    if (text)
        hd__wipe(text, strlen(text));
    free(text);
}

int hd__replace_key(char **slot, const char *text) {
    char *copy = NULL;
    int status = hd__replace_text(&copy, text);
    if (status != HD_OK)
        return status;
    hd__free_key(*slot);
    *slot = copy;
    return HD_OK;
}

char *hd__copy_bytes(const void *data, size_t len) {
    char *copy = malloc(len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}
