#include "merge/collections.h"

#include <jansson.h>
#include <stddef.h>

#include "hearth/storage.h"
#include "merge/apply.h"

static const struct merge_collection collections[HEARTH_COLLECTION_SLOTS] = {
    [HEARTH_CLIENTS] = {merge_apply_devices, MERGE_DEVICES, false},
    [HEARTH_TABS] = {merge_apply_tabs, MERGE_DEVICES | MERGE_TABS, false},
    [HEARTH_BOOKMARKS] = {merge_apply_bookmarks, MERGE_BOOKMARKS, false},
    [HEARTH_HISTORY] = {merge_apply_history, MERGE_PAGES, true},
};

/* Numbers go up from 1 without a gap: they are the places of the array. */
enum { SLOTS = HEARTH_COLLECTION_SLOTS };
#define IS_A_SLOT(name, number, words) _Static_assert((number) > 0 && (number) < SLOTS, words);
HEARTH_COLLECTIONS(IS_A_SLOT)

const struct merge_collection *merge_collection(int32_t collection)
{
    return hearth_collection_name(collection) == NULL ? NULL : &collections[collection];
}

const char *merge_collection_name(int32_t collection)
{
    const char *name = hearth_collection_name(collection);
    return name != NULL ? name : collection == HEARTH_COLLECTION_NONE ? "account" : "unknown";
}

static json_t *changed_json(int64_t generation, unsigned changed)
{
    json_t *names = json_array();
    for (int32_t c = 1; c < HEARTH_COLLECTION_SLOTS; c++)
        if ((changed & MERGE_CHANGED(c)) != 0)
            json_array_append_new(names, json_string(merge_collection_name(c)));
    return json_pack("{s:I, s:o}", "generation", (json_int_t)generation, "collections", names);
}

char *merge_changed_data(int64_t generation, unsigned changed)
{
    json_t *data = changed_json(generation, changed);
    char *text = json_dumps(data, JSON_COMPACT);
    json_decref(data);
    return text;
}

char *merge_changed_event(int64_t generation, unsigned changed)
{
    json_t *event = changed_json(generation, changed);
    json_object_set_new(event, "event", json_string("changed"));
    char *text = json_dumps(event, JSON_COMPACT);
    json_decref(event);
    return text;
}
