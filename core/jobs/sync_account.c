#include "jobs/sync_account.h"

#include <jansson.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "auth/credentials.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/messages.h"
#include "merge/collections.h"
#include "merge/sink.h"

/* Cursors copied out of the storage plugin's hands, because the pull goes on after the listing. */
struct cursors {
    struct hearth_sync_cursor items[HEARTH_COLLECTION_SLOTS];
    size_t count;
    int64_t source; /* whose */
    struct arena arena;
};

static int sync_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    struct cursors *cursors = ctx;
    if (source == cursors->source &&
        cursors->count < sizeof(cursors->items) / sizeof(cursors->items[0]))
        cursors->items[cursors->count++] =
            (struct hearth_sync_cursor){.struct_size = sizeof(cursors->items[0]),
                                        .collection = collection,
                                        .text = arena_strdup(&cursors->arena, text)};
    return 0;
}

/* Takes the text; NULL: there was no memory for it. */
static void sync_emit_event(const struct sync_context *context, const char *account, char *text)
{
    if (text != NULL && context->event != NULL)
        context->event(context->event_ctx, account, text);
    free(text);
}

static void emit_state(const struct sync_context *context, const char *account, const char *state,
                       const struct message_kept *detail)
{
    json_t *parameters = detail->id[0] == '\0' ? NULL : json_loads(detail->parameters, 0, NULL);
    json_t *message = parameters == NULL
                          ? json_null()
                          : json_pack("{s:s, s:o}", "id", detail->id, "parameters", parameters);
    json_t *event = json_pack("{s:s, s:s, s:s, s:o}", "event", "sync", "state", state, "detail",
                              detail->text, "message", message);
    sync_emit_event(context, account, json_dumps(event, JSON_COMPACT));
    json_decref(event);
}

void jobs_sync_tell_changed(const struct sync_context *context, const char *account,
                            int64_t generation, unsigned changed)
{
    sync_emit_event(context, account, merge_changed_event(generation, changed));
}

/* What stands between the account and its sync is this server's own trouble: the person learns
 * which, the operator the rest from the log. Damage is no reason to ask every few minutes: the
 * waits grow as for any failure, up to [scheduler] retry_max. NULL: another one. */
static bool own_trouble(int code, struct hearth_sentence *ret_trouble)
{
    switch (code) {
    case HEARTH_ERR_FULL:
        *ret_trouble = jobs_says_disk_full();
        return true;
    case HEARTH_ERR_IO:
        *ret_trouble = jobs_says_disk_failed();
        return true;
    case HEARTH_ERR_CORRUPT:
        *ret_trouble = jobs_says_damaged();
        return true;
    case HEARTH_ERR_DENIED:
        *ret_trouble = jobs_says_other_key();
        return true;
    default:
        return false;
    }
}

/* The state that a pull leaves, in words. said: by the provider; NULL. */
static void sync_describe_outcome(struct sync_outcome *outcome,
                                  const struct hearth_pull_result *result,
                                  const struct hearth_message *said, const struct sink *sink,
                                  int code, const struct err *why)
{
    struct hearth_sentence trouble;
    outcome->code = code;
    outcome->state = result->state;
    if (code < 0 && outcome->state == HEARTH_ACCOUNT_OK)
        outcome->state = HEARTH_ACCOUNT_ERROR;
    /* The provider knows only that a record was not taken; which limit was reached, and what to
     * do, is told here. */
    /* the provider had no part in it */
    bool own = code < 0 && (sink->err.code < 0 || said == NULL);
    int cause = sink->err.code == HEARTH_ERR_DENIED ? HEARTH_ERR_IO
                : sink->err.code < 0                ? sink->err.code
                                                    : code;
    if (sink->spool.limited)
        outcome->detail = sink->spool.why;
    else if (own && own_trouble(cause, &trouble))
        message_keep_sentence(&outcome->detail, trouble);
    else
        message_keep(&outcome->detail, said);
    if (code < 0 && outcome->detail.text[0] == '\0')
        message_keep_sentence(&outcome->detail, jobs_says_failed(why->text));
    if (outcome->state == HEARTH_ACCOUNT_OK && sink->damaged > 0 && outcome->detail.text[0] == '\0')
        message_keep_sentence(&outcome->detail, jobs_says_records_damaged(
                                                    sink->damaged, sink->records + sink->damaged,
                                                    sink->damaged_example));
    outcome->passing =
        result->passing != 0 || code == HEARTH_ERR_UNAVAILABLE || code == HEARTH_ERR_TIMEOUT;
    outcome->requests = result->requests;
    outcome->bytes = result->bytes;
    outcome->records = sink->records;
    outcome->damaged = sink->damaged;
    outcome->generation = sink->generation;
}

