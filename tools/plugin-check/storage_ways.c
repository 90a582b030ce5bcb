#include "storage_ways.h"

static int see_record(struct wanted *wanted, const void *record)
{
    char why[400];
    if (!kit_record_same_key(wanted->fields, wanted->record, record))
        return 0;
    wanted->found++;
    if (!kit_record_same(wanted->fields, wanted->record, record, wanted->without, why, sizeof(why)))
        fail_msg("%s: %s", wanted->operation, why);
    return 0;
}

#define SEE(name, type)                                                                            \
    static int see_##name(void *ctx, const struct hearth_##type *record)                           \
    {                                                                                              \
        return see_record(ctx, record);                                                            \
    }
SEE(account, account)
SEE(identity, account_identity)
SEE(page, page)
SEE(visit, visit)
SEE(bookmark, bookmark)
SEE(token, token)
SEE(pick, pick)
SEE(removed_here, removed_here)
SEE(source, source)
SEE(removal, removal)
SEE(push, push)

static int see_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    return see_record(ctx, device);
}

static int see_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    expect_text(device, "phone");
    return see_record(ctx, tab);
}

static int see_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    expect_text(device, "phone");
    return see_record(ctx, group);
}

/* Runs a list, in which the record is to be found once. */
#define LISTS(storage, wanted, operation, ...)                                                     \
    LISTS_OF(storage, ops, wanted, operation, __VA_ARGS__)
#define LISTS_OF(storage, table, wanted_, operation_, ...)                                         \
    do {                                                                                           \
        (wanted_)->operation = #operation_;                                                        \
        (wanted_)->found = 0;                                                                      \
        OK_OF(storage, table, operation_, __VA_ARGS__, wanted_);                                   \
        if ((wanted_)->found != 1)                                                                 \
            fail_missing(wanted_);                                                                 \
    } while (0)

static _Noreturn void fail_missing(const struct wanted *wanted)
{
    struct buf out = {0};
    kit_record_print(&out, wanted->fields, wanted->record, NULL);
    fail_msg("%s: this record comes %zu times: %.*s", wanted->operation, wanted->found,
             (int)(out.size < 300 ? out.size : 300), out.data);
}

/* --- accounts --- */

static void way_put_account(struct storage *storage, const void *record)
{
    OK(storage, account_create, record);
}

static void way_read_account(struct storage *storage, struct wanted *wanted)
{
    static const char *const may_lack[] = {"generation", NULL};
    const struct hearth_account *put = wanted->record;
    struct hearth_account complete = *put, got = {.struct_size = sizeof(got)};
    if (put->placement == NULL)
        complete.placement = put->email;
    wanted->record = &complete;
    wanted->operation = "account_get";
    OK(storage, account_get, put->id, &got);
    see_record(wanted, &got);
    wanted->operation = "account_by_email";
    OK(storage, account_by_email, put->email, &got);
    see_record(wanted, &got);
    wanted->without = may_lack;
    LISTS(storage, wanted, account_list, see_account);
}

static void way_remove_account(struct storage *storage, const void *record)
{
    OK(storage, account_remove, ((const struct hearth_account *)record)->id);
}

static void way_put_identity(struct storage *storage, const void *record)
{
    OK(storage, identity_put, "a", record);
}

static void way_read_identity(struct storage *storage, struct wanted *wanted)
{
    LISTS(storage, wanted, identity_list, "a", see_identity);
}

static void way_remove_identity(struct storage *storage, const void *record)
{
    const struct hearth_account_identity *identity = record;
    OK(storage, identity_remove, "a", identity->issuer, identity->subject);
}

static void way_put_token(struct storage *storage, const void *record)
{
    OK(storage, token_create, record);
}

static void way_read_token(struct storage *storage, struct wanted *wanted)
{
    struct hearth_token got = {.struct_size = sizeof(got)};
    OK(storage, token_by_hash, ((const struct hearth_token *)wanted->record)->hash, &got);
    wanted->operation = "token_by_hash";
    wanted->found = 0;
    see_record(wanted, &got);
    if (wanted->found != 1)
        fail_missing(wanted);
    LISTS(storage, wanted, token_list, "a", see_token);
}

static void way_remove_token(struct storage *storage, const void *record)
{
    OK(storage, token_remove, "a", ((const struct hearth_token *)record)->id);
}

static void way_put_pick(struct storage *storage, const void *record)
{
    OK(storage, pick_put, "a", record);
}

