/* By which address people reach this server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "main/address.h"
#include "main/app.h"
#include "main/control.h"

/* What the daemon answers; NULL: none runs. */
static const char *daemon_says;
static int daemon_status = 200;

bool main_app_daemon_runs(const struct app *app)
{
    (void)app;
    return daemon_says != NULL;
}

int main_control_request(const char *state_dir, const char *method, const char *path,
                         int *ret_status, struct buf *ret_body, struct err *err)
{
    (void)state_dir, (void)method, (void)err;
    assert_string_equal(path, "/control/address");
    *ret_status = daemon_status;
    buf_add_text(ret_body, daemon_says);
    return 0;
}

/* want NULL: there is none. */
static void expect_listener(const char *listens, const char *want)
{
    struct address address = {.text = "untouched"};
    struct err err = {0};
    int r = main_address_of_listener(listens, &address, &err);
    if (want == NULL) {
        assert_int_equal(r, HEARTH_ERR_INVALID);
        assert_non_null(strstr(err.text, "[web] base_url"));
        assert_string_equal(address.text, "untouched");
        return;
    }
    assert_int_equal(r, 0);
    assert_true(address.guessed);
    assert_string_equal(address.text, want);
}

static void test_listeners(void **state)
{
    (void)state;
    expect_listener("http://127.0.0.1:8080", "http://127.0.0.1:8080");
    expect_listener("https://home.example.org:443", "https://home.example.org:443");
    expect_listener("http://0.0.0.0:8080", "http://localhost:8080");
    expect_listener("http://[::]:8080", "http://localhost:8080");
    expect_listener("https://:8443", "https://localhost:8443");
    expect_listener("http://[::1]:8080", "http://[::1]:8080");
    expect_listener("http://[2001:db8::1]:80", "http://[2001:db8::1]:80");
    expect_listener(NULL, NULL);
    expect_listener("", NULL);
    expect_listener("unix:/run/hearth/web.sock", NULL);
    expect_listener("http://nowhere", NULL);
}

/* want: the address; or a part of what is said when there is none. */
static void expect_address(const char *conf_text, const char *url, const char *want, bool guessed)
{
    struct app app = {.state_dir = "/nowhere"};
    struct address address;
    struct err err = {0};
    assert_int_equal(conf_load_text("x.conf", conf_text, strlen(conf_text), &app.conf, &err), 0);
    int r = main_address_find(&app, url, &address, &err);
    conf_free(app.conf);
    if (r < 0) {
        if (strstr(err.text, want) == NULL)
            fail_msg("%s: got %s", conf_text, err.text);
        return;
    }
    assert_string_equal(address.text, want);
    assert_int_equal(address.guessed, guessed);
}

static void test_who_said_it(void **state)
{
    (void)state;
    daemon_says = "http://127.0.0.1:41234";
    expect_address("", "https://home.example.org", "https://home.example.org", false);
    expect_address("", "https://home.example.org//", "https://home.example.org", false);
    expect_address("", "", "http://127.0.0.1:41234", true);
    expect_address("", "/", "http://127.0.0.1:41234", true);
    expect_address("", NULL, "http://127.0.0.1:41234", true);
    daemon_status = 404; /* it has no listener for people: what is configured counts */
    expect_address("[listen main]\naddress = 127.0.0.1:99\n", NULL, "http://127.0.0.1:99", true);
    daemon_status = 200;
    daemon_says = NULL;
}

static void test_configured(void **state)
{
    (void)state;
    expect_address("[listen main]\naddress = 127.0.0.1:99\n", NULL, "http://127.0.0.1:99", true);
    expect_address("[listen main]\naddress = 0.0.0.0:99\n", NULL, "http://localhost:99", true);
    expect_address("[listen main]\naddress = [::]:99\n", NULL, "http://localhost:99", true);
    expect_address("[listen main]\naddress = [2001:db8::1]:99\n", NULL, "http://[2001:db8::1]:99",
                   true);
    expect_address("[listen main]\naddress = 127.0.0.1:0\n", NULL, "[listen main] takes any", true);
    expect_address("[listen main]\naddress = unix:/run/x\n", NULL, "[web] base_url", true);
    expect_address("[listen m]\naddress = 127.0.0.1:1\nserves = metrics\n"
                   "[listen p]\naddress = 127.0.0.1:2\n",
                   NULL, "http://127.0.0.1:2", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listeners),
        cmocka_unit_test(test_who_said_it),
        cmocka_unit_test(test_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
