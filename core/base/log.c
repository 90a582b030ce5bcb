#include "base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/str.h"

enum { VALUE_MAX = 2048 };

static struct {
    int fd;
    enum log_format format;
    atomic_int level;  /* enum hearth_log_level */
    atomic_bool ended; /* the last word was said */
    atomic_bool audit, access;
} out = {.fd = STDERR_FILENO, .format = LOG_FORMAT_TEXT, .level = HEARTH_LOG_INFO, .audit = true};

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static void log_count(const char *level)
{
    metrics_add(METRIC(LOG_LINES, level), 1);
}

void log_init(enum log_format format, enum hearth_log_level level)
{
    out.format = format;
    atomic_store(&out.level, (int)level);
}

void log_set_audit(bool on)
{
    atomic_store(&out.audit, on);
}

void log_set_access(bool on)
{
    atomic_store(&out.access, on);
}

bool log_access_is_on(void)
{
    return out.access;
}

void log_take_stderr(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && nowhere >= 0) {
        out.fd = fd;
        dup2(nowhere, STDERR_FILENO);
    }
    if (nowhere >= 0)
        close(nowhere);
}

/* The UTC date and time of now without gmtime_r(), which may take a lock (Howard Hinnant's days
 * to civil). */
static size_t write_time(char ret_text[25])
{
    int64_t now = clock_now(), day = now / 86400000, ms = now % 86400000;
    int64_t z = day + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
            doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9;
    const int64_t parts[] = {yoe + era * 400 + (month <= 2),
                             month,
                             doy - (153 * mp + 2) / 5 + 1,
                             ms / 3600000,
                             ms / 60000 % 60,
                             ms / 1000 % 60,
                             ms % 1000};
    static const int widths[] = {4, 2, 2, 2, 2, 2, 3};
    static const char ends[] = "--T::.Z";
    size_t n = 0;
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        int64_t part = parts[i];
        for (int k = widths[i] - 1; k >= 0; k--, part /= 10)
            ret_text[n + (size_t)k] = (char)('0' + part % 10);
        n += (size_t)widths[i];
        ret_text[n++] = ends[i];
    }
    return n;
}

static size_t write_text(char *ret_line, const char *text)
{
    size_t size = strlen(text);
    memcpy(ret_line, text, size);
    return size;
}

/* Nothing here allocates, locks or formats. */
static void on_abort(int signal)
{
    static const char words[] = "the process ends itself: memory is exhausted (raise its limit, or "
                                "lower [web] search_memory), "
                                "or hearthd has a fault that the lines before this one name";
    bool json = out.format == LOG_FORMAT_JSON;
    char line[512];
    atomic_store(&out.ended, true);
    size_t n = write_text(line, json ? "{\"time\":\"" : "");
    n += write_time(line + n);
    n += write_text(
        line + n,
        json
            ? "\",\"level\":\"error\",\"module\":\"base\",\"event\":\"process aborts\",\"error\":\""
            : " error base process aborts error=\"");
    n += write_text(line + n, words);
    n += write_text(line + n, json ? "\"}\n" : "\"\n");
    ssize_t written = write(out.fd, line, n);
    (void)written;
    raise(signal); /* with its default action, when this returns */
}

void log_last_word(void)
{
    struct sigaction action = {.sa_handler = on_abort, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGABRT, &action, NULL);
}

void log_set_level(enum hearth_log_level level)
{
    atomic_store(&out.level, (int)level);
}

bool log_wants(enum hearth_log_level level)
{
    return (int)level <= atomic_load(&out.level);
}

enum hearth_log_level log_level_of(const struct err *err, enum hearth_log_level level)
{
    return err->told ? HEARTH_LOG_DEBUG : level;
}

static void add_time(struct buf *line)
{
    int64_t now = clock_now();
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char text[32];
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(line, "%s.%03dZ", text, (int)(now % 1000));
}

/* In JSON a character beyond 16 bits is two. */
static void add_escape(struct buf *line, uint32_t c)
{
    if ((c & STR_BROKEN) != 0)
        buf_printf(line, "\\\\x%02x", (unsigned)(c & 0xff)); /* JSON has no bytes */
    else if (c < 0x10000)
        buf_printf(line, "\\u%04x", (unsigned)c);
    else
        buf_printf(line, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (c >> 10)),
                   (unsigned)(0xdc00 + (c & 0x3ff)));
}