static bool is_well(const struct sync_outcome *outcome)
{
    return outcome->state == HEARTH_ACCOUNT_OK || outcome->state == HEARTH_ACCOUNT_WAITING;
}

/* What fails as it did before is told once; so is a server that cannot be used, for all its
 * accounts (why->told). The account's state says it all the time. */
static enum hearth_log_level level_of(const struct hearth_account *before,
                                      const struct sync_outcome *outcome, const struct err *why)
{
    if (is_well(outcome))
        return HEARTH_LOG_INFO;
    bool same = before->failures > 0 && before->state == outcome->state &&
                before->state_detail != NULL &&
                strcmp(before->state_detail, outcome->detail.text) == 0;
    return same ? HEARTH_LOG_DEBUG : log_level_of(why, HEARTH_LOG_WARNING);
}

/* why: what is behind the detail, for the operator alone. */
static void log_outcome(const struct hearth_account *before, const struct sync_outcome *outcome,
                        const struct err *why)
{
    bool ok = is_well(outcome);
    bool more = why->text[0] != '\0' && strcmp(why->text, outcome->detail.text) != 0;
    log_event(level_of(before, outcome, why), "jobs", ok ? "sync done" : "sync failed",
              LOG_TEXT("account", before->id), LOG_INT("requests", outcome->requests),
              LOG_INT("records", outcome->records), LOG_INT("damaged", outcome->damaged),
              LOG_INT("ms", outcome->ms),
              LOG_TEXT("code", outcome->code < 0 ? err_name(outcome->code) : NULL),
              LOG_TEXT("detail", outcome->detail.text[0] != '\0' ? outcome->detail.text : NULL),
              LOG_TEXT("error", more ? why->text : NULL));
}

static void count_outcome(const struct sync_outcome *outcome)
{
    static const char *const states[] = {
        [HEARTH_ACCOUNT_OK] = "ok",
        [HEARTH_ACCOUNT_WAITING] = "waiting",
        [HEARTH_ACCOUNT_SIGNIN_NEEDED] = "signin_needed",
        [HEARTH_ACCOUNT_PAUSED] = "paused",
        [HEARTH_ACCOUNT_ERROR] = "error",
    };
    size_t state = (size_t)outcome->state;
    const char *how = outcome->code == HEARTH_ERR_CANCELLED        ? "cancelled"
                      : state < sizeof(states) / sizeof(states[0]) ? states[state]
                                                                   : "error";
    metrics_add(METRIC(SYNCS, how), 1);
    metrics_observe(METRIC(SYNC_DURATION), outcome->ms);
    metrics_add(METRIC(SYNC_RECORDS, "taken"), outcome->records);
    metrics_add(METRIC(SYNC_RECORDS, "damaged"), outcome->damaged);
    metrics_add(METRIC(SYNC_REQUESTS), outcome->requests);
    metrics_add(METRIC(SYNC_BYTES), outcome->bytes);
}

/* When the next one is due, and why then; for who looks at debug. pause: what the server
 * demanded, ms. */
static void say_next(const char *account, const struct sync_outcome *outcome, int64_t pause)
{
    if (!log_wants(HEARTH_LOG_DEBUG))
        return;
    int64_t left = outcome->next_sync - clock_now();
    const char *reason = outcome->next_sync == 0 ? "none until the person comes back"
                         : outcome->code == HEARTH_ERR_CANCELLED ? "this one was interrupted"
                         : pause > 0 && left <= pause            ? "the server wants a pause"
                         : outcome->state == HEARTH_ACCOUNT_SIGNIN_NEEDED
                             ? "the server may change its mind"
                         : is_well(outcome) ? "the interval"
                                            : "this one failed";
    log_event(HEARTH_LOG_DEBUG, "jobs", "sync next", LOG_TEXT("account", account),
              LOG_TEXT("reason", reason), LOG_INT("seconds", left > 0 ? left / 1000 : 0),
              LOG_INT("pause_seconds", pause / 1000));
}

