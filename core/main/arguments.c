#include "main/arguments.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "main/cli.h"
#include "main/commands.h"

/* --- the table --- */

const char *main_option_name(const struct cli_option *option)
{
    return option->name != NULL ? option->name : option->id;
}

static const struct cli_option *option_of_ids(const char *ids, size_t i)
{
    const char *id = ids;
    for (; i > 0 && *id != '\0'; i--) {
        id += strcspn(id, " ");
        id += *id == ' ';
    }
    size_t n = strcspn(id, " ");
    for (const struct cli_option *o = main_options; n > 0 && o->id != NULL; o++)
        if (strncmp(o->id, id, n) == 0 && o->id[n] == '\0')
            return o;
    return NULL;
}

const struct cli_option *main_command_option(const struct cli_command *command, size_t i)
{
    return option_of_ids(command->options, i);
}

static const struct cli_option *own_option(const struct cli_command *command, const char *name)
{
    const struct cli_option *option;
    for (size_t i = 0; (option = main_command_option(command, i)) != NULL; i++)
        if (strcmp(main_option_name(option), name) == 0)
            return option;
    return NULL;
}

const struct cli_option *main_command_common(const struct cli_command *command, size_t i)
{
    const struct cli_option *option;
    for (size_t k = 0; (option = option_of_ids(main_options_of_all, k)) != NULL; k++)
        if (own_option(command, main_option_name(option)) == NULL && i-- == 0)
            return option;
    return NULL;
}

bool main_command_is_group(const struct cli_command *command)
{
    return command->words == NULL;
}

static const struct cli_command *command_named(const char *name)
{
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

const struct cli_command *main_arguments_find(int argc, char *const *argv, int *ret_words)
{
    char both[64];
    const struct cli_command *command = argc == 0 ? NULL : command_named(argv[0]);
    *ret_words = command == NULL || strchr(command->name, ' ') != NULL ? 0 : 1;
    if (*ret_words == 0)
        return NULL;
    if (!main_command_is_group(command) || argc == 1)
        return command;
    if (snprintf(both, sizeof(both), "%s %s", argv[0], argv[1]) >= (int)sizeof(both))
        return NULL;
    command = command_named(both);
    if (command != NULL)
        *ret_words = 2;
    return command;
}

/* How many words a command takes; most: -1 is any number. */
static void arguments_count_words(const char *words, int *ret_least, int *ret_most)
{
    static const char more[] = "\u2026";
    *ret_least = *ret_most = 0;
    for (const char *word = words; *word != '\0';) {
        size_t n = strcspn(word, " ");
        *ret_least += word[0] != '[';
        if (n >= sizeof(more) - 1 && strncmp(word + n - (sizeof(more) - 1), more, n) == 0)
            *ret_most = -1;
        else if (*ret_most >= 0)
            *ret_most += 1;
        word += n + (word[n] == ' ');
    }
}

void main_command_usage(const struct cli_command *command, char *ret, size_t size)
{
    struct buf text = {0};
    const struct cli_option *option;
    const char *words = command->words == NULL ? "COMMAND" : command->words;
    buf_printf(&text, "%s%s%s", command->name, words[0] == '\0' ? "" : " ", words);
    for (size_t i = 0; (option = main_command_option(command, i)) != NULL; i++)
        buf_printf(&text, option->argument == NULL ? " [--%s]" : " [--%s %s]",
                   main_option_name(option), option->argument);
    str_cut(ret, size, buf_failed(&text) ? command->name : text.data);
    buf_fini(&text);
}

/* --- what is wrong --- */

int main_arguments_unknown(int argc, char *const *argv)
{
    const char *guess = NULL, *group = argc > 1 && command_named(argv[0]) != NULL ? argv[0] : NULL,
               *typed = argv[group != NULL];
    int distance = STR_NOT_NEAR;
    size_t n = group == NULL ? 0 : strlen(group);
    for (const struct cli_command *c = main_commands; c->name != NULL; c++) {
        bool belongs = group == NULL ? strchr(c->name, ' ') == NULL
                                     : strncmp(c->name, group, n) == 0 && c->name[n] == ' ';
        const char *name = group == NULL ? c->name : c->name + n + 1;
        if (belongs && str_is_nearer(typed, name, &distance))
            guess = name;
    }
    main_cli_print(stderr, "hearthd: %s%s \"%s\"", group == NULL ? "there is no command" : group,
                   group == NULL ? "" : " has no command", typed);
    if (guess != NULL)
        main_cli_print(stderr, "; did you mean \"%s\"?", guess);
    main_cli_print(stderr, "%s \"hearthd help%s%s\" lists all.\n", guess == NULL ? ";" : "",
                   group == NULL ? "" : " ", group == NULL ? "" : group);
    return CLI_USAGE;
}

/* A group without a command of its: which there are. */
static int refuse_group(const struct cli_command *group)
{
    size_t n = strlen(group->name);
    main_cli_print(stderr, "hearthd: %s needs a command:\n", group->name);
    for (const struct cli_command *c = main_commands; c->name != NULL; c++) {
        char usage[400];
        if (strncmp(c->name, group->name, n) != 0 || c->name[n] != ' ')
            continue;
        main_command_usage(c, usage, sizeof(usage));
        main_cli_print(stderr, "  hearthd %s\n", usage);
    }
    return CLI_USAGE;
}

static void arguments_add_known(struct buf *text, const struct cli_option *option,
                                const char *typed, const char **guess, int *distance)
{
    const char *name = main_option_name(option);
    buf_printf(text, "%s--%s", text->size == 0 ? "" : ", ", name);
    if (option->argument != NULL)
        buf_printf(text, " %s", option->argument);
    if (str_is_nearer(typed, name, distance))
        *guess = name;
}

static int refuse_option(const struct cli_command *command, const char *typed)
{
    struct buf known = {0};
    const char *guess = NULL;
    int distance = STR_NOT_NEAR;
    char name[80];
    size_t dashes = strspn(typed, "-");
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(typed + dashes, "="), typed + dashes);
    const struct cli_option *option;
    for (size_t i = 0; (option = main_command_option(command, i)) != NULL; i++)
        arguments_add_known(&known, option, name, &guess, &distance);
    for (size_t i = 0; (option = main_command_common(command, i)) != NULL; i++)
        arguments_add_known(&known, option, name, &guess, &distance);
    main_cli_print(stderr, "hearthd: %s has no option %.*s%s", command->name,
                   (int)strcspn(typed, "="), typed, guess == NULL ? "" : "; did you mean --");
    main_cli_print(stderr, "%s%s It has %s.\n", guess == NULL ? "" : guess,
                   guess == NULL ? "." : "?", buf_failed(&known) ? "others" : known.data);
    buf_fini(&known);
    return CLI_USAGE;
}

