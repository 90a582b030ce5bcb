/* The rule at the end of a time zone's file: whatever its text is, its changes are in order. */
#include "../../core/api/timezone.c" /* what reads a file is its own */

#include "base/buf.h"
#include "base/magic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_part(struct buf *out)
{
    static const unsigned char header[HEADER] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};
    buf_add(out, header, sizeof(header));
    buf_add(out, "\0\0\x0e\x10\0\0CET\0", 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times[] = {0, -1, 1767225600, 1782864000, 4102444799, -62135596800};
    struct buf file = {0};
    if (size > 300)
        return 0;
    put_part(&file);
    put_part(&file);
    buf_add_char(&file, '\n');
    buf_add(&file, data, size);
    buf_add_char(&file, '\n');
    struct zone *zone = tzif_parse((const unsigned char *)file.data, file.size);
    ASSERT(zone != NULL); /* a rule that is none is left out */
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int32_t offset = api_timezone_offset(zone, times[i]);
        ASSERT(offset > -26 * 3600 && offset < 26 * 3600);
    }
    for (size_t i = 1; i < zone->count; i++)
        ASSERT(zone->transitions[i - 1].at <= zone->transitions[i].at);
    api_timezone_free(zone);
    buf_fini(&file);
    return 0;
}