/* Nothing is asked: somebody paused the account, or its server wants to be left alone. */
static void say_nothing_done(const char *account, int64_t wait)
{
    log_event(HEARTH_LOG_DEBUG, "jobs", "sync put off", LOG_TEXT("account", account),
              LOG_TEXT("reason", wait > 0 ? "the server wants a pause" : "the account is paused"),
              LOG_INT("seconds", wait / 1000));
}

static unsigned sync_random16(void)
{
    uint16_t value = 0;
    RAND_bytes((unsigned char *)&value, sizeof(value));
    return value;
}

uint64_t jobs_sync_settle(const struct schedule *schedule, const struct sync_outcome *outcome,
                          int64_t pause, int64_t now, unsigned random,
                          struct hearth_account *account)
{
    uint64_t fields = HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED;
    bool paused = account->state == HEARTH_ACCOUNT_PAUSED; /* while it was running: it stays so */
    if (outcome->code == HEARTH_ERR_CANCELLED) {
        account->next_sync = paused ? 0 : now;
        return fields;
    }
    bool asked_again = account->asked > outcome->asked;
    bool newly_dead = outcome->state == HEARTH_ACCOUNT_SIGNIN_NEEDED &&
                      account->state != HEARTH_ACCOUNT_SIGNIN_NEEDED;
    if (!paused) {
        account->state = outcome->state;
        message_put_account(&outcome->detail, account);
        fields |= HEARTH_ACCOUNT_STATE;
    }
    bool failed =
        outcome->state == HEARTH_ACCOUNT_ERROR || outcome->state == HEARTH_ACCOUNT_SIGNIN_NEEDED;
    account->failures = newly_dead ? 1 : failed ? account->failures + 1 : 0;
    account->last_attempt = now;
    fields |= HEARTH_ACCOUNT_FAILURES | HEARTH_ACCOUNT_LAST_ATTEMPT;
    if (outcome->state == HEARTH_ACCOUNT_OK && outcome->code == 0) {
        account->last_sync = now;
        fields |= HEARTH_ACCOUNT_LAST_SYNC;
        if (!asked_again) { /* else the request may be for that */
            account->resync = 0;
            fields |= HEARTH_ACCOUNT_RESYNC;
        }
    }
    if (account->answered < outcome->asked)
        account->answered = outcome->asked;
    account->next_sync = asked_again && !paused ? 1
                                                : jobs_schedule_next(schedule, account, now, pause,
                                                                     outcome->passing, random);
    return fields;
}

int jobs_sync_store(const struct schedule *schedule, struct storage *storage, const char *id,
                    int64_t pause, unsigned random, struct sync_outcome *outcome, struct err *err)
{
    enum { TRIES = 20 };
    int r = HEARTH_ERR_CONFLICT;
    for (int i = 0; r == HEARTH_ERR_CONFLICT && i < TRIES; i++) {
        struct hearth_account account = {.struct_size = sizeof(account)};
        struct err why = {0};
        r = STORAGE(storage, &why, account_get, id, &account);
        if (r == 0) {
            uint64_t fields =
                jobs_sync_settle(schedule, outcome, pause, clock_now(), random, &account);
            outcome->next_sync = account.next_sync;
            r = STORAGE(storage, &why, account_update, &account, fields);
        }
        if (r < 0 && err != NULL)
            *err = why;
    }
    if (r == 0 && err != NULL)
        *err = (struct err){0};
    return r;
}

