/* Synced data: what is written in a batch. */
#include <string.h>

#include "store.h"

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* Puts a row into the batch's account; takes the reference. */
static int put(struct session *session, struct hearth_call *call, struct account *account, enum table_name name, struct row *row)
{
    if (row != NULL && account_put(account, name, row))
        return 0;
    row_unref(row);
    return batch_end(session, no_memory(call));
}

static int drop(struct session *session, struct hearth_call *call, struct account *account, enum table_name name, const struct row *key)
{
    return account_drop(account, name, key) ? 0 : batch_end(session, no_memory(call));
}

static int drop_if(struct session *session, struct hearth_call *call, struct account *account, enum table_name name,
                   bool (*matches)(const struct row *row, const void *what), const void *what)
{
    return account_drop_if(account, name, matches, what) >= 0 ? 0 : batch_end(session, no_memory(call));
}

static bool any(const struct row *row, const void *what)
{
    (void)row;
    (void)what;
    return true;
}

static bool first_text_is(const struct row *row, const void *what)
{
    return strcmp(row->text[0], what) == 0;
}

static bool first_number_is(const struct row *row, const void *what)
{
    return row->number[0] == *(const int64_t *)what;
}

int mem_mark_put(void *session, struct hearth_call *call, int32_t collection, const char *text)
{
    int r;
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    if (collection != HEARTH_COLLECTION_NONE && hearth_collection_name(collection) == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
    if (text == NULL)
        return drop(session, call, account, MARKS, KEY(.number = {collection}));
    return put(session, call, account, MARKS, row_create((const char *[TEXTS]){text}, (int64_t[NUMBERS]){collection}, 0));
}

int mem_device_put(void *session, struct hearth_call *call, const struct hearth_device *device)
{
    int r;
    if (device->id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a device needs an id");
    struct account *account = batch_account(session, call, &r);
    const char *texts[TEXTS] = {device->id, or_empty(device->name), device->type == NULL ? "unknown" : device->type,
                                device->os, device->version,        device->fxa_device_id};
    return account == NULL ? r : put(session, call, account, DEVICES, row_create(texts, (int64_t[NUMBERS]){device->last_upload}, 0));
}

int mem_device_remove(void *session, struct hearth_call *call, const char *device)
{
    int r;
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no device is named");
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    r = drop_if(session, call, account, TABS, first_text_is, device);
    return r < 0 ? r : drop(session, call, account, DEVICES, KEY(.text = {device}));
}

int mem_tab_put(void *session, struct hearth_call *call, const char *device, const struct hearth_tab *tab)
{
    int r;
    if (device == NULL || tab->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a tab needs a device and a URL");
    struct account *account = batch_account(session, call, &r);
    const char *texts[TEXTS] = {device, or_empty(tab->title), tab->url, tab->icon, tab->group};
    int64_t numbers[NUMBERS] = {tab->position, tab->last_used, tab->inactive, tab->pinned};
    return account == NULL ? r : put(session, call, account, TABS, row_create(texts, numbers, 0));
}

int mem_tabs_clear(void *session, struct hearth_call *call, const char *device)
{
    int r;
    struct account *account = batch_account(session, call, &r);
    return account == NULL ? r : drop_if(session, call, account, TABS, device == NULL ? any : first_text_is, device);
}

/* --- pages -------------------------------------------------------------------------------------------------------------------------- */

static int find_page(struct hearth_call *call, const struct account *account, int64_t page)
{
    size_t place;
    if (table_find(account->tables[PAGES], PAGES, KEY(.number = {page}), &place) == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)page);
    return 0;
}

int mem_page_put(void *s, struct hearth_call *call, const struct hearth_page *page)
{
    struct session *session = s;
    int r;
    if (page->id <= 0 || page->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a page needs a positive id and a URL");
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    const char *texts[TEXTS] = {page->url, or_empty(page->host), page->guid, page->title, page->bookmark_title, page->tags};
    int64_t numbers[NUMBERS] = {page->id,    page->frecency, page->visit_count,  page->last_visit, page->bookmarks, page->bookmark_added,
                                page->typed, page->hidden,   session->generation};
    r = put(session, call, account, PAGES, row_create(texts, numbers, 0));
    return r < 0 ? r : drop(session, call, account, REMOVED, KEY(.number = {page->id}));
}

static bool second_is_page(const struct row *row, const void *what)
{
    return row->number[GUID_PAGE] == *(const int64_t *)what;
}

int mem_page_remove(void *s, struct hearth_call *call, int64_t page)
{
    struct session *session = s;
    int r;
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    if (find_page(call, account, page) < 0)
        return 0;
    r = drop_if(session, call, account, VISITS, first_number_is, &page);
    if (r == 0)
        r = drop_if(session, call, account, GUIDS, second_is_page, &page);
    if (r == 0)
        r = drop(session, call, account, PAGES, KEY(.number = {page}));
    if (r == 0)
        r = put(session, call, account, REMOVED, row_create((const char *[TEXTS]){NULL}, (int64_t[NUMBERS]){page, session->generation}, 0));
    return r;
}

int mem_page_by_guid(void *session, struct hearth_call *call, const char *guid, int64_t *ret_page)
{
    int r;
    size_t place;
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    const struct row *row = guid == NULL ? NULL : table_find(account->tables[GUIDS], GUIDS, KEY(.text = {guid}), &place);
    if (row == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page has this guid");
    *ret_page = row->number[GUID_PAGE];
    return 0;
}

int mem_page_guid_put(void *session, struct hearth_call *call, const char *guid, int64_t page)
{
    int r;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    r = find_page(call, account, page);
    return r < 0 ? r : put(session, call, account, GUIDS, row_create((const char *[TEXTS]){guid}, (int64_t[NUMBERS]){page}, 0));
}

int mem_visits_put(void *session, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count,
                   int64_t *ret_added)
{
    int64_t added = 0;
    size_t place;
    int r;
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    for (size_t i = 0; i < count; i++)
        if (HEARTH_AT(visits, i)->type < 0 || HEARTH_AT(visits, i)->type > 9)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a visit of type %d", (int)HEARTH_AT(visits, i)->type);
    r = find_page(call, account, page);
    for (size_t i = 0; r == 0 && i < count; i++) {
        int64_t numbers[NUMBERS] = {page, HEARTH_AT(visits, i)->date, HEARTH_AT(visits, i)->type};
        struct row key = {.number = {page, HEARTH_AT(visits, i)->date, HEARTH_AT(visits, i)->type}};
        if (table_find(account->tables[VISITS], VISITS, &key, &place) != NULL)
            continue;
        r = put(session, call, account, VISITS, row_create((const char *[TEXTS]){NULL}, numbers, 0));
        added += r == 0;
    }
    if (r == 0 && ret_added != NULL)
        *ret_added = added;
    return r;
}

int mem_visits_remove(void *session, struct hearth_call *call, int64_t page)
{
    int r;
    struct account *account = batch_account(session, call, &r);
    return account == NULL ? r : drop_if(session, call, account, VISITS, first_number_is, &page);
}

/* --- bookmarks ---------------------------------------------------------------------------------------------------------------------- */

static const struct row *find_bookmark(const struct account *account, const char *guid)
{
    size_t place;
    return table_find(account->tables[BOOKMARKS], BOOKMARKS, KEY(.text = {guid}), &place);
}

int mem_bookmark_put(void *session, struct hearth_call *call, const struct hearth_bookmark *b)
{
    int r;
    if (b->guid == NULL || b->kind < HEARTH_BOOKMARK || b->kind > HEARTH_LIVEMARK)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a bookmark needs a guid and a known kind");
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = find_bookmark(account, b->guid);
    bool stays = b->parent == NULL; /* where it is, or nowhere yet */
    const char *parent = !stays ? b->parent : old == NULL ? NULL : old->text[MARKED_PARENT];
    int64_t position = !stays ? b->position : old == NULL ? 0 : old->number[MARKED_POSITION];
    bool is_new = old == NULL;
    const char *texts[TEXTS] = {b->guid, parent, b->said_parent, b->title, b->url, b->keyword, b->tag_query, b->tags};
    int64_t numbers[NUMBERS] = {b->kind, position, b->page, b->added, b->modified};
    r = put(session, call, account, BOOKMARKS, row_create(texts, numbers, 0));
    return r == 0 && is_new ? drop(session, call, account, TOMBSTONES, KEY(.text = {b->guid})) : r;
}

int mem_bookmark_remove(void *session, struct hearth_call *call, const char *guid)
{
    int r;
    size_t place;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = find_bookmark(account, guid);
    const struct row *known = table_find(account->tables[TOMBSTONES], TOMBSTONES, KEY(.text = {guid}), &place);
    const char *parent = old != NULL ? old->text[MARKED_PARENT] : NULL;
    if (parent == NULL && known != NULL)
        parent = known->text[TOMBSTONE_PARENT];
    r = put(session, call, account, TOMBSTONES, row_create((const char *[TEXTS]){guid, parent}, (int64_t[NUMBERS]){0}, 0));
    if (r == 0)
        r = drop_if(session, call, account, CLAIMS, first_text_is, guid);
    return r == 0 ? drop(session, call, account, BOOKMARKS, KEY(.text = {guid})) : r;
}

int mem_bookmark_clear(void *session, struct hearth_call *call)
{
    int r;
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    r = drop_if(session, call, account, BOOKMARKS, any, NULL);
    if (r == 0)
        r = drop_if(session, call, account, CLAIMS, any, NULL);
    return r == 0 ? drop_if(session, call, account, TOMBSTONES, any, NULL) : r;
}

int mem_bookmark_claims_put(void *session, struct hearth_call *call, const char *folder, const char *const *children, size_t count)
{
    int r;
    if (folder == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no folder is named");
    for (size_t i = 0; i < count; i++)
        if (children[i] == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a claimed child has no guid");
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    r = drop_if(session, call, account, CLAIMS, first_text_is, folder);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = put(session, call, account, CLAIMS, row_create((const char *[TEXTS]){folder, children[i]}, (int64_t[NUMBERS]){(int64_t)i}, 0));
    return r;
}

int mem_bookmark_place(void *session, struct hearth_call *call, const char *guid, const char *parent, int64_t position)
{
    int r;
    struct account *account = batch_account(session, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = guid == NULL ? NULL : find_bookmark(account, guid);
    if (old == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no bookmark %s", or_empty(guid));
    const char *texts[TEXTS];
    int64_t numbers[NUMBERS];
    memcpy(texts, old->text, sizeof(texts));
    memcpy(numbers, old->number, sizeof(numbers));
    texts[MARKED_PARENT] = parent;
    numbers[MARKED_POSITION] = position;
    return put(session, call, account, BOOKMARKS, row_create(texts, numbers, 0));
}
