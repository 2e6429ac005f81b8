/* The last messages of the library to the program, for one that takes them when it likes. The memory is there from the
 * beginning, so that "out of memory" can be told too. Any thread may call. */
#ifndef HD_BASE_MESSAGES_H
#define HD_BASE_MESSAGES_H

#include "base/notifier.h"
#include "helmdesk.h"

struct hd__messages;

/* Keeps up to count of them; NULL without memory. The notifier must outlive it. */
struct hd__messages *hd__messages_new(size_t count, struct hd__notifier *notifier);
void hd__messages_free(struct hd__messages *messages);

/* Adds one, in the place of the oldest if there is no room. */
void hd__messages_add(struct hd__messages *messages, int level, const char *text);

/* Takes the oldest one out; before it, one that says how many were lost there. Returns 0 if there is none. */
int hd__messages_take(struct hd__messages *messages, int *level, char text[HD_MESSAGE_SIZE]);

/* The descriptor has been made: it tells whether there is one. */
void hd__messages_notify(struct hd__messages *messages);

#endif
