/* Servers that restart, forget, stop answering or refuse. What every queue promises is tested by
 * the conformance kit. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "server.h"

static void test_flushed(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job, again;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    publish(&f->line, "a", 0);
    publish(&f->line, "b", 0);
    publish(&f->line, "later", 3600000);
    assert_int_equal(reserve(&f->line, 0, 60000, &job), 0);
    server_command(&server, "FLUSHALL");
    assert_int_equal(finish(&f->line, job.receipt), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(ops->extend(f->line.handle, &f->line.call.hearth, job.receipt, 1000),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(reserve(&f->line, 0, 1000, &again), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(ops->counts(f->line.handle, &f->line.call.hearth, &counts), 0);
    assert_int_equal(counts.ready + counts.delayed + counts.in_work, 0);
    assert_int_equal(publish(&f->line, "a", 0), HEARTH_QUEUED);
    assert_int_equal(reserve(&f->line, 0, 60000, &again), 0);
    /* the same key, but not the same lease */
    assert_int_equal(finish(&f->line, job.receipt), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(finish(&f->line, again.receipt), 0);
}

static void test_scripts_forgotten(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job;
    server_command(&server, "SCRIPT FLUSH");
    assert_int_equal(publish(&f->line, "a", 0), HEARTH_QUEUED);
    server_command(&server, "SCRIPT FLUSH");
    assert_int_equal(reserve(&f->line, 0, 1000, &job), 0);
    server_command(&server, "SCRIPT FLUSH");
    assert_int_equal(finish(&f->line, job.receipt), 0);
}

static void test_idle_connection_closed(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job;
    publish(&f->line, "a", 0);
    assert_int_equal(reserve(&f->line, 0, 60000, &job), 0);
    server_command(&server, "CLIENT KILL TYPE normal");
    assert_int_equal(finish(&f->line, job.receipt), 0); /* it notices before it sends */
}

struct waiter {
    struct line *line;
    pthread_t thread;
    struct hearth_job job;
    char seen[256];
    int result;
};

static int note(void *ctx, const char *channel, const char *text)
{
    char *seen = ctx;
    snprintf(seen + strlen(seen), 256 - strlen(seen), "%s=%s ", channel, text);
    return 0;
}

static void *wait_for_job(void *arg)
{
    struct waiter *w = arg;
    w->result = reserve(w->line, 60000, 60000, &w->job);
    return NULL;
}

static void *wait_for_event(void *arg)
{
    struct waiter *w = arg;
    w->result = ops->event_wait(w->line->handle, &w->line->call.hearth, 60000, note, w->seen);
    return NULL;
}

static void *count_jobs(void *arg)
{
    struct waiter *w = arg;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    w->result = ops->counts(w->line->handle, &w->line->call.hearth, &counts);
    return NULL;
}

static void start(struct waiter *w, struct line *line, void *(*run)(void *))
{
    *w = (struct waiter){.line = line};
    assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
}

static void until_subscribers(long long wanted)
{
    for (;;) { /* channels with a subscriber */
        redisContext *c = redisConnectUnix(server.socket);
        redisReply *reply = redisCommand(c, "PUBSUB CHANNELS {t}:*");
        long long n = (long long)reply->elements;
        freeReplyObject(reply);
        redisFree(c);
        if (n == wanted)
            return;
        pause_ms(2);
    }
}

static void test_killed_while_a_worker_waits(void **state)
{
    struct fixture *f = *state;
    struct waiter w;
    start(&w, &f->line, wait_for_job);
    until_subscribers(1);
    server_kill(&server);
    pthread_join(w.thread, NULL);
    fails(w.result, HEARTH_ERR_UNAVAILABLE, &f->line, "Redis");
    server_start(&server, NULL);
    ping_until_ok(&f->line);
    start(&w, &f->line, wait_for_job);
    until_subscribers(1);
    struct line other;
    assert_int_equal(line_open(&f->queue, &other), 0);
    assert_int_equal(publish(&other, "a", 0), HEARTH_QUEUED);
    pthread_join(w.thread, NULL);
    assert_int_equal(w.result, 0);
    line_close(&other);
}

static void test_killed_while_a_listener_waits(void **state)
{
    struct fixture *f = *state;
    struct waiter w;
    char seen[256] = "";
    start(&w, &f->line, wait_for_event);
    until_subscribers(1);
    server_kill(&server);
    pthread_join(w.thread, NULL);
    fails(w.result, HEARTH_ERR_UNAVAILABLE, &f->line, "Redis");
    server_start(&server, NULL);
    ping_until_ok(&f->line);
    assert_int_equal(ops->event_wait(f->line.handle, &f->line.call.hearth, 0, note, seen), 0);
    assert_string_equal(seen, "= ");
    assert_int_equal(ops->event_publish(f->line.handle, &f->line.call.hearth, "c", "after"), 0);
    assert_int_equal(ops->event_wait(f->line.handle, &f->line.call.hearth, 0, note, seen), 0);
    assert_string_equal(seen, "= c=after ");
}

