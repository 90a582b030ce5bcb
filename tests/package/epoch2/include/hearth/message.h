/* hearth/message.h: what a person is told, as a stable id, an English template and typed
 * parameters.
 *
 * Logs and the error text of a call are for operators and stay English texts. Whatever a person
 * reads is a message, so that a client can recognise it, and show it in another language,
 * without looking at its English. Messages of Hearth itself are rows of tables
 * (docs/messages.md); whoever has English words alone says HEARTH_ENGLISH("It is not there
 * yet."). */
#ifndef HEARTH_MESSAGE_H
#define HEARTH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hearth/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An id is [a-z0-9_.-], and never means something else. A text has at most so many bytes when it
 * is rendered. */
#define HEARTH_MESSAGE_ID_MAX     64
#define HEARTH_MESSAGE_TEXT_MAX   1024
#define HEARTH_MESSAGE_PARAMETERS 6

enum hearth_parameter_kind {
    HEARTH_PARAMETER_TEXT = 1,     /* shown as it is: an address, a name, what a server said */
    HEARTH_PARAMETER_WORD = 2,     /* one of a few stable words, by which a translation chooses */
    HEARTH_PARAMETER_COUNT = 3,    /* how many */
    HEARTH_PARAMETER_NUMBER = 4,   /* counts nothing: a status, a version */
    HEARTH_PARAMETER_DURATION = 5, /* ms */
    HEARTH_PARAMETER_TIME = 6      /* ms since 1970, UTC */
};

struct hearth_message_parameter {
    uint32_t struct_size;
    int32_t kind;     /* enum hearth_parameter_kind */
    const char *name; /* [a-z_]+ */
    const char *text; /* TEXT, WORD; else NULL */
    int64_t number;   /* the others */
};

/* `text` is a whole sentence, or several, or the label of something, in English. In it stand, as
 * in ICU's MessageFormat,
 *   {name}                                       the parameter
 *   {name, plural, one {# record} other {# records}}   # is its number
 *   {name, select, tabs {Tabs are} other {It is}}      by its word
 * and what names no parameter is shown as it stands. */
struct hearth_message {
    uint32_t struct_size;
    uint32_t reserved;
    /* "": none, the text is all there is. A plugin's own begin with its file's name:
     * "sync-NAME.…" */
    const char *id;
    const char *text;
    const struct hearth_message_parameter *parameters; /* HEARTH_AT */
    size_t parameter_count;
};

/* As an initialiser: words without id and parameters. */
#define HEARTH_ENGLISH(words)                                                                      \
    {                                                                                              \
        sizeof(struct hearth_message), 0, "", (words), NULL, 0                                     \
    }

/* --- tables --- */
/* #define FORGE_MESSAGES(M, T) \
 *     M(T, moved,   "sync-forge.moved",   "The forge has moved. Sign in again.", 0) \
 *     M(T, refused, "sync-forge.refused", \
 *       "The forge refused {path} ({status}).", 2, TEXT, path, NUMBER, status)
 * FORGE_MESSAGES(HEARTH_MESSAGE_DEFINE, forge_say)
 *
 * makes forge_say_moved() and forge_say_refused(const char *path, int64_t status): what is missing
 * or of another type does not compile. And this lists them:
 *
 * static const struct hearth_message_row rows[] = {FORGE_MESSAGES(HEARTH_MESSAGE_ROW, _)}; */

/* A message by value. Its texts are the caller's. */
struct hearth_sentence {
    const char *id, *text;
    size_t count;
    struct hearth_message_parameter parameters[HEARTH_MESSAGE_PARAMETERS];
};

struct hearth_duration {
    int64_t ms;
};

struct hearth_time {
    int64_t ms;
};

struct hearth_message_row {
    const char *name, *id, *text;
    size_t count;
    struct {
        const char *name;
        int64_t kind; /* enum hearth_parameter_kind */
    } parameters[HEARTH_MESSAGE_PARAMETERS];
};

/* The casts are C++'s; C does not mind them. */
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

static inline struct hearth_duration hearth_duration_of(int64_t ms)
{
    struct hearth_duration duration;
    duration.ms = ms;
    return duration;
}

static inline struct hearth_time hearth_time_of(int64_t ms)
{
    struct hearth_time time;
    time.ms = ms;
    return time;
}

