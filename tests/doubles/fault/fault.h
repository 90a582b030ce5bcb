/* A plugin around any plugin of its kind, whose operations fail as the rules in a file say
 * (tests/doubles/README.md, "Fault plugins").
 *
 * storage.c, queue.c and sync.c have the operations of a kind; plugin.c, options.c and rules.c
 * are part of each of the three. Nothing of what passes through is kept but counters: how often
 * each rule was looked at and struck. */
#ifndef TESTS_DOUBLES_FAULT_H
#define TESTS_DOUBLES_FAULT_H

#include <pthread.h>
#include <stdatomic.h>

#include "hearth/plugin.h"

enum fault_trait {
    FAULT_CHANGES = 1, /* takes effect when it returns: its answer can be lost */
    FAULT_LISTS = 2    /* delivers rows: can be cut short */
};

struct fault_operation {
    const char *name;
    unsigned traits;
};

/* What the three kinds' tables begin with. */
struct fault_life {
    uint32_t struct_size;
    uint32_t reserved;
    int (*open)(const struct hearth_host *host, struct hearth_call *call,
                const struct hearth_config_value *values, void **ret_self);
    void (*close)(void *self);
    int (*handle_open)(void *self, struct hearth_call *call, void **ret_handle);
    void (*handle_close)(void *handle);
    void (*interrupt)(void *handle);
};

/* What a kind tells the shared part. */
struct fault_kind {
    int32_t kind; /* enum hearth_plugin_kind */
    uint32_t data_model;
    /* the environment variable with the path of the plugin whose capabilities are promised */
    const char *capabilities;
    const void *table; /* of the wrapper */
    size_t table_size;
    const struct fault_operation *operations;
    size_t count;
    /* the one extension that the wrapper offers, and its name; NULL */
    const char *extension;
    const void *extended;
};

extern const struct fault_kind fault_kind;

/* What happens to one call. */
struct fault_strike {
    int error;     /* 0: none */
    int64_t delay; /* ms before the call */
    int64_t deaf;  /* the same, but nothing ends it: a plugin that breaks its promise */
    int64_t rows;  /* delivered until it fails; -1: all */
    bool lost;     /* done, and UNCERTAIN returned */
    bool hold;     /* waits until the rules' file changes */
    bool die;      /* the daemon ends: the call was not to be made */
    char words[200];
};

enum { FAULT_RULES_MAX = 32 };

struct fault_rule {
    char operation[32]; /* "*": any; "changes": any that changes something */
    char account[64];   /* "": any */
    char thread[16];    /* name of the thread that calls; "": any */
    int64_t after, times, seen, struck;
    struct fault_strike strike;
};

struct fault_rules {
    const char *path;
    pthread_mutex_t lock; /* guards what follows; a leaf */
    struct {
        int64_t seconds, nanoseconds, size, inode;
    } file; /* whose rules these are; all 0: there is none */
    struct fault_rule items[FAULT_RULES_MAX];
    size_t count;
    char mistake[200]; /* what is wrong with them: every call fails with it; "" */
};

/* What passed through, for tests that count work: in a file of three 64-bit numbers that the
 * test reads meanwhile. */
struct fault_counts {
    /* calls of operations; rows of listings; bytes of texts in those rows */
    atomic_llong calls, rows, bytes;
};

/* One opened instance. */
struct fault {
    const struct hearth_host *host;
    void *table;          /* a copy of the inner plugin's operations */
    void *inner;          /* what its open() gave */
    const void *extended; /* its own table of the extension; NULL: it has not */
    struct hearth_config_value *values;
    char *texts; /* of the values */
    struct fault_rules rules;
    struct fault_counts *counts; /* mapped; NULL: not asked for */
};

struct fault_handle {
    struct fault *fault;
    void *inner;
    atomic_bool waiting, interrupted; /* a delay of the wrapper's own */
    char account[64];                 /* of the batch that was begun last */
};

/* --- plugin.c: the life of instance and handles, the first entries of every table --- */
int fault_open(const struct hearth_host *host, struct hearth_call *call,
               const struct hearth_config_value *values, void **ret_self);
void fault_close(void *self);
int fault_handle_open(void *self, struct hearth_call *call, void **ret_handle);
void fault_handle_close(void *handle);
void fault_interrupt(void *handle);
#define FAULT_LIFE                                                                                 \
    .open = fault_open, .close = fault_close, .handle_open = fault_handle_open,                    \
    .handle_close = fault_handle_close, .interrupt = fault_interrupt

