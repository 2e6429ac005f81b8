#include "cli/args.h"

#include "cli/output.h"
#include "cli/text.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 48 /* of one command */

/* ---- Suggestions ---- */

static size_t least_of(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters have to be added, removed or changed (Levenshtein). */
static size_t distance(const char *a, const char *b) {
    size_t row[64], length = strlen(b);
    if (length >= sizeof row / sizeof *row)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; *a; a++, i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t above = row[j];
            row[j] = least_of(row[j] + 1, row[j - 1] + 1, corner + (*a != b[j - 1]));
            corner = above;
        }
    }
    return row[length];
}

struct guess {
    const char *best;
    size_t distance;
};

static void consider(struct guess *guess, const char *word, const char *candidate) {
    size_t found = distance(word, candidate);
    if (found <= 2 && found < strlen(candidate) && (!guess->best || found < guess->distance))
        *guess = (struct guess){candidate, found};
}

/* ---- Commands ---- */

const struct command *cli_command_find(const char *name) {
    for (size_t i = 0; i < cli_command_count; i++)
        if (strcmp(cli_commands[i].name, name) == 0)
            return &cli_commands[i];
    return NULL;
}

const struct command *cli_command_group(const char *group) {
    size_t length = strlen(group);
    for (size_t i = 0; i < cli_command_count; i++)
        if (strncmp(cli_commands[i].name, group, length) == 0 && cli_commands[i].name[length] == ' ')
            return &cli_commands[i];
    return NULL;
}

static int unknown_command(const char *group, const char *word) {
    struct guess guess = {0};
    size_t skipped = group ? strlen(group) + 1 : 0;
    char best[64] = "";
    for (size_t i = 0; i < cli_command_count; i++) {
        const char *name = cli_commands[i].name;
        char first[64];
        if (group && strncmp(name, group, skipped - 1) != 0)
            continue;
        snprintf(first, sizeof first, "%.*s", (int)strcspn(name + skipped, " "), name + skipped);
        consider(&guess, word, first);
        if (guess.best == first) {
            strcpy(best, first);
            guess.best = best;
        }
    }
    cli_error("there is no command '%s%s%s'", group ? group : "", group ? " " : "", word);
    if (guess.best)
        cli_hint("Did you mean '%s%s%s'?", group ? group : "", group ? " " : "", guess.best);
    else
        cli_hint("'helmdesk help%s%s' lists them.", group ? " " : "", group ? group : "");
    return CLI_USAGE;
}

/* "--help webhooks", "webhooks --help" and "webhooks help": about the group. */
static int asks_for_help(const struct args *args, int argc, char **argv) {
    if (argc < 2)
        return cli_has(args, OPT_HELP);
    return strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0;
}

/* Finds the command at the beginning of the words. *used is how many of them are its name. */
static int find_command(const struct args *args, int argc, char **argv, const struct command **command, int *used) {
    *used = 1;
    *command = cli_command_find(argv[0]);
    if (*command)
        return CLI_OK;
    if (!cli_command_group(argv[0]))
        return unknown_command(NULL, argv[0]);
    if (asks_for_help(args, argc, argv))
        return CLI_OK;
    if (argc < 2 || argv[1][0] == '-') {
        cli_error("'%s' needs one of its commands", argv[0]);
        cli_hint("'helmdesk help %s' lists them.", argv[0]);
        return CLI_USAGE;
    }
    char name[64];
    snprintf(name, sizeof name, "%s %s", argv[0], argv[1]);
    *used = 2;
    *command = cli_command_find(name);
    return *command ? CLI_OK : unknown_command(argv[0], argv[1]);
}

/* ---- Options ---- */

/* The options that are allowed, in the form of getopt_long(). */
struct grammar {
    struct option long_options[OPTIONS_MAX + 1];
    char letters[2 * OPTIONS_MAX + 3];
    enum option_id by_letter[UCHAR_MAX + 1];
};

static void allow(struct grammar *grammar, const unsigned char *ids, size_t *count) {
    for (; *ids != OPT_END; ids++) {
        const struct option_spec *spec = &cli_options[*ids];
        grammar->long_options[(*count)++] =
            (struct option){spec->name, spec->argument ? required_argument : no_argument, NULL, UCHAR_MAX + 1 + *ids};
        if (!spec->letter)
            continue;
        size_t end = strlen(grammar->letters);
        grammar->letters[end++] = spec->letter;
        if (spec->argument)
            grammar->letters[end++] = ':';
        grammar->letters[end] = '\0';
        grammar->by_letter[(unsigned char)spec->letter] = (enum option_id) * ids;
    }
}

/* Before the command's name ("+") only the common ones; then those of the command too. ":" tells a missing argument
 * from an unknown option. */
