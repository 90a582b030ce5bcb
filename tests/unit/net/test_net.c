#include "fixture.h"

#include "base/clock.h"

static int fetch_with(struct answer *answer, const struct hearth_http_request *more,
                      const char *path, const atomic_bool *stop)
{
    char url[256];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
    struct hearth_http_request request = *more;
    request.struct_size = sizeof(request);
    request.url = path[0] == '/' ? url : path;
    if (request.method == NULL)
        request.method = "GET";
    request.on_response = on_response;
    request.on_body = on_body;
    request.ctx = answer;
    struct call call;
    plug_call_init(&call, stop, 0, 0);
    int r = net_fetch(net, &call.hearth, &request);
    snprintf(answer->error, sizeof(answer->error), "%s", call.error);
    answer->wait = call.hearth.retry_after;
    plug_call_fini(&call);
    return r;
}

static int fetch(struct answer *answer, const char *path)
{
    struct hearth_http_request none = {0};
    return fetch_with(answer, &none, path, NULL);
}

static void test_exchange(void **state)
{
    (void)state;
    struct answer answer = {.keep = true};
    struct hearth_http_header header = HEARTH_HTTP_HEADER("X-Test", "yes");
    struct hearth_http_request post = {
        .method = "POST", .headers = &header, .header_count = 1, .body = "hello", .body_size = 5};
    assert_int_equal(fetch_with(&answer, &post, "/echo?a=%2f..%2F&b=1:2", NULL), 0);
    assert_int_equal(answer.status, 200);
    /* the URL as it was given */
    assert_string_equal(answer.body.data, "POST /echo?a=%2f..%2F&b=1:2 yes hello");
    buf_reset(&answer.body);
    assert_int_equal(fetch(&answer, "/nothing"), 0); /* any status is a success */
    assert_int_equal(answer.status, 404);
    buf_fini(&answer.body);
}

static void test_connections_are_used_again(void **state)
{
    (void)state;
    struct answer answer = {0};
    for (int i = 0; i < 50; i++)
        assert_int_equal(fetch(&answer, "/echo"), 0);
    struct answer count = {.keep = true};
    assert_int_equal(fetch(&count, "/connections"), 0);
    assert_in_range(strtol(count.body.data, NULL, 10), 1, 3);
    buf_fini(&count.body);
}

static void *fetch_slow(void *arg)
{
    struct answer *answer = arg;
    return (void *)(intptr_t)fetch(answer, "/slow?n=20");
}

static void test_limit_of_a_host(void **state)
{
    (void)state;
    enum { N = 30 };
    pthread_t threads[N];
    static struct answer answers[N];
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_slow, &answers[i]), 0);
    for (int i = 0; i < N; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_int_equal((intptr_t)result, 0);
        assert_int_equal(answers[i].status, 200);
    }
    struct answer count = {.keep = true};
    assert_int_equal(fetch(&count, "/connections"), 0);
    assert_in_range(strtol(count.body.data, NULL, 10), 1, 5);
    buf_fini(&count.body);
}

static void test_sizes(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct hearth_http_request small = {.max_response = 1000};
    assert_int_equal(fetch_with(&answer, &small, "/big?n=1000", NULL), 0);
    assert_int_equal(fetch_with(&answer, &small, "/big?n=1001", NULL), HEARTH_ERR_FULL);
    assert_non_null(strstr(answer.error, "larger than allowed"));
    assert_int_equal(fetch(&answer, "/headers?n=20"), 0);
    assert_int_equal(fetch(&answer, "/headers?n=90"), HEARTH_ERR_FULL);
}

static long resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    char line[128];
    if (f != NULL && fgets(line, sizeof(line), f) != NULL)
        pages = strtol(strchr(line, ' '), NULL, 10);
    if (f != NULL)
        fclose(f);
    return pages * 4;
}

static void test_a_slow_receiver_holds_the_sender_back(void **state)
{
    (void)state;
    struct answer answer = {.pause_ms = 1};
    struct hearth_http_request large = {.max_response = 1 << 30};
    long before = resident();
    assert_int_equal(fetch_with(&answer, &large, "/big?n=50000000", NULL), 0);
    assert_int_equal(answer.total, 50000000);
    assert_true(resident() - before < 40000); /* KiB; the sanitizers' share included */
}

