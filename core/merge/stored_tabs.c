#include "merge/stored_tabs.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "model/source_id.h"

uint64_t merge_stored_tabs_say(const struct fields *fields, const void *record)
{
    uint64_t said[2] = {0};
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        const char *text =
            field->kind == HEARTH_FIELD_TEXT ? plug_fields_text(field, record) : NULL;
        if (field->role == HEARTH_FIELD_DERIVED)
            continue;
        if (field->kind == HEARTH_FIELD_TEXT)
            said[1] = text == NULL ? 0 : hash_text(text);
        else
            said[1] = (uint64_t)plug_fields_number(field, record);
        said[0] = hash_bytes(said, sizeof(said));
    }
    return said[0];
}

static struct stored_tab *stored_tabs_add_row(struct stored_tabs *stored, const char *device)
{
    if (!ARRAY_MAKE_ROOM(stored->rows, stored->count, stored->room))
        return NULL;
    const char *last = stored->count == 0 ? NULL : stored->rows[stored->count - 1].device;
    struct stored_tab *row = &stored->rows[stored->count];
    bool same = last != NULL && strcmp(last, device) == 0; /* they come by device */
    *row = (struct stored_tab){.device = same ? last : arena_strdup(&stored->arena, device)};
    if (row->device == NULL)
        return NULL;
    stored->count++;
    return row;
}

static int on_stored_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct stored_tabs *stored = ctx;
    if (model_source_of(device) != stored->source) /* the device itself need not be known */
        return 0;
    struct stored_tab *row = stored_tabs_add_row(stored, device);
    if (row == NULL)
        return stored->failed = true;
    row->position = tab->position;
    row->says = merge_stored_tabs_say(&plug_fields_tab, tab);
    return 0;
}

static int on_stored_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct stored_tabs *stored = ctx;
    if (model_source_of(device) != stored->source)
        return 0;
    struct stored_tab *row = stored_tabs_add_row(stored, device);
    if (row == NULL || (row->group = arena_strdup(&stored->arena, group->id)) == NULL)
        return stored->failed = true;
    row->says = merge_stored_tabs_say(&plug_fields_tab_group, group);
    return 0;
}

static int stored_tabs_compare_rows(const void *a, const void *b)
{
    const struct stored_tab *x = a, *y = b;
    int r = strcmp(x->device, y->device);
    if (r != 0 || x->group != NULL || y->group != NULL)
        return r != 0             ? r
               : x->group == NULL ? -1
               : y->group == NULL ? 1
                                  : strcmp(x->group, y->group);
    return x->position < y->position ? -1 : x->position > y->position;
}

int merge_stored_tabs_load(struct stored_tabs *ret_stored, struct apply *apply, struct err *err)
{
    *ret_stored = (struct stored_tabs){.source = apply->source};
    arena_init(&ret_stored->arena, 0);
    int r = STORAGE(apply->storage, err, tab_list, apply->account, NULL, on_stored_tab, ret_stored);
    if (r == 0 && !ret_stored->failed)
        r = STORAGE(apply->storage, err, tab_group_list, apply->account, NULL, on_stored_group,
                    ret_stored);
    plug_storage_reset(apply->storage);
    if (r == 0 && ret_stored->failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && ret_stored->count > 1)
        qsort(ret_stored->rows, ret_stored->count, sizeof(*ret_stored->rows),
              stored_tabs_compare_rows);
    return r;
}

void merge_stored_tabs_fini(struct stored_tabs *stored)
{
    free(stored->rows);
    arena_fini(&stored->arena);
}

static struct stored_tab *find_row(struct stored_tabs *stored, const char *device,
                                   const char *group, int64_t position)
{
    struct stored_tab key = {.device = device, .group = group, .position = position};
    return stored->count == 0
               ? NULL
               : bsearch(&key, stored->rows, stored->count, sizeof(key), stored_tabs_compare_rows);
}

void merge_stored_tabs_came(struct stored_tabs *stored, const char *device, const char *group,
                            int64_t position)
{
    struct stored_tab *row = find_row(stored, device, group, position);
    if (row != NULL)
        row->came = true;
}

bool merge_stored_tabs_news(struct stored_tabs *stored, const char *device, const char *group,
                            int64_t position, uint64_t says)
{
    struct stored_tab *row = find_row(stored, device, group, position);
    if (row == NULL)
        return true;
    bool news = row->gone || row->says != says;
    row->gone = false;
    row->says = says;
    return news;
}

void merge_stored_tabs_forget(struct stored_tabs *stored, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        stored->rows[i].gone = true;
}
