/* Storage plugins that show what is not committed, read twice for one listing, touch what
 * failed, or cannot be called from a callback. */
#include "bad.h"

#include <stdio.h>
#include <unistd.h>

#include "hearth/storage.h"

static struct hearth_storage ops;
static const struct hearth_storage *good;

/* --- cursors that go past the batch --- */

enum { CURSORS = HEARTH_COLLECTION_SLOTS };
struct cursors {
    char *texts[CURSORS];
    bool set[CURSORS];
};
static struct cursors written; /* of the account "a" */
static char batch_account[64];

static int begin_noted(void *handle, struct hearth_call *call, const char *account,
                       int32_t collection, int64_t *ret_generation)
{
    snprintf(batch_account, sizeof(batch_account), "%s", account);
    return good->batch_begin(handle, call, account, collection, ret_generation);
}

static int write_through(void *handle, struct hearth_call *call, int64_t source, int32_t collection,
                         const char *text)
{
    int r = good->sync_cursor_put(handle, call, source, collection, text);
    if (r == 0 && source == 0 && strcmp(batch_account, "a") == 0) {
        free(written.texts[collection]);
        written.texts[collection] = text == NULL ? NULL : strdup(text);
        written.set[collection] = true;
    }
    return r;
}

static int keep_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    struct cursors *cursors = ctx;
    if (source != 0)
        return 1; /* they come behind those of 0 */
    cursors->texts[collection] = strdup(text);
    return 0;
}

struct others {
    hearth_sync_cursor_cb cb;
    void *ctx;
};

static int tell_other(void *ctx, int64_t source, int32_t collection, const char *text)
{
    struct others *others = ctx;
    return source == 0 ? 0 : others->cb(others->ctx, source, collection, text);
}

static int list_written(void *handle, struct hearth_call *call, const char *account,
                        hearth_sync_cursor_cb cb, void *ctx)
{
    struct cursors cursors = {.texts = {NULL}};
    int r = good->sync_cursor_list(handle, call, account, keep_cursor, &cursors), stop = 0;
    for (int32_t i = 0; r == 0 && i < CURSORS; i++) {
        const char *text =
            strcmp(account, "a") == 0 && written.set[i] ? written.texts[i] : cursors.texts[i];
        if (text != NULL && !stop)
            stop = cb(ctx, 0, i, text);
        free(cursors.texts[i]);
    }
    struct others others = {cb, ctx};
    return r == 0 && !stop ? good->sync_cursor_list(handle, call, account, tell_other, &others) : r;
}

/* --- two snapshots --- */

enum { ROWS = 64 };
struct counted {
    char devices[ROWS][64];
    size_t count;
    hearth_device_cb cb;
    void *ctx;
};

static int count_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct counted *counted = ctx;
    (void)tab;
    if (counted->count < ROWS)
        snprintf(counted->devices[counted->count++], 64, "%s", device);
    return 0;
}

static int tell_counted(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    const struct counted *counted = ctx;
    int64_t count = 0;
    for (size_t i = 0; i < counted->count; i++)
        count += strcmp(counted->devices[i], device->id) == 0;
    (void)tabs;
    return counted->cb(counted->ctx, device, count);
}

static int devices_twice(void *handle, struct hearth_call *call, const char *account,
                         hearth_device_cb cb, void *ctx)
{
    struct counted counted = {.cb = cb, .ctx = ctx};
    int r = good->tab_list(handle, call, account, NULL, count_tab, &counted);
    usleep(3000);
    return r < 0 ? r : good->device_list(handle, call, account, tell_counted, &counted);
}

struct changes {
    int64_t ids[ROWS];
    bool gone[ROWS];
    size_t count;
};

static int keep_change(void *ctx, const struct hearth_page *page)
{
    struct changes *changes = ctx;
    if (changes->count < ROWS) {
        changes->gone[changes->count] = page->gone;
        changes->ids[changes->count++] = page->id;
    }
    return 0;
}

static int changes_by_row(void *handle, struct hearth_call *call, const char *account,
                          int64_t since, hearth_page_cb cb, void *ctx)
{
    struct changes changes = {.count = 0};
    int r = good->pages_changed(handle, call, account, since, keep_change, &changes);
    for (size_t i = 0; r == 0 && i < changes.count; i++) {
        usleep(2000);
        struct hearth_page page = {
            .struct_size = sizeof(page), .id = changes.ids[i], .gone = 1, .url = "", .host = ""};
        if (!changes.gone[i] && good->page_get(handle, call, account, changes.ids[i], &page) == 0)
            page.gone = 0;
        if (cb(ctx, &page) != 0)
            break;
    }
    return r;
}

/* --- outputs --- */

static int touch_page(void *handle, struct hearth_call *call, const char *account, int64_t page,
                      struct hearth_page *ret_page)
{
    ret_page->id = page;
    return good->page_get(handle, call, account, page, ret_page);
}

static int touch_late(void *handle, struct hearth_call *call, const char *account, int64_t source,
                      const void **ret_sealed, size_t *ret_size)
{
    size_t size = 0;
    int r = good->credentials_get(handle, call, account, source, ret_sealed, &size);
    void *more = r == 0 ? malloc(100) : NULL;
    if (r == 0 && more == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory"); /* and ret_sealed is set */
    free(more);
    if (r == 0)
        *ret_size = size;
    return r;
}

/* --- callbacks --- */

static _Thread_local bool listing;

static int list_locked(void *handle, struct hearth_call *call, const char *account,
                       hearth_tag_cb cb, void *ctx)
{
    listing = true;
    int r = good->tag_list(handle, call, account, cb, ctx);
    listing = false;
    return r;
}

static int get_locked(void *handle, struct hearth_call *call, const char *account, const char *guid,
                      struct hearth_bookmark *ret_bookmark)
{
    return listing ? hearth_fail(call, HEARTH_ERR_CONFLICT, "a list is being read")
                   : good->bookmark_get(handle, call, account, guid, ret_bookmark);
}

static void apply_dirty(struct hearth_storage *table)
{
    table->sync_cursor_put = write_through;
    table->sync_cursor_list = list_written;
    table->batch_begin = begin_noted;
}

static void apply_locked(struct hearth_storage *table)
{
    table->tag_list = list_locked;
    table->bookmark_get = get_locked;
}

#define RULES(X)                                                                                   \
    X(dirty, apply_dirty(table))                                                                   \
    X(locked, apply_locked(table))                                                                 \
    X(snapshots, table->device_list = devices_twice)                                               \
    X(rowbyrow, table->pages_changed = changes_by_row)                                             \
    X(pageoutput, table->page_get = touch_page)                                                    \
    X(lateoutput, table->credentials_get = touch_late)

#define X(rule, spoil)                                                                             \
    static void apply_rule_##rule(void *operations)                                                \
    {                                                                                              \
        struct hearth_storage *table = operations;                                                 \
        good = good_descriptor->operations;                                                        \
        spoil;                                                                                     \
    }
RULES(X)
#undef X

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {
#define X(rule, spoil) {#rule, apply_rule_##rule},
        RULES(X)
#undef X
    };
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}
