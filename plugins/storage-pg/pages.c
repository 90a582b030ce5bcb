/* Pages and their guids, in a batch. Most of it is sent without waiting for an answer; what has to be known is asked for, unless the batch
 * knows all pages of the account. */
#include "pages.h"

#include "batch.h"
#include "driver.h"
#include "storage-sql/removals.h"
#include "support/call.h"
#include "support/hash.h"
#include "support/text.h"

/* 0: it is there, as far as this batch knows; NOT_FOUND: it is not; 1: the server has to be asked. */
static int known_page(struct session *session, int64_t page)
{
    struct batch *batch = &session->batch;
    if (batch->absent == page)
        return HEARTH_ERR_NOT_FOUND;
    if (batch->fresh == page || number_set_has(&batch->pages, (uint64_t)page))
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
        if (guids ? !number_set_add_text(&batch->guids, column_text(&query, 0))
                  : !number_set_add(&batch->pages, (uint64_t)column_int(&query, 0)))
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
        return r < 0 ? page_is_missing(session, page) : 0;
    query_open(&query, session, "SELECT 1 FROM pages WHERE account = $1 AND id = $2");
    query_int(&query, session->batch.account);
    query_int(&query, page);
    r = query_step(&query);
    query_close(&query);
    return r > 0 ? 0 : r < 0 ? r : page_is_missing(session, page);
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
    return r < 0 ? r : !batch->knows || number_set_has(&batch->pages, (uint64_t)page);
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
    "INSERT INTO pages (account, generation, host_key, " SQL_NAMES(HEARTH_PAGE_FIELDS) ") VALUES (?1, ?2, ?3, " SQL_VALUES(                \
        first, page, HEARTH_PAGE_FIELDS) ")"

/* A page whose host or visibility changes takes its visits along; one that comes back is not remembered as removed any more. ?4 id, ?5
 * hidden. */
static const char PUT[] = "WITH old AS (SELECT hidden, host_key FROM pages WHERE account = ?1 AND id = ?4), "
                          "v AS (UPDATE visits SET hidden = ?5, host_key = ?3 WHERE account = ?1 AND page = ?4 "
                          "AND EXISTS (SELECT 1 FROM old WHERE old.hidden <> ?5 OR old.host_key <> ?3)), "
                          "r AS (DELETE FROM removals WHERE account = ?1 AND kind = 1 AND md5(key) = md5('') AND page = ?4) " INSERT_PAGE(
                              "?6") " ON CONFLICT (account, id) DO UPDATE SET generation = excluded.generation, host_key = "
                                    "excluded.host_key, " SQL_EXCLUDED(page, HEARTH_PAGE_FIELDS);

/* Of a page that is known to be new: nothing of it has to be looked for. */
static const char INSERT[] = INSERT_PAGE("?4");

int page_write(struct session *session, const struct hearth_page *page)
{
    struct batch *batch = &session->batch;
    struct query query;
    bool is_new = batch->knows && !number_set_has(&batch->pages, (uint64_t)page->id);
    bool fresh = known_page(session, page->id) == HEARTH_ERR_NOT_FOUND;
    bool plain = is_new && !removal_may_be(session, HEARTH_REMOVAL_PAGE);
    query_open(&query, session, plain ? INSERT : PUT);
    query_batch(&query);
    query_int(&query, batch->generation);
    query_int(&query, support_host_key(support_or_empty(page->host)));
    if (!plain) {
        query_int(&query, page->id);
        query_flag(&query, page->hidden);
    }
    sql_bind_page(&query, page);
    int r = query_later(&query, COUNT_NONE, 0);
    if (r == 0 && batch->knows && !number_set_add(&batch->pages, (uint64_t)page->id))
        r = support_no_memory(session->call);
    batch->absent = batch->absent == page->id ? 0 : batch->absent;
    if (fresh)
        batch->fresh = page->id;
    return r;
}

/* The sets cannot forget one. */
static void forget_known(struct batch *batch)
{
    batch->knows = batch->empty = false;
    number_set_clear(&batch->pages);
    number_set_clear(&batch->guids);
}

int page_erase(struct session *session, int64_t page)
{
    static const char REMOVE[] = "WITH v AS (DELETE FROM visits WHERE account = ?1 AND page = ?2 RETURNING date, type), "
                                 "g AS (DELETE FROM page_guids WHERE account = ?1 AND page = ?2), "
                                 "p AS (DELETE FROM pages WHERE account = ?1 AND id = ?2 RETURNING 1), "
                                 "r AS (INSERT INTO removals (account, " REMOVAL_NAMES ") "
                                 "SELECT ?1::bigint, 1, '', ?2::bigint, 0, 0, 0, ?3::bigint FROM p UNION ALL "
                                 "SELECT ?1::bigint, 2, '', ?2::bigint, v.date, v.type, 0, ?3::bigint FROM v" REMOVAL_AGAIN ") "
                                 "SELECT -(SELECT count(*) FROM v), -(SELECT count(*) FROM (SELECT 1 FROM v LIMIT 1) had)";
    struct batch *batch = &session->batch;
    struct query query;
    query_open(&query, session, REMOVE);
    query_batch(&query);
    query_int(&query, page);
    query_int(&query, batch->generation);
    int r = query_later_sums(&query, COUNT_VISITS, COUNT_PAGES);
    forget_known(batch);
    removal_note(session, HEARTH_REMOVAL_PAGE);
    removal_note(session, HEARTH_REMOVAL_VISIT);
    batch->fresh = 0;
    batch->absent = page;
    return r;
}

bool page_expect_guid(const struct session *session, const char *guid)
{
    return !session->batch.knows || number_set_has_text(&session->batch.guids, support_or_empty(guid));
}

int page_join_guid(struct session *session, const char *guid, int64_t page)
{
    static const char PUT_GUID[] = "INSERT INTO page_guids (account, guid, page) VALUES (?1, ?2, ?3) "
                                   "ON CONFLICT (account, md5(guid)) DO UPDATE SET page = excluded.page";
    struct query query;
    int r = find_page(session, page);
    if (r == 0 && session->batch.knows && !number_set_add_text(&session->batch.guids, guid))
        r = support_no_memory(session->call);
    if (r < 0)
        return r;
    query_open(&query, session, PUT_GUID);
    query_batch(&query);
    query_text(&query, guid);
    query_int(&query, page);
    return query_later(&query, COUNT_NONE, 0);
}
