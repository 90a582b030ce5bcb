/* core/codec: vectors of the RFCs, every byte and code point, and whatever is to be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <utf8proc.h>

#include "codec/codec.h"
#include "hearth/plugin.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void test_ascii(void **state)
{
    (void)state;
    for (int c = -128; c < 128; c++) {
        bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
        bool is_digit = c >= '0' && c <= '9';
        assert_int_equal(codec_lower((char)c), is_upper ? c + 32 : c);
        assert_int_equal(codec_is_alnum((char)c), is_upper || is_lower || is_digit);
        if (is_digit)
            assert_int_equal(codec_hex_digit((char)c), c - '0');
        else if ((is_upper || is_lower) && (c | 32) <= 'f')
            assert_int_equal(codec_hex_digit((char)c), (c | 32) - 'a' + 10);
        else
            assert_int_equal(codec_hex_digit((char)c), -1);
    }
    char text[] = "ÄBC-Z9";
    codec_lower_text(text);
    assert_string_equal(text, "Äbc-z9");
    codec_lower_text(NULL);
}

static void test_hex(void **state)
{
    (void)state;
    uint8_t bytes[256], back[256];
    char text[513];
    for (size_t i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    codec_hex_encode(bytes, 256, text);
    assert_memory_equal(text, "000102", 6);
    assert_string_equal(text + 506, "fdfeff");
    assert_int_equal(codec_hex_decode(text, 512, back, 256), 0);
    assert_memory_equal(back, bytes, 256);
    assert_int_equal(codec_hex_decode("aBFf", 4, back, 2), 0);
    assert_memory_equal(back, "\xab\xff", 2);
    assert_int_equal(codec_hex_decode("", 0, back, 0), 0);
    codec_hex_encode(bytes, 0, text);
    assert_string_equal(text, "");
    static const char *const bad[] = {"", "00f", "00f00", "00fg", "g0ff", "00 f", "-1ff", "0x00"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(codec_hex_decode(bad[i], strlen(bad[i]), back, 2), HEARTH_ERR_INVALID);
        assert_memory_equal(back, "\xab\xff", 2); /* untouched */
    }
    assert_int_equal(codec_hex_decode("00\0f", 4, back, 2), HEARTH_ERR_INVALID);
}

