/* A whole HTTP request as a file: request line, headers, a blank line, body. What listen saves, replay and verify read.
 */
#ifndef HD_CLI_REQUEST_H
#define HD_CLI_REQUEST_H

#include "cli/input.h"

struct request_header {
    char *name, *value;
};

struct request {
    char *method, *target;
    struct request_header *headers;
    size_t header_count;
    struct bytes body;
};

/* Reads one. Lines may end with CR LF or LF; the body is what follows, or the Content-Length of it. Returns CLI_OK, or
 * says what is wrong with the file of this name. *request is to be freed in both cases. */
int cli_request_parse(const struct bytes *file, const char *name, struct request *request);
void cli_request_free(struct request *request);

/* Adds a header; 0 without memory. */
int cli_request_add(struct request *request, const char *name, size_t name_len, const char *value, size_t value_len);

/* The value of the first header of this name, in any case; NULL for none. */
const char *cli_request_header(const struct request *request, const char *name);

/* Of a file of listen: when it came. Not sent on. */
#define REQUEST_RECEIVED_AT "X-Helmdesk-Received-At"

/* Writes it into a new file that only its owner can read. Returns CLI_OK, or says what is wrong. */
int cli_request_save(const struct request *request, const char *received_at, const char *path);

#endif
