#include "jobs/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/jobs_internal.h"
#include "plug/host.h"

enum { SLOTS = 4096, NEAR = 8, BATCH = 64, ACCOUNT_SIZE = 40 }; /* 256 KiB */
/* ms: from a note to its sync, between two syncs that notes ask for, between two looks at one
 * that is in work, after a failed sync, after a backend did not answer; for a call. */
enum {
    SETTLE = 200,
    EVERY = 5000,
    BUSY_EVERY = 500,
    FAILED_EVERY = 60000,
    PAUSE = 2000,
    CALL_TIMEOUT = 5000
};

/* Times are monotonic ms. */
struct change {
    char account[ACCOUNT_SIZE];
    const char *provider; /* NULL: the slot was never used */
    int64_t due;          /* 0: nothing waits */
    int64_t again;        /* not before */
};

struct changes {
    pthread_t thread;
    bool started; /* of the thread that starts and stops */
    struct jobs *jobs;
    struct metric *noted, *published, *ignored, *dropped;
    pthread_mutex_t lock; /* a leaf; guards what follows */
    pthread_cond_t news;  /* monotonic */
    bool has_news;        /* noted since the thread last looked, or stop */
    struct change slots[SLOTS];
};

struct changes *jobs_changes_create(void)
{
    struct changes *changes = calloc(1, sizeof(*changes));
    if (changes == NULL)
        return NULL;
    changes->noted = METRIC(CHANGES, "noted");
    changes->published = METRIC(CHANGES, "published");
    changes->ignored = METRIC(CHANGES, "ignored");
    changes->dropped = METRIC(CHANGES, "dropped");
    pthread_mutex_init(&changes->lock, NULL);
    lock_init_condition(&changes->news);
    return changes;
}

void jobs_changes_destroy(struct changes *changes)
{
    if (changes == NULL)
        return;
    pthread_cond_destroy(&changes->news);
    pthread_mutex_destroy(&changes->lock);
    free(changes);
}

/* --- notes --- */

static bool is_change_of(const struct change *change, const char *provider, const char *account)
{
    return change->provider != NULL && strcmp(change->account, account) == 0 &&
           strcmp(change->provider, provider) == 0;
}

/* Its slot; else one of which nothing is to be known any more, NULL: all near it are in use. The
 * lock is held. */
static struct change *changes_find_slot(struct changes *changes, const char *provider,
                                        const char *account, int64_t now)
{
    size_t first = (size_t)hash_text(account) % SLOTS;
    struct change *free_slot = NULL;
    for (size_t i = 0; i < NEAR; i++) {
        struct change *change = &changes->slots[(first + i) % SLOTS];
        if (is_change_of(change, provider, account))
            return change;
        if (free_slot == NULL && change->due == 0 && change->again <= now)
            free_slot = change;
    }
    if (free_slot == NULL)
        return NULL;
    *free_slot = (struct change){.provider = provider};
    snprintf(free_slot->account, sizeof(free_slot->account), "%s", account);
    return free_slot;
}

/* Notes it for `due`, or earlier if it is noted already. */
static void put_note(struct changes *changes, const char *provider, const char *account,
                     int64_t due, int64_t now)
{
    lock_take(&changes->lock);
    struct change *change = changes_find_slot(changes, provider, account, now);
    if (change == NULL) {
        metrics_add(changes->dropped, 1);
    } else if (change->due == 0) {
        change->due = due > change->again ? due : change->again;
        changes->has_news = true;
        pthread_cond_signal(&changes->news);
    }
    lock_release(&changes->lock);
}

void jobs_changes_note(struct changes *changes, const char *provider, const char *account)
{
    int64_t now = clock_monotonic();
    metrics_add(changes->noted, 1);
    /* no account is called so */
    if (account == NULL || account[0] == '\0' || strnlen(account, ACCOUNT_SIZE) == ACCOUNT_SIZE)
        metrics_add(changes->ignored, 1);
    else
        put_note(changes, provider, account, now + SETTLE, now);
}

static void changes_on_host_changed(const struct hearth_host *host, const char *account)
{
    const struct changes_ear *ear = plug_host_of(host)->changes_data;
    jobs_changes_note(ear->changes, ear->provider, account);
}

const struct hearth_host_changes jobs_changes_extension = {
    .struct_size = sizeof(jobs_changes_extension), .changed = changes_on_host_changed};

/* Takes up to BATCH that are due from *slot on. */
static size_t take_due(struct changes *changes, size_t *slot, int64_t now, struct change *ret_batch)
{
    size_t n = 0;
    lock_take(&changes->lock);
    for (; *slot < SLOTS && n < BATCH; ++*slot) {
        struct change *change = &changes->slots[*slot];
        if (change->due == 0 || change->due > now)
            continue;
        ret_batch[n++] = *change;
        change->due = 0;
        change->again = now + EVERY;
    }
    lock_release(&changes->lock);
    return n;
}

static int64_t next_due(struct changes *changes)
{
    int64_t next = INT64_MAX;
    lock_take(&changes->lock);
    for (size_t i = 0; i < SLOTS; i++)
        if (changes->slots[i].due != 0 && changes->slots[i].due < next)
            next = changes->slots[i].due;
    lock_release(&changes->lock);
    return next;
}

/* --- what follows of them --- */

/* What is known of an account that something was noted of. */
enum change_is {
    CHANGE_NOT_HERE, /* no node knows the account */
    CHANGE_NO_SYNC,  /* it is not to be synced now */
    CHANGE_LATER,    /* its last sync failed a moment ago */
    CHANGE_SYNC
};

/* A sleeping account is synced when its person comes; one that has just been made on the node to
 * which it moves is none yet. */
