#include "jobs/presence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/jobs_internal.h"

/* 320 KiB */
enum { SLOTS = 4096, NEAR = 8, BATCH = 64 };
/* ms */
enum {
    EVERY = 60000,
    CALL_TIMEOUT = 5000,
    PAUSE_MIN = 1000,
    PAUSE_MAX = 5000,
    STOP_TIMEOUT = 2000
};

enum presence_want {
    WANT_SEEN = 1, /* the account's last_seen is to be written */
    WANT_USED = 2, /* the token's last_used is */
    WANT_SYNC = 4  /* somebody is to look whether its data are stale */
};

struct presence_entry {
    char account[40], token[16];
    int64_t when;  /* of the newest note, ms since the epoch; 0: the slot is free */
    int64_t again; /* monotonic ms: until then a note changes nothing */
    unsigned wants;
};

/* A backend, seen from here: asked again only after a pause when it did not take something. Of
 * the thread alone. */
struct presence_way {
    const char *step;
    int64_t pause, again; /* again: monotonic ms; 0: at once */
};

struct presence {
    struct jobs *jobs;
    pthread_t thread;
    bool started; /* of the thread that starts and stops */
    struct presence_way reads, writes, queue;
    struct metric *dropped;
    pthread_mutex_t lock; /* a leaf; guards what follows */
    pthread_cond_t noted; /* monotonic */
    bool news;            /* noted since the thread last looked, or stop */
    struct presence_entry slots[SLOTS];
};

struct presence *jobs_presence_create(struct jobs *jobs)
{
    struct presence *presence = calloc(1, sizeof(*presence));
    if (presence == NULL)
        return NULL;
    presence->jobs = jobs;
    presence->reads.step = "reading an account";
    presence->writes.step = "writing who was here";
    presence->queue.step = "asking for a sync";
    presence->dropped = METRIC(PRESENCE_DROPPED);
    pthread_mutex_init(&presence->lock, NULL);
    lock_init_condition(&presence->noted);
    return presence;
}

void jobs_presence_destroy(struct presence *presence)
{
    if (presence == NULL)
        return;
    pthread_cond_destroy(&presence->noted);
    pthread_mutex_destroy(&presence->lock);
    free(presence);
}

/* --- notes --- */

static size_t presence_slot_index(const char *account, const char *token)
{
    return (size_t)(hash_text(account) + hash_text(token)) % SLOTS;
}

static bool is_of(const struct presence_entry *e, const char *account, const char *token)
{
    return e->when != 0 && strcmp(e->account, account) == 0 && strcmp(e->token, token) == 0;
}

/* Its slot; else one that is free, else the one that was written longest ago; NULL: all near it
 * still wait. The lock is held. */
static struct presence_entry *presence_find_slot(struct presence *presence, const char *account,
                                                 const char *token, bool or_new)
{
    struct presence_entry *best = NULL;
    size_t first = presence_slot_index(account, token);
    for (size_t i = 0; i < NEAR; i++) {
        struct presence_entry *e = &presence->slots[(first + i) % SLOTS];
        if (is_of(e, account, token))
            return e;
        if (e->wants == 0 && (best == NULL || e->again < best->again))
            best = e; /* of a free one `again` is 0 */
    }
    if (best == NULL || !or_new)
        return NULL;
    *best = (struct presence_entry){0};
    snprintf(best->account, sizeof(best->account), "%s", account);
    snprintf(best->token, sizeof(best->token), "%s", token);
    return best;
}

void jobs_presence_note(struct presence *presence, const char *account, const char *token)
{
    int64_t now = clock_monotonic(), when = clock_now();
    lock_take(&presence->lock);
    struct presence_entry *e = presence_find_slot(presence, account, token, true);
    if (e == NULL) {
        metrics_add(presence->dropped, 1);
    } else if (e->when == 0 || e->again <= now) {
        e->when = when;
        e->again = now + EVERY;
        e->wants = WANT_SEEN | WANT_SYNC | (token[0] != '\0' ? (unsigned)WANT_USED : 0u);
        presence->news = true;
        pthread_cond_signal(&presence->noted);
    }
    lock_release(&presence->lock);
}

/* Takes up to BATCH notes from *slot on; the thread owns their wants until put_back(). */
static size_t take_batch(struct presence *presence, size_t *slot, struct presence_entry *ret_batch)
{
    size_t n = 0;
    lock_take(&presence->lock);
    for (; *slot < SLOTS && n < BATCH; ++*slot) {
        struct presence_entry *e = &presence->slots[*slot];
        if (e->wants == 0)
            continue;
        ret_batch[n++] = *e;
        e->wants = 0;
    }
    lock_release(&presence->lock);
    return n;
}

