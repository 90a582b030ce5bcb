/* Accounts, and what they have besides synced data. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "database.h"

static const struct account *find_email(const struct world *world, const char *email)
{
    for (size_t i = 0; i < world->count; i++)
        if (strcasecmp(world->accounts[i]->row->account.email, email) == 0)
            return world->accounts[i];
    return NULL;
}

/* Any collection may have changed in it. */
static bool add_first_generations(struct world *world, const struct hearth_account *account)
{
    struct account *own = mem_world_own(world, account->id);
    for (int32_t c = 1; own != NULL && account->generation > 0 && c < HEARTH_COLLECTION_SLOTS;
         c++) {
        struct row *row = mem_row_create(
            GENERATIONS, MEM(generation, .collection = c, .generation = account->generation));
        if (row == NULL || !mem_account_put(own, GENERATIONS, row)) {
            mem_row_unref(row);
            return false;
        }
    }
    return own != NULL;
}

static int add_account(struct world *world, struct hearth_call *call,
                       const struct hearth_account *account, struct row *row)
{
    int r = 0;
    if (row == NULL || !mem_world_add(world, row)) {
        mem_row_unref(row);
        return mem_no_memory(call);
    }
    r = mem_identity_add_first(world, call, account);
    if (r == 0 && !add_first_generations(world, account))
        r = mem_no_memory(call);
    if (r < 0)
        mem_world_remove(world, account->id);
    return r;
}

int mem_account_create(void *s, struct hearth_call *call, const struct hearth_account *account)
{
    struct handle *handle = s;
    if (account->id == NULL || account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "an account needs an id and an e-mail address");
    int r;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    struct row *row = mem_row_create(ACCOUNTS, account);
    if (row != NULL && row->account.placement == NULL) { /* what decides its node in a fleet */
        struct hearth_account placed = row->account;
        placed.placement = placed.email;
        struct row *again = mem_row_create(ACCOUNTS, &placed);
        mem_row_unref(row);
        row = again;
    }
    if (mem_world_account(world, account->id) != NULL ||
        find_email(world, account->email) != NULL) {
        mem_row_unref(row);
        return mem_write_end(
            handle, world,
            hearth_fail(call, HEARTH_ERR_CONFLICT,
                        "there is an account with this id or e-mail address already"));
    }
    return mem_write_end(handle, world, add_account(world, call, account, row));
}

/* The row with the named fields replaced. */
static struct row *account_row_updated(const struct row *old, const struct hearth_account *account,
                                       uint64_t fields)
{
    struct hearth_account now = old->account;
#define UPDATE(FIELD, member)                                                                      \
    if ((fields & HEARTH_ACCOUNT_##FIELD) != 0)                                                    \
    now.member = account->member
    UPDATE(STATE, state);
    UPDATE(STATE, state_detail);
    UPDATE(STATE, state_message);
    UPDATE(STATE, state_parameters);
    UPDATE(NAME, name);
    UPDATE(EMAIL, email);
    UPDATE(UID, uid);
    UPDATE(PROVIDER, provider);
    UPDATE(NODE, node);
    UPDATE(LAST_SYNC, last_sync);
    UPDATE(LAST_ATTEMPT, last_attempt);
    UPDATE(NEXT_SYNC, next_sync);
    UPDATE(LAST_SEEN, last_seen);
    UPDATE(FAILURES, failures);
    UPDATE(RESYNC, resync);
    UPDATE(ANSWERED, answered);
#undef UPDATE
    now.asked += (fields & HEARTH_ACCOUNT_ASKED) != 0;
    struct row *row = mem_row_create_account(old, &now);
    if (row != NULL && (fields & HEARTH_ACCOUNT_NEXT_SYNC) != 0)
        row->leased_until = 0;
    return row;
}

static bool account_answers(const struct hearth_account *row, const struct hearth_account *account)
{
    return row->asked == account->asked && row->answered <= account->answered;
}

int mem_account_update(void *s, struct hearth_call *call, const struct hearth_account *account,
                       uint64_t fields)
{
    struct handle *handle = s;
    if ((fields & HEARTH_ACCOUNT_EMAIL) != 0 && account->email == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "an account needs an e-mail address");
    int r;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    if (mem_world_account(world, account->id) == NULL)
        return mem_write_end(handle, world, mem_no_account(call));
    const struct account *same =
        (fields & HEARTH_ACCOUNT_EMAIL) != 0 ? find_email(world, account->email) : NULL;
    if (same != NULL && strcmp(same->row->account.id, account->id) != 0)
        return mem_write_end(handle, world,
                             hearth_fail(call, HEARTH_ERR_CONFLICT,
                                         "there is an account with this e-mail address already"));
    if ((fields & HEARTH_ACCOUNT_ANSWERED) != 0 &&
        !account_answers(&mem_world_account(world, account->id)->row->account, account))
        return mem_write_end(
            handle, world,
            hearth_fail(call, HEARTH_ERR_CONFLICT, "the account was asked for a sync meanwhile"));
    struct account *own = mem_world_own(world, account->id);
    struct row *row = own == NULL ? NULL : account_row_updated(own->row, account, fields);
    if (row == NULL)
        return mem_write_end(handle, world, mem_no_memory(call));
    mem_row_unref(own->row);
    own->row = row;
    return mem_write_end(handle, world, 0);
}

int mem_account_give(struct handle *handle, struct hearth_call *call, const struct account *found,
                     struct hearth_account *ret_account)
{
    return found == NULL
               ? mem_no_account(call)
               : mem_record_give(handle, call, ACCOUNTS, &found->row->account, ret_account);
}

int mem_account_get(void *handle, struct hearth_call *call, const char *account,
                    struct hearth_account *ret_account)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    r = mem_account_give(handle, call, mem_world_account(world, account), ret_account);
    mem_world_unref(world);
    return r;
}

int mem_account_by_email(void *handle, struct hearth_call *call, const char *email,
                         struct hearth_account *ret_account)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    r = mem_account_give(handle, call, find_email(world, email), ret_account);
    mem_world_unref(world);
    return r;
}

