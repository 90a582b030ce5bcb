/* Bookmarks: a folder in the user's own order, or flat lists; and tags. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "api/words.h"

enum { PATH_MAX_DEPTH = 64, SCANNED_MAX = 200000 };

struct listing {
    struct api_call *call;
    struct words words;
    size_t limit, count, scanned;
    int64_t after; /* where the next page goes on */
    char after_guid[API_ID_MAX * 4 + 1];
    bool more;
};

static int on_item(void *ctx, const struct hearth_bookmark *b)
{
    struct listing *listing = ctx;
    if (listing->count == listing->limit || listing->scanned++ == SCANNED_MAX) {
        listing->more = true;
        return 1;
    }
    if (words_match(&listing->words, b->title, b->url, b->tags)) {
        api_list_add(listing->call, item_json(b));
        listing->count++;
    }
    listing->after = b->position;
    return 0;
}

static int on_flat(void *ctx, const struct hearth_bookmark *b)
{
    struct listing *listing = ctx;
    int stop = on_item(ctx, b);
    if (stop == 0) {
        listing->after = b->added;
        snprintf(listing->after_guid, sizeof(listing->after_guid), "%s", b->guid);
    }
    return stop;
}

/* {"id","title","path"} of the folder; NOT_FOUND when it is none. */
static int folder_json(struct api_call *call, const char *guid, json_t **ret)
{
    struct hearth_bookmark folder = {.struct_size = sizeof(folder)};
    int r = STORE(call->store, &call->err, bookmark_get, call->account, guid, &folder);
    if (r == HEARTH_ERR_NOT_FOUND && strcmp(guid, "places") == 0) { /* nothing has been synced yet */
        *ret = json_pack("{s:s, s:s, s:[]}", "id", "places", "title", "", "path");
        return 0;
    }
    if (r == 0 && folder.kind != HEARTH_FOLDER)
        r = err_set(&call->err, HEARTH_ERR_NOT_FOUND, "not a folder");
    if (r < 0)
        return r;
    json_t *path = json_array();
    const char *root = item_root_title(guid), *parent = folder.parent;
    for (int depth = 0; parent != NULL && strcmp(parent, "places") != 0 && depth < PATH_MAX_DEPTH; depth++) {
        struct hearth_bookmark up = {.struct_size = sizeof(up)};
        r = STORE(call->store, &call->err, bookmark_get, call->account, parent, &up);
        if (r < 0)
            break;
        const char *title = item_root_title(up.guid);
        json_array_insert_new(path, 0, json_pack("{s:s, s:o}", "id", up.guid, "title", api_text(title != NULL ? title : up.title)));
        parent = up.parent;
    }
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        json_decref(path);
        return r;
    }
    *ret = json_pack("{s:s, s:o, s:o}", "id", guid, "title", api_text(root != NULL ? root : folder.title), "path", path);
    return 0;
}

static int list_folder(struct api_call *call, const char *guid, struct listing *listing)
{
    bool given;
    int64_t position = -1;
    if (!api_cursor(call, 'p', &position, 1, NULL, &given))
        return 0;
    json_t *folder;
    int r = folder_json(call, guid, &folder);
    if (r < 0)
        return r;
    char *head = json_dumps(folder, JSON_COMPACT);
    json_decref(folder);
    api_list_begin(call, "{\"folder\":");
    if (head == NULL)
        call->reply->body.failed = true;
    else
        buf_add_text(&call->reply->body, head);
    free(head);
    buf_add_text(&call->reply->body, ",\"items\":[");
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .order = HEARTH_BY_POSITION, .parent = guid, .after = position};
    r = STORE(call->store, &call->err, bookmark_list, call->account, &query, on_item, listing);
    api_list_end(call, listing->more ? api_make_cursor(call, 'p', &listing->after, 1, NULL) : NULL);
    return r;
}

static int list_flat(struct api_call *call, const char *tag, struct listing *listing)
{
    bool given;
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .order = tag == NULL ? HEARTH_BY_ADDED : HEARTH_BY_TAG, .tag = tag};
    if (!api_cursor(call, 'a', &query.after, 1, &query.after_guid, &given))
        return 0;
    api_list_begin(call, "{\"items\":[");
    int r = STORE(call->store, &call->err, bookmark_list, call->account, &query, on_flat, listing);
    api_list_end(call, listing->more ? api_make_cursor(call, 'a', &listing->after, 1, listing->after_guid) : NULL);
    return r;
}

int bookmarks_get(struct api_call *call)
{
    struct listing listing = {.call = call};
    const char *folder, *tag, *q, *sort;
    if (!api_limit(call, &listing.limit) || !api_text_parameter(call, "folder", &folder) || !api_text_parameter(call, "tag", &tag) ||
        !api_text_parameter(call, "q", &q) || !api_text_parameter(call, "sort", &sort))
        return 0;
    if (sort != NULL && strcmp(sort, "added") != 0)
        return api_problem(call, 400, "bad_request", "The parameter sort can only be \"added\".");
    int r = words_init(&listing.words, q, &call->request->arena, &call->err);
    if (r < 0)
        return r;
    if (folder != NULL || (tag == NULL && q == NULL && sort == NULL))
        return list_folder(call, folder == NULL ? "places" : folder, &listing);
    return list_flat(call, tag, &listing);
}

int bookmark_get(struct api_call *call)
{
    struct hearth_bookmark b = {.struct_size = sizeof(b)};
    int r = STORE(call->store, &call->err, bookmark_get, call->account, call->request->argument, &b);
    return r < 0 ? r : api_reply_json(call, json_pack("{s:o}", "item", item_json(&b)));
}

static int on_tag(void *ctx, const char *tag, int64_t count)
{
    api_list_add(ctx, json_pack("{s:s, s:I}", "name", tag, "count", (json_int_t)count));
    return 0;
}

int tags_get(struct api_call *call)
{
    api_list_begin(call, "{\"tags\":[");
    int r = STORE(call->store, &call->err, tag_list, call->account, on_tag, call);
    api_list_close(call, "]}");
    return r;
}
