/* One pull, from credentials to committed collections.
 *
 *            +------- FX_MOVED: another uid or server, cursors reset (twice at most) -----+
 *            v                                                                            |
 *   token (cached?) -> info/collections --304--> nothing to do: OK                        |
 *                          | 200                                                          |
 *                          v                                                              |
 *                  nothing that is read here changed? -> remember the time: OK            |
 *                          |                                                              |
 *                          v                                                              |
 *                  meta/global -> crypto/keys -> clients and tabs -> bookmarks            |
 *                     |             |                          -> history -> cursor: OK --+
 *                     |             |                               |
 *                     |             |                               412 three times, damage, an
 *                     |             |                               answer that cannot be: left
 *                     |             |                               for the next run
 *                     |             sync key does not open it: SIGNIN_NEEDED
 *                     none yet: WAITING
 *
 * Any step may end the pull (FX_END, result filled) or break it off (negative: network, sink,
 * interrupt). */
#include "fx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "support/abi.h"
#include "support/call.h"

enum { MOVES = 2 };

static bool anything_changed(const struct fx_pull *p)
{
    if (!p->account.present || p->account.meta != p->meta_timestamp ||
        p->account.keys != p->keys_timestamp)
        return true;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (fx_account_wants(p, c) &&
            (!p->cursors[c].present || p->cursors[c].last_modified != p->timestamps[c] ||
             fx_refetch_due(p, c)))
            return true;
    }
    return false;
}

/* In the order of their numbers, but for bookmarks: first when they were left open by the
 * attempt before, last when that makes sense. */
static int read_collections(struct fx_pull *p)
{
    enum { FIRST, IN_TURN, LAST };
    int bookmarks = p->open_collection != 0   ? FIRST
                    : p->state.bookmarks_last ? LAST
                                              : IN_TURN,
        r = 0;
    for (int turn = FIRST; turn <= LAST; turn++)
        for (int c = 1; r == 0 && c < FX_COLLECTIONS; c++) {
            if (fx_collections[c].run == NULL ||
                turn != (fx_collections[c].moves ? bookmarks : IN_TURN))
                continue;
            r = fx_collections[c].run(p, c);
            if (r == 0 && p->open_collection != 0) {
                /* the new server has no bookmarks: nothing may be committed for them */
                p->incomplete = true;
                r = fx_end(p, HEARTH_ACCOUNT_OK, fx_says_moved());
            }
        }
    for (int c = 1; r == 0 && c < FX_COLLECTIONS; c++)
        r = fx_collections[c].translate == NULL ? 0 : fx_collection_ask_again(p, c);
    return r;
}

static int run_once(struct fx_pull *p)
{
    int r = fx_account_info(p);
    if (r == FX_UNCHANGED)
        return 0;
    if (r != 0)
        return r;
    if (anything_changed(p)) {
        r = fx_account_meta(p);
        if (r == 0)
            r = fx_account_keys(p);
        if (r == 0)
            r = fx_account_store_cursor(p);
        if (r == 0)
            r = fx_account_configuration(p);
        if (r == 0)
            r = read_collections(p);
    } else {
        fx_log(p, "nothing is read, because nothing that is wanted here has changed");
    }
    if (r == 0 && !p->incomplete) {
        p->account.info = p->info;
        r = fx_account_store_cursor(p);
    }
    return r;
}

/* The names of the collections that are wanted here and in this set. */
static size_t collections_in(const struct fx_pull *p, int64_t bits,
                             const char *ret_names[FX_COLLECTIONS])
{
    size_t count = 0;
    for (int c = 1; c < FX_COLLECTIONS; c++)
        if ((bits >> c & 1) != 0 && (!fx_collections[c].optional || p->fx->config.history))
            ret_names[count++] = fx_collections[c].name;
    return count;
}

