/* Pages that are asked for while the one before is read: the same comes of it as without, whatever
 * the answer is. The steps of a script are in the order in which requests are sent. */
#include "fake.h"
#include "fx.h"

#include <stdio.h>
#include <string.h>

#define HISTORY "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"history\":1795417404.04}"
#define PAGES   "history?full=1&sort=oldest&limit=50"

static struct fake *make(void)
{
    struct fake *f = fake_create_with("page_size", "50");
    f->ahead = true;
    fake_expect_start(f, HISTORY);
    return f;
}

static char *tombstone(struct fake *f, const char *id)
{
    return fake_bso(f, &fake_bulk_key, id, "1795417404.01",
                    fake_text(f, "{\"id\":\"%s\",\"deleted\":true}", id));
}

/* A page with one record; next: NULL: the last. */
static struct fake_step *page(struct fake *f, const char *offset, const char *id, const char *next)
{
    struct fake_step *step = fake_expect_page(f, fake_text(f, PAGES "%s", offset), "1795417404.04",
                                              id == NULL ? "" : tombstone(f, id));
    if (next != NULL)
        step->headers[2] = fake_text(f, "x-weave-next-offset: %s", next);
    if (offset[0] != '\0')
        step->wants[1] = "x-if-unmodified-since: 1795417404.04";
    return step;
}

static struct fake_step *list(struct fake *f, const char *ids)
{
    struct fake_step *step = fake_expect_page(f, "history", "1795417404.04", ids);
    step->wants[1] = "x-if-unmodified-since: 1795417404.04";
    return step;
}

#define READ                                                                                       \
    "mark account\nbegin clients incremental\ncommit clients\nmark tabs\nmark bookmarks\n"         \
    "begin history complete\nremoved p1 1795417404010\nremoved p2 1795417404010\n"
#define READ_AND_STORED READ "commit history\nmark account\n"

static struct fake *asked;

static void note_under_way(void)
{
    /* The page before is still to be read: what it brings is not in the sink. */
    const char *before = asked->next == asked->step_count ? "removed p2" : "removed p1";
    assert_null(strstr(asked->events, before));
}

static void test_two_pages(void **state)
{
    (void)state;
    struct fake *f = asked = make();
    page(f, "", "p1", "1");
    page(f, "&offset=1", "p2", NULL)->before = note_under_way;
    list(f, "\"p1\"\n\"p2\"\n")->before = note_under_way;
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(f->events, READ_AND_STORED);
    assert_int_equal(f->result.requests, 8);
    assert_int_equal(f->cancelled, 0);
    fake_destroy(f);
}

/* Somebody wrote meanwhile: read anew, and the page ahead is not used. */
static void test_written_meanwhile(void **state)
{
    (void)state;
    struct fake *f = make();
    page(f, "", "p0", "1");
    page(f, "&offset=1", NULL, NULL)->status = 412;
    page(f, "", "p1", "1");
    page(f, "&offset=1", "p2", NULL);
    list(f, "\"p1\"\n\"p2\"\n");
    assert_int_equal(fake_pull(f), 0);
    assert_non_null(strstr(f->events, "removed p0 1795417404010\nrestart\nremoved p1"));
    assert_non_null(strstr(f->events, "commit history"));
    assert_int_equal(f->cancelled, 0);
    fake_destroy(f);
}

/* What was sent ahead is refused: it is signed again in its turn. */
static void test_refused(void **state)
{
    (void)state;
    struct fake *f = make();
    page(f, "", "p1", "1");
    struct fake_step *refused = page(f, "&offset=1", NULL, NULL);
    refused->status = 401;
    refused->headers[0] = "content-type: application/json";
    fake_expect_token(f);
    page(f, "&offset=1", "p2", NULL);
    list(f, "\"p1\"\n\"p2\"\n");
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(f->events, READ_AND_STORED);
    fake_destroy(f);
}

/* No answer in time, because the page before took long: asked for again, once. */
static void test_too_late(void **state)
{
    (void)state;
    struct fake *f = make();
    page(f, "", "p1", "1");
    page(f, "&offset=1", NULL, NULL)->status = HEARTH_ERR_TIMEOUT;
    page(f, "&offset=1", "p2", NULL);
    list(f, "\"p1\"\n\"p2\"\n");
    assert_int_equal(fake_pull(f), 0);
    assert_string_equal(f->events, READ_AND_STORED);
    fake_destroy(f);
    f = make();
    page(f, "", "p1", "1");
    page(f, "&offset=1", NULL, NULL)->status = HEARTH_ERR_TIMEOUT;
    page(f, "&offset=1", NULL, NULL)->status = HEARTH_ERR_TIMEOUT;
    assert_int_equal(fake_pull(f), HEARTH_ERR_TIMEOUT);
    assert_null(strstr(f->events, "commit history"));
    assert_true(f->result.passing);
    fake_destroy(f);
}

