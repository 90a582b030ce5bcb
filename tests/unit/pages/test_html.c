#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "pages/html.h"

static void expect_html(struct buf *out, const char *html)
{
    buf_add_char(out, '\0');
    assert_string_equal(out->data, html);
    buf_reset(out);
}

static void test_texts_are_escaped(void **state)
{
    (void)state;
    struct buf out = {0};
    pages_html_put(&out, "<b title=\"%s\">%s</b>%s", "\"a\" & 'b'", "<script>\x01", "%s");
    expect_html(&out,
                "<b title=\"&quot;a&quot; &amp; &#39;b&#39;\">&lt;script&gt;\xef\xbf\xbd</b>%s");
    pages_html_text(&out, NULL);
    pages_html_put(&out, "|%%|");
    expect_html(&out, "|%|");
    buf_fini(&out);
}

static void test_integers_of_every_size(void **state)
{
    (void)state;
    struct buf out = {0};
    pages_html_put(&out, "%d %u %ld %lu %s", -1, 4294967295u, -2147483649L, 4294967296UL, "x");
    expect_html(&out, "-1 4294967295 -2147483649 4294967296 x");
    pages_html_put(&out, "%lld %llu %jd %ju %zd %zu %s", INT64_MIN + 0LL, 18446744073709551615ULL,
                   (intmax_t)-5, (uintmax_t)5, (ptrdiff_t)-6, (size_t)6, "x");
    expect_html(&out, "-9223372036854775808 18446744073709551615 -5 5 -6 6 x");
    buf_fini(&out);
}

/* In a query nothing is left that ends a value, an attribute or a tag. */
static void test_values_of_queries(void **state)
{
    (void)state;
    struct buf out = {0};
    pages_html_query_value(&out, "/a-b_c.d~e");
    expect_html(&out, "/a-b_c.d~e");
    pages_html_query_value(&out, "a b&c=d#e?f+g%h\"<'>\n");
    expect_html(&out, "a%20b%26c%3Dd%23e%3Ff%2Bg%25h%22%3C%27%3E%0A");
    pages_html_query_value(&out, "\xc3\xa9\xff");
    expect_html(&out, "%C3%A9%FF");
    pages_html_query_value(&out, "");
    pages_html_query_value(&out, NULL);
    expect_html(&out, "");
    buf_fini(&out);
}

static void expect_placed(const char *html, const char *base_path, const char *want)
{
    struct buf page = {0};
    buf_add_text(&page, html);
    pages_html_place(&page, base_path);
    expect_html(&page, want);
    buf_fini(&page);
}

/* Addresses of this server alone, and no words of others, which come escaped. */
static void test_pages_are_placed(void **state)
{
    (void)state;
    static const char PAGE[] = "<a href=\"/a?b=/c\" title=\"/d\">/e =&quot;/f</a><img\nsrc=\"/g\">"
                               "<form action=\"/\"><input value=\"/h\">"
                               "<a href=\"https://i/\"><a data-href=\"/j\">";
    expect_placed(PAGE, NULL, PAGE);
    expect_placed(PAGE, "", PAGE);
    expect_placed(PAGE, "/x/y",
                  "<a href=\"/x/y/a?b=/c\" title=\"/d\">/e =&quot;/f</a><img\nsrc=\"/x/y/g\">"
                  "<form action=\"/x/y/\"><input value=\"/h\">"
                  "<a href=\"https://i/\"><a data-href=\"/j\">");
    expect_placed("=\"/", "/x", "=\"/");
    expect_placed("", "/x", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_escaped), cmocka_unit_test(test_integers_of_every_size),
        cmocka_unit_test(test_values_of_queries), cmocka_unit_test(test_pages_are_placed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
