/* SIGINT and SIGTERM: the first ends the work in good order, a later one at once. */
#ifndef HD_CLI_STOP_H
#define HD_CLI_STOP_H

/* From now on they are counted; the process ends with this one, in the place of being counted. */
void cli_stop_begin(int last);

/* How many have come. */
int cli_stops(void);

/* The exit code after them: 128 and the number of the first. */
int cli_stop_code(void);

#endif
