#include "reply.h"

#include <stdint.h>
#include <string.h>

#include "conn.h"

enum { NESTED_MAX = 8 };

/* NULL when the room is used up: the reader then reports an error and the connection is closed. */
static void *reply_room(const redisReadTask *task, size_t size)
{
    struct conn *conn = task->privdata;
    size_t from = (conn->room_used + 15) & ~(size_t)15;
    if (from > conn->room_size || size > conn->room_size - from)
        return NULL;
    conn->room_used = from + size;
    return conn->room + from;
}

/* hiredis 0.14 refuses what is nested deeper, and knows no other types; 1.x takes any depth, and
 * all of RESP 3, which has a null of its own (in RESP 2 a text or an array is not there). */
static bool reply_is_expected(const redisReadTask *task)
{
    int depth = 0;
    for (const redisReadTask *parent = task->parent; parent != NULL; parent = parent->parent)
        depth++;
    bool of_resp2 = task->type >= REDIS_REPLY_STRING && task->type <= REDIS_REPLY_ERROR &&
                    task->type != REDIS_REPLY_NIL;
    return of_resp2 && depth <= NESTED_MAX;
}

static redisReply *reply_make(const redisReadTask *task)
{
    redisReply *reply = reply_is_expected(task) ? reply_room(task, sizeof(*reply)) : NULL;
    if (reply == NULL)
        return NULL;
    *reply = (redisReply){.type = task->type};
    if (task->parent != NULL) {
        redisReply *parent = task->parent->obj;
        parent->element[task->idx] = reply;
    }
    return reply;
}

static void *reply_create_string(const redisReadTask *task, char *text, size_t size)
{
    redisReply *reply = reply_make(task);
    char *copy = reply == NULL || size == SIZE_MAX ? NULL : reply_room(task, size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    reply->str = copy;
    reply->len = size;
    return reply;
}

static void *reply_create_array(const redisReadTask *task, hiredis_count elements)
{
    struct conn *conn = task->privdata;
    redisReply *reply = reply_make(task);
    size_t count = hiredis_size(elements);
    if (reply == NULL || count > conn->room_size / sizeof(redisReply *))
        return NULL;
    reply->elements = count;
    reply->element = reply_room(task, count * sizeof(redisReply *));
    return reply->element == NULL ? NULL : reply;
}

static void *reply_create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = reply_make(task);
    if (reply != NULL)
        reply->integer = value;
    return reply;
}

/* The task has the type of what is not there: without a type of its own it would be taken for a
 * text, or an array. */
static void *reply_create_nil(const redisReadTask *task)
{
    redisReply *reply = reply_make(task);
    if (reply != NULL)
        reply->type = REDIS_REPLY_NIL;
    return reply;
}

static void reply_free_nothing(void *reply)
{
    (void)reply;
}

redisReplyObjectFunctions redis_reply_functions = {.createString = reply_create_string,
                                                   .createArray = reply_create_array,
                                                   .createInteger = reply_create_integer,
                                                   .createNil = reply_create_nil,
                                                   .freeObject = reply_free_nothing,
                                                   HIREDIS_REFUSED};
