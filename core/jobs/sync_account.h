/* One sync of one account, from its credentials to the new state: what a worker does with a job,
 * and what the command line does when no daemon runs. */
#ifndef HEARTH_CORE_JOBS_SYNC_ACCOUNT_H
#define HEARTH_CORE_JOBS_SYNC_ACCOUNT_H

#include "base/message.h"
#include "hearth/sync.h"
#include "jobs/schedule.h"
#include "merge/limits.h"
#include "plug/storage.h"

struct backoff;
struct vault;

/* What a sync needs of its surroundings; borrowed, shared by all workers. */
struct sync_context {
    const struct vault *vault;
    struct backoff *backoff; /* by account id, and by "host NAME" */
    const char *spool_directory;
    struct limits limits; /* of one account */
    struct schedule schedule;
    int64_t timeout; /* ms for one pull */
    /* "host:port" asked everybody to wait; may be NULL */
    void (*pause_host)(void *ctx, const char *host, int64_t ms);
    void *pause_ctx;
    /* The data of an account are of another generation now; may be NULL. Comes before the end of
     * the sync can be seen by anybody. */
    void (*changed)(void *ctx, const char *account, int64_t generation);
    void *changed_ctx;
    /* What happened, as JSON for the events of the queue; may be NULL. */
    void (*event)(void *ctx, const char *account, const char *json);
    void *event_ctx;
};

struct sync_outcome {
    int32_t state;              /* enum hearth_account_state after the sync */
    int code;                   /* 0, or what the pull returned */
    struct message_kept detail; /* for the person */
    bool passing;               /* a fault of network or service */
    /* ms: the server asked to come back later, nothing was fetched; 0 */
    int64_t wait;
    int64_t requests, bytes, records, damaged, ms;
    int64_t generation; /* 0: nothing changed */
    int64_t next_sync;
    int64_t asked; /* the account's, when the attempt began: see HEARTH_ACCOUNT_FIELDS */
};

/* provider: the account's, with a handle of this thread. Errors of the pull are outcomes; a
 * negative return means that the account or its state could not be read or written. */
int jobs_sync_account(const struct sync_context *context, struct storage *storage,
                      const struct hearth_sync *provider, void *provider_handle,
                      struct call *provider_call, const char *account,
                      struct sync_outcome *ret_outcome, struct err *err);
/* What an attempt that ended `now` means for the account: changes it, and returns the fields to
 * write. What the account says is the outcome's then. A cancelled attempt (the daemon stops)
 * leaves everything due at once; so does one that was asked for again since it began. pause: what
 * the server demanded, ms. random: 0..65535. Pure. */
uint64_t jobs_sync_settle(const struct schedule *schedule, const struct sync_outcome *outcome,
                          int64_t pause, int64_t now, unsigned random,
                          struct hearth_account *account);

/* Stores what jobs_sync_settle() makes of the row: of the row as it is at that moment, whoever
 * asks for a sync, pauses the account or wants everything anew meanwhile. */
int jobs_sync_store(const struct schedule *schedule, struct storage *storage, const char *id,
                    int64_t pause, unsigned random, struct sync_outcome *outcome, struct err *err);

/* Brings the rows of older releases to what they are today (upgrade.c): most of the time there is
 * nothing to do. */
int jobs_upgrade_account(const struct sync_context *context, struct storage *storage,
                         const char *id, struct err *err);
/* The event of what was stored; changed: a bit for each collection. */
void jobs_sync_tell_changed(const struct sync_context *context, const char *account,
                            int64_t generation, unsigned changed);

#endif
