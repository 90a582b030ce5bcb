/* Moving an account to another node. The row on the old node names the new one; that is what
 * makes it a move, and what a crash cannot undo:
 *
 *   on the old node    on the new one
 *   node = new         nothing
 *   as before          row, secrets, what is removed here
 *   as before          what was synced
 *   as before          what came since
 *   gone               identities, settings, tokens, picks of the old
 *
 * What was synced goes as an archive (docs/archive.md): all of it, also what the Sync service
 * has forgotten, in one batch, into a row that has nothing yet; then a sync goes on from the
 * cursors that came with it. The small things do not go that way, because people change them until
 * the last moment: they are copied at the end, and what an earlier attempt has brought and is
 * gone since does not stay.
 *
 * The old node answers its people until the last step; each step can be repeated. All of it
 * happens under the lease of the account's one job of the kind "move", and no sync of the
 * account runs meanwhile: that job is published by the account's one sync, which does nothing
 * else once the row names another node, and the new row is not due before everything is there. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "auth/credentials.h"
#include "auth/doors.h"
#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs_internal.h"
#include "merge/removed_here.h"
#include "model/generation.h"
#include "nodes/who.h"

/* What is compared and copied. */
struct moving {
    struct storage *old, *new;
    const char *account;
    const struct hearth_removed_here *removed; /* that is looked for */
    bool found;
    struct err err;
};

static int move_has_removed_here(void *ctx, const struct hearth_removed_here *removed)
{
    struct moving *moving = ctx;
    moving->found = moving->found || strcmp(removed->id, moving->removed->id) == 0;
    return moving->found;
}

/* One that is new takes away what the sync on the new node has stored meanwhile. */
static int copy_removed_here(void *ctx, const struct hearth_removed_here *removed)
{
    struct moving *moving = ctx;
    struct removed_here_result result;
    moving->removed = removed;
    moving->found = false;
    int r = STORAGE(moving->new, &moving->err, removed_here_list, moving->account,
                    move_has_removed_here, moving);
    plug_storage_reset(moving->new);
    return r < 0 || moving->found ? r
                                  : merge_removed_here_put(moving->new, moving->account, removed,
                                                           &result, &moving->err);
}

/* Before the new node syncs, so that nothing comes back, and once more when it has. */
static int copy_removals(struct storage *old, struct storage *new, const char *id, struct err *err)
{
    struct moving moving = {.new = new, .account = id};
    int r = STORAGE(old, err, removed_here_list, id, copy_removed_here, &moving);
    if (r == 0 && moving.err.code != 0) {
        if (err != NULL)
            *err = moving.err;
        r = moving.err.code;
    }
    return r;
}

/* What an earlier attempt has brought goes first: some may be gone since. */
static int drop_source(void *ctx, const struct hearth_source *source)
{
    struct moving *moving = ctx;
    return STORAGE(moving->new, &moving->err, source_remove, moving->account, source->id);
}

static int copy_source(void *ctx, const struct hearth_source *source)
{
    struct moving *moving = ctx;
    struct err why = {0};
    const void *sealed;
    size_t size;
    int r = STORAGE(moving->new, &moving->err, source_put, moving->account, source);
    if (r < 0)
        return r;
    r = STORAGE(moving->old, &why, credentials_get, moving->account, source->id, &sealed, &size);
    if (r == 0)
        return STORAGE(moving->new, &moving->err, credentials_put, moving->account, source->id,
                       sealed, size);
    if (r != HEARTH_ERR_NOT_FOUND)
        moving->err = why;
    return moving->err.code;
}

static int copy_sources(struct storage *old, struct storage *new, const char *id, struct err *err)
{
    struct moving moving = {.old = old, .new = new, .account = id};
    int r = STORAGE(new, err, source_list, id, drop_source, &moving);
    if (r == 0 && moving.err.code == 0)
        r = STORAGE(old, err, source_list, id, copy_source, &moving);
    if (r == 0 && moving.err.code != 0) {
        if (err != NULL)
            *err = moving.err;
        r = moving.err.code;
    }
    return r;
}

