/* A provider without a service: what it "syncs" is the text of the import file (see text.h),
 * which is also the account's credentials. To make a provider of your own, keep the shape of
 * provider_pull() and replace where the records come from. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct provider {
    const struct hearth_host *host;
};

struct handle {
    const struct hearth_host *host;
    atomic_bool interrupted;
};

/* One running pull. */
struct reader {
    struct handle *handle;
    struct hearth_call *call;
    const struct hearth_pull *pull;
    const struct hearth_sync_sink *sink;
    struct text text;
    struct hearth_pull_result result;
};

static int call_no_memory(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOMEM,
                       "out of memory: try again later, or give the process more");
}

static int provider_open(const struct hearth_host *host, struct hearth_call *call,
                         const struct hearth_config_value *values, void **ret_self)
{
    struct provider *provider = calloc(1, sizeof(*provider));
    (void)values;
    if (provider == NULL)
        return call_no_memory(call);
    provider->host = host;
    *ret_self = provider;
    return 0;
}

static void provider_close(void *self)
{
    free(self);
}

static int provider_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return call_no_memory(call);
    handle->host = ((struct provider *)self)->host;
    *ret_handle = handle;
    return 0;
}

static void provider_handle_close(void *handle)
{
    free(handle);
}

static void provider_interrupt(void *s)
{
    struct handle *handle = s;
    atomic_store(&handle->interrupted, true);
}

/* Nothing is cached. */
static void provider_forget(void *self, const char *account)
{
    (void)self;
    (void)account;
}

static int provider_account_import(void *s, struct hearth_call *call, const char *given,
                                   struct hearth_identity *ret_identity)
{
    struct handle *handle = s;
    struct text text;
    size_t size = strlen(given);
    int r = text_parse(handle->host, call, given, size, &text);
    if (r < 0)
        return r;
    void *credentials = handle->host->alloc(call, size);
    if (credentials == NULL)
        return call_no_memory(call);
    struct hearth_identity identity = {
        .email = text.account->field[0],
        .uid = text.account->field[1],
        .name = text.account->rest[0] == '\0' ? NULL : text.account->rest,
        .credentials = memcpy(credentials, given, size),
        .credentials_size = size,
    };
    /* The caller's struct may be an older and shorter one. */
    identity.struct_size = ret_identity->struct_size < sizeof(identity)
                               ? ret_identity->struct_size
                               : (uint32_t)sizeof(identity);
    memcpy(ret_identity, &identity, identity.struct_size);
    return 0;
}

static int reader_stopped(struct reader *reader)
{
    if (atomic_load(&reader->handle->interrupted) ||
        reader->handle->host->should_stop(reader->call))
        return hearth_fail(reader->call, HEARTH_ERR_CANCELLED, "the sync was stopped");
    return 0;
}

/* Where a pull begins next time: here the contents themselves, as a number; a service has the
 * time of its newest record. */
static void make_cursor(const struct text *text, int32_t collection, char ret_cursor[20])
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < text->count; i++) {
        const struct line *line = &text->lines[i];
        for (int f = -1; line->collection == collection && f <= FIELDS; f++) {
            const char *at = f < 0         ? (line->kind == LINE_FOLDER ? "/" : "")
                             : f == FIELDS ? line->rest
                                           : line->field[f];
            for (; at != NULL && *at != '\0'; at++)
                hash = (hash ^ (unsigned char)*at) * 1099511628211u;
            hash = (hash ^ '\n') * 1099511628211u;
        }
    }
    snprintf(ret_cursor, 20, "%016" PRIx64, hash);
}

static bool is_up_to_date(const struct reader *reader, int32_t collection, const char *cursor)
{
    for (size_t i = 0; i < reader->pull->cursor_count; i++)
        if (HEARTH_AT(reader->pull->cursors, i)->collection == collection)
            return strcmp(HEARTH_AT(reader->pull->cursors, i)->text, cursor) == 0;
    return false;
}

