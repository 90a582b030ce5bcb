/* The log: one line an event on standard error, "key=value" pairs or JSON. Any thread. Values are escaped, and cut after
 * 2 KiB: whatever they hold, a line is one line, valid UTF-8, and shows what is in it. Nobody passes secrets. */
#ifndef HEARTH_CORE_BASE_LOG_H
#define HEARTH_CORE_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

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
void log_set_level(enum hearth_log_level level); /* from now on; any thread */
/* At which level a failure is told: HEARTH_LOG_DEBUG when it is one of an outage that is told once for all (outage.h). */
enum hearth_log_level log_level_of(const struct err *err, enum hearth_log_level level);

/* log_event(HEARTH_LOG_INFO, "main", "ready", "version", text, "address", text, NULL): pairs of key and text end with a NULL key; a NULL
 * text leaves its pair out. `module` and `event` are constants. */
void log_event(enum hearth_log_level level, const char *module, const char *event, ...) __attribute__((sentinel));

/* The same with numbers, which JSON gets as numbers:
 * log_pairs(level, "sync", "done", (struct log_pair[]){LOG_PAIR("account", id), LOG_NUMBER("ms", ms), LOG_PAIRS_END}). */
struct log_pair {
    const char *key;
    const char *text; /* NULL: a number, or left out */
    int64_t number;
    bool is_number;
};
#define LOG_PAIR(k, t)                                                                                                                     \
    {                                                                                                                                      \
        .key = (k), .text = (t)                                                                                                            \
    }
#define LOG_NUMBER(k, n)                                                                                                                   \
    {                                                                                                                                      \
        .key = (k), .number = (n), .is_number = true                                                                                       \
    }
#define LOG_PAIRS_END                                                                                                                      \
    {                                                                                                                                      \
        .key = NULL                                                                                                                        \
    }
void log_pairs(enum hearth_log_level level, const char *module, const char *event, const struct log_pair *pairs);

/* What an operator wants to find again: who signed in or tried to, what was made, revoked, removed. A level of its own, beside the others:
 * shown whatever the level is, until log_audit_off(). `event` is a constant, a few words, and stands in the table of docs/operating.md;
 * pairs as for log_event(). Where it concerns a client, "address" is the first pair: programs that read the log then find it at a place
 * that nobody else's text can take. */
void log_audit(const char *event, ...) __attribute__((sentinel));
void log_audit_off(void); /* [hearth] audit = no; once, before threads start */
/* A line of the access log, if that is on: path without its query, bytes of the body, ms since the request came; account "": nobody's. */
void log_access_on(void); /* once, before threads start */
bool log_access_is_on(void);
void log_access(const struct log_pair *pairs);
/* For a single formatted sentence under "text". */
void log_text(enum hearth_log_level level, const char *module, const char *format, ...) __attribute__((format(printf, 3, 4)));
void log_text_args(enum hearth_log_level level, const char *module, const char *format, va_list ap);

#define log_error(module, ...)   log_text(HEARTH_LOG_ERROR, module, __VA_ARGS__)
#define log_warning(module, ...) log_text(HEARTH_LOG_WARNING, module, __VA_ARGS__)
#define log_info(module, ...)    log_text(HEARTH_LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...)   log_text(HEARTH_LOG_DEBUG, module, __VA_ARGS__)

#endif
