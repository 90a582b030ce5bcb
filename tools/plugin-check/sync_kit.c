#include "sync_kit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "plug/fields.h"

static _Thread_local struct sync_answer *answer;

void kit_sync_answer(struct sync_answer *a)
{
    answer = a;
}

/* The request leaves. */
static void sync_send(const struct hearth_http_request *request)
{
    if (answer == NULL)
        fail_msg("the plugin fetches %s where nothing was to be fetched", request->url);
    if (!str_starts(request->url, "https://") && !str_starts(request->url, "http://"))
        fail_msg("the plugin fetches \"%s\", which is no absolute address", request->url);
    if (request->method == NULL || request->method[0] == '\0')
        fail_msg("the plugin fetches %s without a method", request->url);
    if (++answer->requests > 200)
        fail_msg("the plugin asks again and again: 200 requests in one pull, the last for %s",
                 request->url);
}

static int sync_receive(const struct hearth_host *host, struct hearth_call *call,
                        const struct hearth_http_request *request)
{
    if (host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "cancelled");
    call->retry_after = answer->status < 0 ? answer->retry_after : 0;
    if (answer->status < 0)
        return hearth_fail(call, answer->status, "the kit's service does not answer");
    const struct hearth_http_header headers[] = {
        HEARTH_HTTP_HEADER("content-type", "application/json"),
        HEARTH_HTTP_HEADER("x-weave-timestamp", "1700000000.00")};
    struct hearth_http_response response = {.struct_size = sizeof(response),
                                            .status = answer->status,
                                            .retry_after = answer->retry_after,
                                            .header_count = 2,
                                            .headers = headers};
    if (request->on_response != NULL && request->on_response(request->ctx, &response) != 0)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "the plugin stopped the exchange");
    size_t size = strlen(answer->body);
    if (size > 0 && request->on_body != NULL &&
        request->on_body(request->ctx, answer->body, size) != 0)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "the plugin stopped the exchange");
    return 0;
}

int kit_sync_fetch(const struct hearth_host *host, struct hearth_call *call,
                   const struct hearth_http_request *request)
{
    sync_send(request);
    return sync_receive(host, call, request);
}

/* --- requests ahead --- */

/* of this thread: the call whose request is under way; NULL: none */
static _Thread_local struct hearth_call *ahead_of;

static int kit_ahead_on_begin(const struct hearth_host *host, struct hearth_call *call,
                              const struct hearth_http_request *request, void **ret_exchange)
{
    if (ahead_of != NULL)
        fail_msg("the plugin sends %s ahead while another one is under way", request->url);
    sync_send(request);
    if (host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "cancelled");
    ahead_of = call;
    *ret_exchange = &ahead_of;
    return 0;
}

static void ahead_end(struct hearth_call *call, void *exchange)
{
    if (exchange != &ahead_of || ahead_of != call)
        fail_msg("the plugin ends a request that it has not begun in this call");
    ahead_of = NULL;
}

static int kit_ahead_on_finish(const struct hearth_host *host, struct hearth_call *call,
                               void *exchange, const struct hearth_http_request *request)
{
    ahead_end(call, exchange);
    return sync_receive(host, call, request);
}

static void kit_ahead_on_cancel(const struct hearth_host *host, struct hearth_call *call,
                                void *exchange)
{
    (void)host;
    ahead_end(call, exchange);
}

const struct hearth_host_ahead kit_sync_ahead = {.struct_size = sizeof(kit_sync_ahead),
                                                 .begin = kit_ahead_on_begin,
                                                 .finish = kit_ahead_on_finish,
                                                 .cancel = kit_ahead_on_cancel};

/* --- the sink --- */

static int sync_sink_enter(struct sync_sink *sink)
{
    if (sink->failed)
        fail_msg("the sink returned an error, and the plugin went on using it");
    sink->failed = sink->fail_at != 0 && ++sink->calls == sink->fail_at;
    return sink->failed ? sink->fail_with : 0;
}

static void expect_collection(int32_t collection)
{
    if (collection != HEARTH_COLLECTION_NONE && hearth_collection_name(collection) == NULL)
        fail_msg("the collection %d does not exist", (int)collection);
}

static void expect_open(const struct sync_sink *sink, int32_t collection, const char *what)
{
    if (sink->open != collection)
        fail_msg("%s came while the collection %d was open", what, (int)sink->open);
}

static void expect_utf8(const char *text, const char *what)
{
    if (text == NULL || !str_is_utf8(text, strlen(text)))
        fail_msg("%s is missing or not UTF-8", what);
}

