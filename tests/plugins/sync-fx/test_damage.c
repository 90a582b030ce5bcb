/* Damage is not deletion: what arrives damaged is kept apart, remembered by id, and asked for
 * again; answers that cannot be true are not believed. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursors.h"
#include "failed.h"

#define LIST "bookmarks?full=1&sort=oldest&limit=1000"
#define ONLY_BOOKMARKS                                                                             \
    "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"bookmarks\":1795417403.50}"

static char *bookmark(struct fake *f, const struct fx_key *key, int i)
{
    char id[16], json[64];
    snprintf(id, sizeof(id), "b%d", i);
    snprintf(json, sizeof(json), "{\"id\":\"%s\",\"type\":\"separator\"}", id);
    return fake_bso(f, key, id, "1795417403.50", json);
}

/* `bad` of `count` records are damaged, in turn in every way that leaves the id readable. */
static char *spoiled_list(struct fake *f, int count, int bad)
{
    char *body = fake_alloc(f, (size_t)count * 400 + 1), *end = body;
    for (int i = 0; i < count; i++) {
        char *line = bookmark(f, i < bad && i % 7 == 0 ? &fake_other_key : &fake_bulk_key, i);
        if (i < bad && i % 7 == 1)
            line =
                fake_text(f, "{\"id\":\"b%d\",\"modified\":1795417403.50,\"payload\":\"\"}\n", i);
        else if (i < bad && i % 7 == 2)
            line =
                fake_text(f, "{\"id\":\"b%d\",\"modified\":1795417403.50,\"payload\":null}\n", i);
        else if (i < bad && i % 7 == 3)
            line = fake_text(f, "%.40s\n", line);
        else if (i < bad && i % 7 == 4)
            line = fake_text(
                f, "{\"id\":\"b%d\",\"modified\":1795417403.50,\"payload\":\"not JSON\"}\n", i);
        else if (i < bad && i % 7 == 5)
            line = fake_bso(f, &fake_bulk_key, fake_text(f, "b%d", i), "1795417403.50", "[1]");
        else if (i < bad && i % 7 == 6)
            line = fake_bso(f, &fake_bulk_key, fake_text(f, "b%d", i), "1795417403.50",
                            "{\"id\":\"other\",\"type\":\"separator\"}");
        end = stpcpy(end, line);
    }
    return body;
}

static void expect_start(struct fake *f)
{
    fake_expect_start(f, ONLY_BOOKMARKS);
}

/* A new key would explain a wrong HMAC. */
static void expect_keys_again(struct fake *f)
{
    fake_expect_keys(f);
}

static size_t failed_in(const char *cursor, struct fx_failed_list *ret_list)
{
    struct fx_collection_cursor parsed;
    assert_int_equal(fx_collection_cursor_parse_failed(cursor, &parsed, ret_list), 0);
    assert_true(parsed.present);
    return ret_list->count;
}

/* 7 of 200: the rest is stored, the 7 are told to the sink and remembered. The next sync asks
 * for them, and what comes is forgotten. */
static void test_remembered_and_healed(void **state)
{
    (void)state;
    struct fx_failed_list failed = {0};
    struct fake *f = fake_create();
    expect_start(f);
    fake_expect_page(f, LIST, "1795417403.50", spoiled_list(f, 200, 7));
    expect_keys_again(f);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK,
                   "7 of 200 records of bookmarks arrived damaged; earlier copies are kept, and "
                   "they are asked for again.");
    for (int i = 0; i < 7; i++)
        assert_non_null(strstr(f->events, fake_text(f, "damaged b%d ", i)));
    assert_non_null(strstr(f->events, "damaged other ")); /* one of the two ids is the wrong one */
    assert_int_equal(failed_in(f->cursors[HEARTH_BOOKMARKS], &failed), 8);
    /* Nothing else has changed, and yet info/collections is asked for without a condition. */
    fake_expect_info(f, ONLY_BOOKMARKS)->wants[0] = "!x-if-modified-since";
    char *good = fake_alloc(f, 4096), *end = good;
    for (int i = 0; i < 7; i++)
        end = stpcpy(end, bookmark(f, &fake_bulk_key, i));
    fake_expect_page(f, "bookmarks?full=1&ids=b0,b1,b2,b3,b4,b5,b6,other", "1795417403.50", good)
        ->headers[2] = "x-weave-records: 7";
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(fake_words(f), "");
    assert_non_null(strstr(f->events, "begin bookmarks incremental\nbookmark b0 3"));
    assert_int_equal(failed_in(f->cursors[HEARTH_BOOKMARKS], &failed), 0);
    assert_null(strstr(f->cursors[HEARTH_BOOKMARKS], "failed"));
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fx_failed_fini(&failed);
    fake_destroy(f);
}

