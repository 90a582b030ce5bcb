/* Records on their way: every field of a table goes through the spool, and what breaks a table
 * is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "merge/records.h"
#include "merge/sink.h"
#include "plug/fields.h"

/* Every field has a value of its own; those that may be NULL are, when `bare`. */
static void fill(const struct fields *fields, void *record, bool bare)
{
    static char texts[64][16];
    memset(record, 0, fields->size);
    memcpy(record, &(uint32_t){(uint32_t)fields->size}, sizeof(uint32_t));
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        snprintf(texts[i], sizeof(texts[i]), "text %zu", i);
        if (field->kind == HEARTH_FIELD_TEXT)
            plug_fields_set_text(field, record,
                                 bare && field->role == HEARTH_FIELD_OPTIONAL ? NULL : texts[i]);
        else
            plug_fields_set_number(field, record,
                                   field->most < (int64_t)i + 1 ? field->most : (int64_t)i + 1);
    }
}

static void assert_same(const struct fields *fields, const void *wanted, const void *got)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        const char *a = plug_fields_text(field, wanted), *b = plug_fields_text(field, got);
        /* whatever a provider says: the spool is of source 0 */
        if (strcmp(field->name, "source") == 0)
            assert_int_equal(plug_fields_number(field, got), 0);
        else if (field->kind != HEARTH_FIELD_TEXT)
            assert_int_equal(plug_fields_number(field, wanted), plug_fields_number(field, got));
        else if (a == NULL || b == NULL)
            assert_true(a == b);
        else
            assert_string_equal(a, b);
    }
}

/* Puts, reads back, compares. */
static void check_way(struct spool *spool, bool bare)
{
    struct arena arena;
    struct hearth_device device, device_got;
    struct hearth_tab tab, tab_got;
    struct hearth_tab_group group, group_got;
    struct hearth_page_record page, page_got;
    struct hearth_bookmark_record bookmark, bookmark_got;
    const char *owner;
    int kind;
    int64_t said;
    arena_init(&arena, 0);
    fill(&plug_fields_device, &device, bare);
    fill(&plug_fields_tab, &tab, bare);
    fill(&plug_fields_tab_group, &group, bare);
    fill(&plug_fields_page_record, &page, bare);
    fill(&plug_fields_bookmark_record, &bookmark, bare);
    /* text that is no URL does not come through */
    tab.url = page.url = "https://page.example/";
    bookmark.url = bare ? NULL : "https://user@page.example/";
    struct hearth_visit visits[2] = {HEARTH_VISIT(5, 1), HEARTH_VISIT(4, 2)};
    page.visits = visits;
    page.visit_count = 2;
    bookmark.tags = (const char *const[]){"red", "blue"};
    bookmark.tag_count = 2;
    assert_int_equal(merge_records_put_device(spool, &device, NULL), 0);
    assert_int_equal(merge_records_put_tab(spool, "owner", &tab, NULL), 0);
    assert_int_equal(merge_records_put_tab_group(spool, "owner", &group, NULL), 0);
    assert_int_equal(merge_records_put_page(spool, &page, NULL), 0);
    assert_int_equal(merge_records_put_bookmark(spool, &bookmark, NULL), 0);
    merge_spool_rewind(spool);
    assert_int_equal(merge_spool_next(spool, &kind, NULL), 1);
    merge_records_get_device(spool, &device_got);
    assert_same(&plug_fields_device, &device, &device_got);
    assert_int_equal(merge_spool_next(spool, &kind, NULL), 1);
    merge_records_get_tab(spool, &owner, &tab_got);
    assert_string_equal(owner, "owner");
    assert_same(&plug_fields_tab, &tab, &tab_got);
    assert_int_equal(merge_spool_next(spool, &kind, NULL), 1);
    assert_int_equal(kind, RECORD_TAB_GROUP);
    merge_records_get_tab_group(spool, &owner, &group_got);
    assert_string_equal(owner, "owner");
    assert_same(&plug_fields_tab_group, &group, &group_got);
    assert_int_equal(merge_spool_next(spool, &kind, NULL), 1);
    assert_int_equal(merge_records_get_page(spool, &arena, &page_got, &said), 0);
    assert_same(&plug_fields_page_record, &page, &page_got);
    assert_int_equal(page_got.visit_count, 2);
    assert_same(&plug_fields_visit, &visits[1], &page_got.visits[1]);
    assert_int_equal(merge_spool_next(spool, &kind, NULL), 1);
    assert_int_equal(merge_records_get_bookmark(spool, &arena, &bookmark_got), 0);
    assert_same(&plug_fields_bookmark_record, &bookmark, &bookmark_got);
    assert_int_equal(bookmark_got.tag_count, 2);
    assert_string_equal(bookmark_got.tags[1], "blue");
    assert_int_equal(bookmark_got.child_count, 0);
    arena_fini(&arena);
}

