/* Devices and their tabs. Both collections are small, and a device's row needs both of them (the
 * newest upload, whether it is stale), so that they are always read together and whole, and
 * handed over when all is known. */
#include "fx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "record.h"

enum { MAX_DEVICES = 1000, MAX_DAMAGED = 500, MAX_KEPT = 32 << 20, STALE_AFTER = 7 * 86400 * 1000 };

struct device {
    char id[FX_ID_MAX];
    bool hidden;
    /* of clients and of tabs, by collection; NULL: none came */
    const struct fx_json *record[FX_COLLECTIONS];
    int64_t modified[FX_COLLECTIONS]; /* ms */
    const char *name, *fxa_id;        /* borrowed from its record of clients */
};

struct broken {
    char id[FX_ID_MAX]; /* "": unknown */
    const char *why;    /* a constant */
    bool sound;         /* but too much: not asked for again */
};

struct devices {
    struct fx_pull *p;
    int collection; /* that is being read */
    struct device *list;
    size_t count;
    size_t kept[FX_COLLECTIONS]; /* bytes of cleartext */
    struct broken broken[FX_COLLECTIONS][MAX_DAMAGED];
    size_t broken_count[FX_COLLECTIONS];
    bool nameless[FX_COLLECTIONS];          /* something came that nobody recognises */
    bool too_broken;                        /* more than there is room for */
    struct fx_arena memory[FX_COLLECTIONS]; /* of the records that are kept */
    struct fx_arena arena;
    struct fx_translate translate;
};

static struct device *clients_find(struct devices *d, const char *id)
{
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->list[i].id, id) == 0)
            return &d->list[i];
    }
    return NULL;
}

static struct broken *clients_note_broken(struct devices *d, const char *id, const char *why)
{
    size_t *count = &d->broken_count[d->collection];
    d->too_broken = d->too_broken || *count == MAX_DAMAGED;
    if (*count == MAX_DAMAGED)
        return NULL;
    struct broken *broken = &d->broken[d->collection][(*count)++];
    *broken = (struct broken){.why = why};
    snprintf(broken->id, sizeof(broken->id), "%s", id == NULL ? "" : id);
    return broken;
}

static int clients_on_damaged(void *ctx, const char *id, const char *why)
{
    clients_note_broken(ctx, id, why);
    return 0;
}

static int clients_on_record(void *ctx, const struct fx_decoded *record)
{
    struct devices *d = ctx;
    if (fx_record_is_deleted(record->json))
        return 0;
    struct device *device = clients_find(d, record->id);
    if ((device == NULL && d->count == MAX_DEVICES) ||
        d->kept[d->collection] + record->size > MAX_KEPT) {
        struct broken *broken =
            clients_note_broken(d, record->id, "the account's devices have too many tabs");
        if (broken != NULL)
            broken->sound = true;
        return 0;
    }
    d->kept[d->collection] += record->size;
    if (device == NULL) {
        device = &d->list[d->count++];
        *device = (struct device){0};
        snprintf(device->id, sizeof(device->id), "%s", record->id);
    }
    device->record[d->collection] = fx_json_copy(&d->memory[d->collection], record->json);
    if (device->record[d->collection] == NULL)
        return HEARTH_ERR_NOMEM;
    device->modified[d->collection] = record->modified;
    return 0;
}

static void drop_records(struct devices *d, int collection)
{
    for (size_t i = 0; i < d->count; i++)
        d->list[i].record[collection] = NULL;
    fx_arena_fini(&d->memory[collection]);
    d->broken_count[collection] = 0;
    d->kept[collection] = 0;
}

static int clients_on_restart(void *ctx)
{
    struct devices *d = ctx;
    drop_records(d, d->collection);
    return 0;
}

