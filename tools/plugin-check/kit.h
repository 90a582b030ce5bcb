/* The conformance kit: what a test of a plugin has in its hands. docs/plugins.md tells plugin
 * authors how to use it.
 *
 * Every test runs in a child process of its own, which loads the plugin, runs one function and
 * ends: a crash, a leak that a sanitizer finds or a hang is a result. The parent (run.c) never
 * loads the plugin. All functions here belong to the child, any thread. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_KIT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_KIT_H

#include <string.h>
#include "hearth/queue.h"
#include "hearth/storage.h"
#include "hearth/sync.h"
#include "plug/host.h"
#include "plug/loader.h"
#include "plug/storage.h"
#include "watch.h"

/* As in plug/storage.h, and watched. */
#undef STORAGE_OF
#define STORAGE_OF(storage, table, err, operation, ...)                                            \
    (kit_watch_enter(#operation, __FILE__, __LINE__, 0),                                           \
     kit_watch_left(plug_storage_check(                                                            \
         (storage),                                                                                \
         plug_storage_allows(storage)                                                              \
             ? (storage)->table->operation((storage)->handle,                                      \
                                           &(storage)->call.hearth __VA_OPT__(, ) __VA_ARGS__)     \
             : HEARTH_ERR_UNAVAILABLE,                                                             \
         (err))))

struct conf;

/* Built with a sanitizer that has an allocator and a clock of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KIT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KIT_SANITIZED 1
#endif
#endif

/* What the command line asked for; the same in every child. */
struct kit_options {
    const char *plugin; /* path */
    const char *config; /* path of an INI file; NULL */
    const char *import; /* sync: path of an account import file; NULL */
    const char *only;   /* run only tests whose name contains it; NULL */
    unsigned long seed; /* of the random sequences */
    bool faults;        /* the long tests too */
    /* make the backend go away, and come back; both, or both NULL */
    const char *break_command, *mend_command;
    bool accepted;    /* the loader has taken it once */
    int64_t patience; /* ms; see kit_watch_init() */
    /* empty at the start of each test, removed after it; the state_dir of the configuration */
    char directory[4096];
};

/* One handle of a queue, with the call of the thread that uses it. */
struct queue_handle {
    const struct hearth_queue *ops;
    void *handle;
    struct call call;
};

struct kit {
    const struct kit_options *options;
    struct plug *plug;
    const struct hearth_plugin *descriptor;
    const struct hearth_storage *storage_ops; /* one of these three, by the plugin's kind */
    const struct hearth_queue *queue;
    const struct hearth_sync *sync;
    const struct hearth_config_value *values;
    struct conf *conf;
    /* tests may replace functions of host.hearth before kit_open() */
    struct host host;
    const struct hearth_sync_signin *signin; /* extensions; NULL: the plugin has not */
    const struct hearth_sync_describe *describe;
    void *self;                       /* the instance; NULL while closed */
    struct storage storage;           /* storage: one handle */
    struct queue_handle queue_handle; /* queue: one handle */
    void *handle;                     /* sync: one handle */
    struct call call;                 /* of that handle */
};

enum kit_how { KIT_OPEN = 0, KIT_CLOSED = 1, KIT_FAULTS = 2, KIT_BARE = 4, KIT_BREAKS = 8 };

struct kit_test {
    const char *name; /* "area: what is promised"; NULL ends a table */
    void (*run)(struct kit *kit);
    /* KIT_OPEN: the plugin is open (storage: migrated, accounts "a" and "b"); KIT_CLOSED: only
     * loaded. KIT_FAULTS: a long one. KIT_BARE: its configuration is not even looked at.
     * KIT_BREAKS: only where the backend may be broken. */
    unsigned how;
    int seconds; /* time limit; 0: 60 */
};

/* Ends the child: the test failed, with a text for the plugin's author. */
_Noreturn void kit_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends the child: the test does not apply to this plugin, or not here. */
_Noreturn void kit_skip(const char *why);

#define fail_msg(...) kit_fail(__FILE__, __LINE__, __VA_ARGS__)
#define expect(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("expected %s", #condition);                                                   \
    } while (0)
