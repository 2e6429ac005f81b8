/* The library's messages to the program: one line at a time to the program's function, called with no lock held, and to
 * where they are kept for it. */
#ifndef HD_BASE_LOG_H
#define HD_BASE_LOG_H

#include "base/messages.h"
#include "helmdesk.h"

struct hd__log {
    hd_logger function; /* NULL for none */
    void *user;
    struct hd__messages *kept; /* NULL for none */
};

/* Formats a line of at most HD_MESSAGE_SIZE - 1 bytes of UTF-8. Characters that could be taken for the end of a line,
 * or that change the direction of writing, become "?". Never hand it a secret, a body or an unmasked URL. */
void hd__log(const struct hd__log *log, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