static void make_grammar(struct grammar *grammar, const struct command *command) {
    size_t count = 0;
    memset(grammar, 0, sizeof *grammar);
    strcpy(grammar->letters, command ? ":" : "+:");
    allow(grammar, cli_common_options, &count);
    if (command)
        allow(grammar, command->options, &count);
}

static int add_given(struct args *args, enum option_id id, const char *value) {
    struct given *grown = realloc(args->given, (args->given_count + 1) * sizeof *grown);
    if (!grown)
        return cli_no_memory();
    args->given = grown;
    args->given[args->given_count++] = (struct given){id, value};
    return CLI_OK;
}

/* What an unknown option that begins with -- may have meant. */
static int unknown_option(const struct args *args, const struct grammar *grammar, const char *word) {
    const char *command = args->command ? args->command->name : "";
    char name[64];
    struct guess guess = {0};
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    if (strncmp(name, "--", 2) == 0)
        for (const struct option *option = grammar->long_options; option->name; option++)
            consider(&guess, name + 2, option->name);
    cli_error("%s%sthere is no option '%s'", command, *command ? ": " : "", name);
    if (strncmp(name, "--secret", 8) == 0 && strlen(name) <= 9)
        cli_hint("A secret on the command line is seen by every user of this machine. Use --secret-file FILE or the "
                 "environment variable HELMDESK_SECRET.");
    else if (guess.best)
        cli_hint("Did you mean '--%s'?", guess.best);
    else
        cli_hint("'helmdesk help%s%s' lists them.", *command ? " " : "", command);
    return CLI_USAGE;
}

/* getopt_long() has answered ':' or '?'. */
static int refuse_option(const struct args *args, const struct grammar *grammar, int answer, char **argv) {
    char letter[3] = {'-', (char)(optopt > 0 && optopt <= UCHAR_MAX ? optopt : '?'), '\0'};
    int is_long = optopt == 0 || optopt > UCHAR_MAX;
    if (answer == ':' || optopt > UCHAR_MAX) {
        int id = optopt > UCHAR_MAX ? optopt - UCHAR_MAX - 1 : (int)grammar->by_letter[optopt & UCHAR_MAX];
        const struct option_spec *spec = &cli_options[id];
        if (answer == ':')
            cli_error("--%s needs a value: --%s %s", spec->name, spec->name, spec->argument);
        else
            cli_error("--%s takes no value", spec->name);
        return CLI_USAGE;
    }
    return unknown_option(args, grammar, is_long ? argv[optind - 1] : letter);
}

/* The word of a long option that getopt_long() has just read. */
static const char *word_just_read(char **argv) {
    return argv[optind - (optarg && optarg == argv[optind - 1] ? 2 : 1)];
}

/* getopt_long() takes --secret for --secret-file; then a secret would be taken for a file's name, and shown. */
static int is_abbreviated(enum option_id id, const char *word) {
    size_t length = strlen(cli_options[id].name);
    return strncmp(word + 2, cli_options[id].name, length) != 0 ||
           (word[2 + length] != '\0' && word[2 + length] != '=');
}

static void restart_getopt(void) {
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
    optreset = 1;
    optind = 1;
#else
    optind = 0; /* glibc and musl: start anew */
#endif
    opterr = 0;
}

/* Whether each of the words between commas is among these. */
static int are_words(const char *words, const char *list) {
    for (size_t length;; list += length + 1) {
        char word[64];
        length = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), list);
        if (cli_word_index(words, word) < 0)
            return 0;
        if (!list[length])
            return 1;
    }
}

static int check_value(enum option_id id, const char *value) {
    const struct option_spec *spec = &cli_options[id];
    int is_list = spec->argument && strcmp(spec->argument, "LIST") == 0;
    if (!value || !spec->values || cli_is_upper(spec->values[0]) ||
        (is_list ? are_words(spec->values, value) : cli_word_index(spec->values, value) >= 0))
        return CLI_OK;
    cli_error("--%s cannot be '%s'", spec->name, value);
    cli_hint("It is one of: %s.", spec->values);
    return CLI_USAGE;
}

