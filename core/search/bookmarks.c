/* Reading bookmarks into memory, and bringing them up to date. */
#include "search/bookmarks.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "codec/codec.h"
#include "search/fold.h"
#include "search/keyword.h"
#include "search/text_filter.h"

/* rows read one by one in an update; with more, loading anew is as fast */
enum { WANTED_MAX = 2000 };

/* A row that is being collected; texts are offsets into the buffers of struct bookmarks_loading. */
struct collected {
    struct bookmarks_row row;
    uint32_t text, text_size, parent; /* parent: its guid in parents; BOOKMARKS_NONE */
};

struct bookmarks_loading {
    const struct bookmarks *old; /* NULL: from the beginning */
    struct collected *items;
    uint32_t count, room;
    struct buf text, names, parents;
    struct buf wanted; /* guids of rows to be read one by one, each ended by \0 */
    uint32_t wanted_count;
    int64_t *changed; /* pages with bookmarks, ascending */
    uint32_t changed_count;
    char *cursor;
    int result;
};

static void bookmarks_destroy(struct index *index)
{
    struct bookmarks *bookmarks = (struct bookmarks *)(void *)index;
    free(bookmarks->rows);
    free(bookmarks->offsets);
    free(bookmarks->places);
    free(bookmarks->keyed);
    index_table_fini(&bookmarks->table);
    free(bookmarks->text);
    free(bookmarks->names);
    free(bookmarks->cursor);
    free(bookmarks);
}

/* --- collecting --- */

static struct collected *new_item(struct bookmarks_loading *loading)
{
    if (loading->count == loading->room) {
        uint32_t room = loading->room == 0 ? 256 : loading->room * 2;
        struct collected *items = realloc(loading->items, room * sizeof(*items));
        if (items == NULL)
            return NULL;
        loading->items = items;
        loading->room = room;
    }
    return &loading->items[loading->count++];
}

static uint32_t buf_add_terminated(struct buf *buf, const char *text)
{
    uint32_t at = (uint32_t)buf->size;
    buf_add(buf, text, strlen(text) + 1);
    return at;
}

static int bookmarks_check_buffers(struct bookmarks_loading *loading)
{
    bool failed = buf_failed(&loading->names) || buf_failed(&loading->parents) ||
                  buf_failed(&loading->text) || buf_failed(&loading->wanted);
    if (failed || loading->names.size > UINT32_MAX / 2 || loading->text.size > UINT32_MAX / 2)
        loading->result = HEARTH_ERR_NOMEM;
    return loading->result;
}

static void bookmarks_add_tags(struct bookmarks_loading *loading, const char *tags)
{
    size_t size = tags == NULL ? 0 : strlen(tags);
    char *lower = size == 0 ? NULL : malloc(FOLD_ROOM(size));
    if (size > 0 && lower == NULL)
        loading->result = HEARTH_ERR_NOMEM;
    if (lower != NULL) {
        buf_add(&loading->names, lower, codec_fold(tags, size, lower));
        buf_add(&loading->names, "\n", 1);
    }
    buf_add(&loading->names, "", 1);
    free(lower);
}

static void bookmarks_add_keyword(struct bookmarks_loading *loading, const char *keyword)
{
    char *folded = NULL;
    if (keyword != NULL && search_keyword_fold(keyword, strlen(keyword), &folded) < 0)
        loading->result = HEARTH_ERR_NOMEM;
    buf_add_terminated(&loading->names, folded == NULL ? "" : folded);
    free(folded);
}

static int bookmarks_add_row(struct bookmarks_loading *loading, const struct hearth_bookmark *b)
{
    char folded[TEXT_FILTER_ROOM];
    struct collected *item = new_item(loading);
    if (item == NULL)
        return loading->result = HEARTH_ERR_NOMEM;
    *item = (struct collected){
        .row = {.added = b->added,
                .position = b->position,
                .modified = b->modified,
                .page = b->page,
                .kind = b->kind,
                .name = buf_add_terminated(&loading->names, b->guid)},
        .text = (uint32_t)loading->text.size,
        .text_size = (uint32_t)search_text_filter_fold(b->title, b->url, b->tags, folded)};
    bookmarks_add_tags(loading, b->tags);
    bookmarks_add_keyword(loading, b->keyword);
    item->parent =
        b->parent == NULL ? BOOKMARKS_NONE : buf_add_terminated(&loading->parents, b->parent);
    buf_add(&loading->text, folded, item->text_size);
    return bookmarks_check_buffers(loading);
}

