/* One collection, page by page, record by record as the bytes arrive.
 *
 *   page 1: full=1&newer=<cursor>&sort=oldest&limit=N        X-Last-Modified becomes the new cursor
 *   page n: the same &offset=<X-Weave-Next-Offset>, X-If-Unmodified-Since: that of page 1; sent
 *     with the head of the page before, if the host can; a larger N where the server is fast
 *   412: somebody wrote meanwhile: everything is forgotten and read again, three times at most
 *   records whose HMAC is wrong: crypto/keys is looked at again; another key: everything is read
 *     again with it
 *   after more than one page: the ids alone, to see that all of them came
 * With `ids`: full=1&ids=…, once. */
#include "fx.h"

#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "newlines.h"
#include "timestamp.h"
#include "base/number_set.h"
#include "codec/codec.h"

enum { RESTARTS = 3, MAX_PAGES = 100000, FEW = 10, FEW_IN = 20 };
/* pages in a row that bring nothing that had not come, and lead on all the same */
enum { IDLE_PAGES_MAX = 100 };
/* of pages: see choose_limit() */
enum { GROWTH = 8, FAST_MS = 2000, SLOW_MS = 15000 };
/* of one collection: their ids are kept until it ends, 16 to 32 bytes each */
enum { RECORDS_MAX = 4000000 };

#define PAGE_MAX_BYTES (UINT64_C(4) << 30)

struct reading {
    struct fx_reader *reader;
    struct fx_pull *p;
    struct fx_decode *decode;
    struct fx_newlines lines;
    bool lines_ready, keys_checked;
    bool counting; /* ids alone: see check_complete() */
    int pages, restarts;
    /* the page that is read, and the circle that its offsets may be */
    int page;
    char offset[FX_OFFSET_MAX], earlier[FX_OFFSET_MAX];
    int64_t first_modified; /* X-Last-Modified of the first; 0: not known yet */
    /* records that this page was asked for, and that the next one is; see choose_limit() */
    int limit, next_limit;
    int64_t began, took; /* ms: the head of this page; how long the one before took, -1: none */
    struct number_set came;
    int64_t listed, missing; /* ids of that list, and those of them that did not come */
    int64_t bad_hmac;        /* since the last restart */
    int64_t announced;       /* X-Weave-Records of this page */
};

static int reader_damaged(struct reading *g, const char *id, const char *other_id, const char *why)
{
    struct fx_reader *reader = g->reader;
    reader->damaged++;
    g->p->result->damaged++;
    if (id == NULL)
        reader->nameless++;
    int r = reader->ops->damaged(reader->ctx, id, why);
    return r == 0 && other_id != NULL ? reader->ops->damaged(reader->ctx, other_id, why) : r;
}

static void on_listed_id(struct reading *g, const char *line, size_t size)
{
    char id[FX_ID_MAX];
    g->listed++;
    g->missing += !fx_bso_read_id(line, size, id) || !number_set_has_text(&g->came, id);
}

/* In the order in which the lines came. */
static int reading_on_decoded(void *ctx, const struct fx_decoded *decoded)
{
    struct reading *g = ctx;
    struct fx_reader *reader = g->reader;
    enum fx_bso_status status = decoded->status;
    if (reader->records >= RECORDS_MAX)
        return fx_leave(
            g->p, false,
            fx_says_too_many_records(RECORDS_MAX, fx_collections[reader->collection].name));
    reader->records++;
    g->p->result->records++;
    if (status == FX_BSO_NOMEM ||
        (decoded->id[0] != '\0' && !number_set_add_text(&g->came, decoded->id)))
        return HEARTH_ERR_NOMEM;
    if (status == FX_BSO_OK)
        return reader->ops->take(reader->ctx, decoded);
    /* Either of two ids may be the wrong one. */
    bool other = status == FX_BSO_OTHER_ID && decoded->other_id[0] != '\0';
    if (other && !number_set_add_text(&g->came, decoded->other_id))
        return HEARTH_ERR_NOMEM;
    g->bad_hmac += status == FX_BSO_BAD_HMAC;
    return reader_damaged(g, decoded->id[0] != '\0' ? decoded->id : NULL,
                          other ? decoded->other_id : NULL, fx_bso_words(status));
}