static int clients_read_collection(struct devices *d, int collection, int64_t *ret_modified)
{
    static const struct fx_reader_ops ops = {clients_on_record, clients_on_damaged,
                                             clients_on_restart};
    *ret_modified = 0;
    if (d->p->timestamps[collection] == 0 || !fx_account_wants(d->p, collection))
        return 0;
    struct fx_reader reader = {.p = d->p,
                               .collection = collection,
                               .united = d->p->state.too_damaged[collection] >= FX_PATIENCE,
                               .ops = &ops,
                               .ctx = d};
    d->collection = collection;
    int r = fx_reader_run(&reader);
    if (r == FX_REKEYED) { /* read with the old key: once more with the new one */
        drop_records(d, collection);
        r = fx_reader_run(&reader);
    }
    if (r == 0 && d->too_broken)
        r = fx_leave(d->p, true,
                     fx_says_too_many_damaged(reader.records, fx_collections[collection].name));
    d->nameless[collection] = reader.nameless > 0;
    d->p->damage[collection].records = reader.records;
    d->p->damage[collection].forgotten = reader.nameless;
    d->p->damage[collection].damaged = reader.damaged;
    *ret_modified = reader.first_modified;
    return r;
}

static int64_t last_upload(const struct device *device)
{
    int64_t client = device->record[HEARTH_CLIENTS] == NULL ? 0 : device->modified[HEARTH_CLIENTS],
            tabs = device->record[HEARTH_TABS] == NULL ? 0 : device->modified[HEARTH_TABS];
    return client > tabs ? client : tabs;
}

