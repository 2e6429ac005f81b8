/* SIGINT and SIGTERM: the first ends the work in good order, a later one at once. */
#ifndef HD_CLI_STOP_H
#define HD_CLI_STOP_H

#include <stdint.h>

/* From now on they are counted; the process ends with this one, in the place of being counted. */
void cli_stop_begin(int last);

/* How many have come. */
int cli_stops(void);

/* Becomes readable with the first of them; -1 if the system gave none. */
int cli_stop_descriptor(void);

/* Waits until this time of cli_now_us(), or until one has come. */
void cli_stop_wait(int64_t until_us);

/* The exit code after them: 128 and the number of the first. */
int cli_stop_code(void);

#endif
