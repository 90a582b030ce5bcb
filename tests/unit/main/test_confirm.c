/* What cannot be undone: who is asked, which answers are a yes, and how numbers are told. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "main/cli.h"
#include "output.h"

/* In a child: its code is 0, or the number of the error without its sign. */
static int confirm_in_child(const char *terminal, bool yes)
{
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(terminal, O_RDWR | O_NOCTTY);
        struct cli cli = {.yes = yes};
        struct err err = {0};
        if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 2) < 0)
            _exit(99);
        int r = main_cli_confirm(&cli, &err, "Remove %s with %d pages?", "ada\x1b[2J", 5);
        bool says = (r == 0) == (err.text[0] == '\0');
        _exit(says ? -r : 98);
    }
    int status = 0;
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return -WEXITSTATUS(status);
}

/* On a terminal of its own, where somebody has typed this. */
static void expect_answer(const char *typed, int want)
{
    struct termios how;
    char said[1000];
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
    int own = open(ptsname(fd), O_RDWR | O_NOCTTY); /* it stays when the child is gone */
    assert_true(own >= 0 && tcgetattr(own, &how) == 0);
    how.c_lflag &= ~(tcflag_t)ECHO;
    assert_int_equal(tcsetattr(own, TCSANOW, &how), 0);
    assert_int_equal(write(fd, typed, strlen(typed)), strlen(typed));
    assert_int_equal(confirm_in_child(ptsname(fd), false), want);
    ssize_t n = read(fd, said, sizeof(said) - 1);
    assert_true(n > 0);
    said[n] = '\0';
    assert_non_null(strstr(said, "Remove ada\\x1b[2J with 5 pages? [y/N] "));
    close(own);
    close(fd);
}

static void test_answers(void **state)
{
    (void)state;
    expect_answer("y\n", 0);
    expect_answer("Y\n", 0);
    expect_answer("yes\n", 0);
    expect_answer("YES \n", 0);
    expect_answer("\n", HEARTH_ERR_CANCELLED);
    expect_answer("n\n", HEARTH_ERR_CANCELLED);
    expect_answer("no\n", HEARTH_ERR_CANCELLED);
    expect_answer("ye\n", HEARTH_ERR_CANCELLED);
    expect_answer("yesyesyes\n", HEARTH_ERR_CANCELLED);
    expect_answer("yesno\n", HEARTH_ERR_CANCELLED);
    expect_answer(" y\n", HEARTH_ERR_CANCELLED);
    expect_answer("\004", HEARTH_ERR_CANCELLED); /* the end of what is typed */
}

static void test_without_a_terminal(void **state)
{
    struct cli cli = {.yes = true};
    (void)state;
    assert_int_equal(confirm_in_child("/dev/null", false), HEARTH_ERR_INVALID);
    assert_int_equal(confirm_in_child("/dev/null", true), 0);
    assert_int_equal(main_cli_confirm(&cli, NULL, "Remove %s?", "all"), 0);
}

static void expect_count(long long number, const char *want)
{
    char text[CLI_COUNT_SIZE];
    assert_ptr_equal(main_cli_count(number, "page", "pages", text), text);
    assert_string_equal(text, want);
}

static void test_counts(void **state)
{
    (void)state;
    expect_count(0, "0 pages");
    expect_count(1, "1 page");
    expect_count(999, "999 pages");
    expect_count(1000, "1,000 pages");
    expect_count(123456, "123,456 pages");
    expect_count(1234567, "1,234,567 pages");
    expect_count(-1, "-1 pages");
    expect_count(-123, "-123 pages");
    expect_count(-1234, "-1,234 pages");
    expect_count(INT64_MAX, "9,223,372,036,854,775,807 pages");
    expect_count(INT64_MIN, "-9,223,372,036,854,775,808 pages");
}

static void expect_said(const char *text, const char *want)
{
    output_begin(2);
    main_cli_print(stderr, "%s", text);
    assert_string_equal(output_end(), want);
}

static void test_what_is_said(void **state)
{
    (void)state;
    expect_said("", "");
    expect_said("a\n\nb\n", "a\n\nb\n");
    expect_said("\x1b]0;title\x07", "\\x1b]0;title\\x07");
    expect_said("\xe2\x80\xae\xff", "\\u{202e}\\xff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_without_a_terminal),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_what_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
