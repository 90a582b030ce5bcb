/* Completions of commands, options, files and words that are known; nothing is asked of a server
 * for them. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "documentation.h"

static bool is_group(const struct cli_command *command)
{
    return command->words == NULL;
}

/* What stands behind "account " in "account list"; NULL: nothing does. */
static const char *name_in_group(const struct cli_command *command, const char *group)
{
    size_t n = strlen(group);
    if (n == 0)
        return strchr(command->name, ' ') == NULL ? command->name : NULL;
    return strncmp(command->name, group, n) == 0 && command->name[n] == ' ' ? command->name + n + 1
                                                                            : NULL;
}

static bool names_file(const char *argument)
{
    return strstr(argument, "FILE") != NULL || strstr(argument, "PATH") != NULL ||
           strcmp(argument, "DIR") == 0;
}

/* The words that may stand there: of "EMAIL a|b" "a b". */
static void print_choices(const char *words)
{
    for (const char *word = words; *word != '\0';) {
        size_t n = strcspn(word, " ");
        if (word[0] >= 'a' && word[0] <= 'z')
            for (size_t i = 0; i < n; i++)
                putchar(word[i] == '|' ? ' ' : word[i]);
        word += n + (word[n] == ' ');
    }
}

static bool has_choices(const char *words)
{
    bool begins = true;
    for (const char *p = words; *p != '\0'; begins = *p++ == ' ')
        if (begins && *p >= 'a' && *p <= 'z')
            return true;
    return false;
}

/* In single quotes. fish takes a backslash there, the others do not. */
static void print_quoted(const char *text, const char *quote)
{
    for (const char *p = text; *p != '\0'; p++)
        if (*p == '\'')
            printf("%s", quote);
        else
            putchar(*p);
}

static const char in_sh[] = "'\\''", in_fish[] = "\\'";

/* Is this the first entry of its name? Two commands may mean something else by one. */
static bool is_first(const struct cli_option *option)
{
    const struct cli_option *o = main_options;
    while (strcmp(documentation_option_name(o), documentation_option_name(option)) != 0)
        o++;
    return o == option;
}

static void print_names(const char *group)
{
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        if (name_in_group(c, group) != NULL)
            printf(" %s", name_in_group(c, group));
}

static void print_groups(const char *gap)
{
    bool first = true;
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        if (is_group(c)) {
            printf("%s%s", first ? "" : gap, c->name);
            first = false;
        }
}

/* "--config|--role|…": those with an argument. */
static void print_with_argument(const char *gap)
{
    bool first = true;
    for (const struct cli_option *o = main_options; o->id != NULL; o++)
        if (o->argument != NULL && is_first(o)) {
            printf("%s--%s", first ? "" : gap, documentation_option_name(o));
            first = false;
        }
}

/* --- bash --- */

static void print_bash_options(const char *ids)
{
    const struct cli_option *option;
    while ((option = documentation_next_option(&ids)) != NULL)
        printf(" --%s", documentation_option_name(option));
}

