/* The small parts of sync-fx: timestamps, codecs, text, JSON, Hawk, headers, cursors, cache. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cache.h"
#include "codec/codec.h"
#include "cursors.h"
#include "hawk.h"
#include "jose/jose.h"
#include "json_scan.h"
#include "newlines.h"
#include "text.h"
#include "timestamp.h"
#include "url.h"

static void test_timestamps(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value; /* -1: invalid */
    } cases[] = {{"1700000001", 170000000100},
                 {"1700000001.2", 170000000120},
                 {"1700000001.23", 170000000123},
                 {"1700000001.02", 170000000102},
                 {"0", 0},
                 {"0.01", 1},
                 {"", -1},
                 {".5", -1},
                 {"1.", -1},
                 {"1.234", 123},
                 {"1.235", 124},
                 {"1795906000.0199999", 179590600002},
                 {"1795906000.995000000000000000000000001", 179590600100},
                 {"1.79e9", 179000000000},
                 {"1e3", 100000},
                 {"1E+3", 100000},
                 {"17959060000e-1", 179590600000},
                 {"5e-10", 0},
                 {"5e-99999999999999999999", 0},
                 {"0e99999999999999999999", 0},
                 {"1e99999999999999999999", 9999999999999999},
                 {"0.000000000000000000000000000000000001795906e45", 179590600000},
                 {"1795906000000000000000000000000e-21", 179590600000},
                 {"-0", 0},
                 {"-1", 0},
                 {"-1e300", 0},
                 {"+1", -1},
                 {"--1", -1},
                 {"-", -1},
                 {"1e", -1},
                 {"1e+", -1},
                 {"1e1.5", -1},
                 {"1.2.3", -1},
                 {"e9", -1},
                 {" 1", -1},
                 {"1 ", -1},
                 {"1.2x", -1},
                 {"1,2", -1},
                 {"0x10", -1},
                 {"NaN", -1},
                 {"99999999999999.99", 9999999999999999},
                 {"999999999999999", 9999999999999999}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = -1;
        int r = fx_timestamp_parse(cases[i].text, strlen(cases[i].text), &value);
        assert_int_equal(r, cases[i].value < 0 ? HEARTH_ERR_INVALID : 0);
        assert_int_equal(value, cases[i].value);
    }
    char text[FX_TIMESTAMP_TEXT];
    fx_timestamp_print(170000000102, text);
    assert_string_equal(text, "1700000001.02");
    /* Every hundredth survives: no binary float is in between. */
    for (int64_t t = 179541743200; t < 179541743400; t++) {
        int64_t back;
        fx_timestamp_print(t, text);
        assert_int_equal(fx_timestamp_parse(text, strlen(text), &back), 0);
        assert_int_equal(back, t);
    }
}

static void test_text(void **state)
{
    (void)state;
    const char *text = " \t\xc2\xa0x y\xe3\x80\x80 ";
    size_t size = strlen(text);
    codec_trim(&text, &size);
    assert_int_equal(size, 3);
    assert_memory_equal(text, "x y", 3);
    text = "\xc2\xa0 ";
    size = 3;
    codec_trim(&text, &size);
    assert_int_equal(size, 0);
    char garbled[] = "\xc3\x83\xc2\xbc"
                     "bung",
         plain[] = "\xc3\xbc"
                   "bung",
         ascii[] = "tag";
    assert_true(fx_text_ungarble(garbled));
    assert_string_equal(garbled, "übung");
    assert_false(fx_text_ungarble(plain));
    assert_string_equal(plain, "übung");
    assert_false(fx_text_ungarble(ascii));
}

static void test_repair(void **state)
{
    (void)state;
    char text[] =
        "\"\\ud83d\\ude00 \\ud83d \\ude00 \\ud83dx \xff\xc3 \\\\ud800 \\ud83d\\ud83d\\ude00\"";
    fx_text_repair_json(text, strlen(text));
    assert_string_equal(
        text, "\"\\ud83d\\ude00 \\ufffd \\ufffd \\ufffdx ?? \\\\ud800 \\ufffd\\ud83d\\ude00\"");
}

struct members {
    char text[512];
};

static int on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct members *m = ctx;
    size_t used = strlen(m->text);
    snprintf(m->text + used, sizeof(m->text) - used, "%.*s=%.*s;", (int)key->size, key->at,
             (int)value->size, value->at);
    return 0;
}

