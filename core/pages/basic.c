#include "pages/basic.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "api/messages.h"
#include "base/str.h"

enum { PARAMETERS = 4, TITLE_BYTES = 160, HREF_BYTES = 1500 };

/* --- who, and what the services say --- */

static void to_signin(struct view_call *call)
{
    struct buf url = {0};
    pages_html_put(&url, "/auth/signin?next=");
    pages_html_query_value(&url, call->request->path);
    pages_redirect(call, buf_failed(&url) ? NULL : arena_strdup(&call->request->arena, url.data));
    buf_fini(&url);
}

bool pages_basic_open(struct view_call *call, struct basic *ret_basic)
{
    const struct pages_options *options = &call->pages->options;
    *ret_basic = (struct basic){.call = call};
    int r = api_who(options->api, call->request, call->storages, &ret_basic->person, &call->err);
    /* nobody; the error is the storage's, which refuses us */
    if (r == HEARTH_ERR_DENIED && call->err.code != HEARTH_ERR_DENIED)
        to_signin(call);
    else if (r == API_BARRED)
        pages_html_not_allowed(call);
    else if (r < 0)
        pages_html_error(call);
    else if (ret_basic->person.node != options->nodes->own)
        pages_redirect(
            call, arena_printf(&call->request->arena, "%s/basic/",
                               http_base_url(call->request,
                                             options->nodes->items[ret_basic->person.node].url)));
    return r == 0 && ret_basic->person.node == options->nodes->own;
}

bool pages_basic_open_form(struct view_call *call, struct basic *ret_basic)
{
    if (!pages_form_read(call) || !pages_basic_open(call, ret_basic))
        return false;
    if (ret_basic->person.read_only)
        pages_html_message(call, 403, pages_says_title_not_now(), api_says_read_only(), "/basic/",
                           "Back");
    return !ret_basic->person.read_only;
}

json_t *pages_basic_request(struct basic *basic, const char *path, const char *argument, ...)
{
    struct view_call *call = basic->call;
    const char *names[PARAMETERS], *values[PARAMETERS], *name;
    struct api_internal_request question = {
        .path = path, .argument = argument, .names = names, .values = values};
    json_t *answer = NULL;
    va_list ap;
    va_start(ap, argument);
    while ((name = va_arg(ap, const char *)) != NULL && question.count < PARAMETERS) {
        const char *value = va_arg(ap, const char *);
        if (value == NULL || value[0] == '\0')
            continue;
        names[question.count] = name;
        values[question.count++] = value;
    }
    va_end(ap);
    int r = api_internal_get(call->pages->options.api, call->storages, basic->person.account,
                             &question, &answer, &call->err);
    if (r == HEARTH_ERR_NOT_FOUND || r == HEARTH_ERR_INVALID)
        pages_html_message(call, r == HEARTH_ERR_NOT_FOUND ? 404 : 400, pages_says_title_nothing(),
                           pages_says_nothing(), "/basic/", "Back to the beginning");
    else if (r < 0)
        pages_html_error(call);
    return answer;
}

/* --- frame --- */

void pages_basic_begin(struct basic *basic, const char *title)
{
    struct buf *out = &basic->call->html;
    const char *q = http_parameter(basic->call->request, "q");
    buf_reset(out);
    pages_html_put(
        out,
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" "
        "\"http://www.w3.org/TR/html4/strict.dtd\">\n<html lang=\"en\">\n<head>\n"
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s "
        "\u2013 Hearth</title>\n"
        "<link rel=\"stylesheet\" type=\"text/css\" href=\"/auth/style.css\">\n"
        "<link rel=\"search\" type=\"application/opensearchdescription+xml\" title=\"Hearth\" "
        "href=\"/opensearch.xml\">\n</head>\n<body class=\"basic\">\n",
        title);
    pages_html_put(
        out, "<p><a href=\"/basic/\">Home</a> | <a href=\"/basic/tabs\">Tabs</a> | <a "
             "href=\"/basic/bookmarks\">Bookmarks</a> | "
             "<a href=\"/basic/history\">History</a> | <a href=\"/auth/account\">Account</a> | <a "
             "href=\"/auth/signout?next=/basic/\">Sign out</a></p>\n");
    pages_html_put(out,
                   "<form method=\"get\" action=\"/basic/search\">\n<p><input type=\"text\" "
                   "name=\"q\" size=\"30\" title=\"Words\" value=\"%s\"> "
                   "<input type=\"submit\" value=\"Search\"></p>\n</form>\n<h1>%s</h1>\n",
                   q, title);
}

void pages_basic_end(struct basic *basic)
{
    buf_add_text(&basic->call->html, "</body>\n</html>\n");
    pages_html_send(basic->call, 200);
    /* there is no secret in it: forms that change something are under /auth/ */
    basic->call->reply->coded = true;
}

const char *pages_basic_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* At most so many bytes, whole characters. */
static void put_cut(struct buf *out, const char *text, size_t most)
{
    size_t size = strlen(text);
    char copy[TITLE_BYTES + 1];
    if (size <= most) {
        pages_html_text(out, text);
        return;
    }
    for (size = most; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;)
        size--;
    memcpy(copy, text, size);
    copy[size] = '\0';
    pages_html_text(out, copy);
    buf_add_text(out, "\u2026");
}

/* Addresses that a browser may follow from here; bookmarklets and the like are shown, never
 * followed. */
static bool may_be_followed(const char *url)
{
    return (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0) &&
           strlen(url) <= HREF_BYTES;
}

void pages_basic_link(struct buf *out, const json_t *title, const json_t *url)
{
    const char *address = json_string_value(url), *name = json_string_value(title);
    bool named = name != NULL && name[strspn(name, " \t\r\n")] != '\0';
    if (address == NULL) {
        put_cut(out, named ? name : "(no title)", TITLE_BYTES);
        return;
    }
    bool followed = may_be_followed(address);
    if (followed)
        pages_html_put(out, "<a href=\"%s\">", address);
    put_cut(out, named ? name : address, TITLE_BYTES);
    if (followed)
        buf_add_text(out, "</a>");
    if (named) {
        buf_add_text(out, " <small>");
        put_cut(out, address, 60);
        buf_add_text(out, "</small>");
    }
}

void pages_basic_more(struct buf *out, const char *path, const char *name, const char *value,
                      const json_t *next)
{
    if (!json_is_string(next))
        return;
    pages_html_put(out, "<p><a href=\"%s?cursor=", path);
    pages_html_query_value(out, json_string_value(next));
    if (name != NULL && value != NULL) {
        pages_html_put(out, "&amp;%s=", name);
        pages_html_query_value(out, value);
    }
    buf_add_text(out, "\">More</a></p>\n");
}

void pages_basic_time(const json_t *ms, char ret[24])
{
    time_t seconds = (time_t)(json_integer_value(ms) / 1000);
    struct tm tm;
    ret[0] = '\0';
    if (json_is_integer(ms) && gmtime_r(&seconds, &tm) != NULL)
        strftime(ret, 24, "%Y-%m-%d %H:%M", &tm);
}
