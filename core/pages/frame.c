/* What every page has around it. */
#include <string.h>

#include "base/outage.h"
#include "pages/internal.h"

/* Browsers apply form-action to redirects behind a form as well, so none of our forms redirects
 * to another site: see step.c. */
static const char POLICY[] = "default-src 'none'; style-src 'self'; font-src 'self'; img-src "
                             "'self' data:; form-action 'self'; base-uri "
                             "'none'; frame-ancestors 'none'";

void pages_html_begin(struct view_call *call, const char *title, int refresh, const char *to)
{
    struct buf *out = &call->html;
    buf_reset(out);
    pages_html_put(out,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
                   "charset=\"utf-8\">\n<title>%s \u2013 Hearth</title>\n",
                   title);
    pages_html_put(out, "<meta name=\"viewport\" content=\"width=device-width, "
                        "initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n");
    if (refresh >= 0 && to != NULL)
        pages_html_put(out, "<meta http-equiv=\"refresh\" content=\"%d; url=%s\">\n", refresh, to);
    else if (refresh >= 0)
        pages_html_put(out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", refresh);
    pages_html_put(
        out,
        "<link rel=\"stylesheet\" href=\"/auth/style.css\">\n</head>\n<body>\n<main>\n<p "
        "class=\"mark\">Hearth</p>\n<h1>%s</h1>\n",
        title);
}

void pages_html_close(struct view_call *call)
{
    buf_add_text(&call->html, "</main>\n</body>\n</html>\n");
}

void pages_html_send(struct view_call *call, int status)
{
    struct http_reply *reply = call->reply;
    buf_fini(&reply->body);
    pages_html_place(&call->html, call->request->base_path);
    reply->body = call->html;
    call->html = (struct buf){0};
    reply->status = status;
    reply->content_type = "text/html; charset=utf-8";
    /* pages with secrets in forms are not compressed: nothing is to be learned from their length */
    reply->coded = false;
    http_reply_header(reply, "content-security-policy", POLICY);
    http_reply_header(reply, "cache-control", "no-store");
    http_reply_header(reply, "cross-origin-opener-policy", "same-origin");
}

void pages_html_end(struct view_call *call, int status)
{
    pages_html_close(call);
    pages_html_send(call, status);
}

const char *pages_html_words(struct view_call *call, struct hearth_sentence sentence)
{
    const char *words = message_sentence_text(&call->request->arena, sentence);
    return words == NULL ? sentence.text : words;
}

void pages_html_paragraph(struct view_call *call, struct hearth_sentence sentence)
{
    pages_html_put(&call->html, "<p>%s</p>\n", pages_html_words(call, sentence));
}

void pages_html_problem(struct view_call *call, const char *words)
{
    pages_html_put(&call->html, "<p class=\"problem\" role=\"alert\">%s</p>\n", words);
}

void pages_html_message(struct view_call *call, int status, struct hearth_sentence title,
                        struct hearth_sentence text, const char *link, const char *label)
{
    pages_html_begin(call, pages_html_words(call, title), -1, NULL);
    pages_html_paragraph(call, text);
    if (link != NULL)
        pages_html_put(&call->html, "<p><a class=\"button\" href=\"%s\">%s</a></p>\n", link, label);
    pages_html_end(call, status);
}

void pages_redirect(struct view_call *call, const char *url)
{
    call->reply->status = url == NULL ? 500 : 303;
    if (url == NULL)
        return;
    http_reply_header(call->reply, "location", url);
    http_reply_header(call->reply, "cache-control", "no-store");
}

void pages_html_error(struct view_call *call)
{
    bool later = call->err.code == HEARTH_ERR_UNAVAILABLE || call->err.code == HEARTH_ERR_TIMEOUT ||
                 call->err.code == HEARTH_ERR_CANCELLED || call->err.code == HEARTH_ERR_FULL ||
                 call->err.code == HEARTH_ERR_NOMEM;
    log_event(outage_level_of_request(&call->err, HEARTH_LOG_ERROR), "pages", "request failed",
              LOG_TEXT("path", call->request->path), LOG_TEXT("error", call->err.text));
    if (later)
        http_reply_header(call->reply, "retry-after", "10");
    pages_html_message(
        call, later ? 503 : 500, later ? pages_says_title_not_now() : pages_says_title_fault(),
        later ? pages_says_not_now() : pages_says_fault(), "/auth/signin", "Back to signing in");
}

void pages_html_slow(struct view_call *call, const char *link)
{
    log_event(outage_level_of_request(&call->err, HEARTH_LOG_WARNING), "pages", "sign-in slow",
              LOG_TEXT("path", call->request->path), LOG_TEXT("error", call->err.text));
    http_reply_header(call->reply, "retry-after", "10");
    pages_html_message(call, 503, pages_says_title_moment(), pages_says_slow(), link, "Try again");
}

void pages_html_busy(struct view_call *call, const char *link)
{
    http_reply_header(call->reply, "retry-after", "10");
    pages_html_message(call, 503, pages_says_title_moment(), pages_says_busy(), link, "Try again");
}

void pages_html_too_many(struct view_call *call, int64_t wait)
{
    http_reply_header(call->reply, "retry-after",
                      arena_printf(&call->request->arena, "%lld", (long long)(wait + 999) / 1000));
    pages_html_message(call, 429, pages_says_title_too_many(),
                       pages_says_too_many(hearth_duration_of(wait)), NULL, NULL);
}

void pages_set_cookie(struct view_call *call, const char *name, const char *value, int64_t seconds,
                      const char *same_site)
{
    http_set_cookie(call->request, call->reply, name, value, seconds, same_site);
}
