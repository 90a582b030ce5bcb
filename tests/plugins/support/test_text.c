/* text.c, codec.c, fold.c, hash.h: bytes in, bytes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "hearth/plugin.h"
#include "support/codec.h"
#include "support/fold.h"
#include "support/hash.h"
#include "support/text.h"

static void test_absent_and_lower(void **state)
{
    (void)state;
    assert_string_equal(support_or_empty(NULL), "");
    assert_string_equal(support_or_empty("x"), "x");
    for (int c = -128; c < 128; c++)
        assert_int_equal(support_lower((char)c), c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static void test_utf8(void **state)
{
    (void)state;
    assert_true(support_utf8_valid("aü€😀", strlen("aü€😀")));
    static const char *const bad[] = {"\x80", "\xc0\x80",        "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80",
                                      "\xff", "\xf0\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(support_utf8_valid(bad[i], strlen(bad[i])));
    assert_int_equal(support_utf8_cut("aü😀b", 8, 4), 7); /* 😀 counts for two */
    assert_int_equal(support_utf8_cut("aü😀b", 8, 3), 3);
    for (uint32_t code = 0; code < 0x110000; code++) { /* every character there is comes back */
        char text[4];
        size_t size = support_utf8_write(code, text);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(support_utf8_length(text, size), surrogate ? 0 : size);
        if (!surrogate)
            assert_int_equal(support_utf8_code(text, size), code);
    }
}

static void test_hex(void **state)
{
    (void)state;
    uint8_t bytes[4] = {9, 9, 9, 9};
    char text[9];
    assert_int_equal(support_hex_decode("00fF", 4, bytes, 2), 0);
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[1], 0xff);
    assert_int_equal(support_hex_decode("00f", 3, bytes, 2), HEARTH_ERR_INVALID);
    assert_int_equal(support_hex_decode("00fg", 4, bytes, 2), HEARTH_ERR_INVALID);
    assert_int_equal(bytes[1], 0xff); /* untouched */
    support_hex_encode((const uint8_t *)"\x01\xab\x7f\x00", 4, text);
    assert_string_equal(text, "01ab7f00");
    assert_int_equal(support_hex_digit('G'), -1);
    assert_int_equal(support_hex_digit('\0'), -1);
}

static void test_percent(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(support_percent_encode("1700:5 ü~", text, sizeof(text)), 0);
    assert_string_equal(text, "1700%3A5%20%C3%BC~");
    assert_int_equal(support_percent_encode("::::", text, 12), HEARTH_ERR_FULL);
    assert_int_equal(support_percent_decode("a%C3%BCb+%2", 11, text), 7);
    assert_string_equal(text, "aüb+%2");
    assert_int_equal(support_percent_decode_all("p%40ss+", 7, text, 6), 0);
    assert_string_equal(text, "p@ss+");
    assert_int_equal(support_percent_decode_all("p%40ss+", 7, text, 5), HEARTH_ERR_FULL);
    static const char *const bad[] = {"%", "%4", "a%zz", "%4g", "%00"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(support_percent_decode_all(bad[i], strlen(bad[i]), text, sizeof(text)), HEARTH_ERR_INVALID);
}

static void folds_to(const char *text, const char *wanted)
{
    char folded[96];
    size_t size = strlen(text);
    assert_true(SUPPORT_FOLD_GROWTH * size < sizeof(folded));
    folded[support_fold(text, size, folded)] = '\0';
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

/* Columns hold them: another value would lose rows. */
static void test_hash(void **state)
{
    (void)state;
    assert_int_equal(support_hash32(""), 2166136261u);
    assert_int_equal(support_hash32("a"), 0xe40c292cu);
    assert_true(support_host_key("a") == (int32_t)0xe40c292cu);
    assert_true(support_host_key("a") < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_and_lower), cmocka_unit_test(test_utf8), cmocka_unit_test(test_hex),
        cmocka_unit_test(test_percent),          cmocka_unit_test(test_fold), cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
