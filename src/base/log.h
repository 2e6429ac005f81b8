/* The library's own log: one line at a time to the program's function, called with no lock held. */
#ifndef HD_BASE_LOG_H
#define HD_BASE_LOG_H

#include "helmdesk.h"

struct hd__log {
    hd_logger function; /* NULL: nothing is logged */
    void *user;
};

/* Formats a line of at most 511 bytes. Never hand it a secret, a body or an unmasked URL. */
void hd__log(const struct hd__log *log, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
