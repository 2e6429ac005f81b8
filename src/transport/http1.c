#include "transport/http1.h"

#include "base/text.h"
#include "transport/http1_fields.h"

#include <string.h>

#define STATUS_LEN 12 /* "HTTP/1.1 200" */
#define SIZE_DIGITS_MAX 16

/* What the next byte belongs to. */
enum state {
    STATUS, /* the first bytes of a status line */
    REASON, /* the rest of it */
    FIELD,  /* the first byte of a field line, or the empty line */
    NAME,
    VALUE,
    CHUNK_SIZE,
    CHUNK_BLANK, /* after the size */
    CHUNK_EXTENSION,
    CHUNK_END,   /* the line end after its bytes */
    LENGTH_BODY, /* from here on: bytes of the body */
    CHUNK_BODY,
    OPEN_BODY /* up to the end of the connection */
};

void hd__http1_begin(struct hd__http1 *http, const struct hd__http1_sink *sink, void *user) {
    *http = (struct hd__http1){.idle_s = -1, .sink = sink, .user = user, .state = STATUS, .is_head = 1};
}

/* Each of the functions below that takes bytes returns how many it has taken. */

/* The byte at hand is wrong: it is not taken. */
static size_t refuse(struct hd__http1 *http) {
    http->result = HD__HTTP1_BAD;
    return 0;
}

static size_t exceed(struct hd__http1 *http) {
    http->result = HD__HTTP1_TOO_LARGE;
    return 0;
}

static size_t go_to(struct hd__http1 *http, enum state state) {
    http->state = state;
    return 1;
}

/* ---- The end of an answer ---- */

static int has_body(const struct hd__http1 *http) {
    return http->code != 204 && http->code != 304;
}

/* Whether the server takes another request after this answer (RFC 9112 9.3), and nothing about its end is in doubt: its
 * head speaks of no body that its status forbids, and it has no chunks as HTTP/1.0 (6.1). */
static int is_reusable(const struct hd__http1 *http) {
    if (http->says_close || http->is_doubtful)
        return 0;
    if (http->minor == 0 && (!http->says_keep_alive || http->has_coding))
        return 0;
    return has_body(http) || (http->length == 0 && !http->has_coding);
}

static size_t finish(struct hd__http1 *http) {
    http->result = HD__HTTP1_WHOLE;
    http->is_reusable = is_reusable(http);
    return 1;
}

/* ---- Lines that have ended ---- */

/* Nobody asked for another protocol: what would follow a 101 is no HTTP (RFC 9110 15.2.2, 7.8). HTTP/1.0 has no 1xx
 * (RFC 9110 15.2). */
static size_t end_status_line(struct hd__http1 *http) {
    if (http->code >= 200)
        return go_to(http, FIELD);
    if (http->code == 101)
        return refuse(http);
    if (http->interim++ == HD__HTTP1_INTERIM_MAX)
        return exceed(http);
    http->is_doubtful |= http->minor == 0;
    return go_to(http, FIELD);
}

static size_t end_interim(struct hd__http1 *http) {
    http->position = 0;
    http->code = 0;
    return go_to(http, STATUS);
}

/* RFC 9112 6.3. */
static size_t end_head(struct hd__http1 *http) {
    if (http->code < 200)
        return end_interim(http);
    if (http->has_coding && http->has_length)
        return refuse(http);
    http->status = http->code;
    http->is_head = 0;
    if (!has_body(http))
        return finish(http);
    if (http->has_coding)
        return go_to(http, http->is_chunked ? CHUNK_SIZE : OPEN_BODY);
    if (!http->has_length)
        return go_to(http, OPEN_BODY);
    return http->length > 0 ? go_to(http, LENGTH_BODY) : finish(http);
}

static size_t end_value(struct hd__http1 *http) {
    return hd__http1_take_field(http, http->text, http->text_len) ? go_to(http, FIELD) : refuse(http);
}

static size_t begin_chunk(struct hd__http1 *http) {
    http->length = http->digits = 0;
    return go_to(http, CHUNK_SIZE);
}

