/* What meta/global, crypto/keys and single records can be like. */
#include "fake.h"

#include <stdio.h>
#include <string.h>

/* --- meta/global --- */

static void test_meta(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect_token(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"bookmarks\":1}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "does not have the record crypto/keys");
    fake_expect_info(f, "{\"crypto\":1795417400.10,\"bookmarks\":1}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "does not have the record meta/global");
    fake_expect_info(f, "{\"meta\":1795417400.10}"); /* a Firefox begins */
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox has synced");
    fake_expect_info(f, FAKE_INFO);
    fake_expect(f, FAKE_GET "storage/meta/global", 404, "");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "does not have the record meta/global");
    fake_expect_info(f, FAKE_INFO);
    fake_expect(f, FAKE_GET "storage/meta/global", 200, fake_meta_bso(f, "global1", 6, "", ""));
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "Update Hearth");
    f->ops->forget(f->self, "acc1");
    fake_expect_token(f);
    fake_expect_info(f, FAKE_INFO);
    fake_expect(f, FAKE_GET "storage/meta/global", 200, fake_meta_bso(f, "global1", 4, "", ""));
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "obsolete format");
    f->ops->forget(f->self, "acc1");
    fake_expect_token(f);
    fake_expect_info(f, FAKE_INFO);
    fake_expect(f, FAKE_GET "storage/meta/global", 200,
                "{\"id\":\"global\",\"modified\":1.00,\"payload\":\"{}\"}");
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "meta/global on the Sync server is damaged");
    fake_expect_info(f, FAKE_INFO);
    fake_expect(f, FAKE_GET "storage/meta/global", 200, "<html>");
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "answer to storage/meta/global is not a record");
    assert_int_equal(f->result.passing, 1);
    fake_expect_info(f, FAKE_INFO);
    fake_expect_meta(f);
    fake_expect(f, FAKE_GET "storage/crypto/keys", 404, "");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "does not have the record crypto/keys");
    assert_string_equal(f->events, "");
    fake_destroy(f);
}

/* With data stored nobody says that there never were any. */
static void test_emptied(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    f->last_sync = f->now;
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "no data of this account any more");
    assert_string_equal(f->events, "");
    fake_destroy(f);
}

static void test_global_sync_id(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect_info(f, "{\"meta\":1795417409.00,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417403.50,"
                        "\"history\":1795417404.04}")
        ->headers[0] = "x-last-modified: 1795417409.00";
    fake_expect(f, FAKE_GET "storage/meta/global", 200,
                fake_meta_bso(f, "global2", 5, FAKE_ENGINES, ""));
    fake_expect_keys(f);
    fake_expect_configuration(f);
    fake_expect_devices(f);
    fake_expect_bookmarks(f);
    fake_expect_history(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_int_equal(strncmp(f->events, "reset all\nmark account\nbegin clients complete\n", 46),
                     0);
    assert_non_null(strstr(f->events, "begin history complete\n"));
    fake_destroy(f);
}

static void expect_new_meta(struct fake *f, const char *engines, const char *declined)
{
    fake_expect_info(f, "{\"meta\":1795417409.00,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417403.50,"
                        "\"history\":1795417404.04}")
        ->headers[0] = "x-last-modified: 1795417409.00";
    fake_expect(f, FAKE_GET "storage/meta/global", 200,
                fake_meta_bso(f, "global1", 5, engines, declined));
}

static void test_engine_sync_id(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    expect_new_meta(f,
                    "\"clients\":{\"version\":1,\"syncID\":\"c1\"},\"tabs\":{\"version\":1,"
                    "\"syncID\":\"t1\"},\"bookmarks\":{\"version\":2,"
                    "\"syncID\":\"b2\"},"
                    "\"history\":{\"version\":1,\"syncID\":\"h1\"}",
                    "");
    fake_expect_bookmarks(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(f->events,
                        "mark account\nreset bookmarks\nbegin bookmarks complete\nbookmark bm1 2 - "
                        "- - - - 0 >x\ncommit bookmarks\nmark account\n");
    fake_destroy(f);
}

/* A newer format is not read and what was there stays; the note is there as long as it is so,
 * also when nothing changed. */
static void test_engine_version(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    expect_new_meta(f,
                    "\"clients\":{\"version\":1,\"syncID\":\"c1\"},\"tabs\":{\"version\":1,"
                    "\"syncID\":\"t1\"},\"bookmarks\":{\"version\":3,"
                    "\"syncID\":\"b1\"},"
                    "\"history\":{\"version\":1,\"syncID\":\"h1\"}",
                    "");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK,
                   "newer format than this Hearth understands (update Hearth): bookmarks");
    assert_string_equal(f->events, "mark account\nmark account\n");
    assert_string_equal(
        f->log, "1 collection is in a newer format and not read collection=bookmarks version=3\n");
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "newer format than this Hearth understands");
    /* And back: the cursor still holds. */
    expect_new_meta(f, FAKE_ENGINES, "");
    f->steps[f->step_count - 2].body = "{\"meta\":1795417410.00,\"crypto\":1795417400.20,"
                                       "\"clients\":1795417401.00,\"tabs\":1795417402.00,"
                                       "\"bookmarks\":1795417403.50,\"history\":1795417404.04}";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_null(strstr(f->events, "bookmarks"));
    fake_destroy(f);
}

