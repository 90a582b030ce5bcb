/* Bookmarks: a folder in the user's own order, or flat lists; and tags. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "search/bookmarks.h"
#include "search/text_filter.h"

struct listing {
    struct api_call *call;
    struct text_filter words;
    size_t limit, count;
    int64_t after; /* where the next page goes on */
    char after_guid[API_ID_MAX * 4 + 1];
    bool more;
};

static int on_item(void *ctx, const struct hearth_bookmark *b)
{
    struct listing *listing = ctx;
    if (listing->count == listing->limit) {
        listing->more = true;
        return 1;
    }
    api_list_add(listing->call, api_item_json(b));
    listing->count++;
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

/* --- filtered: found in memory, and read from the storage are the rows that are shown --- */

struct shown {
    const char **guids; /* of the rows, in their order */
    int64_t *pages;     /* likewise; 0: none */
    json_t **rows;
    size_t count;
};

static int bookmarks_on_shown(void *ctx, const struct hearth_bookmark *b)
{
    struct shown *shown = ctx;
    for (size_t i = 0; i < shown->count; i++)
        if (shown->rows[i] == NULL && shown->pages[i] == b->page &&
            strcmp(shown->guids[i], b->guid) == 0)
            shown->rows[i] = api_item_json(b);
    return 0;
}

/* Those without a page, which are few, one by one. */
static int read_lone(struct api_call *call, struct shown *shown, size_t i)
{
    struct hearth_bookmark b = {.struct_size = sizeof(b)};
    struct err why = {0};
    int r = STORAGE(call->storage, &why, bookmark_get, call->account, shown->guids[i], &b);
    if (r == 0)
        shown->rows[i] = api_item_json(&b);
    else if (r != HEARTH_ERR_NOT_FOUND)
        call->err = why;
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

static int bookmarks_read_shown(struct api_call *call, struct shown *shown, struct arena *arena)
{
    int64_t *ids = arena_alloc(arena, (shown->count + 1) * sizeof(*ids));
    size_t count = 0;
    int r = ids == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory") : 0;
    for (size_t i = 0; r == 0 && i < shown->count; i++) {
        size_t k = 0;
        while (k < count && ids[k] != shown->pages[i])
            k++;
        if (k == count && shown->pages[i] != 0)
            ids[count++] = shown->pages[i];
        else if (shown->pages[i] == 0)
            r = read_lone(call, shown, i);
    }
    return r == 0 && count > 0
               ? plug_storage_bookmarks_of_pages(call->storage, call->account, ids, count,
                                                 bookmarks_on_shown, shown, &call->err)
               : r;
}

/* Copies what was found out of the index, and where the next page goes on. */
static int bookmarks_find_shown(struct listing *listing, const struct bookmarks *bookmarks,
                                const struct bookmarks_query *query, struct shown *shown)
{
    struct arena *arena = &listing->call->request->arena;
    struct bookmarks_found found;
    if (search_bookmarks_find(bookmarks, query, arena, &found) < 0)
        return HEARTH_ERR_NOMEM;
    *shown = (struct shown){.guids = arena_alloc(arena, (found.count + 1) * sizeof(*shown->guids)),
                            .pages = arena_alloc(arena, (found.count + 1) * sizeof(*shown->pages)),
                            .rows = arena_alloc(arena, (found.count + 1) * sizeof(*shown->rows)),
                            .count = found.count};
    if (shown->guids == NULL || shown->pages == NULL || shown->rows == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < found.count; i++) {
        const struct bookmarks_row *row = &bookmarks->rows[found.numbers[i]];
        shown->guids[i] = arena_strdup(arena, bookmarks_guid(bookmarks, found.numbers[i]));
        shown->pages[i] = row->page;
        if (shown->guids[i] == NULL)
            return HEARTH_ERR_NOMEM;
        listing->after = query->folder != NULL ? row->position : row->added;
        snprintf(listing->after_guid, sizeof(listing->after_guid), "%s", shown->guids[i]);
    }
    listing->more = found.more;
    return 0;
}

/* The rows of a list that is filtered, into the reply. */
static int bookmarks_list_filtered(struct listing *listing, struct bookmarks_query *query)
{
    struct api_call *call = listing->call;
    struct index *index;
    struct shown shown;
    query->words = &listing->words;
    query->limit = listing->limit;
    int r = api_index(call, SEARCH_INDEX_BOOKMARKS, &index);
    if (r < 0)
        return r;
    r = bookmarks_find_shown(listing, bookmarks_of(index), query, &shown);
    search_index_done(call->api->options.search, index);
    if (r < 0)
        return err_set(&call->err, r, "out of memory");
    r = bookmarks_read_shown(call, &shown, &call->request->arena);
    for (size_t i = 0; i < shown.count; i++) {
        if (r == 0 && shown.rows[i] != NULL) /* NULL: it went since */
            api_list_add(call, shown.rows[i]);
        else
            json_decref(shown.rows[i]);
    }
    return r;
}

/* --- lists --- */

struct folder_path {
    int32_t kind;            /* of the folder itself; 0: it is not there */
    json_t *title, *folders; /* those that it is in, the outermost first */
};

static int bookmarks_on_path(void *ctx, const struct hearth_bookmark *b)
{
    struct folder_path *path = ctx;
    const char *root = api_item_root_title(b->guid);
    json_t *title = api_text(root != NULL ? root : b->title);
    if (path->kind == 0) {
        path->kind = b->kind;
        path->title = title;
    } else {
        json_array_insert_new(path->folders, 0,
                              json_pack("{s:s, s:o}", "id", b->guid, "title", title));
    }
    return b->parent == NULL || strcmp(b->parent, "places") == 0;
}

/* {"id","title","path"} of the folder; NOT_FOUND when it is none. */
static int folder_json(struct api_call *call, const char *guid, json_t **ret)
{
    struct folder_path path = {.folders = json_array()};
    int r = plug_storage_bookmark_path(call->storage, call->account, guid, bookmarks_on_path, &path,
                                       &call->err);
    /* nothing has been synced yet */
    bool empty = path.kind == 0 && strcmp(guid, "places") == 0;
    if (r == 0 && !empty && path.kind != HEARTH_FOLDER)
        r = err_set(&call->err, HEARTH_ERR_NOT_FOUND, "not a folder");
    if (r < 0) {
        json_decref(path.folders);
        json_decref(path.title);
        return r;
    }
    *ret = json_pack("{s:s, s:o, s:o}", "id", guid, "title", empty ? json_string("") : path.title,
                     "path", path.folders);
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
    struct hearth_bookmark_query query = {.struct_size = sizeof(query),
                                          .order = HEARTH_BY_POSITION,
                                          .parent = guid,
                                          .after = position,
                                          .rows = (int64_t)listing->limit + 1};
    r = search_text_filter_is_empty(&listing->words)
            ? STORAGE(call->storage, &call->err, bookmark_list, call->account, &query, on_item,
                      listing)
            : bookmarks_list_filtered(listing,
                                      &(struct bookmarks_query){.folder = guid, .after = position});
    api_list_end(call, listing->more ? api_make_cursor(call, 'p', &listing->after, 1, NULL) : NULL);
    return r;
}

static int list_flat(struct api_call *call, const char *tag, struct listing *listing)
{
    bool given;
    struct hearth_bookmark_query query = {.struct_size = sizeof(query),
                                          .order = tag == NULL ? HEARTH_BY_ADDED : HEARTH_BY_TAG,
                                          .tag = tag,
                                          .rows = (int64_t)listing->limit + 1};
    if (!api_cursor(call, 'a', &query.after, 1, &query.after_guid, &given))
        return 0;
    api_list_begin(call, "{\"items\":[");
    int r =
        search_text_filter_is_empty(&listing->words)
            ? STORAGE(call->storage, &call->err, bookmark_list, call->account, &query, on_flat,
                      listing)
            : bookmarks_list_filtered(
                  listing, &(struct bookmarks_query){
                               .tag = tag, .after = query.after, .after_guid = query.after_guid});
    api_list_end(call, listing->more
                           ? api_make_cursor(call, 'a', &listing->after, 1, listing->after_guid)
                           : NULL);
    return r;
}

/* A folder and the first of its items, or the first of a list. */
static void ask_for_list(struct api_call *call, const char *folder, const char *tag, size_t limit)
{
    bool given;
    struct hearth_bookmark_query query = {.struct_size = sizeof(query),
                                          .order = folder != NULL ? HEARTH_BY_POSITION
                                                   : tag == NULL  ? HEARTH_BY_ADDED
                                                                  : HEARTH_BY_TAG,
                                          .parent = folder,
                                          .tag = tag,
                                          .after = folder != NULL ? -1 : 0,
                                          .rows = (int64_t)limit + 1};
    if (!api_cursor(call, folder != NULL ? 'p' : 'a', &query.after, 1,
                    folder != NULL ? NULL : &query.after_guid, &given))
        return;
    if (folder != NULL)
        plug_storage_ask_bookmark_path(call->storage, call->account, folder);
    STORAGE_ASK(call->storage, bookmark_list, call->account, &query, on_item, NULL);
}

/* What is found in memory is not known yet. */
void api_bookmarks_ask(struct api_call *call)
{
    const char *folder, *tag, *q, *sort;
    size_t limit;
    if (!api_limit(call, &limit) || !api_text_parameter(call, "folder", &folder) ||
        !api_text_parameter(call, "tag", &tag) || !api_text_parameter(call, "q", &q) ||
        !api_text_parameter(call, "sort", &sort) || q != NULL)
        return;
    bool root = folder == NULL && tag == NULL && sort == NULL;
    ask_for_list(call, root ? "places" : folder, tag, limit);
}

int api_bookmarks_get(struct api_call *call)
{
    struct listing listing = {.call = call};
    const char *folder, *tag, *q, *sort;
    if (!api_limit(call, &listing.limit) || !api_text_parameter(call, "folder", &folder) ||
        !api_text_parameter(call, "tag", &tag) || !api_text_parameter(call, "q", &q) ||
        !api_text_parameter(call, "sort", &sort))
        return 0;
    if (sort != NULL && strcmp(sort, "added") != 0)
        return api_problem(call, 400, api_says_parameter_sort());
    int r = search_text_filter_init(&listing.words, q, &call->request->arena, &call->err);
    if (r < 0)
        return r;
    if (folder != NULL || (tag == NULL && q == NULL && sort == NULL))
        return list_folder(call, folder == NULL ? "places" : folder, &listing);
    return list_flat(call, tag, &listing);
}

int api_bookmark_get(struct api_call *call)
{
    struct hearth_bookmark b = {.struct_size = sizeof(b)};
    int r = STORAGE(call->storage, &call->err, bookmark_get, call->account, call->request->argument,
                    &b);
    if (r == 0 && b.kind == HEARTH_NOT_SHOWN)
        r = err_set(&call->err, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    return r < 0 ? r : api_reply_json(call, json_pack("{s:o}", "item", api_item_json(&b)));
}

enum { TAGS_MOST = 10000 };

struct tags {
    struct api_call *call;
    int count;
};

static int tags_on_tag(void *ctx, const char *tag, int64_t count)
{
    struct tags *tags = ctx;
    api_list_add(tags->call, json_pack("{s:s, s:I}", "name", tag, "count", (json_int_t)count));
    return ++tags->count == TAGS_MOST;
}

int api_tags_get(struct api_call *call)
{
    api_list_begin(call, "{\"tags\":[");
    struct tags tags = {call, 0};
    int r = STORAGE(call->storage, &call->err, tag_list, call->account, tags_on_tag, &tags);
    api_list_close(call, "]}");
    return r;
}
