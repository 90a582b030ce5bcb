/* /auth/remove and /auth/removals: what a person removes from their history here, without
 * script: asked for by a link, confirmed by a form, listed, and allowed again. */
#include <string.h>
#include <time.h>

#include "api/messages.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "merge/removed_here.h"
#include "model/url.h"
#include "model/url_canonical.h"
#include "pages/basic.h"

static const int64_t REMOVE_DAY = 24 * 60 * 60 * 1000;

/* --- what is asked for --- */

static bool remove_number(struct view_call *call, const char *name, int64_t *ret)
{
    const char *text = http_parameter(call->request, name);
    *ret = 0;
    return text == NULL || text[0] == '\0' || (str_to_int(text, ret) && *ret > 0);
}

/* The form says what the page that was confirmed said: in milliseconds, and one host. */
static bool remove_read(struct view_call *call, char host[API_REMOVAL_HOST],
                        struct hearth_removed_here *ret_removed)
{
    struct api_removal_said said = {.kind = http_parameter(call->request, "kind"),
                                    .host = http_parameter(call->request, "host")};
    struct hearth_sentence why; /* nobody can type into it: the page says it in one sentence */
    return remove_number(call, "page", &said.page) && remove_number(call, "date", &said.date) &&
           remove_number(call, "type", &said.type) && remove_number(call, "since", &said.since) &&
           remove_number(call, "until", &said.until) &&
           api_removal_check(&said, host, ret_removed, &why);
}

static void remove_refuse(struct view_call *call)
{
    pages_html_message(call, 400, pages_says_title_remove_what(), pages_says_remove_what(),
                       "/auth/removals", "Removed here");
}

/* --- to be confirmed --- */

static void remove_put_number(struct buf *out, const char *name, int64_t value)
{
    pages_html_put(out, "<input type=\"hidden\" name=\"%s\" value=\"%lld\">", name,
                   (long long)value);
}

static void remove_put_form(struct view_call *call, const char *kind, const char *label,
                            const struct hearth_removed_here *removed)
{
    struct buf *out = &call->html;
    pages_form_begin(call, "/auth/remove", NULL);
    pages_html_put(out, "<div><input type=\"hidden\" name=\"kind\" value=\"%s\">", kind);
    if (removed->host != NULL)
        pages_html_put(out, "<input type=\"hidden\" name=\"host\" value=\"%s\">", removed->host);
    if (removed->page != 0)
        remove_put_number(out, "page", removed->page);
    if (removed->date != 0) {
        remove_put_number(out, "date", removed->date);
        remove_put_number(out, "type", removed->type);
    }
    if (removed->from_date != 0)
        remove_put_number(out, "since", removed->from_date);
    if (removed->to_date != 0)
        remove_put_number(out, "until", removed->to_date);
    buf_add_text(out, "</div>\n");
    pages_form_end(call, label);
}

static void remove_begin(struct view_call *call)
{
    pages_html_begin(call, pages_html_words(call, pages_says_title_remove()), -1, NULL);
    pages_html_paragraph(call, pages_says_remove());
}

static void remove_end(struct view_call *call)
{
    buf_add_text(&call->html, "<p><a href=\"/basic/history\">Cancel</a></p>\n");
    pages_html_end(call, 200);
}

static void remove_ask_page(struct basic *basic, const struct hearth_removed_here *asked)
{
    struct view_call *call = basic->call;
    struct buf *out = &call->html;
    char host[API_REMOVAL_HOST] = "", when[24];
    const char *id = arena_printf(&call->request->arena, "%lld", (long long)asked->page);
    json_t *answer = pages_basic_request(basic, "/api/v1/pages/*", id, NULL);
    if (answer == NULL)
        return;
    const json_t *page = json_object_get(answer, "page");
    json_t *date = json_integer(asked->date);
    const char *url = pages_basic_text(page, "url");
    model_url_host(url == NULL ? "" : url, host, sizeof(host));
    pages_basic_time(date, when);
    remove_begin(call);
    buf_add_text(out, "<p>");
    pages_basic_link(out, json_object_get(page, "title"), json_object_get(page, "url"));
    buf_add_text(out, "</p>\n");
    if (asked->date != 0)
        remove_put_form(call, "visit",
                        arena_printf(&call->request->arena, "Remove the visit of %s (UTC)", when),
                        asked);
    remove_put_form(call, "page", "Remove all visits of this page",
                    &(struct hearth_removed_here){.page = asked->page});
    if (host[0] != '\0')
        remove_put_form(
            call, "site",
            arena_printf(&call->request->arena, "Remove all visits of the site %s", host),
            &(struct hearth_removed_here){.host = host});
    remove_end(call);
    json_decref(date);
    json_decref(answer);
}

