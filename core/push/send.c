/* The push thread's work: whom something is to be told, and what came of it. No lock is held. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "push/internal.h"

enum { ANSWER_MAX = 4096 };
#define TTL "86400" /* s that a push service keeps it for */

/* A clock that was wrong may have left a time far ahead. */
#define AHEAD_MAX (2LL * 86400 * 1000)

/* --- keys --- */

static int look_after_key(struct push *push, size_t node, struct err *err)
{
    struct storage *storage = nodes_storages_get(&push->storages, node, err);
    if (storage == NULL)
        return err->code;
    if (storage->push == NULL) {
        push->has_key[node] = true; /* nothing will ask for it */
        return 0;
    }
    int r = push_key_look_after(push->options.vault, storage, &push->keys[node], err);
    bool lost = r == HEARTH_ERR_DENIED || r == HEARTH_ERR_CORRUPT;
    if (lost)
        log_event(HEARTH_LOG_WARNING, "push", "push key lost", LOG_TEXT("error", err->text),
                  LOG_TEXT("hint", "a new one is made; apps that have subscribed with the old one "
                                   "have to do it again"));
    if (r == HEARTH_ERR_NOT_FOUND || lost)
        r = push_key_make(push->options.vault, storage, lost, &push->keys[node], err);
    push->has_key[node] = r == 0;
    return r;
}

int64_t push_look_after_keys(struct push *push)
{
    bool all = true;
    for (size_t i = 0; i < push->options.nodes->count && !atomic_load(&push->stop); i++) {
        struct err err = {0};
        if (push->has_key[i])
            continue;
        nodes_storages_deadline(&push->storages, clock_monotonic() + PUSH_CALL_TIMEOUT);
        int r = look_after_key(push, i, &err);
        if (r < 0) {
            all = false;
            log_event(HEARTH_LOG_DEBUG, "push", "push key not read", LOG_TEXT("error", err.text));
        }
    }
    return all ? 0 : PUSH_PAUSE;
}

/* --- an answer --- */

static int push_on_response(void *ctx, const struct hearth_http_response *response)
{
    struct push_sending *sending = ctx;
    sending->status = response->status;
    sending->retry_after = response->retry_after;
    return 0;
}

static void on_over(void *ctx)
{
    struct push_sending *sending = ctx;
    atomic_store(&sending->over, true);
    push_wake(sending->push);
}

static void push_log_outcome(const struct push_sending *sending, enum push_outcome outcome,
                             const struct err *why)
{
    const char *account = sending->account, *id = sending->row.id,
               *error = why->text[0] != '\0' ? why->text : NULL;
    switch (outcome) {
    case PUSH_TAKEN:
        log_event(HEARTH_LOG_DEBUG, "push", "push sent", LOG_TEXT("account", account),
                  LOG_TEXT("endpoint", id), LOG_INT("status", sending->status));
        break;
    case PUSH_FAILED:
        log_event(HEARTH_LOG_DEBUG, "push", "push failed", LOG_TEXT("account", account),
                  LOG_TEXT("endpoint", id), LOG_INT("status", sending->status),
                  LOG_INT("failures", sending->row.failures), LOG_TEXT("error", error));
        break;
    case PUSH_GONE:
        log_event(HEARTH_LOG_INFO, "push", "push endpoint gone", LOG_TEXT("account", account),
                  LOG_TEXT("endpoint", id), LOG_INT("status", sending->status));
        break;
    case PUSH_GIVEN_UP:
        log_event(HEARTH_LOG_WARNING, "push", "push endpoint given up",
                  LOG_TEXT("account", account), LOG_TEXT("endpoint", id),
                  LOG_INT("status", sending->status), LOG_INT("failures", sending->row.failures),
                  LOG_TEXT("error", error));
        break;
    }
}

/* The row after it. One that somebody has changed or removed meanwhile stays as it is now. */
static void store_outcome(struct push_sending *sending, enum push_outcome outcome)
{
    struct push *push = sending->push;
    struct err err = {0};
    nodes_storages_deadline(&push->storages, clock_monotonic() + PUSH_CALL_TIMEOUT);
    struct storage *storage = nodes_storages_get(&push->storages, sending->node, &err);
    int r = storage == NULL ? err.code : 0;
    if (r == 0 && (outcome == PUSH_GONE || outcome == PUSH_GIVEN_UP)) {
        /* unless it was registered again at this moment */
        r = STORAGE_OF(storage, push, &err, push_claim, sending->account, &sending->row,
                       sending->claimed);
        if (r == 0)
            r = STORAGE_OF(storage, push, &err, push_remove, sending->account, sending->row.id);
        metrics_add(push->ended, r == 0);
    } else if (r == 0) {
        r = STORAGE_OF(storage, push, &err, push_claim, sending->account, &sending->row,
                       sending->claimed);
    }
    if (storage != NULL)
        plug_storage_reset(storage);
    if (r < 0 && r != HEARTH_ERR_CONFLICT && r != HEARTH_ERR_CANCELLED)
        log_event(log_level_of(&err, HEARTH_LOG_WARNING), "push", "push not noted",
                  LOG_TEXT("account", sending->account), LOG_TEXT("error", err.text));
}

