/* Synced data: devices, pages, visits. Each list is made of rows that are taken, put in order,
 * and delivered. */
#include <stdlib.h>
#include <string.h>

#include "database.h"

#define ROW(p) (*(struct row *const *)(p))
#define DESCENDING(a, b, number)                                                                   \
    if (ROW(a)->number != ROW(b)->number)                                                          \
    return ROW(a)->number > ROW(b)->number ? -1 : 1

/* What a delivery needs besides the row. */
struct delivery {
    void *ctx;
    const struct account *account; /* as it was when the list was made: joins */
    union {
        hearth_sync_cursor_cb cursor;
        hearth_generation_cb generation;
        hearth_removal_cb removal;
        hearth_device_cb device;
        hearth_tab_cb tab;
        hearth_tab_group_cb tab_group;
        hearth_page_cb page;
        hearth_visit_cb visit;
        hearth_visit_row_cb visit_row;
        hearth_page_guid_cb page_guid;
    } cb;
};

static int deliver_cursor(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.cursor(d->ctx, row->cursor.source, (int32_t)row->cursor.collection,
                        row->cursor.text);
}

int mem_sync_cursor_list(void *handle, struct hearth_call *call, const char *account,
                         hearth_sync_cursor_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, CURSORS, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_cursor,
                                    &(struct delivery){.ctx = ctx, .cb.cursor = cb});
}

static int deliver_generation(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.generation(d->ctx, (int32_t)row->generation.collection,
                            row->generation.generation);
}

int mem_generation_list(void *handle, struct hearth_call *call, const char *account,
                        hearth_generation_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, GENERATIONS, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_generation,
                                    &(struct delivery){.ctx = ctx, .cb.generation = cb});
}

/* --- devices and tabs --- */

static int by_upload(const void *a, const void *b)
{
    DESCENDING(a, b, device.last_upload);
    return strcmp(ROW(a)->device.id, ROW(b)->device.id);
}

static int deliver_device(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    int64_t tabs = 0;
    const struct table *table = d->account->tables[TABS];
    for (size_t i = 0; i < table->count; i++)
        tabs += strcmp(table->rows[i]->device_of, row->device.id) == 0;
    return d->cb.device(d->ctx, &row->device, tabs);
}

int mem_device_list(void *handle, struct hearth_call *call, const char *account,
                    hearth_device_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, DEVICES, NULL, NULL, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_upload);
    return mem_list_deliver(
        handle, call, &list, deliver_device,
        &(struct delivery){.ctx = ctx, .account = list.account, .cb.device = cb});
}

static int by_use(const void *a, const void *b)
{
    int r = strcmp(ROW(a)->device_of, ROW(b)->device_of);
    if (r != 0)
        return r;
    DESCENDING(a, b, tab.last_used);
    return ROW(a)->tab.position < ROW(b)->tab.position ? -1 : 1;
}

static bool row_is_of_device(const struct row *row, const void *what)
{
    return what == NULL || strcmp(row->device_of, what) == 0;
}

static int deliver_tab(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.tab(d->ctx, row->device_of, &row->tab);
}

int mem_tab_list(void *handle, struct hearth_call *call, const char *account, const char *device,
                 hearth_tab_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, TABS, row_is_of_device, device, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_use);
    return mem_list_deliver(handle, call, &list, deliver_tab,
                            &(struct delivery){.ctx = ctx, .cb.tab = cb});
}

static int deliver_tab_group(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.tab_group(d->ctx, row->device_of, &row->tab_group);
}

/* In the order of the key. */
int mem_tab_group_list(void *handle, struct hearth_call *call, const char *account,
                       const char *device, hearth_tab_group_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, TAB_GROUPS, row_is_of_device, device, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_tab_group,
                                    &(struct delivery){.ctx = ctx, .cb.tab_group = cb});
}

/* --- pages --- */

static const struct row *page_row_find(const struct account *account, int64_t page)
{
    size_t place;
    return account == NULL
               ? NULL
               : mem_table_find(account->tables[PAGES], PAGES, KEY(.page = {.id = page}), &place);
}

