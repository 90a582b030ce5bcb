/* Tags: of one record, and of a URL. Keywords are in label_keywords.c. */
#include "merge/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "codec/codec.h"
#include "merge/ahead.h"

struct label_tag {
    const char *text, *folded;
};

struct tag_list {
    struct label_tag *tags;
    size_t count, room;
    bool failed;
};

static bool labels_no_memory(struct tag_list *list)
{
    return !(list->failed = true);
}

static bool add_one_tag(struct tag_list *list, struct arena *arena, const char *text, size_t size)
{
    codec_trim(&text, &size);
    if (size == 0)
        return true;
    if (!ARRAY_MAKE_ROOM(list->tags, list->count, list->room))
        return labels_no_memory(list);
    char *folded = arena_alloc(arena, CODEC_FOLD_GROWTH * size + 1);
    const char *copy = arena_strndup(arena, text, size);
    if (folded == NULL || copy == NULL)
        return labels_no_memory(list);
    codec_fold(text, size, folded);
    list->tags[list->count++] = (struct label_tag){copy, folded};
    return true;
}

static bool add_said_tags(struct tag_list *list, struct arena *arena, const char *said)
{
    bool fine = true;
    while (fine && said != NULL && *said != '\0') {
        size_t size = strcspn(said, "\n,");
        fine = add_one_tag(list, arena, said, size);
        said += size + (said[size] != '\0');
    }
    return fine;
}

static int compare_tags(const void *a, const void *b)
{
    const struct label_tag *x = a, *y = b;
    int order = strcmp(x->folded, y->folded);
    return order != 0 ? order : strcmp(x->text, y->text);
}

/* Each once, in order; what is beyond `most` bytes is left out. */
static int join_tag_list(struct tag_list *list, struct arena *arena, size_t most,
                         const char **ret_tags)
{
    size_t size = 1, kept = 0;
    if (list->failed)
        return HEARTH_ERR_NOMEM;
    if (list->count > 1)
        qsort(list->tags, list->count, sizeof(*list->tags), compare_tags);
    for (size_t i = 0; i < list->count; i++) {
        size_t more = strlen(list->tags[i].text) + 1;
        if ((kept > 0 && strcmp(list->tags[kept - 1].text, list->tags[i].text) == 0) ||
            size + more > most)
            continue;
        list->tags[kept++] = list->tags[i];
        size += more;
    }
    char *joined = kept == 0 ? NULL : arena_alloc(arena, size), *at = joined;
    if (kept > 0 && joined == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < kept; i++) {
        if (i > 0)
            *at++ = '\n';
        at = stpcpy(at, list->tags[i].text);
    }
    *ret_tags = joined;
    return 0;
}

int merge_labels_tags(struct arena *arena, const char *said, const char **ret_tags)
{
    struct tag_list list = {.count = 0};
    add_said_tags(&list, arena, said);
    int r = join_tag_list(&list, arena, HEARTH_TEXT_MAX, ret_tags);
    free(list.tags);
    return r;
}

int merge_labels_rewrite(struct apply *apply, const char *guid, enum labels_text which,
                         const char *text, struct err *err)
{
    struct hearth_bookmark row = {.struct_size = sizeof(row)};
    int r = STORAGE(apply->storage, err, bookmark_get, apply->account, guid, &row);
    if (r == 0) {
        if (which == LABELS_TAGS)
            row.tags = text;
        else
            row.keyword = text;
        apply->changed = true;
        r = STORAGE(apply->storage, err, bookmark_put, &row);
    }
    plug_storage_reset(apply->storage);
    return r;
}

/* --- the bookmarks of a URL --- */

struct copy {
    int64_t source, modified;
    const char *guid, *said, *tags;
};

struct copies {
    struct arena *arena;
    struct copy *list;
    size_t count, room;
    bool failed;
};

static int labels_on_copy(void *ctx, const struct hearth_bookmark *row)
{
    struct copies *copies = ctx;
    if (!ARRAY_MAKE_ROOM(copies->list, copies->count, copies->room))
        return copies->failed = true;
    struct copy *copy = &copies->list[copies->count++];
    *copy = (struct copy){.source = row->source,
                          .modified = row->modified,
                          .guid = arena_strdup(copies->arena, row->guid),
                          .said = arena_strdup(copies->arena, row->said_tags),
                          .tags = arena_strdup(copies->arena, row->tags)};
    copies->failed = copy->guid == NULL || (copy->said == NULL && row->said_tags != NULL) ||
                     (copy->tags == NULL && row->tags != NULL);
    return copies->failed;
}

static int compare_copies(const void *a, const void *b)
{
    const struct copy *x = a, *y = b;
    return x->source < y->source ? -1 : x->source > y->source;
}

/* Those of one source. */
static int label_copies(struct apply *apply, const struct copy *copies, size_t count,
                        bool *ret_changed, struct err *err)
{
    struct tag_list list = {.count = 0};
    const char *tags = NULL;
    int64_t newest = copies[0].modified;
    /* each copy is stored with the tags of all */
    size_t most = LABELS_BYTES / count > LABELS_LEAST ? LABELS_BYTES / count : LABELS_LEAST;
    for (size_t i = 1; i < count; i++)
        newest = copies[i].modified > newest ? copies[i].modified : newest;
    for (size_t i = 0; i < count; i++)
        if (copies[i].modified >= newest - LABELS_SPAN)
            add_said_tags(&list, &apply->arena, copies[i].said);
    int r = join_tag_list(&list, &apply->arena, most, &tags);
    free(list.tags);
    if (r < 0)
        return err_set(err, r, "out of memory");
    for (size_t i = 0; r == 0 && i < count; i++) {
        if (str_equal(copies[i].tags, tags))
            continue;
        *ret_changed = true;
        r = merge_labels_rewrite(apply, copies[i].guid, LABELS_TAGS, tags, err);
    }
    return r;
}

int merge_labels_apply_tags(struct apply *apply, int64_t page, bool *ret_changed, struct err *err)
{
    struct copies copies = {.arena = &apply->arena};
    bool changed = false;
    const struct ahead_page *known = merge_ahead_find(apply->ahead, page);
    int r = 0;
    if (known == NULL)
        r = STORAGE(apply->storage, err, bookmarks_of_page, apply->account, page, labels_on_copy,
                    &copies);
    else
        for (const struct ahead_bookmark *at = known->bookmarks; at != NULL; at = at->next)
            if (labels_on_copy(&copies, &at->bookmark) != 0)
                break;
    plug_storage_reset(apply->storage);
    if (r == 0 && copies.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && copies.count > 1)
        qsort(copies.list, copies.count, sizeof(*copies.list), compare_copies);
    for (size_t i = 0, n; r == 0 && i < copies.count; i += n) {
        for (n = 1; i + n < copies.count && copies.list[i + n].source == copies.list[i].source;)
            n++;
        r = label_copies(apply, &copies.list[i], n, &changed, err);
    }
    free(copies.list);
    if (r == 0)
        *ret_changed = changed;
    return r;
}