static int send_device(struct reader *reader, const struct line *line)
{
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = line->field[0], .name = line->rest, .type = "desktop"};
    return reader->sink->device(reader->sink->ctx, &device);
}

static int send_tab(struct reader *reader, const struct line *line)
{
    struct hearth_tab tab = {
        .struct_size = sizeof(tab), .title = line->rest, .url = line->field[1]};
    return reader->sink->tab(reader->sink->ctx, line->field[0], &tab);
}

static int send_page(struct reader *reader, const struct line *line)
{
    struct hearth_visit visit = HEARTH_VISIT(line->number, HEARTH_VISIT_LINK);
    struct hearth_page_record record = {.struct_size = sizeof(record),
                                        .visit_count = 1,
                                        .guid = line->field[0],
                                        .url = line->field[1],
                                        .title = line->rest,
                                        .visits = &visit,
                                        .modified = line->number};
    return reader->sink->page(reader->sink->ctx, &record);
}

static int send_bookmark(struct reader *reader, const struct line *line)
{
    bool folder = line->kind == LINE_FOLDER;
    struct hearth_bookmark_record record = {.struct_size = sizeof(record),
                                            .kind = folder ? HEARTH_FOLDER : HEARTH_BOOKMARK,
                                            .guid = line->field[0],
                                            .parent_guid = line->field[1],
                                            .title = line->rest,
                                            .url = line->field[2]};
    /* A folder names its children in order: as they stand in the text. */
    const char **children = folder ? malloc((reader->text.count + 1) * sizeof(*children)) : NULL;
    if (folder && children == NULL)
        return call_no_memory(reader->call);
    for (size_t i = 0; folder && i < reader->text.count; i++) {
        const struct line *child = &reader->text.lines[i];
        if (child->collection == HEARTH_BOOKMARKS && strcmp(child->field[1], line->field[0]) == 0)
            children[record.child_count++] = child->field[0];
    }
    record.children = children;
    int r = reader->sink->bookmark(reader->sink->ctx, &record);
    free(children);
    return r;
}

static int (*const send[LINE_KINDS])(struct reader *reader, const struct line *line) = {
    [LINE_DEVICE] = send_device,     [LINE_TAB] = send_tab,   [LINE_FOLDER] = send_bookmark,
    [LINE_BOOKMARK] = send_bookmark, [LINE_PAGE] = send_page,
};

/* (begin records* commit): an error in between leaves the collection as it was, and the next
 * pull begins it anew. */
static int read_collection(struct reader *reader, int32_t collection)
{
    char cursor[20];
    make_cursor(&reader->text, collection, cursor);
    if (is_up_to_date(reader, collection, cursor))
        return 0;
    /* A record of a service that cannot be read is told by sink->damaged(id, why): what is
     * stored of it stays. Without an id nobody knows what to keep: do not commit. Better than
     * both: keep its id in the cursor, and ask for it again. */
    /* A text is a snapshot: what is not in it (any more) is gone. A service that forgets by
     * itself says COMPLETE; one that can tell what changed since the cursor says INCREMENTAL,
     * and tells by sink->removed() what was deleted. */
    int r = reader->sink->begin(reader->sink->ctx, collection, HEARTH_SNAPSHOT);
    for (size_t i = 0; r == 0 && i < reader->text.count; i++) {
        const struct line *line = &reader->text.lines[i];
        if (line->collection != collection)
            continue;
        r = reader_stopped(reader);
        if (r == 0)
            r = send[line->kind](reader, line);
        reader->result.records += r == 0;
    }
    return r == 0 ? reader->sink->commit(reader->sink->ctx, cursor) : r;
}

/* What a person reads: words of our own are rows of this table, so that whoever shows them in
 * another language knows which they are. */
