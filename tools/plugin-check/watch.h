/* Which operation of the plugin is running, since when, and which line of the kit called it: a
 * hang or a crash can then be told in these words. A test's child writes it into memory that its
 * parent reads. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_WATCH_H
#define HEARTH_TOOLS_PLUGIN_CHECK_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- the parent --- */

/* patience: ms that an operation may take which has nothing to wait for. False: no memory. */
bool kit_watch_init(int64_t patience);
void kit_watch_reset(void); /* before a child starts */
/* True: an operation is overdue; ret: a sentence. It has less time in the tests that follow. */
bool kit_watch_late(char *ret, size_t size);
/* What is running, as the end of a sentence: ", in publish(), called at FILE:LINE"; "" when
 * nothing is. */
void kit_watch_running(char *ret, size_t size);

/* --- a child, any thread --- */

/* Around each call of the plugin, nested where callbacks call back. operation, file: literals.
 * file NULL: it is not known, the last known line is told. wait: ms that this call was asked to
 * wait. */
void kit_watch_enter(const char *operation, const char *file, int line, int64_t wait);
void kit_watch_leave(void);
/* The same around an expression. */
int kit_watch_left(int code);
#define WATCHED(operation, call)                                                                   \
    (kit_watch_enter((operation), __FILE__, __LINE__, 0), kit_watch_left(call))
/* Around a helper that calls the plugin for a test: the test's line is the one to tell. The
 * outermost one counts. */
void kit_watch_from(const char *file, int line);
void kit_watch_from_ends(void);
bool kit_watch_came_from(const char **ret_file, int *ret_line);
#define WATCH_FROM(call)                                                                           \
    __extension__({                                                                                \
        kit_watch_from(__FILE__, __LINE__);                                                        \
        __typeof__(call) result_from_ = (call);                                                    \
        kit_watch_from_ends();                                                                     \
        result_from_;                                                                              \
    })
#define WATCH_FROM_VOID(call)                                                                      \
    do {                                                                                           \
        kit_watch_from(__FILE__, __LINE__);                                                        \
        call;                                                                                      \
        kit_watch_from_ends();                                                                     \
    } while (0)

#endif