/* The first three times with each sync, then after an hour, two, …; what the server no longer
 * has is forgotten. */
static void test_asked_for_more_and_more_rarely(void **state)
{
    (void)state;
    struct fx_failed_list failed = {0};
    struct fake *f = fake_create();
    char *bad = fake_text(f, "{\"id\":\"b0\",\"modified\":1795417403.50,\"payload\":\"\"}\n");
    expect_start(f);
    fake_expect_page(f, LIST, "1795417403.50",
                     fake_text(f, "%s%s", bad, bookmark(f, &fake_bulk_key, 1)));
    fake_pull_ends(f, HEARTH_ACCOUNT_OK,
                   "1 of 2 records of bookmarks arrived damaged; earlier copies are kept, and it "
                   "is asked for again.");
    static const int64_t hours[] = {0, 0, 0, 1, 2, 4, 8, 16, 24, 24};
    for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
        if (hours[i] > 0) { /* a second before */
            f->now += hours[i] * 3600000 - 1000;
            fake_expect(f, FAKE_GET "info/collections", 304, NULL)->wants[0] =
                "x-if-modified-since: 1795417404.04";
            fake_pull_ends(f, HEARTH_ACCOUNT_OK,
                           "1 record of bookmarks still arrives damaged; earlier copies are kept, "
                           "and it is asked");
            f->now += 1000;
        }
        fake_expect_info(f, ONLY_BOOKMARKS);
        fake_expect_page(f, "bookmarks?full=1&ids=b0", "1795417403.50", bad);
        fake_pull_ends(f, HEARTH_ACCOUNT_OK, "1 record of bookmarks still arrives damaged");
        assert_int_equal(failed_in(f->cursors[HEARTH_BOOKMARKS], &failed), 1);
    }
    f->now += 24 * 3600000;
    fake_expect_info(f, ONLY_BOOKMARKS);
    fake_expect_page(f, "bookmarks?full=1&ids=b0", "1795417403.50", "");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(fake_words(f), "");
    fx_failed_fini(&failed);
    fake_destroy(f);
}

/* The cursor moves on all the same. */
static void test_incremental_damage(void **state)
{
    (void)state;
    struct fx_failed_list failed = {0};
    struct fake *f = fake_create();
    fake_first_pull(f);
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417403.50,"
                        "\"history\":1795417409.50}");
    fake_expect_page(f, "history?full=1&newer=1795417404.04&sort=oldest&limit=1000",
                     "1795417409.50",
                     "{\"id\":\"p:1\",\"modified\":1795417409.50,\"payload\":\"\"}\n");
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "1 of 1 record of history arrived damaged");
    assert_non_null(strstr(f->cursors[HEARTH_HISTORY], "\"lm\":179541740950,")); /* moves on */
    assert_int_equal(failed_in(f->cursors[HEARTH_HISTORY], &failed), 1);
    assert_string_equal(failed.items[0].id, "p:1");
    /* It comes by itself, because it was uploaded again: then it is not asked for. */
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401."
                        "00,\"tabs\":1795417402.00,\"bookmarks\":1795417403.50,"
                        "\"history\":1795417410.50}");
    fake_expect_page(
        f, "history?full=1&newer=1795417409.50&sort=oldest&limit=1000", "1795417410.50",
        fake_bso(f, &fake_bulk_key, "p:1", "1795417410.50", "{\"id\":\"p:1\",\"deleted\":true}"));
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_int_equal(failed_in(f->cursors[HEARTH_HISTORY], &failed), 0);
    fx_failed_fini(&failed);
    fake_destroy(f);
}

