/* Each person's file: nobody waits for another's batch, nor for her own; what is missing,
 * removed, full or damaged is said. */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ms: an operation that waits for a batch fails the test instead of hanging it */
enum { PATIENCE = 30000 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void path_of(const struct fixture *fixture, const char *id, char path[128])
{
    snprintf(path, 128, "%s/%s.db", fixture->accounts, id);
}

static void store_pages(struct storage *storage, const char *account, int64_t first, int64_t count)
{
    begin(storage, account, HEARTH_HISTORY);
    for (int64_t i = first; i < first + count; i++)
        put_visited(storage, i, "https://example.org/", "example.org", 2,
                    (const int64_t[]){i, i + 1});
}

static int on_account(void *ctx, const struct hearth_account *account)
{
    return add_line(ctx, "%s %lld\n", account->id, (long long)account->generation);
}

/* Everything that somebody waits for, for the person whose batch is open and for another.
 * Returns how many writes were done. */
static int write_small_things(struct storage *storage, const char *account, int round)
{
    char id[16], settings[32];
    uint8_t hash[32] = {(uint8_t)round, (uint8_t)account[0], (uint8_t)(round >> 8)};
    snprintf(id, sizeof(id), "t%s%d", account, round);
    snprintf(settings, sizeof(settings), "{\"n\":%d}", round);
    struct hearth_token token = {
        .struct_size = sizeof(token), .id = id, .account = account, .name = "n", .hash = hash};
    struct hearth_account change = {
        .struct_size = sizeof(change), .id = account, .last_seen = round};
    struct hearth_pick pick = {
        .struct_size = sizeof(pick), .input = "in", .page = 1, .use_count = round};
    const char *json;
    OK(storage, settings_put, account, settings);
    OK(storage, settings_get, account, &json);
    assert_string_equal(json, settings);
    OK(storage, token_create, &token);
    OK(storage, token_used, account, id, round);
    OK(storage, account_update, &change, HEARTH_ACCOUNT_LAST_SEEN);
    OK(storage, credentials_put, account, 0, "sealed", 6);
    OK(storage, pick_put, account, &pick);
    OK(storage, ping);
    plug_storage_reset(storage);
    return 7;
}

static void test_nobody_waits_for_a_batch(void **state)
{
    struct fixture *fixture = *state;
    struct storage other, *storage = &fixture->storage;
    struct lines lines = {.size = 0};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int done = 0;
    store_pages(storage, "a", 1, 10);
    commit(storage);
    fixture_handle(fixture, &other);
    store_pages(storage, "a", 1000, 2000); /* is open from here on */
    other.call.hearth.deadline = now_ms() + PATIENCE;
    for (int round = 0; round < 100; round++) {
        done += write_small_things(&other, "a", round);
        done += write_small_things(&other, "b", round);
        if (round % 10 == 0) {
            store_pages(&other, "b", 1 + round * 10, 10);
            commit(&other);
            plug_storage_reset(&other);
        }
    }
    add_account(&other, "c", "c@example.org");
    OK(&other, account_lease_due, 1, 2, 10, on_account, &lines);
    OK(&other, account_remove, "c");
    OK(&other, pages_by_frecency, "a", on_page, &lines);
    assert_int_equal(lines.count, 10);
    OK(&other, counts, "a", &counts);
    assert_int_equal(counts.pages, 10);
    assert_int_equal(done, 1400); /* before the commit */
    commit(storage);
    OK(&other, counts, "a", &counts);
    assert_int_equal(counts.pages, 2010);
    OK(&other, counts, "b", &counts);
    assert_int_equal(counts.pages, 100);
    other.call.hearth.deadline = 0;
    assert_sound(&other);
    plug_storage_close(&other);
}

/* An account whose rows were lost is not an account without rows. */
static void test_a_missing_file_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    struct lines lines = {.size = 0};
    struct hearth_account got = {.struct_size = sizeof(got)};
    int64_t generation;
    char path[128];
    path_of(fixture, "a", path);
    store_pages(storage, "a", 1, 5);
    commit(storage);
    for (int reopened = 0; reopened < 2; reopened++) {
        unlink(path);
        FAILS(IO, storage, pages_by_frecency, "a", on_page, &lines);
        assert_non_null(strstr(storage->call.error, "a.db: the database file is missing"));
        FAILS(IO, storage, account_get, "a", &got);
        FAILS(IO, storage, batch_begin, "a", HEARTH_HISTORY, &generation);
        assert_int_not_equal(access(path, F_OK), 0);
        lines.count = lines.size = 0;
        OK(storage, account_list, on_account, &lines);
        assert_string_equal(lines.text, "a 0\nb 0\n");
        OK(storage, account_get, "b", &got);
        lines.count = lines.size = 0;
        fixture_close(fixture);
        fixture_reopen(fixture);
        OK(storage, migrate);
    }
    OK(storage, account_remove, "a");
    add_account(storage, "a", "anna@example.org");
    OK(storage, pages_by_frecency, "a", on_page, &lines);
    assert_int_equal(lines.count, 0);
    assert_sound(storage);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* What a crash leaves behind: between the removal of an account and of its file, and while a
 * file is being made. */
static void test_crashes_leave_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    struct lines lines = {.size = 0};
    char a[128], b[128], unfinished[160], stray[128];
    path_of(fixture, "a", a);
    path_of(fixture, "b", b);
    path_of(fixture, "nobody", stray);
    snprintf(unfinished, sizeof(unfinished), "%s.new-12345678", a);
    for (int i = 0; i < 2; i++) {
        store_pages(storage, i == 0 ? "a" : "b", 1, 5);
        commit(storage);
    }
    fixture_close(fixture);
    run_sql(fixture->path, "PRAGMA foreign_keys = OFF; DELETE FROM accounts; DELETE FROM "
                           "identities; INSERT INTO removed_files VALUES ('a'), ('b')");
    close(open(unfinished, O_WRONLY | O_CREAT, 0600));
    assert_int_equal(link(a, stray), 0);
    fixture_reopen(fixture);
    /* before anything was swept: the old rows are not hers */
    add_account(storage, "b", "new@example.org");
    OK(storage, pages_by_frecency, "b", on_page, &lines);
    assert_int_equal(lines.count, 0);
    OK(storage, migrate);
    assert_int_not_equal(access(a, F_OK), 0);
    assert_int_not_equal(access(b, F_OK), 0);
    assert_int_not_equal(access(unfinished, F_OK), 0);
    assert_int_equal(access(stray, F_OK), 0); /* nobody knows it, so nobody deletes it */
    OK(storage, verify, on_text, &lines);
    assert_non_null(strstr(lines.text, "nobody.db: belongs to no account"));
    unlink(stray);
    assert_sound(storage);
}

