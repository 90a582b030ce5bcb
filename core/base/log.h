/* The log: one line an event on standard error, "key=value" pairs or JSON. Any thread. Values are escaped; nobody passes secrets. */
#ifndef HEARTH_CORE_BASE_LOG_H
#define HEARTH_CORE_BASE_LOG_H

#include <stdbool.h>
#include "hearth/plugin.h"

enum log_format { LOG_TEXT, LOG_JSON };

/* Once, before threads start. */
void log_init(enum log_format format, enum hearth_log_level level);
/* From here on the log has a private copy of descriptor 2, and 2 itself leads nowhere: libraries chatter there (h2o prints a line for each
 * unknown frame of a client). */
void log_take_stderr(void);
/* From here on a process that ends itself (abort(): memory is exhausted inside a library, or a fault of our own) leaves a last line, which
 * needs no memory. Once, before threads start. */
void log_last_word(void);
bool log_wants(enum hearth_log_level level);

/* log_event(HEARTH_LOG_INFO, "sync", "done", "account", id, "records", n_text, NULL): pairs of key and value end with NULL; a NULL value
 * leaves its pair out. `module` and `event` are constants. */
void log_event(enum hearth_log_level level, const char *module, const char *event, ...) __attribute__((sentinel));
/* What an operator wants to find again: who signed in or tried to, what was made, revoked, removed. The event is a constant, a few words.
 */
#define log_audit(...) log_event(HEARTH_LOG_INFO, "audit", __VA_ARGS__)
/* For a single formatted sentence under "text". */
void log_text(enum hearth_log_level level, const char *module, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_error(module, ...)   log_text(HEARTH_LOG_ERROR, module, __VA_ARGS__)
#define log_warning(module, ...) log_text(HEARTH_LOG_WARNING, module, __VA_ARGS__)
#define log_info(module, ...)    log_text(HEARTH_LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...)   log_text(HEARTH_LOG_DEBUG, module, __VA_ARGS__)

#endif
