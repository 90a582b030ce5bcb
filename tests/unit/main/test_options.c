/* The command line: which command runs, with what, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

int hearthd_main(int argc, char **argv);
#define main hearthd_main
#include "../../../core/main/main.c"
#undef main

#include "api/export.h"
#include "output.h"

enum { RAN = 7, WORDS = 16 };

static const char *ran; /* the command; NULL: none */
static struct cli given;

static int command_ran(const char *name, struct cli *cli)
{
    ran = name;
    given = *cli;
    return RAN;
}

#define COMMAND(name)                                                                              \
    int main_cmd_##name(struct cli *cli)                                                           \
    {                                                                                              \
        return command_ran(#name, cli);                                                            \
    }
COMMAND(serve)
COMMAND(check)
COMMAND(reload)
COMMAND(config)
COMMAND(setup)
COMMAND(account)
COMMAND(link)
COMMAND(token)
COMMAND(search)
COMMAND(export)
COMMAND(queue)
COMMAND(node)
COMMAND(plugin)
COMMAND(key)
COMMAND(migrate)
COMMAND(copy)
COMMAND(backup)
COMMAND(restore)
COMMAND(verify)
COMMAND(healthcheck)
COMMAND(help)
COMMAND(version)

void main_harden_process(void)
{
}

void main_cli_print(FILE *to, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vfprintf(to, format, ap);
    va_end(ap);
}

static char line_words[1000];

/* The line is cut at spaces. Returns the exit code. */
static int run_line(const char *line)
{
    static char *argv[WORDS + 1];
    char *rest = line_words;
    int argc = 0;
    snprintf(line_words, sizeof(line_words), "hearthd %s", line);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (word[0] != '\0' && argc < WORDS)
            argv[argc++] = word;
    argv[argc] = NULL;
    ran = NULL;
    memset(&given, 0, sizeof(given));
    return hearthd_main(argc, argv);
}

static void expect_command(const char *line, const char *want)
{
    assert_int_equal(run_line(line), RAN);
    assert_string_equal(ran, want);
}

/* The table is whole: each command runs something, each option is one of the struct's members,
 * and what is one name is one kind of option everywhere. */
static void test_table_is_whole(void **state)
{
    (void)state;
    for (const struct cli_command *c = main_commands; c->name != NULL; c++) {
        size_t known = 0, named = c->options[0] != '\0';
        for (const char *p = c->options; *p != '\0'; p++)
            named += *p == ' ';
        while (main_command_option(c, known) != NULL)
            known++;
        assert_int_equal(known, named);
        assert_non_null(run_of(c));
        assert_non_null(c->help);
        assert_true(main_command_is_group(c) || c->examples != NULL);
    }
    for (const struct cli_option *o = main_options; o->id != NULL; o++) {
        assert_true(o->member < sizeof(struct cli));
        for (const struct cli_option *other = main_options; other->id != NULL; other++)
            if (strcmp(main_option_name(o), main_option_name(other)) == 0)
                assert_true((o->argument == NULL) == (other->argument == NULL));
    }
}

static void test_commands(void **state)
{
    (void)state;
    expect_command("", "serve");
    expect_command("serve", "serve");
    expect_command("--config /x", "serve");
    expect_command("--role web", "serve");
    expect_command("check", "check");
    expect_command("version", "version");
    expect_command("--version", "version");
    expect_command("-V", "version");
    expect_command("--version account", "version");
    expect_command("queue remove x", "queue");
    expect_command("queue remove x y", "queue");
    for (const char *const *line = (const char *const[]){"-h", "--help", "help", NULL};
         *line != NULL; line++) {
        expect_command(*line, "help");
        assert_int_equal(given.argc, 0);
    }
    for (const char *const *line =
             (const char *const[]){"help account sync", "account sync --help",
                                   "account -h sync --nonsense", "--help account sync", NULL};
         *line != NULL; line++) {
        expect_command(*line, "help");
        assert_int_equal(given.argc, 2);
        assert_string_equal(given.argv[0], "account");
        assert_string_equal(given.argv[1], "sync");
    }
}

static void test_words(void **state)
{
    (void)state;
    expect_command("account show ada@example.org", "account");
    assert_int_equal(given.argc, 2);
    assert_string_equal(given.argv[0], "show");
    assert_string_equal(given.argv[1], "ada@example.org");
    assert_string_equal(given.command->name, "account show");
    expect_command("search ada@example.org --json two words",
                   "search"); /* wherever options stand */
    assert_int_equal(given.argc, 3);
    assert_string_equal(given.argv[2], "words");
    assert_true(given.json);
    expect_command("search ada@example.org -- --json", "search");
    assert_int_equal(given.argc, 2);
    assert_string_equal(given.argv[1], "--json");
    assert_false(given.json);
    expect_command("account import -", "account");
    assert_string_equal(given.argv[1], "-");
}

/* Each option of each command, in both forms, into its own member. */
static void expect_option(const struct cli_command *command, const struct cli_option *option)
{
    char line[200];
    const char *words = command->words;
    int n = snprintf(line, sizeof(line), "%s", command->name);
    while (words[0] != '\0') {
        n += snprintf(line + n, sizeof(line) - (size_t)n, " word");
        words += strcspn(words, " ");
        words += *words == ' ';
    }
    for (int form = 0; form < (option->argument == NULL ? 1 : 2); form++) {
        snprintf(line + n, sizeof(line) - (size_t)n, " --%s%s", main_option_name(option),
                 option->argument == NULL ? ""
                 : form == 0              ? " value"
                                          : "=value");
        assert_int_equal(run_line(line), RAN);
        const void *member = (const char *)&given + option->member;
        if (option->argument == NULL)
            assert_true(*(const bool *)member);
        else
            assert_string_equal(*(const char *const *)member, "value");
    }
}

static void test_every_option(void **state)
{
    const struct cli_option *option;
    (void)state;
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        for (size_t i = 0; !main_command_is_group(c) && (option = main_command_option(c, i)); i++)
            expect_option(c, option);
    expect_command("token new a --name=", "token");
    assert_string_equal(given.name, "");
    expect_command("token new a", "token");
    assert_null(given.name);
    assert_false(given.read_only);
}

/* Exit code 2, nothing runs, and standard error says the words, in lines that begin as they
 * should. */
static void expect_refused(const char *line, const char *words)
{
    output_begin(2);
    int code = run_line(line);
    const char *text = output_end();
    assert_int_equal(code, CLI_USAGE);
    assert_null(ran);
    if (strstr(text, words) == NULL || strncmp(text, "hearthd: ", 9) != 0)
        fail_msg("%s: got %s", line, text);
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused("servee", "there is no command \"servee\"; did you mean \"serve\"?");
    expect_refused("acount list", "did you mean \"account\"?");
    expect_refused("frobnicate", "there is no command \"frobnicate\"; \"hearthd help\" lists all");
    expect_refused("account lst", "account has no command \"lst\"; did you mean \"list\"?");
    expect_refused("account", "account needs a command");
    expect_refused("account", "hearthd account show EMAIL [--json]");
    expect_refused("--nonsense", "serve has no option --nonsense. It has --role ROLES, --config");
    expect_refused("account list --jsn", "did you mean --json?");
    expect_refused("account list -x", "account list has no option -x");
    expect_refused("account list --faults", "account list has no option --faults");
    expect_refused("check --yes", "check has no option --yes");
    expect_refused("--config", "--config needs DIR");
    expect_refused("token new a --name", "--name needs NAME");
    expect_refused("account list --json=yes", "--json takes no value");
    expect_refused("account show", "account show needs EMAIL");
    expect_refused("account show", "usage: hearthd account show EMAIL [--json]");
    expect_refused("account show a b", "\"b\" is too much");
    expect_refused("queue show x", "queue show takes no words");
    expect_refused("search a", "search needs EMAIL WORDS");
    expect_refused("queue remove a b c", "\"c\" is too much");
}

static void test_exports(void **state)
{
    int words;
    char *argv[] = {(char *)(uintptr_t) "export"};
    (void)state;
    assert_string_equal(main_arguments_find(1, argv, &words)->words, "EMAIL " API_EXPORT_NAMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_whole), cmocka_unit_test(test_commands),
        cmocka_unit_test(test_words),          cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_exports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
