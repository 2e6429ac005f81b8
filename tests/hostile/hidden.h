/* SPDX-License-Identifier: MIT */
/*
 * Random texts that a test knows and does not hold: what it keeps is masked, so that whoever finds the text itself in
 * the memory of the process has found somebody else's copy.
 */
#ifndef TESTS_HOSTILE_HIDDEN_H
#define TESTS_HOSTILE_HIDDEN_H

#include <stdbool.h>
#include <stddef.h>

#define HIDDEN_MAX 256

struct hidden {
    unsigned char masked[HIDDEN_MAX];
    size_t length;
};

/* A new random text of so many letters and digits: 40 to HIDDEN_MAX - 1. */
struct hidden hidden_new(size_t length);

/* What a text is, masked. */
struct hidden hidden_of(const char *text);

/* Writes the text and a NUL. Whoever calls this wipes it again. */
void hidden_reveal(const struct hidden *hidden, char out[HIDDEN_MAX]);

/* Overwrites bytes in a way that no compiler leaves out. */
void hidden_wipe(void *bytes, size_t length);

/* How many copies of the text, or of a large part of it, the writable memory of this process holds. The first bytes
 * do not count: in a block that was freed, the allocator has written its own there. */
size_t hidden_copies(const struct hidden *hidden);

/* Whether eight characters of it stand anywhere in some bytes. */
bool hidden_shows(const struct hidden *hidden, const char *bytes, size_t length);

#endif
