/* How many connections an address may have, and the networks around it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/internal.h"

enum { TEST_CONNECTIONS = 64 };

static struct http_server server;
static struct address_count *taken[TEST_CONNECTIONS];
static size_t taken_count;

static int begin_server(void **state)
{
    static struct network proxy;
    (void)state;
    memset(&server, 0, sizeof(server));
    pthread_mutex_init(&server.address_lock, NULL);
    server.limits.max_connections_per_address = 4;
    assert_true(network_parse("10.0.0.0/8", &proxy));
    server.proxies = &proxy;
    server.proxy_count = 1;
    return 0;
}

/* Whatever came has gone again: nothing is kept. */
static int end_server(void **state)
{
    (void)state;
    while (taken_count > 0)
        http_address_give(&server, taken[--taken_count]);
    assert_null(server.addresses);
    pthread_mutex_destroy(&server.address_lock);
    return 0;
}

enum came { CAME, CAME_UNCOUNTED, CAME_REFUSED };

static enum came connection_from(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    bool refused;
    bool is_four = inet_pton(AF_INET, text, &four.sin_addr) == 1;
    if (!is_four)
        assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    struct sockaddr *address = is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    struct address_count *count = http_address_take(&server, address, &refused);
    assert_true(count == NULL || !refused);
    if (count != NULL)
        taken[taken_count++] = count;
    return count != NULL ? CAME : refused ? CAME_REFUSED : CAME_UNCOUNTED;
}

/* So many come, and the next does not. */
static void expect_room(const char *text, int room)
{
    for (int i = 0; i < room; i++)
        assert_int_equal(connection_from(text), CAME);
    assert_int_equal(connection_from(text), CAME_REFUSED);
}

static void test_ipv4(void **state)
{
    (void)state;
    expect_room("192.0.2.7", 4);
    expect_room("192.0.2.8", 4);
    http_address_give(&server, taken[--taken_count]);
    assert_int_equal(connection_from("192.0.2.7"), CAME_REFUSED);
    expect_room("192.0.2.8", 1);
}

static void test_ipv4_in_ipv6(void **state)
{
    (void)state;
    expect_room("::ffff:192.0.2.7", 4);
    assert_int_equal(connection_from("192.0.2.7"), CAME_REFUSED);
}

/* A /64 is one client; a /56 has room for two of them, a /48 for four. */
static void test_ipv6(void **state)
{
    (void)state;
    expect_room("2001:db8:1:100::1", 4);
    assert_int_equal(connection_from("2001:db8:1:100:ffff::1"), CAME_REFUSED);
    expect_room("2001:db8:1:101::1", 4);
    assert_int_equal(connection_from("2001:db8:1:102::1"), CAME_REFUSED); /* of the /56 */
    expect_room("2001:db8:1:200::1", 4);
    expect_room("2001:db8:1:300::1", 4);
    assert_int_equal(connection_from("2001:db8:1:400::1"), CAME_REFUSED); /* of the /48 */
    expect_room("2001:db8:2::1", 4);
}

static void test_uncounted(void **state)
{
    const struct sockaddr local = {.sa_family = AF_UNIX};
    bool refused = true;
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(connection_from("10.0.0.1"), CAME_UNCOUNTED);
        assert_int_equal(connection_from("::ffff:10.1.2.3"), CAME_UNCOUNTED);
    }
    assert_null(http_address_take(&server, &local, &refused));
    assert_false(refused);
    http_address_give(&server, NULL);
}

static void test_no_room_at_all(void **state)
{
    (void)state;
    server.limits.max_connections_per_address = 0;
    expect_room("192.0.2.7", 0);
    expect_room("2001:db8::1", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ipv4, begin_server, end_server),
        cmocka_unit_test_setup_teardown(test_ipv4_in_ipv6, begin_server, end_server),
        cmocka_unit_test_setup_teardown(test_ipv6, begin_server, end_server),
        cmocka_unit_test_setup_teardown(test_uncounted, begin_server, end_server),
        cmocka_unit_test_setup_teardown(test_no_room_at_all, begin_server, end_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
