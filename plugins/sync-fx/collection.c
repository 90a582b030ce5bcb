/* Bookmarks and history: what changed since the mark, or everything. */
#include "fx.h"

#include <stdio.h>
#include <string.h>

#include "record.h"

void fx_collection_mark_make(const struct fx_pull *p, int collection, int64_t last_modified, struct fx_collection_mark *ret_mark)
{
    const struct fx_engine *engine = &p->state.meta.engine[collection];
    *ret_mark =
        (struct fx_collection_mark){.present = true, .last_modified = last_modified, .version = engine->version > 0 ? engine->version : 0};
    memcpy(ret_mark->sync_id, engine->sync_id, FX_SYNC_ID_MAX);
    fx_key_fingerprint(&p->state.keys.of[collection], ret_mark->key);
}

bool fx_collection_changed(const struct fx_pull *p, int collection, bool *ret_whole, bool *ret_reset)
{
    const struct fx_collection_mark *mark = &p->marks[collection];
    struct fx_collection_mark now;
    fx_collection_mark_make(p, collection, p->timestamps[collection], &now);
    bool same = strcmp(mark->sync_id, now.sync_id) == 0 && mark->version == now.version && strcmp(mark->key, now.key) == 0;
    bool back = now.last_modified < mark->last_modified; /* the server was restored from an older copy */
    *ret_reset = mark->present && mark->last_modified > 0 && (!same || back);
    *ret_whole = !mark->present || mark->last_modified == 0 || *ret_reset;
    return !mark->present || !same || mark->last_modified != now.last_modified;
}

int fx_begin(struct fx_pull *p, int collection, int how)
{
    if (p->open_collection == collection && p->open_how == how)
        return 0; /* given up before, see fx_abandon() */
    if (p->open_collection != 0)
        return fx_break(p, HEARTH_ERR_INTERNAL, "A batch of %s is still open.", fx_collections[p->open_collection].title);
    int r = p->sink->begin(p->sink->ctx, collection, how);
    if (r == 0) {
        p->open_collection = collection;
        p->open_how = how;
    }
    return r;
}

int fx_commit(struct fx_pull *p, const struct fx_collection_mark *mark)
{
    char text[FX_MARK_MAX];
    fx_collection_mark_format(mark, text);
    int r = p->sink->commit(p->sink->ctx, text);
    if (r == 0) {
        p->marks[p->open_collection] = *mark;
        p->open_collection = 0;
    }
    return r;
}

int fx_abandon(struct fx_pull *p)
{
    if (p->open_collection == 0)
        return 0;
    int r = p->sink->restart(p->sink->ctx);
    if (r < 0 || (p->open_collection == HEARTH_BOOKMARKS && p->open_how == HEARTH_COMPLETE))
        return r;
    r = p->sink->commit(p->sink->ctx, NULL);
    if (r == 0)
        p->open_collection = 0;
    return r;
}

struct taker {
    struct fx_pull *p;
    struct fx_arena arena;
    struct fx_translate translate;
    int (*translate_record)(struct fx_translate *t, const struct fx_record *record);
    int64_t skipped;
};

static int on_damaged(void *ctx, const char *id, const char *why)
{
    struct taker *taker = ctx;
    return taker->p->sink->damaged(taker->p->sink->ctx, id, why);
}

static int on_take(void *ctx, const struct fx_record *record)
{
    struct taker *taker = ctx;
    int r = taker->translate_record(&taker->translate, record);
    fx_arena_reset(&taker->arena);
    if (r < 0)
        return r;
    taker->skipped += r == FX_SKIPPED;
    if (r != FX_DAMAGED)
        return 0;
    taker->p->result->damaged++;
    return on_damaged(ctx, record->id, taker->translate.why);
}

static int on_restart(void *ctx)
{
    struct taker *taker = ctx;
    return taker->p->sink->restart(taker->p->sink->ctx);
}

static int read_into_sink(struct fx_pull *p, int collection, int64_t since, int64_t *ret_modified)
{
    static const struct fx_reader_ops ops = {on_take, on_damaged, on_restart};
    struct taker taker = {.p = p,
                          .translate = {.arena = &taker.arena, .sink = p->sink, .now = p->host->now_ms(p->host)},
                          .translate_record = collection == HEARTH_BOOKMARKS ? fx_record_bookmark : fx_record_history};
    struct fx_reader reader = {.p = p, .collection = collection, .since = since, .ops = &ops, .ctx = &taker};
    int r = fx_reader_run(&reader);
    fx_arena_fini(&taker.arena);
    if (taker.skipped > 0)
        p->host->metric_add(p->host, "sync_fx_records_ignored", taker.skipped);
    *ret_modified = reader.first_modified;
    return r;
}

/* The server has no such collection. What was read earlier stays: Firefox deletes collections just before it uploads them anew. */
static int note_absent(struct fx_pull *p, int collection)
{
    struct fx_collection_mark mark;
    char text[FX_MARK_MAX];
    fx_collection_mark_make(p, collection, 0, &mark);
    fx_collection_mark_format(&mark, text);
    int r = p->sink->mark(p->sink->ctx, collection, text);
    if (r == 0)
        p->marks[collection] = mark;
    return r;
}

static int read_once(struct fx_pull *p, int collection)
{
    bool whole, reset;
    int64_t modified;
    struct fx_collection_mark mark;
    bool changed = fx_collection_changed(p, collection, &whole, &reset);
    if (!changed)
        return 0;
    if (p->timestamps[collection] == 0)
        return note_absent(p, collection);
    int r = 0;
    if (reset) {
        r = p->sink->reset(p->sink->ctx, collection);
        p->marks[collection] = (struct fx_collection_mark){0};
    }
    if (r == 0)
        r = fx_begin(p, collection, whole ? HEARTH_COMPLETE : HEARTH_INCREMENTAL);
    if (r == 0)
        r = read_into_sink(p, collection, whole ? 0 : p->marks[collection].last_modified, &modified);
    if (r == 0) {
        fx_collection_mark_make(p, collection, modified, &mark);
        r = fx_commit(p, &mark);
    }
    return r;
}

int fx_collection_run(struct fx_pull *p, int collection)
{
    if (!fx_account_wants(p, collection))
        return 0;
    int r = read_once(p, collection);
    if (r == FX_REKEYED) { /* the comparison of the keys now says: whole */
        r = fx_abandon(p);
        if (r == 0)
            r = read_once(p, collection);
    }
    if (r == 0 && collection == HEARTH_BOOKMARKS)
        p->state.bookmarks_last = false;
    if (r == FX_LEFT || r == FX_REKEYED) {
        p->incomplete = true;
        r = fx_abandon(p);
        if (r == 0 && p->open_collection != 0) { /* the others cannot be read any more: next time they come first */
            p->state.bookmarks_last = true;
            r = fx_end(p, p->left_is_error ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK, "%s", p->left);
        }
    }
    return r;
}
