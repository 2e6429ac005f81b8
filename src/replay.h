/* The replay memory: marks of the last accepted requests, in memory of a fixed size, each found in constant time. Any
 * thread may call. */
#ifndef HD_REPLAY_H
#define HD_REPLAY_H

#include <stddef.h>

/* A mark is a part of a keyed digest, so that nobody can aim at collisions. */
#define HD__MARK_SIZE 16

struct hd__mark {
    unsigned char bytes[HD__MARK_SIZE];
};

struct hd__replay;

/* Remembers so many marks; NULL without memory. It is freed with its last reference. */
struct hd__replay *hd__replay_new(size_t capacity);
struct hd__replay *hd__replay_ref(struct hd__replay *replay);
void hd__replay_unref(struct hd__replay *replay); /* NULL does nothing */

/* Remembers all of these marks, which are different, and returns 1; or returns 0 if one of them is known already, and
 * then nothing has changed. The oldest are forgotten when there are too many. */
int hd__replay_admit(struct hd__replay *replay, const struct hd__mark *marks, size_t count);

/* They are not remembered any more, if they were, and take no room. */
void hd__replay_forget(struct hd__replay *replay, const struct hd__mark *marks, size_t count);

#endif
