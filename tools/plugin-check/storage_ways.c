#include "storage_ways.h"

static int see_record(struct wanted *wanted, const void *record)
{
    char why[400];
    if (!record_same_key(wanted->fields, wanted->record, record))
        return 0;
    wanted->found++;
    if (!record_same(wanted->fields, wanted->record, record, wanted->without, why, sizeof(why)))
        fail_msg("%s: %s", wanted->operation, why);
    return 0;
}

#define SEE(name, type)                                                                                                                    \
    static int see_##name(void *ctx, const struct hearth_##type *record)                                                                   \
    {                                                                                                                                      \
        return see_record(ctx, record);                                                                                                    \
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
#define LISTS(store, wanted_, operation_, ...)                                                                                             \
    do {                                                                                                                                   \
        (wanted_)->operation = #operation_;                                                                                                \
        (wanted_)->found = 0;                                                                                                              \
        OK(store, operation_, __VA_ARGS__, wanted_);                                                                                       \
        if ((wanted_)->found != 1)                                                                                                         \
            fail_missing(wanted_);                                                                                                         \
    } while (0)

static _Noreturn void fail_missing(const struct wanted *wanted)
{
    struct buf out = {0};
    record_print(&out, wanted->fields, wanted->record, NULL);
    fail_msg("%s: this record comes %zu times: %.*s", wanted->operation, wanted->found, (int)(out.size < 300 ? out.size : 300), out.data);
}

/* --- accounts ----------------------------------------------------------------------------------- */

static void put_account(struct store *store, const void *record)
{
    OK(store, account_create, record);
}

static void read_account(struct store *store, struct wanted *wanted)
{
    static const char *const may_lack[] = {"generation", NULL};
    const struct hearth_account *put = wanted->record;
    struct hearth_account complete = *put, got = {.struct_size = sizeof(got)};
    if (put->placement == NULL)
        complete.placement = put->email;
    wanted->record = &complete;
    wanted->operation = "account_get";
    OK(store, account_get, put->id, &got);
    see_record(wanted, &got);
    wanted->operation = "account_by_email";
    OK(store, account_by_email, put->email, &got);
    see_record(wanted, &got);
    wanted->without = may_lack;
    LISTS(store, wanted, account_list, see_account);
}

static void remove_account(struct store *store, const void *record)
{
    OK(store, account_remove, ((const struct hearth_account *)record)->id);
}

static void put_identity(struct store *store, const void *record)
{
    OK(store, identity_put, "a", record);
}

static void read_identity(struct store *store, struct wanted *wanted)
{
    LISTS(store, wanted, identity_list, "a", see_identity);
}

static void remove_identity(struct store *store, const void *record)
{
    const struct hearth_account_identity *identity = record;
    OK(store, identity_remove, "a", identity->issuer, identity->subject);
}

static void put_token(struct store *store, const void *record)
{
    OK(store, token_create, record);
}

static void read_token(struct store *store, struct wanted *wanted)
{
    struct hearth_token got = {.struct_size = sizeof(got)};
    OK(store, token_by_hash, ((const struct hearth_token *)wanted->record)->hash, &got);
    wanted->operation = "token_by_hash";
    wanted->found = 0;
    see_record(wanted, &got);
    if (wanted->found != 1)
        fail_missing(wanted);
    LISTS(store, wanted, token_list, "a", see_token);
}

static void remove_token(struct store *store, const void *record)
{
    OK(store, token_remove, "a", ((const struct hearth_token *)record)->id);
}

static void put_pick(struct store *store, const void *record)
{
    OK(store, pick_put, "a", record);
}

static void read_pick(struct store *store, struct wanted *wanted)
{
    LISTS(store, wanted, pick_list, "a", see_pick);
}

static void remove_pick(struct store *store, const void *record)
{
    struct hearth_pick pick = *(const struct hearth_pick *)record;
    pick.use_count = 0;
    OK(store, pick_put, "a", &pick);
}

/* --- synced data -------------------------------------------------------------------------------- */

static void put_device(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_CLIENTS);
    OK(store, device_put, record);
    commit(store);
}

