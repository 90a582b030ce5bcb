/* What is written beside another session's batch: it waits for nobody, is there at once, and is still there when the batch has ended. */
#include "storage_kit.h"

enum { PATIENCE = 5000 }; /* ms that each of them may take: whoever waits for the batch waits for ever */

static struct hearth_token make_token(const char *id, uint8_t hash[32])
{
    memset(hash, id[1], 32);
    return (struct hearth_token){
        .struct_size = sizeof(struct hearth_token), .id = id, .account = "a", .name = "beside", .hash = hash, .created = 5};
}

static int on_claimed(void *ctx, const struct hearth_account *account)
{
    return add_line(ctx, "%s\n", account->id);
}

/* Everything that needs no batch, from a session that has none. */
static void write_beside(struct store *store)
{
    uint8_t hash[32];
    struct hearth_account account = {.struct_size = sizeof(account), .id = "a", .name = "beside", .next_sync = 1000};
    struct hearth_account_identity identity = {.struct_size = sizeof(identity), .issuer = "oidc:x", .subject = "beside", .created = 1};
    struct hearth_pick pick = {.struct_size = sizeof(pick), .input = "beside", .page = 1, .use_count = 1, .used = 1};
    struct hearth_removed_here removed = {
        .struct_size = sizeof(removed), .id = "r1", .kind = HEARTH_REMOVED_HERE_SITE, .host = "x.example", .created = 1};
    struct hearth_token token = make_token("t1", hash);
    struct lines claimed = {.size = 0};
    OK(store, account_update, &account, HEARTH_ACCOUNT_NAME | HEARTH_ACCOUNT_NEXT_SYNC);
    OK(store, account_claim_due, 2000, 3000, 1, on_claimed, &claimed);
    expect_text(claimed.text, "a\n");
    OK(store, identity_put, "a", &identity);
    OK(store, identity_remove, "a", "oidc:x", "beside");
    OK(store, identity_put, "a", &identity);
    OK(store, credentials_put, "a", 0, "sealed", (size_t)6);
    OK(store, settings_put, "a", "{\"beside\":1}");
    OK(store, pick_put, "a", &pick);
    OK(store, removed_here_put, "a", &removed);
    OK(store, token_create, &token);
    OK(store, token_used, "a", "t1", 9);
    token = make_token("t2", hash);
    OK(store, token_create, &token);
    OK(store, token_remove, "a", "t2");
    OK(store, property_put, "beside", "1", true);
    add_account(store, "c", "carla@example.org");
    add_account(store, "d", "dora@example.org");
    OK(store, account_remove, "d");
    OK(store, ping);
}

static int on_token(void *ctx, const struct hearth_token *token)
{
    return add_line(ctx, "%s %lld\n", token->id, (long long)token->last_used);
}

static int on_pick(void *ctx, const struct hearth_pick *pick)
{
    return add_line(ctx, "%s\n", pick->input);
}

static int on_removed(void *ctx, const struct hearth_removed_here *removed)
{
    return add_line(ctx, "%s\n", removed->id);
}

static void expect_beside(struct store *store)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct lines tokens = {.size = 0}, picks = {.size = 0}, removed = {.size = 0};
    const char *json = NULL, *property = NULL;
    const void *sealed = NULL;
    size_t size = 0;
    OK(store, account_by_identity, "oidc:x", "beside", &account);
    expect_text(account.id, "a");
    expect_text(account.name, "beside");
    OK(store, credentials_get, "a", 0, &sealed, &size);
    expect(size == 6 && memcmp(sealed, "sealed", 6) == 0);
    OK(store, settings_get, "a", &json);
    expect_text(json, "{\"beside\":1}");
    OK(store, token_list, "a", on_token, &tokens);
    expect_text(tokens.text, "t1 9\n");
    OK(store, pick_list, "a", on_pick, &picks);
    expect_text(picks.text, "beside\n");
    OK(store, removed_here_list, "a", on_removed, &removed);
    expect_text(removed.text, "r1\n");
    OK(store, property_get, "beside", &property);
    expect_text(property, "1");
    OK(store, account_get, "c", &account);
    FAILS(NOT_FOUND, store, account_get, "d", &account);
}

static void beside(struct kit *kit, bool kept)
{
    struct store *store = &kit->store, other;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct hearth_page page = {.struct_size = sizeof(page)};
    kit_session(kit, &other);
    begin(store, "a", HEARTH_HISTORY);
    put_visited(store, 1, "https://example.org/", "example.org", 1, (const int64_t[]){1});
    other.call.hearth.deadline = kit_now() + PATIENCE;
    write_beside(&other);
    other.call.hearth.deadline = 0;
    expect_beside(&other);
    FAILS(NOT_FOUND, &other, page_get, "a", 1, &page);
    if (kept)
        commit(store);
    else
        store->ops->batch_abort(store->session);
    expect_beside(&other);
    expect_beside(store);
    OK(&other, account_get, "a", &account);
    expect_number(account.generation, kept);
    if (kept)
        OK(&other, page_get, "a", 1, &page);
    else
        FAILS(NOT_FOUND, &other, page_get, "a", 1, &page);
    store_close(&other);
    assert_sound(store);
}

static void beside_a_commit(struct kit *kit)
{
    beside(kit, true);
}

static void beside_an_abort(struct kit *kit)
{
    beside(kit, false);
}

/* An account may go while a batch of it is open: of what the batch wrote nothing is left then. */
static void account_goes_beside(struct kit *kit)
{
    struct store *store = &kit->store, other;
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct lines pages = {.size = 0};
    kit_session(kit, &other);
    begin(store, "b", HEARTH_HISTORY);
    put_visited(store, 1, "https://example.org/", "example.org", 1, (const int64_t[]){1});
    other.call.hearth.deadline = kit_now() + PATIENCE;
    int r = STORE(&other, NULL, account_remove, "b");
    if (r != 0 && r != HEARTH_ERR_TIMEOUT) /* this one may have to wait for the batch */
        fail_msg("account_remove beside a batch of the account returned %s, OK or TIMEOUT was expected", err_name(r));
    other.call.hearth.deadline = 0;
    if (r == 0) {
        STORE(store, NULL, batch_commit, true);
        store->ops->batch_abort(store->session);
    } else {
        commit(store);
        OK(&other, account_remove, "b");
    }
    FAILS(NOT_FOUND, &other, account_get, "b", &account);
    OK(&other, pages_by_frecency, "b", on_page, &pages);
    expect_number(pages.count, 0);
    store_close(&other);
    assert_sound(store);
}

const struct kit_test storage_beside_tests[] = {
    {"beside a batch: what other sessions write does not wait, and a commit leaves it alone", beside_a_commit},
    {"beside a batch: an abort leaves it alone", beside_an_abort},
    {"beside a batch: its account may be removed", account_goes_beside},
    {NULL, NULL},
};
