/* What comes of a sign-in when another process finishes one at the same moment: two signins with
 * one database, where the other one ends between what the first has looked at and what it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/vault.h"
#include "signin/setup.h"
#include "signin/signin.h"

enum { ACCOUNTS = 8, NODES = 2 };

/* A database: accounts with their one identity, and whether it is owned. */
struct database {
    struct {
        char id[40], email[64], uid[64], provider[32];
    } rows[ACCOUNTS];
    size_t count;
    bool owned;
};

/* One process. */
struct process {
    struct nodes nodes;
    struct node_storages storages;
    struct signin *signin;
    struct signin_worker worker;
};

static struct {
    struct database databases[NODES];
    struct process processes[2];
    struct vault *vault;
    char path[64], key[96], code[SETUP_CODE_SIZE];
    size_t nodes;
    /* somebody whose sign-in the other process finishes before this one makes an account */
    const struct hearth_identity *comes;
    struct signin_result other;
    int other_code;
} test;

/* --- the database --- */

static void tell(const struct database *db, size_t i, struct hearth_account *ret_account)
{
    *ret_account = (struct hearth_account){.struct_size = sizeof(*ret_account),
                                           .id = db->rows[i].id,
                                           .email = db->rows[i].email,
                                           .uid = db->rows[i].uid,
                                           .provider = db->rows[i].provider,
                                           .node = ""};
}

static int db_get(void *self, struct hearth_call *call, const char *id,
                  struct hearth_account *ret_account)
{
    const struct database *db = self;
    (void)call;
    for (size_t i = 0; i < db->count; i++)
        if (strcmp(db->rows[i].id, id) == 0) {
            tell(db, i, ret_account);
            return 0;
        }
    return HEARTH_ERR_NOT_FOUND;
}

static int db_by_email(void *self, struct hearth_call *call, const char *email,
                       struct hearth_account *ret_account)
{
    const struct database *db = self;
    (void)call;
    for (size_t i = 0; i < db->count; i++)
        if (strcasecmp(db->rows[i].email, email) == 0) {
            tell(db, i, ret_account);
            return 0;
        }
    return HEARTH_ERR_NOT_FOUND;
}

static int db_by_identity(void *self, struct hearth_call *call, const char *issuer,
                          const char *subject, struct hearth_account *ret_account)
{
    const struct database *db = self;
    (void)call;
    for (size_t i = 0; i < db->count; i++)
        if (strcmp(db->rows[i].provider, issuer + 5) == 0 &&
            strcmp(db->rows[i].uid, subject) == 0) {
            tell(db, i, ret_account);
            return 0;
        }
    return HEARTH_ERR_NOT_FOUND;
}

static void other_finishes(void);

static int db_create(void *self, struct hearth_call *call, const struct hearth_account *account)
{
    struct database *db = self;
    struct hearth_account known;
    char issuer[64];
    other_finishes();
    snprintf(issuer, sizeof(issuer), "sync:%s", account->provider);
    if (db_get(self, call, account->id, &known) == 0 ||
        db_by_email(self, call, account->email, &known) == 0 ||
        db_by_identity(self, call, issuer, account->uid, &known) == 0)
        return HEARTH_ERR_CONFLICT;
    assert_true(db->count < ACCOUNTS);
    snprintf(db->rows[db->count].id, 40, "%s", account->id);
    snprintf(db->rows[db->count].email, 64, "%s", account->email);
    snprintf(db->rows[db->count].uid, 64, "%s", account->uid);
    snprintf(db->rows[db->count++].provider, 32, "%s", account->provider);
    return 0;
}

static int db_update(void *self, struct hearth_call *call, const struct hearth_account *account,
                     uint64_t fields)
{
    struct hearth_account known;
    (void)fields;
    return db_get(self, call, account->id, &known);
}

static int db_list(void *self, struct hearth_call *call, hearth_account_cb cb, void *ctx)
{
    const struct database *db = self;
    struct hearth_account account;
    int r = 0;
    (void)call;
    for (size_t i = 0; r == 0 && i < db->count; i++) {
        tell(db, i, &account);
        r = cb(ctx, &account);
    }
    return r;
}

