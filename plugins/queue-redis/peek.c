/* Shows all jobs, page by page, so that neither the server nor this process ever has more than a
 * page in hand. */
#include <stdlib.h>
#include <string.h>

#include "member.h"
#include "queue.h"

enum { READY_SET = 1, DELAYED_SET, LEASED_SET };
enum { PAGE_ROWS = 64, PAGE_BYTES = 16384, ROW = 6 };

struct cursor {
    int set;
    char member[MEMBER_MAX + 1], score[32]; /* the last job shown; "": none yet */
    bool stop;                              /* the callback has seen enough */
    int64_t shown;                          /* of this set */
};

static bool row_is_sound(redisReply **row)
{
    return redis_reply_is_text(row[0], MEMBER_MAX, false) &&
           redis_reply_is_text(row[1], sizeof(((struct cursor *)NULL)->score) - 1, false) &&
           redis_reply_is_text(row[2], SUPPORT_PAYLOAD_MAX, true) &&
           redis_reply_is_number(row[3], 0, 100) && redis_reply_is_number(row[4], 0, INT32_MAX) &&
           redis_reply_is_number(row[5], 0, INT64_MAX);
}

/* A job as it is shown. A callback may use the handle, and then the reply that it came in is
 * gone. */
struct shown {
    char member[MEMBER_MAX + 1], kind[SUPPORT_KIND_MAX + 1],
        score[sizeof(((struct cursor *)NULL)->score)];
    const char *key; /* in `member` */
    char payload[SUPPORT_PAYLOAD_MAX + 1];
    int32_t priority, attempt;
    int64_t wait;
};

static bool shown_copy(redisReply **row, struct shown *ret_shown)
{
    if (!row_is_sound(row))
        return false;
    snprintf(ret_shown->member, sizeof(ret_shown->member), "%s", row[0]->str);
    snprintf(ret_shown->score, sizeof(ret_shown->score), "%s", row[1]->str);
    snprintf(ret_shown->payload, sizeof(ret_shown->payload), "%s", row[2]->str);
    ret_shown->priority = (int32_t)row[3]->integer;
    ret_shown->attempt = (int32_t)row[4]->integer;
    ret_shown->wait = row[5]->integer;
    return redis_member_parse(ret_shown->member, ret_shown->kind, &ret_shown->key);
}

static void cursor_show_rows(const struct shown *rows, size_t count, struct cursor *cursor,
                             hearth_job_cb cb, void *ctx)
{
    for (size_t i = 0; i < count && !cursor->stop; i++) {
        struct hearth_job job = {
            .struct_size = sizeof(job),
            .kind = rows[i].kind,
            .key = rows[i].key,
            .payload = rows[i].payload,
            .priority = rows[i].priority,
            .attempt = rows[i].attempt,
            .in_work = cursor->set == LEASED_SET,
            .wait = rows[i].wait,
        };
        memcpy(cursor->member, rows[i].member, sizeof(cursor->member));
        memcpy(cursor->score, rows[i].score, sizeof(cursor->score));
        cursor->shown++;
        cursor->stop = cb(ctx, &job) != 0;
    }
}

static int show_reply(struct hearth_call *call, const redisReply *reply, struct cursor *cursor,
                      hearth_job_cb cb, void *ctx)
{
    size_t count = reply->elements / ROW;
    if (reply->elements % ROW != 0)
        return redis_reply_is_no_job(call);
    struct shown *rows = calloc(count + 1, sizeof(*rows));
    if (rows == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory while the jobs were listed");
    bool sound = true;
    for (size_t i = 0; i < count && sound; i++)
        sound = shown_copy(reply->element + i * ROW, &rows[i]);
    if (sound)
        cursor_show_rows(rows, count, cursor, cb, ctx);
    free(rows);
    return sound ? 0 : redis_reply_is_no_job(call);
}

/* *ret_more: the set may have another page. */
static int cursor_read_page(struct handle *handle, struct hearth_call *call, struct cursor *cursor,
                            hearth_job_cb cb, void *ctx, bool *ret_more)
{
    struct args args = {.count = 0};
    redisReply *reply;
    if (redis_handle_is_stopped(handle, call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted while the jobs were listed");
    redis_args_number(&args, cursor->set);
    redis_args_text(&args, cursor->member);
    redis_args_text(&args, cursor->score);
    redis_args_number(&args, PAGE_ROWS);
    redis_args_number(&args, PAGE_BYTES);
    int r = redis_handle_script(handle, call, SCRIPT_PEEK, READS, &args, REDIS_REPLY_ARRAY, &reply);
    if (r < 0)
        return r;
    if (cursor->shown > 4 * handle->queue->max_jobs) /* jobs move meanwhile, but there is an end */
        return redis_handle_odd_reply(handle, call, &handle->main);
    *ret_more = reply->elements > 0;
    return show_reply(call, reply, cursor, cb, ctx);
}

int redis_jobs_peek(void *s, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    int r = redis_handle_enter(s, call);
    struct cursor cursor = {.set = READY_SET};
    while (r == 0 && !cursor.stop && cursor.set <= LEASED_SET) {
        bool more = false;
        r = cursor_read_page(s, call, &cursor, cb, ctx, &more);
        if (!more)
            cursor = (struct cursor){.set = cursor.set + 1};
    }
    return redis_handle_leave(s, r);
}