static int reading_on_line(void *ctx, const char *line, size_t size)
{
    struct reading *g = ctx;
    if (!g->counting)
        return fx_decode_line(g->decode, line, size, g->lines.head, g->lines.head_size);
    on_listed_id(g, line, size);
    return 0;
}

static size_t line_limit(const struct fx_pull *p)
{
    const int64_t greatest = 16 << 20, envelope = 64 << 10;
    int64_t limit = p->state.max_payload + p->state.max_payload / 8 + envelope;
    return (size_t)(limit < FX_LINE_MAX ? FX_LINE_MAX : limit > greatest ? greatest : limit);
}

enum { STORAGE_PATH = 64 };

static const char *storage_path(const struct reading *g, char ret_path[STORAGE_PATH])
{
    snprintf(ret_path, STORAGE_PATH, "storage/%s", fx_collections[g->reader->collection].name);
    return ret_path;
}

/* Of a page of records; FULL. */
static int make_path(const struct reading *g, const char *offset, int limit,
                     char ret_path[FX_STORAGE_PATH])
{
    const size_t capacity = FX_STORAGE_PATH;
    const struct fx_reader *reader = g->reader;
    char since[FX_TIMESTAMP_TEXT + 16] = "", time[FX_TIMESTAMP_TEXT],
                                   encoded[3 * FX_OFFSET_MAX] = "";
    if (reader->since > 0) {
        fx_timestamp_print(reader->since, time);
        snprintf(since, sizeof(since), "&newer=%s", time);
    }
    if (codec_percent_encode(offset, "", encoded, sizeof(encoded)) != 0)
        return HEARTH_ERR_FULL;
    const char *name = fx_collections[reader->collection].name,
               *word = offset[0] == '\0' ? "" : "&offset=";
    int size;
    if (reader->ids != NULL)
        size = snprintf(ret_path, capacity, "storage/%s?full=1&ids=%s%s%s", name, reader->ids, word,
                        encoded);
    else
        size = snprintf(ret_path, capacity, "storage/%s?full=1%s&sort=oldest&limit=%d%s%s", name,
                        since, limit, word, encoded);
    return size > 0 && (size_t)size < capacity ? 0 : HEARTH_ERR_FULL;
}

/* Of a page of ids alone; FULL. */
static int make_list_path(const struct reading *g, const char *offset,
                          char ret_path[FX_STORAGE_PATH])
{
    char since[FX_TIMESTAMP_TEXT + 16] = "", time[FX_TIMESTAMP_TEXT],
                                   encoded[3 * FX_OFFSET_MAX] = "";
    if (g->reader->since > 0) {
        fx_timestamp_print(g->reader->since, time);
        snprintf(since, sizeof(since), "?newer=%s", time);
    }
    if (codec_percent_encode(offset, "", encoded, sizeof(encoded)) != 0)
        return HEARTH_ERR_FULL;
    const char *word = offset[0] == '\0' ? "" : since[0] == '\0' ? "?offset=" : "&offset=";
    int size = snprintf(ret_path, FX_STORAGE_PATH, "storage/%s%s%s%s",
                        fx_collections[g->reader->collection].name, since, word, encoded);
    return size > 0 && size < FX_STORAGE_PATH ? 0 : HEARTH_ERR_FULL;
}

/* What X-If-Unmodified-Since will say, from the head of the first page on. */
static int64_t modified_of(const struct reading *g, const struct fx_answer *answer)
{
    return g->first_modified > 0       ? g->first_modified
           : answer->last_modified > 0 ? answer->last_modified
                                       : g->p->timestamps[g->reader->collection];
}

static bool leads_on(const struct reading *g, const struct fx_answer *answer)
{
    return answer->next[0] != '\0' && strcmp(answer->next, g->offset) != 0 &&
           strcmp(answer->next, g->earlier) != 0;
}

/* After the last page: whether the ids alone are asked for. One page alone may have been cut by
 * something that lost X-Weave-Next-Offset on the way when it has as many records as were asked
 * for; Firefox takes it for all. */
