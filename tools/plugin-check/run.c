#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "breaking.h"
#include "guard.h"
#include "report.h"
#include "symbols.h"
#include "target.h"
#include "watch.h"

/* HANGS_MAX: a plugin in which so many tests hung has said enough. */
enum { SECONDS = 60, OUTPUT_MAX = 8000, LONG_FACTOR = 5, HANGS_MAX = 8 };

struct child {
    pid_t pid;
    int report, output;
    char text[OUTPUT_MAX + 1]; /* what it wrote to standard output and error */
    size_t size;
    int status;
    bool late;
    char where[1000]; /* late: what did not return; else what was running when it ended */
};

static int hangs;

static bool make_directory(struct kit_options *options)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(options->directory, sizeof(options->directory), "%s/hearth-check-XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    return mkdtemp(options->directory) != NULL;
}

static void test_child_main(const struct kit_options *options, const struct kit_test *test,
                            int report, int output)
{
    kit_guard_child();
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    kit_report_to(report);
    struct kit kit = {.options = options};
    kit_target_load(&kit);
    if ((test->how & KIT_BARE) == 0)
        kit_target_configure(&kit);
    bool closed = (test->how & KIT_CLOSED) != 0;
    if (!closed)
        kit_target_open(&kit);
    test->run(&kit);
    if (!closed)
        kit_close(&kit);
    kit_target_free(&kit);
    kit_report_passed();
    exit(0); /* a leak checker has its say here */
}

static bool child_start(struct child *child, const struct kit_options *options,
                        const struct kit_test *test)
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
    kit_watch_reset();
    child->pid = fork();
    if (child->pid == 0)
        test_child_main(options, test, report[1], output[1]);
    close(report[1]);
    close(output[1]);
    child->report = report[0];
    child->output = output[0];
    kit_guard_set(child->pid, options->directory);
    return child->pid > 0;
}

/* Keeps what fits, drops the rest: a child must not stop because nobody reads. */
static void child_read_output(struct child *child)
{
    char rest[4096];
    bool full = child->size == OUTPUT_MAX;
    ssize_t n = read(child->output, full ? rest : child->text + child->size,
                     full ? sizeof(rest) : OUTPUT_MAX - child->size);
    if (n > 0 && !full)
        child->size += (size_t)n;
}

/* SIGKILL leaves no room for arguments; the group takes with it what the test had started. */
static void end_child(const struct child *child)
{
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL);
}

