/* Which proofs open which account, and what is known of the database as a whole. */
#include <stdio.h>
#include <string.h>

#include "store.h"

enum { ISSUER_MAX = 1024, SUBJECT_MAX = 1024, PROPERTY_NAME_MAX = 64, PROPERTY_TEXT_MAX = 4096 };

/* --- identities --------------------------------------------------------------------------------- */

static int check_identity(struct hearth_call *call, const char *issuer, const char *subject)
{
    size_t i = issuer == NULL ? 0 : strlen(issuer), s = subject == NULL ? 0 : strlen(subject);
    if (i > 0 && i <= ISSUER_MAX && s > 0 && s <= SUBJECT_MAX)
        return 0;
    return hearth_fail(call, HEARTH_ERR_INVALID, "an identity needs an issuer and a subject of 1 to %d bytes each", ISSUER_MAX);
}

/* Unique over all accounts. *ret_row: the identity's own row; NULL when nobody has it. */
static const struct account *find_owner(const struct world *world, const char *issuer, const char *subject, const struct row **ret_row)
{
    const struct row *key = KEY(.account_identity = {.issuer = issuer, .subject = subject});
    size_t place;
    *ret_row = NULL;
    for (size_t i = 0; i < world->count; i++) {
        *ret_row = table_find(world->accounts[i]->tables[IDENTITIES], IDENTITIES, key, &place);
        if (*ret_row != NULL)
            return world->accounts[i];
    }
    return NULL;
}

/* In a write. One that is there already gets the later of both times. */
static int add_identity(struct world *world, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity)
{
    if (world_account(world, account) == NULL)
        return no_account(call);
    const struct row *there;
    const struct account *owner = find_owner(world, identity->issuer, identity->subject, &there);
    if (owner != NULL && strcmp(owner->row->account.id, account) != 0)
        return hearth_fail(call, HEARTH_ERR_CONFLICT, "another account has this identity already");
    if (owner != NULL && there->account_identity.created >= identity->created)
        return 0;
    struct row *row = row_create(IDENTITIES, identity);
    struct account *own = row == NULL ? NULL : world_own(world, account);
    if (own != NULL && account_put(own, IDENTITIES, row))
        return 0;
    row_unref(row);
    return no_memory(call);
}

int add_first_identity(struct world *world, struct hearth_call *call, const struct hearth_account *account)
{
    char issuer[ISSUER_MAX + 2];
    if (account->uid == NULL || account->uid[0] == '\0')
        return 0;
    snprintf(issuer, sizeof(issuer), "sync:%s", account->provider == NULL ? "" : account->provider);
    int r = check_identity(call, issuer, account->uid);
    struct hearth_account_identity identity = {
        .struct_size = sizeof(identity), .issuer = issuer, .subject = account->uid, .created = account->created};
    return r < 0 ? r : add_identity(world, call, account->id, &identity);
}

int mem_identity_put(void *session, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity)
{
    int r = check_identity(call, identity->issuer, identity->subject);
    struct world *world = r < 0 ? NULL : write_begin(session, call, &r);
    return world == NULL ? r : write_end(session, world, add_identity(world, call, account, identity));
}

int mem_identity_remove(void *session, struct hearth_call *call, const char *account, const char *issuer, const char *subject)
{
    const struct row *key = KEY(.account_identity = {.issuer = issuer, .subject = subject});
    size_t place;
    int r;
    struct world *world = write_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct account *found = world_account(world, account);
    if (found == NULL || table_find(found->tables[IDENTITIES], IDENTITIES, key, &place) == NULL)
        return write_end(session, world, hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no such identity"));
    struct account *own = world_own(world, account);
    return write_end(session, world, own != NULL && account_drop(own, IDENTITIES, key) ? 0 : no_memory(call));
}

struct deliver_identity {
    hearth_account_identity_cb cb;
    void *ctx;
};

static int deliver_identity(void *ctx, const struct row *row)
{
    struct deliver_identity *d = ctx;
    return d->cb(d->ctx, &row->account_identity);
}

int mem_identity_list(void *session, struct hearth_call *call, const char *account, hearth_account_identity_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, IDENTITIES, NULL, NULL, &list); /* in the order of its key */
    return r < 0 ? r : list_deliver(session, call, &list, deliver_identity, &(struct deliver_identity){cb, ctx});
}

int mem_account_by_identity(void *session, struct hearth_call *call, const char *issuer, const char *subject,
                            struct hearth_account *ret_account)
{
    int r;
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct row *there;
    r = give_account(session, call, find_owner(world, issuer, subject, &there), ret_account);
    world_unref(world);
    return r;
}

/* --- properties --------------------------------------------------------------------------------- */

static int check_property(struct hearth_call *call, const char *name, const char *text)
{
    size_t size = name == NULL ? 0 : strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    if (size == 0 || size > PROPERTY_NAME_MAX || name[size] != '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID, "a property needs a name of 1 to %d letters a-z and _", PROPERTY_NAME_MAX);
    if (text == NULL || strlen(text) > PROPERTY_TEXT_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "the property %s needs a text of at most %d bytes", name, PROPERTY_TEXT_MAX);
    return 0;
}

static const struct row *find_property(const struct world *world, const char *name)
{
    size_t place;
    return table_find(world->whole->tables[PROPERTIES], PROPERTIES, KEY(.property = {.name = name}), &place);
}

int mem_property_put(void *session, struct hearth_call *call, const char *name, const char *text, bool replace)
{
    int r = check_property(call, name, text);
    struct world *world = r < 0 ? NULL : write_begin(session, call, &r);
    if (world == NULL)
        return r;
    if (!replace && find_property(world, name) != NULL)
        return write_end(session, world, hearth_fail(call, HEARTH_ERR_CONFLICT, "the database has the property %s already", name));
    struct row *row = row_create(PROPERTIES, MEM(property, .name = name, .text = text));
    struct account *whole = row == NULL ? NULL : world_own_whole(world);
    if (whole == NULL || !account_put(whole, PROPERTIES, row)) {
        row_unref(row);
        r = no_memory(call);
    }
    return write_end(session, world, r);
}

int mem_property_get(void *session, struct hearth_call *call, const char *name, const char **ret_text)
{
    int r = check_property(call, name, "");
    struct world *world = r < 0 ? NULL : read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = find_property(world, name);
    const char *text = row == NULL ? NULL : row->property.text;
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the database has no property %s", name);
    else if (!keep_text(session, call, &text))
        r = no_memory(call);
    else
        *ret_text = text;
    world_unref(world);
    return r;
}
