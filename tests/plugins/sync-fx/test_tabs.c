/* Tabs with their windows and groups: real records' forms, and hostile ones. */
#include "fake.h"

#include <stdio.h>
#include <string.h>

#include "record.h"

/* cleartext: with ' for ". */
static void check_tabs(const char *cleartext, const char *events)
{
    char json[4096];
    snprintf(json, sizeof(json), "%s", cleartext);
    for (char *quote = json; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '"';
    struct fake *f = fake_create();
    struct hearth_sync_sink sink = fake_sink(f);
    struct fx_arena arena = {0};
    struct fx_translate t = {.arena = &arena, .sink = &sink, .now = 1795417500000};
    struct fx_record record = {
        .id = "dev", .modified = 1795417433060, .json = fake_json(&arena, json)};
    f->open = HEARTH_TABS;
    assert_int_equal(fx_record_tabs(&t, &record), FX_TAKEN);
    assert_string_equal(f->events, events);
    fx_arena_fini(&arena);
    fake_destroy(f);
}

static void test_tabs(void **state)
{
    (void)state;
    check_tabs("{'tabs':[{'title':'A','urlHistory':['https://a/','https://old/"
               "'],'lastUsed':1700000000,'pinned':true,'tabGroupId':'g1'},"
               "{'urlHistory':['https://b/"
               "'],'lastUsed':'1700000001.9','inactive':true,'tabGroupId':'none'},"
               "{'title':null,'urlHistory':['https://c/'],'lastUsed':1700000002.5},"
               "{'urlHistory':['https://d/'],'lastUsed':1700000003000},"
               "{'urlHistory':['https://e/'],'lastUsed':-1},{'urlHistory':['https://f/"
               "'],'lastUsed':99999999999},"
               "{'urlHistory':['about:home']},{'urlHistory':[]},{'urlHistory':'x'},{},7,{'"
               "urlHistory':[5]},{'urlHistory':['file:///x']}],"
               "'tabGroups':{'g1':{'name':'Trip'},'none':{'name':''}}}",
               "group dev g1 \"Trip\" -\n"
               "group dev none \"\" -\n"
               "tab dev 0 https://a/ A 1700000000000 pinned g1\n"
               "tab dev 1 https://b/  1700000001000 inactive none\n"
               "tab dev 2 https://c/  1700000002000 -\n"
               "tab dev 3 https://d/  1700000003000 -\n"
               "tab dev 4 https://e/  0 -\n"
               "tab dev 5 https://f/  1795417500000 -\n");
    check_tabs("{'tabs':{}}", "");
    check_tabs("{'tabs':[{'urlHistory':['https://a/']}],'tabGroups':[]}",
               "tab dev 0 https://a/  0 -\n");
}

/* Numbers are made of ids: in the order of `windows`, then what only tabs name. */
static void test_windows(void **state)
{
    (void)state;
    check_tabs("{'tabs':[{'urlHistory':['https://a/'],'windowId':'w2','index':3},"
               "{'urlHistory':['https://b/'],'windowId':'w1'},"
               "{'urlHistory':['https://c/'],'windowId':'other','index':-1},"
               "{'urlHistory':['https://d/'],'windowId':7,'index':'4'},"
               "{'urlHistory':['https://e/'],'windowId':'late','index':2147483647},"
               "{'urlHistory':['https://f/'],'windowId':'','index':2147483648},"
               "{'urlHistory':['https://g/'],'windowId':'other','index':1.5,'active':'yes'}],"
               "'windows':{'late':{},'w2':{'index':2},'bad':5,'w1':{'index':1}}}",
               "tab dev 0 https://a/  0 - window 1 at 3\n"
               "tab dev 1 https://b/  0 -\n"
               "tab dev 2 https://c/  0 - window 3 at 0\n"
               "tab dev 3 https://d/  0 -\n"
               "tab dev 4 https://e/  0 - window 2 at 2147483647\n"
               "tab dev 5 https://f/  0 -\n"
               "tab dev 6 https://g/  0 - window 3 at 0\n");
    check_tabs("{'tabs':[{'urlHistory':['https://a/'],'windowId':'w'}],'windows':['w']}",
               "tab dev 0 https://a/  0 -\n");
}

static void test_groups(void **state)
{
    (void)state;
    char json[2048], expected[1024], id[300] = "";
    memset(id, 'x', 256); /* one more than may be */
    snprintf(json, sizeof(json),
             "{'tabs':[{'urlHistory':['https://a/'],'tabGroupId':'g'},{'urlHistory':['https://b/"
             "'],'tabGroupId':'%s'},"
             "{'urlHistory':['https://c/'],'tabGroupId':'gone'},{'urlHistory':['https://d/"
             "'],'tabGroupId':'odd'},"
             "{'urlHistory':['https://e/'],'tabGroupId':''}],"
             "'tabGroups':{'%s':{'name':'long'},'':{'name':'empty'},'odd':7,'%s':{'name':3,'color':"
             "'','collapsed':1},"
             "'g':{'id':'another','name':'Trip','color':'purple','collapsed':true}}}",
             id, id, id + 1);
    snprintf(expected, sizeof(expected),
             "group dev %s \"\" -\n"
             "group dev g \"Trip\" purple collapsed\n"
             "tab dev 0 https://a/  0 g\n"
             "tab dev 1 https://b/  0 -\n"
             "tab dev 2 https://c/  0 -\n"
             "tab dev 3 https://d/  0 -\n"
             "tab dev 4 https://e/  0 -\n",
             id + 1);
    check_tabs(json, expected);
}

struct most {
    int groups, tabs;
    int64_t last_window;
};

static int count_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    (void)device;
    assert_non_null(group->id);
    ((struct most *)ctx)->groups++;
    return 0;
}

