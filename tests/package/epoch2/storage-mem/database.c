/* Who may read and write what, and when. Also the life of database and handles, and batches. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "database.h"

int mem_no_memory(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
}

int mem_no_account(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
}

bool mem_text_keep(struct handle *handle, struct hearth_call *call, const char **text)
{
    if (*text == NULL)
        return true;
    size_t size = strlen(*text) + 1;
    char *copy = handle->database->host->alloc(call, size);
    if (copy != NULL)
        *text = memcpy(copy, *text, size);
    return copy != NULL;
}

int mem_key_check(struct hearth_call *call, enum table_name table, const void *record)
{
    size_t count, size;
    const struct hearth_field *field = mem_row_fields(table, &count, &size), *end = field + count;
    for (; field < end && field->role == HEARTH_FIELD_KEY; field++) {
        const char *at = (const char *)record + field->offset;
        int64_t number = field->kind == HEARTH_FIELD_INT ? *(const int64_t *)at : field->least;
        if (field->kind == HEARTH_FIELD_TEXT && *(const char *const *)at == NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "there is no %s", field->name);
        if (number < field->least || (field->kind == HEARTH_FIELD_INT && number > field->most))
            return hearth_fail(call, HEARTH_ERR_INVALID, "there can be no %s %lld", field->name,
                               (long long)number);
    }
    return 0;
}

int mem_record_give(struct handle *handle, struct hearth_call *call, enum table_name table,
                    const void *record, void *ret_record)
{
    struct row copy;
    size_t count, size;
    uint32_t known;
    const struct hearth_field *fields = mem_row_fields(table, &count, &size);
    char *own = (char *)&copy.token;
    memcpy(own, record, size);
    for (size_t i = 0; i < count; i++) {
        const void **at = (const void **)(own + fields[i].offset);
        bool text = fields[i].kind == HEARTH_FIELD_TEXT;
        if ((!text && fields[i].kind != HEARTH_FIELD_HASH) || *at == NULL)
            continue;
        size_t bytes = text ? strlen(*at) + 1 : (size_t)fields[i].most;
        void *kept = handle->database->host->alloc(call, bytes);
        if (kept == NULL)
            return mem_no_memory(call);
        *at = memcpy(kept, *at, bytes);
    }
    memcpy(&known, ret_record, sizeof(known));
    known = known > 0 && known < size ? known : (uint32_t)size;
    memcpy(own, &known, sizeof(known));
    memcpy(ret_record, own, known);
    return 0;
}

int mem_call_stopped(struct handle *handle, struct hearth_call *call)
{
    const struct hearth_host *host = handle->database->host;
    pthread_mutex_lock(&handle->database->lock);
    bool interrupted = handle->interrupted;
    pthread_mutex_unlock(&handle->database->lock);
    if (interrupted)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted");
    if (call->deadline != 0 && host->monotonic_ms(host) >= call->deadline)
        return hearth_fail(call, HEARTH_ERR_TIMEOUT, "the operation took too long");
    return host->should_stop(call) ? hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped") : 0;
}

/* An interrupt counts for the operation that runs; between operations there is none. */
static void handle_set_running(struct handle *handle, bool running)
{
    pthread_mutex_lock(&handle->database->lock);
    handle->waiting = running;
    handle->interrupted = false;
    pthread_mutex_unlock(&handle->database->lock);
}

static int database_check_schema(struct database *database, struct hearth_call *call)
{
    return database->migrated ? 0
                              : hearth_fail(call, HEARTH_ERR_UNSUPPORTED,
                                            "there is no schema yet: run \"hearthd migrate\"");
}

/* The account of the handle's batch in a world: the one that the batch was begun with, which may
 * have been removed meanwhile. */
static struct account *find_batched(const struct handle *handle, const struct world *world)
{
    struct account *found = mem_world_account(world, handle->account);
    return found != NULL && found->number == handle->batch->number ? found : NULL;
}

/* The world as the handle's batch sees it; takes the reference. NULL: no memory. */
static struct world *lay_batch_over(struct handle *handle, struct world *world)
{
    if (handle->batch == NULL || find_batched(handle, world) == NULL)
        return world;
    struct world *copy = mem_world_copy(world);
    struct account *own = copy == NULL ? NULL : mem_world_own(copy, handle->account);
    mem_world_unref(world);
    if (own != NULL) {
        mem_account_lay(own, handle->batch);
        return copy;
    }
    mem_world_unref(copy);
    return NULL;
}

