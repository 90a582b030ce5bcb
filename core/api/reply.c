#include <string.h>

#include "api/internal.h"

static int list_add_bytes(const char *bytes, size_t size, void *buf)
{
    buf_add(buf, bytes, size);
    return 0;
}

static void list_add_json(struct buf *buf, const json_t *value)
{
    if (value == NULL ||
        json_dump_callback(value, list_add_bytes, buf, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        buf->failed = true; /* out of memory: the server answers 500 */
}

int api_reply_json(struct api_call *call, json_t *value)
{
    call->reply->status = 200;
    call->reply->content_type = "application/json";
    list_add_json(&call->reply->body, value);
    json_decref(value);
    return 0;
}

void api_list_begin(struct api_call *call, const char *prefix)
{
    call->reply->status = 200;
    call->reply->content_type = "application/json";
    buf_add_text(&call->reply->body, prefix);
}

void api_list_add(struct api_call *call, json_t *row)
{
    struct buf *body = &call->reply->body;
    if (body->size > 0 && body->data[body->size - 1] != '[')
        buf_add_char(body, ',');
    list_add_json(body, row);
    json_decref(row);
}

void api_list_close(struct api_call *call, const char *suffix)
{
    buf_add_text(&call->reply->body, suffix);
}

void api_list_end(struct api_call *call, const char *next)
{
    if (next == NULL)
        buf_add_text(&call->reply->body, "],\"next\":null}");
    else
        buf_printf(&call->reply->body, "],\"next\":\"%s\"}", next);
}

int api_problem(struct api_call *call, int status, struct hearth_sentence sentence)
{
    http_reply_problem(call->reply, status, sentence);
    return 0;
}

json_t *api_text(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

json_t *api_time(int64_t ms)
{
    return ms == 0 ? json_null() : json_integer(ms);
}

char *api_base_url(struct api_call *call)
{
    const struct nodes *nodes = call->api->options.nodes;
    const char *node = nodes->count > 1 ? nodes->items[nodes->own].url : "";
    return http_base_url(call->request, node[0] != '\0' ? node : call->api->options.base_url);
}
