/* Storage plugins that do not bear that their backend goes away; and one whose database lets one
 * batch in at a time. */
#include "bad.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "hearth/storage.h"

static struct hearth_storage ops;
static const struct hearth_storage *good;

static int wait_for_ever(void *handle, struct hearth_call *call, const char *account,
                         const char *json)
{
    int64_t deadline = call->deadline;
    call->deadline = 0;
    int r = good->settings_put(handle, call, account, json);
    call->deadline = deadline;
    return r;
}

static int hope(void *handle, struct hearth_call *call, bool changed)
{
    int r = good->batch_commit(handle, call, changed);
    return r == HEARTH_ERR_UNCERTAIN || r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_TIMEOUT ? 0
                                                                                               : r;
}

/* Stores everything with what comes last, and says at the commit what it finds then. */
static int store_early(void *handle, struct hearth_call *call, int64_t source, int32_t collection,
                       const char *text)
{
    int r = good->sync_cursor_put(handle, call, source, collection, text);
    return r < 0 ? r : good->batch_commit(handle, call, true);
}

static int deny(void *handle, struct hearth_call *call, bool changed)
{
    (void)changed;
    return good->ping(handle, call);
}

/* --- one batch at a time, over all processes --- */

enum { HANDLES = 64 };
static struct {
    void *handle;
    int lock;
} locked[HANDLES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void keep_lock(void *handle, int lock)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < HANDLES; i++)
        if (locked[i].handle == NULL) {
            locked[i].handle = handle;
            locked[i].lock = lock;
            break;
        }
    pthread_mutex_unlock(&mutex);
}

static void give_up_lock(void *handle)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < HANDLES; i++)
        if (locked[i].handle == handle) {
            close(locked[i].lock);
            locked[i].handle = NULL;
        }
    pthread_mutex_unlock(&mutex);
}

static bool has_lock(void *handle)
{
    bool has = false;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < HANDLES; i++)
        has |= locked[i].handle == handle;
    pthread_mutex_unlock(&mutex);
    return has;
}

static atomic_uintptr_t interrupted; /* the handle that was interrupted last, while it waited */
static const struct hearth_host *the_host;

static int open_noted(const struct hearth_host *host, struct hearth_call *call,
                      const struct hearth_config_value *values, void **ret_self)
{
    the_host = host;
    return good->open(host, call, values, ret_self);
}

static int begin_alone(void *handle, struct hearth_call *call, const char *account,
                       int32_t collection, int64_t *ret_generation)
{
    if (has_lock(handle))
        return good->batch_begin(handle, call, account, collection, ret_generation); /* INVALID */
    int lock = open(getenv("HEARTH_SINGLE_WRITER"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return hearth_fail(call, HEARTH_ERR_IO, "no lock file");
    atomic_store(&interrupted, (uintptr_t)0);
    while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        /* then the host says that it stops, too */
        bool late = call->deadline != 0 && now_ms() >= call->deadline;
        if (late || atomic_load(&interrupted) == (uintptr_t)handle || the_host->should_stop(call)) {
            close(lock);
            return hearth_fail(call, late ? HEARTH_ERR_TIMEOUT : HEARTH_ERR_CANCELLED,
                               "another batch is open");
        }
        usleep(1000);
    }
    int r = good->batch_begin(handle, call, account, collection, ret_generation);
    if (r == 0)
        keep_lock(handle, lock);
    else
        close(lock);
    return r;
}

static void interrupt_waiting(void *handle)
{
    atomic_store(&interrupted, (uintptr_t)handle);
    good->interrupt(handle);
}

static int commit_alone(void *handle, struct hearth_call *call, bool changed)
{
    int r = good->batch_commit(handle, call, changed);
    give_up_lock(handle);
    return r;
}

static void abort_alone(void *handle)
{
    good->batch_abort(handle);
    give_up_lock(handle);
}

static void close_alone(void *handle)
{
    good->handle_close(handle);
    give_up_lock(handle);
}

static void apply_single(struct hearth_storage *table, bool says_so)
{
    static struct hearth_limits limits = {.struct_size = sizeof(limits), .single_writer = 1};
    table->open = open_noted;
    table->batch_begin = begin_alone;
    table->batch_commit = commit_alone;
    table->batch_abort = abort_alone;
    table->handle_close = close_alone;
    table->interrupt = interrupt_waiting;
    if (says_so)
        bad_descriptor.limits = &limits;
}

#define RULES(X)                                                                                   \
    X(patient, table->settings_put = wait_for_ever)                                                \
    X(hopeful, table->batch_commit = hope)                                                         \
    X(denying, table->sync_cursor_put = store_early; table->batch_commit = deny)                   \
    X(single, apply_single(table, true))                                                           \
    X(unsaid, apply_single(table, false))

#define X(rule, spoil)                                                                             \
    static void apply_rule_##rule(void *operations)                                                \
    {                                                                                              \
        struct hearth_storage *table = operations;                                                 \
        good = good_descriptor->operations;                                                        \
        spoil;                                                                                     \
    }
RULES(X)
#undef X

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {
#define X(rule, spoil) {#rule, apply_rule_##rule},
        RULES(X)
#undef X
    };
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}
