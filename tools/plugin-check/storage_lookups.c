/* Results of lookups are the caller's alone. What two threads do to each other only now and then
 * is made certain here: whenever one of them asks for memory in the middle of its lookup, the
 * other one does the same lookup of another account. */
#include "storage_kit.h"

#include <pthread.h>
#include <stdlib.h>

/* A plugin may hold a lock where it asks for memory; then the other one gets nowhere, and is
 * waited for in vain a few times. */
enum { TURN = 30, TURNS_LOST = 2 };

typedef void (*lookup_fn)(struct storage *storage, const char *account, char *ret, size_t size);

static struct rival {
    pthread_mutex_t lock; /* a leaf; guards what follows */
    pthread_cond_t wake;
    struct storage storage;
    lookup_fn lookup;
    unsigned asked, done;
    bool ends;
    int lost; /* of the thread that asks */
} rival = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void *rival_main(void *arg)
{
    char text[2000];
    (void)arg;
    pthread_mutex_lock(&rival.lock);
    for (;;) {
        while (rival.asked == rival.done && !rival.ends)
            pthread_cond_wait(&rival.wake, &rival.lock);
        if (rival.ends)
            break;
        lookup_fn lookup = rival.lookup;
        unsigned asked = rival.asked;
        pthread_mutex_unlock(&rival.lock);
        lookup(&rival.storage, "b", text, sizeof(text));
        plug_storage_reset(&rival.storage);
        pthread_mutex_lock(&rival.lock);
        rival.done = asked;
        pthread_cond_broadcast(&rival.wake);
    }
    pthread_mutex_unlock(&rival.lock);
    return NULL;
}

/* In the middle of the other one's lookup. */
static void give_turn(void)
{
    if (rival.lost >= TURNS_LOST)
        return;
    pthread_mutex_lock(&rival.lock);
    unsigned asked = ++rival.asked;
    pthread_cond_broadcast(&rival.wake);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += TURN * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    int r = 0;
    while (rival.done != asked && r == 0)
        r = pthread_cond_timedwait(&rival.wake, &rival.lock, &until);
    rival.lost += rival.done != asked;
    pthread_mutex_unlock(&rival.lock);
}

/* --- the lookups --- */

static bool is_a(const char *account)
{
    return account[0] == 'a';
}

static void lookup_print_account(const struct hearth_account *account, char *ret, size_t size)
{
    snprintf(ret, size, "%s|%s|%s|%s", account->id, account->email, account->uid,
             account->provider);
}

static void look_account(struct storage *storage, const char *account, char *ret, size_t size)
{
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_get, account, &got);
    lookup_print_account(&got, ret, size);
}

static void look_email(struct storage *storage, const char *account, char *ret, size_t size)
{
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_by_email, is_a(account) ? "anna@example.org" : "ben@example.org", &got);
    lookup_print_account(&got, ret, size);
}

static void look_identity(struct storage *storage, const char *account, char *ret, size_t size)
{
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_by_identity, "sync:fx", is_a(account) ? "uid of a" : "uid of b", &got);
    lookup_print_account(&got, ret, size);
}

static void look_settings(struct storage *storage, const char *account, char *ret, size_t size)
{
    const char *text;
    OK(storage, settings_get, account, &text);
    snprintf(ret, size, "%s", text);
}

static void look_credentials(struct storage *storage, const char *account, char *ret, size_t size)
{
    const void *sealed;
    size_t n;
    OK(storage, credentials_get, account, 0, &sealed, &n);
    snprintf(ret, size, "%.*s", (int)n, (const char *)sealed);
}

static void look_property(struct storage *storage, const char *account, char *ret, size_t size)
{
    const char *text;
    OK(storage, property_get, is_a(account) ? "kit_a" : "kit_b", &text);
    snprintf(ret, size, "%s", text);
}

static void look_token(struct storage *storage, const char *account, char *ret, size_t size)
{
    const uint8_t hash[32] = {is_a(account) ? 1 : 2};
    struct hearth_token token = {.struct_size = sizeof(token)};
    OK(storage, token_by_hash, hash, &token);
    snprintf(ret, size, "%s|%s|%s|%d", token.id, token.account, token.name, (int)token.hash[0]);
}

static void look_page(struct storage *storage, const char *account, char *ret, size_t size)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    OK(storage, page_get, account, 1, &page);
    snprintf(ret, size, "%s|%s|%s", page.url, page.title, page.host);
}

