#include "breaking.h"

#include <stdlib.h>
#include <sys/wait.h>

static int run_command(const char *command)
{
    int status = system(command);
    return status == -1 || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
}

static void run_or_fail(const char *option, const char *command)
{
    int status = run_command(command);
    if (status != 0)
        fail_msg("the command of %s ended with status %d: %s", option, status, command);
}

void break_backend(const struct kit *kit)
{
    run_or_fail("--break", kit->options->break_command);
}

void mend_backend(const struct kit *kit)
{
    run_or_fail("--mend", kit->options->mend_command);
}

void mend_whatever_is_broken(const struct kit_options *options)
{
    if (run_command(options->mend_command) != 0)
        return; /* there was nothing to mend, perhaps: a test that needs it says so */
}

void expect_ended(const char *name, int64_t began, int code, bool may_succeed)
{
    int64_t took = kit_now() - began;
    if (took > BROKEN_DEADLINE + BROKEN_SLACK)
        fail_msg("%s took %lld ms while the backend was broken, its deadline was after %d", name, (long long)took, BROKEN_DEADLINE);
    if (code == 0 && !may_succeed)
        fail_msg("%s succeeded while the backend was broken: does the command of --break break it?", name);
    if (code < 0 && code != HEARTH_ERR_UNAVAILABLE && code != HEARTH_ERR_TIMEOUT && code != HEARTH_ERR_UNCERTAIN)
        fail_msg("%s returned %s while the backend was broken, UNAVAILABLE or TIMEOUT was expected", name, err_name(code));
}
