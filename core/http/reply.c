/* What a reply is made of. */
#include "http/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/magic.h"

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    ASSERT(reply->header_count < sizeof(reply->headers) / sizeof(reply->headers[0]));
    if (value == NULL)
        return;
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count++].value = value;
}

const char *http_reply_header_value(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    return NULL;
}

const char *http_reply_reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {206, "Partial Content"},
                   {303, "See Other"},
                   {304, "Not Modified"},
                   {307, "Temporary Redirect"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {409, "Conflict"},
                   {410, "Gone"},
                   {413, "Content Too Large"},
                   {415, "Unsupported Media Type"},
                   {416, "Range Not Satisfiable"},
                   {421, "Misdirected Request"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Other";
}

static void reply_add_json_text(struct buf *body, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            buf_printf(body, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            buf_printf(body, "\\u%04x", (unsigned)*p);
        else
            buf_add_char(body, *p);
    }
}

static void reply_put_problem(struct http_reply *reply, int status, const char *code,
                              size_t code_size, const char *detail,
                              const struct hearth_message *message)
{
    buf_reset(&reply->body);
    buf_printf(&reply->body,
               "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"",
               http_reply_reason(status), status);
    reply_add_json_text(&reply->body, detail);
    buf_printf(&reply->body, "\",\"code\":\"%.*s\",\"message\":", (int)code_size, code);
    message_put_json(&reply->body, message);
    buf_add_char(&reply->body, '}');
    reply->status = status;
    reply->content_type = "application/problem+json";
    reply->coded = false;
}

void http_reply_problem(struct http_reply *reply, int status, struct hearth_sentence sentence)
{
    static const char PREFIX[] = "problem.";
    struct hearth_message message = hearth_sentence_message(&sentence);
    char detail[HEARTH_MESSAGE_TEXT_MAX];
    const char *code = sentence.id + sizeof(PREFIX) - 1;
    hearth_message_render(&message, detail, sizeof(detail));
    reply_put_problem(reply, status, code, strcspn(code, "."), detail, &message);
}

void http_reply_refusal(const struct http_request *request, struct http_reply *reply, int status,
                        const char *title, struct hearth_sentence sentence)
{
    char words[HEARTH_MESSAGE_TEXT_MAX];
    struct hearth_message message = hearth_sentence_message(&sentence);
    http_reply_problem(reply, status, sentence);
    http_reply_header(reply, "cache-control", "no-store");
    if (request->accept == NULL || strstr(request->accept, "text/html") == NULL)
        return;
    hearth_message_render(&message, words, sizeof(words));
    reply->content_type = "text/html; charset=utf-8";
    buf_reset(&reply->body);
    buf_printf(&reply->body,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
               "charset=\"utf-8\">\n<title>%s \u2013 Hearth</title>\n"
               "<meta name=\"viewport\" content=\"width=device-width, "
               "initial-scale=1\">\n</head>\n<body>\n<h1>%s</h1>\n"
               "<p>%s</p>\n</body>\n</html>\n",
               title, title, words);
    http_reply_header(reply, "content-security-policy",
                      "default-src 'none'; frame-ancestors 'none'");
}

void http_reply_operator_problem(struct http_reply *reply, int status, const char *code,
                                 const char *detail)
{
    reply_put_problem(reply, status, code, strlen(code), detail, NULL);
}

struct http_shared *http_shared_create(const void *bytes, size_t size)
{
    struct http_shared *shared = malloc(sizeof(*shared) + size);
    if (shared == NULL)
        return NULL;
    shared->refs = 1;
    shared->sent_by = 0;
    shared->payer = NULL;
    shared->content = 0;
    shared->coding = HTTP_IDENTITY;
    shared->size = size;
    memcpy(shared->bytes, bytes, size);
    return shared;
}

struct http_shared *http_shared_ref(struct http_shared *shared)
{
    shared->refs++;
    return shared;
}

void http_shared_unref(struct http_shared *shared)
{
    if (shared != NULL && --shared->refs == 0)
        free(shared);
}
