/* hearth/plugin.h: what every plugin shares with the host.
 *
 * A plugin is one shared object <kind>-<name>.so that exports one function, hearth_plugin_v2().
 * This header declares the descriptor that the function returns, the call context that every
 * operation receives, the table of host services, the error codes and the configuration schema.
 * storage.h, queue.h and sync.h declare the operations of the three kinds.
 *
 * Conventions, valid for all four headers
 * - Text is NUL-terminated, valid UTF-8. NULL means "absent" where a field says so.
 * - Times are milliseconds since the Unix epoch, UTC, in int64_t; 0 means "unknown". Durations
 *   are milliseconds.
 * - Inputs are borrowed for the call. Lists arrive row by row at a callback whose rows live
 *   until it returns; a non-zero return of the callback ends the list early and the operation
 *   returns 0. Single results live in the call's arena. Nothing is freed across the border.
 * - Every function returns 0 or a negative code of HEARTH_ERRORS; on failure outputs (ret_*) are
 *   untouched and the call's error text says what happened, in words for a person. A plugin that
 *   returns an error does not log it: the host does.
 * - Every struct begins with struct_size and only grows at its end. Whoever reads a struct
 *   trusts only its first struct_size bytes (HEARTH_HAS). Whoever fills a ret_ struct writes no
 *   more than the struct_size bytes that the caller set, and may lower struct_size to what it
 *   filled. No struct lies by value in another, and none has room at its end: every member's
 *   place is its alone.
 * - An array of structs is stepped through by the struct_size of its first element (HEARTH_AT),
 *   never by the reader's sizeof.
 * - What not every host or plugin can do is an extension: a struct that is asked for by name
 *   ("hearth.storage.bulk/1"). NULL: it cannot. The number after the slash grows when a meaning
 *   changes; then it is another extension. */
#ifndef HEARTH_PLUGIN_H
#define HEARTH_PLUGIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Element i of an array of structs. (array)[i] is wrong: who made the array may have a longer or
 * a shorter struct. Of what it points to only the first struct_size bytes are there. */
#ifdef __cplusplus
#define HEARTH_AT(array, i) hearth_at((array), (i), (array)->struct_size)
template <typename T> static inline const T *hearth_at(const T *array, size_t i, uint32_t size)
{
    return reinterpret_cast<const T *>(reinterpret_cast<const char *>(array) + i * size);
}
#else
#define HEARTH_AT(array, i) ((__typeof__(&(array)[0]))hearth_at((array), (i), (array)->struct_size))
static inline const void *hearth_at(const void *array, size_t i, uint32_t size)
{
    return (const char *)array + i * size;
}
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Host and plugin must have the same epoch; docs/plugins.md says how long one lives. The version
 * grows with every addition inside an epoch. */
#define HEARTH_ABI_EPOCH   2
#define HEARTH_ABI_VERSION 1

/* name, number, text, does a retry make sense? */
#define HEARTH_ERRORS(X)                                                                           \
    X(NOT_FOUND, -1, "not found", false)                                                           \
    X(CONFLICT, -2, "conflicts with what is stored", false)                                        \
    X(INVALID, -3, "invalid", false)                                                               \
    X(UNAVAILABLE, -4, "not available now", true)                                                  \
    X(TIMEOUT, -5, "took too long", true)                                                          \
    X(CANCELLED, -6, "cancelled", false)                                                           \
    X(CORRUPT, -7, "damaged data", false)                                                          \
    X(FULL, -8, "full", true)                                                                      \
    X(UNSUPPORTED, -9, "not supported", false)                                                     \
    X(DENIED, -10, "not allowed", false)                                                           \
    X(NOMEM, -11, "out of memory", true)                                                           \
    X(UNCERTAIN, -12, "may or may not have happened", true)                                        \
    X(IO, -13, "input or output failed", true)                                                     \
    X(INTERNAL, -14, "internal fault", false)

enum hearth_error_code {
#define X(name, number, text, retry) HEARTH_ERR_##name = (number),
    HEARTH_ERRORS(X)
#undef X
};

enum hearth_log_level {
    HEARTH_LOG_ERROR = 0,
    HEARTH_LOG_WARNING = 1,
    HEARTH_LOG_INFO = 2,
    HEARTH_LOG_DEBUG = 3
};

/* The context of one call, made by the host, used by one thread, valid until the operation
 * returns. */
struct hearth_call {
    uint32_t struct_size;
    uint32_t error_size; /* bytes at error */
    char *error;         /* filled by a failing operation; never NULL */
    int64_t deadline;    /* on the monotonic clock (host->monotonic_ms); 0: none */
    int64_t retry_after; /* set by a failing operation: come back after so many ms; 0: no wish */
    void *host_data;     /* the host's own */
};

