#include "pages.h"

#include "driver.h"
#include "storage-sql/removals.h"
#include "support/hash.h"
#include "support/text.h"

int page_find(struct session *session, int64_t id, struct known_page *ret_page)
{
    static const char FIND[] = "SELECT row, host, hidden FROM pages WHERE id = ?";
    struct known_page *known = &session->batch.page;
    if (known->id != id) {
        struct query query;
        query_open(&query, session, FIND);
        query_int(&query, id);
        int r = query_step(&query);
        if (r > 0)
            *known = (struct known_page){
                .id = id,
                .row = column_int(&query, 0),
                .host_key = support_host_key(support_or_empty(column_text(&query, 1))),
                .hidden = column_int(&query, 2) != 0,
            };
        else if (r == 0)
            *known = (struct known_page){.id = id};
        query_close(&query);
        if (r < 0)
            return r;
    }
    if (known->row == 0)
        return page_is_missing(session, id);
    *ret_page = *known;
    return 0;
}

int page_expect(struct op *op, const char *account, int64_t page)
{
    (void)op;
    (void)account;
    (void)page;
    return 1;
}

/* The core reads a page before it writes it: what is known now need not be looked up again. */
void page_note(struct op *op, const char *account, int64_t id, const struct hearth_page *page, int64_t row)
{
    struct batch *batch = op_batch_of(op, account);
    if (batch == NULL)
        return;
    batch->page = (struct known_page){.id = id};
    if (page != NULL)
        batch->page = (struct known_page){.id = id, .row = row, .host_key = support_host_key(page->host), .hidden = page->hidden};
}

static int insert_page(struct session *session, const struct hearth_page *page, int64_t *ret_row)
{
    static const char INSERT[] =
        "INSERT INTO pages (generation, " SQL_NAMES(HEARTH_PAGE_FIELDS) ") VALUES (?1, " SQL_VALUES("?2", page, HEARTH_PAGE_FIELDS) ")";
    struct query query;
    query_open(&query, session, INSERT);
    query_int(&query, session->batch.generation);
    sql_bind_page(&query, page);
    int r = query_run(&query, NULL);
    if (r < 0)
        return r;
    *ret_row = sqlite3_last_insert_rowid(session->current->db);
    return removal_take_off(session, &(struct hearth_removal){.kind = HEARTH_REMOVAL_PAGE, .page = page->id});
}

static int update_page(struct session *session, const struct hearth_page *page, const struct known_page *old, int64_t host_key)
{
    static const char UPDATE[] = "UPDATE pages SET generation = ?1, " SQL_SET(HEARTH_PAGE_FIELDS) " WHERE row = ?";
    static const char VISITS[] = "UPDATE visits SET hidden = ?2, host_key = ?3 WHERE page_row = ?1";
    struct query query;
    query_open(&query, session, UPDATE);
    query_int(&query, session->batch.generation);
    sql_bind_page_rest(&query, page);
    query_int(&query, old->row);
    int r = query_run(&query, NULL);
    if (r < 0 || (old->hidden == page->hidden && old->host_key == host_key))
        return r;
    query_open(&query, session, VISITS);
    query_int(&query, old->row);
    query_int(&query, page->hidden);
    query_int(&query, host_key);
    return query_run(&query, NULL);
}

static int run_with_row(struct session *session, const char *sql, int64_t row)
{
    struct query query;
    query_open(&query, session, sql);
    query_int(&query, row);
    return query_run(&query, NULL);
}

static int remember_removed(struct session *session, int64_t page)
{
    static const char REMEMBER[] = "INSERT INTO removals (" REMOVAL_NAMES ") VALUES (" REMOVAL_PAGE ", '', ?, 0, 0, 0, ?)" REMOVAL_AGAIN;
    struct query query;
    query_open(&query, session, REMEMBER);
    query_int(&query, page);
    query_int(&query, session->batch.generation);
    removal_note(session, HEARTH_REMOVAL_PAGE);
    return query_run(&query, NULL);
}

int page_write(struct session *session, const struct hearth_page *page)
{
    struct known_page known;
    int64_t host_key = support_host_key(support_or_empty(page->host));
    int r = page_find(session, page->id, &known);
    bool is_new = r == HEARTH_ERR_NOT_FOUND;
    if (r == 0)
        r = update_page(session, page, &known, host_key);
    else if (is_new)
        r = insert_page(session, page, &known.row);
    if (r == 0)
        session->batch.page = (struct known_page){
            .id = page->id, .row = known.row, .host_key = host_key, .hidden = page->hidden, .fresh = is_new || known.fresh};
    return r;
}

int page_erase(struct session *session, int64_t page)
{
    static const char GUIDS[] = "DELETE FROM page_guids WHERE page_row = ?", PAGE[] = "DELETE FROM pages WHERE row = ?";
    struct known_page known;
    int r = page_find(session, page, &known);
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    session->batch.page = (struct known_page){.id = 0};
    if (r == 0)
        r = page_remove_visits(session, &known);
    if (r == 0)
        r = run_with_row(session, GUIDS, known.row);
    if (r == 0)
        r = run_with_row(session, PAGE, known.row);
    return r == 0 ? remember_removed(session, page) : r;
}

bool page_expect_guid(const struct session *session, const char *guid)
{
    (void)session;
    (void)guid;
    return true;
}

int page_join_guid(struct session *session, const char *guid, int64_t page)
{
    static const char PUT[] = "INSERT INTO page_guids (guid, page_row) VALUES (?, ?) "
                              "ON CONFLICT (guid) DO UPDATE SET page_row = excluded.page_row";
    struct query query;
    struct known_page known;
    int r = page_find(session, page, &known);
    if (r < 0)
        return r;
    query_open(&query, session, PUT);
    query_text(&query, guid);
    query_int(&query, known.row);
    return query_run(&query, NULL);
}
