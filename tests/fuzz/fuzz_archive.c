/* Archives into a storage: one that is refused leaves nothing, of one that is taken another
 * archive can be made, which is the same bytes but for generations when it has been read again.
 * The last line is made here, so that what is before it is reached. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/buf.h"
#include "base/magic.h"
#include "base/str.h"
#include "codec/codec.h"
#include "plug/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const struct hearth_plugin *mem_plugin(void);

static struct storage *open_model(void)
{
    static struct host host;
    static struct storage storage;
    static void *self;
    struct call call;
    struct err err = {0};
    const struct hearth_storage *ops = mem_plugin()->operations;
    if (self != NULL)
        return &storage;
    plug_host_init(&host, "model", NULL, NULL);
    plug_call_init(&call, NULL, 0, 0);
    ASSERT(ops->open(&host.hearth, &call.hearth, NULL, &self) == 0);
    plug_call_fini(&call);
    struct opened_storage opened = {.ops = ops, .self = self};
    ASSERT(plug_storage_open(&storage, &opened, NULL, &err) == 0);
    ASSERT(STORAGE(&storage, &err, migrate) == 0);
    return &storage;
}

static int refuse_any(void *ctx, const struct hearth_account *account)
{
    (void)account;
    *(bool *)ctx = true;
    return 0;
}

static bool is_empty(struct storage *storage)
{
    bool found = false;
    ASSERT(STORAGE(storage, NULL, account_list, refuse_any, &found) == 0);
    plug_storage_reset(storage);
    return !found;
}

static void count_warning(void *ctx, const char *text)
{
    ASSERT(text[0] != '\0' && str_is_utf8(text, strlen(text)));
    ++*(int *)ctx;
}

static int read_archive(struct storage *storage, const void *bytes, size_t size, const void *last,
                        size_t last_size, struct archive_summary *ret_summary)
{
    int warned = 0;
    struct archive_warnings warnings = {count_warning, &warned};
    struct archive_into into = {.node = "", .settle = archive_settle};
    struct err err = {0};
    struct archive_reader *reader = archive_store(storage, &into, &warnings);
    ASSERT(reader != NULL);
    int r = archive_feed(reader, bytes, size, &err);
    if (r == 0)
        r = archive_feed(reader, last, last_size, &err);
    if (r == 0)
        r = archive_end(reader, ret_summary, &err);
    archive_close(reader);
    ASSERT(r == 0 || err.text[0] != '\0');
    plug_storage_reset(storage);
    return r;
}

static int put_to_buf(void *ctx, const void *bytes, size_t size, struct err *err)
{
    (void)err;
    buf_add(ctx, bytes, size);
    return 0;
}

static void write_archive(struct storage *storage, const char *account, struct buf *ret)
{
    struct archive_out out = {put_to_buf, ret};
    struct err err = {0};
    buf_reset(ret);
    ASSERT(archive_write(storage, account, ARCHIVE_CREDENTIALS | ARCHIVE_TOKENS, &out, NULL,
                         &err) == 0 &&
           !buf_failed(ret));
    plug_storage_reset(storage);
}

/* Generations begin anew with each life of an account; the last line has a sum of all before it. */
static void forget_life(struct buf *archive)
{
    static const char GENERATION[] = "\"generation\":";
    char *from = archive->data, *to = archive->data, *end = archive->data + archive->size;
    char *last = memrchr(archive->data, '\n', archive->size - 1);
    ASSERT(last != NULL);
    while (from < last) {
        size_t size = sizeof(GENERATION) - 1;
        bool here = (size_t)(end - from) > size && memcmp(from, GENERATION, size) == 0;
        for (size_t i = 0; i < (here ? size : 1); i++)
            *to++ = *from++;
        while (here && from < last && *from >= '0' && *from <= '9')
            from++;
    }
    archive->size = (size_t)(to - archive->data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct storage *storage = open_model();
    struct archive_summary summary;
    struct buf first = {0}, second = {0};
    uint8_t digest[32];
    char hex[65], last[200];
    long lines = 0;
    SHA256(data, size, digest);
    codec_hex_encode(digest, sizeof(digest), hex);
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    snprintf(last, sizeof(last), "{\"record\":\"end\",\"lines\":%ld,\"sha256\":\"%s\"}\n", lines,
             hex);
    if (read_archive(storage, data, size, last, strlen(last), &summary) == 0) {
        write_archive(storage, summary.id, &first);
        ASSERT(STORAGE(storage, NULL, account_remove, summary.id) == 0);
        ASSERT(read_archive(storage, first.data, first.size, "", 0, &summary) == 0);
        write_archive(storage, summary.id, &second);
        forget_life(&first);
        forget_life(&second);
        ASSERT(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        ASSERT(STORAGE(storage, NULL, account_remove, summary.id) == 0);
    }
    ASSERT(is_empty(storage));
    plug_storage_reset(storage);
    buf_fini(&first);
    buf_fini(&second);
    return 0;
}
