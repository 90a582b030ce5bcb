/* Short ways to fill a storage and to look into it. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_KIT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_KIT_H

#include "base/buf.h"
#include "kit.h"

/* Operations that have to succeed, or to fail with a code and a text. */
#define OK(store, ...) OK_OF(store, ops, __VA_ARGS__)
/* The same for a table that is an extension: `bulk`, `backup`. */
#define OK_OF(store, table, ...)                                                                                                           \
    do {                                                                                                                                   \
        struct err err_ = {0};                                                                                                             \
        int result_ = STORE_OF(store, table, &err_, __VA_ARGS__);                                                                          \
        if (result_ != 0)                                                                                                                  \
            fail_msg("%s failed with %s: %s", #__VA_ARGS__, err_name(result_), err_.text);                                                 \
    } while (0)
#define FAILS(code, store, ...) FAILS_OF(code, store, ops, __VA_ARGS__)
#define FAILS_OF(code, store, table, ...)                                                                                                  \
    do {                                                                                                                                   \
        struct err err_ = {0};                                                                                                             \
        (store)->call.error[0] = '\0';                                                                                                     \
        int result_ = STORE_OF(store, table, &err_, __VA_ARGS__);                                                                          \
        if (result_ != HEARTH_ERR_##code)                                                                                                  \
            fail_msg("%s returned %s, " #code " was expected: %s", #__VA_ARGS__, err_name(result_), err_.text);                            \
        if ((store)->call.error[0] == '\0')                                                                                                \
            fail_msg("%s failed without an error text", #__VA_ARGS__);                                                                     \
    } while (0)

void add_account(struct store *store, const char *id, const char *email);
void begin(struct store *store, const char *account, int32_t collection);
void commit(struct store *store);
int64_t generation_of(struct store *store, const char *account);
struct hearth_page make_page(int64_t id, const char *url, const char *host);
/* A page with visits of type 1 at the given dates, consistent with them; in a batch. */
void put_visited(struct store *store, int64_t id, const char *url, const char *host, size_t count, const int64_t *dates);
/* Fields that pages_by_frecency() need not fill: a person waits for that scan. page_get() fills them. Ends with NULL. */
extern const char *const scan_may_lack[];
struct hearth_bookmark make_bookmark(const char *guid, int32_t kind, const char *parent, int64_t position);
void put_bookmark(struct store *store, const char *guid, int32_t kind, const char *parent, int64_t position);

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
void assert_sound(struct store *store); /* verify finds nothing */

/* Everything that can be read, as text in an order of its own: equal texts mean equal contents. Pages and so on of the accounts "a" and
 * "b"; fails the test when a list cannot be read. */
void dump_storage(struct store *store, struct buf *ret);
void dump_storage_and_changes(struct store *store, struct buf *ret); /* and pages_changed() */
int dump_change(void *ctx, const struct hearth_page *page);          /* into a sum, unsigned long long: pages come in any order */
/* Fails the test with the first line in which they differ. */
void expect_same_dump(const struct buf *got, const struct buf *wanted, const char *when);

/* The account is the same bytes in an archive of each, and after it was removed and read from the archive of the plugin in each. */
void expect_same_through_archive(struct store *plugin, struct store *model, const char *account);

extern const struct kit_test storage_accounts_tests[], storage_batches_tests[], storage_bookmarks_tests[], storage_devices_tests[],
    storage_pages_tests[], storage_visits_tests[], storage_threads_tests[], storage_life_tests[], storage_growth_tests[],
    storage_random_tests[], storage_memory_tests[], storage_identities_tests[], storage_borders_tests[], storage_moment_tests[],
    storage_removals_tests[], storage_meanwhile_tests[], storage_leaks_tests[], storage_lookups_tests[], storage_sources_tests[],
    storage_outputs_tests[], storage_values_tests[], storage_keys_tests[], storage_break_tests[], storage_cursors_tests[],
    storage_corners_tests[];

#endif
