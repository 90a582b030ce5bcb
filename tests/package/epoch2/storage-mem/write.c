/* Synced data: what is written in a batch. */
#include <string.h>

#include "database.h"

/* Puts a row into the batch's account; takes the reference. */
static int batch_put_row(struct handle *handle, struct hearth_call *call, struct account *account,
                         enum table_name name, struct row *row)
{
    if (row != NULL && mem_account_put(account, name, row))
        return 0;
    mem_row_unref(row);
    return mem_batch_end(handle, mem_no_memory(call));
}

static int batch_drop_row(struct handle *handle, struct hearth_call *call, struct account *account,
                          enum table_name name, const struct row *key)
{
    return mem_account_drop(account, name, key) ? 0 : mem_batch_end(handle, mem_no_memory(call));
}

static int drop_if(struct handle *handle, struct hearth_call *call, struct account *account,
                   enum table_name name, bool (*matches)(const struct row *row, const void *what),
                   const void *what)
{
    return mem_account_drop_if(account, name, matches, what) >= 0
               ? 0
               : mem_batch_end(handle, mem_no_memory(call));
}

/* What says that the thing of this row is gone, but for the generation. */
static struct hearth_removal removal_of(const struct row *row)
{
    struct hearth_removal removal = {.struct_size = sizeof(removal), .key = ""};
    switch ((int)row->table) {
    case PAGES:
        removal.kind = HEARTH_REMOVAL_PAGE;
        removal.page = row->page.id;
        break;
    case VISITS:
        removal.kind = HEARTH_REMOVAL_VISIT;
        removal.page = row->page_of;
        removal.date = row->visit.date;
        removal.type = row->visit.type;
        break;
    case BOOKMARKS:
        removal.kind = HEARTH_REMOVAL_BOOKMARK;
        removal.key = row->bookmark.guid;
        break;
    case TABS:
        removal.kind = HEARTH_REMOVAL_TAB;
        removal.key = row->device_of;
        removal.position = row->tab.position;
        break;
    default:
        removal.kind = HEARTH_REMOVAL_DEVICE;
        removal.key = row->device.id;
        break;
    }
    return removal;
}

/* batch_put_row() for what removal records are about: it is not gone any more. */
static int put_thing(struct handle *handle, struct hearth_call *call, struct account *account,
                     enum table_name name, struct row *row)
{
    struct hearth_removal gone;
    int r = 0;
    if (row != NULL) {
        gone = removal_of(row);
        r = batch_drop_row(handle, call, account, REMOVALS, KEY(.removal = gone));
    }
    if (r == 0)
        return batch_put_row(handle, call, account, name, row);
    mem_row_unref(row);
    return r;
}

/* drop_if() for what removal records are about. */
static int remove_things(struct handle *handle, struct hearth_call *call, struct account *account,
                         enum table_name name,
                         bool (*matches)(const struct row *row, const void *what), const void *what)
{
    const struct table *table = account->tables[name];
    int r = 0;
    for (size_t i = 0; r == 0 && i < table->count; i++) {
        struct hearth_removal gone = removal_of(table->rows[i]);
        gone.generation = handle->generation;
        if (matches(table->rows[i], what))
            r = batch_put_row(handle, call, account, REMOVALS, mem_row_create(REMOVALS, &gone));
    }
    return r < 0 ? r : drop_if(handle, call, account, name, matches, what);
}

static bool row_is_any(const struct row *row, const void *what)
{
    (void)row;
    (void)what;
    return true;
}

static bool is_device(const struct row *row, const void *id)
{
    return strcmp(row->device.id, id) == 0;
}

static bool is_bookmark(const struct row *row, const void *guid)
{
    return strcmp(row->bookmark.guid, guid) == 0;
}

static bool is_page(const struct row *row, const void *page)
{
    return row->page.id == *(const int64_t *)page;
}

static bool row_hangs_on_device(const struct row *row, const void *device)
{
    return strcmp(row->device_of, device) == 0;
}