/* False: there is nothing to say. */
static bool note_left_out(const struct fx_pull *p, struct hearth_sentence *ret_note)
{
    const char *n[FX_COLLECTIONS];
    size_t count = collections_in(p, p->account.unsupported, n);
    if (count > 0) {
        *ret_note = count == 1   ? fx_says_unsupported_1(n[0])
                    : count == 2 ? fx_says_unsupported_2(n[0], n[1])
                    : count == 3 ? fx_says_unsupported_3(n[0], n[1], n[2])
                                 : fx_says_unsupported_4(n[0], n[1], n[2], n[3]);
        return true;
    }
    count = collections_in(p, p->account.declined, n);
    if (count > 0)
        *ret_note = count == 1   ? fx_says_declined_1(n[0])
                    : count == 2 ? fx_says_declined_2(n[0], n[1])
                    : count == 3 ? fx_says_declined_3(n[0], n[1], n[2])
                                 : fx_says_declined_4(n[0], n[1], n[2], n[3]);
    return count > 0;
}

/* Of the collections that are read: what arrived damaged, else what is still to be asked for
 * again, else what is of no use. */
static bool note_damage(const struct fx_pull *p, struct hearth_sentence *ret_note)
{
    int64_t damaged = 0;
    int damaged_in = 0, collections = 0, still = 0, unusable = 0;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (!fx_account_wants(p, c))
            continue;
        if (p->damage[c].damaged > 0) {
            damaged += p->damage[c].damaged;
            damaged_in = c;
            collections++;
        }
        still = still == 0 && p->failed[c].count > 0 ? c : still;
        unusable = unusable == 0 && p->damage[c].unusable > 0 ? c : unusable;
    }
    const struct fx_damage *damage = &p->damage[damaged_in];
    const char *name = fx_collections[damaged_in].name;
    int64_t waiting = (int64_t)p->failed[damaged_in].count;
    if (collections > 1)
        *ret_note = fx_says_several_damaged(damaged);
    else if (collections == 1)
        *ret_note = damage->forgotten > 0 ? fx_says_some_forgotten(damage->damaged, damage->records,
                                                                   name, damage->forgotten)
                    : waiting > 0
                        ? fx_says_some_asked_again(damage->damaged, damage->records, name, waiting)
                        : fx_says_some_damaged(damage->damaged, damage->records, name);
    else if (still != 0)
        *ret_note =
            fx_says_still_damaged((int64_t)p->failed[still].count, fx_collections[still].name);
    else if (unusable != 0)
        *ret_note = fx_says_unusable(p->damage[unusable].unusable, fx_collections[unusable].name,
                                     p->damage[unusable].why);
    return collections > 0 || still != 0 || unusable != 0;
}

/* Good, with the weightiest remark for the person. */
static void pull_conclude(struct fx_pull *p)
{
    struct hearth_sentence note;
    p->result->state = HEARTH_ACCOUNT_OK;
    if (p->left != NULL)
        fx_end_left(p, 0);
    else if (note_damage(p, &note) || note_left_out(p, &note))
        fx_end(p, HEARTH_ACCOUNT_OK, note);
}

static int pull_run(struct fx_pull *p)
{
    int r = FX_MOVED;
    for (int moves = 0; r == FX_MOVED && moves <= MOVES; moves++) {
        r = fx_abandon(p);
        if (r == 0)
            r = run_once(p);
    }
    if (r == FX_MOVED)
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_storage_wanders());
    if (r == 0)
        pull_conclude(p);
    return r;
}

static int read_cursors(struct fx_pull *p, const struct hearth_pull *pull)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < pull->cursor_count; i++) {
        const struct hearth_sync_cursor *cursor = HEARTH_AT(pull->cursors, i);
        if (cursor->collection == HEARTH_COLLECTION_NONE)
            fx_account_cursor_parse(cursor->text, &p->account);
        else if (cursor->collection > 0 && cursor->collection < FX_COLLECTIONS)
            r = fx_collection_cursor_parse_failed(cursor->text, &p->cursors[cursor->collection],
                                                  &p->failed[cursor->collection]);
    }
    p->stored_account = p->account;
    return r == 0 ? 0 : fx_break(p, r, fx_says_no_memory());
}

