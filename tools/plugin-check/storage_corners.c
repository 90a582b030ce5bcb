/* Things that differ in one field alone: what is done to one is not done to the others, and each
 * tie is as its list says. */
#include <stdlib.h>

#include "storage_kit.h"

/* --- removals --- */

enum { PAGES = 2, DATES = 2, TYPES = 2, TABS = 2 };

static const char *const names[] = {"phone", "phone ", "Phone"};
enum { NAMES = 3 };

static void put_some_page(struct storage *storage, int64_t id)
{
    struct hearth_page page = kit_page_make(id, "https://u/", "u");
    OK(storage, page_put, &page);
}

/* After its visits: consistent with them. */
static void put_some_page_again(struct storage *storage, int64_t id, int64_t visits, int64_t last)
{
    struct hearth_page page = kit_page_make(id, "https://u/", "u");
    page.visit_count = visits;
    page.last_visit = last;
    OK(storage, page_put, &page);
}

static void put_some_visit(struct storage *storage, int64_t page, int64_t date, int64_t type)
{
    struct hearth_visit visit = HEARTH_VISIT(date, type);
    int64_t added = 0;
    OK(storage, visits_put, page, &visit, 1, &added);
    expect_number(added, 1);
}

static void put_some_tab(struct storage *storage, const char *device, int64_t position)
{
    struct hearth_tab tab = {
        .struct_size = sizeof(tab), .position = position, .title = "t", .url = "https://t/"};
    OK(storage, tab_put, device, &tab);
}

static void put_some_device(struct storage *storage, const char *id)
{
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = id, .name = "n", .type = "mobile"};
    OK(storage, device_put, &device);
}

static void corners_put_all(struct storage *storage)
{
    for (int64_t page = 1; page <= PAGES; page++) {
        put_some_page(storage, page);
        for (int64_t date = 1; date <= DATES; date++)
            for (int64_t type = 1; type <= TYPES; type++)
                put_some_visit(storage, page, date, type);
    }
    for (int i = 0; i < NAMES; i++) {
        put_some_device(storage, names[i]);
        kit_bookmark_put(storage, names[i], HEARTH_BOOKMARK, NULL, 0);
        for (int64_t position = 0; position < TABS; position++)
            put_some_tab(storage, names[i], position);
    }
}

static void remove_all(struct storage *storage)
{
    for (int64_t page = 1; page <= PAGES; page++)
        OK(storage, page_remove, page);
    for (int i = 0; i < NAMES; i++) {
        OK(storage, device_remove, names[i]);
        OK(storage, bookmark_remove, names[i]);
    }
}

static int corners_on_removal(void *ctx, const struct hearth_removal *r)
{
    return kit_lines_add(ctx, "%d \"%s\" %lld %lld %lld %lld\n", (int)r->kind, r->key,
                         (long long)r->page, (long long)r->date, (long long)r->type,
                         (long long)r->position);
}

