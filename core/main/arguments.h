/* The arguments of hearthd, by the table of commands.h. */
#ifndef HEARTH_CORE_MAIN_ARGUMENTS_H
#define HEARTH_CORE_MAIN_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct cli;
struct cli_command;
struct cli_option;

/* What was given, into a zeroed struct cli: cli->command is "help" or "version" where --help or
 * --version stands, and "serve" where no command does. CLI_OK: run it. Else the exit code; what is
 * wrong was said on standard error. argv is put into another order. */
int main_arguments_parse(int argc, char **argv, struct cli *cli);
/* The command of the first words, of which *ret_words are its name; a group is one, too. NULL:
 * there is none; of a group that has no such command, *ret_words is 1. */
const struct cli_command *main_arguments_find(int argc, char *const *argv, int *ret_words);
/* Says what there is instead; returns CLI_USAGE. */
int main_arguments_unknown(int argc, char *const *argv);

bool main_command_is_group(const struct cli_command *command);
/* The i-th option of a command alone, and of those of every command (but for what is something
 * else here); NULL past the end. */
const struct cli_option *main_command_option(const struct cli_command *command, size_t i);
const struct cli_option *main_command_common(const struct cli_command *command, size_t i);
const char *main_option_name(const struct cli_option *option);
/* "account show EMAIL [--json]" */
void main_command_usage(const struct cli_command *command, char *ret, size_t size);

#endif
