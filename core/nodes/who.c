#include "nodes/who.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/str.h"
#include "codec/codec.h"

bool nodes_who_lower(const char *text, char ret_text[WHO_TEXT_MAX])
{
    size_t size = strnlen(text, WHO_TEXT_MAX);
    if (size == 0 || size == WHO_TEXT_MAX)
        return false;
    for (size_t i = 0; i <= size; i++)
        ret_text[i] = codec_lower(text[i]);
    return true;
}

/* --- an account's identities --- */

static int keep_one(void *ctx, const struct hearth_account_identity *identity)
{
    struct who_kept *kept = ctx;
    if (!ARRAY_MAKE_ROOM(kept->items, kept->count, kept->room))
        return HEARTH_ERR_NOMEM;
    str_copy(kept->items[kept->count].issuer, sizeof(kept->items[0].issuer), identity->issuer);
    str_copy(kept->items[kept->count].subject, sizeof(kept->items[0].subject), identity->subject);
    kept->items[kept->count++].created = identity->created;
    return 0;
}

int nodes_who_keep(struct storage *storage, const char *account, struct who_kept *ret_kept,
                   struct err *err)
{
    struct who_kept kept = {0};
    int r = STORAGE(storage, err, identity_list, account, keep_one, &kept);
    if (r < 0)
        nodes_who_forget(&kept);
    else
        *ret_kept = kept;
    return r < 0 ? r : 0;
}

int nodes_who_put_back(struct storage *storage, const char *account, const struct who_kept *kept,
                       const char *except, struct err *err)
{
    for (size_t i = 0; i < kept->count; i++) {
        struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                                   .issuer = kept->items[i].issuer,
                                                   .subject = kept->items[i].subject,
                                                   .created = kept->items[i].created};
        struct err why = {0};
        if (except != NULL && str_starts(identity.issuer, except))
            continue;
        int r = STORAGE(storage, &why, identity_put, account, &identity);
        if (r < 0 && r != HEARTH_ERR_CONFLICT) {
            if (err != NULL)
                *err = why;
            return r;
        }
    }
    return 0;
}

void nodes_who_forget(struct who_kept *kept)
{
    free(kept->items);
    *kept = (struct who_kept){0};
}

/* --- adopted --- */

static bool adopt_issuer(const char *issuer, char ret_issuer[WHO_TEXT_MAX + 8])
{
    return snprintf(ret_issuer, WHO_TEXT_MAX + 8, "adopt:%s", issuer) < WHO_TEXT_MAX;
}

int nodes_who_adopt(struct storage *storage, const char *account, const char *issuer,
                    const char *email, struct err *err)
{
    char word[WHO_TEXT_MAX + 8], subject[WHO_TEXT_MAX];
    struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                               .issuer = word,
                                               .subject = subject,
                                               .created = clock_now()};
    if (!adopt_issuer(issuer, word) || !nodes_who_lower(email, subject))
        return err_set(err, HEARTH_ERR_INVALID, "the issuer or the address is too long");
    struct err why = {0};
    /* one that is there gets the later time: the hour begins anew */
    int r = STORAGE(storage, &why, identity_put, account, &identity);
    return r < 0 ? err_set(err, r, "%s; nothing was changed", why.text) : 0;
}

static bool is_adopted(const struct who_kept *kept, const struct who *who)
{
    char word[WHO_TEXT_MAX + 8], subject[WHO_TEXT_MAX];
    int64_t now = clock_now();
    if (!adopt_issuer(who->issuer, word) || !nodes_who_lower(who->email, subject))
        return false;
    for (size_t i = 0; i < kept->count; i++)
        if (strcmp(kept->items[i].issuer, word) == 0 &&
            strcmp(kept->items[i].subject, subject) == 0)
            return kept->items[i].created <= now && now - kept->items[i].created < WHO_ADOPT_LIFE;
    return false;
}

/* --- who it is --- */

