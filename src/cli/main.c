/* helmdesk: webhooks from the command line. */
#include "cli/args.h"
#include "cli/output.h"

#include <stdio.h>

static int run(const struct args *args) {
    if (!args->command || cli_has(args, OPT_HELP))
        return cli_run_help(args);
    return args->command->run(args);
}

int main(int argc, char **argv) {
    struct args args = {0};
    setvbuf(stderr, NULL, _IOLBF, 0); /* lines of several programs are not to be mixed */
    cli_output_begin(&args);          /* for what is wrong with the command line */
    int code = cli_args_read(argc, argv, &args);
    cli_output_begin(&args);
    if (code == CLI_OK)
        code = run(&args);
    cli_args_free(&args);
    return cli_output_end(code);
}
