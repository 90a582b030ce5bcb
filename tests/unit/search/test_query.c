#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "search/keyword.h"
#include "search/query.h"
#include "search/search.h"

/* "^#word|word": restrictions, then the words, the longest first. */
static void expect(const char *typed, const char *want)
{
    struct arena arena;
    struct query query;
    struct err err = {0};
    char text[8192], only[] = {[QUERY_ANY] = ' ',    [QUERY_HISTORY] = '^', [QUERY_BOOKMARKS] = '*',
                               [QUERY_TAGGED] = '+', [QUERY_TABS] = '%',    [QUERY_NOTHING] = '-'};
    char field[] = {[QUERY_EVERYWHERE] = ' ', [QUERY_TITLE] = '#', [QUERY_URL] = '$'};
    arena_init(&arena, 1 << 20);
    assert_int_equal(search_query_parse(typed, NULL, &arena, &query, &err), 0);
    size_t used =
        (size_t)snprintf(text, sizeof(text), "%c%c", only[query.only], field[query.field]);
    for (size_t i = 0; i < query.word_count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s", i == 0 ? "" : "|",
                                 (int)query.words[i].size, query.words[i].text);
    assert_string_equal(text, want);
    arena_fini(&arena);
}

static void words(void **state)
{
    expect("", "  ");
    expect("  \t\xe3\x80\x80 ", "  ");
    expect("River", "  river");
    expect(" river  a \xe3\x80\x80 garden ", "  garden|river|a");
    expect("\xc2\xa0river\xe2\x80\xaf", "  river"); /* around: trimmed; inside: one word */
    expect("a\xc2\xa0"
           "b",
           "  a%a0b");
    expect("a\xe2\x80\xaf"
           "b",
           "  a%u202fb");
    expect("don\xe2\x80\x99t", "  don%u2019t");
    expect("Łódź É", "  lodz|e");
    expect("\xcc\x81 a", "  a"); /* an accent alone is nothing */
    expect("c++", "  c++");
}

static void restrictions(void **state)
{
    expect("^ river", "^ river");
    expect("river *", "* river");
    expect("+ # river", "+#river");
    expect("river $ %", "%$river");
    expect("# river *", "*#river");
    expect("* + river", "* river|+"); /* one of a sort */
    expect("^ river *", "^ river|*"); /* the beginning goes first */
    expect("a ^ b", "  ^|a|b");
    expect("*river", "* river");
    expect("#river wide", " #river|wide");
    expect("* #river", "* #river"); /* glued only when none stands alone */
    expect("*", "* ");
    expect("%", "% ");
    expect("% #", "%#");
    expect("^ * + % #", "^#%|*|+");
    expect("#river * wide big", "  #river|wide|big|*");
    expect("%C3%A9x", "  ex"); /* an escaped letter, not tabs */
    expect("%E9x", "% e9x");
    expect("%41", "% a"); /* what was typed restricts, what it means is looked for */
    expect("%zz", "% zz");
    expect("a%20*", "  *|a"); /* an escaped space hides no restriction */
    expect("? river", "- river");
    expect("river ?", "- river");
    expect("river?", "  river?");
    expect("?river", "- river");
    expect("> river", "- river");
    expect("* river ?", "* river|?");
    expect("@river", "- @river");
    expect("river @", "  river|@");
}

static void addresses(void **state)
{
    expect("https://www.example.org/A%20b", "  www.example.org/a|b");
    expect("https://", "^ https://");
    expect("http://x", "  x");
    expect("HTTPS:/x", "  x");
    expect("x-y://z", "  z");
    expect("https:x", "  https:x");
    expect("https:// x", "  https://|x");
    expect("file:x", "  x");
    expect("view-source:https://x", "  https://x");
    expect("about:config", "  about:config");
    expect("about:", "  about:");
    expect("mailto:x", "  mailto:x");
    expect("data:", "^ data:");
    expect("data: a", "  data:|a");
    expect("javascript:", "^ javascript:");
    expect("localhost:8080", "  localhost:8080");
    expect("caf%C3%A9", "  cafe");
    expect("caf%C3", "  caf%c3");
    expect("100%", "  100%");
    expect("data:text/html,a b * c", "  text/html,a|*|b|c");
}

static void javascript(void **state)
{
    struct arena arena;
    struct query query;
    arena_init(&arena, 0);
    assert_int_equal(search_query_parse("javascript: alert", NULL, &arena, &query, NULL), 0);
    assert_true(query.javascript);
    assert_int_equal(search_query_parse("javascript", NULL, &arena, &query, NULL), 0);
    assert_false(query.javascript);
    assert_int_equal(search_query_parse("javascript:alert", NULL, &arena, &query, NULL), 0);
    assert_false(query.javascript); /* as Firefox: the scheme is dropped */
    arena_fini(&arena);
}

