/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* getentropy, MAP_ANONYMOUS */
#include "hidden.h"

#include "support/bodies.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#define MASK 0xA5U
#define PIECE ((size_t)24)       /* larger than a vector register that a function may leave on the stack */
#define OVERWRITTEN ((size_t)16) /* what malloc writes into a freed block */
#define SHOWN ((size_t)8)
#define WINDOW ((size_t)1 << 20)

struct hidden hidden_new(size_t length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct hidden hidden = {.length = length};
    assert_in_range(length, OVERWRITTEN + PIECE, HIDDEN_MAX - 1);
    assert_int_equal(getentropy(hidden.masked, length), 0);
    for (size_t i = 0; i < length; i++)
        hidden.masked[i] = (unsigned char)((unsigned char)letters[hidden.masked[i] % 64] ^ MASK);
    return hidden;
}

struct hidden hidden_of(const char *text) {
    struct hidden hidden = {.length = strlen(text)};
    assert_in_range(hidden.length, OVERWRITTEN + PIECE, HIDDEN_MAX - 1);
    for (size_t i = 0; i < hidden.length; i++)
        hidden.masked[i] = (unsigned char)((unsigned char)text[i] ^ MASK);
    return hidden;
}

void hidden_reveal(const struct hidden *hidden, char out[HIDDEN_MAX]) {
    volatile char *to = out; /* byte by byte: no register ever holds more of it */
    for (size_t i = 0; i < hidden->length; i++)
        to[i] = (char)(hidden->masked[i] ^ MASK);
    to[hidden->length] = '\0';
}

void hidden_wipe(void *bytes, size_t length) {
    volatile unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        at[i] = 0;
}

static bool is_masked(const unsigned char *bytes, const unsigned char *masked, size_t length) {
    for (size_t i = 0; i < length; i++)
        if ((bytes[i] ^ MASK) != masked[i])
            return false;
    return true;
}

bool hidden_shows(const struct hidden *hidden, const char *bytes, size_t length) {
    for (size_t i = 0; i + SHOWN <= length; i++)
        for (size_t j = 0; j + SHOWN <= hidden->length; j++)
            if (is_masked((const unsigned char *)bytes + i, hidden->masked + j, SHOWN))
                return true;
    return false;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The memory of this process
 */

/* Reads memory through a window, which holds copies of all that it has read and so is not looked at itself. */
struct scanner {
    int memory;
    unsigned char *window;
    const struct hidden *hidden;
    size_t found;
};

/* Pieces that begin in the first `length` bytes of the window. */
static void count_pieces(struct scanner *scanner, size_t length) {
    for (size_t from = OVERWRITTEN; from + PIECE <= scanner->hidden->length; from += PIECE) {
        const unsigned char *piece = scanner->hidden->masked + from;
        for (size_t i = 0; i + PIECE <= length; i++)
            if ((scanner->window[i] ^ MASK) == piece[0] && is_masked(scanner->window + i, piece, PIECE))
                scanner->found++;
    }
}

static void scan_range(struct scanner *scanner, uintptr_t begin, uintptr_t end) {
    while (end - begin >= PIECE) {
        size_t length = end - begin < WINDOW ? end - begin : WINDOW;
        ssize_t got = pread(scanner->memory, scanner->window, length, (off_t)begin);
        if (got < (ssize_t)PIECE)
            return;
        count_pieces(scanner, (size_t)got);
        begin += (size_t)got - (PIECE - 1); /* what lies across the end of the window is seen with the next */
    }
}

static void scan_mapping(struct scanner *scanner, const char *line) {
    uintptr_t begin;
    uintptr_t end;
    char access[5];
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, access) != 3 || access[1] != 'w')
        return;
    uintptr_t window = (uintptr_t)scanner->window;
    if (begin <= window && window < end) {
        scan_range(scanner, begin, window);
        scan_range(scanner, window + WINDOW, end);
    } else {
        scan_range(scanner, begin, end);
    }
}

size_t hidden_copies(const struct hidden *hidden) {
    char line[512];
    struct scanner scanner = {.hidden = hidden, .memory = open("/proc/self/mem", O_RDONLY)};
    FILE *maps = fopen("/proc/self/maps", "r");
    scanner.window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(scanner.memory >= 0 && maps != NULL && scanner.window != MAP_FAILED);
    while (fgets(line, sizeof line, maps) != NULL)
        scan_mapping(&scanner, line);
    (void)fclose(maps);
    (void)close(scanner.memory);
    (void)munmap(scanner.window, WINDOW);
    return scanner.found;
}
