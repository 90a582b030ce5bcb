/* Short ways to use a queue. Time is real here: a backend may have its own clock. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_QUEUE_KIT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_QUEUE_KIT_H

#include "kit.h"

enum { LONG = 3600 * 1000, SOON = 150, PATIENCE = 10 * 1000 }; /* ms */

/* One more session of the same queue. */
void line_open(struct kit *kit, struct line *line);
void line_close(struct line *line);

/* QUEUE(line, publish, …): calls one operation; the code. */
#define QUEUE(line, operation, ...) QUEUE_WAITS(line, 0, operation __VA_OPT__(, ) __VA_ARGS__)
/* The same for one that may wait so long, in ms. */
#define QUEUE_WAITS(line, wait, operation, ...)                                                                                            \
    (watch_enter(#operation, __FILE__, __LINE__, (wait)),                                                                                  \
     watch_left((line)->ops->operation((line)->session, &(line)->call.hearth __VA_OPT__(, ) __VA_ARGS__)))
/* Fails the test unless the code is 0, or unless it is this one, with a text. */
#define QUEUE_OK(line, ...)                                                                                                                \
    do {                                                                                                                                   \
        int result_ = QUEUE(line, __VA_ARGS__);                                                                                            \
        if (result_ != 0)                                                                                                                  \
            fail_msg("%s failed with %s: %s", #__VA_ARGS__, err_name(result_), (line)->call.error);                                        \
    } while (0)
#define QUEUE_FAILS(code, line, ...)                                                                                                       \
    do {                                                                                                                                   \
        (line)->call.error[0] = '\0';                                                                                                      \
        int result_ = QUEUE(line, __VA_ARGS__);                                                                                            \
        if (result_ != HEARTH_ERR_##code)                                                                                                  \
            fail_msg("%s returned %s, " #code " was expected: %s", #__VA_ARGS__, err_name(result_), (line)->call.error);                   \
        if ((line)->call.error[0] == '\0')                                                                                                 \
            fail_msg("%s failed without an error text", #__VA_ARGS__);                                                                     \
    } while (0)

/* Their failures and hangs are told with the line of the test that called them. */
#define put_job_of(...)      WATCH_FROM(queue_put_job_of(__VA_ARGS__))
#define put_job(...)         WATCH_FROM(queue_put_job(__VA_ARGS__))
#define take_job(...)        WATCH_FROM(queue_take_job(__VA_ARGS__))
#define wait_for_events(...) WATCH_FROM(queue_event_wait(__VA_ARGS__))
#define hears(...)           WATCH_FROM_VOID(queue_hears(__VA_ARGS__))
#define takes(...)           WATCH_FROM_VOID(queue_takes(__VA_ARGS__))
#define expect_empty(...)    WATCH_FROM_VOID(queue_expect_empty(__VA_ARGS__))

/* enum hearth_publish_result, or a negative code. The kind is KIND where none is given. */
#define KIND "sync"
int queue_put_job_of(struct line *line, const char *kind, const char *key, int priority, int64_t delay);
int queue_put_job(struct line *line, const char *key, int priority, int64_t delay);
int queue_take_job(struct line *line, int64_t wait, int64_t lease, struct hearth_job *ret_job);
int queue_event_wait(struct line *line, int64_t wait, hearth_event_cb cb, void *ctx);
void queue_hears(struct line *line, int64_t wait, hearth_event_cb cb, void *ctx); /* event_wait succeeds */
void queue_takes(struct line *line, const char *key);                             /* of any kind, for a long time */
void queue_expect_empty(struct line *line);
/* Sets a number among the plugin's own keys; false: it has no such key. Before kit_open(). */
bool queue_set(struct kit *kit, const char *key, int64_t number);

extern const struct kit_test queue_jobs_tests[], queue_kinds_tests[], queue_events_tests[], queue_threads_tests[], queue_random_tests[],
    queue_memory_tests[], queue_waits_tests[], queue_again_tests[], queue_leaks_tests[], queue_many_tests[], queue_later_tests[],
    queue_break_tests[];

#endif
