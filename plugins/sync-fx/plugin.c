/* The descriptor, configuration and sessions of sync-fx. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "fx.h"
#include "text.h"

enum key { ACCOUNTS_URL, TOKEN_SERVER, CLIENT_ID, INSECURE_HTTP, PAGE_SIZE, REQUEST_TIMEOUT, HISTORY, KEYS };

#define KEY(...)                                                                                                                           \
    {                                                                                                                                      \
        .struct_size = sizeof(struct hearth_config_key), __VA_ARGS__                                                                       \
    }

static const struct hearth_config_key config_keys[KEYS] = {
    [ACCOUNTS_URL] = KEY(.type = HEARTH_CONFIG_URL, .name = "accounts_url", .fallback = "https://accounts.firefox.com",
                         .help = "the accounts server (FxA content server) that people sign in to"),
    [TOKEN_SERVER] = KEY(.type = HEARTH_CONFIG_URL, .name = "token_server", .fallback = "https://token.services.mozilla.com/1.0/sync/1.5",
                         .help = "the token server; your own for a self-hosted Sync; an imported account may name another"),
    [CLIENT_ID] = KEY(.type = HEARTH_CONFIG_STRING, .name = "client_id",
                      .help = "OAuth client id that refresh tokens belong to; not needed for accounts with an access token"),
    [INSECURE_HTTP] = KEY(.type = HEARTH_CONFIG_BOOL, .name = "insecure_http", .fallback = "no",
                          .help = "allow plain http to other machines (tests, private networks)"),
    [PAGE_SIZE] = KEY(.type = HEARTH_CONFIG_INT, .name = "page_size", .fallback = "1000", .minimum = 50, .maximum = 1000,
                      .help = "records asked for in one request"),
    [REQUEST_TIMEOUT] = KEY(.type = HEARTH_CONFIG_DURATION, .name = "request_timeout", .fallback = "2min", .minimum = 1000,
                            .maximum = 600000, .help = "longest time for one request"),
    [HISTORY] = KEY(.type = HEARTH_CONFIG_BOOL, .name = "history", .fallback = "yes", .help = "read the browsing history"),
};

static int check_base(struct hearth_call *call, const struct hearth_config_value *values, int key, const char *suffix, bool insecure,
                      char ret_url[FX_URL_MAX])
{
    struct fx_url url;
    const char *name = config_keys[key].name, *text = values[key].present ? values[key].text : "";
    if (fx_url_base(text, suffix, ret_url) != 0 || fx_url_parse(ret_url, &url) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s is not a usable address of a server", name);
    if (!fx_url_is_allowed(&url, insecure))
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s is plain http to another machine; use https, or set insecure_http = yes", name);
    return 0;
}

static int read_config(struct hearth_call *call, const struct hearth_config_value *values, struct fx_config *ret_config)
{
    struct fx_config config = {
        .insecure_http = values[INSECURE_HTTP].number != 0,
        .history = values[HISTORY].number != 0,
        .page_size = (int)values[PAGE_SIZE].number,
        .request_timeout = (uint32_t)values[REQUEST_TIMEOUT].number,
    };
    int r = check_base(call, values, ACCOUNTS_URL, NULL, config.insecure_http, config.accounts_url);
    if (r == 0)
        r = check_base(call, values, TOKEN_SERVER, "/1.0/sync/1.5", config.insecure_http, config.token_server);
    if (r != 0)
        return r;
    const char *id = values[CLIENT_ID].present ? values[CLIENT_ID].text : "";
    if (id[0] != '\0' && !fx_text_is_token(id, strlen(id), sizeof(config.client_id) - 1))
        return hearth_fail(call, HEARTH_ERR_INVALID, "client_id is not an OAuth client id");
    snprintf(config.client_id, sizeof(config.client_id), "%s", id);
    *ret_config = config;
    return 0;
}

static int on_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self)
{
    struct fx_config config;
    int r = read_config(call, values, &config);
    if (r != 0)
        return r;
    if (host->http_fetch == NULL)
        return hearth_fail(call, HEARTH_ERR_UNSUPPORTED, "the host offers no HTTP client");
    struct fx *fx = calloc(1, sizeof(*fx));
    struct fx_cache *cache = fx_cache_create(FX_CACHE_ACCOUNTS);
    if (fx == NULL || cache == NULL) {
        fx_cache_destroy(cache);
        free(fx);
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    }
    *fx = (struct fx){.magic = FX_MAGIC, .host = host, .config = config, .cache = cache};
    pthread_mutex_init(&fx->lock, NULL);
    *ret_self = fx;
    return 0;
}

static struct fx *fx_of(void *self)
{
    struct fx *fx = self;
    if (fx == NULL || fx->magic != FX_MAGIC)
        abort();
    return fx;
}

static struct fx_session *session_of(void *pointer)
{
    struct fx_session *session = pointer;
    if (session == NULL || session->magic != FX_SESSION_MAGIC)
        abort();
    return session;
}

static void on_close(void *self)
{
    if (self == NULL)
        return;
    struct fx *fx = fx_of(self);
    fx_cache_destroy(fx->cache);
    pthread_mutex_destroy(&fx->lock);
    fx->magic = 0;
    free(fx);
}

static int on_session_open(void *self, struct hearth_call *call, void **ret_session)
{
    struct fx_session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    session->magic = FX_SESSION_MAGIC;
    session->fx = fx_of(self);
    *ret_session = session;
    return 0;
}

static void on_session_close(void *pointer)
{
    if (pointer == NULL)
        return;
    struct fx_session *session = session_of(pointer);
    session->magic = 0;
    free(session);
}

static void on_interrupt(void *session)
{
    atomic_store(&session_of(session)->interrupted, true);
}

static const char *keep(const struct hearth_host *host, struct hearth_call *call, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = host->alloc(call, size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

static int fill_identity(const struct hearth_host *host, struct hearth_call *call, const struct fx_import *import,
                         struct hearth_identity *ret_identity)
{
    char blob[FX_BLOB_MAX];
    struct hearth_identity identity = {.struct_size = ret_identity->struct_size};
    identity.credentials_size = fx_credentials_format(&import->credentials, blob);
    void *credentials = host->alloc(call, identity.credentials_size);
    identity.email = keep(host, call, import->email);
    identity.uid = keep(host, call, import->credentials.uid);
    identity.name = import->name[0] != '\0' ? keep(host, call, import->name) : NULL;
    int r = 0;
    if (credentials == NULL || identity.email == NULL || identity.uid == NULL || (import->name[0] != '\0' && identity.name == NULL)) {
        r = hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    } else {
        identity.credentials = memcpy(credentials, blob, identity.credentials_size);
        size_t size = ret_identity->struct_size < sizeof(identity) ? ret_identity->struct_size : sizeof(identity);
        memcpy(ret_identity, &identity, size);
    }
    OPENSSL_cleanse(blob, sizeof(blob));
    return r;
}

static int on_account_import(void *pointer, struct hearth_call *call, const char *json, struct hearth_identity *ret_identity)
{
    struct fx_session *session = session_of(pointer);
    struct fx_import import;
    char error[200];
    if (fx_import_parse(json, session->fx->config.insecure_http, &import, error, sizeof(error)) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s", error);
    int r = fill_identity(session->fx->host, call, &import, ret_identity);
    OPENSSL_cleanse(&import, sizeof(import));
    return r;
}

static int on_pull(void *pointer, struct hearth_call *call, const struct hearth_pull *pull, struct hearth_pull_result *ret_result)
{
    struct fx_session *session = session_of(pointer);
    atomic_store(&session->interrupted, false);
    return fx_pull_run(session, call, pull, ret_result);
}

static void on_forget(void *self, const char *account)
{
    fx_cache_forget(fx_of(self)->cache, account);
}

static const struct hearth_sync operations = {
    .struct_size = sizeof(operations),
    .open = on_open,
    .close = on_close,
    .session_open = on_session_open,
    .session_close = on_session_close,
    .interrupt = on_interrupt,
    .account_import = on_account_import,
    .pull = on_pull,
    .forget = on_forget,
};

static const struct hearth_plugin plugin = {
    .struct_size = sizeof(plugin),
    .abi_epoch = HEARTH_ABI_EPOCH,
    .abi_version = HEARTH_ABI_VERSION,
    .kind = HEARTH_SYNC,
    .name = "fx",
    .version = HEARTH_VERSION,
    .description = "Firefox Sync 1.5: Mozilla's service, or a self-hosted one",
    .config = config_keys,
    .config_count = KEYS,
    .operations = &operations,
};

const struct hearth_plugin *hearth_plugin_v1(void)
{
    return &plugin;
}
