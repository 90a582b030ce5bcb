/* Every row of the failure tables of the token server and the OAuth server. */
#include "fake.h"

#include <string.h>

/* --- token server --- */

static void test_token_refusals(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        int state;
        const char *words;
    } rows[] = {
        {401, "{\"status\":\"invalid-credentials\",\"errors\":[]}", HEARTH_ACCOUNT_SIGNIN_NEEDED,
         "access token of this account is no longer"},
        {401, "{\"status\":\"invalid-generation\"}", HEARTH_ACCOUNT_SIGNIN_NEEDED,
         "access token of this account is no longer"},
        /* a proxy's page */
        {401, "<html>", HEARTH_ACCOUNT_ERROR,
         "between here and the token server refuses the request (401"},
        {401, "{}", HEARTH_ACCOUNT_ERROR,
         "between here and the token server refuses the request (401"},
        {401, "{\"status\":\"invalid-client-state\"}", HEARTH_ACCOUNT_SIGNIN_NEEDED,
         "password was reset"},
        {401, "{\"status\":\"invalid-keysChangedAt\"}", HEARTH_ACCOUNT_SIGNIN_NEEDED,
         "password was reset"},
        {401, "{\"status\":\"invalid-key-id\"}", HEARTH_ACCOUNT_SIGNIN_NEEDED,
         "password was reset"},
        {401, "{\"status\":\"new-users-disabled\"}", HEARTH_ACCOUNT_ERROR, "no new users"},
        {403, "{\"status\":\"new-users-disabled\"}", HEARTH_ACCOUNT_ERROR, "no new users"},
        {401, "{\"status\":\"error\"}", HEARTH_ACCOUNT_ERROR, "X-KeyID"},
        {403, "", HEARTH_ACCOUNT_ERROR,
         "between here and the token server refuses the request (403"},
        {401, "{\"status\":\"unauthorized\"}", HEARTH_ACCOUNT_ERROR, /* a gateway's */
         "between here and the token server refuses the request (401"},
        {403, "{\"status\":\"error\"}", HEARTH_ACCOUNT_ERROR,
         "The token server, or something in front of it, does not allow the request for "
         "1.0/sync/1.5 (403)"},
        {404, "{\"status\":\"error\"}", HEARTH_ACCOUNT_ERROR,
         "The token server has nothing at 1.0/sync/1.5 (404). It is tried again. Whoever runs this "
         "server can check token_server"},
        {400, "{\"status\":\"error\"}", HEARTH_ACCOUNT_ERROR, "(400, reason not given)"},
        {301, "", HEARTH_ACCOUNT_ERROR,
         "The token server redirects the request for 1.0/sync/1.5 to another address (301)"},
        {500, "{\"status\":\"internal-error\"}", HEARTH_ACCOUNT_ERROR, "token server failed (500"},
        {504, "{\"status\":\"elapsed\"}", HEARTH_ACCOUNT_ERROR, "token server failed (504"},
        {503, "{\"status\":\"error\"}", HEARTH_ACCOUNT_ERROR, "overloaded"},
        {200, "{}", HEARTH_ACCOUNT_ERROR, "does not answer like a token server"},
        {200, "<html>", HEARTH_ACCOUNT_ERROR, "something in between answered in its place"},
        {200, "{\"id\":\"a\\\"b\",\"key\":\"k\",\"uid\":1,\"api_endpoint\":\"https://n/1.5/1\"}",
         HEARTH_ACCOUNT_ERROR, "does not answer like"},
        {200, "{\"id\":\"a\",\"key\":\"k\",\"uid\":\"1\",\"api_endpoint\":\"https://n/1.5/1\"}",
         HEARTH_ACCOUNT_ERROR, "does not answer like"},
        {200,
         "{\"id\":\"a\",\"key\":\"k\",\"uid\":1,\"api_endpoint\":\"https://n/1.5/"
         "1\",\"hashalg\":\"md5\"}",
         HEARTH_ACCOUNT_ERROR, "SHA-256"},
        {200, "{\"id\":\"a\",\"key\":\"k\",\"uid\":1,\"api_endpoint\":\"nonsense\"}",
         HEARTH_ACCOUNT_ERROR, "no usable storage server"},
        {200, "{\"id\":\"a\",\"key\":\"k\",\"uid\":1,\"api_endpoint\":\"http://n.example/1.5/1\"}",
         HEARTH_ACCOUNT_ERROR, "plain http"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = fake_create();
        fake_expect(f, FAKE_TOKEN, rows[i].status, rows[i].body);
        fake_pull_ends(f, rows[i].state, rows[i].words);
        assert_string_equal(f->events, "");
        assert_string_equal(f->result.host, "token.services.mozilla.com:443");
        fake_destroy(f);
    }
}

