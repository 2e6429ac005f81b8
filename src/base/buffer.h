/* A growing run of bytes. Once an append fails, all later ones do nothing, so that a caller checks once at the end. */
#ifndef HD_BASE_BUFFER_H
#define HD_BASE_BUFFER_H

#include <stddef.h>

struct hd__buffer {
    char *data; /* always followed by a NUL once anything was appended */
    size_t len;
    size_t size;
    int failed;
};

void hd__buffer_append(struct hd__buffer *buffer, const void *data, size_t len);
void hd__buffer_text(struct hd__buffer *buffer, const char *text);

/* Makes room for so many bytes in all, so that appending them does not move what is there. */
void hd__buffer_reserve(struct hd__buffer *buffer, size_t len);

/* Empties a buffer and makes room for so many bytes, in memory of just that size where what it has is too small. */
void hd__buffer_renew(struct hd__buffer *buffer, size_t len);

/* Releases the unused memory after the last byte. */
void hd__buffer_trim(struct hd__buffer *buffer);

/* Empties a buffer that is to be used again. Its memory is kept if that is not more than so many bytes. */
void hd__buffer_clear(struct hd__buffer *buffer, size_t kept);

/* Hands all of it to a program, with a NUL; length may be NULL. HD_OK; HD_E_BUFFER, with the length too; HD_E_NO_MEMORY
 * if an append has failed. */
int hd__buffer_copy_out(const struct hd__buffer *buffer, char *buf, size_t size, size_t *length);

void hd__buffer_free(struct hd__buffer *buffer);

#endif