/* What "kw words" opens; NULL: nothing that may be a keyword. */
static void expect_url(const char *url, const char *typed, const char *want)
{
    struct arena arena;
    struct search_keyword_typed parts;
    arena_init(&arena, 0);
    bool split = search_keyword_split(typed, &parts);
    assert_int_equal(split, want != NULL);
    if (split)
        assert_string_equal(search_keyword_url(url, &parts, &arena), want);
    arena_fini(&arena);
}

static void keywords(void **state)
{
    static const char both[] = "https://x.test/%S?a=%s&b=%25s";
    expect_url(both, "kw", "https://x.test/?a=&b=%25s");
    expect_url(both, " kw  a b ", "https://x.test/a b?a=a%20b&b=%25s");
    expect_url(both, "kw %s", "https://x.test/%s?a=%25s&b=%25s");
    expect_url("%s%s", "kw\xe3\x80\x80\xc3\xa4~!*'()", "%C3%A4~!*'()%C3%A4~!*'()");
    expect_url("x", "kw a", "x");
    expect_url("x", "? a", NULL);
    expect_url("x", " ", NULL);
    assert_true(search_keyword_takes_words("a%S"));
    assert_false(search_keyword_takes_words("a%25s%"));
    char *folded;
    assert_int_equal(search_keyword_fold(" \xc3\x9c"
                                         "b ",
                                         5, &folded),
                     0);
    assert_string_equal(folded, "\xc3\xbc"
                                "b");
    free(folded);

    struct arena arena;
    struct query query;
    arena_init(&arena, 0);
    struct search_keyword keyword = {.as_kept = true, .takes_words = true, .host = "X.test"};
    assert_int_equal(search_query_parse("kw * a", &keyword, &arena, &query, NULL), 0);
    assert_true(query.only == QUERY_ANY && query.word_count == 2 && query.host_size == 6);
    assert_memory_equal(query.host, "x.test", 6);
    keyword.as_kept = false; /* "Kw *": restricts */
    assert_int_equal(search_query_parse("Kw a *", &keyword, &arena, &query, NULL), 0);
    assert_true(query.only == QUERY_BOOKMARKS && query.word_count == 1);
    assert_true(search_keyword_is_restricted("kw ?", &arena));
    assert_false(search_keyword_is_restricted("kw *", &arena));
    arena_fini(&arena);
}

static void limits(void **state)
{
    struct arena arena;
    struct query query;
    struct err err = {0};
    arena_init(&arena, 1 << 20);
    static char text[SEARCH_MAX_QUERY + 8];
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = i % 2 ? ' ' : (char)('a' + i / 2 % 26);
    assert_int_equal(search_query_parse(text, NULL, &arena, &query, &err), HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "4096"));
    text[SEARCH_MAX_QUERY] = '\0';
    assert_int_equal(search_query_parse(text, NULL, &arena, &query, &err), 0);
    assert_int_equal(query.word_count, QUERY_MAX_WORDS);
    /* 490 characters, a space, then a word that begins before the 500th and takes in all that
     * follows. */
    memset(text, 'x', 490);
    snprintf(text + 490, sizeof(text) - 490, " %s", "yyyyyyyyyyyyyyyyyyyy zz z");
    assert_int_equal(search_query_parse(text, NULL, &arena, &query, &err), 0);
    assert_int_equal(query.word_count, 2);
    assert_int_equal(query.words[1].size, 25);
    assert_int_equal(search_query_parse("a\xff", NULL, &arena, &query, &err), HEARTH_ERR_INVALID);
    arena_fini(&arena);
    arena_init(&arena, 16);
    assert_int_equal(search_query_parse("river", NULL, &arena, &query, &err), HEARTH_ERR_NOMEM);
    arena_fini(&arena);
}

static void inputs(void **state)
{
    char input[16];
    search_fold_input("  Łódź  Ü ", input, sizeof(input));
    assert_string_equal(input, "lodz  u");
    search_fold_input("", input, sizeof(input));
    assert_string_equal(input, "");
    /* the last character does not fit */
    search_fold_input("0123456789abcd\xd0\xbc", input, sizeof(input));
    assert_string_equal(input, "0123456789abcd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words),     cmocka_unit_test(restrictions),
                                       cmocka_unit_test(addresses), cmocka_unit_test(javascript),
                                       cmocka_unit_test(keywords),  cmocka_unit_test(limits),
                                       cmocka_unit_test(inputs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
