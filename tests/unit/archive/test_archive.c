/* Archives: what is refused, and in which words; what is kept out; that nothing stays of a bad
 * one; memory. */
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archives.h"
#include "archive/file.h"
#include "base/str.h"
#include "model/url.h"

const struct hearth_plugin *mem_plugin(void);

/* What is said of an archive of these lines; "" when it is right. */
static const char *verdict(const char *body)
{
    static char text[512];
    struct buf archive = {0};
    struct err err = {0};
    buf_add_text(&archive, body);
    seal_archive(&archive);
    feed_archive(archive_check(NULL, NULL, &warnings), archive.data, archive.size, NULL, &err);
    buf_fini(&archive);
    snprintf(text, sizeof(text), "%s", err.text);
    return text;
}

static void refused_with_the_line(void **state)
{
    static const struct {
        const char *body, *said;
    } cases[] = {
        {FIRST ACCOUNT DEVICE PAGE, ""},
        {"", "it is no archive of hearthd"},
        {"hello\n", "it is no archive of hearthd"},
        {"{\"record\":\"archive\",\"version\":2,\"data_model\":9}\n",
         "it is an archive of version 2, and this release reads version 1"},
        {FIRST, "line 2: the archive ends and has no account"},
        {FIRST DEVICE, "line 2: it comes before the account that it belongs to"},
        {FIRST ACCOUNT ACCOUNT, "line 3: there is one of its kind already"},
        {FIRST ACCOUNT SOURCE SEALED(0) SEALED(2), ""},
        {FIRST ACCOUNT SOURCE SEALED(2) SEALED(2), "line 5: there is one of its kind already"},
        {FIRST ACCOUNT SOURCE SEALED(2) SEALED(0), "line 5: there is one of its kind already"},
        {FIRST ACCOUNT "{\"record\":\"source\",\"id\":0}\n",
         "line 3: its id is 0, outside of 1 to 65535"},
        {FIRST ACCOUNT "{\"record\":\"source\",\"name\":\"n\"}\n", "line 3: it has no id"},
        {FIRST ACCOUNT "{\"record\":\"visit\",\"page\":7,\"date\":1,\"type\":1,\"source\":65536}\n",
         "line 3: its source is 65536, outside of 0 to 65535"},
        {FIRST ACCOUNT PAGE DEVICE, "line 4: it is behind records of a kind that comes later"},
        {FIRST ACCOUNT FIRST, "line 3: an archive begins in the middle of another"},
        {FIRST ACCOUNT "\n", "line 3: it is no JSON object"},
        {FIRST ACCOUNT "{\"id\":1}\n", "line 3: it does not begin with"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":7\n", "line 3: a comma is missing in it"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":7} x\n",
         "line 3: something follows its object"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":07x}\n", "line 3: "},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":1.5,\"url\":\"u\",\"host\":\"\"}\n",
         "line 3: its id is no whole number"},
        {FIRST ACCOUNT
         "{\"record\":\"page\",\"id\":9223372036854775808,\"url\":\"u\",\"host\":\"\"}\n",
         "line 3: its id is no whole number"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":0,\"url\":\"u\",\"host\":\"\"}\n",
         "line 3: its id is 0, outside of 1 to"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"url\":\"u\",\"host\":\"\"}\n",
         "line 3: it has no id"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":7,\"id\":8}\n", "line 3: it says its id twice"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":7,\"url\":[\"a\"]}\n",
         "line 3: its url is no text"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":7,\"url\":\"\\ud800\"}\n",
         "line 3: a \\u in it is half a character"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":7,\"url\":\"\\u0000\"}\n",
         "line 3: a \\u in it is no character of a text"},
        {FIRST ACCOUNT "{\"record\":\"page\",\"id\":7,\"url\":\"\xff\"}\n",
         "line 3: it is not UTF-8"},
        {FIRST ACCOUNT "{\"record\":\"visit\",\"page\":7,\"date\":1,\"type\":12}\n",
         "line 3: its type is 12, outside of 0 to 9"},
        {FIRST ACCOUNT "{\"record\":\"visit\",\"date\":1,\"type\":1}\n", "line 3: it has no page"},
        {FIRST ACCOUNT "{\"record\":\"children\",\"folder\":\"f\",\"children\":[]}\n",
         "line 3: it has no list of children"},
        {FIRST ACCOUNT "{\"record\":\"children\",\"folder\":\"f\",\"children\":[1]}\n",
         "line 3: a list in it has something else than texts"},
        {FIRST ACCOUNT "{\"record\":\"children\",\"folder\":\"f\",\"children\":[\"\"]}\n",
         "line 3: the id of one of its children is empty"},
        {FIRST ACCOUNT "{\"record\":\"token\",\"id\":\"t\",\"name\":\"n\",\"hash\":\"00\"}\n",
         "line 3: its hash is no hash in hex digits"},
        {FIRST "{\"record\":\"account\",\"id\":\"../x\",\"email\":\"x\"}\n",
         "line 2: its id is none of an account"},
        {FIRST "{\"record\":\"account\",\"id\":\"x\",\"uid\":\"u\"}\n", "line 2: it has no email"},
        {FIRST ACCOUNT "{\"record\":\"new\",\"x\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}\n",
         "line 3: a value in it is too deep"},
        {FIRST ACCOUNT "{\"record\":\"new\",\"x\":[}]}\n", "line 3: its brackets are not paired"},
        {FIRST ACCOUNT "{\"record\" : \"end\"}\n",
         "line 3: the last line is not as it was written"},
        {FIRST ACCOUNT "{\"record\":\"end\",\"lines\":2}\n",
         "line 3: it ends the archive without its count and SHA-256"},
        {FIRST ACCOUNT "{\"record\":\"end\",\"lines\":3}\n",
         "line 3: its lines is not that of what came"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = verdict(cases[i].body);
        if (cases[i].said[0] == '\0' ? text[0] != '\0'
                                     : strncmp(text, cases[i].said, strlen(cases[i].said)) != 0)
            fail_msg("%s\"%s\" instead of \"%s\"", cases[i].body, text, cases[i].said);
    }
}

