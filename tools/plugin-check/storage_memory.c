/* Allocation failures: every operation, with every allocation of it failing in turn. Nothing may
 * crash, leak, or be half done. */
#include "storage_kit.h"

typedef int (*step_fn)(struct storage *storage);

#define CALL(...) (r = r < 0 ? r : STORAGE(storage, NULL, __VA_ARGS__))

static int step_account(struct storage *storage)
{
    int r = 0;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "c",
                                     .email = "c@example.org",
                                     .uid = "u",
                                     .provider = "fx",
                                     .node = ""};
    return CALL(account_create, &account);
}

static int step_update(struct storage *storage)
{
    int r = 0;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "a",
                                     .name = "Anna",
                                     .next_sync = 5,
                                     .state_detail = "x"};
    return CALL(account_update, &account,
                HEARTH_ACCOUNT_NAME | HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NEXT_SYNC);
}

static int step_identity(struct storage *storage)
{
    int r = 0;
    struct hearth_account_identity identity = {
        .struct_size = sizeof(identity), .issuer = "proxy", .subject = "anna"};
    struct hearth_account account = {.struct_size = sizeof(account)};
    const char *text;
    if (storage->ops->identity_put == NULL)
        return 0;
    CALL(identity_put, "a", &identity);
    CALL(account_by_identity, "proxy", "anna", &account);
    CALL(identity_remove, "a", "proxy", "anna");
    CALL(property_put, "memory", "yes", true);
    return CALL(property_get, "memory", &text);
}

static int step_token(struct storage *storage)
{
    int r = 0;
    uint8_t hash[32] = {7};
    struct hearth_token token = {
        .struct_size = sizeof(token), .id = "t", .account = "a", .name = "n", .hash = hash};
    return CALL(token_create, &token);
}

static int step_settings(struct storage *storage)
{
    int r = 0;
    struct hearth_pick pick = {
        .struct_size = sizeof(pick), .input = "in", .page = 3, .use_count = 1};
    CALL(settings_put, "a", "{\"a\":1}");
    struct hearth_source source = {.struct_size = sizeof(source),
                                   .id = 2,
                                   .name = "n",
                                   .kind = HEARTH_SOURCE_SYNC,
                                   .provider = "",
                                   .uid = ""};
    CALL(credentials_put, "a", 0, "sealed", 6);
    CALL(source_put, "a", &source);
    CALL(credentials_put, "a", 2, "other", 5);
    CALL(pick_put, "a", &pick);
    struct hearth_removed_here removed = {
        .struct_size = sizeof(removed), .id = "r", .kind = HEARTH_REMOVED_HERE_SPAN, .host = ""};
    return CALL(removed_here_put, "a", &removed);
}

static int put_history(struct storage *storage, int r)
{
    int64_t generation, added, page = 0;
    struct hearth_visit visits[] = {HEARTH_VISIT(100, 1), HEARTH_VISIT(200, 2)};
    CALL(batch_begin, "a", HEARTH_HISTORY, &generation);
    for (int64_t id = 1; id <= 3; id++) {
        struct hearth_page p = kit_page_make(id, "https://example.org/", "example.org");
        p.title = "title";
        p.visit_count = 2;
        p.last_visit = 200;
        CALL(page_put, &p);
        CALL(visits_put, id, visits, 2, &added);
        CALL(page_guid_put, id == 1 ? "g1" : id == 2 ? "g2" : "g3", id);
    }
    CALL(page_by_guid, "g2", &page);
    CALL(page_remove, 3);
    CALL(page_guid_remove, "g2");
    CALL(sync_cursor_put, 0, HEARTH_HISTORY, "mark");
    CALL(sync_cursor_put, 2, HEARTH_HISTORY, "other");
    return r;
}

static int put_bookmarks(struct storage *storage, int r)
{
    struct hearth_bookmark folder = kit_bookmark_make("menu________", HEARTH_FOLDER, NULL, 0);
    struct hearth_bookmark bookmark =
        kit_bookmark_make("b___________", HEARTH_BOOKMARK, "menu________", 0);
    bookmark.title = "title";
    bookmark.url = "https://example.org/";
    bookmark.tags = "one\ntwo";
    CALL(bookmark_put, &folder);
    CALL(bookmark_put, &bookmark);
    CALL(bookmark_children_put, 0, "menu________", (const char *const[]){"b___________", "later"},
         2);
    CALL(bookmark_place, "b___________", "menu________", 0);
    return CALL(bookmark_remove, "gone________");
}

static int put_devices(struct storage *storage, int r)
{
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = "d", .name = "phone", .type = "mobile", .os = "os"};
    struct hearth_tab tab = {
        .struct_size = sizeof(tab), .title = "t", .url = "https://example.org/"};
    struct hearth_tab_group group = {
        .struct_size = sizeof(group), .id = "g", .name = "trip", .color = "blue"};
    CALL(device_put, &device);
    CALL(device_hide, "d", true);
    CALL(tab_group_put, "d", &group);
    return CALL(tab_put, "d", &tab);
}