/* More than ten and more than a twentieth: nothing of it is used, thrice. What is the same the
 * fourth time is taken as it is, unless it is everything. */
static void test_much_damage(void **state)
{
    (void)state;
    static const struct {
        int count, bad, given_up;
    } rows[] = {{200, 10, 0}, {219, 11, 3}, {220, 11, 0}, {200, 92, 3}, {20, 20, 5}, {1, 1, 5}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_create();
        expect_start(f);
        for (int round = 0; round < 5; round++) {
            if (round > 0)
                fake_expect_info(f, ONLY_BOOKMARKS);
            fake_expect_page(f, LIST, "1795417403.50", spoiled_list(f, rows[i].count, rows[i].bad));
            if (round == 0)
                expect_keys_again(f);
            bool given_up = round < rows[i].given_up;
            fake_pull_ends(f, given_up ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK, "of bookmarks");
            assert_int_equal(strstr(f->events, "commit bookmarks\n") == NULL, given_up);
            assert_int_equal(f->cursors[HEARTH_BOOKMARKS][0] == '\0', given_up);
            if (!given_up)
                break;
        }
        fake_destroy(f);
    }
}

/* Nobody knows which record it was, so that a complete read would remove it: what lasts is
 * united with what is stored. In an incremental one it only costs itself. Both are tried thrice. */
static void test_damage_without_id(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    expect_start(f);
    for (int round = 0; round < 5; round++) {
        if (round > 0)
            fake_expect_info(f, ONLY_BOOKMARKS);
        fake_expect_page(f, LIST, "1795417403.50",
                         fake_text(f, "<html>\n%s", spoiled_list(f, 100, 0)));
        fake_pull_ends(f, round < 3 ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK,
                       round < 3 ? "Of 101 records of bookmarks, 1 arrived damaged, so that nobody "
                                   "can say which they are. None of them is"
                                 : "1 of 101 records of bookmarks arrived damaged; earlier copies "
                                   "are kept, but for 1.");
        assert_non_null(strstr(f->events, round < 3 ? "begin bookmarks complete"
                                                    : "begin bookmarks incremental"));
        assert_int_equal(strstr(f->events, "commit bookmarks") == NULL, round < 3);
        assert_int_equal(f->result.passing, round < 3);
        if (round == 3)
            break;
    }
    fake_destroy(f);
    f = fake_create();
    fake_first_pull(f);
    for (int round = 0; round < 4; round++) {
        fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":"
                            "1795417401.00,\"tabs\":1795417402.00,"
                            "\"bookmarks\":1795417409.50,\"history\":1795417404.04}");
        fake_expect_page(f, "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000",
                         "1795417409.50", "<html>\n");
        fake_pull_ends(f, round < 3 ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK,
                       round < 3 ? "1 arrived damaged"
                                 : "arrived damaged; earlier copies are kept, but for 1.");
        assert_int_equal(strstr(f->cursors[HEARTH_BOOKMARKS], "\"lm\":179541740350,") != NULL,
                         round < 3);
    }
    fake_destroy(f);
}

