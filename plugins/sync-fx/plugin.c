/* The descriptor, configuration and handles of sync-fx. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>

#include "config_keys.h"
#include "fx.h"
#include "signin.h"
#include "text.h"
#include "support/abi.h"
#include "support/call.h"
#include "support/config.h"
#include "support/text.h"

/* Mozilla takes no registrations for Sync. This is the public id of its own example programs;
 * docs/signing-in.md tells what borrowing it means. */
static const char MOZILLA[] = "https://accounts.firefox.com", MOZILLA_CLIENT[] = "3c49430b43dfba77";

static int check_base(struct hearth_call *call, const struct hearth_config_value *values, int key,
                      const char *suffix, bool insecure, char ret_url[FX_URL_MAX])
{
    struct fx_url url;
    const char *name = config_keys[key].name,
               *text = support_or_empty(support_config_text(values, key));
    if (fx_url_base(text, suffix, ret_url) != 0 || fx_url_parse(ret_url, &url) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s is not a usable address of a server",
                           name);
    if (!fx_url_is_allowed(&url, insecure))
        return hearth_fail(
            call, HEARTH_ERR_INVALID,
            "%s is plain http to another machine; use https, or set insecure_http = yes", name);
    return 0;
}

/* A configured text, whole or not at all. */
static int config_take_text(struct hearth_call *call, const struct hearth_config_value *values,
                            int key, char *ret, size_t size)
{
    const char *text = support_config_text(values, key);
    size_t n = strlen(text);
    if (n >= size)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s is longer than %zu bytes",
                           config_keys[key].name, size - 1);
    memcpy(ret, text, n + 1);
    return 0;
}

static int read_signin_config(struct hearth_call *call, const struct hearth_config_value *values,
                              struct fx_config *config)
{
    char host[65] = "";
    struct fx_url url;
    int r = 0;
    if (support_config_text(values, REDIRECT_URI) != NULL)
        r = config_take_text(call, values, REDIRECT_URI, config->redirect_uri,
                             sizeof(config->redirect_uri));
    else if (strlen(config->accounts_url) + strlen(config->client_id) + 32 >
             sizeof(config->redirect_uri))
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "accounts_url is too long to make redirect_uri of it");
    else
        snprintf(config->redirect_uri, sizeof(config->redirect_uri), "%.*s/oauth/success/%s",
                 FX_URL_MAX - 100, config->accounts_url, config->client_id);
    if (r == 0 && support_config_text(values, REDIRECT_URI) != NULL &&
        fx_url_parse(config->redirect_uri, &url) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "redirect_uri is not a usable address");
    if (r == 0)
        r = config_take_text(call, values, SCOPES, config->scopes, sizeof(config->scopes));
    if (r == 0 && strstr(config->scopes, FX_SCOPE_SYNC) == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "scopes must contain " FX_SCOPE_SYNC);
    if (r == 0 && support_config_text(values, DEVICE_NAME) != NULL)
        r = config_take_text(call, values, DEVICE_NAME, config->device_name,
                             sizeof(config->device_name));
    if (r < 0)
        return r;
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof(host), "a server");
    if (support_config_text(values, DEVICE_NAME) == NULL)
        snprintf(config->device_name, sizeof(config->device_name), "Hearth on %s", host);
    fx_text_plain(config->device_name);
    return 0;
}

static int config_read_all(struct hearth_call *call, const struct hearth_config_value *values,
                           struct fx_config *ret_config)
{
    struct fx_config config = {
        .insecure_http = support_config_bool(values, INSECURE_HTTP),
        .private_addresses = support_config_bool(values, PRIVATE_ADDRESSES),
        .history = support_config_bool(values, HISTORY),
        .page_size = (int)support_config_number(values, PAGE_SIZE),
        .request_timeout = (uint32_t)support_config_number(values, REQUEST_TIMEOUT),
    };
    int r = check_base(call, values, ACCOUNTS_URL, NULL, config.insecure_http, config.accounts_url);
    if (r == 0)
        r = check_base(call, values, TOKEN_SERVER, "/1.0/sync/1.5", config.insecure_http,
                       config.token_server);
    if (r != 0)
        return r;
    const char *standard = strcmp(config.accounts_url, MOZILLA) == 0 ? MOZILLA_CLIENT : "";
    const char *given = support_config_text(values, CLIENT_ID),
               *id = given != NULL ? given : standard;
    if (id[0] != '\0' && !fx_text_is_token(id, strlen(id), sizeof(config.client_id) - 1))
        return hearth_fail(call, HEARTH_ERR_INVALID, "client_id is not an OAuth client id");
    snprintf(config.client_id, sizeof(config.client_id), "%s", id);
    r = read_signin_config(call, values, &config);
    if (r == 0)
        *ret_config = config;
    return r;
}