/* One of each kind comes back: its record goes, those of its neighbours stay. */
static void comes_back_alone(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    for (int later = 0; later < 2; later++) {
        /* in the batch in which it went, and in another one */
        struct lines lines = {.size = 0};
        int64_t before = kit_generation_of(storage, "a");
        kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
        if (later == 0)
            corners_put_all(storage);
        remove_all(storage);
        if (later == 1) {
            kit_batch_commit(storage);
            kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
        }
        put_some_page(storage, 2);
        put_some_visit(storage, 2, 1, 2);
        put_some_page_again(storage, 2, 1, 1);
        put_some_device(storage, "phone");
        put_some_tab(storage, "phone", 1);
        kit_bookmark_put(storage, "phone", HEARTH_BOOKMARK, NULL, 0);
        kit_batch_commit(storage);
        OK(storage, removals_since, "a", before, corners_on_removal, &lines);
        if (later == 0) {
            expect_text(lines.text, "1 \"\" 1 0 0 0\n2 \"\" 1 1 1 0\n2 \"\" 1 1 2 0\n2 \"\" 1 2 1 "
                                    "0\n2 \"\" 1 2 2 0\n2 \"\" 2 1 1 0\n2 \"\" 2 2 1 0\n"
                                    "2 \"\" 2 2 2 0\n3 \"Phone\" 0 0 0 0\n3 \"phone \" 0 0 0 0\n4 "
                                    "\"Phone\" 0 0 0 0\n4 \"Phone\" 0 0 0 1\n"
                                    "4 \"phone\" 0 0 0 0\n4 \"phone \" 0 0 0 0\n4 \"phone \" 0 0 0 "
                                    "1\n5 \"Phone\" 0 0 0 0\n5 \"phone \" 0 0 0 0\n");
            kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
            put_some_visit(storage, 2, 1, 1);
            put_some_visit(storage, 2, 2, 2);
            put_some_page_again(storage, 2, 3, 2);
            put_some_tab(storage, "phone", 0);
            put_some_device(storage, "Phone");
            kit_batch_commit(storage);
            lines = (struct lines){.size = 0};
            OK(storage, removals_since, "a", before, corners_on_removal, &lines);
            expect_text(lines.text,
                        "1 \"\" 1 0 0 0\n2 \"\" 1 1 1 0\n2 \"\" 1 1 2 0\n2 \"\" 1 2 1 0\n2 \"\" 1 "
                        "2 2 0\n2 \"\" 2 2 1 0\n"
                        "3 \"Phone\" 0 0 0 0\n3 \"phone \" 0 0 0 0\n4 \"Phone\" 0 0 0 0\n4 "
                        "\"Phone\" 0 0 0 1\n"
                        "4 \"phone \" 0 0 0 0\n4 \"phone \" 0 0 0 1\n5 \"phone \" 0 0 0 0\n");
        } else {
            expect_text(
                lines.text,
                "2 \"\" 2 1 1 0\n2 \"\" 2 2 2 0\n4 \"phone\" 0 0 0 0\n5 \"Phone\" 0 0 0 0\n");
        }
    }
    kit_expect_sound(storage);
}

static int count_removed_page(void *ctx, const struct hearth_removal *removal)
{
    *(size_t *)ctx += removal->kind == HEARTH_REMOVAL_PAGE;
    return 0;
}

static int count_gone(void *ctx, const struct hearth_page *page)
{
    *(size_t *)ctx += page->gone != 0;
    return 0;
}

/* All of them, or NOT_FOUND: nobody is told less than there is. */
static bool all_or_unknown(struct storage *storage, const char *operation, int r, size_t count,
                           int64_t since, size_t wanted)
{
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        fail_msg("%s since %lld: %s", operation, (long long)since, err_name(r));
    if (r == 0 && count != wanted)
        fail_msg("%s since %lld tells of %zu removed pages where there are %zu; what is not "
                 "remembered any more is NOT_FOUND",
                 operation, (long long)since, count, wanted);
    plug_storage_reset(storage);
    return r == 0;
}

static void oldest_pages(struct kit *kit)
{
    enum { ROUNDS = 6, EACH = 4000 };
    struct storage *storage = &kit->storage;
    bool known = false;
    for (int64_t round = 0; round < ROUNDS; round++) {
        kit_batch_begin(storage, "a", HEARTH_HISTORY);
        for (int64_t i = 1; i <= EACH; i++) {
            put_some_page(storage, round * EACH + i);
            OK(storage, page_remove, round * EACH + i);
            plug_storage_reset(storage);
        }
        kit_batch_commit(storage);
    }
    for (int64_t since = 0; since < ROUNDS; since++) {
        size_t count = 0, wanted = (size_t)(ROUNDS - since) * EACH;
        int r = STORAGE(storage, NULL, removals_since, "a", since, count_removed_page, &count);
        known = all_or_unknown(storage, "removals_since", r, count, since, wanted);
        count = 0;
        r = STORAGE(storage, NULL, pages_changed, "a", since, count_gone, &count);
        known &= all_or_unknown(storage, "pages_changed", r, count, since, wanted);
    }
    expect(known); /* the newest are always known */
    kit_expect_sound(storage);
}

/* --- bookmarks, visits --- */

static int corners_on_tombstone(void *ctx, const struct hearth_bookmark_item *item)
{
    return kit_lines_add(ctx, "%s ", item->guid);
}

static int corners_on_child(void *ctx, int64_t source, const char *folder, int64_t position,
                            const char *child)
{
    return kit_lines_add(ctx, "%lld %s %lld %s ", (long long)source, folder, (long long)position,
                         child);
}

