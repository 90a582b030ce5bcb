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

static int sink_on_begin(void *ctx, int32_t collection, int32_t how)
{
    struct sink *sink = sink_of(ctx);
    if (merge_collection(collection) == NULL || sink->collection != HEARTH_COLLECTION_NONE)
        return err_set(&sink->err, HEARTH_ERR_INVALID,
                       "the sync plugin began collection %d out of turn", (int)collection);
    if (how < HEARTH_INCREMENTAL || how > HEARTH_SNAPSHOT)
        return err_set(&sink->err, HEARTH_ERR_INVALID,
                       "the sync plugin began %s in a way %d that this server does not know",
                       merge_collection_name(collection), (int)how);
    sink->collection = collection;
    sink->how = how;
    sink->damaged_before = sink->damaged;
    sink->records_before = sink->records;
    sink->nameless = false;
    merge_spool_clear(&sink->spool);
    return 0;
}

/* Records belong to a collection that was begun, and takes them. takes: enum merge_takes; 0: any
 * collection does. */
static int sink_check_takes(struct sink *sink, unsigned takes)
{
    const struct merge_collection *row = merge_collection(sink->collection);
    if (row == NULL || (row->takes & takes) != takes)
        return err_set(&sink->err, HEARTH_ERR_INVALID,
                       "the sync plugin gave a record that does not belong to %s",
                       merge_collection_name(sink->collection));
    sink->records++;
    return 0;
}

static int sink_on_damaged(void *ctx, const char *guid, const char *why)
{
    struct sink *sink = sink_of(ctx);
    if (sink->collection == HEARTH_COLLECTION_NONE)
        return err_set(&sink->err, HEARTH_ERR_INVALID,
                       "the sync plugin told of a damaged record outside of a collection");
    if (sink->damaged == 0)
        snprintf(sink->damaged_example, sizeof(sink->damaged_example), "%s %s: %s",
                 merge_collection_name(sink->collection), guid == NULL ? "(no id)" : guid, why);
    if (sink->damaged++ < DAMAGED_LOGGED)
        log_event(sink->failed_before ? HEARTH_LOG_DEBUG : HEARTH_LOG_WARNING, "merge",
                  "damaged record", LOG_TEXT("account", sink->account),
                  LOG_TEXT("collection", merge_collection_name(sink->collection)),
                  LOG_TEXT("record", guid), LOG_TEXT("reason", why));
    if (guid != NULL)
        return merge_records_put_kept(&sink->spool, guid, &sink->err);
    sink->nameless = true;
    return 0;
}

/* One that breaks its table: what is stored of it stays, as of those that the provider could not
 * read. */
static int sink_note_broken(struct sink *sink, const char *guid, const char *why)
{
    sink->records--;
    return sink_on_damaged(sink, guid == NULL || guid[0] == '\0' ? NULL : guid, why);
}

static int sink_on_device(void *ctx, const struct hearth_device *device)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = sink_check_takes(sink, MERGE_DEVICES);
    if (r == 0 && !merge_records_check_device(device, sink->storage->limits, why, sizeof(why)))
        return sink_note_broken(sink, device->id, why);
    return r < 0 ? r : merge_records_put_device(&sink->spool, device, &sink->err);
}

/* What is kept of a tab is all tabs of its device, with their groups. */
static int sink_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = sink_check_takes(sink, MERGE_TABS);
    if (r == 0 && !merge_records_check_tab(device, tab, sink->storage->limits, why, sizeof(why)))
        return sink_note_broken(sink, device, why);
    return r < 0 ? r : merge_records_put_tab(&sink->spool, device, tab, &sink->err);
}

static int sink_on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = sink_check_takes(sink, MERGE_TABS);
    if (r == 0 &&
        !merge_records_check_tab_group(device, group, sink->storage->limits, why, sizeof(why)))
        return sink_note_broken(sink, device, why);
    return r < 0 ? r : merge_records_put_tab_group(&sink->spool, device, group, &sink->err);
}

