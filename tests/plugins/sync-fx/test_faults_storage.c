/* Every row of the failure tables of the storage server: statuses, networks, moves, conflicts,
 * broken pages. */
#include "fake.h"

#include <string.h>

/* --- storage server --- */

static void test_storage_statuses(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *header, *words;
        int64_t account, host; /* ms, least */
    } rows[] = {
        {400, "8", NULL, "400, reason 8", 0, 0},
        {400, "14", NULL, "over its quota", 0, 0},
        {400, "\"16\"", NULL, "newer Hearth", 0, 0},
        {400, "<html>", NULL, "between here and the Sync server", 0, 0},
        {401, "<html>", NULL, "between here and the Sync server refuses the request (401", 0, 0},
        {403, "", NULL, "does not allow", 0, 0},
        {403, "<html>", NULL, "between here and the Sync server refuses the request (403", 0, 0},
        {404, "0", NULL, "no list of collections at https://node.example/1.5/7 (404)", 0, 0},
        {404, "<html>", NULL, "between here and the Sync server refuses the request (404", 0, 0},
        {405, "", NULL, "seems to be another kind of server", 0, 0},
        {415, "", NULL, "seems to be another kind of server", 0, 0},
        {409, "", "retry-after: 10", "another device was writing", 10000, 0},
        {429, "", "retry-after: 100", "fewer requests", 100000, 100000},
        {503, "", "retry-after: 120", "overloaded", 120000, 120000},
        {503, "", "x-weave-backoff: 75", "overloaded", 75000, 75000},
        {503, "", NULL, "overloaded", 0, 0},
        {500, "", NULL, "Sync server failed (500", 0, 0},
        {502, "", NULL, "Sync server failed (502", 0, 0},
        {513, "", NULL, "shut down", 0, 0},
        {513, "<html>", NULL, "Sync server failed (513", 0, 0},
        {407, "<html>", NULL, "between here and the Sync server refuses the request (407", 0, 0},
        {301, "", NULL, "redirects", 0, 0},
        {206, "", NULL, "does not understand", 0, 0},
        {200, "{\"bookmarks\":17954174", NULL, "cut off", 0, 0},
        {200, "<html>captive portal</html>", NULL, "portal", 0, 0},
        {200, "{\"bookmarks\":\"1\"}", NULL, "cut off", 0, 0},
        {200, "", NULL, "cut off", 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_create();
        fake_expect_token(f);
        fake_expect(f, FAKE_GET "info/collections", rows[i].status, rows[i].body)->headers[0] =
            rows[i].header;
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, rows[i].words);
        fake_between(f->result.account_backoff, rows[i].account);
        fake_between(f->result.host_backoff, rows[i].host);
        assert_string_equal(f->result.host, "node.example:443");
        assert_string_equal(f->events, "");
        fake_destroy(f);
    }
}

static void test_network(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *words;
    } rows[] = {{HEARTH_ERR_UNAVAILABLE, "cannot be reached: connection refused"},
                {HEARTH_ERR_TIMEOUT, "did not answer in time"},
                {HEARTH_ERR_FULL, "larger than"},
                {HEARTH_ERR_CANCELLED, "interrupted"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_create();
        fake_expect_token(f);
        fake_expect(f, FAKE_GET "info/collections", rows[i].code, NULL);
        assert_int_equal(fake_pull(f), rows[i].code);
        assert_non_null(strstr(fake_words(f), rows[i].words));
        assert_string_equal(f->error, fake_words(f));
        assert_int_equal(f->result.state, HEARTH_ACCOUNT_ERROR);
        fake_destroy(f);
    }
}

/* The host does not ask, because that server has asked for a pause: no address is blamed, and it
 * is said when it ends. f->now is 2026-11-23 07:05:00 UTC. */
static void test_pause_of_the_host(void **state)
{
    (void)state;
    for (int server = 0; server < 2; server++) {
        struct fake *f = fake_create();
        if (server == 1)
            fake_expect_token(f);
        struct fake_step *step =
            fake_expect(f, server == 0 ? FAKE_TOKEN : FAKE_GET "info/collections",
                        HEARTH_ERR_UNAVAILABLE, NULL);
        step->retry_after = 600000;
        assert_int_equal(fake_pull(f), HEARTH_ERR_UNAVAILABLE);
        assert_string_equal(fake_words(f),
                            server == 0 ? "The token server has asked for a pause, and is asked "
                                          "nothing before 2026-11-23 07:15 UTC. It is tried "
                                          "again then."
                                        : "The Sync server has asked for a pause, and is asked "
                                          "nothing before 2026-11-23 07:15 UTC. It is tried "
                                          "again then.");
        assert_int_equal(f->result.account_backoff, 600000);
        assert_int_equal(f->result.passing, 1);
        fake_destroy(f);
    }
}

