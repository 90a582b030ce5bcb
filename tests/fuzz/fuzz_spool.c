/* Records on their way through the spool come back as they went in; a spool whose file was
 * damaged says so instead of giving others. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/magic.h"
#include "merge/spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS = 64 };

/* Record i of the input: its bytes, cut by a byte of the input. */
static size_t piece_of(const uint8_t *data, size_t size, size_t i, const uint8_t **ret_at)
{
    size_t from = size * i / RECORDS, to = size * (i + 1) / RECORDS;
    *ret_at = data + from;
    return to - from;
}

static int read_all(struct spool *spool, const uint8_t *data, size_t size, size_t repeat)
{
    struct err err = {0};
    int kind, r;
    size_t i = 0;
    merge_spool_rewind(spool);
    while ((r = merge_spool_next(spool, &kind, &err)) == 1) {
        const uint8_t *at;
        size_t n = piece_of(data, size, i % RECORDS, &at), got;
        ASSERT(kind == (int)(i % RECORDS) && i < RECORDS * repeat);
        ASSERT(merge_spool_get_int(spool) == (int64_t)n);
        const void *bytes = merge_spool_get_bytes(spool, &got);
        ASSERT(got == n && memcmp(bytes, at, n) == 0);
        ASSERT(merge_spool_get_text(spool) == NULL);
        i++;
    }
    ASSERT(r < 0 ? err.text[0] != '\0' : i == RECORDS * repeat);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spool spool;
    struct err err = {0};
    if (size < 4 || size > 4096)
        return 0;
    /* some go to the file */
    size_t repeat =
        data[0] % 4 == 0 ? 1 + (SPOOL_BUFFER + SPOOL_BUFFER / 2) / (size + RECORDS * 40) : 1;
    merge_spool_init(&spool, "/tmp", NULL);
    for (size_t i = 0; i < RECORDS * repeat; i++) {
        const uint8_t *at;
        size_t n = piece_of(data, size, i % RECORDS, &at);
        merge_spool_begin(&spool, (int)(i % RECORDS));
        merge_spool_put_int(&spool, (int64_t)n);
        merge_spool_put_bytes(&spool, at, n);
        merge_spool_put_text(&spool, NULL);
        ASSERT(merge_spool_end(&spool, &err) == 0);
    }
    ASSERT(read_all(&spool, data, size, repeat) == 0);
    if (spool.fd >= 0 && spool.file_size > 0) {
        uint8_t byte;
        int64_t where = (data[1] << 16 | data[2] << 8 | data[3]) % spool.file_size;
        ASSERT(pread(spool.fd, &byte, 1, where) == 1);
        byte ^= (uint8_t)(data[0] | 1);
        ASSERT(pwrite(spool.fd, &byte, 1, where) == 1);
        ASSERT(read_all(&spool, data, size, repeat) < 0);
    }
    merge_spool_fini(&spool);
    return 0;
}
