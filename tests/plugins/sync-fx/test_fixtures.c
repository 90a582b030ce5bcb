/* Everything that a real Firefox put on a server: each record decrypts, and is translated or
 * left out for a known reason. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "json_scan.h"
#include "keys.h"
#include "meta.h"
#include "record.h"
#include "codec/codec.h"

enum { LINE_MAX_SIZE = 4 << 20 };

struct counts {
    int64_t records[FX_COLLECTIONS], others, removed[FX_COLLECTIONS], pages, visits, bookmarks[6],
        tabs, skipped, damaged, tags, children;
    int32_t collection;
    char strip[4096]; /* windows and groups */
    size_t written;
};

static struct counts counts;

static int on_page(void *ctx, const struct hearth_page_record *p)
{
    (void)ctx;
    counts.pages++;
    counts.visits += p->visit_count;
    assert_true(p->visit_count <= 20);
    for (uint32_t i = 1; i < p->visit_count; i++)
        assert_true(p->visits[i - 1].date >= p->visits[i].date);
    return 0;
}

static int on_bookmark(void *ctx, const struct hearth_bookmark_record *b)
{
    (void)ctx;
    counts.bookmarks[b->kind]++;
    counts.tags += (int64_t)b->tag_count;
    counts.children += (int64_t)b->child_count;
    if (b->kind == HEARTH_BOOKMARK || b->kind == HEARTH_QUERY)
        assert_non_null(b->url);
    return 0;
}

static int on_removed(void *ctx, const char *guid, int64_t modified)
{
    (void)ctx, (void)guid;
    assert_true(modified > 1795417000000);
    counts.removed[counts.collection]++;
    return 0;
}

static int on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    (void)ctx;
    assert_true(tab->last_used > 1795000000000);
    assert_int_equal(tab->active, 0); /* nothing of a record says it */
    counts.tabs++;
    if (counts.written < sizeof(counts.strip))
        counts.written += (size_t)snprintf(
            counts.strip + counts.written, sizeof(counts.strip) - counts.written,
            "%.8s %lld/%lld %s%s\n", device, (long long)tab->window, (long long)tab->place,
            tab->group == NULL ? "-" : tab->group, tab->pinned ? " pinned" : "");
    return 0;
}

static int on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    (void)ctx;
    if (counts.written < sizeof(counts.strip))
        counts.written +=
            (size_t)snprintf(counts.strip + counts.written, sizeof(counts.strip) - counts.written,
                             "%.8s: %s \"%s\" %s%s\n", device, group->id, group->name, group->color,
                             group->collapsed ? " collapsed" : "");
    return 0;
}

static struct fx_key sync_key(void)
{
    char hex[2 * FX_KEY_SIZE + 2] = "";
    struct fx_key key;
    FILE *file = fopen(FIXTURES "/sync-key.hex", "r");
    assert_non_null(file);
    assert_int_equal(fread(hex, 1, 2 * FX_KEY_SIZE, file), 2 * FX_KEY_SIZE);
    fclose(file);
    assert_int_equal(codec_hex_decode(hex, strlen(hex), key.bytes, FX_KEY_SIZE), 0);
    return key;
}

static int on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    if (fx_span_is(key, "collection"))
        fx_span_text(value, ctx, 64, NULL);
    return 0;
}

/* The translation that a collection of the fixtures goes through; the others are only decrypted. */
static int translate(struct fx_translate *t, const struct fx_record *record, int collection)
{
    struct hearth_device device;
    switch (collection) {
    case HEARTH_CLIENTS:
        return fx_record_client(t, record, &device);
    case HEARTH_TABS:
        return fx_record_tabs(t, record);
    case HEARTH_BOOKMARKS:
        return fx_record_bookmark(t, record);
    default:
        return fx_record_history(t, record);
    }
}

struct loader {
    struct fx_decoder decoder;
    struct fx_key sync_key;
    struct fx_keys keys;
    struct fx_arena arena;
    struct hearth_sync_sink sink;
};

static void take_line(struct loader *l, const char *line)
{
    char name[64] = "";
    struct fx_bso bso;
    const struct fx_json *json;
    int collection = 0;
    assert_int_equal(fx_json_scan(line, strlen(line), on_member, name), 0);
    if (strstr(line, "\"collection_modified\"") != NULL)
        return;
    for (int c = 1; c < FX_COLLECTIONS; c++)
        collection = strcmp(name, fx_collections[c].name) == 0 ? c : collection;
    assert_int_equal(fx_bso_read(&l->decoder, line, strlen(line), &bso), FX_BSO_OK);
    if (strcmp(name, "meta") == 0) {
        struct fx_meta meta = {0};
        assert_int_equal(fx_meta_parse(bso.payload, bso.payload_size, &meta), 0);
        assert_int_equal(meta.storage_version, 5);
        assert_int_equal(meta.engine[HEARTH_BOOKMARKS].version, 2);
        return;
    }
    if (strcmp(name, "crypto") == 0)
        return; /* read before */
    assert_int_equal(
        fx_bso_open(&l->decoder, &l->keys.of[HEARTH_BOOKMARKS], &bso, &l->arena, &json), FX_BSO_OK);
    if (collection == 0) {
        counts.others++;
    } else {
        struct fx_translate t = {.arena = &l->arena, .sink = &l->sink, .now = 1895417500000};
        struct fx_record record = {.id = bso.id, .modified = bso.modified * 10, .json = json};
        counts.collection = collection;
        counts.records[collection]++;
        int verdict = translate(&t, &record, collection);
        counts.skipped += verdict == FX_SKIPPED;
        counts.damaged += verdict == FX_DAMAGED;
        assert_true(verdict >= 0);
    }
    fx_arena_reset(&l->arena);
}

