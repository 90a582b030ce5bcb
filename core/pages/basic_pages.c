/* The pages under /basic/. */
#include <string.h>

#include "pages/basic.h"

/* --- home --- */

/* The honest line: when it was synced, or why not. */
static void put_status(struct view_call *call, const json_t *account)
{
    struct buf *out = &call->html;
    const char *state = pages_basic_text(account, "state"),
               *detail = pages_basic_text(account, "state_detail"),
               *next = pages_basic_text(account, "next_sync_detail");
    int64_t synced = json_integer_value(json_object_get(account, "last_sync"));
    if (json_is_true(json_object_get(account, "syncing")))
        pages_html_paragraph(call, pages_says_syncing());
    pages_html_paragraph(call, synced != 0 ? pages_says_synced(hearth_time_of(synced))
                                           : pages_says_not_synced());
    if (detail != NULL)
        pages_html_put(out, "<p><strong>%s</strong></p>\n", detail);
    if (next != NULL)
        pages_html_put(out, "<p>%s</p>\n", next);
    if (state != NULL && strcmp(state, "signin_needed") == 0)
        buf_add_text(out, "<p><a href=\"/auth/signin?next=/basic/\">Sign in again</a></p>\n");
}

void pages_basic_home_get(struct view_call *call)
{
    struct basic basic;
    if (!pages_basic_open(call, &basic))
        return;
    json_t *me = pages_basic_request(&basic, "/api/v1/me", NULL, NULL);
    json_t *tabs = me == NULL ? NULL : pages_basic_request(&basic, "/api/v1/tabs", NULL, NULL);
    if (tabs != NULL) {
        pages_basic_begin(&basic, "Home");
        put_status(call, json_object_get(me, "account"));
        pages_basic_put_tabs(&basic, tabs, 5, true);
        pages_basic_end(&basic);
    }
    json_decref(me);
    json_decref(tabs);
}

/* --- bookmarks --- */

static void put_folder_link(struct buf *out, const char *id, const char *title)
{
    buf_add_text(out, "<a href=\"/basic/bookmarks?folder=");
    pages_html_query_value(out, id);
    pages_html_put(out, "\">%s</a>", title == NULL || title[0] == '\0' ? "(no title)" : title);
}

static void put_item(struct buf *out, const json_t *item)
{
    const char *kind = pages_basic_text(item, "kind");
    buf_add_text(out, "<li>");
    if (kind != NULL && strcmp(kind, "folder") == 0) {
        put_folder_link(out, pages_basic_text(item, "id"), pages_basic_text(item, "title"));
        pages_html_put(out, " (%" JSON_INTEGER_FORMAT ")",
                       json_integer_value(json_object_get(item, "children")));
    } else if (kind != NULL && strcmp(kind, "separator") == 0) {
        buf_add_text(out, "\u2014");
    } else {
        pages_basic_link(out, json_object_get(item, "title"), json_object_get(item, "url"));
    }
    buf_add_text(out, "</li>\n");
}

static void put_items(struct view_call *call, const json_t *items)
{
    struct buf *out = &call->html;
    const json_t *item;
    size_t i;
    if (json_array_size(items) == 0) {
        pages_html_paragraph(call, pages_says_empty());
        return;
    }
    buf_add_text(out, "<ul>\n");
    json_array_foreach((json_t *)(uintptr_t)items, i, item) put_item(out, item);
    buf_add_text(out, "</ul>\n");
}

void pages_basic_bookmarks_get(struct view_call *call)
{
    struct basic basic;
    const char *id = http_parameter(call->request, "folder");
    if (!pages_basic_open(call, &basic))
        return;
    json_t *answer =
        pages_basic_request(&basic, "/api/v1/bookmarks", NULL, "folder", id, "cursor",
                            http_parameter(call->request, "cursor"), "limit", "25", NULL);
    if (answer == NULL)
        return;
    const json_t *folder = json_object_get(answer, "folder"), *step;
    const char *title = pages_basic_text(folder, "title");
    size_t i;
    pages_basic_begin(&basic, id == NULL || title == NULL ? "Bookmarks" : title);
    if (id != NULL) {
        buf_add_text(&call->html, "<p><a href=\"/basic/bookmarks\">Bookmarks</a>");
        json_array_foreach(json_object_get(folder, "path"), i, step)
        {
            const char *name = pages_basic_text(step, "title");
            if (name == NULL || name[0] == '\0')
                continue;
            buf_add_text(&call->html, " &gt; ");
            put_folder_link(&call->html, pages_basic_text(step, "id"), name);
        }
        buf_add_text(&call->html, "</p>\n");
    }
    put_items(call, json_object_get(answer, "items"));
    pages_basic_more(&call->html, "/basic/bookmarks", "folder", id,
                     json_object_get(answer, "next"));
    pages_basic_end(&basic);
    json_decref(answer);
}

/* --- history --- */

