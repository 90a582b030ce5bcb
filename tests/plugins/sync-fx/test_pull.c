/* Whole pulls against a scripted server: what is asked, in which order, and what reaches the
 * sink. */
#include "fake.h"

#include <stdio.h>
#include <string.h>

static const char first_events[] = "mark account\n"
                                   "begin clients complete\n"
                                   "device dev1 Laptop desktop - - - 1795417402000\n"
                                   "commit clients\n"
                                   "begin tabs complete\n"
                                   "tab dev1 0 https://t/ T 5000 -\n"
                                   "commit tabs\n"
                                   "begin bookmarks complete\n"
                                   "bookmark bm1 2 - - - - - 0 >x\n"
                                   "commit bookmarks\n"
                                   "begin history complete\n"
                                   "page pg1 https://h/ - 1700000000000/1\n"
                                   "commit history\n"
                                   "mark account\n";

static void test_first(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    assert_string_equal(f->events, first_events);
    assert_int_equal(f->result.requests, 9);
    assert_int_equal(f->result.records, 4);
    assert_int_equal(f->result.damaged, 0);
    assert_true(f->result.bytes > 1000);
    assert_string_equal(f->result.host, "node.example:443");
    assert_int_equal(f->result.account_backoff, 0);
    fake_destroy(f);
}

/* Nothing new costs exactly one request. */
static void test_unchanged(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    f->monotonic += 600000;
    fake_expect(f, FAKE_GET "info/collections", 304, NULL)->wants[0] =
        "x-if-modified-since: 1795417404.04";
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.state, HEARTH_ACCOUNT_OK);
    assert_int_equal(f->result.requests, 1);
    assert_string_equal(f->events, "");
    /* Only a collection that is not read here has changed: one request, and the new time is
     * remembered. */
    struct fake_step *step = fake_expect_info(
        f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401.00,\"tabs\":"
           "1795417402.00,"
           "\"bookmarks\":1795417403.50,\"history\":1795417404.04,\"forms\":1795417405.01}");
    step->headers[0] = NULL; /* the newest of the collections counts then */
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(f->events, "mark account\n");
    fake_expect(f, FAKE_GET "info/collections", 304, NULL)->wants[0] =
        "x-if-modified-since: 1795417405.01";
    assert_int_equal(fake_pull(f), 0);
    fake_destroy(f);
}

/* After a restart of the daemon the caches are empty, the cursors are not. */
static void test_restarted(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    f->ops->forget(f->self, "acc1");
    fake_expect_token(f);
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.requests, 2);
    fake_destroy(f);
}

static void test_incremental(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417409.01,"
                        "\"history\":1795417409.02}")
        ->headers[0] = "x-last-modified: 1795417409.02";
    fake_expect_page(
        f, "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000", "1795417409.05",
        fake_bso(f, &fake_bulk_key, "bm1", "1795417409.01", "{\"id\":\"bm1\",\"deleted\":true}"));
    fake_expect_page(f, "history?full=1&newer=1795417404.04&sort=oldest&limit=1000",
                     "1795417409.02", "");
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(f->events, "begin bookmarks incremental\nremoved bm1 1795417409010\ncommit "
                                   "bookmarks\nbegin history incremental\n"
                                   "commit history\nmark account\n");
    /* of the first page, not of info/collections */
    assert_non_null(strstr(f->cursors[HEARTH_BOOKMARKS], "\"lm\":179541740905,"));
    assert_int_equal(f->result.requests, 3);
    fake_destroy(f);
}

