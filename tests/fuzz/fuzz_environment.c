/* Variables of the environment, one a line: whatever they are, loading ends with values or with an
 * error that has a text. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *variables[MOST + 1] = {NULL};
    char *text = malloc(size + 1), *state = NULL;
    size_t n = 0;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (strcasestr(text, "_file") == NULL) /* would read files of this machine */
        for (char *line = strtok_r(text, "\n", &state); line != NULL && n < MOST;
             line = strtok_r(NULL, "\n", &state))
            variables[n++] = line;
    struct conf *conf = NULL;
    struct err err = {0};
    struct conf_sources sources = {.environment = variables};
    int r = conf_load(&sources, NULL, &conf, &err);
    ASSERT((r == 0) == (conf != NULL) && (r == 0 || err.text[0] != '\0'));
    conf_free(conf);
    free(text);
    return 0;
}