void documentation_bash(void)
{
    printf("# bash completion of hearthd: made from its table of commands\n_hearthd()\n{\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local command='' words='' options='' files='' i\n"
           "    COMPREPLY=()\n    case $prev in\n");
    for (const struct cli_option *o = main_options; o->id != NULL; o++) {
        if (o->argument == NULL || !is_first(o))
            continue;
        printf("    --%s)\n", documentation_option_name(o));
        if (o->choices != NULL)
            printf("        mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", o->choices);
        else if (names_file(o->argument))
            printf("        compopt -o filenames\n"
                   "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
        printf("        return ;;\n");
    }
    printf("    esac\n    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        case ${COMP_WORDS[i]} in\n        ");
    print_with_argument("|");
    printf(") ((i++)) ;;\n        -*) ;;\n        *)\n            case $command in\n"
           "            '') command=${COMP_WORDS[i]} ;;\n            ");
    print_groups("|");
    printf(") command=\"$command ${COMP_WORDS[i]}\" ;;\n            esac ;;\n        esac\n"
           "    done\n    case $command in\n    '') words='");
    print_names("");
    printf("' options=' --role' ;;\n    help) words='");
    print_names("");
    printf("' ;;\n");
    for (const struct cli_command *c = main_commands; c->name != NULL; c++) {
        if (strcmp(c->name, "help") == 0)
            continue;
        printf("    '%s')", c->name);
        if (is_group(c) || has_choices(c->words)) {
            printf(" words='");
            if (is_group(c))
                print_names(c->name);
            else
                print_choices(c->words);
            printf("'");
        }
        printf(" options='");
        print_bash_options(c->options);
        printf("'%s ;;\n", !is_group(c) && names_file(c->words) ? " files=yes" : "");
    }
    printf("    esac\n    if [[ $cur == -* ]]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$options");
    print_bash_options(main_options_of_all);
    printf("\" -- \"$cur\")\n    elif [[ -n $files ]]; then\n"
           "        compopt -o filenames\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n    else\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n    fi\n}\n"
           "complete -F _hearthd hearthd\n");
}

/* --- zsh --- */

static void print_zsh_options(const char *ids)
{
    const struct cli_option *option;
    while ((option = documentation_next_option(&ids)) != NULL) {
        printf(" '--%s:", documentation_option_name(option));
        print_quoted(option->help, in_sh);
        printf("'");
    }
}

static void print_zsh_names(const char *group)
{
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        if (name_in_group(c, group) != NULL) {
            printf("\n            '%s:", name_in_group(c, group));
            print_quoted(c->help, in_sh);
            printf("'");
        }
}

void documentation_zsh(void)
{
    printf("#compdef hearthd\n# zsh completion of hearthd: made from its table of commands\n"
           "_hearthd() {\n    local command='' i files=''\n    local -a names options choices\n"
           "    case $words[CURRENT-1] in\n");
    for (const struct cli_option *o = main_options; o->id != NULL; o++) {
        if (o->argument == NULL || !is_first(o))
            continue;
        printf("    --%s)", documentation_option_name(o));
        if (o->choices != NULL)
            printf(" compadd -- %s;", o->choices);
        else if (names_file(o->argument))
            printf(" _files;");
        else
            printf(" _message '%s';", o->argument);
        printf(" return ;;\n");
    }
    printf(
        "    esac\n    for ((i = 2; i < CURRENT; i++)); do\n        case $words[i] in\n        ");
    print_with_argument("|");
    printf(") ((i++)) ;;\n        -*) ;;\n        *)\n            case $command in\n"
           "            '') command=$words[i] ;;\n            ");
    print_groups("|");
    printf(") command=\"$command $words[i]\" ;;\n            esac ;;\n        esac\n    done\n"
           "    case $command in\n    ''|help)\n        names=(");
    print_zsh_names("");
    printf("\n        ) ;;\n");
    for (const struct cli_command *c = main_commands; c->name != NULL; c++) {
        if (strcmp(c->name, "help") == 0)
            continue;
        printf("    '%s')\n", c->name);
        if (is_group(c)) {
            printf("        names=(");
            print_zsh_names(c->name);
            printf("\n        ) ;;\n");
            continue;
        }
        printf("        options=(");
        print_zsh_options(c->options);
        printf(")\n");
        if (has_choices(c->words)) {
            printf("        choices=(");
            print_choices(c->words);
            printf(")\n");
        }
        printf("        files=%s ;;\n", names_file(c->words) ? "yes" : "''");
    }
    printf("    esac\n    options+=(");
    print_zsh_options(main_options_of_all);
    printf(")\n    if [[ $PREFIX == -* ]]; then\n        _describe -o option options\n"
           "    elif ((${#names})); then\n        _describe command names\n"
           "    elif [[ -n $files ]]; then\n        _files\n"
           "    elif ((${#choices})); then\n        compadd -- $choices\n    fi\n}\n"
           "if [[ $funcstack[1] == _hearthd ]]; then\n    _hearthd \"$@\"\nelse\n"
           "    compdef _hearthd hearthd\nfi\n");
}

/* --- fish --- */

static void print_fish_option(const struct cli_option *option, const char *command)
{
    printf("complete -c hearthd");
    if (command != NULL)
        printf(" -n '__hearthd_is \"%s\"'", command);
    if (option->letter != '\0')
        printf(" -s %c", option->letter);
    printf(" -l %s", documentation_option_name(option));
    if (option->choices != NULL)
        printf(" -x -a '%s'", option->choices);
    else if (option->argument != NULL)
        printf(names_file(option->argument) ? " -r -F" : " -x");
    printf(" -d '");
    print_quoted(option->help, in_fish);
    printf("'\n");
}

static void print_fish_names(const char *group, const char *command)
{
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        if (name_in_group(c, group) != NULL) {
            printf("complete -c hearthd -n '__hearthd_is \"%s\"' -a %s -d '", command,
                   name_in_group(c, group));
            print_quoted(c->help, in_fish);
            printf("'\n");
        }
}

void documentation_fish(void)
{
    const char *ids = main_options_of_all;
    const struct cli_option *option;
    printf("# fish completion of hearthd: made from its table of commands\n"
           "function __hearthd_is\n    set -l command ''\n    set -l skip no\n"
           "    for word in (commandline -opc)[2..-1]\n"
           "        if test $skip = yes\n            set skip no\n"
           "        else if contains -- $word ");
    print_with_argument(" ");
    printf("\n            set skip yes\n        else if string match -q -- '-*' $word\n"
           "            continue\n        else if test -z \"$command\"\n"
           "            set command $word\n        else if contains -- $command ");
    print_groups(" ");
    printf("\n            set command \"$command $word\"\n        end\n    end\n"
           "    test \"$command\" = \"$argv\"\nend\ncomplete -c hearthd -f\n");
    while ((option = documentation_next_option(&ids)) != NULL)
        print_fish_option(option, NULL);
    print_fish_names("", "");
    print_fish_names("", "help");
    for (const struct cli_command *c = main_commands; c->name != NULL; c++) {
        ids = c->options;
        while ((option = documentation_next_option(&ids)) != NULL)
            print_fish_option(option, c->name);
        if (is_group(c)) {
            print_fish_names(c->name, c->name);
        } else if (names_file(c->words)) {
            printf("complete -c hearthd -n '__hearthd_is \"%s\"' -F\n", c->name);
        } else if (has_choices(c->words)) {
            printf("complete -c hearthd -n '__hearthd_is \"%s\"' -a '", c->name);
            print_choices(c->words);
            printf("'\n");
        }
    }
}