struct world *mem_read_begin(struct handle *handle, struct hearth_call *call, int *ret_code)
{
    struct database *database = handle->database;
    handle_set_running(handle, true);
    int r = mem_call_stopped(handle, call);
    pthread_mutex_lock(&database->lock);
    if (r == 0)
        r = database_check_schema(database, call);
    struct world *world = r < 0 ? NULL : mem_world_ref(database->world);
    pthread_mutex_unlock(&database->lock);
    if (world != NULL)
        world = lay_batch_over(handle, world);
    *ret_code = world == NULL && r == 0 ? mem_no_memory(call) : r;
    return world;
}

/* Under the lock. */
static bool take_turn_to_write(struct handle *handle)
{
    bool free = !handle->database->writing;
    handle->database->writing = true;
    return free;
}

/* Under the lock: each account has one batch at a time. */
static bool take_turn_of_account(struct handle *handle)
{
    for (const struct handle *other = handle->database->batches; other != NULL; other = other->next)
        if (strcmp(other->account, handle->account) == 0)
            return false;
    handle->next = handle->database->batches;
    handle->database->batches = handle;
    return true;
}

/* Who waits looks around now and then, because a host may stop without an interrupt. */
static int wait_for_turn(struct handle *handle, struct hearth_call *call,
                         bool (*take)(struct handle *handle))
{
    struct database *database = handle->database;
    for (;;) {
        int r = mem_call_stopped(handle, call);
        if (r < 0)
            return r;
        pthread_mutex_lock(&database->lock);
        bool mine = take(handle);
        if (!mine) {
            struct timespec until;
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_nsec += 10 * 1000000;
            if (until.tv_nsec >= 1000000000) {
                until.tv_sec++;
                until.tv_nsec -= 1000000000;
            }
            pthread_cond_timedwait(&database->changed, &database->lock, &until);
        }
        pthread_mutex_unlock(&database->lock);
        if (mine)
            return 0;
    }
}

/* published: NULL, nothing has changed. */
static void give_turn_up(struct database *database, struct world *published)
{
    pthread_mutex_lock(&database->lock);
    struct world *old = published == NULL ? NULL : database->world;
    if (published != NULL)
        database->world = published;
    database->writing = false;
    pthread_cond_broadcast(&database->changed);
    pthread_mutex_unlock(&database->lock);
    mem_world_unref(old);
}

struct world *mem_write_begin(struct handle *handle, struct hearth_call *call, int *ret_code)
{
    handle_set_running(handle, true);
    *ret_code = wait_for_turn(handle, call, take_turn_to_write);
    if (*ret_code < 0)
        return NULL;
    *ret_code = database_check_schema(handle->database, call);
    /* nobody else changes it now */
    struct world *world = *ret_code < 0 ? NULL : mem_world_copy(handle->database->world);
    if (world == NULL && *ret_code == 0)
        *ret_code = mem_no_memory(call);
    if (world == NULL)
        give_turn_up(handle->database, NULL);
    return world;
}

int mem_write_end(struct handle *handle, struct world *world, int code)
{
    give_turn_up(handle->database, code == 0 ? world : NULL);
    if (code < 0)
        mem_world_unref(world);
    return code;
}

struct account *mem_batch_account(struct handle *handle, struct hearth_call *call, int *ret_code)
{
    if (handle->batch == NULL) {
        *ret_code = hearth_fail(call, HEARTH_ERR_INVALID, "no batch is open");
        return NULL;
    }
    handle_set_running(handle, true);
    int r = mem_call_stopped(handle, call);
    if (r == 0 && handle->broken != 0)
        r = hearth_fail(call, handle->broken, "an earlier operation of this batch failed");
    *ret_code = mem_batch_end(handle, r);
    return r < 0 ? NULL : handle->batch;
}

int mem_batch_end(struct handle *handle, int code)
{
    if (code < 0 && code != HEARTH_ERR_NOT_FOUND && code != HEARTH_ERR_INVALID &&
        handle->broken == 0)
        handle->broken = code;
    return code;
}

/* It is over, or did not come to be: others may begin one of the account. */
static void close_batch(struct handle *handle)
{
    struct database *database = handle->database;
    mem_account_unref(handle->batch);
    handle->batch = NULL;
    pthread_mutex_lock(&database->lock);
    struct handle **at = &database->batches;
    while (*at != handle)
        at = &(*at)->next;
    *at = handle->next;
    pthread_cond_broadcast(&database->changed);
    pthread_mutex_unlock(&database->lock);
}

