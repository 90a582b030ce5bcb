/* Who may come in, and the account of who did. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/token.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "jobs/credentials.h"
#include "signin/internal.h"

enum { ACCOUNT_ID_SIZE = 16, EMAIL_MAX = 255 };

/* [auth] allow: patterns without regard to case. */
static bool matches(const struct conf_list *patterns, const char *email)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (fnmatch(patterns->items[i], email, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
            return true;
    return false;
}

static int on_any(void *ctx, const struct hearth_account *account)
{
    (void)account;
    *(bool *)ctx = true;
    return 1;
}

/* Does this server belong to somebody yet? A node that does not answer is passed over: one account elsewhere settles it. If none was found,
 * but a node did not answer, nobody can know, and nobody comes in by that way (UNAVAILABLE): else a stranger would own the server while its
 * owner's database is down. */
static int has_accounts(struct signin *signin, struct node_stores *stores, bool *ret_any, struct err *err)
{
    const struct nodes *nodes = signin->options.nodes;
    struct err missed = {0};
    bool any = false;
    for (size_t i = 0; !any && i < nodes->count; i++) {
        size_t node = (nodes->own + i) % nodes->count;
        struct err why = {0};
        struct store *store = node_stores_get(stores, node, &why);
        if ((store == NULL || STORE(store, &why, account_list, on_any, &any) < 0) && !any && missed.code == 0)
            missed = why;
    }
    if (!any && missed.code != 0)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "whether this server belongs to somebody already cannot be found out now: %s",
                       missed.text);
    *ret_any = any;
    return 0;
}

int signin_may(struct signin *signin, struct node_stores *stores, const char *email, bool has_account, bool *ret_may, struct err *err)
{
    bool any = false;
    if (signin->options.allow != NULL) {
        *ret_may = matches(signin->options.allow, email);
        return 0;
    }
    int r = has_account ? 0 : has_accounts(signin, stores, &any, err);
    if (r == 0)
        *ret_may = has_account || !any;
    return r;
}

struct finish {
    struct signin_worker *worker;
    struct store *store; /* of the account's node */
    const struct hearth_identity *identity;
    size_t provider, node;
    bool first; /* holds signin->first_comes */
};

/* --- one at a time ----------------------------------------------------------------------------------------------------------------------
 */

/* On the stack of who finishes. */
struct finishing {
    struct finishing *next;
    const char *email;
};

/* Two sign-ins of one person that end at the same moment would tread on each other: the second is told to come back. */
static int finishing_begin(struct signin *signin, struct finishing *mine, struct err *err)
{
    bool busy = false;
    lock_take(&signin->lock);
    for (const struct finishing *other = signin->finishing; other != NULL; other = other->next)
        busy = busy || strcasecmp(other->email, mine->email) == 0;
    if (!busy) {
        mine->next = signin->finishing;
        signin->finishing = mine;
    }
    lock_release(&signin->lock);
    return busy ? err_set(err, HEARTH_ERR_UNAVAILABLE, "another sign-in of %s is being finished at this moment", mine->email) : 0;
}

static void finishing_end(struct signin *signin, const struct finishing *mine)
{
    lock_take(&signin->lock);
    struct finishing **link = &signin->finishing;
    while (*link != mine)
        link = &(*link)->next;
    *link = mine->next;
    lock_release(&signin->lock);
}

/* There is one first person: who seems to be it looks once more while no other can become it. */
static int come_first(struct finish *f, struct node_stores *stores, bool *ret_may, struct err *err)
{
    struct signin *signin = f->worker->signin;
    lock_take(&signin->lock);
    f->first = !signin->first_comes;
    signin->first_comes = true;
    lock_release(&signin->lock);
    if (!f->first)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "somebody else is becoming the first person of this server at this moment");
    return signin_may(signin, stores, f->identity->email, false, ret_may, err);
}

static void end_first(struct finish *f)
{
    if (!f->first)
        return;
    lock_take(&f->worker->signin->lock);
    f->worker->signin->first_comes = false;
    lock_release(&f->worker->signin->lock);
    f->first = false;
}

/* ----------------------------------------------------------------------------------------------------------------------------------------
 */

/* Has the account's key become another one? Its old credentials say which it was. */
static int key_changed(struct finish *f, const char *account, bool *ret_changed, struct err *err)
{
    const struct signin_options *options = &f->worker->signin->options;
    const struct hearth_sync *ops = options->providers[f->provider].ops;
    struct hearth_identity old = {.struct_size = sizeof(old)};
    void *bytes = NULL, *session;
    size_t size = 0;
    *ret_changed = false;
    if (f->identity->key == NULL || ops->describe == NULL)
        return 0;
    struct err why = {0};
    int r = credentials_get(options->vault, f->store, account, &bytes, &size, &why);
    if (r == HEARTH_ERR_NOT_FOUND || r == HEARTH_ERR_CORRUPT || r == HEARTH_ERR_DENIED)
        return 0; /* none that can be read: nothing to compare */
    if (r < 0) {
        *err = why;
        return r;
    }
    r = signin_session(f->worker, f->provider, &session, err);
    if (r == 0 && ops->describe(session, &f->worker->call.hearth, bytes, size, &old) == 0)
        *ret_changed = old.key != NULL && strcmp(old.key, f->identity->key) != 0;
    credentials_free(bytes, size);
    return r;
}

