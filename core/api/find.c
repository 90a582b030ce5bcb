#include "api/find.h"

#include <string.h>

#include "base/clock.h"

struct source {
    struct store *store;
    const char *account;
};

static int on_pages(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORE(source->store, err, pages_by_frecency, source->account, cb, cb_ctx);
}

static int on_changed(void *ctx, int64_t since, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORE(source->store, err, pages_changed, source->account, since, cb, cb_ctx);
}

/* Tabs want their devices' names: devices first, few and small. */
struct names {
    struct arena *arena;
    struct {
        const char *id, *name;
    } devices[64];
    size_t count;
    search_tab_cb cb;
    void *cb_ctx;
};

static int on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    struct names *names = ctx;
    if (names->count == sizeof(names->devices) / sizeof(names->devices[0]))
        return 1;
    names->devices[names->count].id = arena_strdup(names->arena, device->id);
    names->devices[names->count].name = arena_strdup(names->arena, device->name);
    names->count += names->devices[names->count].id != NULL && names->devices[names->count].name != NULL;
    return 0;
}

static int on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct names *names = ctx;
    struct search_tab found = {.device = device, .device_name = "", .url = tab->url, .title = tab->title, .last_used = tab->last_used};
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->devices[i].id, device) == 0)
            found.device_name = names->devices[i].name;
    return names->cb(names->cb_ctx, &found);
}

static int on_tabs(void *ctx, search_tab_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    struct arena arena;
    arena_init(&arena, 0);
    struct names names = {.arena = &arena, .cb = cb, .cb_ctx = cb_ctx};
    int r = STORE(source->store, err, device_list, source->account, on_device, &names);
    if (r == 0)
        r = STORE(source->store, err, tab_list, source->account, NULL, on_tab, &names);
    arena_fini(&arena);
    return r;
}

struct picks {
    struct arena *arena;
    struct hearth_pick *items;
    size_t count, room;
};

enum { PICKS_MAX = 1000 };

static int on_pick(void *ctx, const struct hearth_pick *pick)
{
    struct picks *picks = ctx;
    if (picks->count == PICKS_MAX)
        return 1;
    if (picks->items == NULL && (picks->items = arena_alloc(picks->arena, PICKS_MAX * sizeof(*picks->items))) == NULL)
        return 1;
    picks->items[picks->count] = *pick;
    picks->items[picks->count].input = arena_strdup(picks->arena, pick->input);
    picks->count += picks->items[picks->count].input != NULL;
    return 0;
}

struct first {
    struct arena *arena;
    const char *guid;
    int64_t added;
};

static int on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct first *first = ctx;
    if (first->guid == NULL || bookmark->added > first->added) {
        first->guid = arena_strdup(first->arena, bookmark->guid);
        first->added = bookmark->added;
    }
    return 0;
}

/* What is stored of a hit's page. NOT_FOUND: it vanished since the block was made. */
static int fill(struct store *store, const char *account, const struct search_hit *hit, struct arena *arena, struct find_result *ret,
                struct err *err)
{
    struct find_result result = {.hit = hit, .url = hit->url, .title = hit->title, .page = hit->page, .frecency = hit->frecency};
    struct hearth_page page = {.struct_size = sizeof(page)};
    int r = hit->page == 0 ? HEARTH_ERR_NOT_FOUND : STORE(store, err, page_get, account, hit->page, &page);
    if (r < 0 && (r != HEARTH_ERR_NOT_FOUND || hit->kind != SEARCH_TAB))
        return r;
    if (r == 0) {
        if (hit->kind != SEARCH_TAB) {
            result.url = page.url;
            result.title = page.bookmark_title != NULL ? page.bookmark_title : page.title;
        }
        result.frecency = page.frecency;
        result.last_visit = page.last_visit;
        result.tags = page.tags;
        if (page.bookmarks > 0) {
            struct first first = {.arena = arena};
            r = STORE(store, err, bookmarks_of_page, account, hit->page, on_bookmark, &first);
            if (r < 0)
                return r;
            result.bookmark = first.guid;
        }
    } else {
        result.page = 0;
    }
    if (result.title == NULL)
        result.title = "";
    *ret = result;
    return 0;
}

int find_run(struct search *search, struct store *store, const char *account, int64_t generation, const char *query, uint32_t in,
             uint32_t limit, struct arena *arena, find_cb cb, void *ctx, struct err *err)
{
    struct source source = {store, account};
    struct search_source reading = {.ctx = &source, .pages = on_pages, .changed = on_changed, .tabs = on_tabs};
    struct picks picks = {.arena = arena};
    int r = query[0] == '\0' ? 0 : STORE(store, err, pick_list, account, on_pick, &picks);
    if (r < 0)
        return r;
    struct search_request request = {
        .account = account,
        .generation = generation,
        .query = query,
        .in = in,
        .limit = limit,
        .picks = picks.items,
        .pick_count = picks.count,
        .now = clock_now(),
    };
    struct search_results results;
    r = search_run(search, &request, &reading, arena, &results, err);
    for (size_t i = 0; r == 0 && i < results.count; i++) {
        struct find_result result;
        r = fill(store, account, &results.hits[i], arena, &result, err);
        if (r == 0 && cb(ctx, &result) != 0)
            break;
        if (r == HEARTH_ERR_NOT_FOUND)
            r = 0;
    }
    return r;
}
