#include "pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "connection.h"
#include "migrations.h"
#include "query.h"
#include "support/call.h"

int sqlite_pool_init(struct pool *pool, size_t limit)
{
    *pool = (struct pool){.limit = limit};
    return pthread_mutex_init(&pool->lock, NULL) == 0 ? 0 : HEARTH_ERR_NOMEM;
}

static void person_free(struct person *person)
{
    assert(person->users == 0 && person->idle == NULL);
    sqlite_writer_fini(&person->writer);
    free(person->path);
    free(person);
}

void sqlite_pool_fini(struct pool *pool)
{
    while (pool->persons != NULL) {
        struct person *person = pool->persons;
        pool->persons = person->next;
        while (person->idle != NULL) {
            struct connection *connection = person->idle;
            person->idle = connection->next;
            sqlite_connection_close(connection);
        }
        person_free(person);
    }
    pthread_mutex_destroy(&pool->lock);
}

void sqlite_pool_wake(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    /* who misses it looks again soon: writer.c */
    for (struct person *person = pool->persons; person != NULL; person = person->next)
        pthread_cond_broadcast(&person->writer.moved);
    pthread_mutex_unlock(&pool->lock);
}

static bool person_id_is_valid(const char *id)
{
    size_t size = id == NULL ? 0 : strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789");
    return size > 0 && size <= 32 && id[size] == '\0';
}

static struct person *person_create(struct database *database, const char *id)
{
    struct person *person = calloc(1, sizeof(*person));
    size_t size = strlen(database->accounts) + strlen(id) + sizeof("/.db");
    if (person == NULL || (person->path = malloc(size)) == NULL ||
        sqlite_writer_init(&person->writer) < 0) {
        if (person != NULL)
            free(person->path);
        free(person);
        return NULL;
    }
    snprintf(person->id, sizeof(person->id), "%s", id);
    snprintf(person->path, size, "%s/%s.db", database->accounts, id);
    return person;
}

/* Under the lock. The one used last comes first. */
static struct person *person_find(struct pool *pool, const char *id)
{
    for (struct person **link = &pool->persons; *link != NULL; link = &(*link)->next) {
        struct person *person = *link;
        if (strcmp(person->id, id) != 0)
            continue;
        *link = person->next;
        person->next = pool->persons;
        pool->persons = person;
        return person;
    }
    return NULL;
}

int sqlite_pool_enter(struct handle *handle, const char *id, struct person **ret_person)
{
    struct pool *pool = &handle->database->pool;
    if (!person_id_is_valid(id)) /* it becomes a file's name */
        return hearth_fail(handle->call, HEARTH_ERR_INVALID,
                           "an account's id is 1 to 32 letters a-z and digits");
    pthread_mutex_lock(&pool->lock);
    struct person *person = person_find(pool, id);
    if (person == NULL) {
        person = person_create(handle->database, id);
        if (person != NULL) {
            person->next = pool->persons;
            pool->persons = person;
        }
    }
    if (person != NULL)
        person->users++;
    pthread_mutex_unlock(&pool->lock);
    if (person == NULL)
        return support_no_memory(handle->call);
    *ret_person = person;
    return 0;
}

/* Under the lock: takes out a person whom nobody needs. */
static struct person *person_drop(struct pool *pool, struct person *person)
{
    if (person->users > 0 || person->idle != NULL)
        return NULL;
    struct person **link = &pool->persons;
    while (*link != person)
        link = &(*link)->next;
    *link = person->next;
    return person;
}

void sqlite_pool_leave(struct handle *handle, struct person *person)
{
    struct pool *pool = &handle->database->pool;
    pthread_mutex_lock(&pool->lock);
    assert(person->users > 0);
    person->users--;
    struct person *dropped = person_drop(pool, person);
    pthread_mutex_unlock(&pool->lock);
    if (dropped != NULL)
        person_free(dropped);
}

/* Under the lock. */
static struct connection *take_idle(struct pool *pool, struct person *person)
{
    struct connection *connection = person->idle;
    if (connection != NULL) {
        person->idle = connection->next;
        person->idle_count--;
        pool->idle--;
    }
    return connection;
}

/* Under the lock: takes out the connection that nobody used for the longest time; its person
 * when it was the last thing of it. */
static struct connection *take_oldest(struct pool *pool, struct person **ret_dropped)
{
    struct person *oldest = NULL;
    struct connection **at = NULL;
    for (struct person *person = pool->persons; person != NULL; person = person->next) {
        if (person->idle == NULL)
            continue;
        /* the last in the list is the oldest of the person */
        struct connection **link = &person->idle;
        while ((*link)->next != NULL)
            link = &(*link)->next;
        if (at == NULL || (*link)->used < (*at)->used) {
            at = link;
            oldest = person;
        }
    }
    if (at == NULL)
        return NULL;
    struct connection *connection = *at;
    *at = NULL;
    oldest->idle_count--;
    pool->idle--;
    *ret_dropped = person_drop(pool, oldest);
    return connection;
}

/* A file of an earlier schema is brought up when it is first opened, whole or not at all. Who
 * comes at the same moment waits, and finds it done. */
static int person_migrate(struct connection *connection, int64_t version)
{
    struct handle *handle = connection->handle;
    if (support_looks_only(handle->database->host))
        return hearth_fail(handle->call, HEARTH_ERR_UNSUPPORTED,
                           "%s: the file has schema %lld, and nobody may write the %zu that this "
                           "plugin knows: start the daemon, which does",
                           connection->path, (long long)version, sqlite_person_migration_count);
    int r = sqlite_connection_exec(connection, "BEGIN IMMEDIATE");
    if (r < 0)
        return r;
    struct query query;
    sql_query_open(&query, handle, "SELECT user_version FROM pragma_user_version");
    r = sql_query_step(&query);
    version = r > 0 ? sql_column_int(&query, 0) : version;
    sql_query_close(&query);
    for (; r >= 0 && version < (int64_t)sqlite_person_migration_count; version++)
        r = sqlite_connection_exec(connection, sqlite_person_migrations[version].sql);
    if (r >= 0)
        r = sqlite_connection_exec(connection, "COMMIT");
    if (r < 0)
        sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    return r < 0 ? r : 0;
}

