/* What was accepted already: the digests of the last requests, in memory of a fixed size, each found in constant time.
 * Any thread may call. */
#ifndef HD_REPLAY_H
#define HD_REPLAY_H

#include <stddef.h>

#define HD__REPLAY_DIGEST_SIZE 32

struct hd__replay;

/* Remembers so many; NULL without memory. */
struct hd__replay *hd__replay_new(size_t capacity);
void hd__replay_free(struct hd__replay *replay);

/* Whether this is one of the remembered; if not, it is from now on, and the oldest is forgotten if there are too many.
 * Digests are keyed, so that nobody can aim at collisions. */
int hd__replay_seen(struct hd__replay *replay, const unsigned char digest[HD__REPLAY_DIGEST_SIZE]);

/* It is not remembered any more, if it was. */
void hd__replay_forget(struct hd__replay *replay, const unsigned char digest[HD__REPLAY_DIGEST_SIZE]);

#endif