/* clang-format off */
#define MESSAGES(M, T) \
    M(T, unreadable, "sync-mem.unreadable", \
      "The stored text of this account cannot be read. Import the account again.", 0) \
    M(T, failed, "sync-mem.failed", \
      "The sync failed: {reason}. It is tried again.", 1, TEXT, reason)
/* clang-format on */
MESSAGES(HEARTH_MESSAGE_DEFINE, mem_says)

static void reader_set_result(struct reader *reader, int32_t state, struct hearth_sentence sentence)
{
    struct hearth_message message = hearth_sentence_message(&sentence);
    reader->result.state = state;
    reader->result.message = hearth_message_keep(reader->handle->host, reader->call, &message);
}

static int reader_read_all(struct reader *reader)
{
    int r = reader_stopped(reader);
    if (r == 0)
        r = text_parse(reader->handle->host, reader->call, reader->pull->credentials,
                       reader->pull->credentials_size, &reader->text);
    if (r == HEARTH_ERR_INVALID) { /* the pull itself worked: it found out what is to be done */
        reader_set_result(reader, HEARTH_ACCOUNT_SIGNIN_NEEDED, mem_says_unreadable());
        return 0;
    }
    if (r == 0 && reader->text.fail != NULL) {
        /* words without an id do as well */
        const struct hearth_message english = HEARTH_ENGLISH(reader->text.fail->rest);
        reader->result.state = (int32_t)reader->text.fail->number;
        reader->result.message = hearth_message_keep(reader->handle->host, reader->call, &english);
        return 0;
    }
    for (int32_t collection = 1; r == 0 && collection < HEARTH_COLLECTION_SLOTS; collection++)
        r = read_collection(reader, collection);
    if (r == 0)
        reader->result.state = HEARTH_ACCOUNT_OK;
    return r;
}

static int provider_pull(void *s, struct hearth_call *call, const struct hearth_pull *pulled,
                         struct hearth_pull_result *ret_result)
{
    struct handle *handle = s;
    struct reader reader = {.handle = handle, .call = call, .pull = pulled, .sink = pulled->sink};
    atomic_store(&handle->interrupted, false);
    call->error[0] = '\0';
    int r = reader_read_all(&reader);
    if (r < 0) { /* the result is filled all the same; an error of the sink came without words */
        if (call->error[0] == '\0')
            hearth_fail(call, r, "what was read could not be stored: it is tried again");
        reader_set_result(&reader, HEARTH_ACCOUNT_ERROR, mem_says_failed(call->error));
    }
    reader.result.bytes = (int64_t)pulled->credentials_size;
    reader.result.struct_size = ret_result->struct_size < sizeof(reader.result)
                                    ? ret_result->struct_size
                                    : (uint32_t)sizeof(reader.result);
    memcpy(ret_result, &reader.result, reader.result.struct_size);
    return r;
}

/* Signing in: one question, for the text of the account. A service would be asked here. What a
 * step needs later travels in its state; here that is only a word that tells our states from
 * others. */
static const char STATE[] = "sync-mem sign-in 1";

static uint64_t signin_methods(void *self)
{
    (void)self;
    return HEARTH_SIGNIN_PASSWORD;
}

static int signin_ask_for_text(struct handle *handle, struct hearth_call *call, const char *problem,
                               struct hearth_signin_step *ret_step)
{
    static const struct hearth_message title = HEARTH_ENGLISH("Sign in"),
                                       label =
                                           HEARTH_ENGLISH("The account, as text.h describes it");
    static const struct hearth_signin_field fields[] = {
        {.struct_size = sizeof(struct hearth_signin_field),
         .input = HEARTH_SIGNIN_SECRET,
         .name = "text",
         .label = &label}};
    struct hearth_signin_step step = {.kind = HEARTH_SIGNIN_ASK,
                                      .title = &title,
                                      .fields = fields,
                                      .field_count = 1,
                                      .state = STATE,
                                      .state_size = sizeof(STATE)};
    if (problem != NULL) {
        const struct hearth_message english = HEARTH_ENGLISH(problem);
        step.problem = hearth_message_keep(handle->host, call, &english);
        if (step.problem == NULL)
            return call_no_memory(call);
    }
    step.struct_size =
        ret_step->struct_size < sizeof(step) ? ret_step->struct_size : (uint32_t)sizeof(step);
    memcpy(ret_step, &step, step.struct_size);
    return 0;
}