static int sink_on_page(void *ctx, const struct hearth_page_record *record)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = sink_check_takes(sink, MERGE_PAGES);
    if (r == 0 && !merge_records_check_page(record, sink->storage->limits, why, sizeof(why)))
        return sink_note_broken(sink, record->guid, why);
    return r < 0 ? r : merge_records_put_page(&sink->spool, record, &sink->err);
}

static int sink_on_bookmark(void *ctx, const struct hearth_bookmark_record *record)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = sink_check_takes(sink, MERGE_BOOKMARKS);
    if (r == 0 && !merge_records_check_bookmark(record, sink->storage->limits, why, sizeof(why)))
        return sink_note_broken(sink, record->guid, why);
    return r < 0 ? r : merge_records_put_bookmark(&sink->spool, record, &sink->err);
}

static int sink_on_removed(void *ctx, const char *guid, int64_t modified)
{
    struct sink *sink = sink_of(ctx);
    char why[160];
    int r = sink_check_takes(sink, 0);
    if (r == 0 && !merge_records_check_key("the id of a tombstone", guid, sink->storage->limits,
                                           why, sizeof(why)))
        return sink_note_broken(sink, guid, why);
    return r < 0 ? r : merge_records_put_removed(&sink->spool, guid, modified, &sink->err);
}

static int sink_on_restart(void *ctx)
{
    struct sink *sink = sink_of(ctx);
    merge_spool_clear(&sink->spool);
    sink->damaged = sink->damaged_before;
    sink->records = sink->records_before;
    sink->nameless = false;
    return 0;
}

/* Does what did not come count as gone? */
static bool removes_absent(const struct sink *sink)
{
    return sink->how == HEARTH_SNAPSHOT ||
           (sink->how == HEARTH_COMPLETE && !merge_collection(sink->collection)->united);
}

static const char *how_it_came(const struct sink *sink)
{
    return sink->how == HEARTH_SNAPSHOT   ? "all there is"
           : sink->how == HEARTH_COMPLETE ? "whole"
                                          : "what came";
}

static int sink_on_commit(void *ctx, const char *cursor)
{
    struct sink *sink = sink_of(ctx);
    if (sink->collection == HEARTH_COLLECTION_NONE)
        return err_set(&sink->err, HEARTH_ERR_INVALID,
                       "the sync plugin committed without a collection");
    if (sink->nameless && removes_absent(sink))
        return err_set(&sink->err, HEARTH_ERR_INVALID,
                       "the sync plugin wants to replace all %s, though one of the records that "
                       "came was damaged beyond recognition",
                       merge_collection_name(sink->collection));
    bool changed;
    int64_t generation;
    int r = merge_sink_check_credentials(sink);
    if (r < 0)
        return r;
    r = merge_apply_collection(sink->storage, sink->account, sink->collection, sink->how,
                               &sink->spool, cursor, &changed, &generation, &sink->err);
    if (r < 0)
        return r;
    log_event(HEARTH_LOG_DEBUG, "merge", "collection stored", LOG_TEXT("account", sink->account),
              LOG_TEXT("collection", merge_collection_name(sink->collection)),
              LOG_TEXT("how", how_it_came(sink)), LOG_BOOL("changed", changed),
              LOG_INT("records", sink->records - sink->records_before));
    if (changed) {
        sink->changed |= MERGE_CHANGED(sink->collection);
        sink->generation = generation;
    }
    sink->collection = HEARTH_COLLECTION_NONE;
    merge_spool_clear(&sink->spool);
    return 0;
}

void merge_sink_note_credentials(struct sink *sink)
{
    sink->fingerprinted = auth_credentials_fingerprint(sink->storage, sink->account, sink->source,
                                                       sink->fingerprint, NULL) == 0;
    plug_storage_reset(sink->storage);
}