static size_t end_line(struct hd__http1 *http) {
    http->after_cr = 0;
    switch (http->state) {
    case STATUS:
    case REASON:
        return end_status_line(http);
    case FIELD:
        return http->is_head ? end_head(http) : finish(http);
    case VALUE:
        return end_value(http);
    case CHUNK_END:
        return begin_chunk(http);
    default:
        return go_to(http, http->length > 0 ? CHUNK_BODY : FIELD);
    }
}

/* ---- Bytes of lines ---- */

static int is_of_chunk(const struct hd__http1 *http) {
    return http->state >= CHUNK_SIZE;
}

/* Where a line may end. A lone line feed ends a status line or a field line, too (RFC 9112 2.2), but then the
 * connection is not used again. */
static size_t take_end(struct hd__http1 *http, const char *data, size_t len) {
    if (data[0] == '\r') {
        http->after_cr = 1;
        return len > 1 && data[1] == '\n' ? 1 + end_line(http) : 1;
    }
    if (data[0] != '\n' || is_of_chunk(http))
        return refuse(http);
    http->is_doubtful = 1;
    return end_line(http);
}

static int fits_status_line(struct hd__http1 *http, char c) {
    switch (http->position) {
    case 7:
        http->minor = c - '0';
        return c == '0' || c == '1';
    case 8:
        return c == ' ';
    case 9:
    case 10:
    case 11:
        http->code = http->code * 10 + (c - '0');
        return c >= (http->position == 9 ? '1' : '0') && c <= '9';
    default:
        return c == "HTTP/1."[http->position];
    }
}

/* A line that ends after its status, without the space (RFC 9112 4), means the same. */
static size_t take_status(struct hd__http1 *http, const char *data, size_t len) {
    static const char usual[] = "HTTP/1.1 ";
    size_t count = 0;
    if (http->position == STATUS_LEN)
        return data[0] == ' ' ? go_to(http, REASON) : take_end(http, data, len);
    if (http->position == 0 && len >= sizeof usual && memcmp(data, usual, sizeof usual - 1) == 0) {
        http->minor = 1;
        count = sizeof usual - 1;
        http->position = sizeof usual - 1;
    }
    for (; count < len && http->position < STATUS_LEN; count++, http->position++)
        if (!fits_status_line(http, data[count]))
            return count + refuse(http);
    return count;
}

static void remember(struct hd__http1 *http, const char *data, size_t len) {
    if (http->text_len < sizeof http->text) {
        size_t room = sizeof http->text - http->text_len;
        memcpy(http->text + http->text_len, data, len < room ? len : room);
    }
    http->text_len += len;
}

/* How many bytes, eight at a time, are none that could end a line, nor a NUL: all of those are below 14. */
static size_t skip_text(const char *data, size_t len) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t count = 0;
    uint64_t eight;
    for (; count + sizeof eight <= len; count += sizeof eight) {
        memcpy(&eight, data + count, sizeof eight);
        if ((eight - ones * 14) & ~eight & ones * 0x80)
            break;
    }
    return count;
}

/* The rest of a line, and its end. */
static size_t take_text(struct hd__http1 *http, const char *data, size_t len) {
    size_t count = skip_text(data, len);
    while (count < len && data[count] != '\r' && data[count] != '\n' && data[count] != '\0')
        count++;
    if (http->state == VALUE && http->field != HD__HTTP1_OTHER)
        remember(http, data, count);
    return count < len ? count + take_end(http, data + count, len - count) : count;
}

/* Fields of interim answers and trailers mean nothing. */
static size_t end_name(struct hd__http1 *http, const char *name, size_t len) {
    int means_something = http->is_head && http->code >= 200;
    http->field = means_something ? hd__http1_field_of(name, len) : HD__HTTP1_OTHER;
    http->text_len = 0;
    return go_to(http, VALUE);
}

static size_t take_name(struct hd__http1 *http, const char *data, size_t len, size_t count) {
    int ends = count < len && data[count] == ':';
    if (ends && http->text_len == 0)
        return count + end_name(http, data, count);
    remember(http, data, count);
    if (count == len)
        return count;
    return count + (ends ? end_name(http, http->text, http->text_len) : refuse(http));
}

/* A line that begins with a blank would go on with the one before it (RFC 9112 5.2): refused, as what has no name is.
 */