static void way_read_pick(struct storage *storage, struct wanted *wanted)
{
    LISTS(storage, wanted, pick_list, "a", see_pick);
}

static void way_remove_pick(struct storage *storage, const void *record)
{
    struct hearth_pick pick = *(const struct hearth_pick *)record;
    pick.use_count = 0;
    OK(storage, pick_put, "a", &pick);
}

/* --- synced data --- */

static void way_put_device(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    OK(storage, device_put, record);
    kit_batch_commit(storage);
}

static void way_read_device(struct storage *storage, struct wanted *wanted)
{
    LISTS(storage, wanted, device_list, "a", see_device);
}

static void way_remove_device(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    OK(storage, device_remove, ((const struct hearth_device *)record)->id);
    kit_batch_commit(storage);
}

static void way_put_tab(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, tab_put, "phone", record);
    kit_batch_commit(storage);
}

static void way_read_tab(struct storage *storage, struct wanted *wanted)
{
    LISTS(storage, wanted, tab_list, "a", NULL, see_tab);
    LISTS(storage, wanted, tab_list, "a", "phone", see_tab);
}

static void way_remove_tab(struct storage *storage, const void *record)
{
    (void)record;
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, tabs_clear, "phone");
    kit_batch_commit(storage);
}

static void way_put_tab_group(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, tab_group_put, "phone", record);
    kit_batch_commit(storage);
}

static void way_read_tab_group(struct storage *storage, struct wanted *wanted)
{
    LISTS(storage, wanted, tab_group_list, "a", NULL, see_tab_group);
    LISTS(storage, wanted, tab_group_list, "a", "phone", see_tab_group);
}

static void way_put_visit(struct storage *storage, const void *record)
{
    int64_t added = 0;
    struct hearth_page page = kit_page_make(1, "https://visited.example/", "visited.example");
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_put, &page);
    OK(storage, visits_put, 1, record, 1, &added);
    expect_number(added, 1);
    kit_batch_commit(storage);
}

static int see_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    struct hearth_visit visit = HEARTH_VISIT(row->date, row->type);
    return see_record(ctx, &visit);
}

static void way_read_visit(struct storage *storage, struct wanted *wanted)
{
    static const char *const rows_lack[] = {"source", NULL};
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    LISTS(storage, wanted, page_visits, "a", 1, see_visit);
    wanted->without = rows_lack;
    LISTS(storage, wanted, visit_list, "a", &query, see_visit_row);
    LISTS(storage, wanted, visit_dates, "a", 0, 0, see_visit_row);
}

static void way_remove_visit(struct storage *storage, const void *record)
{
    (void)record;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, visits_remove, 1);
    kit_batch_commit(storage);
}

static void way_put_page(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_put, record);
    kit_batch_commit(storage);
}

static void way_read_page(struct storage *storage, struct wanted *wanted)
{
    struct hearth_page got = {.struct_size = sizeof(got)};
    wanted->operation = "page_get";
    OK(storage, page_get, "a", ((const struct hearth_page *)wanted->record)->id, &got);
    see_record(wanted, &got);
    expect_number(got.gone, 0);
    wanted->without = kit_scan_may_lack;
    LISTS(storage, wanted, pages_by_frecency, "a", see_page);
    LISTS(storage, wanted, pages_changed, "a", got.generation - 1, see_page);
}

static void way_remove_page(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_remove, ((const struct hearth_page *)record)->id);
    kit_batch_commit(storage);
}

static void way_put_bookmark(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_put, record);
    kit_batch_commit(storage);
}

static int see_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct wanted *wanted = ctx;
    struct hearth_bookmark whole = *(const struct hearth_bookmark *)wanted->record;
    whole.guid = item->guid;
    whole.kind = item->kind;
    whole.parent = item->parent;
    whole.said_parent = item->said_parent;
    whole.position = item->position;
    whole.added = item->added;
    whole.modified = item->modified;
    whole.source = item->source;
    return see_record(wanted, &whole);
}

static void way_read_bookmark(struct storage *storage, struct wanted *wanted)
{
    struct hearth_bookmark put = *(const struct hearth_bookmark *)wanted->record,
                           got = {.struct_size = sizeof(got)};
    struct hearth_bookmark_query query = {
        .struct_size = sizeof(query), .parent = put.parent, .after = -1};
    if (put.parent == NULL)
        put.position = 0; /* it has none */
    wanted->record = &put;
    wanted->operation = "bookmark_get";
    OK(storage, bookmark_get, "a", put.guid, &got);
    see_record(wanted, &got);
    if (put.parent != NULL)
        LISTS(storage, wanted, bookmark_list, "a", &query, see_bookmark);
    query = (struct hearth_bookmark_query){.struct_size = sizeof(query), .order = HEARTH_BY_ADDED};
    if (put.kind == HEARTH_BOOKMARK)
        LISTS(storage, wanted, bookmark_list, "a", &query, see_bookmark);
    if (put.page != 0)
        LISTS(storage, wanted, bookmarks_of_page, "a", put.page, see_bookmark);
    LISTS(storage, wanted, bookmark_items, "a", see_item);
}