/* The new row: everything of the old one but what a sync finds out. Sealed credentials travel as
 * they are: all nodes have one key file. */
static int create_row(struct storage *old, struct storage *new, const char *node, const char *id,
                      uint8_t ret_cursor[CREDENTIALS_FINGERPRINT_SIZE], struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)},
                          known = {.struct_size = sizeof(known)};
    const void *sealed;
    size_t size;
    struct err why = {0};
    int r = STORAGE(old, err, account_get, id, &account);
    if (r == 0)
        r = STORAGE(old, err, credentials_get, id, 0, &sealed, &size);
    if (r < 0)
        return r;
    r = STORAGE(new, &why, account_get, id, &known);
    if (r == HEARTH_ERR_NOT_FOUND) {
        account.node = node;
        account.generation = model_generation_begin(account.generation);
        account.last_sync = account.last_attempt = account.next_sync = account.failures =
            account.resync = 0;
        r = STORAGE(new, err, account_create, &account);
    } else if (r == 0) {
        /* of an earlier attempt, before which the account may have been paused or in trouble */
        known.state = account.state;
        known.state_detail = account.state_detail;
        known.state_message = account.state_message;
        known.state_parameters = account.state_parameters;
        known.next_sync = 0;
        r = STORAGE(new, err, account_update, &known,
                    HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NEXT_SYNC);
    } else if (err != NULL) {
        *err = why;
    }
    if (r == 0)
        r = STORAGE(new, err, credentials_put, id, 0, sealed, size);
    if (r == 0)
        r = copy_sources(old, new, id, err);
    if (r == 0)
        r = copy_removals(old, new, id, err);
    return r < 0 ? r : auth_credentials_fingerprint(old, id, 0, ret_cursor, err);
}

/* What is there came with an earlier attempt, all of it or nothing. */
static int copy_synced(struct storage *old, struct storage *new, const char *id, struct err *err)
{
    struct hearth_counts there = {.struct_size = sizeof(there)};
    int r = STORAGE(new, err, counts, id, &there);
    bool is_empty =
        there.devices + there.tabs + there.bookmarks + there.folders + there.pages + there.visits ==
        0;
    if (r == 0 && is_empty)
        r = archive_copy_synced(old, new, id, err);
    return r;
}

/* When the account is to be synced on the new node. */
static int set_due(struct storage *new, const char *id, int64_t next_sync, struct err *err)
{
    struct hearth_account account = {
        .struct_size = sizeof(account), .id = id, .next_sync = next_sync};
    return STORAGE(new, err, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
}

/* Somebody has signed in on the old node meanwhile: those are the credentials, and not what the
 * sync may have renewed. */
static int copy_signin(struct storage *old, struct storage *new, const char *id,
                       const uint8_t known[CREDENTIALS_FINGERPRINT_SIZE], int64_t *next_sync,
                       struct err *err)
{
    uint8_t fingerprint[CREDENTIALS_FINGERPRINT_SIZE];
    const void *sealed;
    size_t size;
    int r = auth_credentials_fingerprint(old, id, 0, fingerprint, err);
    if (r < 0 || memcmp(fingerprint, known, sizeof(fingerprint)) == 0)
        return r;
    r = STORAGE(old, err, credentials_get, id, 0, &sealed, &size);
    if (r == 0)
        r = STORAGE(new, err, credentials_put, id, 0, sealed, size);
    if (r == 0)
        *next_sync = 1;
    return r;
}

struct copy {
    struct storage *to;
    const char *account;
    struct err err;
};

static int copy_token(void *ctx, const struct hearth_token *token)
{
    struct copy *copy = ctx;
    struct err why = {0};
    int r = STORAGE(copy->to, &why, token_create, token);
    if (r < 0 && r != HEARTH_ERR_CONFLICT) /* it came with an earlier attempt */
        copy->err = why;
    return copy->err.code;
}

static int copy_pick(void *ctx, const struct hearth_pick *pick)
{
    struct copy *copy = ctx;
    return STORAGE(copy->to, &copy->err, pick_put, copy->account, pick);
}

/* What came with an earlier attempt and opens the account on the old node no more. */
static int drop_identities(struct storage *new, const char *id, const struct who_kept *kept,
                           struct err *err)
{
    struct who_kept here;
    int r = nodes_who_keep(new, id, &here, err);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < here.count; i++) {
        bool stays = false;
        for (size_t k = 0; k < kept->count; k++)
            stays = stays || (kept->items[k].created == here.items[i].created &&
                              strcmp(kept->items[k].issuer, here.items[i].issuer) == 0 &&
                              strcmp(kept->items[k].subject, here.items[i].subject) == 0);
        if (!stays)
            r = STORAGE(new, err, identity_remove, id, here.items[i].issuer, here.items[i].subject);
    }
    nodes_who_forget(&here);
    return r;
}

