/* One collection, page by page, record by record as the bytes arrive.
 *
 *   page 1: full=1&newer=<cursor>&sort=oldest&limit=N        X-Last-Modified becomes the new cursor
 *   page n: the same &offset=<X-Weave-Next-Offset>, X-If-Unmodified-Since: that of page 1
 *   412: somebody wrote meanwhile: everything is forgotten and read again, three times at most
 *   records whose HMAC is wrong: crypto/keys is looked at again; another key: everything is read
 *     again with it
 *   after more than one page: the ids alone, to see that all of them came
 * With `ids`: full=1&ids=…, once. */
#include "fx.h"

#include <stdio.h>
#include <string.h>

#include "newlines.h"
#include "timestamp.h"
#include "base/number_set.h"
#include "codec/codec.h"

enum { RESTARTS = 3, MAX_PAGES = 100000, FEW = 10, FEW_IN = 20 };
/* of one collection: their ids are kept until it ends, 16 to 32 bytes each */
enum { RECORDS_MAX = 4000000 };

#define PAGE_MAX_BYTES (UINT64_C(4) << 30)

struct reading {
    struct fx_reader *reader;
    struct fx_pull *p;
    struct fx_decoder decoder;
    struct fx_newlines lines;
    bool lines_ready, keys_checked;
    bool counting; /* ids alone: see check_complete() */
    int pages, restarts;
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

static int reading_on_line(void *ctx, const char *line, size_t size)
{
    struct reading *g = ctx;
    struct fx_reader *reader = g->reader;
    struct fx_bso bso = {0};
    json_t *json;
    if (g->counting) {
        on_listed_id(g, line, size);
        return 0;
    }
    if (reader->records >= RECORDS_MAX)
        return fx_leave(
            g->p, false,
            fx_says_too_many_records(RECORDS_MAX, fx_collections[reader->collection].name));
    reader->records++;
    g->p->result->records++;
    if (line == NULL) {
        bool named = fx_bso_guess_id(g->lines.head, g->lines.head_size, bso.id);
        if (named && !number_set_add_text(&g->came, bso.id))
            return HEARTH_ERR_NOMEM;
        return reader_damaged(g, named ? bso.id : NULL, NULL, fx_bso_words(FX_BSO_TOO_LARGE));
    }
    enum fx_bso_status status = fx_bso_read(&g->decoder, line, size, &bso);
    if (status == FX_BSO_OK)
        status = fx_bso_open(&g->decoder, &g->p->state.keys.of[reader->collection], &bso, &json);
    if (status == FX_BSO_NOMEM || (bso.id[0] != '\0' && !number_set_add_text(&g->came, bso.id)))
        return HEARTH_ERR_NOMEM;
    if (status != FX_BSO_OK) {
        /* Either of two ids may be the wrong one. */
        bool other = status == FX_BSO_OTHER_ID && g->decoder.other_id[0] != '\0';
        if (other && !number_set_add_text(&g->came, g->decoder.other_id))
            return HEARTH_ERR_NOMEM;
        g->bad_hmac += status == FX_BSO_BAD_HMAC;
        return reader_damaged(g, bso.id[0] != '\0' ? bso.id : NULL,
                              other ? g->decoder.other_id : NULL, fx_bso_words(status));
    }
    struct fx_record record = {
        .id = bso.id, .modified = bso.modified * 10, .json = json, .size = g->decoder.plain.size};
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

enum { STORAGE_PATH = 64 };

static const char *storage_path(const struct reading *g, char ret_path[STORAGE_PATH])
{
    snprintf(ret_path, STORAGE_PATH, "storage/%s", fx_collections[g->reader->collection].name);
    return ret_path;
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
    return 0;
}

static int cut_off(struct reading *g)
{
    char path[STORAGE_PATH];
    return fx_end_passing(g->p, fx_says_cut_off(storage_path(g, path)));
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
                        since, g->p->fx->config.page_size, word, encoded);
    return size > 0 && (size_t)size < capacity ? 0 : HEARTH_ERR_FULL;
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
        return r;
    g->pages++;
    g->reader->uncounted = g->reader->uncounted || g->announced < 0;
    r = fx_newlines_end(&g->lines);
    if (r == HEARTH_ERR_INVALID || (r == 0 && g->lines.lines < g->announced))
        return cut_off(g);
    return r;
}

static int reading_read_page(struct reading *g, const char *offset, int64_t unmodified_since,
                             struct fx_answer *ret_answer)
{
    char path[2048];
    if (make_path(g, offset, path, sizeof(path)) != 0)
        return cut_off(g);
    return read_path(g, path, unmodified_since, ret_answer);
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
static int check_complete(struct reading *g, int64_t unmodified_since)
{
    char path[1800], since[FX_TIMESTAMP_TEXT + 16] = "", time[FX_TIMESTAMP_TEXT],
                                               encoded[3 * FX_OFFSET_MAX] = "";
    struct fx_answer answer = {0};
    const struct fx_reader *reader = g->reader;
    const char *name = fx_collections[reader->collection].name;
    g->listed = g->missing = 0;
    if (reader->since > 0) {
        fx_timestamp_print(reader->since, time);
        snprintf(since, sizeof(since), "?newer=%s", time);
    }
    for (int page = 0; page < MAX_PAGES; page++) {
        const char *word = page == 0 ? "" : since[0] == '\0' ? "?offset=" : "&offset=";
        snprintf(path, sizeof(path), "storage/%s%s%s%s", name, since, word, encoded);
        g->counting = true;
        int r = read_path(g, path, unmodified_since, &answer);
        g->counting = false;
        if (r != 0)
            return r;
        /* More than came: enough is known, and offsets that lead in a circle end here. */
        if (!answer.has_next || g->lines.lines == 0 || g->listed > reader->records)
            break;
        if (codec_percent_encode(answer.next, "", encoded, sizeof(encoded)) != 0)
            return cut_off(g);
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
    char offset[FX_OFFSET_MAX] = "", earlier[FX_OFFSET_MAX] = "";
    int64_t first_modified = 0;
    struct fx_answer answer;
    for (int page = 0; page < MAX_PAGES; page++) {
        int r = reading_read_page(g, offset, first_modified, &answer);
        if (r == 0 && page == 0)
            r = check_first_page(g, &answer);
        if (r == 0)
            r = reading_check_keys(g);
        if (r != 0)
            return r;
        if (page == 0)
            first_modified = answer.last_modified > 0 ? answer.last_modified
                                                      : g->p->timestamps[g->reader->collection];
        if (!answer.has_next) {
            g->reader->first_modified = first_modified;
            return page > 0 && g->reader->ids == NULL ? check_complete(g, first_modified) : 0;
        }
        if (answer.next[0] == '\0' || strcmp(answer.next, offset) == 0 ||
            strcmp(answer.next, earlier) == 0)
            break;
        /* pages 0, 1, 3, 7, …: a circle of whatever length comes back to one of them */
        if ((page & (page + 1)) == 0)
            memcpy(earlier, answer.next, sizeof(earlier));
        memcpy(offset, answer.next, sizeof(offset));
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
    if (fx_decoder_init(&g.decoder) != 0)
        return fx_break(reader->p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    int r = reading_read_all(&g);
    fx_log(reader->p, "%s: %d page%s brought %lld records%s",
           fx_collections[reader->collection].name, g.pages, g.pages == 1 ? "" : "s",
           (long long)reader->records,
           g.restarts == 0 ? "" : "; it was begun anew, because somebody wrote meanwhile (412)");
    if (g.lines_ready)
        fx_newlines_fini(&g.lines);
    fx_decoder_fini(&g.decoder);
    number_set_fini(&g.came);
    return r;
}
