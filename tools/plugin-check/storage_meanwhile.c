/* While a batch is open: what is no part of it is written by other handles at once, of its
 * account, too, and is there whatever becomes of the batch. */
#include "storage_kit.h"

#include <stdio.h>

/* ms: who waits for the batch waits longer, since it is open until the write has ended */
enum { PATIENCE = 10000 };

/* The value that this round writes everywhere, as a text and as a number. */
struct meanwhile {
    const char *account;
    int64_t number;
    char text[32];
};

static struct meanwhile make_round(const char *account, int number)
{
    struct meanwhile m = {.account = account, .number = number};
    snprintf(m.text, sizeof(m.text), "\"%s%d\"", account, number);
    return m;
}

/* --- every small write there is --- */

static void meanwhile_write_account(struct storage *storage, const struct meanwhile *m)
{
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = m->account,
                                     .last_seen = m->number,
                                     .state_detail = m->text};
    account.state = HEARTH_ACCOUNT_ERROR;
    OK(storage, account_update, &account, HEARTH_ACCOUNT_LAST_SEEN | HEARTH_ACCOUNT_STATE);
    OK(storage, credentials_put, m->account, 0, m->text, strlen(m->text));
    OK(storage, settings_put, m->account, m->text);
    OK(storage, property_put, "meanwhile", m->text, true);
    struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                               .issuer = "proxy",
                                               .subject = m->text,
                                               .created = m->number};
    OK(storage, identity_put, m->account, &identity);
    identity.subject = "gone";
    OK(storage, identity_put, m->account, &identity);
    OK(storage, identity_remove, m->account, "proxy", "gone");
}

static void write_tokens(struct storage *storage, const struct meanwhile *m)
{
    uint8_t hash[32] = {0};
    struct hearth_token token = {.struct_size = sizeof(token),
                                 .id = m->text,
                                 .account = m->account,
                                 .name = "",
                                 .hash = hash,
                                 .created = 1};
    memcpy(hash, m->text, strlen(m->text));
    OK(storage, token_create, &token);
    OK(storage, token_used, m->account, m->text, m->number);
    hash[31] = 1;
    token.id = "gone";
    OK(storage, token_create, &token);
    OK(storage, token_remove, m->account, "gone");
}

static void write_picks(struct storage *storage, const struct meanwhile *m)
{
    struct hearth_pick pick = {.struct_size = sizeof(pick),
                               .input = m->text,
                               .page = 1,
                               .use_count = 1,
                               .used = m->number};
    struct hearth_removed_here removed = {.struct_size = sizeof(removed),
                                          .id = m->text,
                                          .kind = HEARTH_REMOVED_HERE_SITE,
                                          .host = "u"};
    struct hearth_source source = {
        .struct_size = sizeof(source), .id = 2, .name = m->text, .kind = HEARTH_SOURCE_IMPORT};
    OK(storage, source_put, m->account, &source);
    source.id = 3;
    OK(storage, source_put, m->account, &source);
    OK(storage, source_remove, m->account, 3);
    OK(storage, pick_put, m->account, &pick);
    OK(storage, removed_here_put, m->account, &removed);
    pick.input = removed.id = "gone";
    OK(storage, pick_put, m->account, &pick);
    OK(storage, removed_here_put, m->account, &removed);
    pick.use_count = 0;
    OK(storage, pick_put, m->account, &pick);
    OK(storage, removed_here_remove, m->account, "gone");
}

static int meanwhile_on_leased(void *ctx, const struct hearth_account *account)
{
    return kit_lines_add(ctx, "%s", account->id);
}

