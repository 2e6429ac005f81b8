/* Texts that are JSON by RFC 8259 and that Jansson does not read, made such that it does. */
#ifndef HD_EVENT_JSON_ADAPT_H
#define HD_EVENT_JSON_ADAPT_H

#include <stddef.h>

/* Rewrites in place, without a change of length:
 *   - in texts, an escaped NUL and half of a surrogate pair become U+FFFD;
 *   - a number with a fraction or an exponent, or one that does not fit into 64 bits, becomes 0.5: no documented key
 * has such a number, and Jansson refuses the large ones. Text that is not JSON does not become JSON. */
void hd__json_adapt(char *text, size_t len);

#endif
