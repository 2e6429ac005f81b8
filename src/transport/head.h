/* The head of a request: its first line, its headers and the empty line, in the order and form in which they go over
 * the wire. Today libcurl writes those bytes itself, and this tells which they are. */
#ifndef HD_TRANSPORT_HEAD_H
#define HD_TRANSPORT_HEAD_H

#include "transport/transport.h"

#define HD__HEAD_MASK "***"

/* Whether a header goes out without a value. */
int hd__field_is_blank(const struct hd__field *field);

/* Puts the head of an exchange into a buffer, in place of what is there: as it is sent, or, if masked is 1, as it may
 * be shown. */
void hd__head_write(const struct hd__exchange *exchange, const char *user_agent, int masked, struct hd__buffer *head);

#endif
