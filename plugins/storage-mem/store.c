/* Who may read and write what, and when. Also the life of store and sessions, and batches. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store.h"

int no_memory(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
}

int no_account(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
}

bool keep_text(struct session *session, struct hearth_call *call, const char **text)
{
    if (*text == NULL)
        return true;
    size_t size = strlen(*text) + 1;
    char *copy = session->store->host->alloc(call, size);
    if (copy != NULL)
        *text = memcpy(copy, *text, size);
    return copy != NULL;
}

int check_key(struct hearth_call *call, enum table_name table, const void *record)
{
    size_t count, size;
    const struct hearth_field *field = row_fields(table, &count, &size), *end = field + count;
    for (; field < end && field->role == HEARTH_FIELD_KEY; field++) {
        const char *at = (const char *)record + field->offset;
        int64_t number = field->kind == HEARTH_FIELD_INT ? *(const int64_t *)at : field->least;
        if (field->kind == HEARTH_FIELD_TEXT && *(const char *const *)at == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "there is no %s", field->name);
        if (number < field->least || (field->kind == HEARTH_FIELD_INT && number > field->most))
            return hearth_fail(call, HEARTH_ERR_INVALID, "there can be no %s %lld", field->name, (long long)number);
    }
    return 0;
}

int give_record(struct session *session, struct hearth_call *call, enum table_name table, const void *record, void *ret_record)
{
    struct row copy;
    size_t count, size;
    uint32_t known;
    const struct hearth_field *fields = row_fields(table, &count, &size);
    char *own = (char *)&copy.token;
    memcpy(own, record, size);
    for (size_t i = 0; i < count; i++) {
        const void **at = (const void **)(own + fields[i].offset);
        bool text = fields[i].kind == HEARTH_FIELD_TEXT;
        if ((!text && fields[i].kind != HEARTH_FIELD_HASH) || *at == NULL)
            continue;
        size_t bytes = text ? strlen(*at) + 1 : (size_t)fields[i].most;
        void *kept = session->store->host->alloc(call, bytes);
        if (kept == NULL)
            return no_memory(call);
        *at = memcpy(kept, *at, bytes);
    }
    memcpy(&known, ret_record, sizeof(known));
    known = known > 0 && known < size ? known : (uint32_t)size;
    memcpy(own, &known, sizeof(known));
    memcpy(ret_record, own, known);
    return 0;
}

int call_stopped(struct session *session, struct hearth_call *call)
{
    const struct hearth_host *host = session->store->host;
    pthread_mutex_lock(&session->store->lock);
    bool interrupted = session->interrupted;
    pthread_mutex_unlock(&session->store->lock);
    if (interrupted)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted");
    if (call->deadline != 0 && host->monotonic_ms(host) >= call->deadline)
        return hearth_fail(call, HEARTH_ERR_TIMEOUT, "the operation took too long");
    return host->should_stop(call) ? hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped") : 0;
}

/* An interrupt counts for the operation that runs; between operations there is none. */
static void set_running(struct session *session, bool running)
{
    pthread_mutex_lock(&session->store->lock);
    session->waiting = running;
    session->interrupted = false;
    pthread_mutex_unlock(&session->store->lock);
}

static int check_schema(struct store *store, struct hearth_call *call)
{
    return store->migrated ? 0 : hearth_fail(call, HEARTH_ERR_UNSUPPORTED, "there is no schema yet: run \"hearthd migrate\"");
}

/* The account of the session's batch in a world: the one that the batch was begun with, which may have been removed meanwhile. */
static struct account *find_batched(const struct session *session, const struct world *world)
{
    struct account *found = world_account(world, session->account);
    return found != NULL && found->number == session->batch->number ? found : NULL;
}

/* The world as the session's batch sees it; takes the reference. NULL: no memory. */
static struct world *lay_batch_over(struct session *session, struct world *world)
{
    if (session->batch == NULL || find_batched(session, world) == NULL)
        return world;
    struct world *copy = world_copy(world);
    struct account *own = copy == NULL ? NULL : world_own(copy, session->account);
    world_unref(world);
    if (own != NULL) {
        account_lay(own, session->batch);
        return copy;
    }
    world_unref(copy);
    return NULL;
}

struct world *read_begin(struct session *session, struct hearth_call *call, int *ret_code)
{
    struct store *store = session->store;
    set_running(session, true);
    int r = call_stopped(session, call);
    pthread_mutex_lock(&store->lock);
    if (r == 0)
        r = check_schema(store, call);
    struct world *world = r < 0 ? NULL : world_ref(store->world);
    pthread_mutex_unlock(&store->lock);
    if (world != NULL)
        world = lay_batch_over(session, world);
    *ret_code = world == NULL && r == 0 ? no_memory(call) : r;
    return world;
}

/* Under the lock. */
static bool take_turn_to_write(struct session *session)
{
    bool free = !session->store->writing;
    session->store->writing = true;
    return free;
}

/* Under the lock: each account has one batch at a time. */
static bool take_turn_of_account(struct session *session)
{
    for (const struct session *other = session->store->batches; other != NULL; other = other->next)
        if (strcmp(other->account, session->account) == 0)
            return false;
    session->next = session->store->batches;
    session->store->batches = session;
    return true;
}

/* Who waits looks around now and then, because a host may stop without an interrupt. */
static int wait_for_turn(struct session *session, struct hearth_call *call, bool (*take)(struct session *session))
{
    struct store *store = session->store;
    for (;;) {
        int r = call_stopped(session, call);
        if (r < 0)
            return r;
        pthread_mutex_lock(&store->lock);
        bool mine = take(session);
        if (!mine) {
            struct timespec until;
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_nsec += 10 * 1000000;
            if (until.tv_nsec >= 1000000000) {
                until.tv_sec++;
                until.tv_nsec -= 1000000000;
            }
            pthread_cond_timedwait(&store->changed, &store->lock, &until);
        }
        pthread_mutex_unlock(&store->lock);
        if (mine)
            return 0;
    }
}