static void test_hex_unit(void **state)
{
    (void)state;
    assert_int_equal(codec_hex_unit("0000"), 0);
    assert_int_equal(codec_hex_unit("20aC"), 0x20ac);
    assert_int_equal(codec_hex_unit("ffff"), 0xffff);
    static const char *const bad[] = {"20a", "20ag", "g000", "+123", "0x12", " 123", "12\xc3\xbc"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(codec_hex_unit(bad[i]), -1);
}

static void base64_is(const char *plain, const char *standard, const char *url)
{
    const struct {
        enum codec_alphabet alphabet;
        const char *text;
    } forms[] = {{CODEC_STANDARD, standard}, {CODEC_URL, url}};
    for (size_t i = 0; i < COUNT(forms); i++) {
        char text[32];
        uint8_t back[32];
        size_t n = strlen(plain), size;
        const uint8_t *bytes = (const uint8_t *)plain;
        assert_int_equal(codec_base64_encode(forms[i].alphabet, bytes, n, text),
                         strlen(forms[i].text));
        assert_string_equal(text, forms[i].text);
        assert_int_equal(codec_base64_decode(forms[i].alphabet, text, strlen(text), back, &size),
                         0);
        assert_int_equal(size, n);
        assert_memory_equal(back, plain, n);
    }
}

static void test_base64(void **state)
{
    (void)state;
    base64_is("", "", ""); /* RFC 4648, 10 */
    base64_is("f", "Zg==", "Zg");
    base64_is("fo", "Zm8=", "Zm8");
    base64_is("foo", "Zm9v", "Zm9v");
    base64_is("foob", "Zm9vYg==", "Zm9vYg");
    base64_is("fooba", "Zm9vYmE=", "Zm9vYmE");
    base64_is("foobar", "Zm9vYmFy", "Zm9vYmFy");
    base64_is("\xfb\xff", "+/8=", "-_8");
    for (size_t n = 0; n <= 48; n++) {
        uint8_t bytes[48], back[48];
        char text[80];
        size_t size;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(i * 37 + n);
        for (int alphabet = CODEC_STANDARD; alphabet <= CODEC_URL; alphabet++) {
            size_t length = codec_base64_encode((enum codec_alphabet)alphabet, bytes, n, text);
            assert_int_equal(length, alphabet == CODEC_URL ? (n * 4 + 2) / 3 : (n + 2) / 3 * 4);
            assert_int_equal(
                codec_base64_decode((enum codec_alphabet)alphabet, text, length, back, &size), 0);
            assert_int_equal(size, n);
            assert_memory_equal(back, bytes, n);
        }
    }
}

static void test_base64_refusals(void **state)
{
    (void)state;
    static const char *const standard[] = {
        "A",     "AA",   "AAA",  "====",  "A===",     "AA=A",    "=AAA",     "AB==",  "AAB=",
        "AAA\n", "AA-_", "AA =", "AAAAA", "AA==AAAA", "AAA\xc3", "AAA=====", "AA==\n"};
    static const char *const url[] = {"A",    "AB",   "AAB",   "AAA=",  "AA==",      "AA+A",
                                      "AA/A", "AA A", "AAAAB", "AAA\n", "AA\xc3\xbc"};
    uint8_t bytes[16];
    size_t size = 77;
    for (size_t i = 0; i < COUNT(standard); i++)
        assert_int_equal(
            codec_base64_decode(CODEC_STANDARD, standard[i], strlen(standard[i]), bytes, &size),
            HEARTH_ERR_INVALID);
    for (size_t i = 0; i < COUNT(url); i++)
        assert_int_equal(codec_base64_decode(CODEC_URL, url[i], strlen(url[i]), bytes, &size),
                         HEARTH_ERR_INVALID);
    assert_int_equal(codec_base64_decode(CODEC_URL, "AA\0A", 4, bytes, &size), HEARTH_ERR_INVALID);
    assert_int_equal(size, 77);
}

/* Every byte is a digit of an alphabet or refused. */
static void test_base64_digits(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[4] = {'A', 'A', 'A', (char)c};
        uint8_t bytes[3];
        size_t size;
        bool both = codec_is_alnum((char)c);
        bool standard = codec_base64_decode(CODEC_STANDARD, text, 4, bytes, &size) == 0;
        assert_int_equal(standard, both || c == '+' || c == '/' || c == '=');
        bool url = codec_base64_decode(CODEC_URL, text, 4, bytes, &size) == 0;
        assert_int_equal(url, both || c == '-' || c == '_');
    }
}

static void test_percent_encode(void **state)
{
    (void)state;
    char text[64] = "untouched";
    assert_int_equal(codec_percent_encode("::::", "", text, 12), HEARTH_ERR_FULL);
    assert_int_equal(codec_percent_encode("", "", text, 0), HEARTH_ERR_FULL);
    assert_string_equal(text, "untouched");
    assert_int_equal(codec_percent_encode("::::", "", text, 13), 0);
    assert_int_equal(codec_percent_encode("1700:5 ü~/%", "", text, sizeof(text)), 0);
    assert_string_equal(text, "1700%3A5%20%C3%BC~%2F%25");
    assert_int_equal(codec_percent_encode("a/b:c", "/:", text, sizeof(text)), 0);
    assert_string_equal(text, "a/b:c");
    for (int c = 1; c < 256; c++) { /* RFC 3986, 2.3, and the way back */
        char plain[2] = {(char)c, '\0'}, back[4];
        size_t size;
        assert_int_equal(codec_percent_encode(plain, "", text, sizeof(text)), 0);
        bool stays = codec_is_alnum((char)c) || strchr("-._~", c) != NULL;
        assert_int_equal(strlen(text), stays ? 1 : 3);
        assert_int_equal(
            codec_percent_decode(CODEC_STRICT, text, strlen(text), back, sizeof(back), &size), 0);
        assert_int_equal(size, 1);
        assert_string_equal(back, plain);
    }
}

