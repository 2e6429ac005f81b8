/* SPDX-License-Identifier: MIT */
#include "support/answers_seen.h"

#include <string.h>

#define CURL (CURL_7_88 | CURL_8_14 | CURL_8_23)
#define OLDER (CURL_7_88 | CURL_8_14)
#define NEWER (CURL_8_14 | CURL_8_23)
#define NODE LLHTTP_9_3

#define TWICE "Node refuses what RFC 9112 6.3 lets pass: the same length more than once"
#define LONE_KEPT "libcurl ends a line there, too, and uses the connection again"
#define LONE_REFUSED "Node refuses a lone line feed, which RFC 9112 2.2 lets end a line"
#define CODED "RFC 9112 6.3 says where the body ends; 7.88 decodes it, later ones refuse what nobody asked for"
#define LAX_STATUS "libcurl looks for a number behind a blank, and no closer"
#define LAX_NAME "libcurl looks at no name that means nothing to it (RFC 9110 5.1)"
#define FOLDED "libcurl joins the lines, as RFC 9112 5.2 wants it of a browser; another reader may see two fields"
#define LONE_CR "libcurl has it in the line (RFC 9112 2.2: invalid, or a space); another reader may end a line there"
#define NUMBER "libcurl reads the number that the value begins with"
#define DIGITS "it would fit: 18 digits are the limit here"
#define BLANKS "it would be good: 256 bytes are the limit here"
#define BOTH "libcurl lets Transfer-Encoding win; RFC 9112 6.3 (3) speaks of smuggling, and of an error"
#define AGAIN "libcurl and Node decode once what is chunked twice, which RFC 9112 6.1 forbids"
#define NO_CODING "7.88 takes it for a coding that it does not know, Node for one that is not chunked"
#define LAX_CHUNK "libcurl passes over what is between a size and its line feed (RFC 9112 7.1)"