static void read_device(struct store *store, struct wanted *wanted)
{
    LISTS(store, wanted, device_list, "a", see_device);
}

static void remove_device(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_CLIENTS);
    OK(store, device_remove, ((const struct hearth_device *)record)->id);
    commit(store);
}

static void put_tab(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_TABS);
    OK(store, tab_put, "phone", record);
    commit(store);
}

static void read_tab(struct store *store, struct wanted *wanted)
{
    LISTS(store, wanted, tab_list, "a", NULL, see_tab);
    LISTS(store, wanted, tab_list, "a", "phone", see_tab);
}

static void remove_tab(struct store *store, const void *record)
{
    (void)record;
    begin(store, "a", HEARTH_TABS);
    OK(store, tabs_clear, "phone");
    commit(store);
}

static void put_tab_group(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_TABS);
    OK(store, tab_group_put, "phone", record);
    commit(store);
}

static void read_tab_group(struct store *store, struct wanted *wanted)
{
    LISTS(store, wanted, tab_group_list, "a", NULL, see_tab_group);
    LISTS(store, wanted, tab_group_list, "a", "phone", see_tab_group);
}

static void put_visit(struct store *store, const void *record)
{
    int64_t added = 0;
    struct hearth_page page = make_page(1, "https://visited.example/", "visited.example");
    begin(store, "a", HEARTH_HISTORY);
    OK(store, page_put, &page);
    OK(store, visits_put, 1, record, 1, &added);
    expect_number(added, 1);
    commit(store);
}

static int see_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    struct hearth_visit visit = HEARTH_VISIT(row->date, row->type);
    return see_record(ctx, &visit);
}

static void read_visit(struct store *store, struct wanted *wanted)
{
    static const char *const rows_lack[] = {"source", NULL};
    struct hearth_visit_query query = {.struct_size = sizeof(query)};
    LISTS(store, wanted, page_visits, "a", 1, see_visit);
    wanted->without = rows_lack;
    LISTS(store, wanted, visit_list, "a", &query, see_visit_row);
    LISTS(store, wanted, visit_dates, "a", 0, 0, see_visit_row);
}

static void remove_visit(struct store *store, const void *record)
{
    (void)record;
    begin(store, "a", HEARTH_HISTORY);
    OK(store, visits_remove, 1);
    commit(store);
}

static void put_page(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_HISTORY);
    OK(store, page_put, record);
    commit(store);
}

static void read_page(struct store *store, struct wanted *wanted)
{
    struct hearth_page got = {.struct_size = sizeof(got)};
    wanted->operation = "page_get";
    OK(store, page_get, "a", ((const struct hearth_page *)wanted->record)->id, &got);
    see_record(wanted, &got);
    expect_number(got.gone, 0);
    wanted->without = scan_may_lack;
    LISTS(store, wanted, pages_by_frecency, "a", see_page);
    LISTS(store, wanted, pages_changed, "a", got.generation - 1, see_page);
}

static void remove_page(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_HISTORY);
    OK(store, page_remove, ((const struct hearth_page *)record)->id);
    commit(store);
}

static void put_one_bookmark(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, bookmark_put, record);
    commit(store);
}

static int see_node(void *ctx, const struct hearth_bookmark_node *node)
{
    struct wanted *wanted = ctx;
    struct hearth_bookmark whole = *(const struct hearth_bookmark *)wanted->record;
    whole.guid = node->guid;
    whole.kind = node->kind;
    whole.parent = node->parent;
    whole.said_parent = node->said_parent;
    whole.position = node->position;
    whole.added = node->added;
    whole.modified = node->modified;
    whole.source = node->source;
    return see_record(wanted, &whole);
}