int main_cli_usage(const struct cli *cli)
{
    char usage[400];
    main_command_usage(cli->command, usage, sizeof(usage));
    main_cli_print(stderr, "usage: hearthd %s\n", usage);
    return CLI_USAGE;
}

static int check_count(const struct cli *cli, int count, char *const *argv)
{
    int least, most;
    const struct cli_command *command = cli->command;
    arguments_count_words(command->words, &least, &most);
    if (count >= least && (most < 0 || count <= most))
        return CLI_OK;
    if (count < least)
        main_cli_print(stderr, "hearthd: %s needs %s.\n", command->name, command->words);
    else if (most == 0)
        main_cli_print(stderr, "hearthd: %s takes no words, and here is \"%s\".\n", command->name,
                       argv[0]);
    else
        main_cli_print(stderr, "hearthd: %s takes %s, and \"%s\" is too much.\n", command->name,
                       command->words, argv[most]);
    return main_cli_usage(cli);
}

/* --- one argument after the other --- */

struct walk {
    int argc, at;
    char **argv;
    bool only_words;      /* behind -- */
    const char *typed;    /* the argument at hand */
    bool is_option;       /* it is one */
    const char *value;    /* of the option; NULL: none was given */
    bool took_next;       /* which was the next argument */
    const char *name_end; /* of the option's name */
};

/* Whether a name takes an argument is the same in all commands. */
static const struct cli_option *any_option(const struct walk *walk)
{
    for (const struct cli_option *o = main_options; o->id != NULL; o++) {
        const char *name = main_option_name(o);
        size_t n = (size_t)(walk->name_end - walk->typed);
        if (n == strlen(name) + 2 && strncmp(walk->typed + 2, name, n - 2) == 0)
            return o;
        if (n == 2 && o->letter != '\0' && walk->typed[1] == o->letter)
            return o;
    }
    return NULL;
}