static int count_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct most *most = ctx;
    (void)device;
    assert_int_equal(tab->window, most->tabs < FX_WINDOWS_MAX ? most->tabs : FX_WINDOWS_MAX - 1);
    most->last_window = tab->window;
    most->tabs++;
    return 0;
}

/* More windows and groups than anybody has: the tabs come all the same. */
static void test_many_windows_and_groups(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    struct most most = {.groups = 0};
    struct fx_arena arena = {0};
    const struct hearth_sync_sink sink = {
        .struct_size = sizeof(sink), .ctx = &most, .tab = count_tab, .tab_group = count_group};
    struct fx_translate t = {.arena = &arena, .sink = &sink, .now = 1795417500000};
    struct support_buf lists[3] = {{0}}, json = {0};
    for (int i = 0; i < MANY; i++) {
        char text[160];
        static const char *const formats[] = {
            "%s{\"urlHistory\":[\"https://a/\"],\"windowId\":\"id %d\",\"tabGroupId\":\"id %d\"}",
            "%s\"id %d\":{\"name\":\"id %d\"}", "%s\"id %d\":{\"index\":%d}"};
        for (int k = 0; k < 3; k++) {
            int size = snprintf(text, sizeof(text), formats[k], i == 0 ? "" : ",", i, i + (k == 2));
            assert_int_equal(support_buf_append(&lists[k], text, (size_t)size), 0);
        }
    }
    static const char *const between[] = {"{\"tabs\":[", "],\"tabGroups\":{", "},\"windows\":{"};
    for (int k = 0; k < 3; k++) {
        assert_int_equal(support_buf_append(&json, between[k], strlen(between[k])), 0);
        assert_int_equal(support_buf_append(&json, lists[k].data, lists[k].size), 0);
        support_buf_fini(&lists[k]);
    }
    assert_int_equal(support_buf_append(&json, "}}", 3), 0);
    struct fx_record record = {.id = "dev", .json = fake_json(&arena, json.data)};
    support_buf_fini(&json);
    assert_int_equal(fx_record_tabs(&t, &record), FX_TAKEN);
    assert_int_equal(most.tabs, MANY);
    assert_int_equal(most.last_window, FX_WINDOWS_MAX - 1);
    assert_int_equal(most.groups, FX_GROUPS_MAX);
    fx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tabs),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_many_windows_and_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
