/* Random sequences of operations, the same on the plugin and on a model: plugins/storage-mem,
 * whose sources are meant to be read. After every step that is visible to others both are read
 * out whole and compared, so the sequence that is reported is the shortest one that goes wrong. */
#include "records.h"
#include "storage_kit.h"

#include <stdlib.h>

enum { STEPS = 250, LONG_STEPS = 1500, SHOWN = 12, WORDS = 120 };

const struct hearth_plugin *mem_plugin(void); /* of storage-mem */

struct side {
    struct storage storage;
    struct buf dump;
};

/* Others who read while a batch is open: a handle of the instance, and one of another instance
 * where the plugin is SHARED. */
struct watchers {
    struct storage storages[2];
    void *instance; /* the other one; NULL */
    size_t count;
    struct buf before, now; /* as they saw it when the batch was begun, and see it */
};

struct run {
    struct watchers watchers;
    unsigned state; /* of the random numbers */
    int step;
    bool in_batch;
    const char *batch_account;
    struct side plugin, model;
    char told[SHOWN][WORDS]; /* the last steps, for the report */
};

static unsigned storage_run_pick(struct run *run, unsigned n)
{
    run->state = run->state * 1664525u + 1013904223u;
    return (run->state >> 8) % n;
}

static unsigned pick_for_record(void *ctx, unsigned n)
{
    return storage_run_pick(ctx, n);
}

static void storage_run_note_step(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void storage_run_note_step(struct run *run, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(run->told[run->step % SHOWN], WORDS, format, ap);
    va_end(ap);
}

static _Noreturn void storage_run_differ(struct run *run, const char *what)
{
    char steps[SHOWN * (WORDS + 8)] = "";
    int first = run->step >= SHOWN ? run->step - SHOWN + 1 : 0;
    for (int i = first; i <= run->step; i++)
        snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "\n%4d %s", i,
                 run->told[i % SHOWN]);
    fail_msg("%s, after these steps (and those before them, by the same seed):%s", what, steps);
}

/* Runs one operation on both sides and compares what came out. The arguments are evaluated
 * twice: no random numbers in them. */
#define BOTH(run, ...)                                                                             \
    do {                                                                                           \
        struct err a_ = {0}, b_ = {0};                                                             \
        int got_ = STORAGE(&(run)->plugin.storage, &a_, __VA_ARGS__),                              \
            want_ = STORAGE(&(run)->model.storage, &b_, __VA_ARGS__);                              \
        if (got_ != want_) {                                                                       \
            char what_[700];                                                                       \
            snprintf(what_, sizeof(what_), "it returned %s (%s) where %s was expected",            \
                     err_name(got_), a_.text, err_name(want_));                                    \
            storage_run_differ(run, what_);                                                        \
        }                                                                                          \
    } while (0)

static const char *const accounts[] = {"a", "b"};
static const char *const guids[] = {"menu________", "toolbar_____", "b1__________",
                                    "b2__________", "f1__________", "f2__________"};
static const char *const texts[] = {"", "one", "zwei", "Ünïcode 漢字", "a'b\"c\\d%_", NULL};
static const char *const hosts[] = {"one.example", "two.example", ""};
static const char *const devices[] = {"phone", "laptop", "tablet"};
static const int64_t sources[] = {0, 0, 1, 65535};
#define ANY(run, list) (list)[storage_run_pick((run), (unsigned)(sizeof(list) / sizeof((list)[0])))]

static void storage_run_write_account(struct run *run)
{
    struct hearth_account account = {.struct_size = sizeof(account), .id = ANY(run, accounts)};
    kit_record_randomise(&plug_fields_account, &account, pick_for_record, run);
    uint64_t fields = storage_run_pick(run, 1 << 13) &
                      ~(uint64_t)(HEARTH_ACCOUNT_EMAIL | HEARTH_ACCOUNT_UID | HEARTH_ACCOUNT_NODE);
    storage_run_note_step(run, "account_update %s fields 0x%llx", account.id,
                          (unsigned long long)fields);
    BOTH(run, account_update, &account, fields);
}

