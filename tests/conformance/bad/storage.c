/* Storage plugins that break one rule each. */
#include "bad.h"

#include <fcntl.h>
#include <unistd.h>

#include "hearth/storage.h"

static struct hearth_storage ops;
static const struct hearth_storage *good;

static int leak_pages(void *session, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx)
{
    return good->pages_by_frecency(session, call, strcmp(account, "b") == 0 ? "a" : account, cb, ctx);
}

static void abort_commits(void *session)
{
    (void)session; /* the batch stays open */
}

static int commit_nothing(void *session, struct hearth_call *call, bool changed)
{
    (void)call;
    (void)changed;
    good->batch_abort(session);
    return 0;
}

static int claim_again(void *session, struct hearth_call *call, int64_t now, int64_t claimed_until, int64_t limit, hearth_account_cb cb,
                       void *ctx)
{
    (void)claimed_until;
    return good->account_claim_due(session, call, now, now, limit, cb, ctx);
}

static int without_words(void *session, struct hearth_call *call, const char *account, struct hearth_account *ret_account)
{
    int r = good->account_get(session, call, account, ret_account);
    if (r < 0)
        call->error[0] = '\0';
    return r;
}

static int touch_output(void *session, struct hearth_call *call, const char *account, struct hearth_counts *ret_counts)
{
    ret_counts->visits = 0;
    return good->counts(session, call, account, ret_counts);
}

static int ignore_deadline(void *session, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx)
{
    int64_t deadline = call->deadline;
    call->deadline = 0;
    int r = good->pages_by_frecency(session, call, account, cb, ctx);
    call->deadline = deadline;
    return r;
}

static void crash(void *session)
{
    (void)session;
    abort();
}

static int hang(void *session, struct hearth_call *call)
{
    while (session != NULL && call != NULL)
        pause();
    return 0;
}

static int leak_descriptor(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret)
{
    return open("/dev/null", O_RDONLY) < 0 ? HEARTH_ERR_IO : good->open(host, call, values, ret);
}

/* What a plugin does that copies its own, larger struct over the host's. */
static int write_behind(void *session, struct hearth_call *call, const char *account, struct hearth_account *ret_account)
{
    int r = good->account_get(session, call, account, ret_account);
    if (r == 0)
        memset((char *)ret_account + sizeof(*ret_account), 0, 8);
    return r;
}

static int keep_tabs(void *session, struct hearth_call *call, const char *device)
{
    return device == NULL ? 0 : good->tabs_clear(session, call, device);
}

static int unchecked_memory(void *session, struct hearth_call *call, const char *account, const char *json)
{
    char *copy = malloc(strlen(json) + 1);
    memcpy(copy, json, strlen(json) + 1);
    int r = good->settings_put(session, call, account, copy);
    free(copy);
    return r;
}

static int half_on_no_memory(void *session, struct hearth_call *call, const struct hearth_account *account)
{
    int r = good->account_create(session, call, account);
    void *more = malloc(100);
    if (r == 0 && more == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    free(more);
    return r;
}

static int never_stops(void *session, struct hearth_call *call, hearth_account_cb cb, void *ctx)
{
    (void)cb;
    return good->account_list(session, call, cb, ctx) == 0 ? good->account_list(session, call, cb, ctx) : HEARTH_ERR_IO;
}

static void set_table(void)
{
    good = good_descriptor->operations;
}

#define RULES(X)                                                                                                                           \
    X(leak, pages_by_frecency, leak_pages)                                                                                                 \
    X(abort, batch_abort, abort_commits)                                                                                                   \
    X(losing, batch_commit, commit_nothing)                                                                                                \
    X(claims, account_claim_due, claim_again)                                                                                              \
    X(wordless, account_get, without_words)                                                                                                \
    X(outputs, counts, touch_output)                                                                                                       \
    X(deadline, pages_by_frecency, ignore_deadline)                                                                                        \
    X(interrupt, interrupt, crash)                                                                                                         \
    X(hang, ping, hang)                                                                                                                    \
    X(descriptors, open, leak_descriptor)                                                                                                  \
    X(overrun, account_get, write_behind)                                                                                                  \
    X(tabs, tabs_clear, keep_tabs)                                                                                                         \
    X(memory, settings_put, unchecked_memory)                                                                                              \
    X(half, account_create, half_on_no_memory)                                                                                             \
    X(twice, account_list, never_stops)

#define X(rule, operation, function)                                                                                                       \
    static void apply_##rule(void *table)                                                                                                  \
    {                                                                                                                                      \
        set_table();                                                                                                                       \
        ((struct hearth_storage *)table)->operation = function;                                                                            \
    }
RULES(X)
#undef X

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {
#define X(rule, operation, function) {#rule, apply_##rule},
        RULES(X)
#undef X
    };
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}