/* How many descriptors of this process are open on files in the directory of persons. */
static size_t open_person_files(const struct fixture *fixture)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char target[512];
        ssize_t n = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
        target[n < 0 ? 0 : n] = '\0';
        count += strncmp(target, fixture->accounts, strlen(fixture->accounts)) == 0;
    }
    closedir(directory);
    return count;
}

static void test_few_files_stay_open(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    enum { PERSONS = 20, OPEN = 3 };
    fixture_close(fixture);
    fixture->values[5].number = OPEN; /* open_files */
    fixture_reopen(fixture);
    for (int i = 0; i < PERSONS; i++) {
        char id[16], email[32];
        snprintf(id, sizeof(id), "p%d", i);
        snprintf(email, sizeof(email), "p%d@example.org", i);
        add_account(storage, id, email);
        store_pages(storage, id, 1, 3);
        commit(storage);
        plug_storage_reset(storage);
    }
    assert_in_range(open_person_files(fixture), 1, 3 * OPEN);
    struct lines lines = {.size = 0};
    OK(storage, account_list, on_account, &lines); /* reads no person's file */
    assert_int_equal(lines.count, PERSONS + 2);
    assert_in_range(open_person_files(fixture), 1, 3 * OPEN);
    assert_sound(storage);
    assert_in_range(open_person_files(fixture), 1, 3 * OPEN);
    OK(storage, account_remove, "p19");
    fixture_close(fixture);
    assert_int_equal(open_person_files(fixture), 0);
    fixture_reopen(fixture);
}