static size_t put_back(struct presence *presence, const struct presence_entry *batch, size_t count)
{
    size_t left = 0;
    lock_take(&presence->lock);
    for (size_t i = 0; i < count; i++) {
        if (batch[i].wants == 0)
            continue;
        struct presence_entry *e =
            presence_find_slot(presence, batch[i].account, batch[i].token, true);
        if (e == NULL) {
            metrics_add(presence->dropped, 1);
            continue;
        }
        if (e->when < batch[i].when) { /* somebody else had the slot meanwhile */
            e->when = batch[i].when;
            e->again = batch[i].again;
        }
        e->wants |= batch[i].wants;
        left++;
    }
    lock_release(&presence->lock);
    return left;
}

/* --- what follows of them --- */

static bool may_ask(const struct presence_way *way)
{
    return way->again <= clock_monotonic();
}

/* After a call: true when it was answered. What a backend says of one account (it is gone) is an
 * answer. */
static bool note_answer(struct presence_way *way, int r, const struct err *err)
{
    if (r == 0 || r == HEARTH_ERR_NOT_FOUND) {
        way->pause = way->again = 0;
        return true;
    }
    way->pause = way->pause == 0              ? PAUSE_MIN
                 : way->pause * 2 > PAUSE_MAX ? PAUSE_MAX
                                              : way->pause * 2;
    way->again = clock_monotonic() + way->pause;
    if (r != HEARTH_ERR_CANCELLED)
        log_event(log_level_of(err, HEARTH_LOG_WARNING), "jobs", "presence not noted",
                  LOG_TEXT("step", way->step), LOG_TEXT("error", err->text));
    return false;
}

static void presence_set_deadline(struct storage *storage, int64_t until)
{
    storage->call.hearth.deadline = until != 0 ? until : clock_monotonic() + CALL_TIMEOUT;
}

static void presence_ask_for_sync(struct presence *presence, struct presence_entry *e,
                                  const struct hearth_account *account)
{
    struct jobs *jobs = presence->jobs;
    struct err err = {0};
    struct sync_context rules = jobs_rules(jobs);
    bool may = account->state == HEARTH_ACCOUNT_OK || account->state == HEARTH_ACCOUNT_WAITING;
    if (!may || account->failures != 0 ||
        !jobs_schedule_is_stale(&rules.schedule, account, clock_now())) {
        e->wants &= ~(unsigned)WANT_SYNC;
        return;
    }
    if (!may_ask(&presence->queue))
        return;
    int r = jobs_publish(jobs, JOBS_SYNC, jobs->options.nodes->own, e->account, HEARTH_PERSON_WAITS,
                         JOBS_QUEUE_TIMEOUT, NULL, &err);
    if (note_answer(&presence->queue, r, &err))
        e->wants &= ~(unsigned)WANT_SYNC;
}

static void write_seen(struct presence *presence, struct storage *storage, int64_t until,
                       struct presence_entry *e, const struct hearth_account *known)
{
    struct err err = {0};
    struct hearth_account account = *known;
    uint64_t fields = HEARTH_ACCOUNT_LAST_SEEN;
    account.last_seen = e->when;
    if (account.next_sync == 0 && account.state != HEARTH_ACCOUNT_PAUSED) {
        /* it slept: the schedule has it again, whatever becomes of the request */
        account.next_sync = e->when;
        fields |= HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED;
    }
    /* Another token of the person, or another process, may have been faster; a time far ahead is
     * of a clock that was wrong. */
    bool known_newer = known->last_seen >= e->when && known->last_seen - e->when < EVERY &&
                       fields == HEARTH_ACCOUNT_LAST_SEEN;
    presence_set_deadline(storage, until);
    int r = known_newer ? 0 : STORAGE(storage, &err, account_update, &account, fields);
    if (r == HEARTH_ERR_CONFLICT && fields != HEARTH_ACCOUNT_LAST_SEEN) {
        /* asked for, or paused, at this moment: that stands */
        err = (struct err){0};
        r = STORAGE(storage, &err, account_update, &account, HEARTH_ACCOUNT_LAST_SEEN);
    }
    if (note_answer(&presence->writes, r, &err))
        e->wants &= ~(unsigned)WANT_SEEN;
}

