/* What several threads decode is what one does, in the same order; and the trees they parse. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "record.h"

enum { DISTINCT = 40, LINES = 3000, WIDE = 300000 };

/* What was handed over, a line each. */
struct taken {
    struct support_buf text;
    int count, fail_at;
};

static int take_decoded(void *ctx, const struct fx_decoded *decoded)
{
    struct taken *taken = ctx;
    char line[400];
    assert_true(taken->fail_at == 0 || taken->count < taken->fail_at);
    int size =
        snprintf(line, sizeof(line), "%lld %s %d %d %s %.60s %d %s\n", (long long)decoded->modified,
                 decoded->id, (int)decoded->status, decoded->verdict, decoded->other_id,
                 decoded->page == NULL ? "-" : decoded->page->url,
                 decoded->page == NULL ? 0 : (int)decoded->page->visit_count,
                 decoded->removed       ? "removed"
                 : decoded->why == NULL ? ""
                                        : decoded->why);
    assert_int_equal(support_buf_append(&taken->text, line, (size_t)size), 0);
    return ++taken->count == taken->fail_at ? HEARTH_ERR_IO : 0;
}

/* Sound ones, tombstones, damaged ones of each kind, in turn. Without the time. */
struct samples {
    struct fake *f;
    const char *payload[DISTINCT];
    char id[DISTINCT][16];
};

static void make_samples(struct samples *s)
{
    static const char *const forms[] = {
        ("{\"id\":\"%s\",\"histUri\":\"https://%s.example/\",\"title\":\"t\\u00fc\",\"visits\":"
         "[{\"date\":1700000000000000,\"type\":1},{\"date\":1700000001000000,\"type\":2}]}"),
        "{\"id\":\"%s\",\"deleted\":true,\"x\":\"%s\"}",
        "{\"id\":\"%s\",\"title\":\"%s\"}",
        "{\"id\":\"%s\",\"histUri\":\"about:%s\"}",
        "{\"id\":\"%.2s\",\"histUri\":\"https://%s/\"}",
        "{\"id\":\"%s\", %s",
    };
    s->f = fake_create();
    for (int i = 0; i < DISTINCT; i++) {
        char clear[400];
        snprintf(s->id[i], sizeof(s->id[i]), "record%06d", i);
        snprintf(clear, sizeof(clear), forms[i % 6], s->id[i], s->id[i]);
        s->payload[i] =
            fake_bso(s->f, i % 11 == 10 ? &fake_other_key : &fake_bulk_key, s->id[i], "0", clear);
        s->payload[i] = strstr(s->payload[i], ",\"sortindex\"");
    }
}

static int feed_line(struct fx_decode *decode, const struct samples *s, int i)
{
    char line[2000];
    int n = i % DISTINCT;
    if (i % 97 == 96)
        return fx_decode_line(decode, NULL, 0, "{\"id\":\"huge\",", 13);
    int size = snprintf(line, sizeof(line), "{\"id\":\"%s\",\"modified\":%d%s", s->id[n], i,
                        s->payload[n]);
    return fx_decode_line(decode, line, (size_t)size - (i % 89 == 88 ? 20 : 1), "", 0);
}

static struct fx_decode *make_decode(struct taken *taken, int threads)
{
    const struct fx_decode_options options = {.key = &fake_bulk_key,
                                              .translate = fx_record_history,
                                              .now = 1795417500000,
                                              .threads = threads,
                                              .on_decoded = take_decoded,
                                              .ctx = taken};
    struct fx_decode *decode = fx_decode_create(&options);
    assert_non_null(decode);
    return decode;
}

