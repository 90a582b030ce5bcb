/* URLs from standard input, each ended by a NUL, in their canonical form to standard output, in the
 * same way; "!" for what is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/url_canonical.h"

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    struct buf url = {0};
    unsigned how = argc > 1 && strcmp(argv[1], "--drop-user") == 0 ? MODEL_URL_DROP_USER : 0;
    for (ssize_t n; (n = getdelim(&line, &room, '\0', stdin)) > 0;) {
        size_t size = line[n - 1] == '\0' ? (size_t)n - 1 : (size_t)n;
        fputs(model_url_canonical(line, size, how, &url) == 0 ? url.data : "!", stdout);
        putchar('\0');
    }
    buf_fini(&url);
    free(line);
    return 0;
}