/* The place is free again. */
static void sending_end(struct push_sending *sending)
{
    plug_call_fini(&sending->call);
    arena_fini(&sending->arena);
    sending->used = false;
    sending->push->under_way--;
}

static void conclude_with(struct push_sending *sending, const struct err *why)
{
    struct push *push = sending->push;
    struct push_pace rules = push_rules(push);
    enum push_outcome outcome = push_settle(&rules, sending->status, sending->retry_after,
                                            clock_now(), sending->told, &sending->row);
    metrics_add(outcome == PUSH_TAKEN ? push->sent : push->failed, 1);
    push_log_outcome(sending, outcome, why);
    store_outcome(sending, outcome);
    push_wait_until(push, sending->account, clock_monotonic()); /* something may have come */
    sending_end(sending);
}

void push_conclude(struct push_sending *sending)
{
    struct err err = {0};
    const struct hearth_http_request callbacks = {
        .struct_size = sizeof(callbacks), .on_response = push_on_response, .ctx = sending};
    int r = plug_call_check(&sending->call,
                            net_finish(sending->exchange, &sending->call.hearth, &callbacks), &err);
    if (sending->status != 0) /* what else came with it is nobody's business */
        err = (struct err){0};
    if (r == HEARTH_ERR_CANCELLED && sending->status == 0) {
        sending_end(sending);
        return;
    }
    conclude_with(sending, &err);
}

/* --- a message --- */

static struct push_sending *sending_begin(struct push *push, const char *account, size_t node)
{
    size_t of_account = 0;
    struct push_sending *found = NULL;
    for (size_t i = 0; i < PUSH_PARALLEL; i++) {
        struct push_sending *sending = &push->sendings[i];
        of_account += sending->used && strcmp(sending->account, account) == 0;
        if (!sending->used)
            found = sending;
    }
    if (found == NULL || of_account >= PUSH_PARALLEL_ACCOUNT)
        return NULL;
    *found = (struct push_sending){.push = push, .used = true, .node = node};
    snprintf(found->account, sizeof(found->account), "%s", account);
    arena_init(&found->arena, 0);
    plug_call_init(&found->call, &push->stop, 0, 0);
    push->under_way++;
    return found;
}

static bool is_under_way(const struct push *push, const char *account, const char *id)
{
    for (size_t i = 0; i < PUSH_PARALLEL; i++)
        if (push->sendings[i].used && strcmp(push->sendings[i].account, account) == 0 &&
            strcmp(push->sendings[i].row.id, id) == 0)
            return true;
    return false;
}

/* Asks its push service. */
static int sending_send(struct push_sending *sending, struct err *err)
{
    struct push *push = sending->push;
    struct push_pace rules = push_rules(push);
    struct net_outside_url parts;
    char authorization[PUSH_AUTHORIZATION_SIZE];
    const char *url;
    int r = push_open_endpoint(push, sending->account, &sending->row, &sending->arena, &url, err);
    if (r < 0)
        return r;
    if (push_look(push, url, &parts) != NET_OUTSIDE_FINE)
        return err_set(err, HEARTH_ERR_DENIED, "the endpoint is not allowed any more");
    r = push_authorization(&push->keys[sending->node], parts.origin, push->options.contact,
                           clock_now(), authorization, err);
    if (r < 0)
        return r;
    const struct hearth_http_header headers[] = {
        HEARTH_HTTP_HEADER("authorization", authorization), HEARTH_HTTP_HEADER("ttl", TTL),
        HEARTH_HTTP_HEADER("urgency", "normal"), HEARTH_HTTP_HEADER("topic", "hearth"),
        HEARTH_HTTP_HEADER("content-type", "") /* there is nothing */};
    const struct hearth_http_request request = {
        .struct_size = sizeof(request),
        .timeout = (uint32_t)rules.timeout,
        .method = "POST",
        .url = url,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .body = "",
        .max_response = ANSWER_MAX,
    };
    const struct net_outside outside = {.networks = push->options.allow,
                                        .network_count = push->options.allow_count,
                                        .connect_timeout = (uint32_t)rules.connect_timeout,
                                        .on_over = on_over,
                                        .ctx = sending};
    r = plug_call_check(
        &sending->call,
        net_begin_outside(push->net, &sending->call.hearth, &request, &outside, &sending->exchange),
        err);
    explicit_bzero(authorization, sizeof(authorization));
    return r;
}

