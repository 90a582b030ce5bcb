/* What concerns the whole account: info/collections, meta/global, crypto/keys, and the account's
 * cursor. */
#include "fx.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>

#include "json_scan.h"
#include "timestamp.h"
#include "support/buf.h"
#include "support/call.h"

enum {
    CONFIGURATION_LIFE = 24 * 3600 * 1000,
    KEYS_REFETCH_PAUSE = 600 * 1000,
    STORAGE_VERSION = 5
};

bool fx_account_wants(const struct fx_pull *p, int collection)
{
    int64_t left_out = p->account.declined | p->account.unsupported;
    return (!fx_collections[collection].optional || p->fx->config.history) &&
           (left_out >> collection & 1) == 0;
}

int fx_account_reset(struct fx_pull *p)
{
    int r = p->sink->reset(p->sink->ctx, HEARTH_COLLECTION_NONE);
    if (r < 0)
        return r;
    memset(p->cursors, 0, sizeof(p->cursors));
    for (int c = 0; c < FX_COLLECTIONS; c++)
        fx_failed_fini(&p->failed[c]);
    p->account = (struct fx_account_cursor){.uid = p->state.uid};
    memcpy(p->account.endpoint, p->state.endpoint, FX_URL_MAX);
    p->state.meta.present = false;
    OPENSSL_cleanse(&p->state.keys, sizeof(p->state.keys));
    p->state.configuration_until = 0;
    return 0;
}

int fx_account_store_cursor(struct fx_pull *p)
{
    p->account.present = true;
    memcpy(p->account.kid, p->credentials.kid, FX_KID_MAX);
    char text[FX_CURSOR_MAX], stored[FX_CURSOR_MAX];
    fx_account_cursor_format(&p->account, text);
    fx_account_cursor_format(&p->stored_account, stored);
    if (p->stored_account.present && strcmp(text, stored) == 0)
        return 0;
    int r = p->sink->cursor(p->sink->ctx, HEARTH_COLLECTION_NONE, text);
    if (r == 0)
        p->stored_account = p->account;
    return r;
}

/* --- info/collections --- */

static int collections_on_timestamp(void *ctx, const struct fx_span *key,
                                    const struct fx_span *value)
{
    struct fx_pull *p = ctx;
    int64_t time;
    if (value->kind != FX_JSON_NUMBER || fx_timestamp_parse(value->at, value->size, &time) != 0)
        return HEARTH_ERR_INVALID;
    if (time > p->info)
        p->info = time;
    if (fx_span_is(key, "meta"))
        p->meta_timestamp = time;
    else if (fx_span_is(key, "crypto"))
        p->keys_timestamp = time;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (fx_span_is(key, fx_collections[c].name))
            p->timestamps[c] = time;
    }
    return 0;
}

/* Asking "changed since?" is right only if everything up to then was read, and nothing is to be
 * asked for again. */
static int64_t known_until(const struct fx_pull *p)
{
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        if (fx_account_wants(p, c) && (!p->cursors[c].present || fx_refetch_due(p, c)))
            return 0;
    }
    return p->account.present ? p->account.info : 0;
}

int fx_account_info(struct fx_pull *p)
{
    struct fx_answer answer;
    struct support_buf body = {0};
    struct fx_get get = {.path = "info/collections", .ret_body = &body};
    char since[FX_TIMESTAMP_TEXT];
    memset(p->timestamps, 0, sizeof(p->timestamps));
    p->info = p->meta_timestamp = p->keys_timestamp = 0;
    int r = fx_token_ensure(p, false); /* first: it may forget the cursors */
    get.if_modified_since = known_until(p);
    fx_timestamp_print(get.if_modified_since, since);
    if (r == 0 && get.if_modified_since > 0)
        fx_log(p, "info/collections is asked for, if anything has changed since %s", since);
    else if (r == 0)
        fx_log(p, "info/collections is asked for, whatever it says");
    if (r == 0)
        r = fx_storage_get(p, &get, &answer);
    if (r == 0 &&
        (body.size == 0 || fx_json_scan(body.data, body.size, collections_on_timestamp, p) != 0))
        r = fx_end_passing(p, fx_says_no_info());
    else if (r == 0 && answer.last_modified > 0)
        p->info = answer.last_modified;
    else if (r == FX_MISSING)
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_no_collections(p->state.endpoint, 404));
    else if (r == FX_MODIFIED)
        r = fx_end_status(p, FX_SYNC_SERVER, "info/collections", &answer);
    if (r == 0)
        fx_log_timestamps(p);
    else if (r == FX_UNCHANGED)
        fx_log(p, "nothing is read, because nothing has changed (304)");
    support_buf_fini(&body);
    return r;
}