static void test_order(void **state)
{
    (void)state;
    struct samples s;
    struct taken expected = {.count = 0};
    make_samples(&s);
    for (int threads = 0; threads <= FX_DECODE_THREADS_MAX; threads += threads + 1) {
        struct taken taken = {.count = 0};
        struct fx_decode *decode = make_decode(&taken, threads);
        for (int i = 0; i < LINES; i++) {
            assert_int_equal(feed_line(decode, &s, i), 0);
            if (i % 1000 == 999) { /* the end of a page: all of it is through */
                assert_int_equal(fx_decode_drain(decode), 0);
                assert_int_equal(taken.count, i + 1);
            }
        }
        fx_decode_destroy(decode);
        assert_int_equal(taken.count, LINES);
        if (threads == 0) {
            expected = taken;
            continue;
        }
        assert_int_equal(taken.text.size, expected.text.size);
        assert_memory_equal(taken.text.data, expected.text.data, taken.text.size);
        support_buf_fini(&taken.text);
    }
    support_buf_fini(&expected.text);
    fake_destroy(s.f);
}

/* Nothing is handed over behind an error, until what came is forgotten. */
static void test_error(void **state)
{
    (void)state;
    struct samples s;
    make_samples(&s);
    for (int threads = 0; threads <= 2; threads += 2)
        for (int fail_at = 100; fail_at < LINES; fail_at += 900) {
            struct taken taken = {.fail_at = fail_at};
            struct fx_decode *decode = make_decode(&taken, threads);
            int r = 0, i = 0;
            for (; r == 0 && i < LINES; i++)
                r = feed_line(decode, &s, i);
            assert_int_equal(r == 0 ? fx_decode_drain(decode) : r, HEARTH_ERR_IO);
            assert_int_equal(taken.count, fail_at);
            assert_int_equal(feed_line(decode, &s, i), HEARTH_ERR_IO);
            fx_decode_drop(decode);
            taken.fail_at = 0;
            assert_int_equal(feed_line(decode, &s, 0), 0);
            assert_int_equal(fx_decode_drain(decode), 0);
            assert_int_equal(taken.count, fail_at + 1);
            fx_decode_destroy(decode);
            support_buf_fini(&taken.text);
        }
    fake_destroy(s.f);
}

/* An interrupt: what is under way is dropped, with the threads. */
static void test_end_in_the_middle(void **state)
{
    (void)state;
    struct samples s;
    make_samples(&s);
    for (int lines = 200; lines < LINES; lines += 150) {
        struct taken taken = {.count = 0};
        struct fx_decode *decode = make_decode(&taken, 3);
        for (int i = 0; i < lines; i++)
            assert_int_equal(feed_line(decode, &s, i), 0);
        if (lines % 300 == 200)
            fx_decode_drop(decode);
        int count = taken.count;
        fx_decode_destroy(decode);
        assert_int_equal(taken.count, count);
        support_buf_fini(&taken.text);
    }
    fake_destroy(s.f);
}

/* One that is larger than what all threads have together keeps its place. */
static void test_wide_line(void **state)
{
    (void)state;
    struct samples s;
    struct taken taken = {.count = 0};
    make_samples(&s);
    struct fx_decode *decode = make_decode(&taken, 2);
    char *clear = fake_alloc(s.f, WIDE + 200);
    int size = snprintf(clear, 200,
                        "{\"id\":\"wide\",\"histUri\":\"https://wide/\",\"visits\":[{"
                        "\"date\":1,\"type\":1}],\"x\":\"");
    memset(clear + size, 'x', WIDE);
    snprintf(clear + size + WIDE, 4, "\"}");
    const char *line = fake_bso(s.f, &fake_bulk_key, "wide", "7", clear);
    for (int i = 0; i < 500; i++)
        assert_int_equal(i == 400 ? fx_decode_line(decode, line, strlen(line) - 1, "", 0)
                                  : feed_line(decode, &s, i),
                         0);
    assert_int_equal(fx_decode_drain(decode), 0);
    assert_int_equal(taken.count, 500);
    int n = 0;
    for (const char *at = taken.text.data; n < 400; n++)
        at = strchr(at, '\n') + 1, size = (int)(at - taken.text.data);
    assert_memory_equal(taken.text.data + size, "7000 wide 0 0  https://wide/ 1 ", 31);
    fx_decode_destroy(decode);
    support_buf_fini(&taken.text);
    fake_destroy(s.f);
}

