/* Completion for shells, from the table. */
#include "cli/args.h"
#include "cli/output.h"
#include "cli/text.h"

#include <string.h>

/* The first word of a name; NULL if it was that of the command before. */
static const char *first_word(size_t index, size_t *length) {
    const char *name = cli_commands[index].name;
    *length = strcspn(name, " ");
    if (index > 0 && strncmp(cli_commands[index - 1].name, name, *length) == 0 &&
        strcspn(cli_commands[index - 1].name, " ") == *length)
        return NULL;
    return name;
}

static int is_group(const char *name) {
    return strchr(name, ' ') != NULL;
}

/* Names a file or a directory, rather than words. */
static int is_path(const char *values) {
    return values && cli_is_upper(*values);
}

static void print_first_words(void) {
    size_t length;
    for (size_t i = 0; i < cli_command_count; i++) {
        const char *word = first_word(i, &length);
        if (word)
            printf("%s%.*s", i ? " " : "", (int)length, word);
    }
}

static void print_second_words(const char *group, size_t length) {
    int count = 0;
    for (size_t i = 0; i < cli_command_count; i++)
        if (strncmp(cli_commands[i].name, group, length) == 0 && cli_commands[i].name[length] == ' ')
            printf("%s%s", count++ ? " " : "", cli_commands[i].name + length + 1);
}

/* ---- bash ---- */

static void bash_options(const unsigned char *ids) {
    for (; *ids != OPT_END; ids++)
        printf(" --%s", cli_options[*ids].name);
}

/* What follows an option that has a value. */
static void bash_value(const struct option_spec *spec) {
    printf("            --%s", spec->name);
    if (spec->letter)
        printf(" | -%c", spec->letter);
    fputs(") ", stdout);
    if (is_path(spec->values))
        printf("mapfile -t COMPREPLY < <(compgen -%c -- \"$word\")", *spec->values == 'D' ? 'd' : 'f');
    else
        printf("mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\")", spec->values ? spec->values : "");
    fputs("; return ;;\n", stdout);
}

static void bash_values(const unsigned char *ids) {
    for (; *ids != OPT_END; ids++)
        if (cli_options[*ids].argument)
            bash_value(&cli_options[*ids]);
}

static void bash_command(const struct command *command) {
    printf("    '%s')\n        case $before in\n", command->name);
    bash_values(command->options);
    bash_values(cli_common_options);
    fputs("        esac\n        options='", stdout);
    bash_options(command->options);
    bash_options(cli_common_options);
    printf("'\n        operands='%s'\n        ;;\n", command->operand_values ? command->operand_values : "");
}

static void write_bash(void) {
    size_t length;
    fputs("# bash completion of helmdesk\n"
          "_helmdesk() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' options='' "
          "operands='' "
          "index\n"
          "    COMPREPLY=()\n"
          "    for ((index = 1; index < COMP_CWORD; index++)); do\n"
          "        case ${COMP_WORDS[index]} in\n"
          "        --color) ((index++)) ;;\n"
          "        -*) ;;\n"
          "        *) command=${COMP_WORDS[index]}; break ;;\n"
          "        esac\n"
          "    done\n"
          "    case $command in\n",
          stdout);
    for (size_t i = 0; i < cli_command_count; i++) {
        const char *word = first_word(i, &length);
        if (word && is_group(word)) {
            printf("    %.*s)\n        if ((index + 1 == COMP_CWORD)); then\n"
                   "            mapfile -t COMPREPLY < <(compgen -W '",
                   (int)length, word);
            print_second_words(word, length);
            puts("' -- \"$word\")\n            return\n        fi\n        command=\"$command ${COMP_WORDS[index + "
                 "1]}\"\n"
                 "        ;;");
        }
    }
    fputs("    esac\n    case $command in\n    '') operands='", stdout);
    print_first_words();
    fputs("' options='", stdout);
    bash_options(cli_common_options);
    puts("' ;;");
    for (size_t i = 0; i < cli_command_count; i++)
        bash_command(&cli_commands[i]);
    fputs("    esac\n"
          "    if [[ $word == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
          "    elif [[ $operands == FILE ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "    else\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$operands\" -- \"$word\")\n"
          "    fi\n"
          "}\n"
          "complete -o filenames -F _helmdesk helmdesk\n",
          stdout);
}

/* ---- zsh ---- */