static void write_small(struct run *run)
{
    uint8_t hash[32] = {(uint8_t)storage_run_pick(run, 5), 1};
    char id[8], json[32];
    snprintf(id, sizeof(id), "t%u", storage_run_pick(run, 5));
    snprintf(json, sizeof(json), "{\"n\":%u}", storage_run_pick(run, 100));
    struct hearth_token token = {.struct_size = sizeof(token), .id = id};
    struct hearth_pick picked = {.struct_size = sizeof(picked),
                                 .input = storage_run_pick(run, 2) == 0 ? "ex" : "mo",
                                 .page = 1 + storage_run_pick(run, 4)};
    kit_record_randomise(&plug_fields_token, &token, pick_for_record, run);
    kit_record_randomise(&plug_fields_pick, &picked, pick_for_record, run);
    token.account = ANY(run, accounts);
    int64_t source = ANY(run, sources);
    token.hash = hash;
    switch (storage_run_pick(run, 6)) {
    case 0:
        storage_run_note_step(run, "token_create %s of %s", id, token.account);
        BOTH(run, token_create, &token);
        break;
    case 1:
        storage_run_note_step(run, "token_remove %s of %s", id, token.account);
        BOTH(run, token_remove, token.account, id);
        break;
    case 2:
        storage_run_note_step(run, "token_used %s of %s", id, token.account);
        BOTH(run, token_used, token.account, id, run->step);
        break;
    case 3:
        storage_run_note_step(run, "settings_put %s %s", token.account, json);
        BOTH(run, settings_put, token.account, json);
        break;
    case 4:
        storage_run_note_step(run, "credentials_put %s of %lld %s", token.account,
                              (long long)source, json);
        BOTH(run, credentials_put, token.account, source, json, strlen(json));
        break;
    default:
        storage_run_note_step(run, "pick_put %s %s %lld", token.account, picked.input,
                              (long long)picked.page);
        BOTH(run, pick_put, token.account, &picked);
        break;
    }
}

/* Few names, so that accounts meet over them. */
static void write_identity(struct run *run)
{
    static const char *const issuers[] = {"proxy", "sync:fx"}, *const subjects[] = {
                                                                   "anna", "uid of a", "uid of b"};
    const char *account = ANY(run, accounts);
    struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                               .issuer = ANY(run, issuers),
                                               .subject = ANY(run, subjects),
                                               .created = run->step};
    if (storage_run_pick(run, 3) > 0) {
        storage_run_note_step(run, "identity_put %s %s %s", account, identity.issuer,
                              identity.subject);
        BOTH(run, identity_put, account, &identity);
    } else {
        storage_run_note_step(run, "identity_remove %s %s %s", account, identity.issuer,
                              identity.subject);
        BOTH(run, identity_remove, account, identity.issuer, identity.subject);
    }
}

