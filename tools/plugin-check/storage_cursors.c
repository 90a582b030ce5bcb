/* Going on in a list: from every row, within every span, and over more rows than anything reads
 * at once. */
#include <stdlib.h>

#include "storage_kit.h"

/* Where a row stands in its list: ascending by `before`, the text, then `behind`. What a list
 * orders the other way round is negative here. */
struct standing {
    int64_t before[3], behind[4];
    char text[40];
    bool downwards; /* the text */
};

static int compare_numbers(const int64_t *a, const int64_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static int compare_standings(const struct standing *a, const struct standing *b)
{
    int r = compare_numbers(a->before, b->before, 3);
    if (r == 0)
        r = strcmp(a->text, b->text) * (a->downwards ? -1 : 1);
    return r != 0 ? r : compare_numbers(a->behind, b->behind, 4);
}

/* --- more rows than are read at once --- */

enum { ROWS = 2100, ALIKE = 7, FIRST_DATE = 1000 };

struct walk {
    const char *list;
    size_t count;
    struct standing last;
};

static int walk_on(struct walk *walk, struct standing row)
{
    int r = walk->count == 0 ? -1 : compare_standings(&walk->last, &row);
    if (r >= 0)
        fail_msg("%s: row %zu, \"%s\" %lld %lld, %s the one before it", walk->list, walk->count + 1,
                 row.text, (long long)row.before[0], (long long)row.before[1],
                 r == 0 ? "is also" : "belongs before");
    walk->last = row;
    walk->count++;
    return 0;
}

static struct standing standing_of_text(const char *text)
{
    struct standing row = {.downwards = false};
    snprintf(row.text, sizeof(row.text), "%s", text);
    return row;
}

static int walk_page(void *ctx, const struct hearth_page *page)
{
    return walk_on(ctx, (struct standing){.before = {-page->frecency, -page->id}});
}

static int walk_page_guid(void *ctx, const char *guid, int64_t page)
{
    struct standing row = standing_of_text(guid);
    row.before[0] = page;
    return walk_on(ctx, row);
}

static int walk_visit_row(void *ctx, const struct hearth_visit_row *visit)
{
    return walk_on(ctx, (struct standing){.before = {-visit->date, -visit->page, -visit->type}});
}

static int walk_by_position(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct standing row = standing_of_text(bookmark->guid);
    row.before[0] = bookmark->position;
    return walk_on(ctx, row);
}

static int walk_by_added(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct standing row = standing_of_text(bookmark->guid);
    row.before[0] = -bookmark->added;
    row.downwards = true;
    return walk_on(ctx, row);
}

static int walk_item(void *ctx, const struct hearth_bookmark_item *item)
{
    return walk_on(ctx, standing_of_text(item->guid));
}

static int walk_child(void *ctx, int64_t source, const char *folder, int64_t position,
                      const char *child)
{
    struct standing row = standing_of_text(folder);
    (void)source;
    (void)child;
    row.behind[0] = position;
    return walk_on(ctx, row);
}

static int walk_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct standing row = standing_of_text(device);
    row.behind[0] = -tab->last_used;
    row.behind[1] = tab->position;
    return walk_on(ctx, row);
}

static int walk_removal(void *ctx, const struct hearth_removal *removal)
{
    struct standing row = standing_of_text(removal->key);
    row.before[0] = removal->generation;
    row.before[1] = removal->kind;
    row.behind[0] = removal->page;
    row.behind[1] = removal->date;
    row.behind[2] = removal->type;
    row.behind[3] = removal->position;
    return walk_on(ctx, row);
}