/* Fills the error text and returns `code`, so that an operation can end with `return
 * hearth_fail(call, HEARTH_ERR_…, "…")`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline int
hearth_fail(struct hearth_call *call, int code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(call->error, call->error_size, format, ap);
    va_end(ap);
    return code;
}

struct hearth_http_header {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;
    const char *value;
};

/* As an initialiser. */
#define HEARTH_HTTP_HEADER(name, value)                                                            \
    {                                                                                              \
        sizeof(struct hearth_http_header), 0, (name), (value)                                      \
    }

struct hearth_http_response {
    uint32_t struct_size;
    int32_t status;      /* 100..599 */
    int64_t retry_after; /* ms, from Retry-After (seconds or a date); 0: absent */
    size_t header_count;
    /* HEARTH_AT; names in lower case; at most 64 KiB in all */
    const struct hearth_http_header *headers;
};

struct hearth_http_request {
    uint32_t struct_size;
    uint32_t timeout;   /* ms for the whole exchange; 0: 300,000 */
    const char *method; /* "GET" … */
    /* absolute; sent exactly as it is, nothing is re-encoded or normalised */
    const char *url;
    const struct hearth_http_header *headers; /* HEARTH_AT */
    size_t header_count;
    const void *body; /* NULL: none */
    size_t body_size;
    /* bytes after decompression; more fails with HEARTH_ERR_FULL. 0: 1 MiB */
    uint64_t max_response;
    int64_t insecure_http; /* 1: allow http:// to hosts that are not loopback */
    /* Both run on the calling thread, in order. A non-zero return ends the exchange;
     * http_fetch() then returns HEARTH_ERR_CANCELLED. on_response comes once, before the first
     * on_body. Bytes wait outside the process's memory while on_body works. */
    int (*on_response)(void *ctx, const struct hearth_http_response *response);
    int (*on_body)(void *ctx, const void *data, size_t size);
    void *ctx;
    /* NULL: the operator configured `url`. Else the configured address whose server named it, in
     * a document or an answer: then private, link-local and loopback addresses are connected to
     * only where that server itself has been reached at such a one, and loopback without TLS
     * only when it lies there itself. HEARTH_ERR_DENIED. */
    const char *named_by;
};

/* How a storage is opened. */
enum hearth_opening {
    /* open() may make an empty database where there is none: `serve` and `migrate` alone */
    HEARTH_OPEN_MAY_CREATE = 1 << 0,
    /* The database is only looked at (`hearthd check`): open() and reading operations work where
     * they can without making, changing or touching any file; nothing else is called. */
    HEARTH_OPEN_LOOKS_ONLY = 1 << 1
};

/* Services of the host. Every function may be called from any thread of the plugin. */
struct hearth_host {
    uint32_t struct_size;
    uint32_t abi_version;
    void *data;
    /* One line an event. `text` is "what happened key=value …"; the host adds time, plugin and,
     * inside a call for one, the account. */
    void (*log)(const struct hearth_host *host, int level, const char *text);
    int64_t (*now_ms)(const struct hearth_host *host);       /* wall clock */
    int64_t (*monotonic_ms)(const struct hearth_host *host); /* never jumps */
    /* for keys; cannot fail */
    void (*random)(const struct hearth_host *host, void *bytes, size_t size);
    /* Zeroed memory that lives as long as the call, aligned for any type. NULL when memory is
     * short. */
    void *(*alloc)(struct hearth_call *call, size_t size);
    /* True when the call was interrupted, its deadline passed or the daemon stops: return
     * HEARTH_ERR_CANCELLED soon. */
    bool (*should_stop)(struct hearth_call *call);
    /* name: [a-z_]+, a counter */
    void (*metric_add)(const struct hearth_host *host, const char *name, int64_t amount);
    /* One HTTP exchange over the shared client (sync plugins; NULL for others): blocks the
     * caller, multiplexes underneath, reuses connections over accounts, keeps per-host limits.
     * TLS is verified, redirects are not followed. Errors: UNAVAILABLE (no connection; or the
     * host asked for a pause: call->retry_after), TIMEOUT, CANCELLED, FULL, INVALID. Any status
     * is a success. */
    int (*http_fetch)(const struct hearth_host *host, struct hearth_call *call,
                      const struct hearth_http_request *request);
    uint64_t opening; /* storage plugins: enum hearth_opening */
    /* Are lines of this level shown? Before something is computed for them alone. */
    bool (*log_wants)(const struct hearth_host *host, int level);
    /* What not every host can do, by name; NULL: it cannot. The same for as long as the process
     * lives. */
    const void *(*extension)(const struct hearth_host *host, const char *name);
};