static void each_line(const char *path, struct loader *l,
                      void (*fn)(struct loader *l, const char *line))
{
    gzFile file = gzopen(path, "rb");
    char *line = malloc(LINE_MAX_SIZE);
    assert_non_null(file);
    while (gzgets(file, line, LINE_MAX_SIZE) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        fn(l, line);
    }
    gzclose(file);
    free(line);
}

static void find_keys(struct loader *l, const char *line)
{
    struct fx_bso bso;
    if (strstr(line, "\"crypto\"") == NULL ||
        fx_bso_read(&l->decoder, line, strlen(line), &bso) != FX_BSO_OK ||
        strcmp(bso.id, "keys") != 0)
        return;
    assert_int_equal(fx_bso_decrypt(&l->decoder, &l->sync_key, &bso), FX_BSO_OK);
    assert_int_equal(fx_keys_parse(l->decoder.plain.data, l->decoder.plain.size, &l->keys), 0);
}

static void load(const char *path)
{
    struct loader l = {.sync_key = sync_key(),
                       .sink = {.page = on_page,
                                .bookmark = on_bookmark,
                                .removed = on_removed,
                                .tab = on_tab,
                                .tab_group = on_tab_group}};
    memset(&counts, 0, sizeof(counts));
    assert_int_equal(fx_decoder_init(&l.decoder), 0);
    each_line(path, &l, find_keys);
    assert_true(l.keys.present);
    each_line(path, &l, take_line);
    fx_arena_fini(&l.arena);
    fx_decoder_fini(&l.decoder);
}

static void test_first(void **state)
{
    (void)state;
    load(FIXTURES "/server/00-laptop-first.full.jsonl.gz");
    assert_int_equal(counts.records[HEARTH_HISTORY], 4999);
    assert_int_equal(counts.pages, 4998);
    assert_int_equal(counts.removed[HEARTH_HISTORY], 1);
    assert_int_equal(counts.records[HEARTH_BOOKMARKS], 851);
    assert_int_equal(counts.records[HEARTH_TABS], 1);
    assert_int_equal(counts.records[HEARTH_CLIENTS], 1);
    assert_int_equal(counts.others, 16);
    assert_int_equal(counts.skipped, 0);
    assert_int_equal(counts.damaged, 0);
}

static void test_final(void **state)
{
    (void)state;
    load(FIXTURES "/server/07-final.full.jsonl.gz");
    assert_int_equal(counts.records[HEARTH_HISTORY], 5229);
    assert_int_equal(counts.removed[HEARTH_HISTORY], 134);
    assert_int_equal(counts.pages, 5095);
    assert_int_equal(counts.records[HEARTH_BOOKMARKS], 861);
    assert_int_equal(counts.removed[HEARTH_BOOKMARKS], 93);
    assert_int_equal(counts.bookmarks[HEARTH_BOOKMARK] + counts.bookmarks[HEARTH_QUERY] +
                         counts.bookmarks[HEARTH_FOLDER] + counts.bookmarks[HEARTH_SEPARATOR],
                     768);
    assert_true(counts.bookmarks[HEARTH_FOLDER] >= 4 && counts.bookmarks[HEARTH_QUERY] > 0 &&
                counts.bookmarks[HEARTH_SEPARATOR] > 0);
    /* every item but the four roots hangs in exactly one folder */
    assert_int_equal(counts.children, 768 - 4);
    assert_true(counts.tags > 0);
    assert_int_equal(counts.records[HEARTH_TABS], 2);
    assert_int_equal(counts.records[HEARTH_CLIENTS], 2);
    assert_true(counts.tabs > 10);
    assert_string_equal(
        counts.strip,
        "XZomPBid 0/2 -\nXZomPBid 0/3 -\nXZomPBid 0/1 -\nXZomPBid 0/0 -\n"
        "VtkkpvkA: 1795417418675-39 \"Trip\" purple collapsed\nVtkkpvkA: 1795417418665-25 "
        "\"Shopping 🛒\" blue\n"
        "VtkkpvkA 0/3 -\nVtkkpvkA 0/4 -\nVtkkpvkA 0/2 -\nVtkkpvkA 0/1 -\n"
        "VtkkpvkA 1/9 1795417418675-39\nVtkkpvkA 1/8 1795417418675-39\n"
        "VtkkpvkA 1/7 1795417418665-25\nVtkkpvkA 1/6 1795417418665-25\n"
        "VtkkpvkA 1/3 -\nVtkkpvkA 1/2 -\nVtkkpvkA 1/1 - pinned\nVtkkpvkA 1/0 - pinned\n");
    assert_int_equal(counts.others, 18);
    assert_int_equal(counts.skipped, 0);
    assert_int_equal(counts.damaged, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first), cmocka_unit_test(test_final)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
