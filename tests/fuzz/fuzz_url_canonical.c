/* What a URL's canonical form promises of every text: itself as its form, its size, characters that
 * need no escape, no user where none is wanted. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "base/str.h"
#include "model/url.h"
#include "model/url_canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct buf *url, unsigned how)
{
    struct buf again = {0};
    ASSERT(model_url_canonical(url->data, url->size, how, &again) == 0);
    ASSERT(again.size == url->size && memcmp(again.data, url->data, url->size) == 0);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf url = {0};
    char host[256];
    for (unsigned how = 0; how <= MODEL_URL_DROP_USER; how++) {
        if (model_url_canonical((const char *)data, size, how, &url) < 0) {
            ASSERT(url.size == 0);
            continue;
        }
        ASSERT(url.size <= MODEL_URL_MAX && strlen(url.data) == url.size);
        for (size_t i = 0; i < url.size; i++)
            ASSERT(url.data[i] >= ' ' && url.data[i] <= '~');
        check_again(&url, how);
        model_url_host(url.data, host, sizeof(host));
        if (model_url_scheme(url.data, url.size) > 0 && how == MODEL_URL_DROP_USER)
            ASSERT(memchr(url.data, '@', strcspn(url.data + 8, "/?#")) == NULL);
    }
    buf_fini(&url);
    return 0;
}
