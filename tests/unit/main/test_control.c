/* Talking to the daemon over its control socket: what is sent, and answers that are none. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "main/app.h"
#include "main/control.h"

static char folder[64], socket_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
static bool lock_is_held;
static int listening;

bool main_app_lock_is_held(const char *state_dir)
{
    (void)state_dir;
    return lock_is_held;
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/hearth-control-XXXXXX");
    return mkdtemp(folder) == NULL || !main_control_path(folder, socket_path, sizeof(socket_path));
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(socket_path);
    return rmdir(folder);
}

static void test_paths(void **state)
{
    char longer[200], path[300];
    (void)state;
    assert_true(main_control_path("/var/lib/hearth", path, sizeof(path)));
    assert_string_equal(path, "/var/lib/hearth/hearthd.sock");
    assert_false(main_control_path("/var/lib/hearth", path, 28)); /* its NUL */
    assert_true(main_control_path("/var/lib/hearth", path, 29));
    memset(longer, 'x', sizeof(longer));
    longer[107 - 13] = '\0';
    assert_true(main_control_path(longer, path, sizeof(path)));
    longer[107 - 13] = 'x';
    longer[108 - 13] = '\0';
    assert_false(main_control_path(longer, path, sizeof(path)));
}

/* One connection: what came, and the answer. */
struct served {
    const char *answer;
    char request[2000];
};

static void *serve_one(void *arg)
{
    struct served *served = arg;
    size_t size = 0, wanted = 1;
    int fd = accept(listening, NULL, NULL);
    while (size < wanted) {
        ssize_t n = recv(fd, served->request + size, sizeof(served->request) - 1 - size, 0);
        if (n <= 0)
            break;
        size += (size_t)n;
        const char *end = strstr(served->request, "\r\n\r\n");
        const char *length = strstr(served->request, "Content-Length: ");
        wanted = end == NULL ? size + 1
                             : (size_t)(end + 4 - served->request) +
                                   (length == NULL ? 0 : strtoul(length + 16, NULL, 10));
    }
    if (served->answer != NULL)
        assert_true(send(fd, served->answer, strlen(served->answer), MSG_NOSIGNAL) >= 0);
    close(fd);
    return NULL;
}

/* json NULL: a GET of the path. */
static int exchange_with(struct served *served, const char *json, int *ret_status, struct buf *body,
                         struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pthread_t thread;
    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    unlink(socket_path);
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve_one, served), 0);
    int r = json == NULL
                ? main_control_request(folder, "GET", "/control/x?y", ret_status, body, err)
                : main_control_send(folder, "/control/x", json, ret_status, body, err);
    pthread_join(thread, NULL);
    close(listening);
    return r;
}

static void test_exchanges(void **state)
{
    struct served get = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"};
    struct served post = {.answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n{}"};
    struct buf body = {0};
    struct err err = {0};
    int status = 0;
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* nobody is to be in between */
    assert_int_equal(exchange_with(&get, NULL, &status, &body, &err), 0);
    assert_int_equal(status, 200);
    assert_string_equal(body.data, "hello");
    assert_non_null(strstr(get.request, "GET /control/x?y HTTP/1.1\r\nHost: localhost\r\n"));
    buf_reset(&body);
    assert_int_equal(exchange_with(&post, "{\"a\":1}", &status, &body, &err), 0);
    assert_int_equal(status, 502); /* what that means is the caller's business */
    assert_string_equal(body.data, "{}");
    assert_non_null(strstr(post.request, "POST /control/x HTTP/1.1\r\n"));
    assert_non_null(strstr(post.request, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(post.request, "\r\n\r\n{\"a\":1}"));
    buf_fini(&body);
}

static void expect_no_answer(const char *answer)
{
    struct served served = {.answer = answer};
    struct buf body = {0};
    struct err err = {0};
    int status = 12345;
    assert_int_equal(exchange_with(&served, NULL, &status, &body, &err), HEARTH_ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "the daemon does not answer on "));
    assert_int_equal(status, 12345);
    buf_fini(&body);
}

static void test_no_answers(void **state)
{
    (void)state;
    expect_no_answer(NULL);
    expect_no_answer("nonsense\r\n\r\n");
    expect_no_answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    expect_no_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
}

static void expect_nobody(const char *state_dir, bool held, const char *words)
{
    struct buf body = {0};
    struct err err = {0};
    int status;
    lock_is_held = held;
    int r = main_control_request_until(state_dir, "/", 1000, &status, &body, &err);
    assert_int_equal(r, HEARTH_ERR_UNAVAILABLE);
    if (strstr(err.text, words) == NULL)
        fail_msg("got %s", err.text);
    buf_fini(&body);
}

static void test_nobody(void **state)
{
    char longer[200];
    (void)state;
    unlink(socket_path);
    expect_nobody(folder, false, "no hearthd runs on ");
    expect_nobody(folder, true, "nobody listens on its control socket");
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    expect_nobody(longer, false, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_exchanges),
        cmocka_unit_test(test_no_answers),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