static inline void hearth_sentence_put(struct hearth_sentence *sentence, const char *name,
                                       int32_t kind, const char *text, int64_t number)
{
    struct hearth_message_parameter *parameter = &sentence->parameters[sentence->count++];
    parameter->struct_size = (uint32_t)sizeof(*parameter);
    parameter->kind = kind;
    parameter->name = name;
    parameter->text = text;
    parameter->number = number;
}

/* A view of it, as long as the sentence is there. */
static inline struct hearth_message hearth_sentence_message(const struct hearth_sentence *sentence)
{
    struct hearth_message message;
    memset(&message, 0, sizeof(message));
    message.struct_size = (uint32_t)sizeof(message);
    message.id = sentence->id;
    message.text = sentence->text;
    message.parameters = sentence->parameters;
    message.parameter_count = sentence->count;
    return message;
}

#define HEARTH_MESSAGE_TYPE_TEXT     const char *
#define HEARTH_MESSAGE_TYPE_WORD     const char *
#define HEARTH_MESSAGE_TYPE_COUNT    int64_t
#define HEARTH_MESSAGE_TYPE_NUMBER   int64_t
#define HEARTH_MESSAGE_TYPE_DURATION struct hearth_duration
#define HEARTH_MESSAGE_TYPE_TIME     struct hearth_time

