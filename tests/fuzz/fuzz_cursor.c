/* Cursors of lists: whatever is accepted is written again to the same text, but for spellings of
 * numbers. */
#include <string.h>

#include "api/internal.h"
#include "base/magic.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request = {0};
    struct http_reply reply = {0};
    struct api_call call = {.request = &request, .reply = &reply};
    const char *names[] = {"cursor"}, *values[1], *text = NULL;
    int64_t numbers[3] = {0}, again[3] = {0};
    if (size < 2)
        return 0;
    size_t count = data[0] % 4;
    bool with_text = (data[0] & 16) != 0, given;
    arena_init(&request.arena, 1 << 20);
    values[0] = arena_strndup(&request.arena, (const char *)data + 1, size - 1);
    request.names = names;
    request.values = values;
    request.parameter_count = 1;
    if (api_cursor(&call, 'v', numbers, count, with_text ? &text : NULL, &given) && given) {
        ASSERT(!with_text || (text != NULL && str_is_utf8(text, strlen(text))));
        values[0] = api_make_cursor(&call, 'v', numbers, count, text);
        const char *text_again = NULL;
        ASSERT(values[0] != NULL &&
               api_cursor(&call, 'v', again, count, with_text ? &text_again : NULL, &given) &&
               given);
        ASSERT(memcmp(numbers, again, sizeof(numbers)) == 0 &&
               (!with_text || strcmp(text, text_again) == 0));
    }
    buf_fini(&reply.body);
    arena_fini(&request.arena);
    return 0;
}