static void percent_gives(unsigned how, const char *text, const char *wanted)
{
    char out[64];
    size_t n = strlen(text), size = 99;
    if (wanted == NULL) {
        assert_int_equal(codec_percent_decode(how, text, n, out, sizeof(out), &size),
                         HEARTH_ERR_INVALID);
        assert_int_equal(size, 99);
        return;
    }
    assert_int_equal(codec_percent_decode(how, text, n, out, n + 1, &size), 0);
    assert_int_equal(size, strlen(wanted));
    assert_string_equal(out, wanted);
}

static void test_percent_decode(void **state)
{
    (void)state;
    static const struct {
        const char *text, *lenient, *strict;
    } cases[] = {
        {"", "", ""},
        {"p%40ss+", "p@ss+", "p@ss+"},
        {"a%C3%bcb", "aüb", "aüb"},
        {"%2525", "%25", "%25"},
        {"%ff", "\xff", "\xff"},
        {"%0a%7f", "\n\x7f", "\n\x7f"},
        {"%", "%", NULL},
        {"a%", "a%", NULL},
        {"%4", "%4", NULL},
        {"%zz%2g", "%zz%2g", NULL},
        {"%%41", "%A", NULL},
        {"%4%41", "%4A", NULL},
        {"% 1%+1%-1", "% 1%+1%-1", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        percent_gives(CODEC_LENIENT, cases[i].text, cases[i].lenient);
        percent_gives(CODEC_STRICT, cases[i].text, cases[i].strict);
    }
    percent_gives(CODEC_PLUS, "a+b%2B+%", "a b+ %");
    percent_gives(CODEC_STRICT | CODEC_PLUS, "a+b%2b+", "a b+ ");
    percent_gives(CODEC_KEEP_CONTROLS, "%0a%00%1f%7f%7F%20%2", "%0a%00%1f%7f%7F %2");
    percent_gives(CODEC_STRICT | CODEC_KEEP_CONTROLS, "%00%41", "%00A");
}

static void test_percent_nul_and_room(void **state)
{
    (void)state;
    char out[8];
    size_t size;
    assert_int_equal(codec_percent_decode(CODEC_LENIENT, "a%00b", 5, out, 8, &size), 0);
    assert_int_equal(size, 3);
    assert_memory_equal(out, "a\0b", 4);
    assert_int_equal(codec_percent_decode(CODEC_LENIENT, "a\0b", 3, out, 8, &size), 0);
    assert_int_equal(size, 3);
    assert_int_equal(codec_percent_decode(CODEC_STRICT, "a%00b", 5, out, 8, &size),
                     HEARTH_ERR_INVALID);
    assert_int_equal(codec_percent_decode(CODEC_STRICT, "a\0b", 3, out, 8, &size),
                     HEARTH_ERR_INVALID);
    assert_int_equal(codec_percent_decode(CODEC_STRICT, "%41%42", 6, out, 3, NULL), 0);
    assert_string_equal(out, "AB");
    for (size_t room = 0; room < 3; room++)
        assert_int_equal(codec_percent_decode(CODEC_STRICT, "%41%42", 6, out, room, &size),
                         HEARTH_ERR_FULL);
    assert_int_equal(codec_percent_decode(CODEC_LENIENT, "", 0, out, 0, &size), HEARTH_ERR_FULL);
    assert_int_equal(size, 3);
    assert_int_equal(codec_percent_decode(CODEC_STRICT, "%412", 2, out, 8, &size),
                     HEARTH_ERR_INVALID); /* reads no byte behind the text */
}

static void trims(const char *text, const char *wanted)
{
    size_t size = strlen(text);
    codec_trim(&text, &size);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(text, wanted, size);
}

/* What trim() of a browser takes away: the separators of Unicode, and a few others. */
static void test_trim(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < 0x110000; code++) {
        char text[20] = "", space[5] = "";
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        codec_utf8_write(code, space);
        utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
        bool is_space = (code >= 9 && code <= 13) || code == 0xfeff ||
                        category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
                        category == UTF8PROC_CATEGORY_ZP;
        assert_int_equal(codec_is_space(code), is_space);
        stpcpy(stpcpy(stpcpy(text, space), "a b"), space);
        trims(text, is_space ? "a b" : text);
        trims(space, is_space ? "" : space);
    }
    trims("", "");
    trims(" \t\xe2\x80\xaf \xe2\x81\x9f\xe1\x9a\x80", "");
    trims(" \x80\xa0 ", "\x80\xa0"); /* not UTF-8 */
    trims("\xe3\x80 ", "\xe3\x80");
}