/* Answers that contradict info/collections, or themselves. */
static void test_answers_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *last_modified, *records, *words;
        bool lines;
    } rows[] = {
        /* wiped in between */
        {"x-last-modified: 0.00", "x-weave-records: 0", "is older than it says itself", false},
        {"x-last-modified: 0", NULL, "is older than it says itself", false},
        {"x-last-modified: 1795417403.49", NULL, "is older than it says itself", true},
        {"x-last-modified: 1795417403.50", NULL, "sends an empty answer", false},
        {NULL, "x-weave-records: 0", "sends an empty answer", false},
        {NULL, NULL, "sends an empty answer", false},
    };
    static const char *const names[] = {"clients", "tabs", "bookmarks", "history"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int c = 0; c < 4; c++) {
            struct fake *f = fake_create();
            fake_expect_start(
                f, fake_text(
                       f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"%s\":1795417403.50}",
                       names[c]));
            struct fake_step *page = fake_expect_page(
                f, fake_text(f, "%s?full=1&sort=oldest&limit=1000", names[c]), "1795417403.50", "");
            page->body = rows[i].lines ? bookmark(f, &fake_bulk_key, 1) : "";
            page->headers[1] = page->headers[2] = NULL;
            int n = 1;
            if (rows[i].last_modified != NULL)
                page->headers[n++] = rows[i].last_modified;
            page->headers[n] = rows[i].records;
            fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, rows[i].words);
            assert_null(strstr(f->events, fake_text(f, "commit %s\n", names[c])));
            assert_string_equal(f->cursors[c + 1], "");
            assert_int_equal(f->result.passing, 1);
            fake_destroy(f);
        }
    }
}

/* The server's offset leads past a page. */
static void test_offset_that_skips(void **state)
{
    (void)state;
    for (int incremental = 0; incremental < 2; incremental++) {
        struct fake *f = fake_create();
        if (incremental) {
            fake_first_pull(f);
            fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":"
                                "1795417401.00,\"tabs\":1795417402.00,"
                                "\"bookmarks\":1795417409.50,\"history\":1795417404.04}");
        } else {
            expect_start(f);
        }
        const char *list =
            incremental ? "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000" : LIST;
        fake_expect_page(f, list, "1795417409.50", bookmark(f, &fake_bulk_key, 1))->headers[2] =
            "x-weave-next-offset: 999999";
        fake_expect_page(f, fake_text(f, "%s&offset=999999", list), "1795417409.50", "");
        fake_expect_page(f, incremental ? "bookmarks?newer=1795417403.50" : "bookmarks",
                         "1795417409.50", "\"b1\"\n\"b2\"\n\"b3\"\n");
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR,
                       "has 3 records of bookmarks, and its pages brought 1 of them");
        assert_null(strstr(f->events, "commit bookmarks\n"));
        fake_destroy(f);
    }
}

/* Devices and tabs: the damaged one is kept, and both are read again with the next sync. */
static void test_devices(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    const char *info = "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401,"
                       "\"tabs\":1795417402.0}";
    char *client = fake_bso(f, &fake_bulk_key, "dev1", "1795417401",
                            "{\"id\":\"dev1\",\"name\":\"Laptop\",\"type\":\"desktop\"}");
    char *tabs =
        fake_bso(f, &fake_bulk_key, "dev1", "1795417402.00", "{\"id\":\"dev1\",\"tabs\":[]}");
    char *bad = fake_text(f, "{\"id\":\"dev2\",\"modified\":1795417401,\"payload\":\"\"}\n");
    fake_expect_start(f, info);
    fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000", "1795417401.00", client);
    fake_expect_page(f, "tabs?full=1&sort=oldest&limit=1000", "1795417402.00",
                     fake_text(f, "%s%s", tabs, bad));
    fake_pull_ends(f, HEARTH_ACCOUNT_OK,
                   "1 of 2 records of open tabs arrived damaged; earlier copies are kept, and it "
                   "is asked for again.");
    assert_non_null(
        strstr(f->events, "begin tabs complete\ndamaged dev2 it has no payload\ncommit tabs\n"));
    fake_expect_info(f, info)->wants[0] = "!x-if-modified-since";
    fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000", "1795417401.00", client);
    fake_expect_page(f, "tabs?full=1&sort=oldest&limit=1000", "1795417402.00", tabs);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    assert_string_equal(fake_words(f), "");
    fake_expect(f, FAKE_GET "info/collections", 304, NULL);
    fake_pull_ends(f, HEARTH_ACCOUNT_OK, "");
    fake_expect_info(f, "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417409,"
                        "\"tabs\":1795417402.0}");
    fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000", "1795417409.00", "7\n");
    fake_pull_ends(
        f, HEARTH_ACCOUNT_ERROR,
        "Of 1 record of devices, 1 arrived damaged, so that nobody can say which they are");
    assert_null(strstr(f->events, "begin clients"));
    fake_destroy(f);
}

