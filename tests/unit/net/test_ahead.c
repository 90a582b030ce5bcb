/* An exchange in two steps: sent now, its answer taken later, or never. */
#include "fixture.h"

static int begin(struct call *call, const char *path, uint32_t timeout,
                 struct net_exchange **ret_exchange)
{
    char url[256];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
    /* nothing of it is needed when begin() has returned */
    const struct hearth_http_request request = {.struct_size = sizeof(request),
                                                .method = "GET",
                                                .url = path[0] == '/' ? url : path,
                                                .timeout = timeout,
                                                .max_response = 1 << 30};
    return net_begin(net, &call->hearth, &request, ret_exchange);
}

static int finish(struct call *call, struct net_exchange *exchange, struct answer *answer)
{
    const struct hearth_http_request request = {.struct_size = sizeof(request),
                                                .on_response = on_response,
                                                .on_body = on_body,
                                                .ctx = answer};
    return net_finish(exchange, &call->hearth, &request);
}

static int fetch_now(struct call *call, const char *path, struct answer *answer)
{
    struct net_exchange *exchange;
    int r = begin(call, path, 0, &exchange);
    return r < 0 ? r : finish(call, exchange, answer);
}

/* A server works on the second request while the first answer is read. */
static void test_ahead(void **state)
{
    (void)state;
    struct answer late = {.keep = true}, first = {.keep = true}, big = {0};
    struct net_exchange *exchange, *other;
    struct call call;
    plug_call_init(&call, NULL, 0, 0);
    assert_int_equal(begin(&call, "/slow?n=50", 0, &exchange), 0);
    assert_int_equal(fetch_now(&call, "/echo", &first), 0);
    assert_int_equal(begin(&call, "/big?n=3000000", 0, &other), 0);
    assert_int_equal(finish(&call, exchange, &late), 0);
    assert_int_equal(late.status, 200);
    assert_memory_equal(late.body.data, "late", 4);
    assert_int_equal(finish(&call, other, &big), 0);
    assert_int_equal(big.total, 3000000);
    assert_int_equal(atomic_load(&net->under_way), 0);
    buf_fini(&late.body);
    buf_fini(&first.body);
    plug_call_fini(&call);
}

/* An answer that nobody takes is a window in memory, whatever its size; it may be dropped before,
 * while and after it comes. */
static void test_ahead_is_cancelled(void **state)
{
    (void)state;
    static const char *const paths[] = {"/big?n=30000000", "/slow?n=300", "/echo", "/cut"};
    struct call call;
    plug_call_init(&call, NULL, 0, 0);
    for (int wait_ms = 0; wait_ms <= 20; wait_ms += 20)
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
            struct net_exchange *exchange;
            struct answer answer = {0};
            assert_int_equal(begin(&call, paths[i], 0, &exchange), 0);
            usleep((useconds_t)wait_ms * 1000); /* some have come by then, some have not */
            net_cancel(exchange);
            assert_int_equal(atomic_load(&net->under_way), 0);
            assert_int_equal(fetch_now(&call, "/echo", &answer), 0);
            assert_int_equal(answer.status, 200);
        }
    plug_call_fini(&call);
}

static void test_ahead_fails(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct net_exchange *exchange = NULL;
    struct call call;
    atomic_bool stop = false;
    plug_call_init(&call, &stop, 0, 0);
    assert_int_equal(begin(&call, "http://192.0.2.1/", 0, &exchange), HEARTH_ERR_DENIED);
    assert_null(exchange);
    assert_int_equal(begin(&call, "/slow?n=2000", 50, &exchange), 0);
    assert_int_equal(finish(&call, exchange, &answer), HEARTH_ERR_TIMEOUT);
    assert_int_equal(begin(&call, "/cut", 0, &exchange), 0);
    assert_int_equal(finish(&call, exchange, &answer), HEARTH_ERR_UNAVAILABLE);
    answer = (struct answer){.stop_after = 100000};
    assert_int_equal(begin(&call, "/big?n=3000000", 0, &exchange), 0);
    assert_int_equal(finish(&call, exchange, &answer), HEARTH_ERR_CANCELLED);
    assert_int_equal(begin(&call, "/slow?n=2000", 0, &exchange), 0);
    atomic_store(&stop, true);
    assert_int_equal(finish(&call, exchange, &answer), HEARTH_ERR_CANCELLED);
    assert_int_equal(atomic_load(&net->under_way), 0);
    plug_call_fini(&call);
}

static void *stop_net(void *arg)
{
    (void)arg;
    net_stop(net);
    return NULL;
}

/* The network thread waits for what was begun. */
static void test_stop_with_one_ahead(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct net_exchange *exchange, *other;
    struct call call;
    pthread_t thread;
    plug_call_init(&call, NULL, 0, 0);
    assert_int_equal(begin(&call, "/slow?n=30000", 0, &exchange), 0);
    assert_int_equal(begin(&call, "/slow?n=30000", 0, &other), 0);
    assert_int_equal(pthread_create(&thread, NULL, stop_net, NULL), 0);
    assert_int_equal(finish(&call, exchange, &answer), HEARTH_ERR_CANCELLED);
    net_cancel(other);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(begin(&call, "/echo", 0, &exchange), HEARTH_ERR_CANCELLED);
    plug_call_fini(&call);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ahead),
        TEST(test_ahead_is_cancelled),
        TEST(test_ahead_fails),
        TEST(test_stop_with_one_ahead),
    };
    script = argc > 1 ? argv[1] : "server.py";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
