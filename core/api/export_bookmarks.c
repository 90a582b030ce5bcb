/* bookmarks.html: the Netscape format that every browser imports. bookmarks.json: Firefox's own
 * backup format. */
#include <jansson.h>
#include <string.h>

#include "api/bookmark_walk.h"
#include "api/export.h"
#include "api/internal.h"

/* --- HTML --- */

static void add_html(struct buf *buf, const char *text)
{
    for (const char *p = text == NULL ? "" : text; *p != '\0'; p++) {
        switch (*p) {
        case '&':
            buf_add_text(buf, "&amp;");
            break;
        case '<':
            buf_add_text(buf, "&lt;");
            break;
        case '>':
            buf_add_text(buf, "&gt;");
            break;
        case '"':
            buf_add_text(buf, "&quot;");
            break;
        case '\'':
            buf_add_text(buf, "&#39;");
            break;
        default:
            buf_add_char(buf, *p);
        }
    }
}

static void html_indent(struct buf *buf, int depth)
{
    for (int i = 0; i <= depth && i < 32; i++)
        buf_add_text(buf, "    ");
}

static void add_dates(struct buf *buf, const struct hearth_bookmark *b)
{
    buf_printf(buf, " ADD_DATE=\"%lld\" LAST_MODIFIED=\"%lld\"", (long long)b->added / 1000,
               (long long)b->modified / 1000);
}

static int html_enter(void *ctx, const struct hearth_bookmark *folder, int64_t index, int depth)
{
    (void)index;
    struct export *export = ctx;
    const char *root = api_item_root_title(folder->guid);
    html_indent(&export->piece, depth);
    buf_add_text(&export->piece, "<DT><H3");
    add_dates(&export->piece, folder);
    if (strcmp(folder->guid, "toolbar") == 0)
        buf_add_text(&export->piece, " PERSONAL_TOOLBAR_FOLDER=\"true\"");
    else if (strcmp(folder->guid, "unfiled") == 0)
        buf_add_text(&export->piece, " UNFILED_BOOKMARKS_FOLDER=\"true\"");
    buf_add_char(&export->piece, '>');
    add_html(&export->piece, root != NULL ? root : folder->title);
    buf_add_text(&export->piece, "</H3>\n");
    html_indent(&export->piece, depth);
    buf_add_text(&export->piece, "<DL><p>\n");
    return api_export_flush(export, false);
}

static int html_leave(void *ctx, int depth)
{
    struct export *export = ctx;
    html_indent(&export->piece, depth);
    buf_add_text(&export->piece, "</DL><p>\n");
    return api_export_flush(export, false);
}

static int html_item(void *ctx, const struct hearth_bookmark *b, int64_t index, int depth)
{
    (void)index;
    struct export *export = ctx;
    html_indent(&export->piece, depth);
    if (b->kind == HEARTH_SEPARATOR) {
        buf_add_text(&export->piece, "<HR>\n");
        return api_export_flush(export, false);
    }
    buf_add_text(&export->piece, "<DT><A HREF=\"");
    add_html(&export->piece, b->url);
    buf_add_char(&export->piece, '"');
    add_dates(&export->piece, b);
    if (b->keyword != NULL) {
        buf_add_text(&export->piece, " SHORTCUTURL=\"");
        add_html(&export->piece, b->keyword);
        buf_add_char(&export->piece, '"');
    }
    if (b->tags != NULL && b->tags[0] != '\0') {
        buf_add_text(&export->piece, " TAGS=\"");
        for (const char *p = b->tags; *p != '\0'; p++) {
            char one[2] = {*p == '\n' ? ',' : *p, '\0'};
            add_html(&export->piece, one);
        }
        buf_add_char(&export->piece, '"');
    }
    buf_add_char(&export->piece, '>');
    add_html(&export->piece, b->title != NULL && b->title[0] != '\0' ? b->title : b->url);
    buf_add_text(&export->piece, "</A>\n");
    return api_export_flush(export, false);
}

