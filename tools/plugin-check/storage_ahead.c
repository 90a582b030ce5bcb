/* What is asked ahead (HEARTH_STORAGE_AHEAD) is answered as it is by itself. */
#include "storage_listings.h"

#include <stdlib.h>

enum { LISTINGS_MAX = 64, GROUP = 4, MANY = 300 };

static void ahead_begin(struct storage *storage)
{
    if (storage->ahead == NULL)
        kit_skip("the plugin has no " HEARTH_STORAGE_AHEAD);
    expect(plug_storage_ask_begin(storage));
}

/* --- lists --- */

static void ask_listing(struct storage *storage, const struct storage_listing *of)
{
    static struct listing listing;
    listing.lines.size = listing.lines.count = 0;
    of->list(storage, &listing);
    if (listing.lines.count > 0)
        fail_msg("%s answers between begin and end of what is asked ahead", of->name);
}

static void expect_listing(struct storage *storage, const struct storage_listing *of,
                           const char *alone, const char *when)
{
    static struct listing listing;
    kit_listing_read(storage, of, &listing);
    if (strcmp(listing.lines.text, alone) != 0)
        fail_msg("%s says, %s, \"%.300s\", and alone \"%.300s\"", of->name, when,
                 listing.lines.text, alone);
}

/* A few of them, and more than any backend remembers; read in another order than they were
 * asked in. */
static void lists_asked_ahead(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    static struct listing listing;
    char *alone[LISTINGS_MAX];
    int count = 0;
    kit_listed_put(storage, LISTING_SYNCED);
    kit_listed_put(storage, LISTING_SMALL);
    for (; kit_storage_listings[count].name != NULL; count++) {
        expect(count < LISTINGS_MAX);
        kit_listing_read(storage, &kit_storage_listings[count], &listing);
        alone[count] = strdup(listing.lines.text);
        expect(alone[count] != NULL);
    }
    for (int group = GROUP; group <= count; group += count - GROUP)
        for (int first = 0; first < count; first += group) {
            ahead_begin(storage);
            for (int i = first; i < first + group; i++)
                ask_listing(storage, &kit_storage_listings[i % count]);
            plug_storage_ask_end(storage);
            for (int i = first + group - 1; i >= first; i--)
                expect_listing(storage, &kit_storage_listings[i % count], alone[i % count],
                               "asked ahead");
            plug_storage_reset(storage);
        }
    for (int i = 0; i < count; i++) {
        expect_listing(storage, &kit_storage_listings[i], alone[i], "after all of it");
        free(alone[i]);
    }
}

/* --- rows, and those that are not there --- */

static void ahead_put_pages(struct storage *storage, int count)
{
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int64_t i = 1; i <= count; i++) {
        char url[32];
        snprintf(url, sizeof(url), "https://u/%lld", (long long)i);
        kit_page_put_visited(storage, i * 2, url, "u", 1, (const int64_t[]){100 * i});
    }
    kit_batch_commit(storage);
}

static void ask_page(struct storage *storage, const char *account, int64_t id)
{
    struct hearth_page page = {.struct_size = sizeof(page), .id = -1};
    STORAGE(storage, NULL, page_get, account, id, &page);
    if (page.id != -1)
        fail_msg("page_get touches its output between begin and end of what is asked ahead");
}

/* Of an even id of the account "a" there is a page. */
static void expect_page_of(struct storage *storage, const char *account, int64_t id)
{
    char url[32];
    struct hearth_page page = {.struct_size = sizeof(page)};
    if (id % 2 != 0 || strcmp(account, "a") != 0) {
        FAILS(NOT_FOUND, storage, page_get, account, id, &page);
        return;
    }
    OK(storage, page_get, account, id, &page);
    snprintf(url, sizeof(url), "https://u/%lld", (long long)id / 2);
    expect_number(page.id, id);
    expect_text(page.url, url);
    expect_number(page.last_visit, 50 * id);
}

static void rows_asked_ahead(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account account = {.struct_size = sizeof(account)};
    ahead_put_pages(storage, MANY);
    for (int64_t first = 1; first < 20; first++) {
        ahead_begin(storage);
        for (int64_t id = first; id < first + 3; id++) {
            ask_page(storage, "a", id);
            ask_page(storage, "b", id);
        }
        STORAGE(storage, NULL, account_get, "nobody", &account);
        plug_storage_ask_end(storage);
        FAILS(NOT_FOUND, storage, account_get, "nobody", &account);
        for (int64_t id = first + 3; id >= first; id--) { /* one of them was not asked for */
            expect_page_of(storage, "b", id);
            expect_page_of(storage, "a", id);
        }
        expect_page_of(storage, "a", first); /* once more */
        plug_storage_reset(storage);
    }
    ahead_begin(storage); /* many */
    for (int64_t id = 1; id <= MANY; id++)
        ask_page(storage, "a", id);
    plug_storage_ask_end(storage);
    for (int64_t id = MANY; id >= 1; id--)
        expect_page_of(storage, "a", id);
}

/* A question that the backend refuses fails when it is read, as it does alone, and those beside
 * it are answered. */
