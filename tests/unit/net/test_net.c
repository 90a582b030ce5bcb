#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/net.h"
#include "plug/call.h"

static const char *script;
static struct net *net;
static pid_t server;
static int port;

static int start_server(void **state)
{
    (void)state;
    int pipe_ends[2];
    char line[16] = "";
    if (pipe(pipe_ends) != 0 || (server = fork()) < 0)
        return -1;
    if (server == 0) {
        dup2(pipe_ends[1], STDOUT_FILENO);
        execlp("python3", "python3", script, (char *)NULL);
        _exit(127);
    }
    close(pipe_ends[1]);
    for (size_t n = 0; n < sizeof(line) - 1 && read(pipe_ends[0], line + n, 1) == 1 && line[n] != '\n'; n++)
        ;
    close(pipe_ends[0]);
    port = (int)strtol(line, NULL, 10);
    struct net_options options = {.max_connections_per_host = 3};
    struct err err = {0};
    return port == 0 || net_start(&options, &net, &err) < 0 ? -1 : 0;
}

static int stop_server(void **state)
{
    (void)state;
    net_stop(net);
    net_destroy(net);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    return 0;
}

struct answer {
    int status;
    int64_t retry_after, total;
    struct buf body;
    int pause_ms, stop_after; /* what the receiver does */
    bool keep;
    char error[512];
    int64_t wait;
};

static int on_response(void *ctx, const struct hearth_http_response *response)
{
    struct answer *answer = ctx;
    answer->status = response->status;
    answer->retry_after = response->retry_after;
    return 0;
}

static int on_body(void *ctx, const void *data, size_t size)
{
    struct answer *answer = ctx;
    answer->total += (int64_t)size;
    if (answer->keep)
        buf_add(&answer->body, data, size);
    if (answer->pause_ms > 0)
        usleep((useconds_t)answer->pause_ms * 1000);
    return answer->stop_after > 0 && answer->total > answer->stop_after;
}

static int fetch_with(struct answer *answer, const struct hearth_http_request *more, const char *path, const atomic_bool *stop)
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
    call_init(&call, stop, 0, 0);
    int r = net_fetch(net, &call.hearth, &request);
    snprintf(answer->error, sizeof(answer->error), "%s", call.error);
    answer->wait = call.hearth.retry_after;
    call_fini(&call);
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
    struct hearth_http_header header = {"X-Test", "yes"};
    struct hearth_http_request post = {.method = "POST", .headers = &header, .header_count = 1, .body = "hello", .body_size = 5};
    assert_int_equal(fetch_with(&answer, &post, "/echo?a=%2f..%2F&b=1:2", NULL), 0);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body.data, "POST /echo?a=%2f..%2F&b=1:2 yes hello"); /* the URL as it was given */
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
    struct hearth_http_request none = {0}, hurry = {.timeout = 100}, large = {.max_response = 1 << 30};
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)
    const struct CMUnitTest tests[] = {
        TEST(test_exchange),
        TEST(test_connections_are_used_again),
        TEST(test_limit_of_a_host),
        TEST(test_sizes),
        TEST(test_a_slow_receiver_holds_the_sender_back),
        TEST(test_endings),
        TEST(test_pauses),
        TEST(test_pause_by_date),
        TEST(test_stop_while_fetching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
