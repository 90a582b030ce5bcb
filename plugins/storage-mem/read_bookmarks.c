/* Synced data: bookmarks and their tags. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "store.h"

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
    const struct row *page = table_find(account->tables[PAGES], PAGES, KEY(.page = {.id = row->bookmark.page}), &place);
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

int mem_bookmark_get(void *session, struct hearth_call *call, const char *account, const char *guid, struct hearth_bookmark *ret_bookmark)
{
    struct hearth_bookmark bookmark;
    size_t place;
    int r;
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct account *found = world_account(world, account);
    const struct row *row = found == NULL ? NULL : table_find(found->tables[BOOKMARKS], BOOKMARKS, KEY(.bookmark = {.guid = guid}), &place);
    if (row == NULL) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such bookmark");
    } else {
        bookmark = bookmark_of(found, row);
        r = give_record(session, call, BOOKMARKS, &bookmark, ret_bookmark);
    }
    world_unref(world);
    return r;
}

/* --- tags: compared by their lower case, code point by code point ----------------------------------------------------------------------
 */

/* The next tag of a field; false: no more. */
static bool next_tag(const char **at, const char **ret_tag, size_t *ret_size)
{
    while (*at != NULL && **at != '\0') {
        size_t size = strcspn(*at, "\n");
        *ret_tag = *at;
        *ret_size = size;
        *at += size + ((*at)[size] == '\n');
        if (size > 0)
            return true;
    }
    return false;
}

/* The next character of a text, in lower case; 0: it has ended. */
static wint_t next_folded(const char **at, const char *end)
{
    mbstate_t state = {0};
    wchar_t letter;
    size_t length = *at < end ? mbrtowc(&letter, *at, (size_t)(end - *at), &state) : 0;
    if (length == 0 || length == (size_t)-1 || length == (size_t)-2)
        return 0;
    *at += length;
    return towlower((wint_t)letter);
}

static int compare_folded(const char *a, size_t a_size, const char *b, size_t b_size)
{
    static _Thread_local locale_t utf8;
    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    const char *a_end = a + a_size, *b_end = b + b_size;
    locale_t before = uselocale(utf8);
    wint_t x, y;
    do {
        x = next_folded(&a, a_end);
        y = next_folded(&b, b_end);
    } while (x == y && x != 0);
    uselocale(before);
    return x < y ? -1 : x > y;
}

static bool has_tag(const struct row *row, const char *tag)
{
    const char *at = tag, *wanted, *text;
    size_t wanted_size, size;
    if (!is_item(row) || !next_tag(&at, &wanted, &wanted_size))
        return false;
    for (at = row->bookmark.tags; next_tag(&at, &text, &size);)
        if (compare_folded(text, size, wanted, wanted_size) == 0)
            return true;
    return false;
}

/* --- lists -------------------------------------------------------------------------------------------------------------------------- */

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

static bool is_asked_for(const struct row *row, const void *what)
{
    const struct hearth_bookmark_query *q = what;
    const char *parent = row->bookmark.parent;
    if (q->order == HEARTH_BY_POSITION)
        return (q->parent == NULL ? parent == NULL : parent != NULL && strcmp(parent, q->parent) == 0) && row->bookmark.position > q->after;
    if (!is_item(row) || (q->order == HEARTH_BY_TAG && !has_tag(row, q->tag)))
        return false;
    if (q->after == 0 && q->after_guid == NULL)
        return true;
    if (row->bookmark.added != q->after)
        return row->bookmark.added < q->after;
    return q->after_guid != NULL && strcmp(row->bookmark.guid, q->after_guid) < 0;
}

static bool is_of_page(const struct row *row, const void *page)
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

int mem_bookmark_list(void *session, struct hearth_call *call, const char *account, const struct hearth_bookmark_query *query,
                      hearth_bookmark_cb cb, void *ctx)
{
    struct list list;
    if (query->order < HEARTH_BY_POSITION || query->order > HEARTH_BY_TAG)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no order %d", (int)query->order);
    if (query->order == HEARTH_BY_TAG && query->tag == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no tag is given");
    int r = list_make(session, call, account, BOOKMARKS, is_asked_for, query, &list);
    if (r < 0)
        return r;
    list_sort(&list, query->order == HEARTH_BY_POSITION ? by_position : by_added);
    return list_deliver(session, call, &list, deliver_bookmark, &(struct delivery){cb, ctx, list.account});
}

int mem_bookmarks_of_page(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_bookmark_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, BOOKMARKS, is_of_page, &page, &list);
    if (r < 0)
        return r;
    list_sort(&list, by_added);
    return list_deliver(session, call, &list, deliver_bookmark, &(struct delivery){cb, ctx, list.account});
}

