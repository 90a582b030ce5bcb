/* The whole content of a storage as text. */
#include <inttypes.h>
#include <stdlib.h>

#include "records.h"
#include "storage_kit.h"

/* Where the callbacks write. */
struct rows {
    struct buf *out;
};

struct dump {
    struct buf *out; /* first, as in struct rows */
    struct storage *storage;
    const char *account;
    int64_t pages[4096]; /* ids, to read their visits after the list */
    size_t page_count;
};

static const char *or_dash(const char *text)
{
    return text == NULL ? "(null)" : text;
}

/* account_list() need not know the generation; account_get() does. */
static int dump_on_account(void *ctx, const struct hearth_account *a)
{
    static const char *const may_lack[] = {"generation", NULL};
    struct dump *d = ctx;
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(d->storage, account_get, a->id, &got);
    kit_record_print(d->out, &plug_fields_account, a, may_lack);
    kit_record_print(d->out, &plug_fields_account, &got, NULL);
    return 0;
}

static int dump_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    buf_printf(((struct rows *)ctx)->out, "cursor %" PRId64 " %d %s\n", source, (int)collection,
               text);
    return 0;
}

static int dump_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    buf_printf(((struct rows *)ctx)->out, "%" PRId64 " tabs of ", tabs);
    kit_record_print(((struct rows *)ctx)->out, &plug_fields_device, device, NULL);
    return 0;
}

static int dump_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    buf_printf(((struct rows *)ctx)->out, "%s: ", device);
    kit_record_print(((struct rows *)ctx)->out, &plug_fields_tab, tab, NULL);
    return 0;
}

static int dump_on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    buf_printf(((struct rows *)ctx)->out, "%s: ", device);
    kit_record_print(((struct rows *)ctx)->out, &plug_fields_tab_group, group, NULL);
    return 0;
}

/* pages_by_frecency() need not fill everything; page_get() does. */
static int on_ranked(void *ctx, const struct hearth_page *page)
{
    struct dump *d = ctx;
    buf_add_text(d->out, "ranked ");
    kit_record_print(d->out, &plug_fields_page, page, kit_scan_may_lack);
    if (d->page_count < sizeof(d->pages) / sizeof(d->pages[0]))
        d->pages[d->page_count++] = page->id;
    return 0;
}

