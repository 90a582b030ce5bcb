/* Storage plugins that break one rule each. */
#include "bad.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "hearth/storage.h"

static struct hearth_storage ops;
static const struct hearth_storage *good;

static int leak_pages(void *handle, struct hearth_call *call, const char *account,
                      hearth_page_cb cb, void *ctx)
{
    return good->pages_by_frecency(handle, call, strcmp(account, "b") == 0 ? "a" : account, cb,
                                   ctx);
}

static void abort_commits(void *handle)
{
    (void)handle; /* the batch stays open */
}

static int commit_nothing(void *handle, struct hearth_call *call, bool changed)
{
    (void)call;
    (void)changed;
    good->batch_abort(handle);
    return 0;
}

static int lease_again(void *handle, struct hearth_call *call, int64_t now, int64_t leased_until,
                       int64_t limit, hearth_account_cb cb, void *ctx)
{
    (void)leased_until;
    return good->account_lease_due(handle, call, now, now, limit, cb, ctx);
}

static int without_words(void *handle, struct hearth_call *call, const char *account,
                         struct hearth_account *ret_account)
{
    int r = good->account_get(handle, call, account, ret_account);
    if (r < 0)
        call->error[0] = '\0';
    return r;
}

static int touch_output(void *handle, struct hearth_call *call, const char *account,
                        struct hearth_counts *ret_counts)
{
    ret_counts->visits = 0;
    return good->counts(handle, call, account, ret_counts);
}

static int ignore_deadline(void *handle, struct hearth_call *call, const char *account,
                           hearth_page_cb cb, void *ctx)
{
    int64_t deadline = call->deadline;
    call->deadline = 0;
    int r = good->pages_by_frecency(handle, call, account, cb, ctx);
    call->deadline = deadline;
    return r;
}

static void crash(void *handle)
{
    (void)handle;
    abort();
}

static int hang(void *handle, struct hearth_call *call)
{
    while (handle != NULL && call != NULL)
        pause();
    return 0;
}

static int leak_descriptor(const struct hearth_host *host, struct hearth_call *call,
                           const struct hearth_config_value *values, void **ret)
{
    return open("/dev/null", O_RDONLY) < 0 ? HEARTH_ERR_IO : good->open(host, call, values, ret);
}

/* What a plugin does that copies its own, larger struct over the host's. */
static int write_behind(void *handle, struct hearth_call *call, const char *account,
                        struct hearth_account *ret_account)
{
    int r = good->account_get(handle, call, account, ret_account);
    if (r == 0)
        memset((char *)ret_account + sizeof(*ret_account), 0, 8);
    return r;
}

static int keep_tabs(void *handle, struct hearth_call *call, const char *device)
{
    return device == NULL ? 0 : good->tabs_clear(handle, call, device);
}

static int unchecked_memory(void *handle, struct hearth_call *call, const char *account,
                            const char *json)
{
    char *copy = malloc(strlen(json) + 1);
    memcpy(copy, json, strlen(json) + 1);
    int r = good->settings_put(handle, call, account, copy);
    free(copy);
    return r;
}

static int half_on_no_memory(void *handle, struct hearth_call *call,
                             const struct hearth_account *account)
{
    int r = good->account_create(handle, call, account);
    void *more = malloc(100);
    if (r == 0 && more == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    free(more);
    return r;
}

static int never_stops(void *handle, struct hearth_call *call, hearth_account_cb cb, void *ctx)
{
    (void)cb;
    return good->account_list(handle, call, cb, ctx) == 0
               ? good->account_list(handle, call, cb, ctx)
               : HEARTH_ERR_IO;
}

/* A column of three bytes a character, as MySQL's "utf8" is. */
static int lose_foxes(void *handle, struct hearth_call *call, const struct hearth_device *device)
{
    struct hearth_device poorer = *device;
    if (strchr(device->name, 0xf0) != NULL)
        poorer.name = "?";
    return good->device_put(handle, call, &poorer);
}

static int narrow_numbers(void *handle, struct hearth_call *call, const struct hearth_page *page)
{
    struct hearth_page narrower = *page;
    narrower.visit_count = (int32_t)page->visit_count;
    return good->page_put(handle, call, &narrower);
}

static int cut_texts(void *handle, struct hearth_call *call, const struct hearth_bookmark *bookmark)
{
    struct hearth_bookmark shorter = *bookmark;
    char *keyword = bookmark->keyword == NULL ? NULL : strndup(bookmark->keyword, 65535);
    shorter.keyword = keyword;
    int r = good->bookmark_put(handle, call, &shorter);
    free(keyword);
    return r;
}

static int null_is_empty(void *handle, struct hearth_call *call, const char *device,
                         const struct hearth_tab *tab)
{
    struct hearth_tab other = *tab;
    if (tab->icon != NULL && tab->icon[0] == '\0')
        other.icon = NULL;
    return good->tab_put(handle, call, device, &other);
}

/* INSERT OR REPLACE: what it does not name gets its default. */
static int show_again(void *handle, struct hearth_call *call, const struct hearth_device *device)
{
    int r = good->device_remove(handle, call, device->id);
    return r < 0 ? r : good->device_put(handle, call, device);
}

/* A table that somebody forgot. */
struct kept_group {
    char device[64], id[64];
};

static int keep_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct kept_group *kept = ctx;
    snprintf(kept->device, sizeof(kept->device), "%s", device);
    snprintf(kept->id, sizeof(kept->id), "%s", group->id);
    return 1;
}