static void test_pages(void **state)
{
    (void)state;
    struct fake *f = fake_create_with("page_size", "50");
    fake_expect_start(
        f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"history\":1795417404.04}");
    struct fake_step *page = fake_expect_page(
        f, "history?full=1&sort=oldest&limit=50", "1795417404.04",
        fake_bso(f, &fake_bulk_key, "p1", "1795417404.01", "{\"id\":\"p1\",\"deleted\":true}"));
    page->headers[2] = "x-weave-next-offset: 1795417404010:2";
    page->headers[3] = "x-weave-records: 1";
    page->chunk = 7; /* as small pieces */
    page = fake_expect_page(
        f, "history?full=1&sort=oldest&limit=50&offset=1795417404010%3A2", "1795417404.04",
        fake_bso(f, &fake_bulk_key, "p2", "1795417404.01", "{\"id\":\"p2\",\"deleted\":true}"));
    page->wants[1] = "x-if-unmodified-since: 1795417404.04";
    page->headers[2] = "x-weave-next-offset: 9";
    page = fake_expect_page(f, "history?full=1&sort=oldest&limit=50&offset=9", "1795417404.04", "");
    page->wants[1] = "x-if-unmodified-since: 1795417404.04";
    /* nothing was passed over */
    page = fake_expect_page(f, "history", "1795417404.04", "\"p1\"\n\"p2\"\n");
    page->wants[1] = "x-if-unmodified-since: 1795417404.04";
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(
        f->events,
        "mark account\nbegin clients incremental\ncommit clients\nmark tabs\nmark bookmarks\n"
        "begin history complete\nremoved p1 1795417404010\nremoved p2 1795417404010\ncommit "
        "history\nmark account\n");
    fake_destroy(f);
}

/* A server that knows arrays only; records that are too large, or damaged in all ways, cost only
 * themselves. */
static void test_array_and_damage(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect_start(
        f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"bookmarks\":1795417403.50}");
    char *large = fake_text(f, "%*d", 5 << 20, 1);
    memset(large, 'x', 5 << 20);
    char *body = fake_text(f,
                           "[%s,{\"id\":\"large\",\"payload\":\"%s\"},{\"id\":\"x1\",\"modified\":"
                           "1,\"payload\":\"{}\"},%s]",
                           fake_bso(f, &fake_bulk_key, "b1", "1795417403.50",
                                    "{\"id\":\"b1\",\"type\":\"separator\"}"),
                           large,
                           fake_bso(f, &fake_bulk_key, "b2", "1795417403.50",
                                    "{\"id\":\"b2\",\"type\":\"nonsense\"}"));
    struct fake_step *page =
        fake_expect_page(f, "bookmarks?full=1&sort=oldest&limit=1000", "1795417403.50", body);
    page->headers[0] = "content-type: application/json; charset=utf-8";
    page->chunk = 16384;
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.state, HEARTH_ACCOUNT_OK);
    assert_non_null(strstr(
        f->events,
        "begin bookmarks complete\nbookmark b1 3 - - - - - 0\ndamaged large it is too large\n"
        "damaged x1 its payload is not an encrypted record\n"
        "removed b2 1795417403500\ndamaged b2 its type is unknown\ncommit "
        "bookmarks\n"));
    assert_int_equal(f->result.damaged, 3);
    assert_int_equal(f->result.records, 4);
    assert_string_equal(fake_words(f), "2 of 4 records of bookmarks arrived damaged; earlier "
                                       "copies are kept, and they are asked for again.");
    fake_destroy(f);
}

static void test_without_history(void **state)
{
    (void)state;
    struct fake *f = fake_create_with("history", "no");
    fake_expect_start(f, FAKE_INFO);
    fake_expect_devices(f);
    fake_expect_bookmarks(f);
    assert_int_equal(fake_pull(f), 0);
    assert_null(strstr(f->events, "history"));
    fake_expect(f, FAKE_GET "info/collections", 304, NULL)->wants[0] =
        "x-if-modified-since: 1795417404.04";
    assert_int_equal(fake_pull(f), 0);
    fake_destroy(f);
}

#define CLIENT(id, at, name, fxa)                                                                  \
    fake_bso(f, &fake_bulk_key, id, at,                                                            \
             "{\"id\":\"" id "\",\"name\":\"" name "\",\"type\":\"mobile\",\"fxaDeviceId\":\"" fxa \
             "\"}")
