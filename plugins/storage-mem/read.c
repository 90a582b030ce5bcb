/* Synced data: devices, pages, visits. Each list is made of rows that are taken, put in order, and delivered. */
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define ROW(p) (*(struct row *const *)(p))
#define DESCENDING(a, b, n)                                                                                                                \
    if (ROW(a)->number[n] != ROW(b)->number[n])                                                                                            \
    return ROW(a)->number[n] > ROW(b)->number[n] ? -1 : 1

/* What a delivery needs besides the row. */
struct delivery {
    void *ctx;
    struct world *world; /* joins; NULL */
    const struct account *account;
    union {
        hearth_mark_cb mark;
        hearth_device_cb device;
        hearth_tab_cb tab;
        hearth_page_cb page;
        hearth_visit_cb visit;
        hearth_visit_row_cb visit_row;
    } cb;
};

static int deliver_mark(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.mark(d->ctx, (int32_t)row->number[MARK_COLLECTION], row->text[MARK_TEXT]);
}

int mem_mark_list(void *session, struct hearth_call *call, const char *account, hearth_mark_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, MARKS, NULL, NULL, &list);
    return r < 0 ? r : list_deliver(session, call, &list, deliver_mark, &(struct delivery){.ctx = ctx, .cb.mark = cb});
}

/* --- devices and tabs --------------------------------------------------------------------------------------------------------------- */

static int by_upload(const void *a, const void *b)
{
    DESCENDING(a, b, DEVICE_LAST_UPLOAD);
    return strcmp(ROW(a)->text[DEVICE_ID], ROW(b)->text[DEVICE_ID]);
}

static int deliver_device(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    int64_t tabs = 0;
    const struct table *table = d->account == NULL ? NULL : d->account->tables[TABS];
    for (size_t i = 0; table != NULL && i < table->count; i++)
        tabs += strcmp(table->rows[i]->text[TAB_DEVICE], row->text[DEVICE_ID]) == 0;
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = row->text[DEVICE_ID],
                                   .name = row->text[DEVICE_NAME],
                                   .type = row->text[DEVICE_TYPE],
                                   .os = row->text[DEVICE_OS],
                                   .version = row->text[DEVICE_VERSION],
                                   .fxa_device_id = row->text[DEVICE_FXA],
                                   .last_upload = row->number[DEVICE_LAST_UPLOAD]};
    return d->cb.device(d->ctx, &device, tabs);
}

/* Delivers a list whose rows are joined with others: with the world they are from, held until the end. */
static int deliver_joined(struct session *session, struct hearth_call *call, const char *account, struct list *list,
                          int (*deliver)(void *ctx, const struct row *row), struct delivery *delivery)
{
    int r;
    delivery->world = read_begin(session, call, &r);
    if (delivery->world == NULL) {
        list_free(list);
        return r;
    }
    delivery->account = world_account(delivery->world, account);
    struct table *held[TABLES];
    for (int i = 0; i < TABLES && delivery->account != NULL; i++)
        held[i] = table_ref(delivery->account->tables[i]); /* what a callback changes is then a copy */
    r = list_deliver(session, call, list, deliver, delivery);
    for (int i = 0; i < TABLES && delivery->account != NULL; i++)
        table_unref(held[i]);
    world_unref(delivery->world);
    return r;
}

int mem_device_list(void *session, struct hearth_call *call, const char *account, hearth_device_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, DEVICES, NULL, NULL, &list);
    if (r < 0)
        return r;
    list_sort(&list, by_upload);
    return deliver_joined(session, call, account, &list, deliver_device, &(struct delivery){.ctx = ctx, .cb.device = cb});
}

static int by_use(const void *a, const void *b)
{
    int r = strcmp(ROW(a)->text[TAB_DEVICE], ROW(b)->text[TAB_DEVICE]);
    if (r != 0)
        return r;
    DESCENDING(a, b, TAB_LAST_USED);
    return ROW(a)->number[TAB_POSITION] < ROW(b)->number[TAB_POSITION] ? -1 : 1;
}

static bool is_of_device(const struct row *row, const void *what)
{
    return what == NULL || strcmp(row->text[TAB_DEVICE], what) == 0;
}

static int deliver_tab(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    struct hearth_tab tab = {.struct_size = sizeof(tab),
                             .position = (int32_t)row->number[TAB_POSITION],
                             .title = row->text[TAB_TITLE],
                             .url = row->text[TAB_URL],
                             .icon = row->text[TAB_ICON],
                             .group = row->text[TAB_GROUP],
                             .last_used = row->number[TAB_LAST_USED],
                             .inactive = row->number[TAB_INACTIVE] != 0,
                             .pinned = row->number[TAB_PINNED] != 0};
    return d->cb.tab(d->ctx, row->text[TAB_DEVICE], &tab);
}

