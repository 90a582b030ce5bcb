/* Forms, cookies and origins from browsers: texts are valid UTF-8, and lie in the arena. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "base/str.h"
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request = {.content_type = "application/x-www-form-urlencoded"};
    arena_init(&request.arena, 1 << 20);
    char *text = arena_strndup(&request.arena, (const char *)data, size);
    if (text == NULL)
        return 0;
    request.body = text;
    request.body_size = size;
    if (http_form(&request))
        for (size_t i = 0; i < request.parameter_count; i++)
            ASSERT(str_is_utf8(request.names[i], strlen(request.names[i])) &&
                   str_is_utf8(request.values[i], strlen(request.values[i])));
    request.cookie = text;
    const char *cookie = http_cookie(&request, "hearth_session");
    ASSERT(cookie == NULL || strchr(cookie, ';') == NULL);
    request.origin = request.host = text;
    int same = http_same_origin(&request, "https://home.example.org/");
    ASSERT(same >= 0 && same <= 1);
    arena_fini(&request.arena);
    return 0;
}