/* The page that is read turns out to be wrong: the one ahead is cancelled. */
static void test_page_before_is_cut(void **state)
{
    (void)state;
    struct fake *f = make();
    struct fake_step *cut = page(f, "", "p1", "1");
    cut->headers[3] = "x-weave-records: 2";
    page(f, "&offset=1", "p2", NULL);
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.state, HEARTH_ACCOUNT_ERROR);
    assert_null(strstr(f->events, "commit history"));
    assert_int_equal(f->cancelled, 1);
    fake_destroy(f);
}

static void stop_now(void)
{
    asked->stop = true;
}

static void test_interrupt(void **state)
{
    (void)state;
    struct fake *f = asked = make();
    page(f, "", "p1", "1");
    page(f, "&offset=1", "p2", NULL)->before = stop_now;
    assert_int_equal(fake_pull(f), HEARTH_ERR_CANCELLED);
    assert_null(strstr(f->events, "commit history"));
    assert_int_equal(f->cancelled, 1);
    fake_destroy(f);
}

/* The key is another one, as the records say: crypto/keys is looked at, and what was asked ahead
 * was in vain. */
static void test_other_key(void **state)
{
    (void)state;
    struct fake *f = make();
    struct fake_step *wrong = page(f, "", NULL, "1");
    wrong->body = fake_bso(f, &fake_other_key, "p1", "1795417404.01", "{\"id\":\"p1\"}");
    page(f, "&offset=1", "p2", NULL);
    fake_expect(f, FAKE_GET "storage/crypto/keys", 200,
                fake_keys_bso(f, &fake_sync_key, &fake_other_key, "1795417400.20"))
        ->headers[0] = "content-type: application/json";
    wrong = page(f, "", NULL, NULL);
    wrong->body =
        fake_bso(f, &fake_other_key, "p1", "1795417404.01", "{\"id\":\"p1\",\"deleted\":true}");
    assert_int_equal(fake_pull(f), 0);
    assert_non_null(strstr(f->events, "removed p1 1795417404010\ncommit history"));
    assert_int_equal(f->cancelled, 1);
    fake_destroy(f);
}

/* Offsets in a circle are not followed ahead either. */
static void test_circle(void **state)
{
    (void)state;
    struct fake *f = make();
    page(f, "", "p1", "1");
    page(f, "&offset=1", "p2", "1");
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.state, HEARTH_ACCOUNT_ERROR);
    assert_int_equal(f->cancelled, 0);
    fake_destroy(f);
}

/* Enough records for threads: the sink gets them in the order of the pages. */
static void test_many(void **state)
{
    (void)state;
    enum { PAGE = 300, ALL = 4 * PAGE };
    struct fake *f = make();
    char *ids = fake_alloc(f, ALL * 12), *expected = fake_alloc(f, FAKE_LOG);
    size_t used = 0, listed = 0;
    for (int p = 0; p < 4; p++) {
        struct support_buf body = {0};
        for (int i = p * PAGE; i < (p + 1) * PAGE; i++) {
            char id[16];
            snprintf(id, sizeof(id), "p%d", i);
            const char *line = tombstone(f, id);
            assert_int_equal(support_buf_append(&body, line, strlen(line)), 0);
            used += (size_t)snprintf(expected + used, FAKE_LOG - used, "removed %s 1795417404010\n",
                                     id);
            listed += (size_t)snprintf(ids + listed, 12, "\"%s\"\n", id);
        }
        assert_int_equal(support_buf_append(&body, "", 1), 0);
        const char *offset = p == 0 ? "" : fake_text(f, "&offset=%d", p);
        char next[8];
        snprintf(next, sizeof(next), "%d", p + 1);
        struct fake_step *step = page(f, offset, NULL, p == 3 ? NULL : next);
        step->body = fake_text(f, "%s", body.data);
        step->chunk = 5000;
        support_buf_fini(&body);
    }
    list(f, ids);
    assert_int_equal(fake_pull(f), 0);
    assert_non_null(strstr(f->events, expected));
    assert_int_equal(f->result.records, ALL);
    fake_destroy(f);
}

/* As many records as were asked for, fast: twice as many from the page after the next on. */
static struct fake_step *full_page(struct fake *f, const char *query, int from, int count,
                                   const char *next)
{
    struct support_buf body = {0};
    for (int i = from; i < from + count; i++) {
        const char *line = tombstone(f, fake_text(f, "p%d", i));
        assert_int_equal(support_buf_append(&body, line, strlen(line)), 0);
    }
    assert_int_equal(support_buf_append(&body, "", 1), 0);
    struct fake_step *step =
        fake_expect_page(f, fake_text(f, "history?full=1&sort=oldest&limit=%s", query),
                         "1795417404.04", fake_text(f, "%s", body.data));
    step->headers[2] = fake_text(f, "x-weave-records: %d", count);
    if (next != NULL)
        step->headers[3] = fake_text(f, "x-weave-next-offset: %s", next);
    support_buf_fini(&body);
    return step;
}

