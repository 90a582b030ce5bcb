/* The line of a long command: what it says, that it is measured, and that it goes away. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "main/cli.h"
#include "main/progress.h"

enum { PATIENCE = 60 * 1000 };

static void expect_line(bool bytes, int64_t done, int64_t total, int64_t elapsed, const char *want)
{
    struct progress progress = {.what = "Copying", .bytes = bytes};
    char line[PROGRESS_LINE_SIZE];
    main_progress_line(&progress, done, total, elapsed, line);
    assert_string_equal(line, want);
}

static void test_lines(void **state)
{
    (void)state;
    expect_line(true, 12300000, 45000000, 10000, "Copying: 12.3 of 45.0 MB, 27 %, about 27 s left");
    expect_line(true, 12300000, 0, 10000, "Copying: 12.3 MB, 10 s so far");
    expect_line(true, 0, 45000000, 10000, "Copying: 45.0 MB, 10 s so far");
    expect_line(true, 12300000, 45000000, 1000, "Copying: 12.3 of 45.0 MB, 27 %, 1 s so far");
    expect_line(true, 46000000, 45000000, 10000, "Copying: 45.0 of 45.0 MB, 100 %, about 0 s left");
    expect_line(false, 3, 12, 60000, "Copying: 3 of 12, 25 %, about 3 min left");
    expect_line(false, 1, 1000, 60000, "Copying: 1 of 1000, 0 %, about 17 h left");
}

/* Standard error is this end of a terminal; its other end. */
static int terminal_open(int *ret_saved)
{
    int here, there;
    assert_int_equal(openpty(&here, &there, NULL, NULL, NULL), 0);
    *ret_saved = dup(STDERR_FILENO);
    dup2(there, STDERR_FILENO);
    close(there);
    return here;
}

static bool terminal_says(int here, const char *words)
{
    char seen[4096];
    size_t n = 0;
    struct pollfd readable = {.fd = here, .events = POLLIN};
    while (n + 1 < sizeof(seen) && poll(&readable, 1, PATIENCE) == 1) {
        ssize_t got = read(here, seen + n, sizeof(seen) - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
        seen[n] = '\0';
        if (strstr(seen, words) != NULL)
            return true;
    }
    return false;
}

/* The position of a file that is open, wherever in this process it is used. */
static void test_of_a_file(void **state)
{
    char path[] = "/tmp/hearth-progress-XXXXXX";
    int fd = mkstemp(path), saved;
    struct progress_file file = {path, 0};
    struct progress progress;
    struct cli cli = {0};
    int64_t done, total;
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 4000000), 0);
    file.total = main_progress_size(path);
    assert_int_equal(file.total, 4000000);
    assert_int_equal(lseek(fd, 1000000, SEEK_SET), 1000000);
    assert_true(main_progress_of_file(&file, &done, &total));
    assert_int_equal(done, 1000000);
    int here = terminal_open(&saved);
    main_progress_begin(&progress, &cli, "Reading", true, main_progress_of_file, &file);
    assert_true(progress.runs);
    bool quarter = terminal_says(here, "\rReading: 1.0 of 4.0 MB, 25 %");
    lseek(fd, 3000000, SEEK_SET);
    bool more = terminal_says(here, "\rReading: 3.0 of 4.0 MB, 75 %");
    main_progress_end(&progress);
    bool gone = terminal_says(here, "\r\x1b[K");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(here);
    close(fd);
    unlink(path);
    assert_true(quarter);
    assert_true(more);
    assert_true(gone);
    assert_false(main_progress_of_file(&file, &done, &total)); /* nobody has it open any more */
}

static void test_not_asked_for(void **state)
{
    struct progress progress;
    struct cli cli = {.json = true}, plain = {0};
    struct progress_file file = {"/nowhere", 0};
    int saved, here = terminal_open(&saved);
    (void)state;
    main_progress_begin(&progress, &cli, "Reading", true, main_progress_of_file, &file);
    bool with_json = progress.runs;
    main_progress_end(&progress);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    main_progress_begin(&progress, &plain, "Reading", true, main_progress_of_file, &file);
    bool without_terminal = progress.runs;
    main_progress_end(&progress);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    close(here);
    assert_false(with_json);
    assert_false(without_terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_of_a_file),
        cmocka_unit_test(test_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
