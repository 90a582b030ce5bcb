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
COMMAND(backup)
COMMAND(restore)
COMMAND(verify)
COMMAND(healthcheck)
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
    optind = 0;
    return hearthd_main(argc, argv);
}

static void expect_command(const char *line, const char *want)
{
    assert_int_equal(run_line(line), RAN);
    assert_string_equal(ran, want);
}

static void test_commands(void **state)
{
    (void)state;
    expect_command("", "serve");
    expect_command("serve", "serve");
    expect_command("--config /x", "serve");
    expect_command("check", "check");
    expect_command("version", "version");
    expect_command("--version", "version");
    expect_command("--version account", "version");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        expect_command(commands[i].name, commands[i].name);
}

static void test_words(void **state)
{
    (void)state;
    expect_command("account show ada@example.org", "account");
    assert_int_equal(given.argc, 2);
    assert_string_equal(given.argv[0], "show");
    assert_string_equal(given.argv[1], "ada@example.org");
    expect_command("search ada@example.org --json two words",
                   "search"); /* wherever options stand */
    assert_int_equal(given.argc, 3);
    assert_string_equal(given.argv[2], "words");
    assert_true(given.json);
    expect_command("search ada@example.org -- --json", "search");
    assert_int_equal(given.argc, 2);
    assert_string_equal(given.argv[1], "--json");
    assert_false(given.json);
}

static void expect_text(const char *option, const char *const *member)
{
    char line[100];
    snprintf(line, sizeof(line), "%s value account", option);
    expect_command(line, "account");
    assert_non_null(*member);
    assert_string_equal(*member, "value");
    snprintf(line, sizeof(line), "account %s=value", option);
    expect_command(line, "account");
    assert_string_equal(*member, "value");
    snprintf(line, sizeof(line), "account %s=", option);
    expect_command(line, "account");
    assert_string_equal(*member, "");
    expect_command("account", "account");
    assert_null(*member);
}

static void test_options_with_texts(void **state)
{
    (void)state;
    expect_text("--config", &given.config);
    expect_text("--role", &given.role);
    expect_text("--log", &given.log);
    expect_text("--name", &given.name);
    expect_text("--provider", &given.provider);
    expect_text("--account", &given.account);
    expect_text("--email", &given.email);
    expect_text("--oidc", &given.oidc);
    expect_text("--proxy", &given.proxy);
    expect_text("--page", &given.page);
    expect_text("--site", &given.site);
    expect_text("--since", &given.since);
    expect_text("--until", &given.until);
    expect_text("--seed", &given.seed);
    expect_text("--test", &given.test);
    expect_text("--import", &given.import);
    expect_text("--break", &given.breaks);
    expect_text("--mend", &given.mends);
    expect_text("--patience", &given.patience);
}

static void expect_flag(const char *option, const bool *member)
{
    char line[100];
    snprintf(line, sizeof(line), "account %s", option);
    expect_command(line, "account");
    assert_true(*member);
    expect_command("account", "account");
    assert_false(*member);
}

static void test_flags(void **state)
{
    (void)state;
    expect_flag("--json", &given.json);
    expect_flag("--wait", &given.wait);
    expect_flag("--read-only", &given.read_only);
    expect_flag("--faults", &given.faults);
    expect_flag("--browser", &given.browser);
    expect_flag("--replace", &given.replace);
    expect_flag("--with-credentials", &given.with_credentials);
    expect_flag("--with-tokens", &given.with_tokens);
    expect_flag("--accept-loss", &given.accept_loss);
    expect_flag("--yes", &given.yes);
}

/* Exit code 2, nothing runs, and standard error says the words. */
static void expect_refused(const char *line, const char *words)
{
    output_begin(2);
    int code = run_line(line);
    const char *text = output_end();
    assert_int_equal(code, CLI_USAGE);
    assert_null(ran);
    if (strstr(text, words) == NULL)
        fail_msg("%s: got %s", line, text);
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused("servee", "there is no command \"servee\"");
    expect_refused("--nonsense", "Try: hearthd --help");
    expect_refused("account --nonsense", "Try: hearthd --help");
    expect_refused("--config", "Try: hearthd --help");
    expect_refused("account --name", "Try: hearthd --help");
    expect_refused("--json=yes account", "Try: hearthd --help");
}

static void test_help(void **state)
{
    (void)state;
    output_begin(1);
    int code = run_line("--help account");
    const char *text = output_end();
    assert_int_equal(code, CLI_OK);
    assert_null(ran);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        assert_non_null(strstr(text, commands[i].name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_options_with_texts),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
