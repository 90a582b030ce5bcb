/* Listings of the command line: a table for people, or JSON. Cells are texts; control and bidi
 * characters of strangers are made visible. */
#ifndef HEARTH_CORE_MAIN_TABLE_H
#define HEARTH_CORE_MAIN_TABLE_H

#include <jansson.h>
#include <stdbool.h>

struct table {
    json_t *columns; /* names */
    json_t *rows;    /* array of objects */
};

/* columns: names separated by spaces, in order; they are the keys of the JSON too. */
void main_table_init(struct table *table, const char *columns);
void main_table_fini(struct table *table);
void main_table_add(struct table *table, json_t *row); /* takes the object over; NULL is ignored */
/* Prints to standard output: an array of objects, or aligned columns under a heading. Numbers of
 * columns that end in "_at" are times; those of next_sync_at that are past, "now" when somebody
 * asked for it, else "due". */
void main_table_print(const struct table *table, bool as_json);

/* ms -> "2026-11-23 09:30:05+01:00", local time (RFC 3339); "-" for 0. ret: 32 bytes. */
void main_table_time(long long ms, char *ret);

/* Prints one object as lines of key and value, for people. */
void main_table_print_object(const json_t *object);

#endif