struct node_delivery {
    hearth_bookmark_node_cb cb;
    void *ctx;
};

static int deliver_node(void *ctx, const struct row *row)
{
    struct node_delivery *d = ctx;
    struct hearth_bookmark_node node = {.struct_size = sizeof(node),
                                        .kind = (int32_t)row->bookmark.kind,
                                        .guid = row->bookmark.guid,
                                        .said_parent = row->bookmark.said_parent,
                                        .parent = row->bookmark.parent,
                                        .position = row->bookmark.position,
                                        .added = row->bookmark.added,
                                        .modified = row->bookmark.modified};
    return d->cb(d->ctx, &node);
}

static int deliver_tombstone(void *ctx, const struct row *row)
{
    struct node_delivery *d = ctx;
    struct hearth_bookmark_node node = {.struct_size = sizeof(node), .guid = row->tombstone.guid, .parent = row->tombstone.parent};
    return d->cb(d->ctx, &node);
}

int mem_bookmark_nodes(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, BOOKMARKS, NULL, NULL, &list);
    return r < 0 ? r : list_deliver(session, call, &list, deliver_node, &(struct node_delivery){cb, ctx});
}

int mem_bookmark_tombstones(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, TOMBSTONES, NULL, NULL, &list);
    return r < 0 ? r : list_deliver(session, call, &list, deliver_tombstone, &(struct node_delivery){cb, ctx});
}

struct claim_delivery {
    hearth_claim_cb cb;
    void *ctx;
};

static int deliver_claim(void *ctx, const struct row *row)
{
    struct claim_delivery *d = ctx;
    return d->cb(d->ctx, row->claim.folder, row->claim.position, row->claim.child);
}

int mem_bookmark_claims(void *session, struct hearth_call *call, const char *account, hearth_claim_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, CLAIMS, NULL, NULL, &list);
    return r < 0 ? r : list_deliver(session, call, &list, deliver_claim, &(struct claim_delivery){cb, ctx});
}

/* Each tag of each bookmark once, then sorted: equal ones lie together. */
struct tag {
    char *text;
};

static int compare_tags(const struct tag *a, const struct tag *b)
{
    return compare_folded(a->text, strlen(a->text), b->text, strlen(b->text));
}

static int by_folded(const void *a, const void *b)
{
    int r = compare_tags(a, b);
    return r != 0 ? r : strcmp(((const struct tag *)a)->text, ((const struct tag *)b)->text);
}

static bool gather(const struct list *list, struct tag **ret_tags, size_t *ret_count)
{
    struct tag *tags = NULL;
    size_t count = 0, size;
    bool complete = true;
    for (size_t i = 0; complete && i < list->count; i++) {
        const char *at = is_item(list->rows[i]) ? list->rows[i]->bookmark.tags : NULL, *text;
        size_t first = count;
        while (complete && next_tag(&at, &text, &size)) {
            size_t k = first;
            while (k < count && compare_folded(tags[k].text, strlen(tags[k].text), text, size) != 0)
                k++;
            if (k < count)
                continue;
            struct tag *more = realloc(tags, (count + 1) * sizeof(*tags));
            tags = more != NULL ? more : tags;
            char *copy = more != NULL ? strndup(text, size) : NULL;
            complete = copy != NULL;
            if (complete)
                tags[count++].text = copy;
        }
    }
    *ret_tags = tags;
    *ret_count = count;
    return complete;
}

int mem_tag_list(void *session, struct hearth_call *call, const char *account, hearth_tag_cb cb, void *ctx)
{
    struct list list;
    struct tag *tags;
    size_t count;
    int r = list_make(session, call, account, BOOKMARKS, NULL, NULL, &list);
    if (r < 0)
        return r;
    if (!gather(&list, &tags, &count))
        r = no_memory(call);
    list_free(&list);
    if (count > 0)
        qsort(tags, count, sizeof(*tags), by_folded);
    for (size_t i = 0, n; r == 0 && i < count; i += n) {
        for (n = 1; i + n < count && compare_tags(&tags[i], &tags[i + n]) == 0;)
            n++;
        r = call_stopped(session, call);
        if (r == 0 && cb(ctx, tags[i].text, (int64_t)n) != 0)
            break;
    }
    for (size_t i = 0; i < count; i++)
        free(tags[i].text);
    free(tags);
    return r;
}
