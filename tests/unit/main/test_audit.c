/* Lines of the audit trail that a command hands to the daemon: which are taken, and which are
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "main/app.h"
#include "main/audit.h"
#include "main/control.h"
#include "output.h"

/* The daemon takes what it is sent, or is not there. */
static bool daemon_is_there;
static char daemon_got[2000];

int main_control_send(const char *state_dir, const char *path, const char *json, int *ret_status,
                      struct buf *ret_body, struct err *err)
{
    (void)state_dir, (void)ret_body;
    assert_string_equal(path, "/control/audit");
    snprintf(daemon_got, sizeof(daemon_got), "%s", json);
    *ret_status = 204;
    return daemon_is_there ? 0 : err_set(err, HEARTH_ERR_UNAVAILABLE, "no hearthd runs");
}

static int daemon_takes(const char *body)
{
    struct http_request request = {.body = body, .body_size = body == NULL ? 0 : strlen(body)};
    struct http_reply reply = {0};
    main_audit_take(&request, &reply, NULL);
    buf_fini(&reply.body);
    return reply.status;
}

/* want: what the line has behind its time; NULL: the status is 400, and nothing is written. */
static void expect_line(const char *body, const char *want)
{
    output_begin(2);
    int status = daemon_takes(body);
    const char *line = output_end();
    assert_int_equal(status, want == NULL ? 400 : 204);
    if (want == NULL ? line[0] != '\0' : strstr(line, want) == NULL)
        fail_msg("%s: got %s", body == NULL ? "(none)" : body, line);
    assert_true(line[0] == '\0' || strchr(line, '\n') == line + strlen(line) - 1);
}

static void test_lines(void **state)
{
    (void)state;
    expect_line(
        "{\"event\":\"token made\",\"pairs\":[[\"email\",\"ada@example.org\"],[\"by\",\"root\"]]}",
        "token made email=ada@example.org by=root\n");
    expect_line("{\"event\":\"x\"}", " x\n");
    expect_line("{\"event\":\"x\",\"pairs\":[]}", " x\n");
}

static void test_no_lines(void **state)
{
    (void)state;
    expect_line(NULL, NULL);
    expect_line("", NULL);
    expect_line("[]", NULL);
    expect_line("{", NULL);
    expect_line("{\"event\":1}", NULL);
    expect_line("{\"pairs\":[[\"a\",\"b\"]]}", NULL);
    expect_line("null", NULL);
    expect_line("{\"event\":\"\"}", NULL);
    expect_line("{\"event\":\"two\\nlines\"}", NULL);
    expect_line("{\"event\":\"token made by=root\"}", NULL);
    expect_line("{\"event\":\"\u202ex\"}", NULL);
}

/* A value cannot look like further pairs or lines; a key that is none is left out. */
static void test_hostile_pairs(void **state)
{
    (void)state;
    expect_line("{\"event\":\"x\",\"pairs\":[[\"a\",\"1\\nb=2\"]]}", " x a=\"1\\u000ab=2\"\n");
    expect_line(
        "{\"event\":\"x\",\"pairs\":[[\"a b\",\"1\"],[\"A\",\"2\"],[\"\",\"3\"],[\"a=\",\"4\"]]}",
        " x\n");
    expect_line(
        "{\"event\":\"x\",\"pairs\":[[\"a\"],[],1,{},\"a\",[1,\"b\"],[\"c\",1],[\"d\",\"e\"]]}",
        " x c=1 d=e\n");
    expect_line("{\"event\":\"x\",\"pairs\":{\"a\":\"b\"}}", " x\n");
    expect_line(
        "{\"event\":\"x\",\"pairs\":[[\"a\",\"1\"],[\"b\",\"1\"],[\"c\",\"1\"],[\"d\",\"1\"],"
        "[\"e\",\"1\"],[\"f\",\"1\"],[\"g\",\"1\"],[\"h\",\"1\"]]}",
        " x a=1 b=1 c=1 d=1 e=1 f=1 g=1\n");
}

/* The daemon's log has it when there is one, else the command's own. */
static void test_commands(void **state)
{
    const struct app app = {.state_dir = "/nowhere"};
    (void)state;
    daemon_is_there = true;
    output_begin(2);
    main_audit_command(&app, "token made", LOG_TEXT("email", "ada@example.org"),
                       LOG_TEXT("name", (const char *)NULL));
    assert_string_equal(output_end(), "");
    assert_non_null(
        strstr(daemon_got,
               "{\"event\":\"token made\",\"pairs\":[[\"email\",\"ada@example.org\"],[\"by\",\""));
    assert_null(strstr(daemon_got, "name"));
    daemon_is_there = false;
    output_begin(2);
    main_audit_command(&app, "token made", LOG_TEXT("email", "ada@example.org"));
    assert_non_null(strstr(output_end(), "token made email=ada@example.org by="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_no_lines),
        cmocka_unit_test(test_hostile_pairs),
        cmocka_unit_test(test_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
