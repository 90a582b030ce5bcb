/* One form of a URL is one page: of what comes through the sink, and of what older releases have
 * stored by their rule, which was that of the bytes. */
#include <time.h>

#include "giving.h"
#include "merge/removed_here.h"
#include "merge/unite_pages.h"
#include "merge/upgrade_urls.h"
#include "telling.h"
#include "model/page.h"
#include "model/url.h"

static int begin_test(void **state)
{
    int r = fixture_setup(state);
    fixture = *state;
    return r;
}

/* --- by the rules of today --- */

static void open_sink(const char *account, int32_t collection, int32_t how)
{
    merge_sink_init(&sink, &fixture->storage, NULL, account, "file", fixture->directory, NULL);
    assert_int_equal(sink.hearth.begin(&sink, collection, how), 0);
}

static void commit_sink(void)
{
    if (sink.hearth.commit(&sink, NULL) < 0)
        fail_msg("commit: %s", sink.err.text);
    merge_sink_fini(&sink);
}

static void give_two_visits(const char *guid, const char *url, const char *title, int64_t date)
{
    const struct hearth_visit visits[] = {HEARTH_VISIT(date, 1), HEARTH_VISIT(date - 500, 2)};
    give_visits(guid, url, title, 2, visits);
}

static void give_bookmark(const char *guid, const char *url)
{
    struct hearth_bookmark_record record = {.struct_size = sizeof(record),
                                            .kind = HEARTH_BOOKMARK,
                                            .guid = guid,
                                            .parent_guid = "menu",
                                            .title = guid,
                                            .url = url,
                                            .added = 800000000000,
                                            .modified = 800000000000};
    assert_int_equal(sink.hearth.bookmark(&sink, &record), 0);
}

static void give_tab(const char *device, int64_t position, const char *url)
{
    struct hearth_tab tab = {
        .struct_size = sizeof(tab), .title = "t", .url = url, .position = position};
    assert_int_equal(sink.hearth.tab(&sink, device, &tab), 0);
}

/* --- by those of older releases: the bytes are the page --- */

static struct apply old;

static void begin_old(const char *account, int32_t collection)
{
    old = (struct apply){.storage = &fixture->storage, .account = account};
    arena_init(&old.arena, 0);
    begin(&fixture->storage, account, collection);
}

static void commit_old(void)
{
    OK(&fixture->storage, batch_commit, true);
    arena_fini(&old.arena);
    plug_storage_reset(&fixture->storage);
}

static void old_page_of(const char *url, struct hearth_page *ret_page)
{
    struct model_page nothing;
    bool is_new;
    struct err err = {0};
    assert_int_equal(merge_apply_find_page(&old, url, ret_page, &is_new, &err), 0);
    model_page_init(&nothing, 0);
    if (is_new)
        assert_int_equal(merge_apply_put_page(&old, ret_page, &nothing, &err), 0);
}

static void old_page(const char *guid, const char *url, const char *title, int64_t date)
{
    struct hearth_visit visits[] = {HEARTH_VISIT(date, 1), HEARTH_VISIT(date - 500, 2)};
    struct hearth_page page;
    struct err err = {0};
    int64_t added;
    old_page_of(url, &page);
    OK(&fixture->storage, visits_put, page.id, visits, 2, &added);
    OK(&fixture->storage, page_guid_put, guid, page.id);
    page.guid = guid;
    page.title = title;
    assert_int_equal(merge_apply_page(&old, &page, &err), 0);
}

/* The bookmark is there, of another page. */
static void old_bookmark(const char *guid, const char *url)
{
    struct hearth_page page, was = {.struct_size = sizeof(was)};
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct err err = {0};
    OK(&fixture->storage, bookmark_get, old.account, guid, &bookmark);
    int64_t other = bookmark.page;
    old_page_of(url, &page);
    bookmark.url = url;
    bookmark.page = page.id;
    OK(&fixture->storage, bookmark_put, &bookmark);
    assert_int_equal(merge_apply_page(&old, &page, &err), 0);
    OK(&fixture->storage, page_get, old.account, other, &was);
    assert_int_equal(merge_apply_page(&old, &was, &err), 0);
}

/* --- both --- */