/* The first moment of "2026-11-29" in UTC, as these pages show all times. */
static bool remove_day(struct view_call *call, const char *name, int64_t *ret_ms)
{
    struct tm when = {0};
    const char *text = http_parameter(call->request, name);
    const char *end = text == NULL ? NULL : strptime(text, "%Y-%m-%d", &when);
    if (end == NULL || *end != '\0')
        return false;
    int day = when.tm_mday;
    int64_t ms = (int64_t)timegm(&when) * 1000;
    *ret_ms = ms;
    return ms > 0 && when.tm_mday == day;
}

static void remove_ask_span(struct view_call *call)
{
    struct hearth_removed_here asked = {0};
    char from[24], to[24];
    bool all = http_parameter(call->request, "all") != NULL;
    if (all) {
        asked.to_date = clock_now();
    } else if (!remove_day(call, "from", &asked.from_date) ||
               !remove_day(call, "to", &asked.to_date) || asked.from_date > asked.to_date) {
        remove_refuse(call);
        return;
    } else {
        asked.to_date += REMOVE_DAY;
    }
    json_t *since = json_integer(asked.from_date), *until = json_integer(asked.to_date);
    pages_basic_time(since, from);
    pages_basic_time(until, to);
    remove_begin(call);
    remove_put_form(
        call, "span",
        all ? arena_printf(&call->request->arena, "Remove all visits until %s (UTC)", to)
            : arena_printf(&call->request->arena, "Remove all visits from %s until %s (UTC)", from,
                           to),
        &asked);
    remove_end(call);
    json_decref(since);
    json_decref(until);
}

void pages_remove_get(struct view_call *call)
{
    struct basic basic;
    struct hearth_removed_here asked = {0};
    char host[API_REMOVAL_HOST];
    int64_t type;
    const char *said = http_parameter(call->request, "host");
    if (!pages_basic_open(call, &basic))
        return;
    if (http_parameter(call->request, "page") != NULL) {
        if (remove_number(call, "page", &asked.page) && asked.page != 0 &&
            remove_number(call, "date", &asked.date) && remove_number(call, "type", &type) &&
            type <= API_REMOVAL_TYPE_MAX && (asked.date == 0) == (type == 0)) {
            asked.type = (int32_t)type;
            remove_ask_page(&basic, &asked);
            return;
        }
        remove_refuse(call);
    } else if (said != NULL && model_url_canonical_host(said, host, sizeof(host))) {
        remove_begin(call);
        asked.host = host;
        remove_put_form(
            call, "site",
            arena_printf(&call->request->arena, "Remove all visits of the site %s", host), &asked);
        remove_end(call);
    } else {
        remove_ask_span(call);
    }
}

/* --- done --- */

static void remove_audit(const struct basic *basic, const char *event)
{
    log_audit(event, LOG_TEXT("address", basic->call->request->remote),
              LOG_TEXT("account", basic->person.account));
}

void pages_remove_post(struct view_call *call)
{
    struct basic basic;
    struct hearth_removed_here removed = {0};
    struct removed_here_result result;
    char host[API_REMOVAL_HOST];
    if (!pages_basic_open_form(call, &basic))
        return;
    if (!remove_read(call, host, &removed)) {
        remove_refuse(call);
        return;
    }
    struct storage *storage = nodes_storages_get(call->storages, basic.person.node, &call->err);
    int r = storage == NULL ? call->err.code
                            : api_removal_put(call->pages->options.api, call->storages, storage,
                                              basic.person.account, &removed, &result, &call->err);
    if (r == HEARTH_ERR_INVALID) {
        remove_refuse(call);
        return;
    }
    if (r == HEARTH_ERR_FULL && api_removals_are_full(storage, basic.person.account)) {
        pages_html_message(call, 409, pages_says_title_not_now(),
                           api_says_too_many_removals(REMOVED_HERE_MAX), "/auth/removals",
                           "Removed here");
        return;
    }
    if (r < 0) {
        pages_html_error(call);
        return;
    }
    remove_audit(&basic, "history removed here");
    pages_html_message(call, 200, pages_says_title_removed(),
                       pages_says_removed(result.visits, result.pages), "/basic/history",
                       "History");
}

