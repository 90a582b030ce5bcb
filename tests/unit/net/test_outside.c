/* URLs that somebody from outside gives, and what of them may be asked. */
#include "fixture.h"

#include <sched.h>

static const struct network no_networks[1];

static void test_urls_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum net_outside_fault fault;
        const char *origin;
    } table[] = {
        {"https://push.example.org/up?token=1", NET_OUTSIDE_FINE, "https://push.example.org"},
        {"https://push.example.org:443/", NET_OUTSIDE_FINE, "https://push.example.org"},
        {"https://push.example.org:8443", NET_OUTSIDE_FINE, "https://push.example.org:8443"},
        {"HTTPS://Push.example.org/", NET_OUTSIDE_FINE, "https://push.example.org"},
        {"https://8.8.8.8/", NET_OUTSIDE_FINE, "https://8.8.8.8"},
        {"https://[2606:4700::1111]/x", NET_OUTSIDE_FINE, "https://[2606:4700::1111]"},
        {"http://push.example.org/", NET_OUTSIDE_NO_HTTPS, NULL},
        {"ftp://push.example.org/", NET_OUTSIDE_NO_HTTPS, NULL},
        {"file:///etc/passwd", NET_OUTSIDE_NO_HTTPS, NULL},
        {"gopher://push.example.org/", NET_OUTSIDE_NO_HTTPS, NULL},
        {"push.example.org/", NET_OUTSIDE_NO_URL, NULL},
        {"", NET_OUTSIDE_NO_URL, NULL},
        {"https://", NET_OUTSIDE_NO_URL, NULL},
        {"https://push.example.org:99999/", NET_OUTSIDE_NO_URL, NULL},
        {"https://push.example.org/a b", NET_OUTSIDE_NO_URL, NULL},
        {"https://push%2eexample%aa/", NET_OUTSIDE_NO_URL, NULL},
        {"https://push%20x/", NET_OUTSIDE_NO_URL, NULL},
        {"https://%6cocalhost/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://push.example.org/\r\nx: y", NET_OUTSIDE_NO_URL, NULL},
        {"https://push.example.org/\xc3\xa9", NET_OUTSIDE_NO_URL, NULL},
        {"https://ada@push.example.org/", NET_OUTSIDE_CREDENTIALS, NULL},
        {"https://ada:secret@push.example.org/", NET_OUTSIDE_CREDENTIALS, NULL},
        {"https://push.example.org@127.0.0.1/", NET_OUTSIDE_CREDENTIALS, NULL},
        {"https://localhost/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://LOCALHOST:8443/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://127.0.0.1/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://127.1/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://0x7f000001/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://2130706433/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://0177.0.0.1/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://10.1.2.3/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://169.254.169.254/latest/meta-data/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://100.64.0.1/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://[::1]/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://[::]/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://[::ffff:127.0.0.1]/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://[64:ff9b::7f00:1]/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://[2002:7f00:1::]/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://[fe80::1%25eth0]/", NET_OUTSIDE_ADDRESS, NULL},
        {"https://[fd00::1]/", NET_OUTSIDE_ADDRESS, NULL},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct net_outside_url parts = {.host = "?"};
        enum net_outside_fault fault = net_outside_look(table[i].url, no_networks, 0, &parts);
        if (fault != table[i].fault)
            fail_msg("%s: %d", table[i].url, fault);
        if (table[i].origin != NULL)
            assert_string_equal(parts.origin, table[i].origin);
        else
            assert_string_equal(parts.host, "?");
    }
}

static void test_long_urls(void **state)
{
    (void)state;
    char url[NET_OUTSIDE_URL_MAX + 2] = "https://push.example.org/";
    struct net_outside_url parts;
    size_t used = strlen(url);
    memset(url + used, 'x', NET_OUTSIDE_URL_MAX - used);
    assert_int_equal(net_outside_look(url, no_networks, 0, &parts), NET_OUTSIDE_FINE);
    url[NET_OUTSIDE_URL_MAX] = 'x';
    assert_int_equal(net_outside_look(url, no_networks, 0, &parts), NET_OUTSIDE_NO_URL);
    snprintf(url, sizeof(url), "https://%0300d.example.org/", 0);
    assert_int_equal(net_outside_look(url, no_networks, 0, &parts), NET_OUTSIDE_NO_URL);
}

static void test_networks_besides(void **state)
{
    (void)state;
    struct network networks[2];
    struct net_outside_url parts;
    assert_true(network_parse("10.0.0.0/8", &networks[0]));
    assert_true(network_parse("::1", &networks[1]));
    assert_int_equal(net_outside_look("https://10.9.9.9/", networks, 2, &parts), NET_OUTSIDE_FINE);
    assert_int_equal(net_outside_look("https://[::1]/", networks, 2, &parts), NET_OUTSIDE_FINE);
    assert_int_equal(net_outside_look("https://127.0.0.1/", networks, 2, &parts),
                     NET_OUTSIDE_ADDRESS);
    assert_int_equal(net_outside_look("https://192.168.1.1/", networks, 2, &parts),
                     NET_OUTSIDE_ADDRESS);
}

/* --- exchanges --- */

static void count_over(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static void await_over(atomic_int *over, int wanted)
{
    while (atomic_load(over) < wanted)
        sched_yield();
    assert_int_equal(atomic_load(over), wanted);
}

static int ask_outside(struct call *call, const char *url, const struct net_outside *outside,
                       struct answer *answer)
{
    struct net_exchange *exchange;
    const struct hearth_http_request request = {.struct_size = sizeof(request),
                                                .method = "POST",
                                                .url = url,
                                                .timeout = 2000,
                                                .max_response = 4096,
                                                .body = "",
                                                .on_response = on_response,
                                                .on_body = on_body,
                                                .ctx = answer};
    int r = net_begin_outside(net, &call->hearth, &request, outside, &exchange);
    return r < 0 ? r : net_finish(exchange, &call->hearth, &request);
}

/* The socket says where a name leads, not whoever gave it. */
static void test_names_of_this_machine(void **state)
{
    (void)state;
    char url[64];
    atomic_int over = 0;
    struct answer answer = {0};
    struct network loopback[2];
    struct call call;
    struct net_outside outside = {.connect_timeout = 1000, .on_over = count_over, .ctx = &over};
    assert_true(network_parse("127.0.0.0/8", &loopback[0]));
    assert_true(network_parse("::1", &loopback[1]));
    plug_call_init(&call, NULL, 0, 0);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", port);
    assert_int_equal(ask_outside(&call, url, &outside, &answer), HEARTH_ERR_DENIED);
    assert_int_equal(over, 0);
    snprintf(url, sizeof(url), "https://push.localhost:%d/", port); /* a name like any other */
    assert_int_equal(ask_outside(&call, url, &outside, &answer), HEARTH_ERR_DENIED);
    assert_non_null(strstr(call.error, "no public address"));
    await_over(&over, 1);
    outside.networks = loopback;
    outside.network_count = 2;
    /* there is somebody, who speaks no TLS */
    assert_int_equal(ask_outside(&call, url, &outside, &answer), HEARTH_ERR_UNAVAILABLE);
    await_over(&over, 2);
    assert_int_equal(ask_outside(&call, "http://8.8.8.8/", &outside, &answer), HEARTH_ERR_DENIED);
    assert_int_equal(answer.status, 0);
    assert_int_equal(atomic_load(&net->under_way), 0);
    plug_call_fini(&call);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_of_others),
        cmocka_unit_test(test_long_urls),
        cmocka_unit_test(test_networks_besides),
        TEST(test_names_of_this_machine),
    };
    script = argc > 1 ? argv[1] : "server.py";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
