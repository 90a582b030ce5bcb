/* The extension for push messages: rows of an account that a caller of several claims. */
#include "storage_kit.h"

#include <pthread.h>

static struct hearth_push make_push(const char *id, int64_t created, int64_t not_before)
{
    return (struct hearth_push){.struct_size = sizeof(struct hearth_push),
                                .id = id,
                                .token = "t",
                                .endpoint = "sealed",
                                .created = created,
                                .not_before = not_before};
}

static int on_push(void *ctx, const struct hearth_push *push)
{
    return kit_lines_add(ctx, "%s %s %s %lld %lld %lld\n", push->id, push->token, push->endpoint,
                         (long long)push->created, (long long)push->generation,
                         (long long)push->not_before);
}

static void expect_pushes(struct storage *storage, const char *account, const char *wanted)
{
    struct lines lines = {.size = 0};
    OK_OF(storage, push, push_list, account, on_push, &lines);
    expect_text(lines.text, wanted);
    plug_storage_reset(storage);
}

static void need_push(struct kit *kit)
{
    if (kit->storage.push == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_PUSH);
}

static void push_rows_are_of_their_account(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_push two = make_push("two", 20, 0), one = make_push("one", 20, 0),
                       old = make_push("zero", 10, 0), nobody = make_push(NULL, 1, 0);
    struct lines first = {.stop_after = 1};
    need_push(kit);
    OK_OF(storage, push, push_put, "a", &two);
    OK_OF(storage, push, push_put, "a", &one);
    OK_OF(storage, push, push_put, "a", &old);
    OK_OF(storage, push, push_put, "b", &one);
    expect_pushes(storage, "a", "zero t sealed 10 0 0\none t sealed 20 0 0\ntwo t sealed 20 0 0\n");
    OK_OF(storage, push, push_list, "a", on_push, &first);
    expect_number((int64_t)first.count, 1);
    one.endpoint = "another";
    OK_OF(storage, push, push_put, "a", &one);
    OK_OF(storage, push, push_remove, "a", "zero");
    OK_OF(storage, push, push_remove, "a", "zero");
    OK_OF(storage, push, push_remove, "b", "two");
    OK_OF(storage, push, push_remove, "nobody", "two");
    expect_pushes(storage, "a", "one t another 20 0 0\ntwo t sealed 20 0 0\n");
    expect_pushes(storage, "b", "one t sealed 20 0 0\n");
    expect_pushes(storage, "nobody", "");
    FAILS_OF(NOT_FOUND, storage, push, push_put, "nobody", &one);
    FAILS_OF(INVALID, storage, push, push_put, "a", &nobody);
    FAILS_OF(INVALID, storage, push, push_claim, "a", &nobody, 0);
    FAILS_OF(INVALID, storage, push, push_remove, "a", NULL);
    OK(storage, account_remove, "a");
    kit_account_add(storage, "a", "a@example.org");
    expect_pushes(storage, "a", "");
    expect_pushes(storage, "b", "one t sealed 20 0 0\n");
    kit_expect_sound(storage);
}

static void push_claims_look_first(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_push push = make_push("one", 20, 5), other = make_push("two", 20, 5);
    need_push(kit);
    OK_OF(storage, push, push_put, "a", &push);
    push.not_before = 9;
    push.generation = 3;
    push.endpoint = "another";
    FAILS_OF(CONFLICT, storage, push, push_claim, "a", &push, 4);
    expect_pushes(storage, "a", "one t sealed 20 0 5\n");
    OK_OF(storage, push, push_claim, "a", &push, 5);
    FAILS_OF(CONFLICT, storage, push, push_claim, "a", &push, 5);
    OK_OF(storage, push, push_claim, "a", &push, 9);
    FAILS_OF(CONFLICT, storage, push, push_claim, "a", &other, 5);
    FAILS_OF(CONFLICT, storage, push, push_claim, "b", &push, 9);
    FAILS_OF(CONFLICT, storage, push, push_claim, "nobody", &push, 9);
    expect_pushes(storage, "a", "one t another 20 3 9\n");
    expect_pushes(storage, "b", "");
}

static void push_rows_belong_to_no_batch(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    struct hearth_push push = make_push("one", 20, 5);
    need_push(kit);
    kit_handle(kit, &other);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    OK_OF(&other, push, push_put, "a", &push); /* waits for no batch */
    push.not_before = 6;
    OK_OF(&other, push, push_claim, "a", &push, 5);
    storage->ops->batch_abort(storage->handle);
    expect_pushes(storage, "a", "one t sealed 20 0 6\n");
    plug_storage_close(&other);
}

enum { CLAIMERS = 4, CLAIMS = 40 };

struct claimer {
    struct storage storage;
    pthread_t thread;
    int won, failed;
};

static void *claimer_main(void *self)
{
    struct claimer *claimer = self;
    for (int64_t i = 0; i < CLAIMS; i++) {
        struct hearth_push push = make_push("one", 20, i + 1);
        int r = STORAGE_OF(&claimer->storage, push, NULL, push_claim, "a", &push, i);
        claimer->won += r == 0;
        claimer->failed += r != 0 && r != HEARTH_ERR_CONFLICT;
        plug_storage_reset(&claimer->storage);
    }
    return NULL;
}

/* One that comes late finds that all were claimed: together they have won as many as there are,
 * less those that nobody was there for. */
static void one_claimer_gets_it(struct kit *kit)
{
    struct claimer claimers[CLAIMERS] = {0};
    struct hearth_push push = make_push("one", 20, 0);
    int won = 0;
    need_push(kit);
    OK_OF(&kit->storage, push, push_put, "a", &push);
    for (int i = 0; i < CLAIMERS; i++)
        kit_handle(kit, &claimers[i].storage);
    for (int i = 0; i < CLAIMERS; i++)
        expect_number(pthread_create(&claimers[i].thread, NULL, claimer_main, &claimers[i]), 0);
    for (int i = 0; i < CLAIMERS; i++) {
        pthread_join(claimers[i].thread, NULL);
        plug_storage_close(&claimers[i].storage);
        expect_number(claimers[i].failed, 0);
        won += claimers[i].won;
    }
    expect_number(won, CLAIMS);
    expect_pushes(&kit->storage, "a", "one t sealed 20 0 40\n");
}

const struct kit_test kit_storage_push_tests[] = {
    {"push: rows are of their account, and go with it", push_rows_are_of_their_account},
    {"push: a claim changes what is as the claimer has seen it", push_claims_look_first},
    {"push: rows belong to no batch, and wait for none", push_rows_belong_to_no_batch},
    {"push: of several claimers one gets it", one_claimer_gets_it},
    {NULL, NULL},
};
