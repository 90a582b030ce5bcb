#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "breaking.h"
#include "report.h"
#include "target.h"

enum { SECONDS = 60, OUTPUT_MAX = 8000, LONG_FACTOR = 5 };

struct child {
    pid_t pid;
    int report, output;
    char text[OUTPUT_MAX + 1]; /* what it wrote to standard output and error */
    size_t size;
    int status;
    bool late;
};

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static bool make_directory(struct kit_options *options)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(options->directory, sizeof(options->directory), "%s/hearth-check-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    return mkdtemp(options->directory) != NULL;
}

static void child_main(const struct kit_options *options, const struct kit_test *test, int report, int output)
{
    setpgid(0, 0); /* so that what it starts ends with it */
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    report_to(report);
    struct kit kit = {.options = options};
    target_load(&kit);
    if ((test->how & KIT_BARE) == 0)
        target_configure(&kit);
    bool closed = (test->how & KIT_CLOSED) != 0;
    if (!closed)
        target_open(&kit);
    test->run(&kit);
    if (!closed)
        kit_close(&kit);
    target_free(&kit);
    report_passed();
    exit(0); /* a leak checker has its say here */
}

static bool start(struct child *child, const struct kit_options *options, const struct kit_test *test)
{
    int report[2], output[2];
    *child = (struct child){.pid = -1};
    if (pipe2(report, O_CLOEXEC) != 0)
        return false;
    if (pipe2(output, O_CLOEXEC) != 0) {
        close(report[0]);
        close(report[1]);
        return false;
    }
    fflush(stdout);
    child->pid = fork();
    if (child->pid == 0)
        child_main(options, test, report[1], output[1]);
    close(report[1]);
    close(output[1]);
    child->report = report[0];
    child->output = output[0];
    return child->pid > 0;
}

/* Keeps what fits, drops the rest: a child must not stop because nobody reads. */
static void read_output(struct child *child)
{
    char rest[4096];
    bool full = child->size == OUTPUT_MAX;
    ssize_t n = read(child->output, full ? rest : child->text + child->size, full ? sizeof(rest) : OUTPUT_MAX - child->size);
    if (n > 0 && !full)
        child->size += (size_t)n;
}

/* SIGKILL leaves no room for arguments; the group takes with it what the test had started. */
static void wait_for(struct child *child, int seconds)
{
    int64_t until = kit_now() + seconds * 1000;
    for (;;) {
        if (waitpid(child->pid, &child->status, WNOHANG) == child->pid)
            break;
        if (!child->late && kit_now() >= until) {
            child->late = true;
            kill(-child->pid, SIGKILL);
            kill(child->pid, SIGKILL);
        }
        struct pollfd wait = {.fd = child->output, .events = POLLIN};
        if (poll(&wait, 1, 20) > 0 && (wait.revents & POLLIN) != 0)
            read_output(child);
        else if ((wait.revents & POLLHUP) != 0)
            kit_pause(5);
    }
    kill(-child->pid, SIGKILL);
    struct pollfd rest = {.fd = child->output, .events = POLLIN};
    while (poll(&rest, 1, 0) > 0 && (rest.revents & POLLIN) != 0 && child->size < OUTPUT_MAX)
        read_output(child);
    child->text[child->size] = '\0';
}

/* TAP's diagnostics: every line behind "# ". */
static void print_lines(const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        printf("# %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

/* True: the test did not fail. */
static bool conclude(struct child *child, const char *name, int number, int seconds)
{
    struct report report = report_read(child->report);
    bool clean = !child->late && WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
    if (report.kind == REPORT_SKIPPED && clean) {
        printf("ok %d - %s # SKIP %s\n", number, name, report.text);
        return true;
    }
    if (report.kind == REPORT_PASSED && clean) {
        printf("ok %d - %s\n", number, name);
        return true;
    }
    printf("not ok %d - %s\n", number, name);
    if (child->late)
        printf("# it was not done after %d seconds\n", seconds);
    else if (report.kind == REPORT_FAILED)
        print_lines(report.text);
    else if (WIFSIGNALED(child->status))
        printf("# it crashed: %s\n", strsignal(WTERMSIG(child->status)));
    else
        printf("# it ended with exit status %d%s\n", WEXITSTATUS(child->status),
               report.kind == REPORT_PASSED ? " after it had passed" : " in the middle");
    print_lines(child->text);
    return false;
}

static bool run_one(struct kit_options *options, const struct kit_test *test, int number)
{
    struct child child;
    int seconds = test->seconds != 0 ? test->seconds : SECONDS;
    if (!memory_can_fail()) /* sanitizers take their time */
        seconds *= LONG_FACTOR;
    if (!make_directory(options) || !start(&child, options, test)) {
        printf("not ok %d - %s\n# cannot start it: %s\n", number, test->name, strerror(errno));
        return false;
    }
    wait_for(&child, seconds);
    if ((test->how & KIT_BREAKS) != 0)
        mend_whatever_is_broken(options);
    bool ok = conclude(&child, test->name, number, seconds);
    close(child.report);
    close(child.output);
    nftw(options->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return ok;
}

static bool wanted(const struct kit_options *options, const struct kit_test *test)
{
    if ((test->how & KIT_BREAKS) != 0 && options->break_command == NULL)
        return false;
    return (options->faults || (test->how & KIT_FAULTS) == 0) && (options->only == NULL || strstr(test->name, options->only) != NULL);
}

/* Loads the plugin in a child and reads its kind from the report; 0: it was refused, and TAP says why. */
static int find_kind(struct kit_options *options)
{
    struct child child;
    static const struct kit_test ask = {.name = "loading: the plugin is accepted", .run = target_tell, .how = KIT_CLOSED | KIT_BARE};
    if (!make_directory(options) || !start(&child, options, &ask))
        return 0;
    wait_for(&child, SECONDS);
    struct report report = report_read(child.report);
    int64_t kind = 0;
    if (report.kind == REPORT_SKIPPED && str_to_int(report.text, &kind) && !child.late) {
        printf("ok 1 - %s\n", ask.name);
    } else {
        printf("not ok 1 - %s\n", ask.name);
        print_lines(report.kind == REPORT_FAILED ? report.text
                    : child.late                 ? "it does not return from loading"
                                                 : "it crashed while loading");
        print_lines(child.text);
    }
    close(child.report);
    close(child.output);
    nftw(options->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return (int)kind;
}

int run_all(struct kit_options *options)
{
    printf("TAP version 13\n# %s, seed %lu\n", options->plugin, options->seed);
    int number = 1, failed = 0, kind = find_kind(options);
    if (kind == 0) {
        printf("1..1\n");
        return 1;
    }
    size_t count;
    const struct kit_test *const *tables = kit_tests(kind, &count);
    for (size_t i = 0; i < count; i++)
        for (const struct kit_test *test = tables[i]; test->name != NULL; test++)
            if (wanted(options, test))
                failed += !run_one(options, test, ++number);
    printf("1..%d\n", number);
    if (failed > 0)
        printf("# %d of %d failed\n", failed, number);
    return failed;
}