static int bookmarks_on_row(void *ctx, const struct hearth_bookmark *bookmark)
{
    return bookmarks_add_row(ctx, bookmark);
}

/* A row whose record is still the same: only its place may be another. */
static int bookmarks_copy_row(struct bookmarks_loading *loading, uint32_t number,
                              const struct hearth_bookmark_item *from)
{
    const struct bookmarks *old = loading->old;
    struct collected *item = new_item(loading);
    if (item == NULL)
        return loading->result = HEARTH_ERR_NOMEM;
    const char *name = bookmarks_guid(old, number), *tags = name + strlen(name) + 1;
    *item = (struct collected){.row = old->rows[number],
                               .text = (uint32_t)loading->text.size,
                               .text_size = old->offsets[number + 1] - old->offsets[number]};
    item->row.position = from->position;
    item->row.name = buf_add_terminated(&loading->names, name);
    buf_add_terminated(&loading->names, tags);
    buf_add_terminated(&loading->names, tags + strlen(tags) + 1);
    item->parent =
        from->parent == NULL ? BOOKMARKS_NONE : buf_add_terminated(&loading->parents, from->parent);
    buf_add(&loading->text, old->text + old->offsets[number], item->text_size);
    return bookmarks_check_buffers(loading);
}

static int compare_pages(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Tags and keywords are those of the page: they change with another bookmark of it. */
static bool page_has_changed(const struct bookmarks_loading *loading, int64_t page)
{
    return loading->changed_count > 0 && bsearch(&page, loading->changed, loading->changed_count,
                                                 sizeof(page), compare_pages) != NULL;
}

/* A record that was uploaded again has another `modified`; one that was read again from the same
 * record has not, and says the same, if its page did not change. */
static int bookmarks_on_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct bookmarks_loading *loading = ctx;
    if (item->kind == HEARTH_NOT_SHOWN)
        return 0;
    if (loading->old == NULL && bookmarks_is_item(item->kind))
        return 0; /* was listed */
    uint32_t number =
        loading->old == NULL ? BOOKMARKS_NONE : search_bookmarks_number(loading->old, item->guid);
    const struct bookmarks_row *row = number == BOOKMARKS_NONE ? NULL : &loading->old->rows[number];
    if (row != NULL && row->kind == item->kind && row->modified == item->modified &&
        row->added == item->added && !page_has_changed(loading, row->page))
        return bookmarks_copy_row(loading, number, item);
    buf_add(&loading->wanted, item->guid, strlen(item->guid) + 1);
    if (++loading->wanted_count > WANTED_MAX && loading->old != NULL)
        loading->result = HEARTH_ERR_FULL;
    return bookmarks_check_buffers(loading);
}

static int bookmarks_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    struct bookmarks_loading *loading = ctx;
    (void)source; /* those of all sources, by their numbers */
    if (collection != HEARTH_BOOKMARKS || text == NULL)
        return 0;
    char *cursors = NULL;
    if (asprintf(&cursors, "%s%s\n", loading->cursor == NULL ? "" : loading->cursor, text) < 0)
        return loading->result = HEARTH_ERR_NOMEM;
    free(loading->cursor);
    loading->cursor = cursors;
    return 0;
}

static int read_wanted(struct bookmarks_loading *loading, const struct search_source *source,
                       struct err *err)
{
    const char *guid = loading->wanted.data;
    int r = 0;
    /* that it went meanwhile is fine: the next update sees it */
    for (uint32_t i = 0; r == 0 && i < loading->wanted_count; i++, guid += strlen(guid) + 1)
        r = source->bookmark(source->ctx, guid, bookmarks_on_row, loading, err);
    return r;
}

/* --- the version --- */

static bool guid_is(const void *bookmarks, uint32_t number, const void *guid)
{
    return strcmp(bookmarks_guid(bookmarks, number), guid) == 0;
}

static uint32_t *bookmarks_table_slot(const struct bookmarks *bookmarks, const char *guid)
{
    return index_table_slot(&bookmarks->table, hash_text(guid), guid_is, bookmarks, guid);
}

uint32_t search_bookmarks_number(const struct bookmarks *bookmarks, const char *guid)
{
    uint32_t found = *bookmarks_table_slot(bookmarks, guid);
    return found == 0 ? BOOKMARKS_NONE : found - 1;
}