static void errors_between(struct kit *kit)
{
    static const char *const odd[] = {"\xff\xfe", "", "a\xc3"};
    struct storage *storage = &kit->storage;
    struct hearth_account account = {.struct_size = sizeof(account)};
    ahead_put_pages(storage, 2);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct err alone = {0}, asked = {0};
        int r = STORAGE(storage, &alone, account_get, odd[i], &account);
        expect(r < 0);
        ahead_begin(storage);
        ask_page(storage, "a", 2);
        STORAGE(storage, NULL, account_get, odd[i], &account);
        ask_page(storage, "a", 4);
        plug_storage_ask_end(storage);
        int code = STORAGE(storage, &asked, account_get, odd[i], &account);
        if (code != r || strcmp(asked.text, alone.text) != 0)
            fail_msg("account_get of what is no id returns, asked ahead, %s: %s, and alone %s: %s",
                     code == 0 ? "OK" : err_name(code), asked.text, err_name(r), alone.text);
        expect_page_of(storage, "a", 4);
        expect_page_of(storage, "a", 2);
        expect_page_of(storage, "a", 3);
        plug_storage_reset(storage);
    }
}

/* --- what is written meanwhile --- */

/* With another question, whose answer is waited for: by then this one's is there, too. */
static void ask_settings(struct storage *storage)
{
    const char *json = NULL;
    struct hearth_account account = {.struct_size = sizeof(account)};
    ahead_begin(storage);
    STORAGE(storage, NULL, settings_get, "a", &json);
    STORAGE(storage, NULL, account_get, "a", &account);
    plug_storage_ask_end(storage);
    expect(json == NULL);
    OK(storage, account_get, "a", &account);
}

static void expect_settings(struct storage *storage, const char *wanted)
{
    const char *json = NULL;
    OK(storage, settings_get, "a", &json);
    expect_text(json, wanted);
}

static void writes_after_what_was_asked(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    kit_handle(kit, &other);
    OK(storage, settings_put, "a", "{\"n\":1}");
    ask_settings(storage);
    OK(storage, settings_put, "a", "{\"n\":2}"); /* by the same handle */
    expect_settings(storage, "{\"n\":2}");
    ask_settings(storage);
    OK(&other, settings_put, "a", "{\"n\":3}");
    plug_storage_reset(storage); /* what was asked is of no use any more */
    expect_settings(storage, "{\"n\":3}");
    ask_settings(storage); /* nor when it is asked anew */
    OK(&other, settings_put, "a", "{\"n\":4}");
    ask_settings(storage);
    expect_settings(storage, "{\"n\":4}");
    plug_storage_close(&other);
}

static void nothing_ahead_in_a_batch(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    ahead_put_pages(storage, 1);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 4, "https://u/2", "u", 1, (const int64_t[]){200});
    ahead_begin(storage);
    ask_page(storage, "a", 2);
    ask_page(storage, "a", 4);
    ask_page(storage, "a", 6);
    plug_storage_ask_end(storage);
    kit_page_put_visited(storage, 6, "https://u/3", "u", 1, (const int64_t[]){300});
    for (int64_t id = 1; id <= 6; id++)
        expect_page_of(storage, "a", id);
    kit_batch_commit(storage);
    for (int64_t id = 1; id <= 6; id++)
        expect_page_of(storage, "a", id);
    ahead_begin(storage); /* asked before it, and read in it */
    ask_page(storage, "a", 8);
    ask_page(storage, "a", 2);
    plug_storage_ask_end(storage);
    expect_page_of(storage, "a", 2);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 8, "https://u/4", "u", 1, (const int64_t[]){400});
    expect_page_of(storage, "a", 8);
    kit_batch_commit(storage);
    kit_expect_sound(storage);
}

/* Who asked may be cancelled before they read. */
static void never_read(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    ahead_put_pages(storage, 3);
    for (int ends = 0; ends < 2; ends++) {
        kit_handle(kit, &other);
        ahead_begin(&other);
        ask_page(&other, "a", 2);
        ask_page(&other, "a", 4);
        if (ends)
            plug_storage_ask_end(&other);
        plug_storage_close(&other);
        ahead_begin(storage);
        ask_page(storage, "a", 2);
        if (ends)
            plug_storage_ask_end(storage);
        plug_storage_reset(storage);
        for (int64_t id = 1; id <= 6; id++)
            expect_page_of(storage, "a", id);
    }
}

const struct kit_test kit_storage_ahead_tests[] = {
    {"ahead: every list says what it says alone", lists_asked_ahead, KIT_OPEN},
    {"ahead: rows are found, and those that are not there are not", rows_asked_ahead, KIT_OPEN},
    {"ahead: an error is that of the question, not of those beside it", errors_between, KIT_OPEN},
    {"ahead: what is written or forgotten meanwhile is read anew", writes_after_what_was_asked,
     KIT_OPEN},
    {"ahead: a batch reads its own", nothing_ahead_in_a_batch, KIT_OPEN},
    {"ahead: what is never read is in nobody's way", never_read, KIT_OPEN},
    {NULL, NULL},
};
