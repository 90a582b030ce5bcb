/* What is remembered of what is gone, generations by collection, and what is removed here. */
#include "storage_kit.h"

#include <stdlib.h>

static int on_removal(void *ctx, const struct hearth_removal *r)
{
    static const char *const kinds[] = {"?", "page", "visit", "bookmark", "tab", "device"};
    return add_line(ctx, "%lld %s \"%s\" %lld %lld %lld %lld\n", (long long)r->generation, kinds[r->kind], r->key, (long long)r->page,
                    (long long)r->date, (long long)r->type, (long long)r->position);
}

static void expect_removals(struct store *store, int64_t since, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(store, removals_since, "a", since, on_removal, &lines);
    expect_text(lines.text, expected);
}

static void put_tab(struct store *store, const char *device, int64_t position)
{
    struct hearth_tab tab = {.struct_size = sizeof(tab), .position = position, .title = "t", .url = "https://t/"};
    OK(store, tab_put, device, &tab);
}

static void put_device(struct store *store, const char *id)
{
    struct hearth_device device = {.struct_size = sizeof(device), .id = id, .name = "n", .type = "mobile"};
    OK(store, device_put, &device);
}

/* One of everything, in generation 1. */
static void put_everything(struct store *store)
{
    begin(store, "a", HEARTH_HISTORY);
    put_visited(store, 1, "https://one/", "one", 2, (const int64_t[]){100, 200});
    put_visited(store, 2, "https://two/", "two", 2, (const int64_t[]){100, 300});
    put_bookmark(store, "menu", HEARTH_FOLDER, NULL, 0);
    put_bookmark(store, "b1", HEARTH_BOOKMARK, "menu", 0);
    put_bookmark(store, "b2", HEARTH_BOOKMARK, "menu", 1);
    put_device(store, "phone");
    put_device(store, "laptop");
    put_tab(store, "phone", 0);
    put_tab(store, "phone", 1);
    put_tab(store, "laptop", 0);
    commit(store);
}

/* A page without visits, consistent. */
static void put_bare(struct store *store, int64_t id)
{
    struct hearth_page page = make_page(id, "https://bare/", "bare");
    OK(store, page_put, &page);
}

static void each_kind(struct kit *kit)
{
    struct store *store = &kit->store;
    put_everything(store);
    expect_removals(store, 0, "");
    begin(store, "a", HEARTH_HISTORY);
    OK(store, page_remove, 1);
    commit(store);
    begin(store, "a", HEARTH_HISTORY);
    OK(store, visits_remove, 2);
    put_bare(store, 2);
    commit(store);
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, bookmark_remove, "b1");
    commit(store);
    begin(store, "a", HEARTH_TABS);
    OK(store, tabs_clear, "laptop");
    commit(store);
    begin(store, "a", HEARTH_CLIENTS);
    OK(store, device_remove, "phone");
    commit(store);
    expect_removals(store, 0,
                    "2 page \"\" 1 0 0 0\n2 visit \"\" 1 100 1 0\n2 visit \"\" 1 200 1 0\n"
                    "3 visit \"\" 2 100 1 0\n3 visit \"\" 2 300 1 0\n4 bookmark \"b1\" 0 0 0 0\n5 tab \"laptop\" 0 0 0 0\n"
                    "6 tab \"phone\" 0 0 0 0\n6 tab \"phone\" 0 0 0 1\n6 device \"phone\" 0 0 0 0\n");
    expect_removals(store, 4, "5 tab \"laptop\" 0 0 0 0\n6 tab \"phone\" 0 0 0 0\n6 tab \"phone\" 0 0 0 1\n6 device \"phone\" 0 0 0 0\n");
    expect_removals(store, 6, "");
    assert_sound(store);
}

static void cleared(struct kit *kit)
{
    struct store *store = &kit->store;
    put_everything(store);
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, bookmark_clear, 0);
    OK(store, tabs_clear, NULL);
    commit(store);
    expect_removals(store, 0,
                    "2 bookmark \"b1\" 0 0 0 0\n2 bookmark \"b2\" 0 0 0 0\n2 bookmark \"menu\" 0 0 0 0\n"
                    "2 tab \"laptop\" 0 0 0 0\n2 tab \"phone\" 0 0 0 0\n2 tab \"phone\" 0 0 0 1\n");
    assert_sound(store);
}

