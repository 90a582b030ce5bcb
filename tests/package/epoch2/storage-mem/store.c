/* Who may read and write what, and when; lists. Batches are in batches.c. */
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

void set_running(struct session *session, bool running)
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
    if (world != NULL && session->batch != NULL) {
        struct world *seen = batch_view(session, world);
        world_unref(world);
        world = seen;
        if (world == NULL)
            r = no_memory(call);
    }
    *ret_code = r;
    return world;
}

/* Who waits looks around now and then, because a host may stop without an interrupt. */
int turn_take(struct session *session, struct hearth_call *call, bool *turn)
{
    struct store *store = session->store;
    for (;;) {
        int r = call_stopped(session, call);
        if (r < 0)
            return r;
        pthread_mutex_lock(&store->lock);
        bool mine = !*turn;
        *turn = true;
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

void turn_give_up(struct store *store, bool *turn, struct world *published)
{
    pthread_mutex_lock(&store->lock);
    struct world *old = published == NULL ? NULL : store->world;
    if (published != NULL)
        store->world = published;
    *turn = false;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
    world_unref(old);
}

struct world *write_begin(struct session *session, struct hearth_call *call, int *ret_code)
{
    struct store *store = session->store;
    set_running(session, true);
    *ret_code = turn_take(session, call, &store->writing);
    if (*ret_code < 0)
        return NULL;
    *ret_code = check_schema(store, call);
    struct world *world = *ret_code < 0 ? NULL : world_copy(store->world); /* nobody else changes it now */
    if (world == NULL && *ret_code == 0)
        *ret_code = no_memory(call);
    if (world == NULL)
        turn_give_up(store, &store->writing, NULL);
    return world;
}

int write_end(struct session *session, struct world *world, int code)
{
    turn_give_up(session->store, &session->store->writing, code == 0 ? world : NULL);
    if (code < 0)
        world_unref(world);
    return code;
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
