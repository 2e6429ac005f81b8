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

/* Reads one. Lines may end with CR LF or LF. The body is what follows, or, with a Content-Length, that much of it; a
 * body that came in chunks is saved as a whole by listen. Returns CLI_OK, or says what is wrong with the file of this
 * name. *request is to be freed in both cases. */
int cli_request_parse(const struct bytes *file, const char *name, struct request *request);
void cli_request_free(struct request *request);

/* The same for a file that is to be opened; "-" for standard input. */
int cli_request_read(const char *path, struct request *request);

/* Adds a header; 0 without memory. */
int cli_request_add(struct request *request, const char *name, size_t name_len, const char *value, size_t value_len);

/* The value of the first header of this name, in any case; NULL for none. */
const char *cli_request_header(const struct request *request, const char *name);

/* The header that listen adds to a file: when the request came, as in bodies. It is never sent. */
#define REQUEST_RECEIVED_AT "X-Helmdesk-Received-At"

/* Writes it into a new file that only its owner can read. Returns 0, or an errno, which is EEXIST if the file is there;
 * half a file is left in no case. */
int cli_request_save(const struct request *request, const char *received_at, const char *path);

#endif