int mem_tab_list(void *session, struct hearth_call *call, const char *account, const char *device, hearth_tab_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, TABS, is_of_device, device, &list);
    if (r < 0)
        return r;
    list_sort(&list, by_use);
    return list_deliver(session, call, &list, deliver_tab, &(struct delivery){.ctx = ctx, .cb.tab = cb});
}

/* --- pages -------------------------------------------------------------------------------------------------------------------------- */

static void page_of(const struct row *row, struct hearth_page *ret_page)
{
    *ret_page = (struct hearth_page){.struct_size = sizeof(*ret_page),
                                     .bookmarks = (uint32_t)row->number[PAGE_BOOKMARKS],
                                     .id = row->number[PAGE_ID],
                                     .url = row->text[PAGE_URL],
                                     .host = row->text[PAGE_HOST],
                                     .guid = row->text[PAGE_GUID],
                                     .title = row->text[PAGE_TITLE],
                                     .bookmark_title = row->text[PAGE_BOOKMARK_TITLE],
                                     .tags = row->text[PAGE_TAGS],
                                     .frecency = row->number[PAGE_FRECENCY],
                                     .visit_count = row->number[PAGE_VISIT_COUNT],
                                     .last_visit = row->number[PAGE_LAST_VISIT],
                                     .bookmark_added = row->number[PAGE_BOOKMARK_ADDED],
                                     .typed = row->number[PAGE_TYPED] != 0,
                                     .hidden = row->number[PAGE_HIDDEN] != 0,
                                     .generation = row->number[PAGE_GENERATION]};
}

static const struct row *find_page(const struct account *account, int64_t page)
{
    size_t place;
    return account == NULL ? NULL : table_find(account->tables[PAGES], PAGES, KEY(.number = {page}), &place);
}

int mem_page_get(void *session, struct hearth_call *call, const char *account, int64_t id, struct hearth_page *ret_page)
{
    struct hearth_page page;
    int r;
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = find_page(world_account(world, account), id);
    if (row == NULL) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)id);
    } else {
        page_of(row, &page);
        const char **texts[] = {&page.url, &page.host, &page.guid, &page.title, &page.bookmark_title, &page.tags};
        for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
            if (!keep_text(session, call, texts[i]))
                r = no_memory(call);
    }
    world_unref(world);
    if (r == 0)
        RESULT_GIVE(page, ret_page);
    return r;
}

static int deliver_page(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    struct hearth_page page;
    page_of(row, &page);
    return d->cb.page(d->ctx, &page);
}

static int by_frecency(const void *a, const void *b)
{
    DESCENDING(a, b, PAGE_FRECENCY);
    return ROW(a)->number[PAGE_ID] > ROW(b)->number[PAGE_ID] ? -1 : 1;
}

int mem_pages_by_frecency(void *session, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, PAGES, NULL, NULL, &list);
    if (r < 0)
        return r;
    list_sort(&list, by_frecency);
    return list_deliver(session, call, &list, deliver_page, &(struct delivery){.ctx = ctx, .cb.page = cb});
}

static bool is_later(const struct row *row, const void *since)
{
    return row->number[PAGE_GENERATION] > *(const int64_t *)since;
}

static bool is_removed_later(const struct row *row, const void *since)
{
    return row->number[REMOVED_GENERATION] > *(const int64_t *)since;
}

struct changes {
    struct delivery delivery;
    bool stopped;
};

static int deliver_changed(void *ctx, const struct row *row)
{
    struct changes *changes = ctx;
    changes->stopped = deliver_page(&changes->delivery, row) != 0;
    return changes->stopped;
}

static int deliver_gone(void *ctx, const struct row *row)
{
    struct changes *changes = ctx;
    struct hearth_page page = {
        .struct_size = sizeof(page), .id = row->number[REMOVED_ID], .gone = true, .generation = row->number[REMOVED_GENERATION]};
    return changes->delivery.cb.page(changes->delivery.ctx, &page);
}

