/* The schema: what the database has, and the way to what the plugin wants. */
#include "driver.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/migrate_hooks.h"
#include "storage-sql/migrations.h"
#include "storage-sql/operations.h"

int sql_schema_version(void *self, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants)
{
    struct op op;
    int64_t has = 0;
    int r = sql_op_begin_any_schema(&op, self, call);
    if (r < 0)
        return r;
    r = sql_migrate_read_version(op.handle, &has);
    if (r == 0) {
        *ret_has = has;
        *ret_wants = (int64_t)sql_migration_count;
    }
    return sql_op_end(&op, r);
}

int sql_migrate(void *self, struct hearth_call *call)
{
    struct op op;
    bool done = false;
    int r = sql_op_begin_any_schema(&op, self, call);
    if (r < 0)
        return r;
    r = sql_batch_is_none(op.handle);
    if (r == 0)
        r = sql_migrate_check(op.handle);
    while (r == 0 && !done)
        r = sql_migrate_step(op.handle, &done);
    if (r == 0)
        r = sql_migrate_end(op.handle);
    return sql_op_end(&op, r);
}
