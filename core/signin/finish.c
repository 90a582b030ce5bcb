/* Who may come in, and the account of who did. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/token.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "signin/allow.h"
#include "signin/internal.h"
#include "signin/owner.h"
#include "signin/setup.h"
#include "signin/takeover.h"

enum { ACCOUNT_ID_SIZE = 16 };

bool signin_may(const struct signin *signin, const char *email)
{
    return signin_allow_admits(signin->options.allow, email);
}

int signin_needs_setup(struct signin *signin, struct node_storages *storages, bool *ret_needs,
                       struct err *err)
{
    bool owned = signin_allow_is_given(signin->options.allow) || atomic_load(&signin->owned);
    int r = owned ? 0 : signin_owner_find(storages, &owned, err);
    if (r < 0)
        return r;
    if (owned && !signin_allow_is_given(signin->options.allow))
        atomic_store(&signin->owned, true);
    *ret_needs = !owned;
    return 0;
}

/* --- one at a time --- */

/* On the stack of who finishes. */
struct finishing {
    struct finishing *next;
    const struct signin_end *end;
};

static bool finish_is_same_person(const struct signin_end *a, const struct signin_end *b)
{
    return strcasecmp(a->identity->email, b->identity->email) == 0 ||
           (a->provider == b->provider && strcmp(a->identity->uid, b->identity->uid) == 0);
}

/* Two sign-ins of one person that end at the same moment would tread on each other: the second
 * is told to come back. */
