/* One collection, page by page, record by record as the bytes arrive.
 *
 *   page 1: full=1&newer=<mark>&sort=oldest&limit=N          X-Last-Modified becomes the new mark
 *   page n: the same &offset=<X-Weave-Next-Offset>, X-If-Unmodified-Since: that of page 1
 *   412: somebody wrote meanwhile: everything is forgotten and read again, three times at most
 *   records whose HMAC is wrong: crypto/keys is looked at again; another key: everything is read again with it */
#include "fx.h"

#include <stdio.h>
#include <string.h>

#include "codec.h"
#include "newlines.h"
#include "timestamp.h"

enum { RESTARTS = 3, MAX_PAGES = 100000, MANY = 10 };

#define PAGE_MAX_BYTES (UINT64_C(4) << 30)

struct reading {
    struct fx_reader *reader;
    struct fx_pull *p;
    struct fx_decoder decoder;
    struct fx_newlines lines;
    bool lines_ready, keys_checked;
    int64_t records, bad_hmac; /* since the last restart */
    int64_t announced;         /* X-Weave-Records of this page */
};

static int damaged(struct reading *g, const char *id, const char *why)
{
    g->p->result->damaged++;
    return g->reader->ops->damaged(g->reader->ctx, id, why);
}

static int on_line(void *ctx, const char *line, size_t size)
{
    struct reading *g = ctx;
    struct fx_reader *reader = g->reader;
    struct fx_bso bso;
    json_t *json;
    g->records++;
    g->p->result->records++;
    if (line == NULL)
        return damaged(g, NULL, fx_bso_words(FX_BSO_TOO_LARGE));
    enum fx_bso_status status = fx_bso_read(&g->decoder, line, size, &bso);
    if (status == FX_BSO_OK)
        status = fx_bso_open(&g->decoder, &g->p->state.keys.of[reader->collection], &bso, &json);
    if (status == FX_BSO_NOMEM)
        return HEARTH_ERR_NOMEM;
    if (status != FX_BSO_OK) {
        g->bad_hmac += status == FX_BSO_BAD_HMAC;
        return damaged(g, bso.id[0] != '\0' ? bso.id : NULL, fx_bso_words(status));
    }
    struct fx_record record = {.id = bso.id, .modified = bso.modified * 10, .json = json, .size = g->decoder.plain.size};
    int r = reader->ops->take(reader->ctx, &record);
    json_decref(json);
    return r;
}

static size_t line_limit(const struct fx_pull *p)
{
    const int64_t greatest = 16 << 20, envelope = 64 << 10;
    int64_t limit = p->state.max_payload + p->state.max_payload / 8 + envelope;
    return (size_t)(limit < FX_LINE_MAX ? FX_LINE_MAX : limit > greatest ? greatest : limit);
}

static int on_begin(void *ctx, const struct fx_answer *answer)
{
    struct reading *g = ctx;
    if (answer->body_type == FX_BODY_OTHER)
        return fx_end(
            g->p, HEARTH_ACCOUNT_ERROR,
            "The Sync server's answer to storage/%s is not a list of records (perhaps a proxy's or portal's page). It is tried again.",
            fx_collections[g->reader->collection].name);
    if (g->lines_ready)
        fx_newlines_fini(&g->lines);
    fx_newlines_init(&g->lines, answer->body_type == FX_BODY_JSON, line_limit(g->p), on_line, g);
    g->lines_ready = true;
    g->announced = answer->records;
    return 0;
}

static int cut_off(struct reading *g)
{
    return fx_end(g->p, HEARTH_ACCOUNT_ERROR, "The Sync server's answer to storage/%s was cut off. It is tried again.",
                  fx_collections[g->reader->collection].name);
}

static int on_data(void *ctx, const char *data, size_t size)
{
    struct reading *g = ctx;
    int r = fx_newlines_feed(&g->lines, data, size);
    return r == HEARTH_ERR_INVALID && g->lines.array ? cut_off(g) : r;
}

static int make_path(struct reading *g, const char *offset, char *ret_path, size_t capacity)
{
    struct fx_reader *reader = g->reader;
    char since[FX_TIMESTAMP_TEXT + 16] = "", time[FX_TIMESTAMP_TEXT], encoded[3 * FX_OFFSET_MAX] = "";
    if (reader->since > 0) {
        fx_timestamp_print(reader->since, time);
        snprintf(since, sizeof(since), "&newer=%s", time);
    }
    if (fx_percent_encode(offset, encoded, sizeof(encoded)) != 0)
        return HEARTH_ERR_FULL;
    int size = snprintf(ret_path, capacity, "storage/%s?full=1%s&sort=oldest&limit=%d%s%s", fx_collections[reader->collection].name, since,
                        g->p->fx->config.page_size, offset[0] == '\0' ? "" : "&offset=", encoded);
    return size > 0 && (size_t)size < capacity ? 0 : HEARTH_ERR_FULL;
}

