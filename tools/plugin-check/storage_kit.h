/* Short ways to fill a storage and to look into it. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_KIT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_KIT_H

#include "base/buf.h"
#include "kit.h"

/* Operations that have to succeed, or to fail with a code and a text. */
#define OK(storage, ...) OK_OF(storage, ops, __VA_ARGS__)
/* The same for a table that is an extension: `bulk`, `backup`. */
#define OK_OF(storage, table, ...)                                                                 \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        int result_ = STORAGE_OF(storage, table, &err_, __VA_ARGS__);                              \
        if (result_ != 0)                                                                          \
            fail_msg("%s failed with %s: %s", #__VA_ARGS__, err_name(result_), err_.text);         \
    } while (0)
#define FAILS(code, storage, ...) FAILS_OF(code, storage, ops, __VA_ARGS__)
#define FAILS_OF(code, storage, table, ...)                                                        \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        (storage)->call.error[0] = '\0';                                                           \
        int result_ = STORAGE_OF(storage, table, &err_, __VA_ARGS__);                              \
        if (result_ != HEARTH_ERR_##code)                                                          \
            fail_msg("%s returned %s, " #code " was expected: %s", #__VA_ARGS__,                   \
                     err_name(result_), err_.text);                                                \
        if ((storage)->call.error[0] == '\0')                                                      \
            fail_msg("%s failed without an error text", #__VA_ARGS__);                             \
    } while (0)

void kit_account_add(struct storage *storage, const char *id, const char *email);
void kit_batch_begin(struct storage *storage, const char *account, int32_t collection);
void kit_batch_commit(struct storage *storage);
int64_t kit_generation_of(struct storage *storage, const char *account);
struct hearth_page kit_page_make(int64_t id, const char *url, const char *host);
/* A page with visits of type 1 at the given dates, consistent with them; in a batch. */
void kit_page_put_visited(struct storage *storage, int64_t id, const char *url, const char *host,
                          size_t count, const int64_t *dates);
/* Fields that pages_by_frecency() need not fill: a person waits for that scan. page_get() fills
 * them. Ends with NULL. */
extern const char *const kit_scan_may_lack[];
struct hearth_bookmark kit_bookmark_make(const char *guid, int32_t kind, const char *parent,
                                         int64_t position);
void kit_bookmark_put(struct storage *storage, const char *guid, int32_t kind, const char *parent,
                      int64_t position);

/* Collects the rows of any list as text, one line each. */
struct lines {
    char text[65536];
    size_t size, count, stop_after; /* 0: never stops */
};
int kit_lines_add(struct lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int kit_lines_on_page(void *ctx, const struct hearth_page *page);
int kit_lines_on_visit_row(void *ctx, const struct hearth_visit_row *row);
int kit_lines_on_bookmark(void *ctx, const struct hearth_bookmark *bookmark);
int kit_lines_on_text(void *ctx, const char *line);
void kit_expect_sound(struct storage *storage); /* verify finds nothing */

/* Everything that can be read, as text in an order of its own: equal texts mean equal contents.
 * Pages and so on of the accounts "a" and "b"; fails the test when a list cannot be read. */
void kit_dump_storage(struct storage *storage, struct buf *ret);
/* and pages_changed() */
void kit_dump_storage_and_changes(struct storage *storage, struct buf *ret);
/* into a sum, unsigned long long: pages come in any order */
int kit_dump_change(void *ctx, const struct hearth_page *page);
/* Fails the test with the first line in which they differ. */
void kit_expect_same_dump(const struct buf *got, const struct buf *wanted, const char *when);

/* The account is the same bytes in an archive of each, and after it was removed and read from
 * the archive of the plugin in each. */
void kit_expect_same_through_archive(struct storage *plugin, struct storage *model,
                                     const char *account);

extern const struct kit_test kit_storage_accounts_tests[], kit_storage_batches_tests[],
    kit_storage_bookmarks_tests[], kit_storage_devices_tests[], kit_storage_pages_tests[],
    kit_storage_visits_tests[], kit_storage_threads_tests[], kit_storage_life_tests[],
    kit_storage_growth_tests[], kit_storage_random_tests[], kit_storage_memory_tests[],
    kit_storage_identities_tests[], kit_storage_borders_tests[], kit_storage_moment_tests[],
    kit_storage_removals_tests[], kit_storage_meanwhile_tests[], kit_storage_leaks_tests[],
    kit_storage_lookups_tests[], kit_storage_sources_tests[], kit_storage_outputs_tests[],
    kit_storage_values_tests[], kit_storage_keys_tests[], kit_storage_break_tests[],
    kit_storage_cursors_tests[], kit_storage_corners_tests[], kit_storage_ahead_tests[],
    kit_storage_changes_tests[], kit_storage_push_tests[];

#endif