/* Every byte of one that is right: changed, or the first that is missing. */
static void damaged_anywhere(void **state)
{
    struct buf archive = {0};
    struct err err = {0};
    (void)state;
    buf_add_text(&archive, FIRST ACCOUNT DEVICE PAGE);
    seal_archive(&archive);
    for (size_t i = 0; i < archive.size; i++) {
        err = (struct err){0};
        assert_true(feed_archive(archive_check(NULL, NULL, NULL), archive.data, i, NULL, &err) < 0);
        assert_true(err.text[0] != '\0');
        char was = archive.data[i];
        archive.data[i] = (char)(was ^ 1);
        assert_true(feed_archive(archive_check(NULL, NULL, NULL), archive.data, archive.size, NULL,
                                 &err) < 0);
        archive.data[i] = was;
    }
    assert_int_equal(
        feed_archive(archive_check(NULL, NULL, NULL), archive.data, archive.size, NULL, &err), 0);
    buf_add_char(&archive, 'x');
    assert_true(
        feed_archive(archive_check(NULL, NULL, NULL), archive.data, archive.size, NULL, &err) < 0);
    assert_non_null(strstr(err.text, "something follows the last line"));
    buf_fini(&archive);
}

static void too_long_a_line(void **state)
{
    struct archive_reader *reader = archive_check(NULL, NULL, NULL);
    struct err err = {0};
    char *piece = malloc(1 << 20);
    int r = 0;
    (void)state;
    assert_non_null(piece);
    memset(piece, ' ', 1 << 20);
    for (int i = 0; r == 0 && i < 100; i++)
        r = archive_feed(reader, piece, 1 << 20, &err);
    assert_int_equal(r, HEARTH_ERR_INVALID);
    assert_string_equal(err.text, "line 1: it has more than 64 MiB");
    archive_close(reader);
    free(piece);
}

