/* JSON that is written into memory of the caller's, as far as it has room: what does not fit is counted. Nothing is
 * allocated. */
#ifndef HD_BASE_JSON_H
#define HD_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes at the beginning need no escape in a JSON string. */
size_t hd__json_plain(const char *text, size_t len);

/* Writes the escape of a byte that does not (RFC 8259 section 7), at most HD__JSON_ESCAPE_MAX bytes. Returns its end.
 */
#define HD__JSON_ESCAPE_MAX 6 /* \u00XX */
char *hd__json_escape(char *at, unsigned char c);

struct hd__out {
    char *buf; /* may be NULL if size is 0 */
    size_t size;
    size_t len;  /* of all that was written, whether it had room or not */
    int follows; /* a value: the next one is preceded by a comma */
};

/* An object, '{', or an array, '['; of an array's items the key is NULL, here and below. */
void hd__out_open(struct hd__out *out, const char *key, char bracket);
void hd__out_close(struct hd__out *out, char bracket);

/* Any bytes: what is not UTF-8 becomes U+FFFD. NULL becomes null. */
void hd__out_bytes(struct hd__out *out, const char *key, const char *text, size_t len);
void hd__out_string(struct hd__out *out, const char *key, const char *text);

/* A number that a double does not hold is written as a string (RFC 8259 section 6). */
void hd__out_number(struct hd__out *out, const char *key, uint64_t number);
void hd__out_bool(struct hd__out *out, const char *key, int value);
void hd__out_null(struct hd__out *out, const char *key);

/* As timestamps of events are written; null for 0 and less, and after the year 9999. */
void hd__out_time(struct hd__out *out, const char *key, int64_t ms);

/* What is JSON already. */
void hd__out_raw(struct hd__out *out, const char *key, const char *text);

/* Puts a NUL at the end. Returns HD_OK; or HD_E_BUFFER if not all had room, and then the text is empty. */
int hd__out_end(struct hd__out *out, size_t *length);

#endif
