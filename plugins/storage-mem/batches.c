/* Batches. One is open at a time: it works on a copy of its account, while others go on changing the world; its commit puts the tables that
 * only batches write into the world as it is then. */
#include <string.h>

#include "store.h"

/* What is written outside of batches; all else belongs to them. */
static bool is_of_batches(enum table_name table)
{
    return table != CREDENTIALS && table != SETTINGS && table != TOKENS && table != PICKS && table != REMOVED_HERE && table != IDENTITIES &&
           table != PROPERTIES;
}

/* Puts what the batch has written into its account of a world that nobody else holds. */
static void put_batch(const struct account *batch, struct account *account)
{
    for (int i = 0; i < TABLES; i++) {
        struct table *old = account->tables[i];
        if (!is_of_batches((enum table_name)i))
            continue;
        account->tables[i] = table_ref(batch->tables[i]);
        table_unref(old);
    }
}

struct world *batch_view(const struct session *session, const struct world *world)
{
    struct world *seen = world_copy(world);
    if (seen == NULL || world_account(seen, session->account) == NULL)
        return seen;
    struct account *account = world_own(seen, session->account);
    if (account != NULL) {
        put_batch(session->batch, account);
        return seen;
    }
    world_unref(seen);
    return NULL;
}

struct account *batch_account(struct session *session, struct hearth_call *call, int *ret_code)
{
    if (session->batch == NULL) {
        *ret_code = hearth_fail(call, HEARTH_ERR_INVALID, "no batch is open");
        return NULL;
    }
    set_running(session, true);
    int r = call_stopped(session, call);
    if (r == 0 && session->broken != 0)
        r = hearth_fail(call, session->broken, "an earlier operation of this batch failed");
    *ret_code = batch_end(session, r);
    return r < 0 ? NULL : session->batch;
}

int batch_end(struct session *session, int code)
{
    if (code < 0 && code != HEARTH_ERR_NOT_FOUND && code != HEARTH_ERR_INVALID && session->broken == 0)
        session->broken = code;
    return code;
}

int mem_batch_begin(void *s, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation)
{
    struct session *session = s;
    struct store *store = session->store;
    if (session->batch != NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open already");
    if (collection != HEARTH_COLLECTION_NONE && hearth_collection_name(collection) == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
    set_running(session, true);
    int r = turn_take(session, call, &store->batching);
    if (r < 0)
        return r;
    struct world *world = read_begin(session, call, &r);
    struct account *found = world == NULL ? NULL : world_account(world, account);
    if (world != NULL && found == NULL)
        r = no_account(call);
    else if (world != NULL && (session->batch = account_copy(found)) == NULL)
        r = no_memory(call);
    if (r == 0) {
        session->broken = 0;
        session->collection = collection;
        session->generation = found->row->account.generation + 1;
        session->account[0] = '\0';
        strncat(session->account, account, sizeof(session->account) - 1);
        *ret_generation = session->generation;
    }
    world_unref(world);
    if (r < 0)
        turn_give_up(store, &store->batching, NULL);
    return r;
}

/* Of the batch's collection, or of all. */
static bool put_generations(const struct session *session, struct account *account)
{
    for (int32_t c = 1; c < HEARTH_COLLECTION_SLOTS; c++) {
        if (session->collection != HEARTH_COLLECTION_NONE && session->collection != c)
            continue;
        struct row *row = row_create(GENERATIONS, MEM(generation, .collection = c, .generation = session->generation));
        if (row == NULL || !account_put(account, GENERATIONS, row)) {
            row_unref(row);
            return false;
        }
    }
    return true;
}

/* Into the world as it is now: others may have changed the account meanwhile, or removed it. */
static int publish_batch(struct session *session, struct hearth_call *call, bool changed)
{
    int r;
    struct world *world = write_begin(session, call, &r);
    if (world == NULL)
        return r;
    struct account *account = world_account(world, session->account);
    if (account == NULL)
        return write_end(session, world, no_account(call));
    account = world_own(world, session->account);
    if (account == NULL)
        return write_end(session, world, no_memory(call));
    put_batch(session->batch, account);
    if (changed) {
        struct hearth_account now = account->row->account;
        now.generation = session->generation;
        struct row *row = row_create_account(account->row, &now);
        if (row == NULL || !put_generations(session, account)) {
            row_unref(row);
            return write_end(session, world, no_memory(call));
        }
        row_unref(account->row);
        account->row = row;
    }
    return write_end(session, world, 0);
}

int mem_batch_commit(void *s, struct hearth_call *call, bool changed)
{
    struct session *session = s;
    int r;
    if (batch_account(session, call, &r) != NULL)
        r = publish_batch(session, call, changed);
    mem_batch_abort(session); /* what was not published is gone */
    return r;
}

void mem_batch_abort(void *s)
{
    struct session *session = s;
    struct account *batch = session->batch;
    session->batch = NULL;
    account_unref(batch);
    if (batch != NULL)
        turn_give_up(session->store, &session->store->batching, NULL);
}
