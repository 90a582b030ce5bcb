/* SQL texts and C made from the tables of hearth/records.h. What is DERIVED is not stored: who
 * reads it says how.
 *
 *     SQL_NAMES(FIELDS)              "id", "name"           for INSERT
 *     SQL_COLUMNS(t, FIELDS)         t."id", t."name"       for SELECT
 *     SQL_VALUES("?2", page, FIELDS) ?2, ?                  the first is the key's, the rest
 *                                                           follow it
 *     SQL_SET(FIELDS)                "name" = ?             without keys
 *     SQL_EXCLUDED(page, FIELDS)     "name" = excluded."name"
 *     SQL_NULLS(FIELDS)              NULL, NULL             where a SELECT has no row
 *
 * Where one field is an exception, a macro before the text says so, with "~, " before what takes
 * its place:
 *
 *     #define SQL_VALUE_page_name    ~, "nullif(?, '')"
 *
 * and so with SQL_EXCLUDED_page_name, and SQL_COLUMN_t_name;
 *
 * for each record there are (the names are pasted together: look for sql_bind_ and so on)
 *
 *     void sql_bind_page(query, page)               all that is stored, in order
 *     void sql_bind_page_rest(query, page)          without keys
 *     int  sql_read_page(query, at, ret_page)       from the columns at `at`; returns the one
 *                                                   behind them
 *     int  sql_keep_page(handle, page)              its texts into the call's memory
 *
 * What the record of an older host does not have is stored as NULL or 0. */
#ifndef STORAGE_SQL_FIELDS_H
#define STORAGE_SQL_FIELDS_H

#include "storage-sql/sql.h"
#include "support/text.h"

/* What is defined as "~, instead" yields `instead`, what is not defined the other. */
#define SQL_UNLESS(...)                   SQL_UNLESS_EXPANDED(__VA_ARGS__, nothing)
#define SQL_UNLESS_EXPANDED(x, text, ...) text

/* --- lists: each field is ", piece" or nothing; what stands before the first comma is empty --- */

#define SQL_STORED_KEY(...)      __VA_ARGS__
#define SQL_STORED_ALWAYS(...)   __VA_ARGS__
#define SQL_STORED_OPTIONAL(...) __VA_ARGS__
#define SQL_STORED_DERIVED(...)
#define SQL_REST_KEY(...)
#define SQL_REST_ALWAYS(...)   __VA_ARGS__
#define SQL_REST_OPTIONAL(...) __VA_ARGS__
#define SQL_REST_DERIVED(...)

#define SQL_NAME(T, role, kind, name, least, most, meaning) SQL_STORED_##role(, "\"" #name "\"")
#define SQL_COLUMN(T, role, kind, name, least, most, meaning)                                      \
    SQL_STORED_##role(, SQL_UNLESS(SQL_COLUMN_##T##_##name, #T ".\"" #name "\""))
#define SQL_VALUE(T, role, kind, name, least, most, meaning)                                       \
    SQL_STORED_##role(, SQL_UNLESS(SQL_VALUE_##T##_##name, VALUE_##kind("?")))
