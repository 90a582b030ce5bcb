/* Short ways to use a queue. Time is real here: a backend may have its own clock. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_QUEUE_KIT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_QUEUE_KIT_H

#include "kit.h"

enum { LONG = 3600 * 1000, SOON = 150, PATIENCE = 10 * 1000 }; /* ms */

/* One more session of the same queue. */
void line_open(struct kit *kit, struct line *line);
void line_close(struct line *line);

/* QUEUE(kit, publish, …): calls one operation of a kit or a line; the code. */
#define QUEUE(line, operation, ...) ((line)->ops->operation((line)->session, &(line)->call.hearth __VA_OPT__(, ) __VA_ARGS__))
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

/* enum hearth_publish_result, or a negative code. The kind is KIND where none is given. */
#define KIND "sync"
int publish_kind(struct line *line, const char *kind, const char *key, int priority, int64_t delay);
int publish(struct line *line, const char *key, int priority, int64_t delay);
int reserve(struct line *line, int64_t wait, int64_t lease, struct hearth_job *ret_job);
void takes(struct line *line, const char *key); /* of any kind, for a long time */
void expect_empty(struct line *line);
/* Sets a number among the plugin's own keys; false: it has no such key. Before kit_open(). */
bool queue_set(struct kit *kit, const char *key, int64_t number);

extern const struct kit_test queue_jobs_tests[], queue_kinds_tests[], queue_events_tests[], queue_threads_tests[], queue_random_tests[],
    queue_memory_tests[], queue_break_tests[];

#endif
