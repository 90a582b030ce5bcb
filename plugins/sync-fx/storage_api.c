/* Signed requests to the storage server. */
#include "fx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "hawk.h"
#include "text.h"
#include "timestamp.h"
#include "codec/codec.h"

enum { PATH_MAX_SIZE = 2048, CLOCK_TOLERANCE = 30 * 1000 };

static int storage_sign_request(struct fx_pull *p, const char *url, char *ret_header,
                                size_t capacity)
{
    uint8_t random[8];
    char nonce[2 * sizeof(random) + 1];
    struct fx_url parsed;
    if (fx_url_parse(url, &parsed) != 0)
        return HEARTH_ERR_INVALID;
    p->host->random(p->host, random, sizeof(random));
    codec_hex_encode(random, sizeof(random), nonce);
    struct fx_hawk hawk = {.id = p->state.hawk_id,
                           .key = p->state.hawk_key,
                           .method = "GET",
                           .url = &parsed,
                           .ts = (p->host->now_ms(p->host) + p->state.clock_offset) / 1000,
                           .nonce = nonce};
    return fx_hawk_header(&hawk, ret_header, capacity);
}

static int storage_send_once(struct fx_pull *p, const struct fx_get *get,
                             struct fx_answer *ret_answer)
{
    char url[FX_URL_MAX + PATH_MAX_SIZE], authorization[FX_HAWK_ID_MAX + 256],
        since[FX_TIMESTAMP_TEXT], what[64];
    snprintf(what, sizeof(what), "%.*s", (int)strcspn(get->path, "?"), get->path);
    snprintf(url, sizeof(url), "%s/%s", p->state.endpoint, get->path);
    if (storage_sign_request(p, url, authorization, sizeof(authorization)) != 0)
        return fx_break(p, HEARTH_ERR_INTERNAL, fx_says_fault());
    struct hearth_http_header headers[4] = {
        HEARTH_HTTP_HEADER("authorization", authorization),
        HEARTH_HTTP_HEADER("accept", get->newlines ? "application/newlines" : "application/json")};
    size_t count = 2;
    if (get->if_modified_since > 0 || get->if_unmodified_since > 0) {
        bool modified = get->if_modified_since > 0;
        fx_timestamp_print(modified ? get->if_modified_since : get->if_unmodified_since, since);
        headers[count++] = (struct hearth_http_header)HEARTH_HTTP_HEADER(
            modified ? "x-if-modified-since" : "x-if-unmodified-since", since);
    }
    headers[count++] =
        (struct hearth_http_header)HEARTH_HTTP_HEADER("user-agent", "Hearth/" HEARTH_VERSION);
    struct fx_request request = {.server = FX_SYNC_SERVER,
                                 .origin = FX_NAMED_BY_TOKEN_SERVER,
                                 .what = what,
                                 .method = "GET",
                                 .url = url,
                                 .headers = headers,
                                 .header_count = count,
                                 .max_response = get->max_response,
                                 .ret_body = get->ret_body,
                                 .on_begin = get->on_begin,
                                 .on_data = get->on_data,
                                 .ctx = get->ctx};
    int r = fx_exchange(p, &request, ret_answer);
    OPENSSL_cleanse(authorization, sizeof(authorization));
    return r;
}

static void note_headers(struct fx_pull *p, const struct fx_answer *answer)
{
    if (answer->server_time >= 0)
        p->state.clock_offset = answer->server_time - p->host->now_ms(p->host);
    if (answer->status < 400 && answer->backoff > p->soft_backoff)
        p->soft_backoff = answer->backoff;
    if (answer->alert[0] != '\0' && !p->alerted) {
        char line[FX_ALERT_MAX + 64];
        snprintf(line, sizeof(line), "the Sync server sent an alert text=\"%s\"", answer->alert);
        p->host->log(p->host, HEARTH_LOG_WARNING, line);
        p->alerted = true;
    }
}

/* 0: send it again. */
static int on_unauthorized(struct fx_pull *p, const struct fx_answer *answer)
{
    int64_t server = answer->hawk_ts >= 0 ? answer->hawk_ts * 1000 : answer->server_time;
    int64_t ours = p->host->now_ms(p->host) + p->state.clock_offset;
    if (server >= 0 && llabs(server - ours) > CLOCK_TOLERANCE && !p->clock_fixed) {
        p->clock_fixed = true;
        fx_log(p,
               "the Sync server refused a request (401); its clock differs by %lld s, so it is "
               "signed again",
               (long long)(server - ours) / 1000);
        p->state.clock_offset += server - ours;
        return 0;
    }
    if (!p->renewed) {
        p->renewed = true;
        fx_log(p, "the Sync server refused a request (401); new credentials are asked for");
        return fx_token_ensure(p, true);
    }
    p->state.hawk_id[0] = '\0';
    return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_storage_unauthorized());
}

int fx_storage_get(struct fx_pull *p, const struct fx_get *get, struct fx_answer *ret_answer)
{
    int r = fx_token_ensure(p, false);
    while (r == 0 && (r = storage_send_once(p, get, ret_answer)) == 0) {
        if (ret_answer->status != 401)
            break;
        r = on_unauthorized(p, ret_answer);
    }
    if (r != 0)
        return r;
    note_headers(p, ret_answer);
    switch (ret_answer->status) {
    case 200:
        return 0;
    case 304:
        return FX_UNCHANGED;
    case 404:
        return FX_MISSING;
    case 412:
        return FX_MODIFIED;
    default:
        break;
    }
    char what[64];
    snprintf(what, sizeof(what), "%.*s", (int)strcspn(get->path, "?"), get->path);
    return fx_end_status(p, FX_SYNC_SERVER, what, ret_answer);
}
