#include "main/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"

enum { CELL_MAX = 512 };

void main_table_init(struct table *table, const char *columns)
{
    table->columns = json_array();
    table->rows = json_array();
    for (const char *p = columns; *p != '\0';) {
        size_t n = strcspn(p, " ");
        json_array_append_new(table->columns, json_stringn(p, n));
        p += n + (p[n] == ' ');
    }
}

void main_table_fini(struct table *table)
{
    json_decref(table->columns);
    json_decref(table->rows);
}

void main_table_add(struct table *table, json_t *row)
{
    if (row != NULL)
        json_array_append_new(table->rows, row);
}

void main_table_time(long long ms, char *ret)
{
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    size_t n = 0;
    if (ms != 0 && localtime_r(&seconds, &tm) != NULL)
        n = strftime(ret, 32, "%Y-%m-%d %H:%M:%S%z", &tm);
    if (n < 5) {
        snprintf(ret, 32, "-");
        return;
    }
    memmove(ret + n - 1, ret + n - 2, 3); /* +0100 */
    ret[n - 2] = ':';
}

/* When an account is synced next: 1 stands for as soon as possible. */
static void next_sync_text(long long ms, char *ret)
{
    if (ms == 1)
        snprintf(ret, 32, "now");
    else if (ms != 0 && ms <= clock_now())
        snprintf(ret, 32, "due");
    else
        main_table_time(ms, ret);
}

static void cell_text(const char *column, const json_t *value, char ret[CELL_MAX])
{
    size_t n = strlen(column);
    if (json_is_string(value))
        str_printable(json_string_value(value), ret, CELL_MAX);
    else if (json_is_integer(value) && strcmp(column, "next_sync_at") == 0)
        next_sync_text(json_integer_value(value), ret);
    else if (json_is_integer(value) && n > 3 && strcmp(column + n - 3, "_at") == 0)
        main_table_time(json_integer_value(value), ret);
    else if (json_is_integer(value))
        snprintf(ret, CELL_MAX, "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(ret, CELL_MAX, "%s", json_is_true(value) ? "yes" : "no");
    else
        snprintf(ret, CELL_MAX, "-");
}

/* Code points, as a terminal counts most of them. */
static int width_of(const char *text)
{
    int n = 0;
    for (const char *p = text; *p != '\0'; p++)
        n += (*p & 0xc0) != 0x80;
    return n;
}

static void table_print_row(const struct table *table, const json_t *row, const int *widths,
                            bool heading)
{
    size_t i;
    const json_t *name;
    size_t last = json_array_size(table->columns) - 1;
    json_array_foreach(table->columns, i, name)
    {
        char text[CELL_MAX];
        const char *column = json_string_value(name);
        if (heading)
            snprintf(text, sizeof(text), "%s", column);
        else
            cell_text(column, json_object_get(row, column), text);
        printf("%s%*s", text, i == last ? 0 : widths[i] - width_of(text) + 2, "");
    }
    printf("\n");
}

void main_table_print(const struct table *table, bool as_json)
{
    if (as_json) {
        json_dumpf(table->rows, stdout, JSON_INDENT(2));
        printf("\n");
        return;
    }
    size_t count = json_array_size(table->columns), i, k;
    const json_t *name, *row;
    int *widths = calloc(count + 1, sizeof(*widths));
    if (widths == NULL)
        return;
    json_array_foreach(table->columns, i, name)
    {
        widths[i] = width_of(json_string_value(name));
        json_array_foreach(table->rows, k, row)
        {
            char text[CELL_MAX];
            cell_text(json_string_value(name), json_object_get(row, json_string_value(name)), text);
            if (width_of(text) > widths[i])
                widths[i] = width_of(text);
        }
    }
    table_print_row(table, NULL, widths, true);
    json_array_foreach(table->rows, k, row) table_print_row(table, row, widths, false);
    free(widths);
}

void main_table_print_object(const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char text[CELL_MAX];
        cell_text(key, value, text);
        printf("%-16s%s\n", key, text);
    }
}
