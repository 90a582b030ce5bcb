#include "meta.h"

#include <string.h>

#include "json_scan.h"

/* Ids longer than any real one are cut: they are only ever compared. */
static void sync_id_read(const struct fx_span *value, char ret_id[FX_SYNC_ID_MAX])
{
    size_t size = value->kind != FX_JSON_STRING      ? 0
                  : value->size < FX_SYNC_ID_MAX - 1 ? value->size
                                                     : FX_SYNC_ID_MAX - 1;
    for (size_t i = 0; i < size; i++) /* a cursor holds it as text */
        ret_id[i] =
            value->at[i] > 0x20 && value->at[i] < 0x7f && value->at[i] != '\\' ? value->at[i] : '?';
    ret_id[size] = '\0';
}

static int on_engine_member(void *ctx, const struct fx_span *name, const struct fx_span *value)
{
    struct fx_engine *engine = ctx;
    if (fx_span_is(name, "syncID"))
        sync_id_read(value, engine->sync_id);
    else if (fx_span_is(name, "version"))
        fx_span_integer(value, &engine->version);
    return 0;
}

static int find_collection(const struct fx_span *name)
{
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (fx_span_is(name, fx_collections[c].name))
            return c;
    }
    return 0;
}

static int on_engine(void *ctx, const struct fx_span *name, const struct fx_span *value)
{
    struct fx_meta *meta = ctx;
    int c = find_collection(name);
    if (c != 0 && value->kind == FX_JSON_OBJECT)
        fx_json_scan(value->at, value->size, on_engine_member, &meta->engine[c]);
    return 0;
}

static int on_declined(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    (void)key;
    struct fx_meta *meta = ctx;
    int c = value->kind == FX_JSON_STRING ? find_collection(value) : 0;
    if (c != 0)
        meta->engine[c].declined = true;
    return 0;
}

static int meta_on_member(void *ctx, const struct fx_span *name, const struct fx_span *value)
{
    struct fx_meta *meta = ctx;
    if (fx_span_is(name, "syncID"))
        sync_id_read(value, meta->sync_id);
    else if (fx_span_is(name, "storageVersion"))
        fx_span_integer(value, &meta->storage_version);
    else if (fx_span_is(name, "engines") && value->kind == FX_JSON_OBJECT)
        fx_json_scan(value->at, value->size, on_engine, meta);
    else if (fx_span_is(name, "declined") && value->kind == FX_JSON_ARRAY)
        fx_json_scan(value->at, value->size, on_declined, meta);
    return 0;
}

int fx_meta_parse(const char *text, size_t size, struct fx_meta *ret_meta)
{
    struct fx_meta meta = {
        .present = true, .timestamp = ret_meta->timestamp, .storage_version = -1};
    if (fx_json_scan(text, size, meta_on_member, &meta) != 0 || meta.storage_version < 0 ||
        meta.sync_id[0] == '\0')
        return HEARTH_ERR_INVALID;
    *ret_meta = meta;
    return 0;
}