#define TABS(id, at)                                                                               \
    fake_bso(f, &fake_bulk_key, id, at,                                                            \
             "{\"id\":\"" id                                                                       \
             "\",\"clientName\":\"Tab only\",\"tabs\":[{\"urlHistory\":[\"https://" id "/\"]}]}")

/* Stale devices vanish with their tabs; a device known by its tabs alone is shown. */
static void test_devices(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect_start(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                         "00,\"tabs\":1795417402.00}");
    fake_expect_page(
        f, "clients?full=1&sort=oldest&limit=1000", "1795417401.00",
        fake_text(f, "%s%s%s%s%s%s", CLIENT("old", "1790000000.00", "Phone", "f1"),
                  CLIENT("new", "1795417401.00", "Phone", "f2"),
                  CLIENT("dup1", "1795417400.00", "A", "f3"),
                  CLIENT("dup2", "1795417401.00", "B", "f3"),
                  CLIENT("same", "1795000000.00", "Phone", "f4"),
                  fake_bso(f, &fake_other_key, "bad", "1795417401.00", "{\"id\":\"bad\"}")));
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_sync_key, &fake_bulk_key, "1795417400.20"));
    fake_expect_page(f, "tabs?full=1&sort=oldest&limit=1000", "1795417402.00",
                     fake_text(f, "%s%s%s", TABS("old", "1790000001.00"),
                               TABS("only", "1795417402.00"), TABS("dup2", "1795417402.00")));
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(f->events,
                        "mark account\nbegin clients complete\n"
                        "damaged bad its HMAC is wrong (damaged, or encrypted with another key)\n"
                        "device new Phone mobile - - f2 1795417401000\n"
                        "device dup2 B mobile - - f3 1795417402000\n"
                        "device same Phone mobile - - f4 1795000000000\n"
                        "device only Tab only unknown - - - 1795417402000\n"
                        "commit clients\nbegin tabs complete\ntab dup2 0 https://dup2/  0 -\ntab "
                        "only 0 https://only/  0 -\ncommit tabs\n"
                        "mark bookmarks\nmark history\nmark account\n");
    /* Only tabs changed: both are read again, because the row of a device needs both. */
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417409.00}");
    fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000", "1795417401.00",
                     CLIENT("new", "1795417401.00", "Phone", "f2"));
    fake_expect_page(f, "tabs?full=1&sort=oldest&limit=1000", "1795417409.00",
                     TABS("new", "1795417409.00"));
    assert_int_equal(fake_pull(f), 0);
    assert_non_null(strstr(f->events, "device new Phone mobile - - f2 1795417409000\n"));
    fake_destroy(f);
}

/* Cursors that cannot be read, or that another key left, mean: read whole. */
static void test_strange_cursors(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    snprintf(f->cursors[HEARTH_BOOKMARKS], sizeof(f->cursors[0]), "garbage");
    fake_expect_info(f, FAKE_INFO)->wants[0] = "!x-if-modified-since";
    fake_expect_bookmarks(f);
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(
        f->events, "begin bookmarks complete\nbookmark bm1 2 - - - - - 0 >x\ncommit bookmarks\n");
    snprintf(f->cursors[0], sizeof(f->cursors[0]), "{\"v\":99}");
    fake_expect_info(f, FAKE_INFO)->wants[0] = "!x-if-modified-since";
    fake_expect_devices(f);
    fake_expect_bookmarks(f);
    fake_expect_history(f);
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(strncmp(f->events, "reset all\nmark account\nbegin clients", 36), 0);
    fake_destroy(f);
}