static int sync_sink_begin(void *ctx, int32_t collection, int32_t how)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    expect_open(sink, -1, "begin");
    expect_collection(collection);
    expect(collection != HEARTH_COLLECTION_NONE);
    if (how < HEARTH_INCREMENTAL || how > HEARTH_SNAPSHOT)
        fail_msg("begin says %d, which is none of enum hearth_sync_begin", (int)how);
    if (r == 0)
        sink->open = collection;
    sink->replaces =
        how == HEARTH_SNAPSHOT || (how == HEARTH_COMPLETE && collection != HEARTH_HISTORY);
    sink->nameless = false;
    return r;
}

/* What breaks its table the core takes for damaged. */
static void expect_fields(const struct fields *fields, const void *record)
{
    char why[200];
    if (!plug_fields_check(fields, record, NULL, why, sizeof(why)))
        fail_msg("a %s does not keep to its table: %s", fields->record, why);
}

static int sync_sink_device(void *ctx, const struct hearth_device *device)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    if (sink->open != HEARTH_CLIENTS)
        expect_open(sink, HEARTH_TABS, "a device");
    expect_fields(&plug_fields_device, device);
    sink->records++;
    return r;
}

static int sync_sink_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    expect_open(sink, HEARTH_TABS, "a tab");
    expect_utf8(device, "a tab's device");
    expect_fields(&plug_fields_tab, tab);
    sink->records++;
    return r;
}

static int sync_sink_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    expect_open(sink, HEARTH_TABS, "a group of tabs");
    expect_utf8(device, "a group's device");
    expect_fields(&plug_fields_tab_group, group);
    sink->records++;
    return r;
}

static int sync_sink_page(void *ctx, const struct hearth_page_record *record)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    expect_open(sink, HEARTH_HISTORY, "a page");
    expect_fields(&plug_fields_page_record, record);
    for (size_t i = 0; i < record->visit_count; i++)
        expect_fields(&plug_fields_visit, HEARTH_AT(record->visits, i));
    sink->records++;
    return r;
}

static int sync_sink_bookmark(void *ctx, const struct hearth_bookmark_record *record)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    expect_open(sink, HEARTH_BOOKMARKS, "a bookmark");
    expect_fields(&plug_fields_bookmark_record, record);
    for (size_t i = 0; i < record->child_count; i++)
        expect_utf8(record->children[i], "a folder's child");
    sink->records++;
    return r;
}

static int sync_sink_removed(void *ctx, const char *guid, int64_t modified)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    (void)modified;
    if (sink->open < 0)
        fail_msg("a tombstone came while no collection was open");
    expect_utf8(guid, "a tombstone's guid");
    return r;
}

static int sync_sink_damaged(void *ctx, const char *guid, const char *why)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    if (sink->open < 0)
        fail_msg("a damaged record came while no collection was open");
    if (guid != NULL)
        expect_utf8(guid, "a damaged record's guid");
    sink->nameless = sink->nameless || guid == NULL;
    expect_utf8(why, "the reason of a damaged record");
    return r;
}

static int sync_sink_restart(void *ctx)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    if (sink->open < 0)
        fail_msg("restart came while no collection was open");
    sink->nameless = false;
    return r;
}

static void keep_cursor(struct sync_sink *sink, int32_t collection, const char *cursor)
{
    expect_collection(collection);
    if (cursor != NULL && strlen(cursor) > 65536)
        fail_msg("a sync cursor has %zu bytes; 65536 are possible", strlen(cursor));
    snprintf(sink->cursors[collection], sizeof(sink->cursors[0]), "%s",
             cursor == NULL ? "" : cursor);
}

static int sync_sink_commit(void *ctx, const char *cursor)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    if (sink->open < 0)
        fail_msg("commit came while no collection was open");
    if (sink->replaces && sink->nameless)
        fail_msg("a collection that replaces what is stored was committed, though a damaged record "
                 "without a guid had come: what is stored "
                 "of it would be removed");
    if (r < 0)
        return r;
    if (cursor != NULL)
        keep_cursor(sink, sink->open, cursor);
    sink->open = -1;
    sink->commits++;
    return 0;
}

static int sync_sink_cursor(void *ctx, int32_t collection, const char *cursor)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    if (r == 0)
        keep_cursor(sink, collection, cursor);
    return r;
}

static int sync_sink_reset(void *ctx, int32_t collection)
{
    struct sync_sink *sink = ctx;
    int r = sync_sink_enter(sink);
    expect_collection(collection);
    for (int32_t c = 0; r == 0 && c < HEARTH_COLLECTION_SLOTS; c++)
        if (collection == HEARTH_COLLECTION_NONE || c == collection)
            sink->cursors[c][0] = '\0';
    return r;
}

