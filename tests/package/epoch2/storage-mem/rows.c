#include "rows.h"

#include <stdlib.h>
#include <string.h>

/* --- rows --- */

/* What HEARTH_FIELD is for the records of the header alone. */
#define ROW_FIELD(T, role, kind, name, least, most, meaning)                                       \
    {#name,                                                                                        \
     meaning,                                                                                      \
     HEARTH_FIELD_##role,                                                                          \
     HEARTH_FIELD_##kind,                                                                          \
     offsetof(struct T, name),                                                                     \
     (int64_t)(least),                                                                             \
     (int64_t)(most)},
#define ROW_FIELDS(TABLE, whose, record, FIELDS)                                                   \
    static const struct hearth_field fields_of_##record[] = {FIELDS(ROW_FIELD, whose##_##record)};
MEM_TABLES(ROW_FIELDS)

static const struct shape {
    const struct hearth_field *fields;
    size_t count, size;
} shapes[TABLES + 1] = {
#define ROW_SHAPE(TABLE, whose, record, FIELDS)                                                    \
    [TABLE] = {fields_of_##record, sizeof(fields_of_##record) / sizeof(fields_of_##record[0]),     \
               sizeof(struct whose##_##record)},
    MEM_TABLES(ROW_SHAPE)};

const struct hearth_field *mem_row_fields(enum table_name table, size_t *ret_count,
                                          size_t *ret_size)
{
    *ret_count = shapes[table].count;
    *ret_size = shapes[table].size;
    return shapes[table].fields;
}

const void *mem_row_record(const struct row *row)
{
    return &row->token; /* all begin at the same place */
}

static void *member_of(struct row *row, const struct hearth_field *field)
{
    return (char *)&row->token + field->offset;
}

/* Bytes behind the pointer that a field is; 0: it is none, or NULL. */
static size_t size_behind(struct row *row, const struct hearth_field *field)
{
    const char *text =
        field->kind == HEARTH_FIELD_TEXT ? *(const char **)member_of(row, field) : NULL;
    const uint8_t *hash =
        field->kind == HEARTH_FIELD_HASH ? *(const uint8_t **)member_of(row, field) : NULL;
    return text != NULL ? strlen(text) + 1 : hash != NULL ? (size_t)field->most : 0;
}

/* As a table says that a field is. */
static void make_regular(struct row *row, const struct hearth_field *field)
{
    if (field->role == HEARTH_FIELD_DERIVED)
        memset(member_of(row, field), 0, sizeof(int64_t));
    else if (field->kind == HEARTH_FIELD_TEXT && field->role != HEARTH_FIELD_OPTIONAL &&
             *(const char **)member_of(row, field) == NULL)
        *(const char **)member_of(row, field) = "";
    else if (field->kind == HEARTH_FIELD_FLAG)
        *(int64_t *)member_of(row, field) = *(int64_t *)member_of(row, field) != 0;
}

/* draft: everything but the record and who holds it. */
static struct row *row_create_from(struct row *draft, const void *record)
{
    const struct shape *shape = &shapes[draft->table];
    uint32_t known;
    memcpy(&known, record, sizeof(known));
    memcpy(&draft->token, record, known < shape->size ? known : shape->size);
    memcpy(&draft->token, &(uint32_t){(uint32_t)shape->size}, sizeof(uint32_t));
    size_t bytes =
        sizeof(struct row) + (draft->device_of == NULL ? 0 : strlen(draft->device_of) + 1);
    for (size_t i = 0; i < shape->count; i++) {
        make_regular(draft, &shape->fields[i]);
        bytes += size_behind(draft, &shape->fields[i]);
    }
    struct row *row = malloc(bytes);
    if (row == NULL)
        return NULL;
    memcpy(row, draft, sizeof(*row));
    row->refs = 1;
    char *at = (char *)(row + 1);
    for (size_t i = 0; i < shape->count; i++) {
        size_t size = size_behind(row, &shape->fields[i]);
        if (size > 0)
            *(const void **)member_of(row, &shape->fields[i]) =
                memcpy(at, *(const void **)member_of(row, &shape->fields[i]), size);
        at += size;
    }
    if (row->device_of != NULL)
        row->device_of = memcpy(at, row->device_of, strlen(row->device_of) + 1);
    return row;
}

struct row *mem_row_create(enum table_name table, const void *record)
{
    return row_create_from(KEY(.table = table), record);
}

struct row *mem_row_create_of_device(enum table_name table, const char *device, const void *record)
{
    return row_create_from(KEY(.table = table, .device_of = device), record);
}

struct row *mem_row_create_visit(int64_t page, const struct hearth_visit *visit)
{
    return row_create_from(KEY(.table = VISITS, .page_of = page), visit);
}

struct row *mem_row_create_account(const struct row *old, const struct hearth_account *account)
{
    return row_create_from(KEY(.table = ACCOUNTS, .leased_until = old->leased_until), account);
}

struct row *mem_row_ref(struct row *row)
{
    row->refs++;
    return row;
}

void mem_row_unref(struct row *row)
{
    if (row != NULL && --row->refs == 0)
        free(row);
}

/* --- tables --- */

/* Keys stand before the other fields. */
static int rows_compare(enum table_name name, const struct row *a, const struct row *b)
{
    int r = a->device_of != NULL ? strcmp(a->device_of, b->device_of) : 0;
    if (r != 0 || a->page_of != b->page_of)
        return r != 0 ? r : a->page_of < b->page_of ? -1 : 1;
    for (const struct hearth_field *field = shapes[name].fields, *end = field + shapes[name].count;
         field < end && field->role == HEARTH_FIELD_KEY; field++) {
        const char *x = (const char *)mem_row_record(a) + field->offset,
                   *y = (const char *)mem_row_record(b) + field->offset;
        if (field->kind == HEARTH_FIELD_TEXT) {
            r = strcmp(*(const char *const *)x, *(const char *const *)y);
        } else {
            int64_t p = *(const int64_t *)x, q = *(const int64_t *)y;
            r = p == q ? 0 : p < q ? -1 : 1;
        }
        if (r != 0)
            return r;
    }
    return 0;
}

struct row *mem_table_find(const struct table *table, enum table_name name, const struct row *key,
                           size_t *ret_place)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int r = rows_compare(name, table->rows[middle], key);
        if (r == 0) {
            *ret_place = middle;
            return table->rows[middle];
        }
        if (r < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_place = low;
    return NULL;
}

struct table *mem_table_ref(struct table *table)
{
    table->refs++;
    return table;
}

void mem_table_unref(struct table *table)
{
    if (table == NULL || --table->refs > 0)
        return;
    for (size_t i = 0; i < table->count; i++)
        mem_row_unref(table->rows[i]);
    free(table->rows);
    free(table);
}

/* A table that may be changed, with room for one more row. */
static struct table *own_table(struct account *account, enum table_name name)
{
    struct table *table = account->tables[name];
    if (table->refs == 1 && table->count < table->room)
        return table;
    size_t room = table->count < table->room ? table->room : table->room * 2 + 8;
    struct row **rows = malloc(room * sizeof(struct row *));
    struct table *copy = table->refs == 1 ? table : calloc(1, sizeof(*copy));
    if (rows == NULL || copy == NULL) {
        free(rows);
        if (copy != table)
            free(copy);
        return NULL;
    }
    if (table->count > 0)
        memcpy(rows, table->rows, table->count * sizeof(struct row *));
    if (copy == table) {
        free(table->rows);
    } else {
        copy->refs = 1;
        copy->count = table->count;
        for (size_t i = 0; i < table->count; i++)
            mem_row_ref(rows[i]);
        account->tables[name] = copy;
        mem_table_unref(table);
    }
    copy->rows = rows;
    copy->room = room;
    return copy;
}

bool mem_account_put(struct account *account, enum table_name name, struct row *row)
{
    struct table *table = own_table(account, name);
    size_t place;
    if (table == NULL)
        return false;
    struct row *old = mem_table_find(table, name, row, &place);
    if (old == NULL) {
        memmove(&table->rows[place + 1], &table->rows[place],
                (table->count - place) * sizeof(struct row *));
        table->count++;
    }
    table->rows[place] = row;
    mem_row_unref(old);
    return true;
}

bool mem_account_drop(struct account *account, enum table_name name, const struct row *key)
{
    size_t place;
    if (mem_table_find(account->tables[name], name, key, &place) == NULL)
        return true;
    struct table *table = own_table(account, name);
    if (table == NULL)
        return false;
    mem_row_unref(table->rows[place]);
    memmove(&table->rows[place], &table->rows[place + 1],
            (--table->count - place) * sizeof(struct row *));
    return true;
}

int64_t mem_account_drop_if(struct account *account, enum table_name name,
                            bool (*matches)(const struct row *row, const void *what),
                            const void *what)
{
    struct table *table = own_table(account, name);
    if (table == NULL)
        return -1;
    size_t kept = 0, count = table->count;
    for (size_t i = 0; i < count; i++) {
        if (matches(table->rows[i], what))
            mem_row_unref(table->rows[i]);
        else
            table->rows[kept++] = table->rows[i];
    }
    table->count = kept;
    return (int64_t)(count - kept);
}
