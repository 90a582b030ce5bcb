#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "kit.h"

enum { LONG_TEXT = 64 * 1024 + 1, SHOWN_BYTES = 48 };

static bool left_out(const struct hearth_field *field, const char *const *without)
{
    for (; without != NULL && *without != NULL; without++)
        if (strcmp(field->name, *without) == 0)
            return true;
    return false;
}

/* --- as text and compared --- */

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
    char *room;
    switch (field->kind) {
    case HEARTH_FIELD_TEXT:
        print_text(out, plug_fields_text(field, record));
        break;
    case HEARTH_FIELD_HASH:
        hash = plug_fields_hash(field, record);
        room = hash == NULL ? NULL : buf_reserve(out, 2 * (size_t)field->most + 1);
        if (room != NULL) {
            codec_hex_encode(hash, (size_t)field->most, room);
            buf_grew(out, 2 * (size_t)field->most);
        }
        break;
    case HEARTH_FIELD_REAL:
        buf_printf(out, "%.17g", plug_fields_real(field, record));
        break;
    default:
        buf_printf(out, "%" PRId64, plug_fields_number(field, record));
        break;
    }
}

void kit_record_print(struct buf *out, const struct fields *fields, const void *record,
                      const char *const *without)
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
static void record_print_value(char *ret, size_t size, const struct hearth_field *field,
                               const void *record)
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

bool kit_record_same(const struct fields *fields, const void *wanted, const void *got,
                     const char *const *without, char *ret_why, size_t size)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        char put[120], came[120];
        if (field->role == HEARTH_FIELD_DERIVED || left_out(field, without) ||
            plug_fields_equal_one(field, wanted, got))
            continue;
        record_print_value(put, sizeof(put), field, wanted);
        record_print_value(came, sizeof(came), field, got);
        snprintf(ret_why, size, "%s.%s was put as %s and comes back as %s", fields->record,
                 field->name, put, came);
        return false;
    }
    return true;
}

bool kit_record_same_key(const struct fields *fields, const void *a, const void *b)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].role == HEARTH_FIELD_KEY &&
            !plug_fields_equal_one(&fields->list[i], a, b))
            return false;
    return true;
}

/* --- at random --- */

static const int64_t numbers[] = {0,
                                  1,
                                  -1,
                                  2,
                                  127,
                                  INT32_MAX,
                                  INT32_MIN,
                                  2147483648,
                                  4294967296,
                                  INT64_MIN,
                                  INT64_MAX,
                                  9007199254740993 /* no double is it */,
                                  255,
                                  256,
                                  32768,
                                  65536,
                                  UINT32_MAX,
                                  -2147483649,
                                  -9007199254740993};

void kit_record_randomise(const struct fields *fields, void *record,
                          unsigned (*next)(void *ctx, unsigned n), void *ctx)
{
    static const char *const few[] = {"",     "one",        "Zwei",         "zwei", "Ünïcode 漢字",
                                      "🦊", "e\xcc\x81 ", "a'b\"c\\d%_`", NULL};
    static const uint8_t hashes[4][64] = {{1}, {2}, {3}, {4}};
    enum { FEW = sizeof(few) / sizeof(few[0]), NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        if (field->role == HEARTH_FIELD_KEY || field->role == HEARTH_FIELD_DERIVED)
            continue;
        if (field->kind == HEARTH_FIELD_TEXT) {
            const char *text = few[next(ctx, field->role == HEARTH_FIELD_OPTIONAL ? FEW : FEW - 1)];
            plug_fields_set_text(
                field, record, text != NULL && (int64_t)strlen(text) < field->least ? "one" : text);
        } else if (field->kind == HEARTH_FIELD_HASH) {
            plug_fields_set_hash(field, record, hashes[next(ctx, 4)]);
        } else if (field->kind == HEARTH_FIELD_REAL) {
            plug_fields_set_real(field, record, (1 + next(ctx, 100)) / 8.0);
        } else { /* mostly small ones, which meet */
            int64_t number =
                next(ctx, 3) == 0 ? numbers[next(ctx, NUMBERS)] : (int64_t)next(ctx, 5);
            plug_fields_set_number(field, record,
                                   number < field->least || number > field->most ? field->least
                                                                                 : number);
        }
    }
}

/* --- at the borders --- */

void kit_record_plain(const struct fields *fields, void *ret_record)
{
    static const uint8_t hash[64] = {7};
    memset(ret_record, 0, fields->size);
    *(uint32_t *)ret_record = (uint32_t)fields->size;
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        if (field->role == HEARTH_FIELD_DERIVED)
            continue;
        if (field->kind == HEARTH_FIELD_TEXT)
            plug_fields_set_text(field, ret_record,
                                 field->role == HEARTH_FIELD_OPTIONAL ? NULL : "k");
        else if (field->kind == HEARTH_FIELD_HASH)
            plug_fields_set_hash(field, ret_record, hash);
        else if (field->kind == HEARTH_FIELD_REAL)
            plug_fields_set_real(field, ret_record, 1);
        else
            plug_fields_set_number(field, ret_record, 1);
    }
}

