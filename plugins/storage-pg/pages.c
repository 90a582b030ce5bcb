/* Pages and their guids, in a batch. Most of it is sent without waiting for an answer; what has to be known is asked for, unless the batch
 * knows all pages of the account. */
#include "pages.h"

#include "batch.h"
#include "driver.h"
#include "storage-sql/operations.h"
#include "support/call.h"
#include "support/hash.h"
#include "support/number_set.h"
#include "support/text.h"

enum { REMOVED_KEPT = 20000 }; /* removed pages that an account remembers */

static int no_page(struct session *session, int64_t page)
{
    return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)page);
}

/* 0: it is there, as far as this batch knows; NOT_FOUND: it is not; 1: the server has to be asked. */
static int known_page(struct session *session, int64_t page)
{
    struct batch *batch = &session->batch;
    if (batch->absent == page)
        return HEARTH_ERR_NOT_FOUND;
    if (batch->fresh == page || support_number_set_has(&batch->pages, (uint64_t)page))
        return 0;
    return batch->knows ? HEARTH_ERR_NOT_FOUND : 1;
}

static int learn(struct session *session, const char *sql, bool guids)
{
    struct batch *batch = &session->batch;
    struct query query;
    int r;
    query_open(&query, session, sql);
    query_int(&query, batch->account);
    while ((r = query_step(&query)) > 0)
        if (guids ? !support_number_set_add_text(&batch->guids, column_text(&query, 0))
                  : !support_number_set_add(&batch->pages, (uint64_t)column_int(&query, 0)))
            break;
    query_close(&query);
    return r > 0 ? support_no_memory(session->call) : r;
}

int page_learn(struct session *session)
{
    int r = learn(session, "SELECT id FROM pages WHERE account = $1", false);
    if (r == 0)
        r = learn(session, "SELECT guid FROM page_guids WHERE account = $1", true);
    session->batch.knows = r == 0;
    return r;
}

static int find_page(struct session *session, int64_t page)
{
    struct query query;
    int r = known_page(session, page);
    if (r <= 0)
        return r < 0 ? no_page(session, page) : 0;
    query_open(&query, session, "SELECT 1 FROM pages WHERE account = $1 AND id = $2");
    query_int(&query, session->batch.account);
    query_int(&query, page);
    r = query_step(&query);
    query_close(&query);
    return r > 0 ? 0 : r < 0 ? r : no_page(session, page);
}

/* 0: it is not there; 1: the server knows. Many questions make it worth to learn all pages. */
int page_expect(struct op *op, const char *account, int64_t page)
{
    struct batch *batch = op_batch_of(op, account);
    int r = 0;
    if (batch == NULL)
        return 1;
    if (!batch->knows && ++batch->asked == batch->worth)
        r = page_learn(op->session);
    return r < 0 ? r : !batch->knows || support_number_set_has(&batch->pages, (uint64_t)page);
}

void page_note(struct op *op, const char *account, int64_t id, const struct hearth_page *page, int64_t row)
{
    struct batch *batch = op_batch_of(op, account);
    (void)row;
    if (batch != NULL && page == NULL)
        batch->absent = id;
}

/* ?1 account, ?2 generation, ?3 key of the host; `first`: where the fields begin. */
#define INSERT_PAGE(first)                                                                                                                 \
    "INSERT INTO pages (account, generation, host_key, " SQL_NAMES(HEARTH_PAGE_FIELDS) ") VALUES (?1, ?2, ?3, " SQL_VALUES(first, page, HEARTH_PAGE_FIELDS) ")"

/* A page whose host or visibility changes takes its visits along; one that comes back is not remembered as removed any more. ?4 id, ?5
 * hidden. */
static const char PUT[] = "WITH old AS (SELECT hidden, host_key FROM pages WHERE account = ?1 AND id = ?4), "
                          "v AS (UPDATE visits SET hidden = ?5, host_key = ?3 WHERE account = ?1 AND page = ?4 "
                          "AND EXISTS (SELECT 1 FROM old WHERE old.hidden <> ?5 OR old.host_key <> ?3)), "
                          "r AS (DELETE FROM removed_pages WHERE account = ?1 AND id = ?4) " INSERT_PAGE(
                              "?6") " ON CONFLICT (account, id) DO UPDATE SET generation = excluded.generation, host_key = "
                                    "excluded.host_key, " SQL_EXCLUDED(page, HEARTH_PAGE_FIELDS);

/* Of a page that is known to be new: nothing of it has to be looked for. */
static const char INSERT[] = INSERT_PAGE("?4");