static bool walk_next(struct walk *walk)
{
    if (walk->at < walk->argc && !walk->only_words && strcmp(walk->argv[walk->at], "--") == 0) {
        walk->only_words = true;
        walk->at++;
    }
    if (walk->at >= walk->argc)
        return false;
    const char *typed = walk->argv[walk->at++];
    walk->typed = typed;
    walk->is_option = !walk->only_words && typed[0] == '-' && typed[1] != '\0';
    walk->value = NULL;
    walk->took_next = false;
    if (!walk->is_option)
        return true;
    walk->name_end = strchrnul(typed, '=');
    const struct cli_option *option = any_option(walk);
    if (*walk->name_end == '=') {
        walk->value = walk->name_end + 1;
    } else if (option != NULL && option->argument != NULL && walk->at < walk->argc) {
        walk->value = walk->argv[walk->at++];
        walk->took_next = true;
    }
    return true;
}

/* The option at hand, as its command has it. */
static int take_option(struct cli *cli, const struct walk *walk)
{
    const struct cli_option *any = any_option(walk), *option = NULL, *common;
    if (any != NULL)
        option = own_option(cli->command, main_option_name(any));
    for (size_t i = 0;
         option == NULL && any != NULL && (common = main_command_common(cli->command, i)) != NULL;
         i++)
        if (strcmp(main_option_name(common), main_option_name(any)) == 0)
            option = common;
    if (option == NULL)
        return refuse_option(cli->command, walk->typed);
    void *member = (char *)cli + option->member;
    if (option->argument == NULL && walk->value != NULL) {
        main_cli_print(stderr, "hearthd: --%s takes no value.\n", main_option_name(option));
        return CLI_USAGE;
    }
    if (option->argument != NULL && walk->value == NULL) {
        main_cli_print(stderr, "hearthd: --%s needs %s: %s.\n", main_option_name(option),
                       option->argument, option->help);
        return CLI_USAGE;
    }
    if (option->argument == NULL)
        *(bool *)member = true;
    else
        *(const char **)member = walk->value;
    return CLI_OK;
}

static int take_options(int argc, char **argv, struct cli *cli)
{
    struct walk walk = {.argc = argc, .argv = argv};
    int r = CLI_OK;
    while (r == CLI_OK && walk_next(&walk))
        if (walk.is_option)
            r = take_option(cli, &walk);
    return r;
}

/* The words, in their order, at the beginning of argv. */
static int gather_words(int argc, char **argv)
{
    struct walk walk = {.argc = argc, .argv = argv};
    int count = 0;
    while (walk_next(&walk))
        if (!walk.is_option)
            argv[count++] = (char *)(uintptr_t)walk.typed;
    return count;
}

struct first_look {
    char *words[2];
    int count; /* of them */
    bool help, version;
};

static void look_first(int argc, char **argv, struct first_look *ret)
{
    struct walk walk = {.argc = argc, .argv = argv};
    while (walk_next(&walk)) {
        const struct cli_option *option = walk.is_option ? any_option(&walk) : NULL;
        ret->help |= option != NULL && strcmp(option->id, "help") == 0;
        ret->version |= option != NULL && strcmp(option->id, "version") == 0;
        if (!walk.is_option && ret->count < 2)
            ret->words[ret->count++] = (char *)(uintptr_t)walk.typed;
    }
}

int main_arguments_parse(int argc, char **argv, struct cli *cli)
{
    struct first_look first = {.count = 0};
    int name_words = 0, r = CLI_OK;
    argc--;
    argv++;
    look_first(argc, argv, &first);
    cli->command = first.count == 0 ? command_named("serve")
                                    : main_arguments_find(first.count, first.words, &name_words);
    if (cli->command == NULL)
        return main_arguments_unknown(first.count, first.words);
    if (!first.help) /* who asks may not know the options */
        r = take_options(argc, argv, cli);
    if (r != CLI_OK)
        return r;
    cli->argc = gather_words(argc, argv);
    cli->argv = argv;
    if (first.help && strcmp(cli->command->name, "help") != 0) {
        cli->command = command_named("help");
        return CLI_OK;
    }
    if (first.version) {
        cli->command = command_named("version");
        cli->argc = 0;
        return CLI_OK;
    }
    if (main_command_is_group(cli->command))
        return refuse_group(cli->command);
    if (!first.help)
        r = check_count(cli, cli->argc - name_words, argv + name_words);
    cli->argc -= cli->argc > 0;
    cli->argv = argv + (name_words > 0);
    return r;
}
