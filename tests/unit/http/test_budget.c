/* What answers hold until they are fetched, who pays for it, and how many jobs one may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/internal.h"

enum { KB = 1024 };

/* One request over a connection of its own, which is not ended: its socket is "closed". */
struct asked {
    struct request_context context;
    struct request_observer observer;
    struct conn conn;
};

static struct http_server server;
static struct loop server_loop = {.server = &server};
static struct address_count *const somebody = (struct address_count *)&server; /* not a proxy */

static int begin_server(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    http_budget_init(&server);
    server.limits.unsent_per_connection = 1 << 20;
    server.limits.unsent_per_account = 100 * KB;
    server.limits.unsent_total = 1 << 20;
    server.limits.max_pending_requests_per_account = 4;
    server.limits.exports_per_account = 2;
    return 0;
}

static int end_server(void **state)
{
    (void)state;
    assert_int_equal(server.unsent, 0);
    assert_null(server.payers);
    http_budget_fini(&server);
    return 0;
}

/* account NULL: the address pays. */
static struct asked *ask(const char *address, const char *account, size_t bytes)
{
    struct asked *asked = calloc(1, sizeof(*asked));
    assert_non_null(asked);
    asked->conn =
        (struct conn){.loop = &server_loop, .sock_closed = true, .refs = 1, .address = somebody};
    asked->observer.conn = &asked->conn;
    asked->context.observer = &asked->observer;
    asked->context.loop = &server_loop;
    asked->context.spool_fd = -1;
    asked->context.reply.account = account;
    asked->context.reply.body.room = bytes;
    snprintf(asked->context.request.remote, sizeof(asked->context.request.remote), "%s", address);
    return asked;
}

static void fetch(struct asked *asked)
{
    http_budget_give(&asked->context);
    assert_int_equal(asked->conn.unsent, 0);
    assert_int_equal(asked->conn.refs, 1);
    free(asked);
}

/* want: the id of what is told; NULL: it is not over. */
static void expect_over(const char *address, const char *account, const char *want)
{
    struct asked *asked = ask(address, account, 0);
    struct hearth_sentence got = {0};
    bool over = http_budget_over(&asked->context, &got);
    if (over != (want != NULL) || (over && strcmp(got.id, want) != 0))
        fail_msg("%s: got %s", account == NULL ? address : account, over ? got.id : "-");
    free(asked);
}

static void test_an_account_pays(void **state)
{
    (void)state;
    struct asked *one = ask("192.0.2.7", "ada", 60 * KB), *two = ask("192.0.2.8", "ada", 60 * KB);
    http_budget_take(&one->context);
    expect_over("192.0.2.9", "ada", NULL);
    http_budget_take(&two->context);
    http_budget_take(&two->context); /* once */
    assert_int_equal(two->conn.unsent, ANSWER_COST + 60 * KB);
    expect_over("192.0.2.9", "ada", "problem.unfetched.account");
    expect_over("192.0.2.7", NULL, NULL); /* not by the address, then */
    expect_over("192.0.2.7", "eve", NULL);
    fetch(one);
    expect_over("192.0.2.9", "ada", NULL);
    fetch(two);
}

static void test_an_address_pays(void **state)
{
    (void)state;
    struct asked *one = ask("192.0.2.7", NULL, 100 * KB);
    http_budget_take(&one->context);
    expect_over("192.0.2.7", NULL, "problem.unfetched.address");
    expect_over("192.0.2.8", NULL, NULL);
    expect_over("192.0.2.7", "ada", NULL);
    fetch(one);
}

/* A neighbour in the same /64 is the same; one in the /56 owes a half of what the two may. */
static void test_networks_pay(void **state)
{
    (void)state;
    struct asked *one = ask("2001:db8:1:100::1", NULL, 120 * KB),
                 *two = ask("2001:db8:1:101::1", NULL, 120 * KB);
    http_budget_take(&one->context);
    expect_over("2001:db8:1:100:2::2", NULL, "problem.unfetched.address");
    expect_over("2001:db8:1:102::1", NULL, NULL);
    http_budget_take(&two->context);
    expect_over("2001:db8:1:102::1", NULL, "problem.unfetched.address");
    expect_over("2001:db8:1:200::1", NULL, NULL);
    expect_over("2001:db8:2::1", NULL, NULL);
    fetch(two);
    expect_over("2001:db8:1:102::1", NULL, NULL);
    fetch(one);
}

