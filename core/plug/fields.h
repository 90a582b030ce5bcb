/* Any record by its table (hearth/records.h, hearth/sync.h): for whoever does the same with each
 * of its fields. A member that lies behind the struct_size of whoever made the record is NULL or
 * 0. */
#ifndef HEARTH_CORE_PLUG_FIELDS_H
#define HEARTH_CORE_PLUG_FIELDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "hearth/sync.h"

struct fields {
    const char *record; /* "page" */
    const struct hearth_field *list;
    size_t count;
    size_t size; /* of the struct */
};

/* plug_fields_page, plug_fields_bookmark, plug_fields_page_record …: one for each table. */
#define FIELDS_DECLARE(record, FIELDS) extern const struct fields plug_fields_##record;
HEARTH_RECORDS(FIELDS_DECLARE)
HEARTH_SYNC_RECORDS(FIELDS_DECLARE)

/* Those of HEARTH_RECORDS. */
extern const struct fields *const plug_fields_of_records[];
extern const size_t plug_fields_record_count;

const char *plug_fields_text(const struct hearth_field *field, const void *record);
int64_t plug_fields_number(const struct hearth_field *field, const void *record); /* INT, FLAG */
double plug_fields_real(const struct hearth_field *field, const void *record);
const uint8_t *plug_fields_hash(const struct hearth_field *field, const void *record);
/* `record` is the caller's own, as large as its table says. */
void plug_fields_set_text(const struct hearth_field *field, void *record, const char *text);
void plug_fields_set_number(const struct hearth_field *field, void *record, int64_t number);
void plug_fields_set_real(const struct hearth_field *field, void *record, double real);
void plug_fields_set_hash(const struct hearth_field *field, void *record, const uint8_t *hash);

/* The fields, whose texts go into the arena; nothing else of the struct. 0 or NOMEM. */
int plug_fields_copy(const struct fields *fields, const void *from, struct arena *arena,
                     void *ret_record);
/* Is everything the same that is not DERIVED? */
bool plug_fields_equal(const struct fields *fields, const void *a, const void *b);
bool plug_fields_equal_one(const struct hearth_field *field, const void *a, const void *b);
/* Longest text that a storage with these limits (NULL: it declares none) keeps where a table
 * allows `most` bytes: HEARTH_KEY_MAX for keys. */
int64_t plug_fields_longest(int64_t most, const struct hearth_limits *limits);
/* Does it keep to its table, and to what the storage can keep? False: ret_why says in words what
 * does not. */
bool plug_fields_check(const struct fields *fields, const void *record,
                       const struct hearth_limits *limits, char *ret_why, size_t size);

#endif