static int sync_pull_source(const struct sync_context *context, const struct hearth_sync *provider,
                            void *handle, struct call *call, const struct hearth_account *account,
                            struct sink *sink, struct hearth_pull_result *result, struct err *err)
{
    struct cursors cursors = {.source = sink->source};
    arena_init(&cursors.arena, 0);
    void *credentials = NULL;
    size_t size = 0;
    int r = auth_credentials_get(context->vault, sink->storage, sink->account, sink->source,
                                 account->provider, &credentials, &size, err);
    if (r == 0 && account->resync == 0)
        r = STORAGE(sink->storage, err, sync_cursor_list, sink->account, sync_on_cursor, &cursors);
    /* by the database: see auth_credentials_get() */
    if (r == HEARTH_ERR_DENIED && credentials != NULL)
        r = err->code = HEARTH_ERR_IO;
    plug_storage_reset(sink->storage); /* the account's texts are copies: see jobs_sync_account() */
    if (r == 0) {
        struct hearth_pull request = {
            .struct_size = sizeof(request),
            .account = sink->account,
            .email = account->email,
            .credentials = credentials,
            .credentials_size = size,
            .cursors = cursors.items,
            .cursor_count = cursors.count,
            .sink = &sink->hearth,
            .last_sync = account->last_sync,
        };
        r = plug_call_check(call, provider->pull(handle, &call->hearth, &request, result), err);
        if (r < 0 && sink->err.code != 0)
            *err = sink->err; /* the storage's words are nearer to the cause than the provider's */
    }
    auth_credentials_free(credentials, size);
    arena_fini(&cursors.arena);
    return r;
}

static int64_t paused_for(const struct sync_context *context, const char *account)
{
    return context->backoff == NULL ? 0 : backoff_left(context->backoff, account);
}

static void remember_pause(const struct sync_context *context, const char *account,
                           const struct hearth_pull_result *result)
{
    int64_t pause = result->account_backoff > result->host_backoff ? result->account_backoff
                                                                   : result->host_backoff;
    if (pause > 0 && context->backoff != NULL)
        backoff_set(context->backoff, account, clock_monotonic() + pause);
    if (result->host_backoff > 0 && result->host[0] != '\0' && context->pause_host != NULL)
        context->pause_host(context->pause_ctx, result->host, result->host_backoff);
}

/* Who is interrupted goes on at once, elsewhere or later. Whose time is over has failed: else a
 * server that never comes to an end would be asked again and again, by a worker that does
 * nothing else. */
static bool took_too_long(const struct call *call, int code)
{
    bool stopped = call->stop != NULL && atomic_load(call->stop);
    return code == HEARTH_ERR_CANCELLED && !stopped && call->hearth.deadline != 0 &&
           clock_monotonic() >= call->hearth.deadline;
}

/* What the provider said, or what is said for it: in the call's memory. */
static const struct hearth_message *sync_keep_message(struct call *call, const char *account,
                                                      const struct hearth_pull_result *result,
                                                      bool late)
{
    const struct hearth_message *said = NULL;
    struct err err = {0};
    struct hearth_sentence sentence = jobs_says_too_long();
    struct hearth_message too_long = hearth_sentence_message(&sentence);
    if (message_take(&call->arena, late ? &too_long : result->message, &said, &err) < 0)
        log_event(HEARTH_LOG_WARNING, "jobs", "message refused", LOG_TEXT("account", account),
                  LOG_TEXT("error", err.text));
    return said;
}

