/* Accounts and what hangs on them directly: claims, credentials, settings, tokens, picks. */
#include "storage_kit.h"

static int on_account(void *ctx, const struct hearth_account *account)
{
    return add_line(ctx, "%s %s %lld\n", account->id, account->email, (long long)account->next_sync);
}

static int on_token(void *ctx, const struct hearth_token *token)
{
    return add_line(ctx, "%s %s %s %u\n", token->id, token->account, token->name, (unsigned)token->hash[0]);
}

static int on_pick(void *ctx, const struct hearth_pick *pick)
{
    return add_line(ctx, "%s %lld %.2f %lld\n", pick->input, (long long)pick->page, pick->use_count, (long long)pick->used);
}

static void create_and_get(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "c",
                                     .email = "Carla@Example.org",
                                     .uid = "u3",
                                     .name = "Carla",
                                     .provider = "fx",
                                     .node = "alder",
                                     .state = HEARTH_ACCOUNT_ERROR,
                                     .state_detail = "no network",
                                     .created = 1,
                                     .last_sync = 2,
                                     .last_attempt = 3,
                                     .next_sync = 4,
                                     .last_seen = 5,
                                     .generation = 6,
                                     .failures = 7,
                                     .resync = 1};
    OK(store, account_create, &account);
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(store, account_get, "c", &got);
    expect_text(got.email, "Carla@Example.org");
    expect_text(got.uid, "u3");
    expect_text(got.name, "Carla");
    expect_text(got.provider, "fx");
    expect_text(got.node, "alder");
    expect_text(got.state_detail, "no network");
    expect_number(got.state, HEARTH_ACCOUNT_ERROR);
    expect_number(got.created, 1);
    expect_number(got.last_sync, 2);
    expect_number(got.last_attempt, 3);
    expect_number(got.next_sync, 4);
    expect_number(got.last_seen, 5);
    expect_number(got.generation, 6);
    expect_number(got.failures, 7);
    expect_number(got.resync, 1);
    struct hearth_account by_email = {.struct_size = sizeof(by_email)};
    OK(store, account_by_email, "cARLA@eXAMPLE.ORG", &by_email);
    expect_text(by_email.id, "c");
}

static void conflicts(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_account account = {
        .struct_size = sizeof(account), .id = "c", .email = "ANNA@example.ORG", .uid = "", .provider = "fx", .node = ""};
    FAILS(CONFLICT, store, account_create, &account);
    account.email = "new@example.org";
    account.id = "a";
    FAILS(CONFLICT, store, account_create, &account);
    account.id = "b";
    account.email = "Anna@example.org";
    FAILS(CONFLICT, store, account_update, &account, HEARTH_ACCOUNT_EMAIL);
    account.email = "BEN@example.org"; /* its own, written otherwise */
    OK(store, account_update, &account, HEARTH_ACCOUNT_EMAIL);
    account.id = NULL;
    FAILS(INVALID, store, account_create, &account);
}

static void unknown_account(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_account account = {.struct_size = sizeof(account), .id = "zz", .email = "z@example.org"};
    struct hearth_counts counts = {.struct_size = sizeof(counts), .visits = 77};
    const char *json = "untouched";
    struct lines lines = {.size = 0};
    FAILS(NOT_FOUND, store, account_get, "zz", &account);
    expect_text(account.email, "z@example.org");
    FAILS(NOT_FOUND, store, account_by_email, "z@example.org", &account);
    FAILS(NOT_FOUND, store, account_update, &account, HEARTH_ACCOUNT_NAME);
    FAILS(NOT_FOUND, store, account_remove, "zz");
    FAILS(NOT_FOUND, store, counts, "zz", &counts);
    expect_number(counts.visits, 77);
    FAILS(NOT_FOUND, store, credentials_put, "zz", 0, "x", 1);
    FAILS(NOT_FOUND, store, settings_put, "zz", "{}");
    FAILS(NOT_FOUND, store, settings_get, "a", &json);
    expect_text(json, "untouched");
    FAILS(NOT_FOUND, store, pages_changed, "zz", 0, on_page, &lines);
    OK(store, pages_by_frecency, "zz", on_page, &lines);
    expect_number(lines.count, 0);
}