static int put_credentials(struct finish *f, const char *account, struct err *err)
{
    return credentials_put(f->worker->signin->options.vault, f->store, account, f->identity->credentials, f->identity->credentials_size,
                           err);
}

static int create(struct finish *f, const char *id, struct err *err)
{
    const struct signin_options *options = &f->worker->signin->options;
    struct hearth_account account = {
        .struct_size = sizeof(account),
        .id = id,
        .email = f->identity->email,
        .uid = f->identity->uid,
        .name = f->identity->name,
        .provider = options->providers[f->provider].name,
        .node = options->nodes->items[f->node].name,
        .created = clock_now(),
        .last_seen = clock_now(),
    };
    int r = STORE(f->store, err, account_create, &account);
    if (r == 0)
        r = put_credentials(f, id, err);
    if (r == 0) { /* due only when its credentials are there */
        account.next_sync = 1;
        r = STORE(f->store, err, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    }
    if (r == 0)
        log_audit("account added", "account", id, "email", f->identity->email, "provider", account.provider, NULL);
    return r;
}

static int renew(struct finish *f, const char *id, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = id,
                                     .uid = f->identity->uid,
                                     .name = f->identity->name,
                                     .state = HEARTH_ACCOUNT_OK,
                                     .last_seen = clock_now(),
                                     .next_sync = 1};
    int r = put_credentials(f, id, err);
    if (r == 0)
        r = STORE(f->store, err, account_update, &account,
                  HEARTH_ACCOUNT_UID | HEARTH_ACCOUNT_NAME | HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_FAILURES | HEARTH_ACCOUNT_NEXT_SYNC |
                      HEARTH_ACCOUNT_LAST_SEEN);
    return r;
}

static int finish_known(struct finish *f, const char *id, enum signin_keep keep, struct signin_result *result, struct err *err)
{
    bool changed;
    int r = key_changed(f, id, &changed, err);
    if (r < 0)
        return r;
    if (changed && keep == SIGNIN_KEEP_ASK) {
        result->outcome = SIGNIN_KEY_CHANGED;
        return 0;
    }
    if (!changed || keep == SIGNIN_KEEP_DATA)
        return renew(f, id, err);
    r = STORE(f->store, err, account_remove, id);
    if (r == 0)
        log_audit("account removed", "account", id, "email", f->identity->email, "reason", "begins anew with its new key", NULL);
    return r == 0 || r == HEARTH_ERR_NOT_FOUND ? create(f, id, err) : r;
}

static int finish(struct finish *f, struct node_stores *stores, enum signin_keep keep, bool trusted, struct signin_result *result,
                  struct err *err)
{
    const struct signin_options *options = &f->worker->signin->options;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct err why = {0};
    bool may = true;
    int r = node_stores_by_email(stores, f->identity->email, &f->node, &account, &why);
    bool known = r == 0;
    if (known)
        snprintf(result->account, sizeof(result->account), "%s", account.id);
    else if (r == HEARTH_ERR_NOT_FOUND)
        f->node = nodes_home(options->nodes, f->identity->email, NODES_NONE);
    else
        *err = why;
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return r;
    r = trusted ? 0 : signin_may(f->worker->signin, stores, f->identity->email, known, &may, err);
    if (r == 0 && may && !known && !trusted && options->allow == NULL)
        r = come_first(f, stores, &may, err);
    if (r < 0)
        return r;
    result->outcome = may ? SIGNIN_IN : SIGNIN_REFUSED;
    result->node = f->node;
    if (!may)
        return 0;
    f->store = node_stores_get(stores, f->node, err);
    if (f->store == NULL)
        return err->code;
    if (known)
        return finish_known(f, result->account, keep, result, err);
    token_random_id(result->account, ACCOUNT_ID_SIZE);
    result->created = true;
    return create(f, result->account, err);
}

int signin_finish(struct signin_worker *worker, struct node_stores *stores, size_t provider, const struct hearth_identity *identity,
                  enum signin_keep keep, bool trusted, struct signin_result *ret_result, struct err *err)
{
    struct finish f = {.worker = worker, .identity = identity, .provider = provider};
    struct signin_result result = {0};
    if (strlen(identity->email) > EMAIL_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "the e-mail address is longer than %d bytes", EMAIL_MAX);
    struct finishing mine = {.email = identity->email};
    int r = finishing_begin(worker->signin, &mine, err);
    if (r < 0)
        return r;
    r = finish(&f, stores, keep, trusted, &result, err);
    if (r == HEARTH_ERR_CONFLICT && result.created) { /* another process was faster: it is known now */
        result = (struct signin_result){0};
        r = finish(&f, stores, keep, trusted, &result, err);
    }
    end_first(&f);
    finishing_end(worker->signin, &mine);
    if (r == 0)
        *ret_result = result;
    return r;
}