/* Newest first, a heading for each day. */
static void basic_put_visits(struct view_call *call, const json_t *visits)
{
    struct buf *out = &call->html;
    const json_t *visit;
    char day[24] = "", time[24];
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)visits, i, visit)
    {
        pages_basic_time(json_object_get(visit, "date"), time);
        if (strncmp(day, time, 10) != 0) {
            memcpy(day, time, 10);
            buf_add_text(out, i == 0 ? "" : "</ul>\n");
            pages_html_put(out, "<h2>%s</h2>\n<ul>\n", day);
        }
        pages_html_put(out, "<li>%s ", time + 11);
        pages_basic_link(out, json_object_get(visit, "title"), json_object_get(visit, "url"));
        pages_html_put(out,
                       " <a href=\"/auth/remove?page=%s&amp;date=%" JSON_INTEGER_FORMAT
                       "&amp;type=%" JSON_INTEGER_FORMAT "\">Remove</a></li>\n",
                       pages_basic_text(visit, "page"),
                       json_integer_value(json_object_get(visit, "date")),
                       json_integer_value(json_object_get(visit, "type")));
    }
    if (i > 0)
        buf_add_text(out, "</ul>\n");
    else
        pages_html_paragraph(call, pages_says_empty());
}

void pages_basic_history_get(struct view_call *call)
{
    struct basic basic;
    const char *host = http_parameter(call->request, "host");
    if (!pages_basic_open(call, &basic))
        return;
    json_t *answer =
        pages_basic_request(&basic, "/api/v1/history", NULL, "host", host, "cursor",
                            http_parameter(call->request, "cursor"), "limit", "25", NULL);
    if (answer == NULL)
        return;
    pages_basic_begin(&basic, "History");
    buf_add_text(&call->html, "<p><a href=\"/auth/removals\">Removed here</a>");
    if (host != NULL && host[0] != '\0') {
        buf_add_text(&call->html, " | <a href=\"/auth/remove?host=");
        pages_html_query_value(&call->html, host);
        buf_add_text(&call->html, "\">Remove this site</a>");
    }
    buf_add_text(&call->html, "</p>\n");
    basic_put_visits(call, json_object_get(answer, "visits"));
    pages_basic_more(&call->html, "/basic/history", "host", host, json_object_get(answer, "next"));
    pages_basic_end(&basic);
    json_decref(answer);
}

/* --- search --- */

void pages_basic_search_get(struct view_call *call)
{
    struct basic basic;
    const json_t *result;
    size_t i;
    if (!pages_basic_open(call, &basic))
        return;
    json_t *answer = pages_basic_request(&basic, "/api/v1/search", NULL, "q",
                                         http_parameter(call->request, "q"), "limit", "25", NULL);
    if (answer == NULL)
        return;
    const json_t *results = json_object_get(answer, "results");
    pages_basic_begin(&basic, "Search");
    if (json_array_size(results) == 0)
        pages_html_paragraph(call, pages_says_not_found());
    else
        buf_add_text(&call->html, "<ol>\n");
    json_array_foreach((json_t *)(uintptr_t)results, i, result)
    {
        pages_html_put(&call->html, "<li>");
        pages_basic_link(&call->html, json_object_get(result, "title"),
                         json_object_get(result, "url"));
        const char *keyword = pages_basic_text(result, "keyword");
        pages_html_put(&call->html, " <small>(%s%s%s)</small>", pages_basic_text(result, "kind"),
                       keyword == NULL ? "" : " ", keyword == NULL ? "" : keyword);
        if (pages_basic_text(result, "page") != NULL &&
            json_is_integer(json_object_get(result, "last_visit")))
            pages_html_put(&call->html, " <a href=\"/auth/remove?page=%s\">Remove</a>",
                           pages_basic_text(result, "page"));
        buf_add_text(&call->html, "</li>\n");
    }
    if (json_array_size(results) > 0)
        buf_add_text(&call->html, "</ol>\n");
    pages_basic_end(&basic);
    json_decref(answer);
}

/* Makes a browser's address bar a search box of this server: OpenSearch 1.1. */
void pages_opensearch_get(struct view_call *call)
{
    const char *base = http_base_url(call->request, call->pages->options.base_url);
    pages_html_put(
        &call->html,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OpenSearchDescription "
        "xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n"
        "<ShortName>Hearth</ShortName>\n<Description>Your Firefox bookmarks, history and "
        "tabs</Description>\n<InputEncoding>UTF-8</InputEncoding>\n"
        "<Url type=\"text/html\" template=\"%s/search?q={searchTerms}\"/>\n"
        "<Url type=\"application/x-suggestions+json\" "
        "template=\"%s/api/v1/suggest?q={searchTerms}\"/>\n</OpenSearchDescription>\n",
        base, base);
    pages_html_send(call, 200);
    call->reply->content_type = "application/opensearchdescription+xml";
}
