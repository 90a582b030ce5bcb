/* Addresses, logins and rights; and a server that is not there. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "server.h"

static void test_addresses(void **state)
{
    static const char *const bad[] = {
        "http://localhost", "redis://",          "redis://h:0",           "redis://h:70000",
        "redis://h:secret", "redis://h/x",       "redis://u:secret%zz@h", "redis://u:secret@",
        "unix:relative",    "unix:/s?db=secret", "rediss://u:secret@h",   "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct opened queue;
        if (queue_open(&queue, bad[i], 0, 0) != HEARTH_ERR_INVALID)
            fail_msg("%s was accepted", bad[i]);
        assert_true(queue.call.error[0] != '\0');
        assert_null(strstr(queue.call.error, "secret"));
        plug_call_fini(&queue.call);
    }
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void test_tcp_password_and_database(void **state)
{
    char config[128], url[128];
    struct fixture f;
    int port = free_port();
    (void)state;
    snprintf(config, sizeof(config), "port %d\nbind 127.0.0.1\nrequirepass \"p@ss:w/rd%%\"\n",
             port);
    server_kill(&server);
    server_start(&server, config);
    snprintf(url, sizeof(url), "redis://:p%%40ss:w%%2Frd%%25@127.0.0.1:%d/3", port);
    open_at(&f, url, 0);
    assert_int_equal(publish(&f.line, "a", 0), HEARTH_QUEUED);
    close_all(&f);
    snprintf(url, sizeof(url), "redis://:p%%40ss:w%%2Frd%%25@127.0.0.1:%d", port);
    open_at(&f, url, 0);
    assert_int_equal(publish(&f.line, "a", 0), HEARTH_QUEUED); /* not there: another database */
    close_all(&f);
}

static void refused_login(const char *url, const char *word)
{
    struct fixture f;
    assert_int_equal(queue_open(&f.queue, url, 0, 0), 0);
    fails(line_open(&f.queue, &f.line), HEARTH_ERR_DENIED, &f.line, word);
    assert_null(strstr(f.line.call.error, "mistaken"));
    close_all(&f);
}

static void test_refused_logins(void **state)
{
    char url[256];
    (void)state;
    snprintf(url, sizeof(url), "redis://:mistaken@127.0.0.1:%d", free_port());
    struct fixture f;
    assert_int_equal(queue_open(&f.queue, url, 0, 0), 0);
    /* nobody listens there */
    assert_int_equal(line_open(&f.queue, &f.line), HEARTH_ERR_UNAVAILABLE);
    assert_null(strstr(f.line.call.error, "mistaken"));
    close_all(&f);
    server_kill(&server);
    server_start(&server, "requirepass secret\n");
    refused_login(unix_url(""), "password");
}

static int count_job(void *ctx, const struct hearth_job *job)
{
    (void)job;
    ++*(int *)ctx;
    return 0;
}

static int count_event(void *ctx, const char *channel, const char *text)
{
    (void)channel;
    (void)text;
    ++*(int *)ctx;
    return 0;
}

/* The rule that the README gives. */
static void test_least_rights(void **state)
{
    char config[400], url[160];
    struct fixture f;
    struct hearth_job job;
    int port = free_port();
    (void)state;
    snprintf(config, sizeof(config),
             "port %d\nbind 127.0.0.1\n"
             "user hearth on >pw ~{t}:* &{t}:* -@all +ping +select +eval +evalsha +time +publish "
             "+subscribe +incr +get +del +zadd +zrem "
             "+zscore +zrank +zrange +zrangebyscore +zcard +zcount +zpopmin +zpopmax "
             "+zremrangebyscore +hset +hget +hmget +hincrby\n"
             "user poor on >pw ~other:* &* +@all\n",
             port);
    server_kill(&server);
    server_start(&server, config);
    snprintf(url, sizeof(url), "redis://poor:pw@127.0.0.1:%d", port);
    refused_login(url, "README");
    snprintf(url, sizeof(url), "redis://hearth:mistaken@127.0.0.1:%d", port);
    refused_login(url, "wrong");
    snprintf(url, sizeof(url), "redis://hearth:pw@127.0.0.1:%d/1", port);
    open_at(&f, url, 0);
    assert_int_equal(publish(&f.line, "a", 20), HEARTH_QUEUED);
    assert_int_equal(reserve(&f.line, 10000, 60000, &job), 0);
    assert_int_equal(ops->extend(f.line.handle, &f.line.call.hearth, job.receipt, 60000), 0);
    assert_int_equal(
        ops->finish(f.line.handle, &f.line.call.hearth, job.receipt, HEARTH_JOB_DEAD, 0), 0);
    assert_int_equal(publish(&f.line, "a", 0), HEARTH_QUEUED);
    assert_int_equal(ops->remove(f.line.handle, &f.line.call.hearth, "sync", "a"), 0);
    assert_int_equal(ops->clear(f.line.handle, &f.line.call.hearth), 0);
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    assert_int_equal(ops->counts(f.line.handle, &f.line.call.hearth, &counts), 0);
    assert_int_equal(counts.dead, 1);
    int seen = 0;
    publish(&f.line, "b", 3600000);
    assert_int_equal(ops->peek(f.line.handle, &f.line.call.hearth, count_job, &seen), 0);
    assert_int_equal(ops->event_wait(f.line.handle, &f.line.call.hearth, 0, count_event, &seen), 0);
    assert_int_equal(ops->event_publish(f.line.handle, &f.line.call.hearth, "c", "t"), 0);
    assert_int_equal(ops->event_wait(f.line.handle, &f.line.call.hearth, 0, count_event, &seen), 0);
    assert_int_equal(seen, 2);
    close_all(&f);
}

