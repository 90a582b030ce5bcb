/* Bodies of services and their parameters: an object, or a refusal that is a problem. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/magic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_problem(struct http_reply *reply)
{
    json_t *problem = json_loadb(reply->body.data, reply->body.size, JSON_REJECT_DUPLICATES, NULL);
    ASSERT(reply->status == 400 && json_is_string(json_object_get(problem, "code")));
    json_decref(problem);
}

static void check_parameters(struct api_call *call, const char *text)
{
    const char *names[] = {"limit", "q"}, *values[] = {text, text}, *got;
    size_t limit;
    call->request->names = names;
    call->request->values = values;
    call->request->parameter_count = 2;
    if (api_limit(call, &limit))
        ASSERT(limit >= 1 && limit <= API_LIMIT_MAX);
    else
        check_problem(call->reply);
    if (api_text_parameter(call, "q", &got))
        ASSERT(got == NULL || (got[0] != '\0' && strlen(got) <= API_TEXT_MAX));
    else
        check_problem(call->reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request = {
        .body = data, .body_size = size, .content_type = "application/json"};
    struct http_reply reply = {0};
    struct api_call call = {.request = &request, .reply = &reply};
    arena_init(&request.arena, 4 << 20);
    json_t *body = api_body(&call);
    if (body != NULL)
        ASSERT(json_is_object(body) && reply.status == 0);
    else
        check_problem(&reply);
    json_decref(body);
    char *text = arena_strndup(&request.arena, (const char *)data, size);
    if (text != NULL)
        check_parameters(&call, text);
    buf_fini(&reply.body);
    arena_fini(&request.arena);
    return 0;
}
