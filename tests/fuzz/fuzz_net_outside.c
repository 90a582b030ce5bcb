/* URLs that people name for push messages: what is taken is https, has an origin that is taken as
 * well, and leads to no address of this machine that is written in it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/magic.h"
#include "net/net_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct net_outside_url parts, again;
    struct network besides[1];
    char *url = malloc(size + 1);
    if (url == NULL)
        abort();
    memcpy(url, data, size);
    url[size] = '\0';
    ASSERT(network_parse("10.0.0.0/8", &besides[0]));
    enum net_outside_fault fault = net_outside_look(url, NULL, 0, &parts);
    if (fault == NET_OUTSIDE_FINE) {
        ASSERT(strncmp(parts.origin, "https://", 8) == 0);
        ASSERT(strchr(parts.origin + 8, '/') == NULL && strchr(parts.host, '@') == NULL);
        ASSERT(net_policy_host_is_allowed(parts.host, NET_PUBLIC));
        ASSERT(net_outside_look(parts.origin, NULL, 0, &again) == NET_OUTSIDE_FINE);
        ASSERT(strcmp(parts.origin, again.origin) == 0 && strcasecmp(parts.host, again.host) == 0);
        ASSERT(net_outside_look(url, besides, 1, &again) == NET_OUTSIDE_FINE);
    } else if (fault != NET_OUTSIDE_ADDRESS) {
        ASSERT(net_outside_look(url, besides, 1, &again) == fault);
    }
    free(url);
    return 0;
}
