/* Synced data: bookmarks and their tags. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "database.h"

#define ROW(p) (*(struct row *const *)(p))

static bool is_item(const struct row *row)
{
    int64_t kind = row->bookmark.kind;
    return kind == HEARTH_BOOKMARK || kind == HEARTH_QUERY || kind == HEARTH_LIVEMARK;
}

/* With what is known of its page and of those in it. */
static struct hearth_bookmark bookmark_of(const struct account *account, const struct row *row)
{
    size_t place;
    const struct row *page = mem_table_find(account->tables[PAGES], PAGES,
                                            KEY(.page = {.id = row->bookmark.page}), &place);
    const struct table *all = account->tables[BOOKMARKS];
    struct hearth_bookmark bookmark = row->bookmark;
    bookmark.last_visit = page == NULL ? 0 : page->page.last_visit;
    bookmark.visit_count = page == NULL ? 0 : page->page.visit_count;
    for (size_t i = 0; bookmark.kind == HEARTH_FOLDER && i < all->count; i++) {
        const char *parent = all->rows[i]->bookmark.parent;
        bookmark.children += parent != NULL && strcmp(parent, bookmark.guid) == 0;
    }
    return bookmark;
}

int mem_bookmark_get(void *handle, struct hearth_call *call, const char *account, const char *guid,
                     struct hearth_bookmark *ret_bookmark)
{
    struct hearth_bookmark bookmark;
    size_t place;
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct account *found = mem_world_account(world, account);
    const struct row *row = found == NULL ? NULL
                                          : mem_table_find(found->tables[BOOKMARKS], BOOKMARKS,
                                                           KEY(.bookmark = {.guid = guid}), &place);
    if (row == NULL) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    } else {
        bookmark = bookmark_of(found, row);
        r = mem_record_give(handle, call, BOOKMARKS, &bookmark, ret_bookmark);
    }
    mem_world_unref(world);
    return r;
}

/* --- tags: compared by their lower case, code point by code point --- */

/* The lower case of the next code point; 0 at the end. */
static wint_t next_folded(const char **at)
{
    static _Thread_local locale_t utf8;
    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    const unsigned char *text = (const unsigned char *)*at;
    size_t more = text[0] < 0xc0 ? 0 : text[0] < 0xe0 ? 1 : text[0] < 0xf0 ? 2 : 3;
    wint_t code = more == 0 ? text[0] : text[0] & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++)
        code = code << 6 | (text[i] & 0x3fu);
    *at += text[0] == '\0' ? 0 : more + 1;
    return towlower_l(code, utf8);
}

static int compare_folded(const char *a, const char *b)
{
    for (;;) {
        wint_t x = next_folded(&a), y = next_folded(&b);
        if (x != y || x == 0)
            return x == y ? 0 : x < y ? -1 : 1;
    }
}

/* The next tag of a field, as memory of its own; NULL: no more, or *ret_failed: it is short. */
static char *next_tag(const char **at, bool *ret_failed)
{
    while (*at != NULL && **at != '\0') {
        size_t size = strcspn(*at, "\n");
        char *tag = size == 0 ? NULL : strndup(*at, size);
        *ret_failed = size > 0 && tag == NULL;
        *at += size + ((*at)[size] == '\n');
        if (size > 0)
            return tag;
    }
    return NULL;
}

static bool line_is(const char *line, const char *end, const char *tag)
{
    while (line < end && *tag != '\0')
        if (next_folded(&line) != next_folded(&tag))
            return false;
    return line == end && *tag == '\0';
}

static bool bookmark_row_has_tag(const struct row *row, const char *tag)
{
    const char *at = is_item(row) && tag[0] != '\0' ? row->bookmark.tags : NULL;
    while (at != NULL && *at != '\0') {
        const char *end = at + strcspn(at, "\n");
        if (line_is(at, end, tag))
            return true;
        at = end + (*end == '\n');
    }
    return false;
}

/* --- lists --- */

static int by_position(const void *a, const void *b)
{
    if (ROW(a)->bookmark.position != ROW(b)->bookmark.position)
        return ROW(a)->bookmark.position < ROW(b)->bookmark.position ? -1 : 1;
    return strcmp(ROW(a)->bookmark.guid, ROW(b)->bookmark.guid);
}

static int by_added(const void *a, const void *b)
{
    if (ROW(a)->bookmark.added != ROW(b)->bookmark.added)
        return ROW(a)->bookmark.added > ROW(b)->bookmark.added ? -1 : 1;
    return -strcmp(ROW(a)->bookmark.guid, ROW(b)->bookmark.guid);
}

static bool bookmark_is_asked_for(const struct row *row, const void *what)
{
    const struct hearth_bookmark_query *q = what;
    const char *parent = row->bookmark.parent;
    if (q->order == HEARTH_BY_POSITION)
        return (q->parent == NULL ? parent == NULL
                                  : parent != NULL && strcmp(parent, q->parent) == 0) &&
               row->bookmark.position > q->after;
    if (!is_item(row) || (q->order == HEARTH_BY_TAG && !bookmark_row_has_tag(row, q->tag)))
        return false;
    if (q->after == 0 && q->after_guid == NULL)
        return true;
    if (row->bookmark.added != q->after)
        return row->bookmark.added < q->after;
    return q->after_guid != NULL && strcmp(row->bookmark.guid, q->after_guid) < 0;
}

static bool bookmark_is_of_page(const struct row *row, const void *page)
{
    return row->bookmark.page == *(const int64_t *)page;
}

struct delivery {
    hearth_bookmark_cb cb;
    void *ctx;
    const struct account *account; /* as it was when the list was made */
};

