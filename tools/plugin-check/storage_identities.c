/* Who is who: identities, what is made with an account, properties of the database. */
#include "storage_kit.h"

#include <pthread.h>
#include <stdatomic.h>

static int identities_on_identity(void *ctx, const struct hearth_account_identity *identity)
{
    expect(HEARTH_HAS(identity, created));
    return kit_lines_add(ctx, "%s %s %lld\n", identity->issuer, identity->subject,
                         (long long)identity->created);
}

static void expect_identities(struct storage *storage, const char *account, const char *wanted)
{
    struct lines lines = {.size = 0};
    OK(storage, identity_list, account, identities_on_identity, &lines);
    expect_text(lines.text, wanted);
}

static struct hearth_account_identity make_identity(const char *issuer, const char *subject)
{
    return (struct hearth_account_identity){.struct_size = sizeof(struct hearth_account_identity),
                                            .issuer = issuer,
                                            .subject = subject,
                                            .created = 7};
}

static void expect_owner(struct storage *storage, const char *issuer, const char *subject,
                         const char *account)
{
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_by_identity, issuer, subject, &got);
    expect_text(got.id, account);
}

static void made_with_the_account(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    expect_identities(storage, "a", "sync:fx uid of a 1000\n");
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_by_identity, "sync:fx", "uid of a", &got);
    expect_text(got.id, "a");
    expect_text(got.email, "anna@example.org");
    expect_text(got.placement, "anna@example.org");
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "c",
                                     .email = "c@example.org",
                                     .uid = "",
                                     .provider = "fx",
                                     .placement = "Once@example.org"};
    OK(storage, account_create, &account);
    expect_identities(storage, "c", "");
    OK(storage, account_get, "c", &got);
    expect_text(got.placement, "Once@example.org");
    account = (struct hearth_account){.struct_size = sizeof(account),
                                      .id = "a",
                                      .email = "new@example.org",
                                      .uid = "x",
                                      .provider = "other"};
    OK(storage, account_update, &account,
       HEARTH_ACCOUNT_EMAIL | HEARTH_ACCOUNT_UID | HEARTH_ACCOUNT_PROVIDER);
    OK(storage, account_get, "a", &got);
    expect_text(got.provider, "other");
    expect_text(got.placement, "anna@example.org"); /* it stays */
    /* who proves to be whom is not what an update says */
    expect_identities(storage, "a", "sync:fx uid of a 1000\n");
    kit_expect_sound(storage);
}

/* A host of before has no field for it. */
static void placement_of_an_older_host(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account account = {.struct_size = offsetof(struct hearth_account, placement),
                                     .id = "c",
                                     .email = "c@example.org",
                                     .placement = "beyond the end"};
    OK(storage, account_create, &account);
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_get, "c", &got);
    expect_text(got.placement, "c@example.org");
}

static void taken_identity_makes_no_account(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "c",
                                     .email = "c@example.org",
                                     .uid = "uid of a",
                                     .provider = "fx"};
    struct hearth_account got = {.struct_size = sizeof(got)};
    FAILS(CONFLICT, storage, account_create, &account);
    FAILS(NOT_FOUND, storage, account_get, "c", &got);
    FAILS(NOT_FOUND, storage, account_by_email, "c@example.org", &got);
    expect_owner(storage, "sync:fx", "uid of a", "a");
    account.provider = "other"; /* who the provider is belongs to it */
    OK(storage, account_create, &account);
    expect_owner(storage, "sync:other", "uid of a", "c");
    account = (struct hearth_account){.struct_size = sizeof(account),
                                      .id = "d",
                                      .email = "ANNA@example.org",
                                      .uid = "uid of d",
                                      .provider = "fx"};
    FAILS(CONFLICT, storage, account_create, &account);
    /* nor an identity without its account */
    FAILS(NOT_FOUND, storage, account_by_identity, "sync:fx", "uid of d", &got);
    kit_expect_sound(storage);
}