static int sync_sink_credentials(void *ctx, const void *bytes, size_t size)
{
    int r = sync_sink_enter(ctx);
    expect(bytes != NULL && size > 0);
    return r;
}

void kit_sync_sink_init(struct sync_sink *sink)
{
    memset(sink, 0, sizeof(*sink));
    sink->open = -1;
    sink->hearth = (struct hearth_sync_sink){
        .struct_size = sizeof(sink->hearth),
        .ctx = sink,
        .begin = sync_sink_begin,
        .device = sync_sink_device,
        .tab = sync_sink_tab,
        .tab_group = sync_sink_tab_group,
        .page = sync_sink_page,
        .bookmark = sync_sink_bookmark,
        .removed = sync_sink_removed,
        .damaged = sync_sink_damaged,
        .restart = sync_sink_restart,
        .commit = sync_sink_commit,
        .cursor = sync_sink_cursor,
        .reset = sync_sink_reset,
        .credentials = sync_sink_credentials,
    };
}

/* --- an account --- */

void kit_sync_identity(struct kit *kit, struct hearth_identity *ret_identity)
{
    kit_sync_identity_by(kit, &kit->call, ret_identity);
}

void kit_sync_identity_by(struct kit *kit, struct call *call, struct hearth_identity *ret_identity)
{
    struct buf text = {0};
    char piece[4096];
    if (kit->options->import == NULL)
        kit_skip("it needs an account: --import FILE");
    FILE *file = fopen(kit->options->import, "re");
    if (file == NULL)
        fail_msg("cannot read %s: %s", kit->options->import, strerror(errno));
    for (size_t n; (n = fread(piece, 1, sizeof(piece), file)) > 0;)
        buf_add(&text, piece, n);
    fclose(file);
    buf_add_char(&text, '\0');
    *ret_identity = (struct hearth_identity){.struct_size = sizeof(*ret_identity)};
    if (WATCHED("account_import",
                kit->sync->account_import(kit->handle, &call->hearth, text.data, ret_identity)) < 0)
        fail_msg("%s is refused: %s", kit->options->import, call->error);
    buf_fini(&text);
}

void kit_check_message(const struct hearth_message *message, const char *what)
{
    struct arena arena;
    struct err err = {0};
    const struct hearth_message *taken;
    arena_init(&arena, 0);
    /* memory may be short: a test makes it so */
    if (message_take(&arena, message, &taken, &err) == HEARTH_ERR_INVALID)
        fail_msg("%s of the plugin cannot be shown: %s", what, err.text);
    arena_fini(&arena);
}

int kit_sync_pull(struct kit *kit, void *handle, struct call *call,
                  const struct hearth_identity *identity, struct sync_sink *sink,
                  struct hearth_pull_result *ret_result)
{
    struct hearth_sync_cursor cursors[HEARTH_COLLECTION_SLOTS];
    size_t count = 0;
    for (int32_t c = 0; c < HEARTH_COLLECTION_SLOTS; c++)
        if (sink->cursors[c][0] != '\0')
            cursors[count++] = (struct hearth_sync_cursor){.struct_size = sizeof(cursors[0]),
                                                           .collection = c,
                                                           .text = strdup(sink->cursors[c])};
    struct hearth_pull pull = {.struct_size = sizeof(pull),
                               .account = "a",
                               /* an account always has one */
                               .email = identity->email != NULL ? identity->email : "a@example.org",
                               .credentials = identity->credentials,
                               .credentials_size = identity->credentials_size,
                               .cursors = cursors,
                               .cursor_count = count,
                               .sink = &sink->hearth};
    *ret_result = (struct hearth_pull_result){.struct_size = sizeof(*ret_result)};
    call->error[0] = '\0';
    kit_sync_pulls();
    int r = WATCHED("pull", kit->sync->pull(handle, &call->hearth, &pull, ret_result));
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)cursors[i].text);
    if (ahead_of != NULL)
        fail_msg("a request that the plugin sent ahead was neither finished nor cancelled when "
                 "pull() returned");
    sink->open = -1; /* what was not committed is dropped */
    if (r < 0 && call->error[0] == '\0' && ret_result->message == NULL)
        fail_msg("pull returned %s without any words", err_name(r));
    if (ret_result->state < HEARTH_ACCOUNT_OK || ret_result->state > HEARTH_ACCOUNT_ERROR)
        fail_msg("pull leaves the account in the state %d, which does not exist",
                 (int)ret_result->state);
    kit_check_message(ret_result->message, "the result");
    if (memchr(ret_result->host, '\0', sizeof(ret_result->host)) == NULL)
        fail_msg("a text of hearth_pull_result does not end");
    return r;
}
