/* Pages, their guids and visits, in a batch: what is asked of an operation. Each plugin writes the rows (page_hooks.h). */
#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/page_hooks.h"

int page_put(void *self, struct hearth_call *call, const struct hearth_page *page)
{
    struct op op;
    if (page->id <= 0 || page->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a page needs a positive id and a URL");
    int r = op_begin_in_batch(&op, self, call);
    return r < 0 ? r : op_end_in_batch(&op, page_write(op.session, page));
}

int page_remove(void *self, struct hearth_call *call, int64_t page)
{
    struct op op;
    int r = op_begin_in_batch(&op, self, call);
    return r < 0 ? r : op_end_in_batch(&op, page_erase(op.session, page));
}

int page_by_guid(void *self, struct hearth_call *call, const char *guid, int64_t *ret_page)
{
    static const char BY_GUID[] = "SELECT " PAGE_OF_GUID "WHERE " OF_BATCH SAME_TEXT("g.guid", "?2");
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, BY_GUID);
    query_batch(&query);
    query_text(&query, guid);
    if (page_expect_guid(op.session, guid))
        r = query_step(&query);
    if (r > 0)
        *ret_page = column_int(&query, 0);
    query_close(&query);
    if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page has this guid");
    return op_end(&op, r > 0 ? 0 : r);
}

int page_guid_put(void *self, struct hearth_call *call, const char *guid, int64_t page)
{
    struct op op;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = op_begin_in_batch(&op, self, call);
    return r < 0 ? r : op_end_in_batch(&op, page_join_guid(op.session, guid, page));
}

int page_guid_remove(void *self, struct hearth_call *call, const char *guid)
{
    static const char REMOVE[] = "DELETE FROM page_guids WHERE " OF_BATCH SAME_TEXT("guid", "?2");
    struct op op;
    struct query query;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_batch(&query);
    query_text(&query, guid);
    return op_end_in_batch(&op, query_later(&query, COUNT_NONE, 0));
}

int page_is_missing(struct session *session, int64_t page)
{
    return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)page);
}

static int check_visits(struct hearth_call *call, const struct hearth_visit *visits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (HEARTH_AT(visits, i)->type < 0 || HEARTH_AT(visits, i)->type > 9)
            return hearth_fail(call, HEARTH_ERR_INVALID, "a visit of type %d", (int)HEARTH_AT(visits, i)->type);
    return 0;
}

int visits_put(void *self, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added)
{
    struct op op;
    int64_t added = 0;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = check_visits(call, visits, count);
    if (r == 0)
        r = visits_write(op.session, page, visits, count, &added);
    if (r == 0 && ret_added != NULL)
        *ret_added = added;
    return op_end_in_batch(&op, r);
}

int visits_remove(void *self, struct hearth_call *call, int64_t page)
{
    struct op op;
    int r = op_begin_in_batch(&op, self, call);
    return r < 0 ? r : op_end_in_batch(&op, visits_erase(op.session, page));
}
