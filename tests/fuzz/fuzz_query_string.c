/* Request targets and small header values: decoded text is valid UTF-8 without NUL, paths are
 * normal, nothing is read beyond the input. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "base/str.h"
#include "http/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request = {0};
    arena_init(&request.arena, 1 << 20);
    const char *text = (const char *)data, *question = size == 0 ? NULL : memchr(text, '?', size);
    size_t path_size = question == NULL ? size : (size_t)(question - text);
    const char *path = http_query_path(&request.arena, text, path_size);
    if (path != NULL)
        ASSERT(path[0] == '/' && str_is_utf8(path, strlen(path)) && strstr(path, "/../") == NULL &&
               strstr(path, "//") == NULL);
    if (question != NULL && http_query_parameters(&request, question + 1, size - path_size - 1))
        for (size_t i = 0; i < request.parameter_count; i++)
            ASSERT(str_is_utf8(request.names[i], strlen(request.names[i])) &&
                   http_parameter(&request, request.names[i]) != NULL);
    char *header = arena_strndup(&request.arena, text, size);
    if (header != NULL)
        http_query_accepts(header, "gzip");
    arena_fini(&request.arena);
    return 0;
}
