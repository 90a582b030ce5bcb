#include "plug/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum {
    OUTPUT_MAX = 200,
    ROUND = 20 /* ms: an end that the pipes do not tell */,
    REPORT_FD = 3,
    DEAF = 97
};

struct trial {
    pid_t pid;
    int report, output; /* what is read */
    char bytes[sizeof(struct trial_report)];
    size_t size;
    char text[OUTPUT_MAX + 1]; /* the beginning of what it printed */
    size_t printed;
    bool late;
    int status; /* of waitpid(); -1: somebody else took it */
};

/* --- the child --- */

/* The first of what exit() runs, so that nothing of the parent's is run. */
static void trial_exit_at_once(int status, void *unused)
{
    (void)unused;
    syscall(SYS_exit_group, status); /* sanitizers have something to say in _exit() */
}

static void child_descriptors(int report, int output)
{
    int in = open("/dev/null", O_RDONLY);
    int from = fcntl(in, F_DUPFD, 10), to = fcntl(output, F_DUPFD, 10),
        tell = fcntl(report, F_DUPFD, 10);
    if (from < 0 || to < 0 || tell < 0 || dup2(from, STDIN_FILENO) < 0 ||
        dup2(to, STDOUT_FILENO) < 0 || dup2(to, STDERR_FILENO) < 0 || dup2(tell, REPORT_FD) < 0)
        _exit(DEAF);
    /* locks and connections of the parent are not for what is tried */
    syscall(SYS_close_range, REPORT_FD + 1, ~0u, 0);
    /* what the parent has not written yet is written by the parent */
    __fpurge(stdout);
}

static void trial_child_main(pid_t parent, int report, int output, trial_fn attempt, void *ctx)
{
    static const int ends[] = {SIGSEGV, SIGBUS, SIGILL,  SIGFPE, SIGABRT,
                               SIGTRAP, SIGSYS, SIGALRM, SIGCHLD};
    static struct trial_report told;
    setpgid(0, 0); /* what it starts ends with it */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(DEAF);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        signal(ends[i], SIG_DFL);
    on_exit(trial_exit_at_once, NULL);
    child_descriptors(report, output);
    attempt(ctx, &told);
    fflush(stdout);
    _exit(write(REPORT_FD, &told, sizeof(told)) == (ssize_t)sizeof(told) ? 0 : DEAF);
}

/* --- the parent --- */

