/* Host, as whoever likes writes it: known only when it is one of our names or an address, and what
 * is said to the others has nothing of it that a browser would act on. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/magic.h"
#include "base/str.h"
#include "http/internal.h"
#include "http/strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_ours(const char *name)
{
    uint8_t bytes[16];
    size_t n = strlen(name);
    return strcasecmp(name, "home.example.org") == 0 || strcasecmp(name, "alder") == 0 ||
           strcasecmp(name, "alder.local") == 0 || strcasecmp(name, "localhost") == 0 ||
           (n >= 10 && strcasecmp(name + n - 10, ".localhost") == 0) ||
           inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static void check_words(const struct http_reply *reply, const char *text)
{
    ASSERT(reply->status == 400 || reply->status == 421);
    if (reply->status == 421)
        ASSERT(strpbrk(text, "<>\"'&\\ \r\n") == NULL || text[0] == '\0');
    ASSERT(str_is_utf8(reply->body.data, reply->body.size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const hosts[] = {"home.example.org"};
    static struct http_server server;
    struct http_request request = {.version = 11};
    struct http_reply reply = {0};
    const char *host;
    size_t host_size;
    if (size == 0 || size > 1000)
        return 0;
    arena_init(&request.arena, 1 << 20);
    server.options.hosts = hosts;
    server.options.host_count = 1;
    memcpy(server.own_name, "alder", 6);
    request.accept = data[0] % 2 == 0 ? "text/html" : NULL;
    request.host = arena_strndup(&request.arena, (const char *)data + 1, size - 1);
    size_t length = strlen(request.host);
    bool is_authority = http_strict_authority(request.host, length, &host, &host_size);
    if (is_authority)
        ASSERT(host >= request.host && host + host_size <= request.host + length);
    if (http_hosts_check(&server, &request, &reply)) {
        ASSERT(is_authority && reply.status == 0);
        char *name = arena_strndup(&request.arena, host, host_size);
        if (host_size > 0 && name[host_size - 1] == '.')
            name[host_size - 1] = '\0';
        ASSERT(is_ours(name));
    } else {
        check_words(&reply, request.host);
    }
    buf_fini(&reply.body);
    arena_fini(&request.arena);
    return 0;
}
