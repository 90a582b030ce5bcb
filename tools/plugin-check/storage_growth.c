/* Growth: hosts older and newer than the plugin. Structs only grow at their end, and each side
 * trusts the first struct_size bytes. */
#include "storage_kit.h"

#define CANARY 0x5a

/* A host of the next version hands in larger structs; what it does not know must not disturb the
 * plugin. */
struct newer_page {
    struct hearth_page page;
    uint8_t more[64];
};

struct newer_account {
    struct hearth_account account;
    uint8_t more[64];
};

struct newer_bookmark {
    struct hearth_bookmark bookmark;
    uint8_t more[64];
};

static void fill_more(uint8_t *more)
{
    memset(more, CANARY, 64);
}

/* Behind what the plugin says that it filled everything is as before: it may be of tomorrow
 * itself, and know more than this kit. */
static void expect_unfilled(const void *record, const void *before, size_t size, const char *what)
{
    uint32_t filled = *(const uint32_t *)record;
    if (filled > size)
        fail_msg("%s says that %u bytes of it were filled, there are %zu", what, filled, size);
    if (memcmp((const uint8_t *)record + filled, (const uint8_t *)before + filled, size - filled) !=
        0)
        fail_msg("%s was written behind its struct_size", what);
}

static void expect_canary(const uint8_t *bytes, const char *what)
{
    for (int i = 0; i < 64; i++)
        if (bytes[i] != CANARY)
            fail_msg("%s was written behind its struct_size", what);
}

static void newer_host(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    struct newer_page page = {.page = kit_page_make(1, "https://u/", "u")};
    struct newer_account account = {.account = {.id = "c",
                                                .email = "c@example.org",
                                                .uid = "u",
                                                .provider = "fx",
                                                .node = "",
                                                .name = "Carla"}};
    struct newer_bookmark bookmark = {.bookmark = kit_bookmark_make("b", HEARTH_BOOKMARK, NULL, 0)};
    page.page.struct_size = sizeof(page);
    account.account.struct_size = sizeof(account);
    bookmark.bookmark.struct_size = sizeof(bookmark);
    fill_more(page.more);
    fill_more(account.more);
    fill_more(bookmark.more);
    OK(storage, account_create, &account.account);
    kit_batch_begin(storage, "c", HEARTH_COLLECTION_NONE);
    OK(storage, page_put, &page.page);
    OK(storage, bookmark_put, &bookmark.bookmark);
    kit_batch_commit(storage);
    const struct newer_page page_before = page;
    const struct newer_account account_before = account;
    const struct newer_bookmark bookmark_before = bookmark;
    OK(storage, account_get, "c", &account.account);
    OK(storage, page_get, "c", 1, &page.page);
    OK(storage, bookmark_get, "c", "b", &bookmark.bookmark);
    expect_text(account.account.name, "Carla");
    expect_unfilled(&page, &page_before, sizeof(page), "hearth_page");
    expect_unfilled(&account, &account_before, sizeof(account), "hearth_account");
    expect_unfilled(&bookmark, &bookmark_before, sizeof(bookmark), "hearth_bookmark");
}

/* What a host of version 1 knows of the structs that operations fill, whatever they grow to. */
enum {
    ACCOUNT_1 = offsetof(struct hearth_account, resync) + sizeof(int64_t),
    PAGE_1 = offsetof(struct hearth_page, generation) + sizeof(int64_t),
    BOOKMARK_1 = offsetof(struct hearth_bookmark, visit_count) + sizeof(int64_t),
    COUNTS_1 = offsetof(struct hearth_counts, visits) + sizeof(int64_t),
};

static void older_host(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    union {
        uint8_t bytes[1024];
        struct hearth_account account;
        struct hearth_page page;
        struct hearth_bookmark bookmark;
        struct hearth_counts counts;
    } out;
    kit_batch_begin(storage, "a", HEARTH_COLLECTION_NONE);
    kit_page_put_visited(storage, 1, "https://u/", "u", 1, (const int64_t[]){100});
    kit_bookmark_put(storage, "b", HEARTH_BOOKMARK, NULL, 0);
    kit_batch_commit(storage);
    memset(&out, CANARY, sizeof(out));
    out.account.struct_size = ACCOUNT_1;
    OK(storage, account_get, "a", &out.account);
    expect_canary(out.bytes + ACCOUNT_1, "hearth_account");
    expect_text(out.account.email, "anna@example.org");
    memset(&out, CANARY, sizeof(out));
    out.page.struct_size = PAGE_1;
    OK(storage, page_get, "a", 1, &out.page);
    expect_canary(out.bytes + PAGE_1, "hearth_page");
    memset(&out, CANARY, sizeof(out));
    out.bookmark.struct_size = BOOKMARK_1;
    OK(storage, bookmark_get, "a", "b", &out.bookmark);
    expect_canary(out.bytes + BOOKMARK_1, "hearth_bookmark");
    memset(&out, CANARY, sizeof(out));
    out.counts.struct_size = COUNTS_1;
    OK(storage, counts, "a", &out.counts);
    expect_canary(out.bytes + COUNTS_1, "hearth_counts");
}

const struct kit_test kit_storage_growth_tests[] = {
    {"growth: a newer host's larger structs are taken", newer_host},
    {"growth: nothing is written behind an older host's structs", older_host},
    {NULL, NULL},
};
