#include "rows.h"

#include <stdlib.h>
#include <string.h>

/* --- rows --------------------------------------------------------------------------------------------------------------------------- */

struct row *row_create(const char *const text[TEXTS], const int64_t number[NUMBERS], size_t size)
{
    size_t bytes = sizeof(struct row) + size + 1;
    for (size_t i = size > 0 ? 1 : 0; i < TEXTS; i++)
        bytes += text[i] == NULL ? 0 : strlen(text[i]) + 1;
    struct row *row = calloc(1, bytes);
    if (row == NULL)
        return NULL;
    char *at = (char *)(row + 1);
    for (size_t i = 0; i < TEXTS; i++) {
        size_t length = text[i] == NULL ? 0 : i == 0 && size > 0 ? size : strlen(text[i]) + 1;
        row->text[i] = text[i] == NULL ? NULL : memcpy(at, text[i], length);
        at += length;
    }
    memcpy(row->number, number, sizeof(row->number));
    row->size = size;
    row->refs = 1;
    return row;
}

struct row *row_ref(struct row *row)
{
    row->refs++;
    return row;
}

void row_unref(struct row *row)
{
    if (row != NULL && --row->refs == 0)
        free(row);
}

/* --- tables ------------------------------------------------------------------------------------------------------------------------- */

/* Keys: how many texts, then how many numbers, from the first column on. */
static const struct {
    int texts, numbers;
} keys[TABLES] = {
    [CREDENTIALS] = {0, 0}, [SETTINGS] = {0, 0},   [TOKENS] = {1, 0},     [PICKS] = {1, 1},      [MARKS] = {0, 1},  [DEVICES] = {1, 0},
    [TABS] = {1, 1},        [PAGES] = {0, 1},      [REMOVED] = {0, 1},    [GUIDS] = {1, 0},      [VISITS] = {0, 3}, [BOOKMARKS] = {1, 0},
    [CLAIMS] = {1, 1},      [TOMBSTONES] = {1, 0}, [IDENTITIES] = {2, 0}, [PROPERTIES] = {1, 0},
};

static int compare(enum table_name name, const struct row *a, const struct row *b)
{
    for (int i = 0; i < keys[name].texts; i++) {
        int r = strcmp(a->text[i], b->text[i]);
        if (r != 0)
            return r;
    }
    for (int i = 0; i < keys[name].numbers; i++)
        if (a->number[i] != b->number[i])
            return a->number[i] < b->number[i] ? -1 : 1;
    return 0;
}

struct row *table_find(const struct table *table, enum table_name name, const struct row *key, size_t *ret_place)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int r = compare(name, table->rows[middle], key);
        if (r == 0) {
            *ret_place = middle;
            return table->rows[middle];
        }
        if (r < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_place = low;
    return NULL;
}

struct table *table_ref(struct table *table)
{
    table->refs++;
    return table;
}

void table_unref(struct table *table)
{
    if (table == NULL || --table->refs > 0)
        return;
    for (size_t i = 0; i < table->count; i++)
        row_unref(table->rows[i]);
    free(table->rows);
    free(table);
}

/* A table that may be changed, with room for one more row. */
static struct table *own_table(struct account *account, enum table_name name)
{
    struct table *table = account->tables[name];
    if (table->refs == 1 && table->count < table->room)
        return table;
    size_t room = table->count < table->room ? table->room : table->room * 2 + 8;
    struct row **rows = malloc(room * sizeof(struct row *));
    struct table *copy = table->refs == 1 ? table : calloc(1, sizeof(*copy));
    if (rows == NULL || copy == NULL) {
        free(rows);
        if (copy != table)
            free(copy);
        return NULL;
    }
    if (table->count > 0)
        memcpy(rows, table->rows, table->count * sizeof(struct row *));
    if (copy == table) {
        free(table->rows);
    } else {
        copy->refs = 1;
        copy->count = table->count;
        for (size_t i = 0; i < table->count; i++)
            row_ref(rows[i]);
        account->tables[name] = copy;
        table_unref(table);
    }
    copy->rows = rows;
    copy->room = room;
    return copy;
}

bool account_put(struct account *account, enum table_name name, struct row *row)
{
    struct table *table = own_table(account, name);
    size_t place;
    if (table == NULL)
        return false;
    struct row *old = table_find(table, name, row, &place);
    if (old == NULL) {
        memmove(&table->rows[place + 1], &table->rows[place], (table->count - place) * sizeof(struct row *));
        table->count++;
    }
    table->rows[place] = row;
    row_unref(old);
    return true;
}

