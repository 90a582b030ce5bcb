/* Which route answers: exact paths before those that end in a star, and of these the longest;
 * methods; who may see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/internal.h"

/* `data` is the route's name. */
#define TEST_ROUTE(text, some, whom, name)                                                         \
    {                                                                                              \
        .path = (text), .methods = (some), .audience = (whom), .data = (char[])                    \
        {                                                                                          \
            name                                                                                   \
        }                                                                                          \
    }

static const struct http_route test_routes[] = {
    TEST_ROUTE("/*", HTTP_GET, HTTP_PEOPLE, "app"),
    TEST_ROUTE("/api/v1/*", HTTP_GET, HTTP_PEOPLE, "services"),
    TEST_ROUTE("/api/v1/pages/*", HTTP_GET, HTTP_PEOPLE, "page"),
    TEST_ROUTE("/api/v1/pages/all", HTTP_POST, HTTP_PEOPLE, "all pages"),
    TEST_ROUTE("/api/v1/pages/*", HTTP_DELETE, HTTP_PEOPLE, "page removed"),
    TEST_ROUTE("/api/v1/me", HTTP_GET | HTTP_PATCH, HTTP_PEOPLE, "me"),
    TEST_ROUTE("/api/v1/me", HTTP_DELETE, HTTP_PEOPLE, "me removed"),
    TEST_ROUTE("/healthz", HTTP_GET, HTTP_PEOPLE | HTTP_METRICS, "health"),
    TEST_ROUTE("/metrics", HTTP_GET, HTTP_METRICS, "metrics"),
    TEST_ROUTE("/control/audit", HTTP_POST, HTTP_CONTROL, "audit"),
    TEST_ROUTE("/nobody", HTTP_GET, 0, "nobody's"),
};
enum { TEST_ROUTES = sizeof(test_routes) / sizeof(test_routes[0]) };

/* want: the route's name; "404"; or "405" and what Allow has. */
static void expect_route(enum http_audience audience, enum http_method method, const char *path,
                         const char *want)
{
    static struct http_server server;
    size_t sizes[TEST_ROUTES];
    struct http_request request = {.path = path, .method = method};
    struct buf got = {0};
    unsigned allowed = 12345;
    for (size_t i = 0; i < TEST_ROUTES; i++)
        sizes[i] = strlen(test_routes[i].path);
    server.options.routes = test_routes;
    server.options.route_count = TEST_ROUTES;
    server.path_sizes = sizes;
    const struct http_route *route = http_router_find(&server, &request, audience, &allowed);
    if (route != NULL) {
        assert_true((allowed & (unsigned)method) != 0);
        buf_add_text(&got, route->data);
    } else if (allowed == 0) {
        buf_add_text(&got, "404");
    } else {
        http_method_list(allowed, &got);
        char *list = buf_take(&got, NULL);
        buf_printf(&got, "405 %s", list);
        free(list);
    }
    if (strcmp(got.data, want) != 0)
        fail_msg("%s %s: got %s, wanted %s", http_method_name(method), path, got.data, want);
    buf_fini(&got);
}

static void test_exact_before_star(void **state)
{
    (void)state;
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/me", "me");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/mee", "services");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/m", "services");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/me/", "services");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/API/v1/me", "app");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/healthz", "health");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/healthz2", "app");
}

static void test_longest_star_wins(void **state)
{
    (void)state;
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/pages/7", "page");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/pages/7/visits", "page");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/pages/", "services"); /* a star is something */
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/pages", "services");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/", "app");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/a", "app");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/*", "services"); /* a star that was asked for */
    expect_route(HTTP_PEOPLE, HTTP_GET, "/", "404");
}

static void test_methods(void **state)
{
    (void)state;
    expect_route(HTTP_PEOPLE, HTTP_HEAD, "/api/v1/me", "me"); /* comes with GET */
    expect_route(HTTP_PEOPLE, HTTP_PATCH, "/api/v1/me", "me");
    expect_route(HTTP_PEOPLE, HTTP_DELETE, "/api/v1/me", "me removed");
    expect_route(HTTP_PEOPLE, HTTP_DELETE, "/api/v1/pages/7", "page removed");
    expect_route(HTTP_PEOPLE, HTTP_HEAD, "/api/v1/pages/7", "page");
    expect_route(HTTP_PEOPLE, HTTP_PUT, "/api/v1/me", "405 GET, HEAD, PATCH, DELETE");
    expect_route(HTTP_PEOPLE, HTTP_OPTIONS, "/healthz", "405 GET, HEAD");
    expect_route(HTTP_PEOPLE, HTTP_POST, "/api/v1/pages/7", "405 GET, HEAD, DELETE");
    /* An exact path is not helped out by a star that has the method. */
    expect_route(HTTP_PEOPLE, HTTP_GET, "/api/v1/pages/all", "405 POST");
    expect_route(HTTP_CONTROL, HTTP_HEAD, "/control/audit", "405 POST");
}

static void test_audiences(void **state)
{
    (void)state;
    expect_route(HTTP_METRICS, HTTP_GET, "/healthz", "health");
    expect_route(HTTP_METRICS, HTTP_GET, "/metrics", "metrics");
    expect_route(HTTP_METRICS, HTTP_POST, "/metrics", "405 GET, HEAD");
    expect_route(HTTP_METRICS, HTTP_GET, "/api/v1/me", "404");
    expect_route(HTTP_METRICS, HTTP_GET, "/", "404");
    expect_route(HTTP_PEOPLE, HTTP_GET, "/metrics", "app"); /* nothing of it, not even a 405 */
    expect_route(HTTP_PEOPLE, HTTP_POST, "/control/audit", "405 GET, HEAD");
    expect_route(HTTP_CONTROL, HTTP_POST, "/control/audit", "audit");
    expect_route(HTTP_CONTROL, HTTP_GET, "/healthz", "404");
    expect_route(HTTP_METRICS, HTTP_GET, "/nobody", "404");
}

static void expect_method(const char *name, int want)
{
    enum http_method method = 0;
    bool known = http_method_parse(name, strlen(name), &method);
    assert_int_equal(known ? (int)method : 0, want);
    if (known)
        assert_string_equal(http_method_name(method), name);
}

static void test_names_of_methods(void **state)
{
    (void)state;
    expect_method("GET", HTTP_GET);
    expect_method("OPTIONS", HTTP_OPTIONS);
    expect_method("get", 0); /* they have case: RFC 9110, 9.1 */
    expect_method("GE", 0);
    expect_method("GETS", 0);
    expect_method("", 0);
    expect_method("TRACE", 0);
    expect_method("CONNECT", 0);
    assert_string_equal(http_method_name(0), "other");
    assert_string_equal(http_method_name(HTTP_GET | HTTP_POST), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_before_star), cmocka_unit_test(test_longest_star_wins),
        cmocka_unit_test(test_methods),           cmocka_unit_test(test_audiences),
        cmocka_unit_test(test_names_of_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