static void update_writes_only_what_is_named(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "a",
                                     .state = HEARTH_ACCOUNT_PAUSED,
                                     .name = "Anna",
                                     .last_sync = 50,
                                     .next_sync = 60,
                                     .failures = 3,
                                     .node = "x",
                                     .uid = "y",
                                     .resync = 1,
                                     .last_seen = 9,
                                     .last_attempt = 8};
    OK(store, account_update, &account, HEARTH_ACCOUNT_NAME | HEARTH_ACCOUNT_FAILURES);
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(store, account_get, "a", &got);
    expect_text(got.name, "Anna");
    expect_number(got.failures, 3);
    expect_number(got.state, HEARTH_ACCOUNT_OK);
    expect_text(got.node, "");
    expect_text(got.uid, "uid of a");
    expect_number(got.last_sync + got.next_sync + got.resync + got.last_seen + got.last_attempt, 0);
    OK(store, account_update, &account,
       HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NODE | HEARTH_ACCOUNT_UID | HEARTH_ACCOUNT_LAST_SYNC | HEARTH_ACCOUNT_LAST_ATTEMPT |
           HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_LAST_SEEN | HEARTH_ACCOUNT_RESYNC);
    OK(store, account_get, "a", &got);
    expect_number(got.state, HEARTH_ACCOUNT_PAUSED);
    expect_text(got.node, "x");
    expect_text(got.uid, "y");
    expect_number(got.last_sync, 50);
    expect_number(got.last_attempt, 8);
    expect_number(got.next_sync, 60);
    expect_number(got.last_seen, 9);
    expect_number(got.resync, 1);
    expect_text(got.email, "anna@example.org");
}

static void list_by_email(struct kit *kit)
{
    struct store *store = &kit->store;
    struct lines lines = {.size = 0};
    add_account(store, "c", "Aaron@example.org");
    add_account(store, "d", "Zoe@example.org");
    OK(store, account_list, on_account, &lines);
    expect_text(lines.text, "c Aaron@example.org 0\na anna@example.org 0\nb ben@example.org 0\nd Zoe@example.org 0\n");
    lines = (struct lines){.stop_after = 2};
    OK(store, account_list, on_account, &lines);
    expect_number(lines.count, 2);
}