static int bookmarks_newest_first(const void *a, const void *b, void *names)
{
    const struct bookmarks_row *x = &((const struct collected *)a)->row,
                               *y = &((const struct collected *)b)->row;
    if (x->added != y->added)
        return x->added > y->added ? -1 : 1;
    return strcmp((const char *)names + y->name, (const char *)names + x->name);
}

static int by_place(const void *a, const void *b, void *ctx)
{
    const struct bookmarks *bookmarks = ctx;
    uint32_t m = *(const uint32_t *)a, n = *(const uint32_t *)b;
    const struct bookmarks_row *x = &bookmarks->rows[m], *y = &bookmarks->rows[n];
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return strcmp(bookmarks_guid(bookmarks, m), bookmarks_guid(bookmarks, n));
}

static int by_keyword(const void *a, const void *b, void *ctx)
{
    uint32_t m = *(const uint32_t *)a, n = *(const uint32_t *)b;
    int order = strcmp(bookmarks_keyword(ctx, m), bookmarks_keyword(ctx, n));
    return order != 0 ? order : m < n ? -1 : m > n;
}

static bool collect_keyed(struct bookmarks *bookmarks)
{
    for (uint32_t i = 0; i < bookmarks->count; i++)
        bookmarks->keyed_count += bookmarks_keyword(bookmarks, i)[0] != '\0';
    bookmarks->keyed = malloc((bookmarks->keyed_count + 1) * sizeof(*bookmarks->keyed));
    if (bookmarks->keyed == NULL)
        return false;
    uint32_t count = 0;
    for (uint32_t i = 0; count < bookmarks->keyed_count; i++)
        if (bookmarks_keyword(bookmarks, i)[0] != '\0')
            bookmarks->keyed[count++] = i;
    qsort_r(bookmarks->keyed, count, sizeof(*bookmarks->keyed), by_keyword, bookmarks);
    bookmarks->index.bytes += count * sizeof(*bookmarks->keyed);
    return true;
}

static struct bookmarks *bookmarks_allocate(const struct bookmarks_loading *loading)
{
    struct bookmarks *bookmarks = calloc(1, sizeof(*bookmarks));
    if (bookmarks == NULL)
        return NULL;
    atomic_init(&bookmarks->index.references, 1);
    bookmarks->index.destroy = bookmarks_destroy;
    uint32_t count = bookmarks->count = loading->count;
    bool has_table = index_table_init(&bookmarks->table, count);
    bookmarks->rows = malloc((count + 1) * sizeof(*bookmarks->rows));
    bookmarks->offsets = malloc((count + 1) * sizeof(*bookmarks->offsets));
    bookmarks->places = malloc((count + 1) * sizeof(*bookmarks->places));
    bookmarks->text = calloc(1, loading->text.size + NEEDLE_PADDING);
    bookmarks->names = malloc(loading->names.size + 1);
    bookmarks->index.bytes = sizeof(*bookmarks) + count * (sizeof(*bookmarks->rows) + 8) +
                             bookmarks->table.room * sizeof(uint32_t) + loading->text.size +
                             loading->names.size;
    if (bookmarks->rows == NULL || bookmarks->offsets == NULL || bookmarks->places == NULL ||
        !has_table || bookmarks->text == NULL || bookmarks->names == NULL) {
        index_unref(&bookmarks->index);
        return NULL;
    }
    return bookmarks;
}

static struct bookmarks *bookmarks_make_version(struct bookmarks_loading *loading)
{
    struct bookmarks *bookmarks = bookmarks_allocate(loading);
    if (bookmarks == NULL)
        return NULL;
    if (loading->count > 0)
        qsort_r(loading->items, loading->count, sizeof(*loading->items), bookmarks_newest_first,
                loading->names.data);
    if (loading->names.size > 0)
        memcpy(bookmarks->names, loading->names.data, loading->names.size);
    uint32_t at = 0;
    for (uint32_t i = 0; i < loading->count; i++) {
        const struct collected *item = &loading->items[i];
        bookmarks->rows[i] = item->row;
        bookmarks->offsets[i] = at;
        memcpy(bookmarks->text + at, loading->text.data + item->text, item->text_size);
        at += item->text_size;
        *bookmarks_table_slot(bookmarks, bookmarks_guid(bookmarks, i)) = i + 1;
    }
    bookmarks->offsets[loading->count] = at;
    for (uint32_t i = 0; i < loading->count; i++) {
        uint32_t parent = loading->items[i].parent;
        bookmarks->rows[i].parent =
            parent == BOOKMARKS_NONE
                ? parent
                : search_bookmarks_number(bookmarks, loading->parents.data + parent);
        bookmarks->places[i] = i;
    }
    qsort_r(bookmarks->places, bookmarks->count, sizeof(*bookmarks->places), by_place, bookmarks);
    if (!collect_keyed(bookmarks)) {
        index_unref(&bookmarks->index);
        return NULL;
    }
    bookmarks->cursor = loading->cursor;
    loading->cursor = NULL;
    return bookmarks;
}