static void test_every_field_goes_through_the_spool(void **state)
{
    (void)state;
    struct spool spool;
    merge_spool_init(&spool, "/tmp", NULL);
    check_way(&spool, false);
    merge_spool_clear(&spool);
    check_way(&spool, true);
    merge_spool_fini(&spool);
}

/* A provider of before knows a shorter struct: what it does not have is not read. */
static void test_a_shorter_record(void **state)
{
    (void)state;
    struct spool spool;
    struct hearth_device device, got;
    int kind;
    merge_spool_init(&spool, "/tmp", NULL);
    fill(&plug_fields_device, &device, false);
    device.struct_size = offsetof(struct hearth_device, fxa_device_id);
    device.fxa_device_id = (const char *)1; /* whatever lies behind it */
    assert_int_equal(merge_records_put_device(&spool, &device, NULL), 0);
    merge_spool_rewind(&spool);
    assert_int_equal(merge_spool_next(&spool, &kind, NULL), 1);
    merge_records_get_device(&spool, &got);
    assert_string_equal(got.version, device.version);
    assert_null(got.fxa_device_id);
    assert_int_equal(got.last_upload, 0);
    merge_spool_fini(&spool);
}

/* --- what breaks a table --- */

static struct storage storage; /* nothing is stored */

static struct sink *begin(struct sink *sink, int32_t collection)
{
    merge_sink_init(sink, &storage, NULL, "a", "fx", "/tmp", NULL);
    assert_int_equal(sink->hearth.begin(sink->hearth.ctx, collection, HEARTH_COMPLETE), 0);
    return sink;
}

/* One record was damaged, for this reason, and nothing but its id was kept. */
static void assert_damaged(struct sink *sink, const char *guid, const char *why)
{
    int kind;
    assert_int_equal(sink->damaged, 1);
    assert_int_equal(sink->records, 0);
    assert_non_null(strstr(sink->damaged_example, why));
    merge_spool_rewind(&sink->spool);
    if (guid != NULL) {
        assert_int_equal(merge_spool_next(&sink->spool, &kind, NULL), 1);
        assert_int_equal(kind, RECORD_KEPT);
        assert_string_equal(merge_records_get_kept(&sink->spool), guid);
    }
    assert_int_equal(sink->nameless, guid == NULL);
    assert_int_equal(merge_spool_next(&sink->spool, &kind, NULL), 0);
    merge_sink_fini(sink);
}

static void give_page(struct hearth_page_record *record, const char *guid, const char *why)
{
    struct sink sink;
    begin(&sink, HEARTH_HISTORY);
    assert_int_equal(sink.hearth.page(sink.hearth.ctx, record), 0);
    assert_damaged(&sink, guid, why);
}

static void give_bookmark(struct hearth_bookmark_record *record, const char *guid, const char *why)
{
    struct sink sink;
    begin(&sink, HEARTH_BOOKMARKS);
    assert_int_equal(sink.hearth.bookmark(sink.hearth.ctx, record), 0);
    assert_damaged(&sink, guid, why);
}

static void test_broken_pages(void **state)
{
    (void)state;
    struct hearth_page_record page;
    char *big = malloc(HEARTH_TEXT_MAX + 2);
    assert_non_null(big);
    memset(big, 'a', HEARTH_TEXT_MAX + 1);
    big[HEARTH_TEXT_MAX + 1] = '\0';
    fill(&plug_fields_page_record, &page, false);
    page.url = NULL;
    give_page(&page, page.guid, "it has no url");
    fill(&plug_fields_page_record, &page, false);
    page.title = big;
    give_page(&page, page.guid, "its title has 2097153 bytes");
    fill(&plug_fields_page_record, &page, false);
    page.title = "\xff";
    give_page(&page, page.guid, "its title is not UTF-8");
    fill(&plug_fields_page_record, &page, false);
    page.visits = &(struct hearth_visit)HEARTH_VISIT(1, 10);
    page.visit_count = 1;
    give_page(&page, page.guid, "its type is 10");
    fill(&plug_fields_page_record, &page, false);
    page.guid = NULL;
    give_page(&page, NULL, "it has no guid");
    free(big);
}

static void test_broken_bookmarks(void **state)
{
    (void)state;
    struct hearth_bookmark_record bookmark;
    char key[HEARTH_KEY_MAX + 2];
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    fill(&plug_fields_bookmark_record, &bookmark, false);
    bookmark.kind = 6;
    give_bookmark(&bookmark, bookmark.guid, "its kind is 6");
    fill(&plug_fields_bookmark_record, &bookmark, false);
    bookmark.kind = 0;
    give_bookmark(&bookmark, bookmark.guid, "its kind is 0");
    fill(&plug_fields_bookmark_record, &bookmark, false);
    bookmark.guid = key;
    give_bookmark(&bookmark, key, ""); /* the words are cut where the id is so long */
    fill(&plug_fields_bookmark_record, &bookmark, false);
    bookmark.children = (const char *const[]){"fine", key};
    bookmark.child_count = 2;
    give_bookmark(&bookmark, bookmark.guid, "the id of one of its children has 256 bytes");
    fill(&plug_fields_bookmark_record, &bookmark, false);
    bookmark.tags = (const char *const[]){NULL};
    bookmark.tag_count = 1;
    give_bookmark(&bookmark, bookmark.guid, "one of its tags");
}