/* X-Weave-Backoff on a good answer: everything is finished, then there is a pause. An alert is
 * logged once, on one line. */
static void test_soft_backoff(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    struct fake_step *step = fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    step->headers[0] = "x-weave-backoff: 75";
    step->headers[1] = "x-weave-alert: {\"code\":\"soft-eol\"}\n2 fake line";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_between(f->result.account_backoff, 75000);
    assert_int_equal(f->result.host_backoff, 0);
    assert_string_equal(
        f->log, "1 the Sync server sent an alert text=\"{\"code\":\"soft-eol\"} 2 fake line\"\n");
    fake_destroy(f);
}

static void test_unauthorized(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    /* The token died: a new one, the same request again. */
    fake_expect(f, FAKE_GET "info/collections", 401, "");
    fake_expect_token(f);
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    /* Also new ones are refused: something between us breaks signatures. */
    fake_expect(f, FAKE_GET "info/collections", 401, "");
    fake_expect_token(f);
    fake_expect(f, FAKE_GET "info/collections", 401, "");
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "proxy");
    /* And it is not kept: the next pull begins with a new one. */
    fake_expect_token(f);
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_destroy(f);
}

static void test_storage_clock(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    struct fake_step *step = fake_expect(f, FAKE_GET "info/collections", 401, "");
    step->headers[0] =
        "www-authenticate: Hawk ts=\"1795500000\", tsm=\"x\", error=\"Stale timestamp\"";
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_int_equal(f->result.requests, 2);
    fake_destroy(f);
}

/* Pages of a proxy or portal are nobody's word on the credentials: no new ones are asked for, and
 * the account is tried again at its usual pace. What is not there says nothing, either. */
static void test_foreign_pages(void **state)
{
    (void)state;
    static const int statuses[] = {401, 403, 404};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct fake *f = fake_create();
        fake_first_pull(f);
        fake_expect(f, FAKE_GET "info/collections", statuses[i], "<html>Log in to the network");
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "between here and the Sync server");
        assert_int_equal(f->result.passing, 1);
        fake_expect(f, FAKE_GET "info/collections", 304, NULL); /* with the credentials of before */
        fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
        fake_destroy(f);
        f = fake_create();
        fake_expect_token(f);
        fake_expect_info(f, FAKE_INFO);
        fake_expect(f, FAKE_GET "storage/meta/global", statuses[i], "<html>Log in to the network");
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "between here and the Sync server");
        assert_int_equal(f->result.passing, 1);
        fake_destroy(f);
    }
}

/* A server that writes X-Last-Modified into X-Weave-Timestamp, and answers 403 to what is signed
 * by that: the clock of before is kept. */
static void test_timestamp_that_is_no_clock(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    struct fake_step *step = fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    step->headers[0] = "x-last-modified: 1795417404.04";
    step->headers[1] = "x-weave-timestamp: 1795417404.04";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    f->now += 600 * 1000;
    step = fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    char *now = fake_text(f, "ts=\"%lld\"", (long long)f->now / 1000);
    step->wants[0] = fake_text(f, "authorization: *%s", now);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_destroy(f);
}

/* Some servers answer 403 to a wrong time: signed anew, once, by Date. What is refused then has
 * another reason. */
static void test_forbidden_by_clock(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect(f, FAKE_GET "info/collections", 403, "0")->headers[0] =
        "date: Thu, 03 Dec 2026 20:26:40 GMT";
    fake_expect(f, FAKE_GET "info/collections", 304, NULL)->wants[0] =
        "authorization: *ts=\"1796329600\"";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    for (int i = 0; i < 2; i++)
        fake_expect(f, FAKE_GET "info/collections", 403, "0")->headers[0] =
            "x-weave-timestamp: 1700000000.00";
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "its clock differs from this server's by");
    fake_expect_token(f);
    fake_expect(f, FAKE_GET "info/collections", 403, "0");
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "does not allow the request for info/collections");
    fake_destroy(f);
}

/* Numbers as other servers write them. */
static void test_odd_numbers(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    struct fake_step *step =
        fake_expect(f, FAKE_GET "info/collections", 200,
                    "{\"meta\":1795417400.0999999,\"crypto\":1.7954174002e9,"
                    "\"clients\":17954174010e-1,\"tabs\":1795417402.000000001,"
                    "\"bookmarks\":1795417403.5000,\"history\":1795417404.0399999,"
                    "\"forms\":-0,\"prefs\":1e300}");
    step->headers[0] = "x-last-modified: 1795417404.0399999";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, ""); /* nothing has changed */
    assert_int_equal(f->result.requests, 1);
    fake_destroy(f);
}