/* What the cache holds belongs to one set of credentials. */
static void credentials_fingerprint(const struct fx_pull *p,
                                    uint8_t ret_digest[sizeof(p->state.credentials)])
{
    uint8_t digest[EVP_MAX_MD_SIZE] = {0};
    char blob[FX_BLOB_MAX];
    size_t size = fx_credentials_format(&p->credentials, blob);
    EVP_Digest(blob, size, digest, NULL, EVP_sha256(), NULL);
    OPENSSL_cleanse(blob, sizeof(blob));
    memcpy(ret_digest, digest, sizeof(p->state.credentials));
}

static void load_state(struct fx_pull *p, const char *account, uint64_t *ret_ticket)
{
    uint8_t digest[sizeof(p->state.credentials)];
    fx_cache_get(p->fx->cache, account, &p->state, ret_ticket);
    credentials_fingerprint(p, digest);
    if (memcmp(digest, p->state.credentials, sizeof(digest)) != 0)
        OPENSSL_cleanse(&p->state, sizeof(p->state));
}

/* Cursors of another key, or of collections without the account's own, say nothing. */
static int check_cursors(struct fx_pull *p)
{
    bool any = false;
    for (int c = 0; c < FX_COLLECTIONS; c++)
        any = any || p->cursors[c].present;
    bool stale = p->account.present ? strcmp(p->account.kid, p->credentials.kid) != 0 : any;
    if (!stale)
        return 0;
    fx_log(p, "what was read before was read with another key; everything is read anew");
    int r = p->sink->reset(p->sink->ctx, HEARTH_COLLECTION_NONE);
    memset(p->cursors, 0, sizeof(p->cursors));
    for (int c = 0; c < FX_COLLECTIONS; c++)
        fx_failed_fini(&p->failed[c]);
    p->account = (struct fx_account_cursor){0};
    return r;
}

static int prepare_and_run(struct fx_pull *p, const struct hearth_pull *pull)
{
    uint64_t ticket;
    if (fx_credentials_parse(pull->credentials, pull->credentials_size, &p->credentials) != 0)
        return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_credentials_unreadable());
    if (!fx_credentials_are_of(&p->credentials, p->fx->config.accounts_url,
                               p->fx->config.token_server))
        return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_other_servers());
    load_state(p, pull->account, &ticket);
    int r = read_cursors(p, pull);
    if (r == 0)
        r = check_cursors(p);
    if (r == 0)
        r = pull_run(p);
    credentials_fingerprint(p, p->state.credentials); /* a refresh token may be new */
    fx_cache_put(p->fx->cache, pull->account, &p->state, ticket);
    return r;
}

int fx_pull_run(struct fx_handle *handle, struct hearth_call *call, const struct hearth_pull *pull,
                struct hearth_pull_result *ret_result)
{
    struct hearth_pull_result result = {.state = HEARTH_ACCOUNT_ERROR};
    struct fx_pull *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return support_no_memory(call);
    p->fx = handle->fx;
    p->handle = handle;
    p->call = call;
    p->host = handle->fx->host;
    p->sink = pull->sink;
    p->result = &result;
    p->synced_before = HEARTH_HAS(pull, last_sync) && pull->last_sync != 0;
    p->logs_details = p->host->log_wants(p->host, HEARTH_LOG_DEBUG);
    p->sender = p->host->extension(p->host, HEARTH_HOST_AHEAD);
    int r = prepare_and_run(p, pull);
    fx_storage_drop_ahead(p);
    if (p->soft_backoff > 0) {
        int64_t wait = fx_with_jitter(p, p->soft_backoff);
        fx_log(p, "the servers wish for a pause of %lld s (X-Weave-Backoff, X-Backoff)",
               (long long)p->soft_backoff / 1000);
        if (wait > result.account_backoff)
            result.account_backoff = wait;
    }
    if (r < 0 && result.message == NULL)
        fx_break(p, r, fx_says_not_stored());
    for (int c = 0; c < FX_COLLECTIONS; c++)
        fx_failed_fini(&p->failed[c]);
    OPENSSL_cleanse(p, sizeof(*p));
    free(p);
    SUPPORT_GIVE(result, ret_result);
    return r < 0 ? r : 0;
}