/* --- older and newer --- */

static void unknown_is_kept_out(void **state)
{
    struct archive_into into = {.node = ""};
    struct err err = {0};
    struct buf again = {0};
    (void)state;
    int r = store_archive(
        &fixture->storage, &into,
        "{\"record\":\"archive\",\"version\":1,\"data_model\":99,\"by\":{\"a\":[1,2]}}\n" ACCOUNT
        "{\"record\":\"account_identity\",\"issuer\":\"sync:fx\",\"subject\":\"u\",\"created\":1}\n"
        "{\"record\":\"rings\",\"n\":[{\"x\":\"}\"},null],\"m\":true}\n{\"record\":\"rings\",\"n\":"
        "2}\n"
        "{\"record\":\"device\",\"id\":\"d\",\"colour\":\"red\",\"name\":\"P\",\"type\":\"tv\","
        "\"os\":null,\"x\":{\"y\":[]}}\n"
        "{\"record\":\"device\",\"id\":\"e\",\"colour\":\"red\"}\n"
        "{\"record\":\"cursor\",\"collection\":77,\"text\":\"m\"}\n",
        &err);
    if (r < 0)
        fail_msg("%s", err.text);
    buf_add_char(&said, '\0');
    assert_string_equal(
        said.data, "the archive has data model 99, and this release 2: what it does not know of it "
                   "is kept out\n"
                   "records of the kind \"rings\" are kept out: this release does not know it\n"
                   "the field \"colour\" of records of the kind \"device\" is kept out: this "
                   "release does not know it\n"
                   "the field \"x\" of records of the kind \"device\" is kept out: this release "
                   "does not know it\n"
                   "the cursor of collection 77 is kept out: this release does not know it\n");
    /* what an older archive does not say has its default */
    write_to(&fixture->storage, "x", &again);
    assert_non_null(strstr(again.data, "{\"record\":\"device\",\"id\":\"d\",\"name\":\"P\","
                                       "\"type\":\"tv\",\"last_upload\":0,\"source\":0}\n"
                                       "{\"record\":\"device\",\"id\":\"e\",\"name\":\"\",\"type\":"
                                       "\"\",\"last_upload\":0,\"source\":0}\n"));
    assert_non_null(strstr(again.data, "\"state\":2,")); /* without credentials: sign in */
    buf_fini(&again);
    assert_sound(&fixture->storage);
}

/* --- nothing stays, nothing is lost --- */

static int count_account(void *ctx, const struct hearth_account *account)
{
    (void)account;
    ++*(int *)ctx;
    return 0;
}

static int accounts_there(void)
{
    int count = 0;
    OK(&fixture->storage, account_list, count_account, &count);
    return count;
}

