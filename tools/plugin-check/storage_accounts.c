/* Accounts and what hangs on them directly: leases, credentials, settings, tokens, picks. */
#include "storage_kit.h"

static int accounts_on_account(void *ctx, const struct hearth_account *account)
{
    return kit_lines_add(ctx, "%s %s %lld\n", account->id, account->email,
                         (long long)account->next_sync);
}

static int accounts_on_token(void *ctx, const struct hearth_token *token)
{
    return kit_lines_add(ctx, "%s %s %s %u\n", token->id, token->account, token->name,
                         (unsigned)token->hash[0]);
}

static int accounts_on_pick(void *ctx, const struct hearth_pick *pick)
{
    return kit_lines_add(ctx, "%s %lld %.2f %lld\n", pick->input, (long long)pick->page,
                         pick->use_count, (long long)pick->used);
}

static void create_and_get(struct kit *kit)
{
    struct storage *storage = &kit->storage;
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
    OK(storage, account_create, &account);
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_get, "c", &got);
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
    OK(storage, account_by_email, "cARLA@eXAMPLE.ORG", &by_email);
    expect_text(by_email.id, "c");
}

static void accounts_conflicts(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "c",
                                     .email = "ANNA@example.ORG",
                                     .uid = "",
                                     .provider = "fx",
                                     .node = ""};
    FAILS(CONFLICT, storage, account_create, &account);
    account.email = "new@example.org";
    account.id = "a";
    FAILS(CONFLICT, storage, account_create, &account);
    account.id = "b";
    account.email = "Anna@example.org";
    FAILS(CONFLICT, storage, account_update, &account, HEARTH_ACCOUNT_EMAIL);
    account.email = "BEN@example.org"; /* its own, written otherwise */
    OK(storage, account_update, &account, HEARTH_ACCOUNT_EMAIL);
    account.id = NULL;
    FAILS(INVALID, storage, account_create, &account);
}

static void unknown_account(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account account = {
        .struct_size = sizeof(account), .id = "zz", .email = "z@example.org"};
    struct hearth_counts counts = {.struct_size = sizeof(counts), .visits = 77};
    const char *json = "untouched";
    struct lines lines = {.size = 0};
    FAILS(NOT_FOUND, storage, account_get, "zz", &account);
    expect_text(account.email, "z@example.org");
    FAILS(NOT_FOUND, storage, account_by_email, "z@example.org", &account);
    FAILS(NOT_FOUND, storage, account_update, &account, HEARTH_ACCOUNT_NAME);
    FAILS(NOT_FOUND, storage, account_remove, "zz");
    FAILS(NOT_FOUND, storage, counts, "zz", &counts);
    expect_number(counts.visits, 77);
    FAILS(NOT_FOUND, storage, credentials_put, "zz", 0, "x", 1);
    FAILS(NOT_FOUND, storage, settings_put, "zz", "{}");
    FAILS(NOT_FOUND, storage, settings_get, "a", &json);
    expect_text(json, "untouched");
    FAILS(NOT_FOUND, storage, pages_changed, "zz", 0, kit_lines_on_page, &lines);
    OK(storage, pages_by_frecency, "zz", kit_lines_on_page, &lines);
    expect_number(lines.count, 0);
}

static void update_writes_only_what_is_named(struct kit *kit)
{
    struct storage *storage = &kit->storage;
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
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NAME | HEARTH_ACCOUNT_FAILURES);
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_get, "a", &got);
    expect_text(got.name, "Anna");
    expect_number(got.failures, 3);
    expect_number(got.state, HEARTH_ACCOUNT_OK);
    expect_text(got.node, "");
    expect_text(got.uid, "uid of a");
    expect_number(got.last_sync + got.next_sync + got.resync + got.last_seen + got.last_attempt, 0);
    OK(storage, account_update, &account,
       HEARTH_ACCOUNT_STATE | HEARTH_ACCOUNT_NODE | HEARTH_ACCOUNT_UID | HEARTH_ACCOUNT_LAST_SYNC |
           HEARTH_ACCOUNT_LAST_ATTEMPT | HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_LAST_SEEN |
           HEARTH_ACCOUNT_RESYNC);
    OK(storage, account_get, "a", &got);
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

static void requests_expect(struct storage *storage, int64_t asked, int64_t answered,
                            int64_t next_sync)
{
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_get, "a", &got);
    expect_number(got.asked, asked);
    expect_number(got.answered, answered);
    expect_number(got.next_sync, next_sync);
}

/* Each request counts, whatever the struct says of it, and whoever decides by an older row
 * learns of it and writes nothing. */
