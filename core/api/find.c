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

/* What is stored of the hits' pages, in one go. */
struct pages {
    struct arena *arena;
    struct hearth_page *items; /* NULL until there is one */
    size_t count, room;
};

static int on_page(void *ctx, const struct hearth_page *page)
{
    struct pages *pages = ctx;
    if (pages->count == pages->room)
        return 1;
    struct hearth_page *copy = &pages->items[pages->count++];
    *copy = *page;
    copy->url = arena_strdup(pages->arena, page->url);
    copy->title = page->title == NULL ? NULL : arena_strdup(pages->arena, page->title);
    copy->bookmark_title = page->bookmark_title == NULL ? NULL : arena_strdup(pages->arena, page->bookmark_title);
    copy->tags = page->tags == NULL ? NULL : arena_strdup(pages->arena, page->tags);
    return 0;
}

static int read_pages(struct store *store, const char *account, const struct search_results *results, struct pages *pages, struct err *err)
{
    int64_t *ids = arena_alloc(pages->arena, (results->count + 1) * sizeof(*ids));
    pages->items = arena_alloc(pages->arena, (results->count + 1) * sizeof(*pages->items));
    if (ids == NULL || pages->items == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < results->count; i++) {
        int64_t id = results->hits[i].page;
        bool known = id == 0; /* several tabs may show one page */
        for (size_t k = 0; k < pages->room && !known; k++)
            known = ids[k] == id;
        if (!known)
            ids[pages->room++] = id;
    }
    return pages->room == 0 ? 0 : store_pages_get(store, account, ids, pages->room, on_page, pages, err);
}

static const struct hearth_page *page_of(const struct pages *pages, int64_t id)
{
    for (size_t i = 0; i < pages->count; i++)
        if (pages->items[i].id == id)
            return &pages->items[i];
    return NULL;
}

/* `page`: what is stored of the hit's page; NULL: it vanished since the block was made, which is NOT_FOUND. */
static int fill(struct store *store, const char *account, const struct search_hit *hit, const struct hearth_page *page, struct arena *arena,
                struct find_result *ret, struct err *err)
{
    struct find_result result = {.hit = hit, .url = hit->url, .title = hit->title, .page = hit->page, .frecency = hit->frecency};
    if (page == NULL && hit->kind != SEARCH_TAB)
        return HEARTH_ERR_NOT_FOUND;
    if (page != NULL) {
        if (hit->kind != SEARCH_TAB) {
            result.url = page->url;
            result.title = page->bookmark_title != NULL ? page->bookmark_title : page->title;
        }
        result.frecency = page->frecency;
        result.last_visit = page->last_visit;
        result.tags = page->tags;
        if (page->bookmarks > 0) {
            struct first first = {.arena = arena};
            int r = STORE(store, err, bookmarks_of_page, account, hit->page, on_bookmark, &first);
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
    struct pages pages = {.arena = arena};
    if (r == 0)
        r = read_pages(store, account, &results, &pages, err);
    for (size_t i = 0; r == 0 && i < results.count; i++) {
        struct find_result result;
        r = fill(store, account, &results.hits[i], page_of(&pages, results.hits[i].page), arena, &result, err);
        if (r == 0 && cb(ctx, &result) != 0)
            break;
        if (r == HEARTH_ERR_NOT_FOUND)
            r = 0;
    }
    return r;
}