static int fx_on_open(const struct hearth_host *host, struct hearth_call *call,
                      const struct hearth_config_value *values, void **ret_self)
{
    struct fx_config config;
    int r = config_read_all(call, values, &config);
    if (r != 0)
        return r;
    if (host->http_fetch == NULL)
        return hearth_fail(call, HEARTH_ERR_UNSUPPORTED, "the host offers no HTTP client");
    struct fx *fx = calloc(1, sizeof(*fx));
    struct fx_cache *cache = fx_cache_create(FX_CACHE_ACCOUNTS);
    if (fx == NULL || cache == NULL) {
        fx_cache_destroy(cache);
        free(fx);
        return support_no_memory(call);
    }
    *fx = (struct fx){.magic = FX_MAGIC, .host = host, .config = config, .cache = cache};
    pthread_mutex_init(&fx->lock, NULL);
    host->metric_add(host, "sync_fx_records_ignored", 0); /* it is there before the first */
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

static struct fx_handle *fx_handle_of(void *pointer)
{
    struct fx_handle *handle = pointer;
    if (handle == NULL || handle->magic != FX_HANDLE_MAGIC)
        abort();
    return handle;
}

static void fx_on_close(void *self)
{
    if (self == NULL)
        return;
    struct fx *fx = fx_of(self);
    fx_cache_destroy(fx->cache);
    pthread_mutex_destroy(&fx->lock);
    fx->magic = 0;
    free(fx);
}

static int fx_on_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct fx_handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return support_no_memory(call);
    handle->magic = FX_HANDLE_MAGIC;
    handle->fx = fx_of(self);
    *ret_handle = handle;
    return 0;
}

static void fx_on_handle_close(void *pointer)
{
    if (pointer == NULL)
        return;
    struct fx_handle *handle = fx_handle_of(pointer);
    handle->magic = 0;
    free(handle);
}

static void fx_on_interrupt(void *handle)
{
    atomic_store(&fx_handle_of(handle)->interrupted, true);
}

int fx_fill_identity(const struct fx *fx, struct hearth_call *call, struct fx_import *import,
                     struct hearth_identity *ret_identity)
{
    const struct hearth_host *host = fx->host;
    fx_uid_write_lower(import->credentials.uid);
    fx_credentials_made(&import->credentials, fx->config.accounts_url, fx->config.token_server);
    char blob[FX_BLOB_MAX];
    struct hearth_identity identity = {0};
    identity.key = support_keep_text(host, call, import->credentials.kid);
    identity.credentials_size = fx_credentials_format(&import->credentials, blob);
    identity.credentials = support_keep_bytes(host, call, blob, identity.credentials_size);
    identity.email = support_keep_text(host, call, import->email);
    identity.uid = support_keep_text(host, call, import->credentials.uid);
    identity.name = import->name[0] != '\0' ? support_keep_text(host, call, import->name) : NULL;
    int r = 0;
    if (identity.credentials == NULL || identity.email == NULL || identity.uid == NULL ||
        identity.key == NULL || (import->name[0] != '\0' && identity.name == NULL)) {
        r = support_no_memory(call);
    } else {
        SUPPORT_GIVE(identity, ret_identity);
    }
    OPENSSL_cleanse(blob, sizeof(blob));
    return r;
}