int api_export_bookmarks_html(struct export *export)
{
    const struct bookmark_visitor visitor = {export, html_enter, html_leave, html_item};
    buf_add_text(&export->piece,
                 "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"
                 "<!-- This is an automatically generated file.\n"
                 "     It will be read and overwritten.\n"
                 "     DO NOT EDIT! -->\n"
                 "<META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=UTF-8\">\n"
                 "<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n\n<DL><p>\n");
    int r = api_bookmark_walk(export->storage, export->account, &visitor, export->err);
    buf_add_text(&export->piece, "</DL><p>\n");
    return r;
}

/* --- Firefox's JSON --- */

/* The names that Firefox gives the roots: guid here, guid and root in the backup. */
static const char *const *root_names(const char *guid)
{
    static const char *const roots[][3] = {{"menu", "menu________", "bookmarksMenuFolder"},
                                           {"toolbar", "toolbar_____", "toolbarFolder"},
                                           {"unfiled", "unfiled_____", "unfiledBookmarksFolder"},
                                           {"mobile", "mobile______", "mobileFolder"}};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (strcmp(roots[i][0], guid) == 0)
            return roots[i];
    return NULL;
}

static int json_add_bytes(const char *bytes, size_t size, void *buf)
{
    buf_add(buf, bytes, size);
    return 0;
}

/* The object without its closing brace, so that children can follow. */
static void add_node(struct export *export, json_t *node, int64_t index)
{
    struct buf *piece = &export->piece;
    if (index > 0)
        buf_add_char(piece, ',');
    if (node == NULL || json_dump_callback(node, json_add_bytes, piece, JSON_COMPACT) != 0)
        piece->failed = true;
    else
        piece->size--;
    json_decref(node);
}

static json_t *node_json(const struct hearth_bookmark *b, int64_t index, int code, const char *type)
{
    const char *const *root = root_names(b->guid);
    const char *title = b->title == NULL ? "" : b->title;
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:s}", "guid",
                     root != NULL ? root[1] : b->guid, "title", title, "index", (json_int_t)index,
                     "dateAdded", (json_int_t)b->added * 1000, "lastModified",
                     (json_int_t)b->modified * 1000, "typeCode", code, "type", type);
}

static int json_enter(void *ctx, const struct hearth_bookmark *folder, int64_t index, int depth)
{
    (void)depth;
    struct export *export = ctx;
    json_t *node = node_json(folder, index, 2, "text/x-moz-place-container");
    const char *const *root = root_names(folder->guid);
    if (root != NULL)
        json_object_set_new(node, "root", json_string(root[2]));
    add_node(export, node, index);
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
    json_t *node = node_json(b, index, separator ? 3 : 1,
                             separator ? "text/x-moz-place-separator" : "text/x-moz-place");
    if (!separator)
        json_object_set_new(node, "uri", json_string(b->url == NULL ? "" : b->url));
    if (b->keyword != NULL)
        json_object_set_new(node, "keyword", json_string(b->keyword));
    if (b->tags != NULL && b->tags[0] != '\0') {
        char *tags = arena_strdup(&export->storage->call.arena, b->tags);
        for (char *p = tags; p != NULL && *p != '\0'; p++)
            *p = *p == '\n' ? ',' : *p;
        json_object_set_new(node, "tags", json_string(tags == NULL ? "" : tags));
    }
    add_node(export, node, index);
    buf_add_char(&export->piece, '}');
    return api_export_flush(export, false);
}

int api_export_bookmarks_json(struct export *export)
{
    const struct bookmark_visitor visitor = {export, json_enter, json_leave, json_item};
    buf_add_text(&export->piece,
                 "{\"guid\":\"root________\",\"title\":\"\",\"index\":0,\"typeCode\":2,"
                 "\"type\":\"text/x-moz-place-container\",\"root\":\"placesRoot\",\"children\":[");
    int r = api_bookmark_walk(export->storage, export->account, &visitor, export->err);
    buf_add_text(&export->piece, "]}");
    return r;
}