/* One page. ret_answer has the offset of the next. */
static int read_page(struct reading *g, const char *offset, int64_t unmodified_since, struct fx_answer *ret_answer)
{
    char path[2048];
    if (make_path(g, offset, path, sizeof(path)) != 0)
        return cut_off(g);
    struct fx_get get = {.path = path,
                         .newlines = true,
                         .if_unmodified_since = unmodified_since,
                         .max_response = PAGE_MAX_BYTES,
                         .on_begin = on_begin,
                         .on_data = on_data,
                         .ctx = g};
    int r = fx_storage_get(g->p, &get, ret_answer);
    if (r == FX_MISSING || r == FX_UNCHANGED)
        return fx_end_status(g->p, "Sync server", fx_collections[g->reader->collection].name, ret_answer);
    if (r != 0)
        return r;
    r = fx_newlines_end(&g->lines);
    if (r == HEARTH_ERR_INVALID || (r == 0 && g->lines.lines < g->announced))
        return cut_off(g);
    return r;
}

/* Something could not be opened: with the right key? */
static int check_keys(struct reading *g)
{
    if (g->bad_hmac == 0 || g->keys_checked)
        return 0;
    bool changed;
    g->keys_checked = true;
    int r = fx_account_refetch_keys(g->p, g->reader->collection, &changed);
    return r != 0 ? r : changed ? FX_REKEYED : 0;
}

static int read_pages(struct reading *g)
{
    char offset[FX_OFFSET_MAX] = "";
    int64_t first_modified = 0;
    struct fx_answer answer;
    for (int page = 0; page < MAX_PAGES; page++) {
        int r = read_page(g, offset, first_modified, &answer);
        if (r == 0)
            r = check_keys(g);
        if (r != 0)
            return r;
        if (page == 0)
            first_modified = answer.last_modified > 0 ? answer.last_modified : g->p->timestamps[g->reader->collection];
        if (!answer.has_next) {
            g->reader->first_modified = first_modified;
            return 0;
        }
        if (answer.next[0] == '\0' || strcmp(answer.next, offset) == 0)
            break;
        memcpy(offset, answer.next, sizeof(offset));
    }
    return fx_end(g->p, HEARTH_ACCOUNT_ERROR, "The Sync server's pages of %s do not come to an end. It is tried again.",
                  fx_collections[g->reader->collection].title);
}

/* Storing the few that could be opened, as if they were all, would remove the rest. Devices and tabs are soon uploaded again. */
static int check_sound(struct reading *g)
{
    bool lasting = g->reader->collection == HEARTH_BOOKMARKS || g->reader->collection == HEARTH_HISTORY;
    bool none = lasting && g->reader->since == 0 && g->bad_hmac > 0 && g->bad_hmac == g->records;
    bool many = g->bad_hmac >= MANY && g->bad_hmac * 2 > g->records;
    if (!none && !many)
        return 0;
    snprintf(g->p->left, sizeof(g->p->left),
             "Of %lld records of %s, %lld cannot be opened with the account's keys; what was there before is kept. Sync with a Firefox, or "
             "sign in "
             "again.",
             (long long)g->records, fx_collections[g->reader->collection].title, (long long)g->bad_hmac);
    g->p->left_is_error = true;
    return FX_LEFT;
}

static int read_all(struct reading *g)
{
    for (int restarts = 0;; restarts++) {
        int r = read_pages(g);
        if (r != FX_MODIFIED)
            return r != 0 ? r : check_sound(g);
        if (restarts == RESTARTS)
            break;
        g->records = g->bad_hmac = 0;
        r = g->reader->ops->restart(g->reader->ctx);
        if (r < 0)
            return r;
    }
    snprintf(g->p->left, sizeof(g->p->left), "Other devices were writing %s all the time; they are read with the next sync.",
             fx_collections[g->reader->collection].title);
    return FX_LEFT;
}

int fx_reader_run(struct fx_reader *reader)
{
    struct reading g = {.reader = reader, .p = reader->p};
    if (fx_decoder_init(&g.decoder) != 0)
        return fx_break(reader->p, HEARTH_ERR_NOMEM, "Out of memory.");
    int r = read_all(&g);
    if (g.lines_ready)
        fx_newlines_fini(&g.lines);
    fx_decoder_fini(&g.decoder);
    return r;
}
