#include "storage_kit.h"

#include <stdlib.h>
#include <strings.h>

static int leftover_on_account(void *ctx, const struct hearth_account *account)
{
    struct lines *ids = ctx;
    const char *at = strrchr(account->email, '@');
    if (at == NULL || strcasecmp(at, "@example.org") != 0)
        fail_msg("the database has the account %s: the kit removes every account, so give it a "
                 "database of its own",
                 account->email);
    return kit_lines_add(ids, "%s\n", account->id);
}

/* A database that outlives a test is emptied first. */
static void remove_accounts(struct storage *storage)
{
    struct lines *ids = calloc(1, sizeof(*ids));
    OK(storage, account_list, leftover_on_account, ids);
    for (char *id = ids->text, *end; (end = strchr(id, '\n')) != NULL; id = end + 1) {
        *end = '\0';
        OK(storage, account_remove, id);
    }
    plug_storage_reset(storage);
    free(ids);
}

void kit_storage_prepare(struct kit *kit)
{
    OK(&kit->storage, migrate);
    remove_accounts(&kit->storage);
    kit_account_add(&kit->storage, "a", "anna@example.org");
    kit_account_add(&kit->storage, "b", "ben@example.org");
}

void kit_storage_leave_empty(struct kit *kit)
{
    kit_open(kit);
    OK(&kit->storage, migrate);
    remove_accounts(&kit->storage);
    kit_close(kit);
}

void kit_account_add(struct storage *storage, const char *id, const char *email)
{
    char uid[64];
    snprintf(uid, sizeof(uid), "uid of %s", id);
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = id,
                                     .email = email,
                                     .uid = uid,
                                     .provider = "fx",
                                     .node = "",
                                     .created = 1000};
    OK(storage, account_create, &account);
}

void kit_batch_begin(struct storage *storage, const char *account, int32_t collection)
{
    int64_t generation;
    OK(storage, batch_begin, account, collection, &generation);
}

void kit_batch_commit(struct storage *storage)
{
    OK(storage, batch_commit, true);
}

struct hearth_page kit_page_make(int64_t id, const char *url, const char *host)
{
    return (struct hearth_page){
        .struct_size = sizeof(struct hearth_page), .id = id, .url = url, .host = host};
}

void kit_page_put_visited(struct storage *storage, int64_t id, const char *url, const char *host,
                          size_t count, const int64_t *dates)
{
    struct hearth_visit visits[64];
    struct hearth_page page = kit_page_make(id, url, host);
    int64_t added = -1;
    expect(count <= 64);
    for (size_t i = 0; i < count; i++) {
        visits[i] = (struct hearth_visit)HEARTH_VISIT(dates[i], 1);
        if (dates[i] > page.last_visit)
            page.last_visit = dates[i];
    }
    page.visit_count = (int64_t)count;
    page.title = "title";
    OK(storage, page_put, &page);
    OK(storage, visits_put, id, visits, count, &added);
    expect_number(added, count);
}

const char *const kit_scan_may_lack[] = {"host", "guid", "generation", NULL};

struct hearth_bookmark kit_bookmark_make(const char *guid, int32_t kind, const char *parent,
                                         int64_t position)
{
    return (struct hearth_bookmark){.struct_size = sizeof(struct hearth_bookmark),
                                    .guid = guid,
                                    .kind = kind,
                                    .parent = parent,
                                    .position = position};
}

void kit_bookmark_put(struct storage *storage, const char *guid, int32_t kind, const char *parent,
                      int64_t position)
{
    struct hearth_bookmark bookmark = kit_bookmark_make(guid, kind, parent, position);
    OK(storage, bookmark_put, &bookmark);
}

int kit_lines_add(struct lines *lines, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n =
        vsnprintf(lines->text + lines->size, sizeof(lines->text) - lines->size, format, arguments);
    va_end(arguments);
    if (n < 0 || lines->size + (size_t)n >= sizeof(lines->text))
        fail_msg("a list delivers far more rows than there are; the last was: %.200s",
                 lines->text + lines->size);
    lines->size += (size_t)n;
    lines->count++;
    return lines->stop_after != 0 && lines->count >= lines->stop_after;
}

int kit_lines_on_page(void *ctx, const struct hearth_page *page)
{
    if (page->gone)
        return kit_lines_add(ctx, "gone %lld\n", (long long)page->id);
    return kit_lines_add(ctx, "%lld %s %lld %s|%s|%s\n", (long long)page->id, page->url,
                         (long long)page->frecency, page->title == NULL ? "-" : page->title,
                         page->bookmark_title == NULL ? "-" : page->bookmark_title,
                         page->tags == NULL ? "-" : page->tags);
}

int kit_lines_on_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    return kit_lines_add(ctx, "%lld %lld %d %s\n", (long long)row->date, (long long)row->page,
                         (int)row->type, row->url == NULL ? "-" : row->url);
}

int kit_lines_on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    return kit_lines_add(ctx, "%s\n", bookmark->guid);
}

int kit_lines_on_text(void *ctx, const char *line)
{
    return kit_lines_add(ctx, "%s\n", line);
}

void kit_expect_sound(struct storage *storage)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    lines->stop_after = 20;
    OK(storage, verify, kit_lines_on_text, lines);
    if (lines->count != 0)
        fail_msg("verify finds: %s", lines->text);
    free(lines);
}

void kit_expect_same_dump(const struct buf *got, const struct buf *wanted, const char *when)
{
    const char *a = got->data == NULL ? "" : got->data,
               *b = wanted->data == NULL ? "" : wanted->data;
    while (*a != '\0' || *b != '\0') {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, n) != 0)
            fail_msg("%s it holds \"%.*s\" where \"%.*s\" was expected", when,
                     (int)(n < 300 ? n : 300), a, (int)(m < 300 ? m : 300), b);
        a += n + (a[n] == '\n');
        b += m + (b[m] == '\n');
    }
}

int64_t kit_generation_of(struct storage *storage, const char *account)
{
    struct hearth_account got = {.struct_size = sizeof(got)};
    OK(storage, account_get, account, &got);
    return got.generation;
}