static void *stop_soon(void *arg)
{
    usleep(50000);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

static void test_endings(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct hearth_http_request none = {0}, hurry = {.timeout = 100},
                               large = {.max_response = 1 << 30};
    assert_int_equal(fetch_with(&answer, &hurry, "/slow?n=5000", NULL), HEARTH_ERR_TIMEOUT);
    atomic_bool stop = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    int64_t begun = clock_monotonic();
    assert_int_equal(fetch_with(&answer, &none, "/slow?n=20000", &stop), HEARTH_ERR_CANCELLED);
    assert_true(clock_monotonic() - begun < 10000);
    pthread_join(thread, NULL);
    answer = (struct answer){.stop_after = 100000};
    assert_int_equal(fetch_with(&answer, &large, "/big?n=50000000", NULL), HEARTH_ERR_CANCELLED);
    answer = (struct answer){0};
    assert_int_equal(fetch(&answer, "/cut"), HEARTH_ERR_UNAVAILABLE);
    assert_int_equal(fetch(&answer, "http://127.0.0.1:1/"), HEARTH_ERR_UNAVAILABLE);
    assert_non_null(strstr(answer.error, "127.0.0.1:1 cannot be reached"));
    assert_int_equal(fetch(&answer, "http://example.org/"), HEARTH_ERR_DENIED);
    assert_non_null(strstr(answer.error, "insecure_http"));
    assert_int_equal(fetch(&answer, "ftp://127.0.0.1/"), HEARTH_ERR_DENIED);
    assert_int_equal(fetch(&answer, "file:///etc/passwd"), HEARTH_ERR_INVALID);
    assert_int_equal(fetch(&answer, "nonsense"), HEARTH_ERR_INVALID);
}

static void test_pauses(void **state)
{
    (void)state;
    struct answer answer = {0};
    assert_int_equal(fetch(&answer, "/wait?n=60"), 0);
    assert_int_equal(answer.status, 503);
    assert_int_equal(answer.retry_after, 60000);
    assert_int_equal(fetch(&answer, "/echo"), HEARTH_ERR_UNAVAILABLE); /* nothing is sent */
    assert_in_range(answer.wait, 50000, 60000);
    assert_non_null(strstr(answer.error, "left alone"));
}

static void test_pause_by_date(void **state)
{
    (void)state;
    struct answer answer = {0};
    assert_int_equal(fetch(&answer, "/waitdate?n=100"), 0);
    assert_int_equal(answer.status, 429);
    assert_in_range(answer.retry_after, 90000, 101000);
    net_pause_host(net, "127.0.0.1:9", 5000);
    assert_int_equal(fetch(&answer, "http://127.0.0.1:9/"), HEARTH_ERR_UNAVAILABLE);
    assert_in_range(answer.wait, 1, 5000);
}

/* --- addresses that another server names --- */

static void test_kinds_of_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum net_reach reach;
    } table[] = {
        {"127.0.0.1", NET_LOOPBACK},
        {"127.255.255.254", NET_LOOPBACK},
        {"126.255.255.255", NET_PUBLIC},
        {"10.0.0.1", NET_PRIVATE},
        {"11.0.0.1", NET_PUBLIC},
        {"172.16.0.1", NET_PRIVATE},
        {"172.31.255.255", NET_PRIVATE},
        {"172.32.0.1", NET_PUBLIC},
        {"192.168.1.1", NET_PRIVATE},
        {"100.64.0.1", NET_PRIVATE},
        {"100.128.0.1", NET_PUBLIC},
        {"169.254.169.254", NET_LINK},
        {"0.0.0.0", NET_NOWHERE},
        {"0.1.2.3", NET_NOWHERE},
        {"224.0.0.1", NET_NOWHERE},
        {"255.255.255.255", NET_NOWHERE},
        {"192.0.2.1", NET_NOWHERE},
        {"8.8.8.8", NET_PUBLIC},
        {"::1", NET_LOOPBACK},
        {"::", NET_NOWHERE},
        {"::ffff:127.0.0.1", NET_LOOPBACK},
        {"::ffff:10.1.2.3", NET_PRIVATE},
        {"::ffff:8.8.8.8", NET_PUBLIC},
        {"::127.0.0.1", NET_LOOPBACK},
        {"64:ff9b::7f00:1", NET_LOOPBACK},
        {"64:ff9b::a9fe:a9fe", NET_LINK},
        {"64:ff9b::808:808", NET_PUBLIC},
        {"64:ff9b:1::1", NET_PRIVATE},
        {"2002:7f00:1::", NET_LOOPBACK},
        {"2002:a00:1::1", NET_PRIVATE},
        {"2002:808:808::1", NET_PUBLIC},
        {"2001::1", NET_NOWHERE},
        {"2001:db8::1", NET_NOWHERE},
        {"fe80::1", NET_LINK},
        {"febf::1", NET_LINK},
        {"fec0::1", NET_PRIVATE},
        {"fc00::1", NET_PRIVATE},
        {"fdff::1", NET_PRIVATE},
        {"fe00::1", NET_NOWHERE},
        {"ff02::1", NET_NOWHERE},
        {"2606:4700::1111", NET_PUBLIC},
        {"4000::1", NET_NOWHERE},
        {"::ffff:0:127.0.0.1", NET_NOWHERE},
        {"192.0.0.8", NET_NOWHERE},
        {"192.88.99.1", NET_NOWHERE},
        {"198.18.0.1", NET_PRIVATE},
        {"198.19.255.255", NET_PRIVATE},
        {"198.51.100.7", NET_NOWHERE},
        {"203.0.113.7", NET_NOWHERE},
        {"240.0.0.1", NET_NOWHERE},
        {"100::1", NET_NOWHERE},
        {"5f00::1", NET_NOWHERE},
        {"2001:2::1", NET_PRIVATE},
        {"2001:3::1", NET_PUBLIC},
        {"2001:10::1", NET_NOWHERE},
        {"2001:1f:ffff::1", NET_NOWHERE},
        {"2001:2f::1", NET_NOWHERE},
        {"2001:30::1", NET_PUBLIC},
        {"3fff::1", NET_NOWHERE},
        {"3fff:fff:ffff::1", NET_NOWHERE},
        {"3fff:1000::1", NET_PUBLIC},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool is_v4 = inet_pton(AF_INET, table[i].address, &v4.sin_addr) == 1;
        assert_true(is_v4 || inet_pton(AF_INET6, table[i].address, &v6.sin6_addr) == 1);
        enum net_reach reach =
            net_reach_of(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6);
        if (reach != table[i].reach)
            fail_msg("%s is of kind %d", table[i].address, reach);
    }
}

