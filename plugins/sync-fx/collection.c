/* Bookmarks and history: what changed since the cursor, or everything. */
#include "fx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

void fx_collection_cursor_make(const struct fx_pull *p, int collection, int64_t last_modified,
                               struct fx_collection_cursor *ret_cursor)
{
    const struct fx_engine *engine = &p->state.meta.engine[collection];
    *ret_cursor =
        (struct fx_collection_cursor){.present = true,
                                      .last_modified = last_modified,
                                      .version = engine->version > 0 ? engine->version : 0};
    memcpy(ret_cursor->sync_id, engine->sync_id, FX_SYNC_ID_MAX);
    fx_key_fingerprint(&p->state.keys.of[collection], ret_cursor->key);
}

bool fx_collection_changed(const struct fx_pull *p, int collection, bool *ret_whole,
                           bool *ret_reset)
{
    const struct fx_collection_cursor *cursor = &p->cursors[collection];
    struct fx_collection_cursor now;
    fx_collection_cursor_make(p, collection, p->timestamps[collection], &now);
    bool same = strcmp(cursor->sync_id, now.sync_id) == 0 && cursor->version == now.version &&
                strcmp(cursor->key, now.key) == 0;
    /* the server was restored from an older copy */
    bool back = now.last_modified < cursor->last_modified;
    *ret_reset = cursor->present && cursor->last_modified > 0 && (!same || back);
    *ret_whole = !cursor->present || cursor->last_modified == 0 || *ret_reset;
    return !cursor->present || !same || cursor->last_modified != now.last_modified;
}

int fx_begin(struct fx_pull *p, int collection, int how)
{
    if (p->open_collection == collection && p->open_how == how)
        return 0; /* given up before, see fx_abandon() */
    if (p->open_collection != 0)
        return fx_break(p, HEARTH_ERR_INTERNAL, fx_says_fault());
    int r = p->sink->begin(p->sink->ctx, collection, how);
    if (r == 0) {
        p->open_collection = collection;
        p->open_how = how;
    }
    return r;
}

int fx_commit(struct fx_pull *p, const struct fx_collection_cursor *cursor,
              struct fx_failed_list *failed)
{
    int collection = p->open_collection;
    char *text = malloc(FX_CURSOR_FAILED_MAX);
    if (text == NULL)
        return fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    fx_collection_cursor_format_failed(cursor, failed, text);
    int r = p->sink->commit(p->sink->ctx, text);
    free(text);
    if (r != 0)
        return r;
    p->cursors[collection] = *cursor;
    p->open_collection = 0;
    p->damage[collection].forgotten += failed->more;
    failed->more = 0;
    fx_failed_fini(&p->failed[collection]);
    p->failed[collection] = *failed;
    *failed = (struct fx_failed_list){0};
    return 0;
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
    int collection;
    struct fx_failed_list failed; /* as it will be after this pull */
    int64_t skipped, unusable;
    const char *why; /* the last of these is unusable; a constant */
};

static int taker_on_damaged(void *ctx, const char *id, const char *why)
{
    struct taker *taker = ctx;
    struct fx_pull *p = taker->p;
    if (id != NULL && fx_failed_add(&taker->failed, id, fx_now_s(p)) != 0)
        return fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    return p->sink->damaged(p->sink->ctx, id, why);
}

/* What the translation has made of it, into the sink. */
static int taker_hand_over(struct taker *taker, const struct fx_decoded *decoded)
{
    const struct hearth_sync_sink *sink = taker->p->sink;
    int r = decoded->verdict < 0 ? decoded->verdict : 0;
    if (r == 0 && decoded->page != NULL)
        r = sink->page(sink->ctx, decoded->page);
    if (r == 0 && decoded->bookmark != NULL)
        r = sink->bookmark(sink->ctx, decoded->bookmark);
    if (r == 0 && decoded->removed)
        r = sink->removed(sink->ctx, decoded->id, decoded->modified);
    return r;
}

