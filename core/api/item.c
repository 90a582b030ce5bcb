/* ITEM and device as every list shows them. */
#include <string.h>

#include "api/internal.h"

static const char *kind_name(int kind)
{
    static const char *const names[] = {"bookmark", "bookmark", "folder", "separator", "query", "livemark"};
    return kind >= HEARTH_BOOKMARK && kind <= HEARTH_LIVEMARK ? names[kind] : names[0];
}

const char *item_root_title(const char *guid)
{
    static const char *const roots[][2] = {{"places", ""},
                                           {"toolbar", "Bookmarks Toolbar"},
                                           {"menu", "Bookmarks Menu"},
                                           {"unfiled", "Other Bookmarks"},
                                           {"mobile", "Mobile Bookmarks"}};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (strcmp(roots[i][0], guid) == 0)
            return roots[i][1];
    return NULL;
}

static json_t *tags_json(const char *tags)
{
    json_t *list = json_array();
    for (const char *p = tags; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, "\n");
        if (n > 0)
            json_array_append_new(list, json_stringn(p, n));
        p += n + (p[n] == '\n');
    }
    return list;
}

json_t *item_json(const struct hearth_bookmark *b)
{
    const char *root = item_root_title(b->guid);
    bool page = b->kind == HEARTH_BOOKMARK;
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", b->guid, "kind", kind_name(b->kind),
                     "title", api_text(root != NULL ? root : b->title), "url", api_text(b->url), "parent", api_text(b->parent), "position",
                     (json_int_t)b->position, "tags", tags_json(b->tags), "keyword", api_text(b->keyword), "added", api_time(b->added),
                     "modified", api_time(b->modified), "children", b->kind == HEARTH_FOLDER ? json_integer(b->children) : json_null(),
                     "last_visit", page ? api_time(b->last_visit) : json_null(), "visit_count",
                     page ? json_integer(b->visit_count) : json_null());
}

json_t *device_json(const struct hearth_device *device, int64_t tabs)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I}", "id", device->id, "name", device->name, "type", device->type, "os",
                     api_text(device->os), "version", api_text(device->version), "last_upload", api_time(device->last_upload), "tabs",
                     (json_int_t)tabs);
}
