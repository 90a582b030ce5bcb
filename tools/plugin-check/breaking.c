#include "breaking.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The call that is watched. */
static struct {
    pthread_mutex_t mutex;
    pthread_t thread;
    bool started;
    const char *name; /* NULL: none */
    int64_t began;
} watched = {.mutex = PTHREAD_MUTEX_INITIALIZER};

enum { COMMAND_LATE = -1, COMMAND_FAILED = -2 };

/* Its exit status, or one of the above. What it started ends with it when it is late. */
static int run_command(const char *command)
{
    int64_t until = kit_now() + COMMAND_PATIENCE;
    int status;
    pid_t ended, child = fork();
    if (child == 0) {
        setpgid(0, 0);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    while (child > 0 && (ended = waitpid(child, &status, WNOHANG)) == 0 && kit_now() < until)
        kit_pause(10);
    if (child < 0 || ended < 0)
        return COMMAND_FAILED;
    if (ended == child)
        return WIFEXITED(status) ? WEXITSTATUS(status) : COMMAND_FAILED;
    kill(-child, SIGKILL);
    waitpid(child, &status, 0);
    return COMMAND_LATE;
}

static void run_or_fail(const char *option, const char *command)
{
    int status = run_command(command);
    if (status == COMMAND_LATE)
        fail_msg("the command of %s did not end within %d seconds: %s", option,
                 COMMAND_PATIENCE / 1000, command);
    if (status != 0)
        fail_msg("the command of %s ended with status %d: %s", option, status, command);
}

void kit_backend_break(const struct kit *kit)
{
    run_or_fail("--break", kit->options->break_command);
}

void kit_backend_mend(const struct kit *kit)
{
    run_or_fail("--mend", kit->options->mend_command);
}

void kit_backend_mend_anyhow(const struct kit_options *options)
{
    if (run_command(options->mend_command) != 0)
        return; /* there was nothing to mend, perhaps: a test that needs it says so */
}

/* A call that hangs never comes back to be told so. */
static void *watch_for_hangs(void *ctx)
{
    (void)ctx;
    for (;;) {
        pthread_mutex_lock(&watched.mutex);
        const char *name = watched.name;
        int64_t took = kit_now() - watched.began;
        pthread_mutex_unlock(&watched.mutex);
        if (name != NULL && took > BROKEN_DEADLINE + BROKEN_SLACK)
            fail_msg("%s goes on %d ms after its deadline while the backend is broken", name,
                     BROKEN_SLACK);
        kit_pause(20);
    }
    return NULL;
}

void kit_watch_broken_call(const char *name)
{
    if (!watched.started && pthread_create(&watched.thread, NULL, watch_for_hangs, NULL) != 0)
        fail_msg("no thread can be started");
    watched.started = true;
    pthread_mutex_lock(&watched.mutex);
    watched.name = name;
    watched.began = kit_now();
    pthread_mutex_unlock(&watched.mutex);
}

void kit_expect_ended(int code, bool may_succeed)
{
    pthread_mutex_lock(&watched.mutex);
    const char *name = watched.name;
    watched.name = NULL;
    pthread_mutex_unlock(&watched.mutex);
    if (code == 0 && !may_succeed)
        fail_msg("%s succeeded while the backend was broken: does the command of --break break it?",
                 name);
    if (code < 0 && code != HEARTH_ERR_UNAVAILABLE && code != HEARTH_ERR_TIMEOUT &&
        code != HEARTH_ERR_UNCERTAIN)
        fail_msg("%s returned %s while the backend was broken, UNAVAILABLE or TIMEOUT was expected",
                 name, err_name(code));
}
