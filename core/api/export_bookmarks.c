/* bookmarks.html and bookmarks.json, each as Firefox itself writes it, so that it takes every item
 * back to where it was. `firefox exports` holds them against those of a real one. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api/bookmark_walk.h"
#include "api/export.h"
#include "api/internal.h"

/* The folders that everything is in, in Firefox's order; `index` is the place below its root:
 * the third is of its tags. */
static const struct export_root {
    const char *guid, *places_guid, *name;
    int index;
} export_roots[] = {{"menu", "menu________", "bookmarksMenuFolder", 0},
                    {"toolbar", "toolbar_____", "toolbarFolder", 1},
                    {"unfiled", "unfiled_____", "unfiledBookmarksFolder", 3},
                    {"mobile", "mobile______", "mobileFolder", 4}};
enum { EXPORT_ROOTS = sizeof(export_roots) / sizeof(export_roots[0]) };

static int tag_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each once, in Firefox's order, with commas between them, until the next call. NULL: there are
 * none, or no memory, which the piece remembers. */
static const char *joined_tags(struct export *export, const char *tags)
{
    if (tags == NULL || tags[0] == '\0')
        return NULL;
    struct arena *arena = &export->scratch;
    arena_reset(arena);
    size_t size = strlen(tags) + 1, count = 0, most = 1, at = 0;
    for (const char *p = tags; *p != '\0'; p++)
        most += *p == '\n' || *p == ',';
    char *copy = arena_strdup(arena, tags), *rest = NULL, *joined = arena_alloc(arena, size);
    const char **all = arena_alloc(arena, most * sizeof(*all));
    if (copy == NULL || joined == NULL || all == NULL) {
        export->piece.failed = true;
        return NULL;
    }
    for (char *tag = strtok_r(copy, "\n,", &rest); tag != NULL; tag = strtok_r(NULL, "\n,", &rest))
        all[count++] = tag;
    qsort(all, count, sizeof(*all), tag_compare);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(all[i - 1], all[i]) != 0)
            at += (size_t)snprintf(joined + at, size - at, "%s%s", i == 0 ? "" : ",", all[i]);
    return count == 0 ? NULL : joined;
}

/* The root's row; 0 with struct_size 0 when there is none. */
static int root_get(struct export *export, const char *guid, struct hearth_bookmark *ret_root)
{
    struct err err = {0};
    struct hearth_bookmark root = {.struct_size = sizeof(root)};
    int r = STORAGE(export->storage, &err, bookmark_get, export->account, guid, &root);
    if (r == HEARTH_ERR_NOT_FOUND)
        root.struct_size = 0;
    else if (r < 0)
        return *export->err = err, r;
    *ret_root = root;
    return 0;
}

/* --- HTML --- */

/* The bookmarks menu has no folder of its own: its items stand at the top, and the other roots
 * behind them. */
struct html {
    struct export *export;
    int base; /* depth of what is in the root at hand */
};

static void put_attribute(struct buf *buf, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    buf_printf(buf, " %s=\"", name);
    api_export_escape(buf, value);
    buf_add_char(buf, '"');
}

static void begin_folder(struct buf *buf, const struct hearth_bookmark *folder, const char *title,
                         const char *special, int depth)
{
    api_export_html_indent(buf, depth);
    buf_add_text(buf, "<DT><H3");
    api_export_html_date(buf, "ADD_DATE", folder->added);
    api_export_html_date(buf, "LAST_MODIFIED", folder->modified);
    put_attribute(buf, special == NULL ? "" : special, special == NULL ? NULL : "true");
    buf_add_char(buf, '>');
    api_export_escape(buf, title);
    buf_add_text(buf, "</H3>\n");
    api_export_html_indent(buf, depth);
    buf_add_text(buf, "<DL><p>\n");
}

static void end_folder(struct buf *buf, int depth)
{
    api_export_html_indent(buf, depth);
    buf_add_text(buf, "</DL><p>\n");
}

static int html_enter(void *ctx, const struct hearth_bookmark *folder, int64_t index, int depth)
{
    (void)index;
    struct html *html = ctx;
    begin_folder(&html->export->piece, folder, folder->title, NULL, html->base + depth);
    return api_export_flush(html->export, false);
}

static int html_leave(void *ctx, int depth)
{
    struct html *html = ctx;
    end_folder(&html->export->piece, html->base + depth);
    return api_export_flush(html->export, false);
}

static int html_item(void *ctx, const struct hearth_bookmark *b, int64_t index, int depth)
{
    (void)index;
    struct html *html = ctx;
    struct buf *piece = &html->export->piece;
    if (b->kind == HEARTH_SEPARATOR) {
        api_export_html_indent(piece, html->base + depth);
        buf_add_text(piece, "<HR>"); /* and no new line, as in Firefox */
        return api_export_flush(html->export, false);
    }
    if (b->url == NULL || b->url[0] == '\0')
        return 0;
    api_export_html_indent(piece, html->base + depth);
    buf_add_text(piece, "<DT><A");
    put_attribute(piece, "HREF", b->url);
    api_export_html_date(piece, "ADD_DATE", b->added);
    api_export_html_date(piece, "LAST_MODIFIED", b->modified);
    put_attribute(piece, "SHORTCUTURL", b->keyword);
    put_attribute(piece, "TAGS", joined_tags(html->export, b->tags));
    buf_add_char(piece, '>');
    api_export_escape(piece, b->title);
    buf_add_text(piece, "</A>\n");
    return api_export_flush(html->export, false);
}

