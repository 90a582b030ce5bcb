/* The file: opening, schema, verify, backup, and what it forgets in time. */
#include "fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup_prepared(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture_prepare(fixture);
    *state = fixture;
    return 0;
}

static int teardown_prepared(void **state)
{
    fixture_remove(*state);
    free(*state);
    return 0;
}

/* Changes the file behind the plugin's back. */
static void tamper(const char *path, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static void expect_open(struct fixture *fixture, int code, const char *words)
{
    struct call call;
    void *self = NULL;
    plug_call_init(&call, NULL, 0, 0);
    int r = fixture->ops->open(&fixture->host.hearth, &call.hearth, fixture->values, &self);
    if (r != code || strstr(call.error, words) == NULL)
        fail_msg("open: %d, not %d: \"%s\" instead of \"%s\"", r, code, call.error, words);
    assert_null(self);
    plug_call_fini(&call);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect_empty(const char *directory)
{
    char command[160];
    snprintf(command, sizeof(command), "test -z \"$(ls -A %s)\"", directory);
    assert_int_equal(system(command), 0);
}

/* Only who serves or migrates makes a database: a mistyped path is told, not filled. */
static void test_makes_nothing_unless_it_may(void **state)
{
    struct fixture *fixture = *state;
    char below[128];
    fixture->host.hearth.opening = 0;
    expect_open(fixture, HEARTH_ERR_NOT_FOUND, "there is no database here yet");
    expect_empty(fixture->directory);
    snprintf(below, sizeof(below), "%s/not/there/hearth.db", fixture->directory);
    fixture->values[0].text = below;
    expect_open(fixture, HEARTH_ERR_NOT_FOUND, "there is no database here yet");
    expect_empty(fixture->directory);
    fixture->values[0].text = fixture->path;
    write_file(fixture->path, ""); /* of a first start that was interrupted */
    expect_open(fixture, HEARTH_ERR_NOT_FOUND, "there is no database here yet");
    fixture->host.hearth.opening = HEARTH_OPEN_MAY_CREATE;
    fixture_reopen(fixture);
    OK(&fixture->storage, migrate);
    fixture_close(fixture);
    fixture->host.hearth.opening = 0;
    fixture_reopen(fixture);
    assert_sound(&fixture->storage);
    fixture_close(fixture);
}

static void test_descriptor(void **state)
{
    const struct hearth_plugin *plugin = fixture_plugin();
    (void)state;
    assert_int_equal(plugin->struct_size, sizeof(*plugin));
    assert_int_equal(plugin->kind, HEARTH_STORAGE);
    assert_string_equal(plugin->name, "sqlite");
    assert_int_equal(plugin->data_model, HEARTH_DATA_MODEL);
    assert_int_equal(plugin->config_count, FIXTURE_KEYS);
    assert_string_equal(plugin->config[0].name, "path");
    assert_string_equal(plugin->config[0].fallback, "hearth.db");
    const struct hearth_storage *ops = plugin->operations;
    assert_int_equal(ops->struct_size, sizeof(*ops));
    /* No operation is missing: everything behind the two numbers at the beginning is a function. */
    for (size_t at = offsetof(struct hearth_storage, open); at < sizeof(*ops); at += sizeof(void *))
        assert_non_null(*(void *const *)((const char *)ops + at));
}

static void test_new_file_is_private(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    umask(0);
    fixture_reopen(fixture);
    OK(&fixture->storage, migrate);
    OK(&fixture->storage, ping);
    add_account(&fixture->storage, "a", "a@example.org");
    begin(&fixture->storage, "a", HEARTH_COLLECTION_NONE);
    commit(&fixture->storage);
    char person[128];
    snprintf(person, sizeof(person), "%s/a.db", fixture->accounts);
    for (int i = 0; i < 2; i++)
        for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end != NULL;
             end++) {
            char path[140];
            snprintf(path, sizeof(path), "%s%s", i == 0 ? fixture->path : person, *end);
            assert_int_equal(stat(path, &status), 0);
            assert_int_equal(status.st_mode & 0777, 0600);
        }
    assert_int_equal(stat(fixture->accounts, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    fixture_close(fixture);
}

static void test_refused_files(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/nowhere/hearth.db", fixture->directory);
    fixture->values[0].text = path;
    expect_open(fixture, HEARTH_ERR_INVALID, "the directory does not exist");
    fixture->values[0].text = fixture->directory;
    expect_open(fixture, HEARTH_ERR_INVALID, "is not a file");
    fixture->values[0].text = fixture->path;
    write_file(fixture->path, "This is a letter and not a database, and it is long enough to be "
                              "looked at as one, which takes a hundred bytes.");
    expect_open(fixture, HEARTH_ERR_CORRUPT, fixture->path);
    unlink(fixture->path);
    tamper(fixture->path, "CREATE TABLE t (x)");
    expect_open(fixture, HEARTH_ERR_INVALID, "another program");
}

static void test_schema(void **state)
{
    struct fixture *fixture = *state;
    int64_t has = -1, wants = -1;
    struct hearth_account got = {.struct_size = sizeof(got)};
    fixture_reopen(fixture);
    OK(&fixture->storage, schema_version, &has, &wants);
    assert_int_equal(has, 0);
    assert_int_equal(wants, 9);
    FAILS(UNSUPPORTED, &fixture->storage, account_get, "a", &got);
    assert_non_null(strstr(fixture->storage.call.error, "hearthd migrate"));
    OK(&fixture->storage, ping);
    OK(&fixture->storage, migrate);
    OK(&fixture->storage, migrate);
    OK(&fixture->storage, schema_version, &has, &wants);
    assert_int_equal(has, wants);
    assert_sound(&fixture->storage);
    fixture_close(fixture);
    tamper(fixture->path, "PRAGMA user_version = 99");
    expect_open(fixture, HEARTH_ERR_UNSUPPORTED, "newer than this plugin");
}

static void test_newer_schema_while_open(void **state)
{
    struct fixture *fixture = *state;
    fixture_reopen(fixture);
    OK(&fixture->storage, migrate);
    tamper(fixture->path, "PRAGMA user_version = 99");
    FAILS(UNSUPPORTED, &fixture->storage, migrate);
    fixture_close(fixture);
}

static void fill(struct storage *storage)
{
    begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= 200; i++)
        put_visited(storage, i, "https://example.org/some/longer/address/so/that/it/takes/pages",
                    "example.org", 2, (const int64_t[]){i, 1000 + i});
    put_bookmark(storage, "menu________", HEARTH_FOLDER, NULL, 0);
    struct hearth_bookmark bookmark =
        make_bookmark("b1__________", HEARTH_BOOKMARK, "menu________", 0);
    bookmark.tags = "one\ntwo";
    OK(storage, bookmark_put, &bookmark);
    put_bookmark(storage, "b2__________", HEARTH_BOOKMARK, "menu________", 1);
    OK(storage, page_guid_put, "guid", 1);
    commit(storage);
    plug_storage_reset(storage);
}

static void test_damaged_file(void **state)
{
    struct fixture *fixture = *state;
    fixture_reopen(fixture);
    OK(&fixture->storage, migrate);
    add_account(&fixture->storage, "a", "a@example.org");
    fill(&fixture->storage);
    begin(&fixture->storage, "a", HEARTH_HISTORY);
    for (int64_t i = 1000; i < 5000; i++)
        put_visited(&fixture->storage, i, "https://example.org/much/more", "example.org", 1,
                    (const int64_t[]){i});
    commit(&fixture->storage);
    fixture_close(fixture); /* the log is in the file now */
    char path[128];
    snprintf(path, sizeof(path), "%s/a.db", fixture->accounts);
    int fd = open(path, O_WRONLY);
    char junk[4096];
    memset(junk, 0x5a, sizeof(junk));
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    for (off_t at = status.st_size / 2 / 4096 * 4096; at + 4096 <= status.st_size; at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
    close(fd);
    fixture_reopen(fixture);
    struct lines lines = {.stop_after = 3};
    struct err err = {0};
    char copy[128];
    snprintf(copy, sizeof(copy), "%s/copy.tar", fixture->directory);
    int r = STORAGE(&fixture->storage, &err, verify, on_text, &lines);
    assert_true(r == HEARTH_ERR_CORRUPT || (r == 0 && lines.count > 0));
    FAILS(CORRUPT, &fixture->storage, visit_list, "a",
          &(struct hearth_visit_query){.struct_size = sizeof(struct hearth_visit_query)},
          on_visit_row, &(struct lines){.size = 0});
    FAILS_OF(CORRUPT, &fixture->storage, backup, backup, copy);
    assert_non_null(strstr(fixture->storage.call.error, "a.db: is damaged"));
    assert_int_not_equal(access(copy, F_OK), 0);
    OK(&fixture->storage, account_remove, "a"); /* a damaged file is no reason to stay */
    assert_sound(&fixture->storage);
    fixture_close(fixture);
}

static void test_verify_finds(void **state)
{
    static const struct {
        const char *sql, *words;
        bool shared;
    } planted[] = {
        {"UPDATE account SET visits = visits + 1",
         "account a: visits is kept as 401, but there are 400"},
        {"UPDATE account SET tabs = 5", "account a: tabs is kept as 5"},
        {"UPDATE account SET folders = 1", "folders is kept as 1, but there are 0"},
        {"UPDATE pages SET visit_count = 9 WHERE id = 7",
         "account a: page 7: visit_count is 9, its visits make 2"},
        {"UPDATE visits SET type = 4 WHERE page = 7 AND date = 7",
         "visit_count is 2, its visits make 1"},
        {"UPDATE pages SET last_visit = 1 WHERE id = 7", "last_visit is 1, its newest visit 1007"},
        {"UPDATE pages SET hidden = 1 WHERE id = 7", "page 7: 2 visits do not agree"},
        {"UPDATE visits SET host_key = 0 WHERE page = 7 AND date = 7",
         "page 7: 1 visits do not agree"},
        {"UPDATE pages SET bookmarks = 1 WHERE id = 7", "bookmarks is 1, but 0 have its URL"},
        {"UPDATE pages SET generation = 9e15 WHERE id = 7",
         "generation 9000000000000000 has not come yet"},
        {"INSERT INTO removals VALUES (1, '', 7, 0, 0, 0, 1)",
         "page 7: is there, but remembered as removed"},
        {"INSERT INTO removals VALUES (2, '', 7, 7, 1, 0, 1)",
         "page 7: 1 visits are there, but remembered as removed"},
        {"INSERT INTO removals VALUES (3, 'b1__________', 0, 0, 0, 0, 1)",
         "bookmark b1__________: is there, but remembered as removed"},
        {"INSERT INTO removals VALUES (1, '', 9999, 0, 0, 0, 9e15)",
         "a removal has the generation 9000000000000000, which has not come yet"},
        {"INSERT INTO removals VALUES (9, '', 1, 0, 0, 0, 1)",
         "removals: refers to a row of removal_kinds that is not there"},
        {"UPDATE generations SET generation = 9e15",
         "its generation 9000000000000000 is greater than"},
        {"UPDATE bookmarks SET parent = 'nowhere' WHERE guid = 'b1__________'",
         "its parent nowhere is not there"},
        {"UPDATE bookmarks SET parent = 'b2__________' WHERE guid = 'b1__________'",
         "its parent b2__________ is not a folder"},
        {"UPDATE bookmarks SET parent = 'menu________' WHERE guid = 'menu________'",
         "bookmark menu________: its folders go round"},
        {"UPDATE bookmarks SET position = 1 WHERE guid = 'b1__________'",
         "2 bookmarks have position 1"},
        {"INSERT INTO bookmark_tombstones VALUES ('b1__________', NULL, 0)",
         "is there, but has a tombstone"},
        {"UPDATE bookmarks SET page = 999 WHERE guid = 'b1__________'",
         "its page 999 is not there"},
        {"DELETE FROM bookmark_tags WHERE folded = 'one'",
         "its 2 tags are not its rows in bookmark_tags"},
        {"UPDATE bookmark_tags SET folded = 'ONE' WHERE folded = 'one'",
         "its 2 tags are not its rows in bookmark_tags"},
        {"UPDATE bookmarks SET tags = NULL WHERE guid = 'b1__________'",
         "has rows of tags, but no tags"},
        {"UPDATE bookmark_tags SET added = 5", "its tags were added at 5, it at 0"},
        {"PRAGMA foreign_keys = OFF; DELETE FROM pages WHERE id = 1",
         "page_guids: refers to a row of pages that is not there"},
        {"UPDATE account SET id = 'b'", "a.db: is not the file of this account"},
        {"INSERT INTO tokens VALUES ('t', 1, 'n', x'00', 0, 0, 0, 0)",
         "token t: its hash has 1 bytes", true},
        {"PRAGMA foreign_keys = OFF; INSERT INTO settings VALUES (77, '{}')",
         "settings row 77: refers to a row of accounts", true},
        {"UPDATE accounts SET file = 1 WHERE id = 'b'", "b.db: the database file is missing", true},
        {"DELETE FROM accounts WHERE id = 'a'", "a.db: belongs to no account", true},
    };
    struct fixture *fixture = *state;
    char saved[128], person[128];
    fill(&fixture->storage);
    assert_sound(&fixture->storage);
    snprintf(saved, sizeof(saved), "%s/saved.tar", fixture->directory);
    snprintf(person, sizeof(person), "%s/a.db", fixture->accounts);
    OK_OF(&fixture->storage, backup, backup, saved);
    for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
        fixture_restore(fixture, saved, true, 0);
        tamper(planted[i].shared ? fixture->path : person, planted[i].sql);
        struct lines lines = {.size = 0};
        OK(&fixture->storage, verify, on_text, &lines);
        if (strstr(lines.text, planted[i].words) == NULL)
            fail_msg("%s: \"%s\" instead of \"%s\"", planted[i].sql, lines.text, planted[i].words);
        lines = (struct lines){.stop_after = 1};
        OK(&fixture->storage, verify, on_text, &lines);
        assert_int_equal(lines.count, 1);
    }
}

/* One that was stopped, by the host or by its deadline. */
static void test_stopped_backup_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    atomic_bool stop = true;
    char path[128], command[200];
    fill(&fixture->storage);
    snprintf(path, sizeof(path), "%s/copy.tar", fixture->directory);
    fixture->storage.call.stop = &stop;
    FAILS_OF(CANCELLED, &fixture->storage, backup, backup, path);
    fixture->storage.call.stop = NULL;
    fixture->storage.call.hearth.deadline = 1;
    FAILS_OF(TIMEOUT, &fixture->storage, backup, backup, path);
    fixture->storage.call.hearth.deadline = 0;
    snprintf(command, sizeof(command), "ls %s | grep -q copy", fixture->directory);
    assert_int_not_equal(system(command), 0);
    OK_OF(&fixture->storage, backup, backup, path);
}

static int on_gone(void *ctx, const struct hearth_page *page)
{
    *(size_t *)ctx += page->gone;
    return 0;
}

static void test_removed_pages_are_forgotten(void **state)
{
    struct storage *storage = &((struct fixture *)*state)->storage;
    enum { MANY = 20010 };
    begin(storage, "a", HEARTH_HISTORY);
    for (int64_t i = 1; i <= MANY; i++) {
        struct hearth_page page = make_page(i, "https://u/", "u");
        OK(storage, page_put, &page);
    }
    commit(storage);
    struct lines lines = {.size = 0};
    for (int64_t i = 1; i <= MANY;) { /* generations 2 and 3 */
        begin(storage, "a", HEARTH_HISTORY);
        for (int64_t end = i == 1 ? 15 : MANY; i <= end; i++)
            OK(storage, page_remove, i);
        commit(storage);
        if (i == 16)
            OK(storage, pages_changed, "a", 1, on_page, &lines);
    }
    assert_int_equal(lines.count, 15);
    FAILS(NOT_FOUND, storage, pages_changed, "a", 1, on_page, &lines);
    size_t count = 0;
    OK(storage, pages_changed, "a", 2, on_gone, &count);
    assert_int_equal(count, MANY - 15);
    assert_sound(storage);
}

int main(void)
{
#define PREPARED(name) cmocka_unit_test_setup_teardown(name, setup_prepared, teardown_prepared)
#define TEST(name)     cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptor),
        PREPARED(test_makes_nothing_unless_it_may),
        PREPARED(test_new_file_is_private),
        PREPARED(test_refused_files),
        PREPARED(test_schema),
        PREPARED(test_newer_schema_while_open),
        PREPARED(test_damaged_file),
        TEST(test_verify_finds),
        TEST(test_stopped_backup_leaves_nothing),
        TEST(test_removed_pages_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
