/* Any record, by its table: as text, compared, made up, and at the borders of what may be
 * stored. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_RECORDS_H
#define HEARTH_TOOLS_PLUGIN_CHECK_RECORDS_H

#include "base/buf.h"
#include "plug/fields.h"

/* One line. without: names of fields that are left out, ended by NULL; NULL: none. */
void kit_record_print(struct buf *out, const struct fields *fields, const void *record,
                      const char *const *without);
/* False: *ret_why (size bytes) says which field came back otherwise. Fields that the storage
 * fills are not compared. */
bool kit_record_same(const struct fields *fields, const void *wanted, const void *got,
                     const char *const *without, char *ret_why, size_t size);
bool kit_record_same_key(const struct fields *fields, const void *a, const void *b);

/* Every field that is no key gets a value that its table allows; texts are constants. next: a
 * random number below `n`. */
void kit_record_randomise(const struct fields *fields, void *record,
                          unsigned (*next)(void *ctx, unsigned n), void *ctx);

/* A plain record, the same each time: keys and what has to be there. */
void kit_record_plain(const struct fields *fields, void *ret_record);
/* The values at the borders of a field: puts number `which` into the record. NONE: its table, or
 * the limits (NULL: none), do not allow this one, or it has had it already; END: there are no
 * more. */
enum record_border { RECORD_BORDER_SET, RECORD_BORDER_NONE, RECORD_BORDER_END };
enum record_border kit_record_set_border(const struct hearth_field *field, void *record,
                                         size_t which, const struct hearth_limits *limits);
/* The same for a text that is no field; NULL: this one is not allowed there. */
const char *kit_record_border_text(size_t which, int64_t least, int64_t most, bool *ret_more);

#endif