static void wait_for(struct child *child, int seconds)
{
    int64_t until = kit_now() + seconds * 1000;
    bool ended = false;
    for (;;) {
        if (waitpid(child->pid, &child->status, WNOHANG) == child->pid)
            break;
        if (!child->late && kit_watch_late(child->where, sizeof(child->where))) {
            child->late = true;
        } else if (!child->late && kit_now() >= until) {
            char running[800];
            kit_watch_running(running, sizeof(running));
            snprintf(child->where, sizeof(child->where), "the test was not done after %d seconds%s",
                     seconds, running);
            child->late = true;
        }
        if (!ended && (child->late || kit_guard_signal() != 0)) {
            end_child(child);
            ended = true;
        }
        struct pollfd wait = {.fd = child->output, .events = POLLIN};
        if (poll(&wait, 1, 20) > 0 && (wait.revents & POLLIN) != 0)
            child_read_output(child);
        else if ((wait.revents & POLLHUP) != 0)
            kit_pause(5);
    }
    if (!child->late)
        kit_watch_running(child->where, sizeof(child->where));
    kill(-child->pid, SIGKILL);
    struct pollfd rest = {.fd = child->output, .events = POLLIN};
    while (poll(&rest, 1, 0) > 0 && (rest.revents & POLLIN) != 0 && child->size < OUTPUT_MAX)
        child_read_output(child);
    child->text[child->size] = '\0';
    hangs += child->late;
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

static void print_reason(const struct child *child, const struct report *report)
{
    if (child->late)
        print_lines(child->where);
    else if (report->kind == REPORT_FAILED)
        print_lines(report->text);
    else if (WIFSIGNALED(child->status))
        printf("# it crashed: %s%s\n", strsignal(WTERMSIG(child->status)), child->where);
    else
        printf("# it ended with exit status %d%s%s\n", WEXITSTATUS(child->status),
               report->kind == REPORT_PASSED ? " after it had passed" : " in the middle",
               child->where);
    print_lines(child->text);
}

/* True: the test did not fail. */
static bool child_conclude(struct child *child, const struct kit_test *test, int number)
{
    struct report report = kit_report_read(child->report);
    bool clean = !child->late && WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
    if (report.kind == REPORT_SKIPPED && clean) {
        printf("ok %d - %s # SKIP %s\n", number, test->name, report.text);
        return true;
    }
    if (report.kind == REPORT_PASSED && clean) {
        printf("ok %d - %s\n", number, test->name);
        return true;
    }
    printf("not ok %d - %s\n", number, test->name);
    print_reason(child, &report);
    return false;
}

static void child_clean_up(struct child *child, const struct kit_options *options)
{
    close(child->report);
    close(child->output);
    kit_guard_clean_directory(options->directory);
    kit_guard_set(0, NULL);
}

static bool run_one(struct kit_options *options, const struct kit_test *test, int number)
{
    struct child child;
    int seconds = test->seconds != 0 ? test->seconds : SECONDS;
    if (!kit_memory_can_fail()) /* sanitizers take their time */
        seconds *= LONG_FACTOR;
    if (!make_directory(options) || !child_start(&child, options, test)) {
        printf("not ok %d - %s\n# cannot start it: %s\n", number, test->name, strerror(errno));
        return false;
    }
    wait_for(&child, seconds);
    if ((test->how & KIT_BREAKS) != 0)
        kit_backend_mend_anyhow(options);
    bool ok = child_conclude(&child, test, number);
    child_clean_up(&child, options);
    return ok;
}

static bool test_is_wanted(const struct kit_options *options, const struct kit_test *test)
{
    if ((test->how & KIT_BREAKS) != 0 && options->break_command == NULL)
        return false;
    return (options->faults || (test->how & KIT_FAULTS) == 0) &&
           (options->only == NULL || strstr(test->name, options->only) != NULL);
}

/* Loads the plugin in a child and reads its kind from the report; 0: it was refused, and TAP
 * says why. */
static int find_kind(struct kit_options *options)
{
    struct child child;
    static const struct kit_test ask = {.name = "loading: the plugin is accepted",
                                        .run = kit_target_report,
                                        .how = KIT_CLOSED | KIT_BARE};
    if (!make_directory(options) || !child_start(&child, options, &ask))
        return 0;
    wait_for(&child, SECONDS);
    struct report report = kit_report_read(child.report);
    int64_t kind = 0;
    if (report.kind == REPORT_SKIPPED && str_to_int(report.text, &kind) && !child.late) {
        printf("ok 1 - %s\n", ask.name);
        options->accepted = true;
    } else {
        printf("not ok 1 - %s\n", ask.name);
        if (report.kind == REPORT_FAILED)
            print_lines(report.text);
        else if (child.late)
            printf("# it does not return from loading: %s\n", child.where);
        else
            printf("# it crashed while loading\n");
        print_lines(child.text);
    }
    child_clean_up(&child, options);
    return (int)kind;
}

/* What the tests have put into the backend goes, whatever became of them. A provider has none. */
static bool leave_empty(struct kit_options *options, int kind, int number)
{
    static const struct kit_test storage = {"end: nothing is left in the backend",
                                            kit_storage_leave_empty, KIT_CLOSED};
    static const struct kit_test queue = {"end: nothing is left in the backend",
                                          kit_queue_leave_empty, KIT_CLOSED};
    return run_one(options, kind == HEARTH_STORAGE ? &storage : &queue, number);
}

static void run_tables(struct kit_options *options, int kind, int *number, int *failed)
{
    size_t count;
    const struct kit_test *const *tables = kit_tests(kind, &count);
    for (size_t i = 0; i < count; i++) {
        for (const struct kit_test *test = tables[i]; test->name != NULL; test++) {
            if (!test_is_wanted(options, test))
                continue;
            if (kit_guard_signal() != 0)
                return;
            if (hangs >= HANGS_MAX) {
                printf("not ok %d - %s\n# not run: %d tests before it hung\n", ++*number,
                       test->name, hangs);
                ++*failed;
                continue;
            }
            *failed += !run_one(options, test, ++*number);
        }
    }
}

/* The backend is left empty after a signal as well; the next signal ends that, too. */
static int run_give_up(struct kit_options *options, int kind, int number)
{
    int signal_number = kit_guard_signal();
    kit_guard_signal_over();
    if (kind == HEARTH_STORAGE || kind == HEARTH_QUEUE)
        leave_empty(options, kind, ++number);
    printf("Bail out! %s\n", strsignal(signal_number));
    fflush(stdout);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    return -1;
}

int kit_run_all(struct kit_options *options)
{
    printf("TAP version 13\n# %s, seed %lu\n", options->plugin, options->seed);
    fflush(stdout);
    if (!kit_watch_init(options->patience) || !kit_guard_start()) {
        printf("Bail out! %s\n", strerror(errno));
        return -1;
    }
    int number = 1, failed = 0, kind = find_kind(options);
    if (kind == 0) {
        printf("1..1\n");
        return 1;
    }
    run_tables(options, kind, &number, &failed);
    if (kit_guard_signal() != 0)
        return run_give_up(options, kind, number);
    if (kind == HEARTH_STORAGE || kind == HEARTH_QUEUE)
        failed += !leave_empty(options, kind, ++number);
    printf("1..%d\n", number);
    if (failed > 0)
        printf("# %d of %d failed\n", failed, number);
    return failed;
}
