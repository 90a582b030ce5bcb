/* The log: one line an event on standard error, "key=value" pairs or JSON. Any thread. Values
 * are escaped, and cut after 2 KiB: whatever they hold, a line is one line, valid UTF-8, and
 * shows what is in it. Nobody passes secrets. */
#ifndef HEARTH_CORE_BASE_LOG_H
#define HEARTH_CORE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Once, before threads start. */
void log_init(enum log_format format, enum hearth_log_level level);
/* From here on the log has a private copy of descriptor 2, and 2 itself leads nowhere: libraries
 * chatter there (h2o prints a line for each unknown frame of a client). */
void log_take_stderr(void);
/* From here on a process that ends itself (abort(): memory is exhausted inside a library, or a
 * fault of our own) leaves a last line, which needs no memory. Once, before threads start. */
void log_last_word(void);
bool log_wants(enum hearth_log_level level);
void log_set_level(enum hearth_log_level level); /* from now on; any thread */
/* At which level a failure is told: HEARTH_LOG_DEBUG when it is one of an outage that is told
 * once for all (outage.h). */
enum hearth_log_level log_level_of(const struct err *err, enum hearth_log_level level);

/* A key with its value. Code makes it with LOG_TEXT(), LOG_INT() and LOG_BOOL(). */
struct log_pair {
    const char *key; /* NULL: the end of a list of pairs */
    const char *text;
    int64_t number;
    enum { LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_BOOL } kind;
};

/* The compiler looks at each pair: a key is a string literal, a text is a `char *` or `const
 * char *` (NULL leaves the pair out), a number is an integer of any width (JSON gets it as a
 * number), a flag is a bool (yes or no; in JSON true or false). Anything else does not compile. */
#define LOG_TEXT(key_, text_)                                                                      \
    ((struct log_pair){.key = "" key_,                                                             \
                       .text = _Generic((text_), char * : (text_), const char * : (text_)),        \
                       .kind = LOG_KIND_TEXT})
#define LOG_INT(key_, number_)                                                                     \
    ((struct log_pair){.key = "" key_, .number = (int64_t)((number_) | 0), .kind = LOG_KIND_INT})
#define LOG_BOOL(key_, flag_)                                                                      \
    ((struct log_pair){.key = "" key_,                                                             \
                       .number = _Generic((flag_), bool                                            \
                                          : (flag_)),                                              \
                       .kind = LOG_KIND_BOOL})
/* A list of pairs, or of none, for what takes a `const struct log_pair *`. */
#define LOG_PAIRS(...)                                                                             \
    ((const struct log_pair[]){__VA_ARGS__ __VA_OPT__(, )(struct log_pair){.key = NULL}})

/* log_event(HEARTH_LOG_INFO, "jobs", "sync done", LOG_TEXT("account", id), LOG_INT("ms", ms)).
 * `module` is the folder of core/ that the line is written in, `event` a constant of a few words;
 * docs/log.md has a row for each, and for each key (tests/unit/base/test_log_table.py). */
#define log_event(level, module, event, ...)                                                       \
    log_event_pairs((level), (module), (event), LOG_PAIRS(__VA_ARGS__))
void log_event_pairs(enum hearth_log_level level, const char *module, const char *event,
                     const struct log_pair *pairs);

/* log_audit("signed in", LOG_TEXT("address", address), …): what an operator wants to find again:
 * who signed in or tried to, what was made, revoked, removed. A level of its own, beside the
 * others: shown whatever the level is, unless log_set_audit(false). `event` as above. Where it
 * concerns a client, "address" is the first pair: programs that read the log then find it at a
 * place that nobody else's text can take. */
#define log_audit(event, ...) log_audit_pairs((event), LOG_PAIRS(__VA_ARGS__))
void log_audit_pairs(const char *event, const struct log_pair *pairs);
void log_set_audit(bool on); /* [hearth] audit; from now on, any thread */
/* A line of the access log, if that is on: path without its query, bytes of the body, ms since
 * the request came; account "": nobody's. */
void log_set_access(bool on); /* [web] access_log; from now on, any thread */
bool log_access_is_on(void);
#define log_access(...) log_access_pairs(LOG_PAIRS(__VA_ARGS__))
void log_access_pairs(const struct log_pair *pairs);

#endif
