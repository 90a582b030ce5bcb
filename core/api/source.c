#include "api/source.h"

#include <string.h>

#include "api/internal.h"

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

static int on_visits(void *ctx, hearth_visit_row_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORE(source->store, err, visit_dates, source->account, 0, 0, cb, cb_ctx);
}

static int on_visits_of(void *ctx, const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return store_visits_of_pages(source->store, source->account, pages, count, cb, cb_ctx, err);
}

static int on_marks(void *ctx, hearth_mark_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORE(source->store, err, mark_list, source->account, cb, cb_ctx);
}

static int on_bookmarks(void *ctx, search_row_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .order = HEARTH_BY_ADDED};
    return STORE(source->store, err, bookmark_list, source->account, &query, cb, cb_ctx);
}

static int on_nodes(void *ctx, hearth_bookmark_node_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORE(source->store, err, bookmark_nodes, source->account, cb, cb_ctx);
}

static int on_bookmark(void *ctx, const char *guid, search_row_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct err why = {0};
    int r = STORE(source->store, &why, bookmark_get, source->account, guid, &bookmark);
    if (r == 0)
        cb(cb_ctx, &bookmark);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND && err != NULL)
        *err = why;
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

void source_init(struct source *source, struct store *store, const char *account)
{
    *source = (struct source){.store = store, .account = account};
    source->reading = (struct search_source){.ctx = source,
                                             .deadline = store->call.hearth.deadline,
                                             .pages = on_pages,
                                             .changed = on_changed,
                                             .tabs = on_tabs,
                                             .visits = on_visits,
                                             .visits_of = on_visits_of,
                                             .marks = on_marks,
                                             .bookmarks = on_bookmarks,
                                             .nodes = on_nodes,
                                             .bookmark = on_bookmark};
}

int api_index(struct api_call *call, enum search_index which, struct index **ret_index)
{
    struct source source;
    source_init(&source, call->store, call->account);
    return search_index(call->api->options.search, call->account, call->generation, which, &source.reading, ret_index, &call->err);
}