static bool copy_row(struct push_sending *sending, const struct hearth_push *row)
{
    sending->row = *row;
    sending->row.id = arena_strdup(&sending->arena, row->id);
    sending->row.token = arena_strdup(&sending->arena, row->token);
    sending->row.endpoint = arena_strdup(&sending->arena, row->endpoint);
    return sending->row.id != NULL && sending->row.token != NULL && sending->row.endpoint != NULL;
}

/* ms until the row is to be looked at again; INT64_MAX: when what is under way is over, or not. */
static int64_t send_to(struct push *push, struct storage *storage, size_t node,
                       const struct hearth_account *account, const struct hearth_push *row)
{
    struct err err = {0};
    struct push_pace rules = push_rules(push);
    int64_t now = clock_now(), lease = rules.timeout + 2 * PUSH_CALL_TIMEOUT;
    if (row->generation == account->generation || is_under_way(push, account->id, row->id))
        return INT64_MAX;
    if (row->not_before > now && row->not_before - now <= AHEAD_MAX)
        return row->not_before - now;
    struct push_sending *sending = sending_begin(push, account->id, node);
    if (sending == NULL)
        return INT64_MAX;
    if (!copy_row(sending, row)) {
        sending_end(sending);
        return PUSH_PAUSE;
    }
    sending->told = row->generation;
    sending->row.generation = account->generation;
    sending->row.not_before = now + rules.interval;
    struct hearth_push claim = sending->row; /* for as long as nobody else may send */
    if (claim.not_before < now + lease)
        claim.not_before = now + lease;
    int r = STORAGE_OF(storage, push, &err, push_claim, account->id, &claim, row->not_before);
    if (r < 0) {
        sending_end(sending);
        return r == HEARTH_ERR_CONFLICT ? rules.interval : PUSH_PAUSE;
    }
    sending->claimed = claim.not_before;
    r = sending_send(sending, &err);
    if (r < 0)
        conclude_with(sending, &err);
    return INT64_MAX;
}

/* --- an account --- */

/* The rows of one node. ms until it is to be looked at again; INT64_MAX: no more. */
static int64_t serve_on_node(struct push *push, const char *id, size_t node, struct arena *arena,
                             struct err *err)
{
    struct push_rows *rows = arena_alloc(arena, sizeof(*rows));
    struct hearth_account account = {.struct_size = sizeof(account)};
    int64_t next = INT64_MAX;
    struct storage *storage = nodes_storages_get(&push->storages, node, err);
    if (storage == NULL || rows == NULL)
        return PUSH_PAUSE;
    if (storage->push == NULL)
        return INT64_MAX;
    int r = push_list_swept(push, storage, id, arena, rows, err);
    if (r < 0)
        return PUSH_PAUSE;
    if (rows->count == 0)
        return INT64_MAX;
    if (!push->has_key[node])
        return PUSH_PAUSE;
    r = STORAGE(storage, err, account_get, id, &account);
    if (r == HEARTH_ERR_NOT_FOUND)
        return INT64_MAX;
    if (r < 0)
        return PUSH_PAUSE;
    if (push->options.admits != NULL && !push->options.admits(push->options.ctx, account.email))
        return INT64_MAX;
    for (size_t i = 0; i < rows->count; i++) {
        int64_t wait = send_to(push, storage, node, &account, &rows->items[i]);
        next = wait < next ? wait : next;
    }
    return next;
}

void push_serve_account(struct push *push, const char *account)
{
    int64_t next = INT64_MAX;
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < push->options.nodes->count && !atomic_load(&push->stop); i++) {
        struct err err = {0};
        nodes_storages_deadline(&push->storages, clock_monotonic() + PUSH_CALL_TIMEOUT);
        int64_t wait = serve_on_node(push, account, i, &arena, &err);
        nodes_storages_reset(&push->storages);
        if (err.code < 0 && wait != INT64_MAX && err.code != HEARTH_ERR_CANCELLED)
            log_event(log_level_of(&err, HEARTH_LOG_WARNING), "push", "push put off",
                      LOG_TEXT("account", account), LOG_TEXT("error", err.text));
        next = wait < next ? wait : next;
    }
    arena_fini(&arena);
    if (next != INT64_MAX)
        push_wait_until(push, account, clock_monotonic() + next + 1);
}