/* An account has one identity of these. */
static bool is_of_kind(const char *issuer, const char *of)
{
    bool sync = str_starts(of, WHO_SYNC);
    return sync ? str_starts(issuer, WHO_SYNC) : strcmp(issuer, of) == 0;
}

static bool is_self(const char *issuer, const char *subject, const struct who *who)
{
    return strcmp(issuer, who->issuer) == 0 && strcmp(subject, who->subject) == 0;
}

static bool left_issuer(const char *account, const char *issuer, char ret_issuer[WHO_TEXT_MAX + 8])
{
    return snprintf(ret_issuer, WHO_TEXT_MAX + 8, "left:%s:%s", account, issuer) < WHO_TEXT_MAX;
}

static bool has_left(const struct who_kept *kept, const char *account, const struct who *who)
{
    char mark[WHO_TEXT_MAX + 8];
    bool left = false, fits = left_issuer(account, who->issuer, mark);
    for (size_t i = 0; fits && i < kept->count; i++)
        left = left || (strcmp(kept->items[i].issuer, mark) == 0 &&
                        strcmp(kept->items[i].subject, who->subject) == 0);
    return left;
}

static enum who_is who_judge_address(const struct who_kept *kept, const char *account,
                                     const struct who *who)
{
    bool opened = false;
    for (size_t i = 0; i < kept->count; i++)
        opened = opened || is_of_kind(kept->items[i].issuer, who->issuer);
    if (is_adopted(kept, who))
        return WHO_JOINS;
    return who->links && !opened && !has_left(kept, account, who) ? WHO_LINKS : WHO_ANOTHER;
}

int nodes_who_find(struct node_storages *storages, const struct who *who, enum who_is *ret_is,
                   size_t *ret_node, struct hearth_account *ret_account, struct err *err)
{
    struct err why = {0};
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct who_kept kept = {0};
    size_t node;
    int r = nodes_storages_by_identity(storages, who->issuer, who->subject, &node, &account, &why);
    enum who_is is = r == 0 ? WHO_KNOWN : WHO_STRANGER;
    if (r == HEARTH_ERR_NOT_FOUND && who->email != NULL && who->email[0] != '\0') {
        r = nodes_storages_by_email(storages, who->email, &node, &account, &why);
        struct storage *storage = r == 0 ? nodes_storages_get(storages, node, &why) : NULL;
        if (r == 0)
            r = storage == NULL ? why.code : nodes_who_keep(storage, account.id, &kept, &why);
        if (r == 0) {
            is = who_judge_address(&kept, account.id, who);
            nodes_who_forget(&kept);
        }
    }
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        if (err != NULL)
            *err = why;
        return r;
    }
    *ret_is = is;
    if (is != WHO_STRANGER) {
        *ret_node = node;
        *ret_account = account;
    }
    return 0;
}

int nodes_who_end(struct storage *storage, const char *account, const char *issuer,
                  const char *subject, struct err *err)
{
    char mark[WHO_TEXT_MAX + 8];
    struct hearth_account_identity left = {
        .struct_size = sizeof(left), .issuer = mark, .subject = subject, .created = clock_now()};
    if (!left_issuer(account, issuer, mark))
        return err_set(err, HEARTH_ERR_INVALID,
                       "the issuer of an identity of the account is too long");
    /* Sync links nobody by an address */
    int r = str_starts(issuer, WHO_SYNC) ? 0 : STORAGE(storage, err, identity_put, account, &left);
    if (r < 0)
        return r;
    r = STORAGE(storage, NULL, identity_remove, account, issuer, subject);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(err, r, "an identity that opened the account before could not be removed");
    return 0;
}

static bool opens_account(const char *issuer)
{
    return str_starts(issuer, WHO_SYNC) || str_starts(issuer, WHO_OIDC) ||
           strcmp(issuer, WHO_PROXY) == 0;
}

