/* The cursor of a collection, with the ids that arrived damaged: what is read is written the
 * same way again. */
#include <stdlib.h>
#include <string.h>

#include "cursors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char first[FX_CURSOR_FAILED_MAX], second[FX_CURSOR_FAILED_MAX];
    struct fx_collection_cursor cursor, again;
    struct fx_failed_list failed = {0}, failed_again = {0};
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (fx_collection_cursor_parse_failed(text, &cursor, &failed) == 0 && cursor.present) {
        fx_collection_cursor_format_failed(&cursor, &failed, first);
        if (fx_collection_cursor_parse_failed(first, &again, &failed_again) != 0 ||
            !again.present || failed_again.count != failed.count)
            abort();
        fx_collection_cursor_format_failed(&again, &failed_again, second);
        if (strcmp(first, second) != 0)
            abort();
        fx_failed_any_due(&failed, 1795417500);
    }
    fx_failed_fini(&failed);
    fx_failed_fini(&failed_again);
    free(text);
    return 0;
}