static bool wants_list(const struct reading *g, int64_t records)
{
    return g->reader->ids == NULL && (g->page > 0 || records >= g->limit);
}

/* A server that gives as many records as it is asked for, and fast, is asked for more at once, up
 * to eight times: each page costs it a query. One that is slow is asked for less again, so that a
 * page stays far from its time-out. */
static void choose_limit(struct reading *g, const struct fx_answer *answer)
{
    const int least = g->p->fx->config.page_size;
    g->began = g->p->host->monotonic_ms(g->p->host);
    g->next_limit = g->limit;
    if (g->took > SLOW_MS)
        g->next_limit = g->limit / 2 < least ? least : g->limit / 2;
    else if (g->took >= 0 && g->took < FAST_MS && answer->records >= g->limit &&
             g->limit < least * GROWTH)
        g->next_limit = g->limit * 2;
}

/* With the head of an answer it is known what will be asked next, unless something is wrong with
 * its body: another page, or, behind the last of several, the list of ids. */
static void ask_ahead(struct reading *g, const struct fx_answer *answer)
{
    char path[FX_STORAGE_PATH];
    struct fx_get get = {.path = path,
                         .newlines = true,
                         .if_unmodified_since = modified_of(g, answer),
                         .max_response = PAGE_MAX_BYTES};
    int r = HEARTH_ERR_NOT_FOUND;
    if (answer->has_next && g->counting)
        r = answer->next[0] == '\0' ? r : make_list_path(g, answer->next, path);
    else if (answer->has_next)
        r = leads_on(g, answer) ? make_path(g, answer->next, g->next_limit, path) : r;
    else if (!g->counting && wants_list(g, answer->records))
        r = make_list_path(g, "", path);
    if (r == 0)
        fx_storage_ahead(g->p, &get);
}

static int reading_on_begin(void *ctx, const struct fx_answer *answer)
{
    struct reading *g = ctx;
    char path[STORAGE_PATH];
    if (answer->body_type == FX_BODY_OTHER)
        return fx_end_passing(g->p, fx_says_no_list(storage_path(g, path)));
    if (g->lines_ready)
        fx_newlines_fini(&g->lines);
    fx_newlines_init(&g->lines, answer->body_type == FX_BODY_JSON, line_limit(g->p),
                     reading_on_line, g);
    g->lines_ready = true;
    g->announced = answer->records;
    choose_limit(g, answer);
    ask_ahead(g, answer);
    return 0;
}

static int cut_off(struct reading *g)
{
    char path[STORAGE_PATH];
    return fx_end_passing(g->p, fx_says_cut_off(storage_path(g, path)));
}

/* What came of an answer before it ended, as it did, is looked at first. */
static int reading_settle(struct reading *g, int r)
{
    int settled = r == HEARTH_ERR_CANCELLED ? 0 : fx_decode_drain(g->decode);
    fx_decode_drop(g->decode);
    return settled != 0 ? settled : r;
}

static int on_data(void *ctx, const char *data, size_t size)
{
    struct reading *g = ctx;
    int r = fx_newlines_feed(&g->lines, data, size);
    if (r != HEARTH_ERR_INVALID || !g->lines.array)
        return r;
    r = reading_settle(g, 0);
    return r != 0 ? r : cut_off(g);
}

/* One page. ret_answer has the offset of the next. */
static int read_path(struct reading *g, const char *path, int64_t unmodified_since,
                     struct fx_answer *ret_answer)
{
    struct fx_get get = {.path = path,
                         .newlines = true,
                         .if_unmodified_since = unmodified_since,
                         .max_response = PAGE_MAX_BYTES,
                         .on_begin = reading_on_begin,
                         .on_data = on_data,
                         .ctx = g};
    char name[STORAGE_PATH];
    int r = fx_storage_get(g->p, &get, ret_answer);
    if (r == FX_MISSING)
        return fx_end(g->p, HEARTH_ACCOUNT_ERROR,
                      fx_says_not_there(fx_collections[g->reader->collection].name));
    if (r == FX_UNCHANGED)
        return fx_end_status(g->p, FX_SYNC_SERVER, storage_path(g, name), ret_answer);
    if (r != 0)
        return reading_settle(g, r);
    g->pages++;
    g->reader->uncounted = g->reader->uncounted || g->announced < 0;
    int end = fx_newlines_end(&g->lines);
    r = reading_settle(g, 0);
    if (r != 0)
        return r;
    if (end == HEARTH_ERR_INVALID || (end == 0 && g->lines.lines < g->announced))
        return cut_off(g);
    return end;
}

