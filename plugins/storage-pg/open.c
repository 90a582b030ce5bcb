#include "open.h"

#include <stdio.h>
#include <stdlib.h>

#include "ahead.h"
#include "config_keys.h"
#include "storage-sql/operations.h"
#include "support/call.h"
#include "support/config.h"

_Static_assert((int)KEYS == (int)DATABASE_CONFIG_COUNT, "the descriptor names all keys");

static const char *dsn_value_of(const PQconninfoOption *options, const char *name,
                                const char *fallback)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, name) == 0)
            return options->val != NULL && options->val[0] != '\0' ? options->val : fallback;
    return fallback;
}

/* Nothing is connected; libpq's words about a malformed text may quote it, so they are not
 * repeated. */
static int dsn_describe(struct database *database, struct hearth_call *call)
{
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(database->dsn, &error);
    PQfreemem(error);
    if (options == NULL)
        return hearth_fail(
            call, HEARTH_ERR_INVALID,
            "dsn is no connection string: postgresql://user:password@host:port/database, special "
            "characters percent-encoded");
    const char *host = dsn_value_of(options, "host", getenv("PGHOST")),
               *port = dsn_value_of(options, "port", "5432");
    const char *user = dsn_value_of(options, "user", ""),
               *name = dsn_value_of(options, "dbname", user);
    snprintf(database->where, sizeof(database->where), "PostgreSQL %s:%s/%s",
             host == NULL ? "local" : host, port, name);
    PQconninfoFree(options);
    return 0;
}

int sql_database_open(const struct hearth_host *host, struct hearth_call *call,
                      const struct hearth_config_value *values, void **ret_self)
{
    struct database *database = calloc(1, sizeof(*database));
    char *dsn = strdup(support_config_text(values, KEY_DSN));
    if (database == NULL || dsn == NULL || !PQisthreadsafe()) {
        free(database);
        free(dsn);
        return support_no_memory(call);
    }
    database->magic = DATABASE_MAGIC;
    database->host = host;
    database->dsn = dsn;
    database->connect_timeout = support_config_number(values, KEY_CONNECT_TIMEOUT);
    database->statement_timeout = support_config_number(values, KEY_STATEMENT_TIMEOUT);
    support_backoff_init(&database->backoff, host, 0);
    int r = dsn_describe(database, call);
    if (r < 0)
        sql_database_close(database);
    else
        *ret_self = database;
    return r;
}

void sql_database_close(void *self)
{
    if (self == NULL)
        return;
    struct database *database = sql_database_of(self);
    support_backoff_fini(&database->backoff);
    explicit_bzero(database->dsn, strlen(database->dsn));
    free(database->dsn);
    database->magic = 0;
    free(database);
}

const void *sql_extension(const char *name)
{
    static const struct hearth_storage_ahead ahead = {.struct_size = sizeof(ahead),
                                                      .ahead = pg_ahead};
    return strcmp(name, HEARTH_STORAGE_BULK) == 0      ? (const void *)&sql_bulk
           : strcmp(name, HEARTH_STORAGE_AHEAD) == 0   ? (const void *)&ahead
           : strcmp(name, HEARTH_STORAGE_PATHS) == 0   ? (const void *)&sql_paths
           : strcmp(name, HEARTH_STORAGE_PUSH) == 0    ? (const void *)&sql_push
           : strcmp(name, HEARTH_STORAGE_CHANGES) == 0 ? (const void *)&sql_changes
                                                       : NULL;
}
