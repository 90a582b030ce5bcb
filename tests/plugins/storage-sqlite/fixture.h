/* A database in a directory of its own, opened through the plugin as the daemon does it, and
 * short ways to fill it. */
#ifndef TESTS_STORAGE_SQLITE_FIXTURE_H
#define TESTS_STORAGE_SQLITE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "hearth/storage.h"
#include "plug/host.h"
#include "plug/storage.h"

enum { FIXTURE_KEYS = 6 };

struct fixture {
    char directory[64], path[96], accounts[96];
    /* path, synchronous, cache_size, batch_cache_size, busy_timeout, open_files */
    struct hearth_config_value values[FIXTURE_KEYS];
    struct host host;
    const struct hearth_plugin *plugin;
    const struct hearth_storage *ops;
    const struct hearth_storage_backup *backup;
    void *self;
    struct storage storage; /* one handle */
    char error[512];        /* of fixture_restore() */
};

/* The plugin comes from the file that the environment variable STORAGE_SQLITE names. */
const struct hearth_plugin *fixture_plugin(void);
void fixture_prepare(struct fixture *fixture); /* directory, host, values; opens nothing */
void fixture_reopen(struct fixture *fixture);  /* opens what was prepared or closed */
void fixture_close(struct fixture *fixture);
void fixture_remove(struct fixture *fixture); /* the directory too */
/* for cmocka: prepared, open, migrated, accounts "a" and "b" */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Closes, restores and opens again; with a code it must fail, and leaves the fixture closed. */
void fixture_restore(struct fixture *fixture, const char *archive, bool replace, int code);
struct opened_storage fixture_storage(const struct fixture *fixture);
void fixture_handle(struct fixture *fixture, struct storage *storage);

/* Operations that have to succeed, or to fail with a code and a text. */
#define OK(storage, ...) OK_OF(storage, ops, __VA_ARGS__)
/* The same for a table that is an extension: `bulk`, `backup`. */
#define OK_OF(storage, table, ...)                                                                 \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        int result_ = STORAGE_OF(storage, table, &err_, __VA_ARGS__);                              \
        if (result_ != 0)                                                                          \
            fail_msg("line %d: %s: %s", __LINE__, err_name(result_), err_.text);                   \
    } while (0)
#define FAILS(code, storage, ...) FAILS_OF(code, storage, ops, __VA_ARGS__)
#define FAILS_OF(code, storage, table, ...)                                                        \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        (storage)->call.error[0] = '\0';                                                           \
        int result_ = STORAGE_OF(storage, table, &err_, __VA_ARGS__);                              \
        if (result_ != HEARTH_ERR_##code)                                                          \
            fail_msg("line %d: %s instead of " #code ": %s", __LINE__, err_name(result_),          \
                     err_.text);                                                                   \
        if ((storage)->call.error[0] == '\0')                                                      \
            fail_msg("line %d: no error text", __LINE__);                                          \
    } while (0)

void add_account(struct storage *storage, const char *id, const char *email);
void begin(struct storage *storage, const char *account, int32_t collection);
void commit(struct storage *storage);
struct hearth_page make_page(int64_t id, const char *url, const char *host);
/* A page with visits of type 1 at the given dates, consistent with them; in a batch. */
void put_visited(struct storage *storage, int64_t id, const char *url, const char *host,
                 size_t count, const int64_t *dates);
struct hearth_bookmark make_bookmark(const char *guid, int32_t kind, const char *parent,
                                     int64_t position);
void put_bookmark(struct storage *storage, const char *guid, int32_t kind, const char *parent,
                  int64_t position);

/* Collects the rows of any list as text, one line each. */
struct lines {
    char text[65536];
    size_t size, count, stop_after; /* 0: never stops */
};
int add_line(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
int on_page(void *ctx, const struct hearth_page *page);
int on_visit_row(void *ctx, const struct hearth_visit_row *row);
int on_bookmark(void *ctx, const struct hearth_bookmark *bookmark);
int on_text(void *ctx, const char *line);
void assert_sound(struct storage *storage); /* verify finds nothing */

#endif