static int reading_read_page(struct reading *g, struct fx_answer *ret_answer)
{
    char path[FX_STORAGE_PATH];
    if (make_path(g, g->offset, g->limit, path) != 0)
        return cut_off(g);
    return read_path(g, path, g->first_modified, ret_answer);
}

/* What info/collections said of the collection has to be true of its list, too: an answer that
 * is older (a wiped server, a replica that lags, a cache) would delete, or hide for ever, what
 * it does not have. Having nothing is believed only when it is said in so many words. */
static int check_first_page(struct reading *g, const struct fx_answer *answer)
{
    int collection = g->reader->collection;
    const char *word = fx_collections[collection].name;
    if (answer->last_modified >= 0 && answer->last_modified < g->p->timestamps[collection])
        return fx_leave(g->p, true, fx_says_older(word));
    if (g->reader->ids == NULL && g->lines.lines == 0 && !answer->has_next &&
        (answer->records != 0 || answer->last_modified < 0))
        return fx_leave(g->p, true, fx_says_sends_nothing(word));
    return 0;
}

/* Whether the offsets of several pages led past something shows only in a list of the ids, whose
 * pages are larger. Their number would not do: pages that overlap here and leave something out
 * there have as many. */
static int check_complete(struct reading *g)
{
    char path[FX_STORAGE_PATH], offset[FX_OFFSET_MAX] = "";
    struct fx_answer answer = {0};
    const struct fx_reader *reader = g->reader;
    g->listed = g->missing = 0;
    for (int page = 0; page < MAX_PAGES; page++) {
        if (make_list_path(g, offset, path) != 0)
            return cut_off(g);
        g->counting = true;
        int r = read_path(g, path, g->first_modified, &answer);
        g->counting = false;
        if (r != 0)
            return r;
        /* More than came: enough is known, and offsets that lead in a circle end here. */
        if (!answer.has_next || g->lines.lines == 0 || g->listed > reader->records)
            break;
        memcpy(offset, answer.next, sizeof(offset));
    }
    if (g->missing <= reader->nameless && g->listed <= reader->records)
        return 0;
    return fx_leave(g->p, true,
                    fx_says_incomplete(g->listed, fx_collections[reader->collection].name,
                                       g->listed - g->missing));
}

/* Something could not be opened: with the right key? */
static int reading_check_keys(struct reading *g)
{
    if (g->bad_hmac == 0 || g->keys_checked)
        return 0;
    bool changed;
    g->keys_checked = true;
    int r = fx_account_refetch_keys(g->p, g->reader->collection, &changed);
    return r != 0 ? r : changed ? FX_REKEYED : 0;
}

static int reading_read_pages(struct reading *g)
{
    struct fx_answer answer;
    g->offset[0] = g->earlier[0] = '\0';
    g->first_modified = 0;
    g->limit = g->p->fx->config.page_size;
    g->took = -1;
    int idle = 0;
    for (g->page = 0; g->page < MAX_PAGES; g->page++) {
        size_t came = g->came.count;
        int r = reading_read_page(g, &answer);
        idle = g->came.count > came ? 0 : idle + 1;
        if (r == 0 && g->page == 0)
            r = check_first_page(g, &answer);
        if (r == 0)
            r = reading_check_keys(g);
        if (r != 0)
            return r;
        g->first_modified = modified_of(g, &answer);
        g->took = g->p->host->monotonic_ms(g->p->host) - g->began;
        if (!answer.has_next) {
            g->reader->first_modified = g->first_modified;
            return wants_list(g, g->lines.lines) ? check_complete(g) : 0;
        }
        g->limit = g->next_limit;
        if (!leads_on(g, &answer) || idle >= IDLE_PAGES_MAX)
            break;
        /* pages 0, 1, 3, 7, …: a circle of whatever length comes back to one of them */
        if ((g->page & (g->page + 1)) == 0)
            memcpy(g->earlier, answer.next, sizeof(g->earlier));
        memcpy(g->offset, answer.next, sizeof(g->offset));
    }
    return fx_end_passing(g->p, fx_says_endless(fx_collections[g->reader->collection].name));
}

