/* What the error replies of Redis mean here. */
#include <string.h>

#include "queue.h"

struct known {
    const char *word; /* the first of the reply */
    int code;
    bool close;          /* another connection may find a server that is better off */
    int64_t retry_after; /* ms */
    const char *advice;
};

static const struct known known[] = {
    {"LOADING", HEARTH_ERR_UNAVAILABLE, false, 1000,
     "it reads its data from disk; it will be ready soon"},
    {"BUSY", HEARTH_ERR_UNAVAILABLE, false, 1000, "somebody's script blocks it; see SCRIPT KILL"},
    {"READONLY", HEARTH_ERR_UNAVAILABLE, true, 1000, "it is a replica; point url at the master"},
    {"MASTERDOWN", HEARTH_ERR_UNAVAILABLE, true, 1000,
     "it is a replica that has lost its master; point url at the master"},
    {"MISCONF", HEARTH_ERR_UNAVAILABLE, false, 5000,
     "it cannot save its data and refuses changes; look into its log and its disk"},
    {"NOREPLICAS", HEARTH_ERR_UNAVAILABLE, false, 1000, "too few of its replicas are connected"},
    {"CLUSTERDOWN", HEARTH_ERR_UNAVAILABLE, true, 1000,
     "its cluster is incomplete; see CLUSTER INFO"},
    {"MOVED", HEARTH_ERR_UNAVAILABLE, true, 5000,
     "the queue's slot lies on that other node of the cluster; point url at it"},
    {"ASK", HEARTH_ERR_UNAVAILABLE, true, 1000,
     "the queue's slot moves to another node of the cluster; try again later"},
    {"TRYAGAIN", HEARTH_ERR_UNAVAILABLE, true, 1000,
     "the queue's slot moves to another node of the cluster; try again later"},
    {"OOM", HEARTH_ERR_FULL, false, 1000, "it has reached its maxmemory; raise it, or remove data"},
    {"NOAUTH", HEARTH_ERR_DENIED, true, 0, "it wants a password; put one into url"},
    {"WRONGPASS", HEARTH_ERR_DENIED, true, 0, "user or password in url is wrong"},
    {"NOPERM", HEARTH_ERR_DENIED, true, 0,
     "the user in url may not do this; the plugin's README lists what it needs"},
    {"WRONGTYPE", HEARTH_ERR_CORRUPT, false, 0,
     "keys of that name belong to something else; choose another prefix"},
};

/* What goes into a sentence of ours: one line of ASCII. */
static void quote_reply(const redisReply *reply, char ret_text[201])
{
    size_t i;
    for (i = 0; i < 200 && i < reply->len; i++)
        ret_text[i] = reply->str[i] >= 0x20 && reply->str[i] < 0x7f ? reply->str[i] : '?';
    ret_text[i] = '\0';
}

int redis_error_of_reply(struct hearth_call *call, const struct queue *queue,
                         const redisReply *reply, bool *ret_close)
{
    char said[201];
    quote_reply(reply, said);
    size_t word = strcspn(reply->str, " ");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const struct known *k = &known[i];
        if (strlen(k->word) != word || memcmp(reply->str, k->word, word) != 0)
            continue;
        *ret_close = k->close;
        if (k->retry_after > 0)
            call->retry_after = k->retry_after;
        return hearth_fail(call, k->code, "Redis at %s: %s (%s)", queue->url.shown, k->advice,
                           said);
    }
    *ret_close = true;
    if (strstr(reply->str, "max number of clients") != NULL) {
        call->retry_after = 1000;
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "Redis at %s has as many clients as it may have; raise its maxclients",
                           queue->url.shown);
    }
    /* a password for a server that wants none has no word of its own */
    if (strstr(reply->str, "AUTH") != NULL)
        return hearth_fail(call, HEARTH_ERR_DENIED,
                           "Redis at %s refuses the login; correct user and password in url (%s)",
                           queue->url.shown, said);
    return hearth_fail(call, HEARTH_ERR_IO,
                       "Redis at %s refuses a command; version 7 or newer is needed (%s)",
                       queue->url.shown, said);
}