static int db_identities(void *self, struct hearth_call *call, const char *id,
                         hearth_account_identity_cb cb, void *ctx)
{
    struct hearth_account account;
    char issuer[64];
    if (db_get(self, call, id, &account) != 0)
        return HEARTH_ERR_NOT_FOUND;
    snprintf(issuer, sizeof(issuer), "sync:%s", account.provider);
    return cb(ctx, &(struct hearth_account_identity){.struct_size =
                                                         sizeof(struct hearth_account_identity),
                                                     .issuer = issuer,
                                                     .subject = account.uid});
}

static int db_no_word(void *self, struct hearth_call *call, const char *id, const char *issuer,
                      const char *subject)
{
    (void)self, (void)call, (void)id, (void)issuer, (void)subject;
    return HEARTH_ERR_NOT_FOUND;
}

static int db_seal(void *self, struct hearth_call *call, const char *id, int64_t source,
                   const void *sealed, size_t size)
{
    struct hearth_account account;
    (void)sealed, (void)size;
    return db_get(self, call, id, &account);
}

static int db_unseal(void *self, struct hearth_call *call, const char *id, int64_t source,
                     const void **ret_sealed, size_t *ret_size)
{
    (void)self, (void)call, (void)id, (void)ret_sealed, (void)ret_size;
    return HEARTH_ERR_NOT_FOUND;
}

static int db_property_get(void *self, struct hearth_call *call, const char *name,
                           const char **ret_text)
{
    (void)call, (void)name;
    if (!((struct database *)self)->owned)
        return HEARTH_ERR_NOT_FOUND;
    *ret_text = "yes";
    return 0;
}

static int db_property_put(void *self, struct hearth_call *call, const char *name, const char *text,
                           bool replace)
{
    struct database *db = self;
    (void)call, (void)name, (void)text;
    if (db->owned && !replace)
        return HEARTH_ERR_CONFLICT;
    db->owned = true;
    return 0;
}

static const struct hearth_storage database_ops = {
    .account_create = db_create,
    .account_update = db_update,
    .account_get = db_get,
    .account_by_email = db_by_email,
    .account_by_identity = db_by_identity,
    .account_list = db_list,
    .identity_list = db_identities,
    .identity_remove = db_no_word,
    .credentials_put = db_seal,
    .credentials_get = db_unseal,
    .property_get = db_property_get,
    .property_put = db_property_put,
};

/* --- processes --- */

static void process_init(struct process *process)
{
    static const struct hearth_sync sync;
    struct signin_options options = {.nodes = &process->nodes,
                                     .vault = test.vault,
                                     .providers = {{"fx", &sync, NULL}},
                                     .provider_count = 1};
    process->nodes.count = test.nodes;
    for (size_t i = 0; i < test.nodes; i++) {
        struct node *node = &process->nodes.items[i];
        snprintf(node->name, sizeof(node->name), "%s",
                 test.nodes == 1 ? ""
                 : i == 0        ? "alder"
                                 : "birch");
        node->weight = 1;
        nodes_node_init(node);
    }
    nodes_storages_init(&process->storages, &process->nodes);
    for (size_t i = 0; i < test.nodes; i++) {
        process->storages.storages[i] =
            (struct storage){.ops = &database_ops, .handle = &test.databases[i]};
        plug_call_init(&process->storages.storages[i].call, NULL, 10000, 4096);
        process->storages.open[i] = true;
    }
    assert_int_equal(signin_create(&options, &process->signin, NULL), 0);
    signin_worker_init(&process->worker, process->signin);
}

static void process_fini(struct process *process)
{
    signin_worker_close(&process->worker);
    signin_destroy(process->signin);
    for (size_t i = 0; i < test.nodes; i++) {
        plug_call_fini(&process->storages.storages[i].call);
        nodes_node_fini(&process->nodes.items[i]);
    }
}

static int finish(struct process *process, const struct hearth_identity *identity,
                  struct signin_result *ret_result, struct err *err)
{
    struct signin_end end = {.identity = identity, .setup = test.code};
    return signin_finish(&process->worker, &process->storages, &end, ret_result, err);
}

