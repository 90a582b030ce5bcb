#include "merge/sink.h"

#include <string.h>

#include "auth/credentials.h"
#include "base/log.h"
#include "base/magic.h"
#include "merge/apply.h"
#include "merge/collections.h"
#include "merge/records.h"
#include "plug/fields.h"

enum { SINK_MAGIC = 0x51ac0001, DAMAGED_LOGGED = 10 };

static struct sink *sink_of(void *ctx)
{
    struct sink *sink;
    MAGIC_CAST(sink, ctx, SINK_MAGIC);
    return sink;
}

static int on_begin(void *ctx, int32_t collection, int32_t how)
{
    struct sink *sink = sink_of(ctx);
    if (merge_collection(collection) == NULL || sink->collection != HEARTH_COLLECTION_NONE)
        return err_set(&sink->err, HEARTH_ERR_INVALID, "the sync plugin began collection %d out of turn", (int)collection);
    if (how < HEARTH_INCREMENTAL || how > HEARTH_SNAPSHOT)
        return err_set(&sink->err, HEARTH_ERR_INVALID, "the sync plugin began %s in a way %d that this server does not know",
                       merge_collection_name(collection), (int)how);
    sink->collection = collection;
    sink->how = how;
    sink->damaged_before = sink->damaged;
    sink->records_before = sink->records;
    sink->nameless = false;
    spool_clear(&sink->spool);
    return 0;
}

/* Records belong to a collection that was begun, and takes them. takes: enum merge_takes; 0: any collection does. */
static int check(struct sink *sink, unsigned takes)
{
    const struct merge_collection *row = merge_collection(sink->collection);
    if (row == NULL || (row->takes & takes) != takes)
        return err_set(&sink->err, HEARTH_ERR_INVALID, "the sync plugin gave a record that does not belong to %s",
                       merge_collection_name(sink->collection));
    sink->records++;
    return 0;
}

static int on_damaged(void *ctx, const char *guid, const char *why)
{
    struct sink *sink = sink_of(ctx);
    if (sink->collection == HEARTH_COLLECTION_NONE)
        return err_set(&sink->err, HEARTH_ERR_INVALID, "the sync plugin told of a damaged record outside of a collection");
    if (sink->damaged == 0)
        snprintf(sink->damaged_example, sizeof(sink->damaged_example), "%s %s: %s", merge_collection_name(sink->collection),
                 guid == NULL ? "(no id)" : guid, why);
    if (sink->damaged++ < DAMAGED_LOGGED)
        log_event(sink->failed_before ? HEARTH_LOG_DEBUG : HEARTH_LOG_WARNING, "merge", "damaged record",
                  LOG_TEXT("account", sink->account), LOG_TEXT("collection", merge_collection_name(sink->collection)),
                  LOG_TEXT("record", guid), LOG_TEXT("reason", why));
    if (guid != NULL)
        return records_put_kept(&sink->spool, guid, &sink->err);
    sink->nameless = true;
    return 0;
}

/* One that breaks its table: what is stored of it stays, as of those that the provider could not read. */
static int note_broken(struct sink *sink, const char *guid, const char *why)
{
    sink->records--;
    return on_damaged(sink, guid == NULL || guid[0] == '\0' ? NULL : guid, why);
}

static int on_device(void *ctx, const struct hearth_device *device)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = check(sink, MERGE_DEVICES);
    if (r == 0 && !records_check_device(device, sink->store->limits, why, sizeof(why)))
        return note_broken(sink, device->id, why);
    return r < 0 ? r : records_put_device(&sink->spool, device, &sink->err);
}

/* What is kept of a tab is all tabs of its device, with their groups. */
static int on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = check(sink, MERGE_TABS);
    if (r == 0 && !records_check_tab(device, tab, sink->store->limits, why, sizeof(why)))
        return note_broken(sink, device, why);
    return r < 0 ? r : records_put_tab(&sink->spool, device, tab, &sink->err);
}

static int on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = check(sink, MERGE_TABS);
    if (r == 0 && !records_check_tab_group(device, group, sink->store->limits, why, sizeof(why)))
        return note_broken(sink, device, why);
    return r < 0 ? r : records_put_tab_group(&sink->spool, device, group, &sink->err);
}

static int on_page(void *ctx, const struct hearth_page_record *record)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = check(sink, MERGE_PAGES);
    if (r == 0 && !records_check_page(record, sink->store->limits, why, sizeof(why)))
        return note_broken(sink, record->guid, why);
    return r < 0 ? r : records_put_page(&sink->spool, record, &sink->err);
}

static int on_bookmark(void *ctx, const struct hearth_bookmark_record *record)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = check(sink, MERGE_BOOKMARKS);
    if (r == 0 && !records_check_bookmark(record, sink->store->limits, why, sizeof(why)))
        return note_broken(sink, record->guid, why);
    return r < 0 ? r : records_put_bookmark(&sink->spool, record, &sink->err);
}

static int on_removed(void *ctx, const char *guid, int64_t modified)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = check(sink, 0);
    if (r == 0 && !records_check_key("the id of a tombstone", guid, sink->store->limits, why, sizeof(why)))
        return note_broken(sink, guid, why);
    return r < 0 ? r : records_put_removed(&sink->spool, guid, modified, &sink->err);
}

static int on_restart(void *ctx)
{
    struct sink *sink = sink_of(ctx);
    spool_clear(&sink->spool);
    sink->damaged = sink->damaged_before;
    sink->records = sink->records_before;
    sink->nameless = false;
    return 0;
}

/* Does what did not come count as gone? */
static bool removes_absent(const struct sink *sink)
{
    return sink->how == HEARTH_SNAPSHOT || (sink->how == HEARTH_COMPLETE && !merge_collection(sink->collection)->united);
}

