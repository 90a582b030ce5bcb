/* Providers: import, pulls against a service that misbehaves, a sink that fails. */
#include "sync_kit.h"

#include <pthread.h>

enum { CANARY = 0x5a };

static void sync_close_accepts_null(struct kit *kit)
{
    kit->sync->close(NULL);
}

static void forget_unknown(struct kit *kit)
{
    kit_sync_forget(kit, "nobody");
    kit->sync->interrupt(kit->handle);
}

static void expect_refused(struct kit *kit, const char *text)
{
    struct hearth_identity identity, before;
    memset(&identity, CANARY, sizeof(identity));
    identity.struct_size = sizeof(identity);
    before = identity;
    kit->call.error[0] = '\0';
    int r = WATCHED("account_import",
                    kit->sync->account_import(kit->handle, &kit->call.hearth, text, &identity));
    if (r != HEARTH_ERR_INVALID)
        fail_msg("the import of \"%.60s\" returned %s, INVALID was expected", text, err_name(r));
    if (kit->call.error[0] == '\0')
        fail_msg("the import of \"%.60s\" was refused without words", text);
    if (memcmp(&identity, &before, sizeof(identity)) != 0)
        fail_msg("the import of \"%.60s\" was refused and changed its output: what fails leaves it "
                 "as it was",
                 text);
    plug_call_reset(&kit->call);
}

static void refused_imports(struct kit *kit)
{
    static char deep[200001];
    expect_refused(kit, "");
    expect_refused(kit, "{");
    expect_refused(kit, "[]");
    expect_refused(kit, "{\"email\":1}");
    expect_refused(kit, "\xff\xfe");
    expect_refused(kit, "{\"email\":\"a@example.org\"}");
    memset(deep, '[', sizeof(deep) - 1);
    expect_refused(kit, deep);
    memset(deep, 'x', sizeof(deep) - 1);
    expect_refused(kit, deep);
}

static void accepted_import(struct kit *kit)
{
    struct hearth_identity identity;
    kit_sync_identity(kit, &identity);
    /* NULL: the source knows none, and the operator says whose it is */
    if (identity.email != NULL && strchr(identity.email, '@') == NULL)
        fail_msg("the account's e-mail address \"%s\" has no @; a source that knows none says NULL",
                 identity.email);
    expect(identity.uid != NULL && identity.uid[0] != '\0');
    expect(identity.credentials != NULL && identity.credentials_size > 0);
}

static void foreign_credentials(struct kit *kit)
{
    struct sync_answer answer = {.status = 200, .body = "{}"};
    struct hearth_pull_result result;
    struct sync_sink sink;
    static const char *const blobs[] = {
        "", "x", "{}", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    kit_sync_answer(&answer);
    for (size_t i = 0; i < sizeof(blobs) / sizeof(blobs[0]); i++) {
        struct hearth_identity identity = {.email = "a@example.org",
                                           .credentials = blobs[i],
                                           .credentials_size = strlen(blobs[i])};
        kit_sync_sink_init(&sink);
        int r = kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &result);
        if (r == 0 && result.state == HEARTH_ACCOUNT_OK)
            fail_msg("a pull with foreign credentials ends well");
        expect_number(sink.commits, 0);
        plug_call_reset(&kit->call);
    }
}