static void test_nobody_listens(void **state)
{
    struct fixture *f = *state;
    struct line other;
    server_kill(&server);
    int pauses = 0;
    for (int i = 0; i < 10; i++) {
        fails(line_open(&f->queue, &other), HEARTH_ERR_UNAVAILABLE, &other, "");
        pauses += other.call.hearth.retry_after > 0;
        line_close(&other);
    }
    assert_true(pauses > 0); /* most of these did not even try */
    server_start(&server, NULL);
    ping_until_ok(&f->line);
}

/* A listener whose queue is full: the connection neither comes about nor fails. */
static void test_silent_host(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fds[8], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char url[64];
    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    for (int i = 0; i < 8; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        /* never so with a socket that does not block */
        if (connect(fds[i], (struct sockaddr *)&address, size) == 0)
            fail_msg("connected at once");
    }
    struct opened queue;
    struct line line = {.handle = NULL};
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(queue_open(&queue, url, 0, 0), 0);
    int64_t began = clock_monotonic();
    /* its deadline ends the attempt, not connect_timeout */
    plug_call_init(&line.call, NULL, 100, 0);
    fails(ops->handle_open(queue.self, &line.call.hearth, &line.handle), HEARTH_ERR_TIMEOUT, &line,
          "Redis");
    assert_true(clock_monotonic() - began < 4000);
    line_close(&line);
    queue_close(&queue);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    close(fd);
}

/* --- a name server that does not answer --- */

static pthread_mutex_t name_gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int asked_names, answered_names;

/* Takes the place of the C library's, for the plugin too. */
__attribute__((visibility("default"))) int getaddrinfo(const char *host, const char *port,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **ret_list)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (strcmp(host, "silent.invalid") == 0) {
        asked_names++;
        pthread_mutex_lock(&name_gate);
        pthread_mutex_unlock(&name_gate);
        answered_names++;
        return EAI_AGAIN;
    }
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(host, port, hints, ret_list);
}

static void test_silent_name_server(void **state)
{
    enum { MORE_THAN_ENOUGH = 40, LEFT_BEHIND = 16 };
    struct opened queue;
    (void)state;
    pthread_mutex_lock(&name_gate);
    for (int i = 0; i < MORE_THAN_ENOUGH; i++) {
        /* each ends, whatever the name server does; the threads left behind are bounded */
        struct line line = {.handle = NULL};
        assert_int_equal(queue_open(&queue, "redis://silent.invalid:6379", 0, 0), 0);
        plug_call_init(&line.call, NULL, 20, 0);
        int r = ops->handle_open(queue.self, &line.call.hearth, &line.handle);
        /* 0: UNAVAILABLE, it is opened for better times */
        assert_int_equal(r, i < LEFT_BEHIND ? HEARTH_ERR_TIMEOUT : 0);
        line_close(&line);
        queue_close(&queue);
    }
    while (asked_names < LEFT_BEHIND) /* the last threads may not have begun yet */
        ;
    pthread_mutex_unlock(&name_gate);
    while (answered_names < LEFT_BEHIND)
        ;
    assert_int_equal(asked_names, LEFT_BEHIND);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test_setup_teardown(test_tcp_password_and_database, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_logins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_least_rights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_listens, set_up, tear_down),
        cmocka_unit_test(test_silent_host),
        cmocka_unit_test(test_silent_name_server),
    };
    int r = tests_begin(argc, argv);
    return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