static void nothing_stays_of_a_bad_one(void **state)
{
    static const char good[] = FIRST ACCOUNT
        "{\"record\":\"account_identity\",\"issuer\":\"proxy\",\"subject\":\"x\",\"created\":1}\n"
        "{\"record\":\"settings\",\"json\":\"{}\"}\n" DEVICE PAGE
        "{\"record\":\"visit\",\"page\":7,\"date\":1,\"type\":1}\n"
        "{\"record\":\"pick\",\"input\":\"i\",\"page\":7,\"use_count\":1.5,\"used\":9}\n";
    static const char orphan[] =
        FIRST ACCOUNT "{\"record\":\"visit\",\"page\":8,\"date\":1,\"type\":1}\n";
    struct archive_into into = {.node = ""};
    struct err err = {0};
    struct hearth_account found = {.struct_size = sizeof(found)};
    (void)state;
    for (size_t size = 1; size < sizeof(good) - 1; size++) {
        /* cut off anywhere, and then something that is none */
        char text[sizeof(good)];
        memcpy(text, good, size);
        text[size] = '\0';
        feed_archive(archive_store(&fixture->storage, &into, NULL), text, size, NULL, &err);
        assert_int_equal(accounts_there(), 2);
    }
    assert_int_equal(store_archive(&fixture->storage, &into, orphan, &err), HEARTH_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "no page 8"));
    assert_int_equal(accounts_there(), 2);
    into.look = archive_look_at; /* whose id is not that of the URL */
    assert_int_equal(store_archive(&fixture->storage, &into, good, &err), HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "line 6: its id is 7, and that of its URL is another"));
    assert_int_equal(accounts_there(), 2);
    into.look = NULL;
    assert_int_equal(store_archive(&fixture->storage, &into, good, &err), 0);
    assert_int_equal(accounts_there(), 3);
    OK(&fixture->storage, account_by_identity, "proxy", "x", &found);
    /* a second of it */
    assert_int_equal(store_archive(&fixture->storage, &into, good, &err), HEARTH_ERR_CONFLICT);
    assert_int_equal(accounts_there(), 3);
}

static int count_removed_here(void *ctx, const struct hearth_removed_here *removed)
{
    (void)removed;
    ++*(int *)ctx;
    return 0;
}

/* What is removed here goes before the batch, and is taken back with it. */
static void removals_go_with_the_rest(void **state)
{
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.account = "a"};
    struct err err = {0};
    struct hearth_account found = {.struct_size = sizeof(found)};
    char body[1024];
    (void)state;
    OK(storage, account_get, "a", &found);
    snprintf(body, sizeof(body),
             FIRST "{\"record\":\"account\",\"id\":\"x\",\"email\":\"x@example.org\",\"uid\":\"%"
                   "s\",\"provider\":\"%s\"}\n%s",
             found.uid, found.provider,
             REMOVED DEVICE "{\"record\":\"hidden\",\"device\":\"d\"}\n" PAGE);
    for (int i = 0; i < 3; i++) {
        int count = 0;
        size_t size = strlen(body);
        bool good = i == 1;
        if (!good)
            snprintf(body + size, sizeof(body) - size,
                     "{\"record\":\"visit\",\"page\":8,\"date\":1,\"type\":1}\n");
        assert_int_equal(store_archive(storage, &into, body, &err), good     ? 0
                                                                    : i == 0 ? HEARTH_ERR_NOT_FOUND
                                                                             : HEARTH_ERR_CONFLICT);
        body[size] = '\0';
        OK(storage, removed_here_list, "a", count_removed_here, &count);
        assert_int_equal(count, i > 0);
    }
    into = (struct archive_into){.node = ""};
    assert_int_equal(
        store_archive(storage, &into,
                      FIRST ACCOUNT DEVICE "{\"record\":\"hidden\",\"device\":\"e\"}\n", &err),
        HEARTH_ERR_NOT_FOUND);
    assert_sound(storage);
}

