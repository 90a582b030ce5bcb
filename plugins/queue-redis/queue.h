/* An open queue, its handles, and the way one command takes: connect if need be, send, wait for
 * the answer, turn errors into words. */
#ifndef QUEUE_REDIS_QUEUE_H
#define QUEUE_REDIS_QUEUE_H

#include <stdatomic.h>
#include "conn.h"
#include "hearth/queue.h"
#include "script.h"
#include "support/backoff.h"
#include "support/wait.h"

enum { NAME_MAX_SIZE = 160 };

struct queue {
    const struct hearth_host *host;
    struct redis_url url;
    char keys[NAME_MAX_SIZE / 2]; /* "{prefix}:", before every key and channel */
    int64_t connect_timeout, command_timeout, max_jobs;
    struct support_backoff backoff; /* of attempts to connect */
    /* monotonic ms: until then the server counts as one that accepts connections and says
     * nothing */
    _Atomic int64_t breaker_until;
};

struct handle {
    struct queue *queue;
    struct support_interrupt interrupt;
    /* of operations: a callback may call others, and an interrupt is for all of them */
    int depth;
    char id[17]; /* names its channel for waking it */
    /* commands; SUBSCRIBE wake:<id>; SUBSCRIBE event:<db>: only in handles that wait for these */
    struct conn main, wake, event;
    /* event_wait() was called; events may have been lost since then */
    bool subscribed, lost;
    /* the command being sent: the longest is a script with its arguments, or an event */
    char out[16384];
};

/* Does a command that was sent and not answered leave something behind? Then its outcome is
 * UNCERTAIN. */
enum effect { READS, CHANGES };

/* The arguments of a command. Texts are borrowed. */
struct args {
    struct {
        const char *bytes;
        size_t size;
    } items[12];
    char numbers[8][24];
    int count, number_count;
};

void redis_args_bytes(struct args *args, const char *bytes, size_t size);
void redis_args_text(struct args *args, const char *text);
void redis_args_number(struct args *args, int64_t number);

/* Every operation begins with redis_handle_enter() and ends with `return
 * redis_handle_leave(handle, code)`. */
int redis_handle_enter(struct handle *handle, struct hearth_call *call);
int redis_handle_leave(struct handle *handle, int code);
/* between the commands of a long operation */
bool redis_handle_is_stopped(struct handle *handle, struct hearth_call *call);
/* Opens a closed connection, logs in and selects the database. */
int redis_handle_connect(struct handle *handle, struct hearth_call *call, struct conn *conn);
/* One command on `conn`, connected if need be; error replies are failures, and so are those of
 * another type (REDIS_REPLY_…). *ret_reply lives until the next command there. */
int redis_handle_command(struct handle *handle, struct hearth_call *call, struct conn *conn,
                         enum effect effect, const struct args *args, int type,
                         redisReply **ret_reply);
/* The same for a reply that is of the right type and says what cannot be. */
int redis_handle_odd_reply(struct handle *handle, struct hearth_call *call, struct conn *conn);
/* A text of 1 to `most` bytes (0 to, with or_empty) without NUL. */
bool redis_reply_is_text(const redisReply *reply, size_t most, bool or_empty);
bool redis_reply_is_number(const redisReply *reply, int64_t least, int64_t most);
int redis_reply_is_no_job(struct hearth_call *call); /* the failure */
/* One of the scripts on the main connection; `args` are its ARGV. type: what its reply has to be
 * (REDIS_REPLY_…; 0: a number or an array). */
int redis_handle_script(struct handle *handle, struct hearth_call *call, enum script_name name,
                        enum effect effect, const struct args *args, int type,
                        redisReply **ret_reply);
/* The error of a connection that failed while somebody waited for messages. */
int redis_handle_broken(struct handle *handle, struct hearth_call *call, enum conn_result result,
                        bool sent, enum effect effect);
/* Connects if need be and subscribes to the channel. */
int redis_handle_subscribe(struct handle *handle, struct hearth_call *call, struct conn *conn,
                           const char *channel);

/* breaker.c, a circuit breaker. A server that hangs is waited for by one handle that opens, not
 * by each: a process with many would not start. */
bool redis_breaker_is_open(struct queue *queue);
void redis_breaker_trip(struct queue *queue);

/* errors.c: the code and the words for an error reply. *ret_close: the connection is of no more
 * use. */
int redis_error_of_reply(struct hearth_call *call, const struct queue *queue,
                         const redisReply *reply, bool *ret_close);

/* jobs.c, peek.c, events.c: the operations. */
int redis_jobs_publish(void *handle, struct hearth_call *call, const struct hearth_job *job,
                       int64_t delay, int32_t *ret_result);
int redis_jobs_reserve(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                       struct hearth_job *ret_job);
int redis_jobs_extend(void *handle, struct hearth_call *call, const char *receipt, int64_t lease);
int redis_jobs_finish(void *handle, struct hearth_call *call, const char *receipt, int32_t outcome,
                      int64_t delay);
int redis_jobs_counts(void *handle, struct hearth_call *call,
                      struct hearth_queue_counts *ret_counts);
int redis_jobs_remove(void *handle, struct hearth_call *call, const char *kind, const char *key);
int redis_jobs_clear(void *handle, struct hearth_call *call);
int redis_jobs_peek(void *handle, struct hearth_call *call, hearth_job_cb cb, void *ctx);
/* keep.c: the extension HEARTH_QUEUE_KEEP. */
int redis_keep_put(void *handle, struct hearth_call *call, const char *name, const void *bytes,
                   size_t size, int64_t life);
int redis_keep_take(void *handle, struct hearth_call *call, const char *name,
                    const void **ret_bytes, size_t *ret_size);
int redis_keep_remove(void *handle, struct hearth_call *call, const char *name);
int redis_events_publish(void *handle, struct hearth_call *call, const char *channel,
                         const char *text);
int redis_events_wait(void *handle, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                      void *ctx);

#endif