static void test_new_kid(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    f->credentials = fake_text(f, "%s", f->credentials);
    *strstr(f->credentials, "1700000000000-") = '2';
    fake_expect_token(f)->wants[1] = "x-keyid: 2700000000000-fNUMTzq7B4ZI0dW2sx4e6w";
    fake_expect_info(f, FAKE_INFO)->wants[0] = "!x-if-modified-since";
    fake_expect_meta(f);
    fake_expect_keys(f);
    fake_expect_configuration(f);
    fake_expect_devices(f);
    fake_expect_bookmarks(f);
    fake_expect_history(f);
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(strncmp(f->events, "reset all\n", 10), 0);
    fake_destroy(f);
}

/* A token is renewed at 80 % of its life, once a day the limits are asked for. */
static void test_renewal(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_first_pull(f);
    f->monotonic += 2879 * 1000;
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    assert_int_equal(fake_pull(f), 0);
    f->monotonic += 2 * 1000;
    fake_expect_token(f);
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    assert_int_equal(fake_pull(f), 0);
    f->monotonic += 86400 * 1000;
    fake_expect_token(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417403.50,"
                        "\"history\":1795417409.02}");
    fake_expect_configuration(f);
    fake_expect_page(f, "history?full=1&newer=1795417404.04&sort=oldest&limit=1000",
                     "1795417409.02", "");
    assert_int_equal(fake_pull(f), 0);
    fake_destroy(f);
}

/* The account's own token server wins over the configured one. */
static void test_own_token_server(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    f->credentials = fake_text(f, "%.*s,\"token_server\":\"https://mine.example/1.0/sync/1.5\"}",
                               (int)strlen(f->credentials) - 1, f->credentials);
    fake_expect_token(f)->request = "GET https://mine.example/1.0/sync/1.5";
    fake_expect_info(f, "{}");
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.state, HEARTH_ACCOUNT_WAITING);
    fake_destroy(f);
}

static struct fake *interrupted;

static void interrupt(void)
{
    interrupted->ops->interrupt(interrupted->handle);
}

static void test_interrupt(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    interrupted = f;
    fake_expect_token(f);
    fake_expect_info(f, FAKE_INFO)->before = interrupt;
    assert_int_equal(fake_pull(f), HEARTH_ERR_CANCELLED);
    assert_string_equal(f->error, "The sync was interrupted. It is tried again.");
    /* The next one is not harmed; in the middle of a body it works too. */
    fake_expect_info(f, FAKE_INFO);
    fake_expect_meta(f);
    fake_expect_keys(f);
    fake_expect_configuration(f);
    fake_expect_devices(f);
    f->steps[f->step_count - 1].before = interrupt;
    assert_int_equal(fake_pull(f), HEARTH_ERR_CANCELLED);
    f->stop = true; /* the host's own wish: no request at all */
    assert_int_equal(fake_pull(f), HEARTH_ERR_CANCELLED);
    fake_destroy(f);
}

static void test_sink_fails(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    f->fail_commit = HEARTH_ERR_FULL;
    fake_expect_start(f, FAKE_INFO);
    fake_expect_devices(f);
    assert_int_equal(fake_pull(f), HEARTH_ERR_FULL);
    assert_string_equal(fake_words(f), "What was read could not be stored; it is tried again.");
    fake_destroy(f);
}

static void test_bad_credentials(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    f->credentials = "{\"v\":2}";
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.state, HEARTH_ACCOUNT_SIGNIN_NEEDED);
    fake_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),           cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_restarted),       cmocka_unit_test(test_incremental),
        cmocka_unit_test(test_pages),           cmocka_unit_test(test_array_and_damage),
        cmocka_unit_test(test_without_history), cmocka_unit_test(test_devices),
        cmocka_unit_test(test_strange_cursors), cmocka_unit_test(test_new_kid),
        cmocka_unit_test(test_renewal),         cmocka_unit_test(test_own_token_server),
        cmocka_unit_test(test_interrupt),       cmocka_unit_test(test_sink_fails),
        cmocka_unit_test(test_bad_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
