/* Which proofs open which account, and what is known of the database as a whole. */
#include <stdio.h>
#include <string.h>

#include "database.h"

enum { ISSUER_MAX = 1024, SUBJECT_MAX = 1024, PROPERTY_NAME_MAX = 64, PROPERTY_TEXT_MAX = 4096 };

/* --- identities --- */

static int check_identity(struct hearth_call *call, const char *issuer, const char *subject)
{
    size_t i = issuer == NULL ? 0 : strlen(issuer), s = subject == NULL ? 0 : strlen(subject);
    if (i > 0 && i <= ISSUER_MAX && s > 0 && s <= SUBJECT_MAX)
        return 0;
    return hearth_fail(call, HEARTH_ERR_INVALID,
                       "an identity needs an issuer and a subject of 1 to %d bytes each",
                       ISSUER_MAX);
}

/* Unique over all accounts. *ret_row: the identity's own row; NULL when nobody has it. */
static const struct account *identity_find_owner(const struct world *world, const char *issuer,
                                                 const char *subject, const struct row **ret_row)
{
    const struct row *key = KEY(.account_identity = {.issuer = issuer, .subject = subject});
    size_t place;
    *ret_row = NULL;
    for (size_t i = 0; i < world->count; i++) {
        *ret_row = mem_table_find(world->accounts[i]->tables[IDENTITIES], IDENTITIES, key, &place);
        if (*ret_row != NULL)
            return world->accounts[i];
    }
    return NULL;
}

/* In a write. One that is there already gets the later of both times. */
static int add_identity(struct world *world, struct hearth_call *call, const char *account,
                        const struct hearth_account_identity *identity)
{
    if (mem_world_account(world, account) == NULL)
        return mem_no_account(call);
    const struct row *there;
    const struct account *owner =
        identity_find_owner(world, identity->issuer, identity->subject, &there);
    if (owner != NULL && strcmp(owner->row->account.id, account) != 0)
        return hearth_fail(call, HEARTH_ERR_CONFLICT, "another account has this identity already");
    if (owner != NULL && there->account_identity.created >= identity->created)
        return 0;
    struct row *row = mem_row_create(IDENTITIES, identity);
    struct account *own = row == NULL ? NULL : mem_world_own(world, account);
    if (own != NULL && mem_account_put(own, IDENTITIES, row))
        return 0;
    mem_row_unref(row);
    return mem_no_memory(call);
}

int mem_identity_add_first(struct world *world, struct hearth_call *call,
                           const struct hearth_account *account)
{
    char issuer[ISSUER_MAX + 2];
    if (account->uid == NULL || account->uid[0] == '\0')
        return 0;
    snprintf(issuer, sizeof(issuer), "sync:%s", account->provider == NULL ? "" : account->provider);
    int r = check_identity(call, issuer, account->uid);
    struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                               .issuer = issuer,
                                               .subject = account->uid,
                                               .created = account->created};
    return r < 0 ? r : add_identity(world, call, account->id, &identity);
}

int mem_identity_put(void *handle, struct hearth_call *call, const char *account,
                     const struct hearth_account_identity *identity)
{
    int r = check_identity(call, identity->issuer, identity->subject);
    struct world *world = r < 0 ? NULL : mem_write_begin(handle, call, &r);
    return world == NULL
               ? r
               : mem_write_end(handle, world, add_identity(world, call, account, identity));
}

int mem_identity_remove(void *handle, struct hearth_call *call, const char *account,
                        const char *issuer, const char *subject)
{
    const struct row *key = KEY(.account_identity = {.issuer = issuer, .subject = subject});
    size_t place;
    int r;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct account *found = mem_world_account(world, account);
    if (found == NULL || mem_table_find(found->tables[IDENTITIES], IDENTITIES, key, &place) == NULL)
        return mem_write_end(
            handle, world,
            hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no such identity"));
    struct account *own = mem_world_own(world, account);
    return mem_write_end(
        handle, world,
        own != NULL && mem_account_drop(own, IDENTITIES, key) ? 0 : mem_no_memory(call));
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

int mem_identity_list(void *handle, struct hearth_call *call, const char *account,
                      hearth_account_identity_cb cb, void *ctx)
{
    struct list list;
    /* in the order of its key */
    int r = mem_list_make(handle, call, account, IDENTITIES, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_identity,
                                    &(struct deliver_identity){cb, ctx});
}

int mem_account_by_identity(void *handle, struct hearth_call *call, const char *issuer,
                            const char *subject, struct hearth_account *ret_account)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct row *there;
    r = mem_account_give(handle, call, identity_find_owner(world, issuer, subject, &there),
                         ret_account);
    mem_world_unref(world);
    return r;
}

/* --- properties --- */

static int property_check(struct hearth_call *call, const char *name, const char *text)
{
    size_t size = name == NULL ? 0 : strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    if (size == 0 || size > PROPERTY_NAME_MAX || name[size] != '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "a property needs a name of 1 to %d letters a-z and _",
                           PROPERTY_NAME_MAX);
    if (text == NULL || strlen(text) > PROPERTY_TEXT_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "the property %s needs a text of at most %d bytes", name,
                           PROPERTY_TEXT_MAX);
    return 0;
}

static const struct row *find_property(const struct world *world, const char *name)
{
    size_t place;
    return mem_table_find(world->whole->tables[PROPERTIES], PROPERTIES,
                          KEY(.property = {.name = name}), &place);
}

int mem_property_put(void *handle, struct hearth_call *call, const char *name, const char *text,
                     bool replace)
{
    int r = property_check(call, name, text);
    struct world *world = r < 0 ? NULL : mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    if (!replace && find_property(world, name) != NULL)
        return mem_write_end(handle, world,
                             hearth_fail(call, HEARTH_ERR_CONFLICT,
                                         "the database has the property %s already", name));
    struct row *row = mem_row_create(PROPERTIES, MEM(property, .name = name, .text = text));
    struct account *whole = row == NULL ? NULL : mem_world_own_whole(world);
    if (whole == NULL || !mem_account_put(whole, PROPERTIES, row)) {
        mem_row_unref(row);
        r = mem_no_memory(call);
    }
    return mem_write_end(handle, world, r);
}

int mem_property_get(void *handle, struct hearth_call *call, const char *name,
                     const char **ret_text)
{
    int r = property_check(call, name, "");
    struct world *world = r < 0 ? NULL : mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = find_property(world, name);
    const char *text = row == NULL ? NULL : row->property.text;
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the database has no property %s", name);
    else if (!mem_text_keep(handle, call, &text))
        r = mem_no_memory(call);
    else
        *ret_text = text;
    mem_world_unref(world);
    return r;
}