static bool has_others(const struct who_kept *kept, const struct who *who)
{
    for (size_t i = 0; i < kept->count; i++)
        if (is_of_kind(kept->items[i].issuer, who->issuer) &&
            !is_self(kept->items[i].issuer, kept->items[i].subject, who))
            return true;
    return false;
}

int nodes_who_end_others(struct storage *storage, const char *account, const struct who *who,
                         int *ret_ended, struct err *err)
{
    struct who_kept kept;
    int ended = 0, r = nodes_who_keep(storage, account, &kept, err);
    if (r < 0)
        return r;
    bool sync = str_starts(who->issuer, WHO_SYNC), any = has_others(&kept, who);
    for (size_t i = 0; any && r == 0 && i < kept.count; i++) {
        const char *issuer = kept.items[i].issuer;
        if (!opens_account(issuer) || is_self(issuer, kept.items[i].subject, who) ||
            (!sync && str_starts(issuer, WHO_SYNC)))
            continue;
        ended++;
        /* That of its kind goes when the new one is there: the account is never without. */
        if (!is_of_kind(issuer, who->issuer))
            r = nodes_who_end(storage, account, issuer, kept.items[i].subject, err);
    }
    nodes_who_forget(&kept);
    if (r == 0)
        *ret_ended = ended;
    return r;
}

/* All of the account's of its kind except itself. */
static int remove_others(struct storage *storage, const char *account, const struct who *who,
                         const struct who_kept *kept, struct err *err)
{
    for (size_t i = 0; i < kept->count; i++) {
        const char *issuer = kept->items[i].issuer, *name = kept->items[i].subject;
        if (!is_of_kind(issuer, who->issuer) || is_self(issuer, name, who))
            continue;
        int r = nodes_who_end(storage, account, issuer, name, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The operator said that who left is here again. */
static void drop_mark(struct storage *storage, const char *account, const struct who *who)
{
    char mark[WHO_TEXT_MAX + 8];
    if (left_issuer(account, who->issuer, mark))
        STORAGE(storage, NULL, identity_remove, account, mark, who->subject);
}

/* Used up first: of two who come at the same moment one joins. */
static int who_use_adoption(struct storage *storage, const char *account, const struct who *who,
                            bool *ret_said, struct err *err)
{
    char word[WHO_TEXT_MAX + 8], subject[WHO_TEXT_MAX];
    struct err why = {0};
    int r = HEARTH_ERR_NOT_FOUND;
    if (adopt_issuer(who->issuer, word) && who->email != NULL &&
        nodes_who_lower(who->email, subject))
        r = STORAGE(storage, &why, identity_remove, account, word, subject);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *err = why;
        return r;
    }
    *ret_said = r == 0;
    return 0;
}

int nodes_who_use_word(struct storage *storage, const char *account, const struct who *who,
                       struct err *err)
{
    bool said;
    return who_use_adoption(storage, account, who, &said, err);
}

int nodes_who_join(struct storage *storage, const char *account, const struct who *who,
                   struct err *err)
{
    struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                               .issuer = who->issuer,
                                               .subject = who->subject,
                                               .created = clock_now()};
    struct who_kept kept = {0};
    bool said;
    int r = who_use_adoption(storage, account, who, &said, err);
    if (r < 0)
        return r;
    said = said || who->replaces;
    if (!said && !who->links)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "what the operator said was used up by another sign-in at this moment");
    r = STORAGE(storage, err, identity_put, account, &identity);
    if (r == 0)
        r = nodes_who_keep(storage, account, &kept, err);
    if (r < 0)
        return r;
    if (said) {
        drop_mark(storage, account, who);
        r = remove_others(storage, account, who, &kept, err);
    } else if (has_others(&kept, who)) {
        /* each of two at the same moment sees the other, and goes: neither takes the other's
         * place */
        STORAGE(storage, NULL, identity_remove, account, who->issuer, who->subject);
        r = err_set(err, HEARTH_ERR_CONFLICT,
                    "another sign-in with the same address linked the account at this moment");
    }
    nodes_who_forget(&kept);
    return r;
}