static int by_email(const void *a, const void *b)
{
    return strcasecmp((*(struct row *const *)a)->account.email,
                      (*(struct row *const *)b)->account.email);
}

struct deliver_account {
    hearth_account_cb cb;
    void *ctx;
};

static int deliver_account(void *ctx, const struct row *row)
{
    struct deliver_account *d = ctx;
    return d->cb(d->ctx, &row->account);
}

/* The accounts' own rows as a list. */
static int list_accounts(struct world *world, struct hearth_call *call,
                         bool (*matches)(const struct row *row, const void *what), const void *what,
                         struct list *ret_list)
{
    struct list list = {.rows = malloc((world->count + 1) * sizeof(struct row *))};
    if (list.rows == NULL)
        return mem_no_memory(call);
    for (size_t i = 0; i < world->count; i++)
        if (matches == NULL || matches(world->accounts[i]->row, what))
            list.rows[list.count++] = mem_row_ref(world->accounts[i]->row);
    *ret_list = list;
    return 0;
}

int mem_account_list(void *handle, struct hearth_call *call, hearth_account_cb cb, void *ctx)
{
    struct list list;
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    r = list_accounts(world, call, NULL, NULL, &list);
    mem_world_unref(world);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_email);
    return mem_list_deliver(handle, call, &list, deliver_account,
                            &(struct deliver_account){cb, ctx});
}

int mem_account_remove(void *s, struct hearth_call *call, const char *account)
{
    struct handle *handle = s;
    if (handle->batch != NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open");
    int r;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    if (mem_world_account(world, account) == NULL)
        r = mem_no_account(call);
    else
        mem_world_remove(world, account);
    return mem_write_end(handle, world, r);
}

static bool account_row_is_due(const struct row *row, const void *what)
{
    int64_t now = *(const int64_t *)what;
    return row->account.next_sync > 0 && row->account.next_sync <= now && row->leased_until <= now;
}

static int by_due(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    int64_t p = x->account.next_sync, q = y->account.next_sync;
    return p != q ? (p < q ? -1 : 1) : strcmp(x->account.id, y->account.id);
}

static bool account_child(struct world *world, const char *id, int64_t until)
{
    struct account *account = mem_world_own(world, id);
    struct row *row =
        account == NULL ? NULL : mem_row_create_account(account->row, &account->row->account);
    if (row == NULL)
        return false;
    row->leased_until = until;
    mem_row_unref(account->row);
    account->row = row;
    return true;
}

int mem_account_lease_due(void *s, struct hearth_call *call, int64_t now, int64_t leased_until,
                          int64_t limit, hearth_account_cb cb, void *ctx)
{
    struct handle *handle = s;
    struct list list;
    int r;
    if (handle->batch != NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open");
    if (limit <= 0)
        return 0;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    r = list_accounts(world, call, account_row_is_due, &now, &list);
    if (r < 0)
        return mem_write_end(handle, world, r);
    mem_list_sort(&list, by_due);
    while (list.count > (size_t)limit)
        mem_row_unref(list.rows[--list.count]);
    for (size_t i = 0; r == 0 && i < list.count; i++)
        if (!account_child(world, list.rows[i]->account.id, leased_until))
            r = mem_no_memory(call);
    r = mem_write_end(handle, world, r);
    if (r == 0)
        return mem_list_deliver(handle, call, &list, deliver_account,
                                &(struct deliver_account){cb, ctx});
    mem_list_free(&list);
    return r;
}

static bool guid_is_root(const char *guid)
{
    static const char *const roots[] = {"root________", "places",  "menu________", "menu",
                                        "toolbar_____", "toolbar", "unfiled_____", "unfiled",
                                        "mobile______", "mobile"};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (strcmp(roots[i], guid) == 0)
            return true;
    return false;
}

int mem_counts(void *handle, struct hearth_call *call, const char *account,
               struct hearth_counts *ret_counts)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct account *found = mem_world_account(world, account);
    if (found == NULL) {
        mem_world_unref(world);
        return mem_no_account(call);
    }
    struct table *const *tables = found->tables;
    struct hearth_counts counts = {.struct_size = sizeof(counts),
                                   .devices = (int64_t)tables[DEVICES]->count,
                                   .tabs = (int64_t)tables[TABS]->count,
                                   .visits = (int64_t)tables[VISITS]->count};
    for (size_t i = 0; i < tables[VISITS]->count; i++) /* sorted by page */
        counts.pages +=
            i == 0 || tables[VISITS]->rows[i]->page_of != tables[VISITS]->rows[i - 1]->page_of;
    for (size_t i = 0; i < tables[BOOKMARKS]->count; i++) {
        const struct row *row = tables[BOOKMARKS]->rows[i];
        int64_t kind = row->bookmark.kind;
        counts.bookmarks +=
            kind == HEARTH_BOOKMARK || kind == HEARTH_QUERY || kind == HEARTH_LIVEMARK;
        counts.folders += kind == HEARTH_FOLDER && !guid_is_root(row->bookmark.guid);
    }
    mem_world_unref(world);
    RESULT_GIVE(counts, ret_counts);
    return 0;
}