/* `rows` of it, each once, in order. */
#define WALKS(storage, rows, on, operation, ...)                                                   \
    do {                                                                                           \
        struct walk walk_ = {.list = #operation};                                                  \
        OK(storage, operation, "a" __VA_OPT__(, ) __VA_ARGS__, on, &walk_);                        \
        if (walk_.count != (size_t)(rows))                                                         \
            fail_msg("%s says %zu rows where there are %zu", #operation, walk_.count,              \
                     (size_t)(rows));                                                              \
    } while (0)

/* Some stand beside others in all but the last of what orders them, and one order says nothing
 * of another. */
static void cursors_put_row(struct storage *storage, int64_t i)
{
    char guid[16];
    int64_t added, n = i * 1009 % ROWS / ALIKE; /* 1009 has no divisor in common with ROWS */
    const char *child = guid;
    struct hearth_page page = kit_page_make(i + 1, "https://u/", "u");
    struct hearth_visit visits[] = {HEARTH_VISIT(FIRST_DATE + n, 1),
                                    HEARTH_VISIT(FIRST_DATE + n, 2)};
    struct hearth_tab tab = {.struct_size = sizeof(tab),
                             .position = i,
                             .title = "t",
                             .url = "https://t/",
                             .last_used = n};
    snprintf(guid, sizeof(guid), "%04d", (int)i);
    struct hearth_bookmark bookmark = kit_bookmark_make(guid, HEARTH_BOOKMARK, "menu", n);
    bookmark.added = FIRST_DATE + n;
    bookmark.tags = "all";
    bookmark.page = i + 1;
    page.frecency = n;
    page.visit_count = 2;
    page.last_visit = visits[0].date;
    OK(storage, page_put, &page);
    OK(storage, visits_put, i + 1, visits, 2, &added);
    OK(storage, tab_put, "phone", &tab);
    OK(storage, bookmark_put, &bookmark);
    OK(storage, bookmark_children_put, 0, guid, &child, 1);
    plug_storage_reset(storage);
}

static int count_page(void *ctx, const struct hearth_page *page)
{
    ++((unsigned char *)ctx)[page->id];
    return 0;
}

static int count_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    (void)visit;
    ++((unsigned char *)ctx)[page];
    return 0;
}

static int cursors_count_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    ++((unsigned char *)ctx)[bookmark->page];
    return 0;
}

#define COUNTS(storage, ids, each, on, operation)                                                  \
    do {                                                                                           \
        unsigned char seen_[ROWS + 2] = {0};                                                       \
        OK_OF(storage, bulk, operation, "a", ids, ROWS + 1, on, seen_);                            \
        for (size_t i_ = 0; i_ < ROWS + 2; i_++)                                                   \
            if (seen_[i_] != (i_ > 0 && i_ <= ROWS ? (each) : 0))                                  \
                fail_msg("%s of %d pages says %d rows of page %zu, %d were expected", #operation,  \
                         ROWS, seen_[i_], i_, (each));                                             \
    } while (0)

/* Of all at once, and of one that is not there. */
static void many_at_once(struct storage *storage)
{
    static int64_t ids[ROWS + 1];
    if (storage->bulk == NULL)
        return;
    for (int64_t i = 0; i <= ROWS; i++)
        ids[i] = ROWS + 1 - i;
    COUNTS(storage, ids, 1, count_page, pages_get);
    COUNTS(storage, ids, 2, count_visit, visits_of_pages);
    COUNTS(storage, ids, 1, cursors_count_bookmark, bookmarks_of_pages);
}

static void many_rows(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_visit_query visits = {.struct_size = sizeof(visits)},
                              of_host = {.struct_size = sizeof(of_host), .host = "u"};
    struct hearth_bookmark_query children = {.struct_size = sizeof(children),
                                             .parent = "menu",
                                             .after = -1},
                                 newest = {.struct_size = sizeof(newest), .order = HEARTH_BY_ADDED},
                                 tagged = {.struct_size = sizeof(tagged),
                                           .order = HEARTH_BY_TAG,
                                           .tag = "ALL"};
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int64_t i = 0; i < ROWS; i++)
        cursors_put_row(storage, i);
    for (int64_t i = 0; i < ROWS; i++) {
        char guid[16];
        snprintf(guid, sizeof(guid), "%04d", (int)i);
        OK(storage, page_guid_put, guid, 1 + i * 1009 % ROWS / ALIKE);
    }
    kit_batch_commit(storage);
    WALKS(storage, ROWS, walk_page, pages_by_frecency);
    WALKS(storage, ROWS, walk_page_guid, page_guid_list);
    WALKS(storage, 2 * ROWS, walk_visit_row, visit_list, &visits);
    WALKS(storage, 2 * ROWS, walk_visit_row, visit_list, &of_host);
    WALKS(storage, 2 * ROWS, walk_visit_row, visit_dates, 0, 0);
    WALKS(storage, ROWS, walk_by_position, bookmark_list, &children);
    WALKS(storage, ROWS, walk_by_added, bookmark_list, &newest);
    WALKS(storage, ROWS, walk_by_added, bookmark_list, &tagged);
    WALKS(storage, ROWS, walk_item, bookmark_items);
    WALKS(storage, ROWS, walk_child, bookmark_children);
    WALKS(storage, ROWS, walk_tab, tab_list, NULL);
    WALKS(storage, ROWS, walk_tab, tab_list, "phone");
    many_at_once(storage);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int64_t i = 0; i < ROWS; i++) {
        OK(storage, page_remove, i + 1);
        plug_storage_reset(storage);
    }
    OK(storage, tabs_clear, NULL);
    OK(storage, bookmark_clear, 0);
    kit_batch_commit(storage);
    /* pages, two visits of each, bookmarks, tabs */
    WALKS(storage, 5 * ROWS, walk_removal, removals_since, 1);
    kit_expect_sound(storage);
}