/* --- info/configuration: how large records may be --- */

static int on_limit(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    if (fx_span_is(key, "max_record_payload_bytes"))
        fx_span_integer(value, ctx);
    return 0;
}

int fx_account_configuration(struct fx_pull *p)
{
    int64_t now = support_now(p->host), limit = 0;
    if (p->state.configuration_until > now)
        return 0;
    struct fx_answer answer;
    struct support_buf body = {0};
    struct fx_get get = {.path = "info/configuration", .ret_body = &body, .may_be_missing = true};
    int r = fx_storage_get(p, &get, &answer);
    if (r == 0 && fx_json_scan(body.data, body.size, on_limit, &limit) != 0)
        limit = 0;
    if (r == 0 || r == FX_MISSING) { /* very old servers do not have it */
        p->state.max_payload = limit > 0 ? limit : 0;
        p->state.configuration_until = now + CONFIGURATION_LIFE;
        r = 0;
    }
    support_buf_fini(&body);
    return r == FX_MODIFIED || r == FX_UNCHANGED ? 0 : r;
}

/* --- single records --- */

/* GETs storage/<path>, leaves the payload in `decoder`. FX_MISSING when there is none. */
static int get_record(struct fx_pull *p, const char *path, struct fx_decoder *decoder,
                      struct fx_bso *ret_bso)
{
    struct fx_answer answer;
    struct support_buf body = {0};
    struct fx_get get = {.path = path, .ret_body = &body, .max_response = 4 << 20};
    int r = fx_storage_get(p, &get, &answer);
    enum fx_bso_status status =
        r == 0 ? fx_bso_read(decoder, body.data, body.size, ret_bso) : FX_BSO_OK;
    if (status == FX_BSO_NOT_JSON)
        r = fx_end_passing(p, fx_says_no_record(path));
    else if (status != FX_BSO_OK)
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_record_damaged(path + strlen("storage/")));
    support_buf_fini(&body);
    return r == FX_MODIFIED || r == FX_UNCHANGED ? fx_end_status(p, FX_SYNC_SERVER, path, &answer)
                                                 : r;
}

static int fetch_meta(struct fx_pull *p)
{
    struct fx_decoder decoder;
    struct fx_bso bso;
    if (fx_decoder_init(&decoder) != 0)
        return fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    int r = get_record(p, "storage/meta/global", &decoder, &bso);
    if (r == FX_MISSING)
        r = fx_end(p, HEARTH_ACCOUNT_WAITING, fx_says_no_meta());
    else if (r == 0 && fx_meta_parse(bso.payload, bso.payload_size, &p->state.meta) != 0)
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_meta_damaged());
    else if (r == 0)
        p->state.meta.timestamp = p->meta_timestamp;
    fx_decoder_fini(&decoder);
    return r;
}

static int check_storage_version(struct fx_pull *p)
{
    int64_t version = p->state.meta.storage_version;
    if (version > STORAGE_VERSION)
        return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_format_newer(version));
    if (version < STORAGE_VERSION)
        return fx_end(p, HEARTH_ACCOUNT_WAITING, fx_says_format_obsolete(version));
    return 0;
}

static void note_engines(struct fx_pull *p)
{
    int64_t declined = 0, unsupported = 0;
    for (int c = 1; c < FX_COLLECTIONS; c++) {
        const struct fx_engine *engine = &p->state.meta.engine[c];
        if (engine->declined)
            declined |= 1 << c;
        else if (engine->version > fx_collections[c].version)
            unsupported |= 1 << c;
        if ((unsupported & ~p->account.unsupported) >> c & 1) {
            char line[128];
            snprintf(line, sizeof(line),
                     "collection is in a newer format and not read collection=%s version=%lld",
                     fx_collections[c].name, (long long)engine->version);
            p->host->log(p->host, HEARTH_LOG_WARNING, line);
        }
    }
    p->account.declined = declined;
    p->account.unsupported = unsupported;
}

/* meta or crypto is not in the list of collections. A Firefox that begins writes them first. */
static struct hearth_sentence account_why_nothing(const struct fx_pull *p)
{
    bool data = false;
    for (int c = 1; c < FX_COLLECTIONS; c++)
        data |= p->timestamps[c] != 0;
    return data && p->meta_timestamp == 0 ? fx_says_no_meta()
           : data                         ? fx_says_no_keys()
           : p->synced_before             ? fx_says_emptied()
                                          : fx_says_waiting();
}