/* The account was moved: cursors are reset, everything is read from the new server in the same
 * pull. */
static void test_moved(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect(f, FAKE_GET "info/collections", 401, "");
    fake_expect(f, FAKE_TOKEN, 200,
                "{\"id\":\"hawk-2\",\"key\":\"key-2\",\"api_endpoint\":\"https://other.example/1.5/"
                "8/\",\"uid\":8,\"duration\":3600}");
    fake_expect(f, "GET https://other.example/1.5/8/info/collections", 200,
                "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"bookmarks\":1795417403.50}")
        ->wants[0] = "!x-if-modified-since";
    fake_expect(f, "GET https://other.example/1.5/8/storage/meta/global", 200,
                fake_meta_bso(f, "global2", 5, FAKE_ENGINES, ""));
    fake_expect(f, "GET https://other.example/1.5/8/storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_sync_key, &fake_other_key, "1795417400.20"));
    fake_expect(f, "GET https://other.example/1.5/8/info/configuration", 404, "");
    struct fake_step *page = fake_expect(
        f, "GET https://other.example/1.5/8/storage/bookmarks?full=1&sort=oldest&limit=1000", 200,
        "");
    page->headers[0] = "content-type: application/newlines";
    page->headers[1] = "x-last-modified: 1795417403.50";
    page->headers[2] = "x-weave-records: 0";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(
        f->events, "reset all\nmark account\nbegin clients incremental\ncommit clients\nmark tabs\n"
                   "begin bookmarks complete\ncommit bookmarks\nmark history\nmark account\n");
    assert_string_equal(f->result.host, "other.example:443");
    fake_destroy(f);
}

/* Moved in the middle of a collection, to a server that is still empty: nothing of it is
 * committed, nothing old is removed. */
static void test_moved_in_the_middle(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect_start(f, FAKE_INFO);
    fake_expect_devices(f);
    fake_expect_bookmarks(f);
    f->steps[f->step_count - 1].headers[2] = "x-weave-next-offset: 5";
    fake_expect(f, FAKE_GET "storage/bookmarks?full=1&sort=oldest&limit=1000&offset=5", 401, "");
    fake_expect(f, FAKE_TOKEN, 200,
                "{\"id\":\"hawk-2\",\"key\":\"key-2\",\"api_endpoint\":\"https://other.example/1.5/"
                "8\",\"uid\":8}");
    fake_expect(f, "GET https://other.example/1.5/8/info/collections", 200, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    assert_null(strstr(f->events, "commit bookmarks"));
    assert_non_null(strstr(f->events, "reset all\nrestart\n"));
    fake_destroy(f);
}

/* The restart of the daemon forgot the old server, the cursor has not. */
static void test_moved_while_away(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    f->ops->forget(f->self, "acc1");
    fake_expect(f, FAKE_TOKEN, 200,
                "{\"id\":\"hawk-2\",\"key\":\"key-2\",\"api_endpoint\":\"" FAKE_NODE
                "\",\"uid\":9}");
    fake_expect_info(f, "{}")->wants[0] = "!x-if-modified-since";
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    assert_string_equal(f->events, "reset all\n");
    fake_destroy(f);
}

static void test_conflict(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417403.50,"
                        "\"history\":1795417409.02}")
        ->headers[0] = "x-last-modified: 1795417409.02";
    for (int i = 0; i < 2; i++) { /* the second time it works */
        struct fake_step *page = fake_expect_page(
            f, "history?full=1&newer=1795417404.04&sort=oldest&limit=1000",
            i == 0 ? "1795417409.02" : "1795417409.30",
            fake_bso(f, &fake_bulk_key, "p1", "1795417409.02", "{\"id\":\"p1\",\"deleted\":true}"));
        page->headers[2] = "x-weave-next-offset: 1";
        page = fake_expect_page(
            f, "history?full=1&newer=1795417404.04&sort=oldest&limit=1000&offset=1",
            "1795417409.30", "");
        page->status = i == 0 ? 412 : 200;
        page->wants[1] = i == 0 ? "x-if-unmodified-since: 1795417409.02"
                                : "x-if-unmodified-since: 1795417409.30";
    }
    fake_expect_page(f, "history?newer=1795417404.04", "1795417409.30", "\"p1\"\n")->wants[1] =
        "x-if-unmodified-since: 1795417409.30";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(f->events,
                        "begin history incremental\nremoved p1 1795417409020\nrestart\nremoved p1 "
                        "1795417409020\ncommit history\nmark account\n");
    assert_non_null(strstr(f->cursors[HEARTH_HISTORY], "\"lm\":179541740930,"));
    fake_destroy(f);
}

static void expect_endless_conflict(struct fake *f, const char *path)
{
    for (int i = 0; i < 4; i++) {
        struct fake_step *page = fake_expect_page(f, path, "1795417409.02", "");
        page->headers[2] = "x-weave-next-offset: 1";
        fake_expect_page(f, fake_text(f, "%s&offset=1", path), "1795417409.30", "")->status = 412;
    }
}

/* After three restarts the collection waits for the next run; the others are read. */
static void test_endless_conflict(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417409.02,"
                        "\"history\":1795417409.02}");
    expect_endless_conflict(f, "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000");
    fake_expect_page(f, "history?full=1&newer=1795417404.04&sort=oldest&limit=1000",
                     "1795417409.02", "");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "Other devices were writing bookmarks");
    assert_string_equal(f->events,
                        "begin bookmarks incremental\nrestart\nrestart\nrestart\nrestart\ncommit "
                        "bookmarks without mark\n"
                        "begin history incremental\ncommit history\n");
    /* The time of info/collections was not kept: the next run looks again. */
    struct fake_step *step =
        fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":"
                            "1795417401.00,\"tabs\":1795417402.00,"
                            "\"bookmarks\":1795417409.02,\"history\":1795417409.02}");
    step->wants[0] = "x-if-modified-since: 1795417404.04";
    fake_expect_page(f, "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000",
                     "1795417409.02", "");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_destroy(f);
}

