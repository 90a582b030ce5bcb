/* A server with a will of its own (server.py), a client for it, and who receives its answers. */
#ifndef HEARTH_TESTS_UNIT_NET_FIXTURE_H
#define HEARTH_TESTS_UNIT_NET_FIXTURE_H

#include <arpa/inet.h>
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
#include "net/net_internal.h"
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
    for (size_t n = 0;
         n < sizeof(line) - 1 && read(pipe_ends[0], line + n, 1) == 1 && line[n] != '\n'; n++)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

#endif