static void failing_service(struct kit *kit)
{
    static const int statuses[] = {HEARTH_ERR_UNAVAILABLE,
                                   HEARTH_ERR_TIMEOUT,
                                   HEARTH_ERR_FULL,
                                   200,
                                   204,
                                   301,
                                   304,
                                   400,
                                   401,
                                   403,
                                   404,
                                   405,
                                   406,
                                   409,
                                   410,
                                   412,
                                   413,
                                   415,
                                   429,
                                   500,
                                   502,
                                   503,
                                   504,
                                   599};
    static const char *const bodies[] = {
        "", "null", "{", "[]", "<html>", "{\"a\":[[[[[[[[]]]]]]]]}", "\xff\xfe\x01"};
    struct hearth_identity identity;
    struct hearth_pull_result result;
    kit_sync_identity(kit, &identity);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        for (size_t k = 0; k < sizeof(bodies) / sizeof(bodies[0]); k++) {
            struct sync_sink sink;
            struct sync_answer answer = {.status = statuses[i], .body = bodies[k]};
            kit_sync_sink_init(&sink);
            kit_sync_answer(&answer);
            struct call call;
            plug_call_init(&call, NULL, 0, 0);
            kit_sync_forget(kit, "a");
            int r = kit_sync_pull(kit, kit->handle, &call, &identity, &sink, &result);
            if (answer.requests > 0 && r == 0 && result.state == HEARTH_ACCOUNT_ERROR &&
                result.message == NULL)
                fail_msg("the answer %d \"%s\" ends in an error without words", statuses[i],
                         bodies[k]);
            if (answer.requests > 0 && sink.records > 0)
                fail_msg("the answer %d \"%s\" brought records", statuses[i], bodies[k]);
            plug_call_fini(&call);
        }
    }
}

static void obeys_retry_after(struct kit *kit)
{
    struct hearth_identity identity;
    struct hearth_pull_result result;
    struct sync_sink sink;
    kit_sync_identity(kit, &identity);
    kit_sync_sink_init(&sink);
    struct sync_answer answer = {.status = 503, .body = "", .retry_after = 3600 * 1000};
    kit_sync_answer(&answer);
    kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &result);
    if (answer.requests == 0)
        kit_skip("the plugin fetches nothing");
    int64_t pause =
        result.account_backoff > result.host_backoff ? result.account_backoff : result.host_backoff;
    if (pause < 3600 * 1000 && kit->call.hearth.retry_after < 3600 * 1000)
        fail_msg("the service asked to wait an hour, the plugin tells a pause of %lld ms",
                 (long long)pause);
}

static void sync_stop_ends_pull(struct kit *kit)
{
    atomic_bool stop = true;
    struct hearth_identity identity;
    struct hearth_pull_result result;
    struct sync_sink sink;
    struct sync_answer answer = {.status = 200, .body = "{}"};
    kit_sync_identity(kit, &identity);
    kit_sync_sink_init(&sink);
    kit_sync_answer(&answer);
    kit->call.stop = &stop;
    expect_number(kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &result),
                  HEARTH_ERR_CANCELLED);
    kit->call.stop = NULL;
    expect_number(sink.commits, 0);
}

/* Every call of the sink fails once: pull() returns that code and does not use the sink again. */
static void failing_sink(struct kit *kit)
{
    struct hearth_identity identity;
    struct hearth_pull_result result;
    struct sync_answer answer = {.status = 404, .body = ""};
    kit_sync_identity(kit, &identity);
    kit_sync_answer(&answer);
    for (int n = 1;; n++) {
        struct sync_sink sink;
        struct call call;
        kit_sync_sink_init(&sink);
        sink.fail_at = n;
        sink.fail_with = n % 2 == 0 ? HEARTH_ERR_UNAVAILABLE : HEARTH_ERR_IO;
        plug_call_init(&call, NULL, 0, 0);
        kit_sync_forget(kit, "a");
        int r = kit_sync_pull(kit, kit->handle, &call, &identity, &sink, &result);
        plug_call_fini(&call);
        if (!sink.failed)
            return;
        expect_number(r, sink.fail_with);
    }
}

static void cursors_are_used(struct kit *kit)
{
    struct hearth_identity identity;
    struct hearth_pull_result result;
    struct sync_sink sink;
    struct sync_answer answer = {.status = 404, .body = ""};
    kit_sync_identity(kit, &identity);
    kit_sync_answer(&answer);
    kit_sync_sink_init(&sink);
    int r = kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &result);
    if (r < 0 || sink.commits == 0)
        kit_skip("this account's pull brings nothing here");
    int records = sink.records;
    sink.records = 0;
    expect_number(kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &result), 0);
    if (records > 0 && sink.records >= records)
        fail_msg("with its sync cursors the second pull brings %d records again", sink.records);
}

