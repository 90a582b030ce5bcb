/* Frecency, visit counts and hidden pages against everything that a real Firefox had after a
 * sync. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/page.h"
#include "truth.h"

enum { PAGES = 5729, DAY = 86400000 };
static const char *fixtures;

struct facts {
    struct model_page page;
    bool bookmarked;
    int64_t added;     /* ms; newest of its bookmarks */
    int64_t added_tag; /* ms; newest of the rows that tag it */
};

/* Firefox keeps tags as folders below a root of their own, with a row for each tagged page. */
static json_t *folders_of_tags(const json_t *bookmarks)
{
    json_t *tags = json_object(), *row;
    size_t i;
    json_array_foreach(json_object_get(bookmarks, "rows"), i,
                       row) if (truth_text(bookmarks, row, "parentGuid") != NULL &&
                                strcmp(truth_text(bookmarks, row, "parentGuid"), "tags________") ==
                                    0)
        json_object_set_new(tags, truth_text(bookmarks, row, "guid"), json_true());
    return tags;
}

static struct facts *collect(const json_t *truth, const json_t *places)
{
    struct facts *facts = calloc(PAGES, sizeof(*facts));
    json_t *by_guid = json_object(), *by_url = json_object(), *row;
    size_t i;
    for (i = 0; i < PAGES; i++)
        model_page_init(&facts[i].page, (int64_t)30000 * DAY);
    json_array_foreach(json_object_get(places, "rows"), i, row)
    {
        json_object_set_new(by_guid, truth_text(places, row, "guid"), json_integer((json_int_t)i));
        json_object_set_new(by_url, truth_text(places, row, "url"), json_integer((json_int_t)i));
    }
    const json_t *visits = json_object_get(truth, "visits"),
                 *bookmarks = json_object_get(truth, "bookmarks");
    json_array_foreach(json_object_get(visits, "rows"), i, row)
    {
        json_t *at = json_object_get(by_guid, truth_text(visits, row, "guid"));
        if (at != NULL)
            model_page_add_visit(&facts[json_integer_value(at)].page,
                                 truth_int(visits, row, "date") / 1000,
                                 (int)truth_int(visits, row, "type"));
    }
    json_t *tags = folders_of_tags(bookmarks);
    json_array_foreach(json_object_get(bookmarks, "rows"), i, row)
    {
        json_t *at = truth_int(bookmarks, row, "type") == 1
                         ? json_object_get(by_url, truth_text(bookmarks, row, "url"))
                         : NULL;
        if (at == NULL)
            continue;
        struct facts *page = &facts[json_integer_value(at)];
        int64_t added = truth_int(bookmarks, row, "dateAdded") / 1000;
        if (json_object_get(tags, truth_text(bookmarks, row, "parentGuid")) != NULL) {
            page->added_tag = added > page->added_tag ? added : page->added_tag;
        } else {
            page->bookmarked = true;
            page->added = added > page->added ? added : page->added;
        }
    }
    json_decref(tags);
    json_decref(by_guid);
    json_decref(by_url);
    return facts;
}

static void as_firefox(void **state)
{
    json_t *truth = truth_load(fixtures, "truth/tablet.json.gz"), *row;
    const json_t *places = json_object_get(truth, "places");
    assert_int_equal(json_array_size(json_object_get(places, "rows")), PAGES);
    struct facts *facts = collect(truth, places);
    size_t i;
    int without_tag_dates = 0;
    json_array_foreach(json_object_get(places, "rows"), i, row)
    {
        const struct facts *f = &facts[i];
        const char *url = truth_text(places, row, "url");
        int64_t want = truth_int(places, row, "frecency");
        int64_t newest = f->added_tag > f->added ? f->added_tag : f->added;
        if (model_page_frecency(&f->page, url, f->bookmarked, newest) != want)
            fail_msg("%s", url);
        if (model_page_frecency(&f->page, url, f->bookmarked, f->added) != want) {
            assert_true(f->added_tag > 0 && f->page.counted == 0);
            without_tag_dates++;
        }
        assert_int_equal(f->page.counted, truth_int(places, row, "visitCount"));
        assert_int_equal(f->page.last_visit, truth_int(places, row, "lastVisitDate") / 1000);
        assert_int_equal(model_page_is_hidden(&f->page, url, f->bookmarked),
                         truth_int(places, row, "hidden"));
    }
    /* When a page was tagged is not synced. */
    assert_int_equal(without_tag_dates, 7);
    free(facts);
    json_decref(truth);
}

/* Samples do not depend on the order in which visits come. */
static void any_order(void **state)
{
    struct model_page a, b;
    model_page_init(&a, (int64_t)30000 * DAY);
    model_page_init(&b, (int64_t)30000 * DAY);
    for (int i = 0; i < 40; i++) {
        int k = 39 - i;
        model_page_add_visit(&a, (int64_t)20000 * DAY + i / 3 * DAY, 1 + i % 9);
        model_page_add_visit(&b, (int64_t)20000 * DAY + k / 3 * DAY, 1 + k % 9);
    }
    assert_memory_equal(&a, &b, sizeof(a));
    assert_int_equal(a.visits, 40);
    assert_int_equal(a.frecency.taken, MODEL_FRECENCY_SAMPLES);
    assert_true(a.typed && a.seen);
    assert_int_equal(a.last_visit, (int64_t)20013 * DAY);
}

static void few_visits(void **state)
{
    struct model_page page;
    model_page_init(&page, (int64_t)30000 * DAY);
    assert_int_equal(model_page_frecency(&page, "https://a.example/", false, 0), 0);
    /* 30 log2 100 = 199.3 */
    assert_int_equal(model_page_frecency(&page, "https://a.example/", true, (int64_t)20000 * DAY),
                     20199);
    assert_int_equal(model_page_frecency(&page, "place:sort=8", true, (int64_t)20000 * DAY), 0);
    assert_true(model_page_is_hidden(&page, "place:sort=8", true));
    model_page_add_visit(&page, (int64_t)20000 * DAY, 8);
    assert_true(model_page_is_hidden(&page, "https://a.example/", false));
    assert_false(model_page_is_hidden(&page, "https://a.example/", true));
    assert_int_equal(model_page_frecency(&page, "https://a.example/", false, 0), 0);
    model_page_add_visit(&page, (int64_t)20000 * DAY - 1, 1);
    assert_false(model_page_is_hidden(&page, "https://a.example/", false));
    /* day 19999 + 30 log2 50 */
    assert_int_equal(model_page_frecency(&page, "https://a.example/", false, 0), 20168);
    /* the newest visit is not the one that counts */
    assert_int_equal(model_page_frecency(&page, "https://a.example/", true, 0), 20168);
    model_page_add_visit(&page, (int64_t)20000 * DAY, 1);
    assert_int_equal(model_page_frecency(&page, "https://a.example/", true, 0), 20216);
}

int main(int argc, char **argv)
{
    fixtures = argc > 1 ? argv[1] : "tests/fixtures/firefox-esr";
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_firefox), cmocka_unit_test(any_order),
                                       cmocka_unit_test(few_visits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
