/* What Firefox ESR 153 makes of URLs (`new URL(text).href`, and the address of a page in Places),
 * one row for each rule. NULL: no URL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hearth/plugin.h"
#include "model/url_canonical.h"

static const char *const rows[][2] = {
    /* ends, tabs, scheme, slashes */
    {"HTTPS://Upper.Example/Path", "https://upper.example/Path"},
    {"  https://space.example/ \x01", "https://space.example/"},
    {"ht\ttps://ta\nb.exam\rple/", "https://tab.example/"},
    {"https:slashless.example/", "https://slashless.example/"},
    {"https:\\\\back.example\\a\\b", "https://back.example/a/b"},
    {"http:////four.example", "http://four.example/"},
    {"https://", NULL},
    {"https:", NULL},
    {"https://?q", NULL},
    {"1http://a/", NULL},
    {"://a/", NULL},
    {"a.example", NULL},
    {"", NULL},
    {"   ", NULL},
    /* user, port */
    {"https://user:pw@cred.example/", "https://user:pw@cred.example/"},
    {"https://a@b:c:d@cred.example/", "https://a%40b:c%3Ad@cred.example/"},
    {"https://:@cred.example/", "https://cred.example/"},
    {"https://:pw@cred.example", "https://:pw@cred.example/"},
    {"https://user@/x", NULL},
    {"https://port.example:443/x", "https://port.example/x"},
    {"http://port.example:0080/x", "http://port.example/x"},
    {"http://port.example:443/x", "http://port.example:443/x"},
    {"http://port.example:/x", "http://port.example/x"},
    {"ftp://port.example:21", "ftp://port.example/"},
    {"http://port.example:65535", "http://port.example:65535/"},
    {"http://port.example:65536", NULL},
    {"http://port.example:x", NULL},
    /* names */
    {"https://b\xc3\xbc"
     "cher.example/",
     "https://xn--bcher-kva.example/"},
    {"https://B\xc3\x9c"
     "CHER\xe3\x80\x82"
     "example/",
     "https://xn--bcher-kva.example/"},
    {"https://b%C3%BCcher.example/", "https://xn--bcher-kva.example/"},
    {"https://fa\xc3\x9f.de/", "https://xn--fa-hia.de/"},
    {"https://\xe1\xba\x9e.de/", "https://xn--zca.de/"},
    {"https://\xe2\x98\x83.net/", "https://xn--n3h.net/"},
    {"https://ab--cd.\xc3\xbc/", "https://ab--cd.xn--tda/"},
    {"https://-\xc3\xbc.de/", "https://xn----eha.de/"},
    {"https://XN--BCHER-KVA.de", "https://xn--bcher-kva.de/"},
    {"https://a_b-.example", "https://a_b-.example/"},
    {"https://a.b.c./", "https://a.b.c./"},
    {"https://xn--zzzz/", NULL},
    {"https://xn--/", NULL},
    {"https://\xc2\xad/", NULL},
    {"https://\xd9\xa1.\xc3\xbc/", NULL},
    {"https://a\xe2\x80\x8d"
     "b.de/",
     NULL},
    {"https://a b/", NULL},
    {"https://a%00b/", NULL},
    {"https://a%2fb/", NULL},
    {"https://a*b/", NULL},
    {"https://a\"b/", NULL},
    {"https://%ff/", NULL},
    /* addresses */
    {"http://0x7f.1/", "http://127.0.0.1/"},
    {"http://017700000001", "http://127.0.0.1/"},
    {"http://2130706433.", "http://127.0.0.1/"},
    {"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1", "http://127.0.0.1/"},
    {"http://1.2.65535/", "http://1.2.255.255/"},
    {"http://1.2.65536/", NULL},
    {"http://4294967296/", NULL},
    {"http://256.1.1.1/", NULL},
    {"http://1.2.3.4.5/", NULL},
    {"http://a.0x1/", NULL},
    {"http://a.08/", NULL},
    {"http://0x/", NULL},
    {"http://[2001:DB8:0:0:1:0:0:1]:80/", "http://[2001:db8::1:0:0:1]/"},
    {"http://[1:0:2:3:4:5:6:7]/", "http://[1:0:2:3:4:5:6:7]/"},
    {"http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/"},
    {"http://[0::0]/", "http://[::]/"},
    {"http://[1:2:3:4:5:6:7::]/", "http://[1:2:3:4:5:6:7:0]/"},
    {"http://[::1%25eth0]/", NULL},
    {"http://[::1", NULL},
    {"http://[]/", NULL},
    /* path, query, fragment */
    {"https://noslash.example", "https://noslash.example/"},
    {"https://noslash.example?q", "https://noslash.example/?q"},
    {"https://dots.example/a/../b/./c", "https://dots.example/b/c"},
    {"https://dots.example/a/%2E%2e/../..", "https://dots.example/"},
    {"https://dots.example/a/b/.%2e", "https://dots.example/a/"},
    {"https://dots.example/a//../b/.", "https://dots.example/a/b/"},
    {"https://dots.example/.../%2e%2e%2e", "https://dots.example/.../%2e%2e%2e"},
    {"https://sp.example/a b", "https://sp.example/a%20b"},
    {"https://e.example/\xc3\xa4?\xc3\xbc#\xc3\xb6", "https://e.example/%C3%A4?%C3%BC#%C3%B6"},
    {"https://e.example/%e4%zz%", "https://e.example/%e4%zz%"},
    {"https://e.example/\"<>`{}^|'", "https://e.example/%22%3C%3E%60%7B%7D%5E|'"},
    {"https://e.example/?\"<>`{}^|'", "https://e.example/?%22%3C%3E`{}^|%27"},
    {"https://e.example/#\"<>`{}^|'", "https://e.example/#%22%3C%3E%60{}^|'"},
    {"https://e.example/?", "https://e.example/?"},
    {"https://e.example/#", "https://e.example/#"},
    {"https://e.example/?a?b#c#d", "https://e.example/?a?b#c#d"},
    /* other schemes */
    {"JavaScript:alert('\xc3\xbc x')", "javascript:alert('%C3%BC x')"},
    {"javascript://a:x/", NULL},
    {"About:Blank", "about:Blank"},
    {"data:text/html,<b> \xc3\xbc#<", "data:text/html,<b> %C3%BC#%3C"},
    {"place:type=6&sort=14", "place:type=6&sort=14"},
    {"mailto:a b@x?s=a b", "mailto:a b@x?s=a%20b"},
    {"view-source:HTTP://A.example", "view-source:http://a.example/"},
    {"view-source:x", NULL},
    {"feed:http://A.example", "feed:http://A.example"},
    {"ssh://U@Host.example:22/a/../b c", "ssh://U@Host.example:22/b%20c"},
    {"ssh://a b/", NULL},
    {"file:x/../y", "file:///y"},
    {"file://host.example/x", "file:///x"},
    {"FILE:///x y", "file:///x%20y"},
    {"ssh:/.//u@x", "ssh:/.//u@x"},
    {"x:", "x:"},
    /* no text */
    {"https://a.example/\xff", NULL},
};