static void put_list_remove(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account_identity proxy = make_identity("proxy", "anna"),
                                   oidc =
                                       make_identity("oidc:https://sso.example/", "Anna\xc3\xa9");
    struct hearth_account got = {.struct_size = sizeof(got), .email = "untouched"};
    OK(storage, identity_put, "a", &proxy);
    OK(storage, identity_put, "a", &oidc);
    proxy.created = 99;
    OK(storage, identity_put, "a", &proxy); /* it is there already: it gets the later time */
    proxy.created = 8;
    OK(storage, identity_put, "a", &proxy);
    FAILS(CONFLICT, storage, identity_put, "b", &proxy);
    FAILS(NOT_FOUND, storage, identity_put, "zz", &proxy);
    expect_identities(
        storage, "a",
        "oidc:https://sso.example/ Anna\xc3\xa9 7\nproxy anna 99\nsync:fx uid of a 1000\n");
    struct lines one = {.stop_after = 1};
    OK(storage, identity_list, "a", identities_on_identity, &one);
    expect_number(one.count, 1);
    expect_owner(storage, "proxy", "anna", "a");
    expect_owner(storage, "oidc:https://sso.example/", "Anna\xc3\xa9", "a");
    /* bytes */
    FAILS(NOT_FOUND, storage, account_by_identity, "oidc:https://sso.example/", "anna\xc3\xa9",
          &got);
    FAILS(NOT_FOUND, storage, account_by_identity, "Proxy", "anna", &got);
    FAILS(NOT_FOUND, storage, account_by_identity, "", "", &got);
    expect_text(got.email, "untouched");
    FAILS(NOT_FOUND, storage, identity_remove, "b", "proxy", "anna");
    OK(storage, identity_remove, "a", "proxy", "anna");
    FAILS(NOT_FOUND, storage, identity_remove, "a", "proxy", "anna");
    FAILS(NOT_FOUND, storage, account_by_identity, "proxy", "anna", &got);
    OK(storage, identity_put, "b", &proxy);
    expect_owner(storage, "proxy", "anna", "b");
    expect_identities(storage, "zz", "");
}

static void identities_bounds(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    char text[1026];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct hearth_account_identity identity = make_identity("", "subject");
    FAILS(INVALID, storage, identity_put, "a", &identity);
    identity = make_identity("proxy", "");
    FAILS(INVALID, storage, identity_put, "a", &identity);
    identity = make_identity(text, "subject");
    FAILS(INVALID, storage, identity_put, "a", &identity);
    identity = make_identity("proxy", text);
    FAILS(INVALID, storage, identity_put, "a", &identity);
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "c",
                                     .email = "c@example.org",
                                     .uid = text,
                                     .provider = "fx"};
    FAILS(INVALID, storage, account_create, &account);
    text[1024] = '\0';
    char issuer[1025];
    memcpy(issuer, text, sizeof(issuer));
    memcpy(issuer, "oidc:", 5); /* verify may know the kinds of issuers */
    identity = make_identity(issuer, text);
    OK(storage, identity_put, "a", &identity);
    expect_owner(storage, issuer, text, "a");
    OK(storage, account_create, &account);
    expect_owner(storage, "sync:fx", text, "c");
    kit_expect_sound(storage);
}

static void removed_with_the_account(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account_identity proxy = make_identity("proxy", "anna");
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, identity_put, "a", &proxy);
    OK(storage, account_remove, "a");
    FAILS(NOT_FOUND, storage, account_by_identity, "proxy", "anna", &got);
    FAILS(NOT_FOUND, storage, account_by_identity, "sync:fx", "uid of a", &got);
    kit_expect_sound(storage);
    kit_account_add(storage, "a", "anna@example.org");
    expect_identities(storage, "a", "sync:fx uid of a 1000\n");
    expect_owner(storage, "sync:fx", "uid of b", "b");
}

/* Many people, or one with many windows, sign in for the first time at the same moment: each
 * identity makes one account. */
enum { RACERS = 4, IDENTITIES = 25 };

struct racer {
    struct kit *kit;
    int number;
    atomic_int *made; /* of each identity */
    pthread_t thread;
};

static void *racer_main(void *self)
{
    struct racer *racer = self;
    struct storage storage;
    kit_handle(racer->kit, &storage);
    for (int i = 0; i < IDENTITIES; i++) {
        char id[32], email[64], uid[32];
        snprintf(id, sizeof(id), "r%di%d", racer->number, i);
        snprintf(email, sizeof(email), "r%di%d@example.org", racer->number, i);
        snprintf(uid, sizeof(uid), "same %d", i);
        struct hearth_account account = {
            .struct_size = sizeof(account), .id = id, .email = email, .uid = uid, .provider = "fx"};
        int r = STORAGE(&storage, NULL, account_create, &account);
        if (r != 0 && r != HEARTH_ERR_CONFLICT)
            fail_msg("account_create with an identity that another handle makes returned %s: %s",
                     err_name(r), storage.call.error);
        if (r == 0)
            atomic_fetch_add(&racer->made[i], 1);
        plug_storage_reset(&storage);
    }
    plug_storage_close(&storage);
    return NULL;
}

