/* Providers that break one rule each. They need no good one: each is a few lines. */
#include <string.h>
#include <unistd.h>

#include "hearth/sync.h"

static const struct hearth_host *host;
static const struct hearth_host_changes *ear;

static bool breaks(const char *rule)
{
    return strcmp(RULE, rule) == 0;
}

static int plugin_open(const struct hearth_host *h, struct hearth_call *call,
                       const struct hearth_config_value *values, void **ret_self)
{
    (void)call;
    (void)values;
    host = h;
    ear = host->extension(host, HEARTH_HOST_CHANGES);
    *ret_self = &host;
    return 0;
}

static void plugin_close(void *self)
{
    (void)self;
}

static int handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    static bool again;
    (void)call;
    /* of the account that was pulled once, whatever became of it */
    if (breaks("forgotten") && again)
        ear->changed(host, "a");
    again = true;
    *ret_handle = self;
    return 0;
}

static void interrupt(void *handle)
{
    (void)handle;
}

static int account_import(void *handle, struct hearth_call *call, const char *text,
                          struct hearth_identity *ret_identity)
{
    (void)handle;
    if (breaks("hang"))
        for (;;)
            pause();
    if (breaks("touch"))
        ret_identity->email = "a@example.org";
    if (breaks("leak") && strdup(text) == NULL)
        return HEARTH_ERR_NOMEM;
    if (!breaks("gullible") && strstr(text, "\"account\"") == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "the file has no \"account\"");
    ret_identity->email = breaks("address") ? "a" : "a@example.org";
    ret_identity->uid = "1";
    ret_identity->credentials = "account";
    ret_identity->credentials_size = 7;
    return 0;
}

static int fetch(struct hearth_call *call)
{
    struct hearth_http_request request = {.struct_size = sizeof(request),
                                          .method = "GET",
                                          .url = breaks("relative") ? "/info"
                                                                    : "https://sync.example/info"};
    return host->http_fetch(host, call, &request);
}

/* Sends one request, or two, and does not look at the answer. */
static int send_ahead(struct hearth_call *call)
{
    const struct hearth_host_ahead *ahead = host->extension(host, HEARTH_HOST_AHEAD);
    const struct hearth_http_request request = {
        .struct_size = sizeof(request), .method = "GET", .url = "https://sync.example/info"};
    void *exchange;
    int r = ahead->begin(host, call, &request, &exchange);
    if (r == 0 && breaks("impatient"))
        r = ahead->begin(host, call, &request, &exchange);
    return r;
}

static int pull(void *handle, struct hearth_call *call, const struct hearth_pull *pull,
                struct hearth_pull_result *ret_result)
{
    const struct hearth_sync_sink *sink = pull->sink;
    (void)handle;
    if (pull->credentials_size != 7 || memcmp(pull->credentials, "account", 7) != 0) {
        ret_result->state = HEARTH_ACCOUNT_SIGNIN_NEEDED;
        return hearth_fail(call, HEARTH_ERR_DENIED, "foreign credentials");
    }
    if (host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped");
    int r = breaks("unfinished") || breaks("impatient") ? send_ahead(call) : fetch(call);
    if (breaks("leakpull") && strdup(pull->account) == NULL)
        return HEARTH_ERR_NOMEM;
    if (breaks("endless"))
        while (r == 0)
            r = fetch(call);
    if (r < 0)
        return r;
    if (breaks("wordless")) {
        call->error[0] = '\0';
        return HEARTH_ERR_IO;
    }
    if (breaks("order"))
        return sink->commit(sink->ctx, "mark");
    if ((breaks("stranger") && ear != NULL) || breaks("presumes"))
        ear->changed(host, breaks("stranger") ? "everybody" : pull->account);
    r = breaks("snapshot")
            ? sink->begin(sink->ctx, HEARTH_HISTORY, HEARTH_SNAPSHOT)
            : sink->begin(sink->ctx, HEARTH_CLIENTS, breaks("how") ? 7 : HEARTH_COMPLETE);
    if (r == 0 && breaks("snapshot"))
        r = sink->damaged(sink->ctx, NULL, "torn");
    if (r < 0 && !breaks("stubborn"))
        return hearth_fail(call, r, "the sink failed");
    if (r == 0 || breaks("stubborn"))
        r = sink->commit(sink->ctx, "mark");
    if (r < 0)
        return hearth_fail(call, breaks("code") ? HEARTH_ERR_INTERNAL : r, "the sink failed");
    ret_result->state = breaks("state") ? 17 : HEARTH_ACCOUNT_OK;
    return 0;
}

static void forget(void *self, const char *account)
{
    (void)self;
    (void)account;
}

static const struct hearth_sync ops = {
    .struct_size = sizeof(ops),
    .open = plugin_open,
    .close = plugin_close,
    .handle_open = handle_open,
    .handle_close = plugin_close,
    .interrupt = interrupt,
    .account_import = account_import,
    .pull = pull,
    .forget = forget,
};

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_SYNC,
        .name = RULE,
        .version = "1",
        .description = "breaks a rule",
        .operations = &ops,
    };
    return &plugin;
}
