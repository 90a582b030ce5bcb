#include "merge/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "merge/records.h"

struct kept_bookmark {
    bool known;
    struct hearth_bookmark row; /* texts in the arena */
    const char **children;
    size_t child_count, child_room;
};

static int kept_compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int kept_no_memory(struct err *err)
{
    return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

static bool kept_add(struct kept *kept, const char *id)
{
    if (!ARRAY_MAKE_ROOM(kept->ids, kept->count, kept->room))
        return false;
    kept->ids[kept->count] = arena_strdup(&kept->arena, id);
    return kept->ids[kept->count++] != NULL;
}

static void kept_sort(struct kept *kept)
{
    size_t count = 0;
    if (kept->count > 1)
        qsort(kept->ids, kept->count, sizeof(*kept->ids), kept_compare_ids);
    for (size_t i = 0; i < kept->count; i++)
        if (count == 0 || strcmp(kept->ids[count - 1], kept->ids[i]) != 0)
            kept->ids[count++] = kept->ids[i];
    kept->count = count;
}

int merge_kept_init(struct kept *ret_kept, struct spool *spool, struct err *err)
{
    int kind, more;
    *ret_kept = (struct kept){0};
    arena_init(&ret_kept->arena, 0);
    merge_spool_rewind(spool);
    while ((more = merge_spool_next(spool, &kind, err)) > 0)
        if (kind == RECORD_KEPT && !kept_add(ret_kept, merge_records_get_kept(spool))) {
            ret_kept->count = 0; /* the last of them may be NULL */
            return kept_no_memory(err);
        }
    kept_sort(ret_kept);
    return more;
}

void merge_kept_fini(struct kept *kept)
{
    for (size_t i = 0; kept->bookmarks != NULL && i < kept->count; i++)
        free(kept->bookmarks[i].children);
    free(kept->bookmarks);
    free(kept->ids);
    arena_fini(&kept->arena);
    *kept = (struct kept){0};
}

static size_t kept_find(const struct kept *kept, const char *id)
{
    const char **at = kept->count == 0 ? NULL
                                       : bsearch(&id, kept->ids, kept->count, sizeof(*kept->ids),
                                                 kept_compare_ids);
    return at == NULL ? SIZE_MAX : (size_t)(at - kept->ids);
}

bool merge_kept_has(const struct kept *kept, const char *id)
{
    return kept_find(kept, id) != SIZE_MAX;
}

/* false: no memory. */
static bool copy_text(struct arena *arena, const char **text)
{
    return *text == NULL || (*text = arena_strdup(arena, *text)) != NULL;
}

static bool kept_copy_row(struct arena *arena, struct hearth_bookmark *row)
{
    row->parent = NULL; /* the repair of the tree says where it goes */
    return copy_text(arena, &row->guid) && copy_text(arena, &row->said_parent) &&
           copy_text(arena, &row->title) && copy_text(arena, &row->url) &&
           copy_text(arena, &row->keyword) && copy_text(arena, &row->tag_query) &&
           copy_text(arena, &row->tags) && copy_text(arena, &row->said_tags) &&
           copy_text(arena, &row->said_keyword);
}

struct loading_children {
    struct kept *kept;
    bool failed;
};

static int on_kept_child(void *ctx, int64_t source, const char *folder, int64_t position,
                         const char *child)
{
    struct loading_children *loading = ctx;
    (void)source;
    (void)position; /* they come in its order */
    size_t at = kept_find(loading->kept, folder);
    if (at == SIZE_MAX)
        return 0;
    struct kept_bookmark *b = &loading->kept->bookmarks[at];
    if (!ARRAY_MAKE_ROOM(b->children, b->child_count, b->child_room))
        return loading->failed = true;
    const char *copy = arena_strdup(&loading->kept->arena, child);
    if (copy == NULL)
        return loading->failed = true;
    b->children[b->child_count++] = copy;
    return 0;
}

int merge_kept_load_bookmarks(struct kept *kept, struct apply *apply, struct err *err)
{
    bool folders = false;
    if (kept->count == 0)
        return 0;
    kept->bookmarks = calloc(kept->count, sizeof(*kept->bookmarks));
    if (kept->bookmarks == NULL)
        return kept_no_memory(err);
    for (size_t i = 0; i < kept->count; i++) {
        struct kept_bookmark *b = &kept->bookmarks[i];
        struct err why = {0};
        b->row = (struct hearth_bookmark){.struct_size = sizeof(b->row)};
        int r = STORAGE(apply->storage, &why, bookmark_get, apply->account, kept->ids[i], &b->row);
        b->known = r == 0;
        folders = folders || (r == 0 && b->row.kind == HEARTH_FOLDER);
        if (r == 0 && !kept_copy_row(&kept->arena, &b->row))
            r = kept_no_memory(&why);
        plug_storage_reset(apply->storage);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
            *err = why;
            return r;
        }
    }
    struct loading_children loading = {.kept = kept};
    int r = folders ? STORAGE(apply->storage, err, bookmark_children, apply->account, on_kept_child,
                              &loading)
                    : 0;
    plug_storage_reset(apply->storage);
    return r == 0 && loading.failed ? kept_no_memory(err) : r;
}

int merge_kept_put_bookmarks(struct kept *kept, struct apply *apply, struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && kept->bookmarks != NULL && i < kept->count; i++) {
        const struct kept_bookmark *b = &kept->bookmarks[i];
        if (!b->known)
            continue;
        r = STORAGE(apply->storage, err, bookmark_put, &b->row);
        if (r == 0 && b->row.kind == HEARTH_FOLDER)
            r = STORAGE(apply->storage, err, bookmark_children_put, b->row.source, b->row.guid,
                        b->children, b->child_count);
        plug_storage_reset(apply->storage);
    }
    return r;
}