static bool is_visit_of(const struct row *row, const void *page)
{
    return row->page_of == *(const int64_t *)page;
}

static bool is_guid_of(const struct row *row, const void *page)
{
    return row->guid.page == *(const int64_t *)page;
}

static bool is_bookmark_from(const struct row *row, const void *source)
{
    return row->bookmark.source == *(const int64_t *)source;
}

static bool is_child_from(const struct row *row, const void *source)
{
    return row->child.source == *(const int64_t *)source;
}

static bool is_tombstone_from(const struct row *row, const void *source)
{
    return row->tombstone.source == *(const int64_t *)source;
}

static bool is_child_of(const struct row *row, const void *folder)
{
    return strcmp(row->child.folder, folder) == 0;
}

/* With their groups. device: NULL, of all. */
static int batch_remove_tabs(struct handle *handle, struct hearth_call *call,
                             struct account *account, const char *device)
{
    int r = remove_things(handle, call, account, TABS,
                          device == NULL ? row_is_any : row_hangs_on_device, device);
    return r < 0 ? r
                 : drop_if(handle, call, account, TAB_GROUPS,
                           device == NULL ? row_is_any : row_hangs_on_device, device);
}

int mem_sync_cursor_put(void *handle, struct hearth_call *call, int64_t source, int32_t collection,
                        const char *text)
{
    int r;
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    if (collection != HEARTH_COLLECTION_NONE && hearth_collection_name(collection) == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
    if (text == NULL)
        return batch_drop_row(handle, call, account, CURSORS,
                              KEY(.cursor = {.source = source, .collection = collection}));
    return batch_put_row(handle, call, account, CURSORS,
                         mem_row_create(CURSORS, MEM(cursor, .source = source,
                                                     .collection = collection, .text = text)));
}

static const struct row *find_device(const struct account *account, const char *id)
{
    size_t place;
    return mem_table_find(account->tables[DEVICES], DEVICES, KEY(.device = {.id = id}), &place);
}

int mem_device_put(void *handle, struct hearth_call *call, const struct hearth_device *device)
{
    int r = mem_key_check(call, DEVICES, device);
    struct account *account = r < 0 ? NULL : mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = find_device(account, device->id);
    struct row *row = mem_row_create(DEVICES, device);
    if (row != NULL)
        row->device.hidden = old != NULL && old->device.hidden;
    return put_thing(handle, call, account, DEVICES, row);
}

int mem_device_remove(void *handle, struct hearth_call *call, const char *device)
{
    int r;
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no device is named");
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    r = batch_remove_tabs(handle, call, account, device);
    return r < 0 ? r : remove_things(handle, call, account, DEVICES, is_device, device);
}

int mem_device_hide(void *handle, struct hearth_call *call, const char *device, bool hidden)
{
    int r;
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no device is named");
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = find_device(account, device);
    if (old == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such device");
    struct row *row = mem_row_create(DEVICES, &old->device);
    if (row != NULL)
        row->device.hidden = hidden;
    return batch_put_row(handle, call, account, DEVICES, row);
}

int mem_tab_put(void *handle, struct hearth_call *call, const char *device,
                const struct hearth_tab *tab)
{
    int r = mem_key_check(call, TABS, tab);
    if (device == NULL || tab->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a tab needs a device and a URL");
    struct account *account = r < 0 ? NULL : mem_batch_account(handle, call, &r);
    return account == NULL ? r
                           : put_thing(handle, call, account, TABS,
                                       mem_row_create_of_device(TABS, device, tab));
}

int mem_tab_group_put(void *handle, struct hearth_call *call, const char *device,
                      const struct hearth_tab_group *group)
{
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a group of tabs needs a device and an id");
    int r = mem_key_check(call, TAB_GROUPS, group);
    struct account *account = r < 0 ? NULL : mem_batch_account(handle, call, &r);
    return account == NULL ? r
                           : batch_put_row(handle, call, account, TAB_GROUPS,
                                           mem_row_create_of_device(TAB_GROUPS, device, group));
}

int mem_tabs_clear(void *handle, struct hearth_call *call, const char *device)
{
    int r;
    struct account *account = mem_batch_account(handle, call, &r);
    return account == NULL ? r : batch_remove_tabs(handle, call, account, device);
}

/* --- pages --- */

static int batch_find_page(struct hearth_call *call, const struct account *account, int64_t page)
{
    size_t place;
    if (mem_table_find(account->tables[PAGES], PAGES, KEY(.page = {.id = page}), &place) == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)page);
    return 0;
}

int mem_page_put(void *s, struct hearth_call *call, const struct hearth_page *page)
{
    struct handle *handle = s;
    int r;
    if (mem_key_check(call, PAGES, page) < 0 || page->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a page needs a positive id and a URL");
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    struct row *row = mem_row_create(PAGES, page);
    if (row != NULL)
        row->page.generation = handle->generation;
    return put_thing(handle, call, account, PAGES, row);
}

int mem_page_remove(void *s, struct hearth_call *call, int64_t page)
{
    struct handle *handle = s;
    int r;
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    if (batch_find_page(call, account, page) < 0)
        return 0;
    r = remove_things(handle, call, account, VISITS, is_visit_of, &page);
    if (r == 0)
        r = drop_if(handle, call, account, GUIDS, is_guid_of, &page);
    return r == 0 ? remove_things(handle, call, account, PAGES, is_page, &page) : r;
}

int mem_page_by_guid(void *handle, struct hearth_call *call, const char *guid, int64_t *ret_page)
{
    int r;
    size_t place;
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    const struct row *row = guid == NULL ? NULL
                                         : mem_table_find(account->tables[GUIDS], GUIDS,
                                                          KEY(.guid = {.guid = guid}), &place);
    if (row == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page has this guid");
    *ret_page = row->guid.page;
    return 0;
}

int mem_page_guid_put(void *handle, struct hearth_call *call, const char *guid, int64_t page)
{
    int r;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    r = batch_find_page(call, account, page);
    return r < 0 ? r
                 : batch_put_row(handle, call, account, GUIDS,
                                 mem_row_create(GUIDS, MEM(guid, .guid = guid, .page = page)));
}

int mem_page_guid_remove(void *handle, struct hearth_call *call, const char *guid)
{
    int r;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    struct account *account = mem_batch_account(handle, call, &r);
    return account == NULL
               ? r
               : batch_drop_row(handle, call, account, GUIDS, KEY(.guid = {.guid = guid}));
}

int mem_visits_put(void *handle, struct hearth_call *call, int64_t page,
                   const struct hearth_visit *visits, size_t count, int64_t *ret_added)
{
    int64_t added = 0;
    size_t place;
    int r;
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    for (size_t i = 0; i < count; i++)
        if ((r = mem_key_check(call, VISITS, HEARTH_AT(visits, i))) < 0)
            return r;
    r = batch_find_page(call, account, page);
    for (size_t i = 0; r == 0 && i < count; i++) {
        const struct hearth_visit *visit = HEARTH_AT(visits, i);
        struct row *row = mem_row_create_visit(page, visit);
        if (row != NULL && mem_table_find(account->tables[VISITS], VISITS, row, &place) != NULL) {
            mem_row_unref(row);
            continue;
        }
        r = put_thing(handle, call, account, VISITS, row);
        added += r == 0;
    }
    if (r == 0 && ret_added != NULL)
        *ret_added = added;
    return r;
}

int mem_visits_remove(void *handle, struct hearth_call *call, int64_t page)
{
    int r;
    struct account *account = mem_batch_account(handle, call, &r);
    return account == NULL ? r : remove_things(handle, call, account, VISITS, is_visit_of, &page);
}

/* --- bookmarks --- */

static const struct row *batch_find_bookmark(const struct account *account, const char *guid)
{
    size_t place;
    return mem_table_find(account->tables[BOOKMARKS], BOOKMARKS, KEY(.bookmark = {.guid = guid}),
                          &place);
}

int mem_bookmark_put(void *handle, struct hearth_call *call, const struct hearth_bookmark *b)
{
    int r;
    if (b->guid == NULL || b->kind < HEARTH_BOOKMARK || b->kind > HEARTH_NOT_SHOWN)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a bookmark needs a guid and a known kind");
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = batch_find_bookmark(account, b->guid);
    bool is_new = old == NULL;
    struct row *row = mem_row_create(BOOKMARKS, b);
    if (row != NULL && b->parent == NULL) { /* it stays where it is, or nowhere yet */
        struct hearth_bookmark placed = row->bookmark;
        placed.parent = is_new ? NULL : old->bookmark.parent;
        placed.position = is_new ? 0 : old->bookmark.position;
        struct row *again = mem_row_create(BOOKMARKS, &placed);
        mem_row_unref(row);
        row = again;
    }
    r = put_thing(handle, call, account, BOOKMARKS, row);
    return r == 0 && is_new ? batch_drop_row(handle, call, account, TOMBSTONES,
                                             KEY(.tombstone = {.guid = b->guid}))
                            : r;
}

int mem_bookmark_remove(void *handle, struct hearth_call *call, const char *guid)
{
    int r;
    size_t place;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = batch_find_bookmark(account, guid);
    const struct row *known = mem_table_find(account->tables[TOMBSTONES], TOMBSTONES,
                                             KEY(.tombstone = {.guid = guid}), &place);
    const char *parent = old != NULL ? old->bookmark.parent : NULL;
    if (parent == NULL && known != NULL)
        parent = known->tombstone.parent;
    int64_t source = old != NULL     ? old->bookmark.source
                     : known != NULL ? known->tombstone.source
                                     : 0;
    r = batch_put_row(handle, call, account, TOMBSTONES,
                      mem_row_create(TOMBSTONES, MEM(tombstone, .guid = guid, .parent = parent,
                                                     .source = source)));
    if (r == 0)
        r = drop_if(handle, call, account, CHILDREN, is_child_of, guid);
    return r == 0 ? remove_things(handle, call, account, BOOKMARKS, is_bookmark, guid) : r;
}

int mem_bookmark_clear(void *handle, struct hearth_call *call, int64_t source)
{
    int r;
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    r = remove_things(handle, call, account, BOOKMARKS, is_bookmark_from, &source);
    if (r == 0)
        r = drop_if(handle, call, account, CHILDREN, is_child_from, &source);
    return r == 0 ? drop_if(handle, call, account, TOMBSTONES, is_tombstone_from, &source) : r;
}

int mem_bookmark_children_put(void *handle, struct hearth_call *call, int64_t source,
                              const char *folder, const char *const *children, size_t count)
{
    int r;
    if (folder == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no folder is named");
    for (size_t i = 0; i < count; i++)
        if (children[i] == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a claimed child has no guid");
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    r = drop_if(handle, call, account, CHILDREN, is_child_of, folder);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = batch_put_row(
            handle, call, account, CHILDREN,
            mem_row_create(CHILDREN, MEM(child, .folder = folder, .position = (int64_t)i,
                                         .child = children[i], .source = source)));
    return r;
}

int mem_bookmark_place(void *handle, struct hearth_call *call, const char *guid, const char *parent,
                       int64_t position)
{
    int r;
    struct account *account = mem_batch_account(handle, call, &r);
    if (account == NULL)
        return r;
    const struct row *old = guid == NULL ? NULL : batch_find_bookmark(account, guid);
    if (old == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no bookmark %s", guid == NULL ? "" : guid);
    struct hearth_bookmark placed = old->bookmark;
    placed.parent = parent;
    placed.position = position;
    return batch_put_row(handle, call, account, BOOKMARKS, mem_row_create(BOOKMARKS, &placed));
}
