/* The schema: what the database has, and the way to what the plugin wants. */
#include "driver.h"
#include "storage-sql/migrate_hooks.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/migrations.h"
#include "storage-sql/operations.h"

int migrate_schema_version(void *self, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants)
{
    struct op op;
    int64_t has = 0;
    int r = op_begin_any_schema(&op, self, call);
    if (r < 0)
        return r;
    r = migrate_read_version(op.session, &has);
    if (r == 0) {
        *ret_has = has;
        *ret_wants = (int64_t)migration_count;
    }
    return op_end(&op, r);
}

int migrate_run(void *self, struct hearth_call *call)
{
    struct op op;
    bool done = false;
    int r = op_begin_any_schema(&op, self, call);
    if (r < 0)
        return r;
    r = batch_is_none(op.session);
    if (r == 0)
        r = migrate_check(op.session);
    while (r == 0 && !done)
        r = migrate_step(op.session, &done);
    if (r == 0)
        r = migrate_end(op.session);
    return op_end(&op, r);
}