int fx_account_meta(struct fx_pull *p)
{
    if (p->meta_timestamp == 0 || p->keys_timestamp == 0)
        return fx_end(p, HEARTH_ACCOUNT_WAITING, account_why_nothing(p));
    bool known = p->state.meta.present && p->state.meta.timestamp == p->meta_timestamp;
    fx_log(p, known ? "meta/global is known"
                    : "meta/global is read, because it has changed or is not known yet");
    int r = known ? 0 : fetch_meta(p);
    if (r == 0)
        r = check_storage_version(p);
    if (r != 0)
        return r;
    if (p->account.sync_id[0] != '\0' && strcmp(p->account.sync_id, p->state.meta.sync_id) != 0) {
        p->host->log(p->host, HEARTH_LOG_INFO,
                     "the account's data was started anew by a Firefox; reading everything");
        struct fx_meta meta = p->state.meta;
        r = fx_account_reset(p);
        p->state.meta = meta;
    }
    memcpy(p->account.sync_id, p->state.meta.sync_id, FX_SYNC_ID_MAX);
    p->account.meta = p->meta_timestamp;
    note_engines(p);
    return r;
}

/* --- crypto/keys --- */

/* 0; FX_REKEYED: the HMAC is wrong; FX_MISSING; FX_END; negative. */
static int fetch_keys(struct fx_pull *p)
{
    struct fx_decoder decoder;
    struct fx_bso bso;
    if (fx_decoder_init(&decoder) != 0)
        return fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    int r = get_record(p, "storage/crypto/keys", &decoder, &bso);
    enum fx_bso_status status =
        r == 0 ? fx_bso_decrypt(&decoder, &p->credentials.sync_key, &bso) : FX_BSO_OK;
    if (status == FX_BSO_BAD_HMAC)
        r = FX_REKEYED;
    else if (status == FX_BSO_NOMEM)
        r = fx_break(p, HEARTH_ERR_NOMEM, fx_says_no_memory());
    else if (r == 0 && (status != FX_BSO_OK ||
                        fx_keys_parse(decoder.plain.data, decoder.plain.size, &p->state.keys) != 0))
        r = fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_keys_damaged());
    else if (r == 0)
        p->state.keys.timestamp = bso.modified;
    fx_decoder_fini(&decoder);
    return r;
}

/* The sync key does not open crypto/keys. Perhaps it was just being replaced; perhaps the
 * account has another key now, and with it another uid, which a fresh token shows. */
static int keys_do_not_open(struct fx_pull *p)
{
    int r = fetch_keys(p);
    if (r != FX_REKEYED)
        return r;
    r = fx_token_ensure(p, true);
    if (r != 0)
        return r;
    /* nobody has written it since it could be opened */
    if (p->account.keys != 0 && p->account.keys == p->keys_timestamp)
        return fx_end_passing(p, fx_says_keys_damaged_now());
    return fx_end(p, HEARTH_ACCOUNT_SIGNIN_NEEDED, fx_says_key_changed());
}

static int account_get_keys(struct fx_pull *p)
{
    int r = fetch_keys(p);
    if (r == FX_REKEYED)
        r = keys_do_not_open(p);
    return r == FX_MISSING ? fx_end(p, HEARTH_ACCOUNT_WAITING, fx_says_no_keys()) : r;
}

int fx_account_keys(struct fx_pull *p)
{
    bool known = p->state.keys.present && p->state.keys.timestamp == p->keys_timestamp;
    fx_log(p, known ? "crypto/keys is known"
                    : "crypto/keys is read, because it has changed or is not known yet");
    if (!known) {
        int r = account_get_keys(p);
        if (r != 0)
            return r;
        p->state.keys.timestamp = p->keys_timestamp;
    }
    p->account.keys = p->keys_timestamp;
    return 0;
}

int fx_account_refetch_keys(struct fx_pull *p, int collection, bool *ret_changed)
{
    int64_t now = support_now(p->host);
    *ret_changed = false;
    if (p->state.keys_refetched != 0 && now - p->state.keys_refetched < KEYS_REFETCH_PAUSE)
        return 0;
    p->state.keys_refetched = now == 0 ? 1 : now;
    fx_log(p, "crypto/keys is read once more, because records of %s cannot be opened",
           fx_collections[collection].name);
    struct fx_key before = p->state.keys.of[collection];
    int r = account_get_keys(p);
    if (r == 0)
        *ret_changed = CRYPTO_memcmp(&before, &p->state.keys.of[collection], sizeof(before)) != 0;
    OPENSSL_cleanse(&before, sizeof(before));
    return r;
}