static int sync_run_pull(const struct sync_context *context, struct storage *storage,
                         const struct hearth_sync *provider, void *handle, struct call *call,
                         const struct hearth_account *account, struct sync_outcome *outcome,
                         struct err *err)
{
    int64_t begun = clock_monotonic();
    struct sink sink;
    merge_sink_init(&sink, storage, context->vault, account->id, account->provider,
                    context->spool_directory, &context->limits);
    sink.failed_before = account->failures > 0;
    struct hearth_pull_result result = {.struct_size = sizeof(result)};
    struct err why = {0};
    emit_state(context, account->id, "started", &(struct message_kept){0});
    /* What comes is compared with what is there. Credentials are noted and read afterwards, because
     * somebody else's may come meanwhile. */
    int code = jobs_upgrade_account(context, storage, account->id, &why);
    merge_sink_note_credentials(&sink);
    if (code == HEARTH_ERR_DENIED) /* by the database: see auth_credentials_get() */
        code = why.code = HEARTH_ERR_IO;
    if (code == 0)
        code = sync_pull_source(context, provider, handle, call, account, &sink, &result, &why);
    bool late = took_too_long(call, code);
    const struct hearth_message *said = sync_keep_message(call, account->id, &result, late);
    if (late) {
        code = err_set(&why, HEARTH_ERR_TIMEOUT,
                       "the sync did not come to an end in [worker] timeout");
        result.state = HEARTH_ACCOUNT_ERROR;
    }
    if (merge_sink_check_credentials(&sink) == HEARTH_ERR_CANCELLED) {
        /* its state is not the account's either */
        code = HEARTH_ERR_CANCELLED;
        why = sink.err;
        result.account_backoff = 0;
    }
    /* an answer that the provider took for a failure of its server */
    why.told |= code == 0 && call->told;
    remember_pause(context, account->id, &result);
    sync_describe_outcome(outcome, &result, said, &sink, code, &why);
    outcome->ms = clock_monotonic() - begun;
    int64_t pause =
        result.account_backoff > result.host_backoff ? result.account_backoff : result.host_backoff;
    if (pause < why.retry_after)
        pause = why.retry_after;
    /* Whoever sees that the sync has ended reads what it brought: this process is told at once,
     * others by the queue, before the outcome is stored. */
    if (sink.changed != 0 && context->changed != NULL)
        context->changed(context->changed_ctx, account->id, sink.generation);
    if (sink.changed != 0)
        jobs_sync_tell_changed(context, account->id, sink.generation, sink.changed);
    outcome->asked = account->asked;
    int r = jobs_sync_store(&context->schedule, storage, account->id, pause, sync_random16(),
                            outcome, err);
    emit_state(context, account->id, is_well(outcome) ? "done" : "failed", &outcome->detail);
    log_outcome(account, outcome, &why);
    count_outcome(outcome);
    if (r == 0)
        say_next(account->id, outcome, pause);
    merge_sink_fini(&sink);
    return r;
}

/* Who asked for a sync wrote "at once" into the row: when it comes can be seen there. */
static int put_off(struct storage *storage, const struct hearth_account *stored, int64_t wait,
                   struct err *err)
{
    int64_t until = clock_now() + wait;
    struct err why = {0};
    struct hearth_account account = *stored;
    if (stored->state == HEARTH_ACCOUNT_PAUSED || stored->next_sync >= until - 1000)
        return 0;
    account.next_sync = until;
    int r = STORAGE(storage, &why, account_update, &account,
                    HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED);
    if (r == HEARTH_ERR_CONFLICT) /* it says something newer */
        return 0;
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

int jobs_sync_account(const struct sync_context *context, struct storage *storage,
                      const struct hearth_sync *provider, void *provider_handle,
                      struct call *provider_call, const char *id, struct sync_outcome *ret_outcome,
                      struct err *err)
{
    struct sync_outcome outcome = {0};
    struct hearth_account stored = {.struct_size = sizeof(stored)};
    int r = STORAGE(storage, err, account_get, id, &stored);
    if (r < 0)
        return r;
    outcome.state = stored.state;
    outcome.wait = paused_for(context, id);
    if (stored.state == HEARTH_ACCOUNT_PAUSED || outcome.wait > 0) {
        say_nothing_done(id, outcome.wait);
        *ret_outcome = outcome;
        return outcome.wait > 0 ? put_off(storage, &stored, outcome.wait, err) : 0;
    }
    struct arena arena;
    arena_init(&arena, 0);
    struct hearth_account account = stored; /* outlives the resets of the handle */
    account.id = arena_strdup(&arena, stored.id);
    account.email = arena_strdup(&arena, stored.email);
    account.provider = arena_strdup(&arena, stored.provider);
    account.state_detail =
        stored.state_detail == NULL ? NULL : arena_strdup(&arena, stored.state_detail);
    r = account.id == NULL || account.email == NULL || account.provider == NULL
            ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
            : 0;
    plug_storage_reset(storage);
    if (r == 0)
        r = sync_run_pull(context, storage, provider, provider_handle, provider_call, &account,
                          &outcome, err);
    arena_fini(&arena);
    if (r == 0)
        *ret_outcome = outcome;
    return r;
}
