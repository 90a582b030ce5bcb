/* What is remembered of what is gone, generations by collection, and what is removed here. */
#include "storage_kit.h"

#include <stdlib.h>

static int removals_on_removal(void *ctx, const struct hearth_removal *r)
{
    static const char *const kinds[] = {"?", "page", "visit", "bookmark", "tab", "device"};
    return kit_lines_add(ctx, "%lld %s \"%s\" %lld %lld %lld %lld\n", (long long)r->generation,
                         kinds[r->kind], r->key, (long long)r->page, (long long)r->date,
                         (long long)r->type, (long long)r->position);
}

static void expect_removals(struct storage *storage, int64_t since, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(storage, removals_since, "a", since, removals_on_removal, &lines);
    expect_text(lines.text, expected);
}

static void removals_put_tab(struct storage *storage, const char *device, int64_t position)
{
    struct hearth_tab tab = {
        .struct_size = sizeof(tab), .position = position, .title = "t", .url = "https://t/"};
    OK(storage, tab_put, device, &tab);
}

static void removals_put_device(struct storage *storage, const char *id)
{
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = id, .name = "n", .type = "mobile"};
    OK(storage, device_put, &device);
}

/* One of everything, in generation 1. */
static void put_everything(struct storage *storage)
{
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_page_put_visited(storage, 1, "https://one/", "one", 2, (const int64_t[]){100, 200});
    kit_page_put_visited(storage, 2, "https://two/", "two", 2, (const int64_t[]){100, 300});
    kit_bookmark_put(storage, "menu", HEARTH_FOLDER, NULL, 0);
    kit_bookmark_put(storage, "b1", HEARTH_BOOKMARK, "menu", 0);
    kit_bookmark_put(storage, "b2", HEARTH_BOOKMARK, "menu", 1);
    removals_put_device(storage, "phone");
    removals_put_device(storage, "laptop");
    removals_put_tab(storage, "phone", 0);
    removals_put_tab(storage, "phone", 1);
    removals_put_tab(storage, "laptop", 0);
    kit_batch_commit(storage);
}

/* A page without visits, consistent. */
static void put_bare(struct storage *storage, int64_t id)
{
    struct hearth_page page = kit_page_make(id, "https://bare/", "bare");
    OK(storage, page_put, &page);
}

static void each_kind(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    put_everything(storage);
    expect_removals(storage, 0, "");
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_remove, 1);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, visits_remove, 2);
    put_bare(storage, 2);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_remove, "b1");
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, tabs_clear, "laptop");
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    OK(storage, device_remove, "phone");
    kit_batch_commit(storage);
    expect_removals(
        storage, 0,
        "2 page \"\" 1 0 0 0\n2 visit \"\" 1 100 1 0\n2 visit \"\" 1 200 1 0\n"
        "3 visit \"\" 2 100 1 0\n3 visit \"\" 2 300 1 0\n4 bookmark \"b1\" 0 0 0 0\n5 tab "
        "\"laptop\" 0 0 0 0\n"
        "6 tab \"phone\" 0 0 0 0\n6 tab \"phone\" 0 0 0 1\n6 device \"phone\" 0 0 0 0\n");
    expect_removals(storage, 4,
                    "5 tab \"laptop\" 0 0 0 0\n6 tab \"phone\" 0 0 0 0\n6 tab \"phone\" 0 0 0 1\n6 "
                    "device \"phone\" 0 0 0 0\n");
    expect_removals(storage, 6, "");
    kit_expect_sound(storage);
}

static void removals_of_cleared(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    put_everything(storage);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_clear, 0);
    OK(storage, tabs_clear, NULL);
    kit_batch_commit(storage);
    expect_removals(
        storage, 0,
        "2 bookmark \"b1\" 0 0 0 0\n2 bookmark \"b2\" 0 0 0 0\n2 bookmark \"menu\" 0 0 0 0\n"
        "2 tab \"laptop\" 0 0 0 0\n2 tab \"phone\" 0 0 0 0\n2 tab \"phone\" 0 0 0 1\n");
    kit_expect_sound(storage);
}