int mem_page_get(void *handle, struct hearth_call *call, const char *account, int64_t id,
                 struct hearth_page *ret_page)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = page_row_find(mem_world_account(world, account), id);
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)id);
    else
        r = mem_record_give(handle, call, PAGES, &row->page, ret_page);
    mem_world_unref(world);
    return r;
}

static int deliver_page(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.page(d->ctx, &row->page);
}

static int by_frecency(const void *a, const void *b)
{
    DESCENDING(a, b, page.frecency);
    return ROW(a)->page.id > ROW(b)->page.id ? -1 : 1;
}

int mem_pages_by_frecency(void *handle, struct hearth_call *call, const char *account,
                          hearth_page_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, PAGES, NULL, NULL, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_frecency);
    return mem_list_deliver(handle, call, &list, deliver_page,
                            &(struct delivery){.ctx = ctx, .cb.page = cb});
}

static bool is_later(const struct row *row, const void *since)
{
    return row->page.generation > *(const int64_t *)since;
}

static bool is_removed_later(const struct row *row, const void *since)
{
    return row->removal.generation > *(const int64_t *)since;
}

static bool is_page_removed_later(const struct row *row, const void *since)
{
    return row->removal.kind == HEARTH_REMOVAL_PAGE && is_removed_later(row, since);
}

static int deliver_change(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    if (row->table == PAGES)
        return d->cb.page(d->ctx, &row->page);
    struct hearth_page page = {.struct_size = sizeof(page),
                               .id = row->removal.page,
                               .gone = 1,
                               .generation = row->removal.generation};
    return d->cb.page(d->ctx, &page);
}

/* Everything since it was made is remembered; what has not happened yet is not known either. */
static int check_since(struct hearth_call *call, const struct list *list, int64_t since)
{
    if (list->account != NULL && since >= list->account->begun &&
        since <= list->account->row->account.generation)
        return 0;
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                       "what changed since generation %lld is not known", (long long)since);
}

int mem_pages_changed(void *handle, struct hearth_call *call, const char *account, int64_t since,
                      hearth_page_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, PAGES, is_later, &since, &list);
    if (r < 0)
        return r;
    r = check_since(call, &list, since);
    if (r == 0)
        r = mem_list_add(call, &list, REMOVALS, is_page_removed_later, &since);
    if (r == 0)
        return mem_list_deliver(handle, call, &list, deliver_change,
                                &(struct delivery){.ctx = ctx, .cb.page = cb});
    mem_list_free(&list);
    return r;
}

static int by_removal(const void *a, const void *b)
{
    const struct hearth_removal *x = &ROW(a)->removal, *y = &ROW(b)->removal;
    int64_t p[] = {x->generation, x->kind}, q[] = {y->generation, y->kind};
    for (int i = 0; i < 2; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    int r = strcmp(x->key, y->key);
    int64_t rest[] = {x->page, x->date, x->type, x->position},
            other[] = {y->page, y->date, y->type, y->position};
    for (int i = 0; r == 0 && i < 4; i++)
        r = rest[i] == other[i] ? 0 : rest[i] < other[i] ? -1 : 1;
    return r;
}

static int deliver_removal(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.removal(d->ctx, &row->removal);
}

int mem_removals_since(void *handle, struct hearth_call *call, const char *account, int64_t since,
                       hearth_removal_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, REMOVALS, is_removed_later, &since, &list);
    if (r < 0)
        return r;
    r = check_since(call, &list, since);
    if (r < 0) {
        mem_list_free(&list);
        return r;
    }
    mem_list_sort(&list, by_removal);
    return mem_list_deliver(handle, call, &list, deliver_removal,
                            &(struct delivery){.ctx = ctx, .cb.removal = cb});
}

static int guids_by_page(const void *a, const void *b)
{
    if (ROW(a)->guid.page != ROW(b)->guid.page)
        return ROW(a)->guid.page < ROW(b)->guid.page ? -1 : 1;
    return strcmp(ROW(a)->guid.guid, ROW(b)->guid.guid);
}