static void write_page(struct run *run)
{
    int64_t id = 1 + storage_run_pick(run, 6), added_a = 0, added_b = 0;
    char url[64];
    struct hearth_visit visits[4];
    snprintf(url, sizeof(url), "https://page.example/%lld/%u", (long long)id,
             storage_run_pick(run, 2));
    struct hearth_page page = {.struct_size = sizeof(page), .id = id};
    kit_record_randomise(&plug_fields_page, &page, pick_for_record, run);
    page.url = url;
    page.host = ANY(run, hosts);
    const char *guid = storage_run_pick(run, 2) == 0 ? "g0" : "1:g1";
    size_t count = storage_run_pick(run, 5);
    for (size_t i = 0; i < count; i++)
        visits[i] = (struct hearth_visit)HEARTH_VISIT_OF(
            1 + storage_run_pick(run, 8), 1 + (int32_t)storage_run_pick(run, 9), ANY(run, sources));
    switch (storage_run_pick(run, 6)) {
    case 0:
    case 1:
        storage_run_note_step(run, "page_put %lld frecency %lld host \"%s\"%s", (long long)id,
                              (long long)page.frecency, page.host, page.hidden ? " hidden" : "");
        BOTH(run, page_put, &page);
        break;
    case 2:
    case 3: {
        storage_run_note_step(run, "visits_put %lld %zu visits", (long long)id, count);
        int a = STORAGE(&run->plugin.storage, NULL, visits_put, id, visits, count, &added_a);
        int b = STORAGE(&run->model.storage, NULL, visits_put, id, visits, count, &added_b);
        if (a != b || added_a != added_b)
            storage_run_differ(run, "visits_put does not return what was expected");
        break;
    }
    case 4:
        if (storage_run_pick(run, 4) == 0) {
            storage_run_note_step(run, "page_guid_remove %s", guid);
            BOTH(run, page_guid_remove, guid);
            break;
        }
        storage_run_note_step(run, "page_guid_put %s %lld", guid, (long long)id);
        BOTH(run, page_guid_put, guid, id);
        break;
    default:
        if (storage_run_pick(run, 2) == 0) {
            storage_run_note_step(run, "page_remove %lld", (long long)id);
            BOTH(run, page_remove, id);
        } else {
            storage_run_note_step(run, "visits_remove %lld", (long long)id);
            BOTH(run, visits_remove, id);
        }
        break;
    }
}

static void write_bookmark(struct run *run)
{
    static const char *const tags[] = {NULL, "red", "red\nblue", "green"};
    const char *children[] = {ANY(run, guids), "later_______", ANY(run, guids)};
    struct hearth_bookmark b = {.struct_size = sizeof(b), .guid = ANY(run, guids)};
    kit_record_randomise(&plug_fields_bookmark, &b, pick_for_record, run);
    b.kind = 1 + storage_run_pick(run, 5);
    b.parent = storage_run_pick(run, 2) == 0 ? NULL : ANY(run, guids);
    b.tags = b.kind == HEARTH_BOOKMARK ? ANY(run, tags) : NULL;
    b.page = storage_run_pick(run, 3) == 0 ? 0 : 1 + (int64_t)storage_run_pick(run, 6);
    b.source = ANY(run, sources);
    size_t child_count = 1 + storage_run_pick(run, 3);
    switch (storage_run_pick(run, 8)) {
    case 0:
        storage_run_note_step(run, "bookmark_remove %s", b.guid);
        BOTH(run, bookmark_remove, b.guid);
        break;
    case 1:
        storage_run_note_step(run, "bookmark_children_put %s %s %s", b.guid, children[0],
                              child_count == 3 ? children[2] : "");
        BOTH(run, bookmark_children_put, b.source, b.guid, children, child_count);
        break;
    case 2:
        storage_run_note_step(run, "bookmark_place %s in %s", b.guid, children[0]);
        BOTH(run, bookmark_place, b.guid, children[0], run->step);
        break;
    case 3:
        if (storage_run_pick(run, 6) == 0) {
            storage_run_note_step(run, "bookmark_clear %lld", (long long)b.source);
            BOTH(run, bookmark_clear, b.source);
            break;
        }
        __attribute__((fallthrough));
    default:
        storage_run_note_step(run, "bookmark_put %s kind %d in %s", b.guid, (int)b.kind,
                              b.parent == NULL ? "(as it is)" : b.parent);
        BOTH(run, bookmark_put, &b);
        break;
    }
}

