/* Values with a shape: lists, networks, addresses, names. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/email.h"
#include "base/str.h"
#include "codec/codec.h"
#include "conf/conf_internal.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { HOST_MAX = 253, SHOWN = 100 };

/* The words of a list: white space, a comma, or both stand between them. Those of a file have
 * lines, too. Why it is none; NULL: *ret_list is filled. */
static const char *list_split(struct arena *arena, const char *text, size_t max,
                              struct conf_list *ret_list)
{
    size_t count = 0, room = 1;
    for (const char *p = text; *p != '\0'; p++)
        room += strchr(CONF_LIST_SPACE ",", *p) != NULL;
    const char **items = arena_alloc(arena, room * sizeof(*items));
    if (items == NULL)
        return "out of memory";
    bool comma = false;
    for (const char *p = text + strspn(text, CONF_LIST_SPACE); *p != '\0';) {
        size_t n = strcspn(p, CONF_LIST_SPACE ",");
        if (n == 0)
            return "there is nothing between two commas, or before the first one";
        if (count == max)
            return arena_printf(arena, "there are more than %zu in the list", max);
        if ((items[count++] = arena_strndup(arena, p, n)) == NULL)
            return "out of memory";
        p += n;
        p += strspn(p, CONF_LIST_SPACE);
        comma = *p == ',';
        p += comma;
        p += strspn(p, CONF_LIST_SPACE);
    }
    if (comma)
        return "there is nothing behind the last comma";
    *ret_list = (struct conf_list){count, items};
    return NULL;
}

static const char *why_item(struct arena *arena, const char *item, const char *why)
{
    char shown[SHOWN];
    /* an address with a password, say */
    if (strchr(item, '@') != NULL && strchr(item, ':') != NULL)
        return arena_printf(
            arena,
            "an item of the list, which is not repeated here because a password may be in it, %s",
            why);
    str_printable(item, shown, sizeof(shown));
    return arena_printf(arena, "\"%s\" %s", shown, why);
}

static const char *shape_networks(struct arena *arena, const char *text, const void **ret_shape)
{
    struct conf_list list;
    const char *why = list_split(arena, text, CONF_NETWORKS_MAX, &list);
    struct conf_networks *networks = arena_alloc(arena, sizeof(*networks));
    struct network *items =
        why == NULL ? arena_alloc(arena, (list.count + 1) * sizeof(*items)) : NULL;
    if (why != NULL || networks == NULL || items == NULL)
        return why != NULL ? why : "out of memory";
    for (size_t i = 0; i < list.count; i++)
        if (!network_parse(list.items[i], &items[i]))
            return why_item(arena, list.items[i],
                            "is not a network such as 10.0.0.0/8, nor an address");
    *networks = (struct conf_networks){list.count, items};
    *ret_shape = networks;
    return NULL;
}

static const char *why_no_pattern(const char *item)
{
    const char *at = strchr(item, '@');
    if (strcmp(item, "*") == 0)
        return NULL;
    if (at == NULL)
        return "has no @: write an e-mail address, or a pattern such as *@example.org; * is "
               "everybody";
    return email_fault(item);
}

static const char *shape_patterns(struct arena *arena, const char *text, const void **ret_shape)
{
    struct conf_list *list = arena_alloc(arena, sizeof(*list));
    const char *why =
        list == NULL ? "out of memory" : list_split(arena, text, CONF_PATTERNS_MAX, list);
    if (why != NULL)
        return why;
    if (list->count == 0)
        return "an empty list would let nobody in: name who may sign in, or remove the key";
    for (size_t i = 0; i < list->count; i++)
        if ((why = why_no_pattern(list->items[i])) != NULL)
            return why_item(arena, list->items[i], why);
    *ret_shape = list;
    return NULL;
}

/* Names alone: addresses need not be named, and a port says nothing of who somebody is. */
static const char *shape_hosts(struct arena *arena, const char *text, const void **ret_shape)
{
    struct conf_list *list = arena_alloc(arena, sizeof(*list));
    char *lower = arena_strdup(arena, text);
    if (list == NULL || lower == NULL)
        return "out of memory";
    codec_lower_text(lower);
    const char *why = list_split(arena, lower, CONF_HOSTS_MAX, list);
    if (why != NULL)
        return why;
    for (size_t i = 0; i < list->count; i++) {
        size_t n = strlen(list->items[i]);
        if (n > HOST_MAX || strspn(list->items[i], ALNUM ".-_") != n)
            return why_item(
                arena, list->items[i],
                "is not a host name such as home.example.org (no scheme, no port, no *)");
    }
    *ret_shape = list;
    return NULL;
}

