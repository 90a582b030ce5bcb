#include "cursors.h"

#include <stdio.h>
#include <string.h>

#include "hearth/plugin.h"
#include "json_scan.h"
#include "text.h"

struct text_field {
    const char *name;
    char *text;
    size_t capacity;
    bool seen;
};

struct number_field {
    const char *name;
    int64_t *number;
    bool seen;
};

struct reader {
    struct text_field *texts;
    size_t text_count;
    struct number_field *numbers;
    size_t number_count;
};

static int cursors_on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct reader *reader = ctx;
    for (size_t i = 0; i < reader->text_count; i++) {
        struct text_field *f = &reader->texts[i];
        if (fx_span_is(key, f->name))
            f->seen =
                value->kind == FX_JSON_STRING &&
                (value->size == 0 || fx_text_is_token(value->at, value->size, f->capacity - 1)) &&
                fx_span_text(value, f->text, f->capacity, NULL) == 0;
    }
    for (size_t i = 0; i < reader->number_count; i++) {
        struct number_field *f = &reader->numbers[i];
        if (fx_span_is(key, f->name))
            f->seen = fx_span_integer(value, f->number) == 0 && *f->number >= 0;
    }
    return 0;
}

/* True when every field was there and well-formed. */
static bool cursors_read_fields(const char *text, struct reader *reader)
{
    if (text == NULL || text[0] != '{' ||
        fx_json_scan(text, strlen(text), cursors_on_member, reader) != 0)
        return false;
    for (size_t i = 0; i < reader->text_count; i++) {
        if (!reader->texts[i].seen)
            return false;
    }
    for (size_t i = 0; i < reader->number_count; i++) {
        if (!reader->numbers[i].seen)
            return false;
    }
    return true;
}

void fx_account_cursor_parse(const char *text, struct fx_account_cursor *ret_cursor)
{
    struct fx_account_cursor m = {0};
    int64_t version = 0;
    struct text_field texts[] = {{"endpoint", m.endpoint, sizeof(m.endpoint), false},
                                 {"kid", m.kid, sizeof(m.kid), false},
                                 {"sync_id", m.sync_id, sizeof(m.sync_id), false}};
    struct number_field numbers[] = {{"v", &version, false},
                                     {"uid", &m.uid, false},
                                     {"info", &m.info, false},
                                     {"meta", &m.meta, false},
                                     {"keys", &m.keys, false},
                                     {"declined", &m.declined, false},
                                     {"unsupported", &m.unsupported, false}};
    struct reader reader = {texts, sizeof(texts) / sizeof(texts[0]), numbers,
                            sizeof(numbers) / sizeof(numbers[0])};
    m.present = cursors_read_fields(text, &reader) && version == 1;
    *ret_cursor = m.present ? m : (struct fx_account_cursor){0};
}

void fx_account_cursor_format(const struct fx_account_cursor *m, char ret_text[FX_CURSOR_MAX])
{
    snprintf(ret_text, FX_CURSOR_MAX,
             "{\"v\":1,\"endpoint\":\"%s\",\"uid\":%lld,\"kid\":\"%s\",\"sync_id\":\"%s\",\"info\":"
             "%lld,\"meta\":%lld,\"keys\":%lld,"
             "\"declined\":%lld,\"unsupported\":%lld}",
             m->endpoint, (long long)m->uid, m->kid, m->sync_id, (long long)m->info,
             (long long)m->meta, (long long)m->keys, (long long)m->declined,
             (long long)m->unsupported);
}

void fx_collection_cursor_parse(const char *text, struct fx_collection_cursor *ret_cursor)
{
    struct fx_collection_cursor m = {0};
    int64_t version = 0;
    struct text_field texts[] = {{"sync_id", m.sync_id, sizeof(m.sync_id), false},
                                 {"key", m.key, sizeof(m.key), false}};
    struct number_field numbers[] = {
        {"v", &version, false}, {"lm", &m.last_modified, false}, {"version", &m.version, false}};
    struct reader reader = {texts, sizeof(texts) / sizeof(texts[0]), numbers,
                            sizeof(numbers) / sizeof(numbers[0])};
    m.present = cursors_read_fields(text, &reader) && version == 1;
    *ret_cursor = m.present ? m : (struct fx_collection_cursor){0};
}

void fx_collection_cursor_format(const struct fx_collection_cursor *m, char ret_text[FX_CURSOR_MAX])
{
    snprintf(ret_text, FX_CURSOR_MAX,
             "{\"v\":1,\"lm\":%lld,\"sync_id\":\"%s\",\"version\":%lld,\"key\":\"%s\"}",
             (long long)m->last_modified, m->sync_id, (long long)m->version, m->key);
}

static int on_failed_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct fx_span *failed = ctx;
    if (fx_span_is(key, "failed"))
        *failed = *value;
    return 0;
}

int fx_collection_cursor_parse_failed(const char *text, struct fx_collection_cursor *ret_cursor,
                                      struct fx_failed_list *failed)
{
    struct fx_span span = {0};
    fx_failed_fini(failed);
    fx_collection_cursor_parse(text, ret_cursor);
    if (!ret_cursor->present || fx_json_scan(text, strlen(text), on_failed_member, &span) != 0 ||
        span.at == NULL)
        return 0;
    int r = span.kind == FX_JSON_STRING ? fx_failed_parse(failed, span.at, span.size)
                                        : HEARTH_ERR_INVALID;
    if (r == HEARTH_ERR_INVALID)
        *ret_cursor = (struct fx_collection_cursor){0};
    return r == HEARTH_ERR_INVALID ? 0 : r;
}

void fx_collection_cursor_format_failed(const struct fx_collection_cursor *cursor,
                                        const struct fx_failed_list *failed,
                                        char ret_text[FX_CURSOR_FAILED_MAX])
{
    static const char MEMBER[] = ",\"failed\":\"";
    fx_collection_cursor_format(cursor, ret_text);
    if (failed->count == 0)
        return;
    size_t used = strlen(ret_text) - 1; /* behind the last member */
    memcpy(ret_text + used, MEMBER, sizeof(MEMBER) - 1);
    used += sizeof(MEMBER) - 1;
    fx_failed_format(failed, ret_text + used);
    memcpy(ret_text + used + strlen(ret_text + used), "\"}", sizeof("\"}"));
}
