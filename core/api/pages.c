/* One page with its bookmarks and visits. */
#include "api/internal.h"

enum { VISITS_SHOWN = 1000 };

static int page_add_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    json_array_append_new(ctx, api_item_json(bookmark));
    return 0;
}

static int page_add_visit(void *ctx, const struct hearth_visit *visit)
{
    json_array_append_new(ctx, api_visit_json(visit));
    return json_array_size(ctx) >= VISITS_SHOWN;
}

void api_page_ask(struct api_call *call)
{
    int64_t id;
    struct hearth_page page = {.struct_size = sizeof(page)};
    if (!str_to_int(call->request->argument, &id))
        return;
    STORAGE_ASK(call->storage, page_get, call->account, id, &page);
    STORAGE_ASK(call->storage, bookmarks_of_page, call->account, id, page_add_bookmark, NULL);
    STORAGE_ASK(call->storage, page_visits, call->account, id, page_add_visit, NULL);
}

int api_page_get(struct api_call *call)
{
    int64_t id;
    struct hearth_page page = {.struct_size = sizeof(page)};
    if (!str_to_int(call->request->argument, &id))
        return err_set(&call->err, HEARTH_ERR_NOT_FOUND, "no such page");
    int r = STORAGE(call->storage, &call->err, page_get, call->account, id, &page);
    if (r < 0)
        return r;
    json_t *bookmarks = json_array(), *visits = json_array(), *value = api_page_json(&page);
    r = STORAGE(call->storage, &call->err, bookmarks_of_page, call->account, id, page_add_bookmark,
                bookmarks);
    if (r == 0)
        r = STORAGE(call->storage, &call->err, page_visits, call->account, id, page_add_visit,
                    visits);
    json_object_set_new(value, "bookmarks", bookmarks);
    json_object_set_new(value, "visits", visits);
    value = json_pack("{s:o}", "page", value);
    if (r < 0) {
        json_decref(value);
        return r;
    }
    return api_reply_json(call, value);
}
