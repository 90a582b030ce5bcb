/* hearthd help: from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "main/arguments.h"
#include "main/cli.h"
#include "main/commands.h"

enum { HELP_WIDTH = 80, NAME_WIDTH = 19 };

/* A paragraph, of which each line begins with so many spaces; the first one is at `column`
 * already. */
static void print_wrapped(const char *text, int indent, int column)
{
    for (const char *word = text; *word != '\0';) {
        int n = (int)strcspn(word, " \n");
        bool breaks = column > indent && column + 1 + n > HELP_WIDTH;
        if (breaks)
            main_cli_print(stdout, "\n");
        if (breaks || column < indent)
            main_cli_print(stdout, "%*s", breaks ? indent : indent - column, "");
        else if (column > indent)
            main_cli_print(stdout, " ");
        column = (breaks || column <= indent ? indent : column + 1) + n;
        main_cli_print(stdout, "%.*s", n, word);
        word += n;
        for (; *word == ' ' || *word == '\n'; word++)
            if (*word == '\n' && column > 0) {
                main_cli_print(stdout, "\n");
                column = 0;
            }
    }
    main_cli_print(stdout, "\n");
}

static void print_row(const char *name, const char *help)
{
    main_cli_print(stdout, "  %-*s", NAME_WIDTH, name);
    int column = 2 + (int)strlen(name);
    if (column >= NAME_WIDTH + 2) {
        main_cli_print(stdout, "\n");
        column = 0;
    } else {
        column = NAME_WIDTH + 2;
    }
    print_wrapped(help, NAME_WIDTH + 2, column);
}

static void print_option(const struct cli_option *option)
{
    char name[80];
    snprintf(name, sizeof(name), "%c%c%s--%s%s%s", option->letter == '\0' ? ' ' : '-',
             option->letter == '\0' ? ' ' : option->letter, option->letter == '\0' ? "  " : ", ",
             main_option_name(option), option->argument == NULL ? "" : " ",
             option->argument == NULL ? "" : option->argument);
    print_row(name, option->help);
}

static void print_common(const struct cli_command *command)
{
    const struct cli_option *option;
    main_cli_print(stdout, "\nOptions of all commands:\n");
    for (size_t i = 0; (option = main_command_common(command, i)) != NULL; i++)
        print_option(option);
}

static void print_commands(const char *prefix)
{
    size_t n = strlen(prefix);
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        if (strncmp(c->name, prefix, n) == 0 && (n == 0 || c->name[n] == ' ') &&
            !main_command_is_group(c))
            print_row(c->name, c->help);
}

static void print_all(void)
{
    main_cli_print(stdout, "usage: hearthd [OPTION…] [COMMAND [WORD…]]\n\nCommands:\n");
    print_commands("");
    print_common(&main_commands[0]);
    main_cli_print(stdout, "\nExit codes:\n");
    for (int i = 0; i < 3; i++) {
        char code[8];
        snprintf(code, sizeof(code), "%d", i);
        print_row(code, main_exit_codes[i]);
    }
    main_cli_print(stdout, "\n\"hearthd help COMMAND\" says more of each.\n");
}

static void print_examples(const char *examples)
{
    main_cli_print(stdout, "\nExamples:\n");
    for (const char *line = examples, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        main_cli_print(stdout, "  %.*s\n", (int)(end - line), line);
        if (end[1] == '\0')
            break;
    }
}

static void print_one(const struct cli_command *command)
{
    char usage[400];
    main_command_usage(command, usage, sizeof(usage));
    main_cli_print(stdout, "usage: hearthd ");
    print_wrapped(usage, 15, 15);
    main_cli_print(stdout, "\n%s: %s\n", command->name, command->help);
    if (command->text != NULL) {
        main_cli_print(stdout, "\n");
        print_wrapped(command->text, 0, 0);
    }
    if (main_command_is_group(command)) {
        main_cli_print(stdout, "\nCommands:\n");
        print_commands(command->name);
    }
    const struct cli_option *option;
    if (main_command_option(command, 0) != NULL)
        main_cli_print(stdout, "\nOptions:\n");
    for (size_t i = 0; (option = main_command_option(command, i)) != NULL; i++)
        print_option(option);
    print_common(command);
    if (command->fails != NULL) {
        main_cli_print(stdout, "\nExit code 1 also when");
        print_wrapped(command->fails, 0, 22);
    }
    if (command->examples != NULL)
        print_examples(command->examples);
}

int main_cmd_help(struct cli *cli)
{
    int words;
    if (cli->argc == 0) {
        print_all();
        return CLI_OK;
    }
    const struct cli_command *command = main_arguments_find(cli->argc, cli->argv, &words);
    if (command == NULL)
        return main_arguments_unknown(cli->argc, cli->argv);
    print_one(command);
    return CLI_OK;
}