static void only_into_an_empty_one(void **state)
{
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.account = "a"};
    struct err err = {0};
    struct buf before = {0}, after = {0};
    struct hearth_account found = {.struct_size = sizeof(found)};
    static const char of_a[] = FIRST "{\"record\":\"account\",\"id\":\"x\",\"email\":\"x@example."
                                     "org\",\"uid\":\"uid of a\",\"provider\":\"fx\","
                                     "\"generation\":9}\n" DEVICE PAGE;
    (void)state;
    OK(storage, account_get, "a", &found);
    char body[1024];
    snprintf(body, sizeof(body), "%s", of_a);
    write_to(storage, "a", &before);
    assert_int_equal(store_archive(storage, &into, FIRST ACCOUNT DEVICE, &err),
                     HEARTH_ERR_CONFLICT);
    assert_non_null(strstr(err.text, "is another person's account"));
    write_to(storage, "a", &after);
    assert_string_equal(after.data, before.data);
    snprintf(body, sizeof(body),
             FIRST "{\"record\":\"account\",\"id\":\"x\",\"email\":\"x@example.org\",\"uid\":\"%"
                   "s\",\"provider\":\"%s\",\"generation\":9}\n%s",
             found.uid, found.provider, DEVICE PAGE);
    if (store_archive(storage, &into, body, &err) < 0)
        fail_msg("%s", err.text);
    OK(storage, account_get, "a", &found);
    assert_string_equal(found.email, "anna@example.org"); /* its own stays */
    write_to(storage, "a", &before);
    assert_non_null(strstr(before.data, "\"url\":\"https://u/\""));
    assert_int_equal(store_archive(storage, &into, body, &err), HEARTH_ERR_CONFLICT);
    assert_non_null(strstr(err.text, "has data already"));
    write_to(storage, "a", &after);
    assert_string_equal(after.data, before.data);
    buf_fini(&before);
    buf_fini(&after);
}

/* Folders that contain each other, and one that contains itself. */
static void circles_are_repaired(void **state)
{
    struct archive_into into = {.node = "", .settle = archive_settle};
    struct err err = {0};
    struct hearth_bookmark found = {.struct_size = sizeof(found)};
    (void)state;
    int r = store_archive(&fixture->storage, &into,
                          FIRST ACCOUNT
                          "{\"record\":\"bookmark\",\"guid\":\"f1\",\"kind\":2,\"parent\":\"f2\","
                          "\"said_parent\":\"f2\"}\n"
                          "{\"record\":\"bookmark\",\"guid\":\"f2\",\"kind\":2,\"parent\":\"f1\","
                          "\"said_parent\":\"f1\"}\n"
                          "{\"record\":\"bookmark\",\"guid\":\"f3\",\"kind\":2,\"parent\":\"f3\","
                          "\"said_parent\":\"f3\"}\n"
                          "{\"record\":\"tombstone\",\"guid\":\"gone\",\"parent\":\"f1\"}\n"
                          "{\"record\":\"children\",\"folder\":\"f1\",\"children\":[\"f2\"]}\n"
                          "{\"record\":\"children\",\"folder\":\"f2\",\"children\":[\"f1\"]}\n",
                          &err);
    if (r < 0)
        fail_msg("%s", err.text);
    OK(&fixture->storage, bookmark_get, "x", "f3", &found);
    assert_string_not_equal(found.parent, "f3");
    OK(&fixture->storage, bookmark_get, "x", "f1", &found);
    bool first_out = strcmp(found.parent, "f2") != 0;
    OK(&fixture->storage, bookmark_get, "x", "f2", &found);
    assert_true(first_out || strcmp(found.parent, "f1") != 0);
}

/* --- files --- */

