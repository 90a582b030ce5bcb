/* Finding an account among nodes, also while one of them is dead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "nodes/who.h"

enum { NODES = 3, ROWS = 4 };

/* What a node's database has: rows by e-mail or identity. */
struct fake_row {
    const char *email, *issuer, *subject, *node;
    int64_t last_sync;
    uint8_t token;
};

static struct fake_node {
    struct fake_row rows[ROWS];
    int code; /* of everything it is asked; 0: it answers */
    int asked;
} fakes[NODES];

static struct nodes nodes;
static struct node_storages storages;

static int fake_find(void *handle, struct hearth_call *call, const char *email, const char *issuer,
                     const char *subject, struct hearth_account *ret_account)
{
    struct fake_node *fake = handle;
    fake->asked++;
    if (fake->code != 0)
        return hearth_fail(call, fake->code, "it is gone");
    for (size_t i = 0; i < ROWS && fake->rows[i].email != NULL; i++) {
        const struct fake_row *row = &fake->rows[i];
        bool is_it = email != NULL && strcmp(row->email, email) == 0;
        if (issuer != NULL && subject != NULL && row->issuer != NULL)
            is_it = strcmp(row->issuer, issuer) == 0 && strcmp(row->subject, subject) == 0;
        if (!is_it)
            continue;
        *ret_account = (struct hearth_account){.struct_size = sizeof(*ret_account),
                                               .id = row->email,
                                               .email = row->email,
                                               .node = row->node,
                                               .last_sync = row->last_sync};
        return 0;
    }
    return HEARTH_ERR_NOT_FOUND;
}

static int fake_by_email(void *handle, struct hearth_call *call, const char *email,
                         struct hearth_account *ret_account)
{
    return fake_find(handle, call, email, NULL, NULL, ret_account);
}

static int fake_by_identity(void *handle, struct hearth_call *call, const char *issuer,
                            const char *subject, struct hearth_account *ret_account)
{
    return fake_find(handle, call, NULL, issuer, subject, ret_account);
}

static int fake_identities(void *handle, struct hearth_call *call, const char *account,
                           hearth_account_identity_cb cb, void *ctx)
{
    struct fake_node *fake = handle;
    if (fake->code != 0)
        return hearth_fail(call, fake->code, "it is gone");
    for (size_t i = 0; i < ROWS && fake->rows[i].email != NULL; i++) {
        const struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                                         .issuer = fake->rows[i].issuer,
                                                         .subject = fake->rows[i].subject};
        if (strcmp(fake->rows[i].email, account) == 0 && identity.issuer != NULL)
            cb(ctx, &identity);
    }
    return 0;
}

static int fake_by_token(void *handle, struct hearth_call *call, const uint8_t hash[32],
                         struct hearth_token *ret_token)
{
    struct fake_node *fake = handle;
    fake->asked++;
    if (fake->code != 0)
        return hearth_fail(call, fake->code, "it is gone");
    for (size_t i = 0; i < ROWS && fake->rows[i].email != NULL; i++)
        if (fake->rows[i].token == hash[0]) {
            ret_token->account = fake->rows[i].email;
            return 0;
        }
    return HEARTH_ERR_NOT_FOUND;
}

static const struct hearth_storage fake_ops = {.account_by_email = fake_by_email,
                                               .account_by_identity = fake_by_identity,
                                               .identity_list = fake_identities,
                                               .token_by_hash = fake_by_token};

static void ignore_wake(void *ctx)
{
    (void)ctx;
}

/* Three nodes with a handle each; this process's own is the second. */
static int open_nodes(void **state)
{
    static const char *const names[NODES] = {"alder", "birch", "cedar"};
    (void)state;
    memset(fakes, 0, sizeof(fakes));
    memset(&nodes, 0, sizeof(nodes));
    nodes.count = NODES;
    nodes.own = 1;
    nodes_storages_init(&storages, &nodes);
    for (size_t i = 0; i < NODES; i++) {
        snprintf(nodes.items[i].name, sizeof(nodes.items[i].name), "%s", names[i]);
        nodes_node_init(&nodes.items[i]);
        plug_breaker_watch(&nodes.items[i].breaker, ignore_wake, NULL);
        storages.storages[i] = (struct storage){
            .ops = &fake_ops, .handle = &fakes[i], .breaker = &nodes.items[i].breaker};
        plug_call_init(&storages.storages[i].call, NULL, 0, 0);
        storages.open[i] = true;
    }
    return 0;
}

static int close_nodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < NODES; i++) {
        plug_call_fini(&storages.storages[i].call);
        nodes_node_fini(&nodes.items[i]);
    }
    return 0;
}

/* want: the node's number, or a negative code. */
static void expect_found(const char *email, int want)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct err err = {0};
    size_t node = 12345;
    int r = nodes_storages_by_email(&storages, email, &node, &account, &err);
    assert_int_equal(r == 0 ? (int)node : r, want);
    if (r == 0)
        assert_string_equal(account.email, email);
    else
        assert_true(err.code == r && err.text[0] != '\0');
    nodes_storages_reset(&storages);
}

static void test_found(void **state)
{
    (void)state;
    fakes[0].rows[0] = (struct fake_row){.email = "ada", .node = "alder"};
    fakes[1].rows[0] = (struct fake_row){.email = "ben", .node = "birch", .last_sync = 7};
    fakes[2].rows[0] = (struct fake_row){.email = "eve", .node = "cedar", .last_sync = 7};
    expect_found("ben", 1);
    assert_int_equal(fakes[0].asked + fakes[2].asked, 0); /* the own one first, and alone */
    expect_found("eve", 2);
    expect_found("ada", 0);
    expect_found("mallory", HEARTH_ERR_NOT_FOUND);
}

