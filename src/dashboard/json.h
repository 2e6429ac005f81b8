/* JSON, by Jansson. */
#ifndef HD_DASHBOARD_JSON_H
#define HD_DASHBOARD_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A string of untrusted bytes: what is not UTF-8 becomes U+FFFD. NULL without memory. */
json_t *hd__json_text(const char *text, size_t length);

/* A string, or null for NULL. */
json_t *hd__json_string(const char *text);

/* "2025-01-15T10:30:00.000Z"; null for 0, and for what is not in the years 1970 to 9999. */
json_t *hd__json_time(int64_t ms);

/* Adds an item, and sets a member. A NULL value, which is lost memory, is noted in *failed. */
void hd__json_add(json_t *list, json_t *item, int *failed);
void hd__json_set(json_t *object, const char *key, json_t *value, int *failed);

/* The value, or, if something failed, NULL: it is freed. */
json_t *hd__json_or_nothing(json_t *value, int failed);

/* Text that grows. */
struct hd__json_text {
    char *data; /* a NUL follows it; NULL at first */
    size_t len;
    int failed;
};

/* Appends a value. */
void hd__json_write(const json_t *value, struct hd__json_text *text);
void hd__json_write_bytes(const char *bytes, size_t length, struct hd__json_text *text);
void hd__json_put(const char *string, struct hd__json_text *text);

/* Opens the object at the end of the text again, for a member of this name: its value is to follow, and a '}'. */
void hd__json_member(const char *name, struct hd__json_text *text);

/* Adds the members of an object, of which there are some, to the object at the end of the text, and frees it. */
void hd__json_join(json_t *members, struct hd__json_text *text);

#endif
