#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kit.h"

enum { LONG_TEXT = 64 * 1024 + 1, SHOWN_BYTES = 48 };

static bool left_out(const struct hearth_field *field, const char *const *without)
{
    for (; without != NULL && *without != NULL; without++)
        if (strcmp(field->name, *without) == 0)
            return true;
    return false;
}

/* --- as text and compared ----------------------------------------------------------------------- */

static void print_text(struct buf *out, const char *text)
{
    if (text == NULL) {
        buf_add_text(out, "(null)");
        return;
    }
    buf_add_char(out, '"');
    for (; *text != '\0'; text++) /* a record is one line */
        if (*text == '\n')
            buf_add_text(out, "\\n");
        else
            buf_add_char(out, *text);
    buf_add_char(out, '"');
}

static void print_value(struct buf *out, const struct hearth_field *field, const void *record)
{
    const uint8_t *hash;
    switch (field->kind) {
    case HEARTH_FIELD_TEXT:
        print_text(out, fields_text(field, record));
        break;
    case HEARTH_FIELD_HASH:
        hash = fields_hash(field, record);
        for (int64_t i = 0; hash != NULL && i < field->most; i++)
            buf_printf(out, "%02x", hash[i]);
        break;
    case HEARTH_FIELD_REAL:
        buf_printf(out, "%.17g", fields_real(field, record));
        break;
    default:
        buf_printf(out, "%" PRId64, fields_number(field, record));
        break;
    }
}

void record_print(struct buf *out, const struct fields *fields, const void *record, const char *const *without)
{
    buf_add_text(out, fields->record);
    for (size_t i = 0; i < fields->count; i++) {
        if (left_out(&fields->list[i], without))
            continue;
        buf_printf(out, " %s ", fields->list[i].name);
        print_value(out, &fields->list[i], record);
    }
    buf_add_char(out, '\n');
}

/* A long text is told by its length and its first bytes. */
static void tell_value(char *ret, size_t size, const struct hearth_field *field, const void *record)
{
    struct buf out = {0};
    print_value(&out, field, record);
    buf_add_char(&out, '\0');
    const char *text = buf_failed(&out) ? "?" : out.data;
    if (strlen(text) <= SHOWN_BYTES)
        snprintf(ret, size, "%s", text);
    else
        snprintf(ret, size, "%.*s… (%zu bytes)", SHOWN_BYTES, text, strlen(text) - 2);
    buf_fini(&out);
}

bool record_same(const struct fields *fields, const void *wanted, const void *got, const char *const *without, char *ret_why, size_t size)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        char put[120], came[120];
        if (field->role == HEARTH_FIELD_DERIVED || left_out(field, without) || fields_equal_one(field, wanted, got))
            continue;
        tell_value(put, sizeof(put), field, wanted);
        tell_value(came, sizeof(came), field, got);
        snprintf(ret_why, size, "%s.%s was put as %s and comes back as %s", fields->record, field->name, put, came);
        return false;
    }
    return true;
}

bool record_same_key(const struct fields *fields, const void *a, const void *b)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].role == HEARTH_FIELD_KEY && !fields_equal_one(&fields->list[i], a, b))
            return false;
    return true;
}

/* --- at random ---------------------------------------------------------------------------------- */

static const int64_t numbers[] = {0,         1,          -1,         2,         127,       INT32_MAX,
                                  INT32_MIN, 2147483648, 4294967296, INT64_MIN, INT64_MAX, 9007199254740993 /* no double is it */};

void record_randomise(const struct fields *fields, void *record, unsigned (*next)(void *ctx, unsigned n), void *ctx)
{
    static const char *const texts[] = {"", "one", "Zwei", "zwei", "Ünïcode 漢字", "🦊", "e\xcc\x81 ", "a'b\"c\\d%_`", NULL};
    static const uint8_t hashes[4][64] = {{1}, {2}, {3}, {4}};
    enum { TEXTS = sizeof(texts) / sizeof(texts[0]), NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        if (field->role == HEARTH_FIELD_KEY || field->role == HEARTH_FIELD_DERIVED)
            continue;
        if (field->kind == HEARTH_FIELD_TEXT) {
            const char *text = texts[next(ctx, field->role == HEARTH_FIELD_OPTIONAL ? TEXTS : TEXTS - 1)];
            fields_set_text(field, record, text != NULL && (int64_t)strlen(text) < field->least ? "one" : text);
        } else if (field->kind == HEARTH_FIELD_HASH) {
            fields_set_hash(field, record, hashes[next(ctx, 4)]);
        } else if (field->kind == HEARTH_FIELD_REAL) {
            fields_set_real(field, record, (1 + next(ctx, 100)) / 8.0);
        } else { /* mostly small ones, which meet */
            int64_t number = next(ctx, 3) == 0 ? numbers[next(ctx, NUMBERS)] : (int64_t)next(ctx, 5);
            fields_set_number(field, record, number < field->least || number > field->most ? field->least : number);
        }
    }
}