int mem_pages_changed(void *session, struct hearth_call *call, const char *account, int64_t since, hearth_page_cb cb, void *ctx)
{
    struct changes changes = {.delivery = {.ctx = ctx, .cb.page = cb}};
    struct list list;
    int r;
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct account *found = world_account(world, account);
    bool known = found != NULL && since >= 0 && since <= found->row->number[ACCOUNT_GENERATION];
    world_unref(world);
    if (!known)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "what changed since generation %lld is not known", (long long)since);
    r = list_make(session, call, account, PAGES, is_later, &since, &list);
    if (r == 0)
        r = list_deliver(session, call, &list, deliver_changed, &changes);
    if (r == 0 && !changes.stopped)
        r = list_make(session, call, account, REMOVED, is_removed_later, &since, &list);
    return r == 0 && !changes.stopped ? list_deliver(session, call, &list, deliver_gone, &changes) : r;
}

/* --- visits ------------------------------------------------------------------------------------------------------------------------- */

static bool is_of_page(const struct row *row, const void *page)
{
    return row->number[VISIT_PAGE] == *(const int64_t *)page;
}

static int by_date(const void *a, const void *b)
{
    DESCENDING(a, b, VISIT_DATE);
    DESCENDING(a, b, VISIT_PAGE);
    DESCENDING(a, b, VISIT_TYPE);
    return 0;
}

static int deliver_visit(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    struct hearth_visit visit = HEARTH_VISIT(row->number[VISIT_DATE], row->number[VISIT_TYPE]);
    return d->cb.visit(d->ctx, &visit);
}

int mem_page_visits(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_visit_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, VISITS, is_of_page, &page, &list);
    if (r < 0)
        return r;
    list_sort(&list, by_date);
    return list_deliver(session, call, &list, deliver_visit, &(struct delivery){.ctx = ctx, .cb.visit = cb});
}

/* From `from` on, and behind the cursor. */
static bool is_asked_for(const struct row *row, const void *what)
{
    const struct hearth_visit_query *q = what;
    int64_t date = row->number[VISIT_DATE], page = row->number[VISIT_PAGE], type = row->number[VISIT_TYPE];
    if ((q->from != 0 && date < q->from) || (q->to != 0 && date >= q->to))
        return false;
    if (q->after_date == 0 || date != q->after_date)
        return q->after_date == 0 || date < q->after_date;
    return page != q->after_page ? page < q->after_page : type < q->after_type;
}

struct visit_delivery {
    struct delivery delivery;
    const char *host;
    bool dates; /* nothing but date and page */
};

static int deliver_visit_row(void *ctx, const struct row *row)
{
    struct visit_delivery *d = ctx;
    const struct row *page = find_page(d->delivery.account, row->number[VISIT_PAGE]);
    if (page == NULL || page->number[PAGE_HIDDEN] != 0 || (d->host != NULL && strcmp(page->text[PAGE_HOST], d->host) != 0))
        return 0;
    struct hearth_visit_row visit = {.struct_size = sizeof(visit),
                                     .type = (int32_t)row->number[VISIT_TYPE],
                                     .date = row->number[VISIT_DATE],
                                     .page = row->number[VISIT_PAGE]};
    if (d->dates)
        return d->delivery.cb.visit_row(d->delivery.ctx, &visit);
    visit.url = page->text[PAGE_URL];
    visit.title = page->text[PAGE_TITLE] != NULL ? page->text[PAGE_TITLE] : page->text[PAGE_BOOKMARK_TITLE];
    visit.bookmarked = page->number[PAGE_BOOKMARKS] > 0;
    return d->delivery.cb.visit_row(d->delivery.ctx, &visit);
}

static int list_visits(struct session *session, struct hearth_call *call, const char *account, const struct hearth_visit_query *query,
                       struct visit_delivery *delivery)
{
    struct list list;
    int r = list_make(session, call, account, VISITS, is_asked_for, query, &list);
    if (r < 0)
        return r;
    list_sort(&list, by_date);
    return deliver_joined(session, call, account, &list, deliver_visit_row, &delivery->delivery);
}

int mem_visit_list(void *session, struct hearth_call *call, const char *account, const struct hearth_visit_query *query,
                   hearth_visit_row_cb cb, void *ctx)
{
    struct visit_delivery delivery = {.delivery = {.ctx = ctx, .cb.visit_row = cb}, .host = query->host};
    return list_visits(session, call, account, query, &delivery);
}

int mem_visit_dates(void *session, struct hearth_call *call, const char *account, int64_t from, int64_t to, hearth_visit_row_cb cb,
                    void *ctx)
{
    struct hearth_visit_query query = {.struct_size = sizeof(query), .from = from, .to = to};
    struct visit_delivery delivery = {.delivery = {.ctx = ctx, .cb.visit_row = cb}, .dates = true};
    return list_visits(session, call, account, &query, &delivery);
}