enum hearth_config_type {
    HEARTH_CONFIG_STRING,
    HEARTH_CONFIG_INT,
    HEARTH_CONFIG_BOOL,
    HEARTH_CONFIG_SIZE,     /* "64MiB" -> bytes */
    HEARTH_CONFIG_DURATION, /* "15min" -> ms */
    /* absolute, http(s) or a scheme of the plugin's own; one with a password is a SECRET, here
     * it is refused */
    HEARTH_CONFIG_URL,
    HEARTH_CONFIG_PATH,   /* made absolute against state_dir */
    HEARTH_CONFIG_SECRET, /* never printed; NAME_file reads it from a file */
    HEARTH_CONFIG_ENUM    /* one of choices, separated by spaces */
};

struct hearth_config_key {
    uint32_t struct_size;
    int32_t type; /* enum hearth_config_type */
    const char *name;
    const char *fallback;     /* as it would be written in conf.d; NULL: absent unless required */
    const char *choices;      /* ENUM only */
    const char *help;         /* one line */
    int64_t minimum, maximum; /* INT, SIZE, DURATION; both 0: no limits */
    int64_t required;         /* 1: there is no plugin without it */
};

/* Values in the order of the descriptor's keys, stepped through by HEARTH_AT. */
struct hearth_config_value {
    uint32_t struct_size;
    uint32_t present; /* 0: not configured and no fallback */
    const char *text; /* STRING, URL, PATH, SECRET, ENUM; else the text as configured */
    /* INT, SIZE (bytes), DURATION (ms), BOOL (0, 1), ENUM (index of the choice) */
    int64_t number;
};

enum hearth_plugin_kind { HEARTH_STORAGE = 1, HEARTH_QUEUE = 2, HEARTH_SYNC = 3 };

enum hearth_capability {
    HEARTH_SHARED = 1 << 0, /* several processes can use the same data at once */
    /* Survives the end of the process. A storage of which this is true is opened by commands,
     * too, while the daemon has it open: what one of them commits the other reads, and both may
     * write. (SHARED says that daemons may: with each one's load, for as long as they live.) */
    HEARTH_DURABLE = 1 << 1,
    HEARTH_ORDERED = 1 << 2 /* queue: jobs of one priority leave in the order they came */
};

/* What a plugin's data cannot be; the core refuses it in words before it gets there, and the kit
 * stays within it. */
struct hearth_limits {
    uint32_t struct_size;
    uint32_t reserved;
    /* storage: longest guid, device id or input that can be stored; 0: HEARTH_KEY_MAX */
    int64_t key_bytes;
    int64_t text_bytes; /* storage: longest text; 0: HEARTH_TEXT_MAX */
    /* storage: 1: one batch at a time in the whole database, others wait in batch_begin() */
    int64_t single_writer;
};

struct hearth_plugin {
    uint32_t struct_size;
    uint32_t abi_epoch;   /* HEARTH_ABI_EPOCH */
    uint32_t abi_version; /* HEARTH_ABI_VERSION */
    int32_t kind;         /* enum hearth_plugin_kind */
    const char *name;     /* [a-z0-9]+; the file is <kind>-<name>.so */
    const char *version;
    const char *description;                /* one line */
    const struct hearth_config_key *config; /* HEARTH_AT */
    size_t config_count;
    uint64_t capabilities; /* enum hearth_capability */
    uint32_t data_model;   /* storage: the HEARTH_DATA_MODEL it was built for; else 0 */
    uint32_t reserved;
    const void *operations; /* struct hearth_storage, hearth_queue or hearth_sync, by kind */
    /* What this plugin can do besides, by name: the struct of the extension, the same for as
     * long as the process lives; NULL: it cannot. NULL itself: no extensions. From any thread,
     * also before open(). */
    const void *(*extension)(const char *name);
    const struct hearth_limits *limits; /* NULL: none */
};

/* The one exported symbol. Returns a constant; does nothing else. */
typedef const struct hearth_plugin *(*hearth_plugin_entry)(void);
#if defined(__GNUC__)
#define HEARTH_EXPORT __attribute__((visibility("default")))
#else
#define HEARTH_EXPORT
#endif
HEARTH_EXPORT const struct hearth_plugin *hearth_plugin_v2(void);

#ifdef __cplusplus
}
#endif
#endif
