/* Archives of somebody else, and restores that were interrupted: what becomes of the storage,
 * and of other accounts. */
#include <inttypes.h>

#include "archives.h"
#include "model/url.h"

static int count_visits(void *ctx, const struct hearth_visit *visit)
{
    (void)visit;
    ++*(int64_t *)ctx;
    return 0;
}

#define PAGE_OF_U                                                                                  \
    "{\"record\":\"page\",\"id\":%" PRId64                                                         \
    ",\"url\":\"https://u/\",\"host\":\"%s\",\"title\":\"T\",\"visit_count\":%d,"                  \
    "\"last_visit\":%d,\"bookmarks\":%d}\n"
#define VISIT_OF_U "{\"record\":\"visit\",\"page\":%" PRId64 ",\"date\":%d,\"type\":%d}\n"

/* A page says more visits, a later one, another host, bookmarks that are none: what verify finds
 * nobody could make a backup of. */
static void pages_are_made_true(void **state)
{
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.node = "", .settle = archive_settle};
    struct hearth_page found = {.struct_size = sizeof(found)};
    struct err err = {0};
    int64_t id = model_page_id("https://u/");
    char body[2048];
    (void)state;
    snprintf(body, sizeof(body), FIRST ACCOUNT PAGE_OF_U VISIT_OF_U VISIT_OF_U VISIT_OF_U, id,
             "bank.example", 99, 5, 7, id, 9000, 1, id, 8000, 0, id, -7000, 2);
    if (store_archive(storage, &into, body, &err) < 0)
        fail_msg("%s", err.text);
    OK(storage, page_get, "x", id, &found);
    assert_int_equal(found.visit_count, 3);
    assert_int_equal(found.last_visit, 9000);
    assert_int_equal(found.bookmarks, 0);
    assert_string_equal(found.host, "u");
    assert_sound(storage);
    OK(storage, account_remove, "x");
    snprintf(body, sizeof(body), FIRST ACCOUNT PAGE_OF_U VISIT_OF_U, id, "u", 1, 0, 0, id, -7000,
             0);
    if (store_archive(storage, &into, body, &err) < 0)
        fail_msg("%s", err.text);
    assert_sound(storage);
    OK(storage, account_remove, "x");
    assert_int_equal(store_archive(storage, &into,
                                   FIRST ACCOUNT "{\"record\":\"bookmark\",\"guid\":\"b\",\"kind\":"
                                                 "1,\"url\":\"https://u/\",\"page\":7}\n",
                                   &err),
                     HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "line 3: its page 7 is not there"));
}

/* Into an account that has removals, and out of an archive that has them and what they say. */
static void what_is_removed_here_does_not_come_back(void **state)
{
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.node = "", .settle = archive_settle};
    struct hearth_page found = {.struct_size = sizeof(found)};
    struct hearth_removed_here removed = {.struct_size = sizeof(removed),
                                          .id = "mine",
                                          .kind = HEARTH_REMOVED_HERE_SPAN,
                                          .host = "",
                                          .from_date = 8000,
                                          .to_date = 8500};
    struct err err = {0};
    int64_t id = model_page_id("https://u/"), visits = 0;
    char body[2048];
    (void)state;
    snprintf(body, sizeof(body), FIRST ACCOUNT REMOVED PAGE_OF_U VISIT_OF_U, id, "u", 1, 9000, 0,
             id, 9000, 1);
    if (store_archive(storage, &into, body, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(STORAGE(storage, &err, page_get, "x", id, &found), HEARTH_ERR_NOT_FOUND);
    assert_sound(storage);
    OK(storage, account_remove, "x");
    if (store_archive(storage, &into, FIRST ACCOUNT, &err) < 0)
        fail_msg("%s", err.text);
    OK(storage, removed_here_put, "x", &removed);
    into = (struct archive_into){.account = "x", .settle = archive_settle};
    snprintf(body, sizeof(body), FIRST ACCOUNT PAGE_OF_U VISIT_OF_U VISIT_OF_U, id, "u", 2, 9000, 0,
             id, 9000, 1, id, 8000, 1);
    if (store_archive(storage, &into, body, &err) < 0)
        fail_msg("%s", err.text);
    OK(storage, page_get, "x", id, &found);
    OK(storage, page_visits, "x", id, count_visits, &visits);
    assert_int_equal(found.visit_count, 1);
    assert_int_equal(visits, 1);
    assert_string_equal(found.title, "T");
    assert_sound(storage);
}

static int count_identities(void *ctx, const struct hearth_account_identity *identity)
{
    struct buf *all = ctx;
    buf_printf(all, "%s %s\n", identity->issuer, identity->subject);
    return 0;
}

#define IDENTITY(issuer, subject)                                                                  \
    "{\"record\":\"account_identity\",\"issuer\":\"" issuer "\",\"subject\":\"" subject            \
    "\",\"created\":1}\n"

/* With a note of "a" in another account, "a" could not end what opens it any more. */
static void identities_of_others_are_kept_out(void **state)
{
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.node = "", .id = "y"};
    struct buf all = {0};
    struct err err = {0};
    (void)state;
    if (store_archive(storage, &into,
                      FIRST ACCOUNT IDENTITY("adopt:proxy", "anna@example.org")
                          IDENTITY("closed:a", "all") IDENTITY("closed:x", "all")
                              IDENTITY("left:a:proxy", "p") IDENTITY("left:x:proxy", "p")
                                  IDENTITY("oidc:https://o", "s") IDENTITY("what", "w"),
                      &err) < 0)
        fail_msg("%s", err.text);
    OK(storage, identity_list, "y", count_identities, &all);
    buf_add_char(&all, '\0');
    assert_string_equal(all.data, "closed:y all\nleft:y:proxy p\noidc:https://o s\n");
    buf_add_char(&said, '\0');
    assert_string_equal(said.data,
                        "the identity of adopt:proxy is kept out: it is none of this account's\n"
                        "the identity of closed:a is kept out: it is none of this account's\n"
                        "the identity of left:a:proxy is kept out: it is none of this account's\n"
                        "the identity of what is kept out: it is none of this account's\n");
    assert_sound(storage);
    buf_fini(&all);
}

