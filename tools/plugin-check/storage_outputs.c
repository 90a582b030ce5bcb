/* Outputs are untouched when an operation fails, whatever it fails with. */
#include "storage_kit.h"

#include <stdlib.h>

enum { PATTERN = 0x5a, ALLOCATIONS = 400, MISSING = 0, PRESENT = 1 };

union outputs {
    uint8_t bytes[2048];
    uint32_t struct_size; /* of those that have one */
    struct hearth_account account;
    struct hearth_page page;
    struct hearth_bookmark bookmark;
    struct hearth_token token;
    struct hearth_counts counts;
    int64_t number, numbers[2];
    const char *text;
    void *pointer;
    struct {
        const void *bytes;
        size_t size;
    } sealed;
};

struct output_operation {
    const char *name;
    int (*call)(struct kit *kit, int present, union outputs *out);
    uint32_t struct_size;                              /* of what it fills; 0: it is no struct */
    bool in_batch;                                     /* INVALID elsewhere */
    bool never_missing;                                /* it succeeds always */
    void (*undo)(struct kit *kit, union outputs *out); /* of a success; NULL */
};

#define CALLS(name, operation, ...)                                                                \
    static int name(struct kit *kit, int present, union outputs *out)                              \
    {                                                                                              \
        (void)present;                                                                             \
        return kit->storage_ops->operation(kit->storage.handle, &kit->storage.call.hearth,         \
                                           __VA_ARGS__);                                           \
    }
#define EITHER(there, missing) (present != MISSING ? (there) : (missing))
static const uint8_t hash_there[32] = {1}, hash_missing[32] = {9};
static const struct hearth_visit one_visit[] = {HEARTH_VISIT(500, HEARTH_VISIT_LINK)};
CALLS(get_account, account_get, EITHER("a", "nobody"), &out->account)
CALLS(get_by_email, account_by_email, EITHER("anna@example.org", "nobody@example.org"),
      &out->account)
CALLS(get_by_identity, account_by_identity, "sync:fx", EITHER("uid of a", "nobody"), &out->account)
CALLS(get_counts, counts, EITHER("a", "nobody"), &out->counts)
CALLS(get_credentials, credentials_get, EITHER("a", "nobody"), 0, &out->sealed.bytes,
      &out->sealed.size)
CALLS(get_settings, settings_get, EITHER("a", "nobody"), &out->text)
CALLS(get_property, property_get, EITHER("kit", "kit_has_none"), &out->text)
CALLS(get_token, token_by_hash, EITHER(hash_there, hash_missing), &out->token)
CALLS(get_page, page_get, "a", EITHER(1, 99), &out->page)
CALLS(get_bookmark, bookmark_get, "a", EITHER("b", "none"), &out->bookmark)
CALLS(get_page_by_guid, page_by_guid, EITHER("g", "none"), &out->number)
CALLS(put_visits, visits_put, EITHER(1, 99), one_visit, 1, &out->number)
CALLS(begin_for, batch_begin, EITHER("a", "nobody"), HEARTH_COLLECTION_NONE, &out->number)
CALLS(get_schema, schema_version, &out->numbers[0], &out->numbers[1])

static int outputs_open_handle(struct kit *kit, int present, union outputs *out)
{
    (void)present;
    return kit->storage_ops->handle_open(kit->self, &kit->storage.call.hearth, &out->pointer);
}

static void outputs_close_handle(struct kit *kit, union outputs *out)
{
    kit->storage_ops->handle_close(out->pointer);
}

static void abort_batch(struct kit *kit, union outputs *out)
{
    (void)out;
    kit->storage_ops->batch_abort(kit->storage.handle);
}

#define STRUCT(type) sizeof(struct hearth_##type)
static const struct output_operation operations[] = {
    {"account_get", get_account, STRUCT(account), false, false, NULL},
    {"account_by_email", get_by_email, STRUCT(account), false, false, NULL},
    {"account_by_identity", get_by_identity, STRUCT(account), false, false, NULL},
    {"counts", get_counts, STRUCT(counts), false, false, NULL},
    {"credentials_get", get_credentials, 0, false, false, NULL},
    {"settings_get", get_settings, 0, false, false, NULL},
    {"property_get", get_property, 0, false, false, NULL},
    {"token_by_hash", get_token, STRUCT(token), false, false, NULL},
    {"page_get", get_page, STRUCT(page), false, false, NULL},
    {"bookmark_get", get_bookmark, STRUCT(bookmark), false, false, NULL},
    {"page_by_guid", get_page_by_guid, 0, true, false, NULL},
    {"visits_put", put_visits, 0, true, false, NULL},
    {"batch_begin", begin_for, 0, false, false, abort_batch},
    {"schema_version", get_schema, 0, false, true, NULL},
    {"handle_open", outputs_open_handle, 0, false, true, outputs_close_handle},
};

/* Calls it with outputs full of a pattern; fails the test when a failure has touched them. The
 * code. ret_failed: an allocation that was to fail was reached; NULL. */