#define expect_number(got, wanted)                                                                 \
    do {                                                                                           \
        long long got_ = (long long)(got), wanted_ = (long long)(wanted);                          \
        if (got_ != wanted_)                                                                       \
            fail_msg("%s is %lld, %lld was expected", #got, got_, wanted_);                        \
    } while (0)
#define expect_text(got, wanted)                                                                   \
    do {                                                                                           \
        const char *got_ = (got), *wanted_ = (wanted);                                             \
        if (got_ == NULL || strcmp(got_, wanted_) != 0)                                            \
            fail_msg("%s is \"%s\", \"%s\" was expected", #got, got_ == NULL ? "(null)" : got_,    \
                     wanted_);                                                                     \
    } while (0)

/* Opens the instance and one handle; the test fails if that fails. */
void kit_open(struct kit *kit);
void kit_close(struct kit *kit);
void kit_reopen(void *kit); /* kit_open() and kit_close() as a step for kit_expect_no_leak() */
/* Another handle of the same storage, or of another instance of it. */
void kit_handle_of(struct kit *kit, void *self, struct storage *storage);
void kit_handle(struct kit *kit, struct storage *storage);
int64_t kit_now(void);      /* monotonic ms */
void kit_pause(int64_t ms); /* gives other threads room; never used to wait for an outcome */

/* The tables of tests, by kind. */
extern const struct kit_test kit_loading_tests[], growth_tests[], kit_stride_tests[];
const struct kit_test *const *kit_tests(int kind, size_t *ret_count);
extern const struct kit_test *const kit_storage_tests[], *const kit_queue_tests[],
                                                             *const kit_sync_tests[];
extern const size_t kit_storage_test_count, kit_queue_test_count, kit_sync_test_count;
/* Brings a freshly opened plugin into the state that KIT_OPEN promises. */
void kit_storage_prepare(struct kit *kit);
void kit_queue_prepare(struct kit *kit);
/* Tests of their own at the end of a run: opens the plugin, and what the tests have put there
 * goes. */
void kit_storage_leave_empty(struct kit *kit);
void kit_queue_leave_empty(struct kit *kit);

/* --- allocation failures (memory.c) --- */

/* False where the executable cannot stand between a library and its allocator (sanitizers). */
bool kit_memory_can_fail(void);
/* The n-th allocation of this thread from now on fails (malloc, calloc, realloc, aligned ones,
 * and host->alloc); 0: none. */
void kit_memory_fail_at(long n);
/* Disarms; true: the allocation was reached and failed. */
bool kit_memory_failed(void);
/* For allocators that are not malloc: counts one, true: it has to fail. */
bool kit_memory_must_fail(void);
/* Whenever this thread asks the host for memory from now on `hook` runs first; NULL: no more.
 * everywhere: also in each malloc(). */
void kit_memory_meanwhile(void (*hook)(void), bool everywhere);
void kit_memory_happens(void); /* the host is asked */
/* Blocks of the whole process that were allocated and not freed; only where
 * kit_memory_can_fail(). */
long kit_memory_live(void);

/* --- what no result shows (unseen.c) --- */

/* Does `step` again and again; the test fails when each time leaves memory behind. what: "every
 * list", for the author. */
void kit_expect_no_leak(const char *what, void (*step)(void *ctx), void *ctx);
/* The same for what may keep something of each time, up to a bound that is reached after so
 * many. */
void kit_expect_bounded(const char *what, int times, void (*step)(void *ctx), void *ctx);
/* Calls `wait`, which waits for some hundred ms in this thread; the test fails when the process
 * works meanwhile. By the processor's time, in proportion to the time in which the thread could
 * have had it: a loaded machine makes nothing look busy, and nothing idle. */
void kit_expect_idle(const char *what, void (*wait)(void *ctx), void *ctx);

/* --- the wall clock (wall.c) --- */

/* False where the executable cannot stand between a library and the clock (sanitizers). */
bool kit_wall_can_move(void);
/* From now on the wall clock of this process is so many seconds ahead (or behind); what waits is
 * not touched. */
void kit_wall_move(int64_t seconds);

#endif