static int identities_count_account(void *ctx, const struct hearth_account *account)
{
    (void)account;
    ++*(int *)ctx;
    return 0;
}

static void handles_race_for_an_identity(struct kit *kit)
{
    static atomic_int made[IDENTITIES];
    struct racer racers[RACERS];
    int accounts = 0;
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.kit = kit, .number = i, .made = made};
        expect_number(pthread_create(&racers[i].thread, NULL, racer_main, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(racers[i].thread, NULL);
    for (int i = 0; i < IDENTITIES; i++)
        expect_number(made[i], 1);
    OK(&kit->storage, account_list, identities_count_account, &accounts);
    expect_number(accounts, 2 + IDENTITIES);
    kit_expect_sound(&kit->storage);
}

/* Properties outlive every account, and in a database that outlives a test the test before:
 * names of this run. */
static void identities_properties(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    char name[65], text[4098];
    const char *got = "untouched";
    memset(name, 'k', sizeof(name) - 1);
    name[64] = '\0';
    unsigned long seed = kit->options->seed ^ (unsigned long)kit_now();
    for (int i = 0; i < 12; i++, seed /= 26)
        name[i] = (char)('a' + seed % 26);
    FAILS(NOT_FOUND, storage, property_get, name, &got);
    expect_text(got, "untouched");
    OK(storage, property_put, name, "one", false);
    FAILS(CONFLICT, storage, property_put, name, "two", false);
    OK(storage, property_get, name, &got);
    expect_text(got, "one");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    FAILS(INVALID, storage, property_put, name, text, true);
    text[4096] = '\0';
    OK(storage, property_put, name, text, true);
    OK(storage, property_get, name, &got);
    expect_text(got, text);
    FAILS(INVALID, storage, property_put, "", "x", true);
    FAILS(INVALID, storage, property_put, "Upper", "x", true);
    OK(storage, account_remove, "a");
    OK(storage, account_remove, "b");
    OK(storage, property_get, name, &got);
    expect_text(got, text);
    OK(storage, property_put, name, "", true);
    OK(storage, property_get, name, &got);
    expect_text(got, "");
}

static void kept_over_closing(struct kit *kit)
{
    struct hearth_account_identity proxy = make_identity("proxy", "anna");
    const char *got = NULL;
    if ((kit->descriptor->capabilities & HEARTH_DURABLE) == 0)
        kit_skip("the plugin is not DURABLE");
    OK(&kit->storage, identity_put, "a", &proxy);
    OK(&kit->storage, property_put, "kit_kept", "yes", true);
    kit_close(kit);
    kit_open(kit);
    expect_owner(&kit->storage, "proxy", "anna", "a");
    OK(&kit->storage, property_get, "kit_kept", &got);
    expect_text(got, "yes");
}

/* In a batch of the same handle they are as atomic as outside. */
static void conflict_in_a_batch(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = "c",
                                     .email = "c@example.org",
                                     .uid = "uid of a",
                                     .provider = "fx"};
    struct hearth_account_identity taken = make_identity("sync:fx", "uid of b");
    struct hearth_account got = {.struct_size = sizeof(got)};
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u/1", "u", 1, (const int64_t[]){100});
    FAILS(CONFLICT, storage, account_create, &account);
    FAILS(CONFLICT, storage, identity_put, "a", &taken);
    kit_batch_commit(storage);
    FAILS(NOT_FOUND, storage, account_get, "c", &got);
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    expect_number(counts.pages, 1);
    kit_expect_sound(storage);
}

const struct kit_test kit_storage_identities_tests[] = {
    {"identities: one is made with the account, of its provider and uid; placement stays",
     made_with_the_account},
    {"identities: an account of a host that knows no placement has its e-mail as one",
     placement_of_an_older_host},
    {"identities: one that is taken makes no account, and an account that is there no identity",
     taken_identity_makes_no_account},
    {"identities: they are put, listed in order, found by bytes, removed", put_list_remove},
    {"identities: issuer and subject have 1 to 1,024 bytes", identities_bounds},
    {"identities: they go with their account", removed_with_the_account},
    {"identities: of handles that make accounts with one identity, one does",
     handles_race_for_an_identity},
    {"identities: a conflict in a batch breaks nothing", conflict_in_a_batch},
    {"properties: they are put once or replaced, and outlive every account", identities_properties},
    {"identities and properties: closing and opening keeps them", kept_over_closing},
    {NULL, NULL},
};