static void came_back(struct kit *kit)
{
    struct store *store = &kit->store;
    int64_t added;
    struct hearth_visit again = HEARTH_VISIT(300, 1);
    put_everything(store);
    begin(store, "a", HEARTH_HISTORY); /* in the same batch */
    OK(store, page_remove, 1);
    put_visited(store, 1, "https://one/", "one", 2, (const int64_t[]){100, 400});
    OK(store, visits_remove, 2);
    OK(store, tabs_clear, NULL);
    put_tab(store, "phone", 1);
    OK(store, bookmark_clear, 0);
    put_bookmark(store, "menu", HEARTH_FOLDER, NULL, 0);
    OK(store, device_remove, "laptop");
    put_device(store, "laptop");
    put_bare(store, 2);
    commit(store);
    expect_removals(store, 1,
                    "2 visit \"\" 1 200 1 0\n2 visit \"\" 2 100 1 0\n2 visit \"\" 2 300 1 0\n2 bookmark \"b1\" 0 0 0 0\n"
                    "2 bookmark \"b2\" 0 0 0 0\n2 tab \"laptop\" 0 0 0 0\n2 tab \"phone\" 0 0 0 0\n");
    begin(store, "a", HEARTH_HISTORY); /* in a later one */
    struct hearth_page page = make_page(2, "https://two/", "two");
    page.visit_count = 1;
    page.last_visit = 300;
    OK(store, page_put, &page);
    OK(store, visits_put, 2, &again, 1, &added);
    put_tab(store, "phone", 0);
    put_tab(store, "laptop", 0);
    put_bookmark(store, "b2", HEARTH_BOOKMARK, "menu", 0);
    commit(store);
    expect_removals(store, 1, "2 visit \"\" 1 200 1 0\n2 visit \"\" 2 100 1 0\n2 bookmark \"b1\" 0 0 0 0\n");
    assert_sound(store);
}

static void nothing_without_reason(struct kit *kit)
{
    struct store *store = &kit->store;
    put_everything(store);
    begin(store, "a", HEARTH_HISTORY); /* nothing of it is there */
    OK(store, page_remove, 9);
    OK(store, visits_remove, 9);
    OK(store, bookmark_remove, "b9");
    OK(store, tabs_clear, "none");
    OK(store, device_remove, "none");
    commit(store);
    expect_removals(store, 0, "");
    begin(store, "a", HEARTH_HISTORY); /* aborted */
    OK(store, page_remove, 1);
    OK(store, bookmark_remove, "b1");
    OK(store, device_remove, "phone");
    store->ops->batch_abort(store->session);
    expect_removals(store, 0, "");
    FAILS(NOT_FOUND, store, removals_since, "a", 3, on_removal, NULL); /* not yet */
    FAILS(NOT_FOUND, store, removals_since, "a", -1, on_removal, NULL);
    FAILS(NOT_FOUND, store, removals_since, "nobody", 0, on_removal, NULL);
    struct lines lines = {.size = 0};
    OK(store, removals_since, "b", 0, on_removal, &lines); /* another account; nothing was ever stored */
    expect_text(lines.text, "");
    assert_sound(store);
}

static void seen_in_the_batch(struct kit *kit)
{
    struct store *store = &kit->store, other;
    put_everything(store);
    kit_session(kit, &other);
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, bookmark_remove, "b1");
    expect_removals(store, 1, "2 bookmark \"b1\" 0 0 0 0\n");
    expect_removals(&other, 1, "");
    commit(store);
    expect_removals(&other, 1, "2 bookmark \"b1\" 0 0 0 0\n");
    store_close(&other);
}

static int count_removal(void *ctx, const struct hearth_removal *removal)
{
    (void)removal;
    ++*(size_t *)ctx;
    return 0;
}

/* Many are not kept for ever; and nobody is told less than there is. Pages are not crowded out. */
static void many(struct kit *kit)
{
    enum { ROUNDS = 6, TABS = 5000 };
    struct store *store = &kit->store;
    put_everything(store);
    begin(store, "a", HEARTH_HISTORY);
    OK(store, page_remove, 1);
    commit(store);
    for (int64_t round = 0; round < ROUNDS; round++) {
        begin(store, "a", HEARTH_TABS);
        for (int64_t i = 0; i < TABS; i++)
            put_tab(store, "tablet", round * TABS + i);
        commit(store);
        begin(store, "a", HEARTH_TABS);
        OK(store, tabs_clear, "tablet");
        commit(store);
    }
    enum { LAST = 2 + 2 * ROUNDS };
    size_t count = 0;
    for (int64_t since = 0; since < LAST; since++) {
        struct err err = {0};
        count = 0;
        int r = STORE(store, &err, removals_since, "a", since, count_removal, &count);
        int64_t rounds = since < 2 ? ROUNDS : (LAST - since + 1) / 2;
        if (r == 0 && count != (size_t)(rounds * TABS) + (since < 2 ? 3 : 0))
            fail_msg("since %lld: %zu removals come, of %lld rounds", (long long)since, count, (long long)rounds);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
            fail_msg("since %lld: %s", (long long)since, err.text);
        store_reset(store);
    }
    expect_number(count, TABS); /* the newest are always known */
    struct lines *lines = calloc(1, sizeof(*lines));
    OK(store, pages_changed, "a", 1, on_page, lines);
    expect_text(lines->text, "gone 1\n");
    free(lines);
    assert_sound(store);
}

