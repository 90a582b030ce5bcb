/* An account through an archive: what one storage wrote another one reads, and writes again with
 * the same bytes. */
#include "archive/archive.h"
#include "storage_kit.h"

#define WITH (ARCHIVE_CREDENTIALS | ARCHIVE_TOKENS)

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
    if (archive_write(storage, account, WITH, &out, NULL, &err) < 0)
        fail_msg("an archive of the account %s cannot be written: %s", account, err.text);
    buf_add_char(ret, '\0');
    expect(!buf_failed(ret));
    ret->size--;
    plug_storage_reset(storage);
}

static void on_warning(void *ctx, const char *text)
{
    (void)ctx;
    fail_msg("reading an archive of this release warns: %s", text);
}

/* In pieces of odd sizes, as they may come. */
static void read_archive(struct storage *storage, const struct buf *archive)
{
    struct archive_warnings warnings = {on_warning, NULL};
    struct archive_into into = {.node = ""};
    struct err err = {0};
    struct archive_reader *reader = archive_store(storage, &into, &warnings);
    expect(reader != NULL);
    int r = 0;
    for (size_t at = 0, piece = 1; r == 0 && at < archive->size;
         at += piece, piece = piece * 7 % 1009 + 1) {
        piece = piece < archive->size - at ? piece : archive->size - at;
        r = archive_feed(reader, archive->data + at, piece, &err);
    }
    if (r == 0)
        r = archive_end(reader, NULL, &err);
    archive_close(reader);
    if (r < 0)
        fail_msg("an archive that was written here cannot be read: %s", err.text);
}

/* Fails with the first line that differs. */
static void expect_same_archive(const struct buf *got, const struct buf *wanted, const char *when)
{
    const char *a = got->data, *b = wanted->data;
    if (got->size == wanted->size && memcmp(a, b, got->size) == 0)
        return;
    while (*a != '\0' && strcspn(a, "\n") == strcspn(b, "\n") &&
           memcmp(a, b, strcspn(a, "\n")) == 0) {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
    }
    fail_msg("%s: the archive has \"%.*s\" where \"%.*s\" was expected", when,
             (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

void kit_expect_same_through_archive(struct storage *plugin, struct storage *model,
                                     const char *account)
{
    struct buf of_plugin = {0}, of_model = {0}, again = {0};
    struct storage *sides[] = {model, plugin};
    write_archive(plugin, account, &of_plugin);
    write_archive(model, account, &of_model);
    expect_same_archive(&of_plugin, &of_model, "after the same operations");
    for (int i = 0; i < 2; i++) {
        OK(sides[i], account_remove, account);
        read_archive(sides[i], &of_plugin);
        write_archive(sides[i], account, &again);
        expect_same_archive(&again, &of_plugin,
                            i == 0 ? "read into the model" : "read into the plugin again");
    }
    buf_fini(&of_plugin);
    buf_fini(&of_model);
    buf_fini(&again);
}