static void test_declined(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    expect_new_meta(f, FAKE_ENGINES, "\"history\",\"tabs\",\"addons\"");
    fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000", "1795417401.00",
                     fake_bso(f, &fake_bulk_key, "dev1", "1795417401",
                              "{\"id\":\"dev1\",\"name\":\"Laptop\",\"type\":\"desktop\"}"));
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "Not synced, by choice in Firefox: open tabs, history.");
    assert_string_equal(f->events, "mark account\nbegin clients complete\ndevice dev1 Laptop "
                                   "desktop - - - 1795417401000\ncommit clients\n"
                                   "begin tabs complete\ncommit tabs\nmark account\n");
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "Not synced, by choice in Firefox: open tabs, history.");
    fake_destroy(f);
}

/* The server was restored from an older copy: what is newer here cannot be trusted. */
static void test_time_runs_back(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417403.40,"
                        "\"history\":1795417404.04}");
    fake_expect_bookmarks(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_int_equal(strncmp(f->events, "reset bookmarks\nbegin bookmarks complete\n", 40), 0);
    fake_destroy(f);
}

/* --- crypto/keys --- */

static void test_keys_do_not_open(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect_token(f);
    fake_expect_info(f, FAKE_INFO);
    fake_expect_meta(f);
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_other_key, &fake_bulk_key, "1795417400.20"));
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_other_key, &fake_bulk_key, "1795417400.20"));
    fake_expect_token(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_SIGNIN_NEEDED, "key does not open its data");
    fake_destroy(f);
    f = fake_create(); /* it was just being replaced */
    fake_expect_token(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20}");
    fake_expect_meta(f);
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_other_key, &fake_bulk_key, "1795417400.20"));
    fake_expect_keys(f);
    fake_expect_configuration(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_destroy(f);
    f = fake_create(); /* the fresh token says that the password was reset */
    fake_expect_token(f);
    fake_expect_info(f, FAKE_INFO);
    fake_expect_meta(f);
    for (int i = 0; i < 2; i++)
        fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                    fake_keys_bso(f, &fake_other_key, &fake_bulk_key, "1795417400.20"));
    fake_expect(f, FAKE_TOKEN, 401, "{\"status\":\"invalid-client-state\"}");
    fake_pull_ends(f, HEARTH_ACCOUNT_SIGNIN_NEEDED, "password was reset");
    fake_destroy(f);
    f = fake_create();
    fake_expect_token(f);
    fake_expect_info(f, FAKE_INFO);
    fake_expect_meta(f);
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_bso(f, &fake_sync_key, "keys", "1795417400.20", "{\"id\":\"keys\"}"));
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "crypto/keys on the Sync server is damaged");
    fake_destroy(f);
}

/* New bulk keys: every collection is read whole with them. */
static void test_new_keys(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417409.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417409.50,"
                        "\"history\":1795417404.04}");
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_sync_key, &fake_other_key, "1795417409.20"));
    fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000", "1795417401.00", "");
    fake_expect_page(f, "tabs?full=1&sort=oldest&limit=1000", "1795417402.00", "");
    fake_expect_page(f, "bookmarks?full=1&sort=oldest&limit=1000", "1795417409.50",
                     fake_bso(f, &fake_other_key, "bm1", "1795417409.50",
                              "{\"id\":\"bm1\",\"type\":\"separator\"}"));
    fake_expect_page(f, "history?full=1&sort=oldest&limit=1000", "1795417404.04", "");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_non_null(strstr(f->events, "reset bookmarks\nbegin bookmarks complete\nbookmark bm1 3"));
    fake_destroy(f);
}

/* --- records --- */

static void expect_newer_bookmarks(struct fake *f, const char *body)
{
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417409.50,"
                        "\"history\":1795417404.04}")
        ->headers[0] = "x-last-modified: 1795417409.50";
    fake_expect_page(f, "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000",
                     "1795417409.50", body);
}