/* A device that nobody recognises must not hold up the others for as long as it is there. */
static void test_device_without_id(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    const char *info = "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":%d}";
    char *client = fake_bso(f, &fake_bulk_key, "dev1", "1795417401",
                            "{\"id\":\"dev1\",\"name\":\"Laptop\",\"type\":\"desktop\"}");
    fake_expect_start(f, fake_text(f, info, 1795417401));
    for (int round = 0; round < 6; round++) {
        bool sound = round == 5;
        if (round > 0)
            fake_expect_info(f, fake_text(f, info, 1795417401 + round));
        fake_expect_page(f, "clients?full=1&sort=oldest&limit=1000",
                         fake_text(f, "%d.00", 1795417401 + round),
                         fake_text(f, "%s%s", client, sound ? "" : "7\n"));
        fake_pull_ends(f, round < 3 ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK,
                       round < 3 ? "nobody can say which they are" : "");
        assert_int_equal(strstr(f->events, "begin clients incremental\ndamaged - ") != NULL,
                         round == 3 || round == 4);
        assert_int_equal(strstr(f->events, "begin clients complete\ndevice dev1") != NULL, sound);
    }
    fake_destroy(f);
}

/* A server that has no answer to `?ids=` costs only that: everything else is stored, and it is
 * asked more and more rarely. */
static void test_refused_questions(void **state)
{
    (void)state;
    static const struct {
        int status, state;
        const char *headers[2], *body;
    } rows[] = {
        {400, HEARTH_ACCOUNT_OK, {NULL, NULL}, "8"},
        {414, HEARTH_ACCOUNT_OK, {NULL, NULL}, "<html>"},
        {500, HEARTH_ACCOUNT_ERROR, {NULL, NULL}, "<html>"},
        {200, HEARTH_ACCOUNT_ERROR, {"content-type: text/html", NULL}, "<html>"},
        {200,
         HEARTH_ACCOUNT_ERROR,
         {"content-type: application/newlines", "x-last-modified: 1600000000.00"},
         ""},
        {200,
         HEARTH_ACCOUNT_OK,
         {"content-type: application/newlines", "x-last-modified: 1795417409.50"},
         ""}, /* says nothing of how many */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fx_failed_list failed = {0};
        struct fake *f = fake_create();
        fake_first_pull(f);
        for (int round = 0; round < 5; round++) {
            int bookmarks = 1795417410 + 2 * round, history = bookmarks + 1,
                since = round == 0 ? 0 : bookmarks - 2;
            const char *list =
                since == 0
                    ? "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000"
                    : fake_text(f, "bookmarks?full=1&newer=%d.00&sort=oldest&limit=1000", since);
            const char *pages =
                since == 0
                    ? "history?full=1&newer=1795417404.04&sort=oldest&limit=1000"
                    : fake_text(f, "history?full=1&newer=%d.00&sort=oldest&limit=1000", since + 1);
            fake_expect_info(f, fake_text(f,
                                          "{\"meta\":1795417400.10,\"crypto\":1795417400.20,"
                                          "\"clients\":1795417401.00,\"tabs\":1795417402.00,"
                                          "\"bookmarks\":%d.00,\"history\":%d.00}",
                                          bookmarks, history));
            fake_expect_page(f, list, fake_text(f, "%d.00", bookmarks),
                             round == 0
                                 ? "{\"id\":\"b7\",\"modified\":1795417410.00,\"payload\":\"\"}\n"
                                 : bookmark(f, &fake_bulk_key, 1));
            fake_expect_page(f, pages, fake_text(f, "%d.00", history), "");
            if (round > 0 && round < 4) { /* tried thrice; then after an hour */
                struct fake_step *step = fake_expect(f, FAKE_GET "storage/bookmarks?full=1&ids=b7",
                                                     rows[i].status, rows[i].body);
                step->headers[0] = rows[i].headers[0];
                step->headers[1] = rows[i].headers[1];
                if (i == 5)
                    step->headers[1] = fake_text(f, "x-last-modified: %d.00", bookmarks);
            }
            fake_pull_ends(f, round == 0 || round == 4 ? HEARTH_ACCOUNT_OK : rows[i].state, "");
            assert_non_null(
                strstr(f->cursors[HEARTH_BOOKMARKS], fake_text(f, "\"lm\":%d00,", bookmarks)));
            assert_non_null(
                strstr(f->cursors[HEARTH_HISTORY], fake_text(f, "\"lm\":%d00,", history)));
            assert_int_equal(failed_in(f->cursors[HEARTH_BOOKMARKS], &failed), 1);
            assert_int_equal(failed.items[0].tries, round < 4 ? round + 1 : 4);
        }
        fx_failed_fini(&failed);
        fake_destroy(f);
    }
}

