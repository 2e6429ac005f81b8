/* Reports as CSV (RFC 4180), for spreadsheets. */
#ifndef HD_CLI_CSV_H
#define HD_CLI_CSV_H

#include "helmdesk.h"

/* Writes the line with the names of the columns; and one for a report. */
void cli_csv_heading(void);
void cli_csv_report(const hd_report *report);

/* The same of changes, with a line for each setting that was changed, and one for a change without any. */
void cli_csv_change_heading(void);
void cli_csv_change(const hd_change *change);

#endif