static void came_back(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    int64_t added;
    struct hearth_visit again = HEARTH_VISIT(300, 1);
    put_everything(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY); /* in the same batch */
    OK(storage, page_remove, 1);
    kit_page_put_visited(storage, 1, "https://one/", "one", 2, (const int64_t[]){100, 400});
    OK(storage, visits_remove, 2);
    OK(storage, tabs_clear, NULL);
    removals_put_tab(storage, "phone", 1);
    OK(storage, bookmark_clear, 0);
    kit_bookmark_put(storage, "menu", HEARTH_FOLDER, NULL, 0);
    OK(storage, device_remove, "laptop");
    removals_put_device(storage, "laptop");
    put_bare(storage, 2);
    kit_batch_commit(storage);
    expect_removals(
        storage, 1,
        "2 visit \"\" 1 200 1 0\n2 visit \"\" 2 100 1 0\n2 visit \"\" 2 300 1 0\n2 bookmark \"b1\" "
        "0 0 0 0\n"
        "2 bookmark \"b2\" 0 0 0 0\n2 tab \"laptop\" 0 0 0 0\n2 tab \"phone\" 0 0 0 0\n");
    kit_batch_begin(storage, "a", HEARTH_HISTORY); /* in a later one */
    struct hearth_page page = kit_page_make(2, "https://two/", "two");
    page.visit_count = 1;
    page.last_visit = 300;
    OK(storage, page_put, &page);
    OK(storage, visits_put, 2, &again, 1, &added);
    removals_put_tab(storage, "phone", 0);
    removals_put_tab(storage, "laptop", 0);
    kit_bookmark_put(storage, "b2", HEARTH_BOOKMARK, "menu", 0);
    kit_batch_commit(storage);
    expect_removals(storage, 1,
                    "2 visit \"\" 1 200 1 0\n2 visit \"\" 2 100 1 0\n2 bookmark \"b1\" 0 0 0 0\n");
    kit_expect_sound(storage);
}

static void nothing_without_reason(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    put_everything(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY); /* nothing of it is there */
    OK(storage, page_remove, 9);
    OK(storage, visits_remove, 9);
    OK(storage, bookmark_remove, "b9");
    OK(storage, tabs_clear, "none");
    OK(storage, device_remove, "none");
    kit_batch_commit(storage);
    expect_removals(storage, 0, "");
    kit_batch_begin(storage, "a", HEARTH_HISTORY); /* aborted */
    OK(storage, page_remove, 1);
    OK(storage, bookmark_remove, "b1");
    OK(storage, device_remove, "phone");
    storage->ops->batch_abort(storage->handle);
    expect_removals(storage, 0, "");
    FAILS(NOT_FOUND, storage, removals_since, "a", 3, removals_on_removal, NULL); /* not yet */
    FAILS(NOT_FOUND, storage, removals_since, "a", -1, removals_on_removal, NULL);
    FAILS(NOT_FOUND, storage, removals_since, "nobody", 0, removals_on_removal, NULL);
    struct lines lines = {.size = 0};
    /* another account; nothing was ever stored */
    OK(storage, removals_since, "b", 0, removals_on_removal, &lines);
    expect_text(lines.text, "");
    kit_expect_sound(storage);
}

static void seen_in_the_batch(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    put_everything(storage);
    kit_handle(kit, &other);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, bookmark_remove, "b1");
    expect_removals(storage, 1, "2 bookmark \"b1\" 0 0 0 0\n");
    expect_removals(&other, 1, "");
    kit_batch_commit(storage);
    expect_removals(&other, 1, "2 bookmark \"b1\" 0 0 0 0\n");
    plug_storage_close(&other);
}

static int count_removal(void *ctx, const struct hearth_removal *removal)
{
    (void)removal;
    ++*(size_t *)ctx;
    return 0;
}

/* Many are not kept for ever; and nobody is told less than there is. Pages are not crowded out. */
static void removals_of_many(struct kit *kit)
{
    enum { ROUNDS = 6, TABS = 5000 };
    struct storage *storage = &kit->storage;
    put_everything(storage);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    OK(storage, page_remove, 1);
    kit_batch_commit(storage);
    for (int64_t round = 0; round < ROUNDS; round++) {
        kit_batch_begin(storage, "a", HEARTH_TABS);
        for (int64_t i = 0; i < TABS; i++)
            removals_put_tab(storage, "tablet", round * TABS + i);
        kit_batch_commit(storage);
        kit_batch_begin(storage, "a", HEARTH_TABS);
        OK(storage, tabs_clear, "tablet");
        kit_batch_commit(storage);
    }
    enum { LAST = 2 + 2 * ROUNDS };
    size_t count = 0;
    for (int64_t since = 0; since < LAST; since++) {
        struct err err = {0};
        count = 0;
        int r = STORAGE(storage, &err, removals_since, "a", since, count_removal, &count);
        int64_t rounds = since < 2 ? ROUNDS : (LAST - since + 1) / 2;
        if (r == 0 && count != (size_t)(rounds * TABS) + (since < 2 ? 3 : 0))
            fail_msg("since %lld: %zu removals come, of %lld rounds", (long long)since, count,
                     (long long)rounds);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
            fail_msg("since %lld: %s", (long long)since, err.text);
        plug_storage_reset(storage);
    }
    expect_number(count, TABS); /* the newest are always known */
    struct lines *lines = calloc(1, sizeof(*lines));
    OK(storage, pages_changed, "a", 1, kit_lines_on_page, lines);
    expect_text(lines->text, "gone 1\n");
    free(lines);
    kit_expect_sound(storage);
}

static int removals_on_generation(void *ctx, int32_t collection, int64_t generation)
{
    return kit_lines_add(ctx, "%d %lld\n", (int)collection, (long long)generation);
}

