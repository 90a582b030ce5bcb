/* What becomes of an account when its person has signed in: it is made, gets new credentials, or
 * starts over. */
#include <stdio.h>
#include <string.h>

#include "auth/credentials.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "model/generation.h"
#include "signin/internal.h"
#include "signin/owner.h"

const char *signin_finish_provider(const struct signin_finish *f)
{
    return f->worker->signin->options.providers[f->end->provider].name;
}

struct who signin_finish_who(const struct signin_finish *f)
{
    return (struct who){
        .issuer = f->issuer, .subject = f->identity->uid, .email = f->identity->email};
}

int signin_finish_key_changed(struct signin_finish *f, const char *account, bool *ret_changed,
                              struct err *err)
{
    const struct signin_options *options = &f->worker->signin->options;
    const struct hearth_sync_describe *ops = options->providers[f->end->provider].describe;
    struct hearth_identity old = {.struct_size = sizeof(old)};
    void *bytes = NULL, *handle;
    size_t size = 0;
    *ret_changed = false;
    if (f->identity->key == NULL || ops == NULL ||
        strcmp(f->provider, signin_finish_provider(f)) != 0)
        return 0;
    struct err why = {0};
    int r = auth_credentials_get(options->vault, f->storage, account, 0, f->provider, &bytes, &size,
                                 &why);
    if (r == HEARTH_ERR_NOT_FOUND || r == HEARTH_ERR_CORRUPT || r == HEARTH_ERR_DENIED)
        return 0; /* none that can be read: nothing to compare */
    if (r < 0) {
        *err = why;
        return r;
    }
    r = signin_handle(f->worker, f->end->provider, &handle, err);
    if (r == 0 && ops->describe(handle, &f->worker->call.hearth, bytes, size, &old) == 0)
        *ret_changed = old.key != NULL && strcmp(old.key, f->identity->key) != 0;
    auth_credentials_free(bytes, size);
    return r;
}

static int finish_put_credentials(struct signin_finish *f, const char *account, struct err *err)
{
    return auth_credentials_put(f->worker->signin->options.vault, f->storage, account, 0,
                                signin_finish_provider(f), f->identity->credentials,
                                f->identity->credentials_size, err);
}

int signin_finish_make(struct signin_finish *f, const char *id, struct err *err)
{
    const struct signin_options *options = &f->worker->signin->options;
    struct hearth_account account = {
        .struct_size = sizeof(account),
        .id = id,
        .email = f->identity->email,
        .uid = f->identity->uid,
        .name = f->identity->name,
        .provider = signin_finish_provider(f),
        .node = options->nodes->items[f->node].name,
        .placement = f->placement[0] != '\0' ? f->placement : NULL,
        .created = clock_now(),
        .last_seen = clock_now(),
        .generation = model_generation_begin(0),
    };
    int r = STORAGE(f->storage, err, account_create, &account);
    if (r == 0)
        r = signin_owner_put(f->storage, err);
    if (r == 0)
        r = finish_put_credentials(f, id, err);
    if (r == 0) { /* due only when its credentials are there */
        account.next_sync = 1;
        r = STORAGE(f->storage, err, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    }
    if (r == 0)
        log_audit("account added", LOG_TEXT("address", f->end->address), LOG_TEXT("account", id),
                  LOG_TEXT("email", f->identity->email), LOG_TEXT("provider", account.provider));
    return r;
}

/* The address is what the provider says it is, unless somebody else here is called by it. */
static int follow_email(struct signin_finish *f, const char *id, struct err *err)
{
    struct hearth_account other = {.struct_size = sizeof(other)},
                          account = {.struct_size = sizeof(account), .id = id};
    struct err why = {0};
    size_t node;
    if (strcmp(f->email, f->identity->email) == 0)
        return 0;
    int r = nodes_storages_by_email(f->storages, f->identity->email, &node, &other, &why);
    bool taken = r == 0 && strcmp(other.id, id) != 0;
    if (r == HEARTH_ERR_NOT_FOUND || (r == 0 && !taken)) {
        why = (struct err){0};
        account.email = f->identity->email;
        r = STORAGE(f->storage, &why, account_update, &account, HEARTH_ACCOUNT_EMAIL);
        taken = r == HEARTH_ERR_CONFLICT;
        if (r == 0) {
            log_audit("e-mail address changed", LOG_TEXT("account", id),
                      LOG_TEXT("email", f->identity->email), LOG_TEXT("email_before", f->email),
                      LOG_TEXT("provider", signin_finish_provider(f)));
            snprintf(f->email, sizeof(f->email), "%s", account.email);
            return 0;
        }
    }
    if (!taken && r != HEARTH_ERR_UNAVAILABLE && r != HEARTH_ERR_TIMEOUT) {
        *err = why;
        return r;
    }
    log_audit("e-mail address kept", LOG_TEXT("account", id), LOG_TEXT("email", f->email),
              LOG_TEXT("email_new", f->identity->email),
              LOG_TEXT("provider", signin_finish_provider(f)),
              LOG_TEXT("reason", taken ? "another account has it" : "a node does not answer"),
              LOG_TEXT("error", taken ? NULL : why.text));
    return 0;
}

/* The new credentials are sealed for their provider first: whatever breaks off here, the ones
 * before never go to it. */
int signin_finish_renew(struct signin_finish *f, const char *id, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = id,
                                     .uid = f->identity->uid,
                                     .name = f->identity->name,
                                     .provider = signin_finish_provider(f),
                                     .state = HEARTH_ACCOUNT_OK,
                                     .last_seen = clock_now(),
                                     .next_sync = 1};
    int r = finish_put_credentials(f, id, err);
    if (r == 0)
        r = STORAGE(f->storage, err, account_update, &account,
                    HEARTH_ACCOUNT_UID | HEARTH_ACCOUNT_NAME | HEARTH_ACCOUNT_PROVIDER |
                        HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_FAILURES | HEARTH_ACCOUNT_NEXT_SYNC |
                        HEARTH_ACCOUNT_ASKED | HEARTH_ACCOUNT_LAST_SEEN);
    return r == 0 ? follow_email(f, id, err) : r;
}