static void way_remove_bookmark(struct storage *storage, const void *record)
{
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_remove, ((const struct hearth_bookmark *)record)->guid);
    kit_batch_commit(storage);
}

/* --- what is gone --- */

static void way_put_removed_here(struct storage *storage, const void *record)
{
    OK(storage, removed_here_put, "a", record);
}

static void way_read_removed_here(struct storage *storage, struct wanted *wanted)
{
    LISTS(storage, wanted, removed_here_list, "a", see_removed_here);
}

static void way_remove_removed_here(struct storage *storage, const void *record)
{
    OK(storage, removed_here_remove, "a", ((const struct hearth_removed_here *)record)->id);
}

static void way_put_source(struct storage *storage, const void *record)
{
    OK(storage, source_put, "a", record);
}

static void way_read_source(struct storage *storage, struct wanted *wanted)
{
    LISTS(storage, wanted, source_list, "a", see_source);
}

static void way_remove_source(struct storage *storage, const void *record)
{
    OK(storage, source_remove, "a", ((const struct hearth_source *)record)->id);
}

/* Makes, or makes again, what the record says that is gone. */
static void make_thing(struct storage *storage, const struct hearth_removal *removal)
{
    struct hearth_page page =
        kit_page_make(removal->page, "https://removed.example/", "removed.example");
    struct hearth_visit visit = HEARTH_VISIT(removal->date, removal->type);
    struct hearth_tab tab = {.struct_size = sizeof(tab),
                             .position = removal->position,
                             .title = "",
                             .url = "https://tab.example/"};
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = removal->key, .name = "n", .type = "desktop"};
    int64_t added;
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    if (removal->page != 0)
        OK(storage, page_put, &page);
    if (removal->kind == HEARTH_REMOVAL_VISIT)
        OK(storage, visits_put, removal->page, &visit, 1, &added);
    if (removal->kind == HEARTH_REMOVAL_BOOKMARK)
        kit_bookmark_put(storage, removal->key, HEARTH_BOOKMARK, "menu", 0);
    if (removal->kind == HEARTH_REMOVAL_TAB)
        OK(storage, tab_put, removal->key, &tab);
    if (removal->kind == HEARTH_REMOVAL_DEVICE)
        OK(storage, device_put, &device);
    kit_batch_commit(storage);
}

static void remove_thing(struct storage *storage, const struct hearth_removal *removal)
{
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    if (removal->kind == HEARTH_REMOVAL_PAGE)
        OK(storage, page_remove, removal->page);
    if (removal->kind == HEARTH_REMOVAL_VISIT)
        OK(storage, visits_remove, removal->page);
    if (removal->kind == HEARTH_REMOVAL_BOOKMARK)
        OK(storage, bookmark_remove, removal->key);
    if (removal->kind == HEARTH_REMOVAL_TAB)
        OK(storage, tabs_clear, removal->key);
    if (removal->kind == HEARTH_REMOVAL_DEVICE)
        OK(storage, device_remove, removal->key);
    kit_batch_commit(storage);
}

static void way_put_removal(struct storage *storage, const void *record)
{
    make_thing(storage, record);
    remove_thing(storage, record);
}

static int no_such_removal(void *ctx, const struct hearth_removal *removal)
{
    struct wanted *wanted = ctx;
    if (kit_record_same_key(wanted->fields, wanted->record, removal))
        fail_msg("removals_since: what came back is still there");
    return 0;
}

static void way_read_removal(struct storage *storage, struct wanted *wanted)
{
    static const char *const of_the_batch[] = {"generation", NULL};
    wanted->without = of_the_batch;
    LISTS(storage, wanted, removals_since, "a", 0, see_removal);
}

/* Gone again afterwards, so that nothing stays that other tests see. */
static void way_take_removal_off(struct storage *storage, const void *record)
{
    struct wanted wanted = {.fields = &plug_fields_removal, .record = record};
    make_thing(storage, record);
    OK(storage, removals_since, "a", 0, no_such_removal, &wanted);
    remove_thing(storage, record);
}