static void later(void)
{
    asked->monotonic += 20000;
}

static void test_page_sizes(void **state)
{
    (void)state;
    struct fake *f = asked = make();
    char *ids = fake_alloc(f, 12000);
    size_t used = 0;
    full_page(f, "50", 0, 50, "1");
    full_page(f, "50&offset=1", 50, 50, "2");
    full_page(f, "100&offset=2", 100, 100, "3");
    full_page(f, "200&offset=3", 200, 150, "4"); /* it does not give so many */
    full_page(f, "200&offset=4", 350, 200, "5");
    full_page(f, "400&offset=5", 550, 10, "6")->before = later; /* while page 5 is read */
    full_page(f, "200&offset=6", 560, 10, NULL);
    for (int i = 0; i < 570; i++)
        used += (size_t)snprintf(ids + used, 12000 - used, "\"p%d\"\n", i);
    list(f, ids);
    assert_int_equal(fake_pull(f), 0);
    assert_int_equal(f->result.records, 570);
    assert_non_null(strstr(f->events, "removed p569 1795417404010\ncommit history"));
    fake_destroy(f);
}

/* One page with as many records as were asked for, and nothing said of another one: whatever lost
 * X-Weave-Next-Offset on the way, the list of ids shows it. */
static void test_lost_offset(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        struct fake *f = make();
        char *ids = fake_alloc(f, 1000);
        size_t used = 0;
        full_page(f, "50", 0, 50, NULL);
        for (int i = 0; i < 50 + lost; i++)
            used += (size_t)snprintf(ids + used, 1000 - used, "\"p%d\"\n", i);
        list(f, ids);
        fake_pull_ends(f, lost ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK,
                       lost ? "has 51 records of history, and its pages brought 50 of them" : "");
        assert_int_equal(strstr(f->events, "commit history\n") == NULL, lost);
        fake_destroy(f);
    }
}

/* Offsets that lead on for ever, to pages that are empty or have come: not for ever. */
static void test_pages_without_end(void **state)
{
    (void)state;
    enum { ASKED = 100, START = 5 };
    for (int empty = 0; empty < 2; empty++) {
        struct fake *f = make();
        for (int i = 0; i < (empty ? ASKED : ASKED + 1); i++)
            page(f, i == 0 ? "" : fake_text(f, "&offset=%d", i), empty ? NULL : "p1",
                 fake_text(f, "%d", i + 1));
        /* sent with the head of the last */
        page(f, fake_text(f, "&offset=%d", empty ? ASKED : ASKED + 1), NULL, NULL);
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "pages of history do not come to an end");
        assert_null(strstr(f->events, "commit history"));
        assert_int_equal(f->cancelled, 1);
        fake_destroy(f);
    }
}

/* What was sent ahead went to the server of before: its answer is nobody's any more. */
static void test_other_endpoint(void **state)
{
    (void)state;
    static const char PATH[] = "storage/history?full=1";
    for (int moved = 0; moved < 2; moved++) {
        struct fake *f = fake_create();
        struct fx_pull *p = fake_alloc(f, sizeof(*p));
        struct hearth_pull_result result = {.struct_size = sizeof(result)};
        struct fx_get get = {.path = PATH};
        struct fx_answer answer;
        f->ahead = true;
        p->fx = f->self;
        p->handle = f->handle;
        p->call = &f->call;
        p->host = &f->host;
        p->result = &result;
        p->sender = f->host.extension(&f->host, HEARTH_HOST_AHEAD);
        snprintf(p->state.endpoint, sizeof(p->state.endpoint), "%s", FAKE_NODE);
        snprintf(p->state.hawk_id, sizeof(p->state.hawk_id), "hawk-1");
        snprintf(p->state.hawk_key, sizeof(p->state.hawk_key), "key-1");
        p->state.hawk_until = INT64_MAX;
        fake_expect(f, fake_text(f, FAKE_GET "%s", PATH), moved ? 200 : 404, "");
        fx_storage_ahead(p, &get);
        if (moved) {
            snprintf(p->state.endpoint, sizeof(p->state.endpoint), "https://other.example/1.5/7");
            fake_expect(f, fake_text(f, "GET https://other.example/1.5/7/%s", PATH), 404, "");
        }
        get.may_be_missing = true;
        assert_int_equal(fx_storage_get(p, &get, &answer), FX_MISSING); /* what is there now */
        assert_int_equal(f->cancelled, moved);
        fake_destroy(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_pages),
        cmocka_unit_test(test_written_meanwhile),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_page_before_is_cut),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_other_key),
        cmocka_unit_test(test_circle),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_page_sizes),
        cmocka_unit_test(test_lost_offset),
        cmocka_unit_test(test_pages_without_end),
        cmocka_unit_test(test_other_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