static int step_batch(struct storage *storage)
{
    int r = put_devices(storage, put_bookmarks(storage, put_history(storage, 0)));
    CALL(batch_commit, true);
    if (r < 0)
        storage->ops->batch_abort(storage->handle);
    return r;
}

static int memory_on_any_page(void *ctx, const struct hearth_page *page)
{
    (void)ctx;
    return page->url == NULL && !page->gone;
}

static int on_any_row(void *ctx, const struct hearth_visit_row *row)
{
    (void)ctx;
    return row->date == 0;
}

static int on_any_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    (void)ctx;
    return bookmark->guid == NULL;
}

static int on_any_guid(void *ctx, const char *guid, int64_t page)
{
    (void)ctx;
    return guid == NULL || page == 0;
}

static int step_read(struct storage *storage)
{
    int r = 0;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct hearth_visit_query visits = {.struct_size = sizeof(visits)};
    struct hearth_bookmark_query bookmarks = {
        .struct_size = sizeof(bookmarks), .order = HEARTH_BY_TAG, .tag = "ONE"};
    const char *json;
    CALL(account_by_email, "ANNA@example.org", &account);
    CALL(settings_get, "a", &json);
    CALL(page_get, "a", 1, &page);
    CALL(pages_by_frecency, "a", memory_on_any_page, NULL);
    CALL(pages_changed, "a", 0, memory_on_any_page, NULL);
    CALL(page_guid_list, "a", on_any_guid, NULL);
    CALL(visit_list, "a", &visits, on_any_row, NULL);
    CALL(bookmark_get, "a", "b___________", &bookmark);
    return CALL(bookmark_list, "a", &bookmarks, on_any_bookmark, NULL);
}

static int step_remove(struct storage *storage)
{
    int r = 0;
    CALL(token_remove, "a", "t");
    return CALL(account_remove, "c");
}

/* One allocation after another fails until the step gets through without reaching the next one. */
static void memory_exhaust_step(struct kit *kit, const char *name, step_fn step)
{
    struct buf before = {0}, after = {0};
    bool atomic_step =
        step == step_account || step == step_update || step == step_token || step == step_batch;
    kit_dump_storage(&kit->storage, &before);
    for (long n = 1; n < 20000; n++) {
        kit_memory_fail_at(n);
        kit->storage.call.error[0] = '\0';
        int r = step(&kit->storage);
        bool failed = kit_memory_failed();
        plug_storage_reset(&kit->storage);
        if (r == 0 && !failed)
            break;
        if (r == 0 || r == HEARTH_ERR_UNCERTAIN || !atomic_step)
            kit_dump_storage(&kit->storage, &before); /* it did without, or perhaps */
        if (r == 0)
            continue;
        if (!failed && r != HEARTH_ERR_UNAVAILABLE && r != HEARTH_ERR_CONFLICT &&
            r != HEARTH_ERR_NOT_FOUND)
            fail_msg("%s: allocation %ld failed earlier, and now it returns %s", name, n,
                     err_name(r));
        if (atomic_step && r != HEARTH_ERR_UNCERTAIN) {
            kit_dump_storage(&kit->storage, &after);
            if (failed)
                kit_expect_same_dump(&after, &before, name);
        }
        if (!failed && (r == HEARTH_ERR_CONFLICT || r == HEARTH_ERR_NOT_FOUND))
            break; /* an UNCERTAIN one had happened */
    }
    kit_expect_sound(&kit->storage);
    buf_fini(&before);
    buf_fini(&after);
}

static void storage_every_allocation_fails(struct kit *kit)
{
    static const struct {
        const char *name;
        step_fn step;
    } steps[] = {{"account_create", step_account}, {"account_update", step_update},
                 {"token_create", step_token},     {"identity_put", step_identity},
                 {"settings_put", step_settings},  {"a batch", step_batch},
                 {"reading", step_read},           {"account_remove", step_remove}};
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        memory_exhaust_step(kit, steps[i].name, steps[i].step);
}

static void opening_without_memory(struct kit *kit)
{
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    for (long n = 1; n < 20000; n++) {
        void *self = NULL, *handle = NULL;
        struct call call;
        plug_call_init(&call, NULL, 0, 0);
        kit_memory_fail_at(n);
        int r = kit->storage_ops->open(&kit->host.hearth, &call.hearth, kit->values, &self);
        if (r == 0)
            r = kit->storage_ops->handle_open(self, &call.hearth, &handle);
        bool failed = kit_memory_failed();
        if (r < 0 && call.error[0] == '\0')
            fail_msg("opening fails with %s and without a text", err_name(r));
        if (handle != NULL)
            kit->storage_ops->handle_close(handle);
        kit->storage_ops->close(self);
        plug_call_fini(&call);
        if (!failed && r == 0)
            return;
    }
}

const struct kit_test kit_storage_memory_tests[] = {
    {"memory: every allocation of every operation fails once, and nothing is half done",
     storage_every_allocation_fails, KIT_FAULTS, 300},
    {"memory: opening survives every failed allocation", opening_without_memory, KIT_FAULTS, 120},
    {NULL, NULL},
};