static void files(void **state)
{
    struct archive_summary summary;
    struct err err = {0};
    char path[128], text[8];
    struct stat st;
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/a.hearth%s", fixture->directory, i == 0 ? "" : ".gz");
        assert_int_equal(archive_to_file(&fixture->storage, "a", 0, path, NULL, &err), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        assert_int_equal(fread(text, 1, 2, f), 2);
        fclose(f);
        assert_memory_equal(text, i == 0 ? "{\"" : "\x1f\x8b", 2);
        assert_int_equal(archive_from_file(path, archive_check(NULL, NULL, NULL), &summary, &err),
                         0);
        assert_string_equal(summary.email, "anna@example.org");
        assert_int_equal(archive_to_file(&fixture->storage, "a", 0, path, NULL, &err),
                         HEARTH_ERR_CONFLICT);
        assert_int_equal(truncate(path, st.st_size - 3), 0);
        assert_true(archive_from_file(path, archive_check(NULL, NULL, NULL), &summary, &err) < 0);
    }
    snprintf(path, sizeof(path), "%s/none", fixture->directory);
    assert_int_equal(archive_from_file(path, archive_check(NULL, NULL, NULL), &summary, &err),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(archive_to_file(&fixture->storage, "nobody", 0, path, NULL, &err),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(access(path, F_OK), -1);
}

/* --- memory --- */

enum { MEMORY_MOST = 6 << 20 };

static size_t bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

struct watch {
    struct archive_reader *reader;
    size_t most;
};

static int feed_watched(void *ctx, const void *bytes, size_t size, struct err *err)
{
    struct watch *watch = ctx;
    size_t now = bytes_in_use();
    watch->most = now > watch->most ? now : watch->most;
    return archive_feed(watch->reader, bytes, size, err);
}

static void put_many(long count)
{
    for (long n = 0; n < count;) {
        begin(&fixture->storage, "a", HEARTH_HISTORY);
        for (long end = n + 10000; n < end && n < count; n++) {
            char url[120], guid[32];
            snprintf(url, sizeof(url),
                     "https://site%ld.example/a/longer/path/to/the/page/number/%ld", n % 1000, n);
            snprintf(guid, sizeof(guid), "guid%ld", n);
            put_visited(&fixture->storage, model_page_id(url), url, "site.example", 3,
                        (const int64_t[]){n + 3, n + 2, n + 1});
            OK(&fixture->storage, page_guid_put, guid, model_page_id(url));
            plug_storage_reset(&fixture->storage);
        }
        commit(&fixture->storage);
    }
}

/* From an account to another database, record by record: what is in use on the way does not
 * depend on how many pages there are. HEARTH_ARCHIVE_PAGES: how many. */
static void memory_does_not_grow(void **state)
{
    const char *given = getenv("HEARTH_ARCHIVE_PAGES");
    long count = given == NULL ? 20000 : strtol(given, NULL, 10);
    struct fixture other;
    struct watch watch = {0};
    struct archive_out out = {feed_watched, &watch};
    struct archive_into into = {.node = "", .look = archive_look_at, .settle = archive_settle};
    struct archive_summary summary;
    struct err err = {0};
    struct call call;
    (void)state;
    put_many(count);
    fixture_prepare(&other);
    /* what a batch keeps of the file */
    other.values[3] =
        (struct hearth_config_value){sizeof(other.values[3]), true, "512KiB", 1 << 19};
    plug_call_init(&call, NULL, 0, 0);
    assert_int_equal(other.ops->open(&other.host.hearth, &call.hearth, other.values, &other.self),
                     0);
    fixture_handle(&other, &other.storage);
    OK(&other.storage, migrate);
    size_t before = bytes_in_use();
    watch.reader = archive_store(&other.storage, &into, NULL);
    int r = archive_write(&fixture->storage, "a", 0, &out, NULL, &err);
    if (r == 0)
        r = archive_end(watch.reader, &summary, &err);
    archive_close(watch.reader);
    if (r < 0)
        fail_msg("%s", err.text);
    assert_int_equal(summary.counts[ARCHIVE_KIND_page], count);
    assert_int_equal(summary.counts[ARCHIVE_KIND_visit], 3 * count);
    assert_int_equal(summary.counts[ARCHIVE_KIND_page_guid], count);
    print_message("%ld pages: at most %zu KiB more in use\n", count,
                  watch.most < before ? 0 : (watch.most - before) >> 10);
    assert_true(watch.most < before + MEMORY_MOST);
    assert_sound(&other.storage);
    plug_call_fini(&call);
    fixture_close(&other);
    fixture_remove(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refused_with_the_line),
        TEST(damaged_anywhere),
        TEST(too_long_a_line),
        TEST(unknown_is_kept_out),
        TEST(nothing_stays_of_a_bad_one),
        TEST(only_into_an_empty_one),
        TEST(removals_go_with_the_rest),

        TEST(circles_are_repaired),
        TEST(files),
        TEST(memory_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
