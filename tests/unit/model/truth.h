/* Reads tests/fixtures/firefox-esr for tests: gzip'd JSON, tables of columns and rows. A fixture
 * that cannot be read ends the program. */
#ifndef HEARTH_TESTS_UNIT_MODEL_TRUTH_H
#define HEARTH_TESTS_UNIT_MODEL_TRUTH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <zlib.h>

static inline json_t *truth_load(const char *folder, const char *file)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    gzFile in = gzopen(path, "rb");
    size_t size = 0, room = 1 << 20;
    char *text = malloc(room);
    int n = -1;
    while (in != NULL && text != NULL &&
           (n = gzread(in, text + size, (unsigned)(room - size))) > 0) {
        size += (size_t)n;
        if (size == room)
            text = realloc(text, room *= 2);
    }
    json_error_t error;
    json_t *json = n == 0 ? json_loadb(text, size, 0, &error) : NULL;
    if (json == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        abort();
    }
    gzclose(in);
    free(text);
    return json;
}

static inline size_t truth_column(const json_t *table, const char *name)
{
    size_t i;
    json_t *column;
    json_array_foreach(json_object_get(table, "columns"), i,
                       column) if (strcmp(json_string_value(column), name) == 0) return i;
    fprintf(stderr, "no column %s\n", name);
    abort();
}

static inline const char *truth_text(const json_t *table, const json_t *row, const char *name)
{
    return json_string_value(json_array_get(row, truth_column(table, name)));
}

static inline int64_t truth_int(const json_t *table, const json_t *row, const char *name)
{
    return json_integer_value(json_array_get(row, truth_column(table, name)));
}

#endif
