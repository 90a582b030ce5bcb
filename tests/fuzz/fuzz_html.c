/* Titles and URLs on pages: nothing of them ends a tag, an attribute or a value. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "base/str.h"
#include "pages/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {0};
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    buf_add_char(&out, ' ');
    pages_html_put(&out, "%s%d", text, 7);
    ASSERT(strpbrk(out.data, "<>\"'\x01\x1b\x7f") == NULL && out.data[out.size - 1] == '7');
    ASSERT(str_is_utf8(text, strlen(text)) == str_is_utf8(out.data, out.size));
    for (const char *p = out.data; (p = strchr(p, '&')) != NULL; p++)
        ASSERT(strchr(p, ';') != NULL && strcspn(p, ";") <= 5);
    buf_reset(&out);
    buf_add_char(&out, ' ');
    pages_html_query_value(&out, text);
    ASSERT(strpbrk(out.data + 1, "<>\"'&=#?+; \r\n") == NULL);
    buf_fini(&out);
    free(text);
    return 0;
}
