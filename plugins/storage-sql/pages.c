/* Pages, their guids and visits, in a batch: what is asked of an operation. Each plugin writes
 * the rows (page_hooks.h). */
#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/page_hooks.h"

int sql_page_put(void *self, struct hearth_call *call, const struct hearth_page *page)
{
    struct op op;
    if (page->id <= 0 || page->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a page needs a positive id and a URL");
    int r = sql_op_begin_in_batch(&op, self, call);
    return r < 0 ? r : sql_op_end_in_batch(&op, sql_page_write(op.handle, page));
}

int sql_page_remove(void *self, struct hearth_call *call, int64_t page)
{
    struct op op;
    int r = sql_op_begin_in_batch(&op, self, call);
    return r < 0 ? r : sql_op_end_in_batch(&op, sql_page_erase(op.handle, page));
}

int sql_page_by_guid(void *self, struct hearth_call *call, const char *guid, int64_t *ret_page)
{
    static const char BY_GUID[] =
        "SELECT " PAGE_OF_GUID "WHERE " OF_BATCH SAME_TEXT("g.guid", "?2");
    struct op op;
    struct query query;
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, BY_GUID);
    sql_query_batch(&query);
    sql_query_text(&query, guid);
    if (sql_page_expect_guid(op.handle, guid))
        r = sql_query_step(&query);
    if (r > 0)
        *ret_page = sql_column_int(&query, 0);
    sql_query_close(&query);
    if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page has this guid");
    return sql_op_end(&op, r > 0 ? 0 : r);
}

int sql_page_guid_put(void *self, struct hearth_call *call, const char *guid, int64_t page)
{
    struct op op;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = sql_op_begin_in_batch(&op, self, call);
    return r < 0 ? r : sql_op_end_in_batch(&op, sql_page_join_guid(op.handle, guid, page));
}

int sql_page_guid_remove(void *self, struct hearth_call *call, const char *guid)
{
    static const char REMOVE[] = "DELETE FROM page_guids WHERE " OF_BATCH SAME_TEXT("guid", "?2");
    struct op op;
    struct query query;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, REMOVE);
    sql_query_batch(&query);
    sql_query_text(&query, guid);
    return sql_op_end_in_batch(&op, sql_query_later(&query, COUNT_NONE, 0));
}

int sql_page_is_missing(struct handle *handle, int64_t page)
{
    return hearth_fail(handle->call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)page);
}

static int visits_check_types(struct hearth_call *call, const struct hearth_visit *visits,
                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (HEARTH_AT(visits, i)->type < 0 || HEARTH_AT(visits, i)->type > 9)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a visit of type %d",
                               (int)HEARTH_AT(visits, i)->type);
    return 0;
}

int sql_visits_put(void *self, struct hearth_call *call, int64_t page,
                   const struct hearth_visit *visits, size_t count, int64_t *ret_added)
{
    struct op op;
    int64_t added = 0;
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = visits_check_types(call, visits, count);
    if (r == 0)
        r = sql_visits_write(op.handle, page, visits, count, &added);
    if (r == 0 && ret_added != NULL)
        *ret_added = added;
    return sql_op_end_in_batch(&op, r);
}

int sql_visits_remove(void *self, struct hearth_call *call, int64_t page)
{
    struct op op;
    int r = sql_op_begin_in_batch(&op, self, call);
    return r < 0 ? r : sql_op_end_in_batch(&op, sql_visits_erase(op.handle, page));
}
