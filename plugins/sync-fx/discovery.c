/* Where the parts of an accounts server are: its two documents (reference, section 2.1), each
 * remembered for a day. */
#include "fx.h"

#include <string.h>

#include "json_scan.h"
#include "support/buf.h"
#include "support/call.h"

enum { DISCOVERY_LIFE = 24 * 3600 * 1000 };

static const char OPENID[] = "openid-configuration", FXA[] = "fxa-client-configuration";

/* Each document names some of them; the first that does counts. `suffix` is appended unless it
 * is there. */
static const struct source {
    const char *document, *member, *suffix;
    enum fx_endpoint endpoint;
} sources[] = {
    {OPENID, "token_endpoint", NULL, FX_TOKEN_ENDPOINT},
    {OPENID, "authorization_endpoint", NULL, FX_AUTHORIZATION_ENDPOINT},
    {OPENID, "userinfo_endpoint", NULL, FX_PROFILE_ENDPOINT},
    {FXA, "oauth_server_base_url", "/v1/token", FX_TOKEN_ENDPOINT},
    {FXA, "profile_server_base_url", "/v1/profile", FX_PROFILE_ENDPOINT},
    {FXA, "auth_server_base_url", "/v1", FX_AUTH_SERVER},
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

struct found {
    const char *document;
    char url[SOURCES][FX_URL_MAX];
};

static int discovery_on_member(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct found *found = ctx;
    char text[FX_URL_MAX];
    for (size_t i = 0; i < SOURCES; i++) {
        if (sources[i].document == found->document && fx_span_is(key, sources[i].member) &&
            value->kind == FX_JSON_STRING &&
            (fx_span_text(value, text, sizeof(text), NULL) != 0 ||
             fx_url_base(text, sources[i].suffix, found->url[i]) != 0))
            found->url[i][0] = '\0';
    }
    return 0;
}

/* With plain http only where that is allowed. */
static int endpoints_keep(struct fx_pull *p, struct found *found)
{
    int64_t until = support_now(p->host) + DISCOVERY_LIFE;
    struct fx_url parsed;
    for (size_t i = 0; i < SOURCES; i++) {
        if (found->url[i][0] == '\0')
            continue;
        if (fx_url_parse(found->url[i], &parsed) != 0)
            continue;
        if (!fx_url_may_be_named(&parsed, p->fx->config.accounts_url, p->fx->config.insecure_http))
            return fx_end(p, HEARTH_ACCOUNT_ERROR, fx_says_plain_http(sources[i].member));
        pthread_mutex_lock(&p->fx->lock);
        memcpy(p->fx->endpoints[sources[i].endpoint].url, found->url[i], FX_URL_MAX);
        p->fx->endpoints[sources[i].endpoint].until = until;
        pthread_mutex_unlock(&p->fx->lock);
    }
    return 0;
}

/* 0, FX_END, negative. A document that is not there is not an error; nor is a page in its place,
 * which some servers send for whatever they do not have: *ret_page. */
static int read_document(struct fx_pull *p, const char *name, bool *ret_page)
{
    char url[FX_URL_MAX + 64];
    struct support_buf body = {0};
    struct fx_answer answer;
    struct found found = {.document = name};
    static const struct hearth_http_header headers[] = {
        HEARTH_HTTP_HEADER("accept", "application/json")};
    snprintf(url, sizeof(url), "%s/.well-known/%s", p->fx->config.accounts_url, name);
    struct fx_request request = {.server = FX_ACCOUNTS_SERVER,
                                 .what = name,
                                 .method = "GET",
                                 .url = url,
                                 .origin = FX_CONFIGURED,
                                 .headers = headers,
                                 .header_count = 1,
                                 .ret_body = &body};
    int r = fx_exchange(p, &request, &answer);
    if (r == 0 && answer.status == 200) {
        if (fx_json_scan(body.data, body.size, discovery_on_member, &found) == 0)
            r = endpoints_keep(p, &found);
        else
            *ret_page = true;
    } else if (r == 0 && answer.status >= 400 && answer.status < 404) {
        /* who an accounts server is it tells everybody */
        r = fx_end_passing(p, fx_says_accounts_foreign(answer.status));
    } else if (r == 0 && answer.status != 404 && answer.status != 410) {
        r = fx_end_status(p, FX_ACCOUNTS_SERVER, name, &answer);
    }
    support_buf_fini(&body);
    return r;
}

static bool endpoint_is_known(struct fx_pull *p, enum fx_endpoint endpoint,
                              char ret_url[FX_URL_MAX])
{
    pthread_mutex_lock(&p->fx->lock);
    bool yes = support_now(p->host) < p->fx->endpoints[endpoint].until;
    if (yes)
        memcpy(ret_url, p->fx->endpoints[endpoint].url, FX_URL_MAX);
    pthread_mutex_unlock(&p->fx->lock);
    return yes;
}

static void endpoint_forget(struct fx_pull *p, enum fx_endpoint endpoint)
{
    pthread_mutex_lock(&p->fx->lock);
    p->fx->endpoints[endpoint].until = 0;
    pthread_mutex_unlock(&p->fx->lock);
}

int fx_discover(struct fx_pull *p, enum fx_endpoint endpoint, bool anew, char ret_url[FX_URL_MAX])
{
    if (anew)
        endpoint_forget(p, endpoint);
    const char *read = NULL, *page = NULL;
    for (size_t i = 0; i < SOURCES && !endpoint_is_known(p, endpoint, ret_url); i++) {
        if (sources[i].endpoint != endpoint || sources[i].document == read)
            continue;
        bool is_page = false;
        int r = read_document(p, sources[i].document, &is_page);
        if (r != 0)
            return r;
        read = sources[i].document;
        page = is_page ? read : page;
    }
    if (endpoint_is_known(p, endpoint, ret_url))
        return 0;
    if (endpoint == FX_AUTHORIZATION_ENDPOINT) { /* older servers do not say */
        snprintf(ret_url, FX_URL_MAX, "%.*s/authorization", FX_URL_MAX - 20,
                 p->fx->config.accounts_url);
        return 0;
    }
    if (page != NULL)
        return fx_end_passing(p, fx_says_accounts_page(page));
    return fx_end(
        p, HEARTH_ACCOUNT_ERROR,
        endpoint == FX_TOKEN_ENDPOINT     ? fx_says_no_token_address(p->fx->config.accounts_url)
        : endpoint == FX_PROFILE_ENDPOINT ? fx_says_no_profile_address(p->fx->config.accounts_url)
                                          : fx_says_no_auth_address(p->fx->config.accounts_url));
}