/* A name, an IPv4 address, an IPv6 address that stood in brackets; "" and "*" are all addresses. */
static bool is_host(const char *host, bool brackets)
{
    uint8_t bytes[16];
    char six[INET6_ADDRSTRLEN];
    if (brackets) {
        size_t n = strcspn(host, "%"); /* behind it is the interface of a link-local address */
        if (n >= sizeof(six))
            return false;
        memcpy(six, host, n);
        six[n] = '\0';
        return inet_pton(AF_INET6, six, bytes) == 1;
    }
    if (host[0] == '\0' || strcmp(host, "*") == 0)
        return true;
    size_t n = strlen(host);
    if (strspn(host, "0123456789.") == n)
        return inet_pton(AF_INET, host, bytes) == 1;
    return n <= HOST_MAX && strspn(host, ALNUM "-_.") == n && host[0] != '.' && host[0] != '-';
}

static bool is_port(const char *text, int *ret_port)
{
    int64_t port;
    if (strlen(text) > 5 || strspn(text, "0123456789") != strlen(text) ||
        !str_to_int(text, &port) || port > 65535)
        return false;
    *ret_port = (int)port;
    return true;
}

static const char *shape_address(struct arena *arena, const char *text, const void **ret_shape)
{
    struct conf_address *address = arena_alloc(arena, sizeof(*address));
    const char *colon = strrchr(text, ':');
    if (address == NULL)
        return "out of memory";
    *ret_shape = address;
    if (strncmp(text, "unix:", 5) == 0) {
        address->path = text + 5;
        if (address->path[0] != '/')
            return "the path of a unix socket begins with a slash: unix:/run/hearth/web.sock";
        return strlen(address->path) < CONF_SOCKET_PATH_SIZE
                   ? NULL
                   : "the path of a unix socket has at most 107 bytes";
    }
    if (colon == NULL)
        return "expected host:port, [ipv6]:port or unix:/path";
    if (!is_port(colon + 1, &address->port))
        return "the port behind the last colon must be a number from 0 to 65535";
    size_t n = (size_t)(colon - text);
    bool brackets = n >= 2 && text[0] == '[' && colon[-1] == ']';
    address->host =
        brackets ? arena_strndup(arena, text + 1, n - 2) : arena_strndup(arena, text, n);
    if (address->host == NULL)
        return "out of memory";
    if (!brackets && strchr(address->host, ':') != NULL)
        return "an IPv6 address is written in brackets: [::1]:8080";
    if (!is_host(address->host, brackets))
        return "before the colon must be a name or an address of this machine";
    if (strcmp(address->host, "*") == 0)
        address->host = "";
    return NULL;
}

/* What clients and proxies say with these, they say to everybody: none of them is a proxy's word
 * for who somebody is. */