#define SQL_ASSIGN(T, role, kind, name, least, most, meaning) SQL_REST_##role(, "\"" #name "\" = ?")
#define SQL_TAKE_OVER(T, role, kind, name, least, most, meaning)                                   \
    SQL_REST_##role(, "\"" #name                                                                   \
                      "\" = " SQL_UNLESS(SQL_EXCLUDED_##T##_##name, "excluded.\"" #name "\""))
#define SQL_NULL(T, role, kind, name, least, most, meaning) SQL_STORED_##role(, "NULL")

#define SQL_NAMES(FIELDS)            SQL_JOIN(FIELDS(SQL_NAME, ))
#define SQL_COLUMNS(t, FIELDS)       SQL_JOIN(FIELDS(SQL_COLUMN, t))
#define SQL_NULLS(FIELDS)            SQL_JOIN(FIELDS(SQL_NULL, ))
#define SQL_VALUES(first, T, FIELDS) SQL_JOIN_BEHIND(first, FIELDS(SQL_VALUE, T))
#define SQL_SET(FIELDS)              SQL_JOIN(FIELDS(SQL_ASSIGN, ))
#define SQL_EXCLUDED(T, FIELDS)      SQL_JOIN(FIELDS(SQL_TAKE_OVER, T))

/* The comma between two pieces of a text; 32 are enough until somebody needs more. */
#define SQL_JOIN(...)                         SQL_JOIN_BEHIND_NOTHING(__VA_ARGS__)
#define SQL_JOIN_BEHIND_NOTHING(nothing, ...) SQL_PIECES(__VA_ARGS__)(__VA_ARGS__)
#define SQL_JOIN_BEHIND(first, ...)           SQL_JOIN_BEHIND_FIRST(first, __VA_ARGS__)
#define SQL_JOIN_BEHIND_FIRST(first, nothing, key, ...)                                            \
    first ", " SQL_PIECES(__VA_ARGS__)(__VA_ARGS__)
/* clang-format off */
#define SQL_PIECES(...) \
    SQL_PIECES_33(__VA_ARGS__, SQL_P32, SQL_P31, SQL_P30, SQL_P29, SQL_P28, SQL_P27, SQL_P26, \
                  SQL_P25, SQL_P24, SQL_P23, SQL_P22, SQL_P21, SQL_P20, SQL_P19, SQL_P18, \
                  SQL_P17, SQL_P16, SQL_P15, SQL_P14, SQL_P13, SQL_P12, SQL_P11, SQL_P10, SQL_P9, \
                  SQL_P8, SQL_P7, SQL_P6, SQL_P5, SQL_P4, SQL_P3, SQL_P2, SQL_P1, nothing)
#define SQL_PIECES_33(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, \
                      z, a1, b1, c1, d1, e1, f1, last, ...) \
    last
#define SQL_P1(a) a
#define SQL_P2(a, ...) a ", " SQL_P1(__VA_ARGS__)
#define SQL_P3(a, ...) a ", " SQL_P2(__VA_ARGS__)
#define SQL_P4(a, ...) a ", " SQL_P3(__VA_ARGS__)
#define SQL_P5(a, ...) a ", " SQL_P4(__VA_ARGS__)
#define SQL_P6(a, ...) a ", " SQL_P5(__VA_ARGS__)
#define SQL_P7(a, ...) a ", " SQL_P6(__VA_ARGS__)
#define SQL_P8(a, ...) a ", " SQL_P7(__VA_ARGS__)
#define SQL_P9(a, ...) a ", " SQL_P8(__VA_ARGS__)
#define SQL_P10(a, ...) a ", " SQL_P9(__VA_ARGS__)
#define SQL_P11(a, ...) a ", " SQL_P10(__VA_ARGS__)
#define SQL_P12(a, ...) a ", " SQL_P11(__VA_ARGS__)
#define SQL_P13(a, ...) a ", " SQL_P12(__VA_ARGS__)
#define SQL_P14(a, ...) a ", " SQL_P13(__VA_ARGS__)
#define SQL_P15(a, ...) a ", " SQL_P14(__VA_ARGS__)
#define SQL_P16(a, ...) a ", " SQL_P15(__VA_ARGS__)
#define SQL_P17(a, ...) a ", " SQL_P16(__VA_ARGS__)
#define SQL_P18(a, ...) a ", " SQL_P17(__VA_ARGS__)
#define SQL_P19(a, ...) a ", " SQL_P18(__VA_ARGS__)
#define SQL_P20(a, ...) a ", " SQL_P19(__VA_ARGS__)
#define SQL_P21(a, ...) a ", " SQL_P20(__VA_ARGS__)
#define SQL_P22(a, ...) a ", " SQL_P21(__VA_ARGS__)
#define SQL_P23(a, ...) a ", " SQL_P22(__VA_ARGS__)
#define SQL_P24(a, ...) a ", " SQL_P23(__VA_ARGS__)
#define SQL_P25(a, ...) a ", " SQL_P24(__VA_ARGS__)
#define SQL_P26(a, ...) a ", " SQL_P25(__VA_ARGS__)
#define SQL_P27(a, ...) a ", " SQL_P26(__VA_ARGS__)
#define SQL_P28(a, ...) a ", " SQL_P27(__VA_ARGS__)
#define SQL_P29(a, ...) a ", " SQL_P28(__VA_ARGS__)
#define SQL_P30(a, ...) a ", " SQL_P29(__VA_ARGS__)
#define SQL_P31(a, ...) a ", " SQL_P30(__VA_ARGS__)
#define SQL_P32(a, ...) a ", " SQL_P31(__VA_ARGS__)
/* clang-format on */

