/* Whether a process still lives: the kernel is asked by its number and the moment it began, since numbers are used
 * again. It can only be asked about processes of this boot and of the same space of numbers. */
#ifndef HD_STORE_SQLITE_PROCESS_H
#define HD_STORE_SQLITE_PROCESS_H

#include <stdint.h>

#define HD__PLACE_SIZE 64

struct hd__process {
    int64_t pid;
    int64_t began;              /* in the kernel's ticks since the boot; 0 if it is not known */
    char place[HD__PLACE_SIZE]; /* which boot, which space of numbers; "" if it is not known */
    int64_t boot;               /* a number for the boot; 0 if it is not known */
};

void hd__process_find(struct hd__process *self);

/* Whether another one is surely gone. */
int hd__process_is_gone(const struct hd__process *self, int64_t pid, int64_t began, const char *place);

#endif
