/* The body of a collection, cut at a place that the input chooses: the records must be the same
 * as without a cut. */
#include <stdlib.h>
#include <string.h>

#include "json_scan.h"
#include "newlines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 64 };

struct sum {
    uint64_t hash;
    int64_t skipped;
};

static int on_line(void *ctx, const char *line, size_t size)
{
    struct sum *sum = ctx;
    if (line == NULL)
        sum->skipped++;
    if (size > MAX)
        abort();
    for (size_t i = 0; i < size; i++)
        sum->hash = (sum->hash ^ (unsigned char)line[i]) * 0x100000001b3u;
    sum->hash = (sum->hash ^ 0x100) * 0x100000001b3u;
    fx_json_scan(line == NULL ? "" : line, size, NULL, NULL);
    return 0;
}

static int run(bool array, const char *data, size_t size, size_t cut, struct sum *sum)
{
    struct fx_newlines n;
    fx_newlines_init(&n, array, MAX, on_line, sum);
    int r = fx_newlines_feed(&n, data, cut);
    r = r != 0 ? r : fx_newlines_feed(&n, data + cut, size - cut);
    r = r != 0 ? r : fx_newlines_end(&n);
    fx_newlines_fini(&n);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t cut = data[0] | (size_t)data[1] << 8;
    data += 2;
    size -= 2;
    cut = size == 0 ? 0 : cut % (size + 1);
    for (int array = 0; array < 2; array++) {
        struct sum whole = {0}, parts = {0};
        int a = run(array, (const char *)data, size, 0, &whole),
            b = run(array, (const char *)data, size, cut, &parts);
        if (a != b || whole.hash != parts.hash || whole.skipped != parts.skipped)
            abort();
    }
    return 0;
}