static const char *client_text_of(struct devices *d, const struct fx_json *json, const char *name)
{
    const char *text = fx_record_text(&d->translate, json, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* A device that signed in anew leaves its old self behind: the same device of the account, or
 * the same name and a week older. */
static bool client_replaces(const struct device *a, const struct device *b)
{
    int64_t younger = last_upload(a) - last_upload(b);
    if (a->record[HEARTH_CLIENTS] == NULL || b->record[HEARTH_CLIENTS] == NULL || younger < 0)
        return false;
    if (a->fxa_id != NULL && b->fxa_id != NULL && strcmp(a->fxa_id, b->fxa_id) == 0)
        return younger > 0 || a < b;
    return a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0 &&
           younger > STALE_AFTER;
}

static void hide_stale(struct devices *d)
{
    for (size_t i = 0; i < d->count; i++) {
        d->list[i].name = client_text_of(d, d->list[i].record[HEARTH_CLIENTS], "name");
        d->list[i].fxa_id = client_text_of(d, d->list[i].record[HEARTH_CLIENTS], "fxaDeviceId");
    }
    for (size_t i = 0; i < d->count; i++) {
        for (size_t k = 0; k < d->count && !d->list[i].hidden; k++)
            d->list[i].hidden = k != i && client_replaces(&d->list[k], &d->list[i]);
    }
}

static int emit_device(struct devices *d, const struct device *device)
{
    struct hearth_device row;
    struct fx_record record = {
        .id = device->id, .modified = last_upload(device), .json = device->record[HEARTH_CLIENTS]};
    if (device->hidden ||
        (device->record[HEARTH_CLIENTS] == NULL && device->record[HEARTH_TABS] == NULL))
        return 0;
    fx_record_client(&d->translate, &record, &row);
    if (device->record[HEARTH_CLIENTS] == NULL) { /* known by its tabs only */
        const char *name = fx_record_cut(
            &d->translate, client_text_of(d, device->record[HEARTH_TABS], "clientName"),
            FX_NAME_UNITS);
        row.name = name == NULL ? row.name : name;
    }
    return d->p->sink->device(d->p->sink->ctx, &row);
}

static int emit_tabs(struct devices *d, const struct device *device)
{
    struct fx_record record = {.id = device->id,
                               .modified = device->modified[HEARTH_TABS],
                               .json = device->record[HEARTH_TABS]};
    return device->hidden || device->record[HEARTH_TABS] == NULL
               ? 0
               : fx_record_tabs(&d->translate, &record);
}

/* Asked for again means here: the collections are read again. */
static int emit_broken(struct devices *d, int collection, struct fx_failed_list *failed)
{
    struct fx_pull *p = d->p;
    int r = fx_failed_copy(failed, &p->failed[collection]);
    for (size_t i = 0; r == 0 && i < d->broken_count[collection]; i++) {
        struct broken *broken = &d->broken[collection][i];
        bool named = broken->id[0] != '\0';
        if (named && !broken->sound)
            r = fx_failed_add(failed, broken->id, fx_now_s(p));
        if (r == 0)
            r = p->sink->damaged(p->sink->ctx, named ? broken->id : NULL, broken->why);
    }
    fx_failed_keep_fresh(failed);
    return r;
}

static int (*const emitters[FX_COLLECTIONS])(struct devices *d, const struct device *device) = {
    [HEARTH_CLIENTS] = emit_device,
    [HEARTH_TABS] = emit_tabs,
};

static int clients_emit(struct devices *d, int collection, int64_t modified)
{
    struct fx_pull *p = d->p;
    if (!fx_account_wants(p, collection) && (p->account.declined >> collection & 1) == 0)
        return 0; /* a format that is not understood: what was read before stays */
    struct fx_collection_cursor cursor;
    struct fx_failed_list failed = {0};
    bool absent = fx_account_wants(p, collection) && p->timestamps[collection] == 0;
    if (absent && collection == HEARTH_TABS)
        return fx_note_absent(p, collection);
    fx_collection_cursor_make(p, collection, modified, &cursor);
    bool united = absent || d->nameless[collection]; /* devices may be known by their tabs */
    int r = fx_begin(p, collection, united ? HEARTH_INCREMENTAL : HEARTH_COMPLETE);
    if (r == 0)
        r = emit_broken(d, collection, &failed);
    for (size_t i = 0; r == 0 && i < d->count; i++) {
        r = emitters[collection](d, &d->list[i]);
        fx_arena_reset(&d->arena);
    }
    if (r == 0)
        r = fx_commit(p, &cursor, &failed);
    fx_failed_fini(&failed);
    return r;
}

static int read_and_emit(struct devices *d)
{
    int64_t clients_modified, tabs_modified;
    int r = clients_read_collection(d, HEARTH_CLIENTS, &clients_modified);
    if (r == 0)
        r = clients_read_collection(d, HEARTH_TABS, &tabs_modified);
    if (r != 0)
        return r;
    struct fx_arena names = {0}; /* outlives the records' arena */
    d->translate.arena = &names;
    hide_stale(d);
    d->translate.arena = &d->arena;
    fx_log(d->p, "clients and tabs: %zu devices are known", d->count);
    r = clients_emit(d, HEARTH_CLIENTS, clients_modified);
    if (r == 0)
        r = clients_emit(d, HEARTH_TABS, tabs_modified);
    fx_arena_fini(&names);
    return r;
}

int fx_devices_run(struct fx_pull *p, int collection)
{
    bool whole, reset, changed = false;
    int r = 0;
    fx_log_devices(p);
    for (int c = 1; r == 0 && c < FX_COLLECTIONS; c++) {
        if (!fx_collections[c].by_device)
            continue;
        bool declined = p->account.declined >> c & 1,
             differs = fx_collection_changed(p, c, &whole, &reset);
        bool emptied = declined && p->cursors[c].present && p->cursors[c].last_modified == 0;
        changed = changed || (fx_account_wants(p, c) && differs) || (declined && !emptied) ||
                  fx_refetch_due(p, c);
        if (reset && fx_account_wants(p, c))
            r = p->sink->reset(p->sink->ctx, c);
    }
    if (r != 0 || !changed)
        return r;
    struct devices *d = calloc(1, sizeof(*d));
    if (d == NULL || (d->list = calloc(MAX_DEVICES, sizeof(*d->list))) == NULL) {
        free(d);
        return fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    }
    d->p = p;
    d->translate =
        (struct fx_translate){.arena = &d->arena, .sink = p->sink, .now = p->host->now_ms(p->host)};
    r = read_and_emit(d);
    drop_records(d, HEARTH_CLIENTS);
    drop_records(d, HEARTH_TABS);
    fx_arena_fini(&d->arena);
    free(d->list);
    free(d);
    if (r == FX_LEFT || r == FX_REKEYED) {
        fx_say_left(p, "clients and tabs");
        p->incomplete = true;
        r = 0;
    }
    return r;
}
