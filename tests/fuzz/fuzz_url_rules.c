/* What is read out of URLs: within the URL, within the room, and the same for variants of one
 * address. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "base/str.h"
#include "model/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model_url_key key, again;
    char host[256], small[8], *url = malloc(size + 1), *decoded = malloc(size + 1);
    if (url == NULL || decoded == NULL)
        abort();
    memcpy(url, data, size);
    url[size] = '\0';
    size = strlen(url);
    if (str_is_utf8(url, size)) {
        ASSERT(model_page_id(url) > 0);
        model_url_host(url, host, sizeof(host));
        model_url_host(url, small, sizeof(small));
        ASSERT(strlen(host) < sizeof(host) && strlen(small) < sizeof(small) &&
               strpbrk(host, "/?#") == NULL);
        ASSERT(strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 0);
        if (model_url_is_link(url))
            ASSERT(strncasecmp(url, "javascript:", 11) != 0 && strncasecmp(url, "data:", 5) != 0);
        size_t n = model_url_decode(url, size, decoded);
        ASSERT(n <= size && str_is_utf8(decoded, n));
        ASSERT(model_url_scheme(url, size) <= size);
        model_url_key(url, size, &key);
        ASSERT(key.text >= url && key.text + key.size <= url + size);
        model_url_key(url, size, &again);
        ASSERT(key.text == again.text && key.size == again.size && key.rank == again.rank);
    }
    free(decoded);
    free(url);
    return 0;
}