/* Bookmarks that are read whole cannot be given up by committing nothing. The pull ends, and
 * next time history comes first. */
static void test_endless_conflict_at_first(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect_start(f, FAKE_INFO);
    fake_expect_devices(f);
    expect_endless_conflict(f, "bookmarks?full=1&sort=oldest&limit=1000");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "Other devices were writing bookmarks");
    assert_null(strstr(f->events, "commit bookmarks"));
    fake_expect_info(f, FAKE_INFO);
    fake_expect_history(f);
    fake_expect_bookmarks(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_non_null(strstr(f->events, "commit history\nbegin bookmarks complete\nbookmark bm1 2 - "
                                      "- - - - 0 >x\ncommit bookmarks\n"));
    fake_destroy(f);
}

static void test_page_faults(void **state)
{
    (void)state;
    static const struct {
        const char *type, *extra, *body;
        int status;
        const char *words;
    } rows[] = {
        {"content-type: text/html", NULL, "<html>", 200, "not a list of records"},
        {"content-type: application/newlines", "x-weave-records: 3", "", 200, "cut off"},
        {"content-type: application/json", NULL, "[", 200, "cut off"},
        {"content-type: application/json", NULL, "{}", 200, "cut off"},
        {"content-type: application/newlines", "x-weave-next-offset: ", "", 200,
         "do not come to an end"},
        {"content-type: application/newlines", NULL, "", 404,
         "has bookmarks, and has nothing there (404)"},
        {"content-type: application/newlines", "retry-after: 10", "", 409,
         "another device was writing"},
        {"content-type: application/json", NULL, "13", 400, "400, reason 13"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_create();
        fake_expect_start(f, FAKE_INFO);
        fake_expect_devices(f);
        struct fake_step *page = fake_expect_page(f, "bookmarks?full=1&sort=oldest&limit=1000",
                                                  "1795417403.50", rows[i].body);
        page->headers[0] = rows[i].type;
        page->headers[2] = rows[i].extra;
        page->status = rows[i].status;
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, rows[i].words);
        assert_null(strstr(f->events, "commit bookmarks"));
        fake_destroy(f);
    }
    struct fake *f = fake_create(); /* the same offset for ever */
    fake_expect_start(
        f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"history\":1795417404.04}");
    fake_expect_page(f, "history?full=1&sort=oldest&limit=1000", "1795417404.04", "")->headers[2] =
        "x-weave-next-offset: 1";
    fake_expect_page(f, "history?full=1&sort=oldest&limit=1000&offset=1", "1795417404.04", "")
        ->headers[2] = "x-weave-next-offset: 1";
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "do not come to an end");
    fake_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_statuses),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_pause_of_the_host),
        cmocka_unit_test(test_soft_backoff),
        cmocka_unit_test(test_unauthorized),
        cmocka_unit_test(test_foreign_pages),
        cmocka_unit_test(test_timestamp_that_is_no_clock),
        cmocka_unit_test(test_forbidden_by_clock),
        cmocka_unit_test(test_odd_numbers),
        cmocka_unit_test(test_storage_clock),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_moved_in_the_middle),
        cmocka_unit_test(test_moved_while_away),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_endless_conflict),
        cmocka_unit_test(test_endless_conflict_at_first),
        cmocka_unit_test(test_page_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
