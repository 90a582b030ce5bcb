#include "fixture.h"

#include <dlfcn.h>
#include <ftw.h>
#include <unistd.h>

const struct hearth_plugin *fixture_plugin(void)
{
    const char *file = getenv("STORAGE_SQLITE");
    void *module = file == NULL ? NULL : dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (module == NULL) {
        fprintf(stderr, "STORAGE_SQLITE must name the plugin: %s\n",
                file == NULL ? "not set" : dlerror());
        abort();
    }
    hearth_plugin_entry entry;
    *(void **)&entry = dlsym(module, "hearth_plugin_v2");
    return entry();
}

void fixture_prepare(struct fixture *fixture)
{
    *fixture = (struct fixture){.plugin = fixture_plugin()};
    fixture->ops = fixture->plugin->operations;
    fixture->backup = fixture->plugin->extension(HEARTH_STORAGE_BACKUP);
    snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/hearth-sqlite-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof(fixture->path), "%s/hearth.db", fixture->directory);
    snprintf(fixture->accounts, sizeof(fixture->accounts), "%s/accounts", fixture->directory);
    plug_host_init(&fixture->host, "storage-sqlite", NULL, NULL);
    const struct hearth_config_value values[FIXTURE_KEYS] = {
        {sizeof(values[0]), true, fixture->path, 0},  {sizeof(values[0]), true, "normal", 0},
        {sizeof(values[0]), true, "512KiB", 1 << 19}, {sizeof(values[0]), true, "32MiB", 32 << 20},
        {sizeof(values[0]), true, "2s", 2000},        {sizeof(values[0]), true, "32", 32},
    };
    memcpy(fixture->values, values, sizeof(values));
}

struct opened_storage fixture_storage(const struct fixture *fixture)
{
    return (struct opened_storage){.ops = fixture->ops,
                                   .bulk = fixture->plugin->extension(HEARTH_STORAGE_BULK),
                                   .paths = fixture->plugin->extension(HEARTH_STORAGE_PATHS),
                                   .push = fixture->plugin->extension(HEARTH_STORAGE_PUSH),
                                   .changes = fixture->plugin->extension(HEARTH_STORAGE_CHANGES),
                                   .backup = fixture->backup,
                                   .self = fixture->self};
}

void fixture_handle(struct fixture *fixture, struct storage *storage)
{
    struct err err = {0};
    struct opened_storage opened = fixture_storage(fixture);
    if (plug_storage_open(storage, &opened, NULL, &err) < 0)
        fail_msg("session: %s", err.text);
}

void fixture_reopen(struct fixture *fixture)
{
    struct call call;
    plug_call_init(&call, NULL, 0, 0);
    if (fixture->ops->open(&fixture->host.hearth, &call.hearth, fixture->values, &fixture->self) <
        0)
        fail_msg("open: %s", call.error);
    plug_call_fini(&call);
    fixture_handle(fixture, &fixture->storage);
}

static int ignore_text(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
    return 0;
}

void fixture_restore(struct fixture *fixture, const char *archive, bool replace, int code)
{
    struct call call;
    if (fixture->self != NULL)
        fixture_close(fixture);
    plug_call_init(&call, NULL, 0, 0);
    int r = fixture->backup->restore(&fixture->host.hearth, &call.hearth, fixture->values, archive,
                                     replace, ignore_text, NULL);
    snprintf(fixture->error, sizeof(fixture->error), "%s", call.error);
    plug_call_fini(&call);
    if (r != code)
        fail_msg("restore: %d instead of %d: %s", r, code, fixture->error);
    if (r == 0)
        fixture_reopen(fixture);
}

void fixture_close(struct fixture *fixture)
{
    plug_storage_close(&fixture->storage);
    fixture->ops->close(fixture->self);
    fixture->self = NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void fixture_remove(struct fixture *fixture)
{
    assert_int_equal(nftw(fixture->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture_prepare(fixture);
    fixture_reopen(fixture);
    OK(&fixture->storage, migrate);
    add_account(&fixture->storage, "a", "anna@example.org");
    add_account(&fixture->storage, "b", "ben@example.org");
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture_close(fixture);
    fixture_remove(fixture);
    free(fixture);
    return 0;
}

void add_account(struct storage *storage, const char *id, const char *email)
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

void begin(struct storage *storage, const char *account, int32_t collection)
{
    int64_t generation;
    OK(storage, batch_begin, account, collection, &generation);
}

void commit(struct storage *storage)
{
    OK(storage, batch_commit, true);
}

struct hearth_page make_page(int64_t id, const char *url, const char *host)
{
    return (struct hearth_page){
        .struct_size = sizeof(struct hearth_page), .id = id, .url = url, .host = host};
}

void put_visited(struct storage *storage, int64_t id, const char *url, const char *host,
                 size_t count, const int64_t *dates)
{
    struct hearth_visit visits[64];
    struct hearth_page page = make_page(id, url, host);
    int64_t added = -1;
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        visits[i] = (struct hearth_visit)HEARTH_VISIT(dates[i], 1);
        if (dates[i] > page.last_visit)
            page.last_visit = dates[i];
    }
    page.visit_count = (int64_t)count;
    page.title = "title";
    OK(storage, page_put, &page);
    OK(storage, visits_put, id, visits, count, &added);
    assert_int_equal(added, count);
}

struct hearth_bookmark make_bookmark(const char *guid, int32_t kind, const char *parent,
                                     int64_t position)
{
    return (struct hearth_bookmark){.struct_size = sizeof(struct hearth_bookmark),
                                    .guid = guid,
                                    .kind = kind,
                                    .parent = parent,
                                    .position = position};
}

void put_bookmark(struct storage *storage, const char *guid, int32_t kind, const char *parent,
                  int64_t position)
{
    struct hearth_bookmark bookmark = make_bookmark(guid, kind, parent, position);
    OK(storage, bookmark_put, &bookmark);
}

int add_line(struct lines *lines, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n =
        vsnprintf(lines->text + lines->size, sizeof(lines->text) - lines->size, format, arguments);
    va_end(arguments);
    assert_true(n >= 0 && lines->size + (size_t)n < sizeof(lines->text));
    lines->size += (size_t)n;
    lines->count++;
    return lines->stop_after != 0 && lines->count >= lines->stop_after;
}

int on_page(void *ctx, const struct hearth_page *page)
{
    if (page->gone)
        return add_line(ctx, "gone %lld\n", (long long)page->id);
    return add_line(ctx, "%lld %s %lld %s|%s|%s\n", (long long)page->id, page->url,
                    (long long)page->frecency, page->title == NULL ? "-" : page->title,
                    page->bookmark_title == NULL ? "-" : page->bookmark_title,
                    page->tags == NULL ? "-" : page->tags);
}

int on_visit_row(void *ctx, const struct hearth_visit_row *row)
{
    return add_line(ctx, "%lld %lld %d %s\n", (long long)row->date, (long long)row->page,
                    (int)row->type, row->url == NULL ? "-" : row->url);
}

int on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    return add_line(ctx, "%s\n", bookmark->guid);
}

int on_text(void *ctx, const char *line)
{
    return add_line(ctx, "%s\n", line);
}

void assert_sound(struct storage *storage)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    OK(storage, verify, on_text, lines);
    if (lines->count != 0)
        fail_msg("verify: %s", lines->text);
    free(lines);
}
