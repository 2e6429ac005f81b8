/* Times that people write. */
#ifndef HD_CLI_DATE_H
#define HD_CLI_DATE_H

#include <stdint.h>

/* Reads "2025-01-15", "2025-01-15 10:30" or "2025-01-15T10:30:00.000", with T or a space: where this machine is, unless
 * Z or an offset such as +02:00 follows. Returns the milliseconds since 1970; -1 if it is no such time. */
int64_t cli_date_parse(const char *text);

#endif
