/* hearthd healthcheck: is the daemon of use, and can its clients reach it? */
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/findings.h"
#include "base/str.h"
#include "main/app.h"
#include "main/control.h"

/* ms. An answer within two seconds: those who ask have little patience themselves. */
enum { READY_TIMEOUT = 1400, ALL_TIMEOUT = 1800, LISTENER_TIMEOUT_MIN = 10 };

/* --- a listener, as a client comes to it --- */

static size_t health_drop_body(char *bytes, size_t one, size_t size, void *ctx)
{
    (void)bytes;
    (void)ctx;
    return one * size;
}

/* A listener on every address is reached by the machine's own. */
static void health_url(const char *url, char *ret, size_t size)
{
    static const struct {
        const char *every, *own;
    } hosts[] = {{"://0.0.0.0:", "://127.0.0.1:"}, {"://[::]:", "://[::1]:"}};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const char *host = strstr(url, hosts[i].every);
        if (host != NULL) {
            snprintf(ret, size, "%.*s%s%s/healthz", (int)(host - url), url, hosts[i].own,
                     host + strlen(hosts[i].every));
            return;
        }
    }
    snprintf(ret, size, "%s/healthz", url);
}

/* "Nov 30 16:00:00 2026 GMT" of the server's own certificate; false: there is none. */
static bool certificate_end(CURL *easy, time_t *ret)
{
    static const char expires[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    struct tm when = {0};
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
        chain->num_of_certs == 0)
        return false;
    for (struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
        if (str_starts(line->data, expires) &&
            strptime(line->data + sizeof(expires) - 1, "%b %d %H:%M:%S %Y", &when) != NULL) {
            *ret = timegm(&when);
            return true;
        }
    return false;
}

static void health_explain(CURL *easy, CURLcode r, const char *name, const char *url,
                           struct findings *findings)
{
    char day[32] = "?";
    struct tm tm;
    time_t ends;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (r == CURLE_COULDNT_CONNECT && strstr(url, "+unix:") != NULL)
        findings_add(findings, HEARTH_ERR_UNAVAILABLE,
                     "[listen %s]: nobody is reached on the socket %s: its file was removed, or is "
                     "another program's; restart the daemon",
                     name, strstr(url, "+unix:") + strlen("+unix:"));
    else if (r != CURLE_OK)
        findings_add(findings, HEARTH_ERR_UNAVAILABLE, "[listen %s]: %s does not answer: %s", name,
                     url, curl_easy_strerror(r));
    else if (status >= 500)
        findings_add(findings, HEARTH_ERR_UNAVAILABLE, "[listen %s]: %s answers with status %ld",
                     name, url, status);
    if (r != CURLE_OK || !certificate_end(easy, &ends) || ends > time(NULL))
        return;
    if (gmtime_r(&ends, &tm) != NULL)
        strftime(day, sizeof(day), "%Y-%m-%d", &tm);
    findings_add(findings, HEARTH_ERR_UNAVAILABLE,
                 "[listen %s]: the certificate of %s has ended on %s, so browsers refuse it: "
                 "renew it, and reload the daemon",
                 name, url, day);
}

static void health_check_listener(const char *name, const char *url, int64_t until,
                                  struct findings *findings)
{
    char full[400];
    const char *socket_path = strstr(url, "+unix:");
    int64_t left = until - clock_monotonic();
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        findings_add(findings, HEARTH_ERR_NOMEM, "out of memory");
        return;
    }
    if (socket_path != NULL) {
        snprintf(full, sizeof(full), "%.*s://localhost/healthz", (int)(socket_path - url), url);
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path + strlen("+unix:"));
    } else {
        health_url(url, full, sizeof(full));
    }
    curl_easy_setopt(easy, CURLOPT_URL, full);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, health_drop_body);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     (long)(left > LISTENER_TIMEOUT_MIN ? left : LISTENER_TIMEOUT_MIN));
    /* by a name that is not in the certificate, perhaps; who signed it is the clients' business */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
    health_explain(easy, curl_easy_perform(easy), name, url, findings);
    curl_easy_cleanup(easy);
}

/* --- a daemon --- */

/* What is left of the whole: several daemons may be frozen, and one in the middle of this. */
static long health_patience(int64_t until)
{
    int64_t left = until - clock_monotonic();
    return left > READY_TIMEOUT          ? READY_TIMEOUT
           : left > LISTENER_TIMEOUT_MIN ? (long)left
                                         : LISTENER_TIMEOUT_MIN;
}

/* One of an older release does not tell its listeners. */
static void health_check_listeners(const char *state_dir, int64_t until, struct findings *findings)
{
    struct buf body = {0};
    struct err err = {0};
    int status = 0, r = main_control_request_until(state_dir, "/control/listeners",
                                                   health_patience(until), &status, &body, &err);
    json_t *list = r == 0 && status == 200 ? json_loadb(body.data, body.size, 0, NULL) : NULL, *row;
    size_t i;
    buf_fini(&body);
    if (r < 0)
        findings_add_err(findings, &err);
    json_array_foreach(list, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name")),
                   *url = json_string_value(json_object_get(row, "url"));
        if (name != NULL && url != NULL)
            health_check_listener(name, url, until, findings);
    }
    json_decref(list);
}

static void health_check_daemon(const char *state_dir, int64_t until, struct findings *findings)
{
    struct buf body = {0};
    struct err err = {0};
    int status = 0, r = main_control_request_until(state_dir, "/readyz", health_patience(until),
                                                   &status, &body, &err);
    if (r < 0)
        findings_add_err(findings, &err);
    else if (status != 200)
        findings_add(findings, HEARTH_ERR_UNAVAILABLE, "not ready: %s",
                     body.data == NULL ? "" : body.data);
    buf_fini(&body);
    if (r == 0)
        health_check_listeners(state_dir, until, findings);
}

/* The daemon of the state directory, or those that the units of a fleet run in folders of their
 * roles below it. roles: NULL, whichever run; else those run that it names. */
static void health_check_all(const struct app *app, const char *roles, int64_t bits,
                             struct findings *findings)
{
    static const char *const names[] = {"web", "worker", "scheduler"};
    int64_t until = clock_monotonic() + ALL_TIMEOUT;
    char folder[CONF_STATE_DIR_MAX + 16];
    int checked = 0;
    bool own = main_app_lock_is_held(app->state_dir);
    for (int i = 0; !own && i < 3; i++) {
        snprintf(folder, sizeof(folder), "%s/%s", app->state_dir, names[i]);
        bool runs = main_app_lock_is_held(folder);
        if ((bits & 1 << i) == 0 || (roles == NULL && !runs))
            continue;
        checked++;
        if (runs)
            health_check_daemon(folder, until, findings);
        else
            findings_add(findings, HEARTH_ERR_UNAVAILABLE, "no hearthd runs on %s", folder);
    }
    if (checked == 0)
        health_check_daemon(app->state_dir, until, findings);
}

int main_cmd_healthcheck(struct cli *cli)
{
    struct app app = {0};
    struct err err = {0};
    struct findings findings = {0};
    int r = main_app_init(&app, cli, &err);
    if (r == 0) {
        int64_t bits = cli->role == NULL ? 7 : conf_get_number(app.conf, "hearth", "roles");
        health_check_all(&app, cli->role, bits, &findings);
        main_cli_findings(&findings, &err);
        r = findings.code;
    }
    findings_fini(&findings);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