/* Letters that nothing packs into less, with a character of four bytes at the end: what is cut
 * loses it. */
static const char *long_text(int64_t size)
{
    static char text[HEARTH_TEXT_MAX + 1];
    unsigned state = 1;
    if (text[0] == '\0')
        for (size_t i = 0; i < HEARTH_TEXT_MAX; i++) {
            state = state * 1664525u + 1013904223u;
            text[i] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[state >> 26];
        }
    memcpy(text + HEARTH_TEXT_MAX - 4, "🦊", 4);
    return text + HEARTH_TEXT_MAX - size;
}

/* NULL: none; what no longer comes back as it was where somebody packs, folds, trims, quotes or
 * cuts. */
static const char *const texts[] = {NULL,
                                    "",
                                    "k",
                                    "🦊",
                                    "\xc3\xa9",
                                    "\xe2\x82\xac",
                                    "e\xcc\x81",
                                    "%_'\"`\\",
                                    "\\0\\n\\x41",
                                    "Straße",
                                    "STRASSE",
                                    "\xc4\xb0I\xc4\xb1i", /* İIıi */
                                    " a ",
                                    "a  ",
                                    "null",
                                    "0",
                                    "1e3",
                                    "\t\x7f",
                                    "\x01\x1f\r\n",
                                    "\xe2\x80\xae"
                                    "drow\xe2\x80\xac\xe2\x80\x8f", /* right to left */
                                    "\xef\xbb\xbf"
                                    "bom",
                                    "\xef\xbf\xbf\xf4\x8f\xbf\xbf", /* U+FFFF, U+10FFFF */
                                    "👩‍👩‍👧‍👦🇩🇪"};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

/* 64 KiB and a byte; a byte less than the most; the most that may come. */
static int64_t long_border(size_t which, int64_t longest)
{
    const int64_t lengths[] = {LONG_TEXT, longest - 1, longest};
    return lengths[which] > longest || lengths[which] < 4 ||
                   (which > 0 && lengths[which] == LONG_TEXT)
               ? 0
               : lengths[which];
}

const char *kit_record_border_text(size_t which, int64_t least, int64_t most, bool *ret_more)
{
    *ret_more = which < TEXTS + 3;
    if (!*ret_more)
        return NULL;
    int64_t length = which < TEXTS ? 0 : long_border(which - TEXTS, most);
    const char *text = which < TEXTS ? texts[which] : length == 0 ? NULL : long_text(length);
    return text != NULL && (int64_t)strlen(text) >= least && (int64_t)strlen(text) <= most ? text
                                                                                           : NULL;
}

static enum record_border set_border_text(const struct hearth_field *field, void *record,
                                          size_t which, const struct hearth_limits *limits)
{
    bool more;
    const char *text = kit_record_border_text(which, field->least,
                                              plug_fields_longest(field->most, limits), &more);
    if (!more)
        return RECORD_BORDER_END;
    if (text == NULL && (which != 0 || field->role != HEARTH_FIELD_OPTIONAL))
        return RECORD_BORDER_NONE;
    plug_fields_set_text(field, record, text);
    return RECORD_BORDER_SET;
}

/* Its own least and most, and the next within them, behind those of everybody. */
static enum record_border set_border_number(const struct hearth_field *field, void *record,
                                            size_t which)
{
    enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
    const int64_t own[] = {field->least, field->most, field->least + 1, field->most - 1};
    if (which >= NUMBERS + 4)
        return RECORD_BORDER_END;
    int64_t number = which < NUMBERS ? numbers[which] : own[which - NUMBERS];
    if (number < field->least || number > field->most)
        return RECORD_BORDER_NONE;
    for (size_t i = 0; which >= NUMBERS && i < NUMBERS; i++)
        if (numbers[i] == number)
            return RECORD_BORDER_NONE;
    plug_fields_set_number(field, record, number);
    return RECORD_BORDER_SET;
}

enum record_border kit_record_set_border(const struct hearth_field *field, void *record,
                                         size_t which, const struct hearth_limits *limits)
{
    static const uint8_t hashes[3][64] = {{0}, {'\'', '\\', 0, '"'}, {255, 255, 255}};
    static const double reals[] = {
        0.1,     1e300,   2.2250738585072014e-308, 4.9406564584124654e-324, 9007199254740993.0,
        1 / 3.0, 16777217};
    if (field->kind == HEARTH_FIELD_TEXT)
        return set_border_text(field, record, which, limits);
    if (field->kind == HEARTH_FIELD_HASH) {
        if (which >= sizeof(hashes) / sizeof(hashes[0]))
            return RECORD_BORDER_END;
        plug_fields_set_hash(field, record, hashes[which]);
        return RECORD_BORDER_SET;
    }
    if (field->kind == HEARTH_FIELD_REAL) {
        if (which >= sizeof(reals) / sizeof(reals[0]))
            return RECORD_BORDER_END;
        plug_fields_set_real(field, record, reals[which]);
        return RECORD_BORDER_SET;
    }
    return set_border_number(field, record, which);
}