bool account_drop(struct account *account, enum table_name name, const struct row *key)
{
    size_t place;
    if (table_find(account->tables[name], name, key, &place) == NULL)
        return true;
    struct table *table = own_table(account, name);
    if (table == NULL)
        return false;
    row_unref(table->rows[place]);
    memmove(&table->rows[place], &table->rows[place + 1], (--table->count - place) * sizeof(struct row *));
    return true;
}

int64_t account_drop_if(struct account *account, enum table_name name, bool (*matches)(const struct row *row, const void *what),
                        const void *what)
{
    struct table *table = own_table(account, name);
    if (table == NULL)
        return -1;
    size_t kept = 0, count = table->count;
    for (size_t i = 0; i < count; i++) {
        if (matches(table->rows[i], what))
            row_unref(table->rows[i]);
        else
            table->rows[kept++] = table->rows[i];
    }
    table->count = kept;
    return (int64_t)(count - kept);
}

/* --- accounts and worlds ------------------------------------------------------------------------------------------------------------ */

static void account_unref(struct account *account)
{
    if (account == NULL || --account->refs > 0)
        return;
    row_unref(account->row);
    for (int i = 0; i < TABLES; i++)
        table_unref(account->tables[i]);
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
            account_unref(account);
            return NULL;
        }
        account->tables[i]->refs = 1;
    }
    account->row = row;
    return account;
}

/* Shares the tables. */
static struct account *account_copy(const struct account *account)
{
    struct account *copy = calloc(1, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    copy->refs = 1;
    copy->row = account->row == NULL ? NULL : row_ref(account->row);
    for (int i = 0; i < TABLES; i++)
        copy->tables[i] = table_ref(account->tables[i]);
    return copy;
}

struct world *world_create(void)
{
    struct world *world = calloc(1, sizeof(*world));
    if (world == NULL || (world->whole = account_create(NULL)) == NULL) {
        free(world);
        return NULL;
    }
    world->refs = 1;
    return world;
}

struct world *world_copy(const struct world *world)
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
    for (size_t i = 0; i < world->count; i++) {
        accounts[i] = world->accounts[i];
        accounts[i]->refs++;
    }
    return copy;
}

struct world *world_ref(struct world *world)
{
    world->refs++;
    return world;
}

void world_unref(struct world *world)
{
    if (world == NULL || --world->refs > 0)
        return;
    for (size_t i = 0; i < world->count; i++)
        account_unref(world->accounts[i]);
    account_unref(world->whole);
    free(world->accounts);
    free(world);
}

static struct account *find_account(const struct world *world, const char *id, size_t *ret_place)
{
    size_t low = 0, high = world->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int r = strcmp(world->accounts[middle]->row->text[ACCOUNT_ID], id);
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

struct account *world_account(const struct world *world, const char *id)
{
    size_t place;
    return find_account(world, id, &place);
}

struct account *world_own(struct world *world, const char *id)
{
    size_t place;
    struct account *account = find_account(world, id, &place);
    if (account == NULL || account->refs == 1)
        return account;
    struct account *copy = account_copy(account);
    if (copy == NULL)
        return NULL;
    world->accounts[place] = copy;
    account_unref(account);
    return copy;
}

struct account *world_own_whole(struct world *world)
{
    if (world->whole->refs == 1)
        return world->whole;
    struct account *copy = account_copy(world->whole);
    if (copy == NULL)
        return NULL;
    account_unref(world->whole);
    world->whole = copy;
    return copy;
}

bool world_add(struct world *world, struct row *row)
{
    size_t place;
    struct account **accounts = realloc(world->accounts, (world->count + 1) * sizeof(struct account *));
    if (accounts != NULL)
        world->accounts = accounts;
    struct account *account = accounts == NULL ? NULL : account_create(row);
    if (account == NULL)
        return false;
    find_account(world, row->text[ACCOUNT_ID], &place);
    memmove(&accounts[place + 1], &accounts[place], (world->count++ - place) * sizeof(struct account *));
    accounts[place] = account;
    return true;
}

void world_remove(struct world *world, const char *id)
{
    size_t place;
    struct account *account = find_account(world, id, &place);
    if (account == NULL)
        return;
    memmove(&world->accounts[place], &world->accounts[place + 1], (--world->count - place) * sizeof(struct account *));
    account_unref(account);
}