#define PRINTS(name, type)                                                                         \
    static int name(void *ctx, const struct hearth_##type *record)                                 \
    {                                                                                              \
        kit_record_print(((struct rows *)ctx)->out, &plug_fields_##type, record, NULL);            \
        return 0;                                                                                  \
    }
PRINTS(on_page_visit, visit)
PRINTS(on_one_bookmark, bookmark)
PRINTS(on_token, token)
PRINTS(on_identity, account_identity)
PRINTS(on_pick, pick)
PRINTS(on_removal, removal)
PRINTS(on_removed_here, removed_here)

static int dump_on_row(void *ctx, const struct hearth_visit_row *r)
{
    buf_printf(((struct rows *)ctx)->out, "row %" PRId64 " %" PRId64 " %d %s %s %" PRId64 "\n",
               r->date, r->page, (int)r->type, or_dash(r->url), or_dash(r->title), r->bookmarked);
    return 0;
}

static int dump_on_date(void *ctx, const struct hearth_visit_row *r)
{
    buf_printf(((struct rows *)ctx)->out, "date %" PRId64 " %" PRId64 " %d\n", r->date, r->page,
               (int)r->type);
    return 0;
}

static int dump_on_child(void *ctx, int64_t source, const char *folder, int64_t position,
                         const char *child)
{
    buf_printf(((struct rows *)ctx)->out, "child %" PRId64 " %s %" PRId64 " %s\n", source, folder,
               position, child);
    return 0;
}

static int dump_on_tag(void *ctx, const char *tag, int64_t count)
{
    buf_printf(((struct rows *)ctx)->out, "tag %s %" PRId64 "\n", tag, count);
    return 0;
}

static int dump_on_item(void *ctx, const struct hearth_bookmark_item *n)
{
    buf_printf(((struct rows *)ctx)->out,
               "node %s %d %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", n->guid,
               (int)n->kind, or_dash(n->said_parent), or_dash(n->parent), n->position, n->added,
               n->modified, n->source);
    return 0;
}

static int dump_on_tombstone(void *ctx, const struct hearth_bookmark_item *n)
{
    buf_printf(((struct rows *)ctx)->out, "tombstone %s %s %" PRId64 "\n", n->guid,
               or_dash(n->parent), n->source);
    return 0;
}

static void dump_bookmarks(struct dump *d)
{
    struct buf items = {0};
    struct rows rows = {&items};
    char guids[65536];
    OK(d->storage, bookmark_items, d->account, dump_on_item, &rows);
    snprintf(guids, sizeof(guids), "%.*s", (int)items.size, items.data == NULL ? "" : items.data);
    buf_add_text(d->out, guids);
    buf_fini(&items);
    for (char *p = guids, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        char guid[300];
        snprintf(guid, sizeof(guid), "%.*s", (int)strcspn(p + 5, " "), p + 5);
        struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
        struct hearth_bookmark_query children = {
            .struct_size = sizeof(children), .parent = guid, .after = -1};
        OK(d->storage, bookmark_get, d->account, guid, &bookmark);
        on_one_bookmark(d, &bookmark);
        OK(d->storage, bookmark_list, d->account, &children, on_one_bookmark, d);
        plug_storage_reset(d->storage);
    }
    struct hearth_bookmark_query added = {.struct_size = sizeof(added), .order = HEARTH_BY_ADDED};
    OK(d->storage, bookmark_list, d->account, &added, on_one_bookmark, d);
    OK(d->storage, bookmark_children, d->account, dump_on_child, d);
    OK(d->storage, tag_list, d->account, dump_on_tag, d);
    OK(d->storage, bookmark_tombstones, d->account, dump_on_tombstone, d);
}

static int dump_on_page_guid(void *ctx, const char *guid, int64_t page)
{
    buf_printf(((struct rows *)ctx)->out, "guid %" PRId64 " %s\n", page, guid);
    return 0;
}

static void dump_pages(struct dump *d)
{
    OK(d->storage, pages_by_frecency, d->account, on_ranked, d);
    for (size_t i = 0; i < d->page_count; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        OK(d->storage, page_get, d->account, d->pages[i], &page);
        kit_record_print(d->out, &plug_fields_page, &page, NULL);
        OK(d->storage, page_visits, d->account, d->pages[i], on_page_visit, d);
        OK(d->storage, bookmarks_of_page, d->account, d->pages[i], on_one_bookmark, d);
        plug_storage_reset(d->storage);
    }
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    OK(d->storage, visit_list, d->account, &query, dump_on_row, d);
    OK(d->storage, visit_dates, d->account, 0, 0, dump_on_date, d);
    OK(d->storage, page_guid_list, d->account, dump_on_page_guid, d);
}

static int dump_on_generation(void *ctx, int32_t collection, int64_t generation)
{
    buf_printf(((struct rows *)ctx)->out, "generation of %d: %" PRId64 "\n", (int)collection,
               generation);
    return 0;
}

/* In the order in which they come, which is said for all of it. */
static void dump_removals(struct dump *d)
{
    OK(d->storage, generation_list, d->account, dump_on_generation, d);
    OK(d->storage, removed_here_list, d->account, on_removed_here, d);
    if (STORAGE(d->storage, NULL, removals_since, d->account, 0, on_removal, d) != 0)
        buf_add_text(d->out, "what was removed is not known\n");
}

static void dump_credentials(struct dump *d, int64_t source)
{
    const void *sealed = NULL;
    size_t size = 0;
    if (STORAGE(d->storage, NULL, credentials_get, d->account, source, &sealed, &size) == 0)
        buf_printf(d->out, "credentials of %" PRId64 " %zu %02x\n", source, size,
                   size > 0 ? *(const unsigned char *)sealed : 0);
}

static int dump_on_source(void *ctx, const struct hearth_source *source)
{
    kit_record_print(((struct rows *)ctx)->out, &plug_fields_source, source, NULL);
    dump_credentials(ctx, source->id);
    return 0;
}

static void dump_account(struct dump *d)
{
    struct hearth_counts c = {.struct_size = sizeof(c)};
    const char *json = NULL;
    int r = d->storage->ops->counts(d->storage->handle, &d->storage->call.hearth, d->account, &c);
    if (r == HEARTH_ERR_NOT_FOUND)
        return;
    buf_printf(d->out,
               "counts %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
               "\n",
               d->account, c.devices, c.tabs, c.bookmarks, c.folders, c.pages, c.visits);
    dump_credentials(d, 0);
    OK(d->storage, source_list, d->account, dump_on_source, d);
    if (STORAGE(d->storage, NULL, settings_get, d->account, &json) == 0)
        buf_printf(d->out, "settings %s\n", json);
    OK(d->storage, sync_cursor_list, d->account, dump_on_cursor, d);
    OK(d->storage, identity_list, d->account, on_identity, d);
    OK(d->storage, token_list, d->account, on_token, d);
    OK(d->storage, pick_list, d->account, on_pick, d);
    OK(d->storage, device_list, d->account, dump_on_device, d);
    OK(d->storage, tab_list, d->account, NULL, dump_on_tab, d);
    OK(d->storage, tab_group_list, d->account, NULL, dump_on_tab_group, d);
    dump_removals(d);
    dump_pages(d);
    dump_bookmarks(d);
}

static const char *const accounts[] = {"a", "b"};

void kit_dump_storage(struct storage *storage, struct buf *ret)
{
    static _Thread_local struct dump d; /* too large for some stacks */
    buf_reset(ret);
    d = (struct dump){.out = ret, .storage = storage};
    OK(storage, account_list, dump_on_account, &d);
    for (size_t i = 0; i < 2; i++) {
        d.account = accounts[i];
        d.page_count = 0;
        dump_account(&d);
        plug_storage_reset(storage);
    }
    buf_add_char(ret, '\0');
    expect(!buf_failed(ret));
}

int kit_dump_change(void *ctx, const struct hearth_page *page)
{
    unsigned long long *sum = ctx; /* any order is fine */
    *sum += (unsigned long long)page->id * 31 + page->gone * 7 +
            (page->gone ? 0 : (unsigned long long)page->frecency);
    return 0;
}

void kit_dump_storage_and_changes(struct storage *storage, struct buf *ret)
{
    kit_dump_storage(storage, ret);
    ret->size--; /* the NUL */
    for (int i = 0; i < 2; i++) {
        unsigned long long sum = 0;
        int r = STORAGE(storage, NULL, pages_changed, accounts[i], 0, kit_dump_change, &sum);
        buf_printf(ret, "changes of %s: %d %llu\n", accounts[i], r, sum);
    }
    buf_add_char(ret, '\0');
    expect(!buf_failed(ret));
    plug_storage_reset(storage);
}