static int call_watched(struct kit *kit, const struct output_operation *of, int present,
                        const char *how, bool *ret_failed)
{
    union outputs out, before;
    memset(&out, PATTERN, sizeof(out));
    if (of->struct_size != 0)
        out.struct_size = of->struct_size;
    memcpy(&before, &out, sizeof(out));
    int r = of->call(kit, present, &out);
    bool failed = kit_memory_failed(); /* disarmed: what follows is the kit's own */
    if (ret_failed != NULL)
        *ret_failed = failed;
    for (size_t i = 0; r < 0 && i < sizeof(out); i++)
        if (out.bytes[i] != before.bytes[i])
            fail_msg("%s, %s, returned %s and touched its output: byte %zu of it is 0x%02x where "
                     "0x%02x was",
                     of->name, how, err_name(r), i, out.bytes[i], before.bytes[i]);
    if (r >= 0 && of->undo != NULL)
        of->undo(kit, &out);
    plug_storage_reset(&kit->storage);
    return r;
}

static void outputs_expect_code(const struct output_operation *of, const char *how, int r,
                                int wanted)
{
    if (r != wanted)
        fail_msg("%s, %s, returned %s, %s was expected", of->name, how, err_name(r),
                 err_name(wanted));
}

/* In the batch that it needs. */
static int call_in_batch(struct kit *kit, const struct output_operation *of, int present,
                         const char *how)
{
    if (of->in_batch)
        kit_batch_begin(&kit->storage, "a", HEARTH_COLLECTION_NONE);
    int r = call_watched(kit, of, present, how, NULL);
    if (of->in_batch)
        kit->storage_ops->batch_abort(kit->storage.handle);
    return r;
}

static void call_stopped(struct kit *kit, const struct output_operation *of)
{
    struct call *call = &kit->storage.call;
    atomic_bool stop = true;
    if (of->in_batch)
        kit_batch_begin(&kit->storage, "a", HEARTH_COLLECTION_NONE);
    call->stop = &stop;
    int r = call_watched(kit, of, PRESENT, "while the host stops", NULL);
    call->stop = NULL;
    if (r < 0) /* what is there at once may be given */
        outputs_expect_code(of, "while the host stops", r, HEARTH_ERR_CANCELLED);
    call->hearth.deadline = 1;
    r = call_watched(kit, of, PRESENT, "long after its deadline", NULL);
    call->hearth.deadline = 0;
    if (r < 0)
        outputs_expect_code(of, "long after its deadline", r, HEARTH_ERR_TIMEOUT);
    if (of->in_batch)
        kit->storage_ops->batch_abort(kit->storage.handle);
}

/* Its connection may be lost with an allocation, and with it the batch: each has a new one. */
static void call_without_memory(struct kit *kit, const struct output_operation *of)
{
    struct storage *storage = &kit->storage;
    int64_t generation;
    char how[64];
    bool failed = true;
    for (long n = 1; failed && n < ALLOCATIONS; n++) {
        snprintf(how, sizeof(how), "whose allocation %ld failed", n);
        if (of->in_batch &&
            STORAGE(storage, NULL, batch_begin, "a", HEARTH_COLLECTION_NONE, &generation) < 0)
            continue;
        kit_memory_fail_at(n);
        call_watched(kit, of, PRESENT, how, &failed);
        if (of->in_batch)
            storage->ops->batch_abort(storage->handle);
    }
}

static void check_outputs(struct kit *kit, const struct output_operation *of)
{
    if (of->in_batch)
        outputs_expect_code(of, "without a batch",
                            call_watched(kit, of, PRESENT, "without a batch", NULL),
                            HEARTH_ERR_INVALID);
    if (!of->never_missing)
        outputs_expect_code(of, "for what is not there",
                            call_in_batch(kit, of, MISSING, "for what is not there"),
                            HEARTH_ERR_NOT_FOUND);
    if (of->call == begin_for) {
        kit_batch_begin(&kit->storage, "a", HEARTH_COLLECTION_NONE);
        outputs_expect_code(of, "in a batch", call_watched(kit, of, PRESENT, "in a batch", NULL),
                            HEARTH_ERR_INVALID);
        kit->storage_ops->batch_abort(kit->storage.handle);
    }
    call_stopped(kit, of);
    outputs_expect_code(of, "for what is there",
                        call_in_batch(kit, of, PRESENT, "for what is there"), 0);
}

static void failures_touch_nothing(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    const struct hearth_token token = {.struct_size = sizeof(token),
                                       .id = "t",
                                       .account = "a",
                                       .name = "n",
                                       .hash = hash_there,
                                       .created = 5};
    OK(storage, token_create, &token);
    OK(storage, credentials_put, "a", 0, "sealed", 6);
    OK(storage, settings_put, "a", "{}");
    OK(storage, property_put, "kit", "yes", true);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u/1", "u", 1, (const int64_t[]){100});
    OK(storage, page_guid_put, "g", 1);
    kit_bookmark_put(storage, "b", HEARTH_FOLDER, NULL, 0);
    kit_batch_commit(storage);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        check_outputs(kit, &operations[i]);
    kit_expect_sound(storage);
    for (size_t i = 0; kit_memory_can_fail() && i < sizeof(operations) / sizeof(operations[0]); i++)
        call_without_memory(kit, &operations[i]);
}

const struct kit_test kit_storage_outputs_tests[] = {
    {"outputs: what fails leaves them as they were, whatever it fails with", failures_touch_nothing,
     KIT_OPEN},
    {NULL, NULL},
};