static void write_device(struct run *run)
{
    struct hearth_device device = {.struct_size = sizeof(device), .id = ANY(run, devices)};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .position = storage_run_pick(run, 4)};
    struct hearth_tab_group group = {.struct_size = sizeof(group),
                                     .id = storage_run_pick(run, 2) == 0 ? "trip" : "Trip"};
    kit_record_randomise(&plug_fields_device, &device, pick_for_record, run);
    kit_record_randomise(&plug_fields_tab, &tab, pick_for_record, run);
    kit_record_randomise(&plug_fields_tab_group, &group, pick_for_record, run);
    const char *cleared = storage_run_pick(run, 4) == 0 ? NULL : device.id,
               *cursor = ANY(run, texts);
    device.source = ANY(run, sources);
    int32_t collection = (int32_t)storage_run_pick(run, 5);
    bool hidden = storage_run_pick(run, 2) != 0;
    switch (storage_run_pick(run, 7)) {
    case 0:
        storage_run_note_step(run, "device_remove %s", device.id);
        BOTH(run, device_remove, device.id);
        break;
    case 1:
        storage_run_note_step(run, "tabs_clear %s", cleared == NULL ? "(all)" : cleared);
        BOTH(run, tabs_clear, cleared);
        break;
    case 2:
        device.source = storage_run_pick(run, 2) == 0 ? 0 : device.source;
        storage_run_note_step(run, "sync_cursor_put %lld %d", (long long)device.source,
                              (int)collection);
        BOTH(run, sync_cursor_put, device.source, collection, cursor);
        break;
    case 3:
        storage_run_note_step(run, "device_put %s", device.id);
        BOTH(run, device_put, &device);
        break;
    case 4:
        storage_run_note_step(run, "device_hide %s %d", device.id, (int)hidden);
        BOTH(run, device_hide, device.id, hidden);
        break;
    case 5:
        storage_run_note_step(run, "tab_group_put %s %s", device.id, group.id);
        BOTH(run, tab_group_put, device.id, &group);
        break;
    default:
        storage_run_note_step(run, "tab_put %s %d", device.id, (int)tab.position);
        BOTH(run, tab_put, device.id, &tab);
        break;
    }
}

static void write_removed_here(struct run *run)
{
    static const char *const ids[] = {"r1", "r2", "r3"};
    const char *account = ANY(run, accounts);
    struct hearth_removed_here removed = {.struct_size = sizeof(removed), .id = ANY(run, ids)};
    kit_record_randomise(&plug_fields_removed_here, &removed, pick_for_record, run);
    removed.kind = 1 + storage_run_pick(run, 4);
    if (storage_run_pick(run, 3) > 0) {
        storage_run_note_step(run, "removed_here_put %s of %s", removed.id, account);
        BOTH(run, removed_here_put, account, &removed);
    } else {
        storage_run_note_step(run, "removed_here_remove %s of %s", removed.id, account);
        BOTH(run, removed_here_remove, account, removed.id);
    }
}

static void write_source(struct run *run)
{
    const char *account = ANY(run, accounts);
    struct hearth_source source = {.struct_size = sizeof(source),
                                   .id = storage_run_pick(run, 2) == 0 ? 1 : HEARTH_SOURCE_MAX};
    kit_record_randomise(&plug_fields_source, &source, pick_for_record, run);
    if (storage_run_pick(run, 3) > 0) {
        storage_run_note_step(run, "source_put %lld of %s", (long long)source.id, account);
        BOTH(run, source_put, account, &source);
    } else {
        storage_run_note_step(run, "source_remove %lld of %s", (long long)source.id, account);
        BOTH(run, source_remove, account, source.id);
    }
}