/* A door that nobody should knock at: a socket that listens, and whether somebody came. */
static int door_open(const char *address, int *ret_port)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    socklen_t size = sizeof(where);
    inet_pton(AF_INET, address, &where.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof(where)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
    *ret_port = ntohs(where.sin_port);
    return fd;
}

static int fetch_named(struct answer *answer, const char *url, const char *named_by)
{
    struct hearth_http_request request = {.named_by = named_by};
    return fetch_with(answer, &request, url, NULL);
}

static void test_others_do_not_lead_inside(void **state)
{
    (void)state;
    static const char *const namers[] = {"https://sync.example.org/1.0/sync/1.5",
                                         "https://192.0.2.1", "https://[2001:db8::1]:8443/x"};
    static const char *const urls[] = {
        "https://127.0.0.2:%d/x",
        "https://127.2:%d/x",
        "https://2130706434:%d/x",
        "https://0x7f000002:%d/x",
        "https://0177.0.0.2:%d/x",
        "https://[::ffff:127.0.0.2]:%d",
        "https://[::ffff:7f00:2]:%d/x",
        "http://127.0.0.2:%d/any/path",
        "https://[64:ff9b::7f00:2]:%d/x",
        "https://[::127.0.0.2]:%d/x",
        "https://user:secret@127.0.0.2:%d/",
        "https://[2002:7f00:2::]:%d/x",
    };
    int door_port;
    int door = door_open("127.0.0.2", &door_port);
    for (size_t n = 0; n < sizeof(namers) / sizeof(namers[0]); n++)
        for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
            struct answer answer = {0};
            char url[128];
            snprintf(url, sizeof(url), urls[i], door_port);
            int r = fetch_named(&answer, url, namers[n]);
            if (r != HEARTH_ERR_DENIED)
                fail_msg("%s: %d (%s)", url, r, answer.error);
        }
    assert_true(accept(door, NULL, NULL) < 0);
    close(door);
}

/* A name says where it leads only when it is resolved. */
static void test_names_do_not_lead_inside(void **state)
{
    (void)state;
    int door_port;
    int door = door_open("127.0.0.1", &door_port);
    char url[128];
    struct answer answer = {0};
    snprintf(url, sizeof(url), "https://storage.localhost:%d/x", door_port);
    assert_int_equal(fetch_named(&answer, url, "https://sync.example.org"), HEARTH_ERR_DENIED);
    assert_non_null(strstr(answer.error, "private_addresses"));
    /* the kernel takes it for this machine */
    snprintf(url, sizeof(url), "https://0.0.0.0:%d/x", door_port);
    assert_int_equal(fetch_named(&answer, url, "https://sync.example.org"), HEARTH_ERR_DENIED);
    assert_int_equal(fetch_named(&answer, url, "http://127.0.0.1:1"), HEARTH_ERR_DENIED);
    assert_true(accept(door, NULL, NULL) < 0);
    snprintf(url, sizeof(url), "https://storage.localhost:%d/x", door_port);
    /* from this machine it may be named */
    struct hearth_http_request hasty = {.named_by = "http://127.0.0.1:1", .timeout = 300};
    assert_int_not_equal(fetch_with(&answer, &hasty, url, NULL), HEARTH_ERR_DENIED);
    int came = accept(door, NULL, NULL);
    assert_true(came >= 0);
    close(came);
    close(door);
}