#define HEARTH_MESSAGE_PUT_TEXT(name)                                                              \
    hearth_sentence_put(&sentence_, #name, HEARTH_PARAMETER_TEXT, name, 0);
#define HEARTH_MESSAGE_PUT_WORD(name)                                                              \
    hearth_sentence_put(&sentence_, #name, HEARTH_PARAMETER_WORD, name, 0);
#define HEARTH_MESSAGE_PUT_COUNT(name)                                                             \
    hearth_sentence_put(&sentence_, #name, HEARTH_PARAMETER_COUNT, NULL, name);
#define HEARTH_MESSAGE_PUT_NUMBER(name)                                                            \
    hearth_sentence_put(&sentence_, #name, HEARTH_PARAMETER_NUMBER, NULL, name);
#define HEARTH_MESSAGE_PUT_DURATION(name)                                                          \
    hearth_sentence_put(&sentence_, #name, HEARTH_PARAMETER_DURATION, NULL, name.ms);
#define HEARTH_MESSAGE_PUT_TIME(name)                                                              \
    hearth_sentence_put(&sentence_, #name, HEARTH_PARAMETER_TIME, NULL, name.ms);

#define HEARTH_MESSAGE_TYPES_0()     void
#define HEARTH_MESSAGE_TYPES_1(k, n) HEARTH_MESSAGE_TYPE_##k n
#define HEARTH_MESSAGE_TYPES_2(k, n, ...)                                                          \
    HEARTH_MESSAGE_TYPE_##k n, HEARTH_MESSAGE_TYPES_1(__VA_ARGS__)
#define HEARTH_MESSAGE_TYPES_3(k, n, ...)                                                          \
    HEARTH_MESSAGE_TYPE_##k n, HEARTH_MESSAGE_TYPES_2(__VA_ARGS__)
#define HEARTH_MESSAGE_TYPES_4(k, n, ...)                                                          \
    HEARTH_MESSAGE_TYPE_##k n, HEARTH_MESSAGE_TYPES_3(__VA_ARGS__)
#define HEARTH_MESSAGE_PUTS_0()
#define HEARTH_MESSAGE_PUTS_1(k, n) HEARTH_MESSAGE_PUT_##k(n)
#define HEARTH_MESSAGE_PUTS_2(k, n, ...)                                                           \
    HEARTH_MESSAGE_PUT_##k(n) HEARTH_MESSAGE_PUTS_1(__VA_ARGS__)
#define HEARTH_MESSAGE_PUTS_3(k, n, ...)                                                           \
    HEARTH_MESSAGE_PUT_##k(n) HEARTH_MESSAGE_PUTS_2(__VA_ARGS__)
#define HEARTH_MESSAGE_PUTS_4(k, n, ...)                                                           \
    HEARTH_MESSAGE_PUT_##k(n) HEARTH_MESSAGE_PUTS_3(__VA_ARGS__)
#define HEARTH_MESSAGE_NAMES_0()                                                                   \
    {                                                                                              \
        NULL, 0                                                                                    \
    }
#define HEARTH_MESSAGE_NAMES_1(k, n)                                                               \
    {                                                                                              \
#n, HEARTH_PARAMETER_##k                                                                   \
    }
#define HEARTH_MESSAGE_NAMES_2(k, n, ...)                                                          \
    HEARTH_MESSAGE_NAMES_1(k, n), HEARTH_MESSAGE_NAMES_1(__VA_ARGS__)
#define HEARTH_MESSAGE_NAMES_3(k, n, ...)                                                          \
    HEARTH_MESSAGE_NAMES_1(k, n), HEARTH_MESSAGE_NAMES_2(__VA_ARGS__)
#define HEARTH_MESSAGE_NAMES_4(k, n, ...)                                                          \
    HEARTH_MESSAGE_NAMES_1(k, n), HEARTH_MESSAGE_NAMES_3(__VA_ARGS__)

#define HEARTH_MESSAGE_DEFINE(T, name, id_, text_, count_, ...)                                    \
    static inline struct hearth_sentence T##_##name(HEARTH_MESSAGE_TYPES_##count_(__VA_ARGS__))    \
    {                                                                                              \
        struct hearth_sentence sentence_;                                                          \
        memset(&sentence_, 0, sizeof(sentence_));                                                  \
        sentence_.id = id_;                                                                        \
        sentence_.text = text_;                                                                    \
        HEARTH_MESSAGE_PUTS_##count_(__VA_ARGS__) return sentence_;                                \
    }
#define HEARTH_MESSAGE_ROW(T, name, id_, text_, count_, ...)                                       \
    {#name, id_, text_, count_, {HEARTH_MESSAGE_NAMES_##count_(__VA_ARGS__)}},

/* --- rendering --- */

struct hearth_rendering {
    char *text;
    size_t capacity, used;
    const struct hearth_message *message;
};

static inline void hearth_render_add(struct hearth_rendering *to, const char *text, size_t size)
{
    for (size_t i = 0; i < size && to->used + 1 < to->capacity; i++)
        to->text[to->used++] = text[i];
}

/* What came from elsewhere stays on one line. */
static inline void hearth_render_text(struct hearth_rendering *to, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        char c = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
        hearth_render_add(to, &c, 1);
    }
}

static inline void hearth_render_number(struct hearth_rendering *to, int64_t number, int digits)
{
    char text[24];
    int n = 24;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        text[--n] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0 || 24 - n < digits);
    if (number < 0)
        text[--n] = '-';
    hearth_render_add(to, text + n, (size_t)(24 - n));
}

/* In the largest unit that still says something, rounded up. */
static inline void hearth_render_duration(struct hearth_rendering *to, int64_t ms)
{
    static const char *const one[] = {" second", " minute", " hour", " day"};
    static const int64_t size[] = {1000, 60000, 3600000, 86400000},
                         below[] = {60000, 7200000, 172800000};
    int64_t n;
    int unit = 0;
    while (unit < 3 && ms >= below[unit])
        unit++;
    n = ms / size[unit] + (ms % size[unit] > 0);
    hearth_render_number(to, n, 1);
    hearth_render_add(to, one[unit], strlen(one[unit]));
    hearth_render_add(to, "s", n == 1 ? 0 : 1);
}

/* "2026-11-29 21:19 UTC" */
static inline void hearth_render_time(struct hearth_rendering *to, int64_t ms)
{
    int64_t minutes = ms / 60000 - (ms % 60000 < 0), days = minutes / 1440 - (minutes % 1440 < 0);
    int64_t minute = minutes - days * 1440, z = days + 719468,
            era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), month = (5 * doy + 2) / 153;
    hearth_render_number(to, yoe + era * 400 + (month >= 10), 4);
    hearth_render_add(to, "-", 1);
    hearth_render_number(to, month < 10 ? month + 3 : month - 9, 2);
    hearth_render_add(to, "-", 1);
    hearth_render_number(to, doy - (153 * month + 2) / 5 + 1, 2);
    hearth_render_add(to, " ", 1);
    hearth_render_number(to, minute / 60, 2);
    hearth_render_add(to, ":", 1);
    hearth_render_number(to, minute % 60, 2);
    hearth_render_add(to, " UTC", 4);
}

static inline void hearth_render_value(struct hearth_rendering *to,
                                       const struct hearth_message_parameter *parameter)
{
    switch (parameter->kind) {
    case HEARTH_PARAMETER_TEXT:
    case HEARTH_PARAMETER_WORD:
        hearth_render_text(to, parameter->text);
        break;
    case HEARTH_PARAMETER_DURATION:
        hearth_render_duration(to, parameter->number);
        break;
    case HEARTH_PARAMETER_TIME:
        hearth_render_time(to, parameter->number);
        break;
    default:
        hearth_render_number(to, parameter->number, 1);
        break;
    }
}

/* The brace that closes the one at `at`; NULL: none does. */
static inline const char *hearth_render_close(const char *at, const char *end)
{
    int depth = 0;
    for (; at < end; at++) {
        depth += *at == '{' ? 1 : *at == '}' ? -1 : 0;
        if (depth == 0)
            return at;
    }
    return NULL;
}

static inline const struct hearth_message_parameter *hearth_message_find(
    const struct hearth_message *message, const char *name, size_t size)
{
    for (size_t i = 0; message->parameters != NULL && i < message->parameter_count; i++) {
        const struct hearth_message_parameter *parameter = HEARTH_AT(message->parameters, i);
        if (parameter->name != NULL && strlen(parameter->name) == size &&
            memcmp(parameter->name, name, size) == 0)
            return parameter;
    }
    return NULL;
}

static inline int hearth_render_is_key(const char *at, size_t size, const char *key)
{
    return key != NULL && strlen(key) == size && memcmp(at, key, size) == 0;
}

static inline void hearth_render_span(struct hearth_rendering *to, const char *at, const char *end,
                                      const struct hearth_message_parameter *counted);

/* The branch of " one {…} other {…}" that `key` names, else that of "other". */
static inline void hearth_render_branch(struct hearth_rendering *to, const char *at,
                                        const char *end, const char *key,
                                        const struct hearth_message_parameter *counted)
{
    const char *from = NULL, *close = NULL;
    while (at < end) {
        const char *name, *stop;
        size_t size;
        while (at < end && (*at == ' ' || *at == '\n'))
            at++;
        name = at;
        while (at < end && *at != ' ' && *at != '{')
            at++;
        size = (size_t)(at - name);
        while (at < end && *at == ' ')
            at++;
        stop = at < end && *at == '{' ? hearth_render_close(at, end) : NULL;
        if (stop == NULL)
            break;
        if (hearth_render_is_key(name, size, key) ||
            (from == NULL && hearth_render_is_key(name, size, "other"))) {
            from = at + 1;
            close = stop;
        }
        at = stop + 1;
        if (hearth_render_is_key(name, size, key))
            break;
    }
    if (from != NULL)
        hearth_render_span(to, from, close, counted);
}

/* What stands between two braces; 0: it names no parameter. */
static inline int hearth_render_place(struct hearth_rendering *to, const char *at, const char *end)
{
    const struct hearth_message_parameter *parameter;
    const char *name = at;
    size_t left;
    while (at < end && ((*at >= 'a' && *at <= 'z') || *at == '_'))
        at++;
    parameter = hearth_message_find(to->message, name, (size_t)(at - name));
    left = (size_t)(end - at);
    if (parameter == NULL)
        return 0;
    if (left == 0)
        hearth_render_value(to, parameter);
    else if (left > 9 && memcmp(at, ", plural,", 9) == 0)
        hearth_render_branch(to, at + 9, end, parameter->number == 1 ? "one" : "other", parameter);
    else if (left > 9 && memcmp(at, ", select,", 9) == 0)
        hearth_render_branch(to, at + 9, end, parameter->text, NULL);
    else
        return 0;
    return 1;
}

static inline void hearth_render_span(struct hearth_rendering *to, const char *at, const char *end,
                                      const struct hearth_message_parameter *counted)
{
    for (; at < end; at++) {
        const char *close = *at == '{' ? hearth_render_close(at, end) : NULL;
        if (*at == '#' && counted != NULL)
            hearth_render_value(to, counted);
        else if (close != NULL && hearth_render_place(to, at + 1, close))
            at = close;
        else
            hearth_render_add(to, at, 1);
    }
}

/* The English, ended by a NUL; what does not fit is missing, in whole characters. NULL is "". */
static inline void hearth_message_render(const struct hearth_message *message, char *ret_text,
                                         size_t capacity)
{
    struct hearth_rendering to = {ret_text, capacity, 0, message};
    size_t start, need;
    unsigned char lead;
    if (message != NULL && message->text != NULL)
        hearth_render_span(&to, message->text, message->text + strlen(message->text), NULL);
    for (start = to.used; start > 0 && ((unsigned char)ret_text[start - 1] & 0xc0) == 0x80;)
        start--;
    lead = start > 0 ? (unsigned char)ret_text[start - 1] : 0;
    need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (to.used - start < need)
        to.used = start - 1;
    ret_text[to.used] = '\0';
}

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#ifdef __cplusplus
}
#endif

#endif