static size_t take_first(struct hd__http1 *http, const char *data, size_t len) {
    size_t count = hd__http1_token_len(data, len);
    if (count == 0)
        return take_end(http, data, len);
    http->state = NAME;
    http->text_len = 0;
    return take_name(http, data, len, count);
}

static size_t take_blank(struct hd__http1 *http, const char *data, size_t len) {
    if (data[0] == ' ' || data[0] == '\t')
        return go_to(http, CHUNK_BLANK);
    return data[0] == ';' ? go_to(http, CHUNK_EXTENSION) : take_end(http, data, len);
}

static size_t take_size(struct hd__http1 *http, const char *data, size_t len) {
    int digit = hd__hex_digit(data[0]);
    if (digit < 0)
        return http->digits > 0 ? take_blank(http, data, len) : refuse(http);
    if (http->digits++ == SIZE_DIGITS_MAX || http->length >> 59) /* it would have more than 63 bits */
        return refuse(http);
    http->length = http->length << 4 | (uint64_t)digit;
    return 1;
}

static size_t take_line(struct hd__http1 *http, const char *data, size_t len) {
    if (http->after_cr)
        return data[0] == '\n' ? end_line(http) : refuse(http);
    switch (http->state) {
    case STATUS:
        return take_status(http, data, len);
    case FIELD:
        return take_first(http, data, len);
    case NAME:
        return take_name(http, data, len, hd__http1_token_len(data, len));
    case CHUNK_SIZE:
        return take_size(http, data, len);
    case CHUNK_BLANK:
        return take_blank(http, data, len);
    case CHUNK_END:
        return take_end(http, data, len);
    default: /* REASON, VALUE, CHUNK_EXTENSION */
        return take_text(http, data, len);
    }
}

/* ---- An answer ---- */

static int is_between_heads(const struct hd__http1 *http) {
    return http->is_head && http->position == 0;
}

/* Lines of one head, or all lines up to the next bytes of the body. */
static size_t read_lines(struct hd__http1 *http, const char *data, size_t len) {
    size_t room = HD__HTTP1_OUTSIDE_MAX - http->outside_bytes, used = 0;
    int is_head = http->is_head;
    if (room == 0)
        return exceed(http);
    if (len > room)
        len = room;
    if (is_between_heads(http))
        http->sink->begin(http->user);
    do
        used += take_line(http, data + used, len - used);
    while (used < len && http->result == HD__HTTP1_MORE && http->is_head == is_head && http->state < LENGTH_BODY &&
           !is_between_heads(http));
    http->outside_bytes += used;
    if (is_head && used > 0)
        http->sink->head(http->user, data, used);
    return used;
}

static void end_body(struct hd__http1 *http) {
    if (http->state == LENGTH_BODY)
        (void)finish(http);
    else
        http->state = CHUNK_END;
}

static size_t read_body(struct hd__http1 *http, const char *data, size_t len) {
    size_t room = HD__HTTP1_BODY_MAX - http->body_bytes;
    if (room == 0)
        return exceed(http);
    if (len > room)
        len = room;
    if (http->state != OPEN_BODY && len > http->length)
        len = (size_t)http->length;
    http->sink->body(http->user, data, len);
    http->body_bytes += len;
    if (http->state != OPEN_BODY && (http->length -= len) == 0)
        end_body(http);
    return len;
}

enum hd__http1_result hd__http1_read(struct hd__http1 *http, const char *data, size_t len, size_t *used) {
    for (*used = 0; *used < len && http->result == HD__HTTP1_MORE;)
        *used += http->state < LENGTH_BODY ? read_lines(http, data + *used, len - *used)
                                           : read_body(http, data + *used, len - *used);
    return http->result;
}

enum hd__http1_result hd__http1_end(struct hd__http1 *http) {
    if (http->result != HD__HTTP1_MORE)
        return http->result;
    if (is_between_heads(http))
        http->result = HD__HTTP1_NOTHING;
    else if (http->status == 0)
        http->result = HD__HTTP1_BAD;
    else
        http->result = http->state == OPEN_BODY ? HD__HTTP1_WHOLE : HD__HTTP1_CUT;
    return http->result;
}