static void expect_generations(struct storage *storage, const char *account, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(storage, generation_list, account, removals_on_generation, &lines);
    expect_text(lines.text, expected);
}

static void by_collection(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    expect_generations(storage, "a", "");
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_TABS);
    expect_generations(storage, "a", "4 1\n"); /* at the commit, as the account's */
    kit_batch_commit(storage);
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    OK(storage, batch_commit, false);
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    storage->ops->batch_abort(storage->handle);
    kit_batch_begin(storage, "a", HEARTH_HISTORY);
    kit_batch_commit(storage);
    expect_generations(storage, "a", "2 2\n4 3\n");
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE); /* of every collection */
    expect_generations(storage, "a", "2 2\n4 3\n");
    kit_batch_commit(storage);
    expect_generations(storage, "a", "1 4\n2 4\n3 4\n4 4\n");
    expect_generations(storage, "b", "");
    struct hearth_account account = {.struct_size = sizeof(account)};
    OK(storage, account_get, "a", &account);
    expect_number(account.generation, 4);
    kit_expect_sound(storage);
}

/* As an account that comes from elsewhere is made. */
static void made_with_generation(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0};
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "m",
                                     .email = "m@example.org",
                                     .provider = "p",
                                     .generation = 7};
    OK(storage, account_create, &account);
    for (int i = 0; i < 2; i++) {
        expect_generations(storage, "m", i == 0 ? "1 7\n2 7\n3 7\n4 7\n" : "1 7\n2 7\n3 7\n4 8\n");
        FAILS(NOT_FOUND, storage, removals_since, "m", 6, removals_on_removal, &lines);
        FAILS(NOT_FOUND, storage, pages_changed, "m", 6, kit_lines_on_page, &lines);
        OK(storage, removals_since, "m", 7, removals_on_removal, &lines);
        OK(storage, pages_changed, "m", 7, kit_lines_on_page, &lines);
        kit_batch_begin(storage, "m", HEARTH_HISTORY);
        kit_batch_commit(storage);
    }
    expect_text(lines.text, "");
    kit_expect_sound(storage);
}

static int removals_on_removed_here(void *ctx, const struct hearth_removed_here *r)
{
    return kit_lines_add(ctx, "%s %lld %s %lld\n", r->id, (long long)r->kind, r->host,
                         (long long)r->created);
}

static void removed_here(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_removed_here site = {.struct_size = sizeof(site),
                                       .id = "s",
                                       .kind = HEARTH_REMOVED_HERE_SITE,
                                       .host = "one",
                                       .created = 20};
    struct hearth_removed_here span = {.struct_size = sizeof(span),
                                       .id = "t",
                                       .kind = HEARTH_REMOVED_HERE_SPAN,
                                       .host = "",
                                       .from_date = 1,
                                       .to_date = 2,
                                       .created = 10};
    struct lines lines = {.size = 0};
    OK(storage, removed_here_put, "a", &site);
    OK(storage, removed_here_put, "a", &span);
    OK(storage, removed_here_list, "a", removals_on_removed_here, &lines);
    expect_text(lines.text, "t 4  10\ns 3 one 20\n");
    site.host = "two";
    site.created = 10; /* now before the other, by id */
    OK(storage, removed_here_put, "a", &site);
    OK(storage, removed_here_remove, "a", "none");
    OK(storage, removed_here_remove, "b", "s");
    lines = (struct lines){.size = 0};
    OK(storage, removed_here_list, "a", removals_on_removed_here, &lines);
    expect_text(lines.text, "s 3 two 10\nt 4  10\n");
    FAILS(NOT_FOUND, storage, removed_here_put, "nobody", &site);
    OK(storage, account_remove, "a");
    kit_account_add(storage, "a", "anna@example.org");
    lines = (struct lines){.size = 0};
    OK(storage, removed_here_list, "a", removals_on_removed_here, &lines);
    expect_text(lines.text, "");
}

const struct kit_test kit_storage_removals_tests[] = {
    {"removals: everything that is removed leaves a record of its kind, in order", each_kind,
     KIT_OPEN},
    {"removals: what is cleared leaves a record for each", removals_of_cleared, KIT_OPEN},
    {"removals: what comes back has none", came_back, KIT_OPEN},
    {"removals: nothing that was not there, or was not committed", nothing_without_reason,
     KIT_OPEN},
    {"removals: a batch sees its own", seen_in_the_batch, KIT_OPEN},
    {"removals: the oldest may be forgotten, and that is said", removals_of_many, KIT_OPEN, 120},
    {"generations: each collection has its own", by_collection, KIT_OPEN},
    {"generations: what was before an account was made here is not known", made_with_generation,
     KIT_OPEN},
    {"removed here: oldest first, one for each id, gone with the account", removed_here, KIT_OPEN},
    {NULL, NULL},
};
