/* The head of a request: its first line, its headers and the empty line, as they go over the wire. */
#ifndef HD_TRANSPORT_HEAD_H
#define HD_TRANSPORT_HEAD_H

#include "transport/transport.h"

#define HD__HEAD_MASK "***"

/* Puts the head of an exchange into a buffer, in place of what is there, with room for so many bytes behind it: it
 * holds keys, and a buffer that grows leaves a copy. Puts it into exchange->head too, if that is not NULL, as it may be
 * shown: with its secrets masked. */
void hd__head_write(const struct hd__exchange *exchange, const char *user_agent, size_t room, struct hd__buffer *head);

#endif
