/* A hash of texts for tables whose keys are the program's own, so that nobody can aim at collisions. */
#ifndef HD_BASE_HASH_H
#define HD_BASE_HASH_H

#include <stdint.h>

#define HD__HASH_BEGIN UINT64_C(14695981039346656037)

/* FNV-1a of a text, after what the hash has seen before: HD__HASH_BEGIN for nothing. */
uint64_t hd__hash(uint64_t hash, const char *text);

#endif