const struct difference differences[] = {
    /* Good answers: those that libcurl or Node refuse */
    {"the same length twice", NODE, TWICE},
    {"a list of the same length", NODE, TWICE},
    {"a length among blanks", NODE, "Node refuses a tab behind a length, which is a blank (RFC 9110 5.6.3)"},
    {"extensions", NODE, "Node refuses blanks in an extension, which are bad but to be read (RFC 9112 7.1.1)"},
    {"blanks behind sizes", NODE, "Node refuses them; some servers fill up sizes with blanks, and nothing is in doubt"},
    {"trailers that would frame", NODE, "Node reads such fields in trailers; RFC 9110 6.5.1: they mean nothing there"},
    {"empty elements of a list", NODE, "Node does not pass over them (RFC 9110 5.6.1.2), and reads up to the end"},
    {"gzip, then chunks", CURL, CODED},
    {"a coding with a parameter, then chunks", CURL, CODED},
    {"gzip alone", CURL, CODED},
    {"an unknown coding", CURL, CODED},
    {"chunks, then gzip", CURL, CODED},
    {"interim fields that would frame", CURL | NODE,
     "libcurl heeds Connection there, Node refuses: they count for nothing"},
    {"an interim answer of HTTP/1.0", NODE,
     "Node refuses it, since HTTP/1.0 has none; here the connection is not kept"},
    {"a value with control characters", NODE,
     "Node refuses them; RFC 9110 5.5 lets them stay where nothing reads them"},
    {"line feeds alone", NODE, LONE_REFUSED},
    {"a line feed alone behind the status line", NODE, LONE_REFUSED},
    {"a line feed alone behind a field", NODE, LONE_REFUSED},
    {"a line feed alone behind the head", NODE, LONE_REFUSED},
    {"a line feed alone in an interim answer", NODE, LONE_REFUSED},
    {"a line feed alone behind a trailer", NODE, LONE_REFUSED},
    {"a line feed alone behind the trailers", NODE, LONE_REFUSED},

    /* Good answers: whether the connection is used again */
    {"a length, and more than that", CURL | NODE, "they look at what is left; here the caller does"},
    {"two answers", NEWER, "they look at what is left; here the caller does"},
    {"204 with a length", CURL_7_88, "a body may follow that nobody reads: closed"},
    {"204 with chunks", CURL_7_88, "a body may follow that nobody reads: closed"},
    {"304 with a length", CURL | NODE, "a body may follow that nobody reads: closed"},
    {"close in a list", CURL_8_14, "libcurl 8.14 looks at the first word alone"},
    {"keep-alive and close", CURL_8_14, "libcurl 8.14 looks at the first word alone"},
    {"close as part of a word", OLDER, "libcurl takes a part of a word for the word"},
    {"a Connection that is too long", CURL | NODE, "it is not read to its end here, and might say close"},
    {"HTTP/1.0, keep-alive and more", CURL_8_14, "libcurl 8.14 looks at the first word alone"},
    {"HTTP/1.0, keep-alive and close", OLDER | NODE, "close wins (RFC 9112 9.3)"},
    {"HTTP/1.0, chunks", CURL | NODE, "the connection is to be closed (RFC 9112 6.1)"},
    {"line feeds alone", CURL, LONE_KEPT},
    {"a line feed alone behind the status line", CURL, LONE_KEPT},
    {"a line feed alone behind a field", CURL, LONE_KEPT},
    {"a line feed alone behind the head", CURL, LONE_KEPT},
    {"a line feed alone in an interim answer", CURL, LONE_KEPT},
    {"a line feed alone behind a trailer", CURL, LONE_KEPT},
    {"a line feed alone behind the trailers", CURL, LONE_KEPT},

    /* Status lines */
    {"half of an empty line", CURL_8_23, "libcurl 8.23 takes half of an empty line for one"},
    {"an empty line before the status line", NODE,
     "Node passes over it, as a server is to do with requests (RFC 9112 2.2)"},
    {"a line feed before the status line", NODE,
     "Node passes over it, as a server is to do with requests (RFC 9112 2.2)"},
    {"an empty line behind an interim answer", NODE,
     "Node passes over it, as a server is to do with requests (RFC 9112 2.2)"},
    {"small letters", CURL, "libcurl heeds no case (RFC 9112 2.3: it matters)"},
    {"HTTP/2", CURL, "libcurl reads any version that it has heard of, in the form of HTTP/1.1"},
    {"HTTP/2.0", CURL | NODE, "they read any version that they have heard of, in the form of HTTP/1.1"},
    {"HTTP/0.9 in so many words", NODE, "Node reads any version that it has heard of, in the form of HTTP/1.1"},
    {"two spaces before the status", CURL_7_88, LAX_STATUS},
    {"a status of four digits", NEWER, LAX_STATUS},
    {"a status of 099", NODE, "Node takes any three digits for a status (RFC 9110 15: 100 to 599)"},
    {"a tab behind the status", CURL, LAX_STATUS},
    {"a reason right behind the status", CURL, LAX_STATUS},
    {"a NUL in the reason", NODE, "Node does not look into reasons"},
    {"a carriage return in the reason", OLDER, LONE_CR},
    {"two carriage returns behind the reason", OLDER, LONE_CR},

    /* Interim answers */
    {"101", NODE, "Node takes it for the answer; nobody asked for another protocol"},
    {"33 interim answers", CURL | NODE, "they have no such limit"},

    /* Field lines */
    {"a line that goes on", CURL, FOLDED},
    {"a line that goes on with a tab", CURL, FOLDED},
    {"a line of blanks", CURL, FOLDED},
    {"a length that goes on", OLDER, FOLDED},
    {"a length on the next line", CURL_8_23, FOLDED},
    {"a blank before the first field", NEWER,
     "libcurl takes it for a part of what comes before (RFC 9112 2.2: refuse, or ignore)"},
    {"a space before the colon", CURL, LAX_NAME},
    {"a tab before the colon", CURL, LAX_NAME},
    {"no name", CURL, LAX_NAME},
    {"a space in a name", CURL, LAX_NAME},
    {"a parenthesis in a name", CURL, LAX_NAME},
    {"a byte beyond ASCII in a name", CURL, LAX_NAME},
    {"a control character in a name", CURL, LAX_NAME},
    {"DEL in a name", CURL, LAX_NAME},
    {"a carriage return in a value", OLDER, LONE_CR},
    {"a carriage return before a field", CURL, "libcurl takes it for an empty line"},
    {"two carriage returns behind a value", OLDER, LONE_CR},
    {"two carriage returns for an empty line", CURL, "libcurl takes the first one for an empty line"},

    /* Content-Length */
    {"two lengths", OLDER, "libcurl takes the last one"},
    {"two lengths in a list", OLDER, NUMBER},
    {"a length and a list", OLDER, NUMBER},
    {"a length with a plus", CURL_7_88, NUMBER},
    {"a list that ends with a comma", OLDER, NUMBER},
    {"a length of two words", OLDER, NUMBER},
    {"a length with a word", OLDER, NUMBER},
    {"a length in hexadecimal", OLDER, NUMBER},
    {"a length with a fraction", OLDER, NUMBER},
    {"a length of 19 digits", CURL | NODE, DIGITS},
    {"a length of 20 digits", CURL, "libcurl takes what does not fit for none, and reads up to the end"},
    {"a length behind too many blanks", CURL | NODE, BLANKS},
    {"a bad length of a 204", CURL, "libcurl does not look at it there; a server that says that says nothing reliable"},

    /* Transfer-Encoding */
    {"a length, then chunked", CURL, BOTH},
    {"chunked, then a length", CURL, BOTH},
    {"a length and another coding", CURL, BOTH},
    {"chunked twice", CURL | NODE, AGAIN},
    {"chunked on two lines", CURL | NODE, AGAIN},
    {"chunked, gzip, chunked", CURL_7_88 | NODE, AGAIN},
    {"chunked with a parameter", CURL_7_88 | NODE, NO_CODING},
    {"chunked with a vertical tab", CURL_7_88, NO_CODING},
    {"chunked in quotes", CURL_7_88 | NODE, NO_CODING},
    {"chunked in a quoted parameter", CURL_7_88 | NODE, NO_CODING},
    {"chunked and another word", CURL_7_88 | NODE, NO_CODING},
    {"a coding without a name", CURL_7_88 | NODE, "they see chunked at the end, and look at nothing else"},
    {"chunked behind too many blanks", CURL | NODE, BLANKS},

    /* Chunks */
    {"a letter behind a size", CURL, LAX_CHUNK},
    {"a size of 17 digits", CURL_8_23 | NODE, "it would fit: 16 digits are the limit here, and were libcurl's"},
    {"a size of 64 bits", NODE, "63 are the limit here, as for a length"},
    {"a line feed alone behind a size", CURL, LAX_CHUNK},
    {"a line feed alone behind a blank", CURL, LAX_CHUNK},
    {"a line feed alone behind an extension", CURL, LAX_CHUNK},
    {"a carriage return in an extension", CURL, LAX_CHUNK},
    {"a carriage return behind a size", CURL, LAX_CHUNK},
    {"a NUL in an extension", CURL, LAX_CHUNK},
    {"a NUL behind a size", CURL, LAX_CHUNK},
    {"a line feed alone behind a chunk", CURL,
     "libcurl takes it for the line end (RFC 9112 7.1: carriage return and line feed)"},
    {"a trailer that goes on", OLDER, FOLDED},
    {"a trailer without a name", CURL, LAX_NAME},
};

const size_t differences_count = sizeof differences / sizeof differences[0];

const char *difference_of(const char *answer, enum reader reader) {
    for (size_t i = 0; i < differences_count; i++)
        if (strcmp(differences[i].answer, answer) == 0 && (differences[i].readers & (unsigned)reader))
            return differences[i].reason;
    return NULL;
}
