/* Where a queue's server is: what is taken has a host and a port, or a path. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_url(const struct redis_url *url)
{
    assert(memchr(url->host, '\0', URL_PART) != NULL && url->host[0] != '\0');
    assert(memchr(url->user, '\0', URL_PART) != NULL &&
           memchr(url->password, '\0', URL_PART) != NULL);
    assert(url->port >= 0 && url->port <= 65535 && url->db >= 0 && url->db <= 1000000);
    assert((url->port == 0) == (url->host[0] == '/') || url->port != 0);
    assert(strncmp(url->shown, url->port == 0 ? "unix:/" : url->host,
                   url->port == 0 ? 6 : strlen(url->host)) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct redis_url url, untouched;
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    memset(&url, 7, sizeof(url));
    untouched = url;
    const char *why = redis_url_parse(text, &url);
    if (why == NULL)
        check_url(&url);
    else
        assert(why[0] != '\0' && memcmp(&url, &untouched, sizeof(url)) == 0);
    free(text);
    return 0;
}
