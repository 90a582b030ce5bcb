#include <stdint.h>
#include <stdio.h>

#include "batch.h"
#include "connection.h"
#include "driver.h"
#include "rows.h"
#include "storage-sql/page_hooks.h"
#include "storage-sql/removals.h"
#include "support/call.h"

/* Array literals of a field of each: "{1,2,3}". Memory of the call. */
struct visit_arrays {
    const char *dates, *types, *sources;
};

static int64_t source_of(const struct hearth_visit *visit)
{
    return HEARTH_HAS(visit, source) ? visit->source : 0;
}

static int make_arrays(struct handle *handle, const struct hearth_visit *visits, size_t count,
                       struct visit_arrays *ret_arrays)
{
    const struct hearth_host *host = handle->database->host;
    char *dates = host->alloc(handle->call, count * 21 + 3),
         *types = host->alloc(handle->call, count * 3 + 3);
    char *sources = host->alloc(handle->call, count * 21 + 3);
    if (dates == NULL || types == NULL || sources == NULL)
        return support_no_memory(handle->call);
    char *d = dates, *t = types, *s = sources;
    for (size_t i = 0; i < count; i++) {
        d += snprintf(d, 22, "%c%lld", i == 0 ? '{' : ',', (long long)HEARTH_AT(visits, i)->date);
        t += snprintf(t, 4, "%c%d", i == 0 ? '{' : ',', (int)HEARTH_AT(visits, i)->type);
        s += snprintf(s, 22, "%c%lld", i == 0 ? '{' : ',',
                      (long long)source_of(HEARTH_AT(visits, i)));
    }
    snprintf(d, 3, "%s}", count == 0 ? "{" : "");
    snprintf(t, 3, "%s}", count == 0 ? "{" : "");
    snprintf(s, 3, "%s}", count == 0 ? "{" : "");
    *ret_arrays = (struct visit_arrays){dates, types, sources};
    return 0;
}

static bool visit_is_first(const struct hearth_visit *visits, size_t i)
{
    size_t k = 0;
    while (k < i && (HEARTH_AT(visits, k)->date != HEARTH_AT(visits, i)->date ||
                     HEARTH_AT(visits, k)->type != HEARTH_AT(visits, i)->type))
        k++;
    return k == i;
}

/* Different (date, type) pairs: what a page without visits will have added. */
static int64_t count_different(const struct hearth_visit *visits, size_t count)
{
    int64_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += visit_is_first(visits, i);
    return n;
}

/* Of what is inserted as `i`: it is not gone any more. */
#define TAKE_OFF                                                                                   \
    "DELETE FROM removals r USING i WHERE r.account = $1 AND r.kind = 2 AND md5(r.key) = md5('') " \
    "AND r.page = $2 AND r.date = i.date "                                                         \
    "AND r.type = i.type"

/* Nothing is known: whether the page is there and had visits comes with the answer. */
#define PUT_AND_ASK(also)                                                                          \
    "WITH p AS (SELECT hidden, host_key, EXISTS (SELECT 1 FROM visits v WHERE v.account = $1 AND " \
    "v.page = $2) AS had "                                                                         \
    "FROM pages WHERE account = $1 AND id = $2), "                                                 \
    "i AS (INSERT INTO visits (account, page, date, type, source, hidden, host_key, generation) "  \
    "SELECT $1, $2, u.date, u.type, u.source, p.hidden, p.host_key, $6::bigint "                   \
    "FROM p, unnest($3::bigint[], $4::int[], $5::int[]) AS u (date, type, source) ON CONFLICT DO " \
    "NOTHING RETURNING date, type)" also " SELECT p.had, (SELECT count(*) FROM i) FROM p"

static int put_and_ask(struct handle *handle, int64_t page, const struct visit_arrays *arrays,
                       int64_t *ret_added)
{
    static const char PUT[] = PUT_AND_ASK(""), PUT_BACK[] = PUT_AND_ASK(", t AS (" TAKE_OFF ")");
    struct query query;
    sql_query_open(&query, handle,
                   sql_removal_may_be(handle, HEARTH_REMOVAL_VISIT) ? PUT_BACK : PUT);
    sql_query_int(&query, handle->batch.account);
    sql_query_int(&query, page);
    sql_query_text(&query, arrays->dates);
    sql_query_text(&query, arrays->types);
    sql_query_text(&query, arrays->sources);
    sql_query_int(&query, handle->batch.generation);
    int r = sql_query_step(&query);
    if (r > 0) {
        *ret_added = sql_column_int(&query, 1);
        handle->batch.delta[COUNT_VISITS] += *ret_added;
        handle->batch.delta[COUNT_PAGES] += *ret_added > 0 && !sql_column_flag(&query, 0);
    }
    sql_query_close(&query);
    if (r == 0)
        return hearth_fail(handle->call, HEARTH_ERR_NOT_FOUND, "no page %lld", (long long)page);
    return r < 0 ? r : 0;
}

