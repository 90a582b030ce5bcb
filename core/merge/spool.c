#include "merge/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/magic.h"

/* A record: size of what follows the header, kind, checksum of both and of what follows (u32
 * each), then fields: integers as 8 bytes, texts as a size (u32, NONE for NULL), the bytes and a
 * NUL. Native byte order: it never leaves the process. But it goes by way of a disk, so that
 * what comes back is believed only when its checksum fits: fields are then read without further
 * checks. */
enum { SIZE, KIND, CHECKSUM, HEADER_FIELDS, HEADER = HEADER_FIELDS * 4, WINDOW = 64 * 1024 };
static const uint32_t NONE = UINT32_MAX;

void merge_spool_init(struct spool *spool, const char *directory, const struct limits *limits)
{
    *spool = (struct spool){.directory = directory, .limits = limits, .fd = -1};
}

void merge_spool_fini(struct spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    buf_fini(&spool->pending);
    buf_fini(&spool->record);
    buf_fini(&spool->url);
    buf_fini(&spool->window);
    spool->fd = -1;
}

void merge_spool_clear(struct spool *spool)
{
    const char *directory = spool->directory;
    const struct limits *limits = spool->limits;
    int64_t source = spool->source;
    size_t longest = spool->longest;
    merge_spool_fini(spool);
    merge_spool_init(spool, directory, limits);
    spool->source = source;
    spool->longest = longest;
}

int64_t merge_spool_size(const struct spool *spool)
{
    return spool->file_size + (int64_t)spool->pending.size;
}