/* published: NULL, nothing has changed. */
static void give_turn_up(struct store *store, struct world *published)
{
    pthread_mutex_lock(&store->lock);
    struct world *old = published == NULL ? NULL : store->world;
    if (published != NULL)
        store->world = published;
    store->writing = false;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
    world_unref(old);
}

struct world *write_begin(struct session *session, struct hearth_call *call, int *ret_code)
{
    set_running(session, true);
    *ret_code = wait_for_turn(session, call, take_turn_to_write);
    if (*ret_code < 0)
        return NULL;
    *ret_code = check_schema(session->store, call);
    struct world *world = *ret_code < 0 ? NULL : world_copy(session->store->world); /* nobody else changes it now */
    if (world == NULL && *ret_code == 0)
        *ret_code = no_memory(call);
    if (world == NULL)
        give_turn_up(session->store, NULL);
    return world;
}

int write_end(struct session *session, struct world *world, int code)
{
    give_turn_up(session->store, code == 0 ? world : NULL);
    if (code < 0)
        world_unref(world);
    return code;
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

/* It is over, or did not come to be: others may begin one of the account. */
static void close_batch(struct session *session)
{
    struct store *store = session->store;
    account_unref(session->batch);
    session->batch = NULL;
    pthread_mutex_lock(&store->lock);
    struct session **at = &store->batches;
    while (*at != session)
        at = &(*at)->next;
    *at = session->next;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

int mem_batch_begin(void *s, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation)
{
    struct session *session = s;
    if (session->batch != NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open already");
    if (collection != HEARTH_COLLECTION_NONE && hearth_collection_name(collection) == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
    session->account[0] = '\0';
    strncat(session->account, account, sizeof(session->account) - 1);
    set_running(session, true);
    int r = wait_for_turn(session, call, take_turn_of_account);
    if (r < 0)
        return r;
    struct world *world = read_begin(session, call, &r);
    struct account *found = world == NULL ? NULL : world_account(world, account);
    if (world != NULL && found == NULL)
        r = no_account(call);
    session->batch = found == NULL ? NULL : account_copy(found);
    world_unref(world);
    if (session->batch == NULL) {
        close_batch(session);
        return r < 0 ? r : no_memory(call);
    }
    session->broken = 0;
    session->generation = session->batch->row->account.generation + 1;
    session->collection = collection;
    *ret_generation = session->generation;
    return 0;
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

/* In a world that is about to be published: the account's own row is the newest that there is, others have changed it meanwhile. */
static bool put_batch(const struct session *session, struct world *world, bool changed)
{
    struct account *account = world_own(world, session->account);
    if (account == NULL)
        return false;
    account_lay(account, session->batch);
    if (!changed)
        return true;
    struct hearth_account now = account->row->account;
    now.generation = session->generation;
    struct row *row = row_create_account(account->row, &now);
    if (row == NULL || !put_generations(session, account)) {
        row_unref(row);
        return false;
    }
    row_unref(account->row);
    account->row = row;
    return true;
}

int mem_batch_commit(void *s, struct hearth_call *call, bool changed)
{
    struct session *session = s;
    int r;
    batch_account(session, call, &r);
    if (session->batch == NULL)
        return r;
    struct world *world = r < 0 ? NULL : write_begin(session, call, &r);
    if (world != NULL && find_batched(session, world) == NULL)
        r = no_account(call);
    else if (world != NULL && !put_batch(session, world, changed))
        r = no_memory(call);
    if (world != NULL)
        write_end(session, world, r);
    close_batch(session);
    return r;
}

void mem_batch_abort(void *s)
{
    struct session *session = s;
    if (session->batch != NULL)
        close_batch(session);
}

/* --- lists -------------------------------------------------------------------------------------------------------------------------- */

int list_add(struct hearth_call *call, struct list *list, enum table_name name, bool (*matches)(const struct row *row, const void *what),
             const void *what)
{
    const struct table *table = list->account == NULL ? NULL : list->account->tables[name];
    struct row **rows = table == NULL ? NULL : realloc(list->rows, (list->count + table->count + 1) * sizeof(struct row *));
    if (table == NULL)
        return 0;
    if (rows == NULL)
        return no_memory(call);
    list->rows = rows;
    for (size_t i = 0; i < table->count; i++)
        if (matches == NULL || matches(table->rows[i], what))
            list->rows[list->count++] = row_ref(table->rows[i]);
    return 0;
}

int list_make(struct session *session, struct hearth_call *call, const char *account, enum table_name name,
              bool (*matches)(const struct row *row, const void *what), const void *what, struct list *ret_list)
{
    int r;
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    struct account *found = world_account(world, account);
    struct list list = {.account = found == NULL ? NULL : account_ref(found)};
    world_unref(world);
    r = list_add(call, &list, name, matches, what);
    if (r < 0)
        list_free(&list);
    else
        *ret_list = list;
    return r;
}

void list_sort(struct list *list, int (*order)(const void *a, const void *b))
{
    if (list->count > 0)
        qsort(list->rows, list->count, sizeof(struct row *), order);
}

void list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        row_unref(list->rows[i]);
    free(list->rows);
    account_unref(list->account);
}

int list_deliver(struct session *session, struct hearth_call *call, struct list *list, int (*deliver)(void *ctx, const struct row *row),
                 void *ctx)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        r = call_stopped(session, call);
        if (r == 0 && deliver(ctx, list->rows[i]) != 0)
            break;
    }
    list_free(list);
    return r;
}
