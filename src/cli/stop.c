#include "cli/stop.h"

#include "cli/cli.h"
#include "cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t count, first, end_at;
static int ends[2] = {-1, -1}; /* of a pipe: poll() does not miss a signal that comes just before it */

static void note(int number) {
    int kept = errno;
    if (count == 0)
        first = number;
    count = count + 1;
    if (count >= end_at)
        _exit(CLI_SIGNALED + first); /* a second signal ends the program at once */
    ssize_t ignored = write(ends[1], "", 1);
    (void)ignored;
    errno = kept;
}

static void open_pipe(void) {
    if (ends[0] >= 0 || pipe(ends) != 0)
        return;
    for (int i = 0; i < 2; i++) {
        (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
}

void cli_stop_begin(int last) {
    end_at = last;
    open_pipe();
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int cli_stops(void) {
    return count;
}

int cli_stop_descriptor(void) {
    return ends[0];
}

void cli_stop_wait(int64_t until_us) {
    struct pollfd stop = {.fd = ends[0], .events = POLLIN};
    int64_t left_us;
    while (cli_stops() == 0 && (left_us = until_us - cli_now_us()) > 0)
        (void)poll(&stop, 1, left_us > 60000000 ? 60000 : (int)(left_us / 1000 + 1));
}

int cli_stop_code(void) {
    return CLI_SIGNALED + first;
}