/* Offsets that lead in a circle come to an end. */
static void test_offsets_in_a_circle(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    expect_start(f);
    static const char *const next[] = {"a", "b", "c", "a", "b", "c", "a"};
    for (int i = 0; i < 7; i++)
        fake_expect_page(f, i == 0 ? LIST : fake_text(f, LIST "&offset=%s", next[i - 1]),
                         "1795417403.50", bookmark(f, &fake_bulk_key, i))
            ->headers[2] = fake_text(f, "x-weave-next-offset: %s", next[i]);
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "pages of bookmarks do not come to an end");
    assert_null(strstr(f->events, "commit bookmarks\n"));
    fake_destroy(f);
}

/* As many records as ids, and yet one is missing: the pages overlap. */
static void test_pages_that_overlap(void **state)
{
    (void)state;
    for (int missing = 0; missing < 2; missing++) {
        struct fake *f = fake_create();
        expect_start(f);
        fake_expect_page(
            f, LIST, "1795417403.50",
            fake_text(f, "%s%s", bookmark(f, &fake_bulk_key, 1), bookmark(f, &fake_bulk_key, 2)))
            ->headers[2] = "x-weave-next-offset: 2";
        fake_expect_page(
            f, LIST "&offset=2", "1795417403.50",
            fake_text(f, "%s%s", bookmark(f, &fake_bulk_key, 2), bookmark(f, &fake_bulk_key, 4)));
        fake_expect_page(f, "bookmarks", "1795417403.50",
                         missing ? "\"b1\"\n\"b2\"\n\"b3\"\n\"b4\"\n"
                                 : "\"b1\"\n\"\\u00622\"\n\"b4\"\n");
        fake_pull_ends(f, missing ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK,
                       missing ? "has 4 records of bookmarks, and its pages brought 3 of them"
                               : "");
        assert_int_equal(strstr(f->events, "commit bookmarks\n") == NULL, missing);
        fake_destroy(f);
    }
}

/* crypto/keys could be opened, nobody has written it since, and now it cannot: that is not
 * another password. */
static void test_damaged_keys(void **state)
{
    (void)state;
    for (int written = 0; written < 2; written++) {
        struct fake *f = fake_create();
        const char *bad = fake_keys_bso(f, &fake_other_key, &fake_bulk_key, "1795417400.20");
        fake_first_pull(f);
        fake_expect_info(f, fake_text(f,
                                      "{\"meta\":1795417400.10,\"crypto\":1795417400.%d,"
                                      "\"clients\":1795417401.00,\"tabs\":1795417402.00,"
                                      "\"bookmarks\":1795417409.50,\"history\":1795417404.04}",
                                      written ? 21 : 20));
        if (!written)
            fake_expect_page(f, "bookmarks?full=1&newer=1795417403.50&sort=oldest&limit=1000",
                             "1795417409.50", bookmark(f, &fake_other_key, 1));
        fake_expect(f, FAKE_GET "storage/crypto/keys", 200, bad);
        fake_expect(f, FAKE_GET "storage/crypto/keys", 200, bad);
        fake_expect_token(f);
        fake_pull_ends(f, written ? HEARTH_ACCOUNT_SIGNIN_NEEDED : HEARTH_ACCOUNT_ERROR,
                       written ? "Sign in again" : "crypto/keys on the Sync server is damaged");
        assert_int_equal(f->result.passing, !written);
        fake_destroy(f);
    }
}

