/* Scheduler and workers. docs/architecture.md tells the life of a job. A job's kind says what is
 * to be done (JOBS_SYNC, JOBS_MOVE), its key is the account's id, its payload the name of the
 * node that published it.
 *
 * Threads: one scheduler for each node, `parallel` workers, one that keeps leases alive, one
 * that receives events. They share nothing but the queue, the storage and a few small tables
 * with locks of their own. */
#ifndef HEARTH_CORE_JOBS_JOBS_H
#define HEARTH_CORE_JOBS_JOBS_H

#include "hearth/queue.h"
#include "jobs/sync_account.h"
#include "nodes/nodes.h"

struct jobs;
struct breaker;
struct changes;

struct jobs_provider {
    const char *name; /* of the [sync NAME] section */
    const struct hearth_sync *ops;
    void *self;
};

struct jobs_options {
    bool scheduler, worker; /* which roles run here */
    bool held;              /* schedulers and workers begin with jobs_begin(), not at once */
    struct nodes *nodes;    /* borrowed; workers and schedulers serve all of them */
    const struct hearth_queue *queue;
    void *queue_self;
    /* by several processes; else every lease that is found at the start is void */
    bool queue_shared;
    const struct hearth_queue_keep *queue_keep; /* its extension; NULL: it has none */
    struct breaker *queue_breaker;              /* borrowed; NULL: nobody watches the queue */
    /* borrowed: what the providers say; published with the role worker; NULL: nobody listens */
    struct changes *changes;
    const struct jobs_provider *providers; /* borrowed */
    size_t provider_count;
    struct sync_context sync; /* vault, spool directory, schedule, timeout; the rest is filled in */
    int parallel;             /* workers */
    /* ms a job is held before others may take it; kept alive while the worker lives */
    int64_t lease;
    int64_t tick; /* ms between two looks at what is due */
    /* ms after which a due account whose job was lost is leased again */
    int64_t account_lease;
    int64_t batch; /* accounts leased at a time */
    /* Events of the queue, on a thread of jobs: channel is an account's id, text JSON; "" says
     * that some were lost. NULL: not wanted. */
    void (*on_event)(void *ctx, const char *channel, const char *text);
    void *event_ctx;
};

int jobs_start(const struct jobs_options *options, struct jobs **ret_jobs, struct err *err);
/* With options.held: from here on jobs are published and taken. A process that is going to fail
 * at its start has taken none by then. */
int jobs_begin(struct jobs *jobs, struct err *err);
/* From now on syncs are scheduled so, and a job that begins has these limits. Any thread. */
void jobs_set_rules(struct jobs *jobs, const struct schedule *schedule, const struct limits *limits,
                    int64_t timeout);
/* A backend hangs: whoever waits for it is interrupted. Any thread, until jobs_destroy(). */
void jobs_interrupt_node(struct jobs *jobs, size_t node);
void jobs_interrupt_queue(struct jobs *jobs);
/* Interrupts what runs (it is taken up again later), joins the threads. */
void jobs_stop(struct jobs *jobs);
void jobs_destroy(struct jobs *jobs); /* after jobs_stop(); accepts NULL */

/* Puts an account of the own node in front of the schedule: a person waits. Any thread.
 * UNAVAILABLE or TIMEOUT within two seconds when the queue does not answer, at once when that is
 * known. */
int jobs_request(struct jobs *jobs, const char *account, struct err *err);
/* The person of an account of the own node is here, with this token ("": none). Takes a short
 * lock and returns; what follows of it is written and published by a thread of its own
 * (presence.h). Any thread. */
void jobs_note_seen(struct jobs *jobs, const char *account, const char *token);
/* Is a sync of the account running, as far as the events told? Any thread. Needs on_event. */
bool jobs_is_syncing(struct jobs *jobs, const char *account);
/* Why the account's next sync is when it is: jobs_schedule_explain(). Any thread. */
struct hearth_sentence jobs_explain_next(struct jobs *jobs, const struct hearth_account *account);
/* An event for the other processes that share the queue (and this one, which hears it, too);
 * without others it does nothing. Within two seconds, at once when the queue is known not to
 * answer. Any thread. */
int jobs_send_event(struct jobs *jobs, const char *account, const char *json, struct err *err);
/* An event for all processes, this one, too; when it cannot be sent, for this one at least. Also
 * sync_context.event. Any thread. */
void jobs_event(void *jobs, const char *account, const char *json);
/* The queue's extension HEARTH_QUEUE_KEEP (hearth/keep.h), for people who wait. UNSUPPORTED: the
 * queue has none. take: *ret_bytes on the heap. */
int jobs_keep_put(void *jobs, const char *name, const void *bytes, size_t size, int64_t life,
                  struct err *err);
int jobs_keep_take(void *jobs, const char *name, void **ret_bytes, size_t *ret_size,
                   struct err *err);
int jobs_keep_remove(void *jobs, const char *name, struct err *err);
/* Does the queue answer? Any thread. */
int jobs_ping(struct jobs *jobs, struct err *err);
/* The queue's content, for `hearthd queue`; remove: NOT_FOUND. Any thread. */
int jobs_queue_peek(struct jobs *jobs, hearth_job_cb cb, void *ctx, struct err *err);
int jobs_queue_clear(struct jobs *jobs, struct err *err);
int jobs_queue_remove(struct jobs *jobs, const char *kind, const char *account, struct err *err);

#endif