static bool header_means_something_else(const char *name)
{
    static const char *const exact[] = {"authorization",
                                        "proxy-authorization",
                                        "host",
                                        "cookie",
                                        "set-cookie",
                                        "connection",
                                        "origin",
                                        "referer",
                                        "user-agent",
                                        "transfer-encoding",
                                        "te",
                                        "trailer",
                                        "upgrade",
                                        "via",
                                        "date",
                                        "expect",
                                        "range",
                                        "forwarded",
                                        "keep-alive",
                                        "x-forwarded-for",
                                        "x-forwarded-proto",
                                        "x-forwarded-host",
                                        "x-forwarded-port",
                                        "x-forwarded-by",
                                        "x-real-ip",
                                        "cache-control",
                                        "pragma",
                                        "last-event-id"};
    static const char *const prefixes[] = {"content-", "accept",          "sec-",
                                           "if-",      "access-control-", "x-hearth-"};
    for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
        if (strcmp(name, exact[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (str_starts(name, prefixes[i]))
            return true;
    return false;
}

static const char *shape_header(struct arena *arena, struct hearth_config_value *value)
{
    size_t n = strlen(value->text);
    char *name = arena_strdup(arena, value->text);
    if (name == NULL)
        return "out of memory";
    if (n == 0 || strspn(name, ALNUM "!#$%&'*+-.^_`|~") != n)
        return "expected the name of one header, such as Remote-Email";
    if (n >= CONF_HEADER_SIZE)
        return "the name of a header may have 63 bytes here";
    codec_lower_text(name);
    if (header_means_something_else(name))
        return "this header means something else; name one that only your proxy sets, such as "
               "Remote-Email";
    value->text = name;
    return NULL;
}

/* The host and perhaps a port behind "://"; *ret_rest is what follows. */
static bool url_authority_is_good(struct arena *arena, const char *from, const char **ret_rest)
{
    size_t n = strcspn(from, "/?#");
    const void *shape;
    char *text = arena_strndup(arena, from, n);
    *ret_rest = from + n;
    if (text == NULL || n == 0 || text[0] == ':' || text[0] == '*')
        return false;
    const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
    if (colon == NULL || (bracket != NULL && colon < bracket)) /* without a port */
        text = arena_printf(arena, "%s:0", text);
    else if (strcmp(colon, ":0") == 0)
        return false;
    return text != NULL && shape_address(arena, text, &shape) == NULL &&
           strncmp(text, "unix:", 5) != 0;
}

static const char *shape_url(struct arena *arena, const char *text, const char **ret_rest)
{
    size_t scheme = strncasecmp(text, "https://", 8) == 0  ? 8
                    : strncasecmp(text, "http://", 7) == 0 ? 7
                                                           : 0;
    if (scheme == 0)
        return "expected an absolute URL that begins with https:// or http://";
    if (strlen(text) > CONF_URL_MAX)
        return "an address may have 1000 bytes here";
    if (strpbrk(text, " \t\"<>\\^`{|}") != NULL)
        return "an address has no such characters";
    if (memchr(text + scheme, '@', strcspn(text + scheme, "/?#")) != NULL)
        return CONF_NAMES_SOMEBODY;
    if (!url_authority_is_good(arena, text + scheme, ret_rest))
        return "expected https://HOST or https://HOST:PORT";
    return NULL;
}

/* A path that stands in every address and every cookie as it is: nothing in it needs an escape. */
static bool is_base_path(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._~";
    while (path[0] == '/' && path[1] != '\0') {
        size_t size = strspn(path + 1, letters);
        if (size == 0 || (path[1] == '.' && (size == 1 || (size == 2 && path[2] == '.'))))
            return false;
        path += 1 + size;
    }
    return path[0] == '\0' || strcmp(path, "/") == 0;
}

static const char *shape_base_url(struct arena *arena, struct hearth_config_value *value)
{
    const char *rest, *why = shape_url(arena, value->text, &rest);
    if (why != NULL)
        return why;
    if (strpbrk(rest, "?#") != NULL)
        return "nothing can follow the path: write it without ? and #";
    size_t size = strlen(rest);
    if (size > CONF_BASE_PATH_MAX || !is_base_path(rest))
        return "a path here has at most 100 bytes: letters, digits, - . _ ~ and single slashes";
    if (size > 0 && rest[size - 1] == '/')
        size--;
    value->text = arena_strndup(arena, value->text, (size_t)(rest - value->text) + size);
    return value->text == NULL ? "out of memory" : NULL;
}

const char *conf_base_path(const char *url)
{
    const char *host = url == NULL ? NULL : strstr(url, "://");
    return host == NULL ? "" : host + 3 + strcspn(host + 3, "/");
}

static const char *shape_issuer(struct arena *arena, const struct hearth_config_value *value)
{
    const char *rest, *why = shape_url(arena, value->text, &rest);
    if (why == NULL && strpbrk(rest, "?#") != NULL)
        why = "an issuer has neither ? nor #";
    return why;
}

static const char *set_parse(struct arena *arena, const char *choices, const char *text,
                             int64_t *ret_bits)
{
    struct conf_list list, known;
    int64_t bits = 0;
    const char *why = list_split(arena, text, 64, &list);
    if (why == NULL)
        why = list_split(arena, choices, 64, &known);
    if (why != NULL)
        return why;
    for (size_t i = 0; i < list.count; i++) {
        size_t k = 0;
        while (k < known.count && strcmp(known.items[k], list.items[i]) != 0)
            k++;
        if (k == known.count)
            return why_item(arena, list.items[i],
                            arena_printf(arena, "is not one of: %s", choices));
        bits |= (int64_t)1 << k;
    }
    *ret_bits = bits;
    return bits == 0 ? arena_printf(arena, "at least one of them is needed: %s", choices) : NULL;
}

const char *conf_shape(struct conf *conf, const struct hearth_config_key *key,
                       struct hearth_config_value *value, const void **ret_shape)
{
    struct arena *arena = &conf->arena;
    switch (key->type) {
    case CONF_NETWORKS:
        return shape_networks(arena, value->text, ret_shape);
    case CONF_PATTERNS:
        return shape_patterns(arena, value->text, ret_shape);
    case CONF_HOSTS:
        return shape_hosts(arena, value->text, ret_shape);
    case CONF_ADDRESS:
        return shape_address(arena, value->text, ret_shape);
    case CONF_HEADER:
        return shape_header(arena, value);
    case CONF_BASE_URL:
        return shape_base_url(arena, value);
    case CONF_ISSUER:
        return shape_issuer(arena, value);
    case CONF_SET:
        return set_parse(arena, key->choices, value->text, &value->number);
    case CONF_FOLDER:
        return value->text[0] == '\0'                ? "expected a path"
               : strlen(value->text) > CONF_PATH_MAX ? "a path may have 3500 bytes"
                                                     : NULL;
    case CONF_NAME:
        return value->text[0] == '\0' || strlen(value->text) >= CONF_NAME_SIZE
                   ? "expected the name of a section"
                   : NULL;
    default:
        return NULL;
    }
}
