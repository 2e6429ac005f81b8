/* SPDX-License-Identifier: MIT */
/* Answers that are refused, and some that end too early to be any. */
#include "support/answers.h"

#define SPLIT(good, wrong)                                                                                             \
    .taken = (good), .taken_len = sizeof(good) - 1, .left = (wrong), .left_len = sizeof(wrong) - 1

/* The first wrong byte is where the second text begins. */
#define BAD(title, good, wrong) .name = (title), SPLIT(good, wrong), .open = HD__HTTP1_BAD, .ended = HD__HTTP1_BAD
#define ENDS(title, text, result) .name = (title), SPLIT(text, ""), .open = HD__HTTP1_MORE, .ended = (result)
#define BAD_BODY(title, good, wrong) BAD(title, OK11 CHUNKED "\r\n" good, wrong), .status = 200

#define OK11 "HTTP/1.1 200 OK\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define REST "\r\n\r\nok"
#define NUL "\0"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define CONTINUE_8 CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE
#define BLANKS_64 "                                                                "
#define BLANKS_256 BLANKS_64 BLANKS_64 BLANKS_64 BLANKS_64

const struct answer bad_answers[] = {
    /* The connection ends too early */
    {ENDS("nothing", "", HD__HTTP1_NOTHING)},
    {ENDS("an interim answer and nothing", CONTINUE, HD__HTTP1_NOTHING)},
    {ENDS("one byte", "H", HD__HTTP1_BAD)},
    {ENDS("half of a status line", "HTTP/1.1 2", HD__HTTP1_BAD)},
    {ENDS("a status line", OK11, HD__HTTP1_BAD)},
    {ENDS("half of a reason", "HTTP/1.1 200 O", HD__HTTP1_BAD)},
    {ENDS("half of a name", OK11 "Content-Le", HD__HTTP1_BAD)},
    {ENDS("half of a value", OK11 "Content-Length: 2", HD__HTTP1_BAD)},
    {ENDS("half of a line end", OK11 "Content-Length: 2\r", HD__HTTP1_BAD)},
    {ENDS("half of an empty line", OK11 "Content-Length: 2\r\n\r", HD__HTTP1_BAD)},
    {ENDS("half of an interim answer", "HTTP/1.1 100 Continue\r\n", HD__HTTP1_BAD)},

    /* Status lines */
    {BAD("garbage", "", "garbage\r\n\r\n")},
    {BAD("HTTP/0.9", "", "ok")},
    {BAD("a request", "", "POST / HTTP/1.1\r\n\r\n")},
    {BAD("an empty line before the status line", "", "\r\n" OK11 "\r\n")},
    {BAD("a line feed before the status line", "", "\n" OK11 "\r\n")},
    {BAD("a space before the status line", "", " " OK11 "\r\n")},
    {BAD("a NUL before the status line", "", NUL OK11 "\r\n")},
    {BAD("a byte order mark", "", "\xEF\xBB\xBF" OK11 "\r\n")},
    {BAD("garbage behind an interim answer", CONTINUE, "garbage" REST)},
    {BAD("an empty line behind an interim answer", CONTINUE, "\r\n" OK11 REST)},
    {BAD("a letter twice", "H", "HTTP/1.1 200 OK" REST)},
    {BAD("small letters", "", "http/1.1 200 OK" REST)},
    {BAD("another protocol", "", "ICY 200 OK" REST)},
    {BAD("no version", "HTTP", " 200 OK" REST)},
    {BAD("HTTP/2", "HTTP/", "2 200" REST)},
    {BAD("HTTP/2.0", "HTTP/", "2.0 200 OK" REST)},
    {BAD("HTTP/0.9 in so many words", "HTTP/", "0.9 200 OK" REST)},
    {BAD("HTTP/1", "HTTP/1", " 200 OK" REST)},
    {BAD("HTTP/1.2", "HTTP/1.", "2 200 OK" REST)},
    {BAD("HTTP/1.10", "HTTP/1.1", "0 200 OK" REST)},
    {BAD("HTTP/01.1", "HTTP/", "01.1 200 OK" REST)},
    {BAD("no status", "HTTP/1.1", "\r\n\r\n")},
    {BAD("no status, but the space", "HTTP/1.1 ", "\r\n\r\n")},
    {BAD("two spaces before the status", "HTTP/1.1 ", " 200 OK" REST)},
    {BAD("a tab before the status", "HTTP/1.1", "\t200 OK" REST)},
    {BAD("a word for a status", "HTTP/1.1 ", "OK 200" REST)},
    {BAD("a status of one digit", "HTTP/1.1 2", " OK" REST)},
    {BAD("a status of two digits", "HTTP/1.1 20", " OK" REST)},
    {BAD("a status of four digits", "HTTP/1.1 200", "0 OK" REST)},
    {BAD("a status of 000", "HTTP/1.1 ", "000 OK" REST)},
    {BAD("a status of 099", "HTTP/1.1 ", "099 OK" REST)},
    {BAD("a negative status", "HTTP/1.1 ", "-20 OK" REST)},
    {BAD("a letter in a status", "HTTP/1.1 2", "a0 OK" REST)},
    {BAD("a colon in a status", "HTTP/1.1 20", ": OK" REST)},
    {BAD("a tab behind the status", "HTTP/1.1 200", "\tOK" REST)},
    {BAD("a reason right behind the status", "HTTP/1.1 200", "OK" REST)},
    {BAD("a NUL in the reason", "HTTP/1.1 200 O", NUL "K" REST)},
    {BAD("a carriage return in the reason", "HTTP/1.1 200 O\r", "K" REST)},
    {BAD("two carriage returns behind the reason", "HTTP/1.1 200 OK\r", "\r\n" REST)},

    /* Interim answers */
    {BAD("101", "HTTP/1.1 101 Switching Protocols\r", "\nUpgrade: websocket\r\n\r\n")},
    {.name = "33 interim answers",
     SPLIT(CONTINUE_8 CONTINUE_8 CONTINUE_8 CONTINUE_8 "HTTP/1.1 100 Continue\r", "\n\r\n" OK11 "\r\n"),
     .open = HD__HTTP1_TOO_LARGE,
     .ended = HD__HTTP1_TOO_LARGE},
    {BAD("a NUL in an interim answer", "HTTP/1.1 100 A\r\nB: ", NUL REST)},

    /* Field lines */
    {BAD("a line that goes on", OK11 "A: b\r\n", " c" REST)},
    {BAD("a line that goes on with a tab", OK11 "A: b\r\n", "\tc" REST)},
    {BAD("a line of blanks", OK11 "A: b\r\n", "  " REST)},
    {BAD("a length that goes on", OK11 "Content-Length: 2\r\n", " 2" REST)},
    {BAD("a length on the next line", OK11 "Content-Length:\r", "\n 2" REST)},
    {BAD("a blank before the first field", OK11, " A: b" REST)},
    {BAD("a space before the colon", OK11 "Content-Length", " : 2" REST)},
    {BAD("a tab before the colon", OK11 "A", "\t: b" REST)},
    {BAD("no name", OK11, ": b" REST)},
    {BAD("no colon", OK11 "A", "\r\n" REST)},
    {BAD("no colon, line feed alone", OK11 "A", "\n" REST)},
    {BAD("a space in a name", OK11 "A", " B: c" REST)},
    {BAD("a parenthesis in a name", OK11 "A", "(b): c" REST)},
    {BAD("a byte beyond ASCII in a name", OK11 "A", "\xC3\xA4: b" REST)},
    {BAD("a control character in a name", OK11 "A", "\x0B: b" REST)},
    {BAD("DEL in a name", OK11 "A", "\x7F: b" REST)},
    {BAD("a NUL in a name", OK11 "A", NUL ": b" REST)},
    {BAD("a NUL for a name", OK11, NUL ": b" REST)},
    {BAD("a NUL in a value", OK11 "A: b", NUL "c" REST)},
    {BAD("a carriage return in a name", OK11 "A", "\rB: c" REST)},
    {BAD("a carriage return in a value", OK11 "A: b\r", "c" REST)},
    {BAD("a carriage return before a field", OK11 "\r", "A: b" REST)},
    {BAD("two carriage returns behind a value", OK11 "A: b\r", "\r\n" REST)},
    {BAD("two carriage returns for an empty line", OK11 "A: b\r\n\r", "\r\nok")},

    /* Content-Length */
    {BAD("two lengths", OK11 "Content-Length: 2\r\nContent-Length: 7\r", "\n\r\nok")},
    {BAD("two lengths in a list", OK11 "Content-Length: 2, 7\r", "\n\r\nok")},
    {BAD("a length and a list", OK11 "Content-Length: 2\r\nContent-Length: 2,2,7\r", "\n\r\nok")},
    {BAD("a negative length", OK11 "Content-Length: -2\r", "\n\r\nok")},
    {BAD("a length with a plus", OK11 "Content-Length: +2\r", "\n\r\nok")},
    {BAD("a length of blanks", OK11 "Content-Length: \t\r", "\n\r\nok")},
    {BAD("an empty length", OK11 "Content-Length:\r", "\n\r\nok")},
    {BAD("a list that ends with a comma", OK11 "Content-Length: 2,\r", "\n\r\nok")},
    {BAD("a list that begins with a comma", OK11 "Content-Length: ,2\r", "\n\r\nok")},
    {BAD("a length of two words", OK11 "Content-Length: 2 2\r", "\n\r\nok")},
    {BAD("a length of a word", OK11 "Content-Length: two\r", "\n\r\nok")},
    {BAD("a length with a word", OK11 "Content-Length: 2x\r", "\n\r\nok")},
    {BAD("a length in hexadecimal", OK11 "Content-Length: 0x2\r", "\n\r\nok")},
    {BAD("a length with a fraction", OK11 "Content-Length: 2.0\r", "\n\r\nok")},
    {BAD("a length in quotes", OK11 "Content-Length: \"2\"\r", "\n\r\nok")},
    {BAD("a length with a vertical tab",
         OK11 "Content-Length: \x0B"
              "2\r",
         "\n\r\nok")},
    {BAD("a length of 19 digits", OK11 "Content-Length: 0000000000000000002\r", "\n\r\nok")},
    {BAD("a length of 20 digits", OK11 "Content-Length: 18446744073709551618\r", "\n\r\nok")},
    {BAD("a length behind too many blanks", OK11 "Content-Length:" BLANKS_256 "2\r", "\n\r\nok")},
    {BAD("a bad length of a 204", "HTTP/1.1 204 A\r\nContent-Length: -1\r", "\n\r\n")},

    /* Transfer-Encoding */
    {BAD("a length, then chunked", OK11 "Content-Length: 2\r\n" CHUNKED "\r", "\n0\r\n\r\n")},
    {BAD("chunked, then a length", OK11 CHUNKED "Content-Length: 2\r\n\r", "\n0\r\n\r\n")},
    {BAD("a length and another coding", OK11 "Content-Length: 2\r\nTransfer-Encoding: identity\r\n\r", "\nok")},
    {BAD("chunked twice", OK11 "Transfer-Encoding: chunked, chunked\r", "\n\r\n0\r\n\r\n")},
    {BAD("chunked on two lines", OK11 CHUNKED "Transfer-Encoding: chunked\r", "\n\r\n0\r\n\r\n")},
    {BAD("chunked, gzip, chunked", OK11 "Transfer-Encoding: chunked, gzip, chunked\r", "\n\r\n0\r\n\r\n")},
    {BAD("chunked with a parameter", OK11 "Transfer-Encoding: chunked;a=b\r", "\n\r\n0\r\n\r\n")},
    {BAD("chunked with a vertical tab",
         OK11 "Transfer-Encoding: \x0B"
              "chunked\r",
         "\n\r\n0\r\n\r\n")},
    {BAD("chunked in quotes", OK11 "Transfer-Encoding: \"chunked\"\r", "\n\r\n0\r\n\r\n")},
    {BAD("chunked in a quoted parameter", OK11 "Transfer-Encoding: gzip;a=\"b, chunked\"\r", "\n\r\n0\r\n\r\n")},
    {BAD("chunked and another word", OK11 "Transfer-Encoding: chunked gzip\r", "\n\r\n0\r\n\r\n")},
    {BAD("a coding without a name", OK11 "Transfer-Encoding: ;a=b, chunked\r", "\n\r\n0\r\n\r\n")},
    {BAD("chunked behind too many blanks", OK11 "Transfer-Encoding:" BLANKS_256 "chunked\r", "\n\r\n0\r\n\r\n")},
};