static int finishing_begin(struct signin *signin, struct finishing *mine, struct err *err)
{
    bool busy = false;
    lock_take(&signin->lock);
    for (const struct finishing *other = signin->finishing; other != NULL; other = other->next)
        busy = busy || finish_is_same_person(other->end, mine->end);
    if (!busy) {
        mine->next = signin->finishing;
        signin->finishing = mine;
    }
    lock_release(&signin->lock);
    return busy ? err_set(err, HEARTH_ERR_UNAVAILABLE,
                          "another sign-in of %s is being finished at this moment",
                          mine->end->identity->email)
                : 0;
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

static int finish_known(struct signin_finish *f, const char *id, struct signin_result *result,
                        struct err *err)
{
    bool changed;
    int r = signin_finish_key_changed(f, id, &changed, err);
    if (r < 0)
        return r;
    changed = changed || f->joins;
    result->joins = f->joins;
    if (changed && f->end->keep == SIGNIN_KEEP_ASK) {
        result->outcome = SIGNIN_KEY_CHANGED;
        return 0;
    }
    char ended[TAKEOVER_WORDS_SIZE] = "";
    struct who who = signin_finish_who(f);
    bool stays = !changed || f->end->keep == SIGNIN_KEEP_DATA;
    if (!f->joins)
        r = nodes_who_use_word(f->storage, id, &who, err);
    else
        r = (stays ? signin_takeover : signin_takeover_end)(f->storage, id, &who, ended, err);
    if (r < 0)
        return r;
    if (stays) {
        r = signin_finish_renew(f, id, err);
    } else {
        snprintf(result->before, sizeof(result->before), "%s", id);
        auth_token_random_id(result->account, ACCOUNT_ID_SIZE);
        r = signin_finish_start_over(f, result->before, result->account, err);
    }
    if (r == 0 && f->joins)
        log_audit("account adopted", LOG_TEXT("address", f->end->address),
                  LOG_TEXT("account", result->account), LOG_TEXT("email", f->identity->email),
                  LOG_TEXT("provider", signin_finish_provider(f)),
                  LOG_TEXT("provider_before", f->provider), LOG_TEXT("ended", ended));
    return r;
}

/* Who is a stranger here comes in by the list of the operator, or by the set-up code of a server
 * that belongs to nobody. */
static int judge_stranger(struct signin_finish *f, enum signin_outcome *ret_outcome,
                          struct err *err)
{
    struct signin *signin = f->worker->signin;
    bool needs;
    *ret_outcome = SIGNIN_IN;
    if (f->end->trusted || signin_allow_is_given(signin->options.allow))
        return 0;
    int r = signin_needs_setup(signin, f->storages, &needs, err);
    if (r < 0)
        return r;
    f->first = needs && f->end->setup != NULL &&
               signin_setup_code_is(signin->options.vault, f->end->setup);
    if (f->first) /* the same node for everybody who may be it */
        f->node = nodes_home(signin->options.nodes, FINISH_FIRST_ID, NODES_NONE);
    else if (needs)
        *ret_outcome = f->end->setup == NULL || f->end->setup[0] == '\0' ? SIGNIN_SETUP_MISSING
                                                                         : SIGNIN_SETUP_WRONG;
    else
        *ret_outcome = SIGNIN_REFUSED;
    return 0;
}

/* Who it is, and may they come in? *ret_known: into the account result->account. */
static int finish_judge(struct signin_finish *f, struct signin_result *result, bool *ret_known,
                        struct err *err)
{
    const struct signin_options *options = &f->worker->signin->options;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct who who = signin_finish_who(f);
    enum who_is is;
    int r = nodes_who_find(f->storages, &who, &is, &f->node, &account, err);
    if (r < 0)
        return r;
    *ret_known = is != WHO_STRANGER;
    f->joins = is == WHO_JOINS;
    f->first = false;
    f->placement[0] = '\0';
    result->outcome = f->end->trusted || signin_may(f->worker->signin, f->identity->email)
                          ? SIGNIN_IN
                          : SIGNIN_REFUSED;
    if (is == WHO_STRANGER)
        f->node = nodes_home(options->nodes, f->identity->email, NODES_NONE);
    if (is == WHO_STRANGER && result->outcome == SIGNIN_IN)
        return judge_stranger(f, &result->outcome, err);
    if (is == WHO_STRANGER)
        return 0;
    snprintf(result->account, sizeof(result->account), "%s", account.id);
    snprintf(f->provider, sizeof(f->provider), "%s", account.provider);
    snprintf(f->email, sizeof(f->email), "%s", account.email);
    if (account.placement != NULL)
        snprintf(f->placement, sizeof(f->placement), "%s", account.placement);
    if (is == WHO_ANOTHER && result->outcome == SIGNIN_IN)
        result->outcome = SIGNIN_ANOTHER;
    return 0;
}

static void finish_note_refused(const struct signin_finish *f, const struct signin_result *result)
{
    static const char *const reasons[] = {
        [SIGNIN_REFUSED] = "not among those who may sign in",
        [SIGNIN_ANOTHER] =
            "the address is that of another identity's account; see hearthd account adopt",
        [SIGNIN_SETUP_MISSING] = "the server belongs to nobody yet, and no set-up code was given",
        [SIGNIN_SETUP_WRONG] = "a wrong set-up code"};
    metrics_add(METRIC(SIGNIN_FAILURES, "refused"), 1);
    log_audit("sign-in refused", LOG_TEXT("address", f->end->address),
              LOG_TEXT("account", result->outcome == SIGNIN_ANOTHER ? result->account : NULL),
              LOG_TEXT("email", f->identity->email),
              LOG_TEXT("provider", signin_finish_provider(f)), LOG_TEXT("uid", f->identity->uid),
              LOG_TEXT("reason", reasons[result->outcome]));
}

static int finish_signin(struct signin_finish *f, struct signin_result *result, struct err *err)
{
    bool known;
    int r = finish_judge(f, result, &known, err);
    if (r < 0)
        return r;
    result->node = f->node;
    if (result->outcome != SIGNIN_IN) {
        finish_note_refused(f, result);
        return 0;
    }
    f->storage = nodes_storages_get(f->storages, f->node, err);
    if (f->storage == NULL)
        return err->code;
    if (known) {
        r = finish_known(f, result->account, result, err);
        /* The address that the provider says is in the list, but the account keeps another one,
         * because somebody else has that. */
        if (r == 0 && result->outcome == SIGNIN_IN && !f->end->trusted &&
            !signin_may(f->worker->signin, f->email)) {
            result->outcome = SIGNIN_REFUSED;
            finish_note_refused(f, result);
        }
        return r;
    }
    if (f->first)
        snprintf(result->account, sizeof(result->account), "%s", FINISH_FIRST_ID);
    else
        auth_token_random_id(result->account, ACCOUNT_ID_SIZE);
    result->created = true;
    return signin_finish_make(f, result->account, err);
}

int signin_finish(struct signin_worker *worker, struct node_storages *storages,
                  const struct signin_end *end, struct signin_result *ret_result, struct err *err)
{
    struct signin_finish f = {
        .worker = worker, .storages = storages, .end = end, .identity = end->identity};
    struct signin_result result = {0};
    if (end->identity->email == NULL || end->identity->email[0] == '\0')
        return err_set(err, HEARTH_ERR_INVALID,
                       "[sync %s] says no e-mail address of the account; nothing was stored",
                       signin_finish_provider(&f));
    if (strlen(end->identity->email) > SIGNIN_EMAIL_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "the e-mail address is longer than %d bytes",
                       SIGNIN_EMAIL_MAX);
    if (end->identity->uid == NULL || end->identity->uid[0] == '\0' ||
        strlen(end->identity->uid) >= WHO_TEXT_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "[sync %s] gave no usable id of the account",
                       signin_finish_provider(&f));
    snprintf(f.issuer, sizeof(f.issuer), WHO_SYNC "%s", signin_finish_provider(&f));
    struct finishing mine = {.end = end};
    int r = finishing_begin(worker->signin, &mine, err);
    if (r < 0)
        return r;
    r = finish_signin(&f, &result, err);
    if (r == HEARTH_ERR_CONFLICT && result.created) {
        /* another process was faster: it is known now */
        result = (struct signin_result){0};
        r = finish_signin(&f, &result, err);
    }
    finishing_end(worker->signin, &mine);
    if (r == 0)
        *ret_result = result;
    return r;
}