/* On its way there are two rows: it counts as where its data are complete, else as somewhere. */
static void test_on_its_way(void **state)
{
    (void)state;
    fakes[1].rows[0] = (struct fake_row){.email = "ada", .node = "birch", .last_sync = 0};
    fakes[2].rows[0] = (struct fake_row){.email = "ada", .node = "birch", .last_sync = 7};
    expect_found("ada", 2);
    fakes[1].rows[0].last_sync = 8;
    expect_found("ada", 1);
    fakes[1].rows[0].last_sync = 0;
    fakes[2].rows[0] = (struct fake_row){0};
    expect_found("ada", 1);
}

/* A node that does not answer hides nobody of the others, and nobody is said not to exist. */
static void test_a_dead_node(void **state)
{
    (void)state;
    fakes[2].rows[0] = (struct fake_row){.email = "eve", .node = "cedar", .last_sync = 7};
    fakes[0].code = HEARTH_ERR_UNAVAILABLE;
    expect_found("eve", 2);
    expect_found("ada", HEARTH_ERR_UNAVAILABLE);
    fakes[0].code = HEARTH_ERR_TIMEOUT;
    expect_found("ada", HEARTH_ERR_TIMEOUT);
    fakes[0].code = 0;
    expect_found("ada", HEARTH_ERR_NOT_FOUND);
}

/* While its breaker is open it is not even asked. */
static void test_an_open_breaker(void **state)
{
    (void)state;
    fakes[2].rows[0] = (struct fake_row){.email = "eve", .node = "cedar", .last_sync = 7};
    fakes[0].code = HEARTH_ERR_UNAVAILABLE;
    for (int i = 0; i < BREAKER_FAILURES; i++)
        expect_found("ada", HEARTH_ERR_UNAVAILABLE);
    assert_true(plug_breaker_is_open(&nodes.items[0].breaker));
    int asked = fakes[0].asked;
    expect_found("ada", HEARTH_ERR_UNAVAILABLE);
    expect_found("eve", 2);
    assert_int_equal(fakes[0].asked, asked);
    assert_null(nodes_storages_get(&storages, 0, NULL));
    assert_non_null(nodes_storages_get(&storages, 2, NULL));
}

static void expect_token(uint8_t token, int want)
{
    const uint8_t hash[32] = {token};
    size_t node = 12345;
    int r = nodes_storages_by_token(&storages, hash, &node, NULL);
    assert_int_equal(r == 0 ? (int)node : r, want);
}

static void test_tokens(void **state)
{
    (void)state;
    fakes[0].rows[0] = (struct fake_row){.email = "ada", .token = 1};
    fakes[1].rows[0] = (struct fake_row){.email = "ben", .token = 2};
    expect_token(1, 0);
    expect_token(2, HEARTH_ERR_NOT_FOUND); /* the own one has been asked before */
    assert_int_equal(fakes[1].asked, 0);
    fakes[2].code = HEARTH_ERR_UNAVAILABLE;
    expect_token(1, 0);
    expect_token(3, HEARTH_ERR_UNAVAILABLE);
}

/* links: an account of this address may be linked. want: enum who_is, or a negative code. */
static void expect_who(const char *subject, const char *email, bool links, int want)
{
    const struct who who = {.issuer = "oidc:x", .subject = subject, .email = email, .links = links};
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct err err = {0};
    enum who_is is = 0;
    size_t node;
    int r = nodes_who_find(&storages, &who, &is, &node, &account, &err);
    if ((r < 0 ? r : (int)is) != want)
        fail_msg("%s %s: got %d", subject, email == NULL ? "-" : email, r < 0 ? r : (int)is);
    nodes_storages_reset(&storages);
}

static void test_who(void **state)
{
    (void)state;
    fakes[0].rows[0] = (struct fake_row){
        .email = "ada", .node = "alder", .issuer = "oidc:x", .subject = "1", .last_sync = 7};
    fakes[2].rows[0] = (struct fake_row){
        .email = "eve", .node = "cedar", .issuer = "sync:fx", .subject = "9", .last_sync = 7};
    expect_who("1", "ada", true, WHO_KNOWN);
    expect_who("1", "eve", true, WHO_KNOWN); /* by the identity, whatever address is said */
    expect_who("1", NULL, false, WHO_KNOWN);
    expect_who("2", "ada", true, WHO_ANOTHER);
    expect_who("2", "eve", true, WHO_LINKS);
    expect_who("2", "eve", false, WHO_ANOTHER);
    expect_who("2", "new", true, WHO_STRANGER);
    expect_who("2", NULL, true, WHO_STRANGER);
    fakes[0].code = HEARTH_ERR_UNAVAILABLE;
    expect_who("2", "new", true, HEARTH_ERR_UNAVAILABLE); /* they may be there */
    expect_who("1", "ada", true, HEARTH_ERR_UNAVAILABLE);
}

#define NODES_TEST(test) cmocka_unit_test_setup_teardown(test, open_nodes, close_nodes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NODES_TEST(test_found),           NODES_TEST(test_on_its_way), NODES_TEST(test_a_dead_node),
        NODES_TEST(test_an_open_breaker), NODES_TEST(test_tokens),     NODES_TEST(test_who),
    };
    log_set_level(HEARTH_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