#define SYNCED_ACCOUNT                                                                             \
    "{\"record\":\"account\",\"id\":\"x\",\"email\":\"x@example.org\",\"uid\":\"u\",\"provider\":" \
    "\"fx\",\"next_sync\":5000}\n"

/* Killed before the end: the row says so, is not synced, and restoring into it makes it whole,
 * with its schedule. */
static void an_interrupted_one_says_so(void **state)
{
    static const char body[] =
        FIRST SYNCED_ACCOUNT "{\"record\":\"credentials\",\"sealed\":\"00ff\"}\n" DEVICE PAGE;
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.node = ""};
    struct hearth_account found = {.struct_size = sizeof(found)};
    struct err err = {0};
    char kept[200];
    (void)state;
    struct archive_reader *reader = archive_store(storage, &into, NULL);
    assert_int_equal(archive_feed(reader, body, strlen(body), &err), 0);
    OK(storage, account_get, "x", &found);
    assert_int_equal(found.state, HEARTH_ACCOUNT_SIGNIN_NEEDED);
    assert_non_null(strstr(found.state_detail, "being restored"));
    snprintf(kept, sizeof(kept), "%s", found.state_detail);
    archive_close(reader);
    struct hearth_account row = {.struct_size = sizeof(row),
                                 .id = "x",
                                 .email = "x@example.org",
                                 .uid = "u",
                                 .provider = "fx",
                                 .node = "",
                                 .state = HEARTH_ACCOUNT_SIGNIN_NEEDED,
                                 .state_detail = kept};
    OK(storage, account_create, &row);
    into = (struct archive_into){.account = "x"};
    if (store_archive(storage, &into, body, &err) < 0)
        fail_msg("%s", err.text);
    OK(storage, account_get, "x", &found);
    assert_int_equal(found.state, HEARTH_ACCOUNT_OK);
    assert_null(found.state_detail);
    assert_int_equal(found.next_sync, 5000);
    assert_sound(storage);
}

/* Somebody else restores into the account that one restore has made and not filled yet: that one
 * gives way, and takes nothing along. */
static void another_restore_comes_between(void **state)
{
    static const char body[] = FIRST ACCOUNT REMOVED DEVICE;
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.node = ""}, there = {.account = "x"};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct err err = {0};
    size_t before = strlen(FIRST ACCOUNT REMOVED);
    (void)state;
    struct archive_reader *reader = archive_store(storage, &into, NULL);
    assert_int_equal(archive_feed(reader, body, before, &err), 0); /* the row is there */
    if (store_archive(storage, &there, FIRST ACCOUNT DEVICE, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(archive_feed(reader, body + before, strlen(body) - before, &err),
                     HEARTH_ERR_CONFLICT);
    assert_non_null(strstr(err.text, "the account has data already"));
    archive_close(reader);
    OK(storage, counts, "x", &counts);
    assert_int_equal(counts.devices, 1);
    assert_sound(storage);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(pages_are_made_true),
        TEST(what_is_removed_here_does_not_come_back),
        TEST(identities_of_others_are_kept_out),
        TEST(an_interrupted_one_says_so),
        TEST(another_restore_comes_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