static void limit_file_size(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_limit_of_file_sizes_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    struct err err = {0};
    signal(SIGXFSZ, SIG_IGN); /* as hearthd does */
    store_pages(storage, "a", 1, 5);
    commit(storage);
    limit_file_size(4096);
    int pinged = STORAGE(storage, &err, ping);
    int64_t generation;
    int r = STORAGE(storage, &err, batch_begin, "a", HEARTH_HISTORY, &generation);
    for (int64_t i = 100; r == 0 && i < 3000; i++) {
        struct hearth_page page = make_page(
            i, "https://example.org/a/longer/address/so/that/it/fills/pages/soon", "example.org");
        r = STORAGE(storage, &err, page_put, &page);
        plug_storage_reset(storage);
    }
    if (r == 0)
        r = STORAGE(storage, &err, batch_commit, true);
    else
        storage->ops->batch_abort(storage->handle);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(pinged, HEARTH_ERR_FULL);
    assert_int_equal(r, HEARTH_ERR_FULL);
    assert_non_null(strstr(err.text, "may not grow"));
    OK(storage, ping);
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    assert_int_equal(counts.pages, 5);
    store_pages(storage, "a", 10, 5);
    commit(storage);
    assert_sound(storage);
}

static void test_ping_says_what_is_wrong(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    char away[160], copy[160];
    snprintf(away, sizeof(away), "%s.away", fixture->path);
    snprintf(copy, sizeof(copy), "cp %s %s", away, fixture->path);
    OK(storage, ping);
    assert_int_equal(rename(fixture->path, away), 0);
    FAILS(IO, storage, ping);
    assert_non_null(strstr(storage->call.error, "the database file is missing"));
    assert_int_equal(system(copy), 0);
    FAILS(IO, storage, ping);
    assert_non_null(strstr(storage->call.error, "another file"));
    assert_int_equal(rename(away, fixture->path), 0);
    OK(storage, ping);
    snprintf(away, sizeof(away), "%s.away", fixture->accounts);
    assert_int_equal(rename(fixture->accounts, away), 0);
    FAILS(IO, storage, ping);
    assert_non_null(strstr(storage->call.error, "persons' files is missing"));
    assert_int_equal(rename(away, fixture->accounts), 0);
    OK(storage, ping);
}

static void set_modes(const struct fixture *fixture, mode_t directories, mode_t files)
{
    chmod(fixture->directory, directories);
    chmod(fixture->accounts, directories);
    assert_int_equal(chmod(fixture->path, files), 0);
}

/* As a user who may read only. The words are those of a read-only database, and the code is not
 * the one that says "who are you". */
static void test_read_only_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct storage reader;
    struct err err = {0};
    bool root = geteuid() == 0;
    set_modes(fixture, 0555, 0444);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    struct opened_storage opened = fixture_storage(fixture);
    int r = plug_storage_open(&reader, &opened, NULL, &err);
    if (r == 0) {
        r = STORAGE(&reader, &err, settings_put, "a", "{}");
        plug_storage_close(&reader);
    }
    if (root)
        assert_int_equal(seteuid(0), 0);
    set_modes(fixture, 0700, 0600);
    assert_int_equal(r, HEARTH_ERR_IO);
    if (strstr(err.text, "read-only") == NULL)
        fail_msg("%s", err.text);
    OK(&fixture->storage, ping);
}