static void serve_account(struct presence *presence, struct storage *storage, int64_t until,
                          struct presence_entry *e)
{
    struct err err = {0};
    struct hearth_account account = {.struct_size = sizeof(account)};
    bool of_use = (e->wants & WANT_SYNC) != 0 ? may_ask(&presence->queue) : false;
    of_use = of_use || ((e->wants & WANT_SEEN) != 0 && may_ask(&presence->writes));
    if (!of_use || !may_ask(&presence->reads))
        return;
    presence_set_deadline(storage, until);
    int r = STORAGE(storage, &err, account_get, e->account, &account);
    if (!note_answer(&presence->reads, r, &err))
        return;
    if (r == HEARTH_ERR_NOT_FOUND) { /* removed, or moved to another node */
        e->wants = 0;
        return;
    }
    if ((e->wants & WANT_SYNC) != 0)
        presence_ask_for_sync(presence, e, &account);
    if ((e->wants & WANT_SEEN) != 0 && may_ask(&presence->writes))
        write_seen(presence, storage, until, e, &account);
}

static void serve_token(struct presence *presence, struct storage *storage, int64_t until,
                        struct presence_entry *e)
{
    struct err err = {0};
    if ((e->wants & WANT_USED) == 0 || !may_ask(&presence->writes))
        return;
    presence_set_deadline(storage, until);
    int r = STORAGE(storage, &err, token_used, e->account, e->token, e->when);
    if (note_answer(&presence->writes, r, &err))
        e->wants &= ~(unsigned)WANT_USED;
}

/* When the first of the backends that were of no use may be. */
static int64_t next_look(const struct presence *presence)
{
    const struct presence_way *ways[] = {&presence->reads, &presence->writes, &presence->queue};
    int64_t next = clock_monotonic() + PAUSE_MAX;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i]->again != 0 && ways[i]->again < next)
            next = ways[i]->again;
    return next;
}

int64_t jobs_presence_flush(struct presence *presence, struct storage *storage, int64_t until)
{
    struct presence_entry batch[BATCH];
    size_t left = 0, slot = 0, n;
    while ((n = take_batch(presence, &slot, batch)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (until != 0 && clock_monotonic() >= until)
                break;
            /* at a stop: whoever comes after it asks for what is stale */
            if (until != 0)
                batch[i].wants &= ~(unsigned)WANT_SYNC;
            serve_account(presence, storage, until, &batch[i]);
            serve_token(presence, storage, until, &batch[i]);
            plug_storage_reset(storage);
        }
        left += put_back(presence, batch, n);
    }
    storage->call.hearth.deadline = 0;
    return left == 0 ? 0 : next_look(presence);
}

/* --- the thread --- */

/* Until there is news, or the time has come to look again at what is left. False: stop. */
static bool wait_for_news(struct presence *presence, int64_t next)
{
    lock_take(&presence->lock);
    int r = 0;
    while (!presence->news && !atomic_load(&presence->jobs->stop) && r != ETIMEDOUT)
        r = lock_wait_until(&presence->noted, &presence->lock, next == 0 ? INT64_MAX : next);
    presence->news = false;
    lock_release(&presence->lock);
    return !atomic_load(&presence->jobs->stop);
}

static void *presence_main(void *arg)
{
    struct presence *presence = arg;
    struct jobs *jobs = presence->jobs;
    size_t own = jobs->options.nodes->own;
    struct storage *storage = NULL;
    int64_t next = 0;
    while (wait_for_news(presence, next)) {
        struct err err = {0};
        if (storage == NULL && may_ask(&presence->reads)) {
            storage = jobs_take_storage(jobs, own, &err);
            note_answer(&presence->reads, storage == NULL ? err.code : 0, &err);
        }
        next = storage == NULL ? presence->reads.again : jobs_presence_flush(presence, storage, 0);
    }
    if (storage != NULL) {
        presence->reads.again = presence->writes.again = 0; /* a last try */
        jobs_presence_flush(presence, storage, clock_monotonic() + STOP_TIMEOUT);
        jobs_give_storage(jobs, own, storage);
    }
    return NULL;
}

int jobs_presence_start(struct presence *presence, struct err *err)
{
    return jobs_thread(&presence->thread, &presence->started, presence_main, presence, "presence",
                       err);
}

void jobs_presence_join(struct presence *presence)
{
    jobs_join(presence->jobs, presence->thread, &presence->started);
}

void jobs_presence_wake(struct presence *presence)
{
    lock_take(&presence->lock);
    presence->news = true;
    pthread_cond_signal(&presence->noted);
    lock_release(&presence->lock);
}