/* Roots that nothing is in are left out. A file of this kind has no mark for mobile bookmarks, and
 * Firefox leaves them out; here nothing is lost: they are a folder, which is imported as one. */
static int write_root_html(struct html *html, const struct export_root *root)
{
    static const char *const specials[] = {NULL, "PERSONAL_TOOLBAR_FOLDER",
                                           "UNFILED_BOOKMARKS_FOLDER", NULL};
    const struct bookmark_visitor visitor = {html, html_enter, html_leave, html_item};
    struct export *export = html->export;
    struct hearth_bookmark row;
    bool is_menu = root == export_roots;
    int r = root_get(export, root->guid, &row);
    if (r < 0 || row.struct_size == 0 || (row.children == 0 && !is_menu))
        return r;
    html->base = is_menu ? 1 : 2;
    if (!is_menu)
        begin_folder(&export->piece, &row, api_item_root_title(root->guid),
                     specials[root - export_roots], 1);
    r = api_bookmark_walk(export->storage, export->account, root->guid, &visitor, export->err);
    if (!is_menu)
        end_folder(&export->piece, 1);
    return r;
}

int api_export_bookmarks_html(struct export *export)
{
    struct html html = {.export = export};
    int r = 0;
    api_export_html_begin(&export->piece, "Bookmarks");
    buf_printf(&export->piece, "<H1>%s</H1>\n\n<DL><p>\n", api_item_root_title("menu"));
    for (size_t i = 0; r == 0 && i < EXPORT_ROOTS; i++)
        r = write_root_html(&html, &export_roots[i]);
    buf_add_text(&export->piece, "</DL>\n");
    return r;
}

/* --- Firefox's JSON --- */

static json_t *node_json(const struct hearth_bookmark *b, const char *guid, int64_t index, int code,
                         const char *type)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:s}", "guid", guid, "title",
                     b->title == NULL ? "" : b->title, "index", (json_int_t)index, "dateAdded",
                     (json_int_t)b->added * 1000, "lastModified", (json_int_t)b->modified * 1000,
                     "typeCode", code, "type", type);
}

/* The comma that a sibling before it needs, and all but the closing brace. */
static void add_node(struct export *export, json_t *node, int64_t index)
{
    if (index > 0)
        buf_add_char(&export->piece, ',');
    api_export_open_object(export, node);
}

static int json_enter(void *ctx, const struct hearth_bookmark *folder, int64_t index, int depth)
{
    (void)depth;
    struct export *export = ctx;
    add_node(export, node_json(folder, folder->guid, index, 2, "text/x-moz-place-container"),
             index);
    buf_add_text(&export->piece, ",\"children\":[");
    return api_export_flush(export, false);
}

static int json_leave(void *ctx, int depth)
{
    (void)depth;
    struct export *export = ctx;
    buf_add_text(&export->piece, "]}");
    return api_export_flush(export, false);
}

static int json_item(void *ctx, const struct hearth_bookmark *b, int64_t index, int depth)
{
    (void)depth;
    struct export *export = ctx;
    bool separator = b->kind == HEARTH_SEPARATOR;
    const char *tags = separator ? NULL : joined_tags(export, b->tags);
    json_t *node = node_json(b, b->guid, index, separator ? 3 : 1,
                             separator ? "text/x-moz-place-separator" : "text/x-moz-place");
    if (!separator)
        json_object_set_new(node, "uri", json_string(b->url == NULL ? "" : b->url));
    if (!separator && b->keyword != NULL)
        json_object_set_new(node, "keyword", json_string(b->keyword));
    if (tags != NULL)
        json_object_set_new(node, "tags", json_string(tags));
    add_node(export, node, index);
    buf_add_char(&export->piece, '}');
    return api_export_flush(export, false);
}

/* `before`: a root stands in front of it. */
static int write_root_json(struct export *export, const struct export_root *root, bool *before)
{
    const struct bookmark_visitor visitor = {export, json_enter, json_leave, json_item};
    struct hearth_bookmark row;
    int r = root_get(export, root->guid, &row);
    if (r < 0 || row.struct_size == 0)
        return r;
    row.title = root->guid;
    json_t *node = node_json(&row, root->places_guid, root->index, 2, "text/x-moz-place-container");
    json_object_set_new(node, "root", json_string(root->name));
    add_node(export, node, *before);
    *before = true;
    buf_add_text(&export->piece, ",\"children\":[");
    r = api_bookmark_walk(export->storage, export->account, root->guid, &visitor, export->err);
    buf_add_text(&export->piece, "]}");
    return r;
}

int api_export_bookmarks_json(struct export *export)
{
    bool before = false;
    int r = 0;
    buf_add_text(&export->piece,
                 "{\"guid\":\"root________\",\"title\":\"\",\"index\":0,\"typeCode\":2,"
                 "\"type\":\"text/x-moz-place-container\",\"root\":\"placesRoot\",\"children\":[");
    for (size_t i = 0; r == 0 && i < EXPORT_ROOTS; i++)
        r = write_root_json(export, &export_roots[i], &before);
    buf_add_text(&export->piece, "]}");
    return r;
}