static void test_ping_ends_at_its_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct storage *storage = &fixture->storage;
    sqlite3 *other;
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    storage->call.hearth.deadline = now_ms() + 50;
    FAILS(TIMEOUT, storage, ping);
    storage->call.hearth.deadline = 0;
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    OK(storage, ping);
}

static void overwrite(const char *path, off_t at, size_t size)
{
    char junk[4096];
    memset(junk, 0x5a, sizeof(junk));
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, junk, size, at), size);
    close(fd);
}

/* While it is open and everything is in the cache. */
static void test_ping_sees_damage(void **state)
{
    struct fixture *fixture = *state;
    fixture_close(fixture); /* the log is in the file now */
    fixture_reopen(fixture);
    OK(&fixture->storage, migrate);
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(&fixture->storage, account_get, "a", &got);
    OK(&fixture->storage, ping);
    fixture_close(fixture);
    fixture_reopen(fixture);
    OK(&fixture->storage, account_get, "a", &got);
    overwrite(fixture->path, 0, 100);
    FAILS(CORRUPT, &fixture->storage, ping);
    assert_non_null(strstr(fixture->storage.call.error, "is damaged"));
}

/* Deleting the shared file must not make everybody's data vanish in silence. */
static void test_a_missing_shared_file_is_not_made_anew(void **state)
{
    struct fixture *fixture = *state;
    struct call call;
    void *self = NULL;
    char away[160];
    store_pages(&fixture->storage, "a", 1, 5);
    commit(&fixture->storage);
    fixture_close(fixture);
    snprintf(away, sizeof(away), "%s.away", fixture->path);
    assert_int_equal(rename(fixture->path, away), 0);
    plug_call_init(&call, NULL, 0, 0);
    assert_int_equal(
        fixture->ops->open(&fixture->host.hearth, &call.hearth, fixture->values, &self),
        HEARTH_ERR_IO);
    assert_non_null(
        strstr(call.error, "the database file is missing, but there are persons' files"));
    plug_call_fini(&call);
    assert_int_equal(rename(away, fixture->path), 0);
    fixture_reopen(fixture);
}

static void test_restore_asks_before_it_replaces(void **state)
{
    struct fixture *fixture = *state;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    char archive[128];
    snprintf(archive, sizeof(archive), "%s/copy.tar", fixture->directory);
    store_pages(&fixture->storage, "a", 1, 5);
    commit(&fixture->storage);
    OK_OF(&fixture->storage, backup, backup, archive);
    store_pages(&fixture->storage, "a", 100, 5);
    commit(&fixture->storage);
    fixture_restore(fixture, archive, false, HEARTH_ERR_CONFLICT);
    assert_non_null(strstr(fixture->error, "--replace"));
    fixture_reopen(fixture);
    OK(&fixture->storage, counts, "a", &counts);
    assert_int_equal(counts.pages, 10);
    fixture_restore(fixture, archive, true, 0);
    OK(&fixture->storage, counts, "a", &counts);
    assert_int_equal(counts.pages, 5);
    assert_sound(&fixture->storage);
    /* A damaged copy changes nothing. */
    struct stat status;
    assert_int_equal(stat(archive, &status), 0);
    overwrite(archive, 512 + 4096, 4096);
    fixture_restore(fixture, archive, true, HEARTH_ERR_CORRUPT);
    fixture_reopen(fixture);
    OK(&fixture->storage, counts, "a", &counts);
    assert_int_equal(counts.pages, 5);
    assert_sound(&fixture->storage);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_waits_for_a_batch),
        TEST(test_a_missing_file_is_an_error),
        TEST(test_crashes_leave_nothing),
        TEST(test_few_files_stay_open),
        TEST(test_a_limit_of_file_sizes_is_said),
        TEST(test_ping_says_what_is_wrong),
        TEST(test_read_only_is_said),
        TEST(test_ping_ends_at_its_deadline),
        TEST(test_ping_sees_damage),
        TEST(test_a_missing_shared_file_is_not_made_anew),
        TEST(test_restore_asks_before_it_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