/* Of every kind; also of one that is not there, whose children came before it. */
static void tombstones_of_each_kind(struct kit *kit)
{
    static const char *const guids[] = {"", "bookmark", "folder", "separator", "query", "livemark"};
    struct storage *storage = &kit->storage;
    struct lines tombstones = {.size = 0}, children = {.size = 0};
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    for (int32_t kind = HEARTH_BOOKMARK; kind <= HEARTH_LIVEMARK; kind++) {
        kit_bookmark_put(storage, guids[kind], kind, "menu________", kind);
        OK(storage, bookmark_remove, guids[kind]);
    }
    OK(storage, bookmark_children_put, 2, "unknown", (const char *const[]){"child"}, 1);
    OK(storage, bookmark_children_put, 0, "other", (const char *const[]){"child"}, 1);
    OK(storage, bookmark_remove, "unknown");
    kit_batch_commit(storage);
    OK(storage, bookmark_tombstones, "a", corners_on_tombstone, &tombstones);
    expect_text(tombstones.text, "bookmark folder livemark query separator unknown ");
    OK(storage, bookmark_children, "a", corners_on_child, &children);
    expect_text(children.text, "0 other 0 child ");
    for (int32_t kind = HEARTH_LIVEMARK; kind >= HEARTH_BOOKMARK; kind--) {
        kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
        kit_bookmark_put(storage, guids[kind], kind, NULL, 0);
        kit_batch_commit(storage);
        tombstones = (struct lines){.size = 0};
        OK(storage, bookmark_tombstones, "a", corners_on_tombstone, &tombstones);
        if (strstr(tombstones.text, guids[kind]) != NULL)
            fail_msg("the %s was put again and still has a tombstone: \"%s\"", guids[kind],
                     tombstones.text);
    }
}

static int corners_on_visit(void *ctx, const struct hearth_visit *visit)
{
    return kit_lines_add(ctx, "%lld %d ", (long long)visit->date, (int)visit->type);
}

/* One that can not be makes all of them refused, wherever it stands. */
static void refused_visits(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    for (int at = 0; at < 3; at++) {
        struct hearth_visit visits[] = {HEARTH_VISIT(1, 1), HEARTH_VISIT(2, 9), HEARTH_VISIT(3, 0)};
        struct lines lines = {.size = 0};
        int64_t added = 77;
        visits[at].type = at == 1 ? -1 : 10;
        kit_batch_begin(storage, "a", HEARTH_HISTORY);
        put_some_page(storage, 1);
        FAILS(INVALID, storage, visits_put, 1, visits, 3, &added);
        expect_number(added, 77);
        OK(storage, page_visits, "a", 1, corners_on_visit, &lines);
        expect_text(lines.text, "");
        storage->ops->batch_abort(storage->handle);
    }
}

/* --- leases --- */

static int corners_on_leased(void *ctx, const struct hearth_account *account)
{
    return kit_lines_add(ctx, "%s ", account->id);
}

static void corners_set_next_sync(struct storage *storage, const char *id, int64_t when)
{
    struct hearth_account account = {
        .struct_size = sizeof(account), .id = id, .next_sync = when, .failures = 3};
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
}

static void expect_leased(struct storage *storage, int64_t now, const char *wanted,
                          const char *when)
{
    struct lines lines = {.size = 0};
    OK(storage, account_lease_due, now, 5000, 10, corners_on_leased, &lines);
    if (strcmp(lines.text, wanted) != 0)
        fail_msg("account_lease_due %s gives \"%s\", \"%s\" was expected", when, lines.text,
                 wanted);
}

static void leases_are_given_up(struct kit *kit)
{
    static const int64_t times[] = {300, 300, 299, 1, 301, 1000};
    struct storage *storage = &kit->storage;
    struct hearth_account other = {
        .struct_size = sizeof(other), .id = "a", .failures = 1, .node = "n", .last_attempt = 7};
    corners_set_next_sync(storage, "b", 200);
    expect_leased(storage, 1000, "b ", "of one that is due");
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        corners_set_next_sync(storage, "a", times[i]);
        expect_leased(storage, 1000, "a ",
                      "after next_sync was written again, later, earlier or as it was,");
    }
    OK(storage, account_update, &other,
       HEARTH_ACCOUNT_FAILURES | HEARTH_ACCOUNT_NODE | HEARTH_ACCOUNT_LAST_ATTEMPT);
    expect_leased(storage, 1000, "", "after an update without next_sync");
    kit_batch_begin(storage, "a", HEARTH_TABS);
    FAILS(INVALID, storage, account_lease_due, 5000, 9000, 10, corners_on_leased,
          &(struct lines){.size = 0});
    kit_batch_commit(storage);
    expect_leased(storage, 4999, "", "before the leases run out");
    expect_leased(storage, 5000, "b a ", "when the leases run out");
}

