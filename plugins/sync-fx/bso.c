#include "bso.h"

#include <string.h>

#include "hearth/plugin.h"
#include "json_scan.h"
#include "text.h"
#include "timestamp.h"
#include "codec/codec.h"
#include "support/buf.h"

int fx_decoder_init(struct fx_decoder *decoder)
{
    *decoder = (struct fx_decoder){0};
    return fx_box_init(&decoder->box);
}

void fx_decoder_fini(struct fx_decoder *decoder)
{
    fx_box_fini(&decoder->box);
    support_buf_fini(&decoder->payload);
    support_buf_fini(&decoder->work);
    support_buf_fini(&decoder->plain);
}

struct envelope {
    struct fx_span id, modified, payload;
};

static int bso_on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct envelope *envelope = ctx;
    if (fx_span_is(key, "id"))
        envelope->id = *value;
    else if (fx_span_is(key, "modified"))
        envelope->modified = *value;
    else if (fx_span_is(key, "payload"))
        envelope->payload = *value;
    return 0;
}

bool fx_bso_is_id(const char *id, size_t size)
{
    if (size == 0 || size >= FX_ID_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (id[i] < 0x20 || id[i] > 0x7e)
            return false;
    }
    return true;
}

/* 1 … 64 printable ASCII characters. */
static bool bso_read_id(const struct fx_span *span, char ret_id[FX_ID_MAX])
{
    char id[FX_ID_MAX * 2];
    size_t size;
    if (span->at == NULL || span->kind != FX_JSON_STRING ||
        fx_span_text(span, id, sizeof(id), &size) != 0 || !fx_bso_is_id(id, size))
        return false;
    memcpy(ret_id, id, size + 1);
    return true;
}

bool fx_bso_guess_id(const char *text, size_t size, char ret_id[FX_ID_MAX])
{
    static const char NAME[] = "\"id\"";
    size_t limit = size < 512 ? size : 512;
    const char *end = text + limit,
               *at = limit == 0 ? NULL : memmem(text, limit, NAME, sizeof(NAME) - 1);
    /* one with a backslash is inside of a payload */
    if (at == NULL || text[0] != '{' || at[-1] == '\\')
        return false;
    for (at += sizeof(NAME) - 1; at < end && (*at == ' ' || *at == ':');)
        at++;
    const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
    if (close == NULL || !fx_bso_is_id(at + 1, (size_t)(close - at - 1)) ||
        memchr(at + 1, '\\', (size_t)(close - at - 1)) != NULL)
        return false;
    memcpy(ret_id, at + 1, (size_t)(close - at - 1));
    ret_id[close - at - 1] = '\0';
    return true;
}

bool fx_bso_read_id(const char *line, size_t size, char ret_id[FX_ID_MAX])
{
    if (line == NULL || size < 2 || line[0] != '"' || line[size - 1] != '"')
        return false;
    struct fx_span span = {.at = line + 1, .size = size - 2, .kind = FX_JSON_STRING};
    return bso_read_id(&span, ret_id);
}

enum fx_bso_status fx_bso_read(struct fx_decoder *decoder, const char *line, size_t size,
                               struct fx_bso *ret_bso)
{
    struct envelope envelope = {0};
    *ret_bso = (struct fx_bso){0};
    if (fx_json_scan(line, size, bso_on_member, &envelope) != 0) {
        fx_bso_guess_id(line, size, ret_bso->id);
        return FX_BSO_NOT_JSON;
    }
    if (!bso_read_id(&envelope.id, ret_bso->id))
        return FX_BSO_NO_ID;
    if (envelope.modified.at == NULL || envelope.modified.kind != FX_JSON_NUMBER ||
        fx_timestamp_parse(envelope.modified.at, envelope.modified.size, &ret_bso->modified) != 0)
        return FX_BSO_NO_MODIFIED;
    if (envelope.payload.at == NULL || envelope.payload.kind != FX_JSON_STRING ||
        envelope.payload.size == 0)
        return FX_BSO_NO_PAYLOAD;
    decoder->payload.size = 0;
    if (support_buf_reserve(&decoder->payload, envelope.payload.size + 1) != 0)
        return FX_BSO_NOMEM;
    fx_span_text(&envelope.payload, decoder->payload.data, decoder->payload.capacity,
                 &decoder->payload.size);
    ret_bso->payload = decoder->payload.data;
    ret_bso->payload_size = decoder->payload.size;
    return FX_BSO_OK;
}