static void requests_are_counted(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account account = {
        .struct_size = sizeof(account), .id = "a", .next_sync = 60, .asked = 7, .answered = 5};
    const uint64_t plan = HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED;
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NAME);
    requests_expect(storage, 0, 0, 0);
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ASKED);
    OK(storage, account_update, &account, HEARTH_ACCOUNT_ASKED);
    requests_expect(storage, 2, 0, 60);
    account.next_sync = 70;
    FAILS(CONFLICT, storage, account_update, &account, plan);
    account.asked = account.answered = 1;
    FAILS(CONFLICT, storage, account_update, &account, plan);
    requests_expect(storage, 2, 0, 60);
    account.asked = 2;
    OK(storage, account_update, &account, plan);
    requests_expect(storage, 2, 1, 70);
    OK(storage, account_update, &account, plan); /* the same again is no step back */
    account.answered = 0;
    account.next_sync = 80;
    FAILS(CONFLICT, storage, account_update, &account, plan);
    requests_expect(storage, 2, 1, 70);
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    requests_expect(storage, 2, 1, 80);
    account.id = "none";
    FAILS(NOT_FOUND, storage, account_update, &account, plan);
}

static void list_by_email(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct lines lines = {.size = 0};
    kit_account_add(storage, "c", "Aaron@example.org");
    kit_account_add(storage, "d", "Zoe@example.org");
    OK(storage, account_list, accounts_on_account, &lines);
    expect_text(
        lines.text,
        "c Aaron@example.org 0\na anna@example.org 0\nb ben@example.org 0\nd Zoe@example.org 0\n");
    lines = (struct lines){.stop_after = 2};
    OK(storage, account_list, accounts_on_account, &lines);
    expect_number(lines.count, 2);
}

static void accounts_set_next_sync(struct storage *storage, const char *id, int64_t when)
{
    struct hearth_account account = {.struct_size = sizeof(account), .id = id, .next_sync = when};
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
}

static void accounts_due_childed(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_account_add(storage, "c", "c@example.org");
    kit_account_add(storage, "d", "d@example.org");
    accounts_set_next_sync(storage, "a", 300);
    accounts_set_next_sync(storage, "b", 100);
    accounts_set_next_sync(storage, "c", 200); /* d: 0, never due */
    struct lines lines = {.size = 0};
    OK(storage, account_lease_due, 99, 1000, 10, accounts_on_account, &lines);
    expect_number(lines.count, 0);
    OK(storage, account_lease_due, 300, 1000, 2, accounts_on_account, &lines);
    expect_text(lines.text, "b ben@example.org 100\nc c@example.org 200\n");
    lines = (struct lines){.size = 0};
    OK(storage, account_lease_due, 300, 1000, 10, accounts_on_account, &lines);
    expect_text(lines.text, "a anna@example.org 300\n");
    lines = (struct lines){.size = 0};
    OK(storage, account_lease_due, 999, 2000, 10, accounts_on_account, &lines);
    expect_number(lines.count, 0);
    accounts_set_next_sync(storage, "c", 250); /* gives up the lease */
    OK(storage, account_lease_due, 999, 2000, 10, accounts_on_account, &lines);
    expect_text(lines.text, "c c@example.org 250\n");
    /* a lease ran out; a stopped callback leaves all leased */
    lines = (struct lines){.stop_after = 1};
    OK(storage, account_lease_due, 1000, 3000, 10, accounts_on_account, &lines);
    expect_text(lines.text, "b ben@example.org 100\n");
    lines = (struct lines){.size = 0};
    OK(storage, account_lease_due, 1000, 3000, 10, accounts_on_account, &lines);
    expect_number(lines.count, 0);
    /* what the core does to give up all leases */
    OK(storage, account_lease_due, INT64_MAX, 1, INT32_MAX, accounts_on_account, &lines);
    expect_number(lines.count, 3);
    lines = (struct lines){.size = 0};
    OK(storage, account_lease_due, 300, 4000, 10, accounts_on_account, &lines);
    expect_number(lines.count, 3);
}

static void credentials_and_settings(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    const void *sealed = NULL;
    const char *json;
    size_t size = 99;
    FAILS(NOT_FOUND, storage, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 99);
    OK(storage, credentials_put, "a", 0, "se\0aled", 7);
    OK(storage, credentials_put, "b", 0, "", 0);
    OK(storage, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 7);
    expect(memcmp(sealed, "se\0aled", 7) == 0);
    OK(storage, credentials_put, "a", 0, "other", 5);
    OK(storage, credentials_get, "a", 0, &sealed, &size);
    expect_number(size, 5);
    expect(memcmp(sealed, "other", 5) == 0);
    OK(storage, credentials_get, "b", 0, &sealed, &size);
    expect_number(size, 0);
    OK(storage, settings_put, "a", "{\"theme\":1}");
    OK(storage, settings_put, "a", "{\"theme\":2}");
    OK(storage, settings_get, "a", &json);
    expect_text(json, "{\"theme\":2}");
    FAILS(NOT_FOUND, storage, settings_get, "b", &json);
}

