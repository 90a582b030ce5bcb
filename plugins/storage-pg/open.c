#include "open.h"

#include <stdio.h>
#include <stdlib.h>

#include "storage-sql/operations.h"
#include "support/call.h"
#include "support/config.h"

enum { KEY_DSN, KEY_CONNECT_TIMEOUT, KEY_STATEMENT_TIMEOUT, KEYS };
_Static_assert((int)KEYS == (int)STORE_CONFIG_COUNT, "the descriptor names all keys");

const struct hearth_config_key store_config[KEYS] = {
    [KEY_DSN] = {.struct_size = sizeof(struct hearth_config_key),
                 .type = HEARTH_CONFIG_SECRET,
                 .name = "dsn",
                 .required = true,
                 .help = "postgresql://user[:password]@host[:port]/database, or libpq's key=value words"},
    [KEY_CONNECT_TIMEOUT] = {.struct_size = sizeof(struct hearth_config_key),
                             .type = HEARTH_CONFIG_DURATION,
                             .name = "connect_timeout",
                             .fallback = "5s",
                             .help = "for reaching the server",
                             .minimum = 100,
                             .maximum = 600000},
    [KEY_STATEMENT_TIMEOUT] = {.struct_size = sizeof(struct hearth_config_key),
                               .type = HEARTH_CONFIG_DURATION,
                               .name = "statement_timeout",
                               .fallback = "60s",
                               .help = "the server gives a statement up after so long",
                               .minimum = 1000,
                               .maximum = 86400000},
};

static const char *value_of(const PQconninfoOption *options, const char *name, const char *fallback)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, name) == 0)
            return options->val != NULL && options->val[0] != '\0' ? options->val : fallback;
    return fallback;
}

/* Nothing is connected; libpq's words about a malformed text may quote it, so they are not repeated. */
static int describe(struct store *store, struct hearth_call *call)
{
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(store->dsn, &error);
    PQfreemem(error);
    if (options == NULL)
        return hearth_fail(
            call, HEARTH_ERR_INVALID,
            "dsn is no connection string: postgresql://user:password@host:port/database, special characters percent-encoded");
    const char *host = value_of(options, "host", getenv("PGHOST")), *port = value_of(options, "port", "5432");
    const char *user = value_of(options, "user", ""), *name = value_of(options, "dbname", user);
    snprintf(store->where, sizeof(store->where), "PostgreSQL %s:%s/%s", host == NULL ? "local" : host, port, name);
    PQconninfoFree(options);
    return 0;
}

int store_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self)
{
    struct store *store = calloc(1, sizeof(*store));
    char *dsn = strdup(support_config_text(values, KEY_DSN));
    if (store == NULL || dsn == NULL || !PQisthreadsafe()) {
        free(store);
        free(dsn);
        return support_no_memory(call);
    }
    store->magic = STORE_MAGIC;
    store->host = host;
    store->dsn = dsn;
    store->connect_timeout = support_config_number(values, KEY_CONNECT_TIMEOUT);
    store->statement_timeout = support_config_number(values, KEY_STATEMENT_TIMEOUT);
    support_backoff_init(&store->backoff, host, 0);
    int r = describe(store, call);
    if (r < 0)
        store_close(store);
    else
        *ret_self = store;
    return r;
}

void store_close(void *self)
{
    if (self == NULL)
        return;
    struct store *store = store_of(self);
    support_backoff_fini(&store->backoff);
    explicit_bzero(store->dsn, strlen(store->dsn));
    free(store->dsn);
    store->magic = 0;
    free(store);
}

const void *store_extension(const char *name)
{
    return strcmp(name, HEARTH_STORAGE_BULK) == 0 ? &sql_bulk : NULL;
}