/* What the operator said of this issuer is used up. */
static void drop_word(struct who_kept *kept, const char *issuer)
{
    size_t n = 0;
    for (size_t i = 0; i < kept->count; i++)
        if (!str_starts(kept->items[i].issuer, "adopt:") ||
            strcmp(kept->items[i].issuer + 6, issuer) != 0)
            kept->items[n++] = kept->items[i];
    kept->count = n;
}

/* The marks of who left, and of doors that were closed, name the account. */
static void rename_marks(struct who_kept *kept, const char *before, const char *id)
{
    char mark[64], closed[64], issuer[WHO_TEXT_MAX];
    snprintf(mark, sizeof(mark), "left:%s:", before);
    snprintf(closed, sizeof(closed), "closed:%s", before);
    for (size_t i = 0; i < kept->count; i++) {
        if (strcmp(kept->items[i].issuer, closed) == 0)
            snprintf(kept->items[i].issuer, sizeof(kept->items[i].issuer), "closed:%s", id);
        if (!str_starts(kept->items[i].issuer, mark))
            continue;
        str_copy(issuer, sizeof(issuer), kept->items[i].issuer + strlen(mark));
        snprintf(kept->items[i].issuer, sizeof(kept->items[i].issuer), "left:%s:%s", id, issuer);
    }
}

int signin_finish_start_over(struct signin_finish *f, const char *before, const char *id,
                             struct err *err)
{
    struct who_kept kept;
    int r = nodes_who_keep(f->storage, before, &kept, err);
    if (r < 0)
        return r;
    struct err why = {0};
    r = signin_owner_put(f->storage, &why);
    if (r == 0)
        r = STORAGE(f->storage, &why, account_remove, before);
    if (r == 0)
        log_audit("account emptied", LOG_TEXT("account", before), LOG_TEXT("email", f->email),
                  LOG_TEXT("reason", f->joins ? "adopted" : "new key"));
    if (r == 0 || r == HEARTH_ERR_NOT_FOUND)
        r = signin_finish_make(f, id, err);
    else
        *err = why;
    if (r == 0) {
        snprintf(f->email, sizeof(f->email), "%s", f->identity->email);
        if (f->joins)
            drop_word(&kept, f->issuer);
        rename_marks(&kept, before, id);
        r = nodes_who_put_back(f->storage, id, &kept, WHO_SYNC, err);
    }
    nodes_who_forget(&kept);
    return r;
}