static int read_rows(struct bookmarks_loading *loading, const struct search_source *source,
                     struct err *err)
{
    int r =
        loading->old != NULL ? 0 : source->bookmarks(source->ctx, bookmarks_on_row, loading, err);
    if (r == 0 && loading->result == 0)
        r = source->items(source->ctx, bookmarks_on_item, loading, err);
    if (r == 0 && loading->result == 0)
        r = read_wanted(loading, source, err);
    if (r == 0 && loading->result < 0)
        r = err_set(err, loading->result, "the bookmarks do not fit into memory");
    return r;
}

static int bookmarks_finish_load(struct bookmarks_loading *loading, int r, struct index **ret_index,
                                 struct err *err)
{
    struct bookmarks *bookmarks = r < 0 ? NULL : bookmarks_make_version(loading);
    if (r == 0 && bookmarks == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    free(loading->items);
    buf_fini(&loading->text);
    buf_fini(&loading->names);
    buf_fini(&loading->parents);
    buf_fini(&loading->wanted);
    free(loading->changed);
    free(loading->cursor);
    if (r == 0)
        *ret_index = &bookmarks->index;
    return r;
}

int search_bookmarks_load(const struct search_source *source, struct index **ret_index,
                          struct err *err)
{
    struct bookmarks_loading loading = {.old = NULL};
    /* The cursor first: what is read after it is at least as new. */
    int r = source->cursors(source->ctx, bookmarks_on_cursor, &loading, err);
    if (r == 0)
        r = read_rows(&loading, source, err);
    return bookmarks_finish_load(&loading, r, ret_index, err);
}

static int on_changed_page(void *ctx, const struct hearth_page *page)
{
    struct bookmarks_loading *loading = ctx;
    if (page->gone || page->bookmarks == 0)
        return 0;
    if (loading->changed_count == WANTED_MAX)
        return loading->result = HEARTH_ERR_FULL;
    if (loading->changed == NULL)
        loading->changed = malloc(WANTED_MAX * sizeof(*loading->changed));
    if (loading->changed == NULL)
        return loading->result = HEARTH_ERR_NOMEM;
    loading->changed[loading->changed_count++] = page->id;
    return 0;
}

/* The same cursor says that the same records are stored; a complete read may have mended some of
 * them even so, and then their pages have changed. */
static int read_changed_pages(struct bookmarks_loading *loading, int64_t since,
                              const struct search_source *source, bool *ret_unchanged,
                              struct err *err)
{
    struct err why = {0};
    int r = source->changed(source->ctx, since, on_changed_page, loading, &why);
    if (r == HEARTH_ERR_NOT_FOUND)
        return HEARTH_ERR_FULL;
    if (r < 0 && err != NULL)
        *err = why;
    if (loading->changed_count > 0)
        qsort(loading->changed, loading->changed_count, sizeof(*loading->changed), compare_pages);
    *ret_unchanged = loading->cursor != NULL && loading->old->cursor != NULL &&
                     strcmp(loading->cursor, loading->old->cursor) == 0 &&
                     loading->changed_count == 0 && loading->result == 0;
    return r;
}

int search_bookmarks_update(const struct index *index, int64_t since,
                            const struct search_source *source, struct index **ret_index,
                            struct err *err)
{
    struct bookmarks_loading loading = {.old = bookmarks_of(index)};
    bool unchanged = false;
    int r = source->cursors(source->ctx, bookmarks_on_cursor, &loading, err);
    if (r == 0 && loading.result == 0)
        r = read_changed_pages(&loading, since, source, &unchanged, err);
    if (r == 0 && unchanged) {
        free(loading.cursor);
        *ret_index = index_ref((struct index *)(uintptr_t)index);
        return 0;
    }
    if (r == 0)
        r = read_rows(&loading, source, err);
    return bookmarks_finish_load(&loading, r, ret_index, err);
}
