#include "helmdesk/dashboard.h"

#ifdef HELMDESK_HAS_LISTEN

#include "cli/page.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE ((size_t)16 * 1024)
#define LOOK_MS 250 /* how often a stream looks whether it is to end, ... */
#define QUIET 20    /* ... and how many looks in a row send nothing: a browser that has left is noticed by sending */

struct stream {
    hd_dashboard_response *page;
    const char *piece; /* what is left to be sent */
    size_t length;
    int looks; /* since something was sent */
    int (*is_over)(void *user);
    void *user;
};

static int fetch(struct stream *stream) {
    if (hd_dashboard_response_next(stream->page, LOOK_MS, &stream->piece, &stream->length) != HD_OK)
        return 0;
    if (stream->length > 0 && *stream->piece == ':' && stream->looks++ < QUIET)
        stream->length = 0;
    return 1;
}

static ssize_t send_piece(void *context, uint64_t position, char *buffer, size_t size) {
    struct stream *stream = context;
    (void)position;
    while (stream->length == 0) {
        if (stream->is_over(stream->user))
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (!fetch(stream))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t part = stream->length < size ? stream->length : size;
    memcpy(buffer, stream->piece, part);
    stream->piece += part;
    stream->length -= part;
    stream->looks = 0;
    return (ssize_t)part;
}

static void free_stream(void *context) {
    hd_dashboard_response_free(((struct stream *)context)->page);
    free(context);
}

/* The page is the stream's if it could be made. */
static struct MHD_Response *make_stream(hd_dashboard_response *page, int (*is_over)(void *user), void *user) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    *stream = (struct stream){.page = page, .is_over = is_over, .user = user};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_SIZE, send_piece, stream, free_stream);
    if (!response)
        free(stream);
    return response;
}

struct MHD_Response *cli_page_response(hd_dashboard_response *page, int (*is_over)(void *user), void *user) {
    size_t length;
    const char *body = hd_dashboard_response_body(page, &length);
    int is_stream = hd_dashboard_response_is_stream(page);
    struct MHD_Response *response =
        is_stream ? make_stream(page, is_over, user)
                  : MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY); /* never written to */
    for (size_t i = 0; response && i < hd_dashboard_response_header_count(page); i++)
        MHD_add_response_header(response, hd_dashboard_response_header_name(page, i),
                                hd_dashboard_response_header_value(page, i));
    if (!is_stream || !response)
        hd_dashboard_response_free(page);
    return response;
}

#endif
