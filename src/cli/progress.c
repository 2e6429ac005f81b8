#include "cli/progress.h"

#include "cli/output.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_US 100000

int64_t cli_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t cli_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_progress_begin(struct progress *progress, size_t total) {
    *progress = (struct progress){
        .total = total,
        .started_us = cli_now_us(),
        .is_bar = cli_is_terminal(stderr),
        .is_on = !cli_is_json() && !cli_is_quiet() && total > 1,
    };
}

/* Asked each time, so that a window may change its size. */
static int width(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* How many a second, and how many seconds are left. */
static void pace(const struct progress *progress, double *per_second, long *seconds_left) {
    double elapsed = (double)(cli_now_us() - progress->started_us) / 1e6;
    *per_second = elapsed > 0 ? (double)progress->done / elapsed : 0;
    *seconds_left = *per_second > 0 ? (long)((double)(progress->total - progress->done) / *per_second + 0.5) : 0;
}

static void draw_cells(int cells, double share) {
    int full = (int)(share * cells + 0.5);
    fputc('[', stderr);
    for (int i = 0; i < cells; i++)
        fputs(cli_is_utf8() ? (i < full ? "\xe2\x96\x88" : "\xe2\x96\x91") : (i < full ? "#" : "."), stderr);
    fputc(']', stderr);
}

/* [█████████░░░░░]  642/1000  64 %  3 failed  812/s  eta 0:00:01 */
static void draw(struct progress *progress) {
    char text[128];
    double per_second, share = (double)progress->done / (double)progress->total;
    long left;
    pace(progress, &per_second, &left);
    int length = snprintf(text, sizeof text, "  %zu/%zu  %d %%  %zu failed  %.0f/s  eta %ld:%02ld:%02ld",
                          progress->done, progress->total, (int)(share * 100), progress->failed, per_second,
                          left / 3600, left / 60 % 60, left % 60);
    int cells = width() - length - 3;
    fputc('\r', stderr);
    if (cells >= 5)
        draw_cells(cells < 40 ? cells : 40, share);
    fprintf(stderr, "%.*s\033[K", width() > 1 ? width() - 1 : length, text);
    fflush(stderr);
    progress->drawn_us = cli_now_us();
}

void cli_progress_draw(struct progress *progress) {
    if (progress->is_on && progress->is_bar && cli_now_us() - progress->drawn_us >= REDRAW_US)
        draw(progress);
}

static void tell_tenth(struct progress *progress) {
    double per_second;
    long left;
    unsigned tenths = (unsigned)(progress->done * 10 / progress->total);
    if (tenths == progress->tenths)
        return;
    progress->tenths = tenths;
    pace(progress, &per_second, &left);
    fprintf(stderr, "%zu %%  %zu/%zu  %zu failed  %.*f/s\n", progress->done * 100 / progress->total, progress->done,
            progress->total, progress->failed, per_second < 10 ? 1 : 0, per_second);
}

void cli_progress_step(struct progress *progress, int has_failed) {
    progress->done++;
    progress->failed += has_failed != 0;
    if (progress->is_on && progress->is_bar)
        cli_progress_draw(progress);
    else if (progress->is_on)
        tell_tenth(progress);
}

void cli_progress_hide(struct progress *progress) {
    if (progress->is_on && progress->is_bar && progress->drawn_us) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->drawn_us = 0;
}

void cli_progress_end(struct progress *progress) {
    cli_progress_hide(progress);
    progress->is_on = 0;
}