/* Shared bytes are paid once, by who asked first, until nobody sends them any more. */
static void test_shared_bytes(void **state)
{
    (void)state;
    char *bytes = calloc(1, 100 * KB);
    struct http_shared *shared = http_shared_create(bytes, 100 * KB);
    struct asked *one = ask("192.0.2.7", "ada", 0), *two = ask("192.0.2.7", "eve", 0);
    one->context.reply.shared = two->context.reply.shared = shared;
    http_budget_take(&one->context);
    http_budget_take(&two->context);
    assert_int_equal(server.unsent, 100 * KB + 2 * ANSWER_COST);
    expect_over("192.0.2.7", "ada", "problem.unfetched.account");
    expect_over("192.0.2.7", "eve", NULL);
    fetch(one);
    expect_over("192.0.2.7", "ada", "problem.unfetched.account"); /* eve sends them still */
    assert_int_equal(server.unsent, 100 * KB + ANSWER_COST);
    fetch(two);
    http_shared_unref(shared);
    free(bytes);
}

static void test_a_connection_pays(void **state)
{
    (void)state;
    struct asked *one = ask("192.0.2.7", "ada", 0);
    one->conn.unsent = 1 << 20;
    struct hearth_sentence got;
    assert_true(http_budget_over(&one->context, &got));
    assert_string_equal(got.id, "problem.unfetched.connection");
    one->conn.address = NULL; /* of a proxy, which carries many people's */
    assert_false(http_budget_over(&one->context, &got));
    free(one);
}

static void test_the_whole_server(void **state)
{
    (void)state;
    server.unsent = 2 << 20;
    expect_over("192.0.2.7", "ada", "problem.unfetched.server");
    server.unsent = (2 << 20) - 1;
    expect_over("192.0.2.7", "ada", NULL);
    server.unsent = 0;
}

/* A stream of events is there to stay, and has nothing unsent most of the time. */
static void test_streams_of_events(void **state)
{
    (void)state;
    struct asked *one = ask("192.0.2.7", "ada", 0);
    one->context.reply.events_channel = "ada";
    http_budget_take(&one->context);
    assert_int_equal(server.unsent, 0);
    assert_int_equal(one->conn.unsent, ANSWER_COST);
    fetch(one);
}

static void test_jobs(void **state)
{
    struct asked *pending[6];
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        pending[i] = ask("192.0.2.7", "ada", 0);
        assert_int_equal(http_budget_begin(&pending[i]->context, BUDGET_PENDING), i < 4);
    }
    assert_true(http_budget_begin(&pending[5]->context, BUDGET_EXPORTS)); /* counted apart */
    http_budget_end(&pending[4]->context, BUDGET_PENDING);                /* was not begun */
    assert_false(http_budget_begin(&pending[4]->context, BUDGET_PENDING));
    http_budget_end(&pending[0]->context, BUDGET_PENDING);
    http_budget_end(&pending[0]->context, BUDGET_PENDING); /* once */
    assert_true(http_budget_begin(&pending[4]->context, BUDGET_PENDING));
    assert_false(http_budget_begin(&pending[0]->context, BUDGET_PENDING));
    for (size_t i = 0; i < 6; i++) {
        http_budget_end(&pending[i]->context, BUDGET_PENDING);
        http_budget_end(&pending[i]->context, BUDGET_EXPORTS);
        free(pending[i]);
    }
}

/* Of a /56 there are twice as many at a time, whichever /64 they are in. */
static void test_jobs_of_a_network(void **state)
{
    struct asked *pending[10];
    char address[64];
    int begun = 0;
    (void)state;
    for (int i = 0; i < 10; i++) {
        snprintf(address, sizeof(address), "2001:db8:1:10%d::1", i);
        pending[i] = ask(address, NULL, 0);
        begun += http_budget_begin(&pending[i]->context, BUDGET_PENDING);
    }
    assert_int_equal(begun, 8);
    for (int i = 0; i < 10; i++) {
        http_budget_end(&pending[i]->context, BUDGET_PENDING);
        free(pending[i]);
    }
}

#define BUDGET_TEST(test) cmocka_unit_test_setup_teardown(test, begin_server, end_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUDGET_TEST(test_an_account_pays),   BUDGET_TEST(test_an_address_pays),
        BUDGET_TEST(test_networks_pay),      BUDGET_TEST(test_shared_bytes),
        BUDGET_TEST(test_a_connection_pays), BUDGET_TEST(test_the_whole_server),
        BUDGET_TEST(test_streams_of_events), BUDGET_TEST(test_jobs),
        BUDGET_TEST(test_jobs_of_a_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
