/* Accounts with their tables, and the world of them all. */
#include <stdlib.h>
#include <string.h>

#include "rows.h"

struct account *mem_account_ref(struct account *account)
{
    account->refs++;
    return account;
}

void mem_account_unref(struct account *account)
{
    if (account == NULL || --account->refs > 0)
        return;
    mem_row_unref(account->row);
    for (int i = 0; i < TABLES; i++)
        mem_table_unref(account->tables[i]);
    free(account);
}

/* With empty tables. */
static struct account *account_create(struct row *row)
{
    struct account *account = calloc(1, sizeof(*account));
    if (account == NULL)
        return NULL;
    account->refs = 1;
    for (int i = 0; i < TABLES; i++) {
        account->tables[i] = calloc(1, sizeof(struct table));
        if (account->tables[i] == NULL) {
            mem_account_unref(account);
            return NULL;
        }
        account->tables[i]->refs = 1;
    }
    account->row = row;
    account->begun = row == NULL ? 0 : row->account.generation;
    return account;
}

struct account *mem_account_copy(const struct account *account)
{
    struct account *copy = calloc(1, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    copy->refs = 1;
    copy->row = account->row == NULL ? NULL : mem_row_ref(account->row);
    copy->begun = account->begun;
    copy->number = account->number;
    for (int i = 0; i < TABLES; i++)
        copy->tables[i] = mem_table_ref(account->tables[i]);
    return copy;
}

void mem_account_lay(struct account *account, const struct account *synced)
{
    for (int i = FIRST_SYNCED; i < TABLES; i++) {
        struct table *old = account->tables[i];
        account->tables[i] = mem_table_ref(synced->tables[i]);
        mem_table_unref(old);
    }
}

struct world *mem_world_create(void)
{
    struct world *world = calloc(1, sizeof(*world));
    if (world == NULL || (world->whole = account_create(NULL)) == NULL) {
        free(world);
        return NULL;
    }
    world->refs = 1;
    return world;
}

struct world *mem_world_copy(const struct world *world)
{
    struct world *copy = calloc(1, sizeof(*copy));
    struct account **accounts = malloc((world->count + 1) * sizeof(struct account *));
    if (copy == NULL || accounts == NULL) {
        free(copy);
        free(accounts);
        return NULL;
    }
    copy->refs = 1;
    copy->whole = world->whole;
    copy->whole->refs++;
    copy->accounts = accounts;
    copy->count = world->count;
    copy->made = world->made;
    for (size_t i = 0; i < world->count; i++) {
        accounts[i] = world->accounts[i];
        accounts[i]->refs++;
    }
    return copy;
}

struct world *mem_world_ref(struct world *world)
{
    world->refs++;
    return world;
}

void mem_world_unref(struct world *world)
{
    if (world == NULL || --world->refs > 0)
        return;
    for (size_t i = 0; i < world->count; i++)
        mem_account_unref(world->accounts[i]);
    mem_account_unref(world->whole);
    free(world->accounts);
    free(world);
}

static struct account *world_find_account(const struct world *world, const char *id,
                                          size_t *ret_place)
{
    size_t low = 0, high = world->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int r = strcmp(world->accounts[middle]->row->account.id, id);
        if (r == 0) {
            *ret_place = middle;
            return world->accounts[middle];
        }
        if (r < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_place = low;
    return NULL;
}

struct account *mem_world_account(const struct world *world, const char *id)
{
    size_t place;
    return world_find_account(world, id, &place);
}

struct account *mem_world_own(struct world *world, const char *id)
{
    size_t place;
    struct account *account = world_find_account(world, id, &place);
    if (account == NULL || account->refs == 1)
        return account;
    struct account *copy = mem_account_copy(account);
    if (copy == NULL)
        return NULL;
    world->accounts[place] = copy;
    mem_account_unref(account);
    return copy;
}

struct account *mem_world_own_whole(struct world *world)
{
    if (world->whole->refs == 1)
        return world->whole;
    struct account *copy = mem_account_copy(world->whole);
    if (copy == NULL)
        return NULL;
    mem_account_unref(world->whole);
    world->whole = copy;
    return copy;
}

bool mem_world_add(struct world *world, struct row *row)
{
    size_t place;
    struct account **accounts =
        realloc(world->accounts, (world->count + 1) * sizeof(struct account *));
    if (accounts != NULL)
        world->accounts = accounts;
    struct account *account = accounts == NULL ? NULL : account_create(row);
    if (account == NULL)
        return false;
    account->number = ++world->made;
    world_find_account(world, row->account.id, &place);
    memmove(&accounts[place + 1], &accounts[place],
            (world->count++ - place) * sizeof(struct account *));
    accounts[place] = account;
    return true;
}

void mem_world_remove(struct world *world, const char *id)
{
    size_t place;
    struct account *account = world_find_account(world, id, &place);
    if (account == NULL)
        return;
    memmove(&world->accounts[place], &world->accounts[place + 1],
            (--world->count - place) * sizeof(struct account *));
    mem_account_unref(account);
}
