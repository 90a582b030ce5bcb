/* A listing is of one moment: what another session commits while its rows are delivered, or before the first of them, does not change
 * them. And its callback may call other operations of its session. */
#include "storage_listings.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* --- a commit in the callback ------------------------------------------------------------------- */

struct disturbance {
    struct store *other;
    enum listing_kind kind;
    bool puts; /* else it removes */
};

static void disturb(void *ctx)
{
    struct disturbance *disturbance = ctx;
    if (disturbance->puts)
        put_listed(disturbance->other, disturbance->kind);
    else
        remove_listed(disturbance->other, disturbance->kind);
}

/* What is there is what `puts` does not make. How many rows there were. */
static size_t check_disturbed(struct kit *kit, struct store *other, const struct storage_listing *of, bool puts)
{
    struct listing *calm = calloc(1, sizeof(*calm)), *disturbed = calloc(1, sizeof(*disturbed));
    struct disturbance disturbance = {.other = other, .kind = of->kind, .puts = puts};
    listing_read(&kit->store, of, calm);
    disturbed->at_row = disturb;
    disturbed->ctx = &disturbance;
    listing_read(&kit->store, of, disturbed);
    if (strcmp(calm->lines.text, disturbed->lines.text) != 0)
        fail_msg("%s: everything was %s at its first row, and it went on with\n%swhere this was expected:\n%s", of->name,
                 puts ? "put" : "removed", disturbed->lines.text, calm->lines.text);
    if (disturbed->at_row != NULL) /* it had no row */
        disturb(&disturbance);
    size_t count = calm->lines.count;
    store_reset(&kit->store);
    free(calm);
    free(disturbed);
    return count;
}

static void listings_are_of_one_moment(struct kit *kit)
{
    struct store other;
    kit_session(kit, &other);
    for (const struct storage_listing *of = storage_listings; of->name != NULL; of++) {
        if (of->page_by_page)
            continue;
        put_listed(&other, of->kind);
        size_t full = check_disturbed(kit, &other, of, false), emptied = check_disturbed(kit, &other, of, true);
        if (full < 2 && emptied < 2)
            fail_msg("%s delivers %zu rows of what is there, and %zu of what was there; two were expected of one of them", of->name, full,
                     emptied);
        remove_listed(&other, of->kind);
    }
    store_close(&other);
    assert_sound(&kit->store);
}

/* --- commits at any time ------------------------------------------------------------------------ */

enum { ROUNDS = 25 };

struct flipping {
    struct store store;
    atomic_bool stop;
};

static void *flip_without_pause(void *ctx)
{
    struct flipping *flipping = ctx;
    while (!atomic_load(&flipping->stop)) {
        put_listed(&flipping->store, LISTING_SYNCED);
        remove_listed(&flipping->store, LISTING_SYNCED);
    }
    return NULL;
}

enum { LISTINGS = 40 };

struct both_states {
    char *full[LISTINGS], *emptied[LISTINGS];
};

static void read_all(struct store *store, struct listing *listing, char **ret)
{
    for (size_t i = 0; storage_listings[i].name != NULL; i++) {
        expect(i < LISTINGS);
        listing_read(store, &storage_listings[i], listing);
        ret[i] = strdup(listing->lines.text);
        store_reset(store);
    }
}

static void check_against_both(struct store *store, struct listing *listing, const struct both_states *states)
{
    for (size_t i = 0; storage_listings[i].name != NULL; i++) {
        listing_read(store, &storage_listings[i], listing);
        if (!storage_listings[i].page_by_page && strcmp(listing->lines.text, states->full[i]) != 0 &&
            strcmp(listing->lines.text, states->emptied[i]) != 0)
            fail_msg("%s: while another session commits, it says\n%swhich is neither what was there before a commit:\n%snor after it:\n%s",
                     storage_listings[i].name, listing->lines.text, states->full[i], states->emptied[i]);
        store_reset(store);
    }
}

static void listings_meet_commits(struct kit *kit)
{
    struct flipping flipping = {.stop = false};
    struct both_states states = {.full = {NULL}};
    struct listing *listing = calloc(1, sizeof(*listing));
    pthread_t thread;
    kit_session(kit, &flipping.store);
    put_listed(&kit->store, LISTING_SYNCED);
    remove_listed(&kit->store, LISTING_SYNCED);
    put_listed(&kit->store, LISTING_SYNCED);
    read_all(&kit->store, listing, states.full);
    remove_listed(&kit->store, LISTING_SYNCED);
    read_all(&kit->store, listing, states.emptied);
    expect_number(pthread_create(&thread, NULL, flip_without_pause, &flipping), 0);
    for (int i = 0; i < ROUNDS; i++)
        check_against_both(&kit->store, listing, &states);
    atomic_store(&flipping.stop, true);
    pthread_join(thread, NULL);
    store_close(&flipping.store);
    for (size_t i = 0; i < LISTINGS; i++) {
        free(states.full[i]);
        free(states.emptied[i]);
    }
    free(listing);
    assert_sound(&kit->store);
}