/* FNV-1a over words, then bytes: meant for accidents. */
static uint32_t checksum_of(const uint32_t header[HEADER_FIELDS], const char *bytes)
{
    uint64_t sum = 0xcbf29ce484222325;
    size_t size = header[SIZE], i = 0;
    sum = (sum ^ ((uint64_t)header[SIZE] << 32 | header[KIND])) * 0x100000001b3;
    for (uint64_t word; i + sizeof(word) <= size; i += sizeof(word)) {
        memcpy(&word, bytes + i, sizeof(word));
        sum = (sum ^ word) * 0x100000001b3;
        sum ^= sum >> 29;
    }
    for (; i < size; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3;
    sum = (sum ^ sum >> 33) * 0xff51afd7ed558ccd;
    return (uint32_t)(sum ^ sum >> 33);
}

bool merge_spool_has(const struct spool *spool, int kind)
{
    return (spool->kinds >> kind & 1) != 0;
}

void merge_spool_begin(struct spool *spool, int kind)
{
    uint32_t header[HEADER_FIELDS] = {[KIND] = (uint32_t)kind};
    ASSERT(kind >= 0 && kind < SPOOL_KINDS);
    buf_reset(&spool->record);
    buf_add(&spool->record, header, sizeof(header));
}

void merge_spool_put_int(struct spool *spool, int64_t value)
{
    buf_add(&spool->record, &value, sizeof(value));
}

void merge_spool_put_bytes(struct spool *spool, const void *bytes, size_t size)
{
    uint32_t n = (uint32_t)size;
    if (size >= SPOOL_RECORD_MAX) {
        spool->record.failed = true;
        return;
    }
    buf_add(&spool->record, &n, sizeof(n));
    buf_add(&spool->record, bytes, size);
    buf_add_char(&spool->record, '\0');
}

void merge_spool_put_text(struct spool *spool, const char *text)
{
    if (text != NULL)
        merge_spool_put_bytes(spool, text, strlen(text));
    else
        buf_add(&spool->record, &NONE, sizeof(NONE));
}

static int open_file(struct spool *spool, struct err *err)
{
    spool->fd = open(spool->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd >= 0)
        return 0;
    char path[4096]; /* file systems without O_TMPFILE */
    snprintf(path, sizeof(path), "%s/spool-XXXXXX", spool->directory);
    spool->fd = mkostemp(path, O_CLOEXEC);
    if (spool->fd < 0)
        return err_errno(err, errno, "cannot make a temporary file in %s", spool->directory);
    unlink(path);
    return 0;
}

static int spool_flush_pending(struct spool *spool, struct err *err)
{
    if (spool->fd < 0) {
        int r = open_file(spool, err);
        if (r < 0)
            return r;
    }
    int full = merge_limits_check_free(spool->limits, spool->directory,
                                       (int64_t)spool->pending.size, &spool->why, err);
    if (full < 0) {
        spool->limited = true;
        return full;
    }
    for (size_t done = 0; done < spool->pending.size;) {
        ssize_t n = pwrite(spool->fd, spool->pending.data + done, spool->pending.size - done,
                           spool->file_size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, n < 0 ? errno : ENOSPC,
                             "cannot write records to a temporary file in %s", spool->directory);
        done += (size_t)n;
        spool->file_size += n;
    }
    buf_reset(&spool->pending);
    return 0;
}

int merge_spool_end(struct spool *spool, struct err *err)
{
    if (buf_failed(&spool->record) || spool->record.size > SPOOL_RECORD_MAX)
        return err_set(err, HEARTH_ERR_NOMEM, "a record of %zu bytes is too large",
                       spool->record.size);
    uint32_t header[HEADER_FIELDS];
    memcpy(header, spool->record.data, HEADER);
    header[SIZE] = (uint32_t)(spool->record.size - HEADER);
    header[CHECKSUM] = checksum_of(header, spool->record.data + HEADER);
    memcpy(spool->record.data, header, HEADER);
    buf_add(&spool->pending, spool->record.data, spool->record.size);
    if (buf_failed(&spool->pending))
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int r = merge_limits_check_spool(spool->limits, merge_spool_size(spool), &spool->why, err);
    if (r < 0) {
        spool->limited = true;
        return r;
    }
    spool->count++;
    spool->kinds |= UINT64_C(1) << header[KIND];
    return spool->pending.size < SPOOL_BUFFER ? 0 : spool_flush_pending(spool, err);
}

void merge_spool_rewind(struct spool *spool)
{
    spool->next = 0;
    buf_reset(&spool->window);
    spool->window_at = 0;
}

/* Copies bytes [at, at + size) of file and pending; false when the file cannot be read or ends
 * before. A record lies wholly in one of both, because pending is flushed whole. */
static bool read_at(struct spool *spool, int64_t at, char *ret, size_t size)
{
    if (at >= spool->file_size) {
        if (size > spool->pending.size - (size_t)(at - spool->file_size))
            return false;
        memcpy(ret, spool->pending.data + (at - spool->file_size), size);
        return true;
    }
    while (size > 0) {
        int64_t window_end = spool->window_at + (int64_t)spool->window.size;
        if (at < spool->window_at || at >= window_end) {
            buf_reset(&spool->window);
            char *room = buf_reserve(&spool->window, WINDOW);
            ssize_t n = room == NULL ? -1 : pread(spool->fd, room, WINDOW, at);
            if (n <= 0)
                return false;
            buf_grew(&spool->window, (size_t)n);
            spool->window_at = at;
            continue;
        }
        size_t have = (size_t)(window_end - at), spool_take_bytes = have < size ? have : size;
        memcpy(ret, spool->window.data + (at - spool->window_at), spool_take_bytes);
        ret += spool_take_bytes;
        at += (int64_t)spool_take_bytes;
        size -= spool_take_bytes;
    }
    return true;
}

int merge_spool_next(struct spool *spool, int *ret_kind, struct err *err)
{
    if (spool->next >= spool->file_size + (int64_t)spool->pending.size)
        return 0;
    uint32_t header[HEADER_FIELDS];
    if (!read_at(spool, spool->next, (char *)header, sizeof(header)))
        return err_set(err, HEARTH_ERR_IO, "cannot read records back from a temporary file in %s",
                       spool->directory);
    buf_reset(&spool->record);
    char *room = header[SIZE] > SPOOL_RECORD_MAX ? NULL : buf_reserve(&spool->record, header[SIZE]);
    if (room == NULL && header[SIZE] <= SPOOL_RECORD_MAX)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (room == NULL || !read_at(spool, spool->next + HEADER, room, header[SIZE]) ||
        checksum_of(header, room) != header[CHECKSUM])
        return err_set(
            err, HEARTH_ERR_IO,
            "a temporary file in %s gives other bytes than were written to it; check the disk",
            spool->directory);
    buf_grew(&spool->record, header[SIZE]);
    spool->next += HEADER + header[SIZE];
    spool->read_at = 0;
    *ret_kind = (int)header[KIND];
    return 1;
}

static const char *spool_take_bytes(struct spool *spool, size_t size)
{
    ASSERT(spool->record.size - spool->read_at >= size);
    const char *p = spool->record.data + spool->read_at;
    spool->read_at += size;
    return p;
}

int64_t merge_spool_get_int(struct spool *spool)
{
    int64_t value;
    memcpy(&value, spool_take_bytes(spool, sizeof(value)), sizeof(value));
    return value;
}

const void *merge_spool_get_bytes(struct spool *spool, size_t *ret_size)
{
    uint32_t n;
    memcpy(&n, spool_take_bytes(spool, sizeof(n)), sizeof(n));
    if (ret_size != NULL)
        *ret_size = n == NONE ? 0 : n;
    return n == NONE ? NULL : spool_take_bytes(spool, (size_t)n + 1);
}

const char *merge_spool_get_text(struct spool *spool)
{
    return merge_spool_get_bytes(spool, NULL);
}