static void test_token_clock(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    struct fake_step *step = fake_expect(f, FAKE_TOKEN, 401, "{\"status\":\"invalid-timestamp\"}");
    step->headers[0] = "x-timestamp: 1795417600";
    fake_expect_token(f);
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    fake_destroy(f);
    f = fake_create();
    fake_expect(f, FAKE_TOKEN, 401, "{\"status\":\"invalid-timestamp\"}");
    fake_expect(f, FAKE_TOKEN, 401, "{\"status\":\"invalid-timestamp\"}");
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "clock is wrong");
    fake_destroy(f);
}

static void test_token_backoff(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    fake_expect(f, FAKE_TOKEN, 503, "")->headers[0] = "retry-after: 60";
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "overloaded");
    fake_between(f->result.account_backoff, 60000);
    fake_between(f->result.host_backoff, 60000);
    fake_destroy(f);
    f = fake_create();
    fake_expect_token(f)->headers[0] = "x-backoff: 40";
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    fake_between(f->result.account_backoff, 40000);
    fake_destroy(f);
}

/* --- OAuth --- */

#define OPENID  "GET https://accounts.firefox.com/.well-known/openid-configuration"
#define LEGACY  "GET https://accounts.firefox.com/.well-known/fxa-client-configuration"
#define REFRESH "POST https://oauth.example/v1/token"

/* As an older release stored it: without who made it. */
static struct fake *with_old_refresh_token(void)
{
    struct fake *f = fake_create();
    char *copy = fake_text(f, "%s", f->credentials);
    *strstr(copy, "\"access_token\"") = '\0';
    f->credentials = fake_text(f, "%s\"refresh_token\":\"r3fresh\"}", copy);
    return f;
}

static struct fake *with_refresh_token(void)
{
    struct fake *f = with_old_refresh_token();
    f->credentials = fake_text(f, "%.*s,\"made_at\":\"https://accounts.firefox.com\"}",
                               (int)strlen(f->credentials) - 1, f->credentials);
    return f;
}

static void expect_discovery(struct fake *f)
{
    fake_expect(f, OPENID, 200,
                "{\"issuer\":\"x\",\"token_endpoint\":\"https://oauth.example/v1/token\"}");
}

static void expect_grant(struct fake *f)
{
    fake_expect(f, REFRESH, 200,
                "{\"access_token\":\"t0ken\",\"expires_in\":21600,\"scope\":\"x\",\"token_type\":"
                "\"bearer\"}");
}

static void test_refresh(void **state)
{
    (void)state;
    struct fake *f = with_refresh_token();
    expect_discovery(f);
    expect_grant(f);
    fake_expect_token(f);
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    assert_int_equal(f->result.requests, 4);
    /* An hour later the access token is still good, the endpoint known. */
    f->monotonic += 3600 * 1000;
    fake_expect_token(f);
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    /* After 80 % of six hours it is renewed. */
    f->monotonic += 4 * 3600 * 1000;
    expect_grant(f);
    fake_expect_token(f);
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    /* A refused one is renewed once, then the person is asked. */
    f->monotonic += 3600 * 1000;
    fake_expect(f, FAKE_TOKEN, 401, "{\"status\":\"invalid-credentials\"}");
    expect_grant(f);
    fake_expect(f, FAKE_TOKEN, 401, "{\"status\":\"invalid-generation\"}");
    fake_pull_ends(f, HEARTH_ACCOUNT_SIGNIN_NEEDED, "Sign in again");
    assert_null(strstr(f->log, "r3fresh"));
    fake_destroy(f);
}

