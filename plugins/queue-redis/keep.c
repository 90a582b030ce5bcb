/* What processes hand each other for a while: keys with a time to live, and beside each another one
 * while somebody has it. */
#include "queue.h"

#include <string.h>

#include "support/call.h"

/* TAKEN: ms; longer than a step of a sign-in takes by default, with what surrounds it. Who has not
 * put it back by then died, or was never told that it got it. */
enum { KEEP_NAME_MAX = 64, KEEP_TAKEN = 180000 };

static int keep_check_name(struct hearth_call *call, const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
    return size > 0 && size <= KEEP_NAME_MAX && name[size] == '\0'
               ? 0
               : hearth_fail(call, HEARTH_ERR_INVALID,
                             "what is kept has a name of 1 to %d letters a-z and digits",
                             KEEP_NAME_MAX);
}

static int keep_send(struct handle *handle, struct hearth_call *call, const char *name,
                     const void *bytes, size_t size, int64_t life)
{
    struct args args = {.count = 0};
    redisReply *reply;
    int r = keep_check_name(call, name);
    if (r == 0 && (size == 0 || size > HEARTH_KEEP_MAX || life <= 0))
        r = hearth_fail(call, HEARTH_ERR_INVALID, "what is kept has 1 to %d bytes, and a time",
                        HEARTH_KEEP_MAX);
    if (r < 0)
        return r;
    redis_args_text(&args, name);
    redis_args_bytes(&args, bytes, size);
    redis_args_number(&args, life);
    return redis_handle_script(handle, call, SCRIPT_KEEP_PUT, CHANGES, &args, REDIS_REPLY_INTEGER,
                               &reply);
}

int redis_keep_put(void *s, struct hearth_call *call, const char *name, const void *bytes,
                   size_t size, int64_t life)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : keep_send(s, call, name, bytes, size, life));
}

static int keep_fetch(struct handle *handle, struct hearth_call *call, const char *name,
                      const void **ret_bytes, size_t *ret_size)
{
    struct args args = {.count = 0};
    redisReply *reply;
    int r = keep_check_name(call, name);
    redis_args_text(&args, name);
    redis_args_number(&args, KEEP_TAKEN);
    if (r == 0)
        r = redis_handle_script(handle, call, SCRIPT_KEEP_TAKE, CHANGES, &args, REDIS_REPLY_ARRAY,
                                &reply);
    if (r < 0)
        return r;
    if (reply->elements == 0)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "nothing of that name is kept");
    const redisReply *bytes = reply->element[0];
    if (reply->elements != 1 || bytes->type != REDIS_REPLY_STRING || bytes->len > HEARTH_KEEP_MAX)
        return redis_handle_odd_reply(handle, call, &handle->main);
    if (bytes->len == 0)
        return hearth_fail(call, HEARTH_ERR_CONFLICT, "somebody has what is kept by that name");
    *ret_bytes = bytes->str;
    *ret_size = bytes->len;
    return 0;
}

int redis_keep_take(void *s, struct hearth_call *call, const char *name, const void **ret_bytes,
                    size_t *ret_size)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : keep_fetch(s, call, name, ret_bytes, ret_size));
}

static int keep_delete(struct handle *handle, struct hearth_call *call, const char *name)
{
    char key[NAME_MAX_SIZE], taken[NAME_MAX_SIZE];
    struct args args = {.count = 0};
    redisReply *reply;
    int r = keep_check_name(call, name);
    if (r < 0)
        return r;
    snprintf(key, sizeof(key), "%skeep:%s", handle->queue->keys, name);
    snprintf(taken, sizeof(taken), "%s:taken", key);
    redis_args_text(&args, "DEL");
    redis_args_text(&args, key);
    redis_args_text(&args, taken);
    return redis_handle_command(handle, call, &handle->main, CHANGES, &args, REDIS_REPLY_INTEGER,
                                &reply);
}

int redis_keep_remove(void *s, struct hearth_call *call, const char *name)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : keep_delete(s, call, name));
}