/* One record that does not open: the keys are looked at, once in ten minutes; the others go on. */
static void test_one_bad_record(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    char *bad = fake_bso(f, &fake_other_key, "bad", "1795417409.50",
                         "{\"id\":\"bad\",\"type\":\"separator\"}");
    expect_newer_bookmarks(f, bad);
    fake_expect_keys(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(f->events, "begin bookmarks incremental\ndamaged bad its HMAC is wrong "
                                   "(damaged, or encrypted with another key)\n"
                                   "commit bookmarks\nmark account\n");
    assert_int_equal(f->result.damaged, 1);
    f->monotonic += 599 * 1000;
    memset(f->cursors, 0, sizeof(f->cursors)); /* as with `hearthd account resync` */
    fake_expect_info(f, FAKE_INFO);
    fake_expect_devices(f);
    fake_expect_page(f, "bookmarks?full=1&sort=oldest&limit=1000", "1795417409.50",
                     fake_text(f, "%s%s", bad,
                               fake_bso(f, &fake_bulk_key, "b2", "1795417409.50",
                                        "{\"id\":\"b2\",\"type\":\"separator\"}")));
    fake_expect_history(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_destroy(f);
}

/* The keys were replaced while we were reading: with the new ones, everything again. */
static void test_keys_replaced_meanwhile(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    char *line = fake_bso(f, &fake_other_key, "b9", "1795417409.50",
                          "{\"id\":\"b9\",\"type\":\"separator\"}");
    expect_newer_bookmarks(f, line);
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_sync_key, &fake_other_key, "1795417409.40"));
    fake_expect_page(f, "bookmarks?full=1&sort=oldest&limit=1000", "1795417409.50", line);
    fake_expect_page(f, "history?full=1&sort=oldest&limit=1000", "1795417404.04", "");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(
        f->events,
        "begin bookmarks incremental\ndamaged b9 its HMAC is wrong (damaged, or encrypted with "
        "another key)\nrestart\n"
        "commit bookmarks without mark\nreset bookmarks\nbegin bookmarks complete\nbookmark b9 3 - "
        "- - - - 0\n"
        "commit bookmarks\nreset history\nbegin history complete\ncommit history\nmark account\n");
    fake_destroy(f);
}

/* Nothing opens: what is stored is not replaced by nothing. */
static void test_nothing_opens(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect_start(f, FAKE_INFO);
    fake_expect_devices(f);
    fake_expect_page(f, "bookmarks?full=1&sort=oldest&limit=1000", "1795417403.50",
                     fake_bso(f, &fake_other_key, "b9", "1795417403.50",
                              "{\"id\":\"b9\",\"type\":\"separator\"}"));
    fake_expect_keys(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "Of 1 record of bookmarks, 1 cannot be opened");
    assert_null(strstr(f->events, "commit bookmarks"));
    /* History comes first now, so that it is not lost too. */
    fake_expect_info(f, FAKE_INFO);
    fake_expect_history(f);
    fake_expect_bookmarks(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_destroy(f);
}

static void test_many_bad_records(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    char *body = fake_bso(f, &fake_bulk_key, "good", "1795417409.50",
                          "{\"id\":\"good\",\"type\":\"separator\"}");
    for (int i = 0; i < 12; i++) {
        char id[8], json[64];
        snprintf(id, sizeof(id), "bad%d", i);
        snprintf(json, sizeof(json), "{\"id\":\"%s\",\"type\":\"separator\"}", id);
        body = fake_text(f, "%s%s", body, fake_bso(f, &fake_other_key, id, "1795417409.50", json));
    }
    expect_newer_bookmarks(f, body);
    fake_expect_keys(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "Of 13 records of bookmarks, 12 cannot be opened");
    assert_non_null(strstr(f->events, "restart\ncommit bookmarks without mark\n"));
    assert_non_null(strstr(f->cursors[HEARTH_BOOKMARKS], "\"lm\":179541740350,"));
    fake_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meta),
        cmocka_unit_test(test_emptied),
        cmocka_unit_test(test_global_sync_id),
        cmocka_unit_test(test_engine_sync_id),
        cmocka_unit_test(test_engine_version),
        cmocka_unit_test(test_declined),
        cmocka_unit_test(test_time_runs_back),
        cmocka_unit_test(test_keys_do_not_open),
        cmocka_unit_test(test_new_keys),
        cmocka_unit_test(test_one_bad_record),
        cmocka_unit_test(test_keys_replaced_meanwhile),
        cmocka_unit_test(test_nothing_opens),
        cmocka_unit_test(test_many_bad_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