static void read_bookmark(struct store *store, struct wanted *wanted)
{
    struct hearth_bookmark put = *(const struct hearth_bookmark *)wanted->record, got = {.struct_size = sizeof(got)};
    struct hearth_bookmark_query query = {.struct_size = sizeof(query), .parent = put.parent, .after = -1};
    if (put.parent == NULL)
        put.position = 0; /* it has none */
    wanted->record = &put;
    wanted->operation = "bookmark_get";
    OK(store, bookmark_get, "a", put.guid, &got);
    see_record(wanted, &got);
    if (put.parent != NULL)
        LISTS(store, wanted, bookmark_list, "a", &query, see_bookmark);
    query = (struct hearth_bookmark_query){.struct_size = sizeof(query), .order = HEARTH_BY_ADDED};
    if (put.kind == HEARTH_BOOKMARK)
        LISTS(store, wanted, bookmark_list, "a", &query, see_bookmark);
    if (put.page != 0)
        LISTS(store, wanted, bookmarks_of_page, "a", put.page, see_bookmark);
    LISTS(store, wanted, bookmark_nodes, "a", see_node);
}

static void remove_bookmark(struct store *store, const void *record)
{
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, bookmark_remove, ((const struct hearth_bookmark *)record)->guid);
    commit(store);
}

/* --- what is gone ------------------------------------------------------------------------------- */

static void put_removed_here(struct store *store, const void *record)
{
    OK(store, removed_here_put, "a", record);
}

static void read_removed_here(struct store *store, struct wanted *wanted)
{
    LISTS(store, wanted, removed_here_list, "a", see_removed_here);
}

static void remove_removed_here(struct store *store, const void *record)
{
    OK(store, removed_here_remove, "a", ((const struct hearth_removed_here *)record)->id);
}

static void put_source(struct store *store, const void *record)
{
    OK(store, source_put, "a", record);
}

static void read_source(struct store *store, struct wanted *wanted)
{
    LISTS(store, wanted, source_list, "a", see_source);
}

static void remove_source(struct store *store, const void *record)
{
    OK(store, source_remove, "a", ((const struct hearth_source *)record)->id);
}

/* Makes, or makes again, what the record says that is gone. */
static void make_thing(struct store *store, const struct hearth_removal *removal)
{
    struct hearth_page page = make_page(removal->page, "https://removed.example/", "removed.example");
    struct hearth_visit visit = HEARTH_VISIT(removal->date, removal->type);
    struct hearth_tab tab = {.struct_size = sizeof(tab), .position = removal->position, .title = "", .url = "https://tab.example/"};
    struct hearth_device device = {.struct_size = sizeof(device), .id = removal->key, .name = "n", .type = "desktop"};
    int64_t added;
    begin(store, "a", HEARTH_HISTORY);
    if (removal->page != 0)
        OK(store, page_put, &page);
    if (removal->kind == HEARTH_REMOVAL_VISIT)
        OK(store, visits_put, removal->page, &visit, 1, &added);
    if (removal->kind == HEARTH_REMOVAL_BOOKMARK)
        put_bookmark(store, removal->key, HEARTH_BOOKMARK, "menu", 0);
    if (removal->kind == HEARTH_REMOVAL_TAB)
        OK(store, tab_put, removal->key, &tab);
    if (removal->kind == HEARTH_REMOVAL_DEVICE)
        OK(store, device_put, &device);
    commit(store);
}

static void remove_thing(struct store *store, const struct hearth_removal *removal)
{
    begin(store, "a", HEARTH_HISTORY);
    if (removal->kind == HEARTH_REMOVAL_PAGE)
        OK(store, page_remove, removal->page);
    if (removal->kind == HEARTH_REMOVAL_VISIT)
        OK(store, visits_remove, removal->page);
    if (removal->kind == HEARTH_REMOVAL_BOOKMARK)
        OK(store, bookmark_remove, removal->key);
    if (removal->kind == HEARTH_REMOVAL_TAB)
        OK(store, tabs_clear, removal->key);
    if (removal->kind == HEARTH_REMOVAL_DEVICE)
        OK(store, device_remove, removal->key);
    commit(store);
}

static void put_removal(struct store *store, const void *record)
{
    make_thing(store, record);
    remove_thing(store, record);
}