/* How the person signs in, and what a sign-in on the old node changed during the move. That the
 * server is owned is known on the new node, too, before the last account leaves the old one. */
static int copy_who(struct storage *old, struct storage *new, const struct hearth_account *account,
                    struct err *err)
{
    struct who_kept kept;
    struct err why = {0};
    int r = STORAGE(new, &why, property_put, "owned", "yes", false);
    if (r < 0 && r != HEARTH_ERR_CONFLICT) {
        if (err != NULL)
            *err = why;
        return r;
    }
    r = STORAGE(new, err, account_update, account,
                HEARTH_ACCOUNT_EMAIL | HEARTH_ACCOUNT_NAME | HEARTH_ACCOUNT_UID |
                    HEARTH_ACCOUNT_PROVIDER);
    if (r == 0)
        r = nodes_who_keep(old, account->id, &kept, err);
    if (r < 0)
        return r;
    r = drop_identities(new, account->id, &kept, err);
    if (r == 0)
        r = nodes_who_put_back(new, account->id, &kept, NULL, err);
    nodes_who_forget(&kept);
    return r;
}

/* What people and operators set on the old node, up to a pause that came during the move.
 * next_sync: of the new row; may be changed. */
static int copy_small(struct storage *old, struct storage *new, const char *id,
                      const uint8_t fingerprint[CREDENTIALS_FINGERPRINT_SIZE], int64_t *next_sync,
                      struct err *err)
{
    struct copy copy = {.to = new, .account = id};
    struct doors earlier = {0};
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct err why = {0};
    const char *json;
    int r = STORAGE(old, err, account_get, id, &account);
    if (r == 0)
        r = copy_who(old, new, &account, err);
    if (r == 0)
        r = copy_signin(old, new, id, fingerprint, next_sync, err);
    if (r == 0)
        r = copy_removals(old, new, id, err);
    if (r == 0) /* of an earlier attempt: those that ended since do not come back */
        r = auth_doors_remove(new, id, &earlier, err);
    if (r == 0 && account.state == HEARTH_ACCOUNT_PAUSED) {
        *next_sync = 0;
        r = STORAGE(new, err, account_update, &account, HEARTH_ACCOUNT_STATE);
    }
    if (r < 0)
        return r;
    r = STORAGE(old, &why, settings_get, id, &json);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(err, r, "%s", why.text);
    if (r == 0)
        r = STORAGE(new, err, settings_put, id, json);
    if (r == 0 || r == HEARTH_ERR_NOT_FOUND)
        r = STORAGE(old, err, token_list, id, copy_token, &copy);
    if (r == 0 && copy.err.code == 0)
        r = STORAGE(old, err, pick_list, id, copy_pick, &copy);
    if (r == 0 && copy.err.code != 0) {
        if (err != NULL)
            *err = copy.err;
        r = copy.err.code;
    }
    return r;
}

