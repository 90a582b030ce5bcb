/* The whole content of a storage as text. */
#include <inttypes.h>
#include <stdlib.h>

#include "storage_kit.h"

/* Where the callbacks write. */
struct rows {
    struct buf *out;
};

struct dump {
    struct buf *out; /* first, as in struct rows */
    struct store *store;
    const char *account;
    int64_t pages[4096]; /* ids, to read their visits after the list */
    size_t page_count;
};

static const char *or_dash(const char *text)
{
    return text == NULL ? "(null)" : text;
}

static int on_account(void *ctx, const struct hearth_account *a)
{
    struct dump *d = ctx;
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(d->store, account_get, a->id, &got);
    buf_printf(d->out, "account %s %s %s %s %s %s %d %s", a->id, a->email, or_dash(a->uid), or_dash(a->name), or_dash(a->provider),
               or_dash(a->node), (int)a->state, or_dash(a->state_detail));
    buf_printf(d->out, " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", a->created,
               a->last_sync, a->last_attempt, a->next_sync, a->last_seen, got.generation, a->failures, a->resync);
    if (d->store->ops->identity_list != NULL)
        buf_printf(d->out, "placement %s\n", or_dash(got.placement));
    return 0;
}

static int on_mark(void *ctx, int32_t collection, const char *text)
{
    buf_printf(((struct rows *)ctx)->out, "mark %d %s\n", (int)collection, text);
    return 0;
}

static int on_device(void *ctx, const struct hearth_device *v, int64_t tabs)
{
    buf_printf(((struct rows *)ctx)->out, "device %s %s %s %s %s %s %" PRId64 " %" PRId64 "\n", v->id, v->name, v->type, or_dash(v->os),
               or_dash(v->version), or_dash(v->fxa_device_id), v->last_upload, tabs);
    return 0;
}

static int on_tab(void *ctx, const char *device, const struct hearth_tab *t)
{
    buf_printf(((struct rows *)ctx)->out, "tab %s %" PRId64 " %s %s %s %s %" PRId64 " %" PRId64 " %" PRId64 "\n", device, t->position, t->title, t->url,
               or_dash(t->icon), or_dash(t->group), t->last_used, t->inactive, t->pinned);
    return 0;
}

/* pages_by_frecency() need not fill everything; page_get() does. */
static int on_ranked(void *ctx, const struct hearth_page *p)
{
    struct dump *d = ctx;
    buf_printf(d->out, "ranked %" PRId64 " %" PRId64 " %s %s %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", p->frecency, p->id,
               p->url, or_dash(p->title), or_dash(p->bookmark_title), or_dash(p->tags), p->visit_count, p->last_visit,
               p->bookmarks, p->bookmark_added, p->typed, p->hidden);
    if (d->page_count < sizeof(d->pages) / sizeof(d->pages[0]))
        d->pages[d->page_count++] = p->id;
    return 0;
}

static int on_page_visit(void *ctx, const struct hearth_visit *v)
{
    buf_printf(((struct rows *)ctx)->out, " visit %" PRId64 " %" PRId64 "\n", v->date, v->type);
    return 0;
}

static int on_row(void *ctx, const struct hearth_visit_row *r)
{
    buf_printf(((struct rows *)ctx)->out, "row %" PRId64 " %" PRId64 " %d %s %s %" PRId64 "\n", r->date, r->page, (int)r->type, or_dash(r->url),
               or_dash(r->title), r->bookmarked);
    return 0;
}

static int on_date(void *ctx, const struct hearth_visit_row *r)
{
    buf_printf(((struct rows *)ctx)->out, "date %" PRId64 " %" PRId64 "\n", r->date, r->page);
    return 0;
}

static int on_one_bookmark(void *ctx, const struct hearth_bookmark *b)
{
    struct rows *d = ctx;
    buf_printf(d->out, "bookmark %s %d %s %s %s %s %s %s %s", b->guid, (int)b->kind, or_dash(b->parent), or_dash(b->said_parent),
               or_dash(b->title), or_dash(b->url), or_dash(b->keyword), or_dash(b->tag_query), or_dash(b->tags));
    buf_printf(d->out, " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", b->page, b->position,
               b->added, b->modified, b->children, b->last_visit, b->visit_count);
    return 0;
}

static int on_claim(void *ctx, const char *folder, int64_t position, const char *child)
{
    buf_printf(((struct rows *)ctx)->out, "claim %s %" PRId64 " %s\n", folder, position, child);
    return 0;
}

static int on_tag(void *ctx, const char *tag, int64_t count)
{
    buf_printf(((struct rows *)ctx)->out, "tag %s %" PRId64 "\n", tag, count);
    return 0;
}

static int on_token(void *ctx, const struct hearth_token *t)
{
    buf_printf(((struct rows *)ctx)->out, "token %s %s %s %02x %u %" PRId64 " %" PRId64 " %" PRId64 "\n", t->id, t->account, t->name,
               t->hash[0], (unsigned)t->scope, t->created, t->last_used, t->expires);
    return 0;
}

static int on_identity(void *ctx, const struct hearth_account_identity *i)
{
    buf_printf(((struct rows *)ctx)->out, "identity %s %s %" PRId64 "\n", i->issuer, i->subject, i->created);
    return 0;
}

/* Lists whose order is not promised are sorted by the lines they make. */

static int on_pick(void *ctx, const struct hearth_pick *p)
{
    buf_printf(ctx, "pick %s %" PRId64 " %.3f %" PRId64 "\n", p->input, p->page, p->use_count, p->used);
    return 0;
}