/* --- ties of lists that are short --- */

static int tie_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    return kit_lines_add(ctx, "%s ", device->id);
}

static int tie_token(void *ctx, const struct hearth_token *token)
{
    return kit_lines_add(ctx, "%s ", token->id);
}

static int tie_removed_here(void *ctx, const struct hearth_removed_here *removed)
{
    return kit_lines_add(ctx, "%s ", removed->id);
}

static int tie_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    return kit_lines_add(ctx, "%s ", bookmark->guid);
}

static int tie_pick(void *ctx, const struct hearth_pick *pick)
{
    return kit_lines_add(ctx, "%s%lld ", pick->input, (long long)pick->page);
}

/* Put in an order that is none, two by two at one time. Also one that is not ASCII: texts are
 * ordered by bytes. */
static const char *const tied[] = {"c", "a", "\xc3\xa9", "B", "d", "b"};
enum { TIED = 6 };

static void put_tied(struct storage *storage, int i)
{
    static uint8_t hashes[TIED][32];
    int64_t when = 100 + i % 2;
    hashes[i][31] = (uint8_t)(i + 1);
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = tied[i],
                                   .name = "n",
                                   .type = "mobile",
                                   .last_upload = when};
    struct hearth_token token = {.struct_size = sizeof(token),
                                 .id = tied[i],
                                 .account = "a",
                                 .name = "n",
                                 .hash = hashes[i],
                                 .created = when,
                                 .expires = 900};
    struct hearth_removed_here removed = {.struct_size = sizeof(removed),
                                          .id = tied[i],
                                          .kind = HEARTH_REMOVED_HERE_SITE,
                                          .host = "h",
                                          .created = when};
    struct hearth_pick pick = {.struct_size = sizeof(pick),
                               .input = i % 2 == 0 ? "x" : "X",
                               .page = 1 + i * 5 % TIED,
                               .use_count = 1 + i};
    struct hearth_bookmark bookmark = kit_bookmark_make(tied[i], HEARTH_BOOKMARK, "menu", 0);
    bookmark.added = when;
    bookmark.page = 1;
    OK(storage, token_create, &token);
    OK(storage, removed_here_put, "a", &removed);
    OK(storage, pick_put, "a", &pick);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK(storage, device_put, &device);
    OK(storage, bookmark_put, &bookmark);
    kit_batch_commit(storage);
}

#define TIES(storage, wanted, on, operation, ...)                                                  \
    do {                                                                                           \
        struct lines lines_ = {.size = 0};                                                         \
        OK(storage, operation, "a", __VA_ARGS__ __VA_OPT__(, ) on, &lines_);                       \
        if (strcmp(lines_.text, wanted) != 0)                                                      \
            fail_msg("%s says \"%s\", \"%s\" was expected: a list orders every tie", #operation,   \
                     lines_.text, wanted);                                                         \
    } while (0)

static void every_tie(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_bookmark_query place = {.struct_size = sizeof(place),
                                          .parent = "menu",
                                          .after = -1},
                                 newest = {.struct_size = sizeof(newest), .order = HEARTH_BY_ADDED};
    for (int i = 0; i < TIED; i++)
        put_tied(storage, i);
    TIES(storage, "B a b c d \xc3\xa9 ", tie_bookmark, bookmark_list, &place);
    TIES(storage, "b a B \xc3\xa9 d c ", tie_bookmark, bookmark_list, &newest);
    TIES(storage, "b a B \xc3\xa9 d c ", tie_bookmark, bookmarks_of_page, 1);
    struct lines lines = {.size = 0};
    OK(storage, device_list, "a", tie_device, &lines);
    OK(storage, token_list, "a", tie_token, &lines);
    OK(storage, removed_here_list, "a", tie_removed_here, &lines);
    OK(storage, pick_list, "a", tie_pick, &lines);
    static const char wanted[] =
        "B a b c d \xc3\xa9 c d \xc3\xa9 B a b c d \xc3\xa9 B a b X2 X4 X6 x1 x3 x5 ";
    if (strcmp(lines.text, wanted) != 0)
        fail_msg("devices, tokens, what was removed here and picks of one time come as \"%s\", "
                 "\"%s\" was expected",
                 lines.text, wanted);
}