int page_put(void *self, struct hearth_call *call, const struct hearth_page *page)
{
    struct op op;
    struct query query;
    if (page->id <= 0 || page->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a page needs a positive id and a URL");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    struct batch *batch = &op.session->batch;
    bool new = batch->knows && !support_number_set_has(&batch->pages, (uint64_t)page->id);
    bool fresh = known_page(op.session, page->id) == HEARTH_ERR_NOT_FOUND;
    bool plain = new && !batch->removed_pages && !batch->had_removed;
    query_open(&query, op.session, plain ? INSERT : PUT);
    query_batch(&query);
    query_int(&query, batch->generation);
    query_int(&query, support_host_key(support_or_empty(page->host)));
    if (!plain) {
        query_int(&query, page->id);
        query_flag(&query, page->hidden);
    }
    sql_bind_page(&query, page);
    r = query_later(&query, COUNT_NONE, 0);
    if (r == 0 && batch->knows && !support_number_set_add(&batch->pages, (uint64_t)page->id))
        r = support_no_memory(call);
    batch->absent = batch->absent == page->id ? 0 : batch->absent;
    if (fresh)
        batch->fresh = page->id;
    return op_end_in_batch(&op, r);
}

int page_remove(void *self, struct hearth_call *call, int64_t page)
{
    static const char REMOVE[] = "WITH v AS (DELETE FROM visits WHERE account = $1 AND page = $2 RETURNING 1), "
                                 "g AS (DELETE FROM page_guids WHERE account = $1 AND page = $2), "
                                 "p AS (DELETE FROM pages WHERE account = $1 AND id = $2 RETURNING 1), "
                                 "r AS (INSERT INTO removed_pages (account, id, generation) SELECT $1, $2, $3 FROM p "
                                 "ON CONFLICT (account, id) DO UPDATE SET generation = excluded.generation) "
                                 "SELECT -(SELECT count(*) FROM v), -(SELECT count(*) FROM (SELECT 1 FROM v LIMIT 1) had)";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    struct batch *batch = &op.session->batch;
    query_open(&query, op.session, REMOVE);
    query_int(&query, batch->account);
    query_int(&query, page);
    query_int(&query, batch->generation);
    r = query_later_sums(&query, COUNT_VISITS, COUNT_PAGES);
    batch->removed_pages = true;
    batch->knows = false; /* the sets cannot forget one */
    batch->fresh = 0;
    batch->absent = page;
    batch->pages.count = batch->guids.count = 0;
    if (batch->pages.room > 0)
        memset(batch->pages.slots, 0, batch->pages.room * sizeof(*batch->pages.slots));
    if (batch->guids.room > 0)
        memset(batch->guids.slots, 0, batch->guids.room * sizeof(*batch->guids.slots));
    return op_end_in_batch(&op, r);
}

int page_forget_removed(struct session *session)
{
    static const char FORGET[] =
        "WITH o AS (SELECT generation FROM removed_pages WHERE account = $1 ORDER BY generation DESC LIMIT 1 OFFSET $2), "
        "f AS (DELETE FROM removed_pages r USING o WHERE r.account = $1 AND r.generation <= o.generation) "
        "UPDATE accounts SET forgotten = greatest(forgotten, o.generation) FROM o WHERE row = $1";
    struct query query;
    query_open(&query, session, FORGET);
    query_int(&query, session->batch.account);
    query_int(&query, REMOVED_KEPT);
    return query_later(&query, COUNT_NONE, 0);
}

int page_by_guid(void *self, struct hearth_call *call, const char *guid, int64_t *ret_page)
{
    static const char BY_GUID[] = "SELECT page FROM page_guids WHERE account = $1 AND md5(guid) = md5($2) AND guid = $2";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    if (op.session->batch.knows && !support_number_set_has_text(&op.session->batch.guids, support_or_empty(guid)))
        return op_end(&op, hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no page has this guid"));
    query_open(&query, op.session, BY_GUID);
    query_int(&query, op.session->batch.account);
    query_text(&query, guid);
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
    static const char PUT_GUID[] = "INSERT INTO page_guids (account, guid, page) VALUES ($1, $2, $3) "
                                   "ON CONFLICT (account, md5(guid)) DO UPDATE SET page = excluded.page";
    struct op op;
    struct query query;
    if (guid == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no guid is given");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = find_page(op.session, page);
    if (r == 0 && op.session->batch.knows && !support_number_set_add_text(&op.session->batch.guids, guid))
        r = support_no_memory(call);
    if (r == 0) {
        query_open(&query, op.session, PUT_GUID);
        query_int(&query, op.session->batch.account);
        query_text(&query, guid);
        query_int(&query, page);
        r = query_later(&query, COUNT_NONE, 0);
    }
    return op_end_in_batch(&op, r);
}