static int connection_check_person(struct connection *connection)
{
    struct handle *handle = connection->handle;
    struct query query;
    struct connection *before = handle->current;
    handle->current = connection;
    sql_query_open(&query, handle,
                   "SELECT (SELECT application_id FROM pragma_application_id), (SELECT "
                   "user_version FROM pragma_user_version), id FROM account");
    int r = sql_query_step(&query);
    int64_t application = 0, version = 0;
    bool own = false;
    if (r > 0) {
        application = sql_column_int(&query, 0);
        version = sql_column_int(&query, 1);
        own = sql_column_text(&query, 2) != NULL &&
              strcmp(sql_column_text(&query, 2), connection->person->id) == 0;
    }
    sql_query_close(&query);
    bool old = r > 0 && application == PERSON_APPLICATION_ID && own && version > 0 &&
               version < (int64_t)sqlite_person_migration_count;
    int migrated = old ? person_migrate(connection, version) : 0;
    handle->current = before;
    if (migrated < 0)
        return migrated;
    if (r == 0 || r == HEARTH_ERR_UNSUPPORTED ||
        (r > 0 && (application != PERSON_APPLICATION_ID || !own)))
        return hearth_fail(
            handle->call, HEARTH_ERR_CORRUPT,
            "%s: is not the file of this account: put the right one back, or restore a backup",
            connection->path);
    if (r > 0 && version > (int64_t)sqlite_person_migration_count)
        return hearth_fail(handle->call, HEARTH_ERR_UNSUPPORTED,
                           "%s: the file is newer than this plugin (schema %lld, known up to %zu): "
                           "install the newer version",
                           connection->path, (long long)version, sqlite_person_migration_count);
    return r < 0 ? r : 0;
}

static void connection_lend(struct handle *handle, struct connection *connection)
{
    connection->handle = handle;
    pthread_mutex_lock(&handle->lock);
    connection->next = handle->borrowed;
    handle->borrowed = connection;
    pthread_mutex_unlock(&handle->lock);
}

static void connection_unlend(struct handle *handle, struct connection *connection)
{
    pthread_mutex_lock(&handle->lock);
    struct connection **link = &handle->borrowed;
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    pthread_mutex_unlock(&handle->lock);
    connection->next = NULL;
}

static int open_new(struct handle *handle, struct person *person,
                    struct connection **ret_connection)
{
    struct connection *connection;
    pthread_mutex_lock(&handle->database->pool.lock);
    uint64_t removals = person->removals;
    pthread_mutex_unlock(&handle->database->pool.lock);
    int r = sqlite_connection_open(handle, person->path, &person->writer, person, &connection);
    if (r < 0)
        return r;
    connection->removals = removals;
    connection_lend(handle, connection);
    r = connection_check_person(connection);
    if (r < 0) {
        connection_unlend(handle, connection);
        sqlite_connection_close(connection);
        return r;
    }
    *ret_connection = connection;
    return 0;
}

int sqlite_pool_borrow(struct handle *handle, const char *id, struct connection **ret_connection)
{
    struct pool *pool = &handle->database->pool;
    struct person *person;
    struct connection *connection;
    int r = sqlite_pool_enter(handle, id, &person);
    if (r < 0)
        return r;
    do { /* one whose file was replaced or removed behind our back is of no use */
        pthread_mutex_lock(&pool->lock);
        connection = take_idle(pool, person);
        pthread_mutex_unlock(&pool->lock);
        if (connection != NULL && sqlite_connection_moved(connection)) {
            sqlite_connection_close(connection);
            continue;
        }
        break;
    } while (true);
    if (connection != NULL)
        connection_lend(handle, connection);
    else
        r = open_new(handle, person, &connection);
    if (r < 0) {
        sqlite_pool_leave(handle, person);
        return r;
    }
    *ret_connection = connection;
    return 0;
}

void sqlite_pool_give_back(struct handle *handle, struct connection *connection)
{
    struct pool *pool = &handle->database->pool;
    struct person *person = connection->person, *dropped = NULL;
    struct connection *closing = NULL;
    connection_unlend(handle, connection);
    connection->handle = NULL;
    bool usable = sqlite3_get_autocommit(connection->db) != 0;
    pthread_mutex_lock(&pool->lock);
    person->users--;
    if (usable && connection->removals == person->removals && pool->limit > 0) {
        connection->used = ++pool->clock;
        connection->next = person->idle;
        person->idle = connection;
        person->idle_count++;
        if (++pool->idle > pool->limit)
            closing = take_oldest(pool, &dropped);
    } else {
        closing = connection;
        dropped = person_drop(pool, person);
    }
    pthread_mutex_unlock(&pool->lock);
    sqlite_connection_close(closing);
    if (dropped != NULL)
        person_free(dropped);
}

void sqlite_pool_forget(struct handle *handle, struct person *person)
{
    struct pool *pool = &handle->database->pool;
    struct connection *connection;
    pthread_mutex_lock(&pool->lock);
    person->removals++;
    pthread_mutex_unlock(&pool->lock);
    do {
        pthread_mutex_lock(&pool->lock);
        connection = take_idle(pool, person);
        pthread_mutex_unlock(&pool->lock);
        sqlite_connection_close(connection);
    } while (connection != NULL);
}