/* Once with a host that listens: what the plugin says is judged by the kit's listener. */
static void changes_are_of_known_accounts(struct kit *kit)
{
    struct hearth_identity identity;
    struct hearth_pull_result result;
    struct sync_sink sink;
    struct sync_answer answer = {.status = 404, .body = ""};
    void *handle = NULL;
    kit_sync_identity(kit, &identity);
    kit_sync_answer(&answer);
    kit_sync_sink_init(&sink);
    kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &result);
    kit_sync_forget(kit, "a");
    if (WATCHED("handle_open", kit->sync->handle_open(kit->self, &kit->call.hearth, &handle)) < 0)
        fail_msg("handle_open: %s", kit->call.error);
    kit->sync->interrupt(handle);
    kit->sync->handle_close(handle);
    kit_pause(50);
}

/* And with one that does not, as it is in a command; nor does it send requests ahead. */
static void host_does_not_listen(struct kit *kit)
{
    struct hearth_identity identity;
    struct hearth_pull_result result;
    struct sync_sink sink;
    struct sync_answer answer = {.status = 404, .body = ""};
    kit->host.changes = NULL;
    kit->host.ahead = NULL;
    kit_open(kit);
    kit_sync_identity(kit, &identity);
    kit_sync_answer(&answer);
    kit_sync_sink_init(&sink);
    kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &result);
    kit_close(kit);
}

static void sync_structs_may_grow(struct kit *kit)
{
    struct {
        struct hearth_pull_result result;
        uint8_t more[64];
    } out;
    struct hearth_identity identity;
    struct sync_sink sink;
    struct sync_answer answer = {.status = 404, .body = ""};
    kit_sync_identity(kit, &identity);
    kit_sync_answer(&answer);
    kit_sync_sink_init(&sink);
    memset(&out, CANARY, sizeof(out));
    kit_sync_pull(kit, kit->handle, &kit->call, &identity, &sink, &out.result);
    for (size_t i = 0; i < sizeof(out.more); i++)
        expect_number(out.more[i], CANARY);
    /* A plugin of older headers fills the shorter struct that it knows. */
    expect(out.result.struct_size <= sizeof(out.result) &&
           out.result.struct_size >= offsetof(struct hearth_pull_result, passing));
}

struct puller {
    struct kit *kit;
    struct hearth_identity identity;
    pthread_t thread;
};

static void *pull_often(void *arg)
{
    struct puller *puller = arg;
    struct hearth_pull_result result;
    static _Thread_local struct sync_sink sink;
    struct sync_answer answer = {.status = 500, .body = ""};
    struct call call;
    void *handle = NULL;
    plug_call_init(&call, NULL, 0, 0);
    if (WATCHED("handle_open",
                puller->kit->sync->handle_open(puller->kit->self, &call.hearth, &handle)) < 0)
        fail_msg("handle_open: %s", call.error);
    kit_sync_answer(&answer);
    for (int i = 0; i < 20; i++) {
        kit_sync_sink_init(&sink);
        answer.requests = 0;
        kit_sync_pull(puller->kit, handle, &call, &puller->identity, &sink, &result);
        plug_call_reset(&call);
    }
    puller->kit->sync->handle_close(handle);
    plug_call_fini(&call);
    return NULL;
}