/* --- the list --- */

static void removals_put_one(struct view_call *call, const json_t *row)
{
    struct buf *out = &call->html;
    const char *kind = pages_basic_text(row, "kind"), *host = pages_basic_text(row, "host"),
               *url = pages_basic_text(row, "url");
    char date[24], since[24], until[24], created[24];
    pages_basic_time(json_object_get(row, "date"), date);
    pages_basic_time(json_object_get(row, "since"), since);
    pages_basic_time(json_object_get(row, "until"), until);
    pages_basic_time(json_object_get(row, "created"), created);
    pages_form_begin(call, "/auth/removals/allow", NULL);
    buf_add_text(out, "<p>");
    if (host != NULL)
        pages_html_put(out, "All visits of the site <b>%s</b>", host);
    else if (strcmp(kind, "span") == 0)
        buf_add_text(out, "All visits");
    else if (strcmp(kind, "visit") == 0)
        pages_html_put(out, "The visit of %s", date);
    else
        buf_add_text(out, "All visits of a page");
    if (url != NULL)
        pages_html_put(out, " (%s)", url);
    if (since[0] != '\0')
        pages_html_put(out, " from %s", since);
    if (until[0] != '\0')
        pages_html_put(out, " until %s", until);
    pages_html_put(out,
                   "<br>\n<small>removed %s</small><br>\n<button type=\"submit\" class=\"quiet\" "
                   "name=\"id\" value=\"%s\">Allow again</button></p>\n</form>\n",
                   created, pages_basic_text(row, "id"));
}

/* A form of links: it changes nothing, and leads to what is confirmed. */
static void removals_put_span(struct buf *out)
{
    buf_add_text(out, "<h2>Remove a time</h2>\n<form method=\"get\" action=\"/auth/remove\">\n"
                      "<p><label>From the day (2026-11-29) <input type=\"text\" name=\"from\" "
                      "size=\"12\"></label></p>\n<p><label>until the end of the day <input "
                      "type=\"text\" name=\"to\" size=\"12\"></label></p>\n<p><button "
                      "type=\"submit\">Go on</button></p>\n</form>\n"
                      "<p><a href=\"/auth/remove?all=1\">Everything until now</a></p>\n");
}

void pages_removals_get(struct view_call *call)
{
    struct basic basic;
    const json_t *row;
    size_t i;
    if (!pages_basic_open(call, &basic))
        return;
    json_t *answer =
        pages_basic_request(&basic, "/api/v1/removals", NULL, "cursor",
                            http_parameter(call->request, "cursor"), "limit", "50", NULL);
    if (answer == NULL)
        return;
    const json_t *rows = json_object_get(answer, "removals");
    pages_html_begin(call, pages_html_words(call, pages_says_title_removals()), -1, NULL);
    pages_html_paragraph(call, pages_says_removals());
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) removals_put_one(call, row);
    if (i == 0)
        pages_html_paragraph(call, pages_says_empty());
    pages_basic_more(&call->html, "/auth/removals", NULL, NULL, json_object_get(answer, "next"));
    removals_put_span(&call->html);
    buf_add_text(&call->html, "<p><a href=\"/basic/history\">History</a></p>\n");
    pages_html_end(call, 200);
    json_decref(answer);
}

void pages_removals_allow_post(struct view_call *call)
{
    struct basic basic;
    if (!pages_basic_open_form(call, &basic))
        return;
    const char *id = http_parameter(call->request, "id");
    struct storage *storage = nodes_storages_get(call->storages, basic.person.node, &call->err);
    int r = storage == NULL ? call->err.code
                            : api_removal_take_back(storage, basic.person.account,
                                                    id == NULL ? "" : id, &call->err);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        pages_html_error(call);
        return;
    }
    if (r == 0)
        remove_audit(&basic, "history kept out no longer");
    pages_html_message(call, 200, pages_says_title_allowed(), pages_says_allowed(),
                       "/auth/removals", "Removed here");
}