static int64_t upgrade(const char *account)
{
    struct upgraded_urls upgraded;
    struct err err = {0};
    if (merge_upgrade_urls(&fixture->storage, account, &upgraded, &err) < 0)
        fail_msg("%s", err.text);
    return upgraded.pages;
}

/* Without cursors. */
static char *tell_rows(const char *account)
{
    char *text = tell(account), *at;
    while ((at = strstr(text, "\nmark ")) != NULL) {
        char *end = strchr(at + 1, '\n');
        memmove(at, end, strlen(end) + 1);
    }
    return text;
}

static void expect_same(void)
{
    char *a = tell_rows("a"), *b = tell_rows("b");
    assert_string_equal(a, b);
    assert_sound(&fixture->storage);
    free(a);
    free(b);
}

enum { SITES = 12, FORMS = 7 };

static void form_of_url(int site, int form, char ret_url[96])
{
    static const char *const forms[FORMS] = {
        "https://s%d.example/p",     "HTTPS://S%d.Example/p",         "https://s%d.example:443/p",
        "https://a:b@s%d.example/p", "https://s%d.example/x/.%%2e/p", " https://s%d.example/p ",
        "https:\\\\s%d.example/p",
    };
    snprintf(ret_url, 96, forms[form], site);
}

struct made {
    char guid[16], title[16], url[96];
    int64_t date;
    bool visited, marked;
};

static int compare_made(const void *a, const void *b)
{
    const struct made *x = a, *y = b;
    return (x->date > y->date) - (x->date < y->date);
}

static size_t make_rows(unsigned *seed, struct made rows[SITES * FORMS])
{
    size_t count = 0;
    for (int site = 0; site < SITES; site++)
        for (int form = 0; form < FORMS; form++) {
            struct made *made = &rows[count];
            made->visited = rand_r(seed) % 2 == 0;
            made->marked = rand_r(seed) % 3 == 0;
            made->date = INT64_C(900000000000) + 1000 * (int64_t)(rand_r(seed) % 100000000);
            snprintf(made->guid, sizeof(made->guid), "g-%d-%d", site, form);
            snprintf(made->title, sizeof(made->title), "t-%d-%d", site, form);
            form_of_url(site, form, made->url);
            count += made->visited || made->marked;
        }
    qsort(rows, count, sizeof(rows[0]), compare_made);
    return count;
}

/* What was stored by old rules becomes what the same records make by today's. */
static void test_random_rows(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u\n", seed);
    struct made rows[SITES * FORMS];
    size_t count = make_rows(&seed, rows);
    open_sink("b", HEARTH_HISTORY, HEARTH_INCREMENTAL);
    for (size_t i = 0; i < count; i++)
        if (rows[i].visited)
            give_two_visits(rows[i].guid, rows[i].url, rows[i].title, rows[i].date);
    commit_sink();
    for (const char *account = "a"; account[0] != 'c'; account = account[0] == 'a' ? "b" : "c") {
        open_sink(account, HEARTH_BOOKMARKS, HEARTH_COMPLETE);
        for (size_t i = 0; i < count; i++)
            if (rows[i].marked)
                give_bookmark(rows[i].guid, account[0] == 'b' ? rows[i].url : "https://x.test/");
        commit_sink();
    }
    begin_old("a", HEARTH_COLLECTION_NONE);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].visited)
            old_page(rows[i].guid, rows[i].url, rows[i].title, rows[i].date);
        if (rows[i].marked)
            old_bookmark(rows[i].guid, rows[i].url);
    }
    commit_old();
    assert_true(upgrade("a") > 0);
    expect_same();
    assert_int_equal(upgrade("a"), 0);
    assert_int_equal(upgrade("b"), 0);
    expect_same();
}

static int find_row(void *ctx, const struct hearth_page *page)
{
    return add_line(ctx, "%s: %s, %lld visits, %lld bookmarks\n", page->url, SHOWN(page->title),
                    (long long)page->visit_count, (long long)page->bookmarks);
}

static int on_pick_row(void *ctx, const struct hearth_pick *pick)
{
    return add_line(ctx, "%s %lld %g %lld\n", pick->input, (long long)pick->page, pick->use_count,
                    (long long)pick->used);
}

static void expect_list(const char *expected, struct lines *lines)
{
    assert_string_equal(lines->text, expected);
    memset(lines, 0, sizeof(*lines));
}

