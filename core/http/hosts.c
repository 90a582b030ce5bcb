/* Names of this server. A page of any site can make its own name point here and then ask as if
 * it were a page of ours (DNS rebinding): only Host gives it away. An address in the place of a
 * name cannot be made to point elsewhere. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <strings.h>
#include <unistd.h>

#include "http/strict.h"

enum { NAME_MAX_SIZE = 254 };

int http_hosts_init(struct http_server *server, const struct http_options *options, struct err *err)
{
    const char **hosts = arena_alloc(&server->arena, options->host_count * sizeof(*hosts) + 1);
    bool copied = hosts != NULL;
    for (size_t i = 0; copied && i < options->host_count; i++)
        copied = (hosts[i] = arena_strdup(&server->arena, options->hosts[i])) != NULL;
    if (!copied)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    server->options.hosts = hosts;
    if (gethostname(server->own_name, sizeof(server->own_name) - 1) != 0)
        server->own_name[0] = '\0';
    return 0;
}

static bool is_address(const char *name)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* "localhost", "hearth.localhost": browsers look them up nowhere (RFC 6761). */
static bool is_local(const char *name)
{
    static const char LOCAL[] = "localhost";
    size_t n = strlen(name), k = sizeof(LOCAL) - 1;
    return n >= k && strcasecmp(name + n - k, LOCAL) == 0 && (n == k || name[n - k - 1] == '.');
}

/* As it calls itself, and as others in its network find it by mDNS. */
static bool is_own_name(const struct http_server *server, const char *name)
{
    size_t n = strlen(server->own_name);
    return n > 0 && strncasecmp(name, server->own_name, n) == 0 &&
           (name[n] == '\0' || strcasecmp(name + n, ".local") == 0);
}

static bool is_known_host(const struct http_server *server, const char *name)
{
    for (size_t i = 0; i < server->options.host_count; i++)
        if (strcasecmp(server->options.hosts[i], name) == 0)
            return true;
    return is_address(name) || is_local(name) || is_own_name(server, name);
}

/* name: of letters, digits, dots, hyphens and underscores, so that it needs no escapes. */
static void refuse_name(const struct http_request *request, const char *name,
                        struct http_reply *reply)
{
    http_reply_refusal(request, reply, 421, "Unknown name", http_says_unknown_host(name));
}

bool http_hosts_check(const struct http_server *server, struct http_request *request,
                      struct http_reply *reply)
{
    const char *host;
    char name[NAME_MAX_SIZE];
    size_t size;
    if (request->host == NULL && request->version == 10) /* no browser: those always say it */
        return true;
    if (request->host == NULL) {
        refuse_name(request, "(none)", reply);
        return false;
    }
    if (!http_strict_authority(request->host, strlen(request->host), &host, &size) ||
        size >= sizeof(name)) {
        http_reply_problem(reply, 400, http_says_malformed_host());
        return false;
    }
    memcpy(name, host, size);
    if (size > 0 && name[size - 1] == '.') /* absolute: the same name */
        size--;
    name[size] = '\0';
    if (is_known_host(server, name))
        return true;
    refuse_name(request,
                size == 0                   ? "(none)"
                : strchr(name, ':') != NULL ? "(an address that is none)"
                                            : name,
                reply);
    return false;
}
