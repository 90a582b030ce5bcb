/* Short ways to use a queue. Time is real here: a backend may have its own clock. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_QUEUE_KIT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_QUEUE_KIT_H

#include "kit.h"

enum { LONG = 3600 * 1000, SOON = 150, PATIENCE = 10 * 1000 }; /* ms */

/* One more handle of the same queue. */
void kit_queue_handle_open(struct kit *kit, struct queue_handle *queue_handle);
void kit_queue_handle_close(struct queue_handle *queue_handle);

/* QUEUE(line, publish, …): calls one operation; the code. */
#define QUEUE(queue_handle, operation, ...)                                                        \
    QUEUE_WAITS(queue_handle, 0, operation __VA_OPT__(, ) __VA_ARGS__)
/* The same for one that may wait so long, in ms. */
#define QUEUE_WAITS(queue_handle, wait, operation, ...)                                            \
    (kit_watch_enter(#operation, __FILE__, __LINE__, (wait)),                                      \
     kit_watch_left(                                                                               \
         (queue_handle)                                                                            \
             ->ops->operation((queue_handle)->handle,                                              \
                              &(queue_handle)->call.hearth __VA_OPT__(, ) __VA_ARGS__)))
/* Fails the test unless the code is 0, or unless it is this one, with a text. */
#define QUEUE_OK(queue_handle, ...)                                                                \
    do {                                                                                           \
        int result_ = QUEUE(queue_handle, __VA_ARGS__);                                            \
        if (result_ != 0)                                                                          \
            fail_msg("%s failed with %s: %s", #__VA_ARGS__, err_name(result_),                     \
                     (queue_handle)->call.error);                                                  \
    } while (0)
#define QUEUE_FAILS(code, queue_handle, ...)                                                       \
    do {                                                                                           \
        (queue_handle)->call.error[0] = '\0';                                                      \
        int result_ = QUEUE(queue_handle, __VA_ARGS__);                                            \
        if (result_ != HEARTH_ERR_##code)                                                          \
            fail_msg("%s returned %s, " #code " was expected: %s", #__VA_ARGS__,                   \
                     err_name(result_), (queue_handle)->call.error);                               \
        if ((queue_handle)->call.error[0] == '\0')                                                 \
            fail_msg("%s failed without an error text", #__VA_ARGS__);                             \
    } while (0)

/* Their failures and hangs are told with the line of the test that called them. */
#define put_job_of(...)      WATCH_FROM(kit_queue_put_job_of(__VA_ARGS__))
#define put_job(...)         WATCH_FROM(kit_queue_put_job(__VA_ARGS__))
#define take_job(...)        WATCH_FROM(kit_queue_take_job(__VA_ARGS__))
#define wait_for_events(...) WATCH_FROM(kit_queue_event_wait(__VA_ARGS__))
#define hears(...)           WATCH_FROM_VOID(kit_queue_hears(__VA_ARGS__))
#define takes(...)           WATCH_FROM_VOID(kit_queue_takes(__VA_ARGS__))
#define expect_empty(...)    WATCH_FROM_VOID(kit_queue_expect_empty(__VA_ARGS__))

/* enum hearth_publish_result, or a negative code. The kind is KIND where none is given. */
#define KIND "sync"
int kit_queue_put_job_of(struct queue_handle *queue_handle, const char *kind, const char *key,
                         int priority, int64_t delay);
int kit_queue_put_job(struct queue_handle *queue_handle, const char *key, int priority,
                      int64_t delay);
int kit_queue_take_job(struct queue_handle *queue_handle, int64_t wait, int64_t lease,
                       struct hearth_job *ret_job);
int kit_queue_event_wait(struct queue_handle *queue_handle, int64_t wait, hearth_event_cb cb,
                         void *ctx);
/* event_wait succeeds */
void kit_queue_hears(struct queue_handle *queue_handle, int64_t wait, hearth_event_cb cb,
                     void *ctx);
/* of any kind, for a long time */
void kit_queue_takes(struct queue_handle *queue_handle, const char *key);
void kit_queue_expect_empty(struct queue_handle *queue_handle);
/* Sets a number among the plugin's own keys; false: it has no such key. Before kit_open(). */
bool kit_queue_set(struct kit *kit, const char *key, int64_t number);

extern const struct kit_test kit_queue_jobs_tests[], kit_queue_kinds_tests[],
    kit_queue_events_tests[], kit_queue_threads_tests[], kit_queue_random_tests[],
    kit_queue_memory_tests[], kit_queue_waits_tests[], kit_queue_again_tests[],
    kit_queue_leaks_tests[], kit_queue_many_tests[], kit_queue_later_tests[],
    kit_queue_break_tests[], kit_queue_keep_tests[];

#endif