const size_t bad_answers_count = sizeof bad_answers / sizeof bad_answers[0];

/* The head is good and counts; the body is cut where it is wrong. */
const struct answer bad_bodies[] = {
    {BAD_BODY("no size", "", "\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a size that is none", "", "ok\r\n")},
    {BAD_BODY("a size with 0x", "0", "x2\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a negative size", "", "-2\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a size with a plus", "", "+2\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a blank before a size", "", " 2\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a blank in a size", "0 ", "2\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a letter behind a size", "2", "g\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a size of 17 digits", "0000000000000000", "2\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a size of 64 bits", "800000000000000", "0\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("an extension without a size", "", ";a\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a line feed alone behind a size", "2", "\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a line feed alone behind a blank", "2 ", "\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a line feed alone behind an extension", "2;a", "\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a carriage return in an extension", "2;a\r", "b\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a carriage return behind a size", "2\r", "ok\r\n0\r\n\r\n")},
    {BAD_BODY("a NUL in an extension", "2;a", NUL "b\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a NUL behind a size", "2", NUL "\r\nok\r\n0\r\n\r\n")},
    {BAD_BODY("a line feed alone behind a chunk", "2\r\nok", "\n0\r\n\r\n"), .body = "ok"},
    {BAD_BODY("nothing behind a chunk", "2\r\nok", "0\r\n\r\n"), .body = "ok"},
    {BAD_BODY("more than the size says", "2\r\nok", "!\r\n0\r\n\r\n"), .body = "ok"},
    {BAD_BODY("a carriage return behind a chunk", "2\r\nok\r", "0\r\n\r\n"), .body = "ok"},
    {BAD_BODY("two line ends behind a chunk", "2\r\nok\r\n", "\r\n0\r\n\r\n"), .body = "ok"},
    {BAD_BODY("a trailer that goes on", "0\r\nA: b\r\n", " c\r\n\r\n")},
    {BAD_BODY("a trailer without a colon", "0\r\nA", "\r\n\r\n")},
    {BAD_BODY("a trailer without a name", "0\r\n", ": b\r\n\r\n")},
    {BAD_BODY("a NUL in a trailer", "0\r\nA: b", NUL "\r\n\r\n")},
    {BAD_BODY("a carriage return in a trailer", "0\r\nA: b\r", "c\r\n\r\n")},
    {BAD_BODY("another answer for trailers", "0\r\nHTTP", "/1.1 200 OK\r\n\r\n")},
};

const size_t bad_bodies_count = sizeof bad_bodies / sizeof bad_bodies[0];