/* A page of a proxy or portal is nobody's refusal: it passes, and the sign-in is as good as
 * before. */
static void test_foreign_refusals(void **state)
{
    (void)state;
    for (int status = 401; status <= 403; status += 2) {
        struct fake *f = with_refresh_token();
        expect_discovery(f);
        fake_expect(f, REFRESH, status, "<html>Please log in to the network");
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR,
                       "between here and the accounts server refuses the request");
        assert_int_equal(f->result.passing, 1);
        fake_destroy(f);
        f = fake_create();
        fake_expect(f, FAKE_TOKEN, status, "<html>Please log in to the network");
        fake_pull_ends(f, HEARTH_ACCOUNT_ERROR,
                       "between here and the token server refuses the request");
        assert_int_equal(f->result.passing, 1);
        fake_destroy(f);
    }
}

static void test_discovery(void **state)
{
    (void)state;
    struct fake *f = with_refresh_token();
    fake_expect(f, OPENID, 404, "");
    fake_expect(f, LEGACY, 200, "{\"oauth_server_base_url\":\"https://oauth.example/\"}");
    fake_expect(f, REFRESH, 404, ""); /* moved: discovered anew */
    expect_discovery(f);
    expect_grant(f);
    fake_expect_token(f);
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    fake_destroy(f);
    f = with_refresh_token();
    fake_expect(f, OPENID, 200, "<html>");
    fake_expect(f, LEGACY, 404, "");
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "can check accounts_url");
    fake_destroy(f);
    f = with_refresh_token();
    fake_expect(f, OPENID, 200, "{\"token_endpoint\":\"http://oauth.example/v1/token\"}");
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "plain http");
    fake_destroy(f);
    f = with_refresh_token();
    fake_expect(f, OPENID, 503, "")->headers[0] = "retry-after: 30";
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "accounts server is down");
    fake_between(f->result.account_backoff, 30000);
    fake_destroy(f);
}

static void test_refresh_refusals(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        int state;
        const char *words;
    } rows[] = {
        {400, "{\"code\":400,\"errno\":108,\"message\":\"Invalid token\"}",
         HEARTH_ACCOUNT_SIGNIN_NEEDED, "Sign in again"},
        {401, "{\"errno\":110}", HEARTH_ACCOUNT_SIGNIN_NEEDED, "Sign in again"},
        {400, "{\"errno\":121}", HEARTH_ACCOUNT_SIGNIN_NEEDED, "Sign in again"},
        {400, "{\"errno\":182}", HEARTH_ACCOUNT_SIGNIN_NEEDED, "Sign in again"},
        {401, "{\"errno\":109}", HEARTH_ACCOUNT_SIGNIN_NEEDED, "Sign in again"},
        {401, "{\"errno\":5}", HEARTH_ACCOUNT_ERROR, "between here and the accounts server"},
        {401, "{\"code\":403,\"errno\":110}", HEARTH_ACCOUNT_ERROR, "between here and the"},
        {401, "{\"message\":\"Unauthorized\"}", HEARTH_ACCOUNT_ERROR, "between here and the"},
        {500, "{\"errno\":110}", HEARTH_ACCOUNT_ERROR, "accounts server failed (500"},
        {400, "{\"errno\":101}", HEARTH_ACCOUNT_ERROR, "client_id"},
        {400, "{\"errno\":162}", HEARTH_ACCOUNT_ERROR, "client_id"},
        {403, "{\"errno\":163}", HEARTH_ACCOUNT_ERROR, "client_id"},
        {406, "", HEARTH_ACCOUNT_ERROR, "browser check"},
        {429, "", HEARTH_ACCOUNT_ERROR, "fewer requests"},
        {503, "{\"errno\":201}", HEARTH_ACCOUNT_ERROR, "overloaded"},
        {200, "{}", HEARTH_ACCOUNT_ERROR, "no access token"},
        {200, "{\"access_token\":\"a b\"}", HEARTH_ACCOUNT_ERROR, "no access token"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *f = with_refresh_token();
        expect_discovery(f);
        fake_expect(f, REFRESH, rows[i].status, rows[i].body);
        fake_pull_ends(f, rows[i].state, rows[i].words);
        fake_destroy(f);
    }
    struct fake *f = with_refresh_token();
    expect_discovery(f);
    /* the number means throttled here */
    fake_expect(f, REFRESH, 429, "{\"errno\":114}")->headers[0] = "retry-after: 20";
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "fewer requests");
    fake_between(f->result.account_backoff, 20000);
    fake_destroy(f);
}

