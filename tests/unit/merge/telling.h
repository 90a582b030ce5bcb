/* What is stored of an account after merging, as text. */
#ifndef TESTS_UNIT_MERGE_TELLING_H
#define TESTS_UNIT_MERGE_TELLING_H

#include "../../plugins/storage-sqlite/fixture.h"
#include "base/buf.h"

static struct fixture *fixture;

struct telling {
    const char *account;
    struct buf out;
    int64_t pages[256];
    size_t page_count;
    int64_t visited; /* the page whose visits come */
};

#define TELLS(name, type, ...)                                                                     \
    static int name(void *ctx, const struct hearth_##type *row)                                    \
    {                                                                                              \
        struct telling *telling = ctx;                                                             \
        buf_printf(&telling->out, __VA_ARGS__);                                                    \
        return 0;                                                                                  \
    }
#define SHOWN(text) ((text) == NULL ? "-" : (text))
TELLS(tell_visit, visit, "  visit %lld of %lld\n", (long long)row->date, (long long)row->source)
TELLS(tell_node, bookmark_item, "bookmark %s in %s at %lld of %lld\n", row->guid,
      SHOWN(row->parent), (long long)row->position, (long long)row->source)
TELLS(tell_grave, bookmark_item, "tombstone %s in %s of %lld\n", row->guid, SHOWN(row->parent),
      (long long)row->source)

static int tell_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    struct telling *telling = ctx;
    buf_printf(&telling->out, "device %s, %lld tabs, of %lld\n", device->id, (long long)tabs,
               (long long)device->source);
    return 0;
}

static int tell_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct telling *telling = ctx;
    buf_printf(&telling->out, "tab %lld of %s: %s\n", (long long)tab->position, device, tab->url);
    return 0;
}

static int tell_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct telling *telling = ctx;
    buf_printf(&telling->out, "group %s of %s\n", group->id, device);
    return 0;
}

static int tell_child_ref(void *ctx, int64_t source, const char *folder, int64_t position,
                          const char *child)
{
    struct telling *telling = ctx;
    buf_printf(&telling->out, "%s lists %s at %lld, of %lld\n", folder, child, (long long)position,
               (long long)source);
    return 0;
}

static int tell_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    struct telling *telling = ctx;
    buf_printf(&telling->out, "mark %d of %lld: %s\n", (int)collection, (long long)source, text);
    return 0;
}

static int tell_page(void *ctx, const struct hearth_page *page)
{
    struct telling *telling = ctx;
    telling->pages[telling->page_count++] = page->id;
    return 0;
}

static int tell_guid(void *ctx, const char *guid, int64_t page)
{
    struct telling *telling = ctx;
    if (page == telling->visited)
        buf_printf(&telling->out, "  id %s\n", guid);
    return 0;
}

static void tell_pages(struct telling *telling)
{
    struct storage *storage = &fixture->storage;
    telling->page_count = 0;
    OK(storage, pages_by_frecency, telling->account, tell_page, telling);
    for (size_t i = 0; i < telling->page_count; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        OK(storage, page_get, telling->account, telling->pages[i], &page);
        buf_printf(&telling->out,
                   "page %s \"%s\" %s|%s frecency %lld, %lld visits, last %lld, %lld bookmarks\n",
                   page.url, SHOWN(page.title), SHOWN(page.guid), SHOWN(page.bookmark_title),
                   (long long)page.frecency, (long long)page.visit_count,
                   (long long)page.last_visit, (long long)page.bookmarks);
        OK(storage, page_visits, telling->account, page.id, tell_visit, telling);
        /* ids that a page without visits had are only remembered */
        telling->visited = page.last_visit == 0 ? 0 : page.id;
        OK(storage, page_guid_list, telling->account, tell_guid, telling);
        plug_storage_reset(storage);
    }
}

static char *tell(const char *account)
{
    struct storage *storage = &fixture->storage;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct telling telling = {.account = account};
    OK(storage, device_list, account, tell_device, &telling);
    OK(storage, tab_list, account, NULL, tell_tab, &telling);
    OK(storage, tab_group_list, account, NULL, tell_group, &telling);
    OK(storage, bookmark_items, account, tell_node, &telling);
    OK(storage, bookmark_children, account, tell_child_ref, &telling);
    OK(storage, bookmark_tombstones, account, tell_grave, &telling);
    OK(storage, sync_cursor_list, account, tell_cursor, &telling);
    tell_pages(&telling);
    OK(storage, counts, account, &counts);
    buf_printf(&telling.out, "%lld %lld %lld %lld %lld %lld\n", (long long)counts.devices,
               (long long)counts.tabs, (long long)counts.bookmarks, (long long)counts.folders,
               (long long)counts.pages, (long long)counts.visits);
    buf_add_char(&telling.out, '\0');
    plug_storage_reset(storage);
    return telling.out.data;
}

#endif