static void close_both(int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static int trial_start(struct trial *trial, trial_fn attempt, void *ctx)
{
    int report[2], output[2];
    pid_t parent = getpid();
    *trial = (struct trial){0};
    if (pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    if (pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0) {
        close_both(report);
        return -1;
    }
    trial->pid = fork();
    if (trial->pid == 0) {
        /* the descriptions are shared by both ends' copies alone: what is tried may expect that
         * its output waits */
        fcntl(output[1], F_SETFL, fcntl(output[1], F_GETFL) & ~O_NONBLOCK);
        trial_child_main(parent, report[1], output[1], attempt, ctx);
    }
    int why = errno;
    close(report[1]);
    close(output[1]);
    if (trial->pid < 0) {
        close(report[0]);
        close(output[0]);
        errno = why;
        return -1;
    }
    setpgid(trial->pid, trial->pid); /* whoever comes first */
    trial->report = report[0];
    trial->output = output[0];
    return 0;
}

/* What one read() brought: 1: something, 0: nothing now, -1: there will be no more. */
static int what_came(ssize_t n)
{
    return n > 0 ? 1 : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int read_report(struct trial *trial)
{
    ssize_t n = read(trial->report, trial->bytes + trial->size, sizeof(trial->bytes) - trial->size);
    trial->size += n > 0 ? (size_t)n : 0;
    return what_came(n);
}

/* Keeps the beginning: what is tried must not wait because nobody reads. */
static int trial_read_output(struct trial *trial)
{
    char piece[4096];
    ssize_t n = read(trial->output, piece, sizeof(piece));
    for (ssize_t i = 0; i < n; i++)
        if (trial->printed < OUTPUT_MAX)
            trial->text[trial->printed++] = piece[i] == '\0' ? '?' : piece[i];
    return what_came(n);
}

static bool trial_has_ended(const struct trial *trial)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)trial->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == trial->pid;
}

/* Until it told everything, or has ended, or the time is over. It may be stopped, and what it
 * started may hold the pipes. */
static void trial_wait(struct trial *trial, int64_t patience)
{
    int64_t until = clock_monotonic() + patience, left;
    struct pollfd wait[] = {{trial->report, POLLIN, 0}, {trial->output, POLLIN, 0}};
    while (trial->size < sizeof(trial->bytes) && !trial_has_ended(trial)) {
        left = until - clock_monotonic();
        trial->late = left <= 0;
        if (trial->late)
            break;
        poll(wait, 2, left > ROUND ? ROUND : (int)left);
        if (wait[0].revents != 0 && read_report(trial) < 0)
            wait[0].fd = -1;
        if (wait[1].revents != 0 && trial_read_output(trial) < 0)
            wait[1].fd = -1;
    }
}

static void trial_end(struct trial *trial)
{
    kill(-trial->pid, SIGKILL);
    kill(trial->pid, SIGKILL);
    pid_t r;
    do
        r = waitpid(trial->pid, &trial->status, 0);
    while (r < 0 && errno == EINTR);
    if (r < 0) /* whoever started this process had it ignore the ends of children */
        trial->status = -1;
    while (trial->size < sizeof(trial->bytes) && read_report(trial) > 0) {
    }
    while (trial->printed < OUTPUT_MAX && trial_read_output(trial) > 0) {
    }
    close(trial->report);
    close(trial->output);
}

/* "; it said "…"", of its first line. */
static const char *it_said(struct trial *trial, char ret[OUTPUT_MAX + 32])
{
    char shown[OUTPUT_MAX];
    trial->text[trial->printed] = '\0';
    trial->text[strcspn(trial->text, "\r\n")] = '\0';
    str_printable(trial->text, shown, 120);
    ret[0] = '\0';
    if (trial->printed > 0)
        snprintf(ret, OUTPUT_MAX + 32, "; it said \"%s\"", shown);
    return ret;
}

static int trial_judge(struct trial *trial, const char *shown, int64_t patience, struct err *err)
{
    char said[OUTPUT_MAX + 32];
    int status = trial->status;
    it_said(trial, said);
    if (trial->size == sizeof(trial->bytes))
        return 0;
    if (trial->late)
        return err_set(err, HEARTH_ERR_TIMEOUT,
                       "%s hangs while it is loaded: it did not come back within %lld ms; a plugin "
                       "does nothing then but return its "
                       "descriptor%s",
                       shown, (long long)patience, said);
    if (status != -1 && WIFSIGNALED(status))
        return err_set(err, HEARTH_ERR_INVALID, "%s crashes while it is loaded (%s)%s", shown,
                       strsignal(WTERMSIG(status)), said);
    if (status != -1 && WEXITSTATUS(status) == DEAF)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s closes files that are not its own while it is loaded%s", shown, said);
    if (status == -1)
        return err_set(err, HEARTH_ERR_INVALID, "%s ends the process while it is loaded%s", shown,
                       said);
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s ends the process while it is loaded, with exit status %d%s", shown,
                   WEXITSTATUS(status), said);
}

static void end_texts(struct trial_report *report)
{
    report->name[sizeof(report->name) - 1] = '\0';
    report->version[sizeof(report->version) - 1] = '\0';
    report->description[sizeof(report->description) - 1] = '\0';
    report->text[sizeof(report->text) - 1] = '\0';
}

int plug_trial_run(const char *shown, int64_t patience, trial_fn attempt, void *ctx,
                   struct trial_report *ret_report, struct err *err)
{
    struct trial trial;
    struct trial_report report;
    if (trial_start(&trial, attempt, ctx) != 0)
        return err_set(err, HEARTH_ERR_UNAVAILABLE,
                       "%s is not loaded, because no process can be started to try it in: %s",
                       shown, strerror(errno));
    trial_wait(&trial, patience);
    trial_end(&trial);
    int r = trial_judge(&trial, shown, patience, err);
    if (r < 0)
        return r;
    memcpy(&report, trial.bytes, sizeof(report));
    end_texts(&report);
    if (report.code < 0)
        return err_set(err, report.code, "%s", report.text);
    /* then the linker speaks, to whoever asked it to */
    if (trial.printed > 0 && getenv("LD_DEBUG") == NULL)
        return err_set(
            err, HEARTH_ERR_INVALID,
            "%s prints \"%s\" while it is loaded: a plugin says nothing before it is opened", shown,
            trial.text);
    *ret_report = report;
    return 0;
}
