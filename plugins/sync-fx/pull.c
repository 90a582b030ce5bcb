/* One pull, from credentials to committed collections.
 *
 *            +--------------------- FX_MOVED: another uid or server, marks reset (twice at most) ----------------------+
 *            v                                                                                                         |
 *   token (cached?) -> info/collections --304--> nothing to do: OK                                                     |
 *                          | 200                                                                                       |
 *                          v                                                                                           |
 *                  nothing that is read here changed? -> remember the time: OK                                         |
 *                          |                                                                                           |
 *                          v                                                                                           |
 *                  meta/global -> crypto/keys -> clients and tabs -> bookmarks -> history -> account's mark: OK  ------+
 *                     |             |                   |
 *                     |             |                   412 three times, damage, an answer that cannot be: left for the next run
 *                     |             sync key does not open it: SIGNIN_NEEDED
 *                     none yet: WAITING
 *
 * Any step may end the pull (FX_END, result filled) or break it off (negative: network, sink, interrupt). */
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
    if (!p->account.present || p->account.meta != p->meta_timestamp || p->account.keys != p->keys_timestamp)
        return true;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (fx_account_wants(p, c) && (!p->marks[c].present || p->marks[c].last_modified != p->timestamps[c] || fx_refetch_due(p, c)))
            return true;
    }
    return false;
}

/* In the order of their numbers, but for bookmarks: first when they were left open by the attempt before, last when that makes sense. */
static int read_collections(struct fx_pull *p)
{
    enum { FIRST, IN_TURN, LAST };
    int bookmarks = p->open_collection != 0 ? FIRST : p->state.bookmarks_last ? LAST : IN_TURN, r = 0;
    for (int turn = FIRST; turn <= LAST; turn++)
        for (int c = 1; r == 0 && c < FX_COLLECTIONS; c++) {
            if (fx_collections[c].run == NULL || turn != (fx_collections[c].moves ? bookmarks : IN_TURN))
                continue;
            r = fx_collections[c].run(p, c);
            if (r == 0 && p->open_collection != 0) { /* the new server has no bookmarks: nothing may be committed for them */
                p->incomplete = true;
                r = fx_end(p, HEARTH_ACCOUNT_OK,
                           "The account was moved to another server while it was read; the rest follows with the next sync.");
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
            r = fx_account_store_mark(p);
        if (r == 0)
            r = fx_account_configuration(p);
        if (r == 0)
            r = read_collections(p);
    } else {
        fx_say(p, "nothing is read, because nothing that is wanted here has changed");
    }
    if (r == 0 && !p->incomplete) {
        p->account.info = p->info;
        r = fx_account_store_mark(p);
    }
    return r;
}

/* "Not synced, by choice in Firefox: history." */
static void append_list(struct fx_pull *p, char *text, size_t capacity, const char *intro, int64_t bits, const char *end)
{
    const char *separator = intro;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if ((bits >> c & 1) == 0 || (fx_collections[c].optional && !p->fx->config.history))
            continue;
        size_t used = strlen(text);
        snprintf(text + used, capacity - used, "%s%s", separator, fx_collections[c].title);
        separator = ", ";
    }
    size_t used = strlen(text);
    if (separator != intro)
        snprintf(text + used, capacity - used, "%s", end);
}

/* "3 of 861 records of bookmarks arrived damaged; their earlier copies are kept, and they are asked for again. " */
static void append_damage(const struct fx_pull *p, int collection, char *text, size_t capacity)
{
    const struct fx_damage *damage = &p->damage[collection];
    const char *title = fx_collections[collection].title;
    long long waiting = (long long)p->failed[collection].count;
    size_t used = strlen(text);
    if (damage->damaged > 0)
        used += (size_t)snprintf(text + used, capacity - used, "%lld of %lld records of %s arrived damaged; ", (long long)damage->damaged,
                                 (long long)damage->records, title);
    else if (waiting > 0)
        used += (size_t)snprintf(text + used, capacity - used, "%lld record%s of %s still arrive%s damaged; ", waiting,
                                 waiting == 1 ? "" : "s", title, waiting == 1 ? "s" : "");
    if (used < capacity && (damage->damaged > 0 || waiting > 0))
        used += (size_t)snprintf(text + used, capacity - used, "earlier copies are kept%s",
                                 waiting == 0   ? ""
                                 : waiting == 1 ? ", and it is asked for again"
                                                : ", and they are asked for again");
    if (used < capacity && damage->forgotten > 0)
        used += (size_t)snprintf(text + used, capacity - used, ", but for %lld", (long long)damage->forgotten);
    if (used < capacity && (damage->damaged > 0 || waiting > 0))
        used += (size_t)snprintf(text + used, capacity - used, ". ");
    if (used < capacity && damage->unusable > 0)
        snprintf(text + used, capacity - used, "%lld record%s of %s cannot be used (%s). ", (long long)damage->unusable,
                 damage->unusable == 1 ? "" : "s", title, damage->why);
}