/* A string of JSON, in lines of either format. Bounded, since who reads lines may cut long ones
 * (the journal after 48 KiB), and what comes behind would look like a line of ours. */
static void add_quoted(struct buf *line, const char *value)
{
    size_t size = strlen(value), end = line->size + VALUE_MAX;
    buf_add_char(line, '"');
    for (size_t at = 0; at < size && !buf_failed(line);) {
        size_t from = at;
        uint32_t c;
        if (line->size > end) {
            buf_add_text(line, "…");
            break;
        }
        if (!str_next_shown(value, size, &at, &c))
            add_escape(line, c);
        else if (c == '"' || c == '\\')
            buf_printf(line, "\\%c", (char)c);
        else
            buf_add(line, value + from, at - from);
    }
    buf_add_char(line, '"');
}

/* Needs no quotes in a line of text. */
static bool is_plain(const char *value)
{
    size_t size = strlen(value);
    uint32_t c;
    for (size_t at = 0; at < size;)
        if (!str_next_shown(value, size, &at, &c) || c == ' ' || c == '"' || c == '=' || c == '\\')
            return false;
    return size > 0 && size <= VALUE_MAX;
}

static void add_pair(struct buf *line, const char *key, const char *value)
{
    buf_printf(line, out.format == LOG_FORMAT_JSON ? ",\"%s\":" : " %s=", key);
    if (out.format == LOG_FORMAT_TEXT && is_plain(value))
        buf_add_text(line, value);
    else
        add_quoted(line, value);
}

static void add_number(struct buf *line, const char *key, int64_t number)
{
    buf_printf(line, out.format == LOG_FORMAT_JSON ? ",\"%s\":%lld" : " %s=%lld", key,
               (long long)number);
}

static void add_flag(struct buf *line, const char *key, bool flag)
{
    if (out.format == LOG_FORMAT_JSON)
        buf_printf(line, ",\"%s\":%s", key, flag ? "true" : "false");
    else
        buf_printf(line, " %s=%s", key, flag ? "yes" : "no");
}

/* module NULL: lines of this level have none. */
static void begin_line(struct buf *line, const char *level, const char *module, const char *event)
{
    if (out.format == LOG_FORMAT_JSON) {
        buf_add_text(line, "{\"time\":\"");
        add_time(line);
        buf_printf(line, "\",\"level\":\"%s\"", level);
        if (module != NULL)
            buf_printf(line, ",\"module\":\"%s\"", module);
        buf_printf(line, ",\"event\":\"%s\"", event);
    } else {
        add_time(line);
        buf_printf(line, " %s", level);
        if (module != NULL)
            buf_printf(line, " %s", module);
        buf_printf(line, " %s", event);
    }
}

static void end_line(struct buf *line)
{
    buf_add_text(line, out.format == LOG_FORMAT_JSON ? "}\n" : "\n");
    if (!buf_failed(line) && !atomic_load(&out.ended)) {
        /* one write a line: lines of threads do not mix */
        ssize_t n = write(out.fd, line->data, line->size);
        (void)n;
    }
    buf_fini(line);
}

static void add_pairs(struct buf *line, const struct log_pair *pairs)
{
    for (const struct log_pair *pair = pairs; pair->key != NULL; pair++) {
        if (pair->kind == LOG_KIND_INT)
            add_number(line, pair->key, pair->number);
        else if (pair->kind == LOG_KIND_BOOL)
            add_flag(line, pair->key, pair->number != 0);
        else if (pair->text != NULL)
            add_pair(line, pair->key, pair->text);
    }
}

static void write_line(const char *level, const char *module, const char *event,
                       const struct log_pair *pairs)
{
    struct buf line = {0};
    log_count(level);
    begin_line(&line, level, module, event);
    add_pairs(&line, pairs);
    end_line(&line);
}

void log_event_pairs(enum hearth_log_level level, const char *module, const char *event,
                     const struct log_pair *pairs)
{
    if (log_wants(level))
        write_line(level_names[level], module, event, pairs);
}

void log_audit_pairs(const char *event, const struct log_pair *pairs)
{
    if (out.audit)
        write_line("audit", NULL, event, pairs);
}

void log_access_pairs(const struct log_pair *pairs)
{
    if (out.access)
        write_line("access", NULL, "request", pairs);
}