/* A little damage is kept apart, record by record. When much is damaged something is wrong with
 * all of it: then nothing of it is used, thrice; what is still the same by then will stay so,
 * and the sound part is better than nothing. But what would be removed for not having come (a
 * complete collection, and a record without an id) is never given up, and neither is everything
 * at once. */
static int check_sound(struct reading *g)
{
    struct fx_reader *reader = g->reader;
    const char *word = fx_collections[reader->collection].name;
    uint8_t *given_up = &g->p->state.too_damaged[reader->collection];
    bool whole = reader->since == 0, lasting = fx_collections[reader->collection].translate != NULL;
    bool many = reader->damaged > FEW && reader->damaged * FEW_IN > reader->records;
    bool none = lasting && whole && reader->damaged > 0 && reader->damaged == reader->records;
    bool too_many_ids = reader->damaged > FX_FAILED_MAX;
    bool unknown = reader->nameless > 0 && whole && !reader->united &&
                   !fx_collections[reader->collection].united;
    if (reader->ids != NULL)
        return 0;
    if (!many && !none && !too_many_ids && reader->nameless == 0) {
        *given_up = 0;
        return 0;
    }
    if (!none && !unknown && *given_up >= FX_PATIENCE) {
        /* the next damage is another one; what is always read whole is the same again */
        if (lasting)
            *given_up = 0;
        return 0;
    }
    *given_up += *given_up < FX_PATIENCE;
    if (g->bad_hmac > 0 && g->bad_hmac * 2 > reader->records)
        return fx_leave(g->p, false, fx_says_not_opened(reader->records, word, g->bad_hmac));
    bool nameless = unknown && !many && !none;
    return fx_leave(g->p, true,
                    nameless ? fx_says_nameless_damaged(reader->records, word, reader->damaged)
                             : fx_says_all_damaged(reader->records, word, reader->damaged));
}

static void reader_forget(struct reading *g)
{
    g->bad_hmac = g->reader->records = g->reader->damaged = g->reader->nameless = 0;
    g->reader->uncounted = false;
    number_set_fini(&g->came);
}

static int reading_read_all(struct reading *g)
{
    reader_forget(g);
    for (int restarts = 0;; restarts++) {
        int r = reading_read_pages(g);
        if (r != FX_MODIFIED)
            return r != 0 ? r : check_sound(g);
        if (restarts == RESTARTS)
            break;
        reader_forget(g);
        r = g->reader->ops->restart(g->reader->ctx);
        if (r < 0)
            return r;
        g->restarts++;
    }
    g->p->left =
        fx_message(g->p, fx_says_written_all_the_time(fx_collections[g->reader->collection].name));
    return FX_LEFT;
}

int fx_reader_run(struct fx_reader *reader)
{
    struct reading g = {.reader = reader, .p = reader->p};
    struct fx_decode_options options = {.key = &reader->p->state.keys.of[reader->collection],
                                        .translate = reader->translate,
                                        .now = reader->p->host->now_ms(reader->p->host),
                                        .threads = -1,
                                        .on_decoded = reading_on_decoded,
                                        .ctx = &g};
    g.decode = fx_decode_create(&options);
    if (g.decode == NULL)
        return fx_break(reader->p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    int r = reading_read_all(&g);
    fx_log(reader->p, "%s: %d page%s brought %lld records%s",
           fx_collections[reader->collection].name, g.pages, g.pages == 1 ? "" : "s",
           (long long)reader->records,
           g.restarts == 0 ? "" : "; it was begun anew, because somebody wrote meanwhile (412)");
    fx_storage_drop_ahead(reader->p);
    if (g.lines_ready)
        fx_newlines_fini(&g.lines);
    fx_decode_destroy(g.decode);
    number_set_fini(&g.came);
    return r;
}