/* In single quotes; brackets and colons are zsh's own. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_action(const char *argument, const char *values) {
    putchar(':');
    zsh_text(argument);
    if (is_path(values))
        fputs(*values == 'D' ? ":_files -/" : ":_files", stdout);
    else if (values)
        printf(":(%s)", values);
    else
        fputs(": ", stdout);
}

static void zsh_option(const struct option_spec *spec) {
    printf(" \\\n            '*--%s[", spec->name);
    zsh_text(spec->help);
    putchar(']');
    if (spec->argument)
        zsh_action(spec->argument, spec->values);
    putchar('\'');
}

static void zsh_command(const struct command *command) {
    printf("    '%s')\n        _arguments", command->name);
    for (const unsigned char *id = command->options; *id != OPT_END; id++)
        zsh_option(&cli_options[*id]);
    for (const unsigned char *id = cli_common_options; *id != OPT_END; id++)
        zsh_option(&cli_options[*id]);
    if (*command->operands) {
        fputs(" \\\n            '*", stdout);
        zsh_action(command->operands, command->operand_values);
        putchar('\'');
    }
    puts("\n        ;;");
}

static void zsh_words(const char *group) {
    size_t length, skipped = group ? strlen(group) + 1 : 0;
    for (size_t i = 0; i < cli_command_count; i++) {
        const char *name = cli_commands[i].name, *word = first_word(i, &length);
        if (group ? strncmp(name, group, skipped - 1) != 0 || name[skipped - 1] != ' ' : word == NULL)
            continue;
        printf(" '%.*s:", (int)strcspn(name + skipped, " "), name + skipped);
        zsh_text(group || !is_group(name) ? cli_commands[i].summary : "several commands");
        putchar('\'');
    }
}

static void write_zsh(void) {
    size_t length;
    fputs("#compdef helmdesk\n"
          "# zsh completion of helmdesk\n"
          "_helmdesk() {\n"
          "    local -a commands\n"
          "    local command\n"
          "    if ((CURRENT == 2)); then\n"
          "        commands=(",
          stdout);
    zsh_words(NULL);
    fputs(
        ")\n        _describe command commands\n        return\n    fi\n    command=$words[2]\n    case $command in\n",
        stdout);
    for (size_t i = 0; i < cli_command_count; i++) {
        char group[64];
        const char *word = first_word(i, &length);
        if (!word || !is_group(word))
            continue;
        snprintf(group, sizeof group, "%.*s", (int)length, word);
        printf("    %s)\n        if ((CURRENT == 3)); then\n            commands=(", group);
        zsh_words(group);
        puts(")\n            _describe command commands\n            return\n        fi\n"
             "        command=\"$command $words[3]\"\n        shift words\n        ((CURRENT--))\n        ;;");
    }
    puts("    esac\n    shift words\n    ((CURRENT--))\n    case $command in");
    for (size_t i = 0; i < cli_command_count; i++)
        zsh_command(&cli_commands[i]);
    puts("    esac\n}\ncompdef _helmdesk helmdesk");
}

/* ---- fish ---- */

static void fish_text(const char *text) {
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void fish_option(const char *condition, const struct option_spec *spec) {
    printf("complete -c helmdesk%s -l %s", condition, spec->name);
    if (spec->letter)
        printf(" -s %c", spec->letter);
    if (is_path(spec->values))
        fputs(" -r -F", stdout);
    else if (spec->argument)
        fputs(" -x", stdout);
    if (spec->values && !is_path(spec->values))
        printf(" -a '%s'", spec->values);
    fputs(" -d ", stdout);
    fish_text(spec->help);
    putchar('\n');
}

/* The words that have been seen, in order, and that a command's name has. */
static void fish_condition(char *text, size_t size, const char *name) {
    const char *space = strchr(name, ' ');
    if (space)
        snprintf(text, size, " -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'",
                 (int)(space - name), name, space + 1);
    else
        snprintf(text, size, " -n '__fish_seen_subcommand_from %s'", name);
}

static void fish_command(size_t index) {
    const struct command *command = &cli_commands[index];
    const char *space = strchr(command->name, ' ');
    char condition[200];
    size_t length;
    const char *word = first_word(index, &length);
    if (word) {
        printf("complete -c helmdesk -n __fish_use_subcommand -a %.*s -d ", (int)length, word);
        fish_text(space ? "several commands" : command->summary);
        putchar('\n');
    }
    if (space) {
        printf("complete -c helmdesk -n '__fish_seen_subcommand_from %.*s; and not __fish_seen_subcommand_from ",
               (int)(space - command->name), command->name);
        print_second_words(command->name, (size_t)(space - command->name));
        printf("' -a %s -d ", space + 1);
        fish_text(command->summary);
        putchar('\n');
    }
    fish_condition(condition, sizeof condition, command->name);
    for (const unsigned char *id = command->options; *id != OPT_END; id++)
        fish_option(condition, &cli_options[*id]);
    if (command->operand_values)
        printf("complete -c helmdesk%s %s%s%s\n", condition, is_path(command->operand_values) ? "-F" : "-a '",
               is_path(command->operand_values) ? "" : command->operand_values,
               is_path(command->operand_values) ? "" : "'");
}

static void write_fish(void) {
    puts("# fish completion of helmdesk\ncomplete -c helmdesk -f");
    for (const unsigned char *id = cli_common_options; *id != OPT_END; id++)
        fish_option("", &cli_options[*id]);
    for (size_t i = 0; i < cli_command_count; i++)
        fish_command(i);
}

/* ---- The command ---- */

int cli_run_completion(const struct args *args) {
    static void (*const writers[])(void) = {write_bash, write_fish, write_zsh};
    const char *shell = cli_operand(args, 0);
    int index = cli_word_index(args->command->operand_values, shell);
    if (index < 0) {
        cli_error("there is no completion for '%s'", shell);
        cli_hint("It is one of: %s.", args->command->operand_values);
        return CLI_USAGE;
    }
    writers[index]();
    return CLI_OK;
}