static int deliver_bookmark(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    struct hearth_bookmark bookmark = bookmark_of(d->account, row);
    return d->cb(d->ctx, &bookmark);
}

int mem_bookmark_list(void *handle, struct hearth_call *call, const char *account,
                      const struct hearth_bookmark_query *query, hearth_bookmark_cb cb, void *ctx)
{
    struct list list;
    if (query->order < HEARTH_BY_POSITION || query->order > HEARTH_BY_TAG)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no order %d", (int)query->order);
    if (query->order == HEARTH_BY_TAG && query->tag == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no tag is given");
    int r = mem_list_make(handle, call, account, BOOKMARKS, bookmark_is_asked_for, query, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, query->order == HEARTH_BY_POSITION ? by_position : by_added);
    return mem_list_deliver(handle, call, &list, deliver_bookmark,
                            &(struct delivery){cb, ctx, list.account});
}

int mem_bookmarks_of_page(void *handle, struct hearth_call *call, const char *account, int64_t page,
                          hearth_bookmark_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, BOOKMARKS, bookmark_is_of_page, &page, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_added);
    return mem_list_deliver(handle, call, &list, deliver_bookmark,
                            &(struct delivery){cb, ctx, list.account});
}

struct node_delivery {
    hearth_bookmark_item_cb cb;
    void *ctx;
};

static int deliver_item(void *ctx, const struct row *row)
{
    struct node_delivery *d = ctx;
    struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                        .kind = (int32_t)row->bookmark.kind,
                                        .guid = row->bookmark.guid,
                                        .said_parent = row->bookmark.said_parent,
                                        .parent = row->bookmark.parent,
                                        .position = row->bookmark.position,
                                        .added = row->bookmark.added,
                                        .modified = row->bookmark.modified,
                                        .source = row->bookmark.source,
                                        .page = row->bookmark.page,
                                        .said_kind = row->bookmark.said_kind,
                                        .keyword = row->bookmark.keyword,
                                        .said_keyword = row->bookmark.said_keyword};
    return d->cb(d->ctx, &item);
}

static int deliver_tombstone(void *ctx, const struct row *row)
{
    struct node_delivery *d = ctx;
    struct hearth_bookmark_item item = {.struct_size = sizeof(item),
                                        .guid = row->tombstone.guid,
                                        .parent = row->tombstone.parent,
                                        .source = row->tombstone.source};
    return d->cb(d->ctx, &item);
}

int mem_bookmark_items(void *handle, struct hearth_call *call, const char *account,
                       hearth_bookmark_item_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, BOOKMARKS, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_item,
                                    &(struct node_delivery){cb, ctx});
}

int mem_bookmark_tombstones(void *handle, struct hearth_call *call, const char *account,
                            hearth_bookmark_item_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, TOMBSTONES, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_tombstone,
                                    &(struct node_delivery){cb, ctx});
}

struct lease_delivery {
    hearth_child_cb cb;
    void *ctx;
};

static int deliver_child(void *ctx, const struct row *row)
{
    struct lease_delivery *d = ctx;
    return d->cb(d->ctx, row->child.source, row->child.folder, row->child.position,
                 row->child.child);
}

int mem_bookmark_children(void *handle, struct hearth_call *call, const char *account,
                          hearth_child_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, CHILDREN, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_child,
                                    &(struct lease_delivery){cb, ctx});
}

/* Each tag of each bookmark once, then sorted: equal ones lie together. */
static int by_folded(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int r = compare_folded(x, y);
    return r != 0 ? r : strcmp(x, y);
}

/* Takes the tag, or frees it when the bookmark has it already. false: memory is short, and it is
 * freed. */
static bool keep_tag(char ***tags, size_t *count, size_t first, char *tag)
{
    for (size_t k = first; k < *count; k++) {
        if (compare_folded((*tags)[k], tag) == 0) {
            free(tag);
            return true;
        }
    }
    char **more = realloc(*tags, (*count + 1) * sizeof(*more));
    if (more == NULL) {
        free(tag);
        return false;
    }
    *tags = more;
    more[(*count)++] = tag;
    return true;
}

static bool tags_gather(const struct list *list, char ***ret_tags, size_t *ret_count)
{
    bool failed = false;
    for (size_t i = 0; !failed && i < list->count; i++) {
        const char *at = is_item(list->rows[i]) ? list->rows[i]->bookmark.tags : NULL;
        size_t first = *ret_count;
        for (char *tag; !failed && (tag = next_tag(&at, &failed)) != NULL;)
            failed = !keep_tag(ret_tags, ret_count, first, tag);
    }
    return !failed;
}

int mem_tag_list(void *handle, struct hearth_call *call, const char *account, hearth_tag_cb cb,
                 void *ctx)
{
    struct list list;
    char **tags = NULL;
    size_t count = 0;
    int r = mem_list_make(handle, call, account, BOOKMARKS, NULL, NULL, &list);
    if (r < 0)
        return r;
    if (!tags_gather(&list, &tags, &count))
        r = mem_no_memory(call);
    mem_list_free(&list);
    if (count > 0)
        qsort(tags, count, sizeof(*tags), by_folded);
    for (size_t i = 0, n; r == 0 && i < count; i += n) {
        for (n = 1; i + n < count && compare_folded(tags[i], tags[i + n]) == 0;)
            n++;
        r = mem_call_stopped(handle, call);
        if (r == 0 && cb(ctx, tags[i], (int64_t)n) != 0)
            break;
    }
    for (size_t i = 0; i < count; i++)
        free(tags[i]);
    free(tags);
    return r;
}
