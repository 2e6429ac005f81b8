/* Reads the answer to one POST, HTTP/1.1 (RFC 9112) or HTTP/1.0, as it comes in: in pieces of any size, which change
 * nothing about the result. It allocates nothing, waits for nothing, and looks at no clock. A response that could be
 * read in two ways is refused, or its connection is not used again: nothing is guessed. */
#ifndef HD_TRANSPORT_HTTP1_H
#define HD_TRANSPORT_HTTP1_H

#include <stddef.h>
#include <stdint.h>

#define HD__HTTP1_OUTSIDE_MAX ((size_t)64 * 1024) /* heads of interim answers too, lines of chunks, trailers */
#define HD__HTTP1_BODY_MAX ((size_t)64 * 1024)    /* without what chunks add */
#define HD__HTTP1_INTERIM_MAX 32                  /* 1xx before the answer */
#define HD__HTTP1_VALUE_MAX 256 /* of a field that has a meaning here; all other fields may be longer */
#define HD__HTTP1_DATE_MAX 33   /* "Wednesday, 31-Dec-99 23:59:59 GMT" */

enum hd__http1_result {
    HD__HTTP1_MORE,      /* there is more to come */
    HD__HTTP1_WHOLE,     /* the answer is whole */
    HD__HTTP1_BAD,       /* this is no answer, or no body */
    HD__HTTP1_TOO_LARGE, /* one of the limits is exceeded */
    HD__HTTP1_CUT,       /* the connection has ended within the body */
    HD__HTTP1_NOTHING    /* it has ended before the first byte of an answer; interim ones are none */
};

/* What the caller is handed, in order, in pieces that depend on how the bytes came in. */
struct hd__http1_sink {
    /* A head begins: what was handed on before is that of an interim answer. */
    void (*begin)(void *user);
    /* Bytes of it as they came in: status line, field lines, and the empty line. */
    void (*head)(void *user, const char *data, size_t len);
    /* Bytes of the body, without what chunks add. Trailers are handed to nobody. */
    void (*body)(void *user, const char *data, size_t len);
};

struct hd__http1 {
    /* For the caller to read. */
    int status;       /* 0 until the head of the answer is whole and good; then it counts, whatever follows */
    int is_reusable;  /* 1 once the answer is whole, if the server takes another request: unless more came after it */
    int32_t idle_s;   /* for how long it keeps an idle connection (Keep-Alive: timeout); -1 if it does not say */
    unsigned interim; /* 1xx so far */
    size_t outside_bytes, body_bytes;

    /* The rest is its own. */
    const struct hd__http1_sink *sink;
    void *user;
    enum hd__http1_result result;
    unsigned state;
    unsigned position;                       /* in the first bytes of a status line */
    int minor, code;                         /* what that line says */
    int after_cr;                            /* a line feed has to follow */
    int is_head;                             /* else it is trailers that have fields */
    int is_doubtful;                         /* another parser might read this differently */
    int field;                               /* the one whose value is being read */
    int says_close, says_keep_alive;         /* Connection */
    int has_length;                          /* Content-Length */
    int has_coding, is_chunked, was_chunked; /* Transfer-Encoding: is there, ends with chunked, has it somewhere */
    uint64_t length;                         /* of the body or chunk: what is left of it */
    unsigned digits;                         /* of a chunk's size */
    uint32_t retry_after_s;
    size_t date_len, text_len;      /* text_len counts what has no room, too */
    char date[HD__HTTP1_DATE_MAX];  /* Retry-After, if it is no number */
    char text[HD__HTTP1_VALUE_MAX]; /* a name, then a value */
};

/* Begins an answer. The sink must outlive it. */
void hd__http1_begin(struct hd__http1 *http, const struct hd__http1_sink *sink, void *user);

/* Takes in what has come. *used receives how much of it belongs to the answer: all, unless the result is final. Of a
 * whole answer, what is left is nothing that anybody asked for; of one that is refused, it begins with the byte that is
 * wrong or too much. A final result stays. */
enum hd__http1_result hd__http1_read(struct hd__http1 *http, const char *data, size_t len, size_t *used);

/* Tells that the server has ended the connection in good order: over TLS that is a close_notify. A reset is no such
 * end: then nothing but the status counts, if there is one. Never returns HD__HTTP1_MORE. */
enum hd__http1_result hd__http1_end(struct hd__http1 *http);

/* What Retry-After asks for, a number or a date (RFC 9110 10.2.3), at most HD__RETRY_AFTER_MAX_S; 0 if nothing. */
uint32_t hd__http1_retry_after_s(const struct hd__http1 *http, int64_t now_s);

#endif
