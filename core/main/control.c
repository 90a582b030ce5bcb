#include "main/control.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "main/app.h"

enum { ANSWER_MAX = 64 << 20, TIMEOUT = 30000 };

bool main_control_path(const char *state_dir, char *ret, size_t size)
{
    int n = snprintf(ret, size, "%s/hearthd.sock", state_dir);
    return n > 0 && (size_t)n < size && (size_t)n < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

static size_t control_on_body(char *bytes, size_t one, size_t size, void *ctx)
{
    (void)one;
    struct buf *body = ctx;
    if (body->size + size > ANSWER_MAX)
        return 0;
    buf_add(body, bytes, size);
    return buf_failed(body) ? 0 : size;
}

static int control_perform(const char *state_dir, const char *method, const char *path,
                           const char *json, long timeout, int *ret_status, struct buf *ret_body,
                           struct err *err)
{
    char socket_path[4200], url[256];
    CURL *easy =
        main_control_path(state_dir, socket_path, sizeof(socket_path)) ? curl_easy_init() : NULL;
    if (easy == NULL)
        return err_set(err, HEARTH_ERR_UNAVAILABLE,
                       "the path of the control socket in %s is too long", state_dir);
    snprintf(url, sizeof(url), "http://localhost%s", path);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    struct curl_slist *headers =
        json == NULL ? NULL : curl_slist_append(NULL, "Content-Type: application/json");
    if (json != NULL)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, control_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, ret_body);
    CURLcode r = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    if (r == CURLE_COULDNT_CONNECT && access(socket_path, W_OK) != 0 && errno == EACCES)
        return err_set(err, HEARTH_ERR_DENIED,
                       "this user may not use the control socket %s: run hearthd as root or as the "
                       "user that the daemon runs as",
                       socket_path);
    if (r == CURLE_COULDNT_CONNECT && main_app_lock_is_held(state_dir))
        return err_set(err, HEARTH_ERR_UNAVAILABLE,
                       "a hearthd runs on %s, but nobody listens on its control socket %s: it is "
                       "starting or stopping, or the file was removed, "
                       "and then it has to be restarted",
                       state_dir, socket_path);
    if (r == CURLE_COULDNT_CONNECT)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "no hearthd runs on %s", state_dir);
    if (r == CURLE_OPERATION_TIMEDOUT)
        return err_set(err, HEARTH_ERR_TIMEOUT,
                       "the daemon does not answer on %s within %g s: it is stopped, or has hung; "
                       "look at its log",
                       socket_path, (double)timeout / 1000);
    if (r != CURLE_OK)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "the daemon does not answer on %s: %s",
                       socket_path, curl_easy_strerror(r));
    *ret_status = (int)status;
    return 0;
}

int main_control_request(const char *state_dir, const char *method, const char *path,
                         int *ret_status, struct buf *ret_body, struct err *err)
{
    return control_perform(state_dir, method, path, NULL, TIMEOUT, ret_status, ret_body, err);
}

int main_control_send(const char *state_dir, const char *path, const char *json, int *ret_status,
                      struct buf *ret_body, struct err *err)
{
    return control_perform(state_dir, "POST", path, json, TIMEOUT, ret_status, ret_body, err);
}

int main_control_request_until(const char *state_dir, const char *path, long timeout,
                               int *ret_status, struct buf *ret_body, struct err *err)
{
    return control_perform(state_dir, "GET", path, NULL, timeout, ret_status, ret_body, err);
}