static int signin_start(void *s, struct hearth_call *call, const struct hearth_signin *signin,
                        struct hearth_signin_step *ret_step)
{
    if (signin->method != HEARTH_SIGNIN_PASSWORD)
        return hearth_fail(call, HEARTH_ERR_UNSUPPORTED,
                           "an account that is written down has no page to sign in at");
    return signin_ask_for_text(s, call, NULL, ret_step);
}

static int signin_next(void *s, struct hearth_call *call, const void *state, size_t state_size,
                       const struct hearth_signin_answer *answers, size_t count,
                       struct hearth_signin_step *ret_step)
{
    struct handle *handle = s;
    struct hearth_identity *identity = handle->host->alloc(call, sizeof(*identity));
    struct hearth_signin_step step = {.kind = HEARTH_SIGNIN_DONE, .identity = identity};
    if (identity == NULL)
        return call_no_memory(call);
    identity->struct_size = sizeof(*identity);
    if (state_size != sizeof(STATE) || memcmp(state, STATE, sizeof(STATE)) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "this sign-in was begun by another plugin; start again");
    if (count == 0 || strcmp(answers[0].name, "text") != 0)
        return signin_ask_for_text(s, call, "Nothing was typed.", ret_step);
    int r = provider_account_import(s, call, answers[0].value, identity);
    if (r == HEARTH_ERR_INVALID)
        return signin_ask_for_text(s, call, call->error, ret_step);
    if (r < 0)
        return r;
    step.struct_size =
        ret_step->struct_size < sizeof(step) ? ret_step->struct_size : (uint32_t)sizeof(step);
    memcpy(ret_step, &step, step.struct_size);
    return 0;
}

static int provider_describe(void *s, struct hearth_call *call, const void *credentials,
                             size_t size, struct hearth_identity *ret_identity)
{
    struct handle *handle = s;
    struct text text;
    int r = text_parse(handle->host, call, credentials, size, &text);
    if (r < 0)
        return r;
    struct hearth_identity identity = {.uid = text.account->field[1]};
    identity.struct_size = ret_identity->struct_size < sizeof(identity)
                               ? ret_identity->struct_size
                               : (uint32_t)sizeof(identity);
    memcpy(ret_identity, &identity, identity.struct_size);
    return 0;
}

static const struct hearth_sync operations = {
    .struct_size = sizeof(operations),
    .open = provider_open,
    .close = provider_close,
    .handle_open = provider_handle_open,
    .handle_close = provider_handle_close,
    .interrupt = provider_interrupt,
    .account_import = provider_account_import,
    .pull = provider_pull,
    .forget = provider_forget,
};

/* What not every provider can do, by name. */
static const void *provider_extension(const char *name)
{
    static const struct hearth_sync_signin signin = {.struct_size = sizeof(signin),
                                                     .methods = signin_methods,
                                                     .start = signin_start,
                                                     .next = signin_next};
    static const struct hearth_sync_describe describes = {.struct_size = sizeof(describes),
                                                          .describe = provider_describe};
    if (strcmp(name, HEARTH_SYNC_SIGNIN) == 0)
        return &signin;
    return strcmp(name, HEARTH_SYNC_DESCRIBE) == 0 ? &describes : NULL;
}

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_SYNC,
        .name = "mem",
        .version = "1",
        .description = "an account written down as text: for tests, and to copy from",
        .operations = &operations,
        .extension = provider_extension,
    };
    return &plugin;
}