/* Reads options up to the first operand, or, for a command, all of them. */
static int read_options(struct args *args, int argc, char **argv) {
    struct grammar grammar;
    make_grammar(&grammar, args->command);
    restart_getopt();
    for (int answer; (answer = getopt_long(argc, argv, grammar.letters, grammar.long_options, NULL)) != -1;) {
        if (answer == ':' || answer == '?')
            return refuse_option(args, &grammar, answer, argv);
        enum option_id id = answer > UCHAR_MAX ? (enum option_id)(answer - UCHAR_MAX - 1) : grammar.by_letter[answer];
        if (answer > UCHAR_MAX && is_abbreviated(id, word_just_read(argv)))
            return unknown_option(args, &grammar, word_just_read(argv));
        int code = check_value(id, optarg);
        if (code == CLI_OK)
            code = add_given(args, id, cli_options[id].argument ? optarg : NULL);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

static int check_operands(const struct args *args) {
    const struct command *command = args->command;
    if (cli_has(args, OPT_HELP) || cli_has(args, OPT_VERSION))
        return CLI_OK;
    if (args->operand_count < command->min_operands)
        cli_error("%s: something is missing: helmdesk %s %s", command->name, command->name, command->operands);
    else if (command->max_operands >= 0 && args->operand_count > command->max_operands)
        cli_error("%s: '%s' is too much: helmdesk %s %s", command->name, args->operands[command->max_operands],
                  command->name, command->operands);
    else
        return CLI_OK;
    cli_hint("'helmdesk help %s' explains it.", command->name);
    return CLI_USAGE;
}

int cli_args_read(int argc, char **argv, struct args *args) {
    int used;
    *args = (struct args){0};
    int code = read_options(args, argc, argv);
    if (code != CLI_OK || optind >= argc)
        return code;
    argc -= optind;
    argv += optind;
    code = find_command(args, argc, argv, &args->command, &used);
    if (code != CLI_OK)
        return code;
    if (!args->command) { /* help for a group is wanted */
        args->command = cli_command_find("help");
        args->operands = argv;
        args->operand_count = 1;
        return CLI_OK;
    }
    argc -= used - 1; /* the last word of its name is in the place of a program's name */
    argv += used - 1;
    code = read_options(args, argc, argv);
    if (code != CLI_OK)
        return code;
    args->operands = argv + optind;
    args->operand_count = argc - optind;
    return check_operands(args);
}

void cli_args_free(struct args *args) {
    free(args->given);
    *args = (struct args){0};
}

/* ---- What was given ---- */

int cli_has(const struct args *args, enum option_id id) {
    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].id == id)
            return 1;
    return 0;
}

const char *cli_value(const struct args *args, enum option_id id) {
    for (size_t i = args->given_count; i > 0; i--)
        if (args->given[i - 1].id == id)
            return args->given[i - 1].value;
    return NULL;
}

const char *cli_next_value(const struct args *args, enum option_id id, size_t *index) {
    while (*index < args->given_count)
        if (args->given[(*index)++].id == id)
            return args->given[*index - 1].value;
    return NULL;
}

const char *cli_operand(const struct args *args, int index) {
    return index < args->operand_count ? args->operands[index] : NULL;
}

/* ---- Values ---- */

int cli_number(const struct args *args, enum option_id id, int64_t least, int64_t most, int64_t *number) {
    const char *text = cli_value(args, id);
    char *end;
    if (!text)
        return CLI_OK;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && value >= least && value <= most) {
        *number = value;
        return CLI_OK;
    }
    cli_error("--%s cannot be '%s'", cli_options[id].name, text);
    cli_hint("It is a whole number from %lld to %lld.", (long long)least, (long long)most);
    return CLI_USAGE;
}

int cli_parse_duration(const char *text, int64_t *milliseconds) {
    static const struct {
        const char *name;
        double milliseconds;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    char *end;
    if (!cli_is_digit(text[0]))
        return 0;
    double value = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0 && value * units[i].milliseconds < 1e15) {
            *milliseconds = (int64_t)(value * units[i].milliseconds);
            return 1;
        }
    return 0;
}

int cli_duration(const struct args *args, enum option_id id, int64_t most_ms, int64_t *milliseconds) {
    const char *text = cli_value(args, id);
    int64_t value;
    if (!text)
        return CLI_OK;
    if (cli_parse_duration(text, &value) && value >= 1 && value <= most_ms) {
        *milliseconds = value;
        return CLI_OK;
    }
    if (cli_is_number(text)) {
        cli_error("--%s cannot be '%s': the unit is missing", cli_options[id].name, text);
        cli_hint("Write %ss for seconds, %sm for minutes, %sh for hours or %sd for days.", text, text, text, text);
        return CLI_USAGE;
    }
    cli_error("--%s cannot be '%s'", cli_options[id].name, text);
    cli_hint("It is a time such as 500ms, 3s, 5m, 24h or 30d, at most %lld s.", (long long)(most_ms / 1000));
    return CLI_USAGE;
}

int cli_word_index(const char *words, const char *word) {
    size_t length = strlen(word);
    for (int i = 0; *words; i++) {
        size_t here = strcspn(words, " ");
        if (here == length && memcmp(words, word, length) == 0)
            return i;
        words += here + (words[here] == ' ');
    }
    return -1;
}