/* --- an extension: without it there is nothing to put --- */

static void way_put_push(struct storage *storage, const void *record)
{
    if (storage->push != NULL)
        OK_OF(storage, push, push_put, "a", record);
}

static void way_read_push(struct storage *storage, struct wanted *wanted)
{
    if (storage->push != NULL)
        LISTS_OF(storage, push, wanted, push_list, "a", see_push);
}

static void way_remove_push(struct storage *storage, const void *record)
{
    if (storage->push != NULL)
        OK_OF(storage, push, push_remove, "a", ((const struct hearth_push *)record)->id);
}

/* --- what is there is changed --- */

/* Made with other values, which the update replaces; what an update cannot change is there from
 * the start. */
static void way_put_updated_account(struct storage *storage, const void *record)
{
    struct hearth_account made = {.struct_size = sizeof(made)},
                          wanted = *(const struct hearth_account *)record;
    made.id = wanted.id;
    made.email = "before@example.org";
    made.uid = wanted.uid[0] == '\0' ? "" : "before";
    made.provider = "before";
    made.node = "before";
    made.name = made.state_detail = "before"; /* goes where the update says that there is none */
    made.state = HEARTH_ACCOUNT_ERROR;
    made.last_sync = made.last_attempt = made.next_sync = made.last_seen = made.failures =
        made.resync = 77;
    made.created = wanted.created;
    made.generation = wanted.generation;
    made.placement = wanted.placement == NULL ? wanted.email : wanted.placement;
    made.asked = wanted.asked;
    OK(storage, account_create, &made);
    OK(storage, account_update, &wanted,
       ((HEARTH_ACCOUNT_PROVIDER << 1) - 1) | HEARTH_ACCOUNT_ANSWERED);
}

static void way_put_used_token(struct storage *storage, const void *record)
{
    struct hearth_token made = *(const struct hearth_token *)record;
    made.last_used = 0;
    OK(storage, token_create, &made);
    OK(storage, token_used, "a", made.id, ((const struct hearth_token *)record)->last_used);
}

static void way_put_placed_bookmark(struct storage *storage, const void *record)
{
    const struct hearth_bookmark *wanted = record;
    struct hearth_bookmark made = *wanted;
    if (wanted->parent == NULL) { /* it cannot be taken out of every folder */
        way_put_bookmark(storage, record);
        return;
    }
    made.parent = "before";
    made.position = 77;
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_put, &made);
    OK(storage, bookmark_place, wanted->guid, wanted->parent, wanted->position);
    kit_batch_commit(storage);
}

const struct storage_way kit_storage_changes[STORAGE_CHANGES] = {
    {&plug_fields_account, way_put_updated_account, way_read_account, way_remove_account, NULL},
    {&plug_fields_token, way_put_used_token, way_read_token, way_remove_token, "last_used"},
    {&plug_fields_bookmark, way_put_placed_bookmark, way_read_bookmark, way_remove_bookmark, NULL},
};

/* --- all of them --- */

const struct storage_way kit_storage_ways[STORAGE_WAYS] = {
    {&plug_fields_account, way_put_account, way_read_account, way_remove_account, NULL},
    {&plug_fields_account_identity, way_put_identity, way_read_identity, way_remove_identity, NULL},
    {&plug_fields_device, way_put_device, way_read_device, way_remove_device, NULL},
    {&plug_fields_tab, way_put_tab, way_read_tab, way_remove_tab, NULL},
    {&plug_fields_tab_group, way_put_tab_group, way_read_tab_group, way_remove_tab, NULL},
    {&plug_fields_visit, way_put_visit, way_read_visit, way_remove_visit, NULL},
    {&plug_fields_page, way_put_page, way_read_page, way_remove_page, NULL},
    {&plug_fields_bookmark, way_put_bookmark, way_read_bookmark, way_remove_bookmark, NULL},
    {&plug_fields_token, way_put_token, way_read_token, way_remove_token, NULL},
    {&plug_fields_pick, way_put_pick, way_read_pick, way_remove_pick, NULL},
    {&plug_fields_removed_here, way_put_removed_here, way_read_removed_here,
     way_remove_removed_here, NULL},
    {&plug_fields_source, way_put_source, way_read_source, way_remove_source, NULL},
    {&plug_fields_removal, way_put_removal, way_read_removal, way_take_removal_off, NULL},
    {&plug_fields_push, way_put_push, way_read_push, way_remove_push, NULL},
};