static void test_rotated_refresh_token(void **state)
{
    (void)state;
    struct fake *f = with_refresh_token();
    expect_discovery(f);
    fake_expect(f, REFRESH, 200,
                "{\"access_token\":\"t0ken\",\"refresh_token\":\"n3w\",\"expires_in\":3600}");
    fake_expect_token(f);
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    assert_non_null(strstr(f->events, "credentials {\"v\":1,\"uid\":\"a1\""));
    assert_non_null(strstr(f->events, "\"refresh_token\":\"n3w\"}"));
    /* The cache follows: with the new credentials the tokens are still known. */
    f->credentials =
        fake_text(f, "%.*s", (int)strcspn(strstr(f->events, "{"), "\n"), strstr(f->events, "{"));
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    fake_destroy(f);
}

/* The server that takes it has made it; from then on it goes to no other. */
static void test_old_refresh_token(void **state)
{
    (void)state;
    struct fake *f = with_old_refresh_token(),
                *g = fake_create_with("accounts_url", "https://accounts.example");
    expect_discovery(f);
    fake_expect(f, REFRESH, 401, "{\"errno\":110}");
    fake_pull_ends(f, HEARTH_ACCOUNT_SIGNIN_NEEDED, "");
    assert_null(strstr(f->events, "credentials"));
    expect_grant(f); /* where it is asked is known */
    fake_expect_token(f);
    fake_expect_info(f, "{}");
    fake_pull_ends(f, HEARTH_ACCOUNT_WAITING, "No Firefox");
    assert_non_null(strstr(f->events, "\"made_at\":\"https://accounts.firefox.com\""));
    assert_non_null(strstr(f->events, "\"refresh_token\":\"r3fresh\"}"));
    g->credentials =
        fake_text(g, "%.*s", (int)strcspn(strstr(f->events, "{"), "\n"), strstr(f->events, "{"));
    fake_pull_ends(g, HEARTH_ACCOUNT_SIGNIN_NEEDED, "not shown to that one");
    fake_destroy(g);
    fake_destroy(f);
}

static void test_no_client_id(void **state)
{
    (void)state;
    struct fake *g = with_refresh_token(), *f = fake_create_with("client_id", "");
    f->credentials = g->credentials;
    fake_pull_ends(f, HEARTH_ACCOUNT_ERROR, "has no client_id");
    fake_destroy(f);
    fake_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_refusals),
        cmocka_unit_test(test_token_clock),
        cmocka_unit_test(test_old_refresh_token),
        cmocka_unit_test(test_token_backoff),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_foreign_refusals),
        cmocka_unit_test(test_discovery),
        cmocka_unit_test(test_refresh_refusals),
        cmocka_unit_test(test_rotated_refresh_token),
        cmocka_unit_test(test_no_client_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
