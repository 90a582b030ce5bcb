/* A lock that is held where core is left ends a process that checks: each case in a child, whose
 * last words are read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/lock.h"
#include "base/log.h"
#include "plug/storage.h"

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int pings;

static int on_ping(void *handle, struct hearth_call *call)
{
    (void)handle;
    (void)call;
    pings++;
    return 0;
}

static void ping(void)
{
    static const struct hearth_storage ops = {.struct_size = sizeof(ops), .ping = on_ping};
    struct storage storage = {.ops = &ops};
    plug_call_init(&storage.call, NULL, 0, 0);
    STORAGE(&storage, NULL, ping);
    plug_call_fini(&storage.call);
}

static void holds_at_the_border(void)
{
    lock_take(&one);
    ping();
}

static void holds_after_a_wait(void)
{
    lock_take(&one);
    lock_wait_until(&changed, &one, 0);
    ping();
}

static void waits_with_another(void)
{
    lock_take(&other);
    lock_take(&one);
    lock_wait_until(&changed, &one, 0);
}

static void takes_twice(void)
{
    lock_take(&one);
    lock_take(&one);
}

static void releases_what_it_does_not_hold(void)
{
    lock_take(&other);
    lock_release(&one);
}

/* What the child says before it aborts. */
static void assert_aborts(void (*run)(void), const char *words, const char *more)
{
    char said[4096] = "";
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        alarm(60);
        dup2(ends[1], 2);
        close(ends[0]);
        run();
        _exit(0);
    }
    close(ends[1]);
    size_t size = 0;
    ssize_t n;
    while ((n = read(ends[0], said + size, sizeof(said) - 1 - size)) > 0)
        size += (size_t)n;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || strstr(said, words) == NULL ||
        strstr(said, more) == NULL)
        fail_msg("status %x, said: %s", (unsigned)status, said);
}

static void test_what_is_forbidden(void **state)
{
    (void)state;
    assert_aborts(holds_at_the_border, "lock held lock=&one source=", "a plugin is called: ping");
    assert_aborts(holds_after_a_wait, "lock held lock=&one ", "a plugin is called: ping");
    assert_aborts(waits_with_another, "lock held lock=&other ", "waits for a condition");
    assert_aborts(takes_twice, "lock held lock=&one ", "taken by the thread that holds it");
    assert_aborts(releases_what_it_does_not_hold, "does not hold it", "lock=&one\n");
}

static void test_what_is_allowed(void **state)
{
    (void)state;
    lock_take(&one);
    lock_take(&other);
    lock_release(&one); /* in any order */
    lock_release(&other);
    lock_take(&other);
    assert_int_equal(lock_wait_until(&changed, &other, 0), ETIMEDOUT);
    lock_release(&other);
    ping();
    assert_int_equal(pings, 1);
}

int main(void)
{
    log_init(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    const struct CMUnitTest tests[] = {
#ifdef HEARTH_LOCK_CHECKS /* a release does not look */
        cmocka_unit_test(test_what_is_forbidden),
#endif
        cmocka_unit_test(test_what_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
