#include "transport/handshake.h"

/* ---- Bytes ---- */

struct bytes {
    const unsigned char *at;
    size_t len;
};

/* Takes so many bytes away from the front. Returns 0 if there are less. */
static int take(struct bytes *from, size_t len, struct bytes *taken) {
    if (len > from->len)
        return 0;
    *taken = (struct bytes){from->at, len};
    from->at += len;
    from->len -= len;
    return 1;
}

static int take_number(struct bytes *from, size_t size, size_t *number) {
    struct bytes digits;
    if (!take(from, size, &digits))
        return 0;
    *number = 0;
    for (size_t i = 0; i < size; i++)
        *number = *number << 8 | digits.at[i];
    return 1;
}

/* Takes a field that begins with its length, in so many bytes. */
static int take_vector(struct bytes *from, size_t size, struct bytes *taken) {
    size_t len;
    return take_number(from, size, &len) && take(from, len, taken);
}

/* ---- DER (X.690) ---- */

#define DER_SEQUENCE 0x30
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_VERSION 0xa0

static int take_value(struct bytes *from, size_t *tag, struct bytes *value) {
    size_t len;
    if (!take_number(from, 1, tag) || !take_number(from, 1, &len))
        return 0;
    if (len > 0x80 && len <= 0x84 && !take_number(from, len - 0x80, &len))
        return 0;
    return len != 0x80 && take(from, len, value);
}

static int take_sequence(struct bytes *from, struct bytes *value) {
    size_t tag;
    return take_value(from, &tag, value) && tag == DER_SEQUENCE;
}

static int skip_value(struct bytes *from) {
    size_t tag;
    struct bytes value;
    return take_value(from, &tag, &value);
}

/* ---- Times ---- */

static int take_digits(struct bytes *from, size_t count, int *number) {
    struct bytes digits;
    if (!take(from, count, &digits))
        return 0;
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return 0;
        *number = *number * 10 + (digits.at[i] - '0');
    }
    return 1;
}

/* Days from 1970-01-01 in the Gregorian calendar: years begin in March here, so that a leap day is the last of its. */
static int64_t days_of(int year, int month, int day) {
    int64_t years = month > 2 ? year : year - 1;
    int64_t months = month > 2 ? month - 3 : month + 9;
    return years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1 - 719468;
}

/* UTCTime has two digits of the year, of 1950 to 2049; both are in UTC, with seconds (RFC 5280 4.1.2.5). */
static int take_time(struct bytes *from, int64_t *seconds) {
    struct bytes text;
    size_t tag;
    int year, month, day, hour, minute, second;
    if (!take_value(from, &tag, &text) || (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) ||
        !take_digits(&text, tag == DER_UTC_TIME ? 2 : 4, &year) || !take_digits(&text, 2, &month) ||
        !take_digits(&text, 2, &day) || !take_digits(&text, 2, &hour) || !take_digits(&text, 2, &minute) ||
        !take_digits(&text, 2, &second) || month < 1 || month > 12)
        return 0;
    if (tag == DER_UTC_TIME)
        year += year < 50 ? 2000 : 1900;
    *seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return 1;
}

/* ---- Certificates (RFC 5280 4.1) ---- */

/* The validity comes after version, serial number, algorithm and issuer. */
static struct hd__validity validity_of(struct bytes der) {
    struct bytes certificate, body, validity;
    struct hd__validity found;
    if (!take_sequence(&der, &certificate) || !take_sequence(&certificate, &body))
        return (struct hd__validity){0, 0};
    if (body.len > 0 && body.at[0] == DER_VERSION)
        (void)skip_value(&body);
    if (skip_value(&body) && skip_value(&body) && skip_value(&body) && take_sequence(&body, &validity) &&
        take_time(&validity, &found.from_s) && take_time(&validity, &found.until_s))
        return found;
    return (struct hd__validity){0, 0};
}

static int is_one_list(struct bytes body) {
    struct bytes list;
    return take_vector(&body, 3, &list) && body.len == 0;
}

/* TLS 1.2 has a list of certificates (RFC 5246 7.4.2). In 1.3 an empty text comes before it, and extensions after each
 * certificate (RFC 8446 4.4.2). */
static void hear_chain(struct hd__handshake *handshake, struct bytes body) {
    struct bytes list, certificate, extensions, text;
    int is_1_3 = !is_one_list(body);
    if ((is_1_3 && !take_vector(&body, 1, &text)) || !take_vector(&body, 3, &list))
        return;
    handshake->chain_len = 0;
    while (handshake->chain_len < HD__CHAIN_MAX && take_vector(&list, 3, &certificate)) {
        handshake->chain[handshake->chain_len++] = validity_of(certificate);
        if (is_1_3 && !take_vector(&list, 2, &extensions))
            return;
    }
}

/* ---- Messages ---- */

#define ALERT_FATAL 2
#define TYPE_CERTIFICATE 11
#define TYPE_CERTIFICATE_REQUEST 13
#define TYPE_FINISHED 20

/* A message of the handshake says its own length, which no header of a record does by chance. */
static void hear_message(struct hd__handshake *handshake, struct bytes bytes) {
    size_t type;
    struct bytes body;
    if (!take_number(&bytes, 1, &type) || !take_vector(&bytes, 3, &body) || bytes.len > 0)
        return;
    handshake->messages++;
    if (type == TYPE_CERTIFICATE)
        hear_chain(handshake, body);
    else if (type == TYPE_CERTIFICATE_REQUEST)
        handshake->asks_certificate = 1;
    else if (type == TYPE_FINISHED)
        handshake->is_whole = 1;
}

void hd__handshake_hear(struct hd__handshake *handshake, const void *bytes, size_t len) {
    struct bytes given = {bytes, len};
    if (len != 2) {
        hear_message(handshake, given);
        return;
    }
    handshake->messages++;
    if (given.at[0] == ALERT_FATAL)
        handshake->alert = given.at[1];
}

void hd__handshake_say(struct hd__handshake *handshake, const void *bytes, size_t len) {
    const unsigned char *given = bytes;
    if (len == 2 && given[0] == ALERT_FATAL)
        handshake->own_alert = given[1];
}