static void set_next_sync(struct store *store, const char *id, int64_t when)
{
    struct hearth_account account = {.struct_size = sizeof(account), .id = id, .next_sync = when};
    OK(store, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
}

static void claim_due(struct kit *kit)
{
    struct store *store = &kit->store;
    add_account(store, "c", "c@example.org");
    add_account(store, "d", "d@example.org");
    set_next_sync(store, "a", 300);
    set_next_sync(store, "b", 100);
    set_next_sync(store, "c", 200); /* d: 0, never due */
    struct lines lines = {.size = 0};
    OK(store, account_claim_due, 99, 1000, 10, on_account, &lines);
    expect_number(lines.count, 0);
    OK(store, account_claim_due, 300, 1000, 2, on_account, &lines);
    expect_text(lines.text, "b ben@example.org 100\nc c@example.org 200\n");
    lines = (struct lines){.size = 0};
    OK(store, account_claim_due, 300, 1000, 10, on_account, &lines);
    expect_text(lines.text, "a anna@example.org 300\n");
    lines = (struct lines){.size = 0};
    OK(store, account_claim_due, 999, 2000, 10, on_account, &lines);
    expect_number(lines.count, 0);
    set_next_sync(store, "c", 250); /* gives up the claim */
    OK(store, account_claim_due, 999, 2000, 10, on_account, &lines);
    expect_text(lines.text, "c c@example.org 250\n");
    lines = (struct lines){.stop_after = 1}; /* a claim ran out; a stopped callback leaves all claimed */
    OK(store, account_claim_due, 1000, 3000, 10, on_account, &lines);
    expect_text(lines.text, "b ben@example.org 100\n");
    lines = (struct lines){.size = 0};
    OK(store, account_claim_due, 1000, 3000, 10, on_account, &lines);
    expect_number(lines.count, 0);
    OK(store, account_claim_due, INT64_MAX, 1, INT32_MAX, on_account, &lines); /* what the core does to give up all claims */
    expect_number(lines.count, 3);
    lines = (struct lines){.size = 0};
    OK(store, account_claim_due, 300, 4000, 10, on_account, &lines);
    expect_number(lines.count, 3);
}

static void credentials_and_settings(struct kit *kit)
{
    struct store *store = &kit->store;
    const void *sealed = NULL;
    const char *json;
    size_t size = 99;
    FAILS(NOT_FOUND, store, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 99);
    OK(store, credentials_put, "a", 0, "se\0aled", 7);
    OK(store, credentials_put, "b", 0, "", 0);
    OK(store, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 7);
    expect(memcmp(sealed, "se\0aled", 7) == 0);
    OK(store, credentials_put, "a", 0, "other", 5);
    OK(store, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 5);
    expect(memcmp(sealed, "other", 5) == 0);
    OK(store, credentials_get, "b", 0, &sealed, &size);
    expect_number(size, 0);
    OK(store, settings_put, "a", "{\"theme\":1}");
    OK(store, settings_put, "a", "{\"theme\":2}");
    OK(store, settings_get, "a", &json);
    expect_text(json, "{\"theme\":2}");
    FAILS(NOT_FOUND, store, settings_get, "b", &json);
}

static void tokens(struct kit *kit)
{
    struct store *store = &kit->store;
    uint8_t hash[3][32] = {{1}, {2}, {3}};
    struct hearth_token token = {
        .struct_size = sizeof(token), .id = "t1", .account = "a", .name = "cli", .hash = hash[0], .scope = 1, .created = 20, .expires = 99};
    OK(store, token_create, &token);
    FAILS(CONFLICT, store, token_create, &token);
    token.id = "t2";
    FAILS(CONFLICT, store, token_create, &token); /* the hash */
    token.hash = hash[1];
    token.created = 10;
    OK(store, token_create, &token);
    token.id = "t3";
    token.hash = hash[2];
    token.account = "b";
    OK(store, token_create, &token);
    token.account = "zz";
    token.id = "t4";
    token.hash = (const uint8_t[32]){9};
    FAILS(NOT_FOUND, store, token_create, &token);
    struct hearth_token got = {.struct_size = sizeof(got)};
    OK(store, token_by_hash, hash[0], &got);
    expect_text(got.id, "t1");
    expect_text(got.account, "a");
    expect_text(got.name, "cli");
    expect_number(got.scope, 1);
    expect_number(got.expires, 99);
    expect(memcmp(got.hash, hash[0], 32) == 0);
    FAILS(NOT_FOUND, store, token_by_hash, token.hash, &got);
    struct lines lines = {.size = 0};
    OK(store, token_list, "a", on_token, &lines);
    expect_text(lines.text, "t2 a cli 2\nt1 a cli 1\n");
    OK(store, token_used, "a", "t1", 555);
    OK(store, token_by_hash, hash[0], &got);
    expect_number(got.last_used, 555);
    FAILS(NOT_FOUND, store, token_used, "b", "t1", 556);
    FAILS(NOT_FOUND, store, token_remove, "b", "t1");
    OK(store, token_remove, "a", "t1");
    FAILS(NOT_FOUND, store, token_remove, "a", "t1");
    FAILS(NOT_FOUND, store, token_by_hash, hash[0], &got);
}

static void picks(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_pick pick = {.struct_size = sizeof(pick), .input = "ex", .page = 7, .use_count = 1, .used = 10};
    OK(store, pick_put, "a", &pick);
    pick.use_count = 1.75;
    pick.used = 20;
    OK(store, pick_put, "a", &pick);
    pick.page = 6;
    OK(store, pick_put, "a", &pick);
    OK(store, pick_put, "b", &pick);
    FAILS(NOT_FOUND, store, pick_put, "zz", &pick);
    struct lines lines = {.size = 0};
    OK(store, pick_list, "a", on_pick, &lines);
    expect_text(lines.text, "ex 6 1.75 20\nex 7 1.75 20\n");
    pick.use_count = 0; /* forgotten, of this account alone; and once more */
    OK(store, pick_put, "a", &pick);
    OK(store, pick_put, "a", &pick);
    lines = (struct lines){.size = 0};
    OK(store, pick_list, "a", on_pick, &lines);
    expect_text(lines.text, "ex 7 1.75 20\n");
    lines = (struct lines){.size = 0};
    OK(store, pick_list, "b", on_pick, &lines);
    expect_text(lines.text, "ex 6 1.75 20\n");
}

/* A call whose memory is used up: the result is untouched, and the next call works. */
static void memory_of_a_call_runs_out(struct kit *kit)
{
    struct store *store = &kit->store;
    struct hearth_account got = {.struct_size = sizeof(got), .email = "untouched"};
    const char *json = "untouched";
    char large[10000];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    OK(store, settings_put, "a", large);
    store->call.arena.limit = store->call.arena.used + 64;
    FAILS(NOMEM, store, settings_get, "a", &json);
    expect_text(json, "untouched");
    store->call.arena.limit = store->call.arena.used + 4;
    FAILS(NOMEM, store, account_get, "a", &got);
    expect_text(got.email, "untouched");
    store->call.arena.limit = 0;
    OK(store, settings_get, "a", &json);
    expect_text(json, large);
}

static void fill(struct store *store, const char *account)
{
    uint8_t hash[32] = {(uint8_t)account[0]};
    const char id[] = {'t', account[0], '\0'};
    struct hearth_token token = {.struct_size = sizeof(token), .id = id, .account = account, .name = "n", .hash = hash};
    struct hearth_pick pick = {.struct_size = sizeof(pick), .input = "i", .page = 1, .use_count = 1};
    struct hearth_device device = {.struct_size = sizeof(device), .id = "device", .name = "n", .type = "desktop"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "", .url = "https://x/"};
    struct hearth_bookmark bookmark = make_bookmark("same________", HEARTH_BOOKMARK, "menu________", 0);
    bookmark.tags = "one";
    OK(store, token_create, &token);
    OK(store, pick_put, account, &pick);
    OK(store, credentials_put, account, 0, account, 1);
    OK(store, settings_put, account, account);
    begin(store, account, HEARTH_HISTORY);
    OK(store, mark_put, 0, HEARTH_HISTORY, account);
    OK(store, device_put, &device);
    OK(store, tab_put, "device", &tab);
    put_visited(store, 1, "https://example.org/", "example.org", 2, (const int64_t[]){100, 200});
    put_visited(store, 2, "https://example.org/2", "example.org", 1, (const int64_t[]){300});
    OK(store, page_guid_put, "guid________", 1);
    OK(store, page_remove, 2);
    put_bookmark(store, "menu________", HEARTH_FOLDER, NULL, 0);
    OK(store, bookmark_put, &bookmark);
    OK(store, bookmark_claims_put, 0, "menu________", (const char *const[]){"same________"}, 1);
    OK(store, bookmark_remove, "gone________");
    commit(store);
    store_reset(store);
}

static void remove_takes_every_row_of_one_account(struct kit *kit)
{
    struct store *store = &kit->store;
    fill(store, "a");
    fill(store, "b");
    OK(store, account_remove, "a");
    assert_sound(store); /* no row refers to the removed account */
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    FAILS(NOT_FOUND, store, counts, "a", &counts);
    OK(store, counts, "b", &counts);
    expect_number(counts.devices, 1);
    expect_number(counts.tabs, 1);
    expect_number(counts.bookmarks, 1);
    expect_number(counts.folders, 0);
    expect_number(counts.pages, 1);
    expect_number(counts.visits, 2);
    add_account(store, "a", "anna@example.org"); /* the same name again finds nothing of the old one */
    struct lines lines = {.size = 0};
    OK(store, pages_by_frecency, "a", on_page, &lines);
    OK(store, bookmark_list, "a",
       &(struct hearth_bookmark_query){.struct_size = sizeof(struct hearth_bookmark_query), .order = HEARTH_BY_ADDED}, on_bookmark, &lines);
    OK(store, pages_changed, "a", 0, on_page, &lines);
    OK(store, token_list, "a", on_token, &lines);
    OK(store, pick_list, "a", on_pick, &lines);
    expect_number(lines.count, 0);
    const char *json;
    FAILS(NOT_FOUND, store, settings_get, "a", &json);
    OK(store, settings_get, "b", &json);
    expect_text(json, "b");
}

const struct kit_test storage_accounts_tests[] = {
    {"accounts: what was created is read back, by id and by e-mail in any case", create_and_get},
    {"accounts: an id or e-mail exists once; malformed ones are refused", conflicts},
    {"accounts: an unknown account is NOT_FOUND and outputs stay untouched", unknown_account},
    {"accounts: an update writes the named fields and no others", update_writes_only_what_is_named},
    {"accounts: the list is ordered by e-mail and ends when the callback says so", list_by_email},
    {"accounts: due ones are claimed once, the longest due first, until the claim runs out", claim_due},
    {"accounts: credentials and settings are kept as they are", credentials_and_settings},
    {"accounts: tokens are found by hash and belong to one account", tokens},
    {"accounts: a pick is unique by input and page", picks},
    {"accounts: NOMEM of the host leaves results untouched", memory_of_a_call_runs_out},
    {"accounts: a removal takes every row of one account and none of another", remove_takes_every_row_of_one_account},
    {NULL, NULL},
};
