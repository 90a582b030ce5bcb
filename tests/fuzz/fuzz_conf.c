/* Configuration files: whatever they hold, loading ends with values or with an error that has a
 * text. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_entry(void *ctx, const char *section, const char *key, const char *value,
                     const char *origin, bool reloaded)
{
    (void)reloaded;
    *(size_t *)ctx += strlen(section) + strlen(key) + strlen(value) + strlen(origin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (memmem(data, size, "_file", 5) != NULL) /* would read files of this machine */
        return 0;
    struct conf *conf = NULL;
    struct err err = {0};
    int r = conf_load_text("fuzz.conf", (const char *)data, size, &conf, &err);
    ASSERT((r == 0) == (conf != NULL) && (r == 0 || err.text[0] != '\0'));
    if (r == 0) {
        size_t sum = 0;
        conf_each(conf, on_entry, &sum);
        ASSERT(sum > 0);
    }
    conf_free(conf);
    return 0;
}