#define PUT_FRESH                                                                                  \
    "INSERT INTO visits (account, page, date, type, source, hidden, host_key, generation) SELECT " \
    "$1, $2, u.date, u.type, u.source, p.hidden, "                                                 \
    "p.host_key, $6::bigint FROM pages p, unnest($3::bigint[], $4::int[], $5::int[]) AS u (date, " \
    "type, "                                                                                       \
    "source) "                                                                                     \
    "WHERE p.account = $1 AND p.id = $2 ON CONFLICT DO NOTHING"

static int put_fresh(struct handle *handle, int64_t page, const struct visit_arrays *arrays,
                     int64_t added)
{
    static const char PUT[] = PUT_FRESH,
                      PUT_BACK[] = "WITH i AS (" PUT_FRESH " RETURNING date, type) " TAKE_OFF;
    struct query query;
    sql_query_open(&query, handle,
                   sql_removal_may_be(handle, HEARTH_REMOVAL_VISIT) ? PUT_BACK : PUT);
    sql_query_int(&query, handle->batch.account);
    sql_query_int(&query, page);
    sql_query_text(&query, arrays->dates);
    sql_query_text(&query, arrays->types);
    sql_query_text(&query, arrays->sources);
    sql_query_int(&query, handle->batch.generation);
    handle->batch.delta[COUNT_VISITS] += added;
    handle->batch.delta[COUNT_PAGES] += added > 0;
    return sql_query_later(&query, COUNT_NONE, 0);
}

/* Of the page that was written or read last: nothing of it has to be looked up. */
static int collect_visits(struct handle *handle, const struct known_page *page,
                          const struct hearth_visit *visits, size_t count)
{
    static const char INSERT[] =
        "INSERT INTO visits (account, page, date, type, source, hidden, host_key, generation) "
        "SELECT ?1::bigint, u.* FROM unnest(?2::bigint[], ?3::bigint[], ?4::bigint[], "
        "?5::bigint[], ?6::boolean[], ?7::bigint[], ?8::bigint[]) AS u";
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        const struct hearth_visit *visit = HEARTH_AT(visits, i);
        struct query query;
        if (!visit_is_first(visits, i))
            continue;
        pg_rows_open(&query, handle, ROWS_VISITS, INSERT);
        sql_query_int(&query, page->id);
        sql_query_int(&query, visit->date);
        sql_query_int(&query, visit->type);
        sql_query_int(&query, source_of(visit));
        sql_query_flag(&query, page->hidden);
        sql_query_int(&query, page->host_key);
        sql_query_int(&query, handle->batch.generation);
        r = pg_rows_add(&query);
    }
    return r;
}

/* Does the batch know that the page is there and has no visits? From here on it may have some. */
static int take_fresh(struct handle *handle, int64_t page, bool *ret_fresh)
{
    struct batch *batch = &handle->batch;
    uint64_t id = (uint64_t)page;
    bool fresh = batch->fresh == page || (batch->empty && number_set_has(&batch->pages, id) &&
                                          !number_set_has(&batch->visited, id));
    if (batch->empty && !number_set_add(&batch->visited, id))
        return support_no_memory(handle->call);
    if (batch->fresh == page)
        batch->fresh = 0;
    *ret_fresh = fresh;
    return 0;
}

int sql_visits_write(struct handle *handle, int64_t page, const struct hearth_visit *visits,
                     size_t count, int64_t *ret_added)
{
    enum { FEW = 200 };
    struct batch *batch = &handle->batch;
    struct visit_arrays arrays;
    bool fresh = false;
    int r = count > 0 ? take_fresh(handle, page, &fresh) : 0;
    if (r < 0)
        return r;
    fresh = fresh && count <= FEW;
    if (fresh && batch->last.id == page && !sql_removal_may_be(handle, HEARTH_REMOVAL_VISIT)) {
        *ret_added = count_different(visits, count);
        batch->delta[COUNT_VISITS] += *ret_added;
        batch->delta[COUNT_PAGES] += *ret_added > 0;
        return collect_visits(handle, &batch->last, visits, count);
    }
    r = make_arrays(handle, visits, count, &arrays);
    if (r == 0 && !fresh)
        return put_and_ask(handle, page, &arrays, ret_added);
    if (r < 0)
        return r;
    *ret_added = count_different(visits, count);
    return put_fresh(handle, page, &arrays, *ret_added);
}

int sql_visits_erase(struct handle *handle, int64_t page)
{
    static const char REMOVE[] =
        "WITH v AS (DELETE FROM visits WHERE account = ?1 AND page = ?2 RETURNING date, type), "
        "r AS (INSERT INTO removals (account, " REMOVAL_NAMES ") "
        "SELECT ?1, 2, '', ?2, v.date, v.type, 0, ?3 FROM v" REMOVAL_AGAIN ") "
        "SELECT -count(*), -least(count(*), 1) FROM v";
    struct query query;
    sql_query_open(&query, handle, REMOVE);
    sql_query_batch(&query);
    sql_query_int(&query, page);
    sql_query_int(&query, handle->batch.generation);
    sql_removal_note(handle, HEARTH_REMOVAL_VISIT);
    return pg_query_later_sums(&query, COUNT_VISITS, COUNT_PAGES);
}