/* As many as somebody may have who runs this for a town. */
static int walk_account(void *ctx, const struct hearth_account *account)
{
    return strstr(account->email, ".many@example.org") == NULL
               ? 0
               : walk_on(ctx, standing_of_text(account->email));
}

static void many_accounts(struct kit *kit)
{
    enum { ACCOUNTS = 1100 };
    struct storage *storage = &kit->storage;
    struct walk walk = {.list = "account_list"};
    char id[16], email[48];
    for (int i = 0; i < ACCOUNTS; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        snprintf(email, sizeof(email), "%04d.many@example.org", i * 7 % ACCOUNTS);
        kit_account_add(storage, id, email);
        plug_storage_reset(storage);
    }
    OK(storage, account_list, walk_account, &walk);
    if (walk.count != ACCOUNTS)
        fail_msg("account_list says %zu accounts where there are %d", walk.count, ACCOUNTS);
}

/* --- from every row, within every span --- */

enum { DATES = 4, PAGES = 3, TYPES = 2, VISITS = DATES * PAGES * TYPES };

/* In the order of the list, what the query asks for. */
static void cursors_expected_visits(const struct hearth_visit_query *q, struct lines *ret)
{
    for (int64_t date = DATES; date > 0; date--)
        for (int64_t page = PAGES; page > 0; page--)
            for (int64_t type = TYPES; type > 0; type--) {
                struct standing row = {.before = {-date, -page, -type}},
                                after = {
                                    .before = {-q->after_date, -q->after_page, -q->after_type}};
                if (date >= q->from && (q->to == 0 || date < q->to) &&
                    (q->host == NULL || page != 2) &&
                    (q->after_date == 0 || compare_standings(&row, &after) > 0))
                    kit_lines_add(ret, "%d %d %d\n", (int)date, (int)page, (int)type);
            }
}

static int cursors_on_visit(void *ctx, const struct hearth_visit_row *row)
{
    return kit_lines_add(ctx, "%lld %lld %d\n", (long long)row->date, (long long)row->page,
                         (int)row->type);
}

static void cursors_check_visits(struct storage *storage, const struct hearth_visit_query *q)
{
    static struct lines got, wanted;
    got.size = wanted.size = got.count = wanted.count = 0;
    got.text[0] = wanted.text[0] = '\0';
    cursors_expected_visits(q, &wanted);
    OK(storage, visit_list, "a", q, cursors_on_visit, &got);
    if (strcmp(got.text, wanted.text) != 0)
        fail_msg("visit_list from %lld to %lld, of the host %s, after %lld %lld %lld, says \"%s\", "
                 "\"%s\" was expected",
                 (long long)q->from, (long long)q->to, q->host == NULL ? "any" : q->host,
                 (long long)q->after_date, (long long)q->after_page, (long long)q->after_type,
                 got.text, wanted.text);
    if (q->host != NULL || q->after_date != 0)
        return;
    got.size = got.count = 0;
    got.text[0] = '\0';
    OK(storage, visit_dates, "a", q->from, q->to, cursors_on_visit, &got);
    if (strcmp(got.text, wanted.text) != 0)
        fail_msg("visit_dates from %lld to %lld says \"%s\", \"%s\" was expected",
                 (long long)q->from, (long long)q->to, got.text, wanted.text);
}

/* Rows, and places where none is (any more). */
static void check_visits_after_all(struct storage *storage, struct hearth_visit_query q)
{
    cursors_check_visits(storage, &q);
    for (q.after_date = 1; q.after_date <= DATES; q.after_date++)
        for (q.after_page = 1; q.after_page <= PAGES + 1; q.after_page++)
            for (q.after_type = 0; q.after_type <= TYPES; q.after_type++)
                cursors_check_visits(storage, &q);
    plug_storage_reset(storage);
}

