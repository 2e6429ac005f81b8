/* SPDX-License-Identifier: MIT */
/* Answers that are good, or good as far as they have come. */
#include "support/answers.h"

#define BYTES(text) .taken = (text), .taken_len = sizeof(text) - 1

/* Whole, whole when the connection has ended, and of which something is missing then. */
#define WHOLE(title, number, text)                                                                                     \
    .name = (title), BYTES(text), .open = HD__HTTP1_WHOLE, .ended = HD__HTTP1_WHOLE, .status = (number)
#define OPEN(title, number, text)                                                                                      \
    .name = (title), BYTES(text), .open = HD__HTTP1_MORE, .ended = HD__HTTP1_WHOLE, .status = (number)
#define SHORT(title, number, text)                                                                                     \
    .name = (title), BYTES(text), .open = HD__HTTP1_MORE, .ended = HD__HTTP1_CUT, .status = (number)

#define OK11 "HTTP/1.1 200 OK\r\n"
#define OK10 "HTTP/1.0 200 OK\r\n"
#define TWO "Content-Length: 2\r\n"
#define NONE "Content-Length: 0\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define CONTINUE_8 CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE CONTINUE
#define A_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A_512 A_64 A_64 A_64 A_64 A_64 A_64 A_64 A_64

const struct answer good_answers[] = {
    /* Content-Length */
    {WHOLE("a length", 200, OK11 TWO "\r\nok"), .body = "ok", .is_reusable = true},
    {WHOLE("a length of nothing", 200, OK11 NONE "\r\n"), .is_reusable = true},
    {WHOLE("the same length twice", 200, OK11 TWO TWO "\r\nok"), .body = "ok", .is_reusable = true},
    {WHOLE("a list of the same length", 200, OK11 "Content-Length: 2, 2 ,2\r\n\r\nok"), .body = "ok",
     .is_reusable = true},
    {WHOLE("a length with zeros before it", 200, OK11 "Content-Length: 000000000000000002\r\n\r\nok"), .body = "ok",
     .is_reusable = true},
    {WHOLE("a length among blanks", 200, OK11 "cONTENT-lENGTH:\t 2 \t\r\n\r\nok"), .body = "ok", .is_reusable = true},
    {WHOLE("a length right behind its colon", 200, OK11 "Content-Length:2\r\n\r\nok"), .body = "ok",
     .is_reusable = true},
    {WHOLE("a length, and more than that", 200, OK11 TWO "\r\nok"), .body = "ok", .is_reusable = true, .left = "!",
     .left_len = 1},
    {WHOLE("two answers", 200, OK11 NONE "\r\n"), .is_reusable = true, .left = OK11, .left_len = sizeof OK11 - 1},
    {SHORT("a length, and less than that", 200, OK11 "Content-Length: 3\r\n\r\nok"), .body = "ok"},
    {SHORT("a length, and nothing", 200, OK11 TWO "\r\n")},
    {SHORT("the largest length", 200, OK11 "Content-Length: 999999999999999999\r\n\r\nok"), .body = "ok"},

    /* Transfer-Encoding */
    {WHOLE("chunks", 200, OK11 CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n"), .body = "ok", .is_reusable = true},
    {WHOLE("no chunks", 200, OK11 CHUNKED "\r\n0\r\n\r\n"), .is_reusable = true},
    {WHOLE("sizes in any case, with zeros before them", 200,
           OK11 "transfer-encoding:CHUNKED\r\n\r\n00a\r\n0123456789\r\n00000000000000F\r\n0123456789abcde\r\n"
                "A\r\n0123456789\r\n9\r\n012345678\r\nf\r\n0123456789abcde\r\n000\r\n\r\n"),
     .body = "0123456789"
             "0123456789abcde"
             "0123456789"
             "012345678"
             "0123456789abcde",
     .is_reusable = true},
    {WHOLE("chunks with line ends in them", 200, OK11 CHUNKED "\r\n6\r\n\r\n0\r\n\r\r\n0\r\n\r\n"),
     .body = "\r\n0\r\n\r", .is_reusable = true},
    {WHOLE("extensions", 200, OK11 CHUNKED "\r\n1;a\r\no\r\n1 ;a = \"b;c\"\r\nk\r\n0;\r\n\r\n"), .body = "ok",
     .is_reusable = true},
    {WHOLE("blanks behind sizes", 200, OK11 CHUNKED "\r\n2 \t \r\nok\r\n0  \r\n\r\n"), .body = "ok",
     .is_reusable = true},
    {WHOLE("trailers", 200, OK11 CHUNKED "\r\n2\r\nok\r\n0\r\nA: b\r\nX-Checksum: 1\r\n\r\n"), .body = "ok",
     .is_reusable = true},
    {WHOLE("trailers that would frame", 200,
           OK11 CHUNKED "\r\n2\r\nok\r\n0\r\nContent-Length: 9\r\nConnection: close\r\nTransfer-Encoding: "
                        "x\r\nContent-Length: -1\r\n\r\n"),
     .body = "ok", .is_reusable = true},
    {WHOLE("empty elements of a list", 200, OK11 "Transfer-Encoding: , ,chunked,\r\n\r\n0\r\n\r\n"),
     .is_reusable = true},
    {WHOLE("gzip, then chunks", 200, OK11 "Transfer-Encoding: gzip\r\n" CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n"),
     .body = "ok", .is_reusable = true},
    {WHOLE("a coding with a parameter, then chunks", 200,
           OK11 "Transfer-Encoding: x ; a=b, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
     .body = "ok", .is_reusable = true},
    {OPEN("gzip alone", 200, OK11 "Transfer-Encoding: gzip\r\n\r\n\x1F\x8B"), .body = "\x1F\x8B"},
    {OPEN("an unknown coding", 200, OK11 "Transfer-Encoding: xchunked\r\n\r\nok"), .body = "ok"},
    {OPEN("identity", 200, OK11 "Transfer-Encoding: identity\r\n\r\nok"), .body = "ok"},
    {OPEN("chunks, then gzip", 200, OK11 "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"), .body = "0\r\n\r\n"},
    {OPEN("no coding", 200, OK11 "Transfer-Encoding: \r\n\r\nok"), .body = "ok"},
    {SHORT("chunks without an end", 200, OK11 CHUNKED "\r\n2\r\nok\r\n"), .body = "ok"},
    {SHORT("half of a chunk", 200, OK11 CHUNKED "\r\n3\r\nok"), .body = "ok"},
    {SHORT("half of a size", 200, OK11 CHUNKED "\r\n0")},
    {SHORT("the largest chunk", 200, OK11 CHUNKED "\r\n7fffffffffffffff\r\nok"), .body = "ok"},
    {SHORT("a last chunk without the empty line", 200, OK11 CHUNKED "\r\n0\r\n")},
    {SHORT("half of a trailer", 200, OK11 CHUNKED "\r\n0\r\nA: b\r")},

    /* Neither */
    {OPEN("up to the end", 200, OK11 "\r\nok"), .body = "ok"},
    {OPEN("nothing up to the end", 200, OK11 "\r\n")},
    {OPEN("keep-alive, up to the end", 200, OK11 "Connection: keep-alive\r\n\r\nok"), .body = "ok"},
    {OPEN("HTTP/1.0, up to the end", 200, OK10 "\r\nok"), .body = "ok"},

    /* No body */
    {WHOLE("204", 204, "HTTP/1.1 204 No Content\r\n\r\n"), .is_reusable = true},
    {WHOLE("204 with a length of 0", 204, "HTTP/1.1 204 No Content\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("204 with a length", 204, "HTTP/1.1 204 No Content\r\n" TWO "\r\n"), .left = "ok", .left_len = 2},
    {WHOLE("204 with chunks", 204, "HTTP/1.1 204 No Content\r\n" CHUNKED "\r\n"), .left = "0\r\n\r\n", .left_len = 5},
    {WHOLE("304", 304, "HTTP/1.1 304 Not Modified\r\n\r\n"), .is_reusable = true},
    {WHOLE("304 with a length", 304, "HTTP/1.1 304 Not Modified\r\n" TWO "\r\n")},
    {WHOLE("205 with a length of 0", 205, "HTTP/1.1 205 Reset Content\r\n" NONE "\r\n"), .is_reusable = true},

    /* Connection */
    {WHOLE("close", 200, OK11 "Connection: close\r\n" NONE "\r\n")},
    {WHOLE("close behind the length", 200, OK11 NONE "CONNECTION:\tClOsE \r\n\r\n")},
    {WHOLE("close in a list", 200, OK11 "Connection: x, close ,y\r\n" NONE "\r\n")},
    {WHOLE("close and keep-alive", 200, OK11 "Connection: close\r\nConnection: keep-alive\r\n" NONE "\r\n")},
    {WHOLE("keep-alive and close", 200, OK11 "Connection: keep-alive, close\r\n" NONE "\r\n")},
    {WHOLE("close as part of a word", 200, OK11 "Connection: closed, unclose\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a Connection that is too long", 200, OK11 "Connection: " A_512 "\r\n" NONE "\r\n")},
    {WHOLE("chunks and close", 200, OK11 CHUNKED "Connection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n"), .body = "ok"},
    {WHOLE("HTTP/1.0", 200, OK10 NONE "\r\n")},
    {WHOLE("HTTP/1.0, keep-alive", 200, OK10 "Connection: Keep-Alive\r\n" TWO "\r\nok"), .body = "ok",
     .is_reusable = true},
    {WHOLE("HTTP/1.0, keep-alive and more", 200, OK10 "Connection: x, keep-alive, y\r\n" NONE "\r\n"),
     .is_reusable = true},
    {WHOLE("HTTP/1.0, keep-alive and close", 200, OK10 "Connection: keep-alive, close\r\n" NONE "\r\n")},
    {WHOLE("HTTP/1.0, Keep-Alive alone", 200, OK10 "Keep-Alive: timeout=5\r\n" NONE "\r\n")},
    {WHOLE("HTTP/1.0, chunks", 200, OK10 "Connection: keep-alive\r\n" CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n"),
     .body = "ok"},

    /* Interim answers */
    {WHOLE("100", 200, CONTINUE OK11 TWO "\r\nok"), .body = "ok", .is_reusable = true},
    {WHOLE("100, 103", 200, CONTINUE "HTTP/1.1 103 Early Hints\r\nLink: a\r\nLink: b\r\n\r\n" OK11 TWO "\r\nok"),
     .body = "ok", .is_reusable = true},
    {WHOLE("an unknown interim answer", 204, "HTTP/1.1 199\r\n\r\nHTTP/1.1 204 \r\n\r\n"), .is_reusable = true},
    {WHOLE("interim fields that would frame", 200,
           "HTTP/1.1 100 A\r\nContent-Length: 9\r\nConnection: close\r\n" CHUNKED "Content-Length: x\r\n\r\n" OK11 TWO
           "\r\nok"),
     .body = "ok", .is_reusable = true},
    {WHOLE("an interim answer of HTTP/1.0", 200, "HTTP/1.0 100 A\r\n\r\n" OK11 TWO "\r\nok"), .body = "ok"},
    {WHOLE("32 interim answers", 200, CONTINUE_8 CONTINUE_8 CONTINUE_8 CONTINUE_8 OK11 NONE "\r\n"),
     .is_reusable = true},

    /* Lines */
    {WHOLE("no reason", 200, "HTTP/1.1 200 \r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("no reason, nor the space", 200, "HTTP/1.1 200\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a reason of any bytes", 200, "HTTP/1.1 200 \t\xE4\xFF: \x7F\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a long reason", 200, "HTTP/1.1 200 " A_512 "\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("599", 599, "HTTP/1.1 599 A\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("999", 999, "HTTP/1.1 999 A\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a value of nothing", 200, OK11 "A:\r\nB: \t\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a value of any bytes", 200, OK11 "A: \x80\xFF \"\t:,;\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a value with control characters", 200, OK11 "A: \x01\x08\x0B\x0C\x1B[31m\x7F\r\n" NONE "\r\n"),
     .is_reusable = true},
    {WHOLE("a name of every kind", 200, OK11 "!#$%&'*+-.^_`|~09azAZ: b\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a long name", 200, OK11 A_512 ": b\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("a long value", 200, OK11 "A: " A_512 A_512 "\r\n" NONE "\r\n"), .is_reusable = true},
    {WHOLE("names that begin or end alike", 200,
           OK11 "Content-Lengt: 7\r\nContent-Length2: 7\r\nXContent-Length: 7\r\nConnection2: close\r\n" NONE "\r\n"),
     .is_reusable = true},
    {WHOLE("names that differ in a letter", 200,
           OK11 "Content_Length: 7\r\nConnectiom: close\r\nTransfer_Encoding: chunked\r\nRetry-Befor: 7\r\n" NONE
                "\r\n"),
     .is_reusable = true},
    {WHOLE("names that differ in the first letter", 200,
           OK11 "Bontent-Length: 7\r\nBonnection: close\r\nUransfer-Encoding: chunked\r\n" NONE "\r\n"),
     .is_reusable = true},
    {WHOLE("line feeds alone", 200, "HTTP/1.1 200 OK\nContent-Length: 2\nA: b\n\nok"), .body = "ok"},
    {WHOLE("a line feed alone behind the status line", 200, "HTTP/1.1 200\n" NONE "\r\n")},
    {WHOLE("a line feed alone behind a field", 200, OK11 "Content-Length: 2\n\r\nok"), .body = "ok"},
    {WHOLE("a line feed alone behind the head", 200, OK11 TWO "\nok"), .body = "ok"},
    {WHOLE("a line feed alone in an interim answer", 200, "HTTP/1.1 100 A\n\r\n" OK11 NONE "\r\n")},
    {WHOLE("a line feed alone behind a trailer", 200, OK11 CHUNKED "\r\n0\r\nA: b\n\r\n")},
    {WHOLE("a line feed alone behind the trailers", 200, OK11 CHUNKED "\r\n0\r\n\n")},
};

const size_t good_answers_count = sizeof good_answers / sizeof good_answers[0];
