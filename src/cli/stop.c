#include "cli/stop.h"

#include "cli/cli.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t count, first, end_at;

static void note(int number) {
    if (count == 0)
        first = number;
    count = count + 1;
    if (count >= end_at)
        _exit(CLI_SIGNALED + first); /* whoever insists is not to wait for anything */
}

void cli_stop_begin(int last) {
    end_at = last;
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int cli_stops(void) {
    return count;
}

int cli_stop_code(void) {
    return CLI_SIGNALED + first;
}