enum fx_bso_status fx_bso_decrypt(struct fx_decoder *decoder, const struct fx_key *key,
                                  const struct fx_bso *bso)
{
    static const enum fx_bso_status of[] = {[FX_OPEN_OK] = FX_BSO_OK,
                                            [FX_OPEN_FORMAT] = FX_BSO_BAD_FORMAT,
                                            [FX_OPEN_HMAC] = FX_BSO_BAD_HMAC,
                                            [FX_OPEN_CIPHER] = FX_BSO_BAD_CIPHER,
                                            [FX_OPEN_NOMEM] = FX_BSO_NOMEM};
    return of[fx_box_open(&decoder->box, key, bso->payload, bso->payload_size, &decoder->work,
                          &decoder->plain)];
}

/* Firefox cuts long titles in the middle of surrogate pairs, and old clients wrote bytes that
 * are no UTF-8: one bad character should not cost the record. */
static int plaintext_parse(struct support_buf *plain, struct fx_arena *arena,
                           struct fx_json **ret_json)
{
    if (memchr(plain->data, '\\', plain->size) != NULL ||
        !codec_utf8_valid(plain->data, plain->size))
        fx_text_repair_json(plain->data, plain->size);
    return fx_json_parse(arena, plain->data, plain->size, ret_json);
}

enum fx_bso_status fx_bso_open(struct fx_decoder *decoder, const struct fx_key *key,
                               const struct fx_bso *bso, struct fx_arena *arena,
                               const struct fx_json **ret_json)
{
    struct fx_json *json = NULL;
    enum fx_bso_status status = fx_bso_decrypt(decoder, key, bso);
    if (status != FX_BSO_OK)
        return status;
    int r = plaintext_parse(&decoder->plain, arena, &json);
    if (r != 0 || !fx_json_is(json, FX_JSON_OBJECT))
        return r == HEARTH_ERR_NOMEM ? FX_BSO_NOMEM : FX_BSO_BAD_TEXT;
    const char *id = fx_json_text(fx_json_get(json, "id"));
    decoder->other_id[0] = '\0';
    if (id == NULL || strcmp(id, bso->id) != 0) {
        if (id != NULL && fx_bso_is_id(id, strlen(id)))
            memcpy(decoder->other_id, id, strlen(id) + 1);
        return FX_BSO_OTHER_ID;
    }
    *ret_json = json;
    return FX_BSO_OK;
}

const char *fx_bso_words(enum fx_bso_status status)
{
    switch (status) {
    case FX_BSO_OK:
        return "it is sound";
    case FX_BSO_NOT_JSON:
        return "it is not JSON";
    case FX_BSO_NO_ID:
        return "it has no usable id";
    case FX_BSO_NO_MODIFIED:
        return "it has no time of modification";
    case FX_BSO_NO_PAYLOAD:
        return "it has no payload";
    case FX_BSO_BAD_FORMAT:
        return "its payload is not an encrypted record";
    case FX_BSO_BAD_HMAC:
        return "its HMAC is wrong (damaged, or encrypted with another key)";
    case FX_BSO_BAD_CIPHER:
        return "it cannot be decrypted";
    case FX_BSO_BAD_TEXT:
        return "its cleartext is not a JSON object";
    case FX_BSO_OTHER_ID:
        return "the id inside is not the id outside";
    case FX_BSO_TOO_LARGE:
        return "it is too large";
    case FX_BSO_NOMEM:
        return "out of memory";
    }
    return "it is damaged";
}