/* A sync that was asked for on the old node since the move began is asked for on the new one. */
static int copy_request(struct storage *old, struct storage *new, const char *id, int64_t asked,
                        int64_t next_sync, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORAGE(old, err, account_get, id, &account);
    if (r < 0 || account.asked == asked || account.state == HEARTH_ACCOUNT_PAUSED)
        return r < 0 ? r : set_due(new, id, next_sync, err);
    account.next_sync = 1;
    return STORAGE(new, err, account_update, &account,
                   HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ASKED);
}

/* A sync that failed on the new node is told where the person looks, and tried again from there. */
static int move_keep_on_old_node(struct jobs *jobs, struct storage *old, const char *id,
                                 int64_t asked, const struct sync_outcome *outcome, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct err why = {0};
    int r = STORAGE(old, err, account_get, id, &account);
    /* paused while it was under way: it stays so */
    if (r < 0 || account.state == HEARTH_ACCOUNT_PAUSED)
        return r;
    struct sync_context rules = jobs_rules(jobs);
    account.state = outcome->state;
    message_put_account(&outcome->detail, &account);
    account.last_attempt = clock_now();
    account.failures++;
    account.answered = asked;
    account.next_sync = account.asked > asked ? 1
                        : outcome->code == HEARTH_ERR_CANCELLED
                            ? account.last_attempt
                            : jobs_schedule_next(&rules.schedule, &account, account.last_attempt,
                                                 outcome->wait, outcome->passing, 0x8000);
    r = STORAGE(old, &why, account_update, &account,
                HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_LAST_ATTEMPT | HEARTH_ACCOUNT_FAILURES |
                    HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED);
    if (r == HEARTH_ERR_CONFLICT) /* asked for at this moment: it is due */
        return 0;
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

int jobs_move(struct jobs *jobs, struct storage *old, size_t to, const struct hearth_sync *provider,
              void *provider_handle, struct call *provider_call, const char *id,
              struct sync_outcome *ret_outcome, struct err *err)
{
    const char *node = jobs->options.nodes->items[to].name;
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORAGE(old, err, account_get, id, &account);
    if (r < 0 || account.state == HEARTH_ACCOUNT_PAUSED) {
        ret_outcome->state = HEARTH_ACCOUNT_PAUSED;
        return r;
    }
    int64_t asked = account.asked;
    struct sync_context rules = jobs_rules(jobs);
    uint8_t fingerprint[CREDENTIALS_FINGERPRINT_SIZE];
    struct storage *new = jobs_take_storage(jobs, to, err);
    r = new == NULL ? (err == NULL ? HEARTH_ERR_UNAVAILABLE : err->code)
                    : create_row(old, new, node, id, fingerprint, err);
    plug_storage_reset(old);
    if (r == 0)
        r = copy_synced(old, new, id, err);
    if (r == 0)
        r = jobs_sync_account(&rules, new, provider, provider_handle, provider_call, id,
                              ret_outcome, err);
    bool complete =
        r == 0 && ret_outcome->code == 0 && ret_outcome->wait == 0 &&
        (ret_outcome->state == HEARTH_ACCOUNT_OK || ret_outcome->state == HEARTH_ACCOUNT_WAITING);
    int64_t next_sync = ret_outcome->next_sync;
    if (complete)
        r = set_due(new, id, 0, err);
    if (complete && r == 0)
        r = copy_small(old, new, id, fingerprint, &next_sync, err);
    if (complete && r == 0)
        r = copy_request(old, new, id, asked, next_sync, err);
    if (complete && r == 0)
        r = STORAGE(old, err, account_remove, id);
    if (complete && r == 0)
        log_event(HEARTH_LOG_INFO, "jobs", "account moved", LOG_TEXT("account", id),
                  LOG_TEXT("node", node));
    if (!complete && r == 0 && ret_outcome->wait == 0)
        r = set_due(new, id, 0, err);
    if (!complete && r == 0 && ret_outcome->wait == 0)
        r = move_keep_on_old_node(jobs, old, id, asked, ret_outcome, err);
    if (new != NULL)
        jobs_give_storage(jobs, to, new);
    return r;
}
