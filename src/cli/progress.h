/* How far a long command has come: a bar where people look, a line each 10 % elsewhere, nothing with --json or --quiet.
 * On stderr. */
#ifndef HD_CLI_PROGRESS_H
#define HD_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
    size_t total, done, failed;
    int64_t started_us, drawn_us;
    unsigned tenths; /* that were told */
    int is_bar, is_on;
};

void cli_progress_begin(struct progress *progress, size_t total);

/* One more is done. */
void cli_progress_step(struct progress *progress, int has_failed);

/* Draws the bar again, at most ten times a second; for when nothing is done. */
void cli_progress_draw(struct progress *progress);

/* Takes the bar away, so that something else can be written; it is drawn again with the next step. */
void cli_progress_hide(struct progress *progress);

/* Takes it away for good. */
void cli_progress_end(struct progress *progress);

int64_t cli_now_us(void);  /* monotonic */
int64_t cli_wall_ms(void); /* since 1970 */

#endif
