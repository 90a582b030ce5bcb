#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct guard_duty {
    pid_t group;
    char directory[4096];
} * duty; /* shared with the guard */

static int lifeline = -1; /* open in the kit alone: the guard sees its end */
static pid_t kit_process;
static volatile sig_atomic_t got_signal;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

void kit_guard_clean_directory(const char *directory)
{
    nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static _Noreturn void guard_main(int line)
{
    char byte;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    setsid();
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_IGN);
    for (int fd = 0; fd <= 2 && nothing >= 0; fd++)
        dup2(nothing, fd);
    while (read(line, &byte, 1) < 0 && errno == EINTR)
        continue;
    if (duty->group > 0)
        kill(-duty->group, SIGKILL);
    if (duty->directory[0] != '\0')
        kit_guard_clean_directory(duty->directory);
    _exit(0);
}

static void kit_guard_on_signal(int number)
{
    if (got_signal != 0)
        _exit(128 + number); /* once more: at once; the guard does the rest */
    got_signal = number;
}

int kit_guard_signal(void)
{
    return got_signal;
}

void kit_guard_signal_over(void)
{
    got_signal = 0;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}

bool kit_guard_start(void)
{
    int pipes[2];
    void *memory =
        mmap(NULL, sizeof(*duty), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    duty = memory;
    kit_process = getpid();
    pid_t guard = fork();
    if (guard == 0) {
        close(pipes[1]);
        guard_main(pipes[0]);
    }
    close(pipes[0]);
    lifeline = pipes[1];
    struct sigaction action = {.sa_handler = kit_guard_on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    return guard > 0;
}

void kit_guard_set(pid_t group, const char *directory)
{
    duty->group = group;
    snprintf(duty->directory, sizeof(duty->directory), "%s", directory == NULL ? "" : directory);
}

void kit_guard_child(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    setpgid(0, 0); /* so that what it starts ends with it */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != kit_process)
        _exit(3);
    close(lifeline);
}