/* Accounts come, are leased and go. */
static void write_accounts(struct storage *storage, const struct meanwhile *m)
{
    struct lines lines = {.size = 0};
    struct hearth_account account = {
        .struct_size = sizeof(account), .id = m->account, .next_sync = 1};
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    OK(storage, account_lease_due, 10, 1000, 1, meanwhile_on_leased, &lines);
    kit_lines_add(&lines, "\n");
    expect(strncmp(lines.text, m->account, strlen(m->account)) == 0);
    account.next_sync = 0;
    OK(storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    kit_account_add(storage, "new", "new@example.org");
    OK(storage, account_remove, "new");
}

static void write_meanwhile(struct storage *storage, const struct meanwhile *m)
{
    storage->call.hearth.deadline = kit_now() + PATIENCE;
    meanwhile_write_account(storage, m);
    write_tokens(storage, m);
    write_picks(storage, m);
    write_accounts(storage, m);
    storage->call.hearth.deadline = 0;
    plug_storage_reset(storage);
}

/* --- is it there? --- */

static int meanwhile_on_identity(void *ctx, const struct hearth_account_identity *identity)
{
    return strcmp(identity->issuer, "proxy") == 0
               ? kit_lines_add(ctx, "identity %s %lld\n", identity->subject,
                               (long long)identity->created)
               : 0;
}

static int meanwhile_on_token(void *ctx, const struct hearth_token *token)
{
    return kit_lines_add(ctx, "token %s %lld\n", token->id, (long long)token->last_used);
}

static int meanwhile_on_pick(void *ctx, const struct hearth_pick *pick)
{
    return kit_lines_add(ctx, "pick %s %lld\n", pick->input, (long long)pick->used);
}

static int meanwhile_on_source(void *ctx, const struct hearth_source *source)
{
    return kit_lines_add(ctx, "source %s\n", source->name);
}

static int meanwhile_on_removed_here(void *ctx, const struct hearth_removed_here *removed)
{
    return kit_lines_add(ctx, "removed here %s\n", removed->id);
}

/* Of this round; identities, tokens and so on of the rounds before are there as well. */
static void expect_meanwhile(struct storage *storage, const struct meanwhile *m)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct lines lines = {.size = 0};
    const char *text;
    const void *bytes;
    size_t size;
    char wanted[64];
    OK(storage, account_get, m->account, &account);
    expect_number(account.last_seen, m->number);
    expect_text(account.state_detail, m->text);
    OK(storage, credentials_get, m->account, 0, &bytes, &size);
    expect(size == strlen(m->text) && memcmp(bytes, m->text, size) == 0);
    OK(storage, settings_get, m->account, &text);
    expect_text(text, m->text);
    OK(storage, identity_list, m->account, meanwhile_on_identity, &lines);
    OK(storage, token_list, m->account, meanwhile_on_token, &lines);
    OK(storage, pick_list, m->account, meanwhile_on_pick, &lines);
    OK(storage, removed_here_list, m->account, meanwhile_on_removed_here, &lines);
    OK(storage, source_list, m->account, meanwhile_on_source, &lines);
    expect(strstr(lines.text, "gone") == NULL);
    static const char *const formats[] = {"identity %s %lld\n", "token %s %lld\n",
                                          "pick %s %lld\n"};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        snprintf(wanted, sizeof(wanted), formats[i], m->text, (long long)m->number);
        expect(strstr(lines.text, wanted) != NULL);
    }
    snprintf(wanted, sizeof(wanted), "removed here %s\nsource %s\n", m->text, m->text);
    expect(strstr(lines.text, wanted) != NULL);
    FAILS(NOT_FOUND, storage, account_get, "new", &account);
    plug_storage_reset(storage);
}

/* --- tests --- */

static void expect_history(struct storage *storage, const char *pages, int64_t generation)
{
    struct lines lines = {.size = 0};
    OK(storage, pages_by_frecency, "a", kit_lines_on_page, &lines);
    expect_text(lines.text, pages);
    expect_number(kit_generation_of(storage, "a"), generation);
}

static const char before[] = "1 https://u/ 0 title|-|-\n",
                  after[] = "2 https://u/2 0 title|-|-\n1 https://u/ 0 title|-|-\n";