static int deliver_page_guid(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.page_guid(d->ctx, row->guid.guid, row->guid.page);
}

int mem_page_guid_list(void *handle, struct hearth_call *call, const char *account,
                       hearth_page_guid_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, GUIDS, NULL, NULL, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, guids_by_page);
    return mem_list_deliver(handle, call, &list, deliver_page_guid,
                            &(struct delivery){.ctx = ctx, .cb.page_guid = cb});
}

/* --- visits --- */

static bool visit_is_of_page(const struct row *row, const void *page)
{
    return row->page_of == *(const int64_t *)page;
}

static int by_date(const void *a, const void *b)
{
    DESCENDING(a, b, visit.date);
    DESCENDING(a, b, page_of);
    DESCENDING(a, b, visit.type);
    return 0;
}

static int deliver_visit(void *ctx, const struct row *row)
{
    struct delivery *d = ctx;
    return d->cb.visit(d->ctx, &row->visit);
}

int mem_page_visits(void *handle, struct hearth_call *call, const char *account, int64_t page,
                    hearth_visit_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, VISITS, visit_is_of_page, &page, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_date);
    return mem_list_deliver(handle, call, &list, deliver_visit,
                            &(struct delivery){.ctx = ctx, .cb.visit = cb});
}

/* From `from` on, and behind the cursor. */
static bool visit_is_asked_for(const struct row *row, const void *what)
{
    const struct hearth_visit_query *q = what;
    int64_t date = row->visit.date, page = row->page_of, type = row->visit.type;
    if ((q->from != 0 && date < q->from) || (q->to != 0 && date >= q->to))
        return false;
    if (q->after_date == 0 || date != q->after_date)
        return q->after_date == 0 || date < q->after_date;
    return page != q->after_page ? page < q->after_page : type < q->after_type;
}

struct visit_delivery {
    struct delivery delivery;
    const char *host;
    bool dates; /* nothing but date, page and type */
};

static int deliver_visit_row(void *ctx, const struct row *row)
{
    struct visit_delivery *d = ctx;
    const struct row *found = page_row_find(d->delivery.account, row->page_of);
    const struct hearth_page *page = found == NULL ? NULL : &found->page;
    if (page == NULL || page->hidden || (d->host != NULL && strcmp(page->host, d->host) != 0))
        return 0;
    struct hearth_visit_row visit = {.struct_size = sizeof(visit),
                                     .type = (int32_t)row->visit.type,
                                     .date = row->visit.date,
                                     .page = row->page_of};
    if (d->dates)
        return d->delivery.cb.visit_row(d->delivery.ctx, &visit);
    visit.url = page->url;
    visit.title = page->title != NULL ? page->title : page->bookmark_title;
    visit.bookmarked = page->bookmarks > 0;
    return d->delivery.cb.visit_row(d->delivery.ctx, &visit);
}

static int list_visits(struct handle *handle, struct hearth_call *call, const char *account,
                       const struct hearth_visit_query *query, struct visit_delivery *delivery)
{
    struct list list;
    int r = mem_list_make(handle, call, account, VISITS, visit_is_asked_for, query, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_date);
    delivery->delivery.account = list.account;
    return mem_list_deliver(handle, call, &list, deliver_visit_row, delivery);
}

int mem_visit_list(void *handle, struct hearth_call *call, const char *account,
                   const struct hearth_visit_query *query, hearth_visit_row_cb cb, void *ctx)
{
    struct visit_delivery delivery = {.delivery = {.ctx = ctx, .cb.visit_row = cb},
                                      .host = query->host};
    return list_visits(handle, call, account, query, &delivery);
}

int mem_visit_dates(void *handle, struct hearth_call *call, const char *account, int64_t from,
                    int64_t to, hearth_visit_row_cb cb, void *ctx)
{
    struct hearth_visit_query query = {.struct_size = sizeof(query), .from = from, .to = to};
    struct visit_delivery delivery = {.delivery = {.ctx = ctx, .cb.visit_row = cb}, .dates = true};
    return list_visits(handle, call, account, &query, &delivery);
}