#define OLD_FORM  "https://Noslash.example"
#define NEW_FORM  "https://noslash.example/"
#define WITH_USER "https://ada:secret@noslash.example/"

/* The bookmark with a user keeps it, its history does not. */
static void test_user(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    open_sink("a", HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_two_visits("g1", WITH_USER, "With", 900000001000);
    give_two_visits("g2", "no URL", "None", 900000001000);
    commit_sink();
    open_sink("a", HEARTH_BOOKMARKS, HEARTH_COMPLETE);
    give_bookmark("b1", WITH_USER);
    commit_sink();
    OK(&fixture->storage, pages_by_frecency, "a", find_row, lines);
    assert_non_null(strstr(lines->text, NEW_FORM ": With, 2 visits, 0 bookmarks\n"));
    assert_non_null(strstr(lines->text, WITH_USER ": -, 0 visits, 1 bookmarks\n"));
    assert_int_equal(lines->count, 2);
    assert_sound(&fixture->storage);
    free(lines);
}

static void test_picks_and_tabs(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    struct hearth_pick pick = {.struct_size = sizeof(pick), .input = "no", .use_count = 2};
    begin_old("a", HEARTH_HISTORY);
    old_page("g1", OLD_FORM, "Old", 900000001000);
    old_page("g2", NEW_FORM, "New", 900000002000);
    commit_old();
    pick.page = model_page_id(OLD_FORM);
    pick.used = 7;
    OK(&fixture->storage, pick_put, "a", &pick);
    pick.page = model_page_id(NEW_FORM);
    pick.used = 5;
    OK(&fixture->storage, pick_put, "a", &pick);
    open_sink("a", HEARTH_TABS, HEARTH_COMPLETE);
    give_tab("d", 0, OLD_FORM);
    give_tab("d", 1, "no URL");
    commit_sink();
    open_sink("b", HEARTH_TABS, HEARTH_COMPLETE);
    give_tab("d", 0, NEW_FORM);
    give_tab("d", 1, "no URL");
    commit_sink();
    begin(&fixture->storage, "a", HEARTH_TABS);
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "t", .url = OLD_FORM};
    OK(&fixture->storage, tab_put, "d", &tab);
    commit(&fixture->storage);
    assert_int_equal(upgrade("a"), 1);
    OK(&fixture->storage, pick_list, "a", on_pick_row, lines);
    char expected[96];
    snprintf(expected, sizeof(expected), "no %lld 4 7\n", (long long)model_page_id(NEW_FORM));
    expect_list(expected, lines);
    OK(&fixture->storage, pages_by_frecency, "a", find_row, lines);
    expect_list(NEW_FORM ": New, 4 visits, 0 bookmarks\n", lines);
    char *a = tell_rows("a"), *b = tell_rows("b");
    assert_non_null(strstr(a, "tab 0 of d: " NEW_FORM "\ntab 1 of d: no URL\n"));
    assert_non_null(strstr(b, "tab 0 of d: " NEW_FORM "\ntab 1 of d: no URL\n"));
    free(a);
    free(b);
    free(lines);
}

/* What was chosen for a page that is only bookmarked goes with its bookmark; what was chosen for
 * others stays. */
static void test_picks_of_bookmarks(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    struct hearth_pick pick = {
        .struct_size = sizeof(pick), .input = "no", .use_count = 2, .used = 7};
    open_sink("a", HEARTH_BOOKMARKS, HEARTH_COMPLETE);
    give_bookmark("b1", "https://x.test/");
    commit_sink();
    begin_old("a", HEARTH_COLLECTION_NONE);
    old_bookmark("b1", OLD_FORM);
    commit_old();
    pick.page = model_page_id(OLD_FORM);
    OK(&fixture->storage, pick_put, "a", &pick);
    pick.page = model_page_id("https://other.test/");
    OK(&fixture->storage, pick_put, "a", &pick);
    assert_int_equal(upgrade("a"), 1);
    OK(&fixture->storage, pick_list, "a", on_pick_row, lines);
    char moved[96], left[96];
    snprintf(moved, sizeof(moved), "no %lld 2 7\n", (long long)model_page_id(NEW_FORM));
    snprintf(left, sizeof(left), "no %lld 2 7\n", (long long)model_page_id("https://other.test/"));
    assert_int_equal(lines->count, 2);
    assert_non_null(strstr(lines->text, moved));
    assert_non_null(strstr(lines->text, left));
    free(lines);
}

