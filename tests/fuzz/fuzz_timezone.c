/* Files of time zones: whatever they hold, every moment has a day. */
#include "../../core/api/timezone.c" /* what reads a file is its own */

#include "base/magic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times[] = {0, 1, -1, 1795417404000, -62135596800000, 253402300799999};
    char name[16];
    struct zone *zone = size >= FILE_MAX ? NULL : tzif_parse(data, size);
    if (zone == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int32_t offset = api_timezone_offset(zone, times[i] / 1000);
        ASSERT(offset > -26 * 3600 && offset < 26 * 3600); /* RFC 8536, 3.2 */
        api_timezone_day_name(api_timezone_day(zone, times[i]), name);
        ASSERT(strlen(name) < sizeof(name));
    }
    api_timezone_free(zone);
    return 0;
}
