/* Every field of every record is served, or it is said why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/item.h"
#include "plug/fields.h"

static int count_of(const char *record, const char *field)
{
    int count = 0;
    for (size_t i = 0; i < api_item_field_count; i++)
        count += strcmp(api_item_fields[i].record, record) == 0 &&
                 strcmp(api_item_fields[i].field, field) == 0;
    return count;
}

static void test_every_field_is_served_or_internal(void **state)
{
    (void)state;
    size_t fields = 0;
    for (size_t i = 0; i < plug_fields_record_count; i++) {
        const struct fields *record = plug_fields_of_records[i];
        fields += record->count;
        for (size_t k = 0; k < record->count; k++)
            if (count_of(record->record, record->list[k].name) != 1)
                fail_msg("core/api/item.c names the field %s of a %s %d times: serve it, or say in "
                         "ITEM_INTERNAL why not",
                         record->list[k].name, record->record,
                         count_of(record->record, record->list[k].name));
    }
    assert_int_equal(api_item_field_count, fields); /* and none that is no field any more */
    for (size_t i = 0; i < api_item_field_count; i++)
        assert_true((api_item_fields[i].as == NULL) != (api_item_fields[i].because == NULL));
}

static void assert_json(json_t *row, const char *wanted)
{
    char *text = json_dumps(row, JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(row);
}

static void test_rows(void **state)
{
    (void)state;
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = "d",
                                   .name = "Phone",
                                   .type = "mobile",
                                   .last_upload = 5};
    struct hearth_tab tab = {
        .struct_size = sizeof(tab), .title = "t", .url = "https://t/", .pinned = 1};
    struct hearth_bookmark mark = {.struct_size = sizeof(mark),
                                   .guid = "toolbar",
                                   .kind = HEARTH_FOLDER,
                                   .title = "x",
                                   .parent = "places",
                                   .children = 3};
    struct hearth_page page = {.struct_size = sizeof(page),
                               .id = INT64_MAX,
                               .url = "https://p/",
                               .title = "history's",
                               .last_visit = 9};
    assert_json(api_device_json(&device, 2),
                "{\"id\":\"d\",\"name\":\"Phone\",\"type\":\"mobile\",\"os\":null,\"version\":null,"
                "\"last_upload\":5,\"hidden\":false,\"tabs\":2}");
    struct hearth_tab_group group = {
        .struct_size = sizeof(group), .id = "g1", .name = "", .color = "red", .collapsed = 1};
    assert_json(api_tab_json(&tab, NULL),
                "{\"title\":\"t\",\"url\":\"https://t/\",\"icon\":null,\"last_used\":null,"
                "\"inactive\":false,\"pinned\":true,\"active\":false,\"window\":0,\"place\":0,"
                "\"group_id\":null,\"group\":null}");
    assert_json(api_tab_group_json(&group),
                "{\"id\":\"g1\",\"name\":\"\",\"color\":\"red\",\"collapsed\":true}");
    assert_json(api_item_json(&mark), "{\"id\":\"toolbar\",\"kind\":\"folder\",\"title\":"
                                      "\"Bookmarks Toolbar\",\"url\":null,\"parent\":\"places\","
                                      "\"position\":0,\"tags\":[],\"keyword\":null,\"added\":null,"
                                      "\"modified\":null,\"children\":3,\"last_visit\":null,"
                                      "\"visit_count\":null}");
    assert_json(api_page_json(&page), "{\"id\":\"9223372036854775807\",\"url\":\"https://p/"
                                      "\",\"title\":\"history's\",\"frecency\":0,\"visit_count\":0,"
                                      "\"last_visit\":9}");
    tab.group = "g1";
    tab.window = 1;
    tab.place = 7;
    tab.active = 1;
    assert_json(api_tab_json(&tab, &group), /* a group without a name is one all the same */
                "{\"title\":\"t\",\"url\":\"https://t/\",\"icon\":null,\"last_used\":null,"
                "\"inactive\":false,\"pinned\":true,\"active\":true,\"window\":1,\"place\":7,"
                "\"group_id\":\"g1\",\"group\":null}");
    group.name = "Trip";
    group.color = NULL;
    json_t *row = api_tab_json(&tab, &group);
    assert_string_equal(json_string_value(json_object_get(row, "group")), "Trip");
    json_decref(row);
    assert_json(api_tab_group_json(&group),
                "{\"id\":\"g1\",\"name\":\"Trip\",\"color\":null,\"collapsed\":true}");
    group.name = "\xff"; /* no JSON */
    assert_null(api_tab_json(&tab, &group));
    assert_null(api_tab_group_json(&group));
    tab.url = "\xff"; /* no JSON */
    assert_null(api_tab_json(&tab, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_is_served_or_internal),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