int mem_batch_begin(void *s, struct hearth_call *call, const char *account, int32_t collection,
                    int64_t *ret_generation)
{
    struct handle *handle = s;
    if (handle->batch != NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open already");
    if (collection != HEARTH_COLLECTION_NONE && hearth_collection_name(collection) == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection);
    handle->account[0] = '\0';
    strncat(handle->account, account, sizeof(handle->account) - 1);
    handle_set_running(handle, true);
    int r = wait_for_turn(handle, call, take_turn_of_account);
    if (r < 0)
        return r;
    struct world *world = mem_read_begin(handle, call, &r);
    struct account *found = world == NULL ? NULL : mem_world_account(world, account);
    if (world != NULL && found == NULL)
        r = mem_no_account(call);
    handle->batch = found == NULL ? NULL : mem_account_copy(found);
    mem_world_unref(world);
    if (handle->batch == NULL) {
        close_batch(handle);
        return r < 0 ? r : mem_no_memory(call);
    }
    handle->broken = 0;
    handle->generation = handle->batch->row->account.generation + 1;
    handle->collection = collection;
    *ret_generation = handle->generation;
    return 0;
}

/* Of the batch's collection, or of all. */
static bool put_generations(const struct handle *handle, struct account *account)
{
    for (int32_t c = 1; c < HEARTH_COLLECTION_SLOTS; c++) {
        if (handle->collection != HEARTH_COLLECTION_NONE && handle->collection != c)
            continue;
        struct row *row = mem_row_create(
            GENERATIONS, MEM(generation, .collection = c, .generation = handle->generation));
        if (row == NULL || !mem_account_put(account, GENERATIONS, row)) {
            mem_row_unref(row);
            return false;
        }
    }
    return true;
}

/* In a world that is about to be published: the account's own row is the newest that there is,
 * others have changed it meanwhile. */
static bool put_batch(const struct handle *handle, struct world *world, bool changed)
{
    struct account *account = mem_world_own(world, handle->account);
    if (account == NULL)
        return false;
    mem_account_lay(account, handle->batch);
    if (!changed)
        return true;
    struct hearth_account now = account->row->account;
    now.generation = handle->generation;
    struct row *row = mem_row_create_account(account->row, &now);
    if (row == NULL || !put_generations(handle, account)) {
        mem_row_unref(row);
        return false;
    }
    mem_row_unref(account->row);
    account->row = row;
    return true;
}

int mem_batch_commit(void *s, struct hearth_call *call, bool changed)
{
    struct handle *handle = s;
    int r;
    mem_batch_account(handle, call, &r);
    if (handle->batch == NULL)
        return r;
    struct world *world = r < 0 ? NULL : mem_write_begin(handle, call, &r);
    if (world != NULL && find_batched(handle, world) == NULL)
        r = mem_no_account(call);
    else if (world != NULL && !put_batch(handle, world, changed))
        r = mem_no_memory(call);
    if (world != NULL)
        mem_write_end(handle, world, r);
    close_batch(handle);
    return r;
}

void mem_batch_abort(void *s)
{
    struct handle *handle = s;
    if (handle->batch != NULL)
        close_batch(handle);
}

/* --- lists --- */

int mem_list_add(struct hearth_call *call, struct list *list, enum table_name name,
                 bool (*matches)(const struct row *row, const void *what), const void *what)
{
    const struct table *table = list->account == NULL ? NULL : list->account->tables[name];
    struct row **rows =
        table == NULL
            ? NULL
            : realloc(list->rows, (list->count + table->count + 1) * sizeof(struct row *));
    if (table == NULL)
        return 0;
    if (rows == NULL)
        return mem_no_memory(call);
    list->rows = rows;
    for (size_t i = 0; i < table->count; i++)
        if (matches == NULL || matches(table->rows[i], what))
            list->rows[list->count++] = mem_row_ref(table->rows[i]);
    return 0;
}

int mem_list_make(struct handle *handle, struct hearth_call *call, const char *account,
                  enum table_name name, bool (*matches)(const struct row *row, const void *what),
                  const void *what, struct list *ret_list)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    struct account *found = mem_world_account(world, account);
    struct list list = {.account = found == NULL ? NULL : mem_account_ref(found)};
    mem_world_unref(world);
    r = mem_list_add(call, &list, name, matches, what);
    if (r < 0)
        mem_list_free(&list);
    else
        *ret_list = list;
    return r;
}

void mem_list_sort(struct list *list, int (*order)(const void *a, const void *b))
{
    if (list->count > 0)
        qsort(list->rows, list->count, sizeof(struct row *), order);
}

void mem_list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_row_unref(list->rows[i]);
    free(list->rows);
    mem_account_unref(list->account);
}

int mem_list_deliver(struct handle *handle, struct hearth_call *call, struct list *list,
                     int (*deliver)(void *ctx, const struct row *row), void *ctx)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        r = mem_call_stopped(handle, call);
        if (r == 0 && deliver(ctx, list->rows[i]) != 0)
            break;
    }
    mem_list_free(list);
    return r;
}