static void handles_at_once(struct kit *kit)
{
    struct puller pullers[4];
    for (int i = 0; i < 4; i++)
        pullers[i] = (struct puller){.kit = kit};
    kit_sync_identity(kit, &pullers[0].identity);
    for (int i = 0; i < 4; i++) {
        pullers[i].identity = pullers[0].identity;
        expect_number(pthread_create(&pullers[i].thread, NULL, pull_often, &pullers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(pullers[i].thread, NULL);
}

static void sync_every_allocation_fails(struct kit *kit)
{
    struct hearth_identity identity;
    struct hearth_pull_result result;
    struct sync_answer answer = {.status = 404, .body = ""};
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    kit_sync_identity(kit, &identity);
    kit_sync_answer(&answer);
    for (long n = 1; n < 20000; n++) {
        static struct sync_sink sink;
        struct call call;
        kit_sync_sink_init(&sink);
        plug_call_init(&call, NULL, 0, 0);
        kit_sync_forget(kit, "a");
        answer.requests = 0;
        kit_memory_fail_at(n);
        int r = kit_sync_pull(kit, kit->handle, &call, &identity, &sink, &result);
        bool failed = kit_memory_failed();
        plug_call_fini(&call);
        if (!failed)
            return;
        if (r == 0 && result.state == HEARTH_ACCOUNT_SIGNIN_NEEDED)
            fail_msg("a failed allocation asks the person to sign in again");
    }
}

struct pulling {
    struct kit *kit;
    struct hearth_identity identity;
    struct sync_answer *answer;
    struct sync_sink sink;
};

static void import_step(void *ctx)
{
    struct pulling *pulling = ctx;
    struct hearth_identity identity;
    struct call call;
    plug_call_init(&call, NULL, 0, 0);
    expect_refused(pulling->kit, "{");
    kit_sync_identity_by(pulling->kit, &call, &identity);
    plug_call_fini(&call);
}

static void pull_step(void *ctx)
{
    struct pulling *pulling = ctx;
    struct hearth_pull_result result;
    struct call call;
    plug_call_init(&call, NULL, 0, 0);
    kit_sync_sink_init(&pulling->sink);
    pulling->answer->requests = 0;
    kit_sync_pull(pulling->kit, pulling->kit->handle, &call, &pulling->identity, &pulling->sink,
                  &result);
    kit_sync_forget(pulling->kit, "a");
    plug_call_fini(&call);
}

static void sync_nothing_leaks(struct kit *kit)
{
    static const int statuses[] = {404, 200, 500, HEARTH_ERR_UNAVAILABLE};
    static struct pulling pulling;
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    pulling.kit = kit;
    kit_sync_identity(kit, &pulling.identity);
    kit_expect_no_leak("an import", import_step, &pulling);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct sync_answer answer = {.status = statuses[i], .body = "{}"};
        char what[80];
        kit_sync_answer(&answer);
        pulling.answer = &answer;
        snprintf(what, sizeof(what), "a pull that is answered with %d, and forget()", statuses[i]);
        kit_expect_no_leak(what, pull_step, &pulling);
    }
}

static const struct kit_test tests[] = {
    {"life: close() accepts NULL", sync_close_accepts_null},
    {"life: forgetting an unknown account and an idle interrupt do nothing", forget_unknown},
    {"import: what is no account is INVALID, with words", refused_imports},
    {"import: an account has a uid, credentials, and an e-mail address or none", accepted_import},
    {"pull: foreign credentials bring nothing", foreign_credentials},
    {"pull: whatever the service answers, it ends with a state and words", failing_service},
    {"pull: a service that asks to wait is told on", obeys_retry_after},
    {"pull: should_stop ends it with CANCELLED", sync_stop_ends_pull},
    {"pull: an error of the sink ends it with the same code", failing_sink},
    {"pull: with sync cursors, only what changed comes", cursors_are_used},
    {"changes: only accounts that were pulled are named, until forget()",
     changes_are_of_known_accounts},
    {"changes: a host that does not listen is fine", host_does_not_listen, KIT_CLOSED},
    {"growth: nothing is written behind the result", sync_structs_may_grow},
    {"threads: four handles pull at once", handles_at_once},
    {"leaks: imports and pulls leave no memory behind", sync_nothing_leaks},
    {"memory: every allocation of a pull fails once", sync_every_allocation_fails, KIT_FAULTS, 120},
    {NULL, NULL},
};

const struct kit_test *const kit_sync_tests[] = {kit_loading_tests, tests, kit_signin_tests,
                                                 kit_stride_tests};
const size_t kit_sync_test_count = sizeof(kit_sync_tests) / sizeof(kit_sync_tests[0]);