/* --- at the borders ----------------------------------------------------------------------------- */

void record_plain(const struct fields *fields, void *ret_record)
{
    static const uint8_t hash[64] = {7};
    memset(ret_record, 0, fields->size);
    *(uint32_t *)ret_record = (uint32_t)fields->size;
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        if (field->role == HEARTH_FIELD_DERIVED)
            continue;
        if (field->kind == HEARTH_FIELD_TEXT)
            fields_set_text(field, ret_record, field->role == HEARTH_FIELD_OPTIONAL ? NULL : "k");
        else if (field->kind == HEARTH_FIELD_HASH)
            fields_set_hash(field, ret_record, hash);
        else if (field->kind == HEARTH_FIELD_REAL)
            fields_set_real(field, ret_record, 1);
        else
            fields_set_number(field, ret_record, 1);
    }
}

/* Letters that nothing packs into less, with a character of four bytes at the end: what is cut loses it. */
static const char *long_text(int64_t size)
{
    static char text[LONG_TEXT + 1];
    unsigned state = 1;
    if (text[0] == '\0')
        for (size_t i = 0; i < LONG_TEXT; i++) {
            state = state * 1664525u + 1013904223u;
            text[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[state >> 26];
        }
    memcpy(text + LONG_TEXT - 4, "🦊", 4);
    return text + LONG_TEXT - size;
}

static bool set_border_text(const struct hearth_field *field, void *record, size_t which, const struct hearth_limits *limits)
{
    static const char *const texts[] = {NULL,     "",        "🦊", "\xc3\xa9", "e\xcc\x81", "%_'\"`\\",
                                        "Straße", "STRASSE", " a ",  "null",     "0",         "\t\x7f"};
    enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };
    int64_t longest = fields_longest(field->most, limits);
    if (which > TEXTS)
        return false;
    const char *text = which < TEXTS ? texts[which] : long_text(longest < LONG_TEXT ? longest : LONG_TEXT);
    if (text == NULL && field->role != HEARTH_FIELD_OPTIONAL)
        return true; /* as it is */
    if (text == NULL || ((int64_t)strlen(text) >= field->least && (int64_t)strlen(text) <= longest))
        fields_set_text(field, record, text);
    return true;
}

bool record_set_border(const struct hearth_field *field, void *record, size_t which, const struct hearth_limits *limits)
{
    static const uint8_t hashes[3][64] = {{0}, {'\'', '\\', 0, '"'}, {255, 255, 255}};
    static const double reals[] = {0.1, 1e300, 2.2250738585072014e-308, 9007199254740993.0, 1 / 3.0};
    if (field->kind == HEARTH_FIELD_TEXT)
        return set_border_text(field, record, which, limits);
    if (field->kind == HEARTH_FIELD_HASH) {
        if (which < sizeof(hashes) / sizeof(hashes[0]))
            fields_set_hash(field, record, hashes[which]);
        return which < sizeof(hashes) / sizeof(hashes[0]);
    }
    if (field->kind == HEARTH_FIELD_REAL) {
        if (which < sizeof(reals) / sizeof(reals[0]))
            fields_set_real(field, record, reals[which]);
        return which < sizeof(reals) / sizeof(reals[0]);
    }
    size_t count = sizeof(numbers) / sizeof(numbers[0]);
    if (which >= count + 2)
        return false;
    int64_t number = which < count ? numbers[which] : which == count ? field->least : field->most;
    if (number >= field->least && number <= field->most)
        fields_set_number(field, record, number);
    return true;
}