static int no_such_removal(void *ctx, const struct hearth_removal *removal)
{
    struct wanted *wanted = ctx;
    if (record_same_key(wanted->fields, wanted->record, removal))
        fail_msg("removals_since: what came back is still there");
    return 0;
}

static void read_removal(struct store *store, struct wanted *wanted)
{
    static const char *const of_the_batch[] = {"generation", NULL};
    wanted->without = of_the_batch;
    LISTS(store, wanted, removals_since, "a", 0, see_removal);
}

/* Gone again afterwards, so that nothing stays that other tests see. */
static void take_removal_off(struct store *store, const void *record)
{
    struct wanted wanted = {.fields = &fields_removal, .record = record};
    make_thing(store, record);
    OK(store, removals_since, "a", 0, no_such_removal, &wanted);
    remove_thing(store, record);
}

/* --- what is there is changed ------------------------------------------------------------------- */

/* Made with other values, which the update replaces; what an update cannot change is there from the start. */
static void put_updated_account(struct store *store, const void *record)
{
    struct hearth_account made = {.struct_size = sizeof(made)}, wanted = *(const struct hearth_account *)record;
    made.id = wanted.id;
    made.email = "before@example.org";
    made.uid = wanted.uid[0] == '\0' ? "" : "before";
    made.provider = "before";
    made.node = "before";
    made.name = made.state_detail = "before"; /* goes where the update says that there is none */
    made.state = HEARTH_ACCOUNT_ERROR;
    made.last_sync = made.last_attempt = made.next_sync = made.last_seen = made.failures = made.resync = 77;
    made.created = wanted.created;
    made.generation = wanted.generation;
    made.placement = wanted.placement == NULL ? wanted.email : wanted.placement;
    OK(store, account_create, &made);
    OK(store, account_update, &wanted, (HEARTH_ACCOUNT_PROVIDER << 1) - 1);
}

static void put_used_token(struct store *store, const void *record)
{
    struct hearth_token made = *(const struct hearth_token *)record;
    made.last_used = 0;
    OK(store, token_create, &made);
    OK(store, token_used, "a", made.id, ((const struct hearth_token *)record)->last_used);
}

static void put_placed_bookmark(struct store *store, const void *record)
{
    const struct hearth_bookmark *wanted = record;
    struct hearth_bookmark made = *wanted;
    if (wanted->parent == NULL) { /* it cannot be taken out of every folder */
        put_one_bookmark(store, record);
        return;
    }
    made.parent = "before";
    made.position = 77;
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, bookmark_put, &made);
    OK(store, bookmark_place, wanted->guid, wanted->parent, wanted->position);
    commit(store);
}

const struct storage_way storage_changes[STORAGE_CHANGES] = {
    {&fields_account, put_updated_account, read_account, remove_account, NULL},
    {&fields_token, put_used_token, read_token, remove_token, "last_used"},
    {&fields_bookmark, put_placed_bookmark, read_bookmark, remove_bookmark, NULL},
};

/* --- all of them -------------------------------------------------------------------------------- */

const struct storage_way storage_ways[STORAGE_WAYS] = {
    {&fields_account, put_account, read_account, remove_account, NULL},
    {&fields_account_identity, put_identity, read_identity, remove_identity, NULL},
    {&fields_device, put_device, read_device, remove_device, NULL},
    {&fields_tab, put_tab, read_tab, remove_tab, NULL},
    {&fields_tab_group, put_tab_group, read_tab_group, remove_tab, NULL},
    {&fields_visit, put_visit, read_visit, remove_visit, NULL},
    {&fields_page, put_page, read_page, remove_page, NULL},
    {&fields_bookmark, put_one_bookmark, read_bookmark, remove_bookmark, NULL},
    {&fields_token, put_token, read_token, remove_token, NULL},
    {&fields_pick, put_pick, read_pick, remove_pick, NULL},
    {&fields_removed_here, put_removed_here, read_removed_here, remove_removed_here, NULL},
    {&fields_source, put_source, read_source, remove_source, NULL},
    {&fields_removal, put_removal, read_removal, take_removal_off, NULL},
};