/* A connection that was made for somebody who may more is not used for others. */
static void test_connections_are_not_lent(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct hearth_http_request named = {.named_by = "https://sync.example.org",
                                        .insecure_http = true};
    assert_int_equal(fetch(&answer, "/echo"), 0);
    assert_int_equal(fetch_with(&answer, &named, "/echo", NULL), HEARTH_ERR_DENIED);
    named.named_by = "http://127.0.0.9";
    assert_int_equal(fetch_with(&answer, &named, "/echo", NULL), 0);
}

/* Where the operator's own choice has been reached decides; a name alone says nothing, and what
 * failed teaches nothing. */
static void test_what_is_learnt(void **state)
{
    (void)state;
    char base[64], url[128];
    struct answer answer = {0};
    struct hearth_http_request own = {.insecure_http = true};
    struct hearth_http_request named = {.insecure_http = true, .named_by = base};
    snprintf(base, sizeof(base), "http://sync.localhost:%d", port);
    assert_int_equal(fetch_with(&answer, &named, "/echo", NULL), HEARTH_ERR_DENIED);
    assert_int_equal(fetch_with(&answer, &own, "http://sync.localhost:1/", NULL),
                     HEARTH_ERR_UNAVAILABLE);
    assert_int_equal(fetch_with(&answer, &named, "/echo", NULL), HEARTH_ERR_DENIED);
    snprintf(url, sizeof(url), "%s/echo", base);
    assert_int_equal(fetch_with(&answer, &own, url, NULL), 0);
    assert_int_equal(fetch_with(&answer, &named, "/echo", NULL), 0);
    named.named_by = "http://other.localhost";
    assert_int_equal(fetch_with(&answer, &named, "/echo", NULL), HEARTH_ERR_DENIED);
}

/* Through a proxy of the environment nothing of this machine is reached directly, and numbers in
 * the URL are still looked at. */
static void test_the_proxy_of_the_environment(void **state)
{
    (void)state;
    char proxy[64];
    struct answer answer = {0};
    struct hearth_http_request named = {.insecure_http = true,
                                        .named_by = "https://sync.example.org"};
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", port);
    setenv("http_proxy", proxy, 1);
    assert_int_equal(fetch_with(&answer, &named, "/echo", NULL), HEARTH_ERR_DENIED);
    assert_int_equal(fetch_with(&answer, &named, "http://10.0.0.1/echo", NULL), HEARTH_ERR_DENIED);
    /* the proxy was asked, and answered */
    assert_int_equal(fetch_with(&answer, &named, "http://storage.example.org/echo", NULL), 0);
    setenv("no_proxy", "example.net, .example.org", 1);
    assert_true(net_policy_proxy(false, "storage.example.org") == NULL &&
                net_policy_proxy(false, "example.net") == NULL);
    assert_string_equal(net_policy_proxy(false, "notexample.net"), proxy);
    assert_null(net_policy_proxy(true, "example.com"));
    unsetenv("http_proxy");
    unsetenv("no_proxy");
}

static void *fetch_long(void *arg)
{
    return (void *)(intptr_t)fetch(arg, "/slow?n=20000");
}

static void test_stop_while_fetching(void **state)
{
    (void)state;
    pthread_t threads[6];
    static struct answer answers[6];
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_long, &answers[i]), 0);
    usleep(30000);
    net_stop(net);
    for (int i = 0; i < 6; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_int_equal((intptr_t)result, HEARTH_ERR_CANCELLED);
    }
    assert_int_equal(fetch(&answers[0], "/echo"), HEARTH_ERR_CANCELLED);
}

int main(int argc, char **argv)
{
    script = argc > 1 ? argv[1] : "server.py";
    const struct CMUnitTest tests[] = {
        TEST(test_exchange),
        TEST(test_connections_are_used_again),
        TEST(test_limit_of_a_host),
        TEST(test_sizes),
        TEST(test_a_slow_receiver_holds_the_sender_back),
        TEST(test_endings),
        TEST(test_pauses),
        TEST(test_pause_by_date),
        cmocka_unit_test(test_kinds_of_addresses),
        TEST(test_others_do_not_lead_inside),
        TEST(test_names_do_not_lead_inside),
        TEST(test_connections_are_not_lent),
        TEST(test_what_is_learnt),
        TEST(test_the_proxy_of_the_environment),
        TEST(test_stop_while_fetching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