/* --- callbacks that call back ------------------------------------------------------------------- */

struct inner {
    struct store *store;
    const struct storage_listing *outer;
    char **wanted;
    size_t called;
};

/* Gets what is got one by one. */
static void get_everything(struct store *store)
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
    OK(store, account_get, "a", &account);
    expect_text(account.email, "anna@example.org");
    OK(store, account_by_email, "anna@example.org", &account);
    OK(store, account_by_identity, "proxy", "one", &account);
    expect_text(account.id, "a");
    OK(store, counts, "a", &counts);
    expect_number(counts.visits, 6);
    OK(store, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 6);
    OK(store, settings_get, "a", &text);
    expect_text(text, "{}");
    OK(store, property_get, "kit", &text);
    expect_text(text, "yes");
    OK(store, token_by_hash, hash, &token);
    expect_text(token.id, "one");
    OK(store, page_get, "a", 2, &page);
    expect_text(page.url, "https://u/2");
    OK(store, bookmark_get, "a", "b2", &bookmark);
    expect_text(bookmark.url, "https://u/1");
    OK(store, schema_version, &has, &wants);
    OK(store, ping);
}

static void call_everything(void *ctx)
{
    struct inner *inner = ctx;
    static _Thread_local struct listing listing;
    listing = (struct listing){.at_row = NULL};
    inner->called++;
    get_everything(inner->store);
    for (size_t i = 0; storage_listings[i].name != NULL; i++) {
        if (&storage_listings[i] == inner->outer)
            continue;
        listing_read(inner->store, &storage_listings[i], &listing);
        if (strcmp(listing.lines.text, inner->wanted[i]) != 0)
            fail_msg("%s, called in the callback of %s, says\n%swhere this was expected:\n%s", storage_listings[i].name, inner->outer->name,
                     listing.lines.text, inner->wanted[i]);
    }
}

static void check_callbacks(struct store *store, struct listing *listing, char **wanted)
{
    for (size_t i = 0; storage_listings[i].name != NULL; i++) {
        struct inner inner = {.store = store, .outer = &storage_listings[i], .wanted = wanted};
        listing->at_row = call_everything;
        listing->ctx = &inner;
        listing_read(store, &storage_listings[i], listing);
        if (strcmp(listing->lines.text, wanted[i]) != 0)
            fail_msg("%s, whose callback called other operations, says\n%swhere this was expected:\n%s", storage_listings[i].name,
                     listing->lines.text, wanted[i]);
        expect_number(inner.called, wanted[i][0] != '\0');
        listing->at_row = NULL;
        store_reset(store);
    }
}

static void callbacks_call_back(struct kit *kit)
{
    struct store *store = &kit->store;
    struct listing *listing = calloc(1, sizeof(*listing));
    char *wanted[LISTINGS] = {NULL};
    for (int kind = LISTING_SYNCED; kind <= LISTING_PEOPLE; kind++)
        put_listed(store, kind);
    OK(store, credentials_put, "a", 0, "sealed", 6);
    OK(store, settings_put, "a", "{}");
    OK(store, property_put, "kit", "yes", true);
    begin(store, "a", HEARTH_COLLECTION_NONE);
    put_bookmark(store, "gone", HEARTH_FOLDER, "top", 3);
    OK(store, bookmark_remove, "gone");
    commit(store);
    read_all(store, listing, wanted);
    check_callbacks(store, listing, wanted);
    begin(store, "a", HEARTH_COLLECTION_NONE);
    check_callbacks(store, listing, wanted);
    store->ops->batch_abort(store->session);
    for (size_t i = 0; i < LISTINGS; i++)
        free(wanted[i]);
    free(listing);
    assert_sound(store);
}

const struct kit_test storage_moment_tests[] = {
    {"lists: all rows are of one moment", listings_are_of_one_moment, KIT_OPEN},
    {"lists: while another session commits without a pause all rows are of one moment", listings_meet_commits, KIT_OPEN},
    {"lists: a callback may call every other operation of its session", callbacks_call_back, KIT_OPEN},
    {NULL, NULL},
};
