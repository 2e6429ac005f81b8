/* The header fields of an answer that the transport uses. For http1.c alone. */
#ifndef HD_TRANSPORT_HTTP1_FIELDS_H
#define HD_TRANSPORT_HTTP1_FIELDS_H

#include "transport/http1.h"

enum hd__http1_field {
    HD__HTTP1_OTHER,
    HD__HTTP1_CONNECTION,
    HD__HTTP1_CONTENT_LENGTH,
    HD__HTTP1_KEEP_ALIVE,
    HD__HTTP1_RETRY_AFTER,
    HD__HTTP1_TRANSFER_ENCODING
};

/* How many bytes of a token the data begins with (RFC 9110 5.6.2). */
size_t hd__http1_token_len(const char *data, size_t len);

/* The field that has this name. */
int hd__http1_field_of(const char *name, size_t len);

/* Takes in the value of http->field. Of one that is longer than HD__HTTP1_VALUE_MAX, no byte is looked at. Returns 0 if
 * it leaves in doubt how long the body is. */
int hd__http1_take_field(struct hd__http1 *http, const char *text, size_t len);

#endif