/* A record that is sound and of no use (of a type that nobody knows, without a URL) keeps its
 * stored copy as well, but to ask for it again would bring the same. */
static int taker_on_record(void *ctx, const struct fx_decoded *decoded)
{
    struct taker *taker = ctx;
    struct fx_pull *p = taker->p;
    int r = taker_hand_over(taker, decoded);
    if (r < 0)
        return r;
    fx_failed_remove(&taker->failed, decoded->id);
    taker->skipped += decoded->verdict == FX_SKIPPED;
    if (decoded->verdict != FX_DAMAGED)
        return 0;
    p->result->damaged++;
    taker->unusable++;
    taker->why = p->damage[taker->collection].why = decoded->why;
    return p->sink->damaged(p->sink->ctx, decoded->id, decoded->why);
}

static int taker_on_restart(void *ctx)
{
    struct taker *taker = ctx;
    struct fx_pull *p = taker->p;
    taker->unusable = taker->skipped = 0;
    if (fx_failed_copy(&taker->failed, &p->failed[taker->collection]) != 0)
        return fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    return p->sink->restart(p->sink->ctx);
}

static const struct fx_reader_ops taker_ops = {taker_on_record, taker_on_damaged, taker_on_restart};

/* Into the open batch: what changed since `since` (0: everything). */
static int read_into_sink(struct fx_pull *p, int64_t since, bool united, struct taker *taker,
                          int64_t *ret_modified)
{
    struct fx_damage *damage = &p->damage[taker->collection];
    struct fx_reader reader = {.p = p,
                               .collection = taker->collection,
                               .since = since,
                               .united = united,
                               .translate = fx_collections[taker->collection].translate,
                               .ops = &taker_ops,
                               .ctx = taker};
    int r = fx_failed_copy(&taker->failed, &p->failed[taker->collection]);
    if (r != 0)
        return fx_break(p, r, fx_says_no_memory());
    r = fx_reader_run(&reader);
    damage->records = reader.records;
    damage->damaged = reader.damaged;
    damage->forgotten = reader.nameless;
    damage->unusable = taker->unusable;
    *ret_modified = reader.first_modified;
    if (r == 0 && since == 0)
        fx_failed_keep_fresh(&taker->failed);
    if (r == 0)
        fx_log(p,
               "%s: %lld records are used, %lld are of no use here, %lld arrived damaged, %lld "
               "cannot be used%s%s",
               fx_collections[taker->collection].name,
               (long long)(reader.records - reader.damaged - taker->skipped - taker->unusable),
               (long long)taker->skipped, (long long)reader.damaged, (long long)taker->unusable,
               taker->unusable > 0 ? ", the last because " : "",
               taker->unusable > 0 ? taker->why : "");
    return r;
}

static void taker_init(struct taker *taker, struct fx_pull *p, int collection)
{
    *taker = (struct taker){.p = p, .collection = collection};
}

static void taker_fini(struct taker *taker)
{
    fx_failed_fini(&taker->failed);
    if (taker->skipped > 0)
        taker->p->host->metric_add(taker->p->host, "sync_fx_records_ignored", taker->skipped);
}

/* The server has no such collection. What was read earlier stays: Firefox deletes collections
 * just before it uploads them anew. */
int fx_note_absent(struct fx_pull *p, int collection)
{
    struct fx_collection_cursor cursor;
    char text[FX_CURSOR_MAX];
    fx_collection_cursor_make(p, collection, 0, &cursor);
    fx_collection_cursor_format(&cursor, text);
    int r = p->sink->cursor(p->sink->ctx, collection, text);
    if (r == 0) {
        p->cursors[collection] = cursor;
        fx_failed_fini(&p->failed[collection]);
    }
    return r;
}

