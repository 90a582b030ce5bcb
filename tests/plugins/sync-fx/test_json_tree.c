/* json_tree.c takes what jansson takes, and makes the same of it. What differs is said here. */
#include "fake.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "json_tree.h"
#include "text.h"

enum { TEXT_MAX = 4096, DOCUMENTS = 20000 };

struct document {
    char text[TEXT_MAX];
    size_t size;
};

static uint64_t random_state;

static unsigned roll(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

static void write_text(struct document *document, const char *text)
{
    size_t size = strlen(text);
    assert_true(document->size + size < TEXT_MAX);
    memcpy(document->text + document->size, text, size + 1);
    document->size += size;
}

#define PICK(list) ((list)[roll(sizeof(list) / sizeof((list)[0]))])

static void write_string(struct document *document)
{
    static const char *const pieces[] = {"a",
                                         "key",
                                         "\xc3\xbc",
                                         "\\n",
                                         "\\\"",
                                         "\\\\",
                                         "\\u00e9",
                                         "\xf0\x9f\x98\x80",
                                         "\\/",
                                         "\\u0041",
                                         "\\ud83d\\ude00",
                                         "https://x.test/?q=",
                                         "%",
                                         " ",
                                         "\\t",
                                         "0123456789abcdef",
                                         "\\u2028"};
    write_text(document, "\"");
    for (unsigned i = roll(5); i > 0; i--)
        write_text(document, PICK(pieces));
    write_text(document, "\"");
}

static void write_value(struct document *document, int depth)
{
    static const char *const scalars[] = {"0",
                                          "-0",
                                          "1",
                                          "-17",
                                          "1795906000.0199999",
                                          "1.79e9",
                                          "1e3",
                                          "1E-2",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "9007199254740993",
                                          "0.1",
                                          "true",
                                          "false",
                                          "null"};
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t\r"};
    unsigned kind = roll(depth > 5 || document->size > TEXT_MAX / 4 ? 2 : 5);
    write_text(document, PICK(blanks));
    if (kind == 0) {
        write_text(document, PICK(scalars));
    } else if (kind == 1) {
        write_string(document);
    } else {
        bool object = kind < 4;
        unsigned count = roll(8) == 0 ? 20 : roll(4); /* beyond what is searched one by one */
        write_text(document, object ? "{" : "[");
        for (unsigned i = 0; i < count; i++) {
            write_text(document, i == 0 ? "" : ",");
            if (object) {
                write_string(document);
                write_text(document, ":");
            }
            write_value(document, count > 8 ? 6 : depth + 1);
        }
        write_text(document, object ? "}" : "]");
    }
    write_text(document, PICK(blanks));
}

/* Another byte, one less, or one more. */
static void damage(struct document *document)
{
    static const char bytes[] = "{}[]\",:\\u0e+-.1tfn \x01\xc3\x80\xff";
    size_t at = roll((unsigned)document->size);
    char byte = bytes[roll(sizeof(bytes) - 1)];
    switch (roll(3)) {
    case 0:
        document->text[at] = byte;
        break;
    case 1:
        memmove(document->text + at, document->text + at + 1, document->size - at);
        document->size--;
        break;
    default:
        memmove(document->text + at + 1, document->text + at, document->size - at + 1);
        document->text[at] = byte;
        document->size++;
    }
}

static void expect_same(const struct fx_json *ours, json_t *theirs);

static void expect_same_object(const struct fx_json *ours, json_t *theirs)
{
    const char *key;
    json_t *value;
    size_t count = 0;
    for (const struct fx_json *at = fx_json_first(ours); at != NULL; at = at->next)
        count++;
    assert_int_equal(count, json_object_size(theirs));
    json_object_foreach(theirs, key, value) expect_same(fx_json_get(ours, key), value);
    assert_null(fx_json_get(ours, "there is no such key"));
}

static void expect_same_number(const struct fx_json *ours, json_t *theirs)
{
    if (ours->whole) {
        assert_true(json_is_integer(theirs));
        assert_true(ours->integer == json_integer_value(theirs));
    } else {
        assert_true(ours->real == json_number_value(theirs));
    }
}

static void expect_same(const struct fx_json *ours, json_t *theirs)
{
    assert_non_null(ours);
    switch (ours->kind) {
    case FX_JSON_OBJECT:
        assert_true(json_is_object(theirs));
        expect_same_object(ours, theirs);
        break;
    case FX_JSON_ARRAY:
        assert_true(json_is_array(theirs));
        assert_int_equal(fx_json_count(ours), json_array_size(theirs));
        for (size_t i = 0; i < fx_json_count(ours); i++)
            expect_same(fx_json_at(ours, i), json_array_get(theirs, i));
        break;
    case FX_JSON_STRING:
        assert_true(json_is_string(theirs));
        assert_int_equal(fx_json_size(ours), json_string_length(theirs));
        assert_string_equal(fx_json_text(ours), json_string_value(theirs));
        break;
    case FX_JSON_NUMBER:
        expect_same_number(ours, theirs);
        break;
    default:
        assert_false(json_is_object(theirs) || json_is_array(theirs) || json_is_string(theirs) ||
                     json_is_number(theirs));
        assert_int_equal(fx_json_is_true(ours), json_is_true(theirs));
    }
}

/* jansson takes no integer beyond 64 bits, which is a number like any other here, and no U+0000
 * in a key; in texts it is U+FFFD here. */
static bool is_known(const struct document *document, const json_error_t *error)
{
    return strstr(document->text, "\\u0000") != NULL ||
           json_error_code(error) == json_error_numeric_overflow;
}

/* True: both take it. */
static bool compare(struct fx_arena *arena, const struct document *said)
{
    struct document ours = *said;
    json_error_t error = {0};
    struct fx_json *tree = NULL, *copy;
    fx_text_repair_json(ours.text, ours.size);
    const struct document repaired = ours;
    json_t *theirs = json_loadb(repaired.text, repaired.size, JSON_ALLOW_NUL, &error);
    int r = fx_json_parse(arena, ours.text, ours.size, &tree);
    bool known = is_known(&repaired, &error), taken = r == 0 && theirs != NULL;
    if (!known && (r == 0) != (theirs != NULL))
        fail_msg("%d, and jansson says \"%s\": %s", r, error.text, repaired.text);
    if (taken && !known) {
        expect_same(tree, theirs);
        copy = fx_json_copy(arena, tree);
        expect_same(copy, theirs);
    }
    json_decref(theirs);
    fx_arena_reset(arena);
    return taken;
}

static void test_generated(void **state)
{
    (void)state;
    struct fx_arena arena = {0};
    int taken = 0, damaged_taken = 0;
    random_state = 20261130;
    for (int i = 0; i < DOCUMENTS; i++) {
        struct document document = {.size = 0};
        write_text(&document, "[");
        write_value(&document, 0);
        write_text(&document, "]");
        taken += compare(&arena, &document);
        for (unsigned k = roll(3) + 1; k > 0; k--)
            damage(&document);
        damaged_taken += compare(&arena, &document);
    }
    assert_int_equal(taken, DOCUMENTS);
    assert_in_range(damaged_taken, DOCUMENTS / 20, DOCUMENTS); /* both sides are seen */
    assert_in_range(DOCUMENTS - damaged_taken, DOCUMENTS / 20, DOCUMENTS);
    fx_arena_fini(&arena);
}

/* A number that jansson calls too big is one here, as in JavaScript. */
static void test_what_differs(void **state)
{
    (void)state;
    struct fx_arena arena = {0};
    char text[] = "[18446744073709551616,-0,\"a\\u0000b\"]";
    struct fx_json *tree = NULL;
    assert_int_equal(fx_json_parse(&arena, text, strlen(text), &tree), 0);
    assert_false(fx_json_at(tree, 0)->whole);
    assert_true(fx_json_at(tree, 0)->real == 18446744073709551616.0);
    assert_string_equal(fx_json_text(fx_json_at(tree, 2)), "a\xef\xbf\xbd"
                                                           "b");
    char beyond[] = "[1e999]", deep[200] = "";
    assert_int_equal(fx_json_parse(&arena, beyond, strlen(beyond), &tree), 0);
    assert_false(fx_json_at(tree, 0)->whole);
    assert_true(isinf(fx_json_at(tree, 0)->real));
    memset(deep, '[', FX_JSON_DEPTH + 1);
    memset(deep + FX_JSON_DEPTH + 1, ']', FX_JSON_DEPTH + 1);
    assert_int_equal(fx_json_parse(&arena, deep, strlen(deep), &tree), HEARTH_ERR_INVALID);
    char most[200] = "";
    memset(most, '[', FX_JSON_DEPTH);
    memset(most + FX_JSON_DEPTH, ']', FX_JSON_DEPTH);
    assert_int_equal(fx_json_parse(&arena, most, strlen(most), &tree), 0);
    fx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated),
        cmocka_unit_test(test_what_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
