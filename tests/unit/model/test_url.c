#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/url.h"

static void hosts(void **state)
{
    static const char *const cases[][2] = {
        {"https://Example.ORG/Path", "example.org"},
        {"http://user:pw@host.example:8080/x", "host.example"},
        {"http://a@b@c.example/", "c.example"},
        {"http://[2001:DB8::1]:8080/river", "[2001:db8::1]"},
        {"http://[2001:db8", ""},
        {"https://example.org?q=a@b", "example.org"},
        {"https://example.org#x:1", "example.org"},
        {"http://host.example\\@evil.example/", "host.example"},
        {"about:blank", ""},
        {"javascript://x.example/%0aalert(1)", "x.example"},
        {"data:text/html,https://a.example/", ""},
        {"view-source:https://a.example/", ""},
        {"file:///etc/passwd", ""},
        {"", ""},
        {"://x", ""},
        {"https://", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char host[64];
        model_url_host(cases[i][0], host, sizeof(host));
        assert_string_equal(host, cases[i][1]);
    }
    char tiny[8];
    model_url_host("https://example.org/", tiny, sizeof(tiny));
    assert_string_equal(tiny, "");
}

static void page_ids(void **state)
{
    /* First 8 bytes of SHA-256 without the sign bit: `printf %s URL | sha256sum`. */
    assert_int_equal(model_page_id(""), INT64_C(0x63b0c44298fc1c14));
    assert_int_equal(model_page_id("https://example.org/"), INT64_C(0x0198d1bac40a1033));
    assert_true(model_page_id("https://example.org/") != model_page_id("https://example.org"));
}

static void links(void **state)
{
    assert_true(model_url_is_link("https://a.example/"));
    assert_true(model_url_is_link("HTTP://a.example/"));
    assert_true(model_url_is_link("ftp://a.example/"));
    assert_true(model_url_is_link("mailto:ada@a.example"));
    static const char *const no[] = {
        "javascript:alert(1)", "data:text/html,x", "file:///x",
        "about:blank",         "https:",           "",
        " https://a.example/", "java\nscript:x",   "view-source:https://a.example/",
        "vbscript:x",          "place:sort=8"};
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(model_url_is_link(no[i]));
}

static void decoding(void **state)
{
    static const char *const cases[][2] = {
        {"a%20b", "a b"},
        {"caf%C3%A9", "caf\xc3\xa9"},
        {"caf%C3", "caf%C3"},
        {"%C3%A9%FF", "%C3%A9%FF"},
        {"%0a%00%1f%7f%7F", "%0a%00%1f%7f%7F"},
        {"100%", "100%"},
        {"%4", "%4"},
        {"%zz%2g", "%zz%2g"},
        {"%2525", "%25"},
        {"%c3%b6%7e", "\xc3\xb6~"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[64];
        size_t n = model_url_decode(cases[i][0], strlen(cases[i][0]), out);
        assert_int_equal(n, strlen(cases[i][1]));
        assert_memory_equal(out, cases[i][1], n);
    }
}

static void keys(void **state)
{
    static const struct {
        const char *url, *key;
        int rank;
    } cases[] = {
        {"https://a.example/", "a.example", MODEL_URL_HTTPS},
        {"http://a.example", "a.example", MODEL_URL_HTTP},
        {"https://www.a.example/?#", "a.example", MODEL_URL_HTTPS_WWW},
        {"http://www.a.example/x/", "a.example/x", MODEL_URL_HTTP_WWW},
        {"http://a.example//", "a.example/", MODEL_URL_HTTP},
        {"https://a.example/?q#x", "a.example/?q#x", MODEL_URL_HTTPS},
        {"ftp://www.a.example/", "ftp://www.a.example/", MODEL_URL_HTTPS},
        {"about:home#", "about:home#", MODEL_URL_HTTPS},
        {"http://", "", MODEL_URL_HTTP},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model_url_key key;
        model_url_key(cases[i].url, strlen(cases[i].url), &key);
        assert_int_equal(key.size, strlen(cases[i].key));
        assert_memory_equal(key.text, cases[i].key, key.size);
        assert_int_equal(key.rank, cases[i].rank);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts), cmocka_unit_test(page_ids),
                                       cmocka_unit_test(links), cmocka_unit_test(decoding),
                                       cmocka_unit_test(keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
