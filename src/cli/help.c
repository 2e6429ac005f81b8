/* What `helmdesk help` says, and the same for the man page, from the table. */
#include "cli/args.h"
#include "cli/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define TEXT_INDENT 2
#define HELP_INDENT 30

/* ---- For people ---- */

static int width(void) {
    struct winsize size;
    int columns = 80;
    if (ioctl(fileno(stdout), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        columns = size.ws_col;
    return columns > 100 ? 100 : columns;
}

/* Writes words, broken into lines; the first line begins at column `at`. */
static void wrap(const char *text, int indent, int at) {
    int columns = width();
    while (*text) {
        size_t length = strcspn(text, " \n");
        if (at > indent && at + 1 + (int)length > columns) {
            putchar('\n');
            at = 0;
        }
        if (at < indent)
            at += printf("%*s", indent - at, "");
        else if (at > indent)
            at += printf(" ");
        at += printf("%.*s", (int)length, text);
        text += length;
        if (*text == '\n') {
            putchar('\n');
            at = 0;
            text++;
            if (*text == '\n') {
                putchar('\n');
                text++;
            }
        } else if (*text == ' ') {
            text++;
        }
    }
    putchar('\n');
}

static void print_option(const struct option_spec *spec) {
    char letter[8] = "    ";
    if (spec->letter)
        snprintf(letter, sizeof letter, "-%c, ", spec->letter);
    int at =
        printf("  %s--%s%s%s", letter, spec->name, spec->argument ? " " : "", spec->argument ? spec->argument : "");
    if (at >= HELP_INDENT) {
        putchar('\n');
        at = 0;
    }
    wrap(spec->help, HELP_INDENT, at);
}

static void print_options(const char *title, const unsigned char *ids) {
    if (*ids == OPT_END)
        return;
    printf("\n%s%s%s\n", cli_color(stdout, COLOR_BOLD), title, cli_plain(stdout));
    for (; *ids != OPT_END; ids++)
        print_option(&cli_options[*ids]);
}

static void print_example(const char *example) {
    if (!example)
        return;
    printf("\n%sExamples%s\n", cli_color(stdout, COLOR_BOLD), cli_plain(stdout));
    while (*example) {
        size_t length = strcspn(example, "\n");
        printf("  %.*s\n", (int)length, example);
        example += length + (example[length] == '\n');
    }
}

static int explain(const struct command *command) {
    printf("%shelmdesk %s%s%s%s: %s\n\n", cli_color(stdout, COLOR_BOLD), command->name, *command->operands ? " " : "",
           command->operands, cli_plain(stdout), command->summary);
    wrap(command->text, TEXT_INDENT, 0);
    print_options("Options", command->options);
    print_options("Options of every command", cli_common_options);
    print_example(command->example);
    return CLI_OK;
}

static void print_commands(const char *group) {
    size_t length = group ? strlen(group) : 0;
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct command *command = &cli_commands[i];
        if (group && (strncmp(command->name, group, length) != 0 || command->name[length] != ' '))
            continue;
        int at = printf("  %s", command->name);
        wrap(command->summary, 24, at);
    }
}

static int explain_group(const char *group) {
    printf("%shelmdesk %s COMMAND%s\n\n", cli_color(stdout, COLOR_BOLD), group, cli_plain(stdout));
    print_commands(group);
    printf("\n'helmdesk help %s COMMAND' explains one.\n", group);
    return CLI_OK;
}

static int explain_all(void) {
    printf("%shelmdesk COMMAND%s: webhooks from the command line\n\n", cli_color(stdout, COLOR_BOLD),
           cli_plain(stdout));
    print_commands(NULL);
    print_options("Options of every command", cli_common_options);
    puts(
        "\n'helmdesk help COMMAND' explains a command. To begin, in two terminals:\n\n"
        "  helmdesk listen\n"
        "  helmdesk send http://127.0.0.1:8787/ ticket.created --allow-private\n\n"
        "Exit status: 0 success; 1 a check or delivery failed, or there is no such thing; 2 usage; 3 the receiver was\n"
        "not reached; 4 its address is forbidden; 5 the store; 69 not built in; 70 memory or system; 130, 143 signal.");
    return CLI_OK;
}

/* ---- For the man page ---- */

/* Writes text of mdoc: no line may begin with a dot or a quote, and a backslash is its own escape. */
static int mdoc_raw(const char *text, size_t length, int at_start) {
    int written = 0;
    if (at_start && (*text == '.' || *text == '\''))
        written += printf("\\&");
    for (; length > 0; text++, length--)
        written += *text == '\\' ? printf("\\e") : printf("%c", *text);
    return written;
}

/* Words in short lines, each sentence on a line of its own. */
static void mdoc_text(const char *text) {
    int at = 0;
    while (*text) {
        size_t length = strcspn(text, " \n");
        if (at > 0 && at + 1 + (int)length > 78)
            putchar('\n'), at = 0;
        if (at > 0)
            at += printf(" ");
        at += mdoc_raw(text, length, at == 0);
        text += length;
        int ends_sentence = length > 1 && text[-1] == '.' && *text == ' ';
        if (strncmp(text, "\n\n", 2) == 0) {
            fputs("\n.Pp\n", stdout);
            at = 0;
        } else if (ends_sentence) {
            putchar('\n');
            at = 0;
        }
        text += strspn(text, " \n");
    }
    putchar('\n');
}

static void mdoc_option(const struct option_spec *spec) {
    fputs(".It ", stdout);
    if (spec->letter)
        printf("Fl %c , ", spec->letter);
    printf("Fl -%s", spec->name);
    if (spec->argument)
        printf(" Ar %s", spec->argument);
    putchar('\n');
    mdoc_text(spec->help);
}

static void mdoc_options(const unsigned char *ids) {
    if (*ids == OPT_END)
        return;
    puts(".Bl -tag -width Ds");
    for (; *ids != OPT_END; ids++)
        mdoc_option(&cli_options[*ids]);
    puts(".El");
}

static void mdoc_example(const char *example) {
    puts(".Bd -literal");
    for (size_t length; *example; example += length + (example[length] == '\n')) {
        length = strcspn(example, "\n");
        (void)mdoc_raw(example, length, 1);
        putchar('\n');
    }
    puts(".Ed");
}

static int write_mdoc(void) {
    puts(".Ss Every command");
    mdoc_options(cli_common_options);
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct command *command = &cli_commands[i];
        printf(".Ss %s\n.Dl helmdesk %s%s%s\n.Pp\n", command->name, command->name, *command->operands ? " " : "",
               command->operands);
        mdoc_text(command->text);
        mdoc_options(command->options);
        if (command->example)
            mdoc_example(command->example);
    }
    return CLI_OK;
}

/* ---- The command ---- */

static int explain_named(const struct args *args) {
    char name[64];
    snprintf(name, sizeof name, "%s%s%s", cli_operand(args, 0), cli_operand(args, 1) ? " " : "",
             cli_operand(args, 1) ? cli_operand(args, 1) : "");
    const struct command *command = cli_command_find(name);
    if (command)
        return explain(command);
    if (cli_command_group(name))
        return explain_group(name);
    cli_error("there is no command '%s'", name);
    cli_hint("'helmdesk help' lists them.");
    return CLI_USAGE;
}

int cli_run_help(const struct args *args) {
    if (args->command && (args->command->run != cli_run_help || (cli_has(args, OPT_HELP) && !cli_operand(args, 0))))
        return explain(args->command);
    if (cli_has(args, OPT_MDOC))
        return write_mdoc();
    return cli_operand(args, 0) ? explain_named(args) : explain_all();
}
