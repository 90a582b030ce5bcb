/* A line of a collection as a server may send it, and a cleartext record as a hostile device may
 * encrypt it. */
#include <stdlib.h>
#include <string.h>

#include "bso.h"
#include "cursors.h"
#include "keys.h"
#include "meta.h"
#include "record.h"
#include "text.h"
#include "codec/codec.h"
#include "support/buf.h"
#include "support/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_text(const char *text)
{
    check(text == NULL || codec_utf8_valid(text, strlen(text)));
}

static int on_page(void *ctx, const struct hearth_page_record *p)
{
    (void)ctx;
    check_text(p->url);
    check_text(p->title);
    check(strlen(p->url) <= FX_URL_BYTES && p->visit_count > 0);
    for (uint32_t i = 0; i < p->visit_count; i++)
        check(p->visits[i].type >= 1 && p->visits[i].type <= 9 &&
              p->visits[i].date >= FX_EARLIEST_DATE);
    return 0;
}

static int on_bookmark(void *ctx, const struct hearth_bookmark_record *b)
{
    (void)ctx;
    check_text(b->title);
    check_text(b->url);
    check_text(b->keyword);
    check_text(b->tag_query);
    check_text(b->parent_guid);
    check(b->kind >= HEARTH_BOOKMARK && b->kind <= HEARTH_LIVEMARK);
    check(b->url == NULL || strlen(b->url) <= FX_URL_BYTES);
    for (size_t i = 0; i < b->tag_count; i++) {
        check_text(b->tags[i]);
        check(b->tags[i][0] != '\0' && strchr(b->tags[i], '\n') == NULL);
    }
    for (size_t i = 0; i < b->child_count; i++)
        check(strlen(b->children[i]) < FX_ID_MAX);
    return 0;
}

static int on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    (void)ctx, (void)device;
    check_text(tab->title);
    check_text(tab->url);
    check_text(tab->icon);
    check_text(tab->group);
    check(tab->last_used >= 0);
    check(tab->group == NULL || (tab->group[0] != '\0' && strlen(tab->group) <= HEARTH_KEY_MAX));
    check(tab->window >= 0 && tab->window < FX_WINDOWS_MAX);
    check(tab->place >= 0 && tab->place <= INT32_MAX);
    return 0;
}

static int on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    (void)ctx, (void)device;
    check_text(group->id);
    check_text(group->name);
    check_text(group->color);
    check(group->id[0] != '\0' && strlen(group->id) <= HEARTH_KEY_MAX && group->name != NULL);
    return 0;
}

static int on_removed(void *ctx, const char *guid, int64_t modified)
{
    (void)ctx, (void)modified;
    check(guid != NULL);
    return 0;
}

static const struct hearth_sync_sink sink = {.page = on_page,
                                             .bookmark = on_bookmark,
                                             .tab = on_tab,
                                             .tab_group = on_tab_group,
                                             .removed = on_removed};

static void translate(struct fx_decoder *decoder, const uint8_t *data, size_t size)
{
    struct fx_arena arena = {0};
    struct hearth_device device;
    struct fx_translate t = {.arena = &arena, .sink = &sink, .now = 1895417500000};
    struct fx_record record = {.id = "abcdefghijkl", .modified = 1795417433060};
    check(support_buf_append(&decoder->plain, data, size) == 0 &&
          support_buf_append(&decoder->plain, "", 1) == 0);
    fx_text_repair_json(decoder->plain.data, size);
    struct fx_json *json = NULL;
    fx_json_parse(&arena, decoder->plain.data, size, &json);
    record.json = json;
    if (fx_json_is(json, FX_JSON_OBJECT)) {
        check(fx_record_bookmark(&t, &record) >= 0);
        check(fx_record_history(&t, &record) >= 0);
        check(fx_record_tabs(&t, &record) == FX_TAKEN);
        check(fx_record_client(&t, &record, &device) == FX_TAKEN);
        check_text(device.name);
    }
    fx_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fx_decoder decoder;
    struct fx_bso bso;
    struct fx_key key = {{0}};
    struct fx_keys keys = {0};
    struct fx_meta meta = {0};
    const struct fx_json *json = NULL;
    struct fx_arena arena = {0};
    check(fx_decoder_init(&decoder) == 0);
    if (fx_bso_read(&decoder, (const char *)data, size, &bso) == FX_BSO_OK) {
        check(bso.id[0] != '\0');
        fx_meta_parse(bso.payload, bso.payload_size, &meta);
        fx_bso_open(&decoder, &key, &bso, &arena, &json);
        fx_arena_fini(&arena);
    }
    fx_keys_parse((const char *)data, size, &keys);
    fx_meta_parse((const char *)data, size, &meta);
    decoder.plain.size = 0;
    translate(&decoder, data, size);
    fx_decoder_fini(&decoder);
    return 0;
}