/* --- options.c --- */
/* Values for the inner plugin's keys: from `options` ("key=value;key=value"), else the
 * fallbacks. Relative paths begin at `directory`. */
int fault_options(struct fault *fault, struct hearth_call *call, const struct hearth_plugin *plugin,
                  const char *options, const char *directory);

/* --- rules.c --- */
/* Before an operation: reads the rules anew if they changed, waits, and returns the error that
 * comes instead of the call. account: NULL when the operation names none. handle: NULL where
 * there is none yet. */
int fault_before(struct fault *fault, struct fault_handle *handle, struct hearth_call *call,
                 const char *operation, const char *account, struct fault_strike *ret_strike);
/* What an operation that returned `r` returns after all. */
int fault_after(struct hearth_call *call, int r, const struct fault_strike *strike);

/* --- rows: between a listing and the host's callback --- */
typedef void (*fault_function)(void);

struct fault_rows {
    struct fault_counts *counts; /* NULL */
    fault_function cb;
    void *ctx;
    int64_t left; /* -1: all */
    bool swallow; /* the answer is lost: nothing is delivered */
    bool stopped; /* the host wanted no more */
};

/* `call_cb` is evaluated for rows that go to the host; `size`: bytes of its texts. */
#define FAULT_ROW(rows, size, call_cb)                                                             \
    do {                                                                                           \
        if ((rows)->swallow)                                                                       \
            return 0;                                                                              \
        if ((rows)->left == 0)                                                                     \
            return 1;                                                                              \
        if ((rows)->counts != NULL) {                                                              \
            atomic_fetch_add(&(rows)->counts->rows, 1);                                            \
            atomic_fetch_add(&(rows)->counts->bytes, (long long)(size));                           \
        }                                                                                          \
        (rows)->left -= (rows)->left > 0;                                                          \
        (rows)->stopped = (call_cb) != 0;                                                          \
        return (rows)->stopped;                                                                    \
    } while (0)

int fault_after_rows(struct hearth_call *call, int r, const struct fault_strike *strike,
                     const struct fault_rows *rows);

/* --- one line makes one operation --- */
/* Extensions other than fault_kind.extension are not offered: the host does without.
 * FAULT_CALL(name, traits, account, (parameters), (arguments)) defines faulty_NAME(), which asks
 * the rules around the inner operation. FAULT_LIST(name, traits, account, row, …) does so for a
 * listing with a hearth_ROW_cb; its rows go through row_ROW(). In them `s` is the handle;
 * INNER(s), the table of the inner plugin, comes from the file that uses them. */
#define FAULT_PARAMETERS(...) void *handle, struct hearth_call *call __VA_OPT__(, ) __VA_ARGS__
#define FAULT_ARGUMENTS(...)  s->inner, call __VA_OPT__(, ) __VA_ARGS__

#define FAULT_CALL(name, traits, account_id, parameters, arguments)                                \
    static int faulty_##name(FAULT_PARAMETERS parameters)                                          \
    {                                                                                              \
        struct fault_handle *s = handle;                                                           \
        struct fault_strike strike;                                                                \
        int r = fault_before(s->fault, s, call, #name, account_id, &strike);                       \
        return r < 0 ? r : fault_after(call, INNER(s)->name(FAULT_ARGUMENTS arguments), &strike);  \
    }

#define FAULT_LIST(name, traits, account_id, row, parameters, arguments)                           \
    static int faulty_##name(FAULT_PARAMETERS parameters, hearth_##row##_cb cb, void *ctx)         \
    {                                                                                              \
        struct fault_handle *s = handle;                                                           \
        struct fault_strike strike;                                                                \
        int r = fault_before(s->fault, s, call, #name, account_id, &strike);                       \
        struct fault_rows rows = {.counts = s->fault->counts,                                      \
                                  .cb = (fault_function)cb,                                        \
                                  .ctx = ctx,                                                      \
                                  .left = strike.rows,                                             \
                                  .swallow = strike.lost};                                         \
        return r < 0                                                                               \
                   ? r                                                                             \
                   : fault_after_rows(call,                                                        \
                                      INNER(s)->name(FAULT_ARGUMENTS arguments, row_##row, &rows), \
                                      &strike, &rows);                                             \
    }

/* For the tables of the kind: the wrapper's operations, and their names and traits. */
#define FAULT_ENTRY(name, ...)             .name = faulty_##name,
#define FAULT_CALL_NAME(name, traits, ...) {#name, traits},
#define FAULT_LIST_NAME(name, traits, ...) {#name, (traits) | FAULT_LISTS},

#endif