static void test_list_of_ids(void **state)
{
    (void)state;
    struct fx_failed_list list = {0}, again = {0};
    char id[16], *text = malloc(FX_FAILED_TEXT), *second = malloc(FX_FAILED_TEXT);
    for (int i = 0; i < FX_FAILED_MAX + 7; i++) {
        snprintf(id, sizeof(id), "abcdefgh%04d", i);
        assert_int_equal(fx_failed_add(&list, id, 1795417500), 0);
    }
    assert_int_equal(list.count, FX_FAILED_MAX);
    assert_int_equal(list.more, 7);
    fx_failed_format(&list, text);
    assert_int_equal(fx_failed_parse(&again, text, strlen(text)), 0);
    assert_int_equal(again.count, FX_FAILED_MAX);
    fx_failed_format(&again, second);
    assert_string_equal(text, second);
    fx_failed_fini(&list);
    char long_id[FX_ID_MAX]; /* the longest, all of it escaped: fewer have room */
    for (int i = 0; i < FX_FAILED_MAX; i++) {
        memset(long_id, ' ', sizeof(long_id) - 1);
        long_id[sizeof(long_id) - 1] = '\0';
        snprintf(id, sizeof(id), "%d", i);
        memcpy(long_id, id, strlen(id));
        assert_int_equal(fx_failed_add(&list, long_id, 1795417500), 0);
    }
    assert_true(list.more > 0 && list.count > 100);
    fx_failed_format(&list, text);
    assert_int_equal(fx_failed_parse(&again, text, strlen(text)), 0);
    assert_int_equal(again.count, list.count);
    fx_failed_fini(&list);
    /* `?ids=a%2Cb` asks for a and for b */
    assert_int_equal(fx_failed_add(&list, "a,b", 1795417500), 0);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.more, 1);
    static const char *const bad[] = {
        "a", "a:",          "a:1",    "a:1:",   "a:0:0",   ":1:0",         "a:1:0,", "a:1:0,,",
        ",", "a:1:0,a:2:0", "a:1:0;", "a:-1:0", "%00:1:0", "a:99999999:0", "%0a:1:0"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(fx_failed_parse(&again, bad[i], strlen(bad[i])), HEARTH_ERR_INVALID);
    struct fx_collection_cursor cursor;
    assert_int_equal(
        fx_collection_cursor_parse_failed(
            "{\"v\":1,\"lm\":1,\"sync_id\":\"\",\"version\":1,\"key\":\"\",\"failed\":\"x\"}",
            &cursor, &again),
        0);
    assert_false(cursor.present);
    /* A clock that was wrong does not keep an id waiting for ever. */
    struct fx_failed early = {.due = 1795417500 + 3600}, never = {.due = 1795417500 + 90000};
    assert_false(fx_failed_is_due(&early, 1795417500));
    assert_true(fx_failed_is_due(&never, 1795417500));
    fx_failed_fini(&list);
    fx_failed_fini(&again);
    free(text);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remembered_and_healed),
        cmocka_unit_test(test_asked_for_more_and_more_rarely),
        cmocka_unit_test(test_incremental_damage),
        cmocka_unit_test(test_much_damage),
        cmocka_unit_test(test_damage_without_id),
        cmocka_unit_test(test_answers_that_cannot_be),
        cmocka_unit_test(test_offset_that_skips),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_device_without_id),
        cmocka_unit_test(test_refused_questions),
        cmocka_unit_test(test_offsets_in_a_circle),
        cmocka_unit_test(test_pages_that_overlap),
        cmocka_unit_test(test_damaged_keys),
        cmocka_unit_test(test_list_of_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
