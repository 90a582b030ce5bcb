/* A listing is of one moment: what another handle commits while its rows are delivered, or
 * before the first of them, does not change them. And its callback may call other operations of
 * its handle. */
#include "storage_listings.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* --- a commit in the callback --- */

struct disturbance {
    struct storage *other;
    enum listing_kind kind;
    bool puts; /* else it removes */
};

static void moment_disturb(void *ctx)
{
    struct disturbance *disturbance = ctx;
    if (disturbance->puts)
        kit_listed_put(disturbance->other, disturbance->kind);
    else
        kit_listed_remove(disturbance->other, disturbance->kind);
}

/* What is there is what `puts` does not make. How many rows there were. */
static size_t check_disturbed(struct kit *kit, struct storage *other,
                              const struct storage_listing *of, bool puts)
{
    struct listing *calm = calloc(1, sizeof(*calm)), *disturbed = calloc(1, sizeof(*disturbed));
    struct disturbance disturbance = {.other = other, .kind = of->kind, .puts = puts};
    kit_listing_read(&kit->storage, of, calm);
    disturbed->at_row = moment_disturb;
    disturbed->ctx = &disturbance;
    kit_listing_read(&kit->storage, of, disturbed);
    if (strcmp(calm->lines.text, disturbed->lines.text) != 0)
        fail_msg("%s: everything was %s at its first row, and it went on with\n%swhere this was "
                 "expected:\n%s",
                 of->name, puts ? "put" : "removed", disturbed->lines.text, calm->lines.text);
    if (disturbed->at_row != NULL) /* it had no row */
        moment_disturb(&disturbance);
    size_t count = calm->lines.count;
    plug_storage_reset(&kit->storage);
    free(calm);
    free(disturbed);
    return count;
}

static void listings_are_of_one_moment(struct kit *kit)
{
    struct storage other;
    kit_handle(kit, &other);
    for (const struct storage_listing *of = kit_storage_listings; of->name != NULL; of++) {
        if (of->page_by_page)
            continue;
        kit_listed_put(&other, of->kind);
        size_t full = check_disturbed(kit, &other, of, false),
               emptied = check_disturbed(kit, &other, of, true);
        if (full < 2 && emptied < 2)
            fail_msg("%s delivers %zu rows of what is there, and %zu of what was there; two were "
                     "expected of one of them",
                     of->name, full, emptied);
        kit_listed_remove(&other, of->kind);
    }
    plug_storage_close(&other);
    kit_expect_sound(&kit->storage);
}

/* --- commits at any time --- */

enum { ROUNDS = 25 };

struct flipping {
    struct storage storage;
    atomic_bool stop;
};

static void *flip_without_pause(void *ctx)
{
    struct flipping *flipping = ctx;
    while (!atomic_load(&flipping->stop)) {
        kit_listed_put(&flipping->storage, LISTING_SYNCED);
        kit_listed_remove(&flipping->storage, LISTING_SYNCED);
    }
    return NULL;
}

enum { LISTINGS = 40 };

struct both_states {
    char *full[LISTINGS], *emptied[LISTINGS];
};

static void moment_read_all(struct storage *storage, struct listing *listing, char **ret)
{
    for (size_t i = 0; kit_storage_listings[i].name != NULL; i++) {
        expect(i < LISTINGS);
        kit_listing_read(storage, &kit_storage_listings[i], listing);
        ret[i] = strdup(listing->lines.text);
        plug_storage_reset(storage);
    }
}

static void check_against_both(struct storage *storage, struct listing *listing,
                               const struct both_states *states)
{
    for (size_t i = 0; kit_storage_listings[i].name != NULL; i++) {
        kit_listing_read(storage, &kit_storage_listings[i], listing);
        if (!kit_storage_listings[i].page_by_page &&
            strcmp(listing->lines.text, states->full[i]) != 0 &&
            strcmp(listing->lines.text, states->emptied[i]) != 0)
            fail_msg("%s: while another handle commits, it says\n%swhich is neither what was "
                     "there before a commit:\n%snor after it:\n%s",
                     kit_storage_listings[i].name, listing->lines.text, states->full[i],
                     states->emptied[i]);
        plug_storage_reset(storage);
    }
}

static void listings_meet_commits(struct kit *kit)
{
    struct flipping flipping = {.stop = false};
    struct both_states states = {.full = {NULL}};
    struct listing *listing = calloc(1, sizeof(*listing));
    pthread_t thread;
    kit_handle(kit, &flipping.storage);
    kit_listed_put(&kit->storage, LISTING_SYNCED);
    kit_listed_remove(&kit->storage, LISTING_SYNCED);
    kit_listed_put(&kit->storage, LISTING_SYNCED);
    moment_read_all(&kit->storage, listing, states.full);
    kit_listed_remove(&kit->storage, LISTING_SYNCED);
    moment_read_all(&kit->storage, listing, states.emptied);
    expect_number(pthread_create(&thread, NULL, flip_without_pause, &flipping), 0);
    for (int i = 0; i < ROUNDS; i++)
        check_against_both(&kit->storage, listing, &states);
    atomic_store(&flipping.stop, true);
    pthread_join(thread, NULL);
    plug_storage_close(&flipping.storage);
    for (size_t i = 0; i < LISTINGS; i++) {
        free(states.full[i]);
        free(states.emptied[i]);
    }
    free(listing);
    kit_expect_sound(&kit->storage);
}

