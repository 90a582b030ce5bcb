/* What a Redis server, or something in its place, sends: replies are made in the connection's
 * own room, and end there. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_reply(const struct conn *conn, const redisReply *reply, int depth)
{
    assert((const char *)reply >= conn->room &&
           (const char *)(reply + 1) <= conn->room + conn->room_size && depth < 10);
    bool is_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
                   reply->type == REDIS_REPLY_ERROR;
    assert(is_text == (reply->str != NULL)); /* a text that is not there is none */
    if (reply->str != NULL)
        assert(reply->str >= conn->room && reply->str + reply->len < conn->room + conn->room_size &&
               reply->str[reply->len] == '\0');
    for (size_t i = 0; i < reply->elements; i++)
        walk_reply(conn, reply->element[i], depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conn conn;
    redisReply *reply = NULL;
    if (size > 4096 || !redis_conn_init(&conn, 2048))
        return 0;
    redisReader *reader = conn.reader = redisReaderCreateWithFunctions(&redis_reply_functions);
    if (reader == NULL)
        abort();
    reader->privdata = &conn;
    conn.fd = -1;
    conn.taken = true;
    size_t half = size / 2;
    for (int part = 0; part < 2; part++) {
        if (redisReaderFeed(reader, (const char *)data + (part == 0 ? 0 : half),
                            part == 0 ? half : size - half) != REDIS_OK)
            break;
        while (redis_conn_next(&conn, &reply) == CONN_OK)
            walk_reply(&conn, reply, 0);
        if (conn.reader == NULL) /* garbled: the connection is closed */
            break;
    }
    redis_conn_fini(&conn);
    return 0;
}