/* --- what a person hides --- */

static int corners_on_hidden(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return kit_lines_add(ctx, "%s%s %lld\n", device->id, device->hidden ? " hidden" : "",
                         (long long)tabs);
}

static int corners_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return kit_lines_add(ctx, "%s %s %s %s %s %s %lld %lld %d\n", device->id, device->name,
                         device->type, device->os, device->version, device->fxa_device_id,
                         (long long)device->last_upload, (long long)device->source, (int)tabs);
}

/* Nothing else of it changes. */
static void hidden_and_else_the_same(struct kit *kit)
{
    static const char wanted[] = "d n mobile o v f 1234567890123 2 1\n";
    struct storage *storage = &kit->storage;
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = "d",
                                   .name = "n",
                                   .type = "mobile",
                                   .os = "o",
                                   .version = "v"};
    device.fxa_device_id = "f";
    device.last_upload = 1234567890123;
    device.source = 2;
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    OK(storage, device_put, &device);
    put_some_tab(storage, "d", 0);
    for (int hidden = 1; hidden >= 0; hidden--) {
        struct lines lines = {.size = 0}, gone = {.size = 0};
        OK(storage, device_hide, "d", hidden != 0);
        OK(storage, device_list, "a", corners_on_device, &lines);
        expect_text(lines.text, wanted);
        OK(storage, removals_since, "a", 0, corners_on_removal, &gone);
        expect_text(gone.text, "");
    }
    kit_batch_commit(storage);
}

/* Whatever its source says next, and whatever becomes of its tabs and of other devices. */
static void hidden_for_good(struct kit *kit)
{
    static const struct hearth_device said[] = {
        {.name = "old", .type = "desktop", .last_upload = 1, .os = NULL},
        {.name = "new", .type = "mobile", .last_upload = 900, .os = "Linux", .source = 2},
        {.name = "", .type = "", .last_upload = 0},
        {.name = "phone", .type = "mobile", .last_upload = 500, .hidden = 0},
        {.name = "phone", .type = "mobile", .last_upload = 500, .hidden = 1},
    };
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    for (int i = 0; i < NAMES; i++)
        put_some_device(storage, names[i]);
    OK(storage, device_hide, "phone", true);
    kit_batch_commit(storage);
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        struct lines lines = {.size = 0};
        kit_batch_begin(storage, "a", i % 2 == 0 ? HEARTH_CLIENTS : HEARTH_TABS);
        for (int n = 0; n < NAMES; n++) {
            struct hearth_device device = said[i];
            device.struct_size = sizeof(device);
            device.id = names[n];
            OK(storage, device_put, &device);
            put_some_tab(storage, names[n], 0);
        }
        OK(storage, tabs_clear, i % 2 == 0 ? NULL : "phone");
        put_some_tab(storage, "phone", 3);
        kit_batch_commit(storage);
        OK(storage, device_list, "a", corners_on_hidden, &lines);
        if (strstr(lines.text, "phone hidden 1\n") == NULL ||
            strstr(lines.text, "Phone hidden") != NULL ||
            strstr(lines.text, "phone  hidden") != NULL)
            fail_msg("after put %zu of all devices the hidden ones are \"%s\"; \"phone\" alone was "
                     "hidden, by a person",
                     i + 1, lines.text);
        plug_storage_reset(storage);
    }
}

const struct kit_test kit_storage_corners_tests[] = {
    {"removals: what comes back takes its own record off, and no other", comes_back_alone,
     KIT_OPEN},
    {"removals: the oldest pages may be forgotten, and whoever asks is told", oldest_pages,
     KIT_OPEN, 120},
    {"bookmarks: a tombstone of each kind goes when it comes back, and children of an unknown "
     "folder",
     tombstones_of_each_kind, KIT_OPEN},
    {"visits: one that can not be makes all of them refused", refused_visits, KIT_OPEN},
    {"accounts: a lease is given up by next_sync alone, and not made in a batch",
     leases_are_given_up, KIT_OPEN},
    {"lists: what was made at one time is ordered as well", every_tie, KIT_OPEN},
    {"devices: one that is hidden or shown is else the same", hidden_and_else_the_same, KIT_OPEN},
    {"devices: a hidden one stays hidden, whatever is said of it", hidden_for_good, KIT_OPEN},
    {NULL, NULL},
};