/* As Redis does with a subscriber that is too slow. */
static void test_listener_dropped(void **state)
{
    struct fixture *f = *state;
    struct waiter w;
    start(&w, &f->line, wait_for_event);
    until_subscribers(1);
    server_command(&server, "CLIENT KILL TYPE pubsub");
    pthread_join(w.thread, NULL);
    assert_int_equal(w.result, 0);
    assert_string_equal(w.seen, "= ");
}

static int count_and_interrupt(void *ctx, const struct hearth_job *job)
{
    struct line *line = ctx;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    (void)job;
    assert_int_equal(ops->counts(line->handle, &line->call.hearth, &counts), 0);
    ops->interrupt(line->handle);
    return 0;
}

static int count_row(void *ctx, const struct hearth_job *job)
{
    (void)job;
    ++*(int *)ctx;
    return 0;
}

/* An operation in a callback is not the end of the one around it. */
static void test_interrupt_around_a_nested_call(void **state)
{
    struct fixture *f = *state;
    int rows = 0;
    publish(&f->line, "a", 0);
    publish(&f->line, "later", 3600000);
    fails(ops->peek(f->line.handle, &f->line.call.hearth, count_and_interrupt, &f->line),
          HEARTH_ERR_CANCELLED, &f->line, "interrupted");
    assert_int_equal(ops->peek(f->line.handle, &f->line.call.hearth, count_row, &rows), 0);
    assert_int_equal(rows, 2);
}

static void test_no_answer(void **state)
{
    struct fixture *f = *state, slow;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts), .ready = 77};
    struct hearth_job job;
    open_at(&slow, unix_url(""), 200);
    publish(&f->line, "a", 0);
    assert_int_equal(reserve(&slow.line, 0, 60000, &job), 0);
    kill(server.pid, SIGSTOP);
    fails(finish(&slow.line, job.receipt), HEARTH_ERR_UNCERTAIN, &slow.line, "may or may not");
    int r = ops->counts(slow.line.handle, &slow.line.call.hearth, &counts);
    assert_true(r == HEARTH_ERR_TIMEOUT || r == HEARTH_ERR_UNAVAILABLE);
    assert_int_equal(counts.ready, 77);
    struct waiter w;
    int64_t began = clock_monotonic();
    start(&w, &f->line, count_jobs); /* ten seconds of patience, but for an interrupt */
    while (pthread_tryjoin_np(w.thread, NULL) != 0) {
        ops->interrupt(f->line.handle);
        pause_ms(5);
    }
    assert_int_equal(w.result, HEARTH_ERR_CANCELLED);
    assert_true(clock_monotonic() - began < 5000);
    kill(server.pid, SIGCONT);
    ping_until_ok(&slow.line);
    assert_int_equal(ops->counts(f->line.handle, &f->line.call.hearth, &counts), 0);
    close_all(&slow);
}

static void test_refused_writes(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job;
    publish(&f->line, "a", 0);
    assert_int_equal(reserve(&f->line, 0, 60000, &job), 0);
    server_command(&server, "CONFIG SET maxmemory 1");
    fails(publish(&f->line, "b", 0), HEARTH_ERR_FULL, &f->line, "maxmemory");
    fails(ops->ping(f->line.handle, &f->line.call.hearth), HEARTH_ERR_FULL, &f->line, "maxmemory");
    assert_int_equal(finish(&f->line, job.receipt), 0); /* what is there can still end */
    server_command(&server, "CONFIG SET maxmemory 0");
    server_command(&server, "REPLICAOF 127.0.0.1 1"); /* nobody there */
    fails(ops->ping(f->line.handle, &f->line.call.hearth), HEARTH_ERR_UNAVAILABLE, &f->line,
          "replica");
    fails(publish(&f->line, "b", 0), HEARTH_ERR_UNAVAILABLE, &f->line, "master");
    server_command(&server, "REPLICAOF NO ONE");
    server_command(&server, "SET {t}:ready x");
    fails(publish(&f->line, "b", 0), HEARTH_ERR_CORRUPT, &f->line, "prefix");
    server_command(&server, "DEL {t}:ready");
    assert_int_equal(publish(&f->line, "b", 0), HEARTH_QUEUED);
}