static int keep_groups(void *handle, struct hearth_call *call, const char *device)
{
    struct kept_group kept = {"", ""};
    struct hearth_tab_group group = {.struct_size = sizeof(group), .id = kept.id, .name = ""};
    int r = good->tab_group_list(handle, call, "a", device, keep_group, &kept);
    if (r == 0)
        r = good->tabs_clear(handle, call, device);
    return r < 0 || kept.id[0] == '\0' ? r : good->tab_group_put(handle, call, kept.device, &group);
}

/* A collation that compares without regard to case. */
static int fold_keys(void *handle, struct hearth_call *call, const char *account,
                     const struct hearth_pick *pick)
{
    struct hearth_pick folded = *pick;
    char *input = strdup(pick->input);
    for (char *p = input; p != NULL && *p != '\0'; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    folded.input = input;
    int r = good->pick_put(handle, call, account, &folded);
    free(input);
    return r;
}

/* A listing in pieces, each of its own moment. */
struct piece {
    hearth_child_cb cb;
    void *ctx;
    size_t skip, seen;
};

static int one_child(void *ctx, int64_t source, const char *folder, int64_t position,
                     const char *child)
{
    struct piece *piece = ctx;
    if (piece->seen++ < piece->skip)
        return 0;
    piece->cb(piece->ctx, source, folder, position, child);
    return 1;
}

static int children_in_pieces(void *handle, struct hearth_call *call, const char *account,
                              hearth_child_cb cb, void *ctx)
{
    struct piece piece = {.cb = cb, .ctx = ctx};
    int r = good->bookmark_children(handle, call, account, one_child, &piece);
    while (r == 0 && piece.seen > piece.skip) {
        piece.skip++;
        piece.seen = 0;
        r = good->bookmark_children(handle, call, account, one_child, &piece);
    }
    return r;
}

/* --- what no result shows --- */

struct rows {
    hearth_bookmark_cb cb;
    void *ctx;
};

static int leak_row(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct rows *rows = ctx;
    return strdup(bookmark->guid) == NULL ? 1 : rows->cb(rows->ctx, bookmark);
}

static int leak_rows(void *handle, struct hearth_call *call, const char *account, int64_t page,
                     hearth_bookmark_cb cb, void *ctx)
{
    struct rows rows = {cb, ctx};
    return good->bookmarks_of_page(handle, call, account, page, leak_row, &rows);
}

/* What a list had opened stays open when its callback ends it: in LMDB a read transaction, for
 * which the file grows. */
static void *volatile held; /* a compiler leaves out what is allocated for nothing */

struct reading {
    hearth_child_cb cb;
    void *ctx;
    bool ended;
};

static int reading_row(void *ctx, int64_t source, const char *folder, int64_t position,
                       const char *child)
{
    struct reading *reading = ctx;
    reading->ended = reading->cb(reading->ctx, source, folder, position, child) != 0;
    return reading->ended;
}

static int keep_reading(void *handle, struct hearth_call *call, const char *account,
                        hearth_child_cb cb, void *ctx)
{
    struct reading reading = {.cb = cb, .ctx = ctx};
    void *transaction = held = malloc(100);
    int r = good->bookmark_children(handle, call, account, reading_row, &reading);
    if (!reading.ended)
        free(transaction);
    return r;
}

static int leak_refusals(void *handle, struct hearth_call *call, const char *account,
                         const char **ret_json)
{
    void *statement = held = malloc(100);
    int r = good->settings_get(handle, call, account, ret_json);
    if (r == 0)
        free(statement);
    return r;
}

/* Two handles use one buffer on the way to the caller's memory. */
static const struct hearth_host *host;

static int keep_host(const struct hearth_host *h, struct hearth_call *call,
                     const struct hearth_config_value *values, void **ret_self)
{
    host = h;
    return good->open(h, call, values, ret_self);
}

static int static_buffer(void *handle, struct hearth_call *call, const char *email,
                         struct hearth_account *ret_account)
{
    static char text[2000];
    int r = good->account_by_email(handle, call, email, ret_account);
    if (r != 0)
        return r;
    snprintf(text, sizeof(text), "%s", ret_account->uid);
    char *copy = host->alloc(call, sizeof(text));
    if (copy != NULL) {
        memcpy(copy, text, sizeof(text));
        ret_account->uid = copy;
    }
    return 0;
}

static int static_result(void *handle, struct hearth_call *call, const char *account, int64_t page,
                         struct hearth_page *ret_page)
{
    static char url[70000];
    int r = good->page_get(handle, call, account, page, ret_page);
    if (r == 0) {
        snprintf(url, sizeof(url), "%s", ret_page->url);
        ret_page->url = url;
    }
    return r;
}

static int spin_begin(void *handle, struct hearth_call *call, const char *account,
                      int32_t collection, int64_t *ret_generation)
{
    int64_t deadline = call->deadline;
    int r;
    if (deadline == 0)
        return good->batch_begin(handle, call, account, collection, ret_generation);
    do {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        call->deadline = now.tv_sec * 1000 + now.tv_nsec / 1000000 < deadline ? 1 : deadline;
        r = good->batch_begin(handle, call, account, collection, ret_generation);
    } while (r == HEARTH_ERR_TIMEOUT && call->deadline == 1);
    call->deadline = deadline;
    return r;
}

static void hang_abort(void *handle)
{
    while (handle != NULL)
        pause();
}

static int hang_list(void *handle, struct hearth_call *call, const char *account, hearth_tag_cb cb,
                     void *ctx)
{
    while (handle != NULL && call != NULL && account != NULL && cb != NULL)
        pause();
    return ctx == NULL;
}

static void set_table(void)
{
    good = good_descriptor->operations;
}

#define RULES(X)                                                                                   \
    X(leak, pages_by_frecency, leak_pages)                                                         \
    X(abort, batch_abort, abort_commits)                                                           \
    X(losing, batch_commit, commit_nothing)                                                        \
    X(leases, account_lease_due, lease_again)                                                      \
    X(wordless, account_get, without_words)                                                        \
    X(outputs, counts, touch_output)                                                               \
    X(deadline, pages_by_frecency, ignore_deadline)                                                \
    X(interrupt, interrupt, crash)                                                                 \
    X(hang, ping, hang)                                                                            \
    X(descriptors, open, leak_descriptor)                                                          \
    X(overrun, account_get, write_behind)                                                          \
    X(tabs, tabs_clear, keep_tabs)                                                                 \
    X(memory, settings_put, unchecked_memory)                                                      \
    X(half, account_create, half_on_no_memory)                                                     \
    X(twice, account_list, never_stops)                                                            \
    X(foxes, device_put, lose_foxes)                                                               \
    X(narrow, page_put, narrow_numbers)                                                            \
    X(cut, bookmark_put, cut_texts)                                                                \
    X(null, tab_put, null_is_empty)                                                                \
    X(hiding, device_put, show_again)                                                              \
    X(groups, tabs_clear, keep_groups)                                                             \
    X(fold, pick_put, fold_keys)                                                                   \
    X(pieces, bookmark_children, children_in_pieces)                                               \
    X(leakrows, bookmarks_of_page, leak_rows)                                                      \
    X(reading, bookmark_children, keep_reading)                                                    \
    X(leakrefusals, settings_get, leak_refusals)                                                   \
    X(staticresult, page_get, static_result)                                                       \
    X(spinbegin, batch_begin, spin_begin)                                                          \
    X(hangabort, batch_abort, hang_abort)                                                          \
    X(hanglist, tag_list, hang_list)

#define X(rule, operation, function)                                                               \
    static void apply_##rule(void *table)                                                          \
    {                                                                                              \
        set_table();                                                                               \
        ((struct hearth_storage *)table)->operation = function;                                    \
    }
RULES(X)
#undef X

static void apply_buffer(void *table)
{
    set_table();
    ((struct hearth_storage *)table)->open = keep_host;
    ((struct hearth_storage *)table)->account_by_email = static_buffer;
}

/* Before main(): what a library's constructor says. */
__attribute__((constructor)) static void loaded(void)
{
    if (strcmp(RULE, "constructor") == 0)
        printf("hello from the constructor\n");
}

static void apply_constructor(void *table)
{
    (void)table;
}

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {
#define X(rule, operation, function) {#rule, apply_##rule},
        RULES(X)
#undef X
            {"buffer", apply_buffer},
        {"constructor", apply_constructor},
    };
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}