/* Good, with notes for the person. */
static void conclude(struct fx_pull *p)
{
    char text[1024] = "";
    for (int c = 1; c < FX_COLLECTIONS; c++)
        if (fx_account_wants(p, c))
            append_damage(p, c, text, sizeof(text));
    append_list(p, text, sizeof(text),
                "Not read, because it is in a newer format than this Hearth understands (update Hearth): ", p->account.unsupported, ". ");
    append_list(p, text, sizeof(text), "Not synced, by choice in Firefox: ", p->account.declined, ".");
    if (p->left[0] != '\0')
        fx_end(p, p->left_is_error ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK, "%s", p->left);
    else
        fx_end(p, HEARTH_ACCOUNT_OK, "%.*s", (int)(strlen(text) - (text[0] != '\0' && text[strlen(text) - 1] == ' ')), text);
}

static int run(struct fx_pull *p)
{
    int r = FX_MOVED;
    for (int moves = 0; r == FX_MOVED && moves <= MOVES; moves++) {
        r = fx_abandon(p);
        if (r == 0)
            r = run_once(p);
    }
    if (r == FX_MOVED)
        return fx_end(p, HEARTH_ACCOUNT_ERROR, "The token server names another storage server each time. Ask its operator.");
    if (r == 0)
        conclude(p);
    return r;
}

static int read_marks(struct fx_pull *p, const struct hearth_pull *pull)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < pull->mark_count; i++) {
        const struct hearth_sync_mark *mark = HEARTH_AT(pull->marks, i);
        if (mark->collection == HEARTH_COLLECTION_NONE)
            fx_account_mark_parse(mark->text, &p->account);
        else if (mark->collection > 0 && mark->collection < FX_COLLECTIONS)
            r = fx_collection_mark_parse_failed(mark->text, &p->marks[mark->collection], &p->failed[mark->collection]);
    }
    p->stored_account = p->account;
    return r == 0 ? 0 : fx_break(p, r, "Out of memory.");
}

/* What the cache holds belongs to one set of credentials. */
static void fingerprint(const struct fx_pull *p, uint8_t ret_digest[sizeof(p->state.credentials)])
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
    fingerprint(p, digest);
    if (memcmp(digest, p->state.credentials, sizeof(digest)) != 0)
        OPENSSL_cleanse(&p->state, sizeof(p->state));
}

/* Marks of another key, or marks without the account's own, say nothing. */
static int check_marks(struct fx_pull *p)
{
    bool any = false;
    for (int c = 0; c < FX_COLLECTIONS; c++)
        any = any || p->marks[c].present;
    bool stale = p->account.present ? strcmp(p->account.kid, p->credentials.kid) != 0 : any;
    if (!stale)
        return 0;
    fx_say(p, "what was read before was read with another key; everything is read anew");
    int r = p->sink->reset(p->sink->ctx, HEARTH_COLLECTION_NONE);
    memset(p->marks, 0, sizeof(p->marks));
    for (int c = 0; c < FX_COLLECTIONS; c++)
        fx_failed_fini(&p->failed[c]);
    p->account = (struct fx_account_mark){0};
    return r;
}

static int prepare_and_run(struct fx_pull *p, const struct hearth_pull *pull)
{
    uint64_t ticket;
    if (fx_credentials_parse(pull->credentials, pull->credentials_size, &p->credentials) != 0)
        return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, "The stored sign-in cannot be read. Sign in or import the account again.");
    if (!fx_credentials_are_of(&p->credentials, p->fx->config.accounts_url, p->fx->config.token_server))
        return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED,
                      "This server works with another accounts or Sync server than when you signed in; your sign-in is not shown to "
                      "that one. Sign in again.");
    load_state(p, pull->account, &ticket);
    int r = read_marks(p, pull);
    if (r == 0)
        r = check_marks(p);
    if (r == 0)
        r = run(p);
    fingerprint(p, p->state.credentials); /* a refresh token may be new */
    fx_cache_put(p->fx->cache, pull->account, &p->state, ticket);
    return r;
}

int fx_pull_run(struct fx_session *session, struct hearth_call *call, const struct hearth_pull *pull, struct hearth_pull_result *ret_result)
{
    struct hearth_pull_result result = {.state = HEARTH_ACCOUNT_ERROR};
    struct fx_pull *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return support_no_memory(call);
    p->fx = session->fx;
    p->session = session;
    p->call = call;
    p->host = session->fx->host;
    p->sink = pull->sink;
    p->result = &result;
    p->says = p->host->log_wants(p->host, HEARTH_LOG_DEBUG);
    int r = prepare_and_run(p, pull);
    if (p->soft_backoff > 0) {
        int64_t wait = fx_with_jitter(p, p->soft_backoff);
        fx_say(p, "the servers wish for a pause of %lld s (X-Weave-Backoff, X-Backoff)", (long long)p->soft_backoff / 1000);
        if (wait > result.account_backoff)
            result.account_backoff = wait;
    }
    if (r < 0 && result.detail[0] == '\0')
        fx_break(p, r, "What was read could not be stored; it is tried again.");
    for (int c = 0; c < FX_COLLECTIONS; c++)
        fx_failed_fini(&p->failed[c]);
    OPENSSL_cleanse(p, sizeof(*p));
    free(p);
    SUPPORT_GIVE(result, ret_result);
    return r < 0 ? r : 0;
}