static int read_once(struct fx_pull *p, int collection)
{
    bool whole, reset;
    struct fx_collection_cursor cursor;
    fx_log_collection(p, collection);
    if (!fx_collection_changed(p, collection, &whole, &reset))
        return 0;
    if (p->timestamps[collection] == 0)
        return fx_note_absent(p, collection);
    int r = 0;
    int64_t since = whole ? 0 : p->cursors[collection].last_modified, modified = since;
    /* Something that nobody recognises has come for a while: what does not come stays, then, so
     * that the rest may be used. */
    bool united = whole && p->state.too_damaged[collection] >= FX_PATIENCE;
    struct taker taker;
    taker_init(&taker, p, collection);
    if (reset) {
        r = p->sink->reset(p->sink->ctx, collection);
        p->cursors[collection] = (struct fx_collection_cursor){0};
    }
    if (r == 0)
        r = fx_begin(p, collection, whole && !united ? HEARTH_COMPLETE : HEARTH_INCREMENTAL);
    if (r == 0)
        r = read_into_sink(p, since, united, &taker, &modified);
    if (r == 0) {
        fx_collection_cursor_make(p, collection, modified, &cursor);
        r = fx_commit(p, &cursor, &taker.failed);
    }
    taker_fini(&taker);
    return r;
}

/* The server has no answer to the question itself. Whatever came of it is dropped; each id
 * counts as having come damaged once more, so that it is asked for more and more rarely. */
static int refetch_failed(struct fx_pull *p, struct taker *taker)
{
    int r = taker_on_restart(taker);
    if (r == 0 && fx_failed_count_tries(&taker->failed, fx_now_s(p)) != 0)
        r = fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    return r;
}

/* A batch of its own, when all else is stored: that these cannot be had must not cost anything
 * else. */
int fx_collection_ask_again(struct fx_pull *p, int collection)
{
    if (p->timestamps[collection] == 0 || !fx_refetch_due(p, collection))
        return 0;
    struct fx_collection_cursor cursor = p->cursors[collection];
    struct taker taker;
    taker_init(&taker, p, collection);
    fx_log(p, "%s: records that arrived damaged before are asked for again",
           fx_collections[collection].name);
    int r = fx_begin(p, collection, HEARTH_INCREMENTAL), asked = 0;
    if (r == 0 && fx_failed_copy(&taker.failed, &p->failed[collection]) != 0)
        r = fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    if (r == 0)
        asked = fx_refetch(p, collection, &taker.failed, &taker_ops, &taker);
    bool refused =
        asked == FX_LEFT || (asked == FX_END && p->result->state == HEARTH_ACCOUNT_ERROR);
    if (r == 0 && (asked == 0 || refused)) {
        r = refused ? refetch_failed(p, &taker) : 0;
        p->damage[collection].unusable += taker.unusable;
        if (r == 0)
            r = fx_commit(p, &cursor, &taker.failed);
        if (r == 0 && asked == FX_END && p->result->passing)
            r = FX_END; /* a server that has trouble is left alone */
    } else if (r == 0 && asked == FX_REKEYED) {
        /* the comparison of the keys says "whole" in the next sync */
        p->incomplete = true;
        r = fx_abandon(p);
    } else if (r == 0) {
        r = asked;
    }
    taker_fini(&taker);
    return r;
}

int fx_collection_run(struct fx_pull *p, int collection)
{
    if (!fx_account_wants(p, collection)) {
        fx_log_collection(p, collection);
        return 0;
    }
    int r = read_once(p, collection);
    if (r == FX_REKEYED) { /* the comparison of the keys now says: whole */
        r = fx_abandon(p);
        if (r == 0)
            r = read_once(p, collection);
    }
    if (r == 0 && collection == HEARTH_BOOKMARKS)
        p->state.bookmarks_last = false;
    if (r == FX_LEFT || r == FX_REKEYED) {
        fx_say_left(p, fx_collections[collection].name);
        p->incomplete = true;
        r = fx_abandon(p);
        if (r == 0 && p->open_collection != 0) {
            /* the others cannot be read any more: next time they come first */
            p->state.bookmarks_last = true;
            r = fx_end_left(p, collection);
        }
    }
    return r;
}
