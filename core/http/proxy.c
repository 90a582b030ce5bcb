/* A proxy in front that is not set up as docs/proxies.md says: people meet it as a form that is
 * refused, or as cookies that do not come back, and nobody knows why. So it is said in the log,
 * once for each kind in the life of the process. */
#include "http/internal.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"

enum proxy_fault {
    PROXY_NOT_TRUSTED = 1,
    PROXY_NOT_HTTPS = 2,
    PROXY_OTHER_HOST = 4,
    PROXY_STRIPS = 8,
};

/* True: the first time. */
static bool proxy_note(struct http_server *server, enum proxy_fault fault)
{
    return (atomic_load(&server->proxy_noted) & (unsigned)fault) == 0 &&
           (atomic_fetch_or(&server->proxy_noted, (unsigned)fault) & (unsigned)fault) == 0;
}

static void proxy_report(const struct http_request *request, const char *hint)
{
    log_event(HEARTH_LOG_WARNING, "http", "proxy not set up", LOG_TEXT("address", request->remote),
              LOG_TEXT("host", request->host), LOG_TEXT("hint", hint));
}

/* Names that this server was told, without a port. */
static bool is_told_host(const struct http_server *server, const char *host)
{
    const char *name;
    size_t size;
    if (!http_strict_authority(host, strlen(host), &name, &size))
        return true;                       /* hosts.c refuses it */
    if (size > 0 && name[size - 1] == '.') /* absolute: the same name */
        size--;
    for (size_t i = 0; i < server->options.host_count; i++)
        if (strlen(server->options.hosts[i]) == size &&
            strncasecmp(server->options.hosts[i], name, size) == 0)
            return true;
    return false;
}

void http_proxy_look(struct http_server *server, const struct http_request *request)
{
    const char *base = server->options.base_url;
    bool ignored = request->forwarded && !request->trusted;
    if (ignored && proxy_note(server, PROXY_NOT_TRUSTED))
        proxy_report(request, "what a proxy at this address says about its clients is ignored: if "
                              "it is yours, name it in [web] trusted_proxies");
    if (base == NULL)
        return;
    if (!ignored && !request->tls && strncasecmp(base, "https:", 6) == 0 &&
        proxy_note(server, PROXY_NOT_HTTPS))
        proxy_report(request,
                     "[web] base_url begins with https, and this came by http: a proxy in front "
                     "has to send X-Forwarded-Proto, and stand in [web] trusted_proxies");
    if (request->forwarded && request->host != NULL && !is_told_host(server, request->host) &&
        proxy_note(server, PROXY_OTHER_HOST))
        proxy_report(request, "a proxy asks for another host than that of [web] base_url: it has "
                              "to pass the client's Host on, unless somebody asked it for that");
}

void http_proxy_look_outside(struct http_server *server, const struct http_request *request)
{
    if (request->forwarded && proxy_note(server, PROXY_STRIPS))
        proxy_report(request, "a proxy asks for paths that are not under that of [web] base_url: "
                              "it has to pass the path on as it is");
}