/* Of both accounts, by another handle and then by the batch's own reader. */
static void write_both(struct kit *kit, struct storage *other, int number)
{
    for (int i = 0; i < 2; i++) {
        struct meanwhile m = make_round(i == 0 ? "a" : "b", number + i);
        write_meanwhile(other, &m);
        expect_meanwhile(other, &m);
    }
    expect_history(other, before, 1); /* and what the batch has written is still its own */
    expect_history(&kit->storage, after, 1);
}

static void expect_both(struct storage *storage, int number)
{
    const char *text;
    for (int i = 0; i < 2; i++) {
        struct meanwhile m = make_round(i == 0 ? "a" : "b", number + i);
        expect_meanwhile(storage, &m);
        OK(storage, property_get, "meanwhile", &text);
    }
    expect_text(text, make_round("b", number + 1).text);
}

static void small_writes_do_not_wait(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    kit_handle(kit, &other);
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u/", "u", 1, (const int64_t[]){100});
    kit_batch_commit(storage);
    for (int committed = 0; committed < 2; committed++) {
        int number = 10 + committed * 10;
        kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
        kit_page_put_visited(storage, 2, "https://u/2", "u", 1, (const int64_t[]){100});
        write_both(kit, &other, number);
        if (committed)
            kit_batch_commit(storage);
        else
            storage->ops->batch_abort(storage->handle);
        expect_history(storage, committed ? after : before, 1 + committed);
        expect_both(storage, number);
        expect_both(&other, number);
    }
    plug_storage_close(&other);
    kit_expect_sound(storage);
}

/* One batch at a time is what a plugin has to say of itself. */
static void batches_of_other_accounts(struct kit *kit)
{
    struct storage other;
    int64_t generation;
    if (kit->storage.limits != NULL && kit->storage.limits->single_writer != 0)
        kit_skip("the plugin has a single writer");
    kit_handle(kit, &other);
    kit_batch_begin(&kit->storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(&kit->storage, 1, "https://u/", "u", 1, (const int64_t[]){100});
    other.call.hearth.deadline = kit_now() + PATIENCE;
    OK(&other, batch_begin, "b", HEARTH_COLLECTION_NONE, &generation);
    kit_page_put_visited(&other, 2, "https://u/2", "u", 1, (const int64_t[]){100});
    kit_batch_commit(&other);
    kit_batch_commit(&kit->storage);
    expect_history(&kit->storage, before, 1);
    expect_number(kit_generation_of(&kit->storage, "b"), 1);
    plug_storage_close(&other);
    kit_expect_sound(&kit->storage);
}

/* Either the removal waits for the batch, or there is nothing to commit it to: never to another
 * account that has the id now. */
static void its_account_is_removed(struct kit *kit)
{
    struct storage *storage = &kit->storage, other;
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    kit_handle(kit, &other);
    for (int back = 0; back < 2; back++) {
        struct err err = {0};
        kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
        kit_page_put_visited(storage, 1 + back, "https://u/", "u", 1, (const int64_t[]){100});
        other.call.hearth.deadline = kit_now() + 300;
        bool removed = STORAGE(&other, &err, account_remove, "a") == 0;
        other.call.hearth.deadline = 0;
        if (!removed) {
            expect_number(err.code, HEARTH_ERR_TIMEOUT);
            kit_batch_commit(storage);
            continue;
        }
        if (back)
            kit_account_add(&other, "a", "anna@example.org");
        FAILS(NOT_FOUND, storage, batch_commit, true);
        if (!back)
            kit_account_add(&other, "a", "anna@example.org");
        OK(storage, counts, "a", &counts);
        expect_number(counts.visits, 0);
    }
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE); /* its turn was given up */
    kit_batch_commit(storage);
    plug_storage_close(&other);
    kit_expect_sound(storage);
}

const struct kit_test kit_storage_meanwhile_tests[] = {
    {"batches: no small write of another handle waits for one, and each stays",
     small_writes_do_not_wait},
    {"batches: those of several accounts go on side by side", batches_of_other_accounts},
    {"batches: one whose account is removed meanwhile is not committed", its_account_is_removed},
    {NULL, NULL},
};
