#include "reply.h"

#include <stdint.h>
#include <string.h>

#include "conn.h"

/* NULL when the room is used up: the reader then reports an error and the connection is closed. */
static void *take(const redisReadTask *task, size_t size)
{
    struct conn *conn = task->privdata;
    size_t from = (conn->room_used + 15) & ~(size_t)15;
    if (from > conn->room_size || size > conn->room_size - from)
        return NULL;
    conn->room_used = from + size;
    return conn->room + from;
}

static redisReply *make(const redisReadTask *task)
{
    redisReply *reply = take(task, sizeof(*reply));
    if (reply == NULL)
        return NULL;
    *reply = (redisReply){.type = task->type};
    if (task->parent != NULL) {
        redisReply *parent = task->parent->obj;
        parent->element[task->idx] = reply;
    }
    return reply;
}

static void *create_string(const redisReadTask *task, char *text, size_t size)
{
    redisReply *reply = make(task);
    char *copy = reply == NULL || size == SIZE_MAX ? NULL : take(task, size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    reply->str = copy;
    reply->len = size;
    return reply;
}

static void *create_array(const redisReadTask *task, int elements)
{
    struct conn *conn = task->privdata;
    redisReply *reply = make(task);
    if (reply == NULL || elements < 0 || (size_t)elements > conn->room_size / sizeof(redisReply *))
        return NULL;
    reply->elements = (size_t)elements;
    reply->element = take(task, (size_t)elements * sizeof(redisReply *));
    return reply->element == NULL ? NULL : reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = make(task);
    if (reply != NULL)
        reply->integer = value;
    return reply;
}

/* The task has the type of what is not there: without a type of its own it would be taken for a text, or an array. */
static void *create_nil(const redisReadTask *task)
{
    redisReply *reply = make(task);
    if (reply != NULL)
        reply->type = REDIS_REPLY_NIL;
    return reply;
}

static void free_nothing(void *reply)
{
    (void)reply;
}

redisReplyObjectFunctions reply_functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_nothing,
};