static void other_finishes(void)
{
    const struct hearth_identity *comes = test.comes;
    struct err err = {0};
    test.comes = NULL;
    if (comes != NULL)
        test.other_code = finish(&test.processes[1], comes, &test.other, &err);
}

static struct hearth_identity person(const char *email, const char *uid)
{
    return (struct hearth_identity){.struct_size = sizeof(struct hearth_identity),
                                    .email = email,
                                    .uid = uid,
                                    .credentials = "x",
                                    .credentials_size = 1};
}

/* `mine` finishes in one process; just before its account is made `comes` has finished in the
 * other one. */
static int race(size_t nodes, const struct hearth_identity *mine,
                const struct hearth_identity *comes, struct signin_result *ret_result)
{
    struct err err = {0};
    memset(test.databases, 0, sizeof(test.databases));
    test.nodes = nodes;
    test.comes = comes;
    for (size_t i = 0; i < 2; i++)
        process_init(&test.processes[i]);
    int r = finish(&test.processes[0], mine, ret_result, &err);
    for (size_t i = 0; i < 2; i++)
        process_fini(&test.processes[i]);
    if (r < 0)
        print_message("%s\n", err.text);
    return r;
}

static size_t accounts(void)
{
    size_t count = 0;
    for (size_t i = 0; i < NODES; i++)
        count += test.databases[i].count;
    return count;
}

/* --- tests --- */

static void test_one_first_person(void **state)
{
    (void)state;
    for (size_t nodes = 1; nodes <= NODES; nodes++)
        for (int i = 0; i < 16; i++) {
            char email[64];
            snprintf(email, sizeof(email), "eve%d@example.org", i);
            struct hearth_identity ada = person("ada@example.org", "a"), eve = person(email, "e");
            struct signin_result result;
            assert_int_equal(race(nodes, &ada, &eve, &result), 0);
            assert_int_equal(test.other_code, 0);
            assert_int_equal(test.other.outcome, SIGNIN_IN);
            assert_int_equal(result.outcome, SIGNIN_REFUSED);
            assert_int_equal(accounts(), 1);
        }
}

static void test_one_account(void **state)
{
    (void)state;
    for (size_t nodes = 1; nodes <= NODES; nodes++) {
        struct hearth_identity ada = person("ada@example.org", "a");
        struct signin_result result;
        assert_int_equal(race(nodes, &ada, &ada, &result), 0);
        assert_int_equal(test.other.outcome, SIGNIN_IN);
        assert_int_equal(result.outcome, SIGNIN_IN);
        assert_string_equal(result.account, test.other.account);
        assert_int_equal(accounts(), 1);
    }
}

/* One address, two uids: one of them has it, the other one reads why. */
static void test_one_address(void **state)
{
    (void)state;
    struct hearth_identity ada = person("ada@example.org", "a"),
                           other = person("ADA@example.org", "b");
    struct signin_result result;
    assert_int_equal(race(1, &ada, &other, &result), 0);
    assert_int_equal(test.other.outcome, SIGNIN_IN);
    assert_int_equal(result.outcome, SIGNIN_ANOTHER);
    assert_int_equal(accounts(), 1);
}

static void test_no_address(void **state)
{
    (void)state;
    const char *const emails[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        struct hearth_identity nobody = person(emails[i], "a");
        struct signin_result result;
        assert_int_equal(race(1, &nobody, NULL, &result), HEARTH_ERR_INVALID);
        assert_int_equal(accounts(), 0);
    }
}

static int set_up(void **state)
{
    struct err err = {0};
    (void)state;
    snprintf(test.path, sizeof(test.path), "/tmp/hearth-finish-XXXXXX");
    if (mkdtemp(test.path) == NULL)
        return -1;
    snprintf(test.key, sizeof(test.key), "%s/key", test.path);
    if (auth_vault_open(test.key, true, &test.vault, &err) < 0)
        return -1;
    signin_setup_code(test.vault, test.code);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    auth_vault_close(test.vault);
    unlink(test.key);
    return rmdir(test.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_first_person), cmocka_unit_test(test_one_account),
        cmocka_unit_test(test_one_address), cmocka_unit_test(test_no_address)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