/* An open batch and an aborted one are seen by nobody else. */
static void watch_unchanged(struct run *run, const char *when)
{
    static const char *const who[] = {"another handle", "another instance"};
    struct watchers *watchers = &run->watchers;
    for (size_t i = 0; i < watchers->count; i++) {
        kit_dump_storage_and_changes(&watchers->storages[i], &watchers->now);
        const char *a = watchers->now.data, *b = watchers->before.data;
        if (strcmp(a, b) == 0)
            continue;
        while (strcspn(a, "\n") == strcspn(b, "\n") && memcmp(a, b, strcspn(a, "\n")) == 0) {
            a += strcspn(a, "\n") + 1;
            b += strcspn(b, "\n") + 1;
        }
        char what[900];
        snprintf(what, sizeof(what), "%s, %s sees \"%.*s\" where it saw \"%.*s\" before the batch",
                 when, who[i], (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
        storage_run_differ(run, what);
    }
}

static void begin_batch(struct run *run)
{
    static const int32_t collections[] = {HEARTH_CLIENTS, HEARTH_TABS, HEARTH_BOOKMARKS,
                                          HEARTH_HISTORY, HEARTH_COLLECTION_NONE};
    int32_t collection = ANY(run, collections);
    int64_t a = 0, b = 0;
    run->batch_account = ANY(run, accounts);
    storage_run_note_step(run, "batch_begin %s %d", run->batch_account, (int)collection);
    int r = STORAGE(&run->plugin.storage, NULL, batch_begin, run->batch_account, collection, &a);
    int s = STORAGE(&run->model.storage, NULL, batch_begin, run->batch_account, collection, &b);
    if (r != s || a != b)
        storage_run_differ(run, "batch_begin does not return what was expected");
    run->in_batch = r == 0;
    if (run->in_batch && run->watchers.count > 0) {
        kit_dump_storage_and_changes(&run->watchers.storages[0], &run->watchers.before);
        watch_unchanged(run, "with nothing in a batch yet");
    }
}

static void storage_run_end_batch(struct run *run)
{
    bool changed = storage_run_pick(run, 4) != 0;
    run->in_batch = false;
    watch_unchanged(run, "in an open batch");
    if (storage_run_pick(run, 5) < 2) {
        storage_run_note_step(run, "batch_abort");
        run->plugin.storage.ops->batch_abort(run->plugin.storage.handle);
        run->model.storage.ops->batch_abort(run->model.storage.handle);
        watch_unchanged(run, "after a batch was aborted");
        return;
    }
    storage_run_note_step(run, "batch_commit %s", changed ? "changed" : "unchanged");
    BOTH(run, batch_commit, changed);
}

static void storage_run_compare_changes(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        int64_t since = storage_run_pick(run, 20);
        unsigned long long a = 0, b = 0;
        int r = STORAGE(&run->plugin.storage, NULL, pages_changed, accounts[i], since,
                        kit_dump_change, &a);
        int s = STORAGE(&run->model.storage, NULL, pages_changed, accounts[i], since,
                        kit_dump_change, &b);
        if (r == 0 && s == 0 && a != b)
            storage_run_differ(run, "pages_changed tells something else than what changed");
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
            storage_run_differ(run, "pages_changed fails");
    }
}

static void storage_run_compare(struct run *run)
{
    storage_run_compare_changes(run);
    kit_dump_storage(&run->plugin.storage, &run->plugin.dump);
    kit_dump_storage(&run->model.storage, &run->model.dump);
    if (run->plugin.dump.size == run->model.dump.size &&
        memcmp(run->plugin.dump.data, run->model.dump.data, run->model.dump.size) == 0)
        return;
    const char *a = run->plugin.dump.data, *b = run->model.dump.data;
    while (strcspn(a, "\n") == strcspn(b, "\n") && memcmp(a, b, strcspn(a, "\n")) == 0) {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
    }
    char what[900];
    snprintf(what, sizeof(what), "it holds \"%.*s\" where \"%.*s\" was expected",
             (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
    storage_run_differ(run, what);
}

static void take_step(struct run *run)
{
    void (*const in_batch[])(struct run *) = {write_page,     write_page,   write_bookmark,
                                              write_bookmark, write_device, storage_run_end_batch};
    void (*const outside[])(struct run *) = {
        begin_batch, begin_batch,    begin_batch,        storage_run_write_account,
        write_small, write_identity, write_removed_here, write_source};
    /* what else is written meanwhile may be part of the batch or not */
    if (run->in_batch)
        in_batch[storage_run_pick(run, 12) == 0 ? 5 : storage_run_pick(run, 5)](run);
    else
        outside[storage_run_pick(run, sizeof(outside) / sizeof(outside[0]))](run);
    if (!run->in_batch)
        storage_run_compare(run);
    plug_storage_reset(&run->plugin.storage);
    plug_storage_reset(&run->model.storage);
}

/* The model lives beside the plugin in the same process. */
static void open_model(struct kit *kit, struct kit *model)
{
    *model = (struct kit){
        .options = kit->options, .storage_ops = mem_plugin()->operations, .host = kit->host};
    plug_host_init(&model->host, "model", NULL, NULL);
    kit_open(model);
    kit_storage_prepare(model);
}

/* Alone in its database, so that nobody else has its identities; with credentials, without which
 * a restored account has another state; and something has changed once. */
static void go_through_archive(struct run *run)
{
    int64_t a, b;
    if (run->in_batch)
        BOTH(run, batch_commit, true);
    BOTH(run, account_remove, "b");
    BOTH(run, credentials_put, "a", 0, "sealed", 6);
    STORAGE(&run->plugin.storage, NULL, batch_begin, "a", HEARTH_HISTORY, &a);
    STORAGE(&run->model.storage, NULL, batch_begin, "a", HEARTH_HISTORY, &b);
    BOTH(run, batch_commit, true);
    kit_expect_same_through_archive(&run->plugin.storage, &run->model.storage, "a");
    storage_run_compare(run);
}

static void open_watchers(struct kit *kit, struct watchers *watchers)
{
    struct call call;
    kit_handle(kit, &watchers->storages[watchers->count++]);
    if ((kit->descriptor->capabilities & HEARTH_SHARED) == 0)
        return;
    plug_call_init(&call, NULL, 0, 0);
    if (kit->storage_ops->open(&kit->host.hearth, &call.hearth, kit->values, &watchers->instance) <
        0)
        fail_msg("another instance cannot be opened: %s", call.error);
    kit_handle_of(kit, watchers->instance, &watchers->storages[watchers->count++]);
    plug_call_fini(&call);
}

static void close_watchers(struct kit *kit, struct watchers *watchers)
{
    for (size_t i = 0; i < watchers->count; i++)
        plug_storage_close(&watchers->storages[i]);
    kit->storage_ops->close(watchers->instance); /* accepts NULL */
    buf_fini(&watchers->before);
    buf_fini(&watchers->now);
}

static void storage_run_random(struct kit *kit, unsigned seed, int steps, bool archive)
{
    struct kit model;
    struct run run = {.state = seed};
    kit_handle(kit, &run.plugin.storage);
    open_watchers(kit, &run.watchers);
    open_model(kit, &model);
    kit_handle(&model, &run.model.storage);
    for (run.step = 0; run.step < steps; run.step++)
        take_step(&run);
    if (archive)
        go_through_archive(&run);
    close_watchers(kit, &run.watchers);
    plug_storage_close(&run.plugin.storage);
    plug_storage_close(&run.model.storage);
    kit_close(&model);
    buf_fini(&run.plugin.dump);
    buf_fini(&run.model.dump);
}

static void storage_random_sequence(struct kit *kit)
{
    storage_run_random(kit, (unsigned)kit->options->seed, STEPS, false);
}

static void storage_long_random_sequence(struct kit *kit)
{
    storage_run_random(kit, (unsigned)kit->options->seed * 7919u, LONG_STEPS, false);
}

static void archived_sequence(struct kit *kit)
{
    storage_run_random(kit, (unsigned)kit->options->seed * 104729u, STEPS, true);
}

const struct kit_test kit_storage_random_tests[] = {
    {"random: a sequence of operations ends as in the model, and nobody else sees an open or "
     "aborted batch",
     storage_random_sequence, KIT_OPEN, 120},
    {"random: an account is the same bytes through an archive, here and in the model",
     archived_sequence, KIT_OPEN, 180},
    {"random: a long sequence of operations ends as in the model", storage_long_random_sequence,
     KIT_FAULTS, 300},
    {NULL, NULL},
};