static void rows_of_firefox(void **state)
{
    struct buf url = {0}, again = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = rows[i][0], *wanted = rows[i][1];
        int r = model_url_canonical(text, strlen(text), 0, &url);
        if (r != (wanted == NULL ? HEARTH_ERR_INVALID : 0))
            fail_msg("%s: %d", text, r);
        if (wanted == NULL) {
            assert_int_equal(url.size, 0);
            continue;
        }
        assert_string_equal(url.data, wanted);
        assert_int_equal(url.size, strlen(wanted));
        assert_int_equal(model_url_canonical(url.data, url.size, 0, &again), 0);
        assert_string_equal(again.data, wanted);
    }
    buf_fini(&url);
    buf_fini(&again);
}

static void credentials(void **state)
{
    static const char *const cases[][2] = {
        {"https://user:pw@cred.example/", "https://cred.example/"},
        {"ftp://user@cred.example:2121/x", "ftp://cred.example:2121/x"},
        {"https://a@b@cred.example/@c", "https://cred.example/@c"},
        {"ssh://git@host.example/", "ssh://host.example/"},
        {"view-source:https://user:pw@cred.example/", "view-source:https://cred.example/"},
        {"mailto:ada@cred.example", "mailto:ada@cred.example"},
    };
    struct buf url = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            model_url_canonical(cases[i][0], strlen(cases[i][0]), MODEL_URL_DROP_USER, &url), 0);
        assert_string_equal(url.data, cases[i][1]);
    }
    buf_fini(&url);
}

static char *long_url(const char *head, const char *part, size_t size)
{
    char *text = malloc(size + 1);
    assert_non_null(text);
    size_t n = strlen(head), step = strlen(part);
    memcpy(text, head, n);
    for (; n + step <= size; n += step)
        memcpy(text + n, part, step);
    text[n] = '\0';
    return text;
}

/* Whatever is given, time and size are in proportion to it. */
static void bounds(void **state)
{
    static const struct {
        const char *head, *part;
        int r;
    } cases[] = {
        {"http://a/", "\xc3\xa4", HEARTH_ERR_FULL},
        {"http://a/", "/../a", 0},
        {"http://a/", "%2e%2e/", 0},
        {"http://", "\xc3\xa4", HEARTH_ERR_INVALID},
        {"http://", "a.", 0},
        {"http://", "1.", HEARTH_ERR_INVALID},
        {"http://", "xn--a.", HEARTH_ERR_INVALID},
        {"http://u", "@", HEARTH_ERR_INVALID},
        {"http://[", ":", HEARTH_ERR_INVALID},
        {"http://a:", "0", 0},
        {"x:", "\x01z", HEARTH_ERR_FULL},
        {"view-source:", "view-source:", HEARTH_ERR_INVALID},
    };
    struct buf url = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = long_url(cases[i].head, cases[i].part, MODEL_URL_MAX);
        int r = model_url_canonical(text, strlen(text), 0, &url);
        if (r != cases[i].r)
            fail_msg("%s %s: %d", cases[i].head, cases[i].part, r);
        assert_true(url.size <= MODEL_URL_MAX && (r == 0 || url.size == 0));
        free(text);
    }
    char *text = long_url("http://a/", "a", MODEL_URL_MAX + 1);
    assert_int_equal(model_url_canonical(text, MODEL_URL_MAX + 1, 0, &url), HEARTH_ERR_FULL);
    assert_int_equal(model_url_canonical(text, MODEL_URL_MAX, 0, &url), 0);
    assert_int_equal(url.size, MODEL_URL_MAX);
    free(text);
    buf_fini(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_firefox),
        cmocka_unit_test(credentials),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