static void test_utf8(void **state)
{
    (void)state;
    assert_true(codec_utf8_valid("aü€😀", strlen("aü€😀")));
    assert_true(codec_utf8_valid("", 0));
    assert_true(codec_utf8_valid("a\0b", 3));
    static const char *const bad[] = {
        "\x80",     "\xc0\x80",         "\xc1\xbf",         "\xc3",         "\xc3(",
        "\xe2\x82", "\xed\xa0\x80",     "\xed\xbf\xbf",     "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
        "\xff",     "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xf0\x9f\x98"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(codec_utf8_valid(bad[i], strlen(bad[i])));
    for (uint32_t code = 0; code < 0x110000; code++) { /* every character comes back */
        char text[4];
        size_t size = codec_utf8_write(code, text);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(codec_utf8_length(text, size), surrogate ? 0 : size);
        assert_int_equal(codec_utf8_valid(text, size), !surrogate);
        if (!surrogate)
            assert_int_equal(codec_utf8_code(text, size), code);
        if (size > 1)
            assert_int_equal(codec_utf8_length(text, size - 1), 0);
    }
}

static void folds_to(const char *text, const char *wanted)
{
    char folded[96];
    size_t size = strlen(text);
    assert_true(CODEC_FOLD_GROWTH * size < sizeof(folded));
    folded[codec_fold(text, size, folded)] = '\0';
    assert_string_equal(folded, wanted);
}

static void test_fold(void **state)
{
    (void)state;
    folds_to("", "");
    folds_to("Reading LIST 7", "reading list 7");
    folds_to("ÄÖÜẞ ΑΒΓ ЖЩ", "äöüß αβγ жщ");
    folds_to("İ", "i");                 /* U+0130 without its dot, as Firefox has it */
    folds_to("Ⱥ", "ⱥ");                 /* two bytes become three */
    folds_to("𐐀", "𐐨");                 /* beyond the first plane */
    folds_to("A\xff\xc3", "a\xff\xc3"); /* what is not UTF-8 stays */
    folds_to("\xc1\x81", "\xc1\x81");
}

/* The table is Unicode's: what libutf8proc says of all characters, but for capitals that came with
 * Unicode 16 or later and stay as they are here, since databases hold what this gives. */
static void test_fold_of_all(void **state)
{
    (void)state;
    bool is_newer = strtol(utf8proc_unicode_version(), NULL, 10) >= 16;
    for (uint32_t code = 0; code < 0x110000; code++) {
        char text[4], folded[4 * CODEC_FOLD_GROWTH], wanted[4];
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        size_t size = codec_utf8_write(code, text), n = codec_fold(text, size, folded);
        assert_true(n <= CODEC_FOLD_GROWTH * size);
        uint32_t lower = (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
        bool stays = n == size && memcmp(folded, text, size) == 0;
        if (is_newer && stays)
            continue;
        assert_int_equal(n, codec_utf8_write(lower, wanted));
        assert_memory_equal(folded, wanted, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_hex_unit),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_refusals),
        cmocka_unit_test(test_base64_digits),
        cmocka_unit_test(test_percent_encode),
        cmocka_unit_test(test_percent_decode),
        cmocka_unit_test(test_percent_nul_and_room),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_fold_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