static void accounts_tokens(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    uint8_t hash[3][32] = {{1}, {2}, {3}};
    struct hearth_token token = {.struct_size = sizeof(token),
                                 .id = "t1",
                                 .account = "a",
                                 .name = "cli",
                                 .hash = hash[0],
                                 .scope = 1,
                                 .created = 20,
                                 .expires = 99};
    OK(storage, token_create, &token);
    FAILS(CONFLICT, storage, token_create, &token);
    token.id = "t2";
    FAILS(CONFLICT, storage, token_create, &token); /* the hash */
    token.hash = hash[1];
    token.created = 10;
    OK(storage, token_create, &token);
    token.id = "t3";
    token.hash = hash[2];
    token.account = "b";
    OK(storage, token_create, &token);
    token.account = "zz";
    token.id = "t4";
    token.hash = (const uint8_t[32]){9};
    FAILS(NOT_FOUND, storage, token_create, &token);
    struct hearth_token got = {.struct_size = sizeof(got)};
    OK(storage, token_by_hash, hash[0], &got);
    expect_text(got.id, "t1");
    expect_text(got.account, "a");
    expect_text(got.name, "cli");
    expect_number(got.scope, 1);
    expect_number(got.expires, 99);
    expect(memcmp(got.hash, hash[0], 32) == 0);
    FAILS(NOT_FOUND, storage, token_by_hash, token.hash, &got);
    struct lines lines = {.size = 0};
    OK(storage, token_list, "a", accounts_on_token, &lines);
    expect_text(lines.text, "t2 a cli 2\nt1 a cli 1\n");
    OK(storage, token_used, "a", "t1", 555);
    OK(storage, token_by_hash, hash[0], &got);
    expect_number(got.last_used, 555);
    FAILS(NOT_FOUND, storage, token_used, "b", "t1", 556);
    FAILS(NOT_FOUND, storage, token_remove, "b", "t1");
    OK(storage, token_remove, "a", "t1");
    FAILS(NOT_FOUND, storage, token_remove, "a", "t1");
    FAILS(NOT_FOUND, storage, token_by_hash, hash[0], &got);
}

static void accounts_picks(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_pick pick = {
        .struct_size = sizeof(pick), .input = "ex", .page = 7, .use_count = 1, .used = 10};
    OK(storage, pick_put, "a", &pick);
    pick.use_count = 1.75;
    pick.used = 20;
    OK(storage, pick_put, "a", &pick);
    pick.page = 6;
    OK(storage, pick_put, "a", &pick);
    OK(storage, pick_put, "b", &pick);
    FAILS(NOT_FOUND, storage, pick_put, "zz", &pick);
    struct lines lines = {.size = 0};
    OK(storage, pick_list, "a", accounts_on_pick, &lines);
    expect_text(lines.text, "ex 6 1.75 20\nex 7 1.75 20\n");
    pick.use_count = 0; /* forgotten, of this account alone; and once more */
    OK(storage, pick_put, "a", &pick);
    OK(storage, pick_put, "a", &pick);
    lines = (struct lines){.size = 0};
    OK(storage, pick_list, "a", accounts_on_pick, &lines);
    expect_text(lines.text, "ex 7 1.75 20\n");
    lines = (struct lines){.size = 0};
    OK(storage, pick_list, "b", accounts_on_pick, &lines);
    expect_text(lines.text, "ex 6 1.75 20\n");
}

/* A call whose memory is used up: the result is untouched, and the next call works. */
static void memory_of_a_call_runs_out(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account got = {.struct_size = sizeof(got), .email = "untouched"};
    const char *json = "untouched";
    char large[10000];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    OK(storage, settings_put, "a", large);
    storage->call.arena.limit = storage->call.arena.used + 64;
    FAILS(NOMEM, storage, settings_get, "a", &json);
    expect_text(json, "untouched");
    storage->call.arena.limit = storage->call.arena.used + 4;
    FAILS(NOMEM, storage, account_get, "a", &got);
    expect_text(got.email, "untouched");
    storage->call.arena.limit = 0;
    OK(storage, settings_get, "a", &json);
    expect_text(json, large);
}

