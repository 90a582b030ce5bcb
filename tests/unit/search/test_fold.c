#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "search/fold.h"

enum { ROOM = 1024 };

/* Folds and gives the starts as a second line: '^' where a word starts. */
static void expect(const char *text, const char *folded, const char *starts)
{
    char out[ROOM];
    uint8_t bits[ROOM / 8 + 8] = {0};
    size_t n = search_fold_text(text, strlen(text), out, bits, 5);
    assert_int_equal(n, strlen(folded));
    assert_memory_equal(out, folded, n);
    assert_int_equal(n, strlen(starts));
    for (size_t i = 0; i < n; i++)
        if ((bits[(i + 5) / 8] >> (i + 5) % 8 & 1) != (starts[i] == '^'))
            fail_msg("'%s' at %zu", text, i);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(bits[0] >> i & 1, 0);
    char same[ROOM];
    assert_int_equal(search_fold_text(text, strlen(text), same, NULL, 0), n);
    assert_memory_equal(same, out, n);
}

static void case_and_accents(void **state)
{
    expect("", "", "");
    expect("River", "river", "^    ");
    expect("ÜBUNG", "ubung", "^^^^^");
    expect("Übung", "ubung", "^^   ");
    expect("Łódź", "lodz", "^^^^");
    expect("İstanbul", "istanbul", "^^      ");
    expect("ıI", "ii", "^^");
}

static void sharp_s_stays(void **state)
{
    expect("straße",
           "stra\xc3\x9f"
           "e",
           "^   ^ ^");
    expect("STRA\xe1\xba\x9e"
           "E",
           "stra\xc3\x9f"
           "e",
           "^^^^^ ^");
}

static void other_scripts(void **state)
{
    expect("Москва", "москва", "^ ^ ^ ^ ^ ^ ");
    expect("й", "и", "^ ");
    expect("θάλασσα ΘΆΛΑΣΣΑ", "θαλασσα θαλασσα", "^ ^ ^ ^ ^ ^ ^ ^^ ^ ^ ^ ^ ^ ^ ");
    expect("北京", "北京", "^  ^  ");
    expect("が", "が", "^  "); /* voicing marks make another letter */
    expect("한", "한", "^  ");
    expect("ＡＢ１", "ab1", "^^^");
    expect("\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "^   "); /* Deseret, beyond the table */
}

static void word_starts(void **state)
{
    expect("CamelCase", "camelcase", "^    ^   ");
    expect("ABCd", "abcd", "^^^ ");
    expect("a-b_c/d.e", "a-b_c/d.e", "^^^^^^^^^");
    expect("x9y", "x9y", "^^^");
    expect("caf\xc3\xa9s", "cafes", "^  ^^");
    /* a combining accent leaves nothing but a boundary */
    expect("cafe\xcc\x81s", "cafes", "^   ^");
    expect("[a]z", "[a]z", "^^^^");
    expect("Ünder–score", "under-score", "^^   ^^    ");
}

static void malformed(void **state)
{
    expect("a\xff"
           "b",
           "a\xef\xbf\xbd"
           "b",
           "^^  ^");
    expect("\xc3", "\xef\xbf\xbd", "^  ");
    expect("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "^  ^  ");
    expect("\xed\xa0\x80", "\xef\xbf\xbd", "^  ");
}

/* Blocks of 16 bytes and single bytes give the same, wherever the text is cut. */
static void blocks_as_bytes(void **state)
{
    static const char text[] =
        "https://Example.ORG/Some_CamelCase/pathWithWords-and9Digits?q=ÄÖü&x=The quick brown Fox "
        "jumps over the LAZY dog 0123456789 Zz";
    for (size_t from = 0; from < 40; from++) {
        if (((uint8_t)text[from] & 0xC0) == 0x80)
            continue;
        for (size_t size = 0; from + size < sizeof(text); size++) {
            size_t cut = search_fold_cut(text + from, sizeof(text) - 1 - from, size), n = 0;
            char whole[ROOM], single[ROOM];
            uint8_t bits[ROOM] = {0}, single_bits[ROOM] = {0};
            size_t all = search_fold_text(text + from, cut, whole, bits, 0);
            for (size_t at = 0; at < cut;) {
                size_t next = at + 1;
                while (next < cut && ((uint8_t)text[from + next] & 0xC0) == 0x80)
                    next++;
                uint8_t bit[8] = {0};
                size_t one = search_fold_text(text + from + at, next - at, single + n, bit, 0);
                char c = text[from + at], before = at == 0 ? ' ' : text[from + at - 1];
                char letter = (char)(before | 0x20);
                if (!(c >= 'a' && c <= 'z' && letter >= 'a' && letter <= 'z'))
                    single_bits[n / 8] |= (uint8_t)(1u << n % 8);
                n += one;
                at = next;
            }
            assert_int_equal(all, n);
            assert_memory_equal(whole, single, n);
            assert_memory_equal(bits, single_bits, n / 8 + 1);
        }
    }
}

static void cuts(void **state)
{
    assert_int_equal(search_fold_cut("abc", 3, 5), 3);
    assert_int_equal(search_fold_cut("abc", 3, 2), 2);
    assert_int_equal(search_fold_cut("a\xc3\xa9", 3, 2), 1);
    assert_int_equal(search_fold_cut("\xf0\x90\x90\x80", 4, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(case_and_accents),
                                       cmocka_unit_test(sharp_s_stays),
                                       cmocka_unit_test(other_scripts),
                                       cmocka_unit_test(word_starts),
                                       cmocka_unit_test(malformed),
                                       cmocka_unit_test(blocks_as_bytes),
                                       cmocka_unit_test(cuts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