static void test_json(void **state)
{
    (void)state;
    struct members m = {""};
    static const char json[] =
        " {\"a\" : 1.20 , \"b\":\"x\\\"y\", \"c\":{\"a\":[1,{}]},\"d\":[ ] ,\"e\":null} ";
    assert_int_equal(fx_json_scan(json, strlen(json), on_member, &m), 0);
    assert_string_equal(m.text, "a=1.20;b=x\\\"y;c={\"a\":[1,{}]};d=[ ];e=null;");
    static const char *const good[] = {"{}", "[]", "[[],{}]", "[1,-0.5e+3,true,false,null,\"\"]",
                                       "{\"a\":{\"b\":[[[0]]]}}"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(fx_json_scan(good[i], strlen(good[i]), NULL, NULL), 0);
    static const char *const bad[] = {"",          "1",          "\"a\"",
                                      "{",         "[1,]",       "{\"a\"}",
                                      "{\"a\":}",  "{a:1}",      "[1 2]",
                                      "[01]",      "[1.]",       "[.5]",
                                      "[1e]",      "[+1]",       "[tru]",
                                      "[\"\\x\"]", "[\"\n\"]",   "[1]]",
                                      "[}",        "{]",         "[\"\\u12\"]",
                                      "[1]x",      "{\"a\":1,}", "[,1]",
                                      "[NaN]",     "[\"a]",      "{\"a\":1 \"b\":2}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(fx_json_scan(bad[i], strlen(bad[i]), NULL, NULL), HEARTH_ERR_INVALID);
    char deep[2 * FX_JSON_DEPTH + 4];
    for (int depth = FX_JSON_DEPTH; depth <= FX_JSON_DEPTH + 1; depth++) {
        memset(deep, '[', (size_t)depth);
        memset(deep + depth, ']', (size_t)depth);
        assert_int_equal(fx_json_scan(deep, 2 * (size_t)depth, NULL, NULL),
                         depth <= FX_JSON_DEPTH ? 0 : HEARTH_ERR_INVALID);
    }
}

static void test_json_limits(void **state)
{
    (void)state;
    size_t count = FX_JSON_VALUES + 10, size = 2 * count + 1;
    char *wide = malloc(size);
    wide[0] = '[';
    for (size_t i = 0; i < count; i++) {
        wide[1 + 2 * i] = '0';
        wide[2 + 2 * i] = i + 1 == count ? ']' : ',';
    }
    assert_int_equal(fx_json_scan(wide, size, NULL, NULL), HEARTH_ERR_INVALID);
    free(wide);
    struct fx_span span = {"a\\u00fc\\ud83d\\ude00\\ud83d\\u0000\\n", 33, FX_JSON_STRING};
    char text[40];
    size_t length;
    span.size = strlen(span.at);
    assert_int_equal(fx_span_text(&span, text, sizeof(text), &length), 0);
    assert_string_equal(text, "aü😀\xef\xbf\xbd\xef\xbf\xbd\n");
    assert_int_equal(fx_span_text(&span, text, span.size, &length), HEARTH_ERR_FULL);
    int64_t number;
    span = (struct fx_span){"-12", 3, FX_JSON_NUMBER};
    assert_int_equal(fx_span_integer(&span, &number), 0);
    assert_int_equal(number, -12);
    span = (struct fx_span){"3.6e3", 5, FX_JSON_NUMBER};
    assert_int_equal(fx_span_integer(&span, &number), 0);
    assert_int_equal(number, 3600);
    span = (struct fx_span){"-9999999999999999999", 20, FX_JSON_NUMBER};
    assert_int_equal(fx_span_integer(&span, &number), 0);
    assert_int_equal(number, -FX_NUMBER_MAX);
    span = (struct fx_span){"12", 2, FX_JSON_STRING};
    assert_int_equal(fx_span_integer(&span, &number), HEARTH_ERR_INVALID);
}

struct cut {
    char text[256];
    int64_t skipped;
};

static int on_line(void *ctx, const char *line, size_t size)
{
    struct cut *cut = ctx;
    size_t used = strlen(cut->text);
    if (line == NULL)
        cut->skipped++;
    else
        snprintf(cut->text + used, sizeof(cut->text) - used, "<%.*s>", (int)size, line);
    return 0;
}

/* The same result wherever the network cuts the body. */
static void check_cuts(bool array, const char *body, size_t max, const char *wanted,
                       int64_t skipped, int code)
{
    size_t size = strlen(body);
    for (size_t first = 0; first <= size; first++) {
        for (size_t second = first; second <= size; second++) {
            struct cut cut = {""};
            struct fx_newlines n;
            fx_newlines_init(&n, array, max, on_line, &cut);
            int r = fx_newlines_feed(&n, body, first);
            r = r != 0 ? r : fx_newlines_feed(&n, body + first, second - first);
            r = r != 0 ? r : fx_newlines_feed(&n, body + second, size - second);
            r = r != 0 ? r : fx_newlines_end(&n);
            fx_newlines_fini(&n);
            assert_int_equal(r, code);
            if (code == 0) {
                assert_string_equal(cut.text, wanted);
                assert_int_equal(cut.skipped, skipped);
            }
        }
    }
}

static void test_newlines(void **state)
{
    (void)state;
    check_cuts(false, "{\"a\":1}\n{\"b\":2}\r\n\n{}\n", 100, "<{\"a\":1}><{\"b\":2}><{}>", 0, 0);
    check_cuts(false, "{}\n{\"last\":1}", 100, "<{}><{\"last\":1}>", 0, 0);
    check_cuts(false, "12345678\n123\n12345\n1234\n", 4, "<123><1234>", 2, 0);
    check_cuts(false, "", 4, "", 0, 0);
    check_cuts(true, "[{\"a\":\"],\\\"[\"} , {\"b\":[1,{}]},3]\n", 100,
               "<{\"a\":\"],\\\"[\"}><{\"b\":[1,{}]}><3>", 0, 0);
    check_cuts(true, " [ ] ", 100, "", 0, 0);
    check_cuts(true, "[{\"aaaaaaaa\":1},2]", 5, "<2>", 1, 0);
    static const char *const bad[] = {"", "[1", "{}", "[1,]", "[,1]", "[1]x", "[1,,2]", "[1}", "x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_cuts(true, bad[i], 100, "", 0, HEARTH_ERR_INVALID);
}

static void check_mac(const char *id, const char *key, const char *method, const char *address,
                      int64_t ts, const char *nonce, const char *hash, const char *ext,
                      const char *wanted)
{
    struct fx_url url;
    char mac[FX_HAWK_MAC_TEXT], header[2048];
    assert_int_equal(fx_url_parse(address, &url), 0);
    struct fx_hawk hawk = {id, key, 0, method, &url, ts, nonce, hash, ext};
    fx_hawk_mac(&hawk, mac);
    assert_string_equal(mac, wanted);
    assert_int_equal(fx_hawk_header(&hawk, header, sizeof(header)), 0);
    assert_non_null(strstr(header, wanted));
    assert_int_equal(fx_hawk_header(&hawk, header, 50), HEARTH_ERR_FULL);
}

static void test_hawk(void **state)
{
    (void)state;
    check_mac("dh37fgj492je", "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn", "GET",
              "http://example.com:8000/resource/1?b=1&a=2", 1353832234, "j4h3g2", NULL,
              "some-app-ext-data", "6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=");
    check_mac("dh37fgj492je", "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn", "POST",
              "http://Example.COM:8000/resource/1?b=1&a=2", 1353832234, "j4h3g2",
              "Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=", "some-app-ext-data",
              "aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=");
    check_mac("tok-1", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde=", "GET",
              "https://sync-1-us-west1-g.sync.services.mozilla.com/1.5/12345/storage/"
              "bookmarks?full=1&newer=1700000001.23&sort=oldest&limit=1000",
              1700000100, "Ygvt9GqZ", NULL, NULL, "VbgZzQGzNJrG3/CR5hjRTiyEa/dxnS8qNm4/T7pf7IU=");
    check_mac("tok-1", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde=", "POST",
              "https://sync-1-us-west1-g.sync.services.mozilla.com/1.5/12345/storage/bookmarks",
              1700000100, "Ygvt9GqZ", "y2YifGCYxaHhGGdYgsjn16ZAcoMQWmq57AWtlmKFeMQ=", NULL,
              "BssCiWVVb8QxnXETbd1hwxcH+MOmmVu14hwKeU6HshQ=");
    check_mac("any", "dSi3EoZyHwgDp-O9OG1jRHtmbGl2M1bwcWsi04C4F58=", "GET",
              "http://localhost:5000/storage/1.5/1/storage/col2", 1569608439, "h1Ch4vo=", NULL,
              NULL, "UwDpC+DSrHCSTQSfMOWlueB6kM6gHb0Hsv8eU9ZcTVs=");
}

static void test_urls(void **state)
{
    (void)state;
    struct fx_url url;
    char base[FX_URL_MAX];
    assert_int_equal(fx_url_parse("https://A.example/p?q=1", &url), 0);
    assert_string_equal(url.host, "a.example");
    assert_int_equal(url.port, 443);
    assert_string_equal(url.path, "/p?q=1");
    assert_int_equal(fx_url_parse("http://[::1]:8000", &url), 0);
    assert_string_equal(url.host, "[::1]");
    assert_int_equal(url.port, 8000);
    assert_true(fx_url_is_allowed(&url, false));
    static const char *const bad[] = {
        "ftp://a/",      "https://",      "https:///x",   "https://a:0/", "https://a:65536/",
        "https://a:b/",  "https://u@a/",  "https://a/#f", "https://a b/", "https://a/\"",
        "https://[::1/", "https://[zz]/", "https://ä/",   "a.example"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(fx_url_parse(bad[i], &url), HEARTH_ERR_INVALID);
    static const struct {
        const char *url;
        bool loopback;
    } hosts[] = {{"http://127.0.0.1:5/", true}, {"http://127.9.9.9/", true},
                 {"http://localhost/", true},   {"http://127.evil.example/", false},
                 {"http://10.0.0.1/", false},   {"http://localhost.example/", false},
                 {"https://a/", true}};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        assert_int_equal(fx_url_parse(hosts[i].url, &url), 0);
        assert_int_equal(fx_url_is_allowed(&url, false), hosts[i].loopback);
        assert_true(fx_url_is_allowed(&url, true));
    }
    /* What a server names: plain http to this machine only when that server is on it. */
    assert_int_equal(fx_url_parse("http://127.0.0.1:17999/any/path/chosen", &url), 0);
    assert_false(fx_url_may_be_named(&url, "https://token.example/1.0/sync/1.5", false));
    assert_true(fx_url_may_be_named(&url, "http://127.0.0.1:5000/token", false));
    /* the host looks at the address, too */
    assert_true(fx_url_may_be_named(&url, "https://token.example/1.0/sync/1.5", true));
    assert_int_equal(fx_url_parse("https://a.example/", &url), 0);
    assert_true(fx_url_may_be_named(&url, "https://token.example/1.0/sync/1.5", false));
    assert_int_equal(fx_url_base("https://a.example/", "/1.0/sync/1.5", base), 0);
    assert_string_equal(base, "https://a.example/1.0/sync/1.5");
    assert_int_equal(fx_url_base("https://a.example/token/1.0/sync/1.5///", "/1.0/sync/1.5", base),
                     0);
    assert_string_equal(base, "https://a.example/token/1.0/sync/1.5");
    assert_int_equal(fx_url_base("https://a.example/?x", NULL, base), HEARTH_ERR_INVALID);
}

static void test_headers(void **state)
{
    (void)state;
    int64_t value;
    static const struct {
        const char *text;
        int64_t ms; /* -1: invalid */
    } seconds[] = {{"120", 120000},
                   {" 7 ", 7000},
                   {"1.9", 1900},
                   {"99999999999999999999", 86400000},
                   {"1e2", 100000},
                   {"-0", 0},
                   {"0.004", 0},
                   {"1e99", 86400000},
                   {"", -1},
                   {"-1", 0},
                   {"soon", -1},
                   {"1h", -1},
                   {"60, 120", 120000},
                   {"120,60 ", 120000},
                   {"1,", -1},
                   {",1", -1},
                   {"1;2", -1},
                   {"Mon, 30 Nov 2026 10:00:00 GMT", -1}};
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        value = -1;
        fx_answer_seconds(seconds[i].text, &value);
        assert_int_equal(value, seconds[i].ms);
    }
    assert_int_equal(
        fx_answer_hawk_ts("Hawk ts=\"1353832200\", tsm=\"x\", error=\"Stale timestamp\"", &value),
        0);
    assert_int_equal(value, 1353832200);
    assert_int_equal(fx_answer_hawk_ts("hawk error=\"ts=5\", ts=\"9\"", &value), 0);
    assert_int_equal(value, 9);
    static const char *const none[] = {
        "",        "Hawk",     "Hawk ",          "Basic ts=\"1\"", "Hawk ts=\"x\"",
        "Hawk ts", "Hawk =,=", "Hawk tsm=\"1\"", "Hawk ts=\""};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(fx_answer_hawk_ts(none[i], &value), HEARTH_ERR_NOT_FOUND);

    struct hearth_http_header headers[] = {
        HEARTH_HTTP_HEADER("x-last-modified", "1700000001.2"),
        HEARTH_HTTP_HEADER("x-weave-timestamp", "1700000100.25"),
        HEARTH_HTTP_HEADER("content-type", "Application/Newlines; charset=utf-8"),
        HEARTH_HTTP_HEADER("x-weave-next-offset", "17:5"),
        HEARTH_HTTP_HEADER("x-weave-records", "12"),
        HEARTH_HTTP_HEADER("x-weave-backoff", "30"),
        HEARTH_HTTP_HEADER("x-weave-alert", "bye\r\nnow")};
    struct hearth_http_response response = {.struct_size = sizeof(response),
                                            .status = 200,
                                            .retry_after = 5000,
                                            .headers = headers,
                                            .header_count = 7};
    struct fx_answer answer;
    fx_answer_read(&response, &answer);
    assert_int_equal(answer.last_modified, 170000000120);
    assert_int_equal(answer.server_time, 1700000100250);
    assert_int_equal(answer.body_type, FX_BODY_NEWLINES);
    assert_string_equal(answer.next, "17:5");
    assert_int_equal(answer.records, 12);
    assert_int_equal(answer.backoff, 30000);
    assert_int_equal(answer.retry_after, 5000);
    assert_string_equal(answer.alert, "bye  now");
    char longer[FX_OFFSET_MAX + 10];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    headers[3].value = longer;
    fx_answer_read(&response, &answer);
    assert_true(answer.has_next);
    assert_string_equal(answer.next, "");
    static const struct {
        const char *text;
        int64_t records;
    } counts[] = {{"0", 0},     {" 300000 ", 300000},        {"", -1}, {"-1", -1}, {"1e3", 1000},
                  {"12.0", 12}, {"12345678901234567890", -1}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        headers[4].value = counts[i].text;
        fx_answer_read(&response, &answer);
        assert_int_equal(answer.records, counts[i].records);
    }
}

static void check_clock(const char *date, const char *weave, const char *modified, int64_t ms)
{
    struct hearth_http_header headers[3];
    size_t count = 0;
    if (date != NULL)
        headers[count++] = (struct hearth_http_header)HEARTH_HTTP_HEADER("date", date);
    if (weave != NULL)
        headers[count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER("x-weave-timestamp", weave);
    if (modified != NULL)
        headers[count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER("x-last-modified", modified);
    struct hearth_http_response response = {
        .struct_size = sizeof(response), .status = 200, .headers = headers, .header_count = count};
    struct fx_answer answer;
    fx_answer_read(&response, &answer);
    assert_int_equal(answer.server_time, ms);
}

/* A clock is what says the time: not X-Last-Modified under another name, nothing that another
 * header contradicts. */
static void test_clocks(void **state)
{
    (void)state;
    static const char DATE[] = "Thu, 26 Nov 2026 20:26:40 GMT";
    check_clock(DATE, NULL, NULL, 1795724800000);
    check_clock(NULL, "1795724800.25", "1795724100.00", 1795724800250);
    check_clock(NULL, "1795724800.25", NULL, 1795724800250);
    check_clock(NULL, "1795724800.25", "1795724800.25", -1);
    check_clock(NULL, "1795724800.2500001", "1795724800.25", -1);
    check_clock(DATE, "1795724100.25", "1795724100.25", 1795724800000);
    check_clock(DATE, "1795724801.25", "1795724100.25", 1795724801250);
    check_clock(DATE, "1795724100.25", NULL, -1);
    check_clock(NULL, "soon", NULL, -1);
    static const char *const none[] = {"",
                                       "Thursday",
                                       "Thu, 26 Now 2026 20:26:40 GMT",
                                       "Thu, 26 anF 2026 20:26:40 GMT",
                                       "Thu, 26 Nov 1926 20:26:40 GMT",
                                       "Thu, 26 Nov 2026 20:26:40 CET",
                                       "Thu, 26 Nov 2026 20:26",
                                       "Thu"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        check_clock(none[i], NULL, NULL, -1);
}

static void test_foreign_pages(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool foreign;
    } rows[] = {{"<html>401", true},
                {"401 Authorization Required", true},
                {"Forbidden", true},
                {"", false},
                {"0", false},
                {" 16\n", false},
                {"{\"status\":\"error\"", false},
                {"[]", false},
                {"\"no\"", false},
                {"null", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fx_answer answer = {.status = 401};
        snprintf(answer.error_body, sizeof(answer.error_body), "%s", rows[i].body);
        assert_int_equal(fx_answer_is_foreign(&answer), rows[i].foreign);
        answer.is_weave = true;
        assert_int_equal(fx_answer_is_foreign(&answer), rows[i].body[0] == '<');
        answer.is_hawk = true;
        assert_false(fx_answer_is_foreign(&answer));
    }
}

static void test_cursors(void **state)
{
    (void)state;
    struct fx_account_cursor
        a = {true, "https://s.example/1.5/7", 7, "1-abc", "cXNpQr4Owe68", 123, 4, 5, 16, 8},
        b;
    struct fx_collection_cursor c = {true, 179541743306, "z4U12p_HN_M2", 2, "0123456789abcdef"}, d;
    char text[FX_CURSOR_MAX];
    fx_account_cursor_format(&a, text);
    fx_account_cursor_parse(text, &b);
    assert_true(b.present);
    assert_string_equal(b.endpoint, a.endpoint);
    assert_int_equal(b.uid, 7);
    assert_string_equal(b.sync_id, a.sync_id);
    assert_int_equal(b.info, 123);
    assert_int_equal(b.declined, 16);
    for (size_t cut = 0; cut < strlen(text); cut++) {
        /* anything but the whole text means: read whole */
        char part[FX_CURSOR_MAX];
        snprintf(part, sizeof(part), "%.*s", (int)cut, text);
        fx_account_cursor_parse(part, &b);
        assert_false(b.present);
        assert_string_equal(b.endpoint, "");
    }
    fx_account_cursor_parse(NULL, &b);
    assert_false(b.present);
    fx_collection_cursor_format(&c, text);
    fx_collection_cursor_parse(text, &d);
    assert_true(d.present);
    assert_int_equal(d.last_modified, c.last_modified);
    assert_string_equal(d.key, c.key);
    fx_collection_cursor_parse("{\"v\":2,\"lm\":1,\"sync_id\":\"\",\"version\":1,\"key\":\"\"}",
                               &d);
    assert_false(d.present);
    fx_collection_cursor_parse("{\"v\":1,\"lm\":-1,\"sync_id\":\"\",\"version\":1,\"key\":\"\"}",
                               &d);
    assert_false(d.present);
}

static void test_cache(void **state)
{
    (void)state;
    struct fx_cache *cache = fx_cache_create(3);
    struct fx_state s = {0}, got;
    uint64_t ticket, late;
    char account[16];
    fx_cache_get(cache, "none", &got, &ticket);
    assert_int_equal(got.uid, 0);
    for (int i = 1; i <= 4; i++) {
        snprintf(account, sizeof(account), "a%d", i);
        s.uid = i;
        fx_cache_put(cache, account, &s, ticket);
        fx_cache_get(cache, "a1", &got, &late); /* keeps the first one young */
        assert_int_equal(got.uid, 1);
    }
    assert_int_equal(fx_cache_count(cache), 3);
    fx_cache_get(cache, "a2", &got, &late);
    assert_int_equal(got.uid, 0);
    fx_cache_forget(cache, "a1");
    fx_cache_put(cache, "a1", &s, ticket); /* a pull that began before */
    fx_cache_get(cache, "a1", &got, &late);
    assert_int_equal(got.uid, 0);
    fx_cache_put(cache, "a1", &s, late);
    fx_cache_get(cache, "a1", &got, &late);
    assert_int_equal(got.uid, 4);
    fx_cache_destroy(cache);
    fx_cache_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timestamps),  cmocka_unit_test(test_text),
        cmocka_unit_test(test_repair),      cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_limits), cmocka_unit_test(test_newlines),
        cmocka_unit_test(test_hawk),        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_headers),     cmocka_unit_test(test_cursors),
        cmocka_unit_test(test_clocks),      cmocka_unit_test(test_foreign_pages),
        cmocka_unit_test(test_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