static void remove_here(const char *id, int32_t kind, const char *url, int64_t date)
{
    struct hearth_removed_here removed = {.struct_size = sizeof(removed),
                                          .id = id,
                                          .kind = kind,
                                          .page = model_page_id(url),
                                          .date = date,
                                          .type = date == 0 ? 0 : 1,
                                          .host = ""};
    OK(&fixture->storage, removed_here_put, "a", &removed);
}

/* What was removed under another form of the address does not come back. */
static void test_removed_here(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    remove_here("r1", HEARTH_REMOVED_HERE_PAGE, "https://gone.example", 0);
    remove_here("r2", HEARTH_REMOVED_HERE_VISIT, OLD_FORM, 900000001000);
    begin_old("a", HEARTH_HISTORY);
    old_page("g1", OLD_FORM, "Old", 900000002000);
    commit_old();
    assert_int_equal(upgrade("a"), 1);
    open_sink("a", HEARTH_HISTORY, HEARTH_COMPLETE);
    give_two_visits("g0", "https://gone.example", "Gone", 900000001000);
    give_two_visits("g1", NEW_FORM, "Old", 900000001000); /* one of the two is removed */
    commit_sink();
    OK(&fixture->storage, pages_by_frecency, "a", find_row, lines);
    expect_list(NEW_FORM ": Old, 3 visits, 0 bookmarks\n", lines);
    free(lines);
}

/* A process of an older release writes after the account was looked at. */
static void test_old_writers(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    assert_int_equal(upgrade("a"), 0);
    begin_old("a", HEARTH_HISTORY);
    old_page("g1", OLD_FORM, "Old", 900000001000);
    commit_old();
    assert_int_equal(upgrade("a"), 1);
    OK(&fixture->storage, pages_by_frecency, "a", find_row, lines);
    expect_list(NEW_FORM ": Old, 2 visits, 0 bookmarks\n", lines);
    /* or while its records come again */
    begin_old("a", HEARTH_HISTORY);
    old_page("g2", WITH_USER, "User", 900000005000);
    commit_old();
    open_sink("a", HEARTH_HISTORY, HEARTH_INCREMENTAL);
    give_two_visits("g2", WITH_USER, "User", 900000005000);
    commit_sink();
    OK(&fixture->storage, pages_by_frecency, "a", find_row, lines);
    expect_list(NEW_FORM ": User, 4 visits, 0 bookmarks\n", lines);
    assert_int_equal(upgrade("a"), 0);
    assert_sound(&fixture->storage);
    free(lines);
}

/* More pages than a batch takes, and a bookmark that nobody could open. */
static void test_many_pages(void **state)
{
    (void)state;
    enum { MANY = 700 };
    char guid[16], url[64];
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    open_sink("a", HEARTH_BOOKMARKS, HEARTH_COMPLETE);
    give_bookmark("b1", "https://x.test/");
    give_bookmark("b2", "https://y.test/");
    commit_sink();
    begin_old("a", HEARTH_COLLECTION_NONE);
    for (int i = 0; i < MANY; i++) {
        snprintf(guid, sizeof(guid), "g%d", i);
        snprintf(url, sizeof(url), "HTTPS://m%d.example", i / 2 * 2 + i % 2 * 10000);
        old_page(guid, url, "m", 900000000000 + i * 1000);
    }
    old_bookmark("b1", "https://[");
    commit_old();
    assert_int_equal(upgrade("a"), MANY + 1);
    OK(&fixture->storage, counts, "a", &counts);
    assert_int_equal(counts.pages, MANY);
    assert_int_equal(counts.visits, 2 * MANY);
    assert_int_equal(counts.bookmarks, 1);
    assert_int_equal(upgrade("a"), 0);
    assert_sound(&fixture->storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_rows, begin_test, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_user, begin_test, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_picks_and_tabs, begin_test, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_picks_of_bookmarks, begin_test, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_removed_here, begin_test, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_old_writers, begin_test, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_many_pages, begin_test, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
