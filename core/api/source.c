#include "api/source.h"

#include <string.h>

#include "api/internal.h"
#include "model/page.h"

static int source_on_pages(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORAGE(source->storage, err, pages_by_frecency, source->account, cb, cb_ctx);
}

static int source_on_changed(void *ctx, int64_t since, hearth_page_cb cb, void *cb_ctx,
                             struct err *err)
{
    struct source *source = ctx;
    return STORAGE(source->storage, err, pages_changed, source->account, since, cb, cb_ctx);
}

/* Tabs want their devices' names: devices first. */
struct names {
    struct arena *arena;
    struct named_device {
        const char *id, *name;
        bool hidden; /* its tabs are nowhere */
    } * devices;
    size_t count, room;
    size_t last; /* tabs come device by device */
    search_tab_cb cb;
    void *cb_ctx;
    bool out_of_memory;
};

static int source_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    struct names *names = ctx;
    if (tabs == 0)
        return 0;
    if (names->count == names->room) {
        size_t room = names->room == 0 ? 16 : names->room * 2;
        struct named_device *devices = arena_alloc(names->arena, room * sizeof(*devices));
        if (devices != NULL && names->count > 0)
            memcpy(devices, names->devices, names->count * sizeof(*devices));
        names->devices = devices;
        names->room = room;
    }
    struct named_device named = {
        names->devices == NULL ? NULL : arena_strdup(names->arena, device->id),
        names->devices == NULL ? NULL : arena_strdup(names->arena, device->name),
        device->hidden != 0};
    names->out_of_memory = named.id == NULL || named.name == NULL;
    if (!names->out_of_memory)
        names->devices[names->count++] = named;
    return names->out_of_memory;
}

static const struct named_device *find_named_device(struct names *names, const char *id)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t place = (names->last + i) % names->count;
        if (strcmp(names->devices[place].id, id) == 0) {
            names->last = place;
            return &names->devices[place];
        }
    }
    return NULL;
}

static int source_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct names *names = ctx;
    const struct named_device *named = find_named_device(names, device);
    if (named != NULL && named->hidden)
        return 0;
    struct search_tab found = {.device = device,
                               .device_name = named == NULL ? "" : named->name,
                               .url = tab->url,
                               .title = tab->title,
                               .last_used = tab->last_used};
    return names->cb(names->cb_ctx, &found);
}

static int source_on_tabs(void *ctx, search_tab_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    struct arena arena;
    arena_init(&arena, 0);
    struct names names = {.arena = &arena, .cb = cb, .cb_ctx = cb_ctx};
    int r = STORAGE(source->storage, err, device_list, source->account, source_on_device, &names);
    if (r == 0 && names.out_of_memory)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        r = STORAGE(source->storage, err, tab_list, source->account, NULL, source_on_tab, &names);
    arena_fini(&arena);
    return r;
}

/* Those that lists show. */
struct listed_visits {
    hearth_visit_row_cb row;
    hearth_page_visit_cb of_page;
    void *ctx;
};

static int source_on_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    const struct listed_visits *listed = ctx;
    return model_visit_is_listed(row->type) ? listed->row(listed->ctx, row) : 0;
}

static int source_on_visit_of(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    const struct listed_visits *listed = ctx;
    return model_visit_is_listed(visit->type) ? listed->of_page(listed->ctx, page, visit) : 0;
}

static int source_on_visits(void *ctx, hearth_visit_row_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    struct listed_visits listed = {.row = cb, .ctx = cb_ctx};
    return STORAGE(source->storage, err, visit_dates, source->account, 0, 0, source_on_visit_row,
                   &listed);
}

static int source_on_visits_of(void *ctx, const int64_t *pages, size_t count,
                               hearth_page_visit_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    struct listed_visits listed = {.of_page = cb, .ctx = cb_ctx};
    return plug_storage_visits_of_pages(source->storage, source->account, pages, count,
                                        source_on_visit_of, &listed, err);
}

static int source_on_cursors(void *ctx, hearth_sync_cursor_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORAGE(source->storage, err, sync_cursor_list, source->account, cb, cb_ctx);
}

static int source_on_bookmarks(void *ctx, search_row_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .order = HEARTH_BY_ADDED};
    return STORAGE(source->storage, err, bookmark_list, source->account, &query, cb, cb_ctx);
}

static int source_on_items(void *ctx, hearth_bookmark_item_cb cb, void *cb_ctx, struct err *err)
{
    struct source *source = ctx;
    return STORAGE(source->storage, err, bookmark_items, source->account, cb, cb_ctx);
}

static int source_on_bookmark(void *ctx, const char *guid, search_row_cb cb, void *cb_ctx,
                              struct err *err)
{
    struct source *source = ctx;
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct err why = {0};
    int r = STORAGE(source->storage, &why, bookmark_get, source->account, guid, &bookmark);
    if (r == 0)
        cb(cb_ctx, &bookmark);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND && err != NULL)
        *err = why;
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

void api_source_init(struct source *source, struct storage *storage, const char *account)
{
    *source = (struct source){.storage = storage, .account = account};
    source->reading = (struct search_source){.ctx = source,
                                             .deadline = storage->call.hearth.deadline,
                                             .pages = source_on_pages,
                                             .changed = source_on_changed,
                                             .tabs = source_on_tabs,
                                             .visits = source_on_visits,
                                             .visits_of = source_on_visits_of,
                                             .cursors = source_on_cursors,
                                             .bookmarks = source_on_bookmarks,
                                             .items = source_on_items,
                                             .bookmark = source_on_bookmark};
}

int api_index(struct api_call *call, enum search_index which, struct index **ret_index)
{
    struct source source;
    api_source_init(&source, call->storage, call->account);
    return search_index(call->api->options.search, call->account, call->generation, which,
                        &source.reading, ret_index, &call->err);
}
