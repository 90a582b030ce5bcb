/* What hearthd can be told: one table. Arguments are parsed by it (arguments.h), help and errors
 * are made from it, and tools/documentation makes the manual and the completions of shells from it.
 * Data alone: nothing else of hearthd is needed to use it. */
#ifndef HEARTH_CORE_MAIN_COMMANDS_H
#define HEARTH_CORE_MAIN_COMMANDS_H

#include <stddef.h>

struct cli_option {
    /* by which commands name it; also --id, but where two commands mean something else by one
     * name */
    const char *id;
    const char *name;     /* without the two dashes; NULL: the id */
    const char *argument; /* "DIR", "FILE", …; NULL: it is a flag */
    const char *choices;  /* the words that the argument may be, for completion; NULL: any */
    const char *help;     /* one line */
    size_t member;        /* of struct cli: a const char *, or the bool of a flag */
    char letter;          /* -h; 0: none */
};

struct cli_command {
    const char *name; /* "check", "account show"; "account" is the group of those that begin so */
    /* what follows: EMAIL is a word, [FILE] may be missing, WORDS… is one or more, a|b is one of
     * these. NULL: a group, which needs one of its commands */
    const char *words;
    const char *options; /* ids, with spaces between; besides those of every command */
    const char *help;    /* one line */
    const char *text;    /* one paragraph, or more with "\n\n" between; NULL: help says it all */
    const char *examples;
    const char *fails; /* beside what makes every command fail: when it exits with 1; or NULL */
};

extern const struct cli_command main_commands[]; /* the last one's name is NULL */
extern const struct cli_option main_options[];   /* the last one's id is NULL */
/* Ids of the options of every command. */
extern const char main_options_of_all[];
/* "docs/command-line.md" in one line for each code, for help and the manual. */
extern const char *const main_exit_codes[3];

#endif