static void test_broken_devices_and_tabs(void **state)
{
    (void)state;
    struct hearth_device device;
    struct hearth_tab tab;
    struct hearth_tab_group group;
    struct sink sink;
    fill(&plug_fields_device, &device, false);
    device.name = NULL;
    begin(&sink, HEARTH_CLIENTS);
    assert_int_equal(sink.hearth.device(sink.hearth.ctx, &device), 0);
    assert_damaged(&sink, device.id, "it has no name");
    fill(&plug_fields_tab, &tab, false);
    tab.pinned = 2;
    begin(&sink, HEARTH_TABS);
    assert_int_equal(sink.hearth.tab(sink.hearth.ctx, "phone", &tab), 0);
    assert_damaged(&sink, "phone", "its pinned is 2");
    fill(&plug_fields_tab, &tab, false);
    tab.group = "";
    begin(&sink, HEARTH_TABS);
    assert_int_equal(sink.hearth.tab(sink.hearth.ctx, "phone", &tab), 0);
    assert_damaged(&sink, "phone", "it has no group");
    fill(&plug_fields_tab_group, &group, false);
    group.name = NULL;
    begin(&sink, HEARTH_TABS);
    assert_int_equal(sink.hearth.tab_group(sink.hearth.ctx, "phone", &group), 0);
    assert_damaged(&sink, "phone", "it has no name");
    fill(&plug_fields_tab, &tab, false);
    begin(&sink, HEARTH_TABS);
    assert_int_equal(sink.hearth.tab(sink.hearth.ctx, NULL, &tab), 0);
    assert_damaged(&sink, NULL, "the id of its device is missing");
    begin(&sink, HEARTH_HISTORY);
    assert_int_equal(sink.hearth.removed(sink.hearth.ctx, "", 1), 0);
    assert_damaged(&sink, NULL, "the id of a tombstone is missing");
}

/* A storage that can keep less says so, and gets no more. */
static void test_what_the_storage_cannot_keep(void **state)
{
    (void)state;
    const struct hearth_limits limits = {
        .struct_size = sizeof(limits), .key_bytes = 10, .text_bytes = 20};
    struct hearth_page_record page;
    struct hearth_bookmark_record bookmark;
    struct hearth_tab tab;
    struct sink sink;
    storage.limits = &limits;
    fill(&plug_fields_page_record, &page, false);
    page.title = "a title of more than twenty bytes";
    give_page(&page, page.guid, "its title has 33 bytes, more than 20");
    fill(&plug_fields_page_record, &page, false);
    page.guid = "eleven keys";
    give_page(&page, page.guid, "its guid has 11 bytes, more than 10");
    fill(&plug_fields_bookmark_record, &bookmark, false);
    bookmark.children = (const char *const[]){"eleven keys"};
    bookmark.child_count = 1;
    give_bookmark(&bookmark, bookmark.guid, "the id of one of its children has 11 bytes");
    fill(&plug_fields_bookmark_record, &bookmark, false);
    bookmark.tags = (const char *const[]){"eleven tags", "and more"};
    bookmark.tag_count = 2;
    give_bookmark(&bookmark, bookmark.guid, "one of its tags");
    fill(&plug_fields_tab, &tab, false);
    begin(&sink, HEARTH_TABS);
    assert_int_equal(sink.hearth.tab(sink.hearth.ctx, "eleven keys", &tab), 0);
    assert_damaged(&sink, "eleven keys", "the id of its device has 11 bytes");
    storage.limits = NULL;
}

/* What the table allows is no damage, at its borders neither. */
static void test_sound_ones(void **state)
{
    (void)state;
    struct hearth_page_record page;
    struct sink sink;
    fill(&plug_fields_page_record, &page, true);
    page.url = "";
    page.modified = INT64_MIN;
    begin(&sink, HEARTH_HISTORY);
    assert_int_equal(sink.hearth.page(sink.hearth.ctx, &page), 0);
    assert_int_equal(sink.damaged, 0);
    assert_int_equal(sink.records, 1);
    assert_int_equal(sink.hearth.bookmark(sink.hearth.ctx, &(struct hearth_bookmark_record){0}),
                     HEARTH_ERR_INVALID);
    merge_sink_fini(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_goes_through_the_spool),
        cmocka_unit_test(test_a_shorter_record),
        cmocka_unit_test(test_broken_pages),
        cmocka_unit_test(test_broken_bookmarks),
        cmocka_unit_test(test_broken_devices_and_tabs),
        cmocka_unit_test(test_what_the_storage_cannot_keep),
        cmocka_unit_test(test_sound_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