static int on_node(void *ctx, const struct hearth_bookmark_node *n)
{
    buf_printf(ctx, "node %s %d %s %s %" PRId64 " %" PRId64 " %" PRId64 "\n", n->guid, (int)n->kind, or_dash(n->said_parent),
               or_dash(n->parent), n->position, n->added, n->modified);
    return 0;
}

static int on_tombstone(void *ctx, const struct hearth_bookmark_node *n)
{
    buf_printf(ctx, "tombstone %s %s\n", n->guid, or_dash(n->parent));
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_sorted(struct dump *d, struct buf *unsorted)
{
    char *lines[4096];
    size_t count = 0;
    for (char *p = unsorted->data, *end; p != NULL && (end = strchr(p, '\n')) != NULL && count < 4096; p = end + 1) {
        *end = '\0';
        lines[count++] = p;
    }
    qsort(lines, count, sizeof(*lines), by_text);
    for (size_t i = 0; i < count; i++)
        buf_printf(d->out, "%s\n", lines[i]);
    buf_fini(unsorted);
}

static void dump_bookmarks(struct dump *d)
{
    struct buf nodes = {0}, tombstones = {0};
    char guids[65536];
    OK(d->store, bookmark_nodes, d->account, on_node, &nodes);
    snprintf(guids, sizeof(guids), "%s", nodes.data == NULL ? "" : nodes.data);
    add_sorted(d, &nodes);
    for (char *p = guids, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        char guid[300];
        snprintf(guid, sizeof(guid), "%.*s", (int)strcspn(p + 5, " "), p + 5);
        struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
        struct hearth_bookmark_query children = {.struct_size = sizeof(children), .parent = guid, .after = -1};
        OK(d->store, bookmark_get, d->account, guid, &bookmark);
        on_one_bookmark(d, &bookmark);
        OK(d->store, bookmark_list, d->account, &children, on_one_bookmark, d);
        store_reset(d->store);
    }
    struct hearth_bookmark_query added = {.struct_size = sizeof(added), .order = HEARTH_BY_ADDED};
    OK(d->store, bookmark_list, d->account, &added, on_one_bookmark, d);
    OK(d->store, bookmark_claims, d->account, on_claim, d);
    OK(d->store, tag_list, d->account, on_tag, d);
    OK(d->store, bookmark_tombstones, d->account, on_tombstone, &tombstones);
    add_sorted(d, &tombstones);
}

static void dump_pages(struct dump *d)
{
    OK(d->store, pages_by_frecency, d->account, on_ranked, d);
    for (size_t i = 0; i < d->page_count; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        OK(d->store, page_get, d->account, d->pages[i], &page);
        buf_printf(d->out, "page %" PRId64 " %s %s %s %" PRId64 "\n", page.id, page.url, page.host, or_dash(page.guid), page.generation);
        struct buf rows = {0};
        struct rows unsorted = {&rows};
        OK(d->store, page_visits, d->account, d->pages[i], on_page_visit, &unsorted);
        OK(d->store, bookmarks_of_page, d->account, d->pages[i], on_one_bookmark, &unsorted);
        add_sorted(d, &rows);
        store_reset(d->store);
    }
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    OK(d->store, visit_list, d->account, &query, on_row, d);
    OK(d->store, visit_dates, d->account, 0, 0, on_date, d);
}

static void dump_account(struct dump *d)
{
    struct hearth_counts c = {.struct_size = sizeof(c)};
    struct buf picks = {0};
    const void *sealed = NULL;
    const char *json = NULL;
    size_t size = 0;
    int r = d->store->ops->counts(d->store->session, &d->store->call.hearth, d->account, &c);
    if (r == HEARTH_ERR_NOT_FOUND)
        return;
    buf_printf(d->out, "counts %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", d->account, c.devices, c.tabs,
               c.bookmarks, c.folders, c.pages, c.visits);
    if (STORE(d->store, NULL, credentials_get, d->account, &sealed, &size) == 0)
        buf_printf(d->out, "credentials %zu %02x\n", size, size > 0 ? *(const unsigned char *)sealed : 0);
    if (STORE(d->store, NULL, settings_get, d->account, &json) == 0)
        buf_printf(d->out, "settings %s\n", json);
    struct buf marks = {0};
    struct rows unsorted = {&marks};
    OK(d->store, mark_list, d->account, on_mark, &unsorted);
    add_sorted(d, &marks);
    if (d->store->ops->identity_list != NULL)
        OK(d->store, identity_list, d->account, on_identity, d);
    OK(d->store, token_list, d->account, on_token, d);
    OK(d->store, pick_list, d->account, on_pick, &picks);
    add_sorted(d, &picks);
    OK(d->store, device_list, d->account, on_device, d);
    OK(d->store, tab_list, d->account, NULL, on_tab, d);
    dump_pages(d);
    dump_bookmarks(d);
}

void dump_storage(struct store *store, struct buf *ret)
{
    static const char *const accounts[] = {"a", "b"};
    static _Thread_local struct dump d; /* too large for some stacks */
    buf_reset(ret);
    d = (struct dump){.out = ret, .store = store};
    OK(store, account_list, on_account, &d);
    for (size_t i = 0; i < 2; i++) {
        d.account = accounts[i];
        d.page_count = 0;
        dump_account(&d);
        store_reset(store);
    }
    buf_add_char(ret, '\0');
    expect(!buf_failed(ret));
}