static void test_evicted(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job;
    publish(&f->line, "a", 0);
    publish(&f->line, "b", 0);
    publish(&f->line, "c", 3600000);
    server_command(&server, "DEL {t}:job:a {t}:job:c");
    /* a job without its hash counts as gone */
    assert_int_equal(publish(&f->line, "c", 0), HEARTH_QUEUED);
    assert_int_equal(reserve(&f->line, 0, 60000, &job), 0);
    assert_string_equal(job.key, "b");
    server_command(&server, "DEL {t}:job:b");
    assert_int_equal(finish(&f->line, job.receipt), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(publish(&f->line, "b", 0), HEARTH_QUEUED);
}

/* What a release without kinds has put there is a sync, for whoever publishes, takes, shows or
 * removes it. */
static void test_older_release(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job,
        move = {.struct_size = sizeof(move), .kind = "move", .key = "a", .payload = "p"};
    int32_t result;
    for (const char *key = "abc"; *key != '\0'; key++) {
        server_command(&server, "HSET {t}:job:%c p 0 d node a 0", *key);
        server_command(&server, "ZADD {t}:ready %d %c", *key, *key);
    }
    assert_int_equal(publish(&f->line, "a", 0), HEARTH_WAITING);
    assert_int_equal(ops->publish(f->line.handle, &f->line.call.hearth, &move, 0, &result), 0);
    assert_int_equal(result, HEARTH_QUEUED); /* a job of its own */
    assert_int_equal(ops->remove(f->line.handle, &f->line.call.hearth, "move", "a"), 0);
    assert_int_equal(reserve(&f->line, 0, 60000, &job), 0);
    assert_string_equal(job.kind, "sync");
    assert_string_equal(job.key, "a");
    assert_string_equal(job.payload, "node");
    assert_int_equal(finish(&f->line, job.receipt), 0);
    assert_int_equal(ops->remove(f->line.handle, &f->line.call.hearth, "sync", "b"), 0);
    assert_int_equal(publish(&f->line, "d", 0), HEARTH_QUEUED);
    /* as an older worker finds it */
    assert_int_equal(server_command(&server, "EXISTS {t}:job:d"), 1);
    assert_int_equal(server_command(&server, "EXISTS {t}:job:a {t}:job:b"), 0);
}

struct impostor {
    int fd;
    const char *answer;
    int times;
};

/* Reads one command and answers until the other side has enough, on each connection. */
static void *pretend(void *arg)
{
    struct impostor *impostor = arg;
    char bytes[4096];
    for (int fd; (fd = accept(impostor->fd, NULL, NULL)) >= 0; close(fd))
        if (recv(fd, bytes, sizeof(bytes), 0) > 0)
            for (int i = 0; i < impostor->times; i++)
                if (send(fd, impostor->answer, strlen(impostor->answer), MSG_NOSIGNAL) < 0)
                    break;
    return NULL;
}

static void meets(const char *answer, int times, int wanted)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct impostor impostor = {socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), answer, times};
    struct fixture f;
    pthread_t thread;
    char url[128];
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/impostor", server.directory);
    assert_int_equal(bind(impostor.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(impostor.fd, 4), 0);
    assert_int_equal(pthread_create(&thread, NULL, pretend, &impostor), 0);
    snprintf(url, sizeof(url), "unix:%s", address.sun_path);
    assert_int_equal(queue_open(&f.queue, url, 2000, 0), 0);
    fails(line_open(&f.queue, &f.line), wanted, &f.line, server.directory);
    shutdown(impostor.fd, SHUT_RDWR); /* ends accept() */
    pthread_join(thread, NULL);
    close(impostor.fd);
    unlink(address.sun_path);
    close_all(&f);
}

static void test_impostors(void **state)
{
    (void)state;
    meets("HTTP/1.1 400 Bad Request\r\n\r\n", 1, HEARTH_ERR_IO);
    meets("*100000000\r\n", 1, HEARTH_ERR_IO);
    meets("$1000000000\r\n", 200000, HEARTH_ERR_IO); /* refused long before a gigabyte has come */
    meets("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", 1, HEARTH_ERR_IO);
    meets("", 1, HEARTH_ERR_UNAVAILABLE);
}

struct listed {
    char last[16];
    int count;
    int64_t wait;
};

static int in_order(void *ctx, const struct hearth_job *job)
{
    struct listed *listed = ctx;
    assert_true(strcmp(listed->last, job->key) < 0);
    assert_true(job->wait >= listed->wait);
    snprintf(listed->last, sizeof(listed->last), "%s", job->key);
    listed->wait = job->wait == 0 ? 0 : job->wait - 5000; /* the clock goes on between pages */
    listed->count++;
    return 0;
}

/* More than a page, more than one round of promotion. */
static void test_many(void **state)
{
    struct fixture *f = *state;
    struct listed listed = {.count = 0};
    struct hearth_job job;
    char key[16];
    for (int i = 0; i < 700; i++) {
        snprintf(key, sizeof(key), "a%04d", i);
        assert_int_equal(publish(&f->line, key, 0), HEARTH_QUEUED);
        snprintf(key, sizeof(key), "b%04d", i);
        assert_int_equal(publish(&f->line, key, 3600000 + i * 10000), HEARTH_QUEUED);
    }
    assert_int_equal(ops->peek(f->line.handle, &f->line.call.hearth, in_order, &listed), 0);
    assert_int_equal(listed.count, 1400);
    assert_int_equal(ops->clear(f->line.handle, &f->line.call.hearth), 0);
    for (int i = 0; i < 1200; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(publish(&f->line, key, 1 + i % 3), HEARTH_QUEUED);
    }
    for (int i = 0; i < 1200; i++)
        assert_int_equal(reserve(&f->line, 10000, 60000, &job), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flushed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scripts_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idle_connection_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_while_a_worker_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_while_a_listener_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_listener_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_interrupt_around_a_nested_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_evicted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_older_release, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_impostors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
    };
    int r = tests_begin(argc, argv);
    return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