/* --- callbacks that call back --- */

struct inner {
    struct storage *storage;
    const struct storage_listing *outer;
    char **wanted;
    size_t called;
};

/* Gets what is got one by one. */
static void get_everything(struct storage *storage)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_token token = {.struct_size = sizeof(token)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    const uint8_t hash[32] = {1};
    const void *sealed;
    const char *text;
    size_t size;
    int64_t has, wants;
    OK(storage, account_get, "a", &account);
    expect_text(account.email, "anna@example.org");
    OK(storage, account_by_email, "anna@example.org", &account);
    OK(storage, account_by_identity, "proxy", "one", &account);
    expect_text(account.id, "a");
    OK(storage, counts, "a", &counts);
    expect_number(counts.visits, 6);
    OK(storage, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 6);
    OK(storage, settings_get, "a", &text);
    expect_text(text, "{}");
    OK(storage, property_get, "kit", &text);
    expect_text(text, "yes");
    OK(storage, token_by_hash, hash, &token);
    expect_text(token.id, "one");
    OK(storage, page_get, "a", 2, &page);
    expect_text(page.url, "https://u/2");
    OK(storage, bookmark_get, "a", "b2", &bookmark);
    expect_text(bookmark.url, "https://u/1");
    OK(storage, schema_version, &has, &wants);
    OK(storage, ping);
}

static void call_everything(void *ctx)
{
    struct inner *inner = ctx;
    static _Thread_local struct listing listing;
    listing = (struct listing){.at_row = NULL};
    inner->called++;
    get_everything(inner->storage);
    for (size_t i = 0; kit_storage_listings[i].name != NULL; i++) {
        if (&kit_storage_listings[i] == inner->outer)
            continue;
        kit_listing_read(inner->storage, &kit_storage_listings[i], &listing);
        if (strcmp(listing.lines.text, inner->wanted[i]) != 0)
            fail_msg("%s, called in the callback of %s, says\n%swhere this was expected:\n%s",
                     kit_storage_listings[i].name, inner->outer->name, listing.lines.text,
                     inner->wanted[i]);
    }
}

static void check_callbacks(struct storage *storage, struct listing *listing, char **wanted)
{
    for (size_t i = 0; kit_storage_listings[i].name != NULL; i++) {
        struct inner inner = {
            .storage = storage, .outer = &kit_storage_listings[i], .wanted = wanted};
        listing->at_row = call_everything;
        listing->ctx = &inner;
        kit_listing_read(storage, &kit_storage_listings[i], listing);
        if (strcmp(listing->lines.text, wanted[i]) != 0)
            fail_msg(
                "%s, whose callback called other operations, says\n%swhere this was expected:\n%s",
                kit_storage_listings[i].name, listing->lines.text, wanted[i]);
        expect_number(inner.called, wanted[i][0] != '\0');
        listing->at_row = NULL;
        plug_storage_reset(storage);
    }
}

static void callbacks_call_back(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct listing *listing = calloc(1, sizeof(*listing));
    char *wanted[LISTINGS] = {NULL};
    for (int kind = LISTING_SYNCED; kind <= LISTING_PEOPLE; kind++)
        kit_listed_put(storage, kind);
    OK(storage, credentials_put, "a", 0, "sealed", 6);
    OK(storage, settings_put, "a", "{}");
    OK(storage, property_put, "kit", "yes", true);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_bookmark_put(storage, "gone", HEARTH_FOLDER, "top", 3);
    OK(storage, bookmark_remove, "gone");
    kit_batch_commit(storage);
    moment_read_all(storage, listing, wanted);
    check_callbacks(storage, listing, wanted);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    check_callbacks(storage, listing, wanted);
    storage->ops->batch_abort(storage->handle);
    for (size_t i = 0; i < LISTINGS; i++)
        free(wanted[i]);
    free(listing);
    kit_expect_sound(storage);
}

const struct kit_test kit_storage_moment_tests[] = {
    {"lists: all rows are of one moment", listings_are_of_one_moment, KIT_OPEN},
    {"lists: while another handle commits without a pause all rows are of one moment",
     listings_meet_commits, KIT_OPEN},
    {"lists: a callback may call every other operation of its handle", callbacks_call_back,
     KIT_OPEN},
    {NULL, NULL},
};
