/* What proxies say about their clients, and whom to believe: the first line is a list of
 * networks, the others are headers. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "http/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *next_line(char **rest)
{
    char *line = *rest, *end = line == NULL ? NULL : strchr(line, '\n');
    if (end != NULL)
        *end++ = '\0';
    *rest = end;
    return line;
}

enum { NETWORKS = 32 };

static size_t read_networks(struct network networks[NETWORKS], char *list)
{
    size_t n = 0;
    for (char *text = list, *comma; text != NULL && n < NETWORKS; text = comma) {
        struct network network;
        if ((comma = strchr(text, ',')) != NULL)
            *comma++ = '\0';
        if (!network_parse(text, &network))
            continue;
        ASSERT(network.bits >= 0 && network.bits <= (network.family == AF_INET ? 32 : 128));
        networks[n++] = network;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_server *server = calloc(1, sizeof(*server));
    char *text = malloc(size + 1), *rest = text;
    h2o_header_t headers[16];
    h2o_iovec_t names[16];
    h2o_req_t req = {.headers = {.entries = headers}};
    struct http_request request = {.remote = "192.0.2.77"};
    struct network networks[NETWORKS];
    uint8_t address[16];
    if (server == NULL || text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    server->proxy_count = read_networks(networks, next_line(&rest));
    server->proxies = networks;
    for (char *line; req.headers.size < 16 && (line = next_line(&rest)) != NULL;) {
        char *colon = strchr(line, ':');
        if (colon == NULL)
            continue;
        size_t i = req.headers.size++;
        /* Not NUL-terminated, as in h2o: exactly as large as they are. */
        names[i] = h2o_iovec_init(line, (size_t)(colon - line));
        headers[i] = (h2o_header_t){.name = &names[i],
                                    .value = h2o_iovec_init(colon + 1, strlen(colon + 1))};
    }
    http_forwarded_apply(server, &req, &request);
    ASSERT(memchr(request.remote, '\0', sizeof(request.remote)) != NULL);
    ASSERT(inet_pton(strchr(request.remote, ':') != NULL ? AF_INET6 : AF_INET, request.remote,
                     address) == 1);
    free(text);
    free(server);
    return 0;
}