static void look_bookmark(struct storage *storage, const char *account, char *ret, size_t size)
{
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark)};
    OK(storage, bookmark_get, account, "b", &bookmark);
    snprintf(ret, size, "%s|%s|%s|%s", bookmark.guid, bookmark.title, bookmark.url, bookmark.tags);
}

/* The same of both accounts, in other words. */
static void put_both(struct storage *storage)
{
    for (int i = 0; i < 2; i++) {
        const char *account = i == 0 ? "a" : "b", *url = i == 0 ? "https://a/" : "https://b/";
        uint8_t hash[32] = {(uint8_t)(i + 1)};
        struct hearth_token token = {
            .struct_size = sizeof(token), .id = url, .account = account, .name = url, .hash = hash};
        struct hearth_page page = kit_page_make(1, url, account);
        struct hearth_bookmark bookmark = kit_bookmark_make("b", HEARTH_BOOKMARK, NULL, 0);
        page.title = bookmark.title = bookmark.tags = account;
        bookmark.url = url;
        OK(storage, settings_put, account, i == 0 ? "{\"a\":1}" : "{\"b\":1}");
        OK(storage, credentials_put, account, 0, i == 0 ? "of a" : "of b", 4);
        OK(storage, property_put, i == 0 ? "kit_a" : "kit_b", account, true);
        OK(storage, token_create, &token);
        kit_batch_begin(storage, account, HEARTH_COLLECTION_NONE);
        OK(storage, page_put, &page);
        OK(storage, bookmark_put, &bookmark);
        kit_batch_commit(storage);
    }
    plug_storage_reset(storage);
}

static const struct {
    const char *name;
    lookup_fn look;
} lookups[] = {{"account_get", look_account},          {"account_by_email", look_email},
               {"account_by_identity", look_identity}, {"settings_get", look_settings},
               {"property_get", look_property},        {"token_by_hash", look_token},
               {"credentials_get", look_credentials},  {"page_get", look_page},
               {"bookmark_get", look_bookmark}};

static void look_twice(struct kit *kit, const char *name, lookup_fn look, bool everywhere)
{
    char alone[2000], disturbed[2000];
    look(&kit->storage, "a", alone, sizeof(alone));
    plug_storage_reset(&kit->storage);
    rival.lookup = look;
    rival.lost = 0;
    kit_memory_meanwhile(give_turn, everywhere);
    look(&kit->storage, "a", disturbed, sizeof(disturbed));
    kit_memory_meanwhile(NULL, false);
    plug_storage_reset(&kit->storage);
    if (strcmp(alone, disturbed) != 0)
        fail_msg("%s of the account a gave \"%s\" while another handle looked up the account b; "
                 "\"%s\" was expected: what is shared by "
                 "all handles must not hold a result",
                 name, disturbed, alone);
}

static void lookups_are_apart(struct kit *kit)
{
    pthread_t thread;
    put_both(&kit->storage);
    kit_handle(kit, &rival.storage);
    expect_number(pthread_create(&thread, NULL, rival_main, NULL), 0);
    for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++) {
        look_twice(kit, lookups[i].name, lookups[i].look, false);
        look_twice(kit, lookups[i].name, lookups[i].look, true);
    }
    pthread_mutex_lock(&rival.lock);
    rival.ends = true;
    pthread_cond_broadcast(&rival.wake);
    pthread_mutex_unlock(&rival.lock);
    pthread_join(thread, NULL);
    plug_storage_close(&rival.storage);
}

/* Until its call is reset a result stays, whatever else is looked up. */
static void storage_results_stay(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    struct hearth_account first = {.struct_size = sizeof(first)}, second = first, third = first;
    struct hearth_page page = {.struct_size = sizeof(page)}, page_of_b = page;
    const char *settings, *settings_of_b;
    put_both(storage);
    kit_handle(kit, &other);
    OK(storage, account_get, "a", &first);
    OK(&other, account_get, "b", &second);
    OK(storage, account_get, "b", &third);
    expect_text(first.email, "anna@example.org");
    expect_text(second.email, "ben@example.org");
    OK(storage, page_get, "a", 1, &page);
    OK(storage, page_get, "b", 1, &page_of_b);
    expect_text(page.url, "https://a/");
    OK(storage, settings_get, "a", &settings);
    OK(&other, settings_get, "b", &settings_of_b);
    expect_text(settings, "{\"a\":1}");
    expect_text(first.email, "anna@example.org");
    plug_storage_close(&other);
}

const struct kit_test kit_storage_lookups_tests[] = {
    {"lookups: two handles at once do not meet in each other's results", lookups_are_apart},
    {"lookups: results of several calls stand beside each other", storage_results_stay},
    {NULL, NULL},
};