static int fx_on_account_import(void *pointer, struct hearth_call *call, const char *json,
                                struct hearth_identity *ret_identity)
{
    struct fx_handle *handle = fx_handle_of(pointer);
    struct fx_import import;
    char error[200];
    if (fx_import_parse(json, handle->fx->config.insecure_http, &import, error, sizeof(error)) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s", error);
    int r = fx_fill_identity(handle->fx, call, &import, ret_identity);
    OPENSSL_cleanse(&import, sizeof(import));
    return r;
}

static int fx_on_pull(void *pointer, struct hearth_call *call, const struct hearth_pull *pull,
                      struct hearth_pull_result *ret_result)
{
    struct fx_handle *handle = fx_handle_of(pointer);
    atomic_store(&handle->interrupted, false);
    return fx_pull_run(handle, call, pull, ret_result);
}

static void fx_on_forget(void *self, const char *account)
{
    fx_cache_forget(fx_of(self)->cache, account);
}

/* Neither way does without a client id: tokens are given to clients. */
static uint64_t fx_on_signin_methods(void *self)
{
    return fx_of(self)->config.client_id[0] == '\0'
               ? 0
               : HEARTH_SIGNIN_BROWSER | HEARTH_SIGNIN_PASSWORD;
}

static int fx_on_signin_start(void *pointer, struct hearth_call *call,
                              const struct hearth_signin *signin,
                              struct hearth_signin_step *ret_step)
{
    struct fx_handle *handle = fx_handle_of(pointer);
    atomic_store(&handle->interrupted, false);
    if ((fx_on_signin_methods(handle->fx) & (uint64_t)signin->method) == 0)
        return hearth_fail(call, HEARTH_ERR_UNSUPPORTED,
                           "this way of signing in needs client_id in the [sync \u2026] section");
    return fx_signin_start(handle, call, signin, ret_step);
}

static int fx_on_signin_next(void *pointer, struct hearth_call *call, const void *state,
                             size_t state_size, const struct hearth_signin_answer *answers,
                             size_t count, struct hearth_signin_step *ret_step)
{
    struct fx_handle *handle = fx_handle_of(pointer);
    atomic_store(&handle->interrupted, false);
    return fx_signin_next(handle, call, state, state_size, answers, count, ret_step);
}

static int fx_on_describe(void *pointer, struct hearth_call *call, const void *credentials,
                          size_t size, struct hearth_identity *ret_identity)
{
    struct fx_handle *handle = fx_handle_of(pointer);
    struct fx_credentials c;
    if (fx_credentials_parse(credentials, size, &c) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "these are not credentials of this plugin");
    fx_uid_write_lower(c.uid);
    struct hearth_identity identity = {.uid = support_keep_text(handle->fx->host, call, c.uid),
                                       .key = support_keep_text(handle->fx->host, call, c.kid)};
    OPENSSL_cleanse(&c, sizeof(c));
    if (identity.uid == NULL || identity.key == NULL)
        return support_no_memory(call);
    SUPPORT_GIVE(identity, ret_identity);
    return 0;
}

static const struct hearth_sync operations = {
    .struct_size = sizeof(operations),
    .open = fx_on_open,
    .close = fx_on_close,
    .handle_open = fx_on_handle_open,
    .handle_close = fx_on_handle_close,
    .interrupt = fx_on_interrupt,
    .account_import = fx_on_account_import,
    .pull = fx_on_pull,
    .forget = fx_on_forget,
};

static const void *fx_on_extension(const char *name)
{
    static const struct hearth_sync_signin signin = {.struct_size = sizeof(signin),
                                                     .methods = fx_on_signin_methods,
                                                     .start = fx_on_signin_start,
                                                     .next = fx_on_signin_next};
    static const struct hearth_sync_describe describe = {.struct_size = sizeof(describe),
                                                         .describe = fx_on_describe};
    return strcmp(name, HEARTH_SYNC_SIGNIN) == 0     ? (const void *)&signin
           : strcmp(name, HEARTH_SYNC_DESCRIBE) == 0 ? &describe
                                                     : NULL;
}

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
    .extension = fx_on_extension,
};

const struct hearth_plugin *hearth_plugin_v2(void)
{
    return &plugin;
}