/* --- binding --- */

#define SQL_TEXT_OF_KEY(text)      (text)
#define SQL_TEXT_OF_ALWAYS(text)   support_or_empty(text)
#define SQL_TEXT_OF_OPTIONAL(text) (text)

#define SQL_BIND_TEXT(role, has, value, size)                                                      \
    sql_query_text(query, SQL_TEXT_OF_##role((has) ? (value) : NULL));
#define SQL_BIND_INT(role, has, value, size)  sql_query_int(query, (has) ? (value) : 0);
#define SQL_BIND_FLAG(role, has, value, size) sql_query_flag(query, (has) ? (value) : 0);
#define SQL_BIND_REAL(role, has, value, size) sql_query_real(query, (has) ? (value) : 0);
#define SQL_BIND_HASH(role, has, value, size) sql_query_bytes(query, (value), (has) ? (size) : 0);

#define SQL_BIND_STORED(T, role, kind, name, least, most, meaning)                                 \
    SQL_STORED_##role(SQL_BIND_##kind(role, HEARTH_HAS(record, name), record->name, most))
#define SQL_BIND_REST(T, role, kind, name, least, most, meaning)                                   \
    SQL_REST_##role(SQL_BIND_##kind(role, HEARTH_HAS(record, name), record->name, most))

/* --- reading, keeping --- */

#define SQL_READ_TEXT(size) sql_column_text(query, at)
#define SQL_READ_INT(size)  sql_column_int(query, at)
#define SQL_READ_FLAG(size) sql_column_flag(query, at)
#define SQL_READ_REAL(size) sql_column_real(query, at)
#define SQL_READ_HASH(size) sql_column_hash(query, at, size)

#define SQL_READ(T, role, kind, name, least, most, meaning)                                        \
    SQL_STORED_##role(record->name = SQL_READ_##kind(most); at++;)

#define SQL_KEEP_TEXT(name, size)                                                                  \
    if (r == 0)                                                                                    \
        r = sql_copy_text(handle, record->name, &record->name);
#define SQL_KEEP_HASH(name, size)                                                                  \
    if (r == 0) {                                                                                  \
        const void *copy = NULL;                                                                   \
        r = sql_copy_bytes(handle, record->name, size, &copy);                                     \
        record->name = copy;                                                                       \
    }
#define SQL_KEEP_INT(name, size)
#define SQL_KEEP_FLAG(name, size)
#define SQL_KEEP_REAL(name, size)
#define SQL_KEEP(T, role, kind, name, least, most, meaning)                                        \
    SQL_STORED_##role(SQL_KEEP_##kind(name, most))

#define SQL_RECORD(T, FIELDS)                                                                      \
    static inline void sql_bind_##T(struct query *query, const struct hearth_##T *record)          \
    {                                                                                              \
        FIELDS(SQL_BIND_STORED, T)                                                                 \
    }                                                                                              \
    static inline void sql_bind_##T##_rest(struct query *query, const struct hearth_##T *record)   \
    {                                                                                              \
        FIELDS(SQL_BIND_REST, T)                                                                   \
        (void)query;                                                                               \
        (void)record;                                                                              \
    }                                                                                              \
    static inline int sql_read_##T(struct query *query, int at, struct hearth_##T *ret_record)     \
    {                                                                                              \
        struct hearth_##T *record = ret_record;                                                    \
        *record = (struct hearth_##T){.struct_size = sizeof(*record)};                             \
        FIELDS(SQL_READ, T)                                                                        \
        return at;                                                                                 \
    }                                                                                              \
    static inline int sql_keep_##T(struct handle *handle, struct hearth_##T *record)               \
    {                                                                                              \
        int r = 0;                                                                                 \
        FIELDS(SQL_KEEP, T)                                                                        \
        (void)handle;                                                                              \
        (void)record;                                                                              \
        return r;                                                                                  \
    }
HEARTH_RECORDS(SQL_RECORD)

#endif
