#include "plug/fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define FIELDS_DEFINE(record, FIELDS)                                                              \
    static const struct hearth_field list_##record[] = {FIELDS(HEARTH_FIELD, record)};             \
    const struct fields plug_fields_##record = {#record, list_##record,                            \
                                                sizeof(list_##record) / sizeof(list_##record[0]),  \
                                                sizeof(struct hearth_##record)};
HEARTH_RECORDS(FIELDS_DEFINE)
HEARTH_SYNC_RECORDS(FIELDS_DEFINE)

#define FIELDS_POINT(record, FIELDS) &plug_fields_##record,
const struct fields *const plug_fields_of_records[] = {HEARTH_RECORDS(FIELDS_POINT)};
const size_t plug_fields_record_count =
    sizeof(plug_fields_of_records) / sizeof(plug_fields_of_records[0]);

/* The member's place; NULL: whoever made the record does not know it. */
static const void *member_at(const struct hearth_field *field, const void *record)
{
    uint32_t struct_size;
    memcpy(&struct_size, record, sizeof(struct_size));
    return field->offset + sizeof(int64_t) <= struct_size ? (const char *)record + field->offset
                                                          : NULL;
}

const char *plug_fields_text(const struct hearth_field *field, const void *record)
{
    const void *at = member_at(field, record);
    return at == NULL ? NULL : *(const char *const *)at;
}

int64_t plug_fields_number(const struct hearth_field *field, const void *record)
{
    const void *at = member_at(field, record);
    return at == NULL ? 0 : *(const int64_t *)at;
}

double plug_fields_real(const struct hearth_field *field, const void *record)
{
    const void *at = member_at(field, record);
    return at == NULL ? 0 : *(const double *)at;
}

const uint8_t *plug_fields_hash(const struct hearth_field *field, const void *record)
{
    const void *at = member_at(field, record);
    return at == NULL ? NULL : *(const uint8_t *const *)at;
}

void plug_fields_set_text(const struct hearth_field *field, void *record, const char *text)
{
    *(const char **)((char *)record + field->offset) = text;
}

void plug_fields_set_number(const struct hearth_field *field, void *record, int64_t number)
{
    *(int64_t *)((char *)record + field->offset) = number;
}

void plug_fields_set_real(const struct hearth_field *field, void *record, double real)
{
    *(double *)((char *)record + field->offset) = real;
}

void plug_fields_set_hash(const struct hearth_field *field, void *record, const uint8_t *hash)
{
    *(const uint8_t **)((char *)record + field->offset) = hash;
}

static bool copy_bytes(struct arena *arena, const void *from, size_t size, const void **ret)
{
    void *copy = from == NULL ? NULL : arena_alloc(arena, size);
    if (from != NULL && copy == NULL)
        return false;
    *ret = from == NULL ? NULL : memcpy(copy, from, size);
    return true;
}

int plug_fields_copy(const struct fields *fields, const void *from, struct arena *arena,
                     void *ret_record)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        const void *at = member_at(field, from), *copy;
        const char *text;
        switch (field->kind) {
        case HEARTH_FIELD_TEXT:
            text = plug_fields_text(field, from);
            if (!copy_bytes(arena, text, text == NULL ? 0 : strlen(text) + 1, &copy))
                return HEARTH_ERR_NOMEM;
            plug_fields_set_text(field, ret_record, copy);
            break;
        case HEARTH_FIELD_HASH:
            if (!copy_bytes(arena, plug_fields_hash(field, from), (size_t)field->most, &copy))
                return HEARTH_ERR_NOMEM;
            plug_fields_set_hash(field, ret_record, copy);
            break;
        default:
            if (at != NULL)
                memcpy((char *)ret_record + field->offset, at, sizeof(int64_t));
            else
                memset((char *)ret_record + field->offset, 0, sizeof(int64_t));
            break;
        }
    }
    return 0;
}

bool plug_fields_equal_one(const struct hearth_field *field, const void *a, const void *b)
{
    const uint8_t *p, *q;
    double r, s;
    switch (field->kind) {
    case HEARTH_FIELD_TEXT:
        return str_equal(plug_fields_text(field, a), plug_fields_text(field, b));
    case HEARTH_FIELD_HASH:
        p = plug_fields_hash(field, a);
        q = plug_fields_hash(field, b);
        return p == NULL || q == NULL ? p == q : memcmp(p, q, (size_t)field->most) == 0;
    case HEARTH_FIELD_REAL:
        r = plug_fields_real(field, a);
        s = plug_fields_real(field, b);
        return memcmp(&r, &s, sizeof(r)) == 0;
    default:
        return plug_fields_number(field, a) == plug_fields_number(field, b);
    }
}

bool plug_fields_equal(const struct fields *fields, const void *a, const void *b)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].role != HEARTH_FIELD_DERIVED &&
            !plug_fields_equal_one(&fields->list[i], a, b))
            return false;
    return true;
}

int64_t plug_fields_longest(int64_t most, const struct hearth_limits *limits)
{
    if (limits != NULL && most == HEARTH_KEY_MAX && limits->key_bytes > 0 &&
        limits->key_bytes < most)
        most = limits->key_bytes;
    if (limits != NULL && limits->text_bytes > 0 && limits->text_bytes < most)
        most = limits->text_bytes;
    return most;
}

static bool check_field(const struct hearth_field *field, const void *record,
                        const struct hearth_limits *limits, char *ret_why, size_t size)
{
    const char *text;
    int64_t longest = plug_fields_longest(field->most, limits);
    double real;
    int64_t number;
    switch (field->kind) {
    case HEARTH_FIELD_TEXT:
        text = plug_fields_text(field, record);
        if (text == NULL && field->role != HEARTH_FIELD_KEY && field->role != HEARTH_FIELD_ALWAYS)
            return true;
        if (text == NULL || strlen(text) < (size_t)field->least) {
            snprintf(ret_why, size, "it has no %s", field->name);
            return false;
        }
        if (strlen(text) <= (size_t)longest && str_is_utf8(text, strlen(text)))
            return true;
        if (strlen(text) > (size_t)longest)
            snprintf(ret_why, size, "its %s has %zu bytes, more than %" PRId64, field->name,
                     strlen(text), longest);
        else
            snprintf(ret_why, size, "its %s is not UTF-8", field->name);
        return false;
    case HEARTH_FIELD_HASH:
        if (plug_fields_hash(field, record) != NULL)
            return true;
        snprintf(ret_why, size, "it has no %s", field->name);
        return false;
    case HEARTH_FIELD_REAL:
        real = plug_fields_real(field, record);
        if (isfinite(real) && real >= (double)field->least && real <= 1e300)
            return true;
        snprintf(ret_why, size, "its %s is %g", field->name, real);
        return false;
    default:
        number = plug_fields_number(field, record);
        if (number >= field->least && number <= field->most)
            return true;
        snprintf(ret_why, size, "its %s is %" PRId64 ", outside of %" PRId64 " to %" PRId64,
                 field->name, number, field->least, field->most);
        return false;
    }
}

bool plug_fields_check(const struct fields *fields, const void *record,
                       const struct hearth_limits *limits, char *ret_why, size_t size)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].role != HEARTH_FIELD_DERIVED &&
            !check_field(&fields->list[i], record, limits, ret_why, size))
            return false;
    return true;
}
