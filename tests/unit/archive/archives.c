#include "archives.h"

#include <openssl/sha.h>

#include "base/str.h"
#include "codec/codec.h"

struct fixture *fixture;
struct buf said;

int begin_test(void **state)
{
    int r = fixture_setup(state);
    fixture = *state;
    buf_reset(&said);
    return r;
}

int end_test(void **state)
{
    buf_fini(&said);
    return fixture_teardown(state);
}

static void note_warning(void *ctx, const char *text)
{
    (void)ctx;
    buf_printf(&said, "%s\n", text);
}

const struct archive_warnings warnings = {note_warning, NULL};

void seal_archive(struct buf *archive)
{
    uint8_t digest[32];
    char hex[65];
    long lines = 0;
    SHA256((const unsigned char *)archive->data, archive->size, digest);
    codec_hex_encode(digest, sizeof(digest), hex);
    for (size_t i = 0; i < archive->size; i++)
        lines += archive->data[i] == '\n';
    buf_printf(archive, "{\"record\":\"end\",\"lines\":%ld,\"sha256\":\"%s\"}\n", lines, hex);
}

int feed_archive(struct archive_reader *reader, const char *text, size_t size,
                 struct archive_summary *summary, struct err *err)
{
    assert_non_null(reader);
    int r = archive_feed(reader, text, size, err);
    if (r == 0)
        r = archive_end(reader, summary, err);
    archive_close(reader);
    return r;
}

int store_archive(struct storage *storage, const struct archive_into *into, const char *body,
                  struct err *err)
{
    struct buf archive = {0};
    buf_add_text(&archive, body);
    seal_archive(&archive);
    int r = feed_archive(archive_store(storage, into, &warnings), archive.data, archive.size, NULL,
                         err);
    buf_fini(&archive);
    return r;
}

static int put_to_buf(void *ctx, const void *bytes, size_t size, struct err *err)
{
    (void)err;
    buf_add(ctx, bytes, size);
    return 0;
}

void write_to(struct storage *storage, const char *account, struct buf *ret)
{
    struct archive_out out = {put_to_buf, ret};
    struct err err = {0};
    buf_reset(ret);
    if (archive_write(storage, account, ARCHIVE_CREDENTIALS | ARCHIVE_TOKENS, &out, NULL, &err) < 0)
        fail_msg("%s", err.text);
    buf_add_char(ret, '\0');
}