/* --- trees --- */

static const struct fx_json *parse(struct fx_arena *arena, const char *text, int wanted)
{
    struct fx_json *json = NULL;
    char *copy = fx_arena_copy(arena, text, strlen(text));
    assert_int_equal(fx_json_parse(arena, copy, strlen(text), &json), wanted);
    return json;
}

static void test_tree(void **state)
{
    (void)state;
    struct fx_arena arena = {0};
    const struct fx_json *json =
        parse(&arena,
              " {\"a\": \"x\\\"\\u00fc\\ud83d\\ude00\\u0000\", \"b\":[1, -2.5, [], {}, true, null],"
              "\"a\\u0062\" :9223372036854775807,\"n\":9223372036854775808, \"b2\":1e3}",
              0);
    assert_string_equal(fx_json_text(fx_json_get(json, "a")), "x\"ü😀\xef\xbf\xbd");
    const struct fx_json *list = fx_json_get(json, "b");
    assert_int_equal(fx_json_count(list), 6);
    assert_int_equal(fx_json_at(list, 0)->integer, 1);
    assert_false(fx_json_at(list, 1)->whole);
    assert_true(fx_json_at(list, 1)->real < -2.4);
    assert_int_equal(fx_json_count(fx_json_at(list, 2)), 0);
    assert_null(fx_json_first(fx_json_at(list, 3)));
    assert_true(fx_json_is_true(fx_json_at(list, 4)));
    assert_false(fx_json_is_true(fx_json_at(list, 5)));
    assert_null(fx_json_at(list, 6));
    assert_true(fx_json_get(json, "ab")->integer == INT64_MAX);
    assert_false(fx_json_get(json, "n")->whole);
    assert_null(fx_json_get(json, "B"));
    assert_null(fx_json_get(list, "a"));
    assert_null(fx_json_get(NULL, "a"));
    struct fx_arena other = {0};
    const struct fx_json *copy = fx_json_copy(&other, json);
    fx_arena_fini(&arena);
    assert_int_equal(fx_json_at(fx_json_get(copy, "b"), 0)->integer, 1);
    assert_string_equal(fx_json_first(copy)->key, "a");
    fx_arena_fini(&other);
    static const char *const wrong[] = {"{\"a\":.5}",   "{\"a\":01}", "{\"a\"}",      "{} x", "5",
                                        "{\"a\":[1,]}", "[\"\n\"]",   "[\"\\ud83\"]", ""};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        parse(&arena, wrong[i], HEARTH_ERR_INVALID);
    fx_arena_fini(&arena);
}

/* Of members with one key the last counts, in small objects and in those that are searched by
 * halving. */
static void test_members(void **state)
{
    (void)state;
    for (int members = 1; members < 200; members += 13) {
        struct fx_arena arena = {0};
        char text[8000];
        int size = snprintf(text, sizeof(text), "{\"twice\":-1");
        for (int i = 0; i < members; i++)
            size += snprintf(text + size, sizeof(text) - (size_t)size,
                             ",\"key %d\":%d,\"twice\":%d", i * 7919 % members, i, i);
        snprintf(text + size, sizeof(text) - (size_t)size, "}");
        const struct fx_json *json = parse(&arena, text, 0);
        int count = 0;
        for (const struct fx_json *at = fx_json_first(json); at != NULL; at = at->next, count++)
            assert_ptr_equal(fx_json_get(json, at->key), at);
        assert_int_equal(fx_json_get(json, "twice")->integer, members - 1);
        assert_true(count == members + 1 || members % 7919 == 0);
        assert_null(fx_json_get(json, "key"));
        fx_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_end_in_the_middle),
        cmocka_unit_test(test_wide_line),
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
