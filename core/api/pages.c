/* One page with its bookmarks and visits. */
#include "api/internal.h"

enum { VISITS_SHOWN = 1000 };

static int on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    json_array_append_new(ctx, item_json(bookmark));
    return 0;
}

static int on_visit(void *ctx, const struct hearth_visit *visit)
{
    json_array_append_new(ctx, json_pack("{s:I, s:i}", "date", (json_int_t)visit->date, "type", (int)visit->type));
    return json_array_size(ctx) >= VISITS_SHOWN;
}

int page_get(struct api_call *call)
{
    int64_t id;
    struct hearth_page page = {.struct_size = sizeof(page)};
    if (!str_to_int(call->request->argument, &id))
        return err_set(&call->err, HEARTH_ERR_NOT_FOUND, "no such page");
    int r = STORE(call->store, &call->err, page_get, call->account, id, &page);
    if (r < 0)
        return r;
    char text[24];
    const char *title = page.bookmark_title != NULL ? page.bookmark_title : page.title;
    json_t *bookmarks = json_array(), *visits = json_array();
    snprintf(text, sizeof(text), "%lld", (long long)page.id);
    json_t *value =
        json_pack("{s:s, s:s, s:o, s:I, s:I, s:o}", "id", text, "url", page.url, "title", api_text(title), "frecency",
                  (json_int_t)page.frecency, "visit_count", (json_int_t)page.visit_count, "last_visit", api_time(page.last_visit));
    r = STORE(call->store, &call->err, bookmarks_of_page, call->account, id, on_bookmark, bookmarks);
    if (r == 0)
        r = STORE(call->store, &call->err, page_visits, call->account, id, on_visit, visits);
    json_object_set_new(value, "bookmarks", bookmarks);
    json_object_set_new(value, "visits", visits);
    value = json_pack("{s:o}", "page", value);
    if (r < 0) {
        json_decref(value);
        return r;
    }
    return api_reply_json(call, value);
}