static int on_generation(void *ctx, int32_t collection, int64_t generation)
{
    return add_line(ctx, "%d %lld\n", (int)collection, (long long)generation);
}

static void expect_generations(struct store *store, const char *account, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(store, generation_list, account, on_generation, &lines);
    expect_text(lines.text, expected);
}

static void by_collection(struct kit *kit)
{
    struct store *store = &kit->store;
    expect_generations(store, "a", "");
    begin(store, "a", HEARTH_HISTORY);
    commit(store);
    begin(store, "a", HEARTH_TABS);
    expect_generations(store, "a", "4 1\n"); /* at the commit, as the account's */
    commit(store);
    begin(store, "a", HEARTH_BOOKMARKS);
    OK(store, batch_commit, false);
    begin(store, "a", HEARTH_CLIENTS);
    store->ops->batch_abort(store->session);
    begin(store, "a", HEARTH_HISTORY);
    commit(store);
    expect_generations(store, "a", "2 2\n4 3\n");
    begin(store, "a", HEARTH_COLLECTION_NONE); /* of every collection */
    expect_generations(store, "a", "2 2\n4 3\n");
    commit(store);
    expect_generations(store, "a", "1 4\n2 4\n3 4\n4 4\n");
    expect_generations(store, "b", "");
    struct hearth_account account = {.struct_size = sizeof(account)};
    OK(store, account_get, "a", &account);
    expect_number(account.generation, 4);
    assert_sound(store);
}

/* As an account that comes from elsewhere is made. */
static void made_with_generation(struct kit *kit)
{
    struct store *store = &kit->store;
    struct lines lines = {.size = 0};
    struct hearth_account account = {.struct_size = sizeof(account), .id = "m", .email = "m@example.org", .provider = "p", .generation = 7};
    OK(store, account_create, &account);
    for (int i = 0; i < 2; i++) {
        expect_generations(store, "m", i == 0 ? "1 7\n2 7\n3 7\n4 7\n" : "1 7\n2 7\n3 7\n4 8\n");
        FAILS(NOT_FOUND, store, removals_since, "m", 6, on_removal, &lines);
        FAILS(NOT_FOUND, store, pages_changed, "m", 6, on_page, &lines);
        OK(store, removals_since, "m", 7, on_removal, &lines);
        OK(store, pages_changed, "m", 7, on_page, &lines);
        begin(store, "m", HEARTH_HISTORY);
        commit(store);
    }
    expect_text(lines.text, "");
    assert_sound(store);
}

static int on_removed_here(void *ctx, const struct hearth_removed_here *r)
{
    return add_line(ctx, "%s %lld %s %lld\n", r->id, (long long)r->kind, r->host, (long long)r->created);
}

static void removed_here(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_removed_here site = {
        .struct_size = sizeof(site), .id = "s", .kind = HEARTH_REMOVED_HERE_SITE, .host = "one", .created = 20};
    struct hearth_removed_here span = {
        .struct_size = sizeof(span), .id = "t", .kind = HEARTH_REMOVED_HERE_SPAN, .host = "", .from_date = 1, .to_date = 2, .created = 10};
    struct lines lines = {.size = 0};
    OK(store, removed_here_put, "a", &site);
    OK(store, removed_here_put, "a", &span);
    OK(store, removed_here_list, "a", on_removed_here, &lines);
    expect_text(lines.text, "t 4  10\ns 3 one 20\n");
    site.host = "two";
    site.created = 10; /* now before the other, by id */
    OK(store, removed_here_put, "a", &site);
    OK(store, removed_here_remove, "a", "none");
    OK(store, removed_here_remove, "b", "s");
    lines = (struct lines){.size = 0};
    OK(store, removed_here_list, "a", on_removed_here, &lines);
    expect_text(lines.text, "s 3 two 10\nt 4  10\n");
    FAILS(NOT_FOUND, store, removed_here_put, "nobody", &site);
    OK(store, account_remove, "a");
    add_account(store, "a", "anna@example.org");
    lines = (struct lines){.size = 0};
    OK(store, removed_here_list, "a", on_removed_here, &lines);
    expect_text(lines.text, "");
}

const struct kit_test storage_removals_tests[] = {
    {"removals: everything that is removed leaves a record of its kind, in order", each_kind, KIT_OPEN},
    {"removals: what is cleared leaves a record for each", cleared, KIT_OPEN},
    {"removals: what comes back has none", came_back, KIT_OPEN},
    {"removals: nothing that was not there, or was not committed", nothing_without_reason, KIT_OPEN},
    {"removals: a batch sees its own", seen_in_the_batch, KIT_OPEN},
    {"removals: the oldest may be forgotten, and that is said", many, KIT_OPEN, 120},
    {"generations: each collection has its own", by_collection, KIT_OPEN},
    {"generations: what was before an account was made here is not known", made_with_generation, KIT_OPEN},
    {"removed here: oldest first, one for each id, gone with the account", removed_here, KIT_OPEN},
    {NULL, NULL},
};
