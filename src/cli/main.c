/* helmdesk: webhooks from the command line. */
#include "cli/args.h"
#include "cli/output.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int run(const struct args *args) {
    if (cli_has(args, OPT_VERSION))
        return cli_run_version(args);
    if (!args->command || cli_has(args, OPT_HELP))
        return cli_run_help(args);
    return args->command->run(args);
}

/* Where one of the three is closed, the next file or socket would get its number, and be written into. Reading from
 * this, and writing to it, still fails. */
static void keep_standard_files(void) {
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
        if (fcntl(file, F_GETFD) < 0)
            (void)open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
    struct args args = {0};
    keep_standard_files();
    setvbuf(stderr, NULL, _IOLBF, 0); /* lines of several programs are not to be mixed */
    cli_output_take_json(argc, argv);
    cli_output_begin(&args); /* for what is wrong with the command line */
    int code = cli_args_read(argc, argv, &args);
    cli_output_begin(&args);
    if (code == CLI_OK)
        code = run(&args);
    cli_args_free(&args);
    return cli_output_end(code);
}
