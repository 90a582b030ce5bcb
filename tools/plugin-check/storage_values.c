/* Values at their borders that are in no record: settings, credentials, properties, cursors. */
#include "storage_ways.h"

#include <stdlib.h>

enum {
    SETTINGS_MAX = 64 * 1024,
    CREDENTIALS_MAX = 1 << 20,
    PROPERTY_MAX = 4096,
    CURSOR_MAX = 64 * 1024
};

static void expect_same_text(const char *what, const char *got, const char *put)
{
    if (got == NULL || strcmp(got, put) != 0)
        fail_msg("%s was put as \"%.48s\" (%zu bytes) and comes back as \"%.48s\" (%zu bytes)",
                 what, put, strlen(put), got == NULL ? "(null)" : got,
                 got == NULL ? 0 : strlen(got));
}

/* --- texts that are one value --- */

static void check_settings(struct storage *storage, const char *text)
{
    const char *got = NULL;
    OK(storage, settings_put, "a", text);
    OK(storage, settings_get, "a", &got);
    expect_same_text("settings", got, text);
}

static void values_check_property(struct storage *storage, const char *text)
{
    const char *got = NULL;
    OK(storage, property_put, "kit", text, true);
    OK(storage, property_get, "kit", &got);
    expect_same_text("a property", got, text);
}

struct seen_cursor {
    const char *text;
    int32_t collection;
    size_t count;
};

static int values_on_cursor(void *ctx, int64_t source, int32_t collection, const char *text)
{
    struct seen_cursor *seen = ctx;
    seen->count++;
    if (collection == seen->collection)
        expect_same_text("a sync cursor", text, seen->text);
    return 0;
}

static void check_cursor(struct storage *storage, const char *text)
{
    for (int32_t collection = HEARTH_COLLECTION_NONE; collection < HEARTH_COLLECTION_SLOTS;
         collection++) {
        struct seen_cursor seen = {text, collection, 0};
        kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
        OK(storage, sync_cursor_put, 0, collection, text);
        kit_batch_commit(storage);
        OK(storage, sync_cursor_list, "a", values_on_cursor, &seen);
        expect_number(seen.count, collection + 1); /* each has its own */
    }
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    for (int32_t collection = HEARTH_COLLECTION_NONE; collection < HEARTH_COLLECTION_SLOTS;
         collection++)
        OK(storage, sync_cursor_put, 0, collection, NULL);
    kit_batch_commit(storage);
}

static void check_texts(struct kit *kit, int64_t most,
                        void (*check)(struct storage *storage, const char *text))
{
    bool more = true;
    most = plug_fields_longest(most, kit->descriptor->limits);
    for (size_t which = 0; more; which++) {
        const char *text = kit_record_border_text(which, 0, most, &more);
        if (text != NULL)
            check(&kit->storage, text);
        plug_storage_reset(&kit->storage);
    }
}

static void texts_come_back(struct kit *kit)
{
    char name[65], other[65];
    const char *got;
    check_texts(kit, SETTINGS_MAX, check_settings);
    check_texts(kit, PROPERTY_MAX, values_check_property);
    check_texts(kit, CURSOR_MAX, check_cursor);
    memset(name, 'k', 64);
    name[64] = '\0';
    memcpy(other, name, sizeof(other));
    other[63] = '_';
    OK(&kit->storage, property_put, name, "one", true);
    OK(&kit->storage, property_put, other, "two", true);
    OK(&kit->storage, property_get, name, &got);
    expect_same_text("a property with the longest name", got, "one");
}

/* --- bytes --- */

static void check_sealed(struct storage *storage, const uint8_t *bytes, size_t size)
{
    const void *got = NULL;
    size_t got_size = 77;
    OK(storage, credentials_put, "a", 0, bytes, size);
    OK(storage, credentials_get, "a", 0, &got, &got_size);
    if (got_size != size)
        fail_msg("credentials of %zu bytes come back as %zu bytes", size, got_size);
    for (size_t i = 0; i < size; i++)
        if (((const uint8_t *)got)[i] != bytes[i])
            fail_msg("byte %zu of credentials was put as %d and comes back as %d", i, bytes[i],
                     ((const uint8_t *)got)[i]);
    plug_storage_reset(storage);
}

static void sealed_bytes_come_back(struct kit *kit)
{
    static uint8_t bytes[CREDENTIALS_MAX];
    static const size_t sizes[] = {
        1, 256, 65535, 65536, 65537, CREDENTIALS_MAX - 1, CREDENTIALS_MAX};
    unsigned state = 7;
    for (size_t i = 0; i < CREDENTIALS_MAX; i++) { /* each value, then what nothing packs */
        state = state * 1664525u + 1013904223u;
        bytes[i] = i < 256 ? (uint8_t)i : (uint8_t)(state >> 24);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_sealed(&kit->storage, bytes, sizes[i]);
    check_sealed(&kit->storage, bytes + 1, 255);
    check_sealed(&kit->storage, (const uint8_t[4]){0}, 4);
    check_sealed(&kit->storage, (const uint8_t[3]){0xef, 0xbb, 0xbf}, 3);
}

const struct kit_test kit_storage_values_tests[] = {
    {"borders: settings, properties and sync cursors come back as they were put", texts_come_back,
     KIT_OPEN},
    {"borders: sealed bytes come back, whatever they are", sealed_bytes_come_back, KIT_OPEN},
    {NULL, NULL},
};