static void visits_after_all(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int64_t id = 1; id <= PAGES; id++) {
        struct hearth_page page = kit_page_make(id, "https://u/", id == 2 ? "other" : "u");
        struct hearth_visit visits[DATES * TYPES];
        int64_t added;
        for (int64_t i = 0; i < DATES * TYPES; i++)
            visits[i] = (struct hearth_visit)HEARTH_VISIT(1 + i / TYPES, 1 + i % TYPES);
        page.visit_count = DATES * TYPES;
        page.last_visit = DATES;
        OK(storage, page_put, &page);
        OK(storage, visits_put, id, visits, DATES * TYPES, &added);
    }
    kit_batch_commit(storage);
    for (int64_t from = 0; from <= DATES; from++)
        for (int64_t to = 0; to <= DATES + 1; to++)
            for (int host = 0; host < 2; host++)
                check_visits_after_all(
                    storage,
                    (struct hearth_visit_query){.struct_size = sizeof(struct hearth_visit_query),
                                                .from = from,
                                                .to = to,
                                                .host = host == 0 ? NULL : "u"});
}

enum { MARKED = 9 };

static const char *const marked[MARKED] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};

static int64_t cursors_added_of(int i)
{
    return i / 3 * 10; /* also 0: when it was added is not known */
}

static void cursors_expected_bookmarks(const struct hearth_bookmark_query *q, struct lines *ret)
{
    for (int n = 0; n < MARKED; n++) {
        int i = q->order == HEARTH_BY_POSITION ? n : MARKED - 1 - n;
        bool first = q->after == 0 && q->after_guid == NULL;
        bool behind = cursors_added_of(i) != q->after
                          ? cursors_added_of(i) < q->after
                          : q->after_guid != NULL && strcmp(marked[i], q->after_guid) < 0;
        if (q->order == HEARTH_BY_POSITION
                ? i > q->after
                : (first || behind) && (q->order == HEARTH_BY_ADDED || i % 2 == 0))
            kit_lines_add(ret, "%s\n", marked[i]);
    }
}

static void check_bookmarks(struct storage *storage, int32_t order, int64_t after,
                            const char *after_guid)
{
    struct hearth_bookmark_query q = {.struct_size = sizeof(q),
                                      .order = order,
                                      .parent = "menu",
                                      .tag = "Even",
                                      .after = after,
                                      .after_guid = after_guid};
    static struct lines got, wanted;
    got.size = wanted.size = got.count = wanted.count = 0;
    got.text[0] = wanted.text[0] = '\0';
    cursors_expected_bookmarks(&q, &wanted);
    OK(storage, bookmark_list, "a", &q, kit_lines_on_bookmark, &got);
    if (strcmp(got.text, wanted.text) != 0)
        fail_msg("bookmark_list in the order %d after %lld \"%s\" says \"%s\", \"%s\" was expected",
                 (int)order, (long long)after, after_guid == NULL ? "" : after_guid, got.text,
                 wanted.text);
}

static void bookmarks_after_all(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_BOOKMARKS);
    for (int i = 0; i < MARKED; i++) {
        struct hearth_bookmark bookmark = kit_bookmark_make(marked[i], HEARTH_BOOKMARK, "menu", i);
        bookmark.added = cursors_added_of(i);
        bookmark.tags = i % 2 == 0 ? "even\nall" : "all";
        OK(storage, bookmark_put, &bookmark);
    }
    kit_batch_commit(storage);
    for (int64_t after = -1; after <= MARKED; after++)
        check_bookmarks(storage, HEARTH_BY_POSITION, after, NULL);
    for (int32_t order = HEARTH_BY_ADDED; order <= HEARTH_BY_TAG; order++) {
        check_bookmarks(storage, order, 0, NULL);
        for (int64_t after = 0; after <= 30; after += 5)
            for (int i = 0; i < MARKED; i++)
                check_bookmarks(storage, order, after, marked[i]);
    }
}

const struct kit_test kit_storage_cursors_tests[] = {
    {"lists: thousands of rows come once each and in order, ties too", many_rows, KIT_OPEN, 120},
    {"accounts: a thousand are listed once each and in order", many_accounts, KIT_OPEN, 120},
    {"visits: a span, a host and a cursor hold together, whatever they are", visits_after_all,
     KIT_OPEN},
    {"bookmarks: every place to go on from says the rest of its list", bookmarks_after_all,
     KIT_OPEN},
    {NULL, NULL},
};