static const char *how_it_came(const struct sink *sink)
{
    return sink->how == HEARTH_SNAPSHOT ? "all there is" : sink->how == HEARTH_COMPLETE ? "whole" : "what came";
}

static int on_commit(void *ctx, const char *mark)
{
    struct sink *sink = sink_of(ctx);
    if (sink->collection == HEARTH_COLLECTION_NONE)
        return err_set(&sink->err, HEARTH_ERR_INVALID, "the sync plugin committed without a collection");
    if (sink->nameless && removes_absent(sink))
        return err_set(&sink->err, HEARTH_ERR_INVALID,
                       "the sync plugin wants to replace all %s, though one of the records that came was damaged beyond recognition",
                       merge_collection_name(sink->collection));
    bool changed;
    int64_t generation;
    int r = sink_check_credentials(sink);
    if (r < 0)
        return r;
    r = apply_collection(sink->store, sink->account, sink->collection, sink->how, &sink->spool, mark, &changed, &generation, &sink->err);
    if (r < 0)
        return r;
    log_event(HEARTH_LOG_DEBUG, "merge", "collection stored", LOG_TEXT("account", sink->account),
              LOG_TEXT("collection", merge_collection_name(sink->collection)), LOG_TEXT("how", how_it_came(sink)),
              LOG_TEXT("changed", changed ? "yes" : "no"), LOG_INT("records", sink->records - sink->records_before));
    if (changed) {
        sink->changed |= 1u << sink->collection;
        sink->generation = generation;
    }
    sink->collection = HEARTH_COLLECTION_NONE;
    spool_clear(&sink->spool);
    return 0;
}

void sink_note_credentials(struct sink *sink)
{
    sink->fingerprinted = credentials_mark(sink->store, sink->account, sink->source, sink->fingerprint, NULL) == 0;
    store_reset(sink->store);
}

int sink_check_credentials(struct sink *sink)
{
    uint8_t fingerprint[CREDENTIALS_MARK_SIZE];
    int r = sink->fingerprinted ? credentials_mark(sink->store, sink->account, sink->source, fingerprint, NULL) : 0;
    store_reset(sink->store);
    if (!sink->fingerprinted || r < 0 || memcmp(fingerprint, sink->fingerprint, sizeof(fingerprint)) == 0) /* what the storage has against it will be seen */
        return 0;
    return err_set(&sink->err, HEARTH_ERR_CANCELLED, "somebody signed in to the account while it was synced; it is synced anew");
}

static int put_marks_once(struct sink *sink, int32_t first, int32_t last, const char *text, struct err *err)
{
    int64_t generation;
    int r = STORE(sink->store, err, batch_begin, sink->account, HEARTH_COLLECTION_NONE, &generation);
    for (int32_t c = first; r == 0 && c <= last; c++)
        r = STORE(sink->store, err, mark_put, sink->source, c, text);
    if (r == 0)
        r = STORE(sink->store, err, batch_commit, false);
    if (r < 0)
        sink->store->ops->batch_abort(sink->store->session);
    store_reset(sink->store);
    return r;
}

/* Marks outside of a collection's batch are small batches of their own. Every batch can be repeated. */
static int put_marks(struct sink *sink, int32_t first, int32_t last, const char *text)
{
    struct err err = {0};
    int r = sink_check_credentials(sink);
    if (r < 0)
        return r;
    r = put_marks_once(sink, first, last, text, &err);
    if (r == HEARTH_ERR_UNCERTAIN)
        r = put_marks_once(sink, first, last, text, &err);
    if (r < 0)
        sink->err = err;
    return r;
}

static int on_mark(void *ctx, int32_t collection, const char *mark)
{
    return put_marks(sink_of(ctx), collection, collection, mark);
}

static int on_reset(void *ctx, int32_t collection)
{
    bool all = collection == HEARTH_COLLECTION_NONE;
    return put_marks(sink_of(ctx), all ? 1 : collection, all ? HEARTH_COLLECTION_SLOTS - 1 : collection, NULL);
}

static int on_credentials(void *ctx, const void *bytes, size_t size)
{
    struct sink *sink = sink_of(ctx);
    int r = sink_check_credentials(sink); /* those of a later sign-in are not overwritten */
    if (r == 0)
        r = credentials_put(sink->vault, sink->store, sink->account, sink->source, sink->provider, bytes, size, &sink->err);
    if (r == 0)
        sink_note_credentials(sink);
    return r;
}

void sink_init(struct sink *sink, struct store *store, const struct vault *vault, const char *account, const char *provider,
               const char *spool_directory, const struct limits *limits)
{
    *sink = (struct sink){.magic = SINK_MAGIC, .store = store, .vault = vault, .account = account, .provider = provider};
    sink->hearth = (struct hearth_sync_sink){
        .struct_size = sizeof(sink->hearth),
        .ctx = sink,
        .begin = on_begin,
        .device = on_device,
        .tab = on_tab,
        .tab_group = on_tab_group,
        .page = on_page,
        .bookmark = on_bookmark,
        .removed = on_removed,
        .damaged = on_damaged,
        .restart = on_restart,
        .commit = on_commit,
        .mark = on_mark,
        .reset = on_reset,
        .credentials = on_credentials,
    };
    spool_init(&sink->spool, spool_directory, limits);
    sink->spool.longest = (size_t)fields_longest(HEARTH_KEY_MAX, store == NULL ? NULL : store->limits);
}

void sink_set_source(struct sink *sink, int64_t source)
{
    sink->source = source;
    sink->spool.source = source;
}

void sink_fini(struct sink *sink)
{
    spool_fini(&sink->spool);
    sink->magic = 0;
}