int merge_sink_check_credentials(struct sink *sink)
{
    uint8_t fingerprint[CREDENTIALS_FINGERPRINT_SIZE];
    int r = sink->fingerprinted ? auth_credentials_fingerprint(sink->storage, sink->account,
                                                               sink->source, fingerprint, NULL)
                                : 0;
    plug_storage_reset(sink->storage);
    /* what the storage has against it will be seen */
    if (!sink->fingerprinted || r < 0 ||
        memcmp(fingerprint, sink->fingerprint, sizeof(fingerprint)) == 0)
        return 0;
    return err_set(&sink->err, HEARTH_ERR_CANCELLED,
                   "somebody signed in to the account while it was synced; it is synced anew");
}

static int put_cursors_once(struct sink *sink, int32_t first, int32_t last, const char *text,
                            struct err *err)
{
    int64_t generation;
    int r = STORAGE(sink->storage, err, batch_begin, sink->account, HEARTH_COLLECTION_NONE,
                    &generation);
    for (int32_t c = first; r == 0 && c <= last; c++)
        r = STORAGE(sink->storage, err, sync_cursor_put, sink->source, c, text);
    if (r == 0)
        r = STORAGE(sink->storage, err, batch_commit, false);
    if (r < 0)
        sink->storage->ops->batch_abort(sink->storage->handle);
    plug_storage_reset(sink->storage);
    return r;
}

/* Cursors outside of a collection's batch are small batches of their own. Every batch can be
 * repeated. */
static int put_cursors(struct sink *sink, int32_t first, int32_t last, const char *text)
{
    struct err err = {0};
    int r = merge_sink_check_credentials(sink);
    if (r < 0)
        return r;
    r = put_cursors_once(sink, first, last, text, &err);
    if (r == HEARTH_ERR_UNCERTAIN)
        r = put_cursors_once(sink, first, last, text, &err);
    if (r < 0)
        sink->err = err;
    return r;
}

static int sink_on_cursor(void *ctx, int32_t collection, const char *cursor)
{
    return put_cursors(sink_of(ctx), collection, collection, cursor);
}

static int sink_on_reset(void *ctx, int32_t collection)
{
    bool all = collection == HEARTH_COLLECTION_NONE;
    return put_cursors(sink_of(ctx), all ? 1 : collection,
                       all ? HEARTH_COLLECTION_SLOTS - 1 : collection, NULL);
}

static int sink_on_credentials(void *ctx, const void *bytes, size_t size)
{
    struct sink *sink = sink_of(ctx);
    int r = merge_sink_check_credentials(sink); /* those of a later sign-in are not overwritten */
    if (r == 0)
        r = auth_credentials_put(sink->vault, sink->storage, sink->account, sink->source,
                                 sink->provider, bytes, size, &sink->err);
    if (r == 0)
        merge_sink_note_credentials(sink);
    return r;
}

void merge_sink_init(struct sink *sink, struct storage *storage, const struct vault *vault,
                     const char *account, const char *provider, const char *spool_directory,
                     const struct limits *limits)
{
    *sink = (struct sink){.magic = SINK_MAGIC,
                          .storage = storage,
                          .vault = vault,
                          .account = account,
                          .provider = provider};
    sink->hearth = (struct hearth_sync_sink){
        .struct_size = sizeof(sink->hearth),
        .ctx = sink,
        .begin = sink_on_begin,
        .device = sink_on_device,
        .tab = sink_on_tab,
        .tab_group = sink_on_tab_group,
        .page = sink_on_page,
        .bookmark = sink_on_bookmark,
        .removed = sink_on_removed,
        .damaged = sink_on_damaged,
        .restart = sink_on_restart,
        .commit = sink_on_commit,
        .cursor = sink_on_cursor,
        .reset = sink_on_reset,
        .credentials = sink_on_credentials,
    };
    merge_spool_init(&sink->spool, spool_directory, limits);
    sink->spool.longest =
        (size_t)plug_fields_longest(HEARTH_KEY_MAX, storage == NULL ? NULL : storage->limits);
}

void merge_sink_set_source(struct sink *sink, int64_t source)
{
    sink->source = source;
    sink->spool.source = source;
}

void merge_sink_fini(struct sink *sink)
{
    merge_spool_fini(&sink->spool);
    sink->magic = 0;
}