static void accounts_fill(struct storage *storage, const char *account)
{
    uint8_t hash[32] = {(uint8_t)account[0]};
    const char id[] = {'t', account[0], '\0'};
    struct hearth_token token = {
        .struct_size = sizeof(token), .id = id, .account = account, .name = "n", .hash = hash};
    struct hearth_pick pick = {
        .struct_size = sizeof(pick), .input = "i", .page = 1, .use_count = 1};
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = "device", .name = "n", .type = "desktop"};
    struct hearth_tab tab = {.struct_size = sizeof(tab), .title = "", .url = "https://x/"};
    struct hearth_bookmark bookmark =
        kit_bookmark_make("same________", HEARTH_BOOKMARK, "menu________", 0);
    bookmark.tags = "one";
    OK(storage, token_create, &token);
    OK(storage, pick_put, account, &pick);
    OK(storage, credentials_put, account, 0, account, 1);
    OK(storage, settings_put, account, account);
    kit_batch_begin(storage, account, HEARTH_HISTORY);
    OK(storage, sync_cursor_put, 0, HEARTH_HISTORY, account);
    OK(storage, device_put, &device);
    OK(storage, tab_put, "device", &tab);
    kit_page_put_visited(storage, 1, "https://example.org/", "example.org", 2,
                         (const int64_t[]){100, 200});
    kit_page_put_visited(storage, 2, "https://example.org/2", "example.org", 1,
                         (const int64_t[]){300});
    OK(storage, page_guid_put, "guid________", 1);
    OK(storage, page_remove, 2);
    kit_bookmark_put(storage, "menu________", HEARTH_FOLDER, NULL, 0);
    OK(storage, bookmark_put, &bookmark);
    OK(storage, bookmark_children_put, 0, "menu________", (const char *const[]){"same________"}, 1);
    OK(storage, bookmark_remove, "gone________");
    kit_batch_commit(storage);
    plug_storage_reset(storage);
}

static void remove_takes_every_row_of_one_account(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    accounts_fill(storage, "a");
    accounts_fill(storage, "b");
    OK(storage, account_remove, "a");
    kit_expect_sound(storage); /* no row refers to the removed account */
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    FAILS(NOT_FOUND, storage, counts, "a", &counts);
    OK(storage, counts, "b", &counts);
    expect_number(counts.devices, 1);
    expect_number(counts.tabs, 1);
    expect_number(counts.bookmarks, 1);
    expect_number(counts.folders, 0);
    expect_number(counts.pages, 1);
    expect_number(counts.visits, 2);
    /* the same name again finds nothing of the old one */
    kit_account_add(storage, "a", "anna@example.org");
    struct lines lines = {.size = 0};
    OK(storage, pages_by_frecency, "a", kit_lines_on_page, &lines);
    OK(storage, bookmark_list, "a",
       &(struct hearth_bookmark_query){.struct_size = sizeof(struct hearth_bookmark_query),
                                       .order = HEARTH_BY_ADDED},
       kit_lines_on_bookmark, &lines);
    OK(storage, pages_changed, "a", 0, kit_lines_on_page, &lines);
    OK(storage, token_list, "a", accounts_on_token, &lines);
    OK(storage, pick_list, "a", accounts_on_pick, &lines);
    expect_number(lines.count, 0);
    const char *json;
    FAILS(NOT_FOUND, storage, settings_get, "a", &json);
    OK(storage, settings_get, "b", &json);
    expect_text(json, "b");
}

const struct kit_test kit_storage_accounts_tests[] = {
    {"accounts: what was created is read back, by id and by e-mail in any case", create_and_get},
    {"accounts: an id or e-mail exists once; malformed ones are refused", accounts_conflicts},
    {"accounts: an unknown account is NOT_FOUND and outputs stay untouched", unknown_account},
    {"accounts: an update writes the named fields and no others", update_writes_only_what_is_named},
    {"accounts: requests are counted, and nothing is decided by an older row",
     requests_are_counted},
    {"accounts: the list is ordered by e-mail and ends when the callback says so", list_by_email},
    {"accounts: due ones are leased once, the longest due first, until the lease runs out",
     accounts_due_childed},
    {"accounts: credentials and settings are kept as they are", credentials_and_settings},
    {"accounts: tokens are found by hash and belong to one account", accounts_tokens},
    {"accounts: a pick is unique by input and page", accounts_picks},
    {"accounts: NOMEM of the host leaves results untouched", memory_of_a_call_runs_out},
    {"accounts: a removal takes every row of one account and none of another",
     remove_takes_every_row_of_one_account},
    {NULL, NULL},
};
