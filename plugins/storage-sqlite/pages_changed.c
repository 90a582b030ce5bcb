#include "driver.h"
#include "files.h"
#include "storage-sql/page_hooks.h"

/* One statement, so one snapshot: the account, whose row says whether the answer is known, then
 * the pages, then those that are gone. */
static const char CHANGED[] =
    "SELECT CASE WHEN forgotten <= ?1 AND ?1 <= generation THEN 1 ELSE 0 END, NULL, "
    "NULL, " SQL_NULLS(
        HEARTH_PAGE_FIELDS) " FROM account "
                            "UNION ALL SELECT 2, NULL, p.generation, " SQL_COLUMNS(
                                p,
                                HEARTH_PAGE_FIELDS) " FROM pages p INDEXED BY pages_by_generation "
                                                    "WHERE p.generation > ?1 "
                                                    "UNION ALL SELECT 3, page, "
                                                    "generation, " SQL_NULLS(
                                                        HEARTH_PAGE_FIELDS) " FROM removals "
                                                                            "INDEXED BY "
                                                                            "removals_by_"
                                                                            "generation "
                                                                            "WHERE generation > ?1 "
                                                                            "AND kind = 1";

enum { CHANGED_KNOWN = 1, CHANGED_GONE = 3 };

int sql_account_first_generation(void *self, struct hearth_call *call, const char *account,
                                 int64_t *ret_generation)
{
    struct op op;
    struct sqlite_file_state state;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = sqlite_file_state(op.handle, account, &state);
    if (r == 0)
        *ret_generation = state.generation;
    return sql_op_end(&op, r);
}

int sql_pages_changed(void *self, struct hearth_call *call, const char *account, int64_t since,
                      hearth_page_cb cb, void *ctx)
{
    struct op op;
    struct query query;
    struct hearth_page page;
    bool known = false;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r == OP_NO_ROWS)
        return sql_page_changes_without_rows(self, call, account, since);
    if (r != 0)
        return r < 0 ? r : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    sql_query_open(&query, op.handle, CHANGED);
    sql_query_int(&query, since);
    while ((r = sql_query_step(&query)) > 0) {
        int64_t what = sql_column_int(&query, 0);
        if (what == CHANGED_KNOWN) {
            known = true;
            continue;
        }
        sql_read_page(&query, 3, &page);
        page.generation = sql_column_int(&query, 2);
        page.gone = what == CHANGED_GONE;
        if (page.gone)
            page.id = sql_column_int(&query, 1);
        if (!known || cb(ctx, &page) != 0) {
            r = 0;
            break;
        }
    }
    sql_query_close(&query);
    if (r == 0 && !known)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                        "what changed since generation %lld is not known any more",
                        (long long)since);
    return sql_op_end(&op, r);
}
