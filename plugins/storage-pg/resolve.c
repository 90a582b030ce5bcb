#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "connection.h"
#include "support/call.h"
#include "support/lookup.h"

enum { HOST_SIZE = 256, PORT_SIZE = 16, ADDRESS_SIZE = 80 };

static const char *option_of(const PQconninfoOption *options, const char *name)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, name) == 0)
            return options->val != NULL ? options->val : "";
    return "";
}

/* The i-th part of a list; of a list of one, that one. False: there is none. */
static bool part_of(const char *list, int i, char *ret, size_t size)
{
    for (bool single = strchr(list, ',') == NULL; i > 0 && !single; i--) {
        list = strchr(list, ',');
        if (list++ == NULL)
            return false;
    }
    snprintf(ret, size, "%.*s", (int)strcspn(list, ","), list);
    return true;
}

static bool list_add(char *list, size_t size, const char *text, bool first)
{
    size_t n = strlen(list);
    int m = snprintf(list + n, size - n, "%s%s", first ? "" : ",", text);
    return m >= 0 && (size_t)m < size - n;
}

static int host_add(struct handle *handle, struct resolved_hosts *resolved_hosts, const char *host,
                    const char *address, const char *port)
{
    bool first = resolved_hosts->count++ == 0;
    bool fits =
        list_add(resolved_hosts->hosts, sizeof(resolved_hosts->hosts), host, first) &&
        list_add(resolved_hosts->addresses, sizeof(resolved_hosts->addresses), address, first) &&
        list_add(resolved_hosts->ports, sizeof(resolved_hosts->ports), port, first);
    return fits ? 0
                : hearth_fail(handle->call, HEARTH_ERR_INVALID,
                              "%s: the hosts in dsn have too many addresses",
                              handle->database->where);
}

static int add_addresses(struct handle *handle, struct resolved_hosts *resolved_hosts,
                         const char *host, const char *port, const struct addrinfo *list)
{
    int r = 0;
    for (; r == 0 && list != NULL; list = list->ai_next) {
        char address[ADDRESS_SIZE];
        if (getnameinfo(list->ai_addr, list->ai_addrlen, address, sizeof(address), NULL, 0,
                        NI_NUMERICHOST) == 0)
            r = host_add(handle, resolved_hosts, host, address, port);
    }
    return r;
}

/* A name that is not known leaves its reason in `why`: another host may be. */
static int find_host(struct handle *handle, struct resolved_hosts *resolved_hosts, const char *host,
                     const char *port, char why[128])
{
    struct addrinfo *list = NULL;
    struct support_lookup *lookup = support_lookup_start(host, port[0] == '\0' ? "5432" : port);
    if (lookup == NULL && errno == EAGAIN)
        return hearth_fail(handle->call, HEARTH_ERR_UNAVAILABLE,
                           "%s: the name server does not answer", handle->database->where);
    if (lookup == NULL)
        return support_no_memory(handle->call);
    int r = pg_connection_wait_fd(handle, support_lookup_fd(lookup), POLLIN);
    int e = r == 0 ? support_lookup_take(lookup, &list) : 0;
    support_lookup_drop(lookup);
    if (e != 0)
        snprintf(why, 128, "%s: %s", host, gai_strerror(e));
    if (list != NULL) {
        r = add_addresses(handle, resolved_hosts, host, port, list);
        freeaddrinfo(list);
    }
    return r;
}

static int find_all(struct handle *handle, struct resolved_hosts *resolved_hosts, const char *hosts,
                    const char *ports)
{
    char host[HOST_SIZE], port[PORT_SIZE], why[128] = "";
    bool many = strchr(hosts, ',') != NULL;
    int r = 0;
    for (int i = 0; r == 0 && (i == 0 || many) && part_of(hosts, i, host, sizeof(host)); i++) {
        if (!part_of(ports, i, port, sizeof(port)))
            return hearth_fail(handle->call, HEARTH_ERR_INVALID,
                               "%s: dsn has more hosts than ports", handle->database->where);
        if (host[0] == '/' || host[0] == '@' || host[0] == '\0') /* a socket */
            r = host_add(handle, resolved_hosts, host, "", port);
        else
            r = find_host(handle, resolved_hosts, host, port, why);
    }
    if (r == 0 && resolved_hosts->count == 0)
        return hearth_fail(handle->call, HEARTH_ERR_UNAVAILABLE, "%s: the host is not known (%s)",
                           handle->database->where, why);
    return r;
}

int pg_hosts_resolve(struct handle *handle, struct resolved_hosts *ret_hosts)
{
    *ret_hosts = (struct resolved_hosts){.count = 0};
    PQconninfoOption *options = PQconninfoParse(handle->database->dsn, NULL);
    if (options == NULL)
        return support_no_memory(handle->call);
    const char *hosts = option_of(options, "host");
    int r = 0;
    if (hosts[0] != '\0' && option_of(options, "hostaddr")[0] == '\0')
        r = find_all(handle, ret_hosts, hosts, option_of(options, "port"));
    PQconninfoFree(options);
    return r;
}