static enum change_is judge_change(const struct change *change,
                                   const struct hearth_account *account, int64_t *ret_wait)
{
    bool pulls = account->state == HEARTH_ACCOUNT_OK || account->state == HEARTH_ACCOUNT_WAITING ||
                 account->state == HEARTH_ACCOUNT_ERROR;
    if (!pulls || account->next_sync == 0 || strcmp(account->provider, change->provider) != 0)
        return CHANGE_NO_SYNC;
    int64_t since = clock_now() - account->last_attempt;
    if (account->failures == 0 || since < 0 || since >= FAILED_EVERY)
        return CHANGE_SYNC;
    *ret_wait = FAILED_EVERY - since;
    return CHANGE_LATER;
}

/* Looks for the account on all nodes, because pulls are of all nodes. An error when a node does
 * not answer and no other has it. */
static int change_find_account(struct jobs *jobs, const struct change *change,
                               enum change_is *ret_is, size_t *ret_node, int64_t *ret_wait,
                               struct err *err)
{
    enum change_is is = CHANGE_NOT_HERE;
    struct err away = {0};
    size_t count = jobs->options.nodes->count;
    for (size_t node = 0; node < count && is < CHANGE_LATER; node++) {
        struct hearth_account account = {.struct_size = sizeof(account)};
        struct err why = {0};
        struct storage *storage = jobs_take_storage(jobs, node, &why);
        int r = storage == NULL ? why.code : 0;
        if (r == 0) {
            storage->call.hearth.deadline = clock_monotonic() + CALL_TIMEOUT;
            r = STORAGE(storage, &why, account_get, change->account, &account);
        }
        if (r == 0) {
            is = judge_change(change, &account, ret_wait);
            *ret_node = node;
        } else if (r != HEARTH_ERR_NOT_FOUND) {
            away = why;
        }
        if (storage != NULL) {
            storage->call.hearth.deadline = 0;
            jobs_give_storage(jobs, node, storage);
        }
    }
    if (is == CHANGE_NOT_HERE && away.code < 0) {
        *err = away;
        return away.code;
    }
    *ret_is = is;
    return 0;
}

/* ms until it is to be tried again; 0: it is done with. */
static int64_t publish_change(struct changes *changes, struct jobs *jobs,
                              const struct change *change, struct err *err)
{
    enum change_is is;
    size_t node = 0;
    int64_t wait = 0;
    int32_t result = HEARTH_QUEUED;
    int r = change_find_account(jobs, change, &is, &node, &wait, err);
    if (r == 0 && is == CHANGE_LATER)
        return wait;
    if (r == 0 && is != CHANGE_SYNC) {
        metrics_add(changes->ignored, 1);
        return 0;
    }
    if (r == 0)
        r = jobs_publish(jobs, JOBS_SYNC, node, change->account, HEARTH_SCHEDULED,
                         JOBS_QUEUE_TIMEOUT, &result, err);
    if (r < 0)
        return PAUSE;
    if (result == HEARTH_IN_WORK)
        return BUSY_EVERY;
    metrics_add(changes->published, 1);
    return 0;
}

int64_t jobs_changes_flush(struct changes *changes, struct jobs *jobs)
{
    struct change batch[BATCH];
    struct err err = {0};
    size_t slot = 0, n;
    int64_t now = clock_monotonic();
    while (!atomic_load(&jobs->stop) && (n = take_due(changes, &slot, now, batch)) > 0) {
        for (size_t i = 0; i < n; i++) {
            /* a backend that did not answer one is not asked for the others */
            int64_t wait = err.code < 0 ? PAUSE : publish_change(changes, jobs, &batch[i], &err),
                    after = clock_monotonic();
            if (wait == 0)
                continue;
            lock_take(&changes->lock);
            struct change *change =
                changes_find_slot(changes, batch[i].provider, batch[i].account, after);
            if (change != NULL) { /* it has its slot still, unless it took longer than EVERY */
                change->due = after + wait;
                change->again = after + wait;
            }
            lock_release(&changes->lock);
        }
    }
    if (err.code < 0 && err.code != HEARTH_ERR_CANCELLED)
        log_event(log_level_of(&err, HEARTH_LOG_WARNING), "jobs", "change not queued",
                  LOG_TEXT("error", err.text));
    return next_due(changes);
}

/* --- the thread --- */

/* Until there is news, or something is due. False: stop. */
static bool changes_wait_for_news(struct changes *changes, int64_t next)
{
    lock_take(&changes->lock);
    int r = 0;
    while (!changes->has_news && !atomic_load(&changes->jobs->stop) && r != ETIMEDOUT)
        r = lock_wait_until(&changes->news, &changes->lock, next);
    changes->has_news = false;
    lock_release(&changes->lock);
    return !atomic_load(&changes->jobs->stop);
}

static void *changes_main(void *arg)
{
    struct changes *changes = arg;
    int64_t next = next_due(changes); /* plugins were open before this thread was there */
    while (changes_wait_for_news(changes, next))
        next = jobs_changes_flush(changes, changes->jobs);
    return NULL;
}

int jobs_changes_start(struct changes *changes, struct jobs *jobs, struct err *err)
{
    changes->jobs = jobs;
    return jobs_thread(&changes->thread, &changes->started, changes_main, changes, "changes", err);
}

void jobs_changes_join(struct changes *changes)
{
    if (changes->started)
        jobs_join(changes->jobs, changes->thread, &changes->started);
}

void jobs_changes_wake(struct changes *changes)
{
    lock_take(&changes->lock);
    changes->has_news = true;
    pthread_cond_signal(&changes->news);
    lock_release(&changes->lock);
}
